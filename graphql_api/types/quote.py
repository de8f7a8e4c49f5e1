"""A quote and a played scenario: plans with the why of each amount, costs, and what the books would post."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import strawberry

from domain import refusals
from domain.product.ruleset import EventUnruled, RuleSet
from domain.product.ruleset import lines as posted
from domain.servicing import schedule as plans
from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.answer import plan_document
from domain.servicing.cap import Measure, Verdict
from domain.servicing.cost import SHOWN
from domain.servicing.explain import explained
from domain.servicing.movement import Movement
from domain.servicing.progress import Progress
from domain.servicing.quoted import Quoted
from domain.servicing.scenario import Answer
from domain.servicing.standing import Standing, outlook
from domain.servicing.terms import Terms
from graphql_api.scalars import CurrencyCode, Rate
from graphql_api.types.field import made, minor, path, presents
from graphql_api.types.life import (
    CostDisclosure,
    ExplainedAmount,
    LoanTransaction,
    NamedText,
    Pair,
    Reason,
    TransactionView,
    reasons,
)
from graphql_api.types.refusal import Fault
from graphql_api.types.split import Breakdown, Split, split
from graphql_api.types.value import Ask, Money
from ledger.money import Money as Amount

REGISTERED: Final = (
    strawberry.enum(Measure, name="CostMeasure", description="Which of the yearly costs a cap holds."),
)
"""Enumerations of quotes."""


def _said(name: str, description: str) -> Any:  # noqa: ANN401 - the field's own annotation tells its type
    """A field that is an amount of the command line's answer, by its name there."""

    def resolver(root):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - the library reads the annotation of the field
        return Amount.parse(root.said[name], root.currency)

    return strawberry.field(resolver=resolver, description=description)


@dataclass(frozen=True, slots=True)
class SaidView:
    """Amounts as the command line tells them, by name."""

    currency: str
    said: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of a quoted plan, and what the command line tells of it."""

    terms: Terms
    row: plans.Row
    said: Mapping[str, Any]

    @property
    def currency(self) -> str:
        """The currency of the plan."""
        return self.terms.currency

    @property
    def from_on(self) -> date | None:
        """First day, where the loan has dates."""
        return self.row.period.from_on if self.terms.is_dated else None

    @property
    def due_on(self) -> date | None:
        """Due date, where the loan has dates."""
        return self.row.period.due_on if self.terms.is_dated else None


def _explain(root: RowView) -> list[Reason]:
    """Why each amount of a row is what it is."""
    return reasons(root.currency, explained(root.terms, root.row))


def _code(root: SaidView) -> str:
    """The code of a fee."""
    return str(root.said["code"])


def _days(root: RowView) -> int | None:
    """Days of the row's period."""
    found: int | None = root.said["days"]
    return found


def _fees(root: RowView) -> list[SaidView]:
    """The fees of a row, one by one."""
    return [SaidView(root.currency, one) for one in root.said["fees"]]


@strawberry.type(description="A fee within an instalment.")
class QuotedFee:
    """Presents a fee of a row."""

    code: str = made(_code, "Its code.")
    amount: Money = _said("amount", "The amount.")


@strawberry.type(description="One instalment of a quoted plan.")
class QuotedInstalment:
    """Presents `domain.servicing.instalment.Row`."""

    no: int = path("row.no", "Number, from 1; 0 is a down payment.")
    kind: str = path("row.kind", "`INSTALMENT`, `DOWN_PAYMENT` or `STUB`.")
    from_on: date | None = strawberry.field(description="First day that bears interest.")
    due_on: date | None = strawberry.field(description="Due date.")
    days: int | None = made(_days, "Days of its period, where the loan has dates.")
    opening: Money = minor("row.opening", "currency", "Balance before it.")
    disbursed: Money = minor("row.disbursed", "currency", "What was paid out within it.")
    principal: Money = _said("principal", "Principal, early payments included.")
    interest: Money = minor("row.interest", "currency", "Interest.")
    fee: Money = minor("row.fee", "currency", "Fees.")
    fees: list[QuotedFee] = made(_fees, "Each of them.")
    extra: Money = _said("extra", "Paid early with it.")
    prepaid: Money = minor("row.prepaid", "currency", "What of it was paid in advance with an earlier one.")
    payment: Money = minor("row.paid", "currency", "All that is paid with it, the balloon aside.")
    balloon: Money = minor("row.balloon", "currency", "What is due besides (尾款).")
    total: Money = minor("row.total", "currency", "All that is due.")
    closing: Money = minor("row.closing", "currency", "Balance after it.")
    explain: list[ExplainedAmount] = made(_explain, "Why each amount is what it is (计算说明).")


