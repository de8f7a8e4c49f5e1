"""A child process that does not outlive its holder: its standard input is a pipe, and it stops when the pipe ends.

However the holder dies, `kill -9` included, the system closes the pipe; nothing is left running that nobody stops.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

STOP_SECONDS = 5.0
"""How long a child may take to finish before it is killed."""


@contextmanager
def held(
    arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a module of ours (`-m` and its arguments) while the block lasts; it must call `hold`.

    It is in a group of its own: Ctrl-C reaches us alone, and we stop it when we no longer need it.
    """
    child = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=cwd, env=dict(env), stdin=subprocess.PIPE, process_group=0
    )
    assert child.stdin is not None, "a pipe was asked for"
    try:
        yield child
    finally:
        child.terminate()
        child.stdin.close()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def hold() -> None:
    """In the child: stop, as if told by SIGTERM, when standard input ends."""
    Thread(target=_until_the_end, name="leash", daemon=True).start()


def _until_the_end() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
