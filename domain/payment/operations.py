"""Writes of payment orders: instruct, dispatch, record what was heard, resolve the unknown, decide by hand.

No HTTP happens inside a database transaction: `dispatch` and `resolve_unknown` take `Transactions` and speak to the
bank between two of them. What follows from a result is the caller's: it gets the results back, and an `Effect` given
to these functions runs in the transaction that records them, so a result and its entries commit together or not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar, Protocol, TypeVar

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once

from domain.command import Command, Transactions
from domain.payment import queries
from domain.payment.gateway import Channel, Gateway, Reply, Request, observations
from domain.payment.order import (
    Anomaly,
    Card,
    Instruct,
    Kind,
    Observation,
    Outcome,
    Patience,
    PaymentOrder,
    Source,
    State,
    advance,
    due_for_query,
)
from domain.payment.tables import order_event, payment_order, stray_observation
from domain.refusals import KeyReused, NotFound, Refusal, SamePerson

T = TypeVar("T")

BATCH_MAX = 500
"""Orders in one call of the bank."""
RACES_MAX = 8
"""How often recording starts again because another process recorded the same order first."""
DISPATCH = "DISPATCH"
"""Source of the first event of every order: the sending itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierAttemptOpen(Refusal):
    """A further attempt needs a definite failure of the earlier one; until then the money may still move."""

    code: ClassVar[str] = "PAYMENT_EARLIER_ATTEMPT_OPEN"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "前次付款尚无明确失败结果, 不得重新发起: {business_key}"
    en: ClassVar[str] = "the earlier payment for {business_key} has not definitely failed"

    business_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotManual(Refusal):
    """Only an order in state MANUAL is decided by people."""

    code: ClassVar[str] = "PAYMENT_NOT_MANUAL"
    zh: ClassVar[str] = "付款单 {order_no} 状态为 {state}, 不可人工处理"
    en: ClassVar[str] = "payment order {order_no} is {state} and not for people to decide"

    order_no: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What one observation did."""

    order: PaymentOrder
    """The order after it."""
    changed: bool
    """Whether the state is another one now; a repeated notice changes nothing."""
    anomaly: Anomaly | None = None
    """The contradiction, kept for people."""


class Cards(Protocol):
    """The caller's way from card tokens to cards, decrypted inside the transaction and never stored here."""

    def __call__(self, conn: Connection, tokens: Sequence[str], /) -> Mapping[str, Card]:
        """Return the card of every token."""


class Effect(Protocol):
    """What the caller does with changed orders, in the transaction that records the change."""

    def __call__(self, conn: Connection, changed: Sequence[Recorded], /) -> None:
        """Post, advance, cancel: everything that must commit together with the result."""


def no_effect(conn: Connection, changed: Sequence[Recorded], /) -> None:
    """Nothing follows here; the caller uses what is returned."""


def instruct(
    conn: Connection, instructions: Sequence[Instruct], *, command: Command
) -> list[PaymentOrder | KeyReused | EarlierAttemptOpen]:
    """Write orders, CREATED, one answer per instruction in the same order.

    The same (kind, business key, attempt) with the same content returns the order that is already there, whatever
    became of it. Refuses `KeyReused` for other content, `EarlierAttemptOpen` while the earlier attempt has not FAILED.
    """
    known = _attempts(conn, instructions)
    new = [one for one in instructions if _key(one) not in known and _may_follow(one, known)]
    if new:
        rows = [
            {
                "kind": one.kind,
                "business_key": one.business_key,
                "attempt": one.attempt,
                "amount_minor": one.amount.minor,
                "currency": one.amount.currency,
                "business_on": one.business_on,
                "card_token": one.card_token,
                "card_mask": one.card_mask,
                "actor": command.actor,
                "command_key": command.key,
                "created_at": command.received_at,
            }
            for one in {_key(one): one for one in new}.values()
        ]
        conn.execute(insert_once(payment_order).on_conflict_do_nothing(), rows)
        known = _attempts(conn, instructions)
    return [_answer(one, known) for one in instructions]


