"""Loans: the contract, the schedule with what was paid of it, the position on a day, repayments and events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Annotated, cast

import strawberry

from domain.product import queries as products
from domain.product.version import ProductVersion as Version
from domain.servicing import daycount, event, repayment
from domain.servicing import position as standing
from domain.servicing import terms as contract
from domain.servicing.change import Dossier, position_of, progress_of
from domain.servicing.queries import recorded
from domain.servicing.queries.fact import facts
from domain.servicing.queries.loan import events_of, loans_in, loans_of
from domain.servicing.queries.position import positions, positions_as_of
from domain.servicing.queries.repayment import repayments_of
from graphql_api.faults import Fault
from graphql_api.relay import Connection as Rows
from graphql_api.relay import Edge, global_id
from graphql_api.scalars import CurrencyCode, Rate
from graphql_api.types.book import AccountBalance, BalanceView, Entry, StatementLine, meet_entries
from graphql_api.types.field import made, minor, path, presents
from graphql_api.types.life import (
    KIND,
    CostDisclosure,
    LoanFact,
    LoanTransaction,
    PayoffQuote,
    ScheduleVersion,
    cost_paid,
    disclosure,
    dossier,
    life_facts,
    payoff_quote,
    schedule_versions,
    transactions,
)
from graphql_api.types.split import Breakdown, Split, split
from graphql_api.types.value import After, Ask, Connection, Counted, First, Money, Node, On
from ledger import journal, statements
from ledger.money import Money as Amount

LOAN = KIND
"""Prefix of the global ids of loans."""
REPAYMENT = "rp"
"""Prefix of the global ids of repayments."""


@strawberry.type(description="A published version of a product: every parameter of its loans.")
@presents(Version)
class ProductVersion:
    """Presents `domain.product.version.ProductVersion`."""

    code: str = strawberry.field(description="Product number (产品编号).")
    version: int = strawberry.field(description="1, 2, 3 … within the product.")
    name_zh: str = strawberry.field(description="Chinese name.")
    name_en: str = strawberry.field(description="English name.")
    currency: CurrencyCode = strawberry.field(description="Currency of its loans.")
    amount_min: Money = minor("amount_min", "currency", "Smallest principal.")
    amount_max: Money = minor("amount_max", "currency", "Largest principal.")
    terms_months: list[int] = strawberry.field(description="Terms on offer, in months.")
    interest_rate_annual: Rate = strawberry.field(description="Interest rate per year.")
    rate_cap_annual: Rate = strawberry.field(description="Upper bound of the yearly cost of the borrower.")
    grace_days: int = strawberry.field(description="Days after the due date that are still in time (宽限期).")
    effective_from: date = strawberry.field(description="First day on which new applications get it.")


@dataclass(frozen=True, slots=True)
class Planned:
    """One instalment with its progress, in a currency."""

    currency: str
    progress: standing.Progress

    @property
    def total(self) -> int:
        """Principal and interest."""
        return self.progress.instalment.total


@strawberry.type(description="One instalment of a schedule (一期) and what was paid of it.")
class Instalment:
    """Presents an instalment and its progress."""

    no: int = path("progress.instalment.no", "Number, from 1.")
    from_on: date = path("progress.instalment.from_on", "First day that bears interest.")
    due_on: date = path("progress.instalment.due_on", "Due date; bears no interest of this instalment.")
    principal: Money = minor("progress.instalment.principal", "currency", "Principal to pay.")
    interest: Money = minor("progress.instalment.interest", "currency", "Interest to pay.")
    total: Money = minor("total", "currency", "Principal and interest.")
    principal_paid: Money = minor("progress.principal_paid", "currency", "Principal paid.")
    interest_paid: Money = minor("progress.interest_paid", "currency", "Interest paid.")
    penalty_accrued: Money = minor("progress.penalty_booked", "currency", "Penalty that has accrued.")
    penalty_paid: Money = minor("progress.penalty_paid", "currency", "Penalty paid.")
    is_paid: bool = path("progress.is_paid", "Whether principal and interest are paid.")


def _split(name: str) -> Callable[[standing.Position], Split]:
    """Resolver of one breakdown of a position."""

    def resolver(root: standing.Position) -> Split:
        return split(root.currency, asdict(getattr(root, name)))

    return resolver


@strawberry.type(description="Where a loan stands at the beginning of a day; computed from the journal, never stored.")
class Position:
    """Presents `domain.servicing.position.Position`."""

    on: date = strawberry.field(description="The day.")
    status: standing.Status = strawberry.field(description="Where it stands.")
    due: Breakdown = made(_split("due"), "Everything that has fallen due and is unpaid.")
    overdue: Breakdown = made(_split("overdue"), "The part of it that is past grace.")
    days_past_due: int = path("dpd", "Days past due of the oldest overdue instalment (逾期天数).")
    next_due_on: date | None = strawberry.field(description="Due date of the next instalment.")
    next_due: Breakdown = made(_split("next_due"), "What falls due then.")
    outstanding: Money = minor("outstanding", "currency", "Unpaid principal, due or not (剩余本金).")
    interest_accrued: Money = minor("interest_accrued", "currency", "Interest that has accrued so far.")
    payoff: Breakdown = made(_split("payoff"), "What settles the loan on that day (提前结清).")
    overpayment: Money = minor("overpayment", "currency", "What the borrower has overpaid (溢缴款).")


def _allocation(root: recorded.Repayment) -> Split:
    """What a repayment has met."""
    return split(root.currency, root.by_component())


def _repayment_id(root: recorded.Repayment) -> strawberry.ID:
    """Global id of a repayment."""
    return strawberry.ID(global_id(REPAYMENT, root.repayment_id))


def _loan_of(root: recorded.Repayment, info: Ask) -> standing.Loan:
    """The loan of a repayment."""
    found = loan(info, root.loan_id)
    assert found is not None, "a repayment has a loan"
    return found


@strawberry.type(description="A repayment and how it was allocated.")
@presents(recorded.Repayment)
class Repayment(Node):
    """Presents `domain.servicing.queries.recorded.Repayment`."""

    id: strawberry.ID = made(_repayment_id, "Global id.")
    loan: Loan = made(_loan_of, "The loan.")
    source: repayment.Source = strawberry.field(description="Where the money came from.")
    intent: repayment.Intent = strawberry.field(description="What the payer wanted it to do.")
    paid_on: date = strawberry.field(description="Day on which it was paid; decides what it meets.")
    amount: Money = minor("amount", "currency", "The whole amount.")
    allocation: Breakdown = made(_allocation, "What it met.")
    excess: Money = minor("excess", "currency", "What was left over and waits for the next due date (溢缴款).")
    recorded_at: datetime = strawberry.field(description="When it was booked.")
    reversed_on: date | None = strawberry.field(description="Day of its reversal, when it did not happen after all.")


@strawberry.type(description="Something that happened to a loan.")
class LoanEvent:
    """Presents `domain.servicing.event.LoanEvent`."""

    kind: event.EventKind = strawberry.field(description="What happened.")
    happened_on: date = strawberry.field(description="Day in the business.")
    recorded_at: datetime = strawberry.field(description="When it became known.")


def _loan_id(root: standing.Loan) -> strawberry.ID:
    """Global id of a loan."""
    return strawberry.ID(global_id(LOAN, root.loan_id))


def _product(root: standing.Loan, info: Ask) -> Version:
    """The product version of a loan."""
    return product(info, root.product_id, root.product_version)


def _position(root: standing.Loan, info: Ask, on: On = None) -> standing.Position:
    """The position of a loan on a day: of a plain one by its tables, of a living one by its newest milestone.

    Where another field has read the whole dossier, nothing more is read.
    """
    state, day = _facts(root, info, on), info.context.day(on)
    if not state.is_living:
        return standing.position(state, on=day)
    read = cast("dict[int, Dossier | None]", info.context.known.get((LOAN, "dossier"), {}))
    if (told := read.get(root.loan_id)) is not None:
        return position_of(told, on=day)
    known = cast("dict[int, standing.Facts | None]", info.context.known[LOAN, ("facts", day)])

    def fetch(ids: list[int]) -> dict[int, standing.Position]:
        living = [one for one in ids if (met := known.get(one)) is not None and met.is_living]
        return positions(info.context.conn, loan_ids=living, on=day)

    found = info.context.load(LOAN, ("living position", day), root.loan_id, fetch)
    assert found is not None, "a loan has a position"
    return found


def _position_as_of(
    root: standing.Loan,
    info: Ask,
    value_date: Annotated[date, strawberry.argument(description="The day that is asked about.")],
    known_at: Annotated[date, strawberry.argument(description="The last day whose knowledge counts.")],
) -> standing.Position | None:
    """The position of a loan on a day, as it was known at the end of another."""
    conn = info.context.conn

    def fetch(ids: list[int]) -> dict[int, standing.Position]:
        return positions_as_of(conn, loan_ids=ids, value_on=value_date, known_on=known_at)

    return info.context.load(LOAN, ("position", value_date, known_at), root.loan_id, fetch)


def _schedule(root: standing.Loan, info: Ask, on: On = None) -> list[Planned]:
    """The schedule in force with what was paid of it until a day."""
    state, day = _facts(root, info, on), info.context.day(on)
    found = dossier(info, root.loan_id) if state.is_living else None
    lines = state.progress if found is None else progress_of(found, on=day)
    return [Planned(root.terms.currency, one) for one in lines]


def _facts(root: standing.Loan, info: Ask, on: date | None) -> standing.Facts:
    """Everything known of a loan until a day, read for all loans of the operation at once."""
    until = info.context.day(on)

    def fetch(ids: list[int]) -> dict[int, standing.Facts]:
        return facts(info.context.conn, loans_in(ids), until=until)

    found = info.context.load(LOAN, ("facts", until), root.loan_id, fetch)
    assert found is not None, "a loan has facts"
    return found


def _repayments(root: standing.Loan, info: Ask, first: First = None, after: After = None) -> Rows:
    """The repayments of a loan, oldest first."""
    cursors = info.context.cursors("Loan.repayments", loan=root.loan_id)
    conn = info.context.conn
    rows = info.context.load(LOAN, "repayments", root.loan_id, lambda ids: repayments_of(conn, ids)) or ()
    return cursors.sliced(rows, cursors.page(first=first, after=after), lambda one: (one.repayment_id,))


def _events(root: standing.Loan, info: Ask, first: First = None, after: After = None) -> Rows:
    """What happened to a loan, in the order in which it became known."""
    cursors = info.context.cursors("Loan.events", loan=root.loan_id)
    conn = info.context.conn
    rows = info.context.load(LOAN, "events", root.loan_id, lambda ids: events_of(conn, ids)) or ()
    return cursors.sliced(rows, cursors.page(first=first, after=after), lambda one: (one.event_id,))


def _statement(root: standing.Loan, info: Ask, until: On = None) -> statements.SubjectStatement:
    """Every line of a loan in the lender's book, read with those of every other loan of the operation in that book."""
    last = info.context.day(until)

    def fetch(ids: list[int]) -> dict[int, statements.SubjectStatement]:
        return statements.subject_statements(info.context.conn, book=root.book, subjects=ids, to_on=last)

    found = info.context.load(LOAN, ("statement", root.book, last), root.loan_id, fetch)
    assert found is not None, "every loan has a statement"
    return found


