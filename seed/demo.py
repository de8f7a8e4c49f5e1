"""The demonstration: the thousand applications of the German set, lived in for a year, through the product's own code.

Every application arrives as a signed channel message; is decided by the trained model and the decision tables; is
reviewed when referred; is disbursed through the sandbox bank; is repaid, or not, as its real label has it. The business
date steps from day to day: messages, approval, payments, collections, questions about what the bank has not answered,
close of business, and on the next morning reconciliation against the bank's file.

What is simulated is named in docs/decisions/0042. Running it again continues after the last closed day, or does
nothing: every key is made of the row and the date, and every draw of (seed, row).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from domain.calendar import add_months
from domain.channel import operations as channels
from domain.channel.envelope import Json
from domain.channel.operations import BEIJING
from domain.channel.reply import Reply
from domain.channel.signature import message
from domain.command import Command, Transactions
from domain.day import operations as days
from domain.day import queries as day_reads
from domain.origination import operations as origination
from domain.origination import queries as applications
from domain.origination.application import Application
from domain.origination.operations import BankAnswers, Requested, Reviewed
from domain.origination.queries import PAGE_MAX, CustomerCards
from domain.origination.repayment import Origin, RequestRepayment
from domain.origination.review import Finding, Reason, ReviewDecision
from domain.origination.workflow import Stage, Worker
from domain.payment import operations as payments
from domain.payment import queries as orders
from domain.payment.gateway import Channel, Gateway
from domain.payment.operations import Recorded
from domain.payment.order import Kind, PaymentOrder
from domain.product.accounting import Event
from domain.reconciliation import operations as reconciliation
from domain.reconciliation.operations import Reconciled, Settlement
from domain.reconciliation.statement_file import SANDBOX_DAY_FILE
from domain.servicing.position import Disbursement, Position
from domain.servicing.queries import fact as loan_facts
from domain.servicing.queries.loan import loans_in
from domain.servicing.queries.position import positions
from domain.servicing.repayment import Intent
from ledger import journal, sequencer
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.money import Money
from seed import behaviour, german, messages
from seed.behaviour import Habit, Intention, Way
from seed.chart import CURRENCY, LENDER_BOOK, PLATFORM_BOOK
from seed.german import GermanApplication
from seed.office import Office, open_office
from seed.parties import APP_ID

BEGIN = date(2025, 1, 6)
"""First business date."""
MONTHS = 12
"""Months that the portfolio is lived in."""
END = add_months(BEGIN, MONTHS) - timedelta(days=1)
"""Last business date."""
CAPITAL = 3_000_000_00
"""What the lender's owners pay in on the first day, minor units."""
ARRIVAL_DAYS = 90
"""Applications arrive within so many days, so that the loans have various ages."""
BATCH = 25
"""Messages or applications in one transaction."""

REVIEWERS = ("underwriter-1", "underwriter-2")
MACHINE = "approval-engine"
BORROWER = "borrower"

TROUBLE: Mapping[int, str] = {
    3: "9001",
    17: "9004",
    31: "9005",
    47: "9006",
    59: "9012",
    71: "9002",
    83: "9010",
}
"""Rows (modulo 100) whose card asks the sandbox bank for trouble: invalid, late, lost, refused, torn."""
RARE_TROUBLE: Mapping[int, str] = {111: "9007", 222: "9008", 333: "9009"}
"""Single rows: one fen too much, processing for ever, request lost."""

T = TypeVar("T")


class DayFile(Protocol):
    """A bank's file of a date, or the code that came instead."""

    @property
    def body(self) -> bytes | None:
        """The file as it came."""


class Bank(Gateway, Protocol):
    """The sandbox bank as the demonstration speaks to it."""

    def day_file(self, business_on: date) -> DayFile:
        """The file of a date."""

    def script(self, *, behaviour: str, order_no: str | None = None, card_suffix: str | None = None) -> bool:
        """Ask for a behaviour."""


Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Where the demonstration stands after a run."""

    begin: date
    end: date
    days_run: int
    """Business dates that this run has worked; nought when everything was there already."""
    messages_refused: tuple[str, ...]
    """Codes of messages that were refused."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def load(
    db: Transactions,
    *,
    bank: Bank,
    seed: int = 1,
    limit: int | None = None,
    days_max: int | None = None,
    progress: Progress = silent,
) -> Loaded:
    """Load the demonstration, or continue it: `limit` applications over twelve months, `days_max` days in this run."""
    progress("model", 0, 1)
    office = db.run(open_office)
    progress("model", 1, 1)
    db.run(_pay_in_capital)
    rows = german.applications()[:limit]
    year = Year(db=db, office=office, bank=bank, seed=seed, rows=rows)
    closed = db.run(day_reads.last_closed)
    first = BEGIN if closed is None else closed + timedelta(days=1)
    total = min((END - first).days + 1, 10_000 if days_max is None else days_max)
    if total > 0:
        year.recall()
    for number in range(max(total, 0)):
        year.live(first + timedelta(days=number))
        progress("day", number + 1, total)
    return Loaded(begin=BEGIN, end=END, days_run=max(total, 0), messages_refused=tuple(year.refused))


