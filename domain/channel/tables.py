"""Tables of the channel schema, exactly as the migration makes them."""

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata
from domain.party.tables import channel as party_channel
from domain.product.tables import product, version

route = Table(
    "route",
    metadata,
    Column("channel_id", BigInteger, ForeignKey(party_channel.c.channel_id), primary_key=True),
    Column("product_id", BigInteger, ForeignKey(product.c.product_id), primary_key=True),
    Column("effective_from", Date, primary_key=True),
    Column("effective_to", Date),
    Column("extension", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    CheckConstraint("effective_to IS NULL OR effective_from < effective_to"),
    schema="channel",
    comment="Which products a channel may apply for, when, and with which typed extension fields; no route, no flow.",
)
"""Which products a channel may apply for."""

nonce = Table(
    "nonce",
    metadata,
    Column("app_id", Text, primary_key=True),
    Column("nonce", Text, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False),
    schema="channel",
    comment=(
        "Nonces of messages whose signature was right: seen once, refused ever after, on every node and after restart."
    ),
)
"""Nonces that were seen."""

message = Table(
    "message",
    metadata,
    Column("message_id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel_id", BigInteger, ForeignKey(party_channel.c.channel_id), nullable=False),
    Column("api_name", Text, nullable=False),
    Column("business_no", Text, CheckConstraint("business_no <> ''"), nullable=False),
    Column("request_no", Text, nullable=False),
    Column("content_hash", LargeBinary, CheckConstraint("octet_length(content_hash) = 32"), nullable=False),
    Column("masked", JSONB, nullable=False),
    Column("answer", JSONB, nullable=False),
    Column("product_id", BigInteger),
    Column("product_version", Integer),
    Column("flow", ARRAY(Text)),
    Column("received_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("channel_id", "api_name", "business_no"),
    ForeignKeyConstraint(["product_id", "product_version"], [version.c.product_id, version.c.version]),
    Index("message_received", "channel_id", "received_at"),
    schema="channel",
    comment=(
        "Accepted messages that changed something, masked, with the answer that every repetition gets again "
        "and the product version and flow they were routed to."
    ),
)
"""Accepted messages with their stored answers."""
