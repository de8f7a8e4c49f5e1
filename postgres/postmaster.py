"""What the operating system and `postmaster.pid` say about a server: is it alive, is it ours, is it ready.

A zombie counts as dead, and a process number that was given to another program counts as dead too: the file alone
proves nothing.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

READY = "ready"
STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Postmaster:
    """The lines of `postmaster.pid` that matter."""

    pid: int
    started: str
    """Start time as the server wrote it; with the pid it names one run of the server."""
    port: int
    socket_directory: str
    status: str
    """`starting`, `ready`, `standby` or `stopping`; empty while the file is being written."""


def recorded(cluster: Path) -> Postmaster | None:
    """The server that the data directory names, dead or alive; None when the file is absent or not yet whole."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return None
    lines += [""] * (8 - len(lines))
    if not lines[0].strip().lstrip("-").isdigit():
        return None
    port = lines[3].strip()
    return Postmaster(
        pid=abs(int(lines[0])),
        started=lines[2].strip(),
        port=int(port) if port.isdigit() else 0,
        socket_directory=lines[4].strip(),
        status=lines[7].strip(),
    )


def alive(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a living process of the server of this data directory."""
    state = _state(pid)
    if state is None or state.startswith("Z"):
        return False
    return _works_in(pid, cluster)


def living(cluster: Path) -> Postmaster | None:
    """The recorded server, if it lives."""
    found = recorded(cluster)
    return found if found is not None and alive(found.pid, cluster) else None


def survivors(cluster: Path) -> tuple[int, ...]:
    """Processes that still work in the data directory; after the postmaster's sudden death, its dying backends."""
    if not Path("/proc/self").exists():
        return ()
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return tuple(pid for pid in pids if pid != os.getpid() and _works_in_on_linux(pid, cluster) and alive(pid, cluster))


def _state(pid: int) -> str | None:
    """The state letter of a process (`Z` for a zombie); None when there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self").exists():
        try:
            return stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return None
    said = subprocess.run(["/bin/ps", "-o", "state=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return said.stdout.strip() or None


def _works_in(pid: int, cluster: Path) -> bool:
    if Path("/proc/self").exists():
        return _works_in_on_linux(pid, cluster)
    said = subprocess.run(["/bin/ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "postgres" in said.stdout and str(cluster) in said.stdout


def _works_in_on_linux(pid: int, cluster: Path) -> bool:
    """Every PostgreSQL process has the data directory as its working directory.

    A container's root may not look at another account's processes; there the command line, which anybody may read,
    must do.
    """
    try:
        at = Path(f"/proc/{pid}/cwd").stat()
        here = cluster.stat()
        program = Path(f"/proc/{pid}/exe").readlink().name.removesuffix(" (deleted)")
    except PermissionError:
        return str(cluster) in _arguments(pid)
    except OSError:
        return False
    return (at.st_dev, at.st_ino) == (here.st_dev, here.st_ino) and program == "postgres"


def _arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []
