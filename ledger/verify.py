"""Verification of a journal: every entry hashed again, the tree grown again, every checkpoint and law held against it.

This file is pure and needs no database: run as ``python -m ledger.verify export.jsonl --checkpoint f.note --pub key``
it checks a sealed export with nothing but the encoder, the tree and the note beside it. The same `Replay` can be fed
from a live database.
"""

import argparse
import base64
import json
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from ledger import merkle
from ledger.encoding import EntryRow, LineRow, LogRow, digest, leaf_hash, meta_digest, seal_bytes
from ledger.entry import body_digest, row_mac
from ledger.head import AccountRow, account_root, balance_root
from ledger.note import Checkpoint, NoteInvalid, Verifier, opened, read

FINDINGS_MAX: Final = 100
"""How many findings are told in full; counting goes on."""

_BATCH: Final = 10_000
_NO_LEAF: Final = b"\0" * 32


class Fault(StrEnum):
    """What a verification can find."""

    ENTRY_ALTERED = "LEDGER_ENTRY_ALTERED"
    ENTRY_MISSING = "LEDGER_ENTRY_MISSING"
    NUMBER_MISSING = "LEDGER_NUMBER_MISSING"
    TAIL_CUT = "LEDGER_TAIL_CUT"
    ROOT_DIFFERS = "LEDGER_ROOT_DIFFERS"
    NODE_DIFFERS = "LEDGER_NODE_DIFFERS"
    NOTE_INVALID = "LEDGER_NOTE_INVALID"
    BALANCE_HEAD_DIFFERS = "LEDGER_BALANCE_HEAD_DIFFERS"
    ACCOUNT_HEAD_DIFFERS = "LEDGER_ACCOUNT_HEAD_DIFFERS"
    SEAL_DIFFERS = "LEDGER_SEAL_DIFFERS"
    BODY_DIFFERS = "LEDGER_BODY_DIFFERS"
    MAC_DIFFERS = "LEDGER_MAC_DIFFERS"
    UNBALANCED = "LEDGER_UNBALANCED"
    LINES_WRONG = "LEDGER_LINES_WRONG"
    MONTH_WRONG = "LEDGER_MONTH_WRONG"
    UNNUMBERED = "LEDGER_UNNUMBERED"
    LINE_ORPHANED = "LEDGER_LINE_ORPHANED"
    KEY_DIFFERS = "LEDGER_KEY_DIFFERS"
    ACCOUNT_RULE = "LEDGER_ACCOUNT_RULE"
    REVERSAL_WRONG = "LEDGER_REVERSAL_WRONG"
    PERIOD_RULE = "LEDGER_PERIOD_RULE"
    DERIVED_DIFFERS = "LEDGER_DERIVED_DIFFERS"
    FILE_MALFORMED = "LEDGER_FILE_MALFORMED"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was sealed, or breaks a law."""

    fault: Fault
    """What is wrong."""
    entry_id: int | None = None
    """The entry it is about, where it is about one."""
    seq: int | None = None
    """Its number in the log."""
    detail: str = ""
    """Where exactly."""


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: what was looked at, and what was found."""

    book: int
    """Book."""
    entries: int
    """Entries hashed again."""
    lines: int
    """Lines in them."""
    checkpoints: int
    """Checkpoints that agree, each with its signature where a key was given."""
    root: bytes
    """Root of the tree as recomputed."""
    findings: tuple[Finding, ...]
    """The first `FINDINGS_MAX` findings in order."""
    found: int
    """How many there are in all."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return self.found == 0


class Findings:
    """Collects findings, keeping the first ones whole and counting the rest."""

    def __init__(self, limit: int = FINDINGS_MAX) -> None:
        """Keep up to `limit`."""
        self.kept: list[Finding] = []
        self.count = 0
        self.limit = limit

    def add(self, finding: Finding) -> None:
        """One more."""
        self.count += 1
        if len(self.kept) < self.limit:
            self.kept.append(finding)


@dataclass(frozen=True, slots=True)
class Seal:
    """The seal of a closed month, as stored or exported."""

    period: int
    """Month, yyyymm."""
    previous: bytes | None
    """Seal of the month sealed before; None for the first."""
    closed_seq: int
    """Entries in the log when the month closed."""
    log_root: bytes
    """Root of the tree at `closed_seq`."""
    balance_root: bytes
    """Head of the closing balances."""
    account_root: bytes
    """Head of the account register."""
    seal: bytes
    """Digest over all of the above."""
    note: str
    """Signed statement of it."""


PeriodTotals = dict[tuple[int, int, str], tuple[int, int]]
"""Gross (debit, credit) per (period, account id, currency)."""


class Replay:
    """Grows the tree again, leaf by leaf in order of the log, and stops at every checkpoint and seal to compare."""

    def __init__(
        self,
        *,
        book: int,
        hash_name: str,
        checkpoints: Iterable[Checkpoint],
        seals: Sequence[Seal],
        accounts: Sequence[AccountRow],
        findings: Findings,
        keep_nodes: bool = False,
        settle: Callable[[], None] = lambda: None,
    ) -> None:
        """Compare with these checkpoints and seals on the way; `settle` completes `totals` before each comparison."""
        self.size = 0
        self.agreed = 0
        self.totals: PeriodTotals = {}
        self.nodes: dict[tuple[int, int], bytes] = {}
        self.findings = findings
        self.codes = {int(str(row[0])): str(row[1]) for row in accounts}
        self._book = book
        self._hash_name = hash_name
        self._accounts = accounts
        self._keep_nodes = keep_nodes
        self._settle = settle
        self._peaks: Mapping[int, bytes] = {}
        self._pending: list[bytes] = []
        self._good = 0
        self._checkpoints: dict[int, list[Checkpoint]] = {}
        self._seals: dict[int, list[tuple[Seal, bytes | None]]] = {}
        for checkpoint in checkpoints:
            self._checkpoints.setdefault(checkpoint.size, []).append(checkpoint)
        previous: bytes | None = None
        for seal in sorted(seals, key=lambda each: each.period):
            self._seals.setdefault(seal.closed_seq, []).append((seal, previous))
            previous = seal.seal
        self._stops = frozenset({*self._checkpoints, *self._seals})
        self._last_stop = max(self._stops, default=0)
        if 0 in self._stops:
            self._compare()

    def is_due(self, seq: int, entry_id: int, leaves: Mapping[int, bytes]) -> bool:
        """Whether `seq` is the next number; names what is missing before it, and fills the tree from stored leaves."""
        due = self.size + 1
        if seq < due:
            self.findings.add(Finding(Fault.NUMBER_MISSING, entry_id, seq, f"number {due} is due"))
            return False
        if seq > due:
            gap = f"numbers {due} to {seq - 1} are missing before entry {entry_id}"
            self.findings.add(Finding(Fault.NUMBER_MISSING, entry_id, due, gap))
        for number in range(due, min(seq - 1, self._last_stop) + 1):
            if due < number < due + FINDINGS_MAX:
                self.findings.add(Finding(Fault.NUMBER_MISSING, seq=number))
            self.take(leaves.get(number, _NO_LEAF))
        return seq == self.size + 1

    def take(self, leaf: bytes) -> None:
        """The next leaf; the entry's lines must have been added to the totals before."""
        self._pending.append(leaf)
        self.size += 1
        if len(self._pending) >= _BATCH:
            self._grow()
        if self.size in self._stops:
            self._settle()
            self._compare()

    def add(self, line: LineRow) -> None:
        """Add a line to the gross totals."""
        where = (line[1], line[5], line[6])
        debit, credit = self.totals.get(where, (0, 0))
        self.totals[where] = (debit + line[8], credit) if line[7] == "D" else (debit, credit + line[8])

    def root(self) -> bytes:
        """Root of the tree so far."""
        self._grow()
        return merkle.root_of_peaks(self._peaks, self._hash_name)

    def _compare(self) -> None:
        """Hold what was stated at this size against the tree, the totals and the register of accounts."""
        root = self.root()
        for checkpoint in self._checkpoints.pop(self.size, ()):
            before = self.findings.count
            if checkpoint.root != root:
                self._found(Fault.ROOT_DIFFERS, f"among entries {self._good + 1} to {self.size}")
            stated = checkpoint.value("trial-balance")
            if stated is not None and stated != _base64(balance_root(self._balances(None), self._hash_name)):
                self._found(Fault.BALANCE_HEAD_DIFFERS, f"checkpoint of {self.size}")
            register = checkpoint.value("accounts")
            if register is not None and register != self._register(register):
                self._found(Fault.ACCOUNT_HEAD_DIFFERS, f"checkpoint of {self.size}")
            if self.findings.count == before:
                self.agreed += 1
                self._good = self.size
        for seal, previous in self._seals.pop(self.size, ()):
            self._compare_seal(seal, previous, root)

    def finish(self) -> bytes:
        """The final root; what was stated for more leaves than there are tells of a tail cut off."""
        root = self.root()
        for size in sorted({*self._checkpoints, *self._seals}):
            self.findings.add(
                Finding(Fault.TAIL_CUT, seq=self.size + 1, detail=f"{size} entries were sealed, {self.size} are here")
            )
        return root

    def _compare_seal(self, seal: Seal, previous: bytes | None, root: bytes) -> None:
        balances = balance_root(self._balances(seal.period), self._hash_name)
        value = digest(self._hash_name)(
            seal_bytes(
                book=self._book, period=seal.period, previous=previous, closed_seq=seal.closed_seq, log=root,
                balances=balances, accounts=seal.account_root,
            )
        )  # fmt: skip
        whole = (previous, root, balances, value) == (seal.previous, seal.log_root, seal.balance_root, seal.seal)
        try:
            statement = read(seal.note.partition("\n\n")[0] + "\n")
            register = statement.value("accounts") or ""
            whole = (
                whole and register == self._register(register) == f"{register.split()[0]} {_base64(seal.account_root)}"
            )
            whole = whole and statement.value("seal") == _base64(value) and statement.root == root
        except (NoteInvalid, IndexError):
            whole = False
        if not whole:
            self._found(Fault.SEAL_DIFFERS, f"month {seal.period}")

    def _balances(self, upto_period: int | None) -> dict[tuple[str, str], tuple[int, int]]:
        sums: dict[tuple[str, str], tuple[int, int]] = {}
        for (period, account, currency), (debit, credit) in self.totals.items():
            if upto_period is None or period <= upto_period:
                where = (self.codes.get(account, f"#{account}"), currency)
                so_far = sums.get(where, (0, 0))
                sums[where] = (so_far[0] + debit, so_far[1] + credit)
        return sums

    def _register(self, stated: str) -> str:
        count = stated.partition(" ")[0]
        known = self._accounts[: int(count)] if count.isdecimal() and count.isascii() else []
        return f"{len(known)} {_base64(account_root(known, self._hash_name))}"

    def _found(self, fault: Fault, detail: str) -> None:
        self.findings.add(Finding(fault, seq=self.size, detail=detail))

    def _grow(self) -> None:
        if self._pending:
            growth = merkle.grow(self.size - len(self._pending), self._peaks, self._pending, self._hash_name)
            if self._keep_nodes:
                self.nodes.update({(level, index): value for level, index, value in growth.nodes})
            self._peaks = growth.peaks
            self._pending = []


