"""Collections tables, exactly as `migrations/versions/0007_reconciliation_collections.sql` makes them."""

from sqlalchemy import (
    BigInteger,
    Column,
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
)
from sqlalchemy.dialects.postgresql import CHAR

from domain.metadata import metadata

SCHEMA = "collections"

case = Table(
    "case",
    metadata,
    Column("case_id", BigInteger, Identity(always=True), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("predecessor_case_id", BigInteger),
    Column("opened_on", Date, nullable=False),
    Column("dpd", Integer, nullable=False),
    Column("overdue_minor", BigInteger, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("actor", Text, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("case_id", name="case_pkey"),
    UniqueConstraint("loan_id", "case_id", name="case_loan_key"),
    UniqueConstraint("loan_id", "predecessor_case_id", name="case_open_once", postgresql_nulls_not_distinct=True),
    ForeignKeyConstraint(
        ["loan_id", "predecessor_case_id"],
        [f"{SCHEMA}.case_closing.loan_id", f"{SCHEMA}.case_closing.case_id"],
        name="case_follows_closing",
        use_alter=True,
    ),
    Index("case_by_customer", "customer_id"),
    schema=SCHEMA,
)
"""A case of one loan; a further one names the closing of the one before it."""

case_closing = Table(
    "case_closing",
    metadata,
    Column("case_id", BigInteger, nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("closed_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("case_id", name="case_closing_pkey"),
    UniqueConstraint("loan_id", "case_id", name="case_closing_loan_key"),
    ForeignKeyConstraint(["loan_id", "case_id"], [case.c.loan_id, case.c.case_id], name="case_closing_of_case"),
    schema=SCHEMA,
)
"""The end of a case."""

case_event = Table(
    "case_event",
    metadata,
    Column("event_id", BigInteger, Identity(always=True), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("bucket", Text, nullable=False),
    Column("dpd", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("happened_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("event_id", name="case_event_pkey"),
    ForeignKeyConstraint(["case_id"], [case.c.case_id], name="case_event_of_case"),
    Index("case_event_by_case", "case_id", "event_id"),
    schema=SCHEMA,
)
"""What happened in a case besides contacts."""

assignment = Table(
    "assignment",
    metadata,
    Column("assignment_id", BigInteger, Identity(always=True), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("collector", Text, nullable=False),
    Column("method", Text, nullable=False),
    Column("assigned_on", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("assigned_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("assignment_id", name="assignment_pkey"),
    ForeignKeyConstraint(["case_id"], [case.c.case_id], name="assignment_of_case"),
    Index("assignment_by_case", "case_id", "assignment_id"),
    schema=SCHEMA,
)
"""Who works a case; the latest row counts."""

contact = Table(
    "contact",
    metadata,
    Column("contact_id", BigInteger, Identity(always=True), nullable=False),
    Column("case_id", BigInteger, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    Column("contact_key", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("callee", Text, nullable=False),
    Column("callee_mask", Text, nullable=False),
    Column("local_on", Date, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    PrimaryKeyConstraint("contact_id", name="contact_pkey"),
    UniqueConstraint("contact_key", name="contact_key_once"),
    ForeignKeyConstraint(["case_id"], [case.c.case_id], name="contact_of_case"),
    Index("contact_by_case", "case_id", "contact_id"),
    Index("contact_by_day", "customer_id", "local_on"),
    schema=SCHEMA,
)
"""An attempt to reach somebody, written before dialling."""

contact_result = Table(
    "contact_result",
    metadata,
    Column("contact_id", BigInteger, nullable=False),
    Column("line_status", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("talk_seconds", Integer, nullable=False),
    Column("recording", Text, nullable=False),
    Column("promise_minor", BigInteger),
    Column("promise_currency", CHAR(3)),
    Column("promised_for", Date),
    Column("follow_up_on", Date),
    Column("note", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("contact_id", name="contact_result_pkey"),
    ForeignKeyConstraint(["contact_id"], [contact.c.contact_id], name="contact_result_of"),
    schema=SCHEMA,
)
"""How an attempt ended."""
