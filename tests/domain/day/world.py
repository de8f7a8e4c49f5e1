"""A small portfolio in which every step of a close has something to do, on a database of its own."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from sqlalchemy import Connection, text

from domain.day.operations import Closed, close_day
from domain.refusals import Refusal
from domain.servicing.allocation import Component
from domain.servicing.change import Change
from domain.servicing.fact import Levy
from domain.servicing.operations.change import record
from postgres.database import Database
from tests.domain.servicing.world import START, World, command, opened

T = TypeVar("T")
LOANS = 7


class Crash(Exception):
    """The process dies."""


@dataclass
class Dying:
    """Transactions of a process that is killed when it begins its n-th transaction."""

    db: Database
    lives: int
    begun: int = field(default=0)

    def run(self, fn: Callable[[Connection], T], /) -> T:
        self.begun += 1
        if self.begun > self.lives:
            raise Crash
        return self.db.run(fn)


def portfolio(db: Database) -> World:
    """Seven loans: some pay, one pays too much, one bears a charge and so lives by the engine, the rest never pay."""

    def work(conn: Connection) -> World:
        world = opened(conn)
        ids = [world.disbursed(conn, yuan=1_000 * (n + 1), months=3 + n) for n in range(LOANS)]
        world.repay(conn, ids[0], "2000.00", START + timedelta(days=3))
        (charged,) = record(conn, [charge(ids[4], on=START)])
        assert not isinstance(charged, Refusal), charged
        return world

    return db.run(work)


def charge(loan_id: int, *, on: date) -> Change:
    """A charge, due at once: more than the set-based steps can say of a loan."""
    fact = Levy(no=0, value_on=on, booked_on=on, name="NOTICE", component=Component.FEE, due_on=on, amount=12_00)
    return Change(loan_id=loan_id, fact=fact, command=command(f"charge-{loan_id}"), business_on=on)


def close(db: Database, on: date, *, chunk_size: int = 3, workers: int = 1) -> Closed | Refusal:
    return close_day(db, on, command=command(f"close-{on}"), chunk_size=chunk_size, workers=workers)


def closed(db: Database, on: date, *, chunk_size: int = 3, workers: int = 1) -> Closed:
    answer = close(db, on, chunk_size=chunk_size, workers=workers)
    assert isinstance(answer, Closed), answer
    return answer


FACTS = {
    "lines": """SELECT e.effective_on, e.kind, l.account_id, l.side, l.subject_id, sum(l.amount)
                FROM ledger.line l JOIN ledger.entry e USING (book_id, period_id, entry_id)
                WHERE l.subject_id IS NOT NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5""",
    "ageing": "SELECT * FROM servicing.ageing ORDER BY aged_on, loan_id",
    "cases": "SELECT loan_id, opened_on, dpd, overdue_minor FROM collections.case ORDER BY loan_id, opened_on",
    "events": "SELECT loan_id, kind, happened_on FROM servicing.loan_event ORDER BY 1, 3, 2",
    "steps": "SELECT business_on, step, chunk, loans, amount FROM day.step ORDER BY 1, 2, 3",
    "bookings": "SELECT loan_id, event, bucket, amount, booked_on FROM servicing.booking ORDER BY 1, 5, 2, 3, 4",
    "closed": "SELECT business_on FROM day.closed ORDER BY 1",
}


def facts(db: Database) -> dict[str, list[tuple[object, ...]]]:
    """Everything that closes leave behind, without the numbers that entries and events happened to get."""
    return db.run(lambda conn: {name: [tuple(row) for row in conn.execute(text(sql))] for name, sql in FACTS.items()})