def trusted(notes: Iterable[str], verifiers: Sequence[Verifier], findings: Findings) -> list[Checkpoint]:
    """The checkpoints of notes; with verifiers, each must be signed by one of them, or a finding says so."""
    checkpoints: list[Checkpoint] = []
    for note in notes:
        try:
            checkpoints.append(read(opened(note, verifiers) if verifiers else note.partition("\n\n")[0] + "\n"))
        except NoteInvalid as error:
            findings.add(Finding(Fault.NOTE_INVALID, detail=str(error)))
    return checkpoints


@dataclass(frozen=True, slots=True)
class StoredRows:
    """One numbered entry as rows."""

    log: LogRow
    """Its row in the log."""
    entry: EntryRow | None
    """Its header; None where the journal has none."""
    meta: Mapping[str, object] | bytes
    """Its meta, or the digest of it where it was withheld."""
    lines: tuple[LineRow, ...]
    """Its lines."""
    leaf: bytes | None
    """The leaf that was sealed; None when it is not sealed yet."""


def check_rows(rows: StoredRows, *, codes: Mapping[int, str], mac_key: bytes | None, findings: Findings) -> None:
    """The laws that one stored entry keeps by itself, its body hash, and its MAC when the key is given."""
    entry = rows.entry
    assert entry is not None, "a missing entry has no laws"
    (book, period, entry_id, event_id, source, key, body, kind, version, effective_on, economic_on, paid_on, n_lines,
     reverses, is_red, actor, description, _, mac) = entry  # fmt: skip
    log, lines = rows.log, rows.lines

    def found(fault: Fault, detail: str = "") -> None:
        findings.add(Finding(fault, entry_id, log[1], detail))

    if (log[0], log[2], log[3], log[4]) != (book, entry_id, period, is_red):
        found(Fault.ENTRY_ALTERED, "log row and entry disagree")
    if period != effective_on.year * 100 + effective_on.month:
        found(Fault.MONTH_WRONG, str(period))
    owned = all((line[0], line[1], line[2], line[4]) == (book, period, entry_id, effective_on) for line in lines)
    if not owned or len(lines) < 2 or [line[3] for line in lines] != list(range(1, n_lines + 1)):  # noqa: PLR2004
        found(Fault.LINES_WRONG, f"{len(lines)} of {n_lines} lines")
    sums: dict[str, int] = {}
    for line in lines:
        sums[line[6]] = sums.get(line[6], 0) + (line[8] if line[7] == "D" else -line[8])
    if any(sums.values()) or any(line[8] <= 0 or line[7] not in {"D", "C"} for line in lines):
        found(Fault.UNBALANCED, " ".join(f"{currency} {residual:+d}" for currency, residual in sums.items()))
    try:
        written = body_digest(
            (
                book,
                version,
                effective_on,
                economic_on,
                paid_on,
                is_red,
                reverses,
                source,
                key,
                kind,
                actor,
                description,
            ),
            rows.meta if isinstance(rows.meta, bytes) else meta_digest(rows.meta),
            [(codes.get(line[5], "?"), line[7], line[8], line[6], *line[9:]) for line in lines],
        )
    except (struct.error, OverflowError):
        written = b""
    if written != body:
        found(Fault.BODY_DIFFERS)
    if mac_key is not None and row_mac(written, book=book, entry_id=entry_id, event_id=event_id, key=mac_key) != mac:
        found(Fault.MAC_DIFFERS)