def dispatch(
    transactions: Transactions,
    channel: Channel,
    cards: Cards,
    order_nos: Sequence[str],
    *,
    command: Command,
    effect: Effect = no_effect,
) -> list[Recorded]:
    """Send CREATED orders and record the answers; orders in other states are left alone.

    Per batch of one kind: mark SENT and commit, speak to the bank with no transaction open, record and commit. Exactly
    one of several dispatchers sends an order. A process that dies in between leaves SENT, found by `resolve_unknown`.
    """
    recorded: list[Recorded] = []
    for numbers in _batches(order_nos):
        recorded += _dispatch_batch(transactions, channel, cards, numbers, command=command, effect=effect)
    return recorded


def record(
    conn: Connection, heard: Sequence[Observation], *, actor: str, effect: Effect = no_effect
) -> list[Recorded | NotFound]:
    """Record observations of any source, one answer per observation in the same order.

    A notice id that is already recorded changes nothing; a number that we never gave out, or never sent, is kept as a
    stray notice (`NotFound`, or an answer with `BEFORE_SENDING`). The effect runs here for the orders that changed.
    """
    for _ in range(RACES_MAX):
        savepoint = conn.begin_nested()
        answers, events, stray = _folded(conn, heard, actor=actor)
        if _written(conn, events):
            savepoint.commit()
            break
        savepoint.rollback()
    else:
        raise AssertionError("every round of recording lost against another process")
    if stray:
        conn.execute(insert(stray_observation), stray)
    changed = [answer for answer in answers if isinstance(answer, Recorded) and answer.changed]
    if changed:
        effect(conn, changed)
    return answers


def resolve_unknown(
    transactions: Transactions,
    channel: Channel,
    *,
    at: datetime,
    on: date,
    command: Command,
    patience: Patience | None = None,
    effect: Effect = no_effect,
) -> list[Recorded]:
    """Query by our number every open order that is due at an instant, and hand over what is older than the deadline.

    Not found changes nothing before the channel's settling time; after it the number is voided at the bank, and only
    the bank's acknowledgement makes the order FAILED. `on` is the business date that the deadline (T+3) is counted to.
    """
    patience = patience or Patience()
    found = transactions.run(lambda conn: [one.order for one in queries.unresolved(conn, at=at)])
    recorded: list[Recorded] = []
    for orders in _batches(due_for_query(found, patience=patience, at=at)):
        replies = channel.gateway.query([one.order_no for one in orders])
        heard = observations(orders, replies, codes=channel.codes, source=Source.QUERY, seen_at=at)
        recorded += _record_apart(transactions, heard, actor=command.actor, effect=effect)
        missing = _voidable(orders, heard, patience=patience, at=at)
        if missing:
            closed = channel.gateway.close_orders([one.order_no for one in missing])
            heard = observations(missing, closed, codes=channel.codes, source=Source.CLOSE, seen_at=at)
            recorded += _record_apart(transactions, heard, actor=command.actor, effect=effect)
    return recorded + _hand_over(transactions, found, recorded, patience=patience, at=at, on=on, actor=command.actor)


def decide_manually(
    conn: Connection,
    *,
    order_no: str,
    succeeded: bool,
    reason: str,
    maker: str,
    command: Command,
    effect: Effect = no_effect,
) -> Recorded | NotFound | PaymentNotManual | SamePerson:
    """Settle a MANUAL order by a maker's proposal and the checker who sends this command."""
    assert reason, "a decision by hand has a reason"
    order = queries.order(conn, order_no=order_no)
    if order is None:
        return NotFound(what="payment order")
    if maker == command.actor:
        return SamePerson()
    if order.state is not State.MANUAL:
        return PaymentNotManual(order_no=order_no, state=order.state)
    outcome = Outcome.SUCCEEDED if succeeded else Outcome.FAILED
    observation = Observation(
        order_no=order_no,
        source=Source.OPERATOR,
        outcome=outcome,
        seen_at=command.received_at,
        code="BY_HAND",
        note=f"{maker}: {reason}",
    )
    (answer,) = record(conn, [observation], actor=command.actor, effect=effect)
    assert isinstance(answer, Recorded), "the order was there a moment ago, and orders are never deleted"
    return answer


def _key(one: Instruct | PaymentOrder) -> tuple[Kind, str, int]:
    return one.kind, one.business_key, one.attempt


def _attempts(conn: Connection, instructions: Sequence[Instruct]) -> dict[tuple[Kind, str, int], PaymentOrder]:
    return {
        _key(order): order
        for kind in {one.kind for one in instructions}
        for order in queries.by_business(
            conn, kind=kind, business_keys=[one.business_key for one in instructions if one.kind is kind]
        )
    }


