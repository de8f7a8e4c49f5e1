"""The embedded PostgreSQL: one directory in, one running server out.

`start` makes the cluster when there is none, adopts the server when one lives, recovers it when it died, and waits
until it is ready for as long as recovery takes. The server is a child in a session of its own, so that Ctrl-C reaches
only us; it listens on a Unix socket in a 0700 directory and nowhere else.

Who stops it: every process that uses the server holds a shared lock on `users`, and the last one out stops the server
if a launcher started it. The kernel drops the lock of a killed process, so a server whose starter died is inherited by
the next process that comes, and nothing is left running behind (docs/decisions/0003).

In the directory: `cluster/` (the data), `socket/`, `server.log`, `lock` (held around init, start and stop), `users`,
`started` (which run of the server a launcher started), and `binaries-<version>/` when the server's account cannot reach
the installed ones.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Self, TypedDict
from urllib.parse import quote

import psycopg

from postgres import postmaster
from postgres.binaries import Account, Binaries, PostgresUnavailable, find, installed, may, reachable, server_account

DATABASE = "zhudai"
SUPERUSER = "postgres"
PORT = 5432
SOCKET_PATH_MAX = 100
"""Bytes; the kernel's limit is 108 on Linux and 104 on macOS, the terminator included."""
ELSEWHERE = Path("/var/lib/zhudai")
"""Home of clusters that root keeps in a place which no unprivileged account can enter (its own home, usually)."""
TEMPORARY = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 - owner and mode are checked
TICK_SECONDS = 0.01
REPORT_SECONDS = 2.0
SURVIVORS_SECONDS = 10.0
LOG_BYTES_MAX = 20_000_000

DURABLE: Mapping[str, str] = MappingProxyType(
    {"max_wal_size": "1GB", "shared_buffers": "256MB", "timezone": "UTC", "log_timezone": "UTC", "jit": "off"},
)
"""Defaults of a server that keeps books: fully durable as PostgreSQL comes, WAL bounded to keep recovery short."""
FAST: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "full_page_writes": "off",
        "synchronous_commit": "off",
        "max_connections": "200",
        "autovacuum": "off",
        "max_wal_size": "2GB",
    },
)
"""Settings for throw-away test clusters only: a crash of the machine may lose everything."""

Progress = Callable[[str], None]


class Server:
    """A running embedded server, used by this process until `stop` (or the end of the `with` block)."""

    def __init__(self, directory: Path, found: postmaster.Postmaster, child: "subprocess.Popen[bytes] | None") -> None:
        """Join the server's users; called by `start` while it holds the directory's lock."""
        self.directory = directory
        self.cluster = directory / "cluster"
        self.pid = found.pid
        self.socket_directory = found.socket_directory
        self.started_here = child is not None
        self._port = found.port
        self._child = child
        self._membership = _opened(directory / "users")
        fcntl.flock(self._membership, fcntl.LOCK_SH)
        self._stopped = False
        self._process = os.getpid()
        atexit.register(self.stop)

    @property
    def url(self) -> str:
        """A libpq URL of the product's database, as the superuser; `psql` and `Database` take it as it is."""
        return self.database_url(DATABASE)

    def database_url(self, database: str) -> str:
        """A libpq URL of any database of this server."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(self.socket_directory, safe='')}&port={self._port}"

    def alive(self) -> bool:
        """Whether the server still runs; reaps it when it was our child."""
        if self._child is not None and self._child.poll() is not None:
            return False
        return postmaster.alive(self.pid, self.cluster)

    def stop(self) -> None:
        """Leave the server; the last user of a launcher's server stops it (fast: sessions are ended, nothing is lost).

        A second interruption while it shuts down asks for an immediate stop, which the next start recovers from.
        A forked child inherits the object but not the duty: there this does nothing.
        """
        if self._stopped or os.getpid() != self._process:
            return
        self._stopped = True
        atexit.unregister(self.stop)
        if not self.directory.is_dir():  # removed under us; a server without its directory ends by itself
            self._membership.close()
            self._let_go()
            return
        with _locked(self.directory / "lock", progress=_silent):
            found = postmaster.living(
                self.cluster
            )  # not always the one we met: it may have been killed and started anew
            if found is not None and self._is_last_user() and _launched(self.directory, found):
                _end(found, self.cluster)
            self._membership.close()
        self._let_go()

    def _is_last_user(self) -> bool:
        try:
            fcntl.flock(self._membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _let_go(self) -> None:
        if self._child is None:
            return
        if self.alive():
            self._child.returncode = 0  # it stays, for its other users: this object no longer answers for it
        else:
            self._child.wait()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the server."""
        self.stop()


