"""The contract's numbers: everything a schedule, an accrual or an allocation may depend on, in one frozen value.

`Terms` names what every loan has; its parts (`Grace`, `Stage`, `Fee`, `RateChange` …) what only some have. What is
left out means the plainest loan: monthly, solved from each period's own rate, rounded at each period, the residue in
the last instalment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.calendar import add_months
from domain.refusals import Refusal
from domain.servicing.daycount import DayCount
from domain.servicing.duedate import MONTHLY, Calendar, DueRule, FirstPeriod
from domain.servicing.refusal import (
    DatesOutOfOrder,
    FirstDueTooEarly,
    InstalmentsOutOfRange,
    OutsideLoan,
    PrincipalDiffers,
    RateTooHigh,
    StageGap,
    StageOverlap,
    TermInvalid,
    TermMissing,
    TermsConflict,
)
from ledger.money import Rounding

INSTALMENTS_MAX: Final = 1200
"""Instalments of a loan, at most: a hundred years of months, twenty-three of weeks."""


class Method(StrEnum):
    """How principal and interest are spread over instalments (还款方式); each is a row of `schedule.METHODS`."""

    EQUAL_INSTALMENT = "EQUAL_INSTALMENT"
    """等额本息: the same payment each period, solved so that the last one clears the loan."""
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"
    """等额本金: the same principal each period."""
    INTEREST_FIRST = "INTEREST_FIRST"
    """先息后本: interest each period, the principal with the last."""
    BULLET = "BULLET"
    """一次性还本付息: everything at the end, one instalment over all periods."""
    EQUAL_INTEREST = "EQUAL_INTEREST"
    """等本等息 (flat): the same principal and the same interest each period, on what was lent at first."""
    DAILY_REVOLVING = "DAILY_REVOLVING"
    """按日计息随借随还: interest by the day on what is drawn, the principal whenever it pleases, at the latest last."""
    BALLOON = "BALLOON"
    """气球贷: payments as of a longer loan (`horizon`), the balance with the last (尾款)."""
    STAGED = "STAGED"
    """自定义: a table of stages (前x后y, 阶梯)."""
    SPECIFIED = "SPECIFIED"
    """任意计划: rows as agreed, checked and not computed."""
    ADD_ON = "ADD_ON"
    """Precomputed: principal and the whole charge in equal payments, the charge apportioned (Rule of 78, say)."""


class Solving(StrEnum):
    """From which rates the level payment is solved."""

    PERIOD_RATES = "PERIOD_RATES"
    """Each period's own rate, by its actual days where the day count is by days (按实际天数)."""
    MONTH_RATE = "MONTH_RATE"
    """The rate of a regular period: annual / 12 for a month, whatever the day count of the interest."""
    HYBRID = "HYBRID"
    """30 days a month at the daily rate, interest by the day count (月供按30天, 利息按实际天数)."""
    GIVEN = "GIVEN"
    """Not solved: `payment` is agreed, and the last instalment takes what is left."""


class Residue(StrEnum):
    """Which instalment takes the difference that rounding leaves."""

    LAST = "LAST"
    FIRST = "FIRST"
    SMOOTHED = "SMOOTHED"
    """The last, after the payment has been moved by a part of the difference where that makes it smaller."""


class Carried(StrEnum):
    """With what balance the next period begins."""

    ROUNDED = "ROUNDED"
    """The amounts that are paid: every period is rounded once."""
    UNROUNDED = "UNROUNDED"
    """The exact ones, level payment included; rows show each figure rounded on its own (spreadsheets)."""
    PAYMENT_ROUNDED = "PAYMENT_ROUNDED"
    """The exact ones, but the payment is the rounded one that is paid; interest and balance are rounded to be shown."""
    PAYMENT_EXACT = "PAYMENT_EXACT"
    """Rounded interest and balances, but the exact payment is taken off before the balance is rounded."""


class Columns(StrEnum):
    """What the principal of a row is where balances are carried exact."""

    SUM = "SUM"
    """Payment less interest, as they are shown: rows add up."""
    OWN = "OWN"
    """Rounded on its own, like every column of a spreadsheet: rows may be a minor unit off."""


class Apportion(StrEnum):
    """How a precomputed charge is spread over its instalments."""

    LEVEL = "LEVEL"
    """The same part with each."""
    SUM_OF_DIGITS = "SUM_OF_DIGITS"
    """Rule of 78: n parts with the first, one with the last, of n(n+1)/2."""
    ACTUARIAL = "ACTUARIAL"
    """Interest on the balance, at the rate that the payments imply."""


