"""Reads of servicing: sets of loans in few statements, as of any date, and the SQL that says what pure code says."""

from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, event, select

from domain.servicing import interest, operations, queries, tables
from domain.servicing.allocation import Component
from domain.servicing.change import Change, position_of
from domain.servicing.charge import penalty_accrued
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.fact import Levy
from domain.servicing.milestone import EVERY
from domain.servicing.operations import Recorded
from domain.servicing.position import Status
from domain.servicing.repayment import Intent
from tests.domain.servicing.world import START, World, close, command

FIRST_DUE = date(2026, 2, 28)


def test_what_is_not_there_is_absent(conn: Connection, world: World) -> None:
    del world
    assert queries.loan(conn, 999) is None
    assert queries.loan_of_application(conn, 999) is None
    assert queries.position(conn, loan_id=999, on=START) is None
    assert queries.schedule(conn, 999) is None
    assert queries.repayment(conn, 999) is None
    assert queries.loans_of(conn, [999]) == {}
    assert queries.events(conn, 999) == ()


def test_loans_come_in_pages(conn: Connection, world: World) -> None:
    ids = [world.disbursed(conn) for _ in range(5)]
    first = queries.loans(conn, after=ids[0] - 1, limit=3)
    assert [one.loan_id for one in first] == ids[:3]
    assert [one.loan_id for one in queries.loans(conn, after=ids[2], limit=3)] == ids[3:]
    assert queries.last_loan_id(conn) == ids[-1]
    assert set(queries.loans_of(conn, ids)) == set(ids)
    assert queries.loan_of_application(conn, first[0].application_id) == first[0]


def test_positions_of_many_loans_take_as_many_statements_as_of_one(conn: Connection, world: World) -> None:
    ids = [world.disbursed(conn) for _ in range(7)]
    counted: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *told: counted.append(told[2]))
    queries.positions(conn, loan_ids=ids[:1], on=FIRST_DUE)
    alone = len(counted)
    found = queries.positions(conn, loan_ids=ids, on=FIRST_DUE)
    assert len(counted) - alone == alone == 2
    assert list(found) == ids
    assert found[ids[3]] == queries.position(conn, loan_id=ids[3], on=FIRST_DUE)


def test_a_position_of_the_past_forgets_what_came_later(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=9))
    late = FIRST_DUE + timedelta(days=10)
    before = queries.position(conn, loan_id=loan_id, on=late - timedelta(days=1))
    world.repay(conn, loan_id, "1200.00", late)
    after = queries.position(conn, loan_id=loan_id, on=late)
    assert before is not None
    assert after is not None
    assert (before.status, after.status) == (Status.OVERDUE, Status.ACTIVE)
    assert queries.position(conn, loan_id=loan_id, on=late - timedelta(days=1)) == before
    assert [one.kind for one in queries.events(conn, loan_id)] == [
        EventKind.INSTRUCTED,
        EventKind.DISBURSED,
        EventKind.OVERDUE,
        EventKind.REPAID,
    ]


def test_the_day_of_interest_in_sql_is_the_difference_of_the_pure_totals(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, yuan=7_777, months=5)
    plan = queries.schedule(conn, loan_id)
    assert plan is not None
    for number in range(0, 150, 7):  # until the plan ends
        on = START + timedelta(days=number)
        total = interest.accrued_total(plan.instalments, on=on + timedelta(days=1))
        asked = queries.interest_to_accrue(conn, low=loan_id, high=loan_id, on=on)
        assert sum(one.amount for one in asked) == total, "nothing is booked, so all of it is to be accrued"
        assert [one.booked for one in asked] == [total]


def test_the_penalty_in_sql_is_that_of_the_pure_rule(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=20))
    known = queries.facts(conn, queries.loans_in([loan_id]))[loan_id]
    first = known.progress[0]
    expected = penalty_accrued(known.loan.terms, first.instalment, payments=(), on=FIRST_DUE + timedelta(days=21))
    assert first.penalty_booked == expected > 0
    (more,) = queries.penalty_to_accrue(conn, low=loan_id, high=loan_id, on=FIRST_DUE + timedelta(days=21))
    assert (more.no, more.booked) == (
        1,
        penalty_accrued(known.loan.terms, first.instalment, payments=(), on=FIRST_DUE + timedelta(days=22)),
    )
    assert more.amount == more.booked - expected


def test_every_schedule_that_a_loan_had_is_kept_with_its_reason(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, START + timedelta(days=9))
    on = START + timedelta(days=10)
    position = queries.position(conn, loan_id=loan_id, on=on)
    assert position is not None
    payoff = f"{position.payoff.total // 100}.{position.payoff.total % 100:02d}"
    done = world.repay(conn, loan_id, payoff, on, intent=Intent.SETTLE)
    versions = queries.schedule_versions(conn, loan_id)
    assert [one.reason for one in versions] == [ScheduleReason.ORIGINAL, ScheduleReason.EARLY_SETTLEMENT]
    assert [len(one.schedule.instalments) for one in versions] == [12, 1]
    assert queries.schedule(conn, loan_id) == versions[-1].schedule
    (kept,) = queries.repayments(conn, loan_id)
    assert kept == queries.repayment(conn, done.repayment_id)
    assert queries.repayments_by_key(conn, [kept.key, "nobody"]) == {kept.key: kept}


def test_ageing_names_the_overdue_oldest_first(conn: Connection, world: World) -> None:
    young = world.disbursed(conn, start_on=date(2026, 2, 10))
    old = world.disbursed(conn)
    close(conn, START, date(2026, 3, 20))
    found = queries.aged(conn, on=date(2026, 3, 20))
    assert [one.loan_id for one in found] == [old, young]
    assert found[0].dpd > found[1].dpd > 0
    for one in found:
        stood = queries.position(conn, loan_id=one.loan_id, on=date(2026, 3, 20))
        assert stood is not None
        assert (one.dpd, one.outstanding, one.principal) == (stood.dpd, stood.outstanding, stood.overdue.principal)


def test_a_long_history_is_told_from_its_newest_milestone_that_fits(
    conn: Connection, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan_id = world.disbursed(conn)
    days = [START + timedelta(days=n) for n in range(1, 2 * EVERY + 2)]
    for on in days:
        charge = Levy(no=0, value_on=on, booked_on=on, name="SMS", component=Component.FEE, due_on=on, amount=1_00)
        by = command(f"levy-{on}")
        (made,) = operations.record(conn, [Change(loan_id=loan_id, fact=charge, command=by, business_on=on)])
        assert isinstance(made, Recorded)
    numbers = select(tables.milestone.c.no).where(tables.milestone.c.loan_id == loan_id).order_by("no")
    assert list(conn.scalars(numbers)) == [EVERY, 2 * EVERY]
    whole = queries.dossiers(conn, [loan_id])[loan_id]
    counted: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *told: counted.append(told[2]))
    for on in days:
        assert queries.position(conn, loan_id=loan_id, on=on) == position_of(whole, on=on)
    assert len(counted) == 4 * len(days), "none of it was told whole"
    monkeypatch.setattr(queries, "engine", lambda: "another")
    assert queries.position(conn, loan_id=loan_id, on=days[-1]) == position_of(whole, on=days[-1])
    operations.retell(conn, [loan_id])
    kept = conn.execute(select(tables.milestone.c.engine, tables.milestone.c.no).order_by("no")).all()
    assert [tuple(one) for one in kept] == [("another", EVERY), ("another", 2 * EVERY)], "what another left is gone"
