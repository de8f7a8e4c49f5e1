"""A loan's life against the real books."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.refusals import KeyReused, Refusal
from domain.servicing import operations, queries
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.operations import Created, Disbursed, DisbursementCancelled, Repaid, RepaymentUndone
from domain.servicing.position import Status
from domain.servicing.refusal import (
    AmountBelowPayoff,
    AmountNotPositive,
    LoanNotActive,
    LoanNotPending,
    LoanUnknown,
    PeriodClosed,
    RepaymentBeforeStart,
    RepaymentInFuture,
    RepaymentReversed,
    RepaymentUnknown,
)
from domain.servicing.repayment import Intent
from ledger import balances
from ledger import books as registry
from ledger.money import Money
from postgres.database import Database
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.domain.servicing.world import START, World, books, close, command, opened

FIRST_DUE = date(2026, 2, 28)


def test_a_loan_is_instructed_with_its_schedule(conn: Connection, world: World) -> None:
    made = world.created(conn)
    assert books(conn, made.loan.loan_id) == {"3001.01": 10_000_00}
    assert made.schedule.principal == 10_000_00
    assert queries.schedule(conn, made.loan.loan_id) == made.schedule
    position = queries.position(conn, loan_id=made.loan.loan_id, on=START)
    assert position is not None
    assert position.status is Status.PENDING


def test_one_application_becomes_one_loan(conn: Connection, world: World) -> None:
    create = world.create(77)
    first, again = operations.create_loan(conn, create), operations.create_loan(conn, create)
    assert isinstance(first, Created)
    assert again == replace(first, is_replay=True)
    other = operations.create_loan(conn, replace(create, term_months=24))
    assert isinstance(other, KeyReused)
    assert isinstance(operations.create_loan(conn, replace(create, principal=Money.zero("CNY"))), AmountNotPositive)


def test_success_books_principal_and_the_service_fee_in_both_books_as_one_event(conn: Connection, world: World) -> None:
    made = world.created(conn)
    loan_id = made.loan.loan_id
    done = operations.disburse_succeeded(conn, loan_id=loan_id, on=START, command=command("yes"))
    assert isinstance(done, Disbursed)
    assert books(conn, loan_id) == {"1303.01": 10_000_00, "2241.03": -200_00, "6421.02": 200_00}
    platform = balances.subject_balances(conn, book=PLATFORM_BOOK, subject=loan_id)
    assert {code: n for code, n in platform.items() if n} == {"1124.02": 200_00, "6021.03": -200_00}
    query = "SELECT event_id FROM ledger.entry WHERE kind <> 'DISBURSEMENT_INSTRUCTED'"
    events = {row.event_id for row in conn.exec_driver_sql(query)}
    assert len(events) == 1
    again = operations.disburse_succeeded(conn, loan_id=loan_id, on=START, command=command("yes"))
    assert again == replace(done, is_replay=True)
    assert isinstance(
        operations.disburse_failed(conn, loan_id=loan_id, on=START, command=command("no")), LoanNotPending
    )


def test_a_late_success_starts_the_schedule_on_its_own_day(conn: Connection, world: World) -> None:
    loan_id = world.created(conn, start_on=date(2026, 2, 1)).loan.loan_id
    operations.disburse_succeeded(conn, loan_id=loan_id, on=date(2026, 2, 3), command=command("late"))
    versions = queries.schedule_versions(conn, loan_id)
    assert [one.reason for one in versions] == [ScheduleReason.ORIGINAL, ScheduleReason.VALUE_DATE]
    assert versions[1].schedule.instalments[0].from_on == date(2026, 2, 3)
    close(conn, date(2026, 2, 1), date(2026, 2, 3))
    first = versions[1].schedule.instalments[0]
    assert books(conn, loan_id)["1303.04"] == round(first.interest / 28)


def test_failure_reverses_the_instruction_once_and_voids_the_plan(conn: Connection, world: World) -> None:
    loan_id = world.created(conn).loan.loan_id
    done = operations.disburse_failed(conn, loan_id=loan_id, on=START, command=command("no"))
    assert isinstance(done, DisbursementCancelled)
    assert books(conn, loan_id) == {}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="1002.01") == 0
    again = operations.disburse_failed(conn, loan_id=loan_id, on=START, command=command("no"))
    assert again == replace(done, is_replay=True)
    other = operations.disburse_failed(conn, loan_id=loan_id, on=START, command=command("no again"))
    assert isinstance(other, LoanNotPending)
    schedule = queries.schedule(conn, loan_id)
    assert schedule is not None
    assert schedule.instalments == ()
    position = queries.position(conn, loan_id=loan_id, on=START)
    assert position is not None
    assert position.status is Status.CANCELLED


def test_paid_on_every_due_date_it_earns_exactly_its_interest_and_ends(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, months=4)
    schedule = queries.schedule(conn, loan_id)
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
    assert [one.kind for one in queries.events(conn, loan_id)][-1] is EventKind.SETTLED
    (late,) = operations.repay(conn, [world.payment(loan_id, "1.00", closed)])
    assert late == LoanNotActive(status="SETTLED")


def test_an_unpaid_instalment_falls_due_moves_to_overdue_after_grace_and_bears_penalty_from_its_due_date(
    conn: Connection, world: World
) -> None:
    loan_id = world.disbursed(conn)
    schedule = queries.schedule(conn, loan_id)
    assert schedule is not None
    one = schedule.instalments[0]
    close(conn, START, FIRST_DUE + timedelta(days=2))  # grace is three days
    within = books(conn, loan_id)
    assert within["1132.01"] == one.interest
    assert "1303.02" not in within
    assert "1132.02" not in within
    position = queries.position(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=3))
    assert position is not None
    assert (position.status, position.dpd, position.due.total) == (Status.ACTIVE, 0, one.total)
    close(conn, FIRST_DUE + timedelta(days=3), FIRST_DUE + timedelta(days=3))
    after = books(conn, loan_id)
    assert after["1303.02"] == one.principal
    penalty = round(one.principal * 0.231 * 4 / 360)
    assert after["1132.02"] == penalty
    on = FIRST_DUE + timedelta(days=4)
    position = queries.position(conn, loan_id=loan_id, on=on)
    assert position is not None
    assert (position.status, position.dpd, position.overdue.penalty) == (Status.OVERDUE, 4, penalty)
    made = world.repay(conn, loan_id, str(Money(one.total + penalty, "CNY")), on)
    assert made.allocation == {"penalty": penalty, "interest": one.interest, "principal": one.principal}
    assert made.excess == 0
    left = books(conn, loan_id)
    assert {"1132.01", "1132.02", "1303.02"}.isdisjoint(left)
    kinds = [event.kind for event in queries.events(conn, loan_id)]
    assert kinds == [EventKind.INSTRUCTED, EventKind.DISBURSED, EventKind.OVERDUE, EventKind.REPAID]


def test_the_overdue_are_aged_at_the_end_of_each_day(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=31))
    assert queries.aged(conn, on=FIRST_DUE + timedelta(days=3)) == ()
    (early,) = queries.aged(conn, on=FIRST_DUE + timedelta(days=4))
    (later,) = queries.aged(conn, on=FIRST_DUE + timedelta(days=31))
    assert (early.loan_id, early.dpd, early.bucket) == (loan_id, 4, "M1")
    assert (later.dpd, later.bucket, later.outstanding) == (31, "M2", 10_000_00)
    position = queries.position(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=31))
    assert position is not None
    assert (position.dpd, position.overdue.principal) == (later.dpd, later.principal)
    # rows of a date stand for its end, so they hold one more day of penalty than the position at its beginning
    tomorrow = queries.position(conn, loan_id=loan_id, on=FIRST_DUE + timedelta(days=32))
    assert tomorrow is not None
    assert later.penalty == tomorrow.overdue.penalty


def test_an_overpayment_waits_and_meets_the_next_due_date(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    schedule = queries.schedule(conn, loan_id)
    assert schedule is not None
    one, two = schedule.instalments[:2]
    close(conn, START, date(2026, 2, 9))
    made = world.repay(conn, loan_id, "1000.00", date(2026, 2, 10))
    assert (made.allocation, made.excess) == ({}, 1000_00)
    close(conn, date(2026, 2, 10), FIRST_DUE)
    left = 1000_00 - one.total
    assert left > 0
    assert books(conn, loan_id)["2241.01"] == -left
    position = queries.position(conn, loan_id=loan_id, on=FIRST_DUE)
    assert position is not None
    assert (position.due.total, position.overpayment) == (0, left)
    close(conn, FIRST_DUE + timedelta(days=1), two.due_on)
    assert "2241.01" not in books(conn, loan_id)
    position = queries.position(conn, loan_id=loan_id, on=two.due_on)
    assert position is not None
    assert position.due.total == two.total - left


def test_settling_early_charges_interest_to_date_and_ends_the_plan(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 13))
    on = date(2026, 2, 14)
    position = queries.position(conn, loan_id=loan_id, on=on)
    assert position is not None
    assert position.payoff.principal == 10_000_00
    assert position.payoff.interest == round(10_000_00 * 0.154 / 12 * 14 / 28)
    (short,) = operations.repay(conn, [world.payment(loan_id, "10000.00", on, intent=Intent.SETTLE)])
    assert isinstance(short, AmountBelowPayoff)
    made = world.repay(conn, loan_id, str(Money(position.payoff.total, "CNY")), on, intent=Intent.SETTLE)
    assert made.settles
    close(conn, on, on + timedelta(days=40))
    assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.01") == -position.payoff.interest
    undone = operations.reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("bounced"))
    assert isinstance(undone, RepaymentUndone)
    again = on + timedelta(days=41)
    close(conn, again, again)
    after = queries.position(conn, loan_id=loan_id, on=again)
    assert after is not None
    assert after.status is Status.OVERDUE
    assert [one.reason for one in queries.schedule_versions(conn, loan_id)][-1] is ScheduleReason.REVERSAL
    schedule = queries.schedule(conn, loan_id)
    assert schedule is not None
    assert books(conn, loan_id)["1132.01"] == schedule.instalments[0].interest


def test_settling_for_a_day_that_is_already_closed_takes_interest_back(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 20))
    on = date(2026, 2, 14)
    position = queries.position(conn, loan_id=loan_id, on=on)
    assert position is not None
    made = world.repay(conn, loan_id, str(Money(position.payoff.total, "CNY")), on, intent=Intent.SETTLE)
    assert made.settles
    close(conn, date(2026, 2, 21), date(2026, 2, 22))
    assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.01") == -position.payoff.interest


def test_a_payment_that_becomes_known_late_takes_penalty_back(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    schedule = queries.schedule(conn, loan_id)
    assert schedule is not None
    one = schedule.instalments[0]
    close(conn, START, FIRST_DUE + timedelta(days=10))
    assert books(conn, loan_id)["1132.02"] > 0
    made = world.repay(conn, loan_id, str(Money(one.total, "CNY")), FIRST_DUE)
    assert made.allocation == {"interest": one.interest, "principal": one.principal}
    close(conn, FIRST_DUE + timedelta(days=11), FIRST_DUE + timedelta(days=11))
    assert "1132.02" not in books(conn, loan_id)
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.02") == 0


def test_reversing_restores_books_and_position_and_happens_once(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=9))
    on = FIRST_DUE + timedelta(days=10)
    before, position = books(conn, loan_id), queries.position(conn, loan_id=loan_id, on=on)
    made = world.repay(conn, loan_id, "950.00", on)
    assert made.excess > 0
    undone = operations.reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo"))
    assert isinstance(undone, RepaymentUndone)
    assert books(conn, loan_id) == before
    assert queries.position(conn, loan_id=loan_id, on=on) == position
    replayed = operations.reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo"))
    assert isinstance(replayed, RepaymentUndone)
    assert replayed.is_replay
    again = operations.reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo twice"))
    assert isinstance(again, RepaymentReversed)
    unknown = operations.reverse_repayment(conn, repayment_id=1 << 40, on=on, command=command("x"))
    assert isinstance(unknown, RepaymentUnknown)
    other = world.repay(conn, loan_id, "100.00", on)
    reused = operations.reverse_repayment(conn, repayment_id=other.repayment_id, on=on, command=command("undo"))
    assert reused == KeyReused(field="idempotencyKey")


def test_reversing_takes_back_the_overpayment_that_was_applied_meanwhile(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 9))
    made = world.repay(conn, loan_id, "500.00", date(2026, 2, 10))
    close(conn, date(2026, 2, 10), FIRST_DUE)
    assert "2241.01" not in books(conn, loan_id)
    on = FIRST_DUE + timedelta(days=1)
    undone = operations.reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("bounced"))
    assert isinstance(undone, RepaymentUndone)
    assert len(undone.entry_ids) == 2
    position = queries.position(conn, loan_id=loan_id, on=on)
    schedule = queries.schedule(conn, loan_id)
    assert position is not None
    assert schedule is not None
    assert position.due.total == schedule.instalments[0].total
    assert books(conn, loan_id)["1132.01"] == schedule.instalments[0].interest
    close(conn, on, on + timedelta(days=5))
    assert books(conn, loan_id)["1303.02"] == schedule.instalments[0].principal


def test_a_batch_answers_each_command_and_the_refused_leave_the_others_alone(conn: Connection, world: World) -> None:
    loans = [world.disbursed(conn, months=6) for _ in range(3)]
    pending = world.created(conn).loan.loan_id
    close(conn, START, FIRST_DUE - timedelta(days=1))
    good = world.payment(loans[0], "100.00", FIRST_DUE, key="same")
    batch = [
        good,
        world.payment(1 << 40, "1.00", FIRST_DUE),
        world.payment(loans[1], "0.00", FIRST_DUE),
        world.payment(pending, "1.00", FIRST_DUE),
        world.payment(loans[1], "20.00", FIRST_DUE - timedelta(days=60)),
        replace(world.payment(loans[1], "20.00", FIRST_DUE), business_on=FIRST_DUE - timedelta(days=1)),
        good,
        replace(good, loan_id=loans[2]),
        world.payment(loans[0], "50.00", FIRST_DUE),
        world.payment(loans[2], "30.00", FIRST_DUE),
    ]
    answers = operations.repay(conn, batch)
    kinds = [type(one) for one in answers]
    assert kinds == [
        Repaid,
        LoanUnknown,
        AmountNotPositive,
        LoanNotActive,
        RepaymentBeforeStart,
        RepaymentInFuture,
        Repaid,
        KeyReused,
        Repaid,
        Repaid,
    ]
    first, replay, second = answers[0], answers[6], answers[8]
    assert isinstance(first, Repaid)
    assert isinstance(replay, Repaid)
    assert isinstance(second, Repaid)
    assert replace(replay, is_replay=False) == first
    assert replay.is_replay
    # the second payment of a loan in one batch continues where the first stopped
    schedule = queries.schedule(conn, loans[0])
    assert schedule is not None
    paid = first.allocation["interest"] + second.allocation.get("interest", 0)
    assert paid == min(schedule.instalments[0].interest, 150_00)


def test_a_closed_month_refuses_and_writes_nothing(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, start_on=date(2026, 2, 1))
    registry.begin_close(conn, LENDER_BOOK, 202601)
    registry.close_period(conn, LENDER_BOOK, 202601)
    loan = queries.loan(conn, loan_id)
    assert loan is not None
    refused = operations.create_loan(conn, world.create(999, start_on=date(2026, 1, 20)))
    assert isinstance(refused, PeriodClosed)
    assert queries.loan_of_application(conn, 999) is None


def test_nobody_can_change_a_contract_although_it_can_be_locked(conn: Connection, world: World) -> None:
    loan_id = world.created(conn).loan.loan_id
    with pytest.raises(DBAPIError, match="SERVICING_IMMUTABLE"), conn.begin_nested():
        conn.exec_driver_sql("UPDATE servicing.loan SET loan_id = loan_id WHERE loan_id = %s", (loan_id,))


def test_of_many_concurrent_full_repayments_exactly_one_succeeds(db: Database) -> None:
    with db.transaction() as conn:
        world = opened(conn)
        loan_id = world.disbursed(conn, months=4)
    on = START + timedelta(days=5)
    with db.transaction() as conn:
        close(conn, START, on - timedelta(days=1))
        position = queries.position(conn, loan_id=loan_id, on=on)
    assert position is not None
    amount = str(Money(position.payoff.total, "CNY"))
    payments = [world.payment(loan_id, amount, on, intent=Intent.SETTLE) for _ in range(8)]
    barrier = threading.Barrier(len(payments))
    answers: list[Repaid | Refusal] = []

    def pay(number: int) -> None:
        barrier.wait()
        answers.extend(db.run(lambda conn: operations.repay(conn, [payments[number]])))

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(len(payments))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in answers) == ["LoanNotActive"] * 7 + ["Repaid"]
    with db.transaction() as conn:
        assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
        assert len(queries.repayments(conn, loan_id)) == 1
