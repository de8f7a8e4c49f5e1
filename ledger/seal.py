"""The sealer: leaves, tree nodes, signed checkpoints and seals of closed months, computed from the rows as they rest.

Everything is insert-only and follows the log, so posting never waits for it. Shell; the caller commits.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import Connection, select, text

from ledger import merkle, tables
from ledger.encoding import ACCOUNT_COLUMNS, digest, leaf_bytes, meta_text_digest, seal_bytes
from ledger.head import account_root, balance_root
from ledger.note import ED25519, Checkpoint, Signer, sign
from ledger.period import bounds
from ledger.stream import stored

_LOCK: Final = "ledger.seal"
_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one run of the sealer made."""

    size: int
    """Entries in the tree now."""
    leaves: int
    """Leaves added by this run."""
    root: bytes
    """Root of the tree."""
    note: str | None
    """The signed checkpoint of this size; None when the log is empty."""
    periods: tuple[int, ...]
    """Closed months that were sealed by this run."""


@dataclass(frozen=True, slots=True)
class EntryMissing:
    """The log names an entry that is not in the journal: nothing can be sealed until it is explained."""

    seq: int
    """Number in the log."""


def seal(
    conn: Connection, *, book: int, signers: Sequence[Signer], origin: str, hash_name: str = "sha256"
) -> Sealed | EntryMissing:
    """Bring a book's leaves, nodes and checkpoint up to its log, and seal every month closed meanwhile.

    `origin` names the log in the note, without the book: ``zhudai.example``.
    """
    conn.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name), :book)"), {"name": _LOCK, "book": book})
    done = _scalar(conn, "SELECT coalesce(max(seq), 0) FROM ledger.leaf WHERE book_id = :book", book=book)
    head = _scalar(conn, "SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :book", book=book)
    peaks: Mapping[int, bytes] = merkle.peaks_of(done, node_reader(conn, book=book))
    size = done
    while size < head:
        upto = min(size + _BATCH, head)
        leaves = _leaves(conn, book, size, upto, hash_name)
        if isinstance(leaves, EntryMissing):
            return leaves
        growth = merkle.grow(size, peaks, leaves, hash_name)
        _write(conn, book, size, leaves, growth.nodes)
        size, peaks = growth.size, growth.peaks
    root = merkle.root_of_peaks(peaks, hash_name)
    note = _checkpoint(conn, book, size, root, signers, origin, hash_name) if size else None
    periods = _seal_periods(conn, book, size, signers, origin, hash_name)
    return Sealed(size, size - done, root, note, periods)


def node_reader(conn: Connection, *, book: int) -> merkle.Node:
    """Look-up of stored tree nodes, as the proofs of `merkle` want it."""

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return _bytes(
                conn, "SELECT leaf_hash FROM ledger.leaf WHERE book_id = :book AND seq = :seq", book=book, seq=index + 1
            )
        return _bytes(
            conn,
            "SELECT hash FROM ledger.log_node WHERE book_id = :book AND level = :level AND idx = :idx",
            book=book,
            level=level,
            idx=index,
        )

    return node


def balance_head(
    conn: Connection, *, book: int, upto_seq: int, before: date | None = None, hash_name: str = "sha256"
) -> bytes:
    """Merkle head of the gross totals per account, as recorded up to a number (and effective before a day)."""
    rows = conn.execute(
        text(
            "SELECT a.code, a.currency, sum(d.debit), sum(d.credit) FROM ledger.account_day d"
            " JOIN ledger.account a USING (book_id, account_id)"
            " WHERE d.book_id = :book AND d.upto_seq <= :upto"
            " AND (CAST(:before AS date) IS NULL OR d.effective_on < :before) GROUP BY 1, 2"
        ),
        {"book": book, "upto": upto_seq, "before": before},
    )
    return balance_root(
        {(code, currency): (int(debit), int(credit)) for code, currency, debit, credit in rows}, hash_name
    )


def account_head(conn: Connection, *, book: int, hash_name: str = "sha256") -> tuple[int, bytes]:
    """Number of registered accounts and the Merkle head over their unchanging facts, in order of id."""
    rows = conn.execute(
        select(*(tables.account.c[name] for name in ACCOUNT_COLUMNS))
        .where(tables.account.c.book_id == book)
        .order_by(tables.account.c.account_id),
    ).all()
    return len(rows), account_root([tuple(row) for row in rows], hash_name)


def _leaves(conn: Connection, book: int, above: int, upto: int, hash_name: str) -> list[bytes] | EntryMissing:
    hashed = digest(hash_name)
    leaves: list[bytes] = []
    for item in stored(conn, book, above=above, upto=upto):
        if not item.is_whole or not item.lines:
            return EntryMissing(item.seq)
        if item.seq != above + len(leaves) + 1:
            return EntryMissing(above + len(leaves) + 1)
        leaves.append(hashed(leaf_bytes(meta_text_digest(item.meta, hash_name), item.head, item.lines)))
    return leaves if len(leaves) == upto - above else EntryMissing(above + len(leaves) + 1)


