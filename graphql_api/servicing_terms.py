"""The terms of a quote as typed input; a field here has the name that it has in the JSON of `zhudai quote`.

Nothing is checked here: the input becomes that JSON, and goes through the same reader, with the same faults. What is
not given is not in that JSON: no field has a value of its own, because the reader refuses one that changes nothing.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

import strawberry

from domain.servicing.agreed import LastPayment
from domain.servicing.annuity import When
from domain.servicing.cap import Lender
from domain.servicing.daycount import DayCount
from domain.servicing.duedate import DueRule, FirstPeriod, Shift, ShortMonth, Unit
from domain.servicing.quotation import RateBase
from domain.servicing.reader import Json, RateUnit
from domain.servicing.terms import (
    Apportion,
    Carried,
    Columns,
    Effect,
    FeeBasis,
    FeeWhen,
    Method,
    Mode,
    Pay,
    Residue,
    Solving,
    Unpaid,
)
from graphql_api.scalars import CurrencyCode, Rate
from graphql_api.types.word import REGISTERED as KNOWN
from ledger.money import Rounding

assert KNOWN, "words come before the inputs that use them"

REGISTERED: Final = (
    strawberry.enum(Rounding, name="Rounding", description="How an amount is rounded (舍入方式)."),
    strawberry.enum(Solving, name="PaymentSolving", description="From which rates the level payment is solved."),
    strawberry.enum(Residue, name="Residue", description="Which instalment takes what rounding leaves (尾差)."),
    strawberry.enum(Carried, name="CarriedBalance", description="With what balance the next period begins."),
    strawberry.enum(Unpaid, name="UnpaidInterest", description="What becomes of interest that is not paid."),
    strawberry.enum(Effect, name="EarlyPaymentEffect", description="What an early payment does (提前还款方式)."),
    strawberry.enum(FeeWhen, name="FeeWhen", description="When a fee is due (收取方式)."),
    strawberry.enum(FeeBasis, name="FeeBasis", description="Of what a fee is a fraction."),
    strawberry.enum(Pay, name="StagePay", description="What an instalment of a stage pays."),
    strawberry.enum(Mode, name="StageMode", description="How the principal of a stage is spread."),
    strawberry.enum(DueRule, name="DueRule", description="On which day an instalment falls due (还款日规则)."),
    strawberry.enum(ShortMonth, name="ShortMonth", description="Where a day goes that its month does not have."),
    strawberry.enum(FirstPeriod, name="FirstPeriod", description="What becomes of an odd first period (首期)."),
    strawberry.enum(Shift, name="BusinessDayShift", description="Where a due date goes that is no business day."),
    strawberry.enum(
        RateUnit, name="RateUnit", description="Of what time a rate is: year, quarter, month, week, day or period."
    ),
    strawberry.enum(RateBase, name="StageRateBase", description="How a stage counts days (计息方式)."),
    strawberry.enum(Columns, name="PrincipalColumn", description="What the principal of a row is, shown exact."),
    strawberry.enum(Apportion, name="ChargeApportionment", description="How a precomputed charge is spread."),
    strawberry.enum(LastPayment, name="LastPayment", description="What an agreed payment leaves at the end."),
    strawberry.enum(When, name="PaymentsAt", description="At which end of its period a payment falls due (期末/期初)."),
    strawberry.enum(Lender, name="LenderKind", description="Who lends, as far as caps on the cost tell lenders apart."),
)
"""Enumerations of terms."""


@strawberry.input(description="A rate of another time than a year; it stands instead of the yearly one.")
class RateInput:
    """An object in place of a yearly rate."""

    value: Rate = strawberry.field(description="A fraction of the unit.")
    unit: RateUnit | None = strawberry.field(
        default=None, description="Of what time: a year when absent; `PERIOD`, between two payments (期利率)."
    )
    basis: int | None = strawberry.field(
        default=None, description="Days of a year, for a rate of a day, 360 to 366; 360 when absent."
    )


@strawberry.input(description="How often instalments fall due.")
class FrequencyInput:
    """The calendar's unit."""

    unit: Unit | None = strawberry.field(default=None, description="The unit; months when absent.")
    every: int | None = strawberry.field(default=None, description="Every how many; 1 when absent.")


