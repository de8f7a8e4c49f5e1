import threading
from collections.abc import Callable

import psycopg
import pytest
import sqlalchemy
from psycopg import errors
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from postgres import database
from postgres.database import INTERACTIVE, TRIES_MAX, Database, is_conflict, is_loss, pause

SEEN = text(
    "SELECT current_user, current_setting('ledger.books'), current_setting('transaction_isolation'),"
    " current_setting('transaction_read_only')"
)


def test_conn_is_the_application(conn: Connection) -> None:
    assert conn.execute(text("SELECT current_user, current_setting('ledger.books')")).one() == ("zhudai_app", "*")


def test_owner_conn_is_the_superuser_of_the_same_database(conn: Connection, owner_conn: Connection) -> None:
    which = text("SELECT current_database()")
    assert owner_conn.execute(text("SELECT usesuper FROM pg_user WHERE usename = current_user")).scalar() is True
    assert conn.execute(which).scalar() == owner_conn.execute(which).scalar()


def test_a_transaction_is_the_applications_and_sees_the_named_books(db: Database) -> None:
    with db.transaction(books="1,2") as conn:
        assert conn.execute(SEEN).one() == ("zhudai_app", "1,2", "read committed", "off")
    with db.transaction() as conn:
        assert conn.execute(SEEN).one() == ("zhudai_app", "*", "read committed", "off")


