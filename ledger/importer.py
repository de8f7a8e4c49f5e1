"""Import of a sealed JSONL export: the book is set up and every entry is posted again through the one door. Shell.

Nothing is copied into tables: what the door would refuse today is refused here. Entry ids are given anew (a reversal
follows its original to the new id); keys, events, dates, accounts, amounts and texts are the same, and so are balances.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection

from ledger.account import Account, AccountClass, Policy, Side
from ledger.books import Book, ReversalStyle, books, close_account, open_account, open_book, open_period
from ledger.encoding import ACCOUNT_COLUMNS
from ledger.entry import Dimensions, Entry, Line
from ledger.journal import Refused, Verdict, append
from ledger.verify import StoredRows, account_row, rows_of

BATCH: Final = 1_000
"""Entries posted at once."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    book: int
    """Book of the export."""
    entries: int
    """Entries posted or found already posted."""
    ids: Mapping[int, int]
    """Exported entry id to the id given here."""


@dataclass(frozen=True, slots=True)
class ImportRefused:
    """The door refused an entry; the caller rolls back."""

    entry_id: int
    """Entry id in the export."""
    seq: int
    """Its number there."""
    verdict: Refused
    """Why."""


def import_sealed(conn: Connection, rows: Iterable[str]) -> Imported | ImportRefused:
    """Set up the book of a sealed export and post its entries in their order. The caller commits or rolls back.

    Verify the export first (`ledger.verify`); this only replays it. Accounts that were closed are closed at the end,
    months stay open: closing them is a decision of the accountant here.
    """
    state = _Import(conn)
    for row in rows:
        item = json.loads(row, parse_float=Decimal)
        match item["type"]:
            case "journal":
                state.open(item)
            case "account":
                state.account(item)
            case "entry":
                refused = state.entry(rows_of(item))
                if refused is not None:
                    return refused
    return state.finish()


class _Import:
    """One import in progress."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.book = 0
        self.codes: dict[int, str] = {}
        self.closing: list[tuple[str, date]] = []
        self.ids: dict[int, int] = {}
        self.waiting: list[tuple[StoredRows, Entry]] = []
        self.exists = False

    def open(self, item: Mapping[str, Any]) -> None:
        self.book = int(item["book"])
        self.exists = any(each.book_id == self.book for each in books(self.conn))
        if not self.exists:
            style = ReversalStyle(item["reversal_style"])
            open_book(self.conn, Book(self.book, item["code"], item["legal_entity"], item["base_currency"], style))
        for period, _, _ in item["periods"]:
            open_period(self.conn, self.book, int(period))

    def account(self, item: Mapping[str, Any]) -> None:
        facts: dict[str, Any] = dict(zip(ACCOUNT_COLUMNS, account_row(item), strict=True))
        parent = facts["parent_id"]
        self.codes[facts["account_id"]] = facts["code"]
        if self.exists:
            return
        account = Account(
            code=facts["code"],
            name_zh=facts["name_zh"],
            name_en=facts["name_en"],
            account_class=AccountClass(facts["class"]),
            normal_side=Side(facts["normal_side"]),
            currency=facts["currency"],
            postable=facts["postable"],
            policy=Policy(facts["policy"]),
            required_dims=facts["required_dims"],
            parent=None if parent is None else self.codes[parent],
            opened_on=date.fromisoformat(facts["opened_on"]),
        )
        open_account(self.conn, self.book, account)
        if item["closed_on"] is not None:
            self.closing.append((account.code, date.fromisoformat(item["closed_on"])))

    def entry(self, rows: StoredRows) -> ImportRefused | None:
        assert rows.entry is not None, "an export with a missing entry cannot be imported"
        assert not isinstance(rows.meta, bytes), "an export that withholds meta cannot be imported"
        if len(self.waiting) >= BATCH or rows.entry[13] is not None:
            refused = self.flush()
            if refused is not None:
                return refused
        self.waiting.append((rows, self.rebuilt(rows)))
        return None

    def rebuilt(self, rows: StoredRows) -> Entry:
        assert rows.entry is not None, "checked by the caller"
        row = rows.entry
        meta: dict[str, Any] = {} if isinstance(rows.meta, bytes) else dict(rows.meta)
        return Entry(
            book=self.book,
            source=row[4],
            key=row[5],
            kind=row[7],
            effective_on=row[9],
            lines=tuple(
                Line(self.codes[line[5]], Side(line[7]), line[8], line[6], Dimensions(*line[9:])) for line in rows.lines
            ),
            actor=row[15],
            rule_version=row[8],
            event_id=row[3],
            economic_on=row[10],
            paid_on=row[11],
            reverses=None if row[13] is None else self.ids[row[13]],
            is_red=row[14],
            description=row[16],
            meta=meta,
        )

    def flush(self) -> ImportRefused | None:
        verdicts: list[Verdict] = append(self.conn, [entry for _, entry in self.waiting])
        for (rows, _), verdict in zip(self.waiting, verdicts, strict=True):
            if isinstance(verdict, Refused):
                return ImportRefused(rows.log[2], rows.log[1], verdict)
            self.ids[rows.log[2]] = verdict.entry_id
        self.waiting.clear()
        return None

    def finish(self) -> Imported | ImportRefused:
        refused = self.flush()
        if refused is not None:
            return refused
        for code, on in self.closing:
            close_account(self.conn, self.book, code, on)
        return Imported(self.book, len(self.ids), self.ids)
