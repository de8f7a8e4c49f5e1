"""Exports of a real book: the same text every time, and three other bookkeepers reach the same balances to the fen."""

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ledger import journal
from ledger.entry import Entry
from ledger.export import FORMATS, as_csv, as_sealed, as_spreadsheet, sealed
from ledger.note import Signer
from ledger.plain_text import CSV_COLUMNS
from ledger.seal import Sealed, seal
from ledger.sequencer import drain
from ledger.verify import verify_export
from tests.ledger.conftest import JANUARY, lent, repaid
from tests.outside.bookkeepers import BOOKKEEPERS

SIGNER = Signer.from_seed("test", b"\x01" * 32)

pytestmark = pytest.mark.usefixtures("book")


def described(key: str, description: str) -> Entry:
    """A disbursement with a text that could break a format."""
    plain = lent(key, 99, 4_321)
    return Entry(plain.book, plain.source, key, plain.kind, JANUARY, plain.lines, plain.actor, description=description)


@pytest.fixture
def filled(conn: Connection) -> Connection:
    """Some entries with hostile texts, sealed."""
    entries = [lent(f"a{n}", n, 100_000 + n) for n in range(1, 9)]
    entries += [repaid(f"b{n}", n, 1_234 + n, 56) for n in range(1, 6)]
    entries += [
        described("x1", '=HYPERLINK("x"); "quoted" \\ back | bar'),
        described("x2", "第一行\n2026-01-01 * 假\n    Assets:1002:01  1.00 CNY"),
        described("x3", "𠮷 ; comment: no"),
    ]
    assert all(isinstance(verdict, journal.Posted) for verdict in journal.append(conn, entries))
    drain(conn, 1)
    assert isinstance(seal(conn, book=1, signers=[SIGNER], origin="test"), Sealed)
    return conn


def ours(conn: Connection) -> dict[str, Decimal]:
    """Balances by plain-text account name, in yuan, straight from the lines."""
    rows = conn.execute(
        text(
            "SELECT a.class, a.code, sum(CASE l.side WHEN 'D' THEN l.amount ELSE -l.amount END) FROM ledger.line l"
            " JOIN ledger.account a USING (book_id, account_id) WHERE l.book_id = 1 GROUP BY 1, 2"
        )
    )
    roots = {"asset": "Assets", "income": "Income", "liability": "Liabilities"}
    return {f"{roots[kind]}:{code.replace('.', ':')}": Decimal(int(net)) / 100 for kind, code, net in rows if net}


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_the_same_journal_is_the_same_text(filled: Connection, name: str) -> None:
    first = "".join(FORMATS[name](filled, book=1))
    assert first == "".join(FORMATS[name](filled, book=1))
    assert first.count("4321") + first.count("43.21") >= 3


@pytest.mark.parametrize("program", BOOKKEEPERS)
def test_another_bookkeeper_reaches_the_same_balances(filled: Connection, tmp_path: Path, program: str) -> None:
    form, ask = BOOKKEEPERS[program]
    path = tmp_path / f"journal.{form}"
    path.write_text("".join(FORMATS[form](filled, book=1)), encoding="utf-8")
    assert ask(path) == ours(filled)


def test_csv_reads_back_exactly_and_a_spreadsheet_gets_no_formula(filled: Connection) -> None:
    plain = list(csv.DictReader(io.StringIO("".join(as_csv(filled, book=1)), newline="")))
    assert tuple(plain[0]) == CSV_COLUMNS
    sums: dict[str, Decimal] = {}
    for row in plain:
        sums[row["account"]] = sums.get(row["account"], Decimal()) + Decimal(row["amount"]) * (
            1 if row["side"] == "D" else -1
        )
    assert sum(sums.values()) == 0
    assert {row["description"] for row in plain} > {"𠮷 ; comment: no"}
    sheet = "".join(as_spreadsheet(filled, book=1))
    assert sheet.startswith("\ufeff")
    assert "'=HYPERLINK" in sheet
    assert not re.search(r'(^|,)"?=', sheet, re.MULTILINE)


def test_the_sealed_form_verifies_without_a_database_and_with_meta_withheld(filled: Connection) -> None:
    for rows in (as_sealed(filled, book=1), sealed(filled, book=1, without_meta=True)):
        result = verify_export(rows, verifiers=[SIGNER.verifier])
        assert result.is_sound, result.findings
        assert (result.entries, result.checkpoints) == (16, 1)


def test_every_line_of_the_sealed_form_is_one_json_object(filled: Connection) -> None:
    kinds = [json.loads(row)["type"] for row in as_sealed(filled, book=1)]
    assert kinds == ["journal", *["account"] * 11, "checkpoint", *["entry"] * 16, "end"]
