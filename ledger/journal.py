"""The journal: the only writer of entries, and the way back to a stored one.

`append` takes a batch (one entry is a batch of one), sends it through the one door `ledger.post` and answers a verdict
per entry, in order. A refused entry leaves the others untouched, unless the batch is `Batch.ATOMIC`: then all stand or
none. The journal speaks psycopg on the caller's own connection: the caller's transaction is the journal's, and nobody
here commits.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias
from uuid import UUID

from psycopg import Connection as DriverConnection
from sqlalchemy import Connection, and_, select

from ledger import tables
from ledger.entry import Dimensions, Entry, Line, Side, body_hash, reversed_entry, row_mac

STRETCH: Final = 4_000
"""Lines of a long batch that go through the door at once; the next are written out while the server takes these."""

_IDS_PER_BLOCK: Final = 1024  # the increment of ledger.entry_id_seq

DEVELOPMENT_MAC_KEY: Final = b"zhudai-development-mac-key-not-for-production"
"""Used when no key is configured; a server with this key refuses to bind to anything but loopback."""

MAC_KEY_OPTION: Final = "ledger_mac_key"
"""Name of the SQLAlchemy execution option that carries the key of the row digests (bytes)."""


class Batch(StrEnum):
    """What a refused entry means for the others of its batch."""

    INDEPENDENT = "independent"
    """Nothing: each stands by itself."""
    ATOMIC = "atomic"
    """All stand or none: with one refused, the sound ones are taken back."""


class RefusalCode(StrEnum):
    """Why an entry was not posted. The database says it in these words, and they are stable."""

    ACCOUNT_CLOSED = "LEDGER_ACCOUNT_CLOSED"
    ACCOUNT_NOT_LEAF = "LEDGER_ACCOUNT_NOT_LEAF"
    ACCOUNT_UNKNOWN = "LEDGER_ACCOUNT_UNKNOWN"
    ALREADY_REVERSED = "LEDGER_ALREADY_REVERSED"
    AMOUNT_INVALID = "LEDGER_AMOUNT_INVALID"
    BOOK_FORBIDDEN = "LEDGER_BOOK_FORBIDDEN"
    CURRENCY_MISMATCH = "LEDGER_CURRENCY_MISMATCH"
    DIMENSION_MISSING = "LEDGER_DIMENSION_MISSING"
    GUARD_VIOLATED = "LEDGER_GUARD_VIOLATED"
    IDEMPOTENCY_CONFLICT = "LEDGER_IDEMPOTENCY_CONFLICT"
    INCOMPLETE = "LEDGER_INCOMPLETE"
    NOT_AN_INVERSION = "LEDGER_NOT_AN_INVERSION"
    PERIOD_CLOSED = "LEDGER_PERIOD_CLOSED"
    PERIOD_UNKNOWN = "LEDGER_PERIOD_UNKNOWN"
    REVERSAL_OF_REVERSAL = "LEDGER_REVERSAL_OF_REVERSAL"
    REVERSED_UNKNOWN = "LEDGER_REVERSED_UNKNOWN"
    TAKEN_BACK = "LEDGER_TAKEN_BACK"
    """It was sound, and another entry of its atomic batch was refused."""
    UNBALANCED = "LEDGER_UNBALANCED"


@dataclass(frozen=True, slots=True)
class Posted:
    """The entry is in the journal now."""

    entry_id: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Replayed:
    """The same entry was already in the journal: same key, same body. Nothing was written."""

    entry_id: int
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Refused:
    """The entry was refused; nothing of it was written."""

    code: RefusalCode
    detail: str = ""
    """What the refusal is about, for example `book/month` or the guarded account and what is available."""


Verdict: TypeAlias = Posted | Replayed | Refused
"""What `append` answers for each entry."""


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it rests in the journal."""

    entry_id: int
    entry: Entry
    recorded_at: datetime
    seq: int | None
    """Its number in the book's log; None while it waits for the sequencer."""
    reversed_by: int | None
    """The entry that reversed it, if any."""


Accounts: TypeAlias = Mapping[tuple[int, str], int]
"""(book, account code) to account id."""


