"""Every "no" that servicing can say, each a named value with a stable code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from domain.refusals import Refusal
from domain.servicing.phrase import Phrase


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
    """A field that is not one of the terms; nothing is silently ignored. `hint` names a field that it may be."""

    code: ClassVar[str] = "TERM_UNKNOWN"
    zh: ClassVar[str] = "未知字段 {name}{hint:zh}"
    en: ClassVar[str] = "nobody reads {name}{hint:en}"

    name: str
    hint: str = ""

    @property
    def params(self) -> Mapping[str, object]:
        """The name, and the hint as a phrase of two languages."""
        return {"name": self.name, "hint": Phrase(self.hint)}


@dataclass(frozen=True, slots=True, kw_only=True)
class TermInvalid(Refusal):
    """The value of a field has another form than expected."""

    code: ClassVar[str] = "TERM_INVALID"
    zh: ClassVar[str] = "字段 {name} 应为: {expected:zh}"
    en: ClassVar[str] = "{name} is {expected:en}"

    name: str
    expected: str

    @property
    def params(self) -> Mapping[str, object]:
        """The name, and what was expected as a phrase of two languages."""
        return {"name": self.name, "expected": Phrase(self.expected)}


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
    zh: ClassVar[str] = '利率须为十进制小数字符串, 如 "0.18" 或 "18%"'
    en: ClassVar[str] = 'a rate is a decimal in a string, such as "0.18" or "18%"'


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
    zh: ClassVar[str] = "金额无效: {reason:zh}"
    en: ClassVar[str] = "not an amount: {reason:en}"

    reason: str

    @property
    def params(self) -> Mapping[str, object]:
        """The reason as a phrase of two languages."""
        return {"reason": Phrase(self.reason)}


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
    zh: ClassVar[str] = "{name} 与 {other:zh} 不能并用"
    en: ClassVar[str] = "{name} does not go with {other:en}"

    name: str
    other: str

    @property
    def params(self) -> Mapping[str, object]:
        """The name, and what it does not go with as a phrase of two languages."""
        return {"name": self.name, "other": Phrase(self.other)}


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTooSmall(Refusal):
    """A payment of which no number that a plan may have repays the loan."""

    code: ClassVar[str] = "PAYMENT_TOO_SMALL"
    zh: ClassVar[str] = "每期还款 {payment} 在 {limit} 期内无法还清"
    en: ClassVar[str] = "payments of {payment} do not repay the loan within {limit} instalments"

    payment: str
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactBeforeStart(Refusal):
    """Nothing happens to a loan before it is paid out."""

    code: ClassVar[str] = "FACT_BEFORE_START"
    zh: ClassVar[str] = "日期早于放款日 {start_on}"
    en: ClassVar[str] = "before the loan was paid out on {start_on}"

    start_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FactInFuture(Refusal):
    """A fact cannot take effect after the business date."""

    code: ClassVar[str] = "FACT_IN_FUTURE"
    zh: ClassVar[str] = "日期 {value_on} 晚于营业日 {business_on}"
    en: ClassVar[str] = "{value_on} is after the business date {business_on}"

    value_on: date
    business_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanNotDisbursed(Refusal):
    """The loan has not been paid out."""

    code: ClassVar[str] = "LOAN_NOT_DISBURSED"
    zh: ClassVar[str] = "借据尚未放款"
    en: ClassVar[str] = "the loan has not been paid out"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEnded(Refusal):
    """The loan is over: cancelled, written off or in another's hands."""

    code: ClassVar[str] = "LOAN_ENDED"
    zh: ClassVar[str] = "借据状态为 {status}, 不能办理"
    en: ClassVar[str] = "the loan is {status} and takes nothing of this kind"

    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactUnknown(Refusal):
    """There is no such fact of this loan, or not of the kind that is meant."""

    code: ClassVar[str] = "FACT_UNKNOWN"
    zh: ClassVar[str] = "该借据没有编号为 {of} 的相应记录"
    en: ClassVar[str] = "the loan has no fact {of} of the kind that is meant"

    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactReversed(Refusal):
    """The fact has been reversed before; a reversal happens once."""

    code: ClassVar[str] = "FACT_ALREADY_REVERSED"
    zh: ClassVar[str] = "编号 {of} 的记录已冲正"
    en: ClassVar[str] = "fact {of} has already been reversed"

    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalNotReversible(Refusal):
    """A reversal is not reversed: book the fact again."""

    code: ClassVar[str] = "REVERSAL_NOT_REVERSIBLE"
    zh: ClassVar[str] = "冲正不能再冲正, 请重新入账"
    en: ClassVar[str] = "a reversal is not reversed: book the fact again"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactHasFollowers(Refusal):
    """Another fact rests on this one and must be reversed first."""

    code: ClassVar[str] = "FACT_HAS_FOLLOWERS"
    zh: ClassVar[str] = "记录 {follower} 以其为依据, 须先冲正"
    en: ClassVar[str] = "fact {follower} rests on it and must be reversed first"

    follower: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountAboveOpen(Refusal):
    """More than what is there; `most` is in minor units."""

    code: ClassVar[str] = "AMOUNT_ABOVE_OPEN"
    zh: ClassVar[str] = "金额超过上限 {most} 分"
    en: ClassVar[str] = "at most {most} minor units"

    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountTooLarge(Refusal):
    """An amount beyond what the books can hold."""

    code: ClassVar[str] = "AMOUNT_TOO_LARGE"
    zh: ClassVar[str] = "金额超出账务上限"
    en: ClassVar[str] = "the amount is beyond what the books can hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentLocked(Refusal):
    """The lock-in time is not over."""

    code: ClassVar[str] = "PREPAYMENT_LOCKED"
    zh: ClassVar[str] = "锁定期至 {until_on}, 期内不能提前还款"
    en: ClassVar[str] = "no early payment before {until_on}"

    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentTooSmall(Refusal):
    """Less than the least early payment, interest and fee included; `least` is in minor units."""

    code: ClassVar[str] = "PREPAYMENT_TOO_SMALL"
    zh: ClassVar[str] = "提前还款至少 {least} 分"
    en: ClassVar[str] = "an early payment is at least {least} minor units"

    least: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepaymentWhileOverdue(Refusal):
    """What is overdue is paid first."""

    code: ClassVar[str] = "PREPAYMENT_WHILE_OVERDUE"
    zh: ClassVar[str] = "有逾期, 须先还清逾期"
    en: ClassVar[str] = "something is overdue and comes first"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanGrows(Refusal):
    """Interest of the plan would be added to principal; such a loan can be quoted, and cannot be lived."""

    code: ClassVar[str] = "PLAN_GROWS"
    zh: ClassVar[str] = "还款计划中有利息转增本金, 可试算, 暂不支持放款"
    en: ClassVar[str] = "the plan adds unpaid interest to the principal: it can be quoted, not paid out"


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingAhead(Refusal):
    """There is no instalment left to come."""

    code: ClassVar[str] = "NOTHING_AHEAD"
    zh: ClassVar[str] = "没有未到期的期次"
    en: ClassVar[str] = "no instalment is left to come"


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingOverdue(Refusal):
    """Nothing is overdue."""

    code: ClassVar[str] = "NOTHING_OVERDUE"
    zh: ClassVar[str] = "没有逾期款项"
    en: ClassVar[str] = "nothing is overdue"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWrittenOff(Refusal):
    """Only a claim that was written off is recovered."""

    code: ClassVar[str] = "NOT_WRITTEN_OFF"
    zh: ClassVar[str] = "未核销, 不能登记回收"
    en: ClassVar[str] = "the claim has not been written off"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingOffOver(Refusal):
    """The time to cancel freely is over."""

    code: ClassVar[str] = "COOLING_OFF_OVER"
    zh: ClassVar[str] = "冷静期已于 {until_on} 结束"
    en: ClassVar[str] = "the cooling-off time ended on {until_on}"

    until_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalmentUnknown(Refusal):
    """No instalment is due on that date or after it."""

    code: ClassVar[str] = "INSTALMENT_UNKNOWN"
    zh: ClassVar[str] = "{due_on} 起没有期次"
    en: ClassVar[str] = "no instalment is due on {due_on} or later"

    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DateNotLater(Refusal):
    """The new date must come after the old one."""

    code: ClassVar[str] = "DATE_NOT_LATER"
    zh: ClassVar[str] = "新日期须晚于 {after}"
    en: ClassVar[str] = "the new date must be after {after}"

    after: date