def _silent(_message: str) -> None:
    """Report nothing."""


def start(
    data_dir: Path | str,
    *,
    settings: Mapping[str, str] = MappingProxyType({}),
    environ: Mapping[str, str] = os.environ,
    progress: Progress = _silent,
) -> Server:
    """The server of `data_dir`: adopted when it lives, else started, made first when there is none.

    `settings` add to `DURABLE` (they apply when the server is started here; an adopted one keeps its own). `progress`
    is told in one sentence what is being waited for. Waits without limit while the server recovers. Raises
    `PostgresUnavailable`.
    """
    account = server_account()
    directory = _home(Path(data_dir), account)
    cluster = directory / "cluster"
    with _locked(directory / "lock", progress=progress):
        found = _adopted(cluster, progress)
        if found is not None:
            return Server(directory, found, None)
        binaries = find(environ)
        _check_version(cluster, binaries, environ)
        binaries = reachable(binaries, account, directory)
        if not cluster.exists():
            progress(f"creating a PostgreSQL {binaries.version} cluster in {cluster}")
            _initialise(cluster, binaries, account, synced=settings.get("fsync") != "off")
        child, found = _launched_server(directory, binaries, account, {**DURABLE, **settings}, progress)
        (directory / "started").write_text(_run_of(found), encoding="utf-8")
        server = Server(directory, found, child)
        # under the lock: who adopts the server finds its database
        _create_database(server)
    return server


def _home(data_dir: Path, account: Account | None) -> Path:
    """The directory to work in, resolved; made, or moved to where the account can enter, on first use."""
    if not data_dir.exists():
        if data_dir.is_symlink():  # what it pointed at is gone: begin anew
            data_dir.unlink()
        for parent in reversed([data_dir, *data_dir.parents]):
            if not parent.exists():
                parent.mkdir(exist_ok=True)
                parent.chmod(0o755)  # the server's account walks through; what is inside guards itself
        if account is not None and not may(account, data_dir.absolute(), "-x"):
            ELSEWHERE.mkdir(mode=0o755, parents=True, exist_ok=True)
            real = Path(tempfile.mkdtemp(prefix=f"{data_dir.name}-", dir=ELSEWHERE))
            real.chmod(0o755)
            data_dir.rmdir()
            data_dir.symlink_to(real)
    directory = data_dir.resolve()
    if not os.access(directory, os.W_OK | os.X_OK):
        owner = directory.stat().st_uid
        raise PostgresUnavailable(
            "POSTGRES_DIRECTORY_FOREIGN",
            f"{directory} belongs to another user (uid {owner}): run as that user, or choose another directory.",
        )
    return directory


def _opened(path: Path) -> IO[bytes]:
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b", buffering=0)
    except PermissionError as error:
        raise PostgresUnavailable(
            "POSTGRES_DIRECTORY_FOREIGN",
            f"{path} belongs to another user: run as the user who made it, or choose another directory.",
        ) from error


@contextlib.contextmanager
def _locked(path: Path, *, progress: Progress) -> Iterator[None]:
    """Hold the directory's lock; somebody else's init, start or stop is waited for."""
    with _opened(path) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another process that is starting or stopping the server")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run_of(found: postmaster.Postmaster) -> str:
    return f"{found.pid} {found.started}"


def _launched(directory: Path, found: postmaster.Postmaster) -> bool:
    """Whether the server that runs now was started by a launcher, and not by hand."""
    try:
        return (directory / "started").read_text(encoding="utf-8") == _run_of(found)
    except FileNotFoundError:
        return False


def _end(found: postmaster.Postmaster, cluster: Path) -> None:
    """Shut down fast; at a second interruption, at once."""
    try:
        _signal_until_gone(found.pid, cluster, signal.SIGINT)
    except KeyboardInterrupt:
        _signal_until_gone(found.pid, cluster, signal.SIGQUIT)