def _entries(root: standing.Loan, info: Ask, first: First = None, after: After = None) -> Rows:
    """The entries that touch a loan, in order of their numbers; close-of-business batches with all their lines."""
    context = info.context
    page = context.cursors("Loan.entries", loan=root.loan_id).page(first=first, after=after)
    _statement(root, info)  # with it, those of every other loan that was met

    def pages(ids: list[int]) -> dict[int, Rows]:
        known = context.known[LOAN, ("statement", root.book, context.today)]
        numbered: dict[int, Rows] = {}
        for loan_id in ids:
            statement = known.get(loan_id)
            if isinstance(statement, statements.SubjectStatement):
                cursors = context.cursors("Loan.entries", loan=loan_id)
                numbers = sorted({line.entry_id for line in statement.lines})
                numbered[loan_id] = cursors.sliced(numbers, page, lambda one: (one,))
        wanted = [node for rows in numbered.values() for node in rows.nodes if isinstance(node, int)]
        found = journal.find_many(context.conn, book=root.book, entry_ids=sorted(set(wanted)))
        meet_entries(info, found.values())
        return {
            loan_id: Rows(
                tuple(Edge(found[cast("int", edge.node)], edge.cursor) for edge in rows.edges),
                rows.page_info,
                rows.total_count,
            )
            for loan_id, rows in numbered.items()
        }

    if after is not None:  # a cursor is of one loan, so nobody else asks for the same page
        return pages([root.loan_id])[root.loan_id]
    asked = context.load(LOAN, ("entries", root.book, page.size), root.loan_id, pages)
    assert asked is not None, "every loan has a statement"
    return asked


