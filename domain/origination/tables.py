"""Tables of the origination schema, exactly as the migration makes them."""

from sqlalchemy import (
    ARRAY,
    CHAR,
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
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata
from domain.party.tables import bank_account, channel, customer
from domain.product.tables import version

application = Table(
    "application",
    metadata,
    Column("application_id", BigInteger, Identity(always=True), primary_key=True),
    Column("channel_id", BigInteger, ForeignKey(channel.c.channel_id), nullable=False),
    Column("channel_application_no", Text, CheckConstraint("channel_application_no <> ''"), nullable=False),
    Column("product_id", BigInteger, nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("customer_id", BigInteger, ForeignKey(customer.c.customer_id), nullable=False),
    Column("amount_minor", BigInteger, CheckConstraint("amount_minor > 0"), nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("term_months", Integer, CheckConstraint("term_months > 0"), nullable=False),
    Column("form", JSONB, nullable=False),
    Column("facts", JSONB, nullable=False),
    Column("content_hash", LargeBinary, CheckConstraint("octet_length(content_hash) = 32"), nullable=False),
    Column("submitted_on", Date, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("channel_id", "channel_application_no"),
    ForeignKeyConstraint(["product_id", "product_version"], [version.c.product_id, version.c.version]),
    Index("application_customer", "customer_id", "application_id"),
    schema="origination",
    comment=("Applications as submitted, without personal data; the channel and its number are the idempotency key."),
)
"""Applications as submitted."""

application_link = Table(
    "application_link",
    metadata,
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), primary_key=True),
    Column(
        "link",
        Text,
        CheckConstraint("link IN ('IDENTITY', 'DEVICE', 'CARD', 'MOBILE', 'CONTACT')"),
        primary_key=True,
    ),
    Column("digest", LargeBinary, CheckConstraint("octet_length(digest) = 32"), primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Index(
        "application_link_shared",
        "link",
        "digest",
        text("seen_at DESC"),
        postgresql_include=["customer_id", "application_id", "channel_id"],
    ),
    schema="origination",
    comment="Blind indexes of what an application brought, for counting who shares it.",
)
"""What an application brought, as blind indexes."""

application_account = Table(
    "application_account",
    metadata,
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), primary_key=True),
    Column("attempt", Integer, CheckConstraint("attempt > 0"), primary_key=True),
    Column("receiving_account_id", BigInteger, ForeignKey(bank_account.c.account_id), nullable=False),
    Column("repayment_account_id", BigInteger, ForeignKey(bank_account.c.account_id), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    schema="origination",
    comment="Accounts named by the borrower, one row per attempt to disburse; the latest counts.",
)
"""Accounts that receive the loan and pay it back."""

application_stage = Table(
    "application_stage",
    metadata,
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), primary_key=True),
    Column("sequence", Integer, CheckConstraint("sequence > 0"), primary_key=True),
    Column("from_stage", Text, nullable=False),
    Column("to_stage", Text, nullable=False),
    Column(
        "verdict",
        Text,
        CheckConstraint("verdict IN ('PASSED', 'REFERRED', 'REJECTED', 'FAILED', 'CANCELLED', 'RENEWED')"),
        nullable=False,
    ),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("marks", ARRAY(Text), nullable=False),
    Column("product_version", Integer, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    schema="origination",
    comment="Every step of every application, with the version of the product whose flow it followed.",
)
"""Every step of every application."""

application_state = Table(
    "application_state",
    metadata,
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), primary_key=True),
    Column("stage", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("marks", ARRAY(Text), nullable=False),
    Column("since", DateTime(timezone=True), nullable=False),
    Index(
        "application_state_open",
        "stage",
        "application_id",
        postgresql_where=text("stage NOT IN ('REJECTED', 'CANCELLED', 'DISBURSED')"),
    ),
    schema="origination",
    comment="Work list: where each application stands now; rebuildable from application_stage.",
)
"""Where each application stands now."""

