"""The repayment request (S21): what is to be repaid, of which instalments, from which account. Pure.

Approval keeps the request and orders the collection; accounting hears of it when the bank has said yes (S22, S23). The
money that a bank has taken is always booked: where servicing cannot take it, it waits on the suspense account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from domain.refusals import Refusal
from domain.servicing.repayment import Intent
from ledger.account import Required
from ledger.money import Money
from ledger.rule import Leg, Rule

_POOLED = Required.ALL & ~Required.SUBJECT

SUSPENSE = Rule(
    kind="RECEIPT_SUSPENDED",
    version=1,
    legs=(Leg("amount", "1012.01", "2241.02", debit_dims=_POOLED, credit_dims=_POOLED),),
)
"""挂账: money that came and that no loan can take (settled in the meantime, for example) waits for people."""


class Origin(StrEnum):
    """Who asks."""

    CHANNEL = "CHANNEL"
    """The borrower, in the channel's app (S21a)."""
    DUE_DATE = "DUE_DATE"
    """Accounting, on the due date (S21b 批量代扣)."""
    OPERATOR = "OPERATOR"
    """A person at the back office."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRepayment:
    """The wish to repay; `business_no` identifies it for ever."""

    business_no: str
    origin: Origin
    loan_id: int
    amount: Money
    requested_on: date
    """The business date on which the bank is told to collect."""
    intent: Intent = Intent.DUE
    instalment_nos: tuple[int, ...] = ()
    """The instalments that the payer has in mind; the allocation follows the contract whatever he thinks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentRequest:
    """A request as it is kept."""

    request_id: int
    wish: RequestRepayment
    account_id: int
    """The borrower's account that is debited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCollectable(Refusal):
    """The loan is unknown, or the amount is not positive or in another currency."""

    code: ClassVar[str] = "REPAYMENT_NOT_COLLECTABLE"
    zh: ClassVar[str] = "无法发起还款扣款: {why}"
    en: ClassVar[str] = "the repayment cannot be collected: {why}"

    why: str


def fault(wish: RequestRepayment, currencies: Mapping[int, str]) -> NotCollectable | None:
    """What is wrong with a wish, given the currency of each loan that is known."""
    currency = currencies.get(wish.loan_id)
    if currency is None:
        return NotCollectable(field="loanId", why="loan unknown")
    if wish.amount.currency != currency:
        return NotCollectable(field="amount", why=f"the loan is in {currency}")
    if wish.amount.minor <= 0:
        return NotCollectable(field="amount", why="amount not positive")
    return None