@dataclass(frozen=True, slots=True)
class LoanStatementView:
    """The statement of a loan in one book."""

    loan: standing.Loan
    statement: statements.SubjectStatement


def _statement_view(root: standing.Loan, info: Ask, until: On = None) -> LoanStatementView:
    """The statement of a loan."""
    return LoanStatementView(root, _statement(root, info, until))


def _statement_lines(root: LoanStatementView, info: Ask, first: First = None, after: After = None) -> Rows:
    """One page of a loan's statement."""
    cursors = info.context.cursors("LoanStatement.lines", loan=root.loan.loan_id)
    page = cursors.page(first=first, after=after)
    return cursors.sliced(root.statement.lines, page, lambda one: (one.entry_id, one.line_no))


def _balances(root: LoanStatementView) -> Sequence[BalanceView]:
    """The balance of each account of a loan."""
    currency = root.loan.terms.currency
    return [
        BalanceView(root.statement.book, code, Amount(minor_units, currency))
        for code, minor_units in sorted(root.statement.closing.items())
    ]


@strawberry.type(description="Every line of a loan in the lender's book, with a running balance per account.")
class LoanStatement:
    """Presents `ledger.statements.SubjectStatement`."""

    book: int = path("statement.book", "Number of the book.")
    balances: list[AccountBalance] = made(_balances, "Balance of each account that the loan has touched.")
    lines: Connection[StatementLine] = made(_statement_lines, "Its lines, by date and number.")


