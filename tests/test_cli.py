"""The command line, run as a person would: its own process, on a fresh database."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from cli import COMMANDS, SCHEMAS
from postgres.database import Database
from tests.sandbox.process import free_port

HOME = Path(__file__).resolve().parent.parent


def zhudai(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command against a database."""
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        cwd=HOME,
        env={**os.environ, "DATABASE_URL": database_url, "COLUMNS": "160"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def lived(module_db: Database) -> str:
    """The URL of a database in which the demonstration has begun, in two slices."""
    first = zhudai(module_db.url, "demo", "--loans", "200", "--days", "3")
    assert first.returncode == 0, first.stderr
    assert "closed up to 2025-01-08" in first.stdout
    again = zhudai(module_db.url, "demo", "--loans", "200", "--days", "2")
    assert "closed up to 2025-01-10" in again.stdout
    assert "合计" in again.stdout
    return module_db.url


def test_the_demonstration_lived_in_slices_has_books_that_balance(lived: str) -> None:
    balance = json.loads(zhudai(lived, "trial-balance", "--json").stdout)
    assert balance["balanced"] is True
    assert int(balance["total"]["debit"]) > 0
    page = zhudai(lived, "statement", "1303.01")
    assert page.returncode == 0
    assert "DISBURSEMENT_SUCCEEDED" in page.stdout
    unknown = zhudai(lived, "statement", "7777")
    assert unknown.returncode == 1
    assert "LEDGER_ACCOUNT_UNKNOWN" in unknown.stderr


def test_what_was_sealed_is_verified_with_and_without_the_database(lived: str, tmp_path: Path) -> None:
    sealed = zhudai(lived, "seal", "--notes", str(tmp_path), "--json")
    assert sealed.returncode == 0, sealed.stderr
    lender = json.loads(sealed.stdout)["books"][0]
    assert lender["entries"] > 0
    note = tmp_path / f"book-1-{lender['entries']}.note"
    file = tmp_path / "journal.jsonl"
    assert zhudai(lived, "export", "jsonl", "--output", str(file)).returncode == 0
    proof = ("--checkpoint", str(note), "--pub", str(tmp_path / "zhudai.pub"))
    offline = zhudai("nowhere", "verify", str(file), *proof)
    assert offline.returncode == 0, offline.stderr
    live = zhudai(lived, "verify", *proof, "--json")
    assert live.returncode == 0, live.stdout
    assert [one["sound"] for one in json.loads(live.stdout)] == [True, True]

    tampered = file.read_text(encoding="utf-8").replace('"DISBURSEMENT_SUCCEEDED"', '"DISBURSEMENT_SUCCEEDEX"', 1)
    file.write_text(tampered, encoding="utf-8")
    found = zhudai("nowhere", "verify", str(file), *proof)
    assert found.returncode == 1
    assert "LEDGER_ENTRY_ALTERED entry" in found.stdout
    assert "LEDGER_VERIFY_FAILED" in found.stderr


def test_damaged_totals_are_told_and_made_anew(lived: str) -> None:
    whole = zhudai(lived, "rebuild", "--check")
    assert (whole.returncode, whole.stdout) == (0, ""), whole.stdout
    with psycopg.connect(lived, autocommit=True) as superuser:
        superuser.execute("UPDATE ledger.account_tip SET debit = debit + 1 WHERE book_id = 1")
    told = zhudai(lived, "rebuild", "--check")
    assert told.returncode == 1
    assert "account_tip" in told.stdout
    assert "LEDGER_DERIVED_DIFFERS" in told.stderr
    assert zhudai(lived, "rebuild").returncode == 0
    assert zhudai(lived, "rebuild", "--check").returncode == 0


def test_a_journal_leaves_for_other_programs(lived: str) -> None:
    for form, begin in (("hledger", "; "), ("beancount", 'option "title"'), ("csv", "seq,entry_id")):
        assert zhudai(lived, "export", form).stdout.startswith(begin)
    assert zhudai(lived, "export", "csv", "--without-meta").returncode == 2
    absent = zhudai(lived, "export", "csv", "--book", "7")
    assert (absent.returncode, absent.stdout) == (1, "")
    assert "LEDGER_BOOK_UNKNOWN" in absent.stderr


def test_the_first_run_serves_while_the_year_is_lived_and_stops_when_told(database_url: str, tmp_path: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": database_url, "ZHUDAI_PORT": str(free_port()), "PYTHONPATH": str(HOME)}
    with (tmp_path / "out").open("w") as printed, (tmp_path / "err").open("w") as errors:
        running = subprocess.Popen(
            [sys.executable, "-m", "cli", "run"], cwd=tmp_path, env=environ, stdout=printed, stderr=errors
        )
        try:
            for _ in range(900):
                if "curl" in (tmp_path / "out").read_text("utf-8"):
                    break
                assert running.poll() is None, (tmp_path / "err").read_text("utf-8")
                time.sleep(0.05)
            url = f"http://127.0.0.1:{environ['ZHUDAI_PORT']}"
            assert httpx.get(f"{url}/health/ready", trust_env=False).status_code == httpx.codes.OK
        finally:
            running.terminate()
        assert running.wait(30) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health/live", trust_env=False)


@pytest.mark.parametrize("arguments", [["trial-balance", "--on", "yesterday"], ["no-such-command"]])
def test_wrong_usage_exits_with_two(database_url: str, arguments: list[str]) -> None:
    assert zhudai(database_url, *arguments).returncode == 2


def test_every_published_schema_belongs_to_a_command() -> None:
    published = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in SCHEMAS.glob("*.json")}
    assert published
    assert set(published) <= {name.replace(" ", "-") for name in COMMANDS}
    assert all(schema["$schema"] for schema in published.values())
