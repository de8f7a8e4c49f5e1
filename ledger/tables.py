"""The ledger's tables in SQLAlchemy Core, equal to `migrations/versions/0001_ledger.sql` (a drift test compares).

The meaning of each column is told once, in the SQL. Partitions of `entry` and `line` (one per month) are not declared.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import CHAR, JSONB

metadata = MetaData(schema="ledger")
"""All tables of the schema `ledger`."""

_TOTAL = Numeric(38, 0)
_HASH = LargeBinary


def _dimensions() -> tuple[Column[int], ...]:
    names = ("party_id", "scheme_id", "funder_id", "channel_id")
    return tuple(Column(name, Integer, primary_key=True, autoincrement=False) for name in names)


def _totals() -> tuple[Column[Any], ...]:
    names = ("debit", "credit", "red_debit", "red_credit")
    return (
        *(Column(name, _TOTAL, nullable=False) for name in names),
        Column("n", BigInteger, nullable=False),
    )


def _key(name: str, kind: type[Integer | BigInteger | SmallInteger] = Integer) -> Column[int]:
    return Column(name, kind, primary_key=True, autoincrement=False)


book = Table(
    "book",
    metadata,
    _key("book_id"),
    Column("code", Text, nullable=False),
    Column("legal_entity", Text, nullable=False),
    Column("base_currency", CHAR(3), nullable=False),
    Column("reversal_style", Text, nullable=False),
)
"""One row per legal party that keeps accounts."""

account = Table(
    "account",
    metadata,
    _key("book_id"),
    _key("account_id"),
    Column("code", Text, nullable=False),
    Column("name_zh", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("parent_id", Integer),
    Column("class", Text, nullable=False),
    Column("normal_side", CHAR(1), nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("postable", Boolean, nullable=False),
    Column("policy", Text, nullable=False),
    Column("required_dims", Integer, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("closed_on", Date),
)
"""The chart of accounts of each book."""

period = Table(
    "period",
    metadata,
    _key("book_id"),
    _key("period_id"),
    Column("state", Text, nullable=False),
    Column("closed_seq", BigInteger),
)
"""Accounting months."""

entry = Table(
    "entry",
    metadata,
    _key("book_id"),
    _key("period_id"),
    _key("entry_id", BigInteger),
    Column("event_id", Uuid, nullable=False),
    Column("source", Text, nullable=False),
    Column("ik", Text, nullable=False),
    Column("body_hash", _HASH, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule_version", Integer, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("economic_on", Date),
    Column("paid_on", Date),
    Column("n_lines", Integer, nullable=False),
    Column("reverses", BigInteger),
    Column("is_red", Boolean, nullable=False),
    Column("actor", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("meta", JSONB, nullable=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("mac", _HASH, nullable=False),
)
"""The journal's headers."""

line = Table(
    "line",
    metadata,
    _key("book_id"),
    _key("period_id"),
    _key("entry_id", BigInteger),
    _key("line_no"),
    Column("effective_on", Date, nullable=False),
    Column("account_id", Integer, nullable=False),
    Column("currency", CHAR(3), nullable=False),
    Column("side", CHAR(1), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("subject_id", BigInteger),
    Column("party_id", Integer),
    Column("scheme_id", Integer),
    Column("funder_id", Integer),
    Column("channel_id", Integer),
)
"""The journal's lines."""

entry_key = Table(
    "entry_key",
    metadata,
    _key("book_id"),
    Column("source", Text, primary_key=True),
    Column("ik", Text, primary_key=True),
    Column("entry_id", BigInteger, nullable=False),
    Column("period_id", Integer, nullable=False),
    Column("body_hash", _HASH, nullable=False),
)
"""Idempotency keys, and the way from an entry's id to its month."""

reversal = Table(
    "reversal",
    metadata,
    _key("book_id"),
    _key("reverses", BigInteger),
    Column("entry_id", BigInteger, nullable=False),
)
"""Which entry reversed which: at most once."""

guard = Table(
    "guard",
    metadata,
    _key("book_id"),
    _key("account_id"),
    _key("subject_id", BigInteger),
    Column("balance", BigInteger, nullable=False),
)
"""Balances that may not fall below zero, per account and subject."""

intake = Table(
    "intake",
    metadata,
    _key("book_id"),
    Column("arrival", BigInteger, Identity(always=True), primary_key=True),
    Column("entry_id", BigInteger, nullable=False),
    Column("period_id", Integer, nullable=False),
    Column("is_red", Boolean, nullable=False),
)
"""Committed entries that have no sequence number yet."""

tip = Table("tip", metadata, _key("book_id"), Column("seq", BigInteger, nullable=False))
"""The head of each book's log."""

log = Table(
    "log",
    metadata,
    _key("book_id"),
    _key("seq", BigInteger),
    Column("entry_id", BigInteger, nullable=False),
    Column("period_id", Integer, nullable=False),
    Column("is_red", Boolean, nullable=False),
    Column("sequenced_at", DateTime(timezone=True), nullable=False),
)
"""The gapless order in which entries were recorded."""

fold = Table(
    "fold",
    metadata,
    _key("book_id"),
    _key("upto_seq", BigInteger),
    Column("from_seq", BigInteger, nullable=False),
)
"""The stretches of the log that were folded at once."""

account_day = Table(
    "account_day",
    metadata,
    _key("book_id"),
    _key("account_id"),
    Column("effective_on", Date, primary_key=True),
    _key("upto_seq", BigInteger),
    *_dimensions(),
    Column("from_seq", BigInteger, nullable=False),
    *_totals(),
)
"""Bitemporal day deltas."""

account_tip = Table(
    "account_tip",
    metadata,
    _key("book_id"),
    _key("period_id"),
    _key("account_id"),
    *_dimensions(),
    *_totals(),
)
"""Month totals."""

leaf = Table("leaf", metadata, _key("book_id"), _key("seq", BigInteger), Column("leaf_hash", _HASH, nullable=False))
"""Digest of each logged entry with its lines."""

log_node = Table(
    "log_node",
    metadata,
    _key("book_id"),
    _key("level", SmallInteger),
    _key("idx", BigInteger),
    Column("hash", _HASH, nullable=False),
)
"""Perfect-subtree digests of the log's Merkle tree."""

checkpoint = Table(
    "checkpoint",
    metadata,
    _key("book_id"),
    _key("tree_size", BigInteger),
    Column("root", _HASH, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
"""Signed tree heads."""

period_seal = Table(
    "period_seal",
    metadata,
    _key("book_id"),
    _key("period_id"),
    Column("prev_seal", _HASH),
    Column("closed_seq", BigInteger, nullable=False),
    Column("log_root", _HASH, nullable=False),
    Column("balance_root", _HASH, nullable=False),
    Column("account_root", _HASH, nullable=False),
    Column("seal", _HASH, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)
"""Seals of closed months."""

ddl_log = Table(
    "ddl_log",
    metadata,
    Column("at", DateTime(timezone=True), nullable=False),
    Column("who", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("object", Text, nullable=False),
)
"""Every change of this schema."""
