"""The sequencer: numbers committed entries without gaps and folds them into the totals, one at a time per book."""

from typing import Final

from sqlalchemy import Connection, select, text

from ledger import tables

BATCH: Final = 5_000
"""Entries numbered in one go."""


def sequence(conn: Connection, book: int, *, limit: int = BATCH) -> int:
    """Number up to `limit` waiting entries of a book; answers how many. The caller commits."""
    return int(conn.execute(text("SELECT ledger.sequence(:b, :n)"), {"b": book, "n": limit}).scalar_one())


def drain(conn: Connection, book: int) -> int:
    """Number all waiting entries that this transaction can see; answers how many."""
    total = 0
    while done := sequence(conn, book):
        total += done
    return total


def head(conn: Connection, book: int) -> int:
    """The newest number of the book's log (0 when empty)."""
    return conn.execute(select(tables.tip.c.seq).where(tables.tip.c.book_id == book)).scalar_one_or_none() or 0
