"""A sandbox bank as a process beside ours, for a machine of one's own: started, waited for, stopped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_SECONDS = 20.0
"""How long a bank may take to come up."""
STOP_SECONDS = 5.0
"""How long it may take to finish."""


class BankUnavailable(Exception):
    """The bank's process did not come up."""


@contextmanager
def running(state: Path, *, key: bytes, hold_seconds: float = 2.0) -> Iterator[str]:
    """The URL of a bank on the books of `state` while the block lasts; raises BankUnavailable."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    # a group of its own: Ctrl-C reaches us alone, and we stop the bank after our own last question
    options = ["--port", str(port), "--state", str(state.resolve()), "--hold-seconds", str(hold_seconds)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox.bank", *options],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "SANDBOX_BANK_KEY": key.decode("ascii")},
        process_group=0,
    )
    try:
        _wait(process, url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BankUnavailable(f"the sandbox bank ended with {process.returncode}")
        try:
            if httpx.get(f"{url}/health", timeout=1.0, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise BankUnavailable(f"the sandbox bank did not answer within {START_SECONDS:.0f} seconds")