def _pay_in_capital(conn: Connection) -> None:
    """Give the lender money to lend, once: its owners pay in more than the thousand ask for."""
    lines = (Line("1002.01", Side.DEBIT, CAPITAL, CURRENCY), Line("4001", Side.CREDIT, CAPITAL, CURRENCY))
    paid_in = Entry(
        book=LENDER_BOOK,
        source="demo",
        key="capital",
        kind="CAPITAL_PAID_IN",
        effective_on=BEGIN,
        lines=lines,
        actor="treasurer",
    )
    (verdict,) = journal.append(conn, [paid_in])
    assert not isinstance(verdict, journal.Refused), verdict


def is_complete(conn: Connection) -> bool:
    """Whether the whole year has been lived."""
    closed = day_reads.last_closed(conn)
    return closed is not None and closed >= END


def arrival(row: int, *, seed: int) -> date:
    """The day on which a row's application arrives."""
    return BEGIN + timedelta(days=Random(f"arrival/{seed}/{row}").randrange(ARRIVAL_DAYS))


def card_suffix(row: int) -> str | None:
    """The last four digits of a row's card, where it is meant to make trouble."""
    return RARE_TROUBLE.get(row) or TROUBLE.get(row % 100)


def instant(on: date, hour: int, minute: int = 0) -> datetime:
    """An instant of a business date by the clock of Beijing."""
    return datetime.combine(on, time(hour, minute), BEIJING).astimezone(UTC)


