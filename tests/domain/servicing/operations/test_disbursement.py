"""A loan is made and waits for the bank, whose answer is booked once, whatever it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from domain.refusals import KeyReused
from domain.servicing.event import ScheduleReason
from domain.servicing.operations.disbursement import (
    Created,
    Disbursed,
    DisbursementCancelled,
    create_loan,
    disburse_failed,
    disburse_succeeded,
)
from domain.servicing.position import Status
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.schedule import schedule as schedule_of
from domain.servicing.queries.schedule import schedule_versions
from domain.servicing.refusal import (
    AmountNotPositive,
    LoanNotPending,
)
from ledger import balances
from ledger.money import Money
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.domain.servicing.world import START, World, books, close, command


def test_a_loan_is_instructed_with_its_schedule(conn: Connection, world: World) -> None:
    made = world.created(conn)
    assert books(conn, made.loan.loan_id) == {"3001.01": 10_000_00}
    assert made.schedule.principal == 10_000_00
    assert schedule_of(conn, made.loan.loan_id) == made.schedule
    position = position_on(conn, loan_id=made.loan.loan_id, on=START)
    assert position is not None
    assert position.status is Status.PENDING


def test_one_application_becomes_one_loan(conn: Connection, world: World) -> None:
    create = world.create(77)
    first, again = create_loan(conn, create), create_loan(conn, create)
    assert isinstance(first, Created)
    assert again == replace(first, is_replay=True)
    other = create_loan(conn, replace(create, term_months=24))
    assert isinstance(other, KeyReused)
    assert isinstance(create_loan(conn, replace(create, principal=Money.zero("CNY"))), AmountNotPositive)


def test_success_books_principal_and_the_service_fee_in_both_books_as_one_event(conn: Connection, world: World) -> None:
    made = world.created(conn)
    loan_id = made.loan.loan_id
    done = disburse_succeeded(conn, loan_id=loan_id, on=START, command=command("yes"))
    assert isinstance(done, Disbursed)
    assert books(conn, loan_id) == {"1303.01": 10_000_00, "2241.03": -200_00, "6421.02": 200_00}
    platform = balances.subject_balances(conn, book=PLATFORM_BOOK, subject=loan_id)
    assert {code: n for code, n in platform.items() if n} == {"1124.02": 200_00, "6021.03": -200_00}
    query = "SELECT event_id FROM ledger.entry WHERE kind <> 'DISBURSEMENT_INSTRUCTED'"
    events = {row.event_id for row in conn.exec_driver_sql(query)}
    assert len(events) == 1
    again = disburse_succeeded(conn, loan_id=loan_id, on=START, command=command("yes"))
    assert again == replace(done, is_replay=True)
    assert isinstance(disburse_failed(conn, loan_id=loan_id, on=START, command=command("no")), LoanNotPending)


def test_a_late_success_starts_the_schedule_on_its_own_day(conn: Connection, world: World) -> None:
    loan_id = world.created(conn, start_on=date(2026, 2, 1)).loan.loan_id
    disburse_succeeded(conn, loan_id=loan_id, on=date(2026, 2, 3), command=command("late"))
    versions = schedule_versions(conn, loan_id)
    assert [one.reason for one in versions] == [ScheduleReason.ORIGINAL, ScheduleReason.VALUE_DATE]
    assert versions[1].schedule.instalments[0].from_on == date(2026, 2, 3)
    close(conn, date(2026, 2, 1), date(2026, 2, 3))
    first = versions[1].schedule.instalments[0]
    assert books(conn, loan_id)["1303.04"] == round(first.interest / 28)


def test_failure_reverses_the_instruction_once_and_voids_the_plan(conn: Connection, world: World) -> None:
    loan_id = world.created(conn).loan.loan_id
    done = disburse_failed(conn, loan_id=loan_id, on=START, command=command("no"))
    assert isinstance(done, DisbursementCancelled)
    assert books(conn, loan_id) == {}
    assert balances.balance_now(conn, book=LENDER_BOOK, account="1002.01") == 0
    again = disburse_failed(conn, loan_id=loan_id, on=START, command=command("no"))
    assert again == replace(done, is_replay=True)
    other = disburse_failed(conn, loan_id=loan_id, on=START, command=command("no again"))
    assert isinstance(other, LoanNotPending)
    schedule = schedule_of(conn, loan_id)
    assert schedule is not None
    assert schedule.instalments == ()
    position = position_on(conn, loan_id=loan_id, on=START)
    assert position is not None
    assert position.status is Status.CANCELLED


def test_nobody_can_change_a_contract_although_it_can_be_locked(conn: Connection, world: World) -> None:
    loan_id = world.created(conn).loan.loan_id
    with pytest.raises(DBAPIError, match="SERVICING_IMMUTABLE"), conn.begin_nested():
        conn.exec_driver_sql("UPDATE servicing.loan SET loan_id = loan_id WHERE loan_id = %s", (loan_id,))
