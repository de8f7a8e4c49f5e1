"""A loan's life: its facts, what each did, the schedules it made, what would settle it and what it costs; explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, cast

import strawberry

from domain.product import queries as products
from domain.product.version import ProductVersion
from domain.servicing import disclosure as costs
from domain.servicing import position as standing
from domain.servicing import schedule as plans
from domain.servicing.change import Dossier
from domain.servicing.document import payload
from domain.servicing.event import ScheduleReason
from domain.servicing.explain import Explained
from domain.servicing.fact import Disburse
from domain.servicing.life import Life
from domain.servicing.progress import C, F, I, N, P
from domain.servicing.queries.dossier import Stated, dossiers, stated
from domain.servicing.queries.schedule import ScheduleVersion as Version
from domain.servicing.queries.schedule import schedule_versions_of
from domain.servicing.settlement import payoff_explained
from domain.servicing.standing import Standing, status
from domain.servicing.transaction import Transaction
from graphql_api.scalars import Rate
from graphql_api.types.field import made, minor, path
from graphql_api.types.split import Breakdown, Split, split
from graphql_api.types.value import Ask, Money, On

KIND: Final = "ln"
"""Prefix of the global ids of loans, and the kind under which things of a loan are read together."""


def dossier(info: Ask, loan_id: int) -> Dossier | None:
    """Everything known of a loan, read with that of every other loan of the operation; none before it is paid out."""
    conn = info.context.conn
    return info.context.load(KIND, "dossier", loan_id, lambda ids: dossiers(conn, ids, is_plain_too=True))


def life(info: Ask, loan_id: int, on: date | None = None) -> Life | None:
    """The life of a loan up to a day; today's knows all that is booked, be it of a day that has only begun."""
    found = dossier(info, loan_id)
    if found is None or not found.facts:
        return None
    return found.life(on if on is not None else max(info.context.today, found.through_on))


# ---------------------------------------------------------------- why


@strawberry.type(description="A name and what it says.")
class NamedText:
    """Presents a pair."""

    name: str = strawberry.field(description="Name.")
    value: str = strawberry.field(description="What it says.")


@dataclass(frozen=True, slots=True)
class Pair:
    """A name and a text."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Reason:
    """An explained amount under its name, in a currency."""

    currency: str
    name: str
    explained: Explained

    @property
    def inputs(self) -> Sequence[Pair]:
        """The numbers that went in."""
        return [Pair(*one) for one in self.explained.inputs]


def _sentence(root: Reason, info: Ask) -> str:
    """The sentence in the language of the request."""
    return root.explained.zh if info.context.locale.lower().startswith("zh") else root.explained.en


@strawberry.type(description="An amount and how it came about (计算说明).")
class ExplainedAmount:
    """Presents `domain.servicing.explain.Explained`."""

    name: str = strawberry.field(description="What the amount is: `interest`, `principal`, `closing`, `fee.CODE`, …")
    value: Money = minor("explained.value", "currency", "The amount.")
    formula: str = path("explained.formula", "The formula.")
    inputs: list[NamedText] = strawberry.field(description="The numbers that went into it, by name.")
    day_count: str | None = path("explained.day_count", "How days became a fraction of a year, where they did.")
    exact: str = path("explained.exact", "The amount before it was rounded, in major units.")
    rounding: str | None = path("explained.rounding", "How it was rounded, and to what; nothing when it was not.")
    text: str = made(_sentence, "One sentence with the numbers in place, in the language of the request.")
    zh: str = path("explained.zh", "The same in Chinese.")
    en: str = path("explained.en", "The same in English.")


def reasons(currency: str, by: Mapping[str, Explained]) -> list[Reason]:
    """Explained amounts under their names."""
    return [Reason(currency, name, one) for name, one in by.items()]


# ---------------------------------------------------------------- facts


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact of a loan as it was told, and whether it still holds."""

    currency: str
    said: Stated
    is_reversed: bool

    @property
    def kind(self) -> str:
        """What happened, in one word."""
        return type(self.said.fact).__name__

    @property
    def amount(self) -> int | None:
        """Its amount, when it has one."""
        found: int | None = getattr(self.said.fact, "amount", None)
        return found

    @property
    def details(self) -> Sequence[Pair]:
        """Whatever else it says, as its document does."""
        return [Pair(name, str(value)) for name, value in payload(self.said.fact).items()]


