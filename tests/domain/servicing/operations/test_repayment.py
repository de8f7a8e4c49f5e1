"""Repayments and their reversal, in batches and at once: answers, books and positions."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Connection

from domain.refusals import KeyReused, Refusal
from domain.servicing.event import ScheduleReason
from domain.servicing.operations.disbursement import (
    create_loan,
)
from domain.servicing.operations.repayment import Repaid, RepaymentUndone, repay, reverse_repayment
from domain.servicing.position import Status
from domain.servicing.queries.loan import loan as contract_of_loan
from domain.servicing.queries.loan import loan_of_application
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.repayment import repayments
from domain.servicing.queries.schedule import schedule as schedule_of
from domain.servicing.queries.schedule import schedule_versions
from domain.servicing.refusal import (
    AmountBelowPayoff,
    AmountNotPositive,
    LoanNotActive,
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
from seed.chart import LENDER_BOOK
from tests.domain.servicing.world import START, World, books, close, command, opened

FIRST_DUE = date(2026, 2, 28)


def test_settling_early_charges_interest_to_date_and_ends_the_plan(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 13))
    on = date(2026, 2, 14)
    position = position_on(conn, loan_id=loan_id, on=on)
    assert position is not None
    assert position.payoff.principal == 10_000_00
    assert position.payoff.interest == round(10_000_00 * 0.154 / 12 * 14 / 28)
    (short,) = repay(conn, [world.payment(loan_id, "10000.00", on, intent=Intent.SETTLE)])
    assert isinstance(short, AmountBelowPayoff)
    made = world.repay(conn, loan_id, str(Money(position.payoff.total, "CNY")), on, intent=Intent.SETTLE)
    assert made.settles
    close(conn, on, on + timedelta(days=40))
    assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.01") == -position.payoff.interest
    undone = reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("bounced"))
    assert isinstance(undone, RepaymentUndone)
    again = on + timedelta(days=41)
    close(conn, again, again)
    after = position_on(conn, loan_id=loan_id, on=again)
    assert after is not None
    assert after.status is Status.OVERDUE
    assert [one.reason for one in schedule_versions(conn, loan_id)][-1] is ScheduleReason.REVERSAL
    schedule = schedule_of(conn, loan_id)
    assert schedule is not None
    assert books(conn, loan_id)["1132.01"] == schedule.instalments[0].interest


def test_settling_for_a_day_that_is_already_closed_takes_interest_back(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 20))
    on = date(2026, 2, 14)
    position = position_on(conn, loan_id=loan_id, on=on)
    assert position is not None
    made = world.repay(conn, loan_id, str(Money(position.payoff.total, "CNY")), on, intent=Intent.SETTLE)
    assert made.settles
    close(conn, date(2026, 2, 21), date(2026, 2, 22))
    assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="6011.01") == -position.payoff.interest


def test_a_payment_that_becomes_known_late_takes_penalty_back(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    schedule = schedule_of(conn, loan_id)
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
    before, position = books(conn, loan_id), position_on(conn, loan_id=loan_id, on=on)
    made = world.repay(conn, loan_id, "950.00", on)
    assert made.excess > 0
    undone = reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo"))
    assert isinstance(undone, RepaymentUndone)
    assert books(conn, loan_id) == before
    assert position_on(conn, loan_id=loan_id, on=on) == position
    replayed = reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo"))
    assert isinstance(replayed, RepaymentUndone)
    assert replayed.is_replay
    again = reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("undo twice"))
    assert isinstance(again, RepaymentReversed)
    unknown = reverse_repayment(conn, repayment_id=1 << 40, on=on, command=command("x"))
    assert isinstance(unknown, RepaymentUnknown)
    other = world.repay(conn, loan_id, "100.00", on)
    reused = reverse_repayment(conn, repayment_id=other.repayment_id, on=on, command=command("undo"))
    assert reused == KeyReused(field="idempotencyKey")


def test_reversing_takes_back_the_overpayment_that_was_applied_meanwhile(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 9))
    made = world.repay(conn, loan_id, "500.00", date(2026, 2, 10))
    close(conn, date(2026, 2, 10), FIRST_DUE)
    assert "2241.01" not in books(conn, loan_id)
    on = FIRST_DUE + timedelta(days=1)
    undone = reverse_repayment(conn, repayment_id=made.repayment_id, on=on, command=command("bounced"))
    assert isinstance(undone, RepaymentUndone)
    assert len(undone.entry_ids) == 2
    position = position_on(conn, loan_id=loan_id, on=on)
    schedule = schedule_of(conn, loan_id)
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
    answers = repay(conn, batch)
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
    schedule = schedule_of(conn, loans[0])
    assert schedule is not None
    paid = first.allocation["interest"] + second.allocation.get("interest", 0)
    assert paid == min(schedule.instalments[0].interest, 150_00)


def test_a_closed_month_refuses_and_writes_nothing(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, start_on=date(2026, 2, 1))
    registry.begin_close(conn, LENDER_BOOK, 202601)
    registry.close_period(conn, LENDER_BOOK, 202601)
    loan = contract_of_loan(conn, loan_id)
    assert loan is not None
    refused = create_loan(conn, world.create(999, start_on=date(2026, 1, 20)))
    assert isinstance(refused, PeriodClosed)
    assert loan_of_application(conn, 999) is None


def test_of_many_concurrent_full_repayments_exactly_one_succeeds(db: Database) -> None:
    with db.transaction() as conn:
        world = opened(conn)
        loan_id = world.disbursed(conn, months=4)
    on = START + timedelta(days=5)
    with db.transaction() as conn:
        close(conn, START, on - timedelta(days=1))
        position = position_on(conn, loan_id=loan_id, on=on)
    assert position is not None
    amount = str(Money(position.payoff.total, "CNY"))
    payments = [world.payment(loan_id, amount, on, intent=Intent.SETTLE) for _ in range(8)]
    barrier = threading.Barrier(len(payments))
    answers: list[Repaid | Refusal] = []

    def pay(number: int) -> None:
        barrier.wait()
        answers.extend(db.run(lambda conn: repay(conn, [payments[number]])))

    threads = [threading.Thread(target=pay, args=(number,)) for number in range(len(payments))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in answers) == ["LoanNotActive"] * 7 + ["Repaid"]
    with db.transaction() as conn:
        assert books(conn, loan_id) == {"2241.03": -200_00, "6421.02": 200_00}
        assert len(repayments(conn, loan_id)) == 1
