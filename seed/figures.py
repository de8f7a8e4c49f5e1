"""The demonstration in figures: what became of the applications, the money, the arrears and the bank's files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, select

from domain.collections import queries as collections
from domain.collections.case import Case
from domain.day import queries as days
from domain.decisioning.tables import decision
from domain.origination.tables import application_state
from domain.payment.tables import payment_order
from domain.reconciliation import queries as reconciliation
from domain.servicing.event import EventKind
from domain.servicing.tables import ageing, loan, loan_event, repayment
from ledger import balances, sequencer
from ledger.statements import trial_balance
from seed.chart import LENDER_BOOK


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts, and amounts in minor units."""

    closed_on: date | None
    applications: Mapping[str, int]
    """By the stage at which they stand."""
    decisions: Mapping[tuple[str, str], int]
    """By stage and outcome."""
    orders: Mapping[str, int]
    """Payment orders by kind."""
    loans: int
    lent: int
    repayments: int
    repaid: int
    overdue: Mapping[str, tuple[int, int]]
    """Loans and their overdue amount by bucket, at the last close."""
    cases_open: int
    cases: int
    discrepancies_open: int
    interest_income: int
    penalty_income: int
    entries: int
    """Numbered entries of the lender's book."""
    balanced: bool


def figures(conn: Connection) -> Figures:
    """Count everything that a visitor asks about first; the books are those of the lender."""
    closed = days.last_closed(conn)
    overdue = select(
        ageing.c.bucket, func.count(), func.sum(ageing.c.principal + ageing.c.interest + ageing.c.penalty)
    ).where(ageing.c.aged_on == closed)
    paid_out = loan_event.c.kind == EventKind.DISBURSED.value
    lent = conn.execute(
        select(func.count(), func.coalesce(func.sum(loan.c.principal), 0)).join_from(loan, loan_event).where(paid_out)
    ).one()
    repaid = conn.execute(
        select(func.count(), func.coalesce(func.sum(repayment.c.amount), 0)).where(repayment.c.source == "CASH")
    ).one()
    found: tuple[Case, ...] = collections.cases(conn, first=10_000)
    state, made, order = application_state.c, decision.c, payment_order.c
    return Figures(
        closed_on=closed,
        applications={row[0]: row[1] for row in conn.execute(select(state.stage, func.count()).group_by(state.stage))},
        decisions={
            (row[0], row[1]): row[2]
            for row in conn.execute(select(made.stage, made.outcome, func.count()).group_by(made.stage, made.outcome))
        },
        orders={row[0]: row[1] for row in conn.execute(select(order.kind, func.count()).group_by(order.kind))},
        loans=int(lent[0]),
        lent=int(lent[1]),
        repayments=int(repaid[0]),
        repaid=int(repaid[1]),
        overdue={
            row[0]: (int(row[1]), int(row[2]))
            for row in conn.execute(overdue.group_by(ageing.c.bucket).order_by(ageing.c.bucket))
        },
        cases_open=sum(one.is_open for one in found),
        cases=len(found),
        discrepancies_open=len(reconciliation.discrepancies(conn, first=10_000, open_only=True)),
        interest_income=-balances.balance_now(conn, book=LENDER_BOOK, account="6011.01"),
        penalty_income=-balances.balance_now(conn, book=LENDER_BOOK, account="6011.02"),
        entries=sequencer.head(conn, LENDER_BOOK),
        balanced=trial_balance(conn, book=LENDER_BOOK).balanced,
    )
