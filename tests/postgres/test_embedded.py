import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from postgres import embedded, postmaster
from postgres.binaries import PostgresUnavailable, find, installed, server_account
from postgres.embedded import DATABASE, Server, start

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another account")
QUICK = {"fsync": "off"}
"""What is acknowledged must outlive the server here, though not the machine: synchronous_commit stays on."""
SERVE = """
    import os, sys, time
    from pathlib import Path
    from postgres.embedded import start

    server = start(Path(sys.argv[1]), settings={"fsync": "off"})
    print(server.pid, server.started_here, server.url, flush=True)
    if sys.argv[2] == "hold":
        sys.stdin.read()
    server.stop()
"""


def removed(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def module_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="zt-embedded-", dir="/tmp"))
    home.chmod(0o755)
    yield home
    removed(home)


@pytest.fixture(scope="module")
def data_dir(module_home: Path) -> Iterator[Path]:
    """A cluster that is made once and started by many tests, each of which leaves it stopped."""
    place = module_home / "postgres"
    start(place, settings=QUICK).stop()
    yield place
    assert postmaster.living(place / "cluster") is None, "the last test left the server running"


@pytest.fixture
def home() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="zt-embedded-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    removed(place)


class Process:
    """Another process that starts or adopts the server."""

    def __init__(self, data_dir: Path, *, hold: bool = True) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SERVE), str(data_dir), "hold" if hold else "leave"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def heard(self) -> tuple[int, bool, str]:
        assert self._process.stdout is not None
        pid, started_here, url = self._process.stdout.readline().split()
        return int(pid), started_here == "True", url

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()  # which also closes the pipes

    def leave(self) -> None:
        self._process.communicate("")
        assert self._process.returncode == 0


def until(condition: Callable[[], bool], *, seconds: float = 20) -> None:
    give_up_at = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def asked(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def wrote(url: str, value: int) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS acknowledged (value int PRIMARY KEY)")
        conn.execute("INSERT INTO acknowledged VALUES (%s)", (value,))


@pytest.mark.parametrize("major", [15, 18])
def test_a_first_start_makes_a_checksummed_utf8_cluster_that_only_its_socket_reaches(home: Path, major: int) -> None:
    binaries = installed(major)
    if binaries is None:
        pytest.skip(f"PostgreSQL {major} is not installed here")
    told: list[str] = []
    environ = {"PG_BIN": str(binaries.directory), "PATH": os.defpath, "PGPORT": "1", "PGDATA": "/nowhere"}
    with start(home / "postgres", environ=environ, progress=told.append) as server:
        assert server.started_here
        shown = {
            name: asked(server.url, f"SELECT current_setting('{name}')")[0][0]
            for name in (
                "data_checksums", "fsync", "full_page_writes", "synchronous_commit", "listen_addresses",
                "server_encoding", "max_wal_size", "timezone", "unix_socket_permissions",
            )
        }  # fmt: skip
        assert shown == {
            "data_checksums": "on",
            "fsync": "on",
            "full_page_writes": "on",
            "synchronous_commit": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "max_wal_size": "1GB",
            "timezone": "UTC",
            "unix_socket_permissions": "0700",
        }
        collation = "datlocale" if major >= 18 else "datcollate"
        assert asked(
            server.url, f"SELECT datname, {collation} FROM pg_database WHERE datname = current_database()"
        ) == [(DATABASE, "C.UTF-8")]
        assert str(asked(server.url, "SHOW server_version")[0][0]).startswith(f"{major}.")
        socket_directory = Path(server.socket_directory)
        assert socket_directory.stat().st_mode & 0o777 == 0o700
        assert (server.cluster.stat().st_mode & 0o777) == 0o700
        assert os.getpgid(server.pid) == server.pid != os.getpgid(0)
    assert not server.alive()
    assert told[0].startswith(f"creating a PostgreSQL {major}.")
    control = subprocess.run(
        [binaries.program("pg_controldata"), "-D", str(server.cluster)],
        capture_output=True, text=True, check=True, env={"LC_ALL": "C"},
    ).stdout  # fmt: skip
    assert "shut down" in control.split("Database cluster state:")[1].splitlines()[0]


def test_stopping_ends_open_sessions_and_loses_nothing(data_dir: Path) -> None:
    server = start(data_dir, settings=QUICK)
    wrote(server.url, 1)
    session = psycopg.connect(server.url)
    server.stop()
    server.stop()  # a second time is nothing
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    session.close()
    with start(data_dir, settings=QUICK) as again:
        assert asked(again.url, "SELECT value FROM acknowledged WHERE value = 1") == [(1,)]


def test_a_second_process_finds_the_running_server_and_leaves_it_running(data_dir: Path) -> None:
    with start(data_dir, settings=QUICK) as server:
        other = Process(data_dir, hold=False)
        assert other.heard() == (server.pid, False, server.url)
        other.leave()
        assert server.alive()


def test_the_starter_leaves_first_and_the_last_user_stops_the_server(data_dir: Path) -> None:
    server = start(data_dir, settings=QUICK)
    with start(data_dir, settings=QUICK) as second:
        assert (server.started_here, second.started_here) == (True, False)
        server.stop()
        assert second.alive()
        assert asked(second.url, "SELECT 1") == [(1,)]
    assert not second.alive()


def test_of_processes_that_start_together_exactly_one_starts_the_server(data_dir: Path) -> None:
    processes = [Process(data_dir) for _ in range(4)]
    heard = [process.heard() for process in processes]
    assert sorted(started_here for _, started_here, _ in heard) == [False, False, False, True]
    assert len({(pid, url) for pid, _, url in heard}) == 1
    for process in processes:
        process.leave()
    assert postmaster.living(data_dir / "cluster") is None


def test_a_killed_postmaster_is_started_again_with_everything_acknowledged(data_dir: Path) -> None:
    server = start(data_dir, settings=QUICK)
    wrote(server.url, 2)
    session = psycopg.connect(server.url)
    session.execute("SELECT 1")
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.alive())
    with start(data_dir, settings=QUICK) as again:
        assert again.started_here
        assert again.pid != server.pid
        assert asked(again.url, "SELECT value FROM acknowledged WHERE value = 2") == [(2,)]
        assert not server.alive()
        server.stop()  # the dead one's user leaves too, and must not stop the living one
        assert again.alive()
    session.close()


