"""The close of business, step by step: what it books of a loan that is paid, late, overpaid."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Connection

from domain.servicing.event import EventKind
from domain.servicing.operations.repayment import repay
from domain.servicing.position import Status
from domain.servicing.queries.ageing import aged
from domain.servicing.queries.loan import events
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.schedule import schedule as schedule_of
from domain.servicing.refusal import (
    LoanNotActive,
)
from ledger import balances
from ledger.money import Money
from seed.chart import LENDER_BOOK
from tests.domain.servicing.world import START, World, books, close

FIRST_DUE = date(2026, 2, 28)


def test_paid_on_every_due_date_it_earns_exactly_its_interest_and_ends(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, months=4)
    schedule = schedule_of(conn, loan_id)
    assert schedule is not None
    closed = START - timedelta(days=1)
    for one in schedule.instalments:
        close(conn, closed + timedelta(days=1), one.due_on - timedelta(days=1))
        closed = one.due_on - timedelta(days=1)
        made = world.repay(conn, loan_id, str(Money(one.total, "CNY")), one.due_on)
        assert made.allocation == {"interest": one.interest, "principal": one.principal}
        assert made.settles is (one.no == 4)
    close(conn, closed + timedelta(days=1), closed + timedelta(days=10))
    assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.01") == -schedule.interest
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.02") == 0
    assert [one.kind for one in events(conn, loan_id)][-1] is EventKind.SETTLED
    (late,) = repay(conn, [world.payment(loan_id, "1.00", closed)])
    assert late == LoanNotActive(status="SETTLED")


def test_an_unpaid_instalment_falls_due_moves_to_overdue_after_grace_and_bears_penalty_from_its_due_date(
    conn: Connection, world: World
) -> None:
    loan_id = world.disbursed(conn)
    schedule = schedule_of(conn, loan_id)
    assert schedule is not None
    one = schedule.instalments[0]
    close(conn, START, FIRST_DUE + timedelta(days=2))  # grace is three days
    within = books(conn, loan_id)
    assert within["1132.01"] == one.interest
    assert "1303.02" not in within
    assert "1132.02" not in within
    position = position_on(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=3))
    assert position is not None
    assert (position.status, position.dpd, position.due.total) == (Status.ACTIVE, 0, one.total)
    close(conn, FIRST_DUE + timedelta(days=3), FIRST_DUE + timedelta(days=3))
    after = books(conn, loan_id)
    assert after["1303.02"] == one.principal
    penalty = round(one.principal * 0.231 * 4 / 360)
    assert after["1132.02"] == penalty
    on = FIRST_DUE + timedelta(days=4)
    position = position_on(conn, loan_id=loan_id, on=on)
    assert position is not None
    assert (position.status, position.dpd, position.overdue.penalty) == (Status.OVERDUE, 4, penalty)
    made = world.repay(conn, loan_id, str(Money(one.total + penalty, "CNY")), on)
    assert made.allocation == {"penalty": penalty, "interest": one.interest, "principal": one.principal}
    assert made.excess == 0
    left = books(conn, loan_id)
    assert {"1132.01", "1132.02", "1303.02"}.isdisjoint(left)
    kinds = [event.kind for event in events(conn, loan_id)]
    assert kinds == [EventKind.INSTRUCTED, EventKind.DISBURSED, EventKind.OVERDUE, EventKind.REPAID]


def test_the_overdue_are_aged_at_the_end_of_each_day(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=31))
    assert aged(conn, on=FIRST_DUE + timedelta(days=3)) == ()
    (early,) = aged(conn, on=FIRST_DUE + timedelta(days=4))
    (later,) = aged(conn, on=FIRST_DUE + timedelta(days=31))
    assert (early.loan_id, early.dpd, early.bucket) == (loan_id, 4, "M1")
    assert (later.dpd, later.bucket, later.outstanding) == (31, "M2", 10_000_00)
    position = position_on(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=31))
    assert position is not None
    assert (position.dpd, position.overdue.principal) == (later.dpd, later.principal)
    # rows of a date stand for its end, so they hold one more day of penalty than the position at its beginning
    tomorrow = position_on(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=32))
    assert tomorrow is not None
    assert later.penalty == tomorrow.overdue.penalty


def test_an_overpayment_waits_and_meets_the_next_due_date(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    schedule = schedule_of(conn, loan_id)
    assert schedule is not None
    one, two = schedule.instalments[:2]
    close(conn, START, date(2026, 2, 9))
    made = world.repay(conn, loan_id, "1000.00", date(2026, 2, 10))
    assert (made.allocation, made.excess) == ({}, 1000_00)
    close(conn, date(2026, 2, 10), FIRST_DUE)
    left = 1000_00 - one.total
    assert left > 0
    assert books(conn, loan_id)["2241.01"] == -left
    position = position_on(conn, loan_id=loan_id, on=FIRST_DUE)
    assert position is not None
    assert (position.due.total, position.overpayment) == (0, left)
    close(conn, FIRST_DUE + timedelta(days=1), two.due_on)
    assert "2241.01" not in books(conn, loan_id)
    position = position_on(conn, loan_id=loan_id, on=two.due_on)
    assert position is not None
    assert position.due.total == two.total - left
