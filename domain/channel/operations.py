"""Writes of the channel module: open routes, and receive messages, each business number once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, Row, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_skip

from domain.channel import mapping, queries, reply, signature, tables
from domain.channel.envelope import Envelope, Json, masked, parse
from domain.channel.reply import Answer, Reply, Status
from domain.channel.routing import ExtensionField, ProductNotRouted, Route, extension_data
from domain.command import Command
from domain.origination import operations as origination
from domain.origination import queries as applications
from domain.origination.application import Application, ApplicationForm
from domain.origination.repayment import Origin, RequestRepayment
from domain.origination.workflow import Stage
from domain.party import queries as parties
from domain.party.partner import Channel, ChannelKey, ChannelState
from domain.party.vault import Vault
from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing.position import Position
from domain.servicing.queries.loan import loan
from domain.servicing.queries.position import position as position_on
from ledger.money import Money

LOAN_PREFIX = "ln_"
"""What the loan numbers that partners see begin with."""
API_VERSION = "1.0"
"""The version that a channel speaks that comes without an envelope."""
BIGINT_DIGITS = 18
"""Digits of a number that surely is an id."""

BEIJING = timezone(timedelta(hours=8))
"""Asia/Shanghai; it has had no other offset since 1991."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiUnknown(Refusal):
    """There is no such interface."""

    code: ClassVar[str] = "API_UNKNOWN"
    zh: ClassVar[str] = "接口不存在"
    en: ClassVar[str] = "there is no such interface"


