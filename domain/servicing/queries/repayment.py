"""Repayments as they stand by what is known today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection

from domain.servicing import tables
from domain.servicing.fact import Pay
from domain.servicing.life import Life
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.recorded import Repayment, recorded
from domain.servicing.repayment import Bucket, Taken


def repayment(conn: Connection, repayment_id: int) -> Repayment | None:
    """Return one repayment."""
    return next(iter(_as_they_stand(conn, tables.repayment.c.repayment_id == repayment_id)), None)


def repayments(conn: Connection, loan_id: int) -> tuple[Repayment, ...]:
    """Return the repayments of a loan, reversed ones too, oldest first."""
    return repayments_of(conn, [loan_id])[loan_id]


def repayments_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[Repayment, ...]]:
    """Return the repayments of each of many loans, reversed ones too, oldest first, in two statements."""
    found: dict[int, list[Repayment]] = {loan_id: [] for loan_id in loan_ids}
    for one in _as_they_stand(conn, tables.repayment.c.loan_id.in_(loan_ids)):
        found[one.loan_id].append(one)
    return {loan_id: tuple(made) for loan_id, made in found.items()}


def repayments_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, Repayment]:
    """Return the repayments that were recorded under these idempotency keys."""
    return {one.key: one for one in _as_they_stand(conn, tables.repayment.c.key.in_(keys))}


def _as_they_stand(conn: Connection, where: ColumnElement[bool]) -> list[Repayment]:
    """Repayments; what those of a living loan met is a view of its life, and changes with what becomes known."""
    found = list(recorded(conn, where))
    lives = dossiers(conn, sorted({one.loan_id for one in found if one.is_living}))
    told = {
        loan_id: one.life(max(one.through_on, *(each.value_on for each in one.facts))) for loan_id, one in lives.items()
    }
    return [_met(one, told[one.loan_id]) if one.loan_id in told else one for one in found]


def _met(one: Repayment, life: Life) -> Repayment:
    paid = next((each for each in life.live if isinstance(each, Pay) and each.no == one.fact_no), None)
    if paid is None:
        return one
    made = [each for each in life.transactions if each.fact_no == paid.no and each.kind == paid.kind]
    parts = [part for each in made for part in each.parts]
    taken = tuple(Taken(part.no, Bucket(part.component), part.amount) for part in parts)
    return replace(one, taken=taken, excess=sum(each.excess for each in made))
