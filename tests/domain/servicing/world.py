"""A little world for tests of servicing: two books, the demo product, and loans that are made and paid out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from sqlalchemy import Connection

from domain.command import Command
from domain.product.version import ProductVersion
from domain.refusals import Refusal
from domain.servicing.operations.disbursement import Created, CreateLoan, Disbursed, create_loan, disburse_succeeded
from domain.servicing.operations.repayment import Repaid, repay
from domain.servicing.operations.sweep import (
    Sweep,
    Swept,
    accrue_interest,
    accrue_penalty,
    age,
    apply_overpayments,
    close_lives,
    fall_due,
    move_overdue,
)
from domain.servicing.repayment import Intent, Repay
from ledger import balances
from ledger.money import Money
from seed import chart, products

START = date(2026, 1, 31)
AT = datetime(2026, 1, 31, 2, 0, tzinfo=UTC)

STEPS = (
    accrue_interest,
    fall_due,
    apply_overpayments,
    move_overdue,
    accrue_penalty,
    age,
    close_lives,
)


def command(key: str) -> Command:
    return Command(actor="tester", key=key, received_at=AT)


@dataclass
class World:
    """The product and running numbers; the connection is passed each time, so that tests may use several."""

    product: ProductVersion = field(repr=False)
    applications: count[int] = field(default_factory=lambda: count(1))
    keys: count[int] = field(default_factory=lambda: count(1))

    def created(self, conn: Connection, *, yuan: int = 10_000, months: int = 12, start_on: date = START) -> Created:
        application_id = next(self.applications)
        made = create_loan(conn, self.create(application_id, yuan=yuan, months=months, start_on=start_on))
        assert isinstance(made, Created), made
        return made

    def create(
        self, application_id: int, *, yuan: int = 10_000, months: int = 12, start_on: date = START
    ) -> CreateLoan:
        return CreateLoan(
            application_id=application_id,
            product=self.product,
            principal=Money(yuan * 100, "CNY"),
            term_months=months,
            customer_id=7,
            party_id=3,
            channel_id=5,
            start_on=start_on,
            command=command(f"create-{application_id}"),
        )

    def disbursed(self, conn: Connection, *, yuan: int = 10_000, months: int = 12, start_on: date = START) -> int:
        loan_id = self.created(conn, yuan=yuan, months=months, start_on=start_on).loan.loan_id
        done = disburse_succeeded(conn, loan_id=loan_id, on=start_on, command=command(f"paid-{loan_id}"))
        assert isinstance(done, Disbursed), done
        return loan_id

    def payment(
        self, loan_id: int, yuan: str, on: date, *, intent: Intent = Intent.DUE, key: str | None = None
    ) -> Repay:
        named = key or f"repay-{next(self.keys)}"
        return Repay(
            loan_id=loan_id, amount=Money.parse(yuan, "CNY"), paid_on=on, intent=intent, command=command(named)
        )

    def repay(self, conn: Connection, loan_id: int, yuan: str, on: date, *, intent: Intent = Intent.DUE) -> Repaid:
        (made,) = repay(conn, [self.payment(loan_id, yuan, on, intent=intent)])
        assert isinstance(made, Repaid), made
        return made


def opened(conn: Connection) -> World:
    chart.open_books(conn, from_on=START.replace(day=1), months=30)
    return World(products.publish(conn, funder_id=2, effective_from=START.replace(day=1)))


def close(conn: Connection, from_on: date, to_on: date, *, high: int = 1 << 40) -> None:
    """Run every step for each day from `from_on` to `to_on`, both inside."""
    on = from_on
    while on <= to_on:
        for step in STEPS:
            sweep = Sweep(on=on, low=1, high=high, key=f"day:{on}:{step.__name__}", command=command(f"close-{on}"))
            done: Swept | Refusal = step(conn, sweep)
            assert isinstance(done, Swept), done
        on += timedelta(days=1)


def books(conn: Connection, loan_id: int) -> dict[str, int]:
    """Balances of the loan in the lender's book that are not zero, debit minus credit."""
    found = balances.subject_balances(conn, book=chart.LENDER_BOOK, subject=loan_id)
    return {code: amount for code, amount in sorted(found.items()) if amount}