@strawberry.input(description="Instalments, counted from the first, that are spared (宽限).")
class GraceInput:
    """Grace."""

    principal: int | None = strawberry.field(default=None, description="Of paying principal.")
    interest: int | None = strawberry.field(default=None, description="Of paying interest.")
    interest_free: int | None = strawberry.field(default=None, description="Of bearing interest at all.")


@strawberry.input(description="One of several disbursements.")
class DisbursementInput:
    """A disbursement."""

    on: date = strawberry.field(description="When.")
    amount: Decimal = strawberry.field(description="How much, major units.")
    down_payment: Decimal | None = strawberry.field(default=None, description="What of it is paid at once (首付).")


@strawberry.input(description="Another rate from an instalment or a day on.")
class RateChangeInput:
    """A change of rate."""

    rate_annual: Rate | None = strawberry.field(default=None, description="The new rate per year.")
    rate: RateInput | None = strawberry.field(default=None, description="Or per another time.")
    from_instalment: int | None = strawberry.field(default=None, description="From which instalment.")
    on: date | None = strawberry.field(default=None, description="Or from which day.")
    new_payment: bool | None = strawberry.field(
        default=None, description="Whether the payment is solved again; yes when absent."
    )
    payment_cap_factor: Decimal | None = strawberry.field(default=None, description="How much it may grow at most.")


@strawberry.input(description="A payment before it is due, once, or again until an instalment.")
class EarlyPaymentInput:
    """An early payment."""

    amount: Decimal = strawberry.field(description="How much, major units.")
    effect: Effect | None = strawberry.field(default=None, description="What it does; `SHORTEN_TERM` when absent.")
    at_instalment: int | None = strawberry.field(default=None, description="With which instalment.")
    on: date | None = strawberry.field(default=None, description="Or on which day.")
    until_instalment: int | None = strawberry.field(
        default=None, description="The same again, from `atInstalment` to this one."
    )
    every: int | None = strawberry.field(
        default=None, description="With `untilInstalment`, every how many instalments; 1 when absent."
    )


@strawberry.input(description="A fee (费用): an amount, or a rate of something.")
class FeeInput:
    """A fee."""

    code: str = strawberry.field(description="Its code.")
    amount: Decimal | None = strawberry.field(default=None, description="The amount, major units.")
    rate: Decimal | None = strawberry.field(default=None, description="Or a fraction.")
    of: FeeBasis | None = strawberry.field(
        default=None, description="Of what `rate` is a fraction; `PRINCIPAL` when absent."
    )
    when: FeeWhen | None = strawberry.field(default=None, description="When it is due; `PER_INSTALMENT` when absent.")
    payee: str | None = strawberry.field(default=None, description="Who takes it; `FUNDER` when absent.")
    payer: str | None = strawberry.field(default=None, description="Who pays it; `BORROWER` when absent.")
    instalment: int | None = strawberry.field(
        default=None, description="With which instalment, if `ONCE`; the first when absent."
    )


