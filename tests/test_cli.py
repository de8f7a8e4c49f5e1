"""The command line, run as a person would: its own process, on a fresh database."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

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


def test_the_demonstration_is_lived_in_slices_and_its_books_balance(database_url: str) -> None:
    first = zhudai(database_url, "demo", "--loans", "200", "--days", "3")
    assert first.returncode == 0, first.stderr
    assert "closed up to 2025-01-08" in first.stdout
    again = zhudai(database_url, "demo", "--loans", "200", "--days", "2")
    assert "closed up to 2025-01-10" in again.stdout
    assert "合计" in again.stdout
    balance = json.loads(zhudai(database_url, "trial-balance", "--json").stdout)
    assert balance["balanced"] is True
    assert int(balance["total"]["debit"]) > 0
    page = zhudai(database_url, "statement", "1303.01")
    assert page.returncode == 0
    assert "DISBURSEMENT_SUCCEEDED" in page.stdout
    unknown = zhudai(database_url, "statement", "7777")
    assert unknown.returncode == 1
    assert "LEDGER_ACCOUNT_UNKNOWN" in unknown.stderr


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
