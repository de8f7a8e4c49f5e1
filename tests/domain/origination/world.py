"""An office with a scripted score, and short ways to bring an application to each stage."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from domain.command import Command
from domain.decisioning.facts import FactValue
from domain.decisioning.tables import model_file
from domain.origination import operations, queries
from domain.origination.application import Application, ApplicationForm
from domain.origination.operations import BankAnswers, Desk, Submitted
from domain.origination.review import Finding, Reason, ReviewDecision
from domain.origination.workflow import Stage
from domain.party import queries as parties
from domain.party.partner import Channel
from domain.payment import operations as payments
from domain.payment import queries as orders
from domain.payment.order import Kind, Observation, Outcome, PaymentOrder, Source
from domain.product.version import ProductVersion
from seed import german
from seed.office import Office, open_office
from seed.parties import APP_ID
from tests.domain.origination.forms import form

TODAY = date(2025, 1, 6)
AT = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
GOOD, BORDER, BAD = 600, 510, 450
"""Scores of grade A (passes), D (referred, to be called) and E (rejected)."""
EXTENSION = german.applications()[0].extension
MODEL_FILE = b"a scripted score"
MODEL_HASH = hashlib.sha256(MODEL_FILE).hexdigest()
CONTRACT_HASH = german.contract().hash


@dataclass(frozen=True)
class Why:
    code: str = "CHECKING_STATUS"
    source: str = "MODEL"
    field: str | None = "checking_status"
    rule: str | None = None
    points: Decimal | None = Decimal(-12)
    zh: str = "活期账户状况"
    en: str = "checking account"


@dataclass(frozen=True)
class Score:
    """An assessment of a given score."""

    score: int
    probability_of_default: Decimal = Decimal("0.1")
    reasons: tuple[Why, ...] = (Why(),)
    model_hash: str = MODEL_HASH
    contract_hash: str = CONTRACT_HASH


@dataclass
class World:
    """The office on a connection; `scores` says what the next applications score, by channel number."""

    conn: Connection
    office: Office
    channel: Channel
    amounts: dict[int, int] = field(default_factory=dict)

    @property
    def product(self) -> ProductVersion:
        return self.office.parties.product

    @property
    def desk(self) -> Desk:
        return self.office.desk

    def command(self, key: str, *, actor: str = "channel:demo", at: datetime = AT) -> Command:
        return Command(actor=actor, key=key, received_at=at)

    def submit(self, made: ApplicationForm | None = None) -> Application:
        taken = self.take(made or application())
        assert isinstance(taken, Submitted), taken
        return taken.application

    def take(self, made: ApplicationForm, *, at: datetime = AT) -> object:
        return operations.submit(
            self.conn,
            made,
            channel=self.channel,
            product=self.product,
            on=TODAY,
            vault=self.office.vault,
            command=self.command(made.channel_application_no, at=at),
        )

    def walk(self, one: Application) -> Application:
        moved = operations.advance_until_waiting(
            self.conn, one.application_id, desk=self.desk, on=TODAY, command=self.command("walk", actor="machine")
        )
        assert isinstance(moved, Application)
        return moved

    def review(self, one: Application, reviewer: str, finding: Finding) -> object:
        task = queries.review_task_of(self.conn, one.application_id, sequence=one.state.sequence)
        assert task is not None
        return operations.review(
            self.conn,
            task_id=task.task_id,
            decision=ReviewDecision(reviewer=reviewer, finding=finding, reasons=(Reason.HISTORY_ACCEPTABLE,)),
            desk=self.desk,
            on=TODAY,
            command=self.command(f"review/{reviewer}", actor=reviewer),
        )

    def accept(self, one: Application, *, seconds: int = 5, disclosure_hash: str | None = None) -> object:
        made = queries.offer(self.conn, one.application_id)
        return operations.accept_offer(
            self.conn,
            application_id=one.application_id,
            disclosure_hash=disclosure_hash or ("" if made is None else made.disclosure_hash),
            read_seconds=seconds,
            desk=self.desk,
            on=TODAY,
            command=self.command(f"accept/{one.application_id}", actor="borrower"),
        )

    def answer(self, one: Application, kind: Kind, *, good: bool = True, code: str = "0000") -> Application:
        """The bank answers the latest order of an application, after it was sent."""
        (*_, order) = orders.by_business(
            self.conn, kind=kind, business_keys=[operations.business_key(one.application_id)]
        )
        self.hear(order, good=good, code=code)
        return self.now(one)

    def hear(self, order: PaymentOrder, *, good: bool = True, code: str = "0000") -> None:
        payments._claimed(self.conn, [order.order_no], command=self.command("send", actor="machine"))
        heard = Observation(
            order_no=order.order_no,
            source=Source.REPLY,
            outcome=Outcome.SUCCEEDED if good else Outcome.FAILED,
            seen_at=AT,
            code=code,
        )
        effect = BankAnswers(on=TODAY, command=self.command("answers", actor="machine"))
        payments.record(self.conn, [heard], actor="machine", effect=effect)

    def now(self, one: Application) -> Application:
        found = queries.application(self.conn, one.application_id)
        assert found is not None
        return found

    def offered(self, made: ApplicationForm | None = None) -> Application:
        one = self.walk(self.submit(made))
        assert one.stage is Stage.OFFER, queries.steps(self.conn, one.application_id)
        return one

    def disbursing(self, made: ApplicationForm | None = None) -> Application:
        one = self.offered(made)
        self.accept(one)
        return self.answer(one, Kind.CARD_CHECK)

    def disbursed(self, made: ApplicationForm | None = None) -> Application:
        return self.answer(self.disbursing(made), Kind.DISBURSEMENT)


def open_world(conn: Connection, *, scores: Mapping[int, int] | None = None) -> World:
    """An office in which an application of so many fen scores what `scores` says, and GOOD otherwise."""
    known = scores or {}

    def assess(facts: Mapping[str, FactValue], /) -> Score:
        amount = facts["amount"]
        assert isinstance(amount, int)
        return Score(known.get(amount, GOOD))

    office = open_office(conn, assess=assess, months=1)
    known_file = insert(model_file).values(sha256=MODEL_HASH, content=MODEL_FILE).on_conflict_do_nothing()
    conn.execute(known_file)
    found = parties.channel(conn, APP_ID, vault=office.vault)
    assert found is not None
    return World(conn=conn, office=office, channel=found)


def application(number: str = "CH-1", *, amount: int = 10_000_00, months: int = 12) -> ApplicationForm:
    """A complete form with the features of the first row of the German set."""
    made = form(number, amount=amount, months=months)
    return replace(made, extension=EXTENSION, loan=replace(made.loan, goods_amount=None, down_payment=None))
