"""Writes of collections: import cases from the day's ageing, assign them, record contact, close by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as insert_once

from domain.collections import queries
from domain.collections.assignment import Method, assign
from domain.collections.case import Case, CloseReason, EventKind, plan
from domain.collections.contact import (
    Callee,
    Channel,
    Contact,
    ContactLimitReached,
    ContactOutsideHours,
    ContactPersonNotAllowed,
    Gate,
    Result,
)
from domain.collections.delinquency import Bucket, Overdue
from domain.collections.tables import assignment, case, case_closing, case_event, contact, contact_result
from domain.command import Command
from domain.refusals import KeyReused, NotFound, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClosed(Refusal):
    """The case has ended; nothing is done in it any more."""

    code: ClassVar[str] = "COLLECTION_CASE_CLOSED"
    zh: ClassVar[str] = "催收案件 {case_id} 已结案"
    en: ClassVar[str] = "collection case {case_id} is closed"

    case_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactConcluded(Refusal):
    """The attempt already has another result."""

    code: ClassVar[str] = "CONTACT_CONCLUDED"
    zh: ClassVar[str] = "该次联系已登记结果"
    en: ClassVar[str] = "this contact already has another result"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a day's ageing did to the cases."""

    opened: tuple[Case, ...]
    moved: tuple[Case, ...]
    closed: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """The wish to contact somebody now."""

    case_id: int
    channel: Channel
    callee: Callee
    callee_mask: str
    local_at: datetime
    """Local time at the callee's place; decides hours and day."""
    debtor_lost: bool = False
    """Whether the debtor himself cannot be found; only then may a contact person be asked."""


def refresh(conn: Connection, *, on: date, overdue: Sequence[Overdue], command: Command) -> Refreshed:
    """Bring the cases in line with everything that is overdue at the end of a date (`queries.overdue`).

    Opens, moves between buckets and closes as cured. Running it again for the same date changes nothing.
    """
    todo = plan(overdue, queries.open_cases(conn))
    opened = open_cases(conn, on=on, overdue=todo.to_open, command=command)
    if todo.to_move:
        rows = [
            _event(one.case.case_id, EventKind.BUCKET, one.overdue.bucket, one.overdue.dpd, on=on, command=command)
            for one in todo.to_move
        ]
        conn.execute(insert(case_event), rows)
    close_cases(conn, on=on, cases=todo.to_close, reason=CloseReason.CURED, command=command)
    touched = [*(one.case for one in todo.to_move), *todo.to_close]
    after = {one.case_id: one for one in queries.cases_of_loans(conn, loan_ids=[one.loan_id for one in touched])}
    return Refreshed(
        opened=opened,
        moved=tuple(after[one.case.case_id] for one in todo.to_move),
        closed=tuple(after[one.case_id] for one in todo.to_close),
    )


def open_cases(conn: Connection, *, on: date, overdue: Sequence[Overdue], command: Command) -> tuple[Case, ...]:
    """Open a case for each overdue loan that has none open; the cases that were opened now, by number.

    The database keeps one open case per loan: each further case names the closing of the one before it.
    """
    latest = {one.loan_id: one for one in queries.cases_of_loans(conn, loan_ids=[each.loan_id for each in overdue])}
    new = [one for one in overdue if one.loan_id not in latest or not latest[one.loan_id].is_open]
    if not new:
        return ()
    rows = [
        {
            "loan_id": one.loan_id,
            "customer_id": one.customer_id,
            "predecessor_case_id": latest[one.loan_id].case_id if one.loan_id in latest else None,
            "opened_on": on,
            "dpd": one.dpd,
            "overdue_minor": one.amount.minor,
            "currency": one.amount.currency,
            "actor": command.actor,
            "opened_at": command.received_at,
        }
        for one in new
    ]
    made = conn.execute(insert_once(case).on_conflict_do_nothing().returning(case.c.case_id, case.c.loan_id), rows)
    numbers = {loan_id: case_id for case_id, loan_id in made}
    events = [
        _event(numbers[one.loan_id], EventKind.OPENED, one.bucket, one.dpd, on=on, command=command)
        for one in new
        if one.loan_id in numbers
    ]
    if events:
        conn.execute(insert(case_event), events)
    found = queries.cases_of_loans(conn, loan_ids=list(numbers))
    return tuple(one for one in found if one.case_id in set(numbers.values()))


def close_cases(
    conn: Connection, *, on: date, cases: Sequence[Case], reason: CloseReason, command: Command, note: str = ""
) -> None:
    """Close open cases; one that somebody else closed meanwhile stays as it is."""
    if not cases:
        return
    rows = [
        {
            "case_id": one.case_id,
            "loan_id": one.loan_id,
            "reason": reason,
            "closed_on": on,
            "actor": command.actor,
            "closed_at": command.received_at,
        }
        for one in cases
    ]
    done = conn.execute(insert_once(case_closing).on_conflict_do_nothing().returning(case_closing.c.case_id), rows)
    closed = set(done.scalars())
    bucket = {one.case_id: Bucket.C if reason is CloseReason.CURED else one.bucket for one in cases}
    events = [
        _event(one.case_id, EventKind.CLOSED, bucket[one.case_id], 0, on=on, command=command, note=note)
        for one in cases
        if one.case_id in closed
    ]
    if events:
        conn.execute(insert(case_event), events)


def close(
    conn: Connection, *, case_id: int, on: date, reason: CloseReason, note: str, command: Command
) -> Case | NotFound | CaseClosed:
    """Close one case by hand."""
    found = queries.case_of(conn, case_id=case_id)
    if found is None:
        return NotFound(what="case")
    if not found.is_open:
        return found if found.close_reason is reason and found.closed_on == on else CaseClosed(case_id=case_id)
    close_cases(conn, on=on, cases=[found], reason=reason, command=command, note=note)
    return _known(conn, case_id)


