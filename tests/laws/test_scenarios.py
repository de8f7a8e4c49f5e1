"""The twelve scenarios that a ledger must survive, each by its number, on a real server.

What the first means for numbers and balances stands in `test_sessions`. The ratios of 6 and 8 are measured by `zhudai
bench long-entry hot-account`, for a test cannot time; here their work and their locks are counted.
"""

import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.audit import audit
from ledger.balances import balance_at, balance_now
from ledger.books import close_period
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.export import as_sealed
from ledger.journal import Posted, RefusalCode, Refused, Replayed, Verdict
from ledger.note import Signer
from ledger.seal import Sealed, seal
from ledger.sequencer import drain, head, sequence
from ledger.verify import verify_export
from postgres.binaries import find
from postgres.database import Database
from postgres.embedded import FAST, start
from tests.laws.story import BOOK, open_story_book, table
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

SIGNER = Signer.from_seed("test", b"\x01" * 32)
FEBRUARY = date(2026, 2, 10)


def opened(db: Database) -> None:
    """Commit a book with one loan in it."""
    with db.transaction() as conn:
        open_story_book(conn)
        journal.append(conn, [lent("loan", 1, 1_000)])


def sealed(conn: Connection) -> Sealed:
    """Number and seal everything."""
    drain(conn, BOOK)
    done = seal(conn, book=BOOK, signers=[SIGNER], origin="test")
    assert isinstance(done, Sealed)
    return done


def sound(conn: Connection, *notes: str) -> None:
    """Everything verifies: rows, leaves, tree, checkpoints, laws, and the row digests."""
    found = audit(conn, book=BOOK, notes=notes, verifiers=[SIGNER.verifier], mac_key=journal.DEVELOPMENT_MAC_KEY)
    assert found.is_sound, found.findings


def posted(verdicts: Sequence[Verdict]) -> list[int]:
    """The ids of a batch that was posted whole."""
    assert all(isinstance(verdict, Posted) for verdict in verdicts), verdicts
    return [verdict.entry_id for verdict in verdicts if isinstance(verdict, Posted)]