def test_a_zombie_postmaster_of_another_process_counts_as_dead(data_dir: Path) -> None:
    starter = Process(data_dir)
    pid, _, url = starter.heard()
    wrote(url, 3)
    os.kill(pid, signal.SIGKILL)  # its parent does not wait for it, so its number stays taken
    until(lambda: postmaster.living(data_dir / "cluster") is None)
    with start(data_dir, settings=QUICK) as again:
        assert again.started_here
        assert asked(again.url, "SELECT value FROM acknowledged WHERE value = 3") == [(3,)]
        starter.kill()


def test_a_server_whose_starter_was_killed_is_adopted_and_then_stopped(data_dir: Path) -> None:
    starter = Process(data_dir)
    pid, _, url = starter.heard()
    wrote(url, 4)
    starter.kill()
    adopted = start(data_dir, settings=QUICK)
    assert (adopted.pid, adopted.started_here) == (pid, False)
    assert asked(adopted.url, "SELECT value FROM acknowledged WHERE value = 4") == [(4,)]
    adopted.stop()
    assert not adopted.alive()


def test_a_server_started_by_hand_is_used_and_left_alone(data_dir: Path) -> None:
    account = server_account()
    socket_directory = data_dir / "socket"
    child = subprocess.Popen(
        [find().program("postgres"), "-D", str(data_dir / "cluster"), "-c", "listen_addresses=", "-c", "fsync=off",
         "-c", f"unix_socket_directories={socket_directory}"],
        user=account.uid if account else None,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=data_dir / "cluster",
    )  # fmt: skip
    until(lambda: postmaster.living(data_dir / "cluster") is not None)
    with start(data_dir, settings=QUICK) as server:
        assert (server.pid, server.started_here) == (child.pid, False)
    assert server.alive()
    child.send_signal(signal.SIGINT)
    assert child.wait() == 0


def test_what_an_operator_wants_to_measure_is_his_to_load(data_dir: Path) -> None:
    """The launcher leaves shared_preload_libraries alone: what the operator has set stands at the next start."""
    with start(data_dir, settings=QUICK) as server, psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("LOAD 'auto_explain'")
        assert conn.execute("SHOW auto_explain.log_min_duration").fetchone() == ("-1",)
        conn.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    with start(data_dir, settings=QUICK) as server, psycopg.connect(server.url, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION pg_stat_statements")
        assert conn.execute("SELECT count(*) > 0 FROM pg_stat_statements").fetchone() == (True,)
        conn.execute("DROP EXTENSION pg_stat_statements")
        conn.execute("ALTER SYSTEM RESET shared_preload_libraries")


def test_a_process_number_given_to_another_program_is_not_a_server(data_dir: Path) -> None:
    (data_dir / "cluster" / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir}\n1\n5432\n/x\n\n1 1\nready\n")
    with start(data_dir, settings=QUICK) as server:
        assert server.started_here


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    (home / "postgres" / "cluster.unfinished" / "base").mkdir(parents=True)
    (home / "postgres").chmod(0o755)
    with start(home / "postgres", settings=QUICK) as server:
        assert asked(server.url, "SELECT 1") == [(1,)]
    assert not (home / "postgres" / "cluster.unfinished").exists()


def test_a_cluster_of_another_major_version_is_refused_with_the_way_out(data_dir: Path) -> None:
    version = data_dir / "cluster" / "PG_VERSION"
    true = version.read_text()
    other = 15 if find().major != 15 else 18
    version.write_text(f"{other}\n")
    try:
        with pytest.raises(PostgresUnavailable) as refused:
            start(data_dir, settings=QUICK)
    finally:
        version.write_text(true)
    assert refused.value.code == "POSTGRES_VERSION_MISMATCH"
    assert f"made by PostgreSQL {other}" in str(refused.value)
    assert "PG_BIN" in str(refused.value)
    assert "pg_dump" in str(refused.value)


def test_a_directory_with_other_files_is_refused(home: Path) -> None:
    (home / "postgres" / "cluster").mkdir(parents=True)
    (home / "postgres" / "cluster" / "letter.txt").write_text("not yours")
    with pytest.raises(PostgresUnavailable) as refused:
        start(home / "postgres")
    assert refused.value.code == "POSTGRES_NOT_A_CLUSTER"


def test_a_server_that_cannot_start_says_why(data_dir: Path) -> None:
    with pytest.raises(PostgresUnavailable) as refused:
        start(data_dir, settings={**QUICK, "shared_buffers": "nonsense"})
    assert refused.value.code == "POSTGRES_START_FAILED"
    assert "shared_buffers" in str(refused.value)


def test_a_long_path_gets_a_short_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    with start(deep, settings=QUICK) as server:
        assert len(os.fsencode(Path(server.socket_directory) / ".s.PGSQL.5432.lock")) < 100
        assert not server.socket_directory.startswith(str(deep))
        assert Path(server.socket_directory).stat().st_mode & 0o777 == 0o700
        assert asked(server.url, "SELECT 1") == [(1,)]
    shutil.rmtree(server.socket_directory)


def test_recovery_is_waited_for_and_reported(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "REPORT_SECONDS", 0.0)
    server = start(data_dir, settings=QUICK)
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not server.alive())
    told: list[str] = []
    with start(data_dir, settings=QUICK, progress=told.append):
        assert any(message.startswith("the server is starting") for message in told)
    server.stop()


