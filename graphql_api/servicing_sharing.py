"""`sharePayment`: what one payment of a borrower means for each of his loans, before `repayLoans` books it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, Any, Final

import strawberry

from domain.servicing import position as standing
from domain.servicing import refusal as refused
from domain.servicing.allocation import Debt, share_among
from domain.servicing.position import Position
from domain.servicing.queries.position import positions
from graphql_api.faults import Fault
from graphql_api.relay import global_id, numbers
from graphql_api.types.field import minor, presents
from graphql_api.types.loan import LOAN, Loan, visible_loan
from graphql_api.types.refusal import payload
from graphql_api.types.value import Ask, Money, MoneyInput

LOANS_MAX: Final = 50
"""Loans among which one payment is shared, at most."""


@strawberry.input(description="One payment for several loans of one borrower.")
class SharePaymentInput:
    """Input of `sharePayment`."""

    loan_ids: list[strawberry.ID] = strawberry.field(description="The loans, 1 to 50.")
    amount: MoneyInput = strawberry.field(description="The whole payment.")
    paid_on: date = strawberry.field(description="Day on which it was paid.")
    designated: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Loans that the payer has named, in his order; they are met first."
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """The part of one loan, minor units."""

    loan: standing.Loan
    currency: str
    amount: int


@strawberry.type(description="What one loan gets of a payment.")
class LoanShare:
    """Presents the part of one loan."""

    loan: Loan = strawberry.field(description="The loan.")
    amount: Money = minor("amount", "currency", "Its part.")


@dataclass(frozen=True, slots=True)
class SharedAmong:
    """A payment shared among loans."""

    currency: str
    shares: Sequence[Shared]
    rest: int


@strawberry.type(description="A payment shared among loans: as the payer says, else by article 560 of the Civil Code.")
@presents(SharedAmong)
class SharePaymentResult:
    """Presents a shared payment."""

    shares: list[LoanShare] = strawberry.field(description="The part of each loan, in the order that was given.")
    rest: Money = minor("rest", "currency", "What is beyond all of them.")


SharePaymentPayload: Any = payload(
    "SharePaymentPayload",
    "What `sharePayment` answers.",
    SharePaymentResult,
    refused.LoanUnknown,
    refused.AmountNotPositive,
    refused.CurrencyDiffers,
)


def share_payment(
    info: Ask,
    input: Annotated[SharePaymentInput, strawberry.argument(description="The payment.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Share one payment among loans; nothing is booked."""
    if not 1 <= len(input.loan_ids) <= LOANS_MAX:
        raise Fault("INPUT_INVALID", reason=f"loanIds: 1-{LOANS_MAX}")
    given = [numbers(LOAN, one) for one in dict.fromkeys(input.loan_ids)]
    info.context.meet(LOAN, (one[0] for one in given if one is not None))
    try:
        loans = [visible_loan(info, None if one is None else one[0]) for one in given]
    except Fault:
        return refused.LoanUnknown(field="loanIds")
    if len({one.customer_id for one in loans}) > 1:
        raise Fault("INPUT_INVALID", reason="loanIds: 1 borrower")
    amount = input.amount.money
    if amount.minor <= 0:
        return refused.AmountNotPositive(field="amount")
    if other := next((one for one in loans if one.terms.currency != amount.currency), None):
        return refused.CurrencyDiffers(currency=other.terms.currency, field="amount")
    now = positions(info.context.conn, loan_ids=[one.loan_id for one in loans], on=input.paid_on)
    debts = [debt(one, now[one.loan_id]) for one in loans]
    met = share_among(amount.minor, debts, designated=input.designated)
    shares = [Shared(one, amount.currency, met[each.name]) for one, each in zip(loans, debts, strict=True)]
    return SharedAmong(amount.currency, shares, amount.minor - sum(met.values()))


def debt(loan: standing.Loan, now: Position) -> Debt:
    """A loan as a debt among others: what is due, what is not, how heavy it is, since when it is due."""
    due_on = now.on - timedelta(days=now.dpd) if now.dpd else now.next_due_on
    return Debt(
        name=global_id(LOAN, loan.loan_id),
        due=now.due.total,
        undue=max(now.payoff.total - now.due.total, 0),
        burden=Fraction(loan.terms.rate_annual),
        due_on=due_on or now.on,
    )