@strawberry.type(description="Something that happened to a loan, as it was recorded; it is never changed (事实).")
class LoanFact:
    """Presents `domain.servicing.fact.Fact`."""

    no: int = path("said.fact.no", "Number within the loan, in the order of booking; other commands name it by this.")
    kind: str = strawberry.field(description="What happened: `Disburse`, `Pay`, `Levy`, `Waive`, `Reverse`, …")
    value_on: date = path("said.fact.value_on", "The day on which it takes effect (起效日).")
    booked_on: date = path("said.fact.booked_on", "The business date on which it became known (入账日).")
    amount: Money | None = minor("amount", "currency", "Its amount, when it has one.")
    details: list[NamedText] = strawberry.field(description="Everything that it says, by name, as it is stored.")
    is_reversed: bool = strawberry.field(description="Whether it turned out not to have happened.")
    actor: str = path("said.actor", "Who ordered it.")
    approver: str | None = path("said.approver", "Who approved it, where a second person was needed.")
    recorded_at: datetime = path("said.recorded_at", "When it was taken in.")


def facts_of(told: Dossier, said: Sequence[Stated]) -> list[FactView]:
    """Facts as they were told; those that were reversed say so."""
    life = told.life(max(told.through_on, *(one.booked_on for one in told.facts))) if told.facts else None
    live = {one.no for one in life.live} if life is not None else set[int]()
    currency = told.contract.terms.currency
    return [FactView(currency, one, one.fact.no not in live and not _is_reversal(one)) for one in said]


def _is_reversal(one: Stated) -> bool:
    return type(one.fact).__name__ == "Reverse"


def life_facts(root: standing.Loan, info: Ask) -> list[FactView]:
    """Every fact of a loan."""
    told = dossier(info, root.loan_id)
    if told is None:
        return []
    known = cast("dict[int, Dossier | None]", info.context.known[KIND, "dossier"])

    def fetch(ids: list[int]) -> dict[int, tuple[Stated, ...]]:
        return stated(info.context.conn, {one: found for one in ids if (found := known.get(one)) is not None})

    return facts_of(told, info.context.load(KIND, "stated", root.loan_id, fetch) or ())


# ---------------------------------------------------------------- transactions


@dataclass(frozen=True, slots=True)
class Share:
    """What a transaction did to one instalment."""

    currency: str
    no: int
    component: str
    amount: int


@strawberry.type(description="What a transaction did to one component of one instalment.")
class TransactionPart:
    """Presents `domain.servicing.allocation.Part`."""

    no: int = strawberry.field(description="Number of the instalment, as the schedule then was.")
    component: str = strawberry.field(description="`principal`, `interest`, `fee`, `penalty` or `compound`.")
    amount: Money = minor("amount", "currency", "The amount.")


@dataclass(frozen=True, slots=True)
class TransactionView:
    """A transaction in a currency."""

    currency: str
    transaction: Transaction

    @property
    def split(self) -> Split:
        """Amounts by component."""
        return split(self.currency, {one.value: amount for one, amount in self.transaction.split.items()})

    @property
    def parts(self) -> Sequence[Share]:
        """Amounts by instalment and component."""
        parts = self.transaction.parts
        return [Share(self.currency, one.no, one.component.value, one.amount) for one in parts]


@strawberry.type(
    description="A fact that moved a loan, with what it did; its split follows from all that is known (交易)."
)
class LoanTransaction:
    """Presents `domain.servicing.transaction.Transaction`."""

    fact_no: int = path("transaction.fact_no", "Number of its fact; it never changes. 0: time itself.")
    kind: str = path("transaction.kind", "What it was: `DISBURSEMENT`, `REPAYMENT`, `CHARGEBACK`, …")
    on: date = path("transaction.on", "The day on which it took effect.")
    amount: Money = minor("transaction.amount", "currency", "The whole amount.")
    split: Breakdown = strawberry.field(description="What it did to each component.")
    parts: list[TransactionPart] = strawberry.field(description="The same by instalment.")
    excess: Money = minor("transaction.excess", "currency", "What became an overpayment, or was taken from it.")
    outstanding: Money = minor("transaction.outstanding", "currency", "Principal that was open after it.")


def transactions(root: standing.Loan, info: Ask) -> list[TransactionView]:
    """What has moved a loan, in the order of value dates."""
    found = life(info, root.loan_id)
    return [] if found is None else [TransactionView(root.terms.currency, one) for one in found.transactions]