def _write(
    conn: Connection, book: int, size: int, leaves: Sequence[bytes], nodes: Sequence[tuple[int, int, bytes]]
) -> None:
    conn.execute(
        text(
            "INSERT INTO ledger.leaf (book_id, seq, leaf_hash)"
            " SELECT :book, :size + o, h FROM unnest(CAST(:leaves AS bytea[])) WITH ORDINALITY u(h, o)"
        ),
        {"book": book, "size": size, "leaves": list(leaves)},
    )
    conn.execute(
        text(
            "INSERT INTO ledger.log_node (book_id, level, idx, hash) SELECT :book, l, i, h"
            " FROM unnest(CAST(:levels AS int[]), CAST(:places AS bigint[]), CAST(:hashes AS bytea[])) u(l, i, h)"
        ),
        {
            "book": book,
            "levels": [level for level, _, _ in nodes],
            "places": [index for _, index, _ in nodes],
            "hashes": [value for _, _, value in nodes],
        },
    )


def _checkpoint(  # noqa: PLR0917 - one caller, which passes its own arguments on
    conn: Connection, book: int, size: int, root: bytes, signers: Sequence[Signer], origin: str, hash_name: str
) -> str:
    known = conn.execute(
        text("SELECT note FROM ledger.checkpoint WHERE book_id = :book AND tree_size = :size"),
        {"book": book, "size": size},
    ).scalar_one_or_none()
    if known is not None:
        return str(known)
    count, accounts = account_head(conn, book=book, hash_name=hash_name)
    balances = balance_head(conn, book=book, upto_seq=size, hash_name=hash_name)
    checkpoint = Checkpoint(
        origin=f"{origin}/book/{book}",
        size=size,
        root=root,
        extra=(
            ("hash", hash_name),
            ("signature", ED25519),
            ("trial-balance", _base64(balances)),
            ("accounts", f"{count} {_base64(accounts)}"),
        ),
    )
    note = sign(checkpoint.text(), signers)
    conn.execute(
        text("INSERT INTO ledger.checkpoint (book_id, tree_size, root, note) VALUES (:book, :size, :root, :note)"),
        {"book": book, "size": size, "root": root, "note": note},
    )
    return note


def _seal_periods(
    conn: Connection, book: int, size: int, signers: Sequence[Signer], origin: str, hash_name: str
) -> tuple[int, ...]:
    waiting = conn.execute(
        text(
            "SELECT p.period_id, p.closed_seq FROM ledger.period p"
            " LEFT JOIN ledger.period_seal s USING (book_id, period_id)"
            " WHERE p.book_id = :book AND p.closed_seq <= :size AND s.period_id IS NULL ORDER BY 1"
        ),
        {"book": book, "size": size},
    ).all()
    previous = conn.execute(
        text("SELECT seal FROM ledger.period_seal WHERE book_id = :book ORDER BY period_id DESC LIMIT 1"),
        {"book": book},
    ).scalar_one_or_none()
    for period, closed_seq in waiting:
        previous = _seal_period(conn, book, period, closed_seq, previous, signers, origin, hash_name)
    return tuple(period for period, _ in waiting)


def _seal_period(  # noqa: PLR0917 - one caller, which passes its own arguments on
    conn: Connection,
    book: int,
    period: int,
    closed_seq: int,
    previous: bytes | None,
    signers: Sequence[Signer],
    origin: str,
    hash_name: str,
) -> bytes:
    log = merkle.root_of_peaks(merkle.peaks_of(closed_seq, node_reader(conn, book=book)), hash_name)
    balances = balance_head(conn, book=book, upto_seq=closed_seq, before=bounds(period)[1], hash_name=hash_name)
    count, accounts = account_head(conn, book=book, hash_name=hash_name)
    value = digest(hash_name)(
        seal_bytes(
            book=book, period=period, previous=previous, closed_seq=closed_seq, log=log, balances=balances,
            accounts=accounts,
        )
    )  # fmt: skip
    statement = Checkpoint(
        origin=f"{origin}/book/{book}/period/{period}",
        size=closed_seq,
        root=log,
        extra=(
            ("hash", hash_name),
            ("signature", ED25519),
            ("previous-seal", "none" if previous is None else _base64(previous)),
            ("closing-balance", _base64(balances)),
            ("accounts", f"{count} {_base64(accounts)}"),
            ("seal", _base64(value)),
        ),
    )
    conn.execute(
        text(
            "INSERT INTO ledger.period_seal"
            " (book_id, period_id, prev_seal, closed_seq, log_root, balance_root, account_root, seal, note)"
            " VALUES (:book, :period, :previous, :closed_seq, :log, :balances, :accounts, :seal, :note)"
        ),
        {
            "book": book, "period": period, "previous": previous, "closed_seq": closed_seq, "log": log,
            "balances": balances, "accounts": accounts, "seal": value, "note": sign(statement.text(), signers),
        },
    )  # fmt: skip
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _scalar(conn: Connection, query: str, **values: object) -> int:
    return int(conn.execute(text(query), values).scalar_one())


def _bytes(conn: Connection, query: str, **values: object) -> bytes:
    return bytes(conn.execute(text(query), values).scalar_one())