@strawberry.input(description="Instalments that are paid in one way (分段还款).")
class StageInput:
    """A stage."""

    stage_no: int | None = strawberry.field(default=None, description="Its number, for those who count stages.")
    from_: int = strawberry.field(name="from", description="First instalment.")
    to: int = strawberry.field(description="Last instalment.")
    pay: Pay | None = strawberry.field(
        default=None, description="What an instalment pays; `PRINCIPAL_AND_INTEREST` when absent."
    )
    mode: Mode | None = strawberry.field(
        default=None, description="How principal is spread; `ANNUITY` when absent, `ADD_ON` is for whole loans only."
    )
    principal: Decimal | None = strawberry.field(default=None, description="Principal of the stage, major units.")
    principal_share: Decimal | None = strawberry.field(default=None, description="Or its share of the whole.")
    every: int | None = strawberry.field(
        default=None, description="Periods between two of its instalments; 1 when absent."
    )
    rate_annual: Rate | None = strawberry.field(default=None, description="Its own rate per year.")
    rate: RateInput | None = strawberry.field(default=None, description="Or per another time.")
    rate_base: RateBase | None = strawberry.field(default=None, description="Its own way to count days.")
    day_count: DayCount | None = strawberry.field(default=None, description="Its own day count.")
    horizon: int | None = strawberry.field(default=None, description="Instalments over which a payment is solved.")
    step_amount: Decimal | None = strawberry.field(
        default=None, description="By what the payment grows, or shrinks below zero, major units."
    )
    step_rate: Decimal | None = strawberry.field(default=None, description="Or by what fraction.")
    step_every: int | None = strawberry.field(
        default=None, description="After every how many instalments; 1 when absent."
    )
    step_times: int | None = strawberry.field(default=None, description="How often at most.")
    interest_start_date: date | None = strawberry.field(
        default=None, description="Days of the stage before it bear no interest (起息日)."
    )
    penalty_rate_annual: Rate | None = strawberry.field(
        default=None, description="On what is overdue of the stage; the contract's when absent."
    )
    penalty_rate: RateInput | None = strawberry.field(default=None, description="Or per another time.")


@strawberry.input(description="One instalment of an agreed plan.")
class PlanInput:
    """An agreed instalment."""

    due: date = strawberry.field(description="Due date.")
    principal: Decimal = strawberry.field(description="Principal, major units.")
    interest: Decimal | None = strawberry.field(default=None, description="Interest; by the rate when absent.")
    fee: Decimal | None = strawberry.field(default=None, description="Fee.")


@strawberry.input(description="A value of an index on a day.")
class IndexValueInput:
    """An index value."""

    on: date = strawberry.field(description="From when.")
    rate_annual: Rate = strawberry.field(description="The index, per year.")


@strawberry.input(description="A floating rate (浮动利率).")
class IndexInput:
    """An index."""

    values: list[IndexValueInput] = strawberry.field(description="Its values.")
    margin: Rate | None = strawberry.field(default=None, description="What is added.")
    floor: Rate | None = strawberry.field(default=None, description="Never lower than this.")
    cap: Rate | None = strawberry.field(default=None, description="Never higher than this.")
    reset_every: int | None = strawberry.field(default=None, description="After every how many instalments.")


@strawberry.input(
    description="What only a breach or a choice of the borrower costs (或有成本), for the cost table:"
    " one of a yearly rate, a rate once, or an amount."
)
class ContingentInput:
    """A contingent cost."""

    item: str = strawberry.field(description="What it is: `PREPAYMENT_FEE`, `MISUSE_INTEREST`, …")
    payee: str | None = strawberry.field(default=None, description="Who takes it; `FUNDER` when absent.")
    of: str | None = strawberry.field(
        default=None, description="Of what a rate is a fraction; `PRINCIPAL` when absent."
    )
    rate_annual: Rate | None = strawberry.field(default=None, description="A fraction per year.")
    rate: Decimal | None = strawberry.field(default=None, description="Or a fraction, once.")
    amount: Decimal | None = strawberry.field(default=None, description="Or an amount, once, major units.")


