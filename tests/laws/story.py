"""Random stories of a small book: postings of every sort on any day, reversals, and the sequencer at any moment."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger import journal
from ledger.account import Account, AccountClass
from ledger.books import open_accounts
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.journal import Posted, Verdict
from ledger.sequencer import sequence
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

BOOK = 1
FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)
MORE = (
    Account("3001", "清算资金往来", AccountClass.COMMON, "CNY", Side.DEBIT),
    Account("3001USD", "外汇头寸", AccountClass.COMMON, "USD", Side.CREDIT),
    Account("4001", "实收资本", AccountClass.EQUITY, "CNY", Side.CREDIT),
    Account("5301", "研发支出", AccountClass.COST, "CNY", Side.DEBIT),
    Account("6421", "手续费支出", AccountClass.EXPENSE, "CNY", Side.DEBIT),
)
"""The classes that the ledger's own small chart has no account of."""


class Act(StrEnum):
    """What a step does."""

    LEND = "lend"
    REPAY = "repay"
    CAPITAL = "capital"
    SPEND = "spend"
    BUILD = "build"
    PROMISE = "promise"
    EXCHANGE = "exchange"
    UNDO = "undo"
    FOLD = "fold"


PAIRS = {
    Act.CAPITAL: ("1002.01", "4001"),
    Act.SPEND: ("6421", "2241"),
    Act.BUILD: ("5301", "1002.01"),
    Act.PROMISE: ("9005", "9999"),
}
"""Debit and credit of the steps that need no more than that."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens: `pick` is a subject, the place of what is undone, or how many entries are numbered."""

    act: Act
    pick: int
    amount: int
    on: date
    is_red: bool


days = st.dates(FIRST, LAST)
steps = st.builds(Step, st.sampled_from(Act), st.integers(1, 3), st.integers(1, 10**11), days, st.booleans())
stories = st.lists(steps, min_size=1, max_size=9)


def examples(count: int) -> settings:
    """Settings of a property whose examples each run in a savepoint of one transaction."""
    return settings(
        max_examples=count, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    )


def open_story_book(conn: Connection, book: int = BOOK) -> None:
    """Open a book of the first quarter with an account of every class."""
    open_test_book(conn, book)
    open_accounts(conn, book, MORE)


def entry_of(step: Step, key: str, *, book: int = BOOK) -> Entry:
    """The entry of a step that posts one."""
    if step.act is Act.LEND:
        return lent(key, step.pick, step.amount, step.on, book=book, funder=6 + step.pick % 2)
    if step.act is Act.REPAY:
        return repaid(key, step.pick, step.amount, step.amount % 7, step.on, book=book, funder=6 + step.pick % 2)
    if step.act is Act.EXCHANGE:
        lines: tuple[Line, ...] = (
            Line("3001", Side.DEBIT, step.amount, "CNY"),
            Line("1002.01", Side.CREDIT, step.amount, "CNY"),
            Line("1002USD", Side.DEBIT, step.amount // 7 + 1, "USD"),
            Line("3001USD", Side.CREDIT, step.amount // 7 + 1, "USD"),
        )
    else:
        debit, credit = PAIRS[step.act]
        dims = Dimensions(party=step.pick, channel=step.pick)
        lines = (Line(debit, Side.DEBIT, step.amount, "CNY", dims), Line(credit, Side.CREDIT, step.amount, "CNY"))
    return Entry(book, "test", key, step.act.value.upper(), step.on, lines, "tester")


def told(conn: Connection, story: Sequence[Step], *, name: str = "s") -> Iterator[Verdict | None]:
    """Live through a story; after each step the verdict, None when nothing was to be posted."""
    posted: list[int] = []
    for n, step in enumerate(story):
        verdict: Verdict | None = None
        if step.act is Act.FOLD:
            sequence(conn, BOOK, limit=step.pick)
        elif step.act is Act.UNDO:
            if posted:
                verdict = journal.reverse(
                    conn, book=BOOK, entry_id=posted[step.pick % len(posted)], source="test", key=f"{name}{n}",
                    effective_on=step.on, actor="tester", is_red=step.is_red,
                )  # fmt: skip
        else:
            verdict = journal.append(conn, [entry_of(step, f"{name}{n}")])[0]
            if isinstance(verdict, Posted):
                posted.append(verdict.entry_id)
        yield verdict


def tell(conn: Connection, story: Sequence[Step], *, name: str = "s") -> None:
    """Live through a whole story, opened by two loans so that it never is about nothing."""
    opening = [lent(f"{name}-first", 1, 10**11, JANUARY), lent(f"{name}-other", 2, 5, LAST)]
    journal.append(conn, opening)
    for _ in told(conn, story, name=name):
        pass


def table(conn: Connection, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query, as plain tuples."""
    return [tuple(row) for row in conn.execute(text(query))]
