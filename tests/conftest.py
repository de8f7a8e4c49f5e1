"""One PostgreSQL per run, one migrated template, one database per worker, one rolled-back transaction per test.

The server is the embedded one with durability switched off, shared by all xdist workers; with `DATABASE_URL` (a
superuser's) it is that server, on which only databases of this run's own name are made and dropped. What takes long to
make is made once in a run, whoever asks first: the template, and the demonstration's first days and whole year.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
import sqlalchemy
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings
from psycopg import sql
from sqlalchemy import Connection, text

from postgres import migrate
from postgres.database import Database
from postgres.embedded import FAST, start
from tests.demonstration import SHORT, SMALL, World, live

RUN = "ZHUDAI_TEST_RUN"
"""Set by the controlling process and inherited by its workers: the directory, and so the name, of a run."""
TRACED: Final = 10
"""Examples of a property whose coverage is measured: the hundreds after them run the same lines, at a third of the cost
(docs/decisions/0082)."""
FIRST: Final = ("tests/outside", "tests/docs", "tests/model", "tests/laws", "tests/benchmarks", "tests/postgres")
"""Where the long tests are: begun first, so that none is left for one worker alone at the end."""

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "dev"))


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's directory, once, before any worker starts."""
    if not hasattr(config, "workerinput"):
        home = Path(tempfile.mkdtemp(prefix="zt_", dir="/tmp"))
        home.chmod(0o755)  # the server's account must reach what is inside, and what is inside guards itself
        os.environ[RUN] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's directory, after the last worker has left."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[RUN])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long tests first; the files stay whole, for what the tests of a file share."""
    homes = [Path(__file__).parents[1] / place for place in FIRST]
    items.sort(key=lambda item: next((n for n, home in enumerate(homes) if home in item.path.parents), len(homes)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Measure the coverage of the first examples of a property only."""
    test: Any = getattr(item, "obj", None)
    if not is_hypothesis_test(test):
        return (yield)
    inner = test.hypothesis.inner_test
    with _measuring() as stop:
        test.hypothesis.inner_test = _counted(inner, stop)
        try:
            return (yield)
        finally:
            test.hypothesis.inner_test = inner


def _counted(inner: Callable[..., None], stop: Callable[[], None]) -> Callable[..., None]:
    left = iter(range(TRACED))

    @wraps(inner)
    def test(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - whatever the property draws
        if next(left, None) is None:
            stop()
        inner(*args, **kwargs)

    return test


@contextmanager
def _measuring() -> Iterator[Callable[[], None]]:
    """A block in which the measuring of coverage can be stopped, and after which it goes on."""
    coverage = Coverage.current()
    if coverage is None:
        yield lambda: None
        return
    try:
        yield coverage.stop
    finally:
        if Coverage.current() is not coverage:
            coverage.start()


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A superuser's libpq URL of the run's server, for making and dropping databases."""
    external = os.environ.get("DATABASE_URL")
    if external:
        yield external
        return
    with start(_home() / "postgres", settings=FAST) as server:
        yield server.url


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """Name of the migrated database that all others are copied from."""

    def make(name: str) -> None:
        _administer(server_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate.upgrade(_url_of(server_url, name))

    with _shared(server_url, "template", make) as name:
        yield name


@pytest.fixture(scope="session")
def copies(server_url: str) -> "Callable[[str], _Copy]":
    """How to copy a database by its name: `with copies(name) as url`."""
    return partial(_copy, server_url)


@pytest.fixture(scope="session")
def two_months(server_url: str, template: str) -> Iterator[World]:
    """The small demonstration of the guides, lived through for sixty days."""
    world = _world(server_url, "two_months")

    def make(name: str) -> None:
        _copy_as(server_url, template, name)
        live(world, (*SMALL, *SHORT))

    with _shared(server_url, "two_months", make):
        yield world


@pytest.fixture(scope="session")
def year(server_url: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """The same demonstration at the end of its year; with ZHUDAI_DEMO=whole all thousand applications, from the start.

    The later months run the lines that the first have run, so that their coverage is not measured.
    """
    world = _world(server_url, "year")
    is_whole = os.environ.get("ZHUDAI_DEMO") == "whole"

    def make(name: str) -> None:
        if is_whole:
            _copy_as(server_url, request.getfixturevalue("template"), name)
        else:
            begun: World = request.getfixturevalue("two_months")
            _copy_as(server_url, begun.database, name)
            shutil.copytree(begun.home, world.home)
        with _measuring() as stop:
            stop()
            live(world, () if is_whole else SMALL)

    with _shared(server_url, "year", make):
        yield world


@pytest.fixture(scope="session")
def worker_database_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of this worker's database, in which no test commits."""
    with _copy(server_url, template) as url:
        yield url


@pytest.fixture(scope="session")
def worker_database(worker_database_url: str) -> Iterator[Database]:
    """This worker's database as the application sees it."""
    database = Database(worker_database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def worker_owner_engine(worker_database_url: str) -> Iterator[sqlalchemy.Engine]:
    """This worker's database as the superuser sees it."""
    database = Database(worker_database_url, role=None)
    yield database.engine
    database.dispose()


@pytest.fixture
def conn(worker_database: Database) -> Iterator[Connection]:
    """A connection as `zhudai_app` with all books, in a transaction that is rolled back.

    Deferred constraints are checked at the end, as COMMIT would, unless the test has ended in a failed transaction.
    """
    with worker_database.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text("SELECT set_config('ledger.books', '*', true)"))
        yield connection
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        try:
            if driver.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                driver.execute("SET CONSTRAINTS ALL IMMEDIATE")
        finally:
            transaction.rollback()


@pytest.fixture
def owner_conn(worker_owner_engine: sqlalchemy.Engine) -> Iterator[Connection]:
    """A superuser's connection to the same database, in a transaction of its own that is rolled back."""
    with worker_owner_engine.connect() as connection:
        transaction = connection.begin()
        yield connection
        transaction.rollback()


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """The URL of a fresh migrated database for one test: it may commit, and use several connections and processes."""
    with _copy(server_url, template) as url:
        yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A fresh migrated `Database` for one test."""
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def module_db(server_url: str, template: str) -> Iterator[Database]:
    """A fresh migrated `Database` that the tests of one file share: made once, then only read."""
    with _copy(server_url, template) as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture(scope="session")
def session_db(server_url: str, template: str) -> Iterator[Database]:
    """A fresh migrated `Database` that the tests of many files share: made once for a worker, then only read."""
    with _copy(server_url, template) as url:
        database = Database(url)
        yield database
        database.dispose()


class _Copy:
    """A copy of the template that lives as long as the `with` block."""

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url = server_url
        self._template = template
        self._name = f"{_home().name}_{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> str:
        _copy_as(self._server_url, self._template, self._name)
        return _url_of(self._server_url, self._name)

    def __exit__(self, *_: object) -> None:
        _drop(self._server_url, self._name)


def _copy_as(server_url: str, template: str, name: str) -> None:
    """Copy a database, the way that is the faster one on this server."""
    with psycopg.connect(server_url, autocommit=True) as admin:
        durable = admin.execute("SELECT current_setting('fsync') = 'on'").fetchone()
        strategy = "WAL_LOG" if durable and durable[0] else "FILE_COPY"
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY {}").format(
                sql.Identifier(name), sql.Identifier(template), sql.SQL(strategy)
            )
        )


def _copy(server_url: str, template: str) -> _Copy:
    return _Copy(server_url, template)


@contextmanager
def _shared(server_url: str, what: str, make: Callable[[str], None]) -> Iterator[str]:
    """Name of a database that all workers share: made by the first that asks, dropped by the last that leaves."""
    name = _named(what)
    with (_home() / f"{what}.lock").open("w") as lock, (_home() / f"{what}.users").open("w") as users:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not _exists(server_url, name):
            try:
                make(name)
            except BaseException:
                _drop(server_url, name)
                raise
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield name
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        _drop(server_url, name)


def _named(what: str) -> str:
    """The name, in this run, of a database that is shared."""
    return f"{_home().name}_{what}"


def _world(server_url: str, what: str) -> World:
    return World(home=_home() / what, database=_named(what), url=_url_of(server_url, _named(what)))


def _home() -> Path:
    """The run's directory."""
    return Path(os.environ[RUN])


def _url_of(server_url: str, database: str) -> str:
    """The same server, another database; `server_url` is a libpq URL, whose path is the database."""
    head, _, parameters = server_url.partition("?")
    scheme, _, rest = head.partition("://")
    authority = rest.partition("/")[0]
    return f"{scheme}://{authority}/{database}" + (f"?{parameters}" if parameters else "")


def _administer(server_url: str, statement: sql.Composed) -> None:
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(statement)


def _exists(server_url: str, database: str) -> bool:
    with psycopg.connect(server_url, autocommit=True) as admin:
        return admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None


def _drop(server_url: str, database: str) -> None:
    _administer(server_url, sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
