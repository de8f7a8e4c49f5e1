"""The laws under several sessions at once: one key from many, slow writers, killed sessions; and what a party sees."""

import random
import threading
from datetime import date
from functools import partial

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.audit import audit
from ledger.balances import balance_now
from ledger.journal import Posted
from ledger.note import Signer
from ledger.seal import seal
from ledger.sequencer import drain, sequence
from postgres.database import Database
from tests.laws.story import BOOK, Act, Step, entry_of, open_story_book, table
from tests.ledger.conftest import JANUARY, lent, repaid

SIGNER = Signer.from_seed("test", b"\x01" * 32)


def opened(db: Database) -> None:
    """Commit a book with one loan in it."""
    with db.transaction() as conn:
        open_story_book(conn)
        journal.append(conn, [lent("loan", 1, 1_000)])


@pytest.mark.law(20, 21, 22, 23)
def test_a_slow_writer_is_numbered_after_all_that_committed_before_it(db: Database) -> None:
    """It took its place in the queue first and commits last: nothing waits for it, nothing is skipped or swapped."""
    opened(db)
    with db.engine.connect() as slow:
        slow.execute(text("SELECT set_config('ledger.books', '*', true)"))
        first = journal.append(slow, [lent("slow", 5, 7)])[0]
        quick: list[int] = []
        for n in range(6):
            with db.transaction() as conn:
                verdict = journal.append(conn, [lent(f"quick{n}", 6, 1)])[0]
                assert isinstance(verdict, Posted)
                quick.append(verdict.entry_id)
            with db.transaction() as conn:
                if n % 2:
                    sequence(conn, BOOK)
                assert balance_now(conn, book=BOOK, account="1303.01") == 1_000 + n + 1
        slow.commit()
    assert isinstance(first, Posted)
    with db.transaction() as conn:
        assert balance_now(conn, book=BOOK, account="1303.01") == 1_000 + 6 + 7
        drain(conn, BOOK)
        logged = table(conn, "SELECT seq, entry_id FROM ledger.log ORDER BY seq")
        assert [seq for seq, _ in logged] == list(range(1, 9))
        assert [entry_id for _, entry_id in logged][1:] == [*quick, first.entry_id]


@pytest.mark.law(20, 22)
def test_a_sequencer_that_dies_before_its_commit_has_done_nothing(db: Database) -> None:
    opened(db)
    with db.engine.connect() as doomed:
        doomed.execute(text("SELECT set_config('ledger.books', '*', true)"))
        assert sequence(doomed, BOOK) == 1
        kill(db, doomed.execute(text("SELECT pg_backend_pid()")).scalar_one())
        with pytest.raises(DBAPIError):
            doomed.execute(text("SELECT 1"))
        doomed.invalidate()
    with db.transaction() as conn:
        assert table(conn, "SELECT seq FROM ledger.log") == []
        assert balance_now(conn, book=BOOK, account="1303.01") == 1_000
        assert drain(conn, BOOK) == 1
        assert balance_now(conn, book=BOOK, account="1303.01") == 1_000


def kill(db: Database, pid: int) -> None:
    """End a session as an administrator would."""
    with psycopg.connect(db.url, autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


@pytest.mark.law(47)
def test_random_kills_leave_a_book_in_which_every_law_holds(db: Database) -> None:
    """Posters, a sequencer and a sealer are killed at random; whoever was answered finds the entry, once."""
    opened(db)
    stop = threading.Event()
    answered: dict[str, int] = {}
    chance = random.Random(20260305)

    def poster(name: int) -> None:
        n = 0
        while not stop.is_set():
            n += 1
            key = f"p{name}-{n}"
            entries = [lent(key, name, 10, date(2026, 1 + n % 3, 5)), repaid(f"{key}r", name, 10, 1)]
            verdicts = db.run(partial(journal.append, entries=entries))
            for entry, verdict in zip(entries, verdicts, strict=True):
                if not isinstance(verdict, journal.Refused):
                    answered[entry.key] = verdict.entry_id

    def keeper() -> None:
        while not stop.is_set():
            db.run(lambda conn: sequence(conn, BOOK, limit=7))
            db.run(lambda conn: seal(conn, book=BOOK, signers=[SIGNER], origin="test"))

    threads = [threading.Thread(target=poster, args=(name,)) for name in (2, 3)] + [threading.Thread(target=keeper)]
    for thread in threads:
        thread.start()
    killed = 0
    with psycopg.connect(db.url, autocommit=True) as superuser:
        while killed < 25:
            found = superuser.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'zhudai'"
            ).fetchall()
            if found:
                superuser.execute("SELECT pg_terminate_backend(%s)", chance.choice(found))
                killed += 1
            stop.wait(chance.uniform(0, 0.12))
    stop.set()
    for thread in threads:
        thread.join()
    with db.transaction() as conn:
        drain(conn, BOOK)
        seal(conn, book=BOOK, signers=[SIGNER], origin="test")
        sound = audit(conn, book=BOOK, verifiers=[SIGNER.verifier], mac_key=journal.DEVELOPMENT_MAC_KEY)
        assert sound.is_sound, sound.findings
        stored = dict(table(conn, "SELECT ik, entry_id FROM ledger.entry"))
        assert len(answered) > 25
        assert answered.items() <= stored.items()


@pytest.mark.law(45)
def test_each_party_sees_its_own_lines_and_no_other(owner_conn: Connection) -> None:
    owner_conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
    open_story_book(owner_conn, 3)
    steps_of = [Step(Act.SPEND, party, 100 + party, JANUARY, is_red=False) for party in (1, 2, 2, 3)]
    verdicts = journal.append(owner_conn, [entry_of(step, str(n), book=3) for n, step in enumerate(steps_of)])
    assert {type(verdict) for verdict in verdicts} == {Posted}
    owner_conn.execute(text("SET LOCAL ROLE ledger_party"))
    for party, own in ((1, [101]), (2, [102, 102]), (3, [103]), (4, [])):
        settings_of = {"book": "3", "party": str(party)}
        owner_conn.execute(
            text("SELECT set_config('ledger.book', :book, true), set_config('ledger.party', :party, true)"), settings_of
        )
        assert table(owner_conn, "SELECT party_id, amount FROM ledger.line") == [(party, amount) for amount in own]
    owner_conn.execute(text("SELECT set_config('ledger.book', '4', true), set_config('ledger.party', '1', true)"))
    assert table(owner_conn, "SELECT 1 FROM ledger.line") == []
