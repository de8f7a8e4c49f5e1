"""The sealer: leaves, tree nodes, signed checkpoints and seals of closed months, computed from the rows as they rest.

Everything is insert-only and follows the log, so posting never waits for it. Shell; the caller commits.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, text

from ledger import merkle
from ledger.encoding import digest, leaf_bytes, meta_text_digest, seal_bytes
from ledger.head import AccountRow, account_root, balance_root
from ledger.note import ED25519, Checkpoint, NoteInvalid, Signer, Verifier, opened, read, sign
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
    done = conn.execute(
        text("SELECT coalesce(max(seq), 0) FROM ledger.leaf WHERE book_id = :b"), {"b": book}
    ).scalar_one()
    head = conn.execute(
        text("SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :b"), {"b": book}
    ).scalar_one()
    peaks: Mapping[int, bytes] = merkle.peaks_of(done, node_reader(conn, book=book))
    size = done
    while size < head:
        leaves = _leaves(conn, book, size, min(size + _BATCH, head), hash_name)
        if isinstance(leaves, EntryMissing):
            return leaves
        growth = merkle.grow(size, peaks, leaves, hash_name)
        _write(conn, book, size, leaves, growth.nodes)
        size, peaks = growth.size, growth.peaks
    root = merkle.root_of_peaks(peaks, hash_name)
    author = _Author(tuple(signers), f"{origin}/book/{book}", hash_name)
    note = _checkpoint(conn, book, size, root, author) if size else None
    return Sealed(size, size - done, root, note, _seal_periods(conn, book, size, author))


class Break(StrEnum):
    """How a database can contradict a checkpoint that was kept elsewhere."""

    OLDER = "LEDGER_OLDER_THAN_ANCHOR"
    """It holds fewer sealed entries than were signed: it was restored from before, or its tail is gone."""
    OTHER = "LEDGER_DIFFERS_FROM_ANCHOR"
    """Its entries are not the ones that were signed."""
    UNTRUSTED = "LEDGER_ANCHOR_UNTRUSTED"
    """The note itself is malformed, or not signed by a key that is trusted."""


@dataclass(frozen=True, slots=True)
class AnchorBroken:
    """A checkpoint kept elsewhere that the database does not continue."""

    code: Break
    detail: str


def broken_anchors(
    conn: Connection, *, notes: Sequence[str], verifiers: Sequence[Verifier], origin: str, hash_name: str = "sha256"
) -> list[AnchorBroken]:
    """Which checkpoints kept elsewhere the database does not continue; none when it is as new as all of them.

    Looks up a few nodes per note, not the journal, so it can stand before every start: what an acknowledged entry was
    worth is lost the moment an older backup takes new entries. `audit` reads every row.
    """
    broken = []
    for note in notes:
        try:
            checkpoint = read(opened(note, verifiers))
        except NoteInvalid as error:
            broken.append(AnchorBroken(Break.UNTRUSTED, str(error)))
            continue
        name, _, number = checkpoint.origin.rpartition("/book/")
        if name != origin or not number.isdecimal():
            broken.append(AnchorBroken(Break.UNTRUSTED, checkpoint.origin))
            continue
        book, size = int(number), checkpoint.size
        here = conn.execute(_SEALED_HEAD, {"b": book}).scalar_one()
        if here < size:
            broken.append(AnchorBroken(Break.OLDER, f"book {book}: {size} entries were signed, {here} are here"))
        elif merkle.root_of_peaks(merkle.peaks_of(size, node_reader(conn, book=book)), hash_name) != checkpoint.root:
            broken.append(AnchorBroken(Break.OTHER, f"book {book}: the first {size} entries"))
    return broken


_SEALED_HEAD: Final = text("SELECT coalesce(max(seq), 0) FROM ledger.leaf WHERE book_id = :b")


def node_reader(conn: Connection, *, book: int) -> merkle.Node:
    """Look-up of stored tree nodes, as the proofs of `merkle` want it."""

    def node(level: int, index: int) -> bytes:
        query = _LEAF if level == 0 else _NODE
        return bytes(conn.execute(query, {"book": book, "level": level, "index": index, "seq": index + 1}).scalar_one())

    return node


_LEAF: Final = text("SELECT leaf_hash FROM ledger.leaf WHERE book_id = :book AND seq = :seq")
_NODE: Final = text("SELECT hash FROM ledger.log_node WHERE book_id = :book AND level = :level AND idx = :index")


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed head of a book's log as it rests."""

    size: int
    root: bytes
    note: str
    created_at: datetime


