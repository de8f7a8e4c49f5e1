"""Reads of collections: what is overdue, cases, their history, their contacts, and the figures of the work."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, Select, func, select

from domain.collections.assignment import Method
from domain.collections.case import Case, CloseReason, EventKind
from domain.collections.contact import Callee, Channel, Contact, LineStatus, Outcome, Promise, Result
from domain.collections.delinquency import Bucket, Overdue
from domain.collections.statistics import Statistics, statistics
from domain.collections.tables import assignment, case, case_closing, case_event, contact, contact_result
from domain.servicing.queries.ageing import aged as aged_on
from domain.servicing.queries.loan import loans_of
from ledger.money import Money

_bucket = (
    select(case_event.c.bucket)
    .where(case_event.c.case_id == case.c.case_id)
    .order_by(case_event.c.event_id.desc())
    .limit(1)
    .correlate(case)
    .scalar_subquery()
)
_collector = (
    select(assignment.c.collector)
    .where(assignment.c.case_id == case.c.case_id)
    .order_by(assignment.c.assignment_id.desc())
    .limit(1)
    .correlate(case)
    .scalar_subquery()
)
_cases: Select[*tuple[object, ...]] = select(
    case,
    case_closing.c.closed_on,
    case_closing.c.reason,
    _bucket.label("bucket"),
    _collector.label("collector"),
).select_from(case.outerjoin(case_closing, case_closing.c.case_id == case.c.case_id))
_contacts: Select[*tuple[object, ...]] = select(
    contact,
    contact_result.c.line_status,
    contact_result.c.outcome,
    contact_result.c.talk_seconds,
    contact_result.c.recording,
    contact_result.c.promise_minor,
    contact_result.c.promise_currency,
    contact_result.c.promised_for,
    contact_result.c.follow_up_on,
    contact_result.c.note,
).select_from(contact.outerjoin(contact_result, contact_result.c.contact_id == contact.c.contact_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """One line of a case's history."""

    event_id: int
    kind: EventKind
    bucket: Bucket
    dpd: int
    note: str
    happened_on: date
    actor: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who was given a case, when and by whom."""

    collector: str
    method: Method
    assigned_on: date
    actor: str
    assigned_at: datetime


def overdue(conn: Connection, *, on: date) -> tuple[Overdue, ...]:
    """Everything that is overdue at the end of a date, as servicing has aged it; its ageing must have run."""
    aged = aged_on(conn, on=on)
    loans = loans_of(conn, [one.loan_id for one in aged])
    return tuple(
        Overdue(
            loan_id=one.loan_id,
            customer_id=loans[one.loan_id].customer_id,
            dpd=one.dpd,
            amount=Money(one.principal + one.interest + one.penalty, loans[one.loan_id].terms.currency),
        )
        for one in aged
    )


def case_of(conn: Connection, *, case_id: int) -> Case | None:
    """One case."""
    row = conn.execute(_cases.where(case.c.case_id == case_id)).one_or_none()
    return None if row is None else _case(row)


def open_cases(conn: Connection) -> tuple[Case, ...]:
    """All open cases, oldest first."""
    statement = _cases.where(case_closing.c.case_id.is_(None)).order_by(case.c.case_id)
    return tuple(_case(row) for row in conn.execute(statement))


def cases_of_loans(conn: Connection, *, loan_ids: Collection[int]) -> tuple[Case, ...]:
    """All cases, open and closed, of some loans, oldest first."""
    statement = _cases.where(case.c.loan_id == func.any(list(loan_ids))).order_by(case.c.case_id)
    return tuple(_case(row) for row in conn.execute(statement))


def cases(
    conn: Connection,
    *,
    first: int,
    after: int | None = None,
    open_only: bool = False,
    collector: str | None = None,
    loan_id: int | None = None,
) -> tuple[Case, ...]:
    """At most `first` cases, newest first, older than case `after`."""
    statement = _cases.order_by(case.c.case_id.desc()).limit(first)
    if after is not None:
        statement = statement.where(case.c.case_id < after)
    if open_only:
        statement = statement.where(case_closing.c.case_id.is_(None))
    if collector is not None:
        statement = statement.where(_collector == collector)
    if loan_id is not None:
        statement = statement.where(case.c.loan_id == loan_id)
    return tuple(_case(row) for row in conn.execute(statement))


def history(conn: Connection, *, case_id: int) -> tuple[CaseEvent, ...]:
    """What happened in a case besides contact, in order."""
    return histories(conn, case_ids=[case_id])[case_id]


def histories(conn: Connection, *, case_ids: Collection[int]) -> dict[int, tuple[CaseEvent, ...]]:
    """What happened in each of many cases besides contact, in order, in one statement."""
    statement = select(case_event).where(case_event.c.case_id.in_(case_ids)).order_by(case_event.c.event_id)
    found: dict[int, list[CaseEvent]] = {case_id: [] for case_id in case_ids}
    for row in conn.execute(statement):
        found[row.case_id].append(
            CaseEvent(
                event_id=row.event_id,
                kind=EventKind(row.kind),
                bucket=Bucket(row.bucket),
                dpd=row.dpd,
                note=row.note,
                happened_on=row.happened_on,
                actor=row.actor,
                recorded_at=row.recorded_at,
            )
        )
    return {case_id: tuple(events) for case_id, events in found.items()}


def assignments(conn: Connection, *, case_id: int) -> tuple[Assignment, ...]:
    """Who was given a case, in order; the last one has it."""
    statement = select(assignment).where(assignment.c.case_id == case_id).order_by(assignment.c.assignment_id)
    return tuple(
        Assignment(
            collector=row.collector,
            method=Method(row.method),
            assigned_on=row.assigned_on,
            actor=row.actor,
            assigned_at=row.assigned_at,
        )
        for row in conn.execute(statement)
    )


def contacts(conn: Connection, *, case_id: int) -> tuple[Contact, ...]:
    """All attempts of a case with their results, in order."""
    return contacts_of(conn, case_ids=[case_id])[case_id]


def contacts_of(conn: Connection, *, case_ids: Collection[int]) -> dict[int, tuple[Contact, ...]]:
    """All attempts of each of many cases with their results, in order, in one statement."""
    statement = _contacts.where(contact.c.case_id.in_(case_ids)).order_by(contact.c.contact_id)
    found: dict[int, list[Contact]] = {case_id: [] for case_id in case_ids}
    for row in conn.execute(statement):
        found[row.case_id].append(_contact(row))
    return {case_id: tuple(made) for case_id, made in found.items()}


def contact_of(conn: Connection, *, contact_id: int) -> Contact | None:
    """One attempt."""
    row = conn.execute(_contacts.where(contact.c.contact_id == contact_id)).one_or_none()
    return None if row is None else _contact(row)


def contact_of_key(conn: Connection, *, key: str) -> Contact | None:
    """The attempt that a command made."""
    row = conn.execute(_contacts.where(contact.c.contact_key == key)).one_or_none()
    return None if row is None else _contact(row)


def effective_calls(conn: Connection, *, customer_id: int, local_on: date) -> int:
    """How many effective calls a debtor had on a local day, over all his cases."""
    statement = _contacts.where(contact.c.customer_id == customer_id, contact.c.local_on == local_on)
    return sum(_contact(row).is_effective for row in conn.execute(statement))


def figures(conn: Connection) -> Statistics:
    """The figures of all cases and contacts."""
    found = tuple(_case(row) for row in conn.execute(_cases))
    return statistics(found, tuple(_contact(row) for row in conn.execute(_contacts)))


def _case(row: Row[*tuple[object, ...]]) -> Case:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return Case(
        case_id=columns["case_id"],
        loan_id=columns["loan_id"],
        customer_id=columns["customer_id"],
        opened_on=columns["opened_on"],
        dpd=columns["dpd"],
        overdue=Money(columns["overdue_minor"], columns["currency"]),
        bucket=Bucket(columns["bucket"]),
        collector=columns["collector"],
        closed_on=columns["closed_on"],
        close_reason=None if columns["reason"] is None else CloseReason(columns["reason"]),
    )


def _contact(row: Row[*tuple[object, ...]]) -> Contact:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    result = None
    if columns["line_status"] is not None:
        minor = columns["promise_minor"]
        result = Result(
            line_status=LineStatus(columns["line_status"]),
            outcome=Outcome(columns["outcome"]),
            talk_seconds=columns["talk_seconds"],
            recording=columns["recording"],
            promise=None
            if minor is None
            else Promise(amount=Money(minor, columns["promise_currency"]), promised_for=columns["promised_for"]),
            follow_up_on=columns["follow_up_on"],
            note=columns["note"],
        )
    return Contact(
        contact_id=columns["contact_id"],
        case_id=columns["case_id"],
        customer_id=columns["customer_id"],
        channel=Channel(columns["channel"]),
        callee=Callee(columns["callee"]),
        callee_mask=columns["callee_mask"],
        local_on=columns["local_on"],
        started_at=columns["started_at"],
        actor=columns["actor"],
        result=result,
    )