@strawberry.type(description="All that a plan asks for.")
class QuoteTotals:
    """Presents the totals of a quote."""

    principal: Money = _said("principal", "Principal.")
    interest: Money = _said("interest", "Interest.")
    fees: Money = _said("fees", "Fees, those at the disbursement too.")
    payment: Money = _said("payment", "All together.")


@strawberry.type(description="Totals of a plan that is counted otherwise than it is paid.")
class QuoteSums:
    """Presents totals of textbooks and spreadsheets."""

    interest: Money = _said("interest", "Interest.")
    payment: Money = _said("payment", "Principal and interest.")


def _verdict(root: Verdict, info: Ask) -> str:
    """The verdict in the language of the request."""
    return root.zh if info.context.locale.lower().startswith("zh") else root.en


@strawberry.type(description="What one cap on the yearly cost says of a loan: never that it is unlawful (利率上限).")
class CapVerdict:
    """Presents `domain.servicing.cap.Verdict`."""

    rule: str = path("rule.code", "The rule.")
    binds: bool = path("rule.binds", "Whether it binds, or advises.")
    measure: Measure = path("rule.measure", "Which yearly cost it holds.")
    limit: Decimal = strawberry.field(description="The bound on the day of the contract, what is kept below it off.")
    figure: Decimal = strawberry.field(description="The yearly cost, as shown.")
    distance: Decimal = path("excess", "How far it is above; below zero, the room that is left.")
    is_above: bool = strawberry.field(description="Whether it is above.")
    text: str = made(_verdict, "One sentence, in the language of the request.")
    zh: str = strawberry.field(description="The same in Chinese.")
    en: str = strawberry.field(description="The same in English.")


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A quote, and what the command line says of its plan."""

    quote: Quoted
    said: Mapping[str, Any]

    @classmethod
    def of(cls, quote: Quoted) -> QuoteView:
        """Tell of a quote."""
        return cls(quote, plan_document(quote.asked.terms, quote.plan))

    @property
    def currency(self) -> str:
        """The currency of the plan."""
        return self.quote.asked.terms.currency

    @property
    def schedule(self) -> Sequence[RowView]:
        """The rows of the plan."""
        rows = zip(self.quote.plan.rows, self.said["schedule"], strict=True)
        return [RowView(self.quote.asked.terms, row, said) for row, said in rows]

    @property
    def totals(self) -> SaidView:
        """All that the plan asks for."""
        return SaidView(self.currency, self.said["totals"])

    @property
    def unrounded_totals(self) -> SaidView | None:
        """Sums of exact amounts."""
        return self._sums("unroundedTotals")

    @property
    def level_totals(self) -> SaidView | None:
        """So many times the payment."""
        return self._sums("levelTotals")

    @property
    def no_cost(self) -> NoRate | SeveralRates | None:
        """Why there is no yearly cost."""
        return self.quote.costs if isinstance(self.quote.costs, NoRate | SeveralRates) else None

    @property
    def precision(self) -> Decimal:
        """The step in which rates are compared."""
        return SHOWN

    def _sums(self, name: str) -> SaidView | None:
        return None if self.said[name] is None else SaidView(self.currency, self.said[name])


@strawberry.type(description="What a loan of these terms would be: its plan and its costs (试算).")
@presents(QuoteView)
class QuoteResult:
    """Presents `domain.servicing.quoted.Quoted`."""

    currency: CurrencyCode = strawberry.field(description="The currency.")
    convention: str | None = path("quote.asked.convention", "The convention that was named.")
    payment: Money = minor("quote.plan.payment", "currency", "The regular payment (月供).")
    balloon: Money = minor("quote.plan.balloon", "currency", "What is due besides with the last one (尾款).")
    schedule: list[QuotedInstalment] = strawberry.field(description="The plan.")
    totals: QuoteTotals = strawberry.field(description="All that the plan asks for.")
    unrounded_totals: QuoteSums | None = strawberry.field(
        description="Sums of the exact amounts, where balances are carried exact."
    )
    level_totals: QuoteSums | None = strawberry.field(
        description="Instalments times the payment, as if the last were like the others; nothing where none are level."
    )
    disclosure: CostDisclosure | None = path(
        "quote.disclosure", "What it costs (综合融资成本明示表); nothing where no yearly cost exists."
    )
    no_cost: Fault | None = strawberry.field(description="Why no yearly cost exists.")
    us_apr: Decimal | None = path("quote.us_apr", "APR of Regulation Z, appendix J.")
    eu_aprc: Decimal | None = path("quote.eu_aprc", "APRC of the European Union.")
    cap_annual: Rate | None = path(
        "quote.cap", "The bound on the simple yearly cost, what is kept below it off; nothing abroad unless asked for."
    )
    margin: Rate = path("quote.asked.margin", "What is kept below the bound.")
    precision: Rate = strawberry.field(description="The step in which rates are compared with bounds.")
    is_above_cap: bool = path("quote.is_above_cap", "Whether a year costs more than the bound.")
    verdicts: list[CapVerdict] = path("quote.verdicts", "What the caps of the lender's kind say, binding ones first.")


# ---------------------------------------------------------------- scenarios


@dataclass(frozen=True, slots=True)
class LineView:
    """An instalment of a life in a currency."""

    currency: str
    line: Progress

    @property
    def owed(self) -> Split:
        """What it asks for."""
        return split(self.currency, {one.value: amount for one, amount in self.line.owed.items()})

    @property
    def paid(self) -> Split:
        """What was paid of it."""
        return split(self.currency, {one.value: amount for one, amount in self.line.paid.items()})

    @property
    def waived(self) -> int:
        """What was forgiven of it."""
        return sum(self.line.waived.values())


@strawberry.type(description="An instalment of a scenario and what has happened to it.")
class LivedInstalment:
    """Presents `domain.servicing.progress.Progress`."""

    no: int = path("line.no", "Number.")
    kind: str = path("line.kind", "`INSTALMENT`, `DOWN_PAYMENT`, `EXTRA`, `RE_AGED` or `CLOSING`.")
    from_on: date = path("line.from_on", "First day.")
    due_on: date = path("line.due_on", "Due date.")
    paid_on: date | None = path("line.completed_on", "When nothing was left of it.")
    owed: Breakdown = strawberry.field(description="What it asks for.")
    paid: Breakdown = strawberry.field(description="What was paid of it.")
    waived: Money = minor("waived", "currency", "What was forgiven of it.")
    in_advance: Money = minor("line.in_advance", "currency", "What was paid before its due date.")
    late: Money = minor("line.late", "currency", "What was paid after it.")
    outstanding: Money = minor("line.outstanding", "currency", "What is still owed of it.")


@dataclass(frozen=True, slots=True)
class LegView:
    """A line of an entry that a rule set makes of a movement."""

    currency: str
    account: str
    side: str
    amount: int


@strawberry.type(description="A line of an entry that the books would post.")
class PostedLine:
    """Presents a line."""

    account: str = strawberry.field(description="The account, by the name of the rule set.")
    side: str = strawberry.field(description="`DEBIT` or `CREDIT`.")
    amount: Money = minor("amount", "currency", "The amount.")


@dataclass(frozen=True, slots=True)
class BookedView:
    """What one book would post of a movement, or why it cannot."""

    book: str
    lines: Sequence[LegView]
    refused: str | None


@strawberry.type(description="What one book would post.")
class PostedEntry:
    """Presents an entry of a rule set."""

    book: str = strawberry.field(description="The rule set of the book.")
    lines: list[PostedLine] = strawberry.field(description="Its lines.")
    refused: str | None = strawberry.field(description="Code of why it cannot, when it cannot.")


@dataclass(frozen=True, slots=True)
class MovementView:
    """A movement of a step, under the rule sets of the scenario."""

    currency: str
    movement: Movement
    rules: Sequence[RuleSet]
    answer: Answer

    @property
    def booked_on(self) -> date:
        """Its accounting date: today, when its own month is closed."""
        closed_to = self.answer.closed_to
        is_closed = closed_to is not None and self.movement.value_on <= closed_to
        return self.answer.business_on if is_closed else self.movement.value_on

    @property
    def amounts(self) -> Sequence[Pair]:
        """Amounts by bucket, major units."""
        return [Pair(name, str(Amount(amount, self.currency))) for name, amount in self.movement.amounts.items()]

    @property
    def entries(self) -> Sequence[BookedView]:
        """What each book of the event's party would post."""
        return [self._booked(one) for one in self.rules if one.books(self.movement.event)]

    def _booked(self, rules: RuleSet) -> BookedView:
        found = posted(self.movement.event, self.movement.amounts, rules, flags=self.movement.flags)
        if isinstance(found, EventUnruled):
            return BookedView(rules.code, (), found.code)
        legs = [LegView(self.currency, one.account, one.shown[0].name, one.shown[1]) for one in found]
        return BookedView(rules.code, legs, None)