def assign_waiting(conn: Connection, *, on: date, collectors: Sequence[str], command: Command) -> tuple[Case, ...]:
    """Let the machine give every open case without a collector to one of those on duty; the cases given, by number.

    Nobody on duty: the cases wait. Again: nothing waits, and nothing is given.
    """
    cases = queries.open_cases(conn)
    waiting = [one for one in cases if one.collector is None]
    if not waiting or not collectors:
        return ()
    loads = {name: sum(one.collector == name for one in cases) for name in collectors}
    holders = {one.customer_id: one.collector for one in cases if one.collector is not None}
    given = assign(waiting, loads=loads, holders=holders)
    conn.execute(
        insert(assignment),
        [_assignment(one.case_id, one.collector, Method.MACHINE, on=on, command=command) for one in given],
    )
    names = {one.case_id: one.collector for one in given}
    return tuple(replace(one, collector=names[one.case_id]) for one in waiting)


def assign_to(
    conn: Connection, *, case_id: int, collector: str, on: date, command: Command
) -> Case | NotFound | CaseClosed:
    """Give a case to a collector by hand; the same collector again changes nothing."""
    found = queries.case_of(conn, case_id=case_id)
    if found is None:
        return NotFound(what="case")
    if not found.is_open:
        return CaseClosed(case_id=case_id)
    if found.collector == collector:
        return found
    conn.execute(insert(assignment), [_assignment(case_id, collector, Method.MANUAL, on=on, command=command)])
    return _known(conn, case_id)


def record_contact(
    conn: Connection, attempt: Attempt, *, command: Command, gate: Gate | None = None
) -> Contact | NotFound | CaseClosed | KeyReused | ContactOutsideHours | ContactLimitReached | ContactPersonNotAllowed:
    """Write an attempt before dialling, if the gate lets it pass; `conclude_contact` tells how it ended.

    The command's key is the attempt's: the same key again returns the attempt, with other content it is refused.
    """
    before = queries.contact_of_key(conn, key=command.key)
    if before is not None:
        same = (before.case_id, before.channel, before.callee) == (attempt.case_id, attempt.channel, attempt.callee)
        return before if same else KeyReused(field="key")
    found = queries.case_of(conn, case_id=attempt.case_id)
    if found is None:
        return NotFound(what="case")
    if not found.is_open:
        return CaseClosed(case_id=attempt.case_id)
    local_on = attempt.local_at.date()
    refusal = (gate or Gate()).refusal(
        channel=attempt.channel,
        callee=attempt.callee,
        local_at=attempt.local_at,
        effective_calls=queries.effective_calls(conn, customer_id=found.customer_id, local_on=local_on),
        debtor_lost=attempt.debtor_lost,
    )
    if refusal is not None:
        return refusal
    conn.execute(
        insert(contact).values(
            case_id=attempt.case_id,
            customer_id=found.customer_id,
            contact_key=command.key,
            channel=attempt.channel,
            callee=attempt.callee,
            callee_mask=attempt.callee_mask,
            local_on=local_on,
            started_at=command.received_at,
            actor=command.actor,
        )
    )
    written = queries.contact_of_key(conn, key=command.key)
    assert written is not None, "written a line above"
    return written


def conclude_contact(
    conn: Connection, *, contact_id: int, result: Result, command: Command
) -> Contact | NotFound | ContactConcluded:
    """Write how an attempt ended; the same result again changes nothing."""
    found = queries.contact_of(conn, contact_id=contact_id)
    if found is None:
        return NotFound(what="contact")
    if found.result is not None:
        return found if found.result == result else ContactConcluded()
    promise = result.promise
    conn.execute(
        insert(contact_result).values(
            contact_id=contact_id,
            line_status=result.line_status,
            outcome=result.outcome,
            talk_seconds=result.talk_seconds,
            recording=result.recording,
            promise_minor=None if promise is None else promise.amount.minor,
            promise_currency=None if promise is None else promise.amount.currency,
            promised_for=None if promise is None else promise.promised_for,
            follow_up_on=result.follow_up_on,
            note=result.note,
            actor=command.actor,
            ended_at=command.received_at,
        )
    )
    after = queries.contact_of(conn, contact_id=contact_id)
    assert after is not None, "it was there a moment ago"
    return after


def note(conn: Connection, *, case_id: int, text: str, on: date, command: Command) -> Case | NotFound:
    """Add a note to a case's log; possible after its end too."""
    found = queries.case_of(conn, case_id=case_id)
    if found is None:
        return NotFound(what="case")
    dpd = queries.history(conn, case_id=case_id)[-1].dpd
    event = _event(case_id, EventKind.NOTE, found.bucket, dpd, on=on, command=command, note=text)
    conn.execute(insert(case_event), [event])
    return found


def _known(conn: Connection, case_id: int) -> Case:
    found = queries.case_of(conn, case_id=case_id)
    assert found is not None, "it was there a moment ago"
    return found


def _event(
    case_id: int, kind: EventKind, bucket: Bucket, dpd: int, *, on: date, command: Command, note: str = ""
) -> dict[str, object]:
    return {
        "case_id": case_id,
        "kind": kind,
        "bucket": bucket,
        "dpd": dpd,
        "note": note,
        "happened_on": on,
        "actor": command.actor,
        "recorded_at": command.received_at,
    }


def _assignment(case_id: int, collector: str, method: Method, *, on: date, command: Command) -> dict[str, object]:
    return {
        "case_id": case_id,
        "collector": collector,
        "method": method,
        "assigned_on": on,
        "actor": command.actor,
        "assigned_at": command.received_at,
    }