review_task = Table(
    "review_task",
    metadata,
    Column("task_id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", BigInteger, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("stage", Text, CheckConstraint("stage IN ('MANUAL_REVIEW', 'PHONE_CHECK')"), nullable=False),
    Column("approvals_required", Integer, CheckConstraint("approvals_required > 0"), nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("application_id", "sequence"),
    ForeignKeyConstraint(
        ["application_id", "sequence"], [application_stage.c.application_id, application_stage.c.sequence]
    ),
    schema="origination",
    comment="Work for people; opened by the step that led to it.",
)
"""Work for people."""

review_decision = Table(
    "review_decision",
    metadata,
    Column("task_id", BigInteger, ForeignKey(review_task.c.task_id), primary_key=True),
    Column("reviewer", Text, CheckConstraint("reviewer <> ''"), primary_key=True),
    Column("finding", Text, CheckConstraint("finding IN ('APPROVE', 'REJECT', 'CALL_FIRST', 'DOUBT')"), nullable=False),
    Column("reasons", ARRAY(Text), CheckConstraint("cardinality(reasons) > 0"), nullable=False),
    Column("note", Text, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("key", Text, nullable=False),
    schema="origination",
    comment="What each person concluded; one person judges a task once.",
)
"""What each person concluded."""

offer = Table(
    "offer",
    metadata,
    Column("offer_id", BigInteger, Identity(always=True), primary_key=True),
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), nullable=False, unique=True),
    Column("amount_minor", BigInteger, CheckConstraint("amount_minor > 0"), nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("term_months", Integer, CheckConstraint("term_months > 0"), nullable=False),
    Column("start_on", Date, nullable=False),
    Column("content", JSONB, nullable=False),
    Column("disclosure_hash", CHAR(64), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    schema="origination",
    comment="What was put before the borrower: schedule and cost disclosure, under one hash.",
)
"""What was put before the borrower."""

offer_acceptance = Table(
    "offer_acceptance",
    metadata,
    Column("offer_id", BigInteger, ForeignKey(offer.c.offer_id), primary_key=True),
    Column("disclosure_hash", CHAR(64), nullable=False),
    Column("read_seconds", Integer, CheckConstraint("read_seconds >= 0"), nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    schema="origination",
    comment="The borrower's acceptance of exactly what was shown.",
)
"""The borrower's acceptance."""

application_loan = Table(
    "application_loan",
    metadata,
    Column("application_id", BigInteger, ForeignKey(application.c.application_id), primary_key=True),
    Column("attempt", Integer, CheckConstraint("attempt > 0"), primary_key=True),
    Column("loan_id", BigInteger, nullable=False, unique=True),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    schema="origination",
    comment="Which loan each attempt to disburse has made.",
)
"""Which loan each attempt has made."""

repayment_request = Table(
    "repayment_request",
    metadata,
    Column("request_id", BigInteger, Identity(always=True), primary_key=True),
    Column("business_no", Text, CheckConstraint("business_no <> ''"), nullable=False, unique=True),
    Column("origin", Text, CheckConstraint("origin IN ('CHANNEL', 'DUE_DATE', 'OPERATOR')"), nullable=False),
    Column("loan_id", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, CheckConstraint("amount_minor > 0"), nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column(
        "intent",
        Text,
        CheckConstraint("intent IN ('DUE', 'SETTLE', 'REDUCE_TERM', 'REDUCE_PAYMENT', 'KEEP_PLAN')"),
        nullable=False,
    ),
    Column("instalment_nos", ARRAY(Integer), nullable=False),
    Column("account_id", BigInteger, ForeignKey(bank_account.c.account_id), nullable=False),
    Column("requested_on", Date, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Index("repayment_request_loan", "loan_id", "request_id"),
    schema="origination",
    comment=(
        "Repayments asked for, by the channel, on the due date or by an operator; each becomes one collection order."
    ),
)
"""Repayments asked for."""