def test_an_interruption_while_starting_leaves_no_server(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_self: object, what: str) -> None:
        if what == "the server is starting":
            raise KeyboardInterrupt

    monkeypatch.setattr(embedded._Patience, "tick", interrupted)
    with pytest.raises(KeyboardInterrupt):
        start(data_dir, settings=QUICK)
    assert postmaster.survivors(data_dir / "cluster") == ()


def test_a_second_interruption_while_stopping_asks_for_an_immediate_stop(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(data_dir, settings=QUICK)
    sent: list[signal.Signals] = []
    really = os.kill

    def kill(pid: int, number: signal.Signals) -> None:
        sent.append(number)
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        really(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    server.stop()
    assert sent[-1] == signal.SIGQUIT
    assert not server.alive()


def as_account(uid: int, gid: int, work: Callable[[], object]) -> object:
    """Do the work in a forked child that has become another account (which may not reach our interpreter's files)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
            os.chdir("/")
            answer = json.dumps(work())
        except BaseException as error:  # noqa: BLE001 - the child has nobody else to tell
            answer = json.dumps(repr(error))
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return json.loads(answer)


@AS_ROOT
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # the child only starts a server and leaves
def test_an_ordinary_user_runs_the_server_himself(home: Path) -> None:
    account = server_account()
    assert account is not None
    os.chown(home, account.uid, account.gid)

    def work() -> object:
        with start(home / "postgres", settings=QUICK) as server:
            owner = Path(f"/proc/{server.pid}").stat().st_uid
            return [owner, asked(server.url, "SELECT current_user")[0][0]]

    assert as_account(account.uid, account.gid, work) == [account.uid, "postgres"]


@AS_ROOT
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_another_users_directory_is_refused(data_dir: Path) -> None:
    account = server_account()
    assert account is not None

    def work() -> object:
        try:
            return start(data_dir, settings=QUICK).url
        except PostgresUnavailable as refused:
            return refused.code

    assert as_account(account.uid, account.gid, work) == "POSTGRES_DIRECTORY_FOREIGN"


@AS_ROOT
def test_root_gives_the_cluster_and_nothing_else_to_an_unprivileged_account(data_dir: Path) -> None:
    account = server_account()
    assert account is not None
    with start(data_dir, settings=QUICK) as server:
        assert Path(f"/proc/{server.pid}").stat().st_uid == account.uid
    owners = {entry.name: entry.stat().st_uid for entry in data_dir.iterdir()}
    assert {name for name, uid in owners.items() if uid != 0} == {"cluster", "socket"}


@AS_ROOT
def test_in_a_place_that_only_root_may_enter_the_cluster_lives_elsewhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "ELSEWHERE", home / "elsewhere")
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    place = closed / ".data" / "postgres"

    def used() -> Server:
        with start(place, settings=QUICK) as server:
            wrote(server.url, int(time.monotonic() * 1000))
        return server

    first, second = used(), used()
    assert place.is_symlink()
    assert first.directory == second.directory == place.resolve()
    assert first.directory.parent == home / "elsewhere"
    assert closed.stat().st_mode & 0o777 == 0o700
    shutil.rmtree(place.resolve())
    with start(place, settings=QUICK) as server:
        assert asked(server.url, "SELECT to_regclass('acknowledged')") == [(None,)]
