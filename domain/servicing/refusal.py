"""Every "no" that servicing can say, each a named value with a stable code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanUnknown(Refusal):
    """There is no such loan, or the asker may not see it."""

    code: ClassVar[str] = "LOAN_UNKNOWN"
    zh: ClassVar[str] = "借据不存在"
    en: ClassVar[str] = "no such loan"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNotPending(Refusal):
    """The result of a disbursement arrives for a loan that does not wait for one."""

    code: ClassVar[str] = "LOAN_NOT_PENDING"
    zh: ClassVar[str] = "借据状态为 {status}, 不在放款中"
    en: ClassVar[str] = "the loan is {status} and not waiting for its disbursement"

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNotActive(Refusal):
    """The loan takes no repayment: not paid out, cancelled, or already settled."""

    code: ClassVar[str] = "LOAN_NOT_ACTIVE"
    zh: ClassVar[str] = "借据状态为 {status}, 不能还款"
    en: ClassVar[str] = "the loan is {status} and takes no repayment"

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountNotPositive(Refusal):
    """An amount must be above zero."""

    code: ClassVar[str] = "AMOUNT_NOT_POSITIVE"
    zh: ClassVar[str] = "金额必须大于零"
    en: ClassVar[str] = "the amount must be above zero"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyDiffers(Refusal):
    """The payment is in another currency than the loan."""

    code: ClassVar[str] = "CURRENCY_DIFFERS"
    zh: ClassVar[str] = "币种应为 {currency}"
    en: ClassVar[str] = "the loan is in {currency}"

    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountBelowPayoff(Refusal):
    """The payment asks to settle the loan but is too small; `payoff` is in minor units."""

    code: ClassVar[str] = "AMOUNT_BELOW_PAYOFF"
    zh: ClassVar[str] = "提前结清需 {payoff} 分"
    en: ClassVar[str] = "settling the loan takes {payoff} minor units"

    payoff: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentInFuture(Refusal):
    """Money cannot have been paid after the business date."""

    code: ClassVar[str] = "REPAYMENT_IN_FUTURE"
    zh: ClassVar[str] = "还款日 {paid_on} 晚于营业日 {business_on}"
    en: ClassVar[str] = "paid on {paid_on}, which is after the business date {business_on}"

    paid_on: date
    business_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentBeforeStart(Refusal):
    """Money cannot have been paid back before it was lent."""

    code: ClassVar[str] = "REPAYMENT_BEFORE_START"
    zh: ClassVar[str] = "还款日早于起息日 {start_on}"
    en: ClassVar[str] = "paid before the loan started on {start_on}"

    start_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentUnknown(Refusal):
    """There is no such repayment."""

    code: ClassVar[str] = "REPAYMENT_UNKNOWN"
    zh: ClassVar[str] = "还款记录不存在"
    en: ClassVar[str] = "no such repayment"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentReversed(Refusal):
    """The repayment has been reversed before; a reversal happens once."""

    code: ClassVar[str] = "REPAYMENT_ALREADY_REVERSED"
    zh: ClassVar[str] = "该还款已冲正"
    en: ClassVar[str] = "this repayment has already been reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookRefused(Refusal):
    """The ledger refused the entry: the month is closed or does not exist, say; `reason` is the ledger's own code."""

    code: ClassVar[str] = "BOOK_REFUSED"
    zh: ClassVar[str] = "账务拒绝: {reason} {detail}"
    en: ClassVar[str] = "the books refuse: {reason} {detail}"

    reason: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodClosed(Refusal):
    """The accounting month of the date is closed."""

    code: ClassVar[str] = "PERIOD_CLOSED"
    zh: ClassVar[str] = "会计期间已关闭: {detail}"
    en: ClassVar[str] = "the accounting period is closed: {detail}"

    detail: str