class Handlers(Protocol):
    """What stands behind the interfaces; the composition root introduces it.

    A handler works in the caller's transaction and commits nothing; its refusals become the reply.
    """

    def submit(
        self, conn: Connection, form: ApplicationForm, *, channel: Channel, route: Route, on: date, command: Command
    ) -> Answer | Refusal:
        """Take in an application (`credit.apply`)."""

    def application(self, conn: Connection, *, channel: Channel, channel_application_no: str) -> Answer | Refusal:
        """Tell where an application of this channel stands (`credit.query`)."""

    def loan(self, conn: Connection, *, channel: Channel, loan_no: str, on: date) -> Answer | Refusal:
        """Tell where a loan of this channel stands (`loan.query`)."""

    def repay(
        self, conn: Connection, request: mapping.RepayRequest, *, channel: Channel, on: date, command: Command
    ) -> Answer | Refusal:
        """Take in a repayment (`repay.apply`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Business:
    """The handlers of the house: wishes go to origination, questions to what origination and servicing know.

    A channel sees its own applications and loans; what belongs to another does not exist for it.
    """

    vault: Vault = field(repr=False)

    def submit(
        self, conn: Connection, form: ApplicationForm, *, channel: Channel, route: Route, on: date, command: Command
    ) -> Answer | Refusal:
        """Take in an application; accepted is not yet approved, so the status is PROCESSING."""
        taken = origination.submit(
            conn, form, channel=channel, product=route.product, on=on, vault=self.vault, command=command
        )
        if isinstance(taken, Refusal):
            return taken
        return _application_answer(taken.application)

    def application(self, conn: Connection, *, channel: Channel, channel_application_no: str) -> Answer | Refusal:
        """Tell where an application stands."""
        found = applications.by_channel_number(
            conn, channel_id=channel.channel_id, channel_application_no=channel_application_no
        )
        return (
            NotFound(field="bizContent.channelApplicationNo", what="application")
            if found is None
            else (_application_answer(found))
        )

    def loan(self, conn: Connection, *, channel: Channel, loan_no: str, on: date) -> Answer | Refusal:
        """Tell where a loan stands on a day."""
        loan_id = _loan_id(conn, channel, loan_no)
        position = None if loan_id is None else position_on(conn, loan_id=loan_id, on=on)
        if position is None:
            return NotFound(field="bizContent.loanNo", what="loan")
        return Answer(status=Status.SUCCESS, data=_position_data(position))

    def repay(
        self, conn: Connection, request: mapping.RepayRequest, *, channel: Channel, on: date, command: Command
    ) -> Answer | Refusal:
        """Order the collection of a repayment; the bank's answer comes later, so the status is PROCESSING."""
        loan_id = _loan_id(conn, channel, request.loan_no)
        if loan_id is None:
            return NotFound(field="bizContent.loanNo", what="loan")
        wish = RequestRepayment(
            business_no=f"{channel.code}/{request.repay_no}",
            origin=Origin.CHANNEL,
            loan_id=loan_id,
            amount=request.amount,
            requested_on=on,
            intent=request.intent,
            instalment_nos=request.instalment_nos,
        )
        [taken] = origination.request_repayments(conn, [wish], command=command)
        if isinstance(taken, Refusal):
            return taken
        return Answer(status=Status.PROCESSING, data={"repayNo": request.repay_no, "loanNo": request.loan_no})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Received:
    """A message that is believed, and everything its interface needs."""

    envelope: Envelope
    channel: Channel
    received_at: datetime
    handlers: Handlers

    @property
    def today(self) -> date:
        """The day on which it came, Asia/Shanghai."""
        return self.received_at.astimezone(BEIJING).date()

    def command(self, business_no: str) -> Command:
        """The command under the channel's own key."""
        return Command(
            actor=f"channel:{self.channel.code}",
            key=f"{self.channel.code}/{self.envelope.api_name}/{business_no}",
            received_at=self.received_at,
        )


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a message that changed something came to."""

    answer: Answer
    route: Route | None = None


def open_route(
    conn: Connection,
    *,
    channel_id: int,
    product_id: int,
    effective_from: date,
    effective_to: date | None = None,
    extension: Mapping[str, ExtensionField],
    command: Command,
) -> None:
    """Let a channel apply for a product on half-open days; the same route again changes nothing."""
    conn.execute(
        insert_or_skip(tables.route)
        .values(
            channel_id=channel_id,
            product_id=product_id,
            effective_from=effective_from,
            effective_to=effective_to,
            extension=extension_data(extension),
            recorded_at=command.received_at,
            actor=command.actor,
        )
        .on_conflict_do_nothing()
    )


def receive(conn: Connection, raw: bytes, *, received_at: datetime, vault: Vault, handlers: Handlers) -> Reply:
    """Return the reply to a message; commit whatever it is, so that a used nonce stays used.

    A message that changes something is done once per channel, interface and business number: the same content gets the
    stored answer, other content is refused, twins that arrive together wait for each other. A message that is refused
    has left nothing but its nonce, so a partner may correct it and send it under the same business number.
    """
    envelope = parse(raw)
    if isinstance(envelope, Refusal):
        return reply.refused(envelope)
    channel = parties.channel(conn, envelope.app_id, vault=vault)
    fault = signature.fault(envelope, channel, received_at=received_at)
    if channel is None or fault is not None:
        return reply.refused(fault or signature.SignatureInvalid(), request_no=envelope.request_no)
    key = channel.key(envelope.key_id, envelope.timestamp)
    if not _nonce_is_new(conn, envelope, received_at=received_at):
        return reply.refused(signature.NonceReplayed(field="nonce"), request_no=envelope.request_no, key=key)
    message = _Received(envelope=envelope, channel=channel, received_at=received_at, handlers=handlers)
    change, query = _CHANGES.get(envelope.api_name), _QUERIES.get(envelope.api_name)
    if change is not None:
        return _once(conn, message, *change, key=key)
    found = ApiUnknown(field="apiName") if query is None else query(conn, message)
    if isinstance(found, Refusal):
        return reply.refused(found, request_no=envelope.request_no, key=key)
    return Reply(request_no=envelope.request_no, answer=found, key=key)


def apply_for(
    conn: Connection,
    content: Mapping[str, Json],
    *,
    channel: Channel,
    request_no: str,
    received_at: datetime,
    handlers: Handlers,
) -> Reply:
    """Take in the content of `credit.apply` from a channel that is known already, by its token instead of a signature.

    From here on it is the same message: the same number with the same content is a replay, whichever door it used.
    """
    if channel.state is not ChannelState.ACTIVE:
        return reply.refused(signature.ChannelSuspended(), request_no=request_no)
    api_name, known = "credit.apply", dict(content)
    envelope = Envelope(
        app_id=channel.app_id,
        api_version=API_VERSION,
        api_name=api_name,
        request_no=request_no,
        timestamp=received_at,
        nonce="",
        sign_type=channel.sign_type,
        sign="",
        content=known,
        fields={"apiName": api_name, "requestNo": request_no, "bizContent": known},
    )
    message = _Received(envelope=envelope, channel=channel, received_at=received_at, handlers=handlers)
    return _once(conn, message, *_CHANGES[api_name], key=None)


def _nonce_is_new(conn: Connection, envelope: Envelope, *, received_at: datetime) -> bool:
    """Use up the nonce of a message; a twin in another transaction waits here until the first has committed."""
    used = conn.scalar(
        insert_or_skip(tables.nonce)
        .values(app_id=envelope.app_id, nonce=envelope.nonce, received_at=received_at)
        .on_conflict_do_nothing()
        .returning(tables.nonce.c.nonce)
    )
    return used is not None


def _once(
    conn: Connection,
    message: _Received,
    number_field: str,
    change: Callable[[Connection, _Received, Command], _Taken | Refusal],
    *,
    key: ChannelKey | None,
) -> Reply:
    """Do a message that changes something once per business number."""
    envelope, channel = message.envelope, message.channel
    number = mapping.business_number(envelope.content, number_field)
    if isinstance(number, Refusal):
        return reply.refused(number, request_no=envelope.request_no, key=key)
    lock = func.hashtextextended(f"{channel.channel_id} {envelope.api_name} {number}", 0)
    conn.execute(select(func.pg_advisory_xact_lock(lock)))
    before = queries.message(conn, channel_id=channel.channel_id, api_name=envelope.api_name, business_no=number)
    if before is not None:
        return _again(envelope, before, number_field=number_field, key=key)
    with conn.begin_nested() as attempt:
        taken = change(conn, message, message.command(number))
        if isinstance(taken, Refusal):
            attempt.rollback()
    if isinstance(taken, Refusal):
        return reply.refused(taken, request_no=envelope.request_no, key=key)
    product = None if taken.route is None else taken.route.product
    conn.execute(
        insert(tables.message).values(
            channel_id=channel.channel_id,
            api_name=envelope.api_name,
            business_no=number,
            request_no=envelope.request_no,
            content_hash=envelope.content_digest,
            masked=masked(dict(envelope.fields)),
            answer={"status": taken.answer.status.value, "data": dict(taken.answer.data)},
            product_id=None if product is None else product.product_id,
            product_version=None if product is None else product.version,
            flow=None if product is None else list(product.flow),
            received_at=message.received_at,
        )
    )
    return Reply(request_no=envelope.request_no, answer=taken.answer, key=key)


def _again(envelope: Envelope, before: Row[Any], *, number_field: str, key: ChannelKey | None) -> Reply:
    """Answer a repetition: the stored answer for the same content, a refusal for other content."""
    if bytes(before.content_hash) != envelope.content_digest:
        conflict = KeyReused(field=f"bizContent.{number_field}")
        return reply.refused(conflict, request_no=envelope.request_no, key=key)
    answer = Answer(status=Status(before.answer["status"]), data=before.answer["data"])
    return Reply(request_no=envelope.request_no, answer=answer, is_replay=True, key=key)


def _credit_apply(conn: Connection, message: _Received, command: Command) -> _Taken | Refusal:
    """Route an application, map it, hand it in."""
    code: Json = message.envelope.content.get("productNo")
    route = None
    if isinstance(code, str):
        route = queries.route(conn, channel_id=message.channel.channel_id, product_code=code, on=message.today)
    if route is None:
        return ProductNotRouted(field="bizContent.productNo")
    form = mapping.application_form(message.envelope, channel=message.channel, route=route)
    if isinstance(form, Refusal):
        return form
    answer = message.handlers.submit(
        conn, form, channel=message.channel, route=route, on=message.today, command=command
    )
    return answer if isinstance(answer, Refusal) else _Taken(answer, route)


def _repay_apply(conn: Connection, message: _Received, command: Command) -> _Taken | Refusal:
    """Map a repayment and hand it in."""
    request = mapping.repay_request(message.envelope.content)
    if isinstance(request, Refusal):
        return request
    answer = message.handlers.repay(conn, request, channel=message.channel, on=message.today, command=command)
    return answer if isinstance(answer, Refusal) else _Taken(answer)


def _credit_query(conn: Connection, message: _Received) -> Answer | Refusal:
    """Tell where an application stands."""
    number = mapping.asked_number(message.envelope.content, "channelApplicationNo")
    if isinstance(number, Refusal):
        return number
    return message.handlers.application(conn, channel=message.channel, channel_application_no=number)


def _loan_query(conn: Connection, message: _Received) -> Answer | Refusal:
    """Tell where a loan stands."""
    number = mapping.asked_number(message.envelope.content, "loanNo")
    if isinstance(number, Refusal):
        return number
    return message.handlers.loan(conn, channel=message.channel, loan_no=number, on=message.today)


def _application_answer(one: Application) -> Answer:
    """Return what a channel may know of an application of its own."""
    status = {
        Stage.DISBURSED: Status.SUCCESS,
        Stage.REJECTED: Status.FAIL,
        Stage.CANCELLED: Status.FAIL,
    }.get(one.stage, Status.PROCESSING)
    return Answer(
        status=status,
        data={
            "applicationNo": f"ap_{one.application_id}",
            "channelApplicationNo": one.channel_application_no,
            "stage": one.stage.value,
            "loanNo": None if one.loan_id is None else f"{LOAN_PREFIX}{one.loan_id}",
        },
    )


def _loan_id(conn: Connection, channel: Channel, loan_no: str) -> int | None:
    """Return the id of a loan of this channel; another channel's loan does not exist."""
    digits = loan_no.removeprefix(LOAN_PREFIX)
    if digits == loan_no or not (digits.isascii() and digits.isdigit() and len(digits) <= BIGINT_DIGITS):
        return None
    found = loan(conn, int(digits))
    return found.loan_id if found is not None and found.channel_id == channel.channel_id else None


