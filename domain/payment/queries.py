"""Reads of payment orders: one, many, by business, by state, open ones, a day, a page, and an order's history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from domain.payment.order import OPEN, Anomaly, Kind, Outcome, PaymentOrder, Source, State
from domain.payment.tables import order_event, payment_order, stray_observation
from ledger.money import Money

_latest_first = order_event.c.seq.desc()
_heard = (
    select(
        func.array_agg(aggregate_order_by(order_event.c.state, _latest_first))[1].label("state"),
        func.array_agg(aggregate_order_by(order_event.c.code, order_event.c.changed.desc(), _latest_first))[1].label(
            "code"
        ),
        func.max(order_event.c.bank_no).label("bank_no"),
        func.min(order_event.c.seen_at).filter(order_event.c.seq == 1).label("sent_at"),
        func.count().filter(order_event.c.source == Source.QUERY).label("queries"),
        func.count().label("events"),
    )
    .where(order_event.c.order_id == payment_order.c.order_id)
    .correlate(payment_order)
    .lateral("heard")
)
_orders: Select[*tuple[object, ...]] = select(payment_order, *_heard.c).select_from(
    payment_order.join(_heard, onclause=payment_order.c.order_id.is_not(None))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """One line of an order's history."""

    seq: int
    state: State
    """The state after it."""
    changed: bool
    source: str
    """A `Source`, or DISPATCH for the sending itself."""
    outcome: Outcome | None
    code: str
    bank_no: str
    amount: Money | None
    anomaly: Anomaly | None
    note: str
    actor: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayNotice:
    """A notice about a number that we never gave out, or never sent."""

    stray_id: int
    order_no: str
    source: Source
    outcome: Outcome
    code: str
    bank_no: str
    amount: Money | None
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An open order with the time since it was sent."""

    order: PaymentOrder
    age: timedelta


def order(conn: Connection, *, order_no: str) -> PaymentOrder | None:
    """The order of a number, with its state now."""
    found = orders(conn, order_nos=[order_no])
    return found[0] if found else None


def orders(conn: Connection, *, order_nos: Collection[str]) -> tuple[PaymentOrder, ...]:
    """The orders of some numbers, by number; unknown numbers are left out."""
    return _read(conn, _orders.where(payment_order.c.order_no == func.any(list(order_nos))))


def by_business(conn: Connection, *, kind: Kind, business_keys: Collection[str]) -> tuple[PaymentOrder, ...]:
    """All attempts for some business keys, by number."""
    wanted = payment_order.c.business_key == func.any(list(business_keys))
    return _read(conn, _orders.where(wanted, payment_order.c.kind == kind))


def waiting(conn: Connection, *, kind: Kind | None = None, limit: int = 10_000) -> tuple[str, ...]:
    """Numbers of the orders that were written and never sent, oldest first."""
    unsent = ~select(order_event.c.seq).where(order_event.c.order_id == payment_order.c.order_id).exists()
    statement = select(payment_order.c.order_no).where(unsent).order_by(payment_order.c.order_id).limit(limit)
    if kind is not None:
        statement = statement.where(payment_order.c.kind == kind)
    return tuple(conn.scalars(statement))


def in_state(conn: Connection, *, states: Collection[State], limit: int = 10_000) -> tuple[PaymentOrder, ...]:
    """Orders that stand in one of some states now, by number."""
    now = func.coalesce(_heard.c.state, State.CREATED)
    return _read(conn, _orders.where(now.in_([state.value for state in states])).limit(limit))


def unresolved(conn: Connection, *, at: datetime, limit: int = 10_000) -> tuple[Unresolved, ...]:
    """Orders whose outcome nobody knows (SENT, UNKNOWN) with their age at an instant, oldest sending first."""
    found = in_state(conn, states=OPEN, limit=limit)
    aged = [Unresolved(one, at - one.sent_at) for one in found if one.sent_at is not None]
    return tuple(sorted(aged, key=lambda one: -one.age))


def of_day(conn: Connection, *, business_on: date, order_nos: Collection[str] = ()) -> tuple[PaymentOrder, ...]:
    """Orders of a business date, and besides them the orders of some numbers whatever their date; by number."""
    wanted = payment_order.c.business_on == business_on
    if order_nos:
        wanted |= payment_order.c.order_no == func.any(list(order_nos))
    return _read(conn, _orders.where(wanted))


def page(
    conn: Connection,
    *,
    first: int,
    after: str | None = None,
    state: State | None = None,
    kind: Kind | None = None,
    business_on: date | None = None,
) -> tuple[PaymentOrder, ...]:
    """At most `first` orders, newest first, older than the number `after`; stable under writes."""
    statement = _orders
    if after is not None:
        statement = statement.where(payment_order.c.order_no < after)
    if state is not None:
        statement = statement.where(func.coalesce(_heard.c.state, State.CREATED) == state)
    if kind is not None:
        statement = statement.where(payment_order.c.kind == kind)
    if business_on is not None:
        statement = statement.where(payment_order.c.business_on == business_on)
    rows = conn.execute(statement.order_by(payment_order.c.order_no.desc()).limit(first))
    return tuple(_order(row) for row in rows)


def history(conn: Connection, *, order_no: str) -> tuple[OrderEvent, ...]:
    """Everything heard about an order, in the order of hearing."""
    return histories(conn, order_nos=[order_no])[order_no]


def histories(conn: Connection, *, order_nos: Collection[str]) -> dict[str, tuple[OrderEvent, ...]]:
    """Everything heard about each of many orders, in the order of hearing, in one statement."""
    statement = (
        select(order_event, payment_order.c.order_no)
        .join(payment_order, payment_order.c.order_id == order_event.c.order_id)
        .where(payment_order.c.order_no.in_(order_nos))
        .order_by(order_event.c.seq)
    )
    found: dict[str, list[OrderEvent]] = {order_no: [] for order_no in order_nos}
    for row in conn.execute(statement):
        found[row.order_no].append(
            OrderEvent(
                seq=row.seq,
                state=State(row.state),
                changed=row.changed,
                source=row.source,
                outcome=None if row.outcome is None else Outcome(row.outcome),
                code=row.code,
                bank_no=row.bank_no,
                amount=_money(row.amount_minor, row.currency),
                anomaly=None if row.anomaly is None else Anomaly(row.anomaly),
                note=row.note,
                actor=row.actor,
                seen_at=row.seen_at,
            )
        )
    return {order_no: tuple(events) for order_no, events in found.items()}


def anomalous(conn: Connection, *, limit: int = 1_000) -> tuple[PaymentOrder, ...]:
    """Orders about which something contradictory was heard: work for people."""
    contradicted = (
        select(order_event.c.seq)
        .where(order_event.c.order_id == payment_order.c.order_id, order_event.c.anomaly.is_not(None))
        .exists()
    )
    return _read(conn, _orders.where(contradicted).limit(limit))


def strays(conn: Connection, *, limit: int = 1_000) -> tuple[StrayNotice, ...]:
    """Notices that fit no order of ours, newest first."""
    statement = select(stray_observation).order_by(stray_observation.c.stray_id.desc()).limit(limit)
    return tuple(
        StrayNotice(
            stray_id=row.stray_id,
            order_no=row.order_no,
            source=Source(row.source),
            outcome=Outcome(row.outcome),
            code=row.code,
            bank_no=row.bank_no,
            amount=_money(row.amount_minor, row.currency),
            seen_at=row.seen_at,
        )
        for row in conn.execute(statement)
    )


def _read(conn: Connection, statement: Select[*tuple[object, ...]]) -> tuple[PaymentOrder, ...]:
    return tuple(_order(row) for row in conn.execute(statement.order_by(payment_order.c.order_id)))


def _order(row: Row[*tuple[object, ...]]) -> PaymentOrder:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return PaymentOrder(
        order_no=columns["order_no"],
        kind=Kind(columns["kind"]),
        business_key=columns["business_key"],
        attempt=columns["attempt"],
        amount=Money(columns["amount_minor"], columns["currency"]),
        business_on=columns["business_on"],
        card_token=columns["card_token"],
        card_mask=columns["card_mask"],
        actor=columns["actor"],
        created_at=columns["created_at"],
        state=State(columns["state"] or State.CREATED),
        code=columns["code"] or "",
        bank_no=columns["bank_no"] or "",
        sent_at=columns["sent_at"],
        queries=columns["queries"],
        events=columns["events"],
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


def order_ids(conn: Connection, *, order_nos: Sequence[str]) -> dict[str, int]:
    """The row keys of some numbers; for this module's writes."""
    statement = select(payment_order.c.order_no, payment_order.c.order_id)
    rows = conn.execute(statement.where(payment_order.c.order_no == func.any(list(order_nos))))
    return {order_no: order_id for order_no, order_id in rows}  # noqa: C416 - dict() would not see two columns
