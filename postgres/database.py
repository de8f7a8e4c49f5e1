"""Transactions: the one way from the product to its database, embedded or external.

Every connection works as the application role from its first statement on, whoever logged in. Nobody below the edge
commits: `transaction` commits when its block ends, `run` also tries again after a conflict or a lost connection.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, TypeVar

import psycopg
import sqlalchemy
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

APPLICATION_ROLE: Final = "zhudai_app"
TRIES_MAX: Final = 8
CONFLICT_PAUSE_SECONDS: Final = 0.01
CONFLICT_PAUSE_SECONDS_MAX: Final = 0.5
LOSS_PAUSE_SECONDS: Final = 0.05
LOSS_PAUSE_SECONDS_MAX: Final = 3.2
CONFLICTS: Final = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available: the server is well, another transaction was first."""
LOSSES: Final = frozenset({"57P01", "57P02", "57P03"})
"""Administrator's shutdown, crash shutdown, cannot connect now; class 08 (connection exception) belongs here too."""

_BOOKS = text("SELECT set_config('ledger.books', :books, true)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The server's limits on one session, in milliseconds; None leaves the server's own."""

    statement: int | None = None
    lock: int | None = None
    idle_in_transaction: int | None = None

    def options(self) -> Iterator[str]:
        """As libpq's `options` spell them."""
        for name, milliseconds in (
            ("statement_timeout", self.statement),
            ("lock_timeout", self.lock),
            ("idle_in_transaction_session_timeout", self.idle_in_transaction),
        ):
            if milliseconds is not None:
                yield f"-c {name}={milliseconds}"


INTERACTIVE: Final = Timeouts(statement=5_000, lock=2_000, idle_in_transaction=10_000)
"""For requests that somebody waits for."""
UNLIMITED: Final = Timeouts()
"""For the close of business, reports and tools."""


class Database:
    """A database named by a libpq URL (`postgresql://…`); connects on first use, pools, and reconnects by itself.

    `role` is taken on by every connection if the database has it (None: stay who logged in). Thread-safe.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str | None = APPLICATION_ROLE,
        timeouts: Timeouts = UNLIMITED,
        connections_max: int = 16,
        name: str = "zhudai",
        execution_options: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Remember how to connect; `name` is what `pg_stat_activity` shows, `execution_options` are SQLAlchemy's."""
        self.url = url
        self._role = role
        self._timeouts = timeouts
        self._connections_max = connections_max
        self._name = name
        self._execution_options = dict(execution_options)

    @cached_property
    def engine(self) -> Engine:
        """The pool; made on first use, when it is known whether the role exists."""
        options = list(self._timeouts.options())
        if self._role is not None and self._role_exists(self._role):
            options.append(f"-c role={self._role}")
        return sqlalchemy.create_engine(
            driver_url(self.url),
            pool_size=self._connections_max,
            max_overflow=0,
            pool_use_lifo=True,
            execution_options=self._execution_options,
            connect_args={"options": " ".join(options), "prepare_threshold": 1, "application_name": self._name},
        )

    @contextmanager
    def transaction(self, *, books: str = "*") -> Iterator[Connection]:
        """One transaction that commits when the block ends and rolls back when it raises.

        `books` are the ledger books that row-level security lets it see (`*`, or numbers separated by commas).
        """
        with self.engine.begin() as conn:
            conn.execute(_BOOKS, {"books": books})
            yield conn

    @contextmanager
    def snapshot(self, *, books: str = "*") -> Iterator[Connection]:
        """One snapshot for all reads of the block (`REPEATABLE READ`, `READ ONLY`)."""
        with (
            self.engine.connect().execution_options(
                isolation_level="REPEATABLE READ",
                postgresql_readonly=True,
            ) as conn,
            conn.begin(),
        ):
            conn.execute(_BOOKS, {"books": books})
            yield conn

    def run(self, fn: Callable[[Connection], T], /, *, books: str = "*") -> T:
        """Run `fn` in a transaction and return its result; try again after a conflict or a lost connection.

        A connection lost during COMMIT leaves it unknown whether the work is done, so `fn` must be safe to run again:
        that is what idempotency keys are for. Errors of data or constraints (classes 22 and 23) are never retried.
        """
        tried = 0
        while True:
            try:
                with self.transaction(books=books) as conn:
                    return fn(conn)
            except (DBAPIError, psycopg.Error) as error:
                tried += 1
                seconds = pause(error, tried)
                if seconds is None:
                    raise
                time.sleep(seconds)

    def dispose(self) -> None:
        """Close the pooled connections; the next use opens new ones."""
        self.engine.dispose()

    def _role_exists(self, role: str) -> bool:
        with psycopg.connect(self.url, autocommit=True) as conn:
            return conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def driver_url(url: str) -> sqlalchemy.URL:
    """The same URL for SQLAlchemy, which also wants the driver's name."""
    return make_url(url).set(drivername="postgresql+psycopg")


def is_conflict(error: BaseException) -> bool:
    """Whether another transaction was first, so that the same work may succeed at once."""
    return _sqlstate(error) in CONFLICTS


def is_loss(error: BaseException) -> bool:
    """Whether the connection, or the server behind it, went away."""
    sqlstate = _sqlstate(error)
    if sqlstate is None:  # the client's own words: refused, reset, closed unexpectedly
        return isinstance(_driver_error(error), psycopg.OperationalError | psycopg.InterfaceError)
    return sqlstate in LOSSES or sqlstate.startswith("08")


def pause(error: BaseException, tried: int) -> float | None:
    """Seconds to wait before the next try, or None when there must be none.

    Conflicts wait with full jitter, so that the rivals part; a lost server gets at least half of a growing pause, in
    all some five seconds, because it has to recover first.
    """
    if tried >= TRIES_MAX:
        return None
    if is_conflict(error):
        return random.uniform(0, min(CONFLICT_PAUSE_SECONDS_MAX, CONFLICT_PAUSE_SECONDS * 2**tried))  # noqa: S311 - no secret
    if is_loss(error):
        longest = min(LOSS_PAUSE_SECONDS_MAX, LOSS_PAUSE_SECONDS * 2 ** (tried - 1))
        return random.uniform(longest / 2, longest)  # noqa: S311 - no secret
    return None


def _driver_error(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def _sqlstate(error: BaseException) -> str | None:
    driver_error = _driver_error(error)
    return driver_error.sqlstate if isinstance(driver_error, psycopg.Error) else None