def _position_data(one: Position) -> dict[str, Json]:
    """Return a loan's position as the partner reads it: amounts as decimal strings."""
    amounts = {
        "due": one.due.total,
        "overdue": one.overdue.total,
        "outstanding": one.outstanding,
        "payoff": one.payoff.total,
        "overpayment": one.overpayment,
        "nextDue": one.next_due.total,
    }
    return {
        "loanNo": f"{LOAN_PREFIX}{one.loan_id}",
        "loanStatus": one.status.value,
        "onDate": one.on.isoformat(),
        "currency": one.currency,
        "daysPastDue": one.dpd,
        "nextDueOn": None if one.next_due_on is None else one.next_due_on.isoformat(),
        **{name: str(Money(minor, one.currency)) for name, minor in amounts.items()},
    }


_CHANGES: Mapping[str, tuple[str, Callable[[Connection, _Received, Command], _Taken | Refusal]]] = {
    "credit.apply": ("channelApplicationNo", _credit_apply),
    "repay.apply": ("repayNo", _repay_apply),
}
_QUERIES: Mapping[str, Callable[[Connection, _Received], Answer | Refusal]] = {
    "credit.query": _credit_query,
    "loan.query": _loan_query,
}
API_NAMES = frozenset({*_CHANGES, *_QUERIES})
"""The interfaces that are spoken."""