def verify_export(
    rows: Iterable[str],
    *,
    notes: Sequence[str] = (),
    verifiers: Sequence[Verifier] = (),
    mac_key: bytes | None = None,
    limit: int = FINDINGS_MAX,
) -> Verification:
    """Verify a sealed JSONL export line by line; `notes` are checkpoints kept elsewhere, the older the better."""
    findings = Findings(limit)
    facts = _Facts()
    replay: Replay | None = None
    lines, ended = 0, False
    for number, item in _items(rows, findings):
        try:
            if item["type"] in {"entry", "end"} and replay is None:
                replay = _started(facts, notes, verifiers, findings)
            if item["type"] == "entry" and replay is not None:
                stored = rows_of(item)
                lines += len(stored.lines)
                _replayed(stored, replay, facts.hash_name, mac_key)
            elif item["type"] == "end" and replay is not None:
                ended = int(item["entries"]) == replay.size
            else:
                _learn(item, facts)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            findings.add(Finding(Fault.FILE_MALFORMED, detail=f"line {number}: {error!r}"))
    if replay is None:
        replay = _started(facts, notes, verifiers, findings)
    if not ended:
        findings.add(Finding(Fault.TAIL_CUT, seq=replay.size + 1, detail="the file has no end line for what it holds"))
    root = replay.finish()
    return Verification(facts.book, replay.size, lines, replay.agreed, root, tuple(findings.kept), findings.count)


