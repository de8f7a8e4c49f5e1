"""Tables of the day schema, exactly as the migrations 0008 and 0014 make them."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from domain.metadata import metadata

run = Table(
    "run",
    metadata,
    Column("business_on", Date, nullable=False),
    Column("chunk_size", Integer, nullable=False),
    Column("loan_id_max", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("begun_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("business_on", name="run_pkey"),
    CheckConstraint("chunk_size > 0", name="run_chunk_positive"),
    CheckConstraint("loan_id_max >= 0", name="run_loans_not_negative"),
    schema="day",
    comment="Business dates whose close has begun, with the cut of loan ids that resuming must keep.",
)
"""Business dates whose close has begun, with the cut of loan ids that resuming must keep."""

step = Table(
    "step",
    metadata,
    Column("business_on", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("loans", Integer, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("done_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("business_on", "step", "chunk", name="step_pkey"),
    ForeignKeyConstraint(["business_on"], ["day.run.business_on"], name="step_of_run"),
    CheckConstraint("entries >= 0 AND loans >= 0", name="step_counts_not_negative"),
    schema="day",
    comment="Finished chunks of a close: how many entries and loans, and the sum of what was posted, minor units.",
)
"""Finished chunks of a close."""

closed = Table(
    "closed",
    metadata,
    Column("business_on", Date, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("business_on", name="closed_pkey"),
    ForeignKeyConstraint(["business_on"], ["day.run.business_on"], name="closed_of_run"),
    schema="day",
    comment="Business dates whose close is complete.",
)
"""Business dates whose close is complete."""

refusal = Table(
    "refusal",
    metadata,
    Column("business_on", Date, nullable=False),
    Column("no", Integer, nullable=False),
    Column("code", Text, nullable=False),
    Column("zh", Text, nullable=False),
    Column("en", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("refused_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("business_on", "no", name="refusal_pkey"),
    ForeignKeyConstraint(["business_on"], ["day.run.business_on"], name="refusal_of_run"),
    CheckConstraint("no > 0", name="refusal_numbered"),
    schema="day",
    comment="Why an attempt to close a date ended: stable code and both sentences, as they were said.",
)
"""Why an attempt to close a date ended."""

resumption = Table(
    "resumption",
    metadata,
    Column("business_on", Date, nullable=False),
    Column("no", Integer, nullable=False),
    Column("actor", Text, nullable=False),
    Column("resumed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("business_on", "no", name="resumption_pkey"),
    ForeignKeyConstraint(
        ["business_on", "no"], ["day.refusal.business_on", "day.refusal.no"], name="resumption_of_refusal"
    ),
    schema="day",
    comment="Who ordered a refused close again: the refusal of that number stands in nobody's way any more.",
)
"""Who ordered a refused close again."""