def test_a_snapshot_reads_one_moment_and_cannot_write(db: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("CREATE TABLE moment (value int); GRANT SELECT, INSERT ON moment TO zhudai_app")
    count = text("SELECT count(*) FROM moment")
    with db.snapshot() as conn:
        assert conn.execute(SEEN).one() == ("zhudai_app", "*", "repeatable read", "on")
        assert conn.execute(count).scalar() == 0
        db.run(lambda other: other.execute(text("INSERT INTO moment VALUES (1)")))
        assert conn.execute(count).scalar() == 0
    with pytest.raises(DBAPIError, match="read-only"), db.snapshot() as conn:
        conn.execute(text("INSERT INTO moment VALUES (2)"))
    with db.transaction() as conn:  # the pooled connection is an ordinary one again
        assert conn.execute(SEEN).one() == ("zhudai_app", "*", "read committed", "off")
        assert conn.execute(count).scalar() == 1


def test_an_exception_rolls_back(db: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute("CREATE TABLE attempt (value int); GRANT SELECT, INSERT ON attempt TO zhudai_app")

    def work(conn: Connection) -> None:
        conn.execute(text("INSERT INTO attempt VALUES (1)"))
        raise LookupError

    with pytest.raises(LookupError):
        db.run(work)
    with db.transaction() as conn:
        assert conn.execute(text("SELECT count(*) FROM attempt")).scalar() == 0


def test_no_session_may_leave_the_application_role_by_resetting_it(db: Database) -> None:
    with db.transaction() as conn:
        conn.execute(text("RESET ROLE"))
        assert conn.execute(text("SELECT current_user")).scalar() == "zhudai_app"


def test_timeouts_are_the_sessions(database_url: str) -> None:
    limited = Database(database_url, timeouts=INTERACTIVE)
    with limited.transaction() as conn:
        shown = [
            conn.execute(text(f"SHOW {name}")).scalar()
            for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
        ]
    limited.dispose()
    assert shown == ["5s", "2s", "10s"]


@pytest.mark.parametrize(
    ("error", "conflict", "loss"),
    [
        (errors.SerializationFailure(), True, False),
        (errors.DeadlockDetected(), True, False),
        (errors.LockNotAvailable(), True, False),
        (errors.AdminShutdown(), False, True),
        (errors.CrashShutdown(), False, True),
        (errors.CannotConnectNow(), False, True),
        (errors.ConnectionException(), False, True),
        (errors.ConnectionFailure(), False, True),
        (psycopg.OperationalError("server closed the connection unexpectedly"), False, True),
        (psycopg.InterfaceError("the connection is closed"), False, True),
        (errors.UniqueViolation(), False, False),
        (errors.CheckViolation(), False, False),
        (errors.NumericValueOutOfRange(), False, False),
        (errors.QueryCanceled(), False, False),
        (errors.RaiseException(), False, False),
        (errors.DiskFull(), False, False),
        (psycopg.ProgrammingError("a bug"), False, False),
        (ValueError("not of the database"), False, False),
    ],
)
def test_only_conflicts_and_losses_are_tried_again(error: Exception, conflict: bool, loss: bool) -> None:
    for seen in (error, DBAPIError("SELECT 1", {}, error)):
        assert (is_conflict(seen), is_loss(seen)) == (conflict, loss)
        assert (pause(seen, 1) is not None) is (conflict or loss)
        assert pause(seen, TRIES_MAX) is None


def test_pauses_grow_and_stay_bounded() -> None:
    conflicts = [[pause(errors.DeadlockDetected(), tried) or 0.0 for _ in range(200)] for tried in range(1, TRIES_MAX)]
    losses = [[pause(errors.AdminShutdown(), tried) or 0.0 for _ in range(200)] for tried in range(1, TRIES_MAX)]
    assert max(max(pauses) for pauses in conflicts) <= database.CONFLICT_PAUSE_SECONDS_MAX
    assert sum(min(pauses) for pauses in losses) >= 3.0
    assert sum(max(pauses) for pauses in losses) <= 6.5


def test_run_tries_again_after_a_conflict_and_stops_in_the_end(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONFLICT_PAUSE_SECONDS_MAX", 0.0)
    seen: list[int] = []

    def conflicts_until(last: int) -> Callable[[Connection], str]:
        def work(conn: Connection) -> str:
            seen.append(len(seen))
            if len(seen) < last:
                conn.execute(text("DO $$ BEGIN RAISE EXCEPTION 'first' USING ERRCODE = '40001'; END $$"))
            return "done"

        return work

    assert db.run(conflicts_until(3)) == "done"
    assert len(seen) == 3
    seen.clear()
    with pytest.raises(DBAPIError):
        db.run(conflicts_until(TRIES_MAX + 1))
    assert len(seen) == TRIES_MAX


def test_run_does_not_repeat_what_can_never_succeed(db: Database) -> None:
    tries: list[int] = []

    def work(conn: Connection) -> None:
        tries.append(1)
        conn.execute(text("SELECT 1 / 0"))

    with pytest.raises(DBAPIError):
        db.run(work)
    assert len(tries) == 1


def test_run_survives_the_loss_of_its_connection(db: Database, database_url: str) -> None:
    killed: list[int] = []

    def work(conn: Connection) -> int:
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        if not killed:
            killed.append(pid)
            with psycopg.connect(database_url, autocommit=True) as owner:
                owner.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        return int(conn.execute(text("SELECT pg_backend_pid()")).scalar_one())

    assert db.run(work) not in killed


def test_deadlocked_transactions_both_get_done(db: Database, database_url: str) -> None:
    with psycopg.connect(database_url) as owner:
        owner.execute(
            "CREATE TABLE pot (id int PRIMARY KEY, amount int); INSERT INTO pot VALUES (1, 0), (2, 0);"
            " GRANT SELECT, UPDATE ON pot TO zhudai_app"
        )
    barrier = threading.Barrier(2)
    tries: list[int] = []

    def add(first: int, second: int) -> None:
        def work(conn: Connection) -> None:
            tries.append(first)
            conn.execute(text("UPDATE pot SET amount = amount + 1 WHERE id = :id"), {"id": first})
            if len(tries) <= 2:
                barrier.wait(timeout=20)
            conn.execute(text("UPDATE pot SET amount = amount + 1 WHERE id = :id"), {"id": second})

        db.run(work)

    threads = [threading.Thread(target=add, args=order) for order in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) == 3, "one of the two was the deadlock's victim and tried again"
    with db.transaction() as conn:
        assert conn.execute(text("SELECT amount FROM pot ORDER BY id")).scalars().all() == [2, 2]


def test_a_database_without_the_role_is_used_as_who_logged_in(database_url: str) -> None:
    other = Database(database_url, role="no_such_role")
    with other.transaction() as conn:
        assert conn.execute(text("SELECT current_user")).scalar() != "zhudai_app"
    other.dispose()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_any_libpq_url_will_do(scheme: str) -> None:
    url = database.driver_url(f"{scheme}://me@/zhudai?host=%2Frun%2Fdb&port=5433")
    assert isinstance(url, sqlalchemy.URL)
    assert url.drivername == "postgresql+psycopg"
    assert url.query == {"host": "/run/db", "port": "5433"}
