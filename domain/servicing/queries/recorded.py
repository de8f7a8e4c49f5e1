"""Repayments as they were recorded, one row each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from domain.command import Command
from domain.servicing import tables
from domain.servicing.repayment import Bucket, Intent, Source, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """A repayment as it was recorded; amounts in minor units, `reversed_on` set when it did not happen."""

    repayment_id: int
    loan_id: int
    source: Source
    intent: Intent
    paid_on: date
    amount: int
    excess: int
    currency: str
    plan_version: int | None
    entry_id: int
    actor: str
    key: str
    recorded_at: datetime
    reversed_on: date | None
    reversed_by: Command | None
    taken: tuple[Taken, ...]
    fact_no: int | None = None

    @property
    def reversal_key(self) -> str | None:
        """The key of the command that reversed it."""
        return None if self.reversed_by is None else self.reversed_by.key

    @property
    def is_living(self) -> bool:
        """Whether it is a fact of a living loan."""
        return self.fact_no is not None

    def by_component(self) -> dict[str, int]:
        """Amount per component of the borrower (penalty, interest, principal), whatever account it was taken from."""
        totals: dict[str, int] = {}
        for one in self.taken:
            totals[one.bucket.component] = totals.get(one.bucket.component, 0) + one.amount
        return totals


def reversed_under(conn: Connection, key: str) -> int | None:
    """Return the repayment whose reversal was ordered under an idempotency key, or None."""
    r = tables.repayment_reversal.c
    found: int | None = conn.scalar(select(r.repayment_id).where(r.key == key))
    return found


def recorded(conn: Connection, where: ColumnElement[bool]) -> Iterator[Repayment]:
    """Return repayments, reversed ones too, oldest first, with what was recorded that they met."""
    r, x, a, f = tables.repayment, tables.repayment_reversal, tables.allocation, tables.fact
    asked = (
        select(
            r,
            x.c.reversed_on,
            x.c.key.label("reversal_key"),
            x.c.actor.label("reversal_actor"),
            x.c.recorded_at.label("reversal_at"),
            f.c.no.label("fact_no"),
        )
        .outerjoin(f, and_(f.c.key == func.concat("repay:", r.c.key), f.c.loan_id == r.c.loan_id))
        .outerjoin(x, x.c.repayment_id == r.c.repayment_id)
        .where(where)
        .order_by(r.c.repayment_id)
    )
    rows = conn.execute(asked).all()
    taken: dict[int, list[Taken]] = {}
    if rows:
        parts = select(a).where(a.c.repayment_id.in_([row.repayment_id for row in rows]))
        for part in conn.execute(parts.order_by(a.c.repayment_id, a.c.no, a.c.component)):
            taken.setdefault(part.repayment_id, []).append(Taken(part.no, Bucket(part.component), part.amount))
    for row in rows:
        yield Repayment(
            repayment_id=row.repayment_id,
            loan_id=row.loan_id,
            source=Source(row.source),
            intent=Intent(row.intent),
            paid_on=row.paid_on,
            amount=row.amount,
            excess=row.excess,
            currency=row.currency,
            plan_version=row.plan_version,
            entry_id=row.entry_id,
            actor=row.actor,
            key=row.key,
            recorded_at=row.recorded_at,
            reversed_on=row.reversed_on,
            reversed_by=None
            if row.reversal_key is None
            else Command(actor=row.reversal_actor, key=row.reversal_key, received_at=row.reversal_at),
            taken=tuple(taken.get(row.repayment_id, ())),
            fact_no=row.fact_no,
        )
