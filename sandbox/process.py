"""A sandbox bank as a process beside ours, for a machine of one's own: started, waited for, stopped."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from sandbox.leash import held

START_SECONDS = 20.0
"""How long a bank may take to come up."""


class BankUnavailable(Exception):
    """The bank's process did not come up."""


@contextmanager
def running(state: Path, *, key: bytes, hold_seconds: float = 2.0) -> Iterator[str]:
    """The URL of a bank on the books of `state` while the block lasts; raises BankUnavailable."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    options = ["--port", str(port), "--state", str(state.resolve()), "--hold-seconds", str(hold_seconds), "--leashed"]
    with held(
        ["sandbox.bank", *options],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "SANDBOX_BANK_KEY": key.decode("ascii")},
    ) as process:
        _wait(process, url)
        yield url


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