def checkpoints(
    conn: Connection, *, book: int, first: int, below: int | None = None, size: int | None = None
) -> list[StoredCheckpoint]:
    """Checkpoints of a book, the largest first: those below a size, or the one of a size."""
    asked = {"book": book, "first": first, "below": below, "size": size}
    return [
        StoredCheckpoint(row.tree_size, bytes(row.root), row.note, row.created_at)
        for row in conn.execute(_CHECKPOINTS, asked)
    ]


_CHECKPOINTS: Final = text(
    "SELECT tree_size, root, note, created_at FROM ledger.checkpoint WHERE book_id = :book"
    " AND (CAST(:below AS bigint) IS NULL OR tree_size < :below)"
    " AND (CAST(:size AS bigint) IS NULL OR tree_size = :size) ORDER BY tree_size DESC LIMIT :first"
)


def inclusion_proofs(
    conn: Connection, *, book: int, seqs: Sequence[int], size: int, hash_name: str = "sha256"
) -> dict[int, tuple[bytes, ...]]:
    """Audit paths of entries, by their numbers in the log, in the tree of `size` leaves; two statements for all."""
    wanted: set[tuple[int, int]] = set()

    def note(level: int, index: int) -> bytes:
        wanted.add((level, index))
        return b""

    for seq in seqs:  # which nodes a path needs depends on no node: a walk over empty ones names them
        merkle.inclusion_proof(seq - 1, size, note, hash_name)
    leaves = [index + 1 for level, index in wanted if level == 0]
    inner = [node for node in wanted if node[0] > 0]
    known = {(0, seq - 1): bytes(leaf) for seq, leaf in conn.execute(_LEAVES_OF, {"book": book, "seqs": leaves})}
    levels, places = [level for level, _ in inner], [index for _, index in inner]
    rows = conn.execute(_NODES_OF, {"book": book, "levels": levels, "places": places})
    known.update({(level, index): bytes(value) for level, index, value in rows})
    return {
        seq: merkle.inclusion_proof(seq - 1, size, lambda level, index: known[level, index], hash_name) for seq in seqs
    }


_LEAVES_OF: Final = text("SELECT seq, leaf_hash FROM ledger.leaf WHERE book_id = :book AND seq = ANY(:seqs)")
_NODES_OF: Final = text(
    "SELECT n.level, n.idx, n.hash FROM ledger.log_node n"
    " JOIN unnest(CAST(:levels AS int[]), CAST(:places AS bigint[])) u(l, i) ON n.level = u.l AND n.idx = u.i"
    " WHERE n.book_id = :book"
)


def balance_head(
    conn: Connection, *, book: int, upto_seq: int, before: date | None = None, hash_name: str = "sha256"
) -> bytes:
    """Merkle head of the gross totals per account, as recorded up to a number (and effective before a day)."""
    rows = conn.execute(_TOTALS, {"book": book, "upto": upto_seq, "before": before})
    totals = {(code, currency): (int(debit), int(credit)) for code, currency, debit, credit in rows}
    return balance_root(totals, hash_name)


_TOTALS: Final = text(
    "SELECT a.code, a.currency, sum(d.debit), sum(d.credit)"
    " FROM ledger.account_day d JOIN ledger.account a USING (book_id, account_id)"
    " WHERE d.book_id = :book AND d.upto_seq <= :upto"
    " AND (CAST(:before AS date) IS NULL OR d.effective_on < :before) GROUP BY 1, 2"
)


def account_rows(conn: Connection, *, book: int) -> list[AccountRow]:
    """The unchanging facts of a book's accounts in order of id."""
    return [tuple(row) for row in conn.execute(_ACCOUNTS, {"book": book})]


_ACCOUNTS: Final = text(  # encoding.ACCOUNT_COLUMNS
    "SELECT account_id, code, name_zh, name_en, parent_id, class, normal_side, currency, postable, policy,"
    " required_dims, opened_on FROM ledger.account WHERE book_id = :book ORDER BY account_id"
)


@dataclass(frozen=True, slots=True)
class _Author:
    """Who signs what, under which name."""

    signers: tuple[Signer, ...]
    origin: str
    hash_name: str

    def note(self, place: str, size: int, root: bytes, facts: Sequence[tuple[str, str]]) -> str:
        names = (("hash", self.hash_name), ("signature", ED25519))
        return sign(Checkpoint(self.origin + place, size, root, (*names, *facts)).text(), self.signers)

    def register(self, conn: Connection, book: int) -> tuple[bytes, str]:
        rows = account_rows(conn, book=book)
        root = account_root(rows, self.hash_name)
        return root, f"{len(rows)} {_base64(root)}"


