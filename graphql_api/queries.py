"""What can be asked: each field reads once, in the one snapshot of its operation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Final
from uuid import UUID

import strawberry

from domain.collections import case
from domain.collections import queries as collections
from domain.day import queries as days
from domain.origination import queries as applications
from domain.origination import review, workflow
from domain.payment import order
from domain.payment import queries as payments
from domain.product import queries as products
from domain.reconciliation import discrepancy
from domain.reconciliation import queries as reconciliations
from domain.servicing.queries import loan as contracts
from domain.servicing.queries import proposal as proposed
from domain.servicing.queries import repayment as repayments
from graphql_api import auth
from graphql_api.auth import Role
from graphql_api.faults import Fault
from graphql_api.inputs import PreviewEntryInput
from graphql_api.posting import CheckEntryPayload, check_entry
from graphql_api.relay import Connection as Rows
from graphql_api.relay import Edge, numbers
from graphql_api.relay import PageInfo as Around
from graphql_api.scalars import BigInt
from graphql_api.servicing_changes import listed
from graphql_api.servicing_quotes import QuotePayload, SimulatePayload, quote, simulate
from graphql_api.servicing_sharing import SharePaymentPayload, share_payment
from graphql_api.types.application import (
    APPLICATION,
    TASK,
    Application,
    ReviewTask,
    meet,
    visible_application,
)
from graphql_api.types.bank import (
    DISCREPANCY,
    ORDER,
    RUN,
    Discrepancy,
    PaymentOrder,
    ReconciliationRun,
)
from graphql_api.types.book import (
    ENTRY,
    Account,
    AccountBalance,
    AccountStatement,
    BalancePoint,
    BalanceView,
    Book,
    BookView,
    Checkpoint,
    ClearingAccount,
    ClearingView,
    Entry,
    EntryPreview,
    PointView,
    StatementView,
    TrialBalance,
    meet_entries,
)
from graphql_api.types.case import CASE, CollectionCase
from graphql_api.types.day import DAY, DayRun
from graphql_api.types.field import field
from graphql_api.types.loan import LOAN, REPAYMENT, Loan, visible_loan
from graphql_api.types.proposal import PROPOSAL, LoanChangeProposal
from graphql_api.types.value import After, Ask, Connection, First, Node, On
from ledger import account as chart_account
from ledger import balances, books, journal, seal, statements
from ledger.books import ReversalStyle
from ledger.entry import EntryInvalid
from ledger.money import Money as Amount
from ledger.rule import RuleInvalid, apply

API_VERSION: Final = "1"
"""Version of the interface."""

POINTS_MAX: Final = 400
"""Points of one series of balances."""
DAYS_MAX: Final = 40 * 366
"""Days of one series of balances."""
NODES_MAX: Final = 100
"""Ids of one `nodes` field."""

BookNumber = Annotated[int, strawberry.argument(description="Number of the book.")]
AccountCode = Annotated[str, strawberry.argument(description="Code of a leaf account.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="Global id.")]
FromOn = Annotated[date | None, strawberry.argument(description="First day; the beginning of the book when absent.")]
ToOn = Annotated[date | None, strawberry.argument(description="Last day; the end of the book when absent.")]
AsOfSeq = Annotated[BigInt | None, strawberry.argument(description="Length of the log to read at; now when absent.")]


@strawberry.type(description="Who is asking.")
class Viewer:
    """Presents `auth.Viewer`."""

    subject: str = strawberry.field(description="Name of the person or machine.")
    role: Role | None = strawberry.field(description="What the viewer is to the house.")


def single(prefix: str, given: str) -> int:
    """The number of a global id of one kind; any other text is NOT_FOUND."""
    found = numbers(prefix, given)
    if found is None:
        raise Fault("NOT_FOUND")
    return found[0]


def _application(info: Ask, given: str) -> object:
    """Node of an application."""
    return visible_application(info, single(APPLICATION, given))


def _loan(info: Ask, given: str) -> object:
    """Node of a loan."""
    return visible_loan(info, single(LOAN, given))


def _repayment(info: Ask, given: str) -> object:
    """Node of a repayment: visible to whoever sees its loan."""
    found = repayments.repayment(info.context.conn, single(REPAYMENT, given))
    visible_loan(info, None if found is None else found.loan_id)
    return found


def _task(info: Ask, given: str) -> object:
    """Node of a review task."""
    return applications.review(info.context.conn, single(TASK, given))


def _order(info: Ask, given: str) -> object:
    """Node of a payment order."""
    return payments.order(info.context.conn, order_no=given.removeprefix(f"{ORDER}_"))


def _run(info: Ask, given: str) -> object:
    """Node of a reconciliation run."""
    return reconciliations.run_of(info.context.conn, run_id=single(RUN, given))


def _discrepancy(info: Ask, given: str) -> object:
    """Node of a difference."""
    return reconciliations.discrepancy_of(info.context.conn, discrepancy_id=single(DISCREPANCY, given))


def _entry(info: Ask, given: str) -> object:
    """Node of an entry."""
    found = numbers(ENTRY, given, count=2)
    if found is None:
        raise Fault("NOT_FOUND")
    return journal.find(info.context.conn, book=found[0], entry_id=found[1])


def _case(info: Ask, given: str) -> object:
    """Node of a case."""
    return visible_case(info, single(CASE, given))


def _day(info: Ask, given: str) -> object:
    """Node of the close of a date."""
    number = single(DAY, given)
    on = date.fromordinal(number) if 0 < number <= date.max.toordinal() else None
    return None if on is None else days.run_of(info.context.conn, on)


def _proposal(info: Ask, given: str) -> object:
    """Node of a proposal."""
    return proposed.proposal(info.context.conn, single(PROPOSAL, given))


def visible_case(info: Ask, case_id: int) -> case.Case:
    """A case by number, or NOT_FOUND; a collector sees the cases that are his."""
    viewer = info.context.viewer
    found = collections.case_of(info.context.conn, case_id=case_id)
    if found is None or (viewer.role is Role.COLLECTOR and found.collector != viewer.subject):
        raise Fault("NOT_FOUND")
    return found


FINDERS: Final[dict[str, tuple[str, Callable[[Ask, str], object]]]] = {
    APPLICATION: ("Application", _application),
    LOAN: ("Loan", _loan),
    REPAYMENT: ("Repayment", _repayment),
    TASK: ("ReviewTask", _task),
    ORDER: ("PaymentOrder", _order),
    RUN: ("ReconciliationRun", _run),
    DISCREPANCY: ("Discrepancy", _discrepancy),
    ENTRY: ("Entry", _entry),
    CASE: ("CollectionCase", _case),
    DAY: ("DayRun", _day),
    PROPOSAL: ("LoanChangeProposal", _proposal),
}
"""Prefix of a global id to its type and how it is found."""


def found_node(info: Ask, given: str) -> object:
    """Anything by its global id; what is not there and what the viewer may not see are the same NOT_FOUND."""
    kind = FINDERS.get(given.partition("_")[0])
    if kind is None or not info.context.may_see(kind[0]):
        raise Fault("NOT_FOUND")
    found = kind[1](info, given)
    if found is None:
        raise Fault("NOT_FOUND")
    return found


@strawberry.type(description="Everything that can be read; all of one operation is read from one snapshot.")
class Query:
    """The root of all questions."""

    @field("Version of this interface.")
    def version(self) -> str:
        """Version of this interface."""
        return API_VERSION

    @field("Who is asking.")
    def viewer(self, info: Ask) -> Viewer:
        """Who is asking."""
        return Viewer(subject=info.context.viewer.subject, role=info.context.viewer.role)

    @field("Today in the books: the business day that `on` stands for when it is absent.")
    def business_date(self, info: Ask) -> date:
        """Today in the books."""
        return info.context.today

    @field("Anything by its global id.")
    def node(self, info: Ask, id: Id) -> Node | None:  # noqa: A002 - the name that the Relay specification gives it
        """Anything by its global id."""
        return found_node(info, id)  # type: ignore[return-value]  # a value of the domain stands for its type

    @field("Many things by their global ids, in order; nothing where there is none.")
    def nodes(
        self,
        info: Ask,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, at most 100.")],
    ) -> list[Node | None]:
        """Many things by their global ids."""
        if len(ids) > NODES_MAX:
            raise Fault("INVALID_PAGE")
        loans = [found[0] for one in ids if (found := numbers(LOAN, one))]
        info.context.meet(LOAN, loans)
        info.context.meet(APPLICATION, (found[0] for one in ids if (found := numbers(APPLICATION, one))))
        return [_or_nothing(info, one) for one in ids]

    @field("An application.")
    def application(self, info: Ask, id: Id) -> Application | None:  # noqa: A002 - as `node`
        """An application."""
        return visible_application(info, single(APPLICATION, id))  # type: ignore[return-value]  # as `node`

    @field("Applications, newest first; a partner's and a borrower's own only.")
    def applications(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        stages: Annotated[
            list[workflow.Stage] | None, strawberry.argument(description="Only those that stand at one of these.")
        ] = None,
    ) -> Connection[Application]:
        """Applications, newest first."""
        viewer = info.context.viewer
        cursors = info.context.cursors("Query.applications", stages=sorted(stages or ()))
        page = cursors.page(first=first, after=after)
        rows = applications.applications(
            info.context.conn,
            first=page.size + 1,
            after_id=page.number,
            stages=stages or (),
            channel_id=viewer.channel_id,
            customer_id=viewer.customer_id,
        )
        meet(info, rows)
        return cursors.connection(rows, page, lambda one: (one.application_id,))  # type: ignore[return-value]  # as `node`

    @field("A loan.")
    def loan(self, info: Ask, id: Id) -> Loan | None:  # noqa: A002 - as `node`
        """A loan."""
        return visible_loan(info, single(LOAN, id))  # type: ignore[return-value]  # as `node`

    @field("Loans, oldest first.")
    def loans(self, info: Ask, first: First = None, after: After = None) -> Connection[Loan]:
        """Loans, oldest first."""
        cursors = info.context.cursors("Query.loans")
        page = cursors.page(first=first, after=after)
        rows = contracts.loans(info.context.conn, after=page.number or 0, limit=page.size + 1)
        info.context.meet(LOAN, (one.loan_id for one in rows))
        return cursors.connection(rows, page, lambda one: (one.loan_id,))  # type: ignore[return-value]  # as `node`

    @field("Changes of loans that wait for a second person, or have been answered, oldest first (待复核变更).")
    def loan_change_proposals(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        is_open: Annotated[
            bool | None, strawberry.argument(description="Only those that wait, or only those that were answered.")
        ] = None,
    ) -> Connection[LoanChangeProposal]:
        """Changes of loans that wait for a second person."""
        return listed(info, first=first, after=after, is_open=is_open)  # type: ignore[return-value]  # as `node`

    @field("Open work for people, oldest first.")
    def review_queue(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        stage: Annotated[workflow.Stage | None, strawberry.argument(description="Only this kind of work.")] = None,
    ) -> Connection[ReviewTask]:
        """Open work for people."""
        cursors = info.context.cursors("Query.reviewQueue", stage=stage)
        page = cursors.page(first=first, after=after)
        rows = applications.review_queue(info.context.conn, first=page.size + 1, after_id=page.number, stage=stage)
        info.context.meet(APPLICATION, (one.application_id for one in rows))
        info.context.meet(TASK, (one.task_id for one in rows))
        return cursors.connection(rows, page, _task_place)  # type: ignore[return-value]  # as `node`

    @field("An entry of the journal.")
    def entry(self, info: Ask, id: Id) -> Entry | None:  # noqa: A002 - as `node`
        """An entry."""
        found = _entry(info, id)
        if found is None:
            raise Fault("NOT_FOUND")
        return found  # type: ignore[return-value]  # as `node`

    @field("All entries of one business event, in whatever books.")
    def event_entries(
        self,
        info: Ask,
        event_id: Annotated[strawberry.ID, strawberry.argument(description="Id of the event, a UUID.")],
    ) -> list[Entry]:
        """All entries of one business event."""
        try:
            event = UUID(event_id)
        except ValueError:
            raise Fault("NOT_FOUND") from None
        found = journal.find_by_event(info.context.conn, event)
        meet_entries(info, found)
        return found  # type: ignore[return-value]  # as `node`

    @field("The books.")
    def books(self, info: Ask) -> list[Book]:
        """The books."""
        conn = info.context.conn
        known = books.books(conn)
        months = books.periods_of(conn, [one.book_id for one in known])
        return [BookView(one, months[one.book_id]) for one in known]  # type: ignore[misc]  # as `node`

    @field("The chart of accounts of a book, in order of codes.")
    def accounts(self, info: Ask, book: BookNumber) -> list[Account]:
        """The chart of accounts of a book."""
        _known_book(info, book)
        known = books.chart(info.context.conn, book)
        return [known[one] for one in sorted(known, key=lambda one: known[one].code)]  # type: ignore[misc]  # as `node`

    @field("Trial balance of a book (试算平衡表).")
    def trial_balance(  # noqa: PLR0917 - the executor passes arguments by name
        self,
        info: Ask,
        book: BookNumber,
        from_on: FromOn = None,
        to_on: ToOn = None,
        as_of_seq: AsOfSeq = None,
        level: Annotated[
            int | None, strawberry.argument(description="Roll accounts up to this depth of the chart.")
        ] = None,
        by: Annotated[
            list[statements.Dimension] | None, strawberry.argument(description="Split rows by these dimensions.")
        ] = None,
        style: Annotated[
            ReversalStyle | None, strawberry.argument(description="How reversals are shown; the book's own.")
        ] = None,
    ) -> TrialBalance:
        """Trial balance of a book."""
        _known_book(info, book)
        if level is not None and level < 1:
            raise Fault("INPUT_INVALID", reason="level")
        return statements.trial_balance(  # type: ignore[return-value]  # as `node`
            info.context.conn,
            book=book,
            from_on=from_on or statements.BEGINNING,
            to_on=to_on or statements.END,
            as_of_seq=as_of_seq,
            level=level,
            by=by or (),
            style=style,
        )

    @field("Balance of an account; now, or up to a day.")
    def account_balance(
        self, info: Ask, book: BookNumber, account: AccountCode, on: On = None, as_of_seq: AsOfSeq = None
    ) -> AccountBalance:
        """Balance of an account."""
        currency = _known_account(info, book, account).currency
        conn = info.context.conn
        if on is None and as_of_seq is None:
            found = balances.balance_now(conn, book=book, account=account)
        else:
            pinned = (2**63 - 1) if as_of_seq is None else as_of_seq
            until = on or statements.END
            found = balances.balance_at(conn, book=book, account=account, on=until, as_of_seq=pinned)
        return BalanceView(book, account, Amount(found, currency))  # type: ignore[return-value]  # as `node`

    @field("Statement of an account (明细账) between two days, both included.")
    def account_statement(  # noqa: PLR0917 - the executor passes arguments by name
        self,
        info: Ask,
        book: BookNumber,
        account: AccountCode,
        from_on: FromOn = None,
        to_on: ToOn = None,
        as_of_seq: AsOfSeq = None,
        first: First = None,
        after: After = None,
    ) -> AccountStatement:
        """Statement of an account."""
        _known_book(info, book)
        cursors = info.context.cursors(
            "Query.accountStatement", book=book, account=account, from_on=from_on, to_on=to_on, as_of_seq=as_of_seq
        )
        page = cursors.page(first=first, after=after)
        found = statements.account_statement(
            info.context.conn,
            book=book,
            account=account,
            from_on=from_on or statements.BEGINNING,
            to_on=to_on or statements.END,
            as_of_seq=as_of_seq,
            after=page.text,
            first=page.size,
        )
        if found is None:
            raise Fault("NOT_FOUND")
        edges = tuple(Edge(line, cursors.seal((line.cursor,))) for line in found.lines)
        around = Around(
            has_next_page=found.has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return StatementView(found, Rows(edges, around))  # type: ignore[return-value]  # as `node`

    @field("Balances of an account from day to day, month to month …, pinned at a length of the log; at most 400.")
    def balances_during(  # noqa: PLR0917 - the executor passes arguments by name
        self,
        info: Ask,
        book: BookNumber,
        account: AccountCode,
        from_on: Annotated[date, strawberry.argument(description="First day.")],
        to_on: Annotated[date, strawberry.argument(description="Last day.")],
        granularity: Annotated[
            statements.Granularity, strawberry.argument(description="Length of the stretches of time.")
        ] = statements.Granularity.MONTH,
        as_of_seq: AsOfSeq = None,
    ) -> list[BalancePoint]:
        """Balances of an account over time."""
        if not 0 <= (to_on - from_on).days < DAYS_MAX:
            raise Fault("INPUT_INVALID", reason="fromOn, toOn")
        if len(statements.stretches(from_on, to_on, granularity)) > POINTS_MAX:
            raise Fault("INPUT_INVALID", reason="granularity")
        currency = _known_account(info, book, account).currency
        found = statements.balances_during(
            info.context.conn,
            book=book,
            account=account,
            from_on=from_on,
            to_on=to_on,
            granularity=granularity,
            as_of_seq=as_of_seq,
        )
        return [PointView(currency, one) for one in found]  # type: ignore[misc]  # as `node`

    @field("Accounts that ought to come back to zero, with what is left on them and since when.")
    def clearing_accounts(
        self,
        info: Ask,
        book: BookNumber,
        accounts: Annotated[
            list[str] | None,
            strawberry.argument(description="Codes of leaf accounts; when absent, those of the common class (共同类)."),
        ] = None,
    ) -> list[ClearingAccount]:
        """Accounts that ought to come back to zero."""
        _known_book(info, book)
        chart = {one.code: one for one in books.chart(info.context.conn, book).values() if one.postable}
        common = [one.code for one in chart.values() if one.account_class is chart_account.AccountClass.COMMON]
        found = balances.residuals(info.context.conn, book=book, accounts=common if accounts is None else accounts)
        return [ClearingView(chart[one.account], one) for one in found if one.account in chart]  # type: ignore[misc]  # as `node`

    @field("Signed heads of a book's log, the largest first.")
    def checkpoints(
        self, info: Ask, book: BookNumber, first: First = None, after: After = None
    ) -> Connection[Checkpoint]:
        """Checkpoints of a book."""
        _known_book(info, book)
        cursors = info.context.cursors("Query.checkpoints", book=book)
        page = cursors.page(first=first, after=after)
        rows = seal.checkpoints(info.context.conn, book=book, first=page.size + 1, below=page.number)
        return cursors.connection(rows, page, lambda one: (one.size,))  # type: ignore[return-value]  # as `node`

    @field("A payment order by our number.")
    def payment_order(
        self, info: Ask, order_no: Annotated[str, strawberry.argument(description="Our number of the order.")]
    ) -> PaymentOrder | None:
        """A payment order."""
        found = payments.order(info.context.conn, order_no=order_no)
        if found is None:
            raise Fault("NOT_FOUND")
        return found  # type: ignore[return-value]  # as `node`

    @field("Payment orders, newest first.")
    def payment_orders(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        state: Annotated[order.State | None, strawberry.argument(description="Only those in this state.")] = None,
        kind: Annotated[order.Kind | None, strawberry.argument(description="Only this kind.")] = None,
        business_on: Annotated[date | None, strawberry.argument(description="Only those of this day.")] = None,
    ) -> Connection[PaymentOrder]:
        """Payment orders."""
        cursors = info.context.cursors("Query.paymentOrders", state=state, kind=kind, business_on=business_on)
        page = cursors.page(first=first, after=after)
        rows = payments.page(
            info.context.conn,
            first=page.size + 1,
            after=page.text,
            state=state,
            kind=kind,
            business_on=business_on,
        )
        info.context.meet(ORDER, (one.order_no for one in rows))
        return cursors.connection(rows, page, lambda one: (one.order_no,))  # type: ignore[return-value]  # as `node`

    @field("Reconciled files of the bank, newest first.")
    def reconciliation_runs(self, info: Ask, first: First = None, after: After = None) -> Connection[ReconciliationRun]:
        """Reconciled files."""
        cursors = info.context.cursors("Query.reconciliationRuns")
        page = cursors.page(first=first, after=after)
        rows = reconciliations.runs(info.context.conn, first=page.size + 1, after=page.number)
        info.context.meet(RUN, (one.run_id for one in rows))
        return cursors.connection(rows, page, lambda one: (one.run_id,))  # type: ignore[return-value]  # as `node`

    @field("Differences between the bank's files and our orders, oldest first.")
    def discrepancies(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        kind: Annotated[discrepancy.Class | None, strawberry.argument(description="Only this class.")] = None,
        open_only: Annotated[bool, strawberry.argument(description="Only those that still wait.")] = False,  # noqa: FBT002 - an argument of the schema has a name
    ) -> Connection[Discrepancy]:
        """Differences."""
        cursors = info.context.cursors("Query.discrepancies", kind=kind, open_only=open_only)
        page = cursors.page(first=first, after=after)
        rows = reconciliations.discrepancies(
            info.context.conn, first=page.size + 1, after=page.number, kind=kind, open_only=open_only
        )
        return cursors.connection(rows, page, lambda one: (one.discrepancy_id,))  # type: ignore[return-value]  # as `node`

    @field("The close of a business date (日终): how far it has come.")
    def day_run(
        self, info: Ask, on: Annotated[date, strawberry.argument(description="The business date.")]
    ) -> DayRun | None:
        """The close of a date."""
        found = days.run_of(info.context.conn, on)
        if found is None:
            raise Fault("NOT_FOUND")
        return found  # type: ignore[return-value]  # as `node`

    @field("Closes of business dates, the latest first.")
    def day_runs(self, info: Ask, first: First = None, after: After = None) -> Connection[DayRun]:
        """Closes of dates."""
        cursors = info.context.cursors("Query.dayRuns")
        page = cursors.page(first=first, after=after)
        before = None if page.number is None else date.fromordinal(page.number)
        rows = days.runs(info.context.conn, first=page.size + 1, before=before)
        return cursors.connection(rows, page, lambda one: (one.business_on.toordinal(),))  # type: ignore[return-value]  # as `node`

    @field("A case of collections; a collector's own only.")
    def collection_case(self, info: Ask, id: Id) -> CollectionCase | None:  # noqa: A002 - as `node`
        """A case."""
        return visible_case(info, single(CASE, id))  # type: ignore[return-value]  # as `node`

    @field("Cases of collections, newest first; a collector's own only.")
    def collection_cases(
        self,
        info: Ask,
        first: First = None,
        after: After = None,
        open_only: Annotated[bool, strawberry.argument(description="Only those that have not ended.")] = False,  # noqa: FBT002 - as `discrepancies`
    ) -> Connection[CollectionCase]:
        """Cases of collections."""
        viewer = info.context.viewer
        cursors = info.context.cursors("Query.collectionCases", open_only=open_only, of=_collector(viewer))
        page = cursors.page(first=first, after=after)
        rows = collections.cases(
            info.context.conn,
            first=page.size + 1,
            after=page.number,
            open_only=open_only,
            collector=_collector(viewer),
        )
        info.context.meet(LOAN, (one.loan_id for one in rows))
        info.context.meet(CASE, (one.case_id for one in rows))
        return cursors.connection(rows, page, lambda one: (one.case_id,))  # type: ignore[return-value]  # as `node`

    @field("The entry that a posting rule of a product renders of amounts; posts nothing.")
    def preview_entry(
        self,
        info: Ask,
        input: Annotated[PreviewEntryInput, strawberry.argument(description="The event.")],  # noqa: A002 - named like the input of a mutation
    ) -> EntryPreview:
        """The entry that a posting rule renders."""
        product = products.effective(info.context.conn, code=input.product_code, on=input.effective_on)
        if product is None:
            raise Fault("NOT_FOUND")
        rule = product.posting_rules.get(input.event)
        if rule is None:
            raise Fault("INPUT_INVALID", reason=f"event: {input.event}")
        if any(one.amount.currency != product.currency for one in input.amounts):
            raise Fault("INPUT_INVALID", reason=f"amounts.currency: {product.currency}")
        amounts = {one.component: one.amount.money.minor for one in input.amounts}
        if len(amounts) < len(input.amounts):
            raise Fault("INPUT_INVALID", reason="amounts.component")
        try:
            entry = apply(
                rule,
                amounts,
                book=product.platform_book if input.event.in_platform_book else product.lender_book,
                currency=product.currency,
                effective_on=input.effective_on,
                source="preview",
                key="preview",
                actor=info.context.viewer.subject,
            )
        except (RuleInvalid, EntryInvalid) as why:
            raise Fault("INPUT_INVALID", reason=str(why)) from None
        return EntryPreview(book=entry.book, kind=entry.kind, lines=entry.lines)  # type: ignore[arg-type]  # as `node`

    quote: object = strawberry.field(
        resolver=quote,
        graphql_type=QuotePayload,
        description="Try the terms of a loan (试算): its plan, its costs, and why each amount is what it is.",
    )
    simulate: object = strawberry.field(
        resolver=simulate,
        graphql_type=SimulatePayload,
        description="Play dated steps on a loan (情景演算), as `zhudai simulate` does; nothing is touched.",
    )
    share_payment: object = strawberry.field(
        resolver=share_payment,
        graphql_type=SharePaymentPayload,
        description="Share one payment among loans of a borrower (清偿抵充), for `repayLoans`; nothing is booked.",
    )
    check_entry: object = strawberry.field(
        resolver=check_entry,
        graphql_type=CheckEntryPayload,
        description="Try an entry written by hand: every check of the books is made, and everything taken back.",
    )


def _collector(viewer: auth.Viewer) -> str | None:
    """The collector whose cases alone are seen, if the viewer is one."""
    return viewer.subject if viewer.role is Role.COLLECTOR else None


def _task_place(task: review.ReviewTask) -> tuple[int]:
    """Place of a task in the queue."""
    return (task.task_id,)


def _or_nothing(info: Ask, given: str) -> Node | None:
    """A node, or nothing where there is none for this viewer."""
    try:
        return found_node(info, given)  # type: ignore[return-value]  # a value of the domain stands for its type
    except Fault:
        return None


def _known_book(info: Ask, book: int) -> None:
    """Refuse a book that does not exist."""
    if all(one.book_id != book for one in books.books(info.context.conn)):
        raise Fault("NOT_FOUND")


def _known_account(info: Ask, book: int, code: str) -> chart_account.Account:
    """An account of a book, or NOT_FOUND."""
    found = next((one for one in books.chart(info.context.conn, book).values() if one.code == code), None)
    if found is None:
        raise Fault("NOT_FOUND")
    return found
