"""A quote and a played scenario: plans with the why of each amount, costs, and what the books would post."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import strawberry

from domain import refusals
from domain.product.ruleset import EventUnruled, RuleSet
from domain.product.ruleset import lines as posted
from domain.servicing import schedule as plans
from domain.servicing.explain import explained
from domain.servicing.movement import Movement
from domain.servicing.progress import Progress
from domain.servicing.quoted import Quoted
from domain.servicing.scenario import Answer
from domain.servicing.standing import Standing, outlook
from domain.servicing.terms import Terms
from graphql_api.scalars import CurrencyCode
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
from graphql_api.types.value import Money
from ledger.money import Money as Amount


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of a quoted plan."""

    terms: Terms
    row: plans.Row

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


@strawberry.type(description="One instalment of a quoted plan.")
class QuotedInstalment:
    """Presents `domain.servicing.instalment.Row`."""

    no: int = path("row.no", "Number, from 1; 0 is a down payment.")
    kind: str = path("row.kind", "`INSTALMENT`, `DOWN_PAYMENT` or `STUB`.")
    from_on: date | None = strawberry.field(description="First day that bears interest.")
    due_on: date | None = strawberry.field(description="Due date.")
    opening: Money = minor("row.opening", "currency", "Balance before it.")
    disbursed: Money = minor("row.disbursed", "currency", "What was paid out within it.")
    principal: Money = minor("row.principal", "currency", "Principal.")
    interest: Money = minor("row.interest", "currency", "Interest.")
    fee: Money = minor("row.fee", "currency", "Fees.")
    total: Money = minor("row.total", "currency", "All that is due.")
    closing: Money = minor("row.closing", "currency", "Balance after it.")
    explain: list[ExplainedAmount] = made(_explain, "Why each amount is what it is (计算说明).")


def _rows(root: Quoted) -> list[RowView]:
    """The rows of the plan."""
    return [RowView(root.asked.terms, one) for one in root.plan.rows]


@strawberry.type(description="What a loan of these terms would be: its plan and its costs (试算).")
@presents(Quoted)
class QuoteResult:
    """Presents `domain.servicing.quoted.Quoted`."""

    currency: CurrencyCode = path("asked.terms.currency", "The currency.")
    convention: str | None = path("asked.convention", "The convention that was named.")
    payment: Money = minor("plan.payment", "asked.terms.currency", "The regular payment (月供).")
    balloon: Money = minor("plan.balloon", "asked.terms.currency", "What is due besides with the last one (尾款).")
    schedule: list[QuotedInstalment] = made(_rows, "The plan.")
    disclosure: CostDisclosure | None = strawberry.field(
        description="What it costs (综合融资成本明示表); nothing where no yearly cost exists."
    )
    us_apr: Decimal | None = strawberry.field(description="APR of Regulation Z, appendix J.")
    eu_aprc: Decimal | None = strawberry.field(description="APRC of the European Union.")
    is_above_cap: bool = strawberry.field(description="Whether a year costs more than the bound.")


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
