"""The journal as plain text that other bookkeepers read: hledger and ledger-cli, beancount, and CSV. Pure rendering.

Account names are made of class and code (``Assets:1303:01``); Chinese names stand beside them as metadata. Amounts are
exact decimals; debits are positive, credits negative, as these programs write them.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.account import Account, AccountClass
from ledger.encoding import EntryRow, LineRow
from ledger.money import Money, minor_digits
from ledger.verify import StoredRows

_ROOTS: Final[Mapping[AccountClass, str]] = {
    AccountClass.ASSET: "Assets",
    AccountClass.LIABILITY: "Liabilities",
    AccountClass.COMMON: "Assets:Common",
    AccountClass.EQUITY: "Equity",
    AccountClass.COST: "Expenses:Cost",
    AccountClass.INCOME: "Income",
    AccountClass.EXPENSE: "Expenses",
    AccountClass.MEMO: "Equity:Memo",
}

CSV_COLUMNS: Final = (
    "seq", "entry_id", "event_id", "effective_on", "economic_on", "paid_on", "kind", "rule_version", "source", "key",
    "reverses", "line_no", "account", "account_name", "side", "amount", "currency", "subject", "party", "scheme",
    "funder", "channel", "actor", "description", "recorded_at",
)  # fmt: skip
"""Header of the CSV export, one row per line of an entry."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class NamedChart:
    """A book's accounts by id, with the name that each bears in plain text."""

    title: str
    """Legal entity of the book."""
    accounts: Mapping[int, Account]
    """Accounts by id."""
    names: Mapping[int, str]
    """Plain-text name by id, unique."""

    @staticmethod
    def of(title: str, accounts: Mapping[int, Account]) -> "NamedChart":
        """Name every account from its class and code."""
        names: dict[int, str] = {}
        taken: set[str] = set()
        for account_id in sorted(accounts):
            account = accounts[account_id]
            parts = [re.sub(r"[^A-Za-z0-9]", "-", part) or "0" for part in account.code.split(".")]
            name = ":".join((_ROOTS[account.account_class], *(part[0].upper() + part[1:] for part in parts)))
            if name in taken or not re.match(r"[A-Z0-9]", parts[0][0].upper()):
                name = f"{_ROOTS[account.account_class]}:X{account_id}"
            taken.add(name)
            names[account_id] = name
        return NamedChart(title, accounts, names)


def hledger(chart: NamedChart, entries: Iterable[StoredRows]) -> Iterator[str]:
    """A journal that hledger and ledger-cli both read."""
    yield f"; {_plain(chart.title)}\n\n"
    for currency in sorted({account.currency for account in chart.accounts.values()}):
        yield f"commodity {currency}\n    format {_sample(currency)} {currency}\n"
    yield "\n"
    for account_id, name in chart.names.items():
        account = chart.accounts[account_id]
        yield f"account {name}\n    ; code: {_plain(account.code)}\n    ; name: {_plain(account.name_zh)}\n"
    for rows in entries:
        entry = _entry(rows)
        event, kind, description = entry[3], _plain(entry[7]), _plain(entry[16])
        title = f"{kind} | {description}" if description else kind
        yield f"\n{entry[9].isoformat()} * ({entry[2]}) {title}\n"
        yield f"    ; seq: {rows.log[1]}\n    ; event: {event}\n    ; key: {_plain(entry[4])}/{_plain(entry[5])}\n"
        if rows.leaf is not None:
            yield f"    ; leaf: {rows.leaf.hex()}\n"
        for line in rows.lines:
            subject = "" if line[9] is None else f"  ; subject: {line[9]}"
            yield f"    {chart.names[line[5]]}  {_signed(line)} {line[6]}{subject}\n"


def beancount(chart: NamedChart, entries: Iterable[StoredRows]) -> Iterator[str]:
    """A file that beancount reads; accounts open on their opening day."""
    yield f'option "title" "{_quoted(chart.title)}"\n'
    for currency in sorted({account.currency for account in chart.accounts.values()}):
        yield f'option "operating_currency" "{currency}"\n'
    yield "\n"
    for account_id, name in chart.names.items():
        account = chart.accounts[account_id]
        if account.postable:
            yield f"{account.opened_on.isoformat()} open {name} {account.currency}\n"
            yield f'  code: "{_quoted(account.code)}"\n  name: "{_quoted(account.name_zh)}"\n'
    for rows in entries:
        entry = _entry(rows)
        yield f'\n{entry[9].isoformat()} * "{_quoted(entry[7])}" "{_quoted(entry[16])}"\n'
        yield f'  entry: "{entry[2]}"\n  seq: "{rows.log[1]}"\n  event: "{entry[3]}"\n'
        yield f'  key: "{_quoted(entry[4])}/{_quoted(entry[5])}"\n'
        if rows.leaf is not None:
            yield f'  leaf: "{rows.leaf.hex()}"\n'
        for line in rows.lines:
            yield f"  {chart.names[line[5]]}  {_signed(line)} {line[6]}\n"
            if line[9] is not None:
                yield f'    subject: "{line[9]}"\n'


def comma_separated(
    chart: NamedChart, entries: Iterable[StoredRows], *, for_spreadsheet: bool = False
) -> Iterator[str]:
    """RFC 4180 rows, one per line; for a spreadsheet with a byte-order mark and no text that begins a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    if for_spreadsheet:
        buffer.write("\ufeff")
    writer.writerow(CSV_COLUMNS)
    for rows in entries:
        entry = _entry(rows)
        for line in rows.lines:
            account = chart.accounts[line[5]]
            cells = (
                rows.log[1], entry[2], entry[3], entry[9], entry[10], entry[11], entry[7], entry[8], entry[4], entry[5],
                entry[13], line[3], account.code, account.name_zh, line[7], Money(line[8], line[6]), line[6], line[9],
                line[10], line[11], line[12], line[13], entry[15], entry[16], entry[17].isoformat(),
            )  # fmt: skip
            writer.writerow([_cell(cell, for_spreadsheet=for_spreadsheet) for cell in cells])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _cell(cell: object, *, for_spreadsheet: bool) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if for_spreadsheet and isinstance(cell, str) and text.startswith(_FORMULA) else text


def _entry(rows: StoredRows) -> EntryRow:
    if rows.entry is None:
        msg = f"entry {rows.log[2]}, number {rows.log[1]}, is not in the journal: verify before exporting"
        raise LookupError(msg)
    return rows.entry


def _signed(line: LineRow) -> str:
    return str(Money(line[8] if line[7] == "D" else -line[8], line[6]))


def _sample(currency: str) -> str:
    digits = minor_digits(currency)
    return f"1000.{'0' * digits}" if digits else "1000."


def _plain(text: str) -> str:
    """Text that cannot end a line or begin a comment."""
    return re.sub(r"[\x00-\x1f\x7f\u0085\u2028\u2029;|]", " ", text).strip()


def _quoted(text: str) -> str:
    """Text within double quotes."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text).replace("\\", "\\\\").replace('"', '\\"')