# ---------------------------------------------------------------- schedules


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """One line of a schedule in a currency."""

    currency: str
    line: plans.Instalment


@strawberry.type(description="One instalment of a schedule as it was planned.")
class PlannedInstalment:
    """Presents `domain.servicing.instalment.Instalment`."""

    no: int = path("line.no", "Number, from 1.")
    from_on: date = path("line.from_on", "First day that bears interest.")
    due_on: date = path("line.due_on", "Due date.")
    principal: Money = minor("line.principal", "currency", "Principal to pay.")
    interest: Money = minor("line.interest", "currency", "Interest to pay.")
    total: Money = minor("line.total", "currency", "Both together.")


def _lines(root: Version) -> list[PlannedLine]:
    """The lines of a version."""
    return [PlannedLine(root.schedule.currency, one) for one in root.schedule.instalments]


@strawberry.type(
    description="One version of a loan's schedule; it is never changed, another takes its place (还款计划版本)."
)
class ScheduleVersion:
    """Presents `domain.servicing.queries.schedule.ScheduleVersion`."""

    version: int = strawberry.field(description="1, 2, 3 … within the loan.")
    reason: ScheduleReason = strawberry.field(description="Why it was made.")
    made_on: date = strawberry.field(description="The business date on which it was made.")
    instalments: list[PlannedInstalment] = made(_lines, "Its instalments; none when the loan was cancelled.")


def schedule_versions(root: standing.Loan, info: Ask) -> Sequence[Version]:
    """Every schedule that a loan has had, oldest first."""
    conn = info.context.conn
    return info.context.load(KIND, "versions", root.loan_id, lambda ids: schedule_versions_of(conn, ids)) or ()


# ---------------------------------------------------------------- payoff


@dataclass(frozen=True, slots=True)
class Payoff:
    """What settles a loan on a day."""

    on: date
    currency: str
    amounts: Sequence[Reason]

    @property
    def total(self) -> int:
        """All together, minor units."""
        return sum(one.explained.value for one in self.amounts)


@strawberry.type(description="What settles a loan on a day, and why (提前结清试算).")
class PayoffQuote:
    """Presents `domain.servicing.settlement.payoff_explained`."""

    on: date = strawberry.field(description="The day; interest runs to its beginning.")
    total: Money = minor(
        "total", "currency", "All together: a payment of it with intent SETTLE on that day ends the loan."
    )
    amounts: list[ExplainedAmount] = strawberry.field(description="By component, each explained.")


def payoff_quote(root: standing.Loan, info: Ask, on: On = None) -> Payoff | None:
    """What settles a loan on a day, explained; nothing before it is paid out and when nothing is owed."""
    day = info.context.day(on)
    found = life(info, root.loan_id, day)
    told = None if found is None or found.state.started_on is None else payoff_explained(found)
    return Payoff(day, root.terms.currency, reasons(root.terms.currency, told)) if told else None


# ---------------------------------------------------------------- cost


@dataclass(frozen=True, slots=True)
class ItemView:
    """A charge of a disclosure in its currency."""

    currency: str
    item: costs.CostItem | costs.ContingentCost


@strawberry.type(description="One charge of normal performance (正常履约成本).")
class CostItem:
    """Presents `domain.servicing.disclosure.CostItem`."""

    item: str = path("item.item", "`INTEREST`, or the code of a fee.")
    payee: str = path("item.payee", "Who takes it (收取主体).")
    collected: str = path("item.collected", "How it is taken (收取方式).")
    basis: str = path("item.basis", "Of what its standard is a fraction, or `AMOUNT`.")
    rate_annual: Rate = path("item.rate_annual", "Its standard as a yearly rate (收取标准, 年化).")
    amount: Money = minor("item.amount", "currency", "Sum over the whole loan.")


@strawberry.type(description="A charge that only a breach or a choice of the borrower brings (或有成本).")
class ContingentCost:
    """Presents `domain.servicing.disclosure.ContingentCost`."""

    item: str = path("item.item", "`PENALTY_INTEREST`, `PREPAYMENT_FEE`, …")
    payee: str = path("item.payee", "Who takes it.")
    basis: str = path("item.basis", "Of what its rate is a fraction, or `AMOUNT`.")
    rate_annual: Rate | None = path("item.rate_annual", "Its rate per year, where it has one.")
    rate: Rate | None = path("item.rate", "Its rate, once, where it has one.")
    amount: Money | None = minor("item.amount", "currency", "Its amount, once, where it has one.")


