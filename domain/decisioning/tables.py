"""Tables of the decisioning schema, exactly as the migration makes them."""

from sqlalchemy import CHAR, BigInteger, Column, Date, DateTime, Identity, Integer, LargeBinary, Numeric, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata

ruleset = Table(
    "ruleset",
    metadata,
    Column("ruleset_hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("effective_from", Date, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    schema="decisioning",
)
"""Decision packs by hash."""

model_version = Table(
    "model_version",
    metadata,
    Column("model_hash", Text, primary_key=True),
    Column("contract_hash", Text, nullable=False),
    Column("document", JSONB, nullable=False),
    Column("registered_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    schema="decisioning",
)
"""Registered models."""

decision = Table(
    "decision",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("facts_hash", LargeBinary, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("outputs", JSONB, nullable=False),
    Column("probability_of_default", Numeric),
    Column("score", Integer),
    Column("model_hash", Text),
    Column("contract_hash", Text),
    Column("ruleset_hash", Text, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("trace", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("command_key", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    schema="decisioning",
)
"""Decisions of record."""

decision_reason = Table(
    "decision_reason",
    metadata,
    Column("decision_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("field", Text),
    Column("rule", Text),
    Column("points", Numeric),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    schema="decisioning",
)
"""Why, in both languages."""