def rows_of(item: Mapping[str, Any]) -> StoredRows:
    """The rows of an ``entry`` line of a sealed export."""
    log, entry = item["log"], item["entry"]
    return StoredRows(
        log=(log[0], log[1], log[2], log[3], log[4], _instant(log[5])),
        entry=None if entry is None else _entry_row(entry),
        meta=bytes.fromhex(item["meta_digest"]) if "meta_digest" in item else item["meta"],
        lines=tuple(_line_row(line) for line in item["lines"]),
        leaf=None if item["leaf"] is None else bytes.fromhex(item["leaf"]),
    )


def account_row(item: Mapping[str, Any]) -> AccountRow:
    """The facts of an ``account`` line of a sealed export, in the order of `encoding.ACCOUNT_COLUMNS`."""
    return tuple(item["facts"])


@dataclass(slots=True)
class _Facts:
    """What stands in an export before its entries."""

    book: int = 0
    hash_name: str = "sha256"
    accounts: list[AccountRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)


def _learn(item: Mapping[str, Any], facts: _Facts) -> None:
    match item["type"]:
        case "journal":
            facts.book = int(item["book"])
            facts.hash_name = str(item["hash"])
            digest(facts.hash_name)
        case "account":
            facts.accounts.append(account_row(item))
        case "checkpoint":
            facts.notes.append(str(item["note"]))
        case "seal":
            facts.seals.append(
                Seal(
                    int(item["period"]),
                    None if item["previous"] is None else bytes.fromhex(item["previous"]),
                    int(item["closed_seq"]),
                    bytes.fromhex(item["log_root"]),
                    bytes.fromhex(item["balance_root"]),
                    bytes.fromhex(item["account_root"]),
                    bytes.fromhex(item["seal"]),
                    str(item["note"]),
                )
            )
        case other:
            msg = f"unknown line type {other!r}"
            raise ValueError(msg)


