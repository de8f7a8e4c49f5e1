"""Reads of origination: one application, many, a page, its steps, the work list, the review queue, its offer."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.origination.application import Application, Link, feature_restored
from domain.origination.repayment import Origin, RepaymentRequest, RequestRepayment
from domain.origination.review import Finding, Reason, ReviewDecision, ReviewTask
from domain.origination.tables import (
    application as application_table,
)
from domain.origination.tables import (
    application_account,
    application_link,
    application_loan,
    application_stage,
    application_state,
    offer_acceptance,
    review_decision,
    review_task,
)
from domain.origination.tables import (
    offer as offer_table,
)
from domain.origination.tables import (
    repayment_request as repayment_request_table,
)
from domain.origination.workflow import WORKERS, Mark, Stage, State, Transition, Verdict, Worker
from domain.party import queries as parties
from domain.party.tables import bank_account
from domain.party.vault import Vault
from domain.payment.order import Card
from domain.servicing.repayment import Intent
from ledger.money import Money

PAGE_MAX = 200
"""Most rows of one page."""

_loan = (
    select(application_loan.c.loan_id)
    .where(application_loan.c.application_id == application_table.c.application_id)
    .order_by(application_loan.c.attempt.desc())
    .limit(1)
    .scalar_subquery()
)
_applications: Select[*tuple[Any, ...]] = select(
    application_table,
    application_state.c.stage,
    application_state.c.sequence,
    application_state.c.marks,
    _loan.label("loan_id"),
).join(application_state)
_tasks: Select[*tuple[Any, ...]] = select(review_task, application_table.c.actor.label("submitted_by")).join(
    application_table, application_table.c.application_id == review_task.c.application_id
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of an application with its circumstances."""

    application_id: int
    transition: Transition
    product_version: int
    """The version whose flow it followed."""
    effective_on: date
    """Business date."""
    recorded_at: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The accounts of the latest attempt to disburse."""

    attempt: int
    receiving_account_id: int
    repayment_account_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentAccount:
    """The account that a loan is repaid from."""

    account_id: int
    mask: str
    """What people may see of its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOffer:
    """An offer as it was made, and whether it was accepted."""

    offer_id: int
    application_id: int
    amount: Money
    term_months: int
    start_on: date
    content: Mapping[str, Any]
    """Schedule and disclosure as shown."""
    disclosure_hash: str
    made_at: datetime
    accepted_at: datetime | None
    read_seconds: int | None
    """How long the disclosure was on the screen before it was accepted."""


def application(conn: Connection, application_id: int, *, lock: bool = False) -> Application | None:
    """An application; with `lock`, no other worker moves it until this transaction ends."""
    if lock:
        held = select(application_state.c.application_id).where(application_state.c.application_id == application_id)
        conn.execute(held.with_for_update())
    found = conn.execute(_applications.where(application_table.c.application_id == application_id)).one_or_none()
    return None if found is None else _application(found)


def applications_by_id(conn: Connection, ids: Collection[int]) -> dict[int, Application]:
    """Applications by id; unknown ids are left out."""
    rows = conn.execute(_applications.where(application_table.c.application_id == func.any(list(ids))))
    return {row.application_id: _application(row) for row in rows}


def by_channel_number(conn: Connection, *, channel_id: int, channel_application_no: str) -> Application | None:
    """The application that a channel submitted under a number of its own."""
    found = conn.execute(
        _applications.where(
            application_table.c.channel_id == channel_id,
            application_table.c.channel_application_no == channel_application_no,
        )
    ).one_or_none()
    return None if found is None else _application(found)


def applications(
    conn: Connection,
    *,
    first: int,
    after_id: int | None = None,
    stages: Collection[Stage] = (),
    channel_id: int | None = None,
    customer_id: int | None = None,
    product_id: int | None = None,
) -> tuple[Application, ...]:
    """At most `first` applications, newest first, older than `after_id`; stable under writes."""
    assert 0 < first <= PAGE_MAX, "a page has a bounded size"
    statement = _applications
    if after_id is not None:
        statement = statement.where(application_table.c.application_id < after_id)
    if stages:
        statement = statement.where(application_state.c.stage.in_([stage.value for stage in stages]))
    if channel_id is not None:
        statement = statement.where(application_table.c.channel_id == channel_id)
    if customer_id is not None:
        statement = statement.where(application_table.c.customer_id == customer_id)
    if product_id is not None:
        statement = statement.where(application_table.c.product_id == product_id)
    rows = conn.execute(statement.order_by(application_table.c.application_id.desc()).limit(first))
    return tuple(_application(row) for row in rows)


