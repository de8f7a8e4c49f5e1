"""Facts of plain loans: each instalment with what was paid, moved and accrued of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Subquery, and_, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.servicing import tables
from domain.servicing.event import EventKind
from domain.servicing.position import Disbursement, Facts, Progress
from domain.servicing.queries.loan import Scope, is_living, loan_from, loans_in, lock_loans
from domain.servicing.repayment import Bucket, Source
from domain.servicing.schedule import Instalment


def facts(conn: Connection, scope: Scope, *, until: date | None = None) -> dict[int, Facts]:
    """Return the facts of the loans in a scope, in two statements.

    `until` leaves out what happened after that date; what is known today about earlier dates stays in.
    """
    progress: dict[int, list[Progress]] = {}
    for row in conn.execute(select(instalments(scope, until=until)).order_by("loan_id", "no")):
        progress.setdefault(row.loan_id, []).append(_progress(row))
    return {
        row.loan_id: Facts(
            loan=loan_from(row),
            disbursement=_DISBURSEMENT.get(row.answer, Disbursement.INSTRUCTED),
            version=row.version,
            progress=tuple(progress.get(row.loan_id, ())),
            interest_booked=row.interest_booked,
            overpayment=int(row.overpayment),
            is_living=row.is_living,
        )
        for row in conn.execute(_heads(scope, until=until))
    }


def locked_facts(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Facts]:
    """Lock the loans, in the order of their ids, until the transaction ends; return their facts as they then are."""
    if not loan_ids:
        return {}
    lock_loans(conn, loan_ids)
    return facts(conn, loans_in(loan_ids))


def instalments(scope: Scope, *, until: date | None = None) -> Subquery:
    """Return each instalment of the schedules in force with what was paid, moved and accrued of it.

    Columns: loan_id, no, from_on, due_on, principal, interest; penalty_paid, receivable_paid, accrued_paid,
    overdue_paid, normal_paid (what repayments took from which account); principal_dates, principal_amounts;
    interest_moved, principal_moved; penalty_booked.
    """
    i = _in_force(scope, until=until)
    paid, moved = _paid(scope, until=until), _moved(scope, until=until)
    accrual = tables.penalty_accrual
    booked = select(accrual.c.booked).where(accrual.c.loan_id == i.c.loan_id, accrual.c.no == i.c.no)
    if until is not None:
        booked = booked.where(accrual.c.accrued_on < until)
    latest = booked.order_by(accrual.c.accrual_id.desc()).limit(1).scalar_subquery()
    return (
        select(
            *i.c,
            *(func.coalesce(paid.c[name], 0).label(name) for name in _PAID),
            paid.c.principal_dates,
            paid.c.principal_amounts,
            func.coalesce(moved.c.interest_moved, 0).label("interest_moved"),
            func.coalesce(moved.c.principal_moved, 0).label("principal_moved"),
            func.coalesce(latest, 0).label("penalty_booked"),
        )
        .outerjoin(paid, and_(paid.c.loan_id == i.c.loan_id, paid.c.no == i.c.no))
        .outerjoin(moved, and_(moved.c.loan_id == i.c.loan_id, moved.c.no == i.c.no))
        .subquery("progress")
    )


_DISBURSEMENT = {
    EventKind.DISBURSED.value: Disbursement.SUCCEEDED,
    EventKind.DISBURSEMENT_FAILED.value: Disbursement.FAILED,
}


_PAID = {
    "penalty_paid": Bucket.PENALTY,
    "receivable_paid": Bucket.INTEREST,
    "accrued_paid": Bucket.ACCRUED_INTEREST,
    "overdue_paid": Bucket.OVERDUE_PRINCIPAL,
    "normal_paid": Bucket.PRINCIPAL,
}


def _in_force(scope: Scope, *, until: date | None) -> Subquery:
    if until is None:
        current = tables.current_instalment
        return select(current).where(scope(current.c.loan_id)).subquery("i")
    i, v = tables.instalment, tables.schedule_version
    version = select(func.max(v.c.version)).where(v.c.loan_id == i.c.loan_id, v.c.made_on <= until).scalar_subquery()
    return select(i).where(scope(i.c.loan_id), i.c.version == version).subquery("i")


def _paid(scope: Scope, *, until: date | None) -> Subquery:
    a = tables.standing_allocation
    is_principal = a.c.component.in_([Bucket.OVERDUE_PRINCIPAL.value, Bucket.PRINCIPAL.value])

    def listed(what: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.array_agg(aggregate_order_by(what, a.c.repayment_id, a.c.component)).filter(is_principal)

    asked = (
        select(
            a.c.loan_id,
            a.c.no,
            *(func.sum(a.c.amount).filter(a.c.component == bucket.value).label(name) for name, bucket in _PAID.items()),
            listed(a.c.paid_on).label("principal_dates"),
            listed(a.c.amount).label("principal_amounts"),
        )
        .where(scope(a.c.loan_id))
        .group_by(a.c.loan_id, a.c.no)
    )
    return (asked if until is None else asked.where(a.c.paid_on <= until)).subquery("paid")


def _moved(scope: Scope, *, until: date | None) -> Subquery:
    m = tables.movement
    asked = (
        select(
            m.c.loan_id,
            m.c.no,
            func.sum(m.c.amount).filter(m.c.kind == "INTEREST_DUE").label("interest_moved"),
            func.sum(m.c.amount).filter(m.c.kind == "PRINCIPAL_OVERDUE").label("principal_moved"),
        )
        .where(scope(m.c.loan_id))
        .group_by(m.c.loan_id, m.c.no)
    )
    return (asked if until is None else asked.where(m.c.moved_on < until)).subquery("moved")


def _heads(scope: Scope, *, until: date | None) -> Select[Any]:
    ln, e, v, r, a = (
        tables.loan,
        tables.loan_event,
        tables.schedule_version,
        tables.standing_repayment,
        tables.interest_accrual,
    )
    answer = select(e.c.kind).where(e.c.loan_id == ln.c.loan_id, e.c.kind.in_(_DISBURSEMENT))
    version = select(func.max(v.c.version)).where(v.c.loan_id == ln.c.loan_id)
    booked = select(a.c.booked).where(a.c.loan_id == ln.c.loan_id)
    held = select(overpaid(r)).where(r.c.loan_id == ln.c.loan_id)
    if until is not None:
        answer, version = answer.where(e.c.happened_on <= until), version.where(v.c.made_on <= until)
        booked, held = booked.where(a.c.accrued_on < until), held.where(r.c.paid_on <= until)
    latest = booked.order_by(a.c.accrual_id.desc()).limit(1)
    return select(
        ln,
        answer.scalar_subquery().label("answer"),
        func.coalesce(version.scalar_subquery(), 0).label("version"),
        func.coalesce(latest.scalar_subquery(), 0).label("interest_booked"),
        func.coalesce(held.scalar_subquery(), 0).label("overpayment"),
        is_living(ln.c.loan_id).label("is_living"),
    ).where(scope(ln.c.loan_id))


def overpaid(repayment: Any) -> ColumnElement[int]:  # noqa: ANN401 - the view or a table of its shape
    """Return the sum of excess paid in less what was applied since, over standing repayments."""
    applied = func.sum(repayment.c.amount).filter(repayment.c.source == Source.OVERPAYMENT.value)
    paid_in = func.sum(repayment.c.excess).filter(repayment.c.source == Source.CASH.value)
    return func.coalesce(paid_in, 0) - func.coalesce(applied, 0)


def _progress(row: Row[Any]) -> Progress:
    return Progress(
        instalment=Instalment(row.no, row.from_on, row.due_on, row.principal, row.interest),
        principal_payments=tuple(zip(row.principal_dates or (), row.principal_amounts or (), strict=True)),
        interest_paid=int(row.receivable_paid + row.accrued_paid),
        penalty_paid=int(row.penalty_paid),
        penalty_booked=row.penalty_booked,
        interest_receivable=int(row.interest_moved - row.receivable_paid),
        principal_overdue=int(row.principal_moved - row.overdue_paid),
    )
