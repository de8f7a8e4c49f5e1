"""The sequencer: numbers committed entries without gaps and folds them into the totals, one at a time per book.

`rebuild` makes the folded totals and guards anew, when a disk or a person has changed them.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Difference:
    """A derived row that was not what the journal makes of it."""

    table: str
    account_id: int | None
    """The account it is about, where it is about one."""
    detail: str


def rebuild(conn: Connection, book: int) -> list[Difference]:
    """Replace what is derived in a book and differs from its lines and log; answers what differed. The caller commits.

    Posting waits meanwhile. Only the owner of the tables may do it: a session of the application is refused. Leaves,
    nodes, checkpoints and seals are evidence and stay as they are.
    """
    rows = conn.execute(text("SELECT what, account_id, detail FROM ledger.rebuild(:b)"), {"b": book})
    return [Difference(row.what, row.account_id, row.detail) for row in rows]
