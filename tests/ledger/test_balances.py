"""Balances: exact with the sequencer behind, and never changing for a pinned number."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from ledger import journal
from ledger.balances import (
    Residual,
    balance_at,
    balance_now,
    balances_now,
    day_turnovers,
    event_residuals,
    residuals,
    subject_balances,
    subjects_balances,
)
from ledger.entry import Entry, Line, Side
from ledger.sequencer import drain, head, sequence
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

pytestmark = pytest.mark.usefixtures("book")


@pytest.mark.law(20)
def test_now_counts_what_the_sequencer_has_not_seen(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100), lent("b", 2, 50)])
    assert balance_now(conn, book=1, account="1303.01") == 150
    assert sequence(conn, 1, limit=1) == 1
    assert balance_now(conn, book=1, account="1303.01") == 150
    drain(conn, 1)
    assert balance_now(conn, book=1, account="1303.01") == 150
    assert balance_now(conn, book=1, account="1002.01") == -150
    assert balance_now(conn, book=1, account="2241") == 0


@pytest.mark.law(26, 28)
def test_backdating_changes_only_later_dates_and_later_numbers(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100, date(2026, 1, 20))])
    drain(conn, 1)
    before = head(conn, 1)
    journal.append(conn, [lent("late", 1, 7, date(2026, 1, 10)), lent("b", 1, 1, date(2026, 2, 1))])
    drain(conn, 1)
    now = head(conn, 1)

    def at(on: date, seq: int) -> int:
        return balance_at(conn, book=1, account="1303.01", on=on, as_of_seq=seq)

    assert [at(date(2026, 1, day), before) for day in (9, 10, 19, 20, 31)] == [0, 0, 0, 100, 100]
    assert [at(date(2026, 1, day), now) for day in (9, 10, 19, 20, 31)] == [0, 7, 7, 107, 107]
    assert at(date(2026, 2, 1), now) == 108
    # a number inside a fold is as good as one at its end
    assert [at(date(2026, 2, 1), seq) for seq in range(now + 1)] == [0, 100, 107, 108]


def test_subjects_by_account(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100), lent("b", 2, 50), repaid("c", 1, 30, 5, date(2026, 2, 3))])
    assert subject_balances(conn, book=1, subject=1) == {"1303.01": 70, "6011": -5}
    assert subject_balances(conn, book=1, subject=1, on=date(2026, 2, 2)) == {"1303.01": 100}
    assert subjects_balances(conn, book=1, subjects=[1, 2, 3]) == {
        1: {"1303.01": 70, "6011": -5},
        2: {"1303.01": 50},
        3: {},
    }


def test_many_accounts_now_are_each_account_now(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100), repaid("b", 1, 30, 5)])
    sequence(conn, 1, limit=1)
    codes = ["1303.01", "1002.01", "1002.02", "6011", "2241"]
    assert balances_now(conn, book=1, accounts=[*codes, "NONE"]) == {
        code: balance_now(conn, book=1, account=code) for code in codes
    }


def test_turnovers_by_day_add_up_to_the_balance_at_every_length_of_the_log(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100, date(2026, 1, 5)), repaid("b", 1, 30, 0, date(2026, 1, 20))])
    drain(conn, 1)
    journal.append(conn, [lent("c", 2, 7, date(2026, 1, 20)), lent("d", 2, 9, date(2026, 2, 2))])
    drain(conn, 1)
    lo, hi = date(2026, 1, 10), date(2026, 1, 31)
    found: dict[date | None, tuple[int, int]] = {}
    for seq in range(head(conn, 1) + 1):
        found = day_turnovers(conn, book=1, account="1303.01", from_on=lo, to_on=hi, as_of_seq=seq)
        closing = balance_at(conn, book=1, account="1303.01", on=hi, as_of_seq=seq)
        assert sum(debit - credit for debit, credit in found.values()) == closing
    assert found == {None: (100, 0), date(2026, 1, 20): (7, 30)}


def test_what_is_left_on_an_account_waits_since_its_oldest_unmet_line(conn: Connection) -> None:
    def left() -> list[Residual]:
        return residuals(conn, book=1, accounts=["1303.01", "2241"])

    assert left() == [Residual("1303.01", 0, None), Residual("2241", 0, None)]
    journal.append(conn, [lent("a", 1, 100, date(2026, 1, 5)), lent("b", 2, 50, date(2026, 1, 10))])
    drain(conn, 1)
    assert left()[0] == Residual("1303.01", 150, date(2026, 1, 5))
    journal.append(conn, [repaid("c", 1, 100, 0, date(2026, 1, 20))])
    assert left()[0] == Residual("1303.01", 50, date(2026, 1, 10)), "the first one in is met first"
    journal.append(conn, [repaid("d", 2, 49, 0, date(2026, 2, 1))])
    assert left()[0] == Residual("1303.01", 1, date(2026, 1, 10))
    journal.append(conn, [repaid("e", 2, 1, 0, date(2026, 2, 2))])
    assert left()[0] == Residual("1303.01", 0, None)
    credit = residuals(conn, book=1, accounts=["1002.01"])
    assert credit == [Residual("1002.01", -150, date(2026, 1, 5))]


def owed(event: UUID, key: str, amount: int, *, book: int, is_payer: bool) -> Entry:
    """What one book owes another, in the book that owes it or in the one that is owed it."""
    debit, credit = ("6011", "2241") if is_payer else ("1002.02", "6011")
    lines = (Line(debit, Side.DEBIT, amount, "CNY"), Line(credit, Side.CREDIT, amount, "CNY"))
    return Entry(book, "test", f"{key}-{is_payer}", "SHARED", JANUARY, lines, "tester", event_id=event)


CLEARING = {(1, "2241"), (2, "1002.02"), (2, "2241"), (3, "1002.02"), (3, "2241"), (1, "1002.02")}


@given(st.lists(st.tuples(st.integers(1, 10**9), st.permutations([1, 2, 3])), min_size=1, max_size=6), st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_clearing_accounts_net_to_nought_per_event_unless_a_book_misses_its_side(
    conn: Connection, shares: list[tuple[int, list[int]]], data: st.DataObject
) -> None:
    with conn.begin_nested() as savepoint:
        for book in (2, 3):
            open_test_book(conn, book)
        events = [UUID(int=n + 1) for n in range(len(shares))]
        entries = [
            owed(event, str(n), amount, book=book, is_payer=is_payer)
            for n, (event, (amount, (payer, payee, _))) in enumerate(zip(events, shares, strict=True))
            for book, is_payer in ((payer, True), (payee, False))
        ]
        missing = data.draw(st.integers(0, len(entries) - 1))
        journal.append(conn, [entry for n, entry in enumerate(entries) if n != missing])
        lost = entries[missing]
        alone = lost.lines[0].amount if lost.key.endswith("True") else -lost.lines[0].amount
        assert event_residuals(conn, clearing=CLEARING) == {(lost.event_id, "CNY"): alone}
        journal.append(conn, [lost])
        assert event_residuals(conn, clearing=CLEARING) == {}
        savepoint.rollback()