@dataclass(slots=True, kw_only=True)
class Year:
    """The simulation: what it remembers of borrowers between days can be made again from the database (`recall`)."""

    db: Transactions
    office: Office
    bank: Bank
    seed: int
    rows: Sequence[GermanApplication]
    refused: list[str] = field(default_factory=list)
    by_number: dict[str, GermanApplication] = field(init=False)
    arrivals: dict[date, list[GermanApplication]] = field(default_factory=dict)
    calendar: dict[date, list[tuple[int, Intention]]] = field(default_factory=dict)
    """What borrowers mean to pay, by day: (loan, intention)."""
    habits: dict[int, Habit] = field(default_factory=dict)
    """Habit of each running loan."""

    def __post_init__(self) -> None:
        """Spread the applications over the days of arrival."""
        self.by_number = {messages.application_no(one): one for one in self.rows}
        for one in self.rows:
            self.arrivals.setdefault(arrival(one.row, seed=self.seed), []).append(one)

    def recall(self) -> None:
        """Make the memory of borrowers again from the database, after an interruption."""
        page = self.db.run(_disbursed_before(None))
        while page:
            self._remember(page)
            page = self.db.run(_disbursed_before(page[-1].application_id))

    def live(self, on: date) -> None:
        """One business date, from the bank's file of the day before to the close."""
        self._reconcile(on - timedelta(days=1), today=on)
        self._receive(on)
        self._approve(on)
        self._pay(on)
        self._collect(on)
        self._ask_again(on)
        self._close(on)

    # --- morning: the bank's file of yesterday -----------------------------------------------------------------------

    def _reconcile(self, business_on: date, *, today: date) -> None:
        """T+1: match yesterday's file, let it decide what is unknown, book the settlement."""
        if business_on < BEGIN:
            return
        raw = self.bank.day_file(business_on).body
        assert raw is not None, f"the bank gives its file of {business_on}"
        rule = self.office.parties.product.posting_rules[Event.CHANNEL_SETTLED]
        parties = self.office.parties
        dims = Dimensions(party=parties.partner_id, scheme=parties.product.product_id, channel=parties.channel_id)
        settlement = Settlement(book=LENDER_BOOK, rule=rule, effective_on=today, dims=dims)
        command = self._command(f"reconcile/{business_on}", at=instant(today, 7))

        def work(conn: Connection) -> object:
            return reconciliation.reconcile(
                conn,
                raw=raw,
                profile=SANDBOX_DAY_FILE,
                business_on=business_on,
                settlement=settlement,
                command=command,
                effect=BankAnswers(on=today, command=command),
            )

        answer = self.db.run(work)
        assert isinstance(answer, Reconciled), f"the file of {business_on} is taken: {answer}"
        self._disbursed(answer.resolved)

    # --- messages and approval ---------------------------------------------------------------------------------------

    def _receive(self, on: date) -> None:
        """S1, S2: the day's messages, signed and sent as a partner would."""
        for batch in _batches(self.arrivals.get(on, ()), BATCH):
            raws = [self._application_message(one, on) for one in batch]
            self._deliver(raws, on)

    def _application_message(self, one: GermanApplication, on: date) -> tuple[bytes, datetime]:
        at = instant(on, 9) + timedelta(seconds=one.row)
        borrower = messages.applicant(one, on=on, seed=self.seed, card_suffix=card_suffix(one.row))
        raw = message(
            messages.content(one, borrower, on=on),
            app_id=APP_ID,
            api_name="credit.apply",
            request_no=f"RQ-{one.row:05d}",
            nonce=f"apply-{self.seed}-{one.row:05d}-{on}",
            timestamp=at,
            key=self.office.parties.key,
        )
        return raw, at

    def _deliver(self, raws: Sequence[tuple[bytes, datetime]], on: date) -> list[Reply]:
        """Give messages to the channel, in one transaction; each is taken or refused by itself."""
        handlers, vault = self.office.handlers, self.office.vault

        def work(conn: Connection) -> list[Reply]:
            return [channels.receive(conn, raw, received_at=at, vault=vault, handlers=handlers) for raw, at in raws]

        replies = self.db.run(work)
        self.refused += [f"{on} {one.code}" for one in replies if one.refusal is not None]
        return replies

    def _approve(self, on: date) -> None:
        """S3: the flow's machine stages, the review of what is referred, and the borrowers' answers to their offers."""
        self._walk(on)
        while self._review(on):
            pass
        self._accept(on)

    def _walk(self, on: date) -> None:
        command = self._command(f"walk/{on}", at=instant(on, 10))
        ids = self.db.run(applications.pending)
        for batch in _batches(ids, BATCH):

            def work(conn: Connection, batch: Sequence[int] = batch) -> None:
                for one in batch:
                    origination.advance_until_waiting(conn, one, desk=self.office.desk, on=on, command=command)

            self.db.run(work)

    def _review(self, on: date) -> int:
        """Every reviewer looks at the queue once; how many conclusions were reached."""
        tasks = self.db.run(lambda conn: applications.review_queue(conn, first=100))

        def work(conn: Connection) -> int:
            found = applications.applications_by_id(conn, [task.application_id for task in tasks])
            concluded = 0
            for task in tasks:
                one = self.by_number[found[task.application_id].channel_application_no]
                approves = behaviour.reviewer_approves(seed=self.seed, row=one.row, bad=one.bad)
                for reviewer in REVIEWERS[: task.approvals_required]:
                    answer = origination.review(
                        conn,
                        task_id=task.task_id,
                        decision=_conclusion(task.stage, reviewer, approves=approves),
                        desk=self.office.desk,
                        on=on,
                        command=self._command(f"review/{task.task_id}", at=instant(on, 11), actor=reviewer),
                    )
                    concluded += isinstance(answer, Reviewed) and answer.is_concluded
                    if not approves:
                        break
            return concluded

        return self.db.run(work) if tasks else 0

    def _accept(self, on: date) -> None:
        """Borrowers read the cost disclosure and accept; who was refused by the bank gives up."""
        ids = self.db.run(lambda conn: applications.pending(conn, worker=Worker.BORROWER))
        for batch in _batches(ids, BATCH):

            def work(conn: Connection, batch: Sequence[int] = batch) -> None:
                for one in applications.applications_by_id(conn, batch).values():
                    self._answer_offer(conn, one, on)

            self.db.run(work)

    def _answer_offer(self, conn: Connection, one: Application, on: date) -> None:
        command = self._command(f"offer/{one.application_id}", at=instant(on, 12), actor=BORROWER)
        if one.stage is Stage.DISBURSE_FAILED:
            reasons = ("BORROWER_GIVES_UP",)
            origination.cancel(conn, application_id=one.application_id, reasons=reasons, on=on, command=command)
            return
        made = applications.offer(conn, one.application_id)
        assert made is not None, "an application at OFFER has an offer"
        origination.accept_offer(
            conn,
            application_id=one.application_id,
            disclosure_hash=made.disclosure_hash,
            read_seconds=10 + one.application_id % 50,
            desk=self.office.desk,
            on=on,
            command=command,
        )

    # --- money -------------------------------------------------------------------------------------------------------

    def _pay(self, on: date) -> None:
        """S4: check the cards, then pay out; an answer that comes moves its application in the same transaction."""
        for kind in (Kind.CARD_CHECK, Kind.DISBURSEMENT):
            self._dispatch(kind, on, at=instant(on, 13))

    def _dispatch(self, kind: Kind, on: date, *, at: datetime) -> None:
        waiting = self.db.run(lambda conn: orders.waiting(conn, kind=kind))
        if not waiting:
            return
        command = self._command(f"dispatch/{kind}/{on}", at=at)
        sent = payments.dispatch(
            self.db,
            Channel(gateway=self.bank),
            CustomerCards(self.office.vault),
            waiting,
            command=command,
            effect=BankAnswers(on=on, command=command),
        )
        self._disbursed(sent)

    def _collect(self, on: date) -> None:
        """S21 to S23: what falls due is debited, what borrowers pay in the app comes as a message."""
        meant = self.calendar.pop(on, [])
        if not meant:
            return
        positions = self._positions([loan_id for loan_id, _ in meant], on)
        running = [(loan_id, one) for loan_id, one in meant if _amount(positions[loan_id], one) > 0]
        self._ask_by_lender(running, positions, on)
        self._ask_by_app(running, positions, on)
        self._script_failures(running, on)
        self._dispatch(Kind.COLLECTION, on, at=instant(on, 15))

    def _positions(self, loan_ids: Sequence[int], on: date) -> dict[int, Position]:
        ids = list(dict.fromkeys(loan_ids))
        return self.db.run(lambda conn: positions(conn, loan_ids=ids, on=on))

    def _ask_by_lender(
        self, meant: Sequence[tuple[int, Intention]], positions: Mapping[int, Position], on: date
    ) -> None:
        """S21b: 批量代扣 on the due date."""
        wishes = [
            RequestRepayment(
                business_no=f"DUE:{loan_id}:{one.no}:{on}",
                origin=Origin.DUE_DATE,
                loan_id=loan_id,
                amount=Money(_amount(positions[loan_id], one), positions[loan_id].currency),
                requested_on=on,
                instalment_nos=(one.no,),
            )
            for loan_id, one in meant
            if one.way is Way.COLLECTION
        ]
        command = self._command(f"collect/{on}", at=instant(on, 14))
        if wishes:
            asked = self.db.run(lambda conn: origination.request_repayments(conn, wishes, command=command))
            assert all(isinstance(one, Requested) for one in asked), f"a running loan can be collected: {asked}"

    def _ask_by_app(self, meant: Sequence[tuple[int, Intention]], positions: Mapping[int, Position], on: date) -> None:
        """S21a: the channel's app sends the repayment as a signed message."""
        raws = [
            self._repay_message(loan_id, one, Money(_amount(positions[loan_id], one), "CNY"), on)
            for loan_id, one in meant
            if one.way is Way.CHANNEL
        ]
        for batch in _batches(raws, BATCH):
            self._deliver(batch, on)

    def _repay_message(self, loan_id: int, one: Intention, amount: Money, on: date) -> tuple[bytes, datetime]:
        at = instant(on, 14, 30)
        number = f"RP-{loan_id}-{one.no}-{on:%Y%m%d}"
        content: dict[str, Json] = {
            "repayNo": number,
            "loanNo": f"{channels.LOAN_PREFIX}{loan_id}",
            "amount": str(amount),
            "currency": amount.currency,
            "repayType": (Intent.SETTLE if one.settles else Intent.DUE).value,
            "repayPlan": [{"termNo": one.no}],
        }
        raw = message(
            content,
            app_id=APP_ID,
            api_name="repay.apply",
            request_no=f"RQ-{number}",
            nonce=f"repay-{self.seed}-{number}",
            timestamp=at,
            key=self.office.parties.key,
        )
        return raw, at

    def _script_failures(self, meant: Sequence[tuple[int, Intention]], on: date) -> None:
        """Tell the bank whose balance is short today."""
        empty = {loan_id for loan_id, one in meant if one.fails}
        if not empty:
            return
        for order in self.db.run(lambda conn: self._waiting_of(conn, empty)):
            assert self.bank.script(behaviour="BALANCE_SHORT", order_no=order.order_no), f"{on}: the bank is scripted"

    @staticmethod
    def _waiting_of(conn: Connection, loan_ids: set[int]) -> list[PaymentOrder]:
        """Unsent collections of some loans."""
        waiting = orders.orders(conn, order_nos=orders.waiting(conn, kind=Kind.COLLECTION))
        numbers = {origination.repayment_of(order): order for order in waiting}
        found = applications.repayment_requests(conn, request_ids=[one for one in numbers if one is not None])
        return [numbers[one.request_id] for one in found.values() if one.wish.loan_id in loan_ids]

    def _ask_again(self, on: date) -> None:
        """Evening: ask what became of orders without an answer, until the ladder and the settling time have passed."""
        for hour in (17, 19, 21):
            at = instant(on, hour)
            command = self._command(f"query/{on}/{hour}", at=at)
            heard = payments.resolve_unknown(
                self.db,
                Channel(gateway=self.bank),
                at=at,
                on=on,
                command=command,
                effect=BankAnswers(on=on, command=command),
            )
            self._disbursed(heard)
            if not heard:
                return

    def _close(self, on: date) -> None:
        """日终: number what was posted, accrue, move what is due and overdue, age, open cases."""
        closed = days.close_day(self.db, on, command=self._command(f"close/{on}", at=instant(on, 23)))
        assert isinstance(closed, days.Closed), f"{on} can be closed: {closed}"
        for book in (LENDER_BOOK, PLATFORM_BOOK):
            self.db.run(_drained(book))

    # --- memory ------------------------------------------------------------------------------------------------------

    def _disbursed(self, changed: Sequence[Recorded]) -> None:
        """Draw the habits of borrowers whose money has arrived."""
        ids = [
            number
            for one in changed
            if one.changed
            and one.order.kind is Kind.DISBURSEMENT
            and (number := origination.application_of(one.order)) is not None
        ]
        if ids:
            found = self.db.run(lambda conn: applications.applications_by_id(conn, ids))
            self._remember([one for one in found.values() if one.stage is Stage.DISBURSED])

    def _remember(self, disbursed: Sequence[Application]) -> None:
        """Write what the borrowers mean to do into the calendar."""
        known = {one.loan_id: one for one in disbursed if one.loan_id is not None and one.loan_id not in self.habits}
        if not known:
            return
        facts = self.db.run(lambda conn: loan_facts.facts(conn, loans_in(list(known))))
        for loan_id, found in facts.items():
            if found.disbursement is not Disbursement.SUCCEEDED:
                continue
            row = self.by_number[known[loan_id].channel_application_no]
            habit = behaviour.habit(seed=self.seed, row=row.row, bad=row.bad, term_months=row.term_months)
            self.habits[loan_id] = habit
            for progress in found.progress:
                for intention in behaviour.intentions(habit, progress.instalment):
                    self.calendar.setdefault(intention.on, []).append((loan_id, intention))

    def _command(self, key: str, *, at: datetime, actor: str = MACHINE) -> Command:
        return Command(actor=actor, key=f"demo/{key}", received_at=at)


def _disbursed_before(after: int | None) -> Callable[[Connection], tuple[Application, ...]]:
    """A page of applications that became loans."""
    return lambda conn: applications.applications(conn, first=PAGE_MAX, after_id=after, stages=[Stage.DISBURSED])


def _drained(book: int) -> Callable[[Connection], int]:
    """Number everything that waits in a book."""
    return lambda conn: sequencer.drain(conn, book)


def _conclusion(stage: Stage, reviewer: str, *, approves: bool) -> ReviewDecision:
    """What a reviewer writes down."""
    if stage is Stage.PHONE_CHECK:
        reason = Reason.PHONE_PASSED if approves else Reason.PHONE_NOT_REACHED
    else:
        reason = Reason.HISTORY_ACCEPTABLE if approves else Reason.INCOME_INSUFFICIENT
    finding = Finding.APPROVE if approves else Finding.REJECT
    return ReviewDecision(reviewer=reviewer, finding=finding, reasons=(reason,))


def _amount(position: Position, one: Intention) -> int:
    """What a borrower pays, minor units: a share of what is due, the next instalment when nothing is, or everything."""
    if one.settles:
        return position.payoff.total
    due = position.due.total or position.next_due.total
    return max(due * one.per_mille // 1000, min(due, 1))


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))