def _may_follow(one: Instruct, known: Mapping[tuple[Kind, str, int], PaymentOrder]) -> bool:
    if one.attempt == 1:
        return True
    earlier = known.get((one.kind, one.business_key, one.attempt - 1))
    return earlier is not None and earlier.state is State.FAILED


def _answer(
    one: Instruct, known: Mapping[tuple[Kind, str, int], PaymentOrder]
) -> PaymentOrder | KeyReused | EarlierAttemptOpen:
    order = known.get(_key(one))
    if order is None:
        return EarlierAttemptOpen(field="attempt", business_key=one.business_key)
    same = (order.amount, order.business_on, order.card_token) == (one.amount, one.business_on, one.card_token)
    return order if same else KeyReused(field="business_key")


def _dispatch_batch(
    transactions: Transactions,
    channel: Channel,
    cards: Cards,
    order_nos: Sequence[str],
    *,
    command: Command,
    effect: Effect,
) -> list[Recorded]:
    def send(conn: Connection) -> list[tuple[PaymentOrder, Request]]:
        claimed = _claimed(conn, order_nos, command=command)
        found = cards(conn, [order.card_token for order in claimed]) if claimed else {}
        return [(order, _request(order, found[order.card_token])) for order in claimed]

    sent = transactions.run(send)
    recorded: list[Recorded] = []
    for kind in Kind:
        of_kind = [(order, request) for order, request in sent if order.kind is kind]
        if of_kind:
            orders = [order for order, _ in of_kind]
            replies = _ask(channel.gateway, kind, [request for _, request in of_kind])
            heard = observations(orders, replies, codes=channel.codes, source=Source.REPLY, seen_at=command.received_at)
            recorded += _record_apart(transactions, heard, actor=command.actor, effect=effect)
    return recorded


def _claimed(conn: Connection, order_nos: Sequence[str], *, command: Command) -> list[PaymentOrder]:
    """Mark orders SENT; the first event of an order can be written once, so only one dispatcher gets it."""
    fresh = {one.order_no: one for one in queries.orders(conn, order_nos=order_nos) if one.state is State.CREATED}
    ids = queries.order_ids(conn, order_nos=list(fresh))
    numbers = {order_id: order_no for order_no, order_id in ids.items()}
    rows = [
        {
            "order_id": ids[order_no],
            "seq": 1,
            "state": State.SENT,
            "changed": True,
            "source": DISPATCH,
            "code": "",
            "bank_no": "",
            "note": "",
            "actor": command.actor,
            "seen_at": command.received_at,
        }
        for order_no in fresh
    ]
    if not rows:
        return []
    won = conn.execute(insert_once(order_event).on_conflict_do_nothing().returning(order_event.c.order_id), rows)
    return [
        replace(fresh[numbers[order_id]], state=State.SENT, sent_at=command.received_at, events=1)
        for order_id in sorted(won.scalars())
    ]


def _request(order: PaymentOrder, card: Card) -> Request:
    return Request(
        order_no=order.order_no,
        amount_minor=order.amount.minor,
        currency=order.amount.currency,
        business_on=order.business_on,
        card=card,
    )


def _ask(gateway: Gateway, kind: Kind, requests: Sequence[Request]) -> Sequence[Reply]:
    match kind:
        case Kind.CARD_CHECK:
            return gateway.check_cards(requests)
        case Kind.DISBURSEMENT:
            return gateway.pay(requests)
        case Kind.COLLECTION:
            return gateway.collect(requests)


def _record_apart(
    transactions: Transactions, heard: Sequence[Observation], *, actor: str, effect: Effect
) -> list[Recorded]:
    """Record in a transaction of its own; every number is one of ours, so every answer is a `Recorded`."""
    answers = transactions.run(lambda conn: record(conn, heard, actor=actor, effect=effect))
    return [answer for answer in answers if isinstance(answer, Recorded)]


def _voidable(
    orders: Sequence[PaymentOrder], heard: Sequence[Observation], *, patience: Patience, at: datetime
) -> list[PaymentOrder]:
    return [
        order
        for order, observation in zip(orders, heard, strict=True)
        if observation.outcome is Outcome.NOT_FOUND
        and order.sent_at is not None
        and patience.may_void(sent_at=order.sent_at, at=at)
    ]


