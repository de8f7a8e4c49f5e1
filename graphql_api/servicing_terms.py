"""The terms of a quote as typed input; a field here has the name that it has in the JSON of `zhudai quote`.

Nothing is checked here: the input becomes that JSON, and goes through the same reader, with the same faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final

import strawberry

from domain.servicing.daycount import DayCount
from domain.servicing.duedate import DueRule, FirstPeriod, Shift, ShortMonth, Unit
from domain.servicing.quotation import RateBase
from domain.servicing.reader import Json, RateUnit
from domain.servicing.terms import Carried, Effect, FeeBasis, FeeWhen, Method, Mode, Pay, Residue, Solving, Unpaid
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
    strawberry.enum(RateUnit, name="RateUnit", description="Of what time a rate is: year, month or day."),
    strawberry.enum(RateBase, name="StageRateBase", description="How a stage counts days (计息方式)."),
)
"""Enumerations of terms."""


@strawberry.input(description="A rate of another time than a year.")
class RateInput:
    """An object in place of `rateAnnual`."""

    value: Rate = strawberry.field(description="A fraction of the unit.")
    unit: RateUnit = strawberry.field(default=RateUnit.YEAR, description="Of what time.")
    basis: int = strawberry.field(default=360, description="Days of a year, for a rate of a day.")


@strawberry.input(description="How often instalments fall due.")
class FrequencyInput:
    """The calendar's unit."""

    unit: Unit = strawberry.field(default=Unit.MONTH, description="The unit.")
    every: int = strawberry.field(default=1, description="Every how many.")


@strawberry.input(description="Instalments, counted from the first, that are spared (宽限).")
class GraceInput:
    """Grace."""

    principal: int = strawberry.field(default=0, description="Of paying principal.")
    interest: int = strawberry.field(default=0, description="Of paying interest.")
    interest_free: int = strawberry.field(default=0, description="Of bearing interest at all.")


@strawberry.input(description="One of several disbursements.")
class DisbursementInput:
    """A disbursement."""

    on: date = strawberry.field(description="When.")
    amount: Decimal = strawberry.field(description="How much, major units.")
    down_payment: Decimal | None = strawberry.field(default=None, description="What of it is paid at once (首付).")


@strawberry.input(description="Another rate from an instalment or a day on.")
class RateChangeInput:
    """A change of rate."""

    rate_annual: Rate = strawberry.field(description="The new rate per year.")
    from_instalment: int | None = strawberry.field(default=None, description="From which instalment.")
    on: date | None = strawberry.field(default=None, description="Or from which day.")
    new_payment: bool = strawberry.field(default=True, description="Whether the payment is solved again.")
    payment_cap_factor: Decimal | None = strawberry.field(default=None, description="How much it may grow at most.")


@strawberry.input(description="A payment before it is due.")
class EarlyPaymentInput:
    """An early payment."""

    amount: Decimal = strawberry.field(description="How much, major units.")
    effect: Effect = strawberry.field(default=Effect.SHORTEN_TERM, description="What it does.")
    at_instalment: int | None = strawberry.field(default=None, description="With which instalment.")
    on: date | None = strawberry.field(default=None, description="Or on which day.")


@strawberry.input(description="A fee (费用): an amount, or a rate of something.")
class FeeInput:
    """A fee."""

    code: str = strawberry.field(description="Its code.")
    amount: Decimal | None = strawberry.field(default=None, description="The amount, major units.")
    rate: Decimal | None = strawberry.field(default=None, description="Or a fraction.")
    of: FeeBasis = strawberry.field(default=FeeBasis.PRINCIPAL, description="Of what.")
    when: FeeWhen = strawberry.field(default=FeeWhen.PER_INSTALMENT, description="When it is due.")
    payee: str = strawberry.field(default="FUNDER", description="Who takes it.")
    payer: str = strawberry.field(default="BORROWER", description="Who pays it.")
    instalment: int = strawberry.field(default=1, description="With which instalment, if once.")