def pending(conn: Connection, *, worker: Worker = Worker.MACHINE, limit: int = 1_000) -> tuple[int, ...]:
    """Ids of applications at which somebody must act, oldest first: after a crash, this is where work goes on."""
    stages = [stage.value for stage, who in WORKERS.items() if who is worker]
    statement = (
        select(application_state.c.application_id)
        .where(application_state.c.stage.in_(stages))
        .order_by(application_state.c.application_id)
        .limit(limit)
    )
    return tuple(conn.scalars(statement))


def has_open_twin(conn: Connection, one: Application) -> bool:
    """Whether the customer has an older application for the same product that has not ended."""
    statement = (
        select(application_table.c.application_id)
        .join(application_state)
        .where(
            application_table.c.customer_id == one.customer_id,
            application_table.c.product_id == one.product_id,
            application_table.c.application_id < one.application_id,
            application_state.c.stage.not_in([Stage.REJECTED, Stage.CANCELLED, Stage.DISBURSED]),
        )
        .limit(1)
    )
    return conn.scalar(statement) is not None


def velocity(conn: Connection, one: Application) -> dict[str, int | None]:
    """Who else brought what the application brought, itself included, up to its arrival; one statement.

    The names and windows are those of `risk.fraud.velocity`: a kind of thing that the application did not bring is not
    measured, its count is None and never a harmless zero.
    """
    own, seen = application_link.alias("own"), application_link.alias("seen")
    shared = own.join(seen, (seen.c.link == own.c.link) & (seen.c.digest == own.c.digest))
    since = {days: seen.c.seen_at > one.received_at - timedelta(days=days) for days in (1, 7, 30)}
    customers, applicants = func.count(seen.c.customer_id.distinct()), func.count(seen.c.application_id.distinct())
    statement = (
        select(
            own.c.link,
            customers.label("customers"),
            customers.filter(since[1]).label("customers_24h"),
            customers.filter(since[30]).label("customers_30d"),
            func.count(seen.c.channel_id.distinct()).filter(since[7]).label("channels_7d"),
            applicants.filter(since[30]).label("applications_30d"),
        )
        .select_from(shared)
        .where(own.c.application_id == one.application_id, seen.c.seen_at <= one.received_at)
        .group_by(own.c.link)
    )
    by_link = {Link(row.link): row for row in conn.execute(statement)}

    def count(link: Link, column: str) -> int | None:
        row = by_link.get(link)
        return None if row is None else int(getattr(row, column))

    applications = count(Link.IDENTITY, "applications_30d")
    return {
        "mobile_customers": count(Link.MOBILE, "customers"),
        "card_customers": count(Link.CARD, "customers"),
        "device_customers_24h": count(Link.DEVICE, "customers_24h"),
        "device_customers_30d": count(Link.DEVICE, "customers_30d"),
        "contact_customers_30d": count(Link.CONTACT, "customers_30d"),
        "identity_channels_7d": count(Link.IDENTITY, "channels_7d"),
        "applications_30d": None if applications is None else applications - 1,
    }


def steps(conn: Connection, application_id: int) -> tuple[Step, ...]:
    """Every step of an application, in order."""
    statement = (
        select(application_stage)
        .where(application_stage.c.application_id == application_id)
        .order_by(application_stage.c.sequence)
    )
    return tuple(_step(row) for row in conn.execute(statement))


def steps_of(conn: Connection, application_ids: Collection[int]) -> dict[int, tuple[Step, ...]]:
    """Steps of many applications in one statement."""
    statement = (
        select(application_stage)
        .where(application_stage.c.application_id == func.any(list(application_ids)))
        .order_by(application_stage.c.application_id, application_stage.c.sequence)
    )
    found: dict[int, list[Step]] = {one: [] for one in application_ids}
    for row in conn.execute(statement):
        found[row.application_id].append(_step(row))
    return {one: tuple(of_one) for one, of_one in found.items()}


def states_from_steps(conn: Connection) -> dict[int, State]:
    """The work list, made again from the steps: what `application_state` must equal, row by row."""
    last = (
        select(application_stage)
        .ext(distinct_on(application_stage.c.application_id))
        .order_by(application_stage.c.application_id, application_stage.c.sequence.desc())
    )
    return {row.application_id: _step(row).transition.state for row in conn.execute(last)}


def accounts(conn: Connection, application_id: int) -> Accounts | None:
    """The accounts of the latest attempt."""
    statement = (
        select(application_account)
        .where(application_account.c.application_id == application_id)
        .order_by(application_account.c.attempt.desc())
        .limit(1)
    )
    row = conn.execute(statement).one_or_none()
    if row is None:
        return None
    return Accounts(
        attempt=row.attempt,
        receiving_account_id=row.receiving_account_id,
        repayment_account_id=row.repayment_account_id,
    )


