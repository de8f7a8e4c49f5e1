"""The command line, run as a person would: its own process, on a fresh database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def test_the_first_run_and_the_second(database_url: str) -> None:
    for _ in range(2):
        done = zhudai(database_url, "run")
        assert done.returncode == 0, done.stderr
        assert "XF-DEBX" in done.stdout
        assert "合计" in done.stdout


def test_the_trial_balance_as_json_and_a_statement(database_url: str) -> None:
    assert zhudai(database_url, "demo").returncode == 0
    balance = json.loads(zhudai(database_url, "trial-balance", "--json").stdout)
    assert balance["balanced"] is True
    assert balance["total"]["debit"] == "0"
    page = zhudai(database_url, "statement", "1303.01")
    assert page.returncode == 0
    assert "opening" in page.stdout
    unknown = zhudai(database_url, "statement", "7777")
    assert unknown.returncode == 1
    assert "LEDGER_ACCOUNT_UNKNOWN" in unknown.stderr


@pytest.mark.parametrize("arguments", [["trial-balance", "--on", "yesterday"], ["no-such-command"]])
def test_wrong_usage_exits_with_two(database_url: str, arguments: list[str]) -> None:
    assert zhudai(database_url, *arguments).returncode == 2
