"""Verification of a live book: the stored rows against the leaves, the tree, the checkpoints, the seals and every law.

Reads one snapshot if the caller opened one (REPEATABLE READ), and writes nothing. Shell beside the pure `verify`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, TextClause, text

from ledger.encoding import (
    EntryRow,
    LogRow,
    decode_entry,
    decode_line,
    decode_log,
    digest,
    leaf_bytes,
    meta_of_text,
    meta_text_digest,
    split_head,
)
from ledger.note import NoteInvalid, Verifier, opened
from ledger.seal import account_rows
from ledger.stream import CHUNK, Stored, stored
from ledger.verify import (
    FINDINGS_MAX,
    Fault,
    Finding,
    Findings,
    PeriodTotals,
    Replay,
    Seal,
    StoredRows,
    Verification,
    check_rows,
    trusted,
)

_NO_LEAF: Final = b"\0" * 32


def audit(
    conn: Connection,
    *,
    book: int,
    notes: Sequence[str] = (),
    verifiers: Sequence[Verifier] = (),
    mac_key: bytes | None = None,
    hash_name: str = "sha256",
    limit: int = FINDINGS_MAX,
) -> Verification:
    """Verify a whole book as it rests; `notes` are checkpoints kept elsewhere, `mac_key` also proves every row MAC."""
    findings = Findings(limit)
    sums: dict[bytes, int] = {}
    replay = _replay(conn, book, notes, verifiers, hash_name, findings, sums)
    head = conn.execute(_HEAD, {"book": book}).scalar_one()
    lines = 0
    for low in range(0, head, CHUNK):
        lines += _chunk(conn, book, low, min(low + CHUNK, head), replay, sums, hash_name, mac_key)
    root = replay.finish()
    _check_tree(conn, book, replay)
    for fault, law in _LAWS:
        for entry_id, seq, detail in conn.execute(law, {"book": book}):
            findings.add(Finding(fault, entry_id, seq, detail or ""))
    return Verification(book, replay.size, lines, replay.agreed, root, tuple(findings.kept), findings.count)


def rows_of(item: Stored, leaf: bytes | None) -> StoredRows:
    """The rows of a streamed entry."""
    log, entry = _rows(item)
    meta = meta_of_text(item.meta)
    return StoredRows(log, entry, meta, tuple(map(decode_line, item.lines)), leaf)


def leaves_of(conn: Connection, *, book: int, above: int, upto: int) -> dict[int, bytes]:
    """The stored leaves numbered (above, upto]."""
    return {seq: bytes(leaf) for seq, leaf in conn.execute(_LEAVES, {"book": book, "above": above, "upto": upto})}


def notes_of(conn: Connection, *, book: int) -> list[str]:
    """The stored checkpoints of a book, smallest first."""
    return [str(note) for (note,) in conn.execute(_NOTES, {"book": book})]


def seals_of(conn: Connection, *, book: int) -> list[Seal]:
    """The stored seals of a book's closed months in order."""
    return [
        Seal(
            period=row.period_id,
            previous=None if row.prev_seal is None else bytes(row.prev_seal),
            closed_seq=row.closed_seq,
            log_root=bytes(row.log_root),
            balance_root=bytes(row.balance_root),
            account_root=bytes(row.account_root),
            seal=bytes(row.seal),
            note=row.note,
        )
        for row in conn.execute(_SEALS, {"book": book})
    ]


def _replay(  # noqa: PLR0917 - what is held against the book
    conn: Connection,
    book: int,
    notes: Sequence[str],
    verifiers: Sequence[Verifier],
    hash_name: str,
    findings: Findings,
    sums: dict[bytes, int],
) -> Replay:
    checkpoints = trusted([*notes_of(conn, book=book), *notes], verifiers, findings)
    for row, checkpoint in zip(conn.execute(_STATED, {"book": book}), checkpoints, strict=False):
        if (row.tree_size, bytes(row.root)) != (checkpoint.size, checkpoint.root):
            findings.add(
                Finding(Fault.ROOT_DIFFERS, seq=row.tree_size, detail="the checkpoint's row and note disagree")
            )
    seals = seals_of(conn, book=book)
    for seal in seals if verifiers else ():
        try:
            opened(seal.note, verifiers)
        except NoteInvalid as error:
            findings.add(Finding(Fault.NOTE_INVALID, detail=f"month {seal.period}: {error}"))
    replay = Replay(
        book=book,
        hash_name=hash_name,
        checkpoints=checkpoints,
        seals=seals,
        accounts=account_rows(conn, book=book),
        findings=findings,
        keep_nodes=True,
        settle=lambda: _settle(totals, sums),
    )
    totals = replay.totals
    return replay