def offer(conn: Connection, application_id: int) -> StoredOffer | None:
    """The offer of an application."""
    return offers(conn, [application_id]).get(application_id)


def offers(conn: Connection, application_ids: Collection[int]) -> dict[int, StoredOffer]:
    """The offers of many applications in one statement; those without one are left out."""
    statement = (
        select(offer_table, offer_acceptance.c.recorded_at.label("accepted_at"), offer_acceptance.c.read_seconds)
        .outerjoin(offer_acceptance)
        .where(offer_table.c.application_id.in_(application_ids))
    )
    return {
        row.application_id: StoredOffer(
            offer_id=row.offer_id,
            application_id=row.application_id,
            amount=Money(row.amount_minor, row.currency),
            term_months=row.term_months,
            start_on=row.start_on,
            content=row.content,
            disclosure_hash=row.disclosure_hash,
            made_at=row.made_at,
            accepted_at=row.accepted_at,
            read_seconds=row.read_seconds,
        )
        for row in conn.execute(statement)
    }


def review_queue(
    conn: Connection, *, first: int, after_id: int | None = None, stage: Stage | None = None
) -> tuple[ReviewTask, ...]:
    """Open work for people, oldest first, younger than `after_id`."""
    assert 0 < first <= PAGE_MAX, "a page has a bounded size"
    here = (
        application_state.c.application_id == review_task.c.application_id,
        application_state.c.sequence == review_task.c.sequence,
    )
    statement = _tasks.join(application_state, here[0] & here[1])
    if after_id is not None:
        statement = statement.where(review_task.c.task_id > after_id)
    if stage is not None:
        statement = statement.where(review_task.c.stage == stage.value)
    return tuple(_task(row) for row in conn.execute(statement.order_by(review_task.c.task_id).limit(first)))


def review_task_of(conn: Connection, application_id: int, *, sequence: int) -> ReviewTask | None:
    """The task that a step of an application opened."""
    row = conn.execute(
        _tasks.where(review_task.c.application_id == application_id, review_task.c.sequence == sequence)
    ).one_or_none()
    return None if row is None else _task(row)


def review(conn: Connection, task_id: int) -> ReviewTask | None:
    """One task, open or not."""
    row = conn.execute(_tasks.where(review_task.c.task_id == task_id)).one_or_none()
    return None if row is None else _task(row)


def review_decisions(conn: Connection, task_id: int) -> tuple[ReviewDecision, ...]:
    """What people have concluded on a task, in order."""
    return review_decisions_of(conn, [task_id])[task_id]


def review_decisions_of(conn: Connection, task_ids: Collection[int]) -> dict[int, tuple[ReviewDecision, ...]]:
    """What people have concluded on each of many tasks, in order, in one statement."""
    statement = (
        select(review_decision)
        .where(review_decision.c.task_id.in_(task_ids))
        .order_by(review_decision.c.recorded_at, review_decision.c.reviewer)
    )
    found: dict[int, list[ReviewDecision]] = {task_id: [] for task_id in task_ids}
    for row in conn.execute(statement):
        found[row.task_id].append(
            ReviewDecision(
                reviewer=row.reviewer,
                finding=Finding(row.finding),
                reasons=tuple(Reason(reason) for reason in row.reasons),
                note=row.note,
            )
        )
    return {task_id: tuple(decisions) for task_id, decisions in found.items()}


@dataclass(frozen=True, slots=True)
class CustomerCards:
    """Card tokens `account:<id>` to cards in clear, for `payment.operations.dispatch`; nothing is kept."""

    vault: Vault

    def __call__(self, conn: Connection, tokens: Sequence[str], /) -> Mapping[str, Card]:
        """Open every card with the four elements that a bank checks."""
        ids = [account_of(token) for token in tokens]
        owners = select(bank_account.c.account_id, bank_account.c.customer_id)
        rows = conn.execute(owners.where(bank_account.c.account_id == func.any(ids)))
        return {
            card_token(account_id): self._card(conn, account_id, customer_id) for account_id, customer_id in rows.all()
        }

    def _card(self, conn: Connection, account_id: int, customer_id: int) -> Card:
        account = parties.account(conn, account_id, vault=self.vault)
        person = parties.person(conn, customer_id, vault=self.vault)
        assert account is not None, "an erased customer has no payment to make"
        assert person is not None, "an erased customer has no payment to make"
        return Card(
            number=account.number,
            holder=account.holder,
            identity_number=person.identity_number,
            mobile=person.mobile,
        )


