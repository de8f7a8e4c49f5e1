"""日终: interrupted anywhere it ends as if it had not been; again it does nothing; dates close in order."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

import pytest
from sqlalchemy import text

from domain.day import queries
from domain.day.operations import Begun, Closed, begin, close_day
from domain.day.refusal import DayInFuture, DayOutOfOrder, DayPassed
from domain.day.step import State, Step
from domain.refusals import text as text_of
from domain.servicing.refusal import PeriodClosed
from ledger import books
from ledger.statements import trial_balance
from postgres.database import Database
from seed.chart import LENDER_BOOK
from tests.domain.day.world import Crash, Dying, close, closed, facts, portfolio
from tests.domain.servicing.world import START, command

DAYS = 10
"""From the eve of the first due date past its grace: everything happens at least once."""


def dates() -> Iterator[date]:
    return (START + timedelta(days=27 + n) for n in range(DAYS))


@pytest.fixture(scope="module")
def uninterrupted(module_db: Database) -> dict[str, list[tuple[object, ...]]]:
    portfolio(module_db)
    for on in dates():
        closed(module_db, on)
    return facts(module_db)


def test_a_lived_in_portfolio_has_every_step_at_work(uninterrupted: dict[str, list[tuple[object, ...]]]) -> None:
    worked = {row[1] for row in uninterrupted["steps"] if row[3]}
    assert worked == {step.value for step in Step}
    assert len(uninterrupted["closed"]) == DAYS
    assert uninterrupted["cases"]


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_anywhere_it_ends_as_if_it_had_not_been(
    db: Database, uninterrupted: dict[str, list[tuple[object, ...]]], seed: int
) -> None:
    portfolio(db)
    chance = Random(seed)
    for on in dates():
        while True:
            try:
                answer = close_day(
                    Dying(db, lives=chance.randrange(8)), on, command=command(f"close-{on}"), chunk_size=3
                )
            except Crash:
                continue
            assert isinstance(answer, Closed)
            break
    assert facts(db) == uninterrupted


def test_workers_share_the_chunks_and_the_result_is_the_same(
    db: Database, uninterrupted: dict[str, list[tuple[object, ...]]]
) -> None:
    portfolio(db)
    for on in dates():
        closed(db, on, workers=3)
    assert facts(db) == uninterrupted


def test_the_cut_does_not_change_what_is_booked(
    db: Database, uninterrupted: dict[str, list[tuple[object, ...]]]
) -> None:
    portfolio(db)
    for on in dates():
        closed(db, on, chunk_size=100)
    found = facts(db)
    assert {name: found[name] for name in ("ageing", "cases", "lines")} == {
        name: uninterrupted[name] for name in ("ageing", "cases", "lines")
    }


def test_closed_again_nothing_happens(db: Database) -> None:
    portfolio(db)
    first = closed(db, START)
    before = facts(db)
    again = closed(db, START, chunk_size=1)
    assert again.is_replay
    assert not first.is_replay
    assert again.steps == first.steps
    assert facts(db) == before


def test_dates_close_in_order_and_a_begun_one_first(db: Database) -> None:
    portfolio(db)
    closed(db, START)
    tomorrow, after = START + timedelta(days=1), START + timedelta(days=2)
    assert close(db, after) == DayOutOfOrder(expected=tomorrow, field="businessDate")
    with pytest.raises(Crash):
        close_day(Dying(db, lives=2), tomorrow, command=command("dies"), chunk_size=3)
    assert close(db, after) == DayOutOfOrder(expected=tomorrow, field="businessDate")
    closed(db, tomorrow)
    closed(db, after)


def test_what_is_begun_is_done_by_whoever_comes_next(db: Database) -> None:
    portfolio(db)
    told = command("ordered")
    begun = db.run(lambda conn: begin(conn, START, chunk_size=3, command=told))
    assert isinstance(begun, Begun)
    assert (begun.is_replay, begun.run.closed_at) == (False, None)
    again = db.run(lambda conn: begin(conn, START, chunk_size=1, command=command("again")))
    assert again == Begun(run=begun.run, is_replay=True)
    assert not closed(db, START).is_replay
    after = db.run(lambda conn: begin(conn, START, command=told))
    assert isinstance(after, Begun)
    assert after.is_replay
    assert after.run.closed_at is not None


def test_a_date_that_is_passed_or_has_not_come_is_not_begun(db: Database) -> None:
    closed(db, START)
    yesterday, tomorrow = START - timedelta(days=1), START + timedelta(days=1)
    assert close(db, yesterday) == DayPassed(last_closed=START, field="businessDate")
    early = close_day(db, tomorrow, command=command("early"), latest=START)
    assert early == DayInFuture(today=START, field="businessDate")
    assert isinstance(close_day(db, tomorrow, command=command("then"), latest=tomorrow), Closed)


def test_a_closed_month_refuses_and_leaves_nothing_half_done(db: Database) -> None:
    portfolio(db)
    before = facts(db)
    period = START.year * 100 + START.month
    db.run(lambda conn: books.begin_close(conn, LENDER_BOOK, period))
    answer = close(db, START)
    assert isinstance(answer, PeriodClosed), answer
    left = facts(db)
    assert {name: left[name] for name in before} == before
    run = db.run(lambda conn: queries.run_of(conn, START))
    assert run is not None
    assert run.refused is not None
    assert (run.state, run.refused.code) == (State.REFUSED, "PERIOD_CLOSED")
    assert (run.refused.zh, run.refused.en) == (text_of(answer, "zh-CN"), text_of(answer, "en"))
    db.run(lambda conn: books.reopen(conn, LENDER_BOOK, period))
    closed(db, START)


def test_a_refused_close_goes_on_where_it_stopped_even_if_it_is_killed_then(
    db: Database, uninterrupted: dict[str, list[tuple[object, ...]]]
) -> None:
    portfolio(db)
    first, *others = dates()
    period = first.year * 100 + first.month
    assert killed(db.url, first, chunks=1) == -signal.SIGKILL
    db.run(lambda conn: books.begin_close(conn, LENDER_BOOK, period))
    assert isinstance(close(db, first), PeriodClosed)
    assert db.run(queries.running) is None
    half = db.run(lambda conn: queries.run_of(conn, first))
    assert half is not None
    assert (half.state, half.chunks_done) == (State.REFUSED, 1)
    db.run(lambda conn: books.reopen(conn, LENDER_BOOK, period))
    assert killed(db.url, first, chunks=1) == -signal.SIGKILL
    assert db.run(queries.running) == first, "who resumed it has died: the next one goes on"
    assert not closed(db, first).is_replay
    for on in others:
        closed(db, on)
    assert facts(db) == uninterrupted


KILLED = """
    import os, signal, sys
    from datetime import date
    from domain.day.operations import close_day
    from postgres.database import Database
    from tests.domain.servicing.world import command

    def die(what, done, total, begun=[]):
        begun.append(done)
        if len(begun) == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)

    close_day(Database(sys.argv[1]), date.fromisoformat(sys.argv[2]), command=command("k"), chunk_size=3, progress=die)
"""


def killed(url: str, on: date, *, chunks: int) -> int:
    """Close a date in a process that is killed (SIGKILL) when it has finished so many chunks; how it ended."""
    program = [sys.executable, "-c", textwrap.dedent(KILLED), url, on.isoformat(), str(chunks)]
    return subprocess.run(program, check=False).returncode


def test_progress_is_told_up_to_the_whole(db: Database) -> None:
    portfolio(db)
    told: list[tuple[str, int, int]] = []
    answer = close_day(
        db,
        START,
        command=command("told"),
        chunk_size=2,
        progress=lambda what, done, total: told.append((what, done, total)),
    )
    assert isinstance(answer, Closed)
    assert told == [("loans", n, 4) for n in (1, 2, 3, 4)]


def test_a_close_without_loans_closes(db: Database) -> None:
    assert [one.step for one in closed(db, START).steps] == [Step.COLLECT]


def test_the_books_balance_after_every_close(db: Database) -> None:
    portfolio(db)
    for on in dates():
        closed(db, on)
    with db.snapshot() as conn:
        assert trial_balance(conn, book=LENDER_BOOK).balanced
        assert conn.scalar(text("SELECT count(*) FROM day.closed")) == DAYS