def append(
    conn: Connection,
    entries: Sequence[Entry],
    *,
    accounts: Accounts | None = None,
    batch: Batch = Batch.INDEPENDENT,
) -> list[Verdict]:
    """Post a batch of entries and answer a verdict for each, in order; a batch may be as long as memory holds.

    A long one goes through the door in stretches, one after another, all in the caller's transaction (an atomic one at
    once). `accounts` saves
    a query when the caller already knows the charts (accounts never change once they are committed).
    """
    key = conn.get_execution_options().get(MAC_KEY_OPTION, DEVELOPMENT_MAC_KEY)
    spare_ids = conn.info.setdefault("ledger_ids", [])
    return post(driver_of(conn), entries, accounts=accounts, mac_key=key, spare_ids=spare_ids, batch=batch)


def driver_of(conn: Connection) -> DriverConnection[Any]:
    """The psycopg connection under a SQLAlchemy one."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, DriverConnection), "the ledger speaks psycopg"
    return driver


def post(
    driver: DriverConnection[Any],
    entries: Sequence[Entry],
    *,
    mac_key: bytes,
    spare_ids: list[int],
    accounts: Accounts | None = None,
    batch: Batch = Batch.INDEPENDENT,
) -> list[Verdict]:
    """`append` on a bare psycopg connection; `spare_ids` keeps the ids reserved for this connection between calls."""
    if not entries:
        return []
    known = accounts if accounts is not None else _accounts_of(driver, entries)
    ids = reserve(driver, len(entries), spare_ids)
    stretches = list(_stretches(entries))
    if len(stretches) == 1 or batch is Batch.ATOMIC:
        return _through_the_door(driver, columns(entries, ids, known, mac_key), batch)
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(1) as writer:
        ahead: Future[list[str]] | None = None
        for low, high in stretches:
            written, ahead = ahead, writer.submit(columns, entries[low:high], ids[low:high], known, mac_key)
            if written is not None:
                verdicts += _through_the_door(driver, written.result(), batch)
        assert ahead is not None, "there are stretches"
        return verdicts + _through_the_door(driver, ahead.result(), batch)


def _stretches(entries: Sequence[Entry]) -> Iterator[tuple[int, int]]:
    """Cut a long batch into calls of the door; a batch of everyday length is one."""
    low = lines = 0
    for high, entry in enumerate(entries, 1):
        lines += len(entry.lines)
        if lines >= STRETCH or high == len(entries):
            yield low, high
            low, lines = high, 0


def _through_the_door(driver: DriverConnection[Any], arguments: Sequence[str], batch: Batch) -> list[Verdict]:
    return [_verdict(row) for row in driver.execute(_DOORS[batch], arguments, prepare=True).fetchall()]


def find(conn: Connection, *, book: int, entry_id: int) -> StoredEntry | None:
    """The stored entry with its lines, or None."""
    found = _stored(conn, and_(tables.entry_key.c.book_id == book, tables.entry_key.c.entry_id == entry_id))
    return found[0] if found else None


def find_many(conn: Connection, *, book: int, entry_ids: Sequence[int]) -> dict[int, StoredEntry]:
    """The stored entries of a book by id, in two statements however many; unknown ids are left out."""
    if not entry_ids:
        return {}
    where = and_(tables.entry_key.c.book_id == book, tables.entry_key.c.entry_id.in_(entry_ids))
    return {stored.entry_id: stored for stored in _stored(conn, where)}


def find_by_key(conn: Connection, *, book: int, source: str, key: str) -> StoredEntry | None:
    """The entry posted under an idempotency key, or None."""
    k = tables.entry_key.c
    found = _stored(conn, and_(k.book_id == book, k.source == source, k.ik == key))
    return found[0] if found else None


def find_by_event(conn: Connection, event_id: UUID) -> list[StoredEntry]:
    """All entries of one business event, in whatever books the caller may see, in the order of their ids."""
    return _stored(conn, tables.entry.c.event_id == event_id)


def reverse(
    conn: Connection,
    *,
    book: int,
    entry_id: int,
    source: str,
    key: str,
    effective_on: date,
    actor: str,
    description: str = "",
    is_red: bool = False,
    economic_on: date | None = None,
) -> Verdict:
    """Reverse a stored entry exactly, at most once."""
    stored = find(conn, book=book, entry_id=entry_id)
    if stored is None:
        return Refused(RefusalCode.REVERSED_UNKNOWN, str(entry_id))
    if stored.entry.reverses is not None:
        return Refused(RefusalCode.REVERSAL_OF_REVERSAL, str(entry_id))
    entry = reversed_entry(
        stored.entry,
        entry_id=entry_id,
        source=source,
        key=key,
        effective_on=effective_on,
        actor=actor,
        description=description,
        is_red=is_red,
        economic_on=economic_on,
    )
    return append(conn, [entry])[0]


def event_of(book: int, entry_id: int) -> UUID:
    """The event of an entry whose caller named none: an id of its own (UUID version 8), in the order of the entries."""
    return UUID(int=book << 96 | 8 << 76 | 1 << 63 | entry_id)


_POST: Final = (
    "SELECT verdict, entry_id, event_id, detail FROM ledger.post("
    "%s::int[], %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::text[], %s::int[], "
    "%s::date[], %s::date[], %s::date[], %s::bigint[], %s::boolean[], %s::text[], %s::text[], %s::jsonb[], "
    "%s::bytea[], %s::int[], "
    "%s::int[], %s::int[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::int[], %s::int[], "
    "%s::int[], %s::int[])"
)
_DOORS: Final = {Batch.INDEPENDENT: _POST, Batch.ATOMIC: _POST.replace("ledger.post(", "ledger.post_whole(")}


def _verdict(row: tuple[str, int, UUID, str | None]) -> Verdict:
    word, entry_id, event_id, detail = row
    match word:
        case "POSTED":
            return Posted(entry_id, event_id)
        case "REPLAYED":
            return Replayed(entry_id, event_id)
        case _:
            return Refused(RefusalCode(word), detail or "")


def _accounts_of(driver: DriverConnection[Any], entries: Sequence[Entry]) -> Accounts:
    wanted = {(entry.book, line.account) for entry in entries for line in entry.lines}
    rows = driver.execute(
        "SELECT a.book_id, a.code, a.account_id FROM unnest(%s::int[], %s::text[]) u(b, c) "
        "JOIN ledger.account a ON a.book_id = u.b AND a.code = u.c",
        (_numbers([book for book, _ in wanted]), _texts([code for _, code in wanted])),
        prepare=True,
    )
    return {(book, code): account_id for book, code, account_id in rows}


def reserve(driver: DriverConnection[Any], count: int, spare: list[int]) -> list[int]:
    """Take `count` ascending entry ids, in blocks from the sequence; `spare` keeps what is left of a block."""
    if len(spare) < count:
        blocks = -(-(count - len(spare)) // _IDS_PER_BLOCK)
        query = "SELECT nextval('ledger.entry_id_seq') FROM generate_series(1, %s)"
        for (top,) in driver.execute(query, (blocks,)).fetchall():
            # descending, so that pop-from-the-end hands out ascending ids
            spare[:0] = range(top, top - _IDS_PER_BLOCK, -1)
    taken = spare[len(spare) - count :]
    del spare[len(spare) - count :]
    taken.reverse()
    return taken


def columns(entries: Sequence[Entry], ids: Sequence[int], accounts: Accounts, mac_key: bytes) -> list[str]:
    """The arguments of ledger.post as PostgreSQL array literals: much faster than adapting lists of objects."""
    events = [entry.event_id or event_of(entry.book, entry_id) for entry, entry_id in zip(entries, ids, strict=True)]
    hashes = [body_hash(entry) for entry in entries]
    macs = [
        row_mac(body, book=entry.book, entry_id=entry_id, event_id=event, key=mac_key)
        for entry, entry_id, event, body in zip(entries, ids, events, hashes, strict=True)
    ]
    header = [
        _numbers([entry.book for entry in entries]),
        _numbers(ids),
        "{" + ",".join(map(str, events)) + "}",
        _texts([entry.source for entry in entries]),
        _texts([entry.key for entry in entries]),
        _digests(hashes),
        _texts([entry.kind for entry in entries]),
        _numbers([entry.rule_version for entry in entries]),
        _dates([entry.effective_on for entry in entries]),
        _dates([entry.economic_on for entry in entries]),
        _dates([entry.paid_on for entry in entries]),
        _numbers([entry.reverses for entry in entries]),
        "{" + ",".join(["t" if entry.is_red else "f" for entry in entries]) + "}",
        _texts([entry.actor for entry in entries]),
        _texts([entry.description for entry in entries]),
        _texts([_json(entry) if entry.meta else "{}" for entry in entries]),
        _digests(macs),
        _numbers([len(entry.lines) for entry in entries]),
    ]
    lines = [
        (ordinal, number, accounts.get((entry.book, line.account), 0), line)
        for ordinal, entry in enumerate(entries, 1)
        for number, line in enumerate(entry.lines, 1)
    ]
    return [
        *header,
        _numbers([ordinal for ordinal, _, _, _ in lines]),
        _numbers([number for _, number, _, _ in lines]),
        _numbers([account for _, _, account, _ in lines]),
        "{" + ",".join([line.currency for _, _, _, line in lines]) + "}",
        "{" + ",".join([line.side.value for _, _, _, line in lines]) + "}",
        _numbers([line.amount for _, _, _, line in lines]),
        _numbers([line.dims.subject for _, _, _, line in lines]),
        _numbers([line.dims.party for _, _, _, line in lines]),
        _numbers([line.dims.scheme for _, _, _, line in lines]),
        _numbers([line.dims.funder for _, _, _, line in lines]),
        _numbers([line.dims.channel for _, _, _, line in lines]),
    ]


def _json(entry: Entry) -> str:
    return json.dumps(dict(entry.meta), ensure_ascii=False, sort_keys=True)


def _numbers(values: Sequence[int | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def _dates(values: Sequence[date | None]) -> str:
    return "{" + ",".join(["NULL" if value is None else value.isoformat() for value in values]) + "}"


def _digests(values: Sequence[bytes]) -> str:
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def _texts(values: Sequence[str]) -> str:
    return "{" + ",".join(['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]) + "}"


def _stored(conn: Connection, where: Any) -> list[StoredEntry]:  # noqa: ANN401 - any SQL condition
    e, k, g, r = tables.entry, tables.entry_key, tables.log, tables.reversal
    header = (
        select(e, g.c.seq, r.c.entry_id.label("reversed_by"))
        .join(k, and_(k.c.book_id == e.c.book_id, k.c.period_id == e.c.period_id, k.c.entry_id == e.c.entry_id))
        .outerjoin(g, and_(g.c.book_id == e.c.book_id, g.c.entry_id == e.c.entry_id))
        .outerjoin(r, and_(r.c.book_id == e.c.book_id, r.c.reverses == e.c.entry_id))
        .where(where)
        .order_by(e.c.entry_id, e.c.book_id)
    )
    headers = conn.execute(header).all()
    if not headers:
        return []
    line, a = tables.line, tables.account
    lines_of: dict[tuple[int, int], list[Line]] = {}
    query = (
        select(line, a.c.code)
        .join(a, and_(a.c.book_id == line.c.book_id, a.c.account_id == line.c.account_id))
        .where(
            line.c.book_id.in_({h.book_id for h in headers}),
            line.c.period_id.in_({h.period_id for h in headers}),
            line.c.entry_id.in_({h.entry_id for h in headers}),
        )
        .order_by(line.c.entry_id, line.c.line_no)
    )
    for x in conn.execute(query):
        dims = Dimensions(x.subject_id, x.party_id, x.scheme_id, x.funder_id, x.channel_id)
        lines_of.setdefault((x.book_id, x.entry_id), []).append(Line(x.code, Side(x.side), x.amount, x.currency, dims))
    return [
        StoredEntry(
            entry_id=h.entry_id,
            entry=Entry(
                book=h.book_id,
                source=h.source,
                key=h.ik,
                kind=h.kind,
                effective_on=h.effective_on,
                lines=tuple(lines_of[h.book_id, h.entry_id]),
                actor=h.actor,
                rule_version=h.rule_version,
                event_id=h.event_id,
                economic_on=h.economic_on,
                paid_on=h.paid_on,
                reverses=h.reverses,
                is_red=h.is_red,
                description=h.description,
                meta=h.meta,
            ),
            recorded_at=h.recorded_at,
            seq=h.seq,
            reversed_by=h.reversed_by,
        )
        for h in headers
    ]
