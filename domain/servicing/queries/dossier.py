"""Dossiers of loans: contract, facts, what is booked; from these a life is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from domain.command import Command
from domain.product.accounting import Event
from domain.servicing import tables
from domain.servicing.change import Dossier, PaidIn, Started, plain_dossier
from domain.servicing.document import contract_of, fact_of, flags_of
from domain.servicing.event import EventKind
from domain.servicing.fact import Fact
from domain.servicing.movement import Movement
from domain.servicing.position import Loan
from domain.servicing.queries.fact import facts
from domain.servicing.queries.loan import loan_from, loans_in
from domain.servicing.queries.recorded import Repayment, recorded
from domain.servicing.schedule import Instalment


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact that was recorded before; `entry_ids` are the entries of the lender's book that it made us book."""

    loan_id: int
    fact: Fact
    actor: str
    entry_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A fact, who ordered it, who approved it, and when it was taken in."""

    fact: Fact
    actor: str
    approver: str | None
    recorded_at: datetime


def living_between(conn: Connection, *, low: int, high: int) -> list[int]:
    """Return the loans of a range that have a contract document, in the order of their ids."""
    c = tables.contract.c
    return list(conn.scalars(select(c.loan_id).where(c.loan_id.between(low, high)).order_by(c.loan_id)))


def keys_taken(conn: Connection, keys: Sequence[str]) -> dict[str, KnownFact]:
    """Return the facts that were recorded under these keys."""
    f, b, ln = tables.fact, tables.booking, tables.loan
    lender = select(ln.c.funder_id).where(ln.c.loan_id == f.c.loan_id).scalar_subquery()
    caused = and_(
        b.c.loan_id == f.c.loan_id,
        b.c.cause == f.c.no,
        b.c.entry_id.is_not(None),
        or_(b.c.funder_id == 0, b.c.funder_id == lender),
    )
    entries = select(func.array_agg(aggregate_order_by(b.c.entry_id, b.c.booking_id))).where(caused).scalar_subquery()
    asked = select(f, entries.label("entry_ids")).where(f.c.key.in_(keys))
    return {
        row.key: KnownFact(
            loan_id=row.loan_id,
            fact=fact_from(row),
            actor=row.actor,
            entry_ids=tuple(dict.fromkeys(row.entry_ids or ())),
        )
        for row in conn.execute(asked)
    }


def dossiers(conn: Connection, loan_ids: Sequence[int], *, is_plain_too: bool = False) -> dict[int, Dossier]:
    """Return the dossiers of loans, in five statements however many; those of plain loans only when asked for.

    A plain loan's dossier is read from its columns, its repayments and its accruals; it `is_new`. A loan that was never
    paid out has no facts, and as long as it is plain no dossier.
    """
    if not loan_ids:
        return {}
    scope = loans_in(loan_ids)
    ln, c = tables.loan, tables.contract
    asked = select(ln, c.c.document).outerjoin(c, c.c.loan_id == ln.c.loan_id).where(scope(ln.c.loan_id))
    loans = {row.loan_id: (loan_from(row), row.document) for row in conn.execute(asked)}
    living = [loan_id for loan_id, (_, document) in loans.items() if document is not None]
    made = _living_dossiers(conn, loans, living) if living else {}
    plain = [loan_id for loan_id in loans if loan_id not in made]
    return made | (_plain_dossiers(conn, plain) if is_plain_too and plain else {})


def _living_dossiers(
    conn: Connection, loans: Mapping[int, tuple[Loan, Mapping[str, Any]]], living: Sequence[int]
) -> dict[int, Dossier]:
    f, b = tables.fact, tables.booking
    said: dict[int, list[Fact]] = {}
    for row in conn.execute(select(f).where(loans_in(living)(f.c.loan_id)).order_by(f.c.loan_id, f.c.no)):
        said.setdefault(row.loan_id, []).append(fact_from(row))
    place = (b.c.loan_id, b.c.event, b.c.fact_no, b.c.flags, b.c.funder_id)
    held: dict[int, dict[tuple[str, int, str, int], dict[str, int]]] = {}
    through: dict[int, date] = {}
    asked = (
        select(*place, b.c.bucket, func.sum(b.c.amount).label("amount"), func.max(b.c.through_on).label("through_on"))
        .where(loans_in(living)(b.c.loan_id))
        .group_by(*place, b.c.bucket)
        .order_by(b.c.loan_id, func.min(b.c.booking_id))
    )
    for row in conn.execute(asked):
        through[row.loan_id] = max(row.through_on, through.get(row.loan_id, date.min))
        amounts = held.setdefault(row.loan_id, {}).setdefault((row.event, row.fact_no, row.flags, row.funder_id), {})
        amounts[row.bucket] = int(row.amount)
    plans = _plans(conn, living)
    made = {}
    for loan_id in living:
        loan, document = loans[loan_id]
        contract = contract_of(document)
        version, plan = plans.get(loan_id, (0, ()))
        made[loan_id] = Dossier(
            loan=replace(loan, terms=contract.terms),
            contract=contract,
            facts=tuple(said.get(loan_id, ())),
            booked=tuple(
                Movement(
                    event=Event(event),
                    amounts=amounts,
                    fact_no=fact_no,
                    value_on=through[loan_id],
                    flags=flags_of(flags),
                    funder=funder,
                )
                for (event, fact_no, flags, funder), amounts in held.get(loan_id, {}).items()
            ),
            through_on=through.get(loan_id, date.min),
            version=version,
            plan=plan,
        )  # fmt: skip
    return made


def _plans(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[int, tuple[Instalment, ...]]]:
    i = tables.current_instalment
    found: dict[int, tuple[int, list[Instalment]]] = {}
    for row in conn.execute(select(i).where(loans_in(loan_ids)(i.c.loan_id)).order_by(i.c.loan_id, i.c.no)):
        line = Instalment(row.no, row.from_on, row.due_on, row.principal, row.interest)
        found.setdefault(row.loan_id, (row.version, []))[1].append(line)
    return {loan_id: (version, tuple(lines)) for loan_id, (version, lines) in found.items()}


def _plain_dossiers(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Dossier]:
    scope, m, a, e = loans_in(loan_ids), tables.movement, tables.penalty_accrual, tables.loan_event
    known = facts(conn, scope)
    paid: dict[int, list[Repayment]] = {}
    for one in recorded(conn, scope(tables.repayment.c.loan_id)):
        paid.setdefault(one.loan_id, []).append(one)
    moved = {
        (row.loan_id, row.kind): int(row.amount)
        for row in conn.execute(
            select(m.c.loan_id, m.c.kind, func.sum(m.c.amount).label("amount"))
            .where(scope(m.c.loan_id))
            .group_by(m.c.loan_id, m.c.kind)
        )
    }
    latest = (
        select(a.c.loan_id, a.c.booked)
        .ext(distinct_on(a.c.loan_id, a.c.no))
        .where(scope(a.c.loan_id))
        .order_by(a.c.loan_id, a.c.no, a.c.accrual_id.desc())
    ).subquery()
    asked = select(latest.c.loan_id, func.sum(latest.c.booked).label("booked")).group_by(latest.c.loan_id)
    penalties = {row.loan_id: int(row.booked) for row in conn.execute(asked)}
    is_paid_out = and_(scope(e.c.loan_id), e.c.kind == EventKind.DISBURSED.value)
    started = {row.loan_id: row for row in conn.execute(select(e).where(is_paid_out))}
    return {
        loan_id: plain_dossier(
            known[loan_id],
            Started(
                on=row.happened_on,
                by=Command(actor=row.actor, key=f"disburse:{loan_id}", received_at=row.recorded_at),
            ),
            tuple(_paid_in(one) for one in paid.get(loan_id, ())),
            moved_interest=moved.get((loan_id, "INTEREST_DUE"), 0),
            moved_principal=moved.get((loan_id, "PRINCIPAL_OVERDUE"), 0),
            penalty=penalties.get(loan_id, 0),
        )
        for loan_id, row in started.items()
    }  # fmt: skip


def _paid_in(one: Repayment) -> PaidIn:
    amounts: dict[str, int] = {}
    for part in one.taken:
        amounts[part.bucket] = amounts.get(part.bucket, 0) + part.amount
    return PaidIn(
        source=one.source,
        intent=one.intent,
        paid_on=one.paid_on,
        amount=one.amount,
        excess=one.excess,
        taken=amounts,
        by=Command(actor=one.actor, key=one.key, received_at=one.recorded_at),
        reversed_on=one.reversed_on,
        reversed_by=one.reversed_by,
    )


def fact_from(row: Row[Any]) -> Fact:
    """Return the fact that a row holds."""
    return fact_of(row.kind, no=row.no, value_on=row.value_on, booked_on=row.booked_on, said=row.payload)


def stated(conn: Connection, told: Mapping[int, Dossier]) -> dict[int, tuple[Stated, ...]]:
    """Return the facts of dossiers with who ordered each, in booking order, in one statement however many."""
    living = [loan_id for loan_id, one in told.items() if not one.is_new]
    made: dict[int, list[Stated]] = {
        loan_id: [
            Stated(fact=fact, actor=by.actor, approver=None, recorded_at=by.received_at)
            for fact, by in zip(one.facts, one.origins, strict=True)
        ]
        for loan_id, one in told.items()
        if one.is_new
    }
    f = tables.fact
    asked = select(f).where(loans_in(living)(f.c.loan_id)).order_by(f.c.loan_id, f.c.no)
    for row in conn.execute(asked) if living else ():
        said = Stated(fact=fact_from(row), actor=row.actor, approver=row.approver, recorded_at=row.recorded_at)
        made.setdefault(row.loan_id, []).append(said)
    return {loan_id: tuple(made.get(loan_id, ())) for loan_id in told}