def _leaves(conn: Connection, book: int, above: int, upto: int, hash_name: str) -> list[bytes] | EntryMissing:
    hashed = digest(hash_name)
    leaves: list[bytes] = []
    for item in stored(conn, book, above=above, upto=upto):
        if not item.is_whole or not item.lines or item.seq != above + len(leaves) + 1:
            return EntryMissing(min(item.seq, above + len(leaves) + 1))
        leaves.append(hashed(leaf_bytes(meta_text_digest(item.meta, hash_name), item.head, item.lines)))
    return leaves if len(leaves) == upto - above else EntryMissing(above + len(leaves) + 1)


def _write(
    conn: Connection, book: int, size: int, leaves: Sequence[bytes], nodes: Sequence[tuple[int, int, bytes]]
) -> None:
    conn.execute(_INSERT_LEAVES, {"book": book, "size": size, "leaves": list(leaves)})
    levels, places, hashes = ([node[field] for node in nodes] for field in range(3))
    conn.execute(_INSERT_NODES, {"book": book, "levels": levels, "places": places, "hashes": hashes})


_INSERT_LEAVES: Final = text(
    "INSERT INTO ledger.leaf (book_id, seq, leaf_hash)"
    " SELECT :book, :size + o, h FROM unnest(CAST(:leaves AS bytea[])) WITH ORDINALITY u(h, o)"
)
_INSERT_NODES: Final = text(
    "INSERT INTO ledger.log_node (book_id, level, idx, hash) SELECT :book, l, i, h"
    " FROM unnest(CAST(:levels AS int[]), CAST(:places AS bigint[]), CAST(:hashes AS bytea[])) u(l, i, h)"
)


def _checkpoint(conn: Connection, book: int, size: int, root: bytes, author: _Author) -> str:
    known = conn.execute(
        text("SELECT note FROM ledger.checkpoint WHERE book_id = :book AND tree_size = :size"),
        {"book": book, "size": size},
    ).scalar_one_or_none()
    if known is not None:
        return str(known)
    balances = balance_head(conn, book=book, upto_seq=size, hash_name=author.hash_name)
    _, register = author.register(conn, book)
    note = author.note("", size, root, (("trial-balance", _base64(balances)), ("accounts", register)))
    conn.execute(
        text("INSERT INTO ledger.checkpoint (book_id, tree_size, root, note) VALUES (:book, :size, :root, :note)"),
        {"book": book, "size": size, "root": root, "note": note},
    )
    return note


def _seal_periods(conn: Connection, book: int, size: int, author: _Author) -> tuple[int, ...]:
    waiting = conn.execute(
        text(
            "SELECT p.period_id, p.closed_seq FROM ledger.period p"
            " LEFT JOIN ledger.period_seal s USING (book_id, period_id)"
            " WHERE p.book_id = :book AND p.closed_seq <= :size AND s.period_id IS NULL ORDER BY 1"
        ),
        {"book": book, "size": size},
    ).all()
    previous: bytes | None = conn.execute(
        text("SELECT seal FROM ledger.period_seal WHERE book_id = :b ORDER BY period_id DESC LIMIT 1"), {"b": book}
    ).scalar_one_or_none()
    for period, closed_seq in waiting:
        previous = _seal_period(conn, book, period, closed_seq, previous, author)
    return tuple(period for period, _ in waiting)


def _seal_period(
    conn: Connection, book: int, period: int, closed_seq: int, previous: bytes | None, author: _Author
) -> bytes:
    log = merkle.root_of_peaks(merkle.peaks_of(closed_seq, node_reader(conn, book=book)), author.hash_name)
    balances = balance_head(conn, book=book, upto_seq=closed_seq, before=bounds(period)[1], hash_name=author.hash_name)
    accounts, register = author.register(conn, book)
    value = digest(author.hash_name)(
        seal_bytes(
            book=book, period=period, previous=previous, closed_seq=closed_seq, log=log, balances=balances,
            accounts=accounts,
        )
    )  # fmt: skip
    facts = (
        ("previous-seal", "none" if previous is None else _base64(previous)),
        ("closing-balance", _base64(balances)),
        ("accounts", register),
        ("seal", _base64(value)),
    )
    conn.execute(
        text(
            "INSERT INTO ledger.period_seal"
            " (book_id, period_id, prev_seal, closed_seq, log_root, balance_root, account_root, seal, note)"
            " VALUES (:book, :period, :previous, :closed_seq, :log, :balances, :accounts, :seal, :note)"
        ),
        {
            "book": book, "period": period, "previous": previous, "closed_seq": closed_seq, "log": log,
            "balances": balances, "accounts": accounts, "seal": value,
            "note": author.note(f"/period/{period}", closed_seq, log, facts),
        },
    )  # fmt: skip
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
