"""The stream: the bytes that PostgreSQL sends are the bytes that the encoder makes, and chunks change nothing."""

import json
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from ledger import journal
from ledger.audit import rows_of
from ledger.encoding import (
    ENTRY_COLUMNS,
    LINE_COLUMNS,
    LOG_COLUMNS,
    digest,
    encode_entry,
    encode_line,
    encode_log,
    leaf_bytes,
    leaf_hash,
    meta_text_digest,
)
from ledger.sequencer import drain
from ledger.stream import stored
from tests.ledger.conftest import lent

pytestmark = pytest.mark.usefixtures("book")


def test_what_the_database_sends_is_the_canonical_encoding(conn: Connection) -> None:
    full = replace(
        lent("b", 2, 7), event_id=UUID(int=9), economic_on=date(1999, 12, 31), paid_on=date(2026, 1, 2),
        description="更正 𠮷", meta={"b": 1, "a": "更", "n": None, "t": True},
    )  # fmt: skip
    journal.append(conn, [lent("a", 1, 5), full])
    drain(conn, 1)
    streamed = list(stored(conn, 1, above=0, upto=2))
    assert [item.seq for item in streamed] == [1, 2]
    for item in streamed:
        log, entry, lines = selected(conn, item.seq)
        assert item.head == encode_log(log) + encode_entry(entry)  # type: ignore[arg-type]
        assert item.lines == [encode_line(line) for line in lines]  # type: ignore[arg-type]
        rows = rows_of(item, None)
        assert (rows.log, rows.entry, rows.lines) == (log, entry, tuple(lines))
        meta = json.loads(item.meta)
        leaf = digest("sha256")(leaf_bytes(meta_text_digest(item.meta), item.head, item.lines))
        assert leaf == leaf_hash(rows.log, rows.entry, meta, rows.lines)  # type: ignore[arg-type]


def test_chunks_change_nothing_and_an_empty_stretch_is_empty(conn: Connection) -> None:
    journal.append(conn, [lent(f"a{n}", n, 5 + n) for n in range(1, 8)])
    drain(conn, 1)
    whole = list(stored(conn, 1, above=0, upto=7))
    assert list(stored(conn, 1, above=0, upto=7, chunk=2)) == whole
    assert list(stored(conn, 1, above=2, upto=5)) == whole[2:5]
    assert list(stored(conn, 1, above=7, upto=90, chunk=10)) == []
    assert conn.execute(text("SELECT 1")).scalar_one() == 1, "the connection is free again"


def selected(conn: Connection, seq: int) -> tuple[tuple[object, ...], tuple[object, ...], list[tuple[object, ...]]]:
    """The same rows by ordinary SELECTs."""
    log = conn.execute(text(f"SELECT {', '.join(LOG_COLUMNS)} FROM ledger.log WHERE seq = :s"), {"s": seq}).one()
    where = {"e": log.entry_id}
    entry = conn.execute(text(f"SELECT {', '.join(ENTRY_COLUMNS)} FROM ledger.entry WHERE entry_id = :e"), where).one()
    lines = conn.execute(
        text(f"SELECT {', '.join(LINE_COLUMNS)} FROM ledger.line WHERE entry_id = :e ORDER BY line_no"), where
    )
    return tuple(log), tuple(entry), [tuple(line) for line in lines]
