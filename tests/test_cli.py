"""The command line, run as a person would: its own process, on a fresh database."""

import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

import cli
from cli import COMMANDS, SCHEMAS
from postgres.database import Database
from tests.published import faults
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


def told(database_url: str, *arguments: str) -> dict[str, Any]:
    """What a command prints as JSON, held against its published schema."""
    ran = zhudai(database_url, *arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    document: dict[str, Any] = json.loads(ran.stdout)
    schema = json.loads((SCHEMAS / f"{arguments[0]}.json").read_text(encoding="utf-8"))
    assert list(faults(document, schema)) == []
    return document


def ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/ready", trust_env=False).is_success
    except httpx.TransportError:
        return False


def processes() -> Iterator[tuple[int, str, int]]:
    """Number, state and parent of every process, as Linux tells them."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            yield int(path.parent.name), state, int(parent)


def alive(pids: Collection[int]) -> bool:
    return any(pid in pids and state != "Z" for pid, state, _ in processes())


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
    balance = told(lived, "trial-balance", "--level", "1", "--by", "funder")
    assert balance["balanced"] is True
    assert Decimal(balance["total"]["debit"]) > 0
    page = zhudai(lived, "statement", "1303.01")
    assert page.returncode == 0
    assert "DISBURSEMENT_SUCCEEDED" in page.stdout


def test_a_statement_in_pages_is_the_statement_in_a_file(lived: str) -> None:
    page = told(lived, "statement", "1303.01", "--first", "7")
    lines = page["lines"]
    while page["next"] is not None:
        page = told(lived, "statement", "1303.01", "--first", "7", "--after", page["next"])
        lines += page["lines"]
    whole = list(csv.DictReader(io.StringIO(zhudai(lived, "statement", "1303.01", "--csv").stdout)))
    assert [one["entry"] for one in whole] == [one["entry"] for one in lines]
    assert whole[-1]["balance"] == page["closing"]


def test_what_the_log_knew_at_a_number_is_told_again_for_ever(lived: str) -> None:
    early = told(lived, "trial-balance", "--as-of", "10", "--on", "2025-01-31")
    assert (early["asOfSeq"], early["to"], early["from"]) == (10, "2025-01-31", None)
    assert Decimal(early["total"]["debit"]) < Decimal(told(lived, "trial-balance")["total"]["debit"])
    assert told(lived, "statement", "1303.01", "--as-of", "10")["asOfSeq"] == 10


def test_a_workbook_holds_the_trial_balance(lived: str, tmp_path: Path) -> None:
    book = tmp_path / "balance.xlsx"
    made = zhudai(lived, "trial-balance", "--xlsx", str(book))
    assert (made.returncode, made.stdout) == (0, "")
    with zipfile.ZipFile(book) as opened:
        assert "试算平衡表" in opened.read("xl/workbook.xml").decode()


def test_the_figures_of_the_demonstration_are_data_too(lived: str) -> None:
    figures = told(lived, "demo", "--loans", "200", "--days", "1")
    assert figures["balanced"] is True
    assert figures["loans"] > 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["statement", "7777"], "LEDGER_ACCOUNT_UNKNOWN"),
        (["statement", "1303.01", "--after", "nonsense"], "INVALID_CURSOR"),
        (["trial-balance", "--as-of", "1000000"], "LEDGER_SEQ_UNKNOWN"),
        (["trial-balance", "--book", "7"], "LEDGER_BOOK_UNKNOWN"),
    ],
)
def test_what_cannot_be_answered_is_one_line_with_a_code(lived: str, arguments: list[str], code: str) -> None:
    refused = zhudai(lived, *arguments)
    assert (refused.returncode, refused.stdout) == (1, "")
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"{code} ")


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("nowhere", "DATABASE_URL_INVALID"),
        ("postgresql://me:my-secret@127.0.0.1:1/there", "DATABASE_UNREACHABLE"),
    ],
)
def test_a_database_that_is_not_there_is_told_and_no_secret_with_it(url: str, code: str) -> None:
    refused = zhudai(url, "trial-balance")
    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"{code} ")
    assert "my-secret" not in line


def test_a_port_that_is_taken_is_told_before_anything_is_started(database_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environ = {**os.environ, "DATABASE_URL": database_url, "ZHUDAI_PORT": str(taken.getsockname()[1])}
        ran = subprocess.run(
            [sys.executable, "-m", "cli", "run"],
            cwd=tmp_path,
            env={**environ, "PYTHONPATH": str(HOME)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr.startswith("ADDRESS_UNAVAILABLE ")
    assert not (tmp_path / ".data" / "bank").exists()


def test_two_cannot_live_the_same_year(db: Database) -> None:
    with psycopg.connect(db.url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(hashtext('zhudai demo'))")
        refused = zhudai(db.url, "demo", "--loans", "1", "--days", "1")
    assert refused.returncode == 1
    assert refused.stderr.startswith("DEMO_RUNNING ")


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="asks Linux what still runs")
def test_a_killed_server_leaves_nothing_behind_and_the_next_goes_on(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    environ = {**os.environ, "DATABASE_URL": database_url, "ZHUDAI_PORT": str(port), "PYTHONPATH": str(HOME)}

    def start() -> "subprocess.Popen[bytes]":
        with (tmp_path / "out").open("w") as printed:
            running = subprocess.Popen(
                [sys.executable, "-m", "cli", "run"], cwd=tmp_path, env=environ, stdout=printed, stderr=printed
            )
        for _ in range(3_000):
            if "curl" in (tmp_path / "out").read_text("utf-8") and ready(port):
                return running
            assert running.poll() is None, (tmp_path / "out").read_text("utf-8")
            time.sleep(0.05)
        raise AssertionError((tmp_path / "out").read_text("utf-8"))

    first = start()
    left = {pid for pid, _, parent in processes() if parent == first.pid}
    assert len(left) >= 2, "a bank and the demonstration"
    first.kill()
    first.wait()
    for _ in range(200):
        if not alive(left):
            break
        time.sleep(0.05)
    assert not alive(left)
    second = start()
    second.terminate()
    assert second.wait(30) == 0


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
            [sys.executable, "-m", "cli", "run"],
            cwd=tmp_path,
            env=environ,
            stdout=printed,
            stderr=errors,
            start_new_session=True,
        )
        try:
            for _ in range(3_000):
                if "curl" in (tmp_path / "out").read_text("utf-8"):
                    break
                assert running.poll() is None, (tmp_path / "err").read_text("utf-8")
                time.sleep(0.05)
            url = f"http://127.0.0.1:{environ['ZHUDAI_PORT']}"
            assert httpx.get(f"{url}/health/ready", trust_env=False).status_code == httpx.codes.OK
        finally:
            os.killpg(running.pid, signal.SIGINT)  # Ctrl-C, as a terminal sends it
        assert running.wait(30) == 0
    assert "Traceback" not in (tmp_path / "err").read_text("utf-8")
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health/live", trust_env=False)


@pytest.mark.parametrize(
    "arguments",
    [
        ["trial-balance", "--on", "yesterday"],
        ["trial-balance", "--csv", "--json"],
        ["trial-balance", "--since", "2025-02-01", "--on", "2025-01-01"],
        ["statement", "1303.01", "--csv", "--after", "x"],
        ["statement"],
        ["no-such-command"],
        ["message", "sign"],
        ["quote", "no-such-file.json"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_and_exits_with_two(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    said = capfd.readouterr()
    (line,) = said.err.splitlines()
    assert line.startswith("USAGE_WRONG ")
    assert line.endswith("--help")
    assert said.out == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_each_command_has_an_example(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*name.split(), "--help"])
    assert not ended.value.code
    said = " ".join(capfd.readouterr().out.split())
    assert "Example:" in said
    assert f"zhudai {name}" in said.partition("Example:")[2]


@pytest.mark.parametrize("name", COMMANDS)
def test_whoever_prints_json_has_published_its_schema(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main([*name.split(), "--help"])
    prints = "--json" in capfd.readouterr().out or name == "message sign"  # which prints nothing else
    assert (SCHEMAS / f"{name.replace(' ', '-')}.json").exists() is prints
    if prints:
        with pytest.raises(SystemExit) as ended:
            cli.main([*name.split(), "--schema"])
        assert not ended.value.code
        assert json.loads(capfd.readouterr().out)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize(
    ("names", "heavy"),
    [
        (("quote", "simulate", "decide", "message sign"), {"sqlalchemy", "psycopg", "alembic", "numpy", "catboost"}),
        (("trial-balance", "export"), {"strawberry", "starlette", "numpy", "catboost", "seed.german"}),
    ],
)
def test_a_command_loads_no_library_that_it_does_not_need(names: tuple[str, ...], heavy: set[str]) -> None:
    modules = sorted({COMMANDS[name].partition(":")[0] for name in names})
    asked = f"import sys, cli, {', '.join(modules)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=HOME, capture_output=True, text=True, check=True).stdout
    assert set(modules) <= set(loaded.split())
    assert not heavy & set(loaded.split())


def test_every_published_schema_belongs_to_a_command() -> None:
    published = {path.stem for path in SCHEMAS.glob("*.json")}
    assert published
    assert published <= {name.replace(" ", "-") for name in COMMANDS}
