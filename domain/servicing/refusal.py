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


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsNotJson(Refusal):
    """The terms are not one JSON object."""

    code: ClassVar[str] = "TERMS_NOT_JSON"
    zh: ClassVar[str] = "借款要素须为一个 JSON 对象: {detail}"
    en: ClassVar[str] = "the terms are one JSON object: {detail}"

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermMissing(Refusal):
    """A field that the terms need is not there."""

    code: ClassVar[str] = "TERM_MISSING"
    zh: ClassVar[str] = "缺少字段 {name}"
    en: ClassVar[str] = "{name} is missing"

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermUnknown(Refusal):
    """Nobody reads this field."""

    code: ClassVar[str] = "TERM_UNKNOWN"
    zh: ClassVar[str] = "未知字段 {name}"
    en: ClassVar[str] = "nobody reads {name}"

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermInvalid(Refusal):
    """The value of a field has another form than expected."""

    code: ClassVar[str] = "TERM_INVALID"
    zh: ClassVar[str] = "字段 {name} 应为 {expected}"
    en: ClassVar[str] = "{name} is {expected}"

    name: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermNotListed(Refusal):
    """A field whose values are listed has another one."""

    code: ClassVar[str] = "TERM_NOT_LISTED"
    zh: ClassVar[str] = "字段 {name} 只能是 {allowed}"
    en: ClassVar[str] = "{name} is one of {allowed}"

    name: str
    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCountUnknown(Refusal):
    """There is no such day count."""

    code: ClassVar[str] = "DAY_COUNT_UNKNOWN"
    zh: ClassVar[str] = "计息基础只能是 {allowed}"
    en: ClassVar[str] = "a day count is one of {allowed}"

    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConventionUnknown(Refusal):
    """There is no such convention."""

    code: ClassVar[str] = "CONVENTION_UNKNOWN"
    zh: ClassVar[str] = "惯例只能是 {allowed}"
    en: ClassVar[str] = "a convention is one of {allowed}"

    allowed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RateNotANumber(Refusal):
    """A rate is not a finite decimal in a string."""

    code: ClassVar[str] = "RATE_NOT_A_NUMBER"
    zh: ClassVar[str] = "利率须为十进制小数字符串, 如 0.18"
    en: ClassVar[str] = "a rate is a decimal fraction in a string, such as 0.18"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateNegative(Refusal):
    """A rate is below zero."""

    code: ClassVar[str] = "RATE_NEGATIVE"
    zh: ClassVar[str] = "利率不能为负"
    en: ClassVar[str] = "a rate is not negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTooHigh(Refusal):
    """A yearly rate so high that it is a slip of the pen: a percentage, say."""

    code: ClassVar[str] = "RATE_TOO_HIGH"
    zh: ClassVar[str] = "年利率不能超过 {limit} (小数, 0.18 即 18%)"
    en: ClassVar[str] = "a yearly rate is at most {limit} (a fraction: 0.18 is 18 percent)"

    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentsOutOfRange(Refusal):
    """The number of instalments is nought, or beyond what a plan may have."""

    code: ClassVar[str] = "INSTALMENTS_OUT_OF_RANGE"
    zh: ClassVar[str] = "期数须在 1 到 {limit} 之间"
    en: ClassVar[str] = "a plan has 1 to {limit} instalments"

    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAmountInvalid(Refusal):
    """The text is not an amount of the currency."""

    code: ClassVar[str] = "PLAN_AMOUNT_INVALID"
    zh: ClassVar[str] = "金额无效: {reason}"
    en: ClassVar[str] = "not an amount: {reason}"

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAmountTooLarge(Refusal):
    """The amount, or a sum of the plan, is beyond what the books can hold."""

    code: ClassVar[str] = "PLAN_AMOUNT_TOO_LARGE"
    zh: ClassVar[str] = "金额超出上限"
    en: ClassVar[str] = "the amount is beyond what the books can hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyUnknown(Refusal):
    """There is no such currency."""

    code: ClassVar[str] = "CURRENCY_UNKNOWN"
    zh: ClassVar[str] = "未知币种"
    en: ClassVar[str] = "no such currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstDueTooEarly(Refusal):
    """The first due date is not after the disbursement."""

    code: ClassVar[str] = "FIRST_DUE_BEFORE_DISBURSEMENT"
    zh: ClassVar[str] = "首个还款日须晚于放款日"
    en: ClassVar[str] = "the first due date is after the disbursement"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatesOutOfOrder(Refusal):
    """A list of dates or numbers does not ascend."""

    code: ClassVar[str] = "DATES_OUT_OF_ORDER"
    zh: ClassVar[str] = "日期须依次递增"
    en: ClassVar[str] = "dates ascend"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideLoan(Refusal):
    """Something is planned outside the loan's life, or of an instalment that it does not have."""

    code: ClassVar[str] = "OUTSIDE_LOAN"
    zh: ClassVar[str] = "超出借款期限"
    en: ClassVar[str] = "this lies outside the life of the loan"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGap(Refusal):
    """No stage covers some instalments."""

    code: ClassVar[str] = "STAGE_GAP"
    zh: ClassVar[str] = "第 {first} 至 {last} 期没有还款阶段"
    en: ClassVar[str] = "no stage covers instalments {first} to {last}"

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageOverlap(Refusal):
    """Two stages cover the same instalments."""

    code: ClassVar[str] = "STAGE_OVERLAP"
    zh: ClassVar[str] = "第 {first} 至 {last} 期属于两个还款阶段"
    en: ClassVar[str] = "two stages cover instalments {first} to {last}"

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalDiffers(Refusal):
    """Parts that make up the principal sum to another amount, in minor units."""

    code: ClassVar[str] = "PRINCIPAL_DIFFERS"
    zh: ClassVar[str] = "合计 {found} 与本金 {principal} 不一致 (最小货币单位)"
    en: ClassVar[str] = "the parts sum to {found} minor units and the principal is {principal}"

    found: int
    principal: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsConflict(Refusal):
    """Two fields contradict each other."""

    code: ClassVar[str] = "TERMS_CONFLICT"
    zh: ClassVar[str] = "{name} 与 {other} 不能并用"
    en: ClassVar[str] = "{name} does not go with {other}"

    name: str
    other: str
