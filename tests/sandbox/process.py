"""A sandbox bank as a real process on a free port, to be killed without mercy."""

import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from sandbox.client import BankClient

KEY = b"test-key"
REPOSITORY = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class BankProcess:
    """One bank: start it, kill it, start it again on the same books."""

    state: Path
    hold_seconds: float = 30.0
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        options = ["--port", str(self.port), "--state", str(self.state), "--hold-seconds", str(self.hold_seconds)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.bank", *options],
            cwd=REPOSITORY,
            env={"SANDBOX_BANK_KEY": KEY.decode(), "PATH": ""},
        )
        for _ in range(400):
            try:
                if httpx.get(f"{self.url}/health", trust_env=False).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                assert self.process.poll() is None, "the bank died at its start"
            time.sleep(0.05)
        pytest.fail("the bank did not come up")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def client(self, *, timeout_seconds: float = 0.5) -> BankClient:
        return BankClient(self.url, key=KEY, timeout_seconds=timeout_seconds)
