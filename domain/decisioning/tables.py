"""Decisioning tables, exactly as `migrations/versions/0003_decisioning.sql` makes them."""

from sqlalchemy import (
    CHAR,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata

ruleset = Table(
    "ruleset",
    metadata,
    Column("hash", Text, CheckConstraint("hash ~ '^[0-9a-f]{64}$'"), primary_key=True),
    Column("name", Text, CheckConstraint("name <> ''"), nullable=False),
    Column("version", Integer, CheckConstraint("version > 0"), nullable=False),
    Column("effective_from", Date, nullable=False),
    Column(
        "document",
        Text,
        CheckConstraint("encode(sha256(convert_to(document, 'UTF8')), 'hex') = hash"),
        nullable=False,
    ),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("name", "version"),
    schema="decisioning",
    comment="Rule packs as canonical JSON text, named by its hash; published only when proved, never changed.",
)
"""Rule packs."""

model_file = Table(
    "model_file",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column(
        "content",
        LargeBinary,
        CheckConstraint("octet_length(content) <= 20971520 AND encode(sha256(content), 'hex') = sha256"),
        nullable=False,
    ),
    schema="decisioning",
    comment="Model files, addressed by their content.",
)
"""Model files."""

model_version = Table(
    "model_version",
    metadata,
    Column("model_id", BigInteger, Identity(always=True), primary_key=True),
    Column("name", Text, CheckConstraint("name <> ''"), nullable=False),
    Column("sha256", Text, ForeignKey("decisioning.model_file.sha256"), nullable=False),
    Column("contract_hash", Text, CheckConstraint("contract_hash ~ '^[0-9a-f]{64}$'"), nullable=False),
    Column(
        "contract",
        Text,
        CheckConstraint("encode(sha256(convert_to(contract, 'UTF8')), 'hex') = contract_hash"),
        nullable=False,
    ),
    Column("params", JSONB, nullable=False),
    Column("metrics", JSONB, nullable=False),
    Column("self_test", JSONB, nullable=False),
    Column("data_fingerprint", Text, nullable=False),
    Column("data_rows", Integer, CheckConstraint("data_rows > 0"), nullable=False),
    Column("label_definition", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("name", "sha256"),
    schema="decisioning",
    comment="The model registry: what a file is, what it was made of, how good it is, "
    "and the vectors it must pass before it serves.",
)
"""The model registry."""

model_state = Table(
    "model_state",
    metadata,
    Column("change_id", BigInteger, Identity(always=True), primary_key=True),
    Column("model_id", BigInteger, ForeignKey("decisioning.model_version.model_id"), nullable=False),
    Column(
        "state",
        Text,
        CheckConstraint("state IN ('DRAFT', 'VALIDATED', 'CHAMPION', 'RETIRED')"),
        nullable=False,
    ),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Index("model_state_latest", "model_id", text("change_id DESC")),
    schema="decisioning",
    comment="Every step of a model's life; the latest one counts.",
)
"""Steps of models' lives."""

decision = Table(
    "decision",
    metadata,
    Column("decision_id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", BigInteger, nullable=False),
    Column("stage", Text, CheckConstraint("stage IN ('PRE_APPROVAL', 'ANTI_FRAUD')"), nullable=False),
    Column("attempt", Integer, CheckConstraint("attempt > 0"), nullable=False),
    Column("outcome", Text, CheckConstraint("outcome IN ('PASS', 'REFER', 'REJECT')"), nullable=False),
    Column("probability_of_default", Numeric(11, 10), CheckConstraint("probability_of_default BETWEEN 0 AND 1")),
    Column("score", Integer),
    Column("model_hash", Text, ForeignKey("decisioning.model_file.sha256")),
    Column("contract_hash", Text),
    Column("ruleset_hash", Text, ForeignKey("decisioning.ruleset.hash"), nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("outputs", JSONB, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("inputs_hash", Text, CheckConstraint("inputs_hash ~ '^[0-9a-f]{64}$'"), nullable=False),
    Column("trace", JSONB, nullable=False),
    Column("content_hash", Text, CheckConstraint("content_hash ~ '^[0-9a-f]{64}$'"), nullable=False),
    Column("decided_on", Date, nullable=False),
    Column("valid_until", Date, CheckConstraint("valid_until >= decided_on"), nullable=False),
    Column("command_key", Text, CheckConstraint("command_key <> ''"), nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    UniqueConstraint("application_id", "stage", "attempt"),
    CheckConstraint("num_nonnulls(probability_of_default, score, model_hash, contract_hash) IN (0, 4)"),
    CheckConstraint("outcome <> 'REJECT' OR outputs = '{}'::jsonb"),
    schema="decisioning",
    comment="Decisions of record. inputs, versions and content_hash are what a replay needs to give the same bytes.",
)
"""Decisions of record."""

decision_reason = Table(
    "decision_reason",
    metadata,
    Column("decision_id", BigInteger, ForeignKey("decisioning.decision.decision_id"), primary_key=True),
    Column("position", SmallInteger, CheckConstraint('"position" > 0'), primary_key=True, autoincrement=False),
    Column("code", Text, CheckConstraint("code <> ''"), nullable=False),
    Column("source", Text, CheckConstraint("source IN ('RULE', 'MODEL', 'DATA')"), nullable=False),
    Column("field", Text),
    Column("rule", Text),
    Column("points", Numeric(12, 6)),
    Column("text_zh", Text, CheckConstraint("text_zh <> ''"), nullable=False),
    Column("text_en", Text, CheckConstraint("text_en <> ''"), nullable=False),
    Index("decision_reason_code", "code"),
    schema="decisioning",
    comment="The reasons of decisions in both languages, as they were said on that day.",
)
"""Reasons of decisions."""
