"""Loans that are late, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from sqlalchemy import (
    CompoundSelect,
    Connection,
    Date,
    Insert,
    Integer,
    and_,
    bindparam,
    case,
    func,
    insert,
    select,
    type_coerce,
)

from domain.servicing import tables
from domain.servicing.queries.fact import instalments
from domain.servicing.queries.loan import CHUNK, NAMED
from domain.servicing.queries.sweep import is_swept

_ON = bindparam("on", type_=Date)


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """An overdue loan at the end of a day; amounts in minor units, `outstanding` is all unpaid principal."""

    loan_id: int
    aged_on: date
    dpd: int
    bucket: str
    outstanding: int
    principal: int
    interest: int
    penalty: int


def aged(conn: Connection, *, on: date) -> tuple[Aged, ...]:
    """Return the loans that were overdue at the end of a closed day, the oldest debt first."""
    a = tables.ageing.c
    return tuple(
        Aged(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented mapping of a row
        for row in conn.execute(select(tables.ageing).where(a.aged_on == on).order_by(a.dpd.desc(), a.loan_id))
    )


def late_candidates(conn: Connection, *, low: int, high: int, on: date) -> list[int]:
    """Return the loans of a range that may be late at the end of `on`: behind with an instalment, or ever charged.

    Nearly all of a portfolio is neither, and is left out of ageing by one pass over what is due.
    """
    return sorted(conn.scalars(_late(), {"low": low, "high": high, "on": on}))


@cache
def _late() -> CompoundSelect[int]:
    p, ln, b = instalments(CHUNK), tables.loan, tables.penalty_accrual
    paid = p.c.overdue_paid + p.c.normal_paid + p.c.receivable_paid + p.c.accrued_paid
    behind = (
        select(p.c.loan_id)
        .join(ln, ln.c.loan_id == p.c.loan_id)
        .where(p.c.due_on + ln.c.grace_days < _ON, p.c.principal + p.c.interest > paid)
    )
    return behind.union(select(b.c.loan_id).where(CHUNK(b.c.loan_id)))


@cache
def ageing_rows() -> Insert:
    """Return the statement that writes the ageing of those loans of `loan_ids` that are late at the end of `on`."""
    p, ln = instalments(NAMED), tables.loan
    principal = p.c.principal - p.c.overdue_paid - p.c.normal_paid
    interest = p.c.interest - p.c.receivable_paid - p.c.accrued_paid
    penalty = p.c.penalty_booked - p.c.penalty_paid
    is_late = and_(p.c.due_on + ln.c.grace_days < _ON, principal + interest + penalty > 0)
    dpd = type_coerce(_ON - func.min(p.c.due_on).filter(is_late), Integer)
    month = func.least((dpd + 29) // 30, 7)
    aged_loans = (
        select(
            _ON,
            ln.c.loan_id,
            dpd,
            case((month == 7, "M6+"), else_=func.concat("M", month)),  # noqa: PLR2004 - beyond 180 days
            func.sum(principal),
            *(func.sum(what).filter(is_late) for what in (principal, interest, penalty)),
        )
        .join(ln, ln.c.loan_id == p.c.loan_id)
        .where(is_swept())
        .group_by(ln.c.loan_id)
        .having(func.bool_or(is_late))
    )
    names = ["aged_on", "loan_id", "dpd", "bucket", "outstanding", "principal", "interest", "penalty"]
    return insert(tables.ageing).from_select(names, aged_loans)
