"""The stored journal as a stream of canonical bytes, in the order of the log, at the speed of a binary COPY.

PostgreSQL's binary COPY sends exactly the bytes that `encoding` defines, so nothing is decoded on the way to a leaf.
Shell: reads only, on the caller's connection and snapshot.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection as DriverConnection
from psycopg import pq
from sqlalchemy import Connection

CHUNK: Final = 20_000
"""Entries held in memory at once."""

_TRAILER: Final = b"\xff\xff"
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0"
_SIGNATURE_WIDTH: Final = 19
_SEQ_END: Final = 14
"""End of the two-byte field count and the first field, an eight-byte sequence number."""
_META_START: Final = 18


@dataclass(slots=True)
class Stored:
    """One numbered entry as canonical bytes."""

    seq: int
    """Number in the log."""
    meta: bytes
    """The entry's meta as JSON text."""
    head: bytes
    """Log row and entry row; without the entry row when the entry is not where the log says."""
    lines: list[bytes]
    """Line rows by line number."""
    is_whole: bool
    """Whether the log's entry was found."""


def stored(conn: Connection, book: int, *, above: int, upto: int, chunk: int = CHUNK) -> Iterator[Stored]:
    """The entries numbered (above, upto] of a book in order, each with its lines; absent numbers are skipped."""
    driver = driver_of(conn)
    for low in range(above, upto, chunk):
        high = min(low + chunk, upto)
        entries = {item.seq: item for item in _heads(driver, book, low, high)}
        seq_now, lines = b"", []
        for row in _copy(driver, _LINES % (book, low, high)):
            seq = row[6:_SEQ_END]
            if seq != seq_now:
                seq_now, lines = seq, entries[int.from_bytes(seq, "big")].lines
            lines.append(row[_SEQ_END:])
        yield from entries.values()


def driver_of(conn: Connection) -> DriverConnection[Any]:
    """The psycopg connection under a SQLAlchemy one, its transaction begun."""
    conn.connection  # noqa: B018 - checks the connection out
    driver = conn.connection.driver_connection
    assert isinstance(driver, DriverConnection), "the ledger speaks psycopg"
    return driver


# The columns stand in the order of `encoding.LOG_COLUMNS`, `ENTRY_COLUMNS` and `LINE_COLUMNS`. OFFSET 0 pins the plan:
# one look-up in the key per entry, and the lines already in order.
_HEADS: Final = """
SELECT g.seq, e.meta, g.book_id, g.seq, g.entry_id, g.period_id, g.is_red, g.sequenced_at,
       e.book_id, e.period_id, e.entry_id, e.event_id, e.source, e.ik, e.body_hash, e.kind, e.rule_version,
       e.effective_on, e.economic_on, e.paid_on, e.n_lines, e.reverses, e.is_red, e.actor, e.description,
       e.recorded_at, e.mac
  FROM ledger.log g LEFT JOIN LATERAL (
    SELECT * FROM ledger.entry x
     WHERE x.book_id = g.book_id AND x.period_id = g.period_id AND x.entry_id = g.entry_id OFFSET 0) e ON true
 WHERE g.book_id = %d AND g.seq > %d AND g.seq <= %d ORDER BY g.seq"""
_LINES: Final = """
SELECT g.seq, l.book_id, l.period_id, l.entry_id, l.line_no, l.effective_on, l.account_id, l.currency, l.side, l.amount,
       l.subject_id, l.party_id, l.scheme_id, l.funder_id, l.channel_id
  FROM ledger.log g CROSS JOIN LATERAL (
    SELECT * FROM ledger.line x
     WHERE x.book_id = g.book_id AND x.period_id = g.period_id AND x.entry_id = g.entry_id
     ORDER BY x.line_no OFFSET 0) l
 WHERE g.book_id = %d AND g.seq > %d AND g.seq <= %d ORDER BY g.seq"""


def _heads(driver: DriverConnection[Any], book: int, low: int, high: int) -> Iterator[Stored]:
    for row in _copy(driver, _HEADS % (book, low, high)):
        seq = int.from_bytes(row[6:_SEQ_END], "big")
        width = int.from_bytes(row[_SEQ_END:_META_START], "big", signed=True)
        if width < 0:
            yield Stored(seq, b"{}", row[_META_START:], [], is_whole=False)
        else:  # a jsonb value is one version byte and its text
            yield Stored(seq, row[_META_START + 1 : _META_START + width], row[_META_START + width :], [], is_whole=True)


def _copy(driver: DriverConnection[Any], query: str) -> Iterator[bytes]:
    """Rows of a query as binary COPY tuples. Speaks libpq directly: one call a row, nothing else."""
    pg = driver.pgconn
    if driver.info.transaction_status == pq.TransactionStatus.IDLE:
        driver.execute("SELECT")
    result = pg.exec_(f"COPY ({query}) TO STDOUT (FORMAT binary)".encode())
    if result.status != pq.ExecStatus.COPY_OUT:
        raise RuntimeError(result.get_error_message())
    width, data = pg.get_copy_data(0)
    row = bytes(data)
    assert row.startswith(_SIGNATURE), "a binary COPY"
    row = row[_SIGNATURE_WIDTH:]  # the header comes alone or before the first row, as the server's version likes
    while width >= 0:
        if row and row != _TRAILER:
            yield row
        width, data = pg.get_copy_data(0)
        row = bytes(data)
    while (result := pg.get_result()) is not None:  # type: ignore[assignment]
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise RuntimeError(result.get_error_message())