@strawberry.input(description="Instalments that are paid in one way (分段还款).")
class StageInput:
    """A stage."""

    from_: int = strawberry.field(name="from", description="First instalment.")
    to: int = strawberry.field(description="Last instalment.")
    pay: Pay = strawberry.field(default=Pay.PRINCIPAL_AND_INTEREST, description="What an instalment pays.")
    mode: Mode = strawberry.field(default=Mode.ANNUITY, description="How principal is spread.")
    principal: Decimal | None = strawberry.field(default=None, description="Principal of the stage, major units.")
    principal_share: Decimal | None = strawberry.field(default=None, description="Or its share of the whole.")
    every: int = strawberry.field(default=1, description="Principal with every how manieth instalment.")
    rate_annual: Rate | None = strawberry.field(default=None, description="Its own rate per year.")
    rate_base: RateBase | None = strawberry.field(default=None, description="Its own way to count days.")
    day_count: DayCount | None = strawberry.field(default=None, description="Its own day count.")
    horizon: int | None = strawberry.field(default=None, description="Instalments over which a payment is solved.")
    step_amount: Decimal | None = strawberry.field(default=None, description="By what the payment grows, major units.")
    step_rate: Decimal | None = strawberry.field(default=None, description="Or by what fraction.")
    step_every: int = strawberry.field(default=1, description="After every how many instalments.")


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
    description="Terms of a loan to try; what is absent is as the convention says, else as"
    " docs/reference/conventions.md says."
)
class QuoteInput:
    """Input of `quote`; every field has the name that it has in the JSON of the command line."""

    principal: Decimal = strawberry.field(description="Principal, major units.")
    currency: CurrencyCode | None = strawberry.field(default=None, description="CNY when absent.")
    convention: str | None = strawberry.field(default=None, description="Name of a known system's convention.")
    rate_annual: Rate | None = strawberry.field(default=None, description="Interest rate per year.")
    rate: RateInput | None = strawberry.field(default=None, description="Or a rate per month or day.")
    instalments: int | None = strawberry.field(default=None, description="How many; by stages or plan when absent.")
    start_on: date | None = strawberry.field(default=None, description="Value date (起息日); none for textbook loans.")
    payments_per_year: int | None = strawberry.field(default=None, description="Of a loan without dates.")
    method: Method | None = strawberry.field(default=None, description="Repayment method (还款方式).")
    day_count: DayCount | None = strawberry.field(default=None, description="Day count (计息基础).")
    solving: Solving | None = strawberry.field(default=None, description="How the level payment is solved.")
    payment: Decimal | None = strawberry.field(default=None, description="A payment that is agreed, major units.")
    rounding: Rounding | None = strawberry.field(default=None, description="Of payments.")
    interest_rounding: Rounding | None = strawberry.field(default=None, description="Of interest.")
    principal_rounding: Rounding | None = strawberry.field(default=None, description="Of equal principal.")
    payment_multiple: Decimal | None = strawberry.field(default=None, description="Unit of a payment, major units.")
    interest_multiple: Decimal | None = strawberry.field(default=None, description="Unit of interest, major units.")
    residue: Residue | None = strawberry.field(default=None, description="Where the difference of rounding goes.")
    balances: Carried | None = strawberry.field(default=None, description="With what balance a period begins.")
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
    cost_cap_annual: Rate | None = strawberry.field(default=None, description="Bound on the yearly cost.")


def tree(given: QuoteInput) -> dict[str, Json]:
    """The JSON of the command line that says the same as an input."""
    made = _object(given)
    if (rate := made.pop("rate", None)) is not None:
        made["rateAnnual"] = rate
    return made


def _object(given: object) -> dict[str, Json]:
    assert hasattr(given, "__dataclass_fields__"), "inputs are dataclasses"
    named = {one.name: getattr(given, one.name) for one in fields(given)}  # type: ignore[arg-type]  # as asserted
    return {camel(name): _value(one) for name, one in named.items() if one is not None}


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


WIRE: Final[Mapping[str, str]] = {one.name: camel(one.name) for one in fields(QuoteInput)}
"""Fields of the input by their names on the wire."""
