"""Exports of a book's numbered journal: sealed JSONL, hledger/ledger-cli, beancount, CSV. Shell; streams.

The same journal gives the same text, byte for byte. What still waits for the sequencer is not exported.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text

from ledger.audit import leaves_of, notes_of, rows_of, seals_of
from ledger.books import books, chart, periods
from ledger.encoding import ACCOUNT_COLUMNS, meta_digest
from ledger.plain_text import NamedChart, beancount, comma_separated, hledger
from ledger.seal import account_rows
from ledger.stream import CHUNK, Stored, stored
from ledger.verify import StoredRows

FORMAT: Final = 1
"""Version of the sealed JSONL form."""


def sealed(conn: Connection, *, book: int, hash_name: str = "sha256", without_meta: bool = False) -> Iterator[str]:
    """Sealed JSONL: facts of the book, accounts, checkpoints and seals, then every entry in order of its number.

    `without_meta` withholds each entry's meta and gives its digest, which proves the same leaf.
    """
    kept = next(each for each in books(conn) if each.book_id == book)
    yield _row(
        type="journal",
        format=FORMAT,
        book=book,
        code=kept.code,
        legal_entity=kept.legal_entity,
        base_currency=kept.base_currency,
        reversal_style=kept.reversal_style.value,
        hash=hash_name,
        periods=[[each.period_id, each.state.value, each.closed_seq] for each in periods(conn, book)],
    )
    closed = {account_id: account.closed_on for account_id, account in chart(conn, book).items()}
    for row in account_rows(conn, book=book):
        facts = dict(zip(ACCOUNT_COLUMNS, row, strict=True))
        closed_on = closed[int(str(facts["account_id"]))]
        yield _row(
            type="account",
            facts=[fact if isinstance(fact, bool | int | str) or fact is None else str(fact) for fact in row],
            closed_on=None if closed_on is None else closed_on.isoformat(),
        )
    for note in notes_of(conn, book=book):
        yield _row(type="checkpoint", note=note)
    for seal in seals_of(conn, book=book):
        yield _row(
            type="seal",
            period=seal.period,
            previous=None if seal.previous is None else seal.previous.hex(),
            closed_seq=seal.closed_seq,
            log_root=seal.log_root.hex(),
            balance_root=seal.balance_root.hex(),
            account_root=seal.account_root.hex(),
            seal=seal.seal.hex(),
            note=seal.note,
        )
    count = 0
    for item, leaf in _streamed(conn, book):
        count += 1
        yield _entry_row(item, leaf, hash_name, without_meta=without_meta)
    yield _row(type="end", entries=count)


def as_hledger(conn: Connection, *, book: int) -> Iterator[str]:
    """The journal for hledger and ledger-cli."""
    return hledger(_named(conn, book), _rows(conn, book))


def as_beancount(conn: Connection, *, book: int) -> Iterator[str]:
    """The journal for beancount."""
    return beancount(_named(conn, book), _rows(conn, book))


def as_csv(conn: Connection, *, book: int) -> Iterator[str]:
    """The journal as CSV for machines."""
    return comma_separated(_named(conn, book), _rows(conn, book))


def as_spreadsheet(conn: Connection, *, book: int) -> Iterator[str]:
    """The journal as CSV for a spreadsheet program: byte-order mark, no text that begins a formula."""
    return comma_separated(_named(conn, book), _rows(conn, book), for_spreadsheet=True)


def as_sealed(conn: Connection, *, book: int) -> Iterator[str]:
    """`sealed` with its defaults."""
    return sealed(conn, book=book)


Exporter = Callable[..., Iterator[str]]

FORMATS: Final[Mapping[str, Exporter]] = MappingProxyType(
    {
        "hledger": as_hledger,
        "ledger": as_hledger,
        "beancount": as_beancount,
        "csv": as_csv,
        "spreadsheet": as_spreadsheet,
        "jsonl": as_sealed,
    }
)
"""Exporters by the name of their format; each takes (conn, book=...)."""


def _named(conn: Connection, book: int) -> NamedChart:
    title = next(each.legal_entity for each in books(conn) if each.book_id == book)
    return NamedChart.of(title, chart(conn, book))


def _rows(conn: Connection, book: int) -> Iterator[StoredRows]:
    for item, leaf in _streamed(conn, book):
        yield rows_of(item, leaf)


def _streamed(conn: Connection, book: int) -> Iterator[tuple[Stored, bytes | None]]:
    head = conn.execute(
        text("SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :b"), {"b": book}
    ).scalar_one()
    for low in range(0, head, CHUNK):
        high = min(low + CHUNK, head)
        leaves = leaves_of(conn, book=book, above=low, upto=high)
        for item in stored(conn, book, above=low, upto=high):
            yield item, leaves.get(item.seq)


def _entry_row(item: Stored, leaf: bytes | None, hash_name: str, *, without_meta: bool) -> str:
    rows = rows_of(item, leaf)
    meta: dict[str, object] = {}
    if without_meta:
        meta["meta_digest"] = meta_digest(dict(rows.meta) if not isinstance(rows.meta, bytes) else {}, hash_name).hex()
    head = _row(
        type="entry",
        log=[_cell(cell) for cell in rows.log],
        entry=None if rows.entry is None else [_cell(cell) for cell in rows.entry],
        lines=[[_cell(cell) for cell in line] for line in rows.lines],
        leaf=None if leaf is None else leaf.hex(),
        **meta,
    )
    # the stored text of meta goes out as it is: numbers keep their spelling
    return head if without_meta else head[:-2] + ',"meta":' + item.meta.decode() + "}\n"


def _cell(cell: object) -> object:
    if cell is None or isinstance(cell, bool | int | str):
        return cell
    return cell.hex() if isinstance(cell, bytes) else str(cell)


def _row(**cells: object) -> str:
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":")) + "\n"