class Pay(StrEnum):
    """What an instalment of a stage pays."""

    PRINCIPAL_AND_INTEREST = "IP"
    INTEREST = "IO"
    NOTHING = "NO"


class Mode(StrEnum):
    """How the principal of a stage is spread."""

    ANNUITY = "T"
    EQUAL_PRINCIPAL = "P"
    FLAT = "F"
    """Equal principal, and interest on what was lent at first."""
    ADD_ON = "A"
    """Equal payments of principal and a precomputed charge."""


class Unpaid(StrEnum):
    """What becomes of interest that an instalment does not pay."""

    DEFERRED = "DEFERRED"
    """It waits, bearing no interest, for the next instalment that pays interest."""
    CAPITALISED = "CAPITALISED"
    """It is added to the balance."""
    CAPITALISED_AT_END = "CAPITALISED_AT_END"
    """It waits, bearing no interest, and is added to the balance with the last instalment that pays none."""


class Effect(StrEnum):
    """What an early payment does to the instalments after it (部分提前还款)."""

    SHORTEN_TERM = "SHORTEN_TERM"
    """缩期: the payment is kept."""
    REDUCE_PAYMENT = "REDUCE_PAYMENT"
    """减额: the number is kept, the payment is solved again."""
    KEEP_PLAN = "KEEP_PLAN"
    """提前还下期: the following instalments count as paid in advance, no interest is saved."""


class FeeWhen(StrEnum):
    """When a fee is due."""

    DEDUCTED = "DEDUCTED"
    """Kept back from the disbursement: the borrower receives less."""
    AT_DISBURSEMENT = "AT_DISBURSEMENT"
    """Paid on the day of the disbursement."""
    PER_INSTALMENT = "PER_INSTALMENT"
    ONCE = "ONCE"
    """With one instalment, `no`."""


class FeeBasis(StrEnum):
    """Of what a fee is a fraction; AMOUNT is an amount itself."""

    AMOUNT = "AMOUNT"
    PRINCIPAL = "PRINCIPAL"
    """What was lent."""
    OUTSTANDING = "OUTSTANDING"
    """The balance at the beginning of the period."""
    INTEREST = "INTEREST"
    """The interest of the instalment."""
    INSTALMENT = "INSTALMENT"
    """Principal and interest of the instalment."""