@strawberry.type(description="A loan: the facts of the contract, and everything computed from the journal.")
@presents(standing.Loan)
class Loan(Node):
    """Presents `domain.servicing.position.Loan`."""

    id: strawberry.ID = made(_loan_id, "Global id.")
    product: ProductVersion = made(_product, "The product version whose parameters it has.")
    principal: Money = minor("terms.principal", "terms.currency", "Principal.")
    interest_rate_annual: Rate = path("terms.rate_annual", "Interest rate per year.")
    penalty_rate_annual: Rate = path("terms.penalty_rate_annual", "Rate per year on overdue principal.")
    term_months: int = path("terms.instalments", "Number of instalments.")
    start_on: date = path("terms.start_on", "Value date as planned (起息日).")
    method: contract.Method = path("terms.method", "Repayment method.")
    day_count: daycount.DayCount = path("terms.day_count", "Day count.")
    grace_days: int = path("terms.grace_days", "Days after a due date that are still in time.")
    service_fee: Money = minor("service_fee", "terms.currency", "What the lender owes the platform (助贷服务费).")
    position: Position = made(_position, "Where it stands on a day.")
    schedule: list[Instalment] = made(_schedule, "The schedule in force, with what was paid until a day.")
    repayments: Counted[Repayment] = made(_repayments, "Its repayments, reversed ones too, oldest first.")
    events: Counted[LoanEvent] = made(_events, "What happened to it.")
    entries: Counted[Entry] = made(_entries, "The journal entries that touch it in the lender's book.")
    statement: LoanStatement = made(_statement_view, "Its lines and balances in the lender's book until a day.")
    position_as_of: Position | None = made(
        _position_as_of, "Where it stood on a day, knowing only what was known by the end of another day."
    )
    facts: list[LoanFact] = made(
        life_facts, "What happened to it, fact by fact in booking order (事实), reversed ones too."
    )
    transactions: list[LoanTransaction] = made(
        transactions, "What has moved it, in the order of value dates, each with its split (交易明细)."
    )
    schedule_versions: list[ScheduleVersion] = made(
        schedule_versions, "Every schedule that it has had, oldest first, and why each was made."
    )
    payoff_quote: PayoffQuote | None = made(
        payoff_quote, "What settles it on a day, each amount explained (提前结清试算); nothing when nothing is owed."
    )
    disclosure: CostDisclosure | None = made(
        disclosure, "The cost disclosure of its contract (综合融资成本明示表); nothing where no yearly cost exists."
    )
    cost_paid: CostDisclosure | None = made(
        cost_paid, "The same of what was really paid, once it is settled (实际融资成本)."
    )


def loan(info: Ask, loan_id: int) -> standing.Loan | None:
    """A loan by number, read with every other loan that the operation came upon."""
    return info.context.load(LOAN, "loan", loan_id, lambda ids: loans_of(info.context.conn, ids))


def visible_loan(info: Ask, loan_id: int | None) -> standing.Loan:
    """A loan by number, or NOT_FOUND: one answer for what is not there and what the viewer may not see."""
    found = None if loan_id is None else loan(info, loan_id)
    if found is None or not info.context.viewer.sees(channel_id=found.channel_id, customer_id=found.customer_id):
        raise Fault("NOT_FOUND")
    return found


def product(info: Ask, product_id: int, version: int) -> Version:
    """A product version, read once in an operation."""
    found = info.context.load(
        f"product {product_id}",
        "version",
        version,
        lambda versions: {
            one: value
            for one in versions
            if (value := products.version(info.context.conn, product_id=product_id, version=one)) is not None
        },
    )
    assert found is not None, "contracts name published versions"
    return found