def _hand_over(
    transactions: Transactions,
    found: Sequence[PaymentOrder],
    recorded: Sequence[Recorded],
    *,
    patience: Patience,
    at: datetime,
    on: date,
    actor: str,
) -> list[Recorded]:
    latest = {order.order_no: order for order in found} | {one.order.order_no: one.order for one in recorded}
    overdue = [
        Observation(
            order_no=order.order_no, source=Source.DEADLINE, outcome=Outcome.UNKNOWN, seen_at=at, code="DEADLINE"
        )
        for order in latest.values()
        if patience.is_over(order, on=on)
    ]
    return _record_apart(transactions, overdue, actor=actor, effect=no_effect) if overdue else []


def _folded(
    conn: Connection, heard: Sequence[Observation], *, actor: str
) -> tuple[list[Recorded | NotFound], list[dict[str, object]], list[dict[str, object]]]:
    """Fold observations over the orders they speak of: the answers, the event rows and the stray rows."""
    numbers = sorted({one.order_no for one in heard})
    orders = {order.order_no: order for order in queries.orders(conn, order_nos=numbers)}
    ids = queries.order_ids(conn, order_nos=numbers)
    notices = _known_notices(conn, heard, ids=ids)
    answers: list[Recorded | NotFound] = []
    events: list[dict[str, object]] = []
    stray: list[dict[str, object]] = []
    for one in heard:
        order = orders.get(one.order_no)
        if order is None:
            answers.append(NotFound(field="order_no", what="payment order"))
            stray.append(_heard_row(one, actor=actor) | {"order_no": one.order_no})
            continue
        if one.event_id is not None and (order.order_no, one.event_id) in notices:
            answers.append(Recorded(order=order, changed=False))
            continue
        step = advance(order, one)
        if step.anomaly is Anomaly.BEFORE_SENDING:
            answers.append(Recorded(order=order, changed=False, anomaly=step.anomaly))
            stray.append(_heard_row(one, actor=actor) | {"order_no": one.order_no})
            continue
        after = _after(order, one, step.state)
        orders[order.order_no] = after
        if one.event_id is not None:
            notices.add((order.order_no, one.event_id))
        changed = step.state is not order.state
        answers.append(Recorded(order=after, changed=changed, anomaly=step.anomaly))
        events.append(
            _heard_row(one, actor=actor)
            | {
                "order_id": ids[order.order_no],
                "seq": after.events,
                "state": step.state,
                "changed": changed,
                "anomaly": step.anomaly,
                "note": one.note,
            }
        )
    return answers, events, stray


def _after(order: PaymentOrder, one: Observation, state: State) -> PaymentOrder:
    return replace(
        order,
        state=state,
        code=one.code if state is not order.state else order.code,
        bank_no=one.bank_no or order.bank_no,
        queries=order.queries + (one.source is Source.QUERY),
        events=order.events + 1,
    )


def _known_notices(conn: Connection, heard: Sequence[Observation], *, ids: Mapping[str, int]) -> set[tuple[str, str]]:
    numbers = {ids[one.order_no]: one.order_no for one in heard if one.event_id is not None and one.order_no in ids}
    if not numbers:
        return set()
    statement = select(order_event.c.order_id, order_event.c.event_id).where(
        order_event.c.order_id == func.any(list(numbers)), order_event.c.event_id.is_not(None)
    )
    return {(numbers[order_id], event_id) for order_id, event_id in conn.execute(statement)}


def _heard_row(one: Observation, *, actor: str) -> dict[str, object]:
    return {
        "source": one.source,
        "outcome": one.outcome,
        "code": one.code,
        "bank_no": one.bank_no,
        "amount_minor": None if one.amount is None else one.amount.minor,
        "currency": None if one.amount is None else one.amount.currency,
        "event_id": one.event_id,
        "actor": actor,
        "seen_at": one.seen_at,
    }


def _written(conn: Connection, events: Sequence[dict[str, object]]) -> bool:
    """Whether all rows could be written; a row that is already there means that somebody recorded first."""
    if not events:
        return True
    done = conn.execute(insert_once(order_event).on_conflict_do_nothing().returning(order_event.c.seq), events)
    return len(done.all()) == len(events)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + BATCH_MAX] for start in range(0, len(items), BATCH_MAX))