class AllocationBy(StrEnum):
    """Whether a payment finishes the oldest instalment (按期) or sweeps one component over all (按科目横扫)."""

    INSTALMENT = "instalment"
    COMPONENT = "component"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """Instalments, counted from the first, that are spared: of principal, of paying interest, of bearing any."""

    principal: int = 0
    interest: int = 0
    interest_free: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One row of the stage table (自定义还款阶段), for instalments `first` to `last`.

    principal: minor units repaid within the stage; absent, all that is left in the last stage and nothing but what the
    mode repays towards the end of the loan in another. share: the same as a fraction of what was lent. every: regular
    periods of the calendar between two instalments. rate_annual: absent, the contract's. horizon: instalments that the
    payment is solved for (气球贷计算月供期数). step: payments change by `step_amount` (minor units) or by the fraction
    `step_rate` after every `step_every` instalments, at most `step_times`. by_days: the stage's own day count
    (计息方式); absent, as the contract says. interest_from: days of the stage before it bear no interest (起息日).
    penalty_rate_annual: of what is overdue of the stage; absent, the contract's.
    """

    first: int
    last: int
    pay: Pay = Pay.PRINCIPAL_AND_INTEREST
    mode: Mode = Mode.ANNUITY
    principal: int | None = None
    share: Decimal | None = None
    every: int = 1
    rate_annual: Decimal | None = None
    horizon: int | None = None
    by_days: DayCount | None = None
    step_amount: int = 0
    step_rate: Decimal = Decimal(0)
    step_every: int = 1
    step_times: int = INSTALMENTS_MAX
    interest_from: date | None = None
    penalty_rate_annual: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Specified:
    """One agreed row: due date, principal, interest (absent: computed from the balance) and fee; minor units."""

    due_on: date
    principal: int
    interest: int | None = None
    fee: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursement:
    """One of several planned disbursements, and what is paid down of it on its own day; minor units."""

    on: date
    amount: int
    down_payment: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChange:
    """Another yearly rate, from instalment `no` or from the date `on`.

    is_solved: whether the payment is solved again; else it is kept. payment_cap: the new payment is at most the one
    before times this (1.075), so that interest may exceed it and is then added to the balance.
    """

    rate_annual: Decimal
    no: int | None = None
    on: date | None = None
    is_solved: bool = True
    payment_cap: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyPayment:
    """A planned payment of principal, minor units, together with instalment `no` or on the date `on`."""

    amount: int
    effect: Effect
    no: int | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A charge of normal performance: `value` is minor units for AMOUNT, else a fraction of the basis.

    payee: who takes it (收取主体). payer: who pays it; only the BORROWER's stand in the plan.
    """

    code: str
    value: Decimal
    when: FeeWhen = FeeWhen.PER_INSTALMENT
    basis: FeeBasis = FeeBasis.AMOUNT
    payee: str = "FUNDER"
    payer: str = "BORROWER"
    no: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of one loan, fixed when the contract is made.

    principal: minor units of `currency`, above zero; with several `disbursements` their sum. rate_annual,
    penalty_rate_annual: fractions of one per year (0.18 is 18 %). instalments: how many. start_on: value date (起息日),
    the first day that bears interest. grace_days: days after a due date that, when the borrower pays within them, leave
    no trace; after them the instalment counts as overdue from its due date (容时, retroactive). allocation_order: the
    components penalty, interest, principal in the order in which a payment meets them.

    rounding: of the payment, and of interest unless `interest_rounding` says otherwise; `principal_rounding` of the
    equal parts of a principal. payment_multiple, interest_multiple: minor units that they are whole multiples of.
    payment: minor units, when solving is GIVEN. payments_per_year: the rate of a regular period is then annual over
    it, whatever its days. compounding_per_year: the rate compounds so often a year (2: Canadian mortgages), absent: as
    often as is paid. rate_digits: significant digits to which the rate of a period is rounded, half even; absent:
    exact. is_continuous: the rate compounds at every moment (force of interest). horizon: instalments that the payment
    is solved for when they are more than are paid (气球贷). is_in_advance: each instalment falls due at the beginning
    of its period, the first on the day of the disbursement (期初, annuity due). rest_every: instalments after which
    what was repaid lowers the balance that bears interest (12: annual rests). charge: of ADD_ON, minor units; absent,
    flat interest. apportion: how it is spread. columns: what the principal of a row is. is_dated: a textbook loan has
    no dates, only periods.
    """

    principal: int
    currency: str
    rate_annual: Decimal
    instalments: int
    start_on: date
    day_count: DayCount
    rounding: Rounding
    grace_days: int
    penalty_rate_annual: Decimal
    allocation_order: tuple[str, ...] = ("penalty", "interest", "principal")
    allocation_by: AllocationBy = AllocationBy.INSTALMENT
    method: Method = Method.EQUAL_INSTALMENT
    solving: Solving = Solving.PERIOD_RATES
    payment: int | None = None
    interest_rounding: Rounding | None = None
    principal_rounding: Rounding = Rounding.DOWN
    payment_multiple: int = 1
    interest_multiple: int = 1
    residue: Residue = Residue.LAST
    carried: Carried = Carried.ROUNDED
    columns: Columns = Columns.SUM
    calendar: Calendar = MONTHLY
    payments_per_year: int | None = None
    compounding_per_year: int | None = None
    rate_digits: int | None = None
    is_continuous: bool = False
    horizon: int | None = None
    is_in_advance: bool = False
    rest_every: int = 1
    charge: int | None = None
    apportion: Apportion = Apportion.LEVEL
    min_interest_days: int = 0
    grace: Grace = Grace()
    unpaid: Unpaid = Unpaid.DEFERRED
    down_payment: int = 0
    disbursements: tuple[Disbursement, ...] = ()
    rate_changes: tuple[RateChange, ...] = ()
    early_payments: tuple[EarlyPayment, ...] = ()
    fees: tuple[Fee, ...] = ()
    stages: tuple[Stage, ...] = ()
    specified: tuple[Specified, ...] = ()
    is_dated: bool = True

    def __post_init__(self) -> None:
        """Assert what a product's limits or `faults` have already promised."""
        assert self.principal > 0, "a loan has a principal"
        assert self.instalments > 0, "a loan has at least one instalment"
        assert self.rate_annual >= 0, "a rate is not negative"
        assert self.penalty_rate_annual >= 0, "a penalty rate is not negative"
        assert self.grace_days >= 0, "grace is a number of days"
        assert sorted(self.allocation_order) == ["interest", "penalty", "principal"], (
            "each component has one place in the order"
        )

    @property
    def rounding_of_interest(self) -> Rounding:
        """How interest is rounded."""
        return self.interest_rounding or self.rounding

    def penalty_rate_of(self, no: int) -> Decimal:
        """The penalty rate a year of what is overdue of instalment `no`: its stage's, or the contract's."""
        stages = (one for one in self.stages if one.first <= no <= one.last and one.penalty_rate_annual is not None)
        found = next(stages, None)
        rate = None if found is None else found.penalty_rate_annual
        return self.penalty_rate_annual if rate is None else rate

    def due_on(self, no: int) -> date:
        """Return the due date of instalment `no` (from 1) of a plain monthly plan; `no` 0 is the start itself.

        The start's day of the month, clamped to the month's end, counted from the start so that it never drifts
        (31 January, 28 February, 31 March).
        """
        return add_months(self.start_on, no)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it is written: per year, quarter, month, week, day or period between two payments.

    A daily one stands on a year of `basis` days; a year has `periods`.
    """

    value: Decimal
    unit: str = "Y"
    basis: int = 360
    periods: int = 1

    @property
    def annual(self) -> Decimal:
        """The same rate per year."""
        return self.value * {"Y": 1, "Q": 4, "M": 12, "W": 52, "D": self.basis, "P": self.periods}[self.unit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An index rate (LPR, say): published values by date, and what the contract adds to them.

    reset_every: instalments between two looks at the table; the first rate is that of the start.
    """

    values: tuple[tuple[date, Decimal], ...]
    margin: Decimal
    floor: Decimal | None = None
    cap: Decimal | None = None

    def rate_on(self, on: date) -> Decimal | None:
        """The contract's rate on a date; None before the first published value."""
        published = [value for since, value in sorted(self.values) if since <= on]
        if not published:
            return None
        rate = published[-1] + self.margin
        rate = rate if self.floor is None else max(rate, self.floor)
        return rate if self.cap is None else min(rate, self.cap)