def together(actions: Sequence[Callable[[], None]]) -> None:
    """Run each action in a thread of its own; all end before this returns."""
    threads = [threading.Thread(target=action) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@contextmanager
def writing(db: Database) -> Iterator[Connection]:
    """A session whose transaction the test ends itself."""
    with db.engine.connect() as conn:
        conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
        yield conn


@pytest.mark.law(21, 22, 36)
def test_01_a_writer_that_commits_after_the_seal_is_sealed_later(db: Database) -> None:
    opened(db)
    with writing(db) as slow:
        (early,) = posted(journal.append(slow, [lent("slow", 5, 7)]))
        posted(db.run(lambda conn: journal.append(conn, [lent("quick", 6, 8)])))
        first = db.run(sealed)
        slow.commit()
    second = db.run(sealed)
    assert (first.size, second.size) == (2, 3)
    with db.snapshot() as conn:
        sound(conn, first.note or "", second.note or "")
        assert table(conn, "SELECT seq FROM ledger.log WHERE entry_id = " + str(early)) == [(3,)]


@pytest.mark.law(26, 28)
def test_02_backdating_after_a_snapshot_changes_what_is_later_and_not_what_was_known(conn: Connection) -> None:
    open_story_book(conn)
    journal.append(conn, [lent("a", 1, 100, JANUARY), lent("b", 1, 30, FEBRUARY)])
    drain(conn, BOOK)
    known = head(conn, BOOK)
    at = partial(balance_at, conn, book=BOOK, account="1303.01")
    before = {on: at(on=on, as_of_seq=known) for on in (JANUARY, FEBRUARY)}
    posted(journal.append(conn, [lent("late", 1, 7, JANUARY - timedelta(days=3))]))
    drain(conn, BOOK)
    assert before == {on: at(on=on, as_of_seq=known) for on in (JANUARY, FEBRUARY)} == {JANUARY: 100, FEBRUARY: 130}
    assert [at(on=on, as_of_seq=known + 1) for on in (JANUARY - timedelta(days=4), JANUARY, FEBRUARY)] == [0, 107, 137]


ROWS_WRITTEN = """
  SELECT sum(pg_stat_get_xact_tuples_inserted(c.oid) + pg_stat_get_xact_tuples_updated(c.oid)
             + pg_stat_get_xact_tuples_deleted(c.oid))
    FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind = 'r'
"""


def rows_written_by(conn: Connection, entries: list[Entry]) -> int:
    """How many rows of the ledger's tables one batch inserts, updates or deletes, numbering and folding included."""
    before = conn.execute(text(ROWS_WRITTEN)).scalar_one()
    posted(journal.append(conn, entries))
    drain(conn, BOOK)
    return int(conn.execute(text(ROWS_WRITTEN)).scalar_one() - before)


@pytest.mark.law(25, 28)
def test_03_a_backdated_row_writes_as_much_before_ten_later_rows_as_before_a_thousand(conn: Connection) -> None:
    open_story_book(conn)
    written = []
    for later in (10, 1_000):
        posted(journal.append(conn, [lent(f"{later}-{n}", 1, 1, FEBRUARY) for n in range(later)]))
        drain(conn, BOOK)
        written.append(rows_written_by(conn, [lent(f"{later}-backdated", 1, 1, JANUARY)]))
    assert written[0] == written[1]
    assert 0 < written[0] < 25


def more_lines(entry_id: int, *numbers: int) -> str:
    """Insert lines of 5 fen into an entry, debit and credit in turn, as the owner of the tables could."""
    rows = ", ".join(f"({number}, '{'DC'[place % 2]}')" for place, number in enumerate(numbers))
    return (
        "INSERT INTO ledger.line"
        " (book_id, period_id, entry_id, line_no, effective_on, account_id, currency, side, amount)"
        f" SELECT 1, 202601, {entry_id}, n, '2026-01-15', account_id, 'CNY', side, 5 FROM ledger.account,"
        f" (VALUES {rows}) added (n, side) WHERE book_id = 1 AND code = '2241'"
    )


@pytest.fixture
def owned(owner_conn: Connection) -> Connection:
    """The owner of the tables in a small book."""
    owner_conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
    open_test_book(owner_conn)
    owner_conn.execute(text("SET LOCAL ROLE ledger_owner"))
    return owner_conn


@pytest.mark.law(2)
def test_04_constraints_made_immediate_let_no_further_line_in(owned: Connection) -> None:
    (entry_id,) = posted(journal.append(owned, [lent("a", 1, 100)]))
    owned.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
    with pytest.raises(DBAPIError, match="LEDGER_UNBALANCED"), owned.begin_nested():
        owned.execute(text(more_lines(entry_id, 3)))


@pytest.mark.law(1, 2)
def test_05_a_pair_that_balances_is_refused_when_it_comes_late(owned: Connection) -> None:
    (entry_id,) = posted(journal.append(owned, [lent("a", 1, 100)]))
    for numbers, says in (((3, 4), "LEDGER_UNBALANCED"), ((1, 2), "duplicate key")):
        with pytest.raises(DBAPIError, match=says), owned.begin_nested():
            owned.execute(text(more_lines(entry_id, *numbers)))
    assert table(owned, f"SELECT count(*) FROM ledger.line WHERE entry_id = {entry_id}") == [(2,)]


def wide(key: str, lines: int) -> Entry:
    """One entry over as many loans."""
    out = tuple(
        Line("1303.01", Side.DEBIT, 10 + n, "CNY", Dimensions(subject=n + 1, funder=7)) for n in range(lines - 1)
    )
    return Entry(
        BOOK, "test", key, "LENT", JANUARY,
        (*out, Line("1002.01", Side.CREDIT, sum(line.amount for line in out), "CNY")), "tester",
    )  # fmt: skip


@pytest.mark.law(1, 2, 13)
def test_06_an_entry_of_a_thousand_lines_is_checked_whole_and_written_once(conn: Connection) -> None:
    """Each line is one row and each loan's guard one more; all else does not depend on the number of lines."""
    open_story_book(conn)
    written = {lines: rows_written_by(conn, [wide(f"w{lines}", lines)]) for lines in (3, 1_002)}
    assert written[1_002] - written[3] == 2 * (1_002 - 3)
    refused = journal.append(conn, [wide("over", 12_002)])
    assert isinstance(refused[0], Posted), "and there is no end at what a small number could count"


@pytest.mark.law(31)
def test_07_a_poster_with_an_old_snapshot_cannot_commit_into_a_month_closed_meanwhile(db: Database) -> None:
    opened(db)
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as old:
        old.execute(text("SELECT set_config('ledger.books', '*', true)"))
        assert balance_now(old, book=BOOK, account="1303.01") == 1_000
        closed_seq = db.run(lambda conn: close_period(conn, BOOK, 202601))
        with pytest.raises(psycopg.errors.SerializationFailure):
            journal.append(old, [lent("sneaked", 1, 5)])
        old.rollback()
    again = db.run(lambda conn: journal.append(conn, [lent("sneaked", 1, 5)]))
    assert again == [Refused(RefusalCode.PERIOD_CLOSED, "1/202601")]
    with db.snapshot() as conn:
        assert table(conn, "SELECT max(seq), count(*) FROM ledger.log") == [(closed_seq, 1)]


def test_08_posting_to_a_shared_account_locks_no_row_of_it(db: Database) -> None:
    """Sixteen sessions hold entries on one account open at once: none waits for another."""
    opened(db)
    held: list[Connection] = []
    try:
        for n in range(16):
            session = db.engine.connect()
            held.append(session)
            session.execute(
                text("SELECT set_config('ledger.books', '*', true), set_config('lock_timeout', '1s', true)")
            )
            posted(journal.append(session, [lent(f"held{n}", 100 + n, 1)]))
        for session in held:
            session.commit()
    finally:
        for session in held:
            session.close()
    with db.transaction() as conn:
        assert balance_now(conn, book=BOOK, account="1002.01") == -1_016


@pytest.mark.law(37)
def test_09_a_superuser_without_triggers_is_named_offline_against_an_older_checkpoint(db: Database) -> None:
    opened(db)
    ids = posted(db.run(lambda conn: journal.append(conn, [lent(f"l{n}", n, 100 + n) for n in range(2, 8)])))
    partner = db.run(sealed).note or ""
    db.run(lambda conn: journal.append(conn, [repaid("later", 2, 50)]))
    db.run(sealed)
    with psycopg.connect(db.url, autocommit=True) as superuser:
        superuser.execute("ALTER TABLE ledger.line DISABLE TRIGGER ALL")
        superuser.execute("ALTER TABLE ledger.line_202601 DISABLE TRIGGER ALL")
        superuser.execute("UPDATE ledger.line SET amount = amount + 900 WHERE entry_id = %s", [ids[2]])
    with db.snapshot() as conn:
        exported = list(as_sealed(conn, book=BOOK))
    found = verify_export(exported, notes=[partner], verifiers=[SIGNER.verifier])
    assert {finding.entry_id for finding in found.findings if finding.entry_id is not None} == {ids[2]}
    assert not found.is_sound


@pytest.mark.law(21, 30)
def test_10_a_dump_restored_on_a_new_server_goes_on_without_a_gap(db: Database) -> None:
    opened(db)
    posted(db.run(lambda conn: journal.append(conn, [lent("s", 9, 10), repaid("r", 1, 100)])))
    note = db.run(sealed).note or ""
    posted(db.run(lambda conn: journal.append(conn, [lent("waiting", 4, 44)])))
    with restored(db) as other:
        posted(other.run(lambda conn: journal.append(conn, [lent("new", 3, 33)])))
        replay = other.run(lambda conn: journal.append(conn, [lent("waiting", 4, 44)]))
        assert isinstance(replay[0], Replayed)
        size = other.run(sealed).size
        with other.snapshot() as conn:
            assert table(conn, "SELECT seq FROM ledger.log ORDER BY 1") == [(n,) for n in range(1, size + 1)]
            assert size == 5
            sound(conn, note)


@contextmanager
def restored(db: Database) -> Iterator[Database]:
    """The database dumped by pg_dump and restored by pg_restore on a server of its own, which knew no role before."""
    programs = find()
    if not Path(programs.program("pg_dump")).exists():
        pytest.skip("the server's programs come without pg_dump")
    db.dispose()
    with tempfile.TemporaryDirectory(prefix="zr_", dir="/tmp") as home:
        Path(home).chmod(0o755)  # the server's account must reach what is inside
        dump, roles = f"{home}/dump", f"{home}/roles.sql"
        run(programs.program("pg_dump"), "--format=custom", f"--file={dump}", f"--dbname={db.url}")
        run(programs.program("pg_dumpall"), "--roles-only", f"--file={roles}", f"--dbname={db.url}")
        with start(Path(home) / "server", settings=FAST) as server:
            run(programs.program("psql"), "--quiet", f"--dbname={server.url}", f"--file={roles}")
            run(programs.program("pg_restore"), "--exit-on-error", f"--dbname={server.url}", dump)
            other = Database(server.url)
            yield other
            other.dispose()


def run(*command: str) -> None:
    """Run a program of the server; its words are shown when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.law(31, 33)
def test_11_a_month_closes_under_load_and_only_its_own_writers_are_refused(db: Database) -> None:
    opened(db)
    stop = threading.Event()
    refused: list[tuple[date, Verdict]] = []
    accepted: dict[int, int] = {1: 0, 2: 0}

    def writer(name: int) -> None:
        n = 0
        while not stop.is_set():
            n += 1
            on = JANUARY if n % 2 else FEBRUARY
            verdict = db.run(partial(journal.append, entries=[lent(f"{name}-{n}", 50 + name, 1, on)]))[0]
            if isinstance(verdict, Posted):
                accepted[on.month] += 1
            else:
                refused.append((on, verdict))

    closed: list[int] = []

    def closer() -> None:
        while min(accepted.values()) < 20:
            stop.wait(0.01)
        closed.append(db.run(lambda conn: close_period(conn, BOOK, 202601)))
        after = accepted[2]
        while accepted[2] < after + 20:
            stop.wait(0.01)
        stop.set()

    together([partial(writer, name) for name in range(4)] + [closer])
    assert {(on.month, verdict) for on, verdict in refused} == {(1, Refused(RefusalCode.PERIOD_CLOSED, "1/202601"))}
    db.run(lambda conn: drain(conn, BOOK))
    with db.snapshot() as conn:
        late = f"SELECT count(*) FROM ledger.log WHERE period_id = 202601 AND seq > {closed[0]}"
        assert table(conn, late) == [(0,)]
        assert table(conn, "SELECT state, closed_seq FROM ledger.period WHERE period_id = 202601") == [
            ("closed", closed[0])
        ]


@pytest.mark.law(11)
def test_12_a_storm_of_fifty_identical_posts_is_one_entry(db: Database) -> None:
    opened(db)
    barrier = threading.Barrier(50)
    verdicts: list[list[Verdict]] = []

    def post() -> None:
        barrier.wait()
        verdicts.append(db.run(lambda conn: journal.append(conn, [repaid("once", 1, 600), lent("twin", 9, 5)])))

    together([post] * 50)
    for answers in zip(*verdicts, strict=True):
        kinds = [type(verdict) for verdict in answers]
        assert (kinds.count(Posted), kinds.count(Replayed)) == (1, 49)
        assert len({verdict.entry_id for verdict in answers if isinstance(verdict, Posted | Replayed)}) == 1
    with db.transaction() as conn:
        assert balance_now(conn, book=BOOK, account="1303.01") == 1_000 - 600 + 5
        assert sequence(conn, BOOK) == 3


def test_every_scenario_has_its_test() -> None:
    numbers = sorted(int(name[5:7]) for name in globals() if name.startswith("test_") and name[5:7].isdecimal())
    assert numbers == list(range(1, 13))