def _started(facts: _Facts, notes: Sequence[str], verifiers: Sequence[Verifier], findings: Findings) -> Replay:
    if verifiers:
        for seal in facts.seals:
            try:
                opened(seal.note, verifiers)
            except NoteInvalid as error:
                findings.add(Finding(Fault.NOTE_INVALID, detail=f"month {seal.period}: {error}"))
    return Replay(
        book=facts.book,
        hash_name=facts.hash_name,
        checkpoints=trusted([*facts.notes, *notes], verifiers, findings),
        seals=facts.seals,
        accounts=facts.accounts,
        findings=findings,
    )


def _replayed(rows: StoredRows, replay: Replay, hash_name: str, mac_key: bytes | None) -> None:
    findings, seq, entry_id = replay.findings, rows.log[1], rows.log[2]
    due = replay.is_due(seq, entry_id, {})
    if rows.entry is None:
        findings.add(Finding(Fault.ENTRY_MISSING, entry_id, seq))
        leaf = rows.leaf or _NO_LEAF
    else:
        leaf = leaf_hash(rows.log, rows.entry, rows.meta, rows.lines, hash_name)
        if rows.leaf is not None and leaf != rows.leaf:
            findings.add(Finding(Fault.ENTRY_ALTERED, entry_id, seq, "not what was sealed"))
        check_rows(rows, codes=replay.codes, mac_key=mac_key, findings=findings)
        for line in rows.lines:
            replay.add(line)
    if due:
        replay.take(leaf)


def _items(rows: Iterable[str], findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, row in enumerate(rows, 1):
        try:
            item = json.loads(row, parse_float=Decimal)
        except ValueError:
            item = None
        if isinstance(item, dict) and "type" in item:
            yield number, item
        else:
            findings.add(Finding(Fault.FILE_MALFORMED, detail=f"line {number}"))


def _entry_row(row: Sequence[Any]) -> EntryRow:
    (book, period, entry, event, source, key, body, kind, version, effective, economic, paid, n_lines, reverses, is_red,
     actor, description, recorded, mac) = row  # fmt: skip
    return (
        book, period, entry, UUID(event), source, key, bytes.fromhex(body), kind, version,
        date.fromisoformat(effective),
        None if economic is None else date.fromisoformat(economic), None if paid is None else date.fromisoformat(paid),
        n_lines, reverses, is_red, actor, description, _instant(recorded), bytes.fromhex(mac),
    )  # fmt: skip


def _line_row(row: Sequence[Any]) -> LineRow:
    book, period, entry, line_no, effective, *rest = row
    account, currency, side, amount, *dims = rest
    subject, party, scheme, funder, channel = dims
    day = date.fromisoformat(effective)
    return book, period, entry, line_no, day, account, currency, side, amount, subject, party, scheme, funder, channel


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        msg = "an instant without its offset"
        raise ValueError(msg)
    return at


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify an exported file from the command line: exit 0 sound, 1 something found, 2 wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m ledger.verify", description="Verify a sealed journal export.")
    parser.add_argument("export", type=Path, help="sealed JSONL file")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="signed note kept elsewhere")
    parser.add_argument("--pub", type=Path, action="append", default=[], help="file with a public key (one line)")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    try:
        verifiers = [Verifier.parse(path.read_text(encoding="utf-8")) for path in options.pub]
        notes = [path.read_text(encoding="utf-8") for path in options.checkpoint]
        with options.export.open(encoding="utf-8") as rows:
            result = verify_export(rows, notes=notes, verifiers=verifiers)
    except (OSError, NoteInvalid, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(told(result, as_json=options.json))
    return 0 if result.is_sound else 1


def document(result: Verification) -> dict[str, object]:
    """The result as one JSON object."""
    return {
        "book": result.book,
        "entries": result.entries,
        "lines": result.lines,
        "checkpoints": result.checkpoints,
        "root": _base64(result.root),
        "sound": result.is_sound,
        "found": result.found,
        "findings": [
            {"code": each.fault, "entry": each.entry_id, "seq": each.seq, "detail": each.detail}
            for each in result.findings
        ],
    }


def told(result: Verification, *, as_json: bool) -> str:
    """The result for people, or as one JSON object for programs."""
    if as_json:
        return json.dumps(document(result), ensure_ascii=False) + "\n"
    rows = [
        (
            f"book {result.book}: {result.entries} entries, {result.lines} lines,"
            f" {result.checkpoints} checkpoints agree, root {_base64(result.root)}"
        )
    ]
    for each in result.findings:
        place = "".join(
            f" {name} {value}" for name, value in (("entry", each.entry_id), ("number", each.seq)) if value is not None
        )
        rows.append(f"{each.fault}{place}{': ' if each.detail else ''}{each.detail}")
    rows.append("sound" if result.is_sound else f"{result.found} found")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.exit(main())