RATE_MAX: Final = 100
"""Yearly rate as a fraction above which it is a slip of the pen: 10,000 %."""


def faults(terms: Terms) -> tuple[Refusal, ...]:
    """Everything in which the parts of the terms contradict each other; none for terms that can be planned."""
    return (
        *_amount_faults(terms),
        *_date_faults(terms),
        *_stage_faults(terms),
        *_event_faults(terms),
    )


def _amount_faults(terms: Terms) -> Iterator[Refusal]:
    if terms.instalments > INSTALMENTS_MAX:
        yield InstalmentsOutOfRange(field="instalments", limit=INSTALMENTS_MAX)
    if terms.rate_annual > RATE_MAX:
        yield RateTooHigh(field="rateAnnual", limit=RATE_MAX)
    if terms.solving is Solving.GIVEN and terms.payment is None:
        yield TermMissing(field="payment", name="payment")
    if terms.payment is not None and terms.solving is not Solving.GIVEN:
        yield TermsConflict(field="payment", name="payment", other=f"solving {terms.solving}")
    yield from _charge_faults(terms)
    if terms.horizon is not None and terms.horizon < terms.instalments:
        yield TermInvalid(field="horizon", name="horizon", expected=f"at least {terms.instalments}")
    drawn = terms.disbursements[0].amount if terms.disbursements else terms.principal
    if terms.down_payment >= drawn or any(one.down_payment >= one.amount for one in terms.disbursements):
        yield TermInvalid(field="downPayment", name="downPayment", expected="less than what is disbursed")
    if max(terms.grace.principal, terms.grace.interest) >= max(terms.instalments, 2):
        yield TermInvalid(field="grace", name="grace", expected="fewer instalments than the plan has")
    if terms.disbursements and (found := sum(one.amount for one in terms.disbursements)) != terms.principal:
        yield PrincipalDiffers(field="disbursements", found=found, principal=terms.principal)
    if terms.method is Method.SPECIFIED:
        found = sum(one.principal for one in terms.specified)
        if found != terms.principal:
            yield PrincipalDiffers(field="plan", found=found, principal=terms.principal)