@strawberry.input(
    description="Terms of a loan to try; what is absent is as the convention says, else as"
    " docs/reference/conventions.md says."
)
class QuoteInput:
    """Input of `quote`; every field has the name that it has in the JSON of the command line."""

    principal: Decimal = strawberry.field(description="Principal, major units.")
    currency: CurrencyCode | None = strawberry.field(default=None, description="CNY when absent.")
    convention: str | None = strawberry.field(default=None, description="Name of a known system's convention.")
    rate_annual: Rate | None = strawberry.field(default=None, description="Interest rate per year.")
    rate: RateInput | None = strawberry.field(default=None, description="Or per another time.")
    instalments: int | None = strawberry.field(default=None, description="How many; by stages or plan when absent.")
    term_months: int | None = strawberry.field(
        default=None, description="Or the term in months; a whole number of periods."
    )
    start_on: date | None = strawberry.field(default=None, description="Value date (起息日); none for textbook loans.")
    payments_per_year: int | None = strawberry.field(
        default=None, description="How often is paid; the rate of a period is then the yearly one over it."
    )
    method: Method | None = strawberry.field(default=None, description="Repayment method (还款方式).")
    day_count: DayCount | None = strawberry.field(default=None, description="Day count (计息基础).")
    solving: Solving | None = strawberry.field(default=None, description="How the level payment is solved.")
    payment: Decimal | None = strawberry.field(default=None, description="A payment that is agreed, major units.")
    initial_repayment_rate: Rate | None = strawberry.field(
        default=None, description="Or a payment of the first year's interest and this (anfängliche Tilgung)."
    )
    accelerated: bool | None = strawberry.field(
        default=None, description="Or a half (24, 26 a year) or a quarter (52) of the monthly payment."
    )
    last_payment: LastPayment | None = strawberry.field(
        default=None, description="What an agreed payment leaves at the end, where `instalments` is absent."
    )
    payments_at: When | None = strawberry.field(
        default=None, description="`BEGIN`: each is due at the beginning of its period, the first at the start."
    )
    rest_every: int | None = strawberry.field(
        default=None, description="Instalments after which what was repaid lowers what bears interest (rests)."
    )
    finance_charge: Decimal | None = strawberry.field(
        default=None, description="The whole charge of `ADD_ON`, major units; flat interest when absent."
    )
    apportion: Apportion | None = strawberry.field(
        default=None, description="How that charge is spread; `SUM_OF_DIGITS` is the Rule of 78."
    )
    rounding: Rounding | None = strawberry.field(default=None, description="Of payments.")
    interest_rounding: Rounding | None = strawberry.field(default=None, description="Of interest.")
    principal_rounding: Rounding | None = strawberry.field(default=None, description="Of equal principal.")
    payment_multiple: Decimal | None = strawberry.field(default=None, description="Unit of a payment, major units.")
    interest_multiple: Decimal | None = strawberry.field(default=None, description="Unit of interest, major units.")
    residue: Residue | None = strawberry.field(default=None, description="Where the difference of rounding goes.")
    balances: Carried | None = strawberry.field(default=None, description="With what balance a period begins.")
    columns: Columns | None = strawberry.field(
        default=None, description="What the principal of a row is where balances are carried exact."
    )
    compounding_continuous: bool | None = strawberry.field(
        default=None, description="Whether the rate compounds at every moment."
    )
    compounding_per_year: int | None = strawberry.field(default=None, description="Where it is not payments per year.")
    rate_digits: int | None = strawberry.field(default=None, description="Digits to which a period's rate is cut.")
    horizon: int | None = strawberry.field(default=None, description="Instalments over which the payment is solved.")
    instalments_until_balloon: int | None = strawberry.field(default=None, description="When the rest is due (气球贷).")
    interest_only: int | None = strawberry.field(default=None, description="First instalments without principal.")
    min_interest_days: int | None = strawberry.field(default=None, description="Interest of at least so many days.")
    grace: GraceInput | None = strawberry.field(default=None, description="Instalments that are spared.")
    grace_days: int | None = strawberry.field(default=None, description="Days after a due date still in time (宽限期).")
    unpaid_interest: Unpaid | None = strawberry.field(default=None, description="What becomes of unpaid interest.")
    penalty_rate_annual: Rate | None = strawberry.field(default=None, description="On overdue principal (罚息).")
    penalty_rate: RateInput | None = strawberry.field(default=None, description="Or per another time.")
    down_payment: Decimal | None = strawberry.field(default=None, description="Paid at once (首付), major units.")
    down_payment_share: Decimal | None = strawberry.field(default=None, description="Or a share.")
    disbursements: list[DisbursementInput] | None = strawberry.field(default=None, description="If several.")
    rate_changes: list[RateChangeInput] | None = strawberry.field(default=None, description="Known changes of rate.")
    early_payments: list[EarlyPaymentInput] | None = strawberry.field(default=None, description="Planned ones.")
    fees: list[FeeInput] | None = strawberry.field(default=None, description="Fees.")
    stages: list[StageInput] | None = strawberry.field(default=None, description="Stages, without gaps.")
    plan: list[PlanInput] | None = strawberry.field(default=None, description="A plan that is agreed.")
    index: IndexInput | None = strawberry.field(default=None, description="A floating rate.")
    frequency: FrequencyInput | None = strawberry.field(default=None, description="How often; monthly when absent.")
    due_rule: DueRule | None = strawberry.field(default=None, description="On which day.")
    due_day: int | None = strawberry.field(default=None, description="The day, if fixed (固定还款日).")
    due_days: list[int] | None = strawberry.field(
        default=None, description="Of payments twice a month, the two days; 31 is the last."
    )
    max_day: int | None = strawberry.field(default=None, description="Due days beyond it are remapped.")
    remap_day: int | None = strawberry.field(default=None, description="To which day.")
    short_month: ShortMonth | None = strawberry.field(default=None, description="Where a missing day goes.")
    first_due_on: date | None = strawberry.field(default=None, description="First due date.")
    first_gap_days: int | None = strawberry.field(default=None, description="Least days before a fixed first due day.")
    first_period: FirstPeriod | None = strawberry.field(default=None, description="What an odd first period becomes.")
    shift: Shift | None = strawberry.field(default=None, description="Where a due date goes on a holiday.")
    shift_bears_interest: bool | None = strawberry.field(default=None, description="Whether those days bear interest.")
    holidays: list[date] | None = strawberry.field(default=None, description="Days that are none (节假日).")
    make_up_days: list[date] | None = strawberry.field(default=None, description="Weekend days that are (调休).")
    contingent: list[ContingentInput] | None = strawberry.field(
        default=None, description="What only a breach or a choice costs, besides penalty interest."
    )
    cost_cap_annual: Rate | None = strawberry.field(
        default=None, description="Bound on the yearly cost; 0.24 for loans in CNY when absent."
    )
    cost_cap_margin: Rate | None = strawberry.field(default=None, description="What is kept below the bound.")
    lender: Lender | None = strawberry.field(default=None, description="Whose caps are looked up; needs `startOn`.")
    assisted: bool | None = strawberry.field(default=None, description="Whether a platform brought the loan (助贷).")


def tree(given: QuoteInput) -> dict[str, Json]:
    """The JSON of the command line that says the same as an input."""
    return _object(given)


def _object(given: object) -> dict[str, Json]:
    """A part as JSON: a rate of another time stands under the name of the yearly one.

    Beside the yearly one it keeps its own, which the reader does not know, and says so.
    """
    assert hasattr(given, "__dataclass_fields__"), "inputs are dataclasses"
    named = {one.name: getattr(given, one.name) for one in fields(given)}  # type: ignore[arg-type]  # as asserted
    made = {camel(name): _value(one) for name, one in named.items() if one is not None}
    rates = [camel(name) for name, one in named.items() if isinstance(one, RateInput)]
    for name in (one for one in rates if f"{one}Annual" not in made):
        made[f"{name}Annual"] = made.pop(name)
    return made


def _value(one: object) -> Json:
    match one:
        case Decimal():
            return f"{one:f}"
        case date():
            return one.isoformat()
        case Enum():
            return str(one.value)
        case bool() | int() | str():
            return one
        case list():
            return [_value(each) for each in one]
        case _:
            return _object(one)


def camel(name: str) -> str:
    """The name of a field on the wire."""
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(word.title() for word in rest)
