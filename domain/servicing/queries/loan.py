"""Contracts of loans, their locks, and what happened to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    select,
)

from domain.servicing import tables
from domain.servicing.daycount import DayCount
from domain.servicing.event import EventKind, LoanEvent
from domain.servicing.position import Loan
from domain.servicing.terms import AllocationBy, Method, Terms
from ledger.money import Rounding

Scope: TypeAlias = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Which loans a query is about, as a condition on any column that holds a loan id."""


def loans_in(loan_ids: Sequence[int]) -> Scope:
    """Return the scope of named loans."""
    return _among(literal(list(loan_ids), ARRAY(BigInteger)))


def _among(ids: ColumnElement[Sequence[int]]) -> Scope:
    return lambda loan_id: loan_id == any_(ids)


def plain_in(loan_ids: Sequence[int]) -> Scope:
    """Return the scope of those named loans that have no contract document."""
    named = loans_in(loan_ids)
    return lambda loan_id: and_(named(loan_id), not_(is_living(loan_id)))


def loans_between(low: int | ColumnElement[int], high: int | ColumnElement[int]) -> Scope:
    """Return the scope of a range of loan ids, both ends inside: a chunk of the close of business."""
    return lambda loan_id: loan_id.between(low, high)


NAMED: Final = _among(bindparam("loan_ids", type_=ARRAY(BigInteger)))
CHUNK: Final = loans_between(bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger))
"""Scopes whose `loan_ids`, or `low` and `high`, are given when a statement runs: it is composed once, not every day."""


def loan(conn: Connection, loan_id: int) -> Loan | None:
    """Return the contract of a loan."""
    row = conn.execute(select(tables.loan).where(tables.loan.c.loan_id == loan_id)).one_or_none()
    return None if row is None else loan_from(row)


def loan_of_application(conn: Connection, application_id: int) -> Loan | None:
    """Return the loan that an application became."""
    row = conn.execute(select(tables.loan).where(tables.loan.c.application_id == application_id)).one_or_none()
    return None if row is None else loan_from(row)


def loans(conn: Connection, *, after: int = 0, limit: int = 50) -> tuple[Loan, ...]:
    """Return contracts in the order of their ids, the page after an id."""
    asked = select(tables.loan).where(tables.loan.c.loan_id > after).order_by(tables.loan.c.loan_id).limit(limit)
    return tuple(loan_from(row) for row in conn.execute(asked))


def loans_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Loan]:
    """Return the contracts of named loans; unknown ids are absent."""
    asked = select(tables.loan).where(loans_in(loan_ids)(tables.loan.c.loan_id))
    return {row.loan_id: loan_from(row) for row in conn.execute(asked)}


def lock_loans(conn: Connection, loan_ids: Sequence[int]) -> None:
    """Lock the loans, in the order of their ids, until the transaction ends."""
    ids = tables.loan.c.loan_id
    conn.execute(select(ids).where(loans_in(loan_ids)(ids)).order_by(ids).with_for_update()).all()


def lock_keys(conn: Connection, keys: Sequence[str]) -> None:
    """Lock idempotency keys, in their order, until the transaction ends: one key for two loans at once is used once.

    Loans are locked before keys, everywhere.
    """
    each = func.unnest(literal(list(keys), ARRAY(Text)))
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(each, 0)))).all()


def lock_between(conn: Connection, *, low: int, high: int) -> None:
    """Lock the loans of a range, in the order of their ids, until the transaction ends; payments on them wait."""
    ids = tables.loan.c.loan_id
    conn.execute(
        select(func.count()).select_from(
            select(ids).where(loans_between(low, high)(ids)).order_by(ids).with_for_update().subquery()
        )
    )


def last_loan_id(conn: Connection) -> int:
    """Return the highest loan id; 0 when there is no loan."""
    return conn.scalar(select(func.max(tables.loan.c.loan_id))) or 0


def events(conn: Connection, loan_id: int) -> tuple[LoanEvent, ...]:
    """Return what happened to a loan, in the order in which we learned it."""
    return events_of(conn, [loan_id])[loan_id]


def events_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[LoanEvent, ...]]:
    """Return what happened to each of many loans, in the order in which we learned it, in one statement."""
    e = tables.loan_event.c
    found: dict[int, list[LoanEvent]] = {loan_id: [] for loan_id in loan_ids}
    for row in conn.execute(select(tables.loan_event).where(e.loan_id.in_(loan_ids)).order_by(e.event_id)):
        found[row.loan_id].append(
            LoanEvent(
                event_id=row.event_id,
                loan_id=row.loan_id,
                kind=EventKind(row.kind),
                happened_on=row.happened_on,
                entry_id=row.entry_id,
                actor=row.actor,
                key=row.key,
                recorded_at=row.recorded_at,
            )
        )
    return {loan_id: tuple(happened) for loan_id, happened in found.items()}


def loan_from(row: Row[Any]) -> Loan:
    """Read a contract from its row."""
    return Loan(
        loan_id=row.loan_id,
        application_id=row.application_id,
        product_id=row.product_id,
        product_version=row.product_version,
        book=row.book,
        platform_book=row.platform_book,
        funder_id=row.funder_id,
        party_id=row.party_id,
        channel_id=row.channel_id,
        customer_id=row.customer_id,
        service_fee=row.service_fee,
        terms=Terms(
            principal=row.principal,
            currency=row.currency,
            rate_annual=row.rate_annual,
            instalments=row.term_months,
            start_on=row.start_on,
            day_count=DayCount(row.day_count),
            rounding=Rounding(row.rounding),
            grace_days=row.grace_days,
            penalty_rate_annual=row.penalty_rate_annual,
            allocation_order=tuple(row.allocation_order),
            allocation_by=AllocationBy(row.allocation_by),
            method=Method(row.method),
        ),
    )


def is_living(loan_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a loan has a contract document."""
    return exists().where(tables.contract.c.loan_id == loan_id)