def _chunk(  # noqa: PLR0917 - the hot loop's surroundings
    conn: Connection,
    book: int,
    low: int,
    high: int,
    replay: Replay,
    sums: dict[bytes, int],
    hash_name: str,
    mac_key: bytes | None,
) -> int:
    """Replay the entries numbered (low, high] on their bytes, the hot loop; answers how many lines they have."""
    leaves = leaves_of(conn, book=book, above=low, upto=high)
    hashed, findings = digest(hash_name), replay.findings
    lines = 0
    for item in stored(conn, book, above=low, upto=high):
        seq, head = item.seq, item.head
        due = seq == replay.size + 1 or replay.is_due(seq, int.from_bytes(head[_ENTRY_ID], "big"), leaves)
        leaf = leaves.get(seq)
        lines += len(item.lines)
        if not item.is_whole:
            findings.add(Finding(Fault.ENTRY_MISSING, int.from_bytes(head[_ENTRY_ID], "big"), seq))
            computed = leaf or _NO_LEAF
        else:
            computed = hashed(leaf_bytes(meta_text_digest(item.meta, hash_name), head, item.lines))
            if leaf is not None and leaf != computed:
                named = int.from_bytes(head[_ENTRY_ID], "big")
                findings.add(Finding(Fault.ENTRY_ALTERED, named, seq, "not what was sealed"))
            if mac_key is not None:
                check_rows(rows_of(item, leaf), codes=replay.codes, mac_key=mac_key, findings=findings)
        period = head[_PERIOD]
        for line in item.lines:
            where = period + line[_ACCOUNT_TO_SIDE]
            sums[where] = sums.get(where, 0) + int.from_bytes(line[_AMOUNT], "big")
        if due:
            replay.take(computed)
    return lines


# Places in the canonical bytes: of a log row (four- and eight-byte fields with their lengths), and of a line row.
_ENTRY_ID: Final = slice(24, 32)
_PERIOD: Final = slice(36, 40)
_ACCOUNT_TO_SIDE: Final = slice(48, 64)
_AMOUNT: Final = slice(68, 76)
_CURRENCY_IN_KEY: Final = slice(12, 15)


def _settle(totals: PeriodTotals, sums: dict[bytes, int]) -> None:
    """Move the sums by (period, account, currency, side) bytes into the replay's totals."""
    for key, amount in sums.items():
        period, account = int.from_bytes(key[:4], "big"), int.from_bytes(key[4:8], "big")
        where = (period, account, key[_CURRENCY_IN_KEY].decode())
        debit, credit = totals.get(where, (0, 0))
        totals[where] = (debit + amount, credit) if key[-1:] == b"D" else (debit, credit + amount)
    sums.clear()


def _check_tree(conn: Connection, book: int, replay: Replay) -> None:
    """The stored nodes against the recomputed ones, and leaves beyond the log."""
    sealed = conn.execute(text("SELECT count(*) FROM ledger.leaf WHERE book_id = :book"), {"book": book}).scalar_one()
    wanted: Mapping[tuple[int, int], bytes] = replay.nodes
    seen = 0
    for level, index, value in conn.execute(_NODES, {"book": book}):
        seen += 1
        if index + 1 <= sealed >> level and wanted.get((level, index)) == bytes(value):
            continue
        first, last = (index << level) + 1, (index + 1) << level
        replay.findings.add(Finding(Fault.NODE_DIFFERS, seq=first, detail=f"tree node over entries {first} to {last}"))
    due = sum(sealed >> level for level in range(1, int(sealed).bit_length()))
    if seen != due:
        replay.findings.add(Finding(Fault.NODE_DIFFERS, detail=f"{seen} of {due} tree nodes"))
    for (seq,) in conn.execute(_LEAVES_BEYOND, {"book": book, "size": replay.size}):
        replay.findings.add(Finding(Fault.TAIL_CUT, seq=seq, detail="sealed, but no longer in the log"))