def _items(root: costs.CostDisclosure) -> list[ItemView]:
    """The charges of normal performance."""
    return [ItemView(root.currency, one) for one in root.items]


def _contingent(root: costs.CostDisclosure) -> list[ItemView]:
    """The charges of a breach or a choice."""
    return [ItemView(root.currency, one) for one in root.contingent]


def _cap_told(root: costs.CostDisclosure) -> Decimal | None:
    """The bound, where there is one."""
    return root.cap_annual or None


def _sheet(root: costs.CostDisclosure, info: Ask) -> list[Pair]:
    """The table as people read it."""
    return [Pair(*one) for one in costs.sheet(root, info.context.locale)]


@strawberry.type(description="What a loan costs, who takes it and how; nothing else is charged (综合融资成本明示表).")
class CostDisclosure:
    """Presents `domain.servicing.disclosure.CostDisclosure`."""

    principal: Money = minor("principal", "currency", "What is lent.")
    received: Money = minor("received", "currency", "What the borrower has in hand of it.")
    total_interest: Money = minor("total_interest", "currency", "All interest.")
    total_fees: Money = minor("total_fees", "currency", "All fees.")
    total_payment: Money = minor("total_payment", "currency", "Principal, interest and fees.")
    items: list[CostItem] = made(_items, "The charges of normal performance.")
    contingent: list[ContingentCost] = made(_contingent, "What only a breach or a choice would bring.")
    annual_simple: Rate = path("annual.simple", "Yearly cost, simple (年化综合融资成本, 单利).")
    annual_effective: Decimal = path("annual.effective", "Yearly cost, compounded.")
    annual_dated: Decimal = path("annual.dated", "Yearly cost by actual days (XIRR).")
    cap_annual: Rate | None = made(
        _cap_told, "The bound against which the simple rate is checked; nothing abroad unless asked for."
    )
    sheet: list[NamedText] = made(_sheet, "The whole table as people read it, in the language of the request.")


def disclosure(root: standing.Loan, info: Ask) -> costs.CostDisclosure | None:
    """The cost disclosure of a loan's contract."""
    found = dossier(info, root.loan_id)
    terms = root.terms if found is None else found.contract.terms
    told = costs.disclose(terms, plans.schedule(terms), cap=_cap(info, root))
    return told if isinstance(told, costs.CostDisclosure) else None


def cost_paid(root: standing.Loan, info: Ask) -> costs.CostDisclosure | None:
    """What a settled loan has really cost; nothing as long as it runs."""
    found = life(info, root.loan_id)
    if found is None or status(found.state) not in {Standing.SETTLED, Standing.OVERPAID}:
        return None
    received = [(one.value_on, one.amount) for one in found.live if isinstance(one, Disburse)]
    paid = [
        costs.Charge(on=one.on, item=ITEMS[component], payee=costs.FUNDER, amount=amount)
        for one in found.transactions
        if one.kind in PAID
        for component, amount in one.split.items()
        if amount
    ]
    told = costs.disclose_paid(root.terms.currency, received=received, paid=paid, cap=_cap(info, root))
    return told if isinstance(told, costs.CostDisclosure) else None


PAID: Final = frozenset({"REPAYMENT", "DOWN_PAYMENT", "OVERPAYMENT_APPLIED"})
"""Transactions in which the borrower's own money met what he owed."""
ITEMS: Final[Mapping[str, str]] = {
    P: costs.PRINCIPAL,
    I: costs.INTEREST,
    F: "FEE",
    N: costs.PENALTY_INTEREST,
    C: "COMPOUND_INTEREST",
}
"""Components in the words of the disclosure."""


def _cap(info: Ask, root: standing.Loan) -> Decimal:
    """The bound on the yearly cost of a loan's product version."""
    conn, version = info.context.conn, root.product_version

    def fetch(versions: list[int]) -> dict[int, ProductVersion]:
        found = {one: products.version(conn, product_id=root.product_id, version=one) for one in versions}
        return {one: value for one, value in found.items() if value is not None}

    found = info.context.load(f"product {root.product_id}", "version", version, fetch)
    assert found is not None, "contracts name published versions"
    return found.rate_cap_annual