def _charge_faults(terms: Terms) -> Iterator[Refusal]:
    """What does not go with a precomputed charge, with payments in advance or with rests."""
    if terms.charge is not None and terms.method is not Method.ADD_ON:
        yield TermsConflict(field="financeCharge", name="financeCharge", other=f"method {terms.method}")
    if terms.apportion is not Apportion.LEVEL and terms.method is not Method.ADD_ON:
        yield TermsConflict(field="apportion", name="apportion", other=f"method {terms.method}")
    if terms.method is Method.ADD_ON:
        if terms.charge is not None and terms.payment is not None:
            yield TermsConflict(field="payment", name="payment", other="financeCharge")
        changed = {
            "disbursements": terms.disbursements,
            "rateChanges": terms.rate_changes,
            "earlyPayments": terms.early_payments,
            "downPayment": terms.down_payment,
            "horizon": terms.horizon,
            "grace": terms.grace != Grace(),
        }
        yield from (TermsConflict(field=name, name=name, other="method ADD_ON") for name, one in changed.items() if one)
        if terms.payment is not None and terms.payment * terms.instalments < terms.principal:
            yield TermInvalid(field="payment", name="payment", expected="enough to repay the principal")
    if terms.is_in_advance and terms.calendar.first_period is not FirstPeriod.SOLVED:
        yield TermsConflict(field="firstPeriod", name="firstPeriod", other="paymentsAt BEGIN")
    if terms.is_in_advance and terms.calendar.first_due_on is not None:
        yield TermsConflict(field="firstDueOn", name="firstDueOn", other="paymentsAt BEGIN")
    if terms.is_in_advance and terms.method in {Method.BULLET, Method.SPECIFIED}:
        yield TermsConflict(field="paymentsAt", name="paymentsAt BEGIN", other=f"method {terms.method}")
    if terms.rest_every > 1 and terms.disbursements:
        yield TermsConflict(field="restEvery", name="restEvery", other="disbursements")
    if terms.is_continuous and terms.compounding_per_year is not None:
        yield TermsConflict(field="compoundingPerYear", name="compoundingPerYear", other="compounding CONTINUOUS")


def _date_faults(terms: Terms) -> Iterator[Refusal]:
    calendar = terms.calendar
    if calendar.first_due_on is not None and calendar.first_due_on <= terms.start_on:
        yield FirstDueTooEarly(field="firstDueOn")
    if calendar.first_due_on is not None and calendar.due_days is not None:
        yield TermsConflict(field="firstDueOn", name="firstDueOn", other="dueDays")
    if calendar.rule is DueRule.FIXED_DAY and calendar.due_day is None:
        yield TermMissing(field="dueDay", name="dueDay")
    if not terms.is_dated and not (terms.day_count.is_whole_months or terms.payments_per_year):
        yield TermMissing(field="startOn", name="startOn")
    dates = [terms.start_on, *(one.due_on for one in terms.specified)]
    if dates != sorted(set(dates)):
        yield DatesOutOfOrder(field="plan") if dates[1] > dates[0] else FirstDueTooEarly(field="plan[0].due")
    drawn = [one.on for one in terms.disbursements]
    if drawn and (drawn != sorted(drawn) or drawn[0] != terms.start_on):
        yield DatesOutOfOrder(field="disbursements")


def _stage_faults(terms: Terms) -> Iterator[Refusal]:
    if terms.method is not Method.STAGED:
        return
    if not terms.stages:
        yield TermMissing(field="stages", name="stages")
    reached = 0
    for number, stage in enumerate(terms.stages):
        name = f"stages[{number}]"
        if stage.last < stage.first:
            yield TermInvalid(field=name, name=name, expected="from an instalment to the same or a later one")
        if stage.horizon is not None and stage.horizon <= stage.last - stage.first:
            yield TermInvalid(field=f"{name}.horizon", name="horizon", expected="at least the stage's instalments")
        if stage.first > reached + 1:
            yield StageGap(field=name, first=reached + 1, last=stage.first - 1)
        elif stage.first <= reached:
            yield StageOverlap(field=name, first=stage.first, last=min(reached, stage.last))
        reached = max(reached, stage.last)
    if terms.stages and reached != terms.instalments:
        yield (
            StageGap(field="stages", first=reached + 1, last=terms.instalments)
            if reached < terms.instalments
            else OutsideLoan(field="stages")
        )


def _event_faults(terms: Terms) -> Iterator[Refusal]:
    """Changes and early payments that name both or neither of instalment and date, or lie outside the loan."""
    planned: tuple[tuple[str, Sequence[RateChange | EarlyPayment]], ...] = (
        ("rateChanges", terms.rate_changes),
        ("earlyPayments", terms.early_payments),
    )
    for name, ones in planned:
        for number, one in enumerate(ones):
            path = f"{name}[{number}]"
            if (one.no is None) == (one.on is None):
                yield TermInvalid(field=path, name=path, expected="of an instalment or of a date, and not of both")
            elif (one.no is not None and not 1 <= one.no <= terms.instalments) or (
                one.on is not None and one.on < terms.start_on
            ):
                yield OutsideLoan(field=path)
    for number, fee in enumerate(terms.fees):
        if fee.when is FeeWhen.ONCE and not 1 <= fee.no <= terms.instalments:
            yield OutsideLoan(field=f"fees[{number}]")
