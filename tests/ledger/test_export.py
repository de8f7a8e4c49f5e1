"""Exports of a real book: the same text every time, and three other bookkeepers reach the same balances to the fen."""

import csv
import io
import json
import re
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from ledger import journal
from ledger.entry import Entry
from ledger.export import FORMATS, as_beancount, as_csv, as_hledger, as_sealed, as_spreadsheet, sealed
from ledger.note import Signer
from ledger.plain_text import CSV_COLUMNS
from ledger.seal import Sealed, seal
from ledger.sequencer import drain
from ledger.verify import verify_export
from tests.ledger.conftest import JANUARY, lent, repaid

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


@pytest.mark.skipif(shutil.which("hledger") is None, reason="hledger is installed by .ci/run")
def test_hledger_reaches_the_same_balances(filled: Connection, tmp_path: Path) -> None:
    path = tmp_path / "journal.hledger"
    path.write_text("".join(as_hledger(filled, book=1)), encoding="utf-8")
    told = run("hledger", "-f", path, "check", "accounts", "commodities")
    assert told == ""
    rows = csv.DictReader(io.StringIO(run("hledger", "-f", path, "balance", "--flat", "-N", "-O", "csv")))
    assert {row["account"]: amount(row["balance"]) for row in rows} == ours(filled)


@pytest.mark.skipif(shutil.which("ledger") is None, reason="ledger-cli is installed by .ci/run")
def test_ledger_cli_reaches_the_same_balances(filled: Connection, tmp_path: Path) -> None:
    path = tmp_path / "journal.ledger"
    path.write_text("".join(as_hledger(filled, book=1)), encoding="utf-8")
    told = run(
        "ledger", "-f", path, "--args-only", "--strict", "balance", "--flat", "--no-total", "--format",
        "%(account)\t%(quantity(scrub(total)))\n",
    )  # fmt: skip
    found = {name: Decimal(total) for name, total in (row.split("\t") for row in told.splitlines())}
    assert found == ours(filled)


def test_beancount_accepts_the_file_and_reaches_the_same_balances(filled: Connection, tmp_path: Path) -> None:
    path = tmp_path / "journal.beancount"
    path.write_text("".join(as_beancount(filled, book=1)), encoding="utf-8")
    script = (
        "import sys; from beancount import loader; from beancount.core import data\n"
        "entries, errors, _ = loader.load_file(sys.argv[1]); assert not errors, errors\n"
        "sums = {}\n"
        "for e in data.filter_txns(entries):\n"
        "    for p in e.postings: sums[p.account] = sums.get(p.account, 0) + p.units.number\n"
        "print('\\n'.join(f'{k}\\t{v}' for k, v in sums.items() if v))"
    )
    told = run(sys.executable, "-W", "ignore", "-c", script, path)
    found = {name: Decimal(total) for name, total in (row.split("\t") for row in told.splitlines())}
    assert found == ours(filled)


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


def amount(text_of_program: str) -> Decimal:
    """``1,234.00 CNY`` as a number."""
    return Decimal(text_of_program.replace("CNY", "").replace(",", "").strip())


def run(*command: str | Path) -> str:
    """What a program prints; its complaint is the failure."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
