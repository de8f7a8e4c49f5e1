"""The short version of `zhudai bench chaos`: a few kills of the server and of clients, and nothing is lost."""

import tempfile
from pathlib import Path

from benchmarks.chaos import chaos


def test_killed_servers_and_clients_lose_and_double_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="zc_", dir="/tmp") as home:
        Path(home).chmod(0o755)  # the server's account must reach what is inside
        result = chaos(Path(home), rounds=4, clients=3, seconds=1.0)
    assert result.is_sound, result
    assert result.acknowledged > 100, "there was something to lose"
    assert (result.server_kills, result.client_kills) == (2, 2)