@dataclass(frozen=True, slots=True, kw_only=True)
class MaturityPassed(Refusal):
    """An extension is asked for before maturity."""

    code: ClassVar[str] = "MATURITY_PASSED"
    zh: ClassVar[str] = "展期须在到期日 {maturity_on} 前办理"
    en: ClassVar[str] = "an extension is asked for before maturity on {maturity_on}"

    maturity_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitDisputed(Refusal):
    """A dictated split is beyond the tolerance."""

    code: ClassVar[str] = "SPLIT_DISPUTED"
    zh: ClassVar[str] = "还款明细不符: {detail}"
    en: ClassVar[str] = "the split does not agree: {detail}"

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountInvalid(Refusal):
    """A number of instalments within the limit."""

    code: ClassVar[str] = "COUNT_INVALID"
    zh: ClassVar[str] = "期数须为 1 至 {most}"
    en: ClassVar[str] = "a number of instalments from 1 to {most}"

    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateInvalid(Refusal):
    """A rate is a fraction per year, not negative and not a percentage."""

    code: ClassVar[str] = "RATE_INVALID"
    zh: ClassVar[str] = "利率须为 0 至 {most} 之间的年化小数"
    en: ClassVar[str] = "a rate is a fraction per year from 0 to {most}"

    most: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverMissing(Refusal):
    """Somebody approves what is forgiven."""

    code: ClassVar[str] = "APPROVER_MISSING"
    zh: ClassVar[str] = "须注明审批人"
    en: ClassVar[str] = "somebody must approve it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproverIsActor(Refusal):
    """What gives money away needs two people."""

    code: ClassVar[str] = "APPROVER_IS_ACTOR"
    zh: ClassVar[str] = "经办与复核不能是同一人"
    en: ClassVar[str] = "whoever asks for it cannot approve it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalAnswered(Refusal):
    """Somebody has already said yes or no to the proposal."""

    code: ClassVar[str] = "PROPOSAL_ANSWERED"
    zh: ClassVar[str] = "该申请已有审批结论 {state}"
    en: ClassVar[str] = "the proposal has been answered: {state}"

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTooLong(Refusal):
    """A scenario with more steps than are played while somebody waits."""

    code: ClassVar[str] = "SCENARIO_TOO_LONG"
    zh: ClassVar[str] = "情景最多 {most} 步"
    en: ClassVar[str] = "a scenario of at most {most} steps"

    most: int
