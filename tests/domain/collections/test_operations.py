"""Cases on the real database: one open case per loan, history, assignment, contact through the gate."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from domain.collections import operations, queries
from domain.collections.assignment import Method
from domain.collections.case import Case, CloseReason, EventKind
from domain.collections.contact import (
    Callee,
    Channel,
    Contact,
    ContactLimitReached,
    ContactOutsideHours,
    LineStatus,
    Outcome,
    Promise,
    Result,
)
from domain.collections.delinquency import Bucket, Overdue
from domain.collections.operations import Attempt, CaseClosed, ContactConcluded
from domain.command import Command
from domain.refusals import KeyReused, NotFound
from ledger.money import Money
from postgres.database import Database

ON = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 2, tzinfo=UTC)


def command(key: str = "k") -> Command:
    return Command(actor="collections", key=key, received_at=AT)


def late(loan_id: int, dpd: int = 1, *, customer_id: int | None = None) -> Overdue:
    return Overdue(loan_id=loan_id, customer_id=customer_id or loan_id, dpd=dpd, amount=Money(500 + dpd, "CNY"))


def refreshed(conn: Connection, *overdue: Overdue, days: int = 0) -> operations.Refreshed:
    return operations.refresh(conn, on=ON + timedelta(days=days), overdue=overdue, command=command())


def opened(conn: Connection, *overdue: Overdue) -> tuple[Case, ...]:
    return refreshed(conn, *overdue).opened


def test_a_loan_falls_behind_moves_on_is_cured_and_falls_behind_again(conn: Connection) -> None:
    (case,) = opened(conn, late(1))
    assert (case.loan_id, case.bucket, case.overdue, case.is_open) == (1, Bucket.M1, Money(501, "CNY"), True)
    assert refreshed(conn, late(1, 2)) == operations.Refreshed((), (), ())
    (moved,) = refreshed(conn, late(1, 31), days=30).moved
    assert (moved.case_id, moved.bucket) == (case.case_id, Bucket.M2)
    (closed,) = refreshed(conn, days=31).closed
    assert (closed.close_reason, closed.closed_on) == (CloseReason.CURED, ON + timedelta(days=31))
    (again,) = refreshed(conn, late(1), days=60).opened
    assert again.case_id != case.case_id
    told = [(one.kind, one.bucket, one.dpd) for one in queries.history(conn, case_id=case.case_id)]
    assert told == [
        (EventKind.OPENED, Bucket.M1, 1),
        (EventKind.BUCKET, Bucket.M2, 31),
        (EventKind.CLOSED, Bucket.C, 0),
    ]
    assert [one.case_id for one in queries.cases(conn, first=9)] == [again.case_id, case.case_id]
    assert queries.open_cases(conn) == (again,)


def test_the_same_day_again_changes_nothing(conn: Connection) -> None:
    opened(conn, late(1), late(2))
    assert refreshed(conn, late(1), late(2)) == operations.Refreshed((), (), ())
    assert operations.open_cases(conn, on=ON, overdue=[late(1)], command=command()) == ()


@pytest.mark.parametrize(
    ("predecessor", "law"),
    [("NULL", "case_open_once"), ("case_id", "case_follows_closing")],
)
def test_the_database_itself_keeps_one_open_case_per_loan(conn: Connection, predecessor: str, law: str) -> None:
    (case,) = opened(conn, late(1))
    second = text(
        'INSERT INTO collections."case" (loan_id, customer_id, predecessor_case_id, opened_on, dpd, overdue_minor, '
        f"currency, actor, opened_at) SELECT loan_id, customer_id, {predecessor}, opened_on, dpd, overdue_minor, "
        'currency, actor, opened_at FROM collections."case" WHERE case_id = :case_id'
    )
    with pytest.raises(sqlalchemy.exc.IntegrityError, match=law):
        conn.execute(second, {"case_id": case.case_id})


@pytest.mark.parametrize("table", ['"case"', "case_closing", "case_event", "assignment", "contact", "contact_result"])
def test_facts_cannot_be_changed(conn: Connection, table: str) -> None:
    with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"):
        conn.execute(text(f"DELETE FROM collections.{table}"))


def test_the_machine_spreads_cases_and_people_move_them(conn: Connection) -> None:
    opened(conn, late(1), late(2), late(3, customer_id=1))
    assert operations.assign_waiting(conn, on=ON, collectors=[], command=command()) == (), "they wait for somebody"
    given = operations.assign_waiting(conn, on=ON, collectors=["a", "b"], command=command())
    assert {one.loan_id: one.collector for one in given} == {1: "a", 2: "b", 3: "a"}
    assert operations.assign_waiting(conn, on=ON, collectors=["a", "b"], command=command()) == ()
    assert given == tuple(queries.case_of(conn, case_id=one.case_id) for one in given), "as they rest"
    first = given[0]
    moved = operations.assign_to(conn, case_id=first.case_id, collector="b", on=ON, command=command())
    assert isinstance(moved, Case)
    assert moved.collector == "b"
    assert operations.assign_to(conn, case_id=first.case_id, collector="b", on=ON, command=command()) == moved
    told = [(one.collector, one.method) for one in queries.assignments(conn, case_id=first.case_id)]
    assert told == [("a", Method.MACHINE), ("b", Method.MANUAL)]
    assert [one.loan_id for one in queries.cases(conn, first=9, collector="b")] == [2, 1]
    assert operations.assign_to(conn, case_id=10**9, collector="b", on=ON, command=command()) == NotFound(what="case")


def test_cases_are_closed_by_hand_once(conn: Connection) -> None:
    (case,) = opened(conn, late(1))

    def close(case_id: int, reason: CloseReason) -> object:
        return operations.close(conn, case_id=case_id, on=ON, reason=reason, note="court", command=command())

    closed = close(case.case_id, CloseReason.WRITTEN_OFF)
    assert isinstance(closed, Case)
    assert closed.close_reason is CloseReason.WRITTEN_OFF
    assert close(case.case_id, CloseReason.WRITTEN_OFF) == closed
    assert close(case.case_id, CloseReason.BY_HAND) == CaseClosed(case_id=case.case_id)
    assert close(10**9, CloseReason.BY_HAND) == NotFound(what="case")
    refused = operations.assign_to(conn, case_id=case.case_id, collector="a", on=ON, command=command())
    assert refused == CaseClosed(case_id=case.case_id)
    assert operations.note(conn, case_id=case.case_id, text="file sent", on=ON, command=command()) == closed
    assert [one.note for one in queries.history(conn, case_id=case.case_id)] == ["", "court", "file sent"]


def attempt(case: Case, hour: int = 10, channel: Channel = Channel.CALL) -> Attempt:
    local_at = datetime(2026, 3, 5, hour)  # noqa: DTZ001 - local time of the callee is naive by nature here
    return Attempt(
        case_id=case.case_id, channel=channel, callee=Callee.DEBTOR, callee_mask="138****0000", local_at=local_at
    )


def test_contact_passes_the_gate_is_written_before_and_concluded_after(conn: Connection) -> None:
    (case,) = opened(conn, late(1))
    assert isinstance(operations.record_contact(conn, attempt(case, 22), command=command("n")), ContactOutsideHours)
    written = operations.record_contact(conn, attempt(case), command=command("a"))
    assert isinstance(written, Contact)
    assert written.result is None
    assert operations.record_contact(conn, attempt(case), command=command("a")) == written
    other = operations.record_contact(conn, attempt(case, channel=Channel.SMS), command=command("a"))
    assert isinstance(other, KeyReused)
    promise = Promise(amount=Money(500, "CNY"), promised_for=ON + timedelta(days=2))
    result = Result(
        line_status=LineStatus.ANSWERED,
        outcome=Outcome.PROMISED,
        talk_seconds=80,
        recording="rec-1",
        promise=promise,
        follow_up_on=ON + timedelta(days=3),
        note="after pay day",
    )

    def conclude(contact_id: int, found: Result) -> object:
        return operations.conclude_contact(conn, contact_id=contact_id, result=found, command=command())

    concluded = conclude(written.contact_id, result)
    assert isinstance(concluded, Contact)
    assert concluded.result == result
    assert conclude(written.contact_id, result) == concluded
    assert conclude(written.contact_id, Result(line_status=LineStatus.BUSY)) == ContactConcluded()
    assert conclude(10**9, result) == NotFound(what="contact")
    assert queries.contacts(conn, case_id=case.case_id) == (concluded,)
    figures = queries.figures(conn)
    assert (figures.open_cases, figures.attempts, figures.promises) == (1, 1, 1)


def test_three_effective_calls_a_day_over_all_cases_of_a_debtor(conn: Connection) -> None:
    first, second = opened(conn, late(1, customer_id=7), late(2, customer_id=7))
    busy = operations.record_contact(conn, attempt(first), command=command("busy"))
    assert isinstance(busy, Contact)
    line = Result(line_status=LineStatus.BUSY)
    operations.conclude_contact(conn, contact_id=busy.contact_id, result=line, command=command())
    for number, case in enumerate([first, second, first]):
        assert isinstance(operations.record_contact(conn, attempt(case), command=command(f"c{number}")), Contact)
    refused = operations.record_contact(conn, attempt(second), command=command("one too many"))
    assert refused == ContactLimitReached(count=3)
    assert isinstance(
        operations.record_contact(conn, attempt(second, channel=Channel.SMS), command=command("sms")), Contact
    )


def test_no_contact_in_a_case_that_is_not_there_or_over(conn: Connection) -> None:
    (case,) = opened(conn, late(1))
    refreshed(conn)
    assert operations.record_contact(conn, attempt(case), command=command("a")) == CaseClosed(case_id=case.case_id)
    strange = Attempt(
        case_id=10**9,
        channel=Channel.CALL,
        callee=Callee.DEBTOR,
        callee_mask="",
        local_at=attempt(case).local_at,
    )
    assert operations.record_contact(conn, strange, command=command("b")) == NotFound(what="case")


def test_two_processes_open_one_case(db: Database) -> None:
    found: list[Case] = []
    barrier = threading.Barrier(2)

    def work() -> None:
        def both(conn: Connection) -> tuple[Case, ...]:
            barrier.wait(timeout=20)
            return operations.open_cases(conn, on=ON, overdue=[late(1), late(2)], command=command())

        found.extend(db.run(both))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.loan_id for one in found) == [1, 2]
    assert len(db.run(queries.open_cases)) == 2