def _rows(item: Stored) -> tuple[LogRow, EntryRow | None]:
    log, entry = split_head(item.head)
    return decode_log(log), decode_entry(entry) if item.is_whole else None


_HEAD: Final = text("SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :book")
_LEAVES: Final = text(
    "SELECT seq, leaf_hash FROM ledger.leaf WHERE book_id = :book AND seq > :above AND seq <= :upto ORDER BY seq"
)
_LEAVES_BEYOND: Final = text("SELECT seq FROM ledger.leaf WHERE book_id = :book AND seq > :size ORDER BY seq")
_NODES: Final = text("SELECT level, idx, hash FROM ledger.log_node WHERE book_id = :book")
_NOTES: Final = text("SELECT note FROM ledger.checkpoint WHERE book_id = :book ORDER BY tree_size")
_STATED: Final = text("SELECT tree_size, root FROM ledger.checkpoint WHERE book_id = :book ORDER BY tree_size")
_SEALS: Final = text("SELECT * FROM ledger.period_seal WHERE book_id = :book ORDER BY period_id")

_LAWS: Final[tuple[tuple[Fault, TextClause], ...]] = (
    (
        Fault.LINES_WRONG,
        text(
            "SELECT coalesce(e.entry_id, l.entry_id), CAST(NULL AS bigint),"
            " format('%s of %s lines, open %s', coalesce(l.k, 0), e.n_lines, l.net)"
            " FROM (SELECT * FROM ledger.entry WHERE book_id = :book) e"
            " FULL JOIN (SELECT q.period_id, q.entry_id, sum(q.k) k, min(q.lo) lo, max(q.hi) hi,"
            "  max(abs(q.net)) net, max(q.on_) on_, min(q.from_) from_"
            "  FROM (SELECT period_id, entry_id, currency, count(*) k, min(line_no) lo, max(line_no) hi,"
            "   sum(CASE side WHEN 'D' THEN amount ELSE -amount END) net, max(effective_on) on_,"
            "   min(effective_on) from_"
            "   FROM ledger.line WHERE book_id = :book GROUP BY 1, 2, 3) q GROUP BY 1, 2) l USING (period_id, entry_id)"
            " WHERE (l.k, l.lo, l.hi, l.net, l.on_, l.from_)"
            " IS DISTINCT FROM (e.n_lines, 1, e.n_lines, 0, e.effective_on, e.effective_on)"
        ),
    ),
    (
        Fault.UNNUMBERED,
        text(
            "SELECT e.entry_id, g.seq, CASE WHEN g.seq IS NULL THEN 'neither in the log nor waiting for it'"
            " ELSE 'in the log and waiting for it' END"
            " FROM ledger.entry e LEFT JOIN ledger.log g ON g.book_id = e.book_id AND g.entry_id = e.entry_id"
            " LEFT JOIN ledger.intake i ON i.book_id = e.book_id AND i.entry_id = e.entry_id"
            " WHERE e.book_id = :book AND (g.seq IS NULL) = (i.entry_id IS NULL)"
        ),
    ),
    (
        Fault.KEY_DIFFERS,
        text(
            "SELECT coalesce(e.entry_id, k.entry_id), CAST(NULL AS bigint), CASE WHEN e.entry_id IS NULL"
            " THEN 'a key is claimed, its entry is gone' ELSE 'entry and key disagree' END"
            " FROM (SELECT * FROM ledger.entry WHERE book_id = :book) e"
            " FULL JOIN (SELECT * FROM ledger.entry_key WHERE book_id = :book) k ON k.entry_id = e.entry_id"
            " WHERE (e.period_id, e.source, e.ik, e.body_hash)"
            " IS DISTINCT FROM (k.period_id, k.source, k.ik, k.body_hash)"
        ),
    ),
    (
        Fault.ACCOUNT_RULE,
        text(
            "SELECT l.entry_id, CAST(NULL AS bigint), format('line %s account %s', l.line_no, l.account_id)"
            " FROM ledger.line l LEFT JOIN ledger.account a ON a.book_id = l.book_id AND a.account_id = l.account_id"
            " WHERE l.book_id = :book AND (a.account_id IS NULL OR NOT a.postable OR a.currency <> l.currency"
            " OR l.amount <= 0 OR l.effective_on < a.opened_on OR l.effective_on > a.closed_on"
            " OR (a.required_dims & 1 > 0 AND l.subject_id IS NULL) OR (a.required_dims & 2 > 0 AND l.party_id IS NULL)"
            " OR (a.required_dims & 4 > 0 AND l.scheme_id IS NULL) OR (a.required_dims & 8 > 0 AND l.funder_id IS NULL)"
            " OR (a.required_dims & 16 > 0 AND l.channel_id IS NULL))"
        ),
    ),
    (
        Fault.REVERSAL_WRONG,
        text(
            "SELECT coalesce(e.entry_id, r.entry_id), CAST(NULL AS bigint), format('of entry %s', e.reverses)"
            " FROM (SELECT * FROM ledger.entry WHERE book_id = :book AND reverses IS NOT NULL) e"
            " FULL JOIN (SELECT * FROM ledger.reversal WHERE book_id = :book) r ON r.entry_id = e.entry_id"
            " LEFT JOIN ledger.entry_key k ON k.book_id = :book AND k.entry_id = e.reverses"
            " LEFT JOIN ledger.entry o ON o.book_id = k.book_id AND o.period_id = k.period_id"
            " AND o.entry_id = k.entry_id"
            " WHERE e.reverses IS DISTINCT FROM r.reverses OR o.entry_id IS NULL OR o.reverses IS NOT NULL"
            " OR o.n_lines <> e.n_lines OR EXISTS ("
            "  SELECT line_no, account_id, currency, side, amount,"
            "  subject_id, party_id, scheme_id, funder_id, channel_id"
            "  FROM ledger.line WHERE book_id = :book AND period_id = e.period_id AND entry_id = e.entry_id"
            "  EXCEPT ALL SELECT line_no, account_id, currency, CAST(translate(side, 'DC', 'CD') AS char(1)), amount,"
            "  subject_id, party_id, scheme_id, funder_id, channel_id"
            "  FROM ledger.line WHERE book_id = :book AND period_id = o.period_id AND entry_id = o.entry_id)"
        ),
    ),
    (
        Fault.PERIOD_RULE,
        text(
            "SELECT g.entry_id, g.seq, format('numbered after month %s closed at %s', p.period_id, p.closed_seq)"
            " FROM ledger.period p JOIN ledger.log g ON g.book_id = p.book_id AND g.period_id = p.period_id"
            " WHERE p.book_id = :book AND g.seq > p.closed_seq"
            " UNION ALL SELECT CAST(NULL AS bigint), CAST(NULL AS bigint),"
            " format('month %s closed out of order', p.period_id)"
            " FROM ledger.period p WHERE p.book_id = :book AND p.state = 'closed' AND EXISTS ("
            "  SELECT 1 FROM ledger.period q WHERE q.book_id = p.book_id AND q.period_id < p.period_id"
            "  AND (q.state <> 'closed' OR q.closed_seq > p.closed_seq))"
            " UNION ALL SELECT e.entry_id, CAST(NULL AS bigint), 'in no opened month' FROM ledger.entry e"
            " WHERE e.book_id = :book AND NOT EXISTS ("
            "  SELECT 1 FROM ledger.period p WHERE p.book_id = e.book_id AND p.period_id = e.period_id)"
        ),
    ),
    (
        Fault.DERIVED_DIFFERS,
        text(
            "SELECT CAST(NULL AS bigint), CAST(NULL AS bigint),"
            " format('%s account %s: %s', d.what, d.account_id, d.detail)"
            " FROM ledger.derived_difference(:book) d"
        ),
    ),
    (
        Fault.TAIL_CUT,
        text(
            "SELECT CAST(NULL AS bigint), t.seq, format('the log ends at %s, its tip says %s',"
            " (SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :book), t.seq)"
            " FROM ledger.tip t WHERE t.book_id = :book"
            " AND t.seq <> (SELECT coalesce(max(seq), 0) FROM ledger.log WHERE book_id = :book)"
        ),
    ),
)
"""Laws over whole tables: what the rows say of one another. Each answers (entry id, number, detail) of a breach."""
