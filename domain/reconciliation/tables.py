"""Reconciliation tables, exactly as `migrations/versions/0007_reconciliation_collections.sql` makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
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
from sqlalchemy.dialects.postgresql import CHAR, JSONB

from domain.metadata import metadata

SCHEMA = "reconciliation"

statement_file = Table(
    "statement_file",
    metadata,
    Column("file_id", BigInteger, Identity(always=True), nullable=False),
    Column("profile", Text, nullable=False),
    Column("business_on", Date, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("taken", Boolean, nullable=False),
    Column("problems", JSONB, nullable=False),
    Column("actor", Text, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("file_id", name="statement_file_pkey"),
    schema=SCHEMA,
)
"""Every file that was offered, taken or refused."""

Index(
    "statement_file_day_once",
    statement_file.c.profile,
    statement_file.c.business_on,
    unique=True,
    postgresql_where=statement_file.c.taken,
)
Index(
    "statement_file_content_once",
    statement_file.c.profile,
    statement_file.c.sha256,
    unique=True,
    postgresql_where=statement_file.c.taken,
)

statement_row = Table(
    "statement_row",
    metadata,
    Column("file_id", BigInteger, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("order_no", Text, nullable=False),
    Column("bank_no", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("business_on", Date, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("fee_minor", BigInteger, nullable=False),
    PrimaryKeyConstraint("file_id", "line_no", name="statement_row_pkey"),
    ForeignKeyConstraint(["file_id"], [statement_file.c.file_id], name="statement_row_of_file"),
    Index("statement_row_by_order", "order_no"),
    schema=SCHEMA,
)
"""The rows of taken files."""

run = Table(
    "run",
    metadata,
    Column("run_id", BigInteger, Identity(always=True), nullable=False),
    Column("file_id", BigInteger, nullable=False),
    Column("settlement_book", Integer),
    Column("settlement_entry_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("run_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("run_id", name="run_pkey"),
    UniqueConstraint("file_id", name="run_file_once"),
    ForeignKeyConstraint(["file_id"], [statement_file.c.file_id], name="run_of_file"),
    schema=SCHEMA,
)
"""One run per taken file."""

match = Table(
    "match",
    metadata,
    Column("run_id", BigInteger, nullable=False),
    Column("line_no", Integer, nullable=False),
    Column("order_no", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "line_no", name="match_pkey"),
    UniqueConstraint("order_no", name="match_order_once"),
    ForeignKeyConstraint(["run_id"], [run.c.run_id], name="match_of_run"),
    schema=SCHEMA,
)
"""Rows that agree with our order."""

discrepancy = Table(
    "discrepancy",
    metadata,
    Column("discrepancy_id", BigInteger, Identity(always=True), nullable=False),
    Column("run_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("order_no", Text, nullable=False),
    Column("line_no", Integer),
    Column("our_state", Text, nullable=False),
    Column("our_amount_minor", BigInteger),
    Column("our_currency", CHAR(3)),
    Column("bank_outcome", Text),
    Column("bank_amount_minor", BigInteger),
    Column("bank_currency", CHAR(3)),
    PrimaryKeyConstraint("discrepancy_id", name="discrepancy_pkey"),
    ForeignKeyConstraint(["run_id"], [run.c.run_id], name="discrepancy_of_run"),
    Index("discrepancy_by_run", "run_id", "discrepancy_id"),
    Index("discrepancy_by_order", "order_no"),
    schema=SCHEMA,
)
"""Every difference as it was found."""

discrepancy_resolution = Table(
    "discrepancy_resolution",
    metadata,
    Column("discrepancy_id", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("entry_id", BigInteger),
    Column("actor", Text, nullable=False),
    Column("resolved_at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("discrepancy_id", name="discrepancy_resolution_pkey"),
    ForeignKeyConstraint(["discrepancy_id"], [discrepancy.c.discrepancy_id], name="discrepancy_resolution_of"),
    schema=SCHEMA,
)
"""How a difference was closed, once."""