@strawberry.type(description="What a step makes the books post.")
class SimulatedMovement:
    """Presents `domain.servicing.movement.Movement`."""

    event: str = path("movement.event", "The business event.")
    on: date = path("movement.value_on", "Its value date (经济日).")
    booked_on: date = strawberry.field(description="Its accounting date: the business date when the month is closed.")
    step: int = path("movement.fact_no", "The step it belongs to; 0: time itself.")
    amounts: list[NamedText] = strawberry.field(description="Amounts by bucket, major units.")
    entries: list[PostedEntry] = strawberry.field(description="Entries by the rule sets of the scenario.")


@dataclass(frozen=True, slots=True)
class Step:
    """An answer of a scenario, under its rule sets."""

    answer: Answer
    rules: Sequence[RuleSet]

    @property
    def currency(self) -> str:
        """The currency of the scenario."""
        return self.answer.life.contract.terms.currency

    @property
    def on(self) -> date:
        """The day of the step."""
        return self.answer.step.on or self.answer.business_on

    @property
    def refused(self) -> Sequence[refusals.Refusal]:
        """Why it was refused."""
        return self.answer.refused

    @property
    def status(self) -> Standing:
        """Where the loan stands after it."""
        return outlook(self.answer.life).status

    @property
    def days_past_due(self) -> int:
        """Days past due after it."""
        return outlook(self.answer.life).dpd

    @property
    def due(self) -> Split:
        """What is due and unpaid."""
        return split(self.currency, {one.value: amount for one, amount in outlook(self.answer.life).due.items()})

    @property
    def outstanding(self) -> Split:
        """What is open in all."""
        found = outlook(self.answer.life).outstanding
        return split(self.currency, {one.value: amount for one, amount in found.items()})

    @property
    def payoff(self) -> int:
        """What settles the loan."""
        return outlook(self.answer.life).payoff

    @property
    def overpaid(self) -> int:
        """The overpayment."""
        return outlook(self.answer.life).excess

    @property
    def schedule(self) -> Sequence[LineView]:
        """The schedule in force."""
        return [LineView(self.currency, one) for one in self.answer.life.instalments]

    @property
    def transactions(self) -> Sequence[TransactionView]:
        """What has moved the loan."""
        return [TransactionView(self.currency, one) for one in self.answer.life.transactions]

    @property
    def reversed(self) -> Sequence[TransactionView]:
        """Transactions that did not happen after all."""
        return [TransactionView(self.currency, one) for one in self.answer.gone]

    @property
    def movements(self) -> Sequence[MovementView]:
        """What the books would post because of this step."""
        return [MovementView(self.currency, one, self.rules, self.answer) for one in self.answer.movements]


