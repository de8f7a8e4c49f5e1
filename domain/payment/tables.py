"""Payment tables, exactly as `migrations/versions/0005_payment.sql` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    and_,
)
from sqlalchemy.dialects.postgresql import CHAR

from domain.metadata import metadata

payment_order = Table(
    "payment_order",
    metadata,
    Column("order_id", BigInteger, Identity(always=True), nullable=False),
    Column("order_no", Text, Computed("'PO' || lpad(order_id::text, 16, '0')", persisted=True)),
    Column("kind", Text, nullable=False),
    Column("business_key", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("business_on", Date, nullable=False),
    Column("card_token", Text, nullable=False),
    Column("card_mask", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("command_key", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("order_id", name="payment_order_pkey"),
    UniqueConstraint("order_no", name="payment_order_no_once"),
    UniqueConstraint("business_key", "kind", "attempt", name="payment_order_business_once"),
    CheckConstraint("kind IN ('CARD_CHECK', 'DISBURSEMENT', 'COLLECTION')", name="payment_order_kind_known"),
    CheckConstraint("attempt >= 1", name="payment_order_attempt_counts"),
    CheckConstraint(
        "CASE WHEN kind = 'CARD_CHECK' THEN amount_minor = 0 ELSE amount_minor > 0 END",
        name="payment_order_amount_fits",
    ),
    Index("payment_order_by_day", "business_on", "order_id"),
    schema="payment",
)
"""One wish for one payment: immutable facts."""

order_event = Table(
    "order_event",
    metadata,
    Column("order_id", BigInteger, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("changed", Boolean, nullable=False),
    Column("source", Text, nullable=False),
    Column("outcome", Text),
    Column("code", Text, nullable=False),
    Column("bank_no", Text, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", CHAR(3)),
    Column("anomaly", Text),
    Column("event_id", Text),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("order_id", "seq", name="order_event_pkey"),
    ForeignKeyConstraint(["order_id"], [payment_order.c.order_id], name="order_event_of_order"),
    CheckConstraint("seq >= 1", name="order_event_seq_counts"),
    CheckConstraint("(seq = 1) = (source = 'DISPATCH')", name="order_event_first_is_sending"),
    CheckConstraint("(state = 'SENT') = (source = 'DISPATCH')", name="order_event_sent_by_dispatch"),
    CheckConstraint("state IN ('SENT', 'SUCCEEDED', 'FAILED', 'UNKNOWN', 'MANUAL')", name="order_event_state_known"),
    CheckConstraint(
        "source IN ('DISPATCH', 'REPLY', 'QUERY', 'CLOSE', 'CALLBACK', 'DAY_FILE', 'DEADLINE', 'OPERATOR')",
        name="order_event_source_known",
    ),
    CheckConstraint("outcome IN ('SUCCEEDED', 'FAILED', 'UNKNOWN', 'NOT_FOUND')", name="order_event_outcome_known"),
    CheckConstraint("(amount_minor IS NULL) = (currency IS NULL)", name="order_event_money_whole"),
    schema="payment",
)
"""Everything heard about an order; the latest row tells its state."""

Index(
    "order_event_final_once",
    order_event.c.order_id,
    unique=True,
    postgresql_where=and_(order_event.c.changed, order_event.c.state.in_(["SUCCEEDED", "FAILED"])),
)
Index(
    "order_event_notice_once",
    order_event.c.order_id,
    order_event.c.event_id,
    unique=True,
    postgresql_where=order_event.c.event_id.is_not(None),
)
Index("order_event_anomalies", order_event.c.order_id, postgresql_where=order_event.c.anomaly.is_not(None))

stray_observation = Table(
    "stray_observation",
    metadata,
    Column("stray_id", BigInteger, Identity(always=True), nullable=False),
    Column("order_no", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("bank_no", Text, nullable=False),
    Column("amount_minor", BigInteger),
    Column("currency", CHAR(3)),
    Column("event_id", Text),
    Column("actor", Text, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("stray_id", name="stray_observation_pkey"),
    schema="payment",
)
"""Notices about numbers that we never gave out."""
