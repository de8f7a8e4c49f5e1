"""The sandbox bank beside us: it comes up, it goes when we go, and it goes when we are killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from sandbox import process
from tests.sandbox.process import REPOSITORY

HOLDER = """
import sys, time
from pathlib import Path
from sandbox import process
with process.running(Path(sys.argv[1]), key=b"k") as url:
    print(url, flush=True)
    time.sleep(60)
"""


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).is_success
    except httpx.TransportError:
        return False


def until(condition: Callable[[], bool]) -> bool:
    give_up_at = time.monotonic() + 15
    while time.monotonic() < give_up_at:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_a_bank_lives_as_long_as_its_block(tmp_path: Path) -> None:
    with process.running(tmp_path, key=b"k") as url:
        assert answers(url)
    assert not answers(url)


def test_a_bank_whose_holder_is_killed_stops_by_itself(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        url = holder.stdout.readline().strip()
        assert answers(url)
        holder.send_signal(signal.SIGKILL)
    assert until(lambda: not answers(url))


def test_a_bank_that_cannot_come_up_is_told(tmp_path: Path) -> None:
    (tmp_path / "books.sqlite3").write_text("this is no book")
    with pytest.raises(process.BankUnavailable), process.running(tmp_path, key=b"k"):
        raise AssertionError("there is no such bank")