@strawberry.type(description="What one step of a scenario has led to.")
class SimulatedStep:
    """Presents `domain.servicing.scenario.Answer`."""

    no: int = path("answer.step.no", "Number of the step, from 1.")
    do: str = path("answer.step.do", "What it did.")
    on: date = strawberry.field(description="Its day.")
    business_on: date = path("answer.business_on", "The business date after it.")
    refused: list[Fault] = strawberry.field(description="Why it was refused; nothing then has changed.")
    status: Standing = strawberry.field(description="Where the loan stands.")
    days_past_due: int = strawberry.field(description="Days past due (逾期天数).")
    due: Breakdown = strawberry.field(description="What is due and unpaid.")
    outstanding: Breakdown = strawberry.field(description="What is open in all, as the plan now stands.")
    payoff: Money = minor("payoff", "currency", "What settles the loan.")
    overpaid: Money = minor("overpaid", "currency", "The overpayment (溢缴款).")
    schedule: list[LivedInstalment] = strawberry.field(description="The schedule in force.")
    transactions: list[LoanTransaction] = strawberry.field(description="What has moved the loan so far.")
    reversed: list[LoanTransaction] = strawberry.field(description="What was reversed, as it last stood.")
    movements: list[SimulatedMovement] = strawberry.field(description="What the books would post because of it.")


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario that was played."""

    currency: str
    steps: Sequence[Step]


@strawberry.type(description="A loan's life played step by step (情景演算); nothing was touched.")
@presents(Played)
class SimulateResult:
    """Presents a played scenario."""

    currency: CurrencyCode = strawberry.field(description="The currency.")
    steps: list[SimulatedStep] = strawberry.field(description="Each step and what it has led to.")
