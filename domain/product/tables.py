"""Tables of the product schema, exactly as the migration makes them."""

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
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.metadata import metadata

product = Table(
    "product",
    metadata,
    Column("product_id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, CheckConstraint("code <> ''"), nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("created_by", Text, nullable=False),
    schema="product",
    comment="Products over all their versions; the id is the scheme dimension of journal lines.",
)
"""Products over all their versions."""

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_id", BigInteger, Identity(always=True), primary_key=True),
    Column("product_id", BigInteger, ForeignKey("product.product.product_id"), nullable=False),
    Column("version", Integer, CheckConstraint("version > 0"), nullable=False),
    Column("content", JSONB, nullable=False),
    Column("content_hash", CHAR(64), nullable=False),
    Column("proposed_at", DateTime(timezone=True), nullable=False),
    Column("proposed_by", Text, nullable=False),
    Column("key", Text, nullable=False),
    UniqueConstraint("proposed_by", "key"),
    schema="product",
    comment="Drafts that a maker has put forward; a checker publishes them or they stay drafts.",
)
"""Drafts that a maker has put forward."""

version = Table(
    "version",
    metadata,
    Column("product_id", BigInteger, ForeignKey("product.product.product_id"), primary_key=True),
    Column("version", Integer, CheckConstraint("version > 0"), primary_key=True),
    Column("content", JSONB, nullable=False),
    Column("content_hash", CHAR(64), nullable=False, unique=True),
    Column("effective_from", Date, nullable=False),
    Column("proposal_id", BigInteger, ForeignKey("product.proposal.proposal_id"), nullable=False, unique=True),
    Column("proposed_by", Text, nullable=False),
    Column("published_at", DateTime(timezone=True), nullable=False),
    Column("published_by", Text, nullable=False),
    CheckConstraint("proposed_by <> published_by"),
    Index("version_effective", "product_id", text("effective_from DESC"), text("version DESC")),
    schema="product",
    comment="Published versions, immutable; a loan keeps its version for life.",
)
"""Published versions, immutable."""