def repayment_request(conn: Connection, request_id: int) -> RepaymentRequest | None:
    """One repayment request."""
    found = repayment_requests(conn, request_ids=[request_id])
    return found.get(request_id)


def repayment_requests(conn: Connection, *, request_ids: Collection[int]) -> dict[int, RepaymentRequest]:
    """Repayment requests by id."""
    wanted = repayment_request_table.c.request_id == func.any(list(request_ids))
    return {one.request_id: one for one in _requests(conn, wanted)}


def repayment_requests_by_number(conn: Connection, *, business_nos: Collection[str]) -> dict[str, RepaymentRequest]:
    """Repayment requests by the number that identifies them."""
    wanted = repayment_request_table.c.business_no == func.any(list(business_nos))
    return {one.wish.business_no: one for one in _requests(conn, wanted)}


def repayment_requests_of(conn: Connection, loan_id: int) -> tuple[RepaymentRequest, ...]:
    """Everything that was asked to be repaid of a loan, in order."""
    return tuple(_requests(conn, repayment_request_table.c.loan_id == loan_id))


def repayment_accounts(conn: Connection, *, loan_ids: Collection[int]) -> dict[int, RepaymentAccount]:
    """The account that each loan is repaid from, by loan; unknown loans are left out."""
    latest = (
        select(application_loan.c.loan_id, application_account.c.repayment_account_id, bank_account.c.last_four)
        .join(application_account, application_account.c.application_id == application_loan.c.application_id)
        .join(bank_account, bank_account.c.account_id == application_account.c.repayment_account_id)
        .where(application_loan.c.loan_id == func.any(list(loan_ids)))
        .ext(distinct_on(application_loan.c.loan_id))
        .order_by(application_loan.c.loan_id, application_account.c.attempt.desc())
    )
    return {
        row.loan_id: RepaymentAccount(account_id=row.repayment_account_id, mask=f"****{row.last_four}")
        for row in conn.execute(latest)
    }


def card_token(account_id: int) -> str:
    """The token that names a customer's account to payment."""
    return f"account:{account_id}"


def card_mask(conn: Connection, account_id: int) -> str:
    """What people may see of a card: its last four digits."""
    found = select(bank_account.c.last_four).where(bank_account.c.account_id == account_id)
    return f"****{conn.execute(found).scalar_one()}"


def account_of(token: str) -> int:
    """The account that a token names."""
    return int(token.removeprefix("account:"))


def _application(row: Row[*tuple[Any, ...]]) -> Application:
    return Application(
        application_id=row.application_id,
        channel_id=row.channel_id,
        channel_application_no=row.channel_application_no,
        product_id=row.product_id,
        product_version=row.product_version,
        customer_id=row.customer_id,
        amount=Money(row.amount_minor, row.currency),
        term_months=row.term_months,
        form=row.form,
        facts={name: feature_restored(value) for name, value in row.facts.items()},
        submitted_on=row.submitted_on,
        received_at=row.received_at,
        submitted_by=row.actor,
        state=State(stage=Stage(row.stage), sequence=row.sequence, marks=frozenset(Mark(mark) for mark in row.marks)),
        loan_id=row.loan_id,
    )


def _step(row: Row[*tuple[Any, ...]]) -> Step:
    return Step(
        application_id=row.application_id,
        transition=Transition(
            sequence=row.sequence,
            from_stage=Stage(row.from_stage),
            to_stage=Stage(row.to_stage),
            verdict=Verdict(row.verdict),
            reasons=tuple(row.reasons),
            marks=frozenset(Mark(mark) for mark in row.marks),
        ),
        product_version=row.product_version,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        actor=row.actor,
    )


def _requests(conn: Connection, wanted: ColumnElement[bool]) -> Iterator[RepaymentRequest]:
    statement = select(repayment_request_table).where(wanted).order_by(repayment_request_table.c.request_id)
    for row in conn.execute(statement):
        yield RepaymentRequest(
            request_id=row.request_id,
            wish=RequestRepayment(
                business_no=row.business_no,
                origin=Origin(row.origin),
                loan_id=row.loan_id,
                amount=Money(row.amount_minor, row.currency),
                requested_on=row.requested_on,
                intent=Intent(row.intent),
                instalment_nos=tuple(row.instalment_nos),
            ),
            account_id=row.account_id,
        )


def _task(row: Row[*tuple[Any, ...]]) -> ReviewTask:
    return ReviewTask(
        task_id=row.task_id,
        application_id=row.application_id,
        stage=Stage(row.stage),
        submitted_by=row.submitted_by,
        approvals_required=row.approvals_required,
        reasons=tuple(row.reasons),
        opened_at=row.opened_at,
    )
