"""日终进度: how far the close has come, read back from what each chunk left behind."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text

from domain.day import queries
from domain.day.operations import close_day
from domain.day.step import LOAN_STEPS, State, Step
from ledger import balances
from postgres.database import Database
from seed.chart import LENDER_BOOK
from tests.domain.day.world import Crash, Dying, closed, portfolio
from tests.domain.servicing.world import START, command


def test_a_begun_date_is_known_and_its_finished_chunks_with_it(db: Database) -> None:
    portfolio(db)
    closed(db, START)
    tomorrow = START + timedelta(days=1)
    with pytest.raises(Crash):
        close_day(Dying(db, lives=3), tomorrow, command=command("dies"), chunk_size=3)
    assert db.run(queries.begun) == tomorrow
    assert db.run(queries.last_closed) == START
    half = db.run(lambda conn: queries.run_of(conn, tomorrow))
    assert half is not None
    assert half.closed_at is None
    assert (half.state, half.chunks_done, half.chunks_total) == (State.RUNNING, 1, 3)
    assert half.next_step is LOAN_STEPS[0]
    done = db.run(lambda conn: queries.done_chunks(conn, tomorrow, Step.ACCRUE_INTEREST))
    assert done < {chunk.number for chunk in half.chunks}
    closed(db, tomorrow)
    assert db.run(queries.last_closed) == tomorrow
    assert db.run(queries.begun) is None
    whole = db.run(lambda conn: queries.run_of(conn, tomorrow))
    assert whole is not None
    assert (whole.state, whole.chunks_done, whole.next_step) == (State.CLOSED, 3, None)
    assert db.run(lambda conn: queries.done_chunks(conn, tomorrow, Step.ACCRUE_INTEREST)) == {
        chunk.number for chunk in half.chunks
    }


def test_the_business_date_is_the_day_after_the_last_closed_one(db: Database) -> None:
    assert db.run(lambda conn: queries.business_date(conn, today=date(2026, 5, 1))) == date(2026, 5, 1)
    portfolio(db)
    closed(db, START)
    assert db.run(lambda conn: queries.business_date(conn, today=date(2026, 5, 1))) == START + timedelta(days=1)


def test_what_is_closed_is_read_back(db: Database) -> None:
    portfolio(db)
    for n in range(3):
        closed(db, START + timedelta(days=n))
    latest, before = db.run(lambda conn: queries.runs(conn, first=2))
    assert (latest.business_on, before.business_on) == (START + timedelta(days=2), START + timedelta(days=1))
    assert db.run(lambda conn: queries.runs(conn, first=9, before=before.business_on))[0].business_on == START
    accrued = latest.steps[0]
    assert (accrued.step, accrued.chunks, accrued.loans) == (Step.ACCRUE_INTEREST, 3, 6)
    booked = db.run(lambda conn: balances.balance_now(conn, book=LENDER_BOOK, account="1303.04"))
    by_day = [run.steps[0].amount for run in db.run(lambda conn: queries.runs(conn, first=9))]
    living = text("SELECT sum(amount) FROM servicing.booking WHERE event = 'INTEREST_ACCRUED'")
    assert booked == sum(by_day) + db.run(lambda conn: conn.execute(living).scalar_one())
    assert db.run(lambda conn: queries.run_of(conn, START + timedelta(days=9))) is None