def _signal_until_gone(pid: int, cluster: Path, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
    while postmaster.alive(pid, cluster):
        time.sleep(TICK_SECONDS)


def _adopted(cluster: Path, progress: Progress) -> postmaster.Postmaster | None:
    """The living server, once it is ready; None when there is none (any more)."""
    waited = _Patience(progress, cluster.parent / "server.log")
    while (found := postmaster.living(cluster)) is not None:
        if found.status == postmaster.READY and _listens(found):
            return found
        waited.tick("the server is stopping" if found.status == postmaster.STOPPING else "the server is recovering")
    return None


def _listens(found: postmaster.Postmaster) -> bool:
    """Whether the server takes connections; one that is being killed at this moment may still look alive."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(Path(found.socket_directory) / f".s.PGSQL.{found.port}"))
        except OSError:
            return False
    return True


def _check_version(cluster: Path, binaries: Binaries, environ: Mapping[str, str]) -> None:
    try:
        made_by = int((cluster / "PG_VERSION").read_text(encoding="utf-8").strip().split(".", maxsplit=1)[0])
    except FileNotFoundError:
        if cluster.exists() and any(cluster.iterdir()):
            raise PostgresUnavailable(
                "POSTGRES_NOT_A_CLUSTER",
                f"{cluster} has files but no PG_VERSION, so it is no PostgreSQL cluster: "
                "move it away, or choose another directory.",
            ) from None
        return
    if made_by == binaries.major:
        return
    matching = installed(made_by, environ)
    way = (
        f"set PG_BIN={matching.directory}"
        if matching
        else f"install PostgreSQL {made_by} and set PG_BIN to its bin directory"
    )
    raise PostgresUnavailable(
        "POSTGRES_VERSION_MISMATCH",
        f"{cluster} was made by PostgreSQL {made_by}, but the programs in {binaries.directory} are {binaries.version}: "
        f"{way}; or, to move to {binaries.major}, dump it with pg_dump of {made_by}, move the directory away, "
        "start anew and restore the dump.",
    )


def _initialise(cluster: Path, binaries: Binaries, account: Account | None, *, synced: bool) -> None:
    """Make a cluster with data checksums and the C.UTF-8 locale.

    It is made under another name first, so that a half-made one is never started.
    """
    unfinished = cluster.with_name("cluster.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    if cluster.exists():  # empty, or _check_version would have refused it
        cluster.rmdir()
    unfinished.mkdir(mode=0o700)
    _hand_over(unfinished, account)
    common = ["-D", str(unfinished), "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--data-checksums"]
    if not synced:
        common.append("--no-sync")
    locales: list[list[str]] = [
        ["--locale=C.UTF-8"],
        ["--locale=C"],
    ]  # the second for systems that do not have the first
    if binaries.major >= 17:  # noqa: PLR2004 - the release that brought the built-in provider
        locales.insert(0, ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"])
    said = ""
    for locale in locales:
        made = _run_as(account, [binaries.program("initdb"), *common, *locale], cwd=unfinished)
        said = made.stdout
        if made.returncode == 0:
            unfinished.rename(cluster)
            return
    shutil.rmtree(unfinished, ignore_errors=True)
    raise PostgresUnavailable("POSTGRES_INITDB_FAILED", f"initdb failed in {cluster.parent}: {said.strip()[-2000:]}")


def _launched_server(
    directory: Path,
    binaries: Binaries,
    account: Account | None,
    settings: Mapping[str, str],
    progress: Progress,
) -> "tuple[subprocess.Popen[bytes], postmaster.Postmaster]":
    """Start the server and wait until it is ready; again, while a killed postmaster's backends are still dying."""
    cluster = directory / "cluster"
    log = directory / "server.log"
    socket_directory = _socket_directory(directory, account)
    arguments = tuple(_arguments(socket_directory, settings))
    give_up_at = time.monotonic() + 3 * SURVIVORS_SECONDS
    while True:
        _clear_remains(cluster, socket_directory, progress)
        with _log(log) as output:
            child = subprocess.Popen(
                [binaries.program("postgres"), "-D", str(cluster), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=cluster,
                start_new_session=True,
                **_identity(account),
            )
        found = _await_ready(child, cluster, _Patience(progress, log))
        if found is not None:
            return child, found
        if not _blocked_by_remains(log) or time.monotonic() > give_up_at:
            raise PostgresUnavailable(
                "POSTGRES_START_FAILED", f"The server did not start; {log} ends with: {_tail(log)}"
            )
        time.sleep(10 * TICK_SECONDS)


def _await_ready(
    child: "subprocess.Popen[bytes]",
    cluster: Path,
    waited: "_Patience",
) -> postmaster.Postmaster | None:
    """The server's own word that it is ready, however long it recovers; None when it ended instead."""
    try:
        while child.poll() is None:
            found = postmaster.recorded(cluster)
            if found is not None and found.pid == child.pid and found.status == postmaster.READY:
                return found
            waited.tick("the server is starting")
    except BaseException:  # interrupted while waiting: nobody else would know of the child
        child.send_signal(signal.SIGINT)
        child.wait()
        raise
    return None


def _clear_remains(cluster: Path, socket_directory: Path, progress: Progress) -> None:
    """After a sudden death: let the orphaned backends end (they notice by themselves), then forget the dead postmaster.

    A backend that is busy for longer is told to quit at once: its transaction cannot commit any more.
    """
    waited = _Patience(progress, cluster.parent / "server.log")
    quit_at = time.monotonic() + SURVIVORS_SECONDS
    while left := postmaster.survivors(cluster):
        if time.monotonic() > quit_at:
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
            quit_at += SURVIVORS_SECONDS
        waited.tick("the last processes of the dead server are ending")
    dead = postmaster.recorded(cluster)
    if dead is not None and not postmaster.alive(dead.pid, cluster):
        for remains in (
            cluster / "postmaster.pid",  # its number may be a zombie's or another program's by now
            socket_directory / f".s.PGSQL.{PORT}.lock",  # the same number; the directory is this cluster's alone
            socket_directory / f".s.PGSQL.{PORT}",
        ):
            remains.unlink(missing_ok=True)


def _blocked_by_remains(log: Path) -> bool:
    tail = _tail(log)
    return "pre-existing shared memory block" in tail or 'lock file "' in tail


class _Patience:
    """Waiting in small steps, with a word to the user every few seconds."""

    def __init__(self, progress: Progress, log: Path) -> None:
        self._progress = progress
        self._log = log
        self._began = self._reported = time.monotonic()

    def tick(self, what: str) -> None:
        """Wait a moment; report when it has been long."""
        time.sleep(TICK_SECONDS)
        now = time.monotonic()
        if now - self._reported >= REPORT_SECONDS:
            self._reported = now
            self._progress(f"{what} ({now - self._began:.0f} s): {_tail(self._log, lines=1)}")


def _tail(log: Path, *, lines: int = 5) -> str:
    try:
        text = log.read_bytes()[-4000:].decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return " | ".join(text.strip().splitlines()[-lines:])


def _log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LOG_BYTES_MAX:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _arguments(socket_directory: Path, settings: Mapping[str, str]) -> Iterator[str]:
    own = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(socket_directory),
        "unix_socket_permissions": "0700",
        "logging_collector": "off",
        "external_pid_file": "",
    }
    for name, value in {**settings, **own}.items():
        yield from ("-c", f"{name}={value}")


def _socket_directory(directory: Path, account: Account | None) -> Path:
    """A 0700 directory of the server's account whose path is short enough: in the data directory, if it fits.

    Root reaches any directory, the server's account owns this one, and nobody else may enter it.
    """
    uid = account.uid if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    for place in (directory / "socket", *(temporary / f"zhudai-{name}" for temporary in TEMPORARY)):
        if len(os.fsencode(place / f".s.PGSQL.{PORT}.lock")) >= SOCKET_PATH_MAX:
            continue
        with contextlib.suppress(FileExistsError):
            place.mkdir(mode=0o700)
            _hand_over(place, account)
        is_now = place.lstat()  # a name in a shared directory may have been taken by somebody else: then it is not used
        if stat.S_ISDIR(is_now.st_mode) and is_now.st_uid == uid:
            place.chmod(0o700)
            if account is None or may(account, place, "-w"):
                return place
    place = Path(tempfile.mkdtemp(prefix="zhudai-", dir=TEMPORARY[-1]))
    _hand_over(place, account)
    return place


def _hand_over(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


class _Identity(TypedDict):
    env: Mapping[str, str]
    user: int | None
    group: int | None
    extra_groups: Sequence[int] | None


def _identity(account: Account | None) -> _Identity:
    """Who runs a program of PostgreSQL, and in which small environment: the caller's PG* variables do not reach it."""
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if account is None:
        return {"env": environment, "user": None, "group": None, "extra_groups": None}
    return {"env": environment, "user": account.uid, "group": account.gid, "extra_groups": ()}


def _run_as(account: Account | None, command: list[str], *, cwd: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        cwd=cwd,
        check=False,
        start_new_session=True,
        **_identity(account),
    )


def _create_database(server: Server) -> None:
    """Make the product's database on first start; done again after an interrupted first start."""
    with psycopg.connect(server.database_url("postgres"), autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                conn.execute(f"CREATE DATABASE {DATABASE}")
