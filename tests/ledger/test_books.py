"""The registry: books, accounts, months, and closing in order."""

from datetime import date

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.account import Account, AccountClass, Policy
from ledger.books import (
    Book,
    Ended,
    EndRefused,
    ReversalStyle,
    begin_close,
    books,
    chart,
    close_account,
    close_period,
    end_period,
    open_account,
    open_book,
    open_period,
    periods,
    placed,
    reopen,
)
from ledger.entry import Side, reversed_entry
from ledger.journal import Posted, Refused
from ledger.period import CorrectionPolicy, PeriodClosed, PeriodState
from ledger.sequencer import head
from ledger.statements import totals_by_account, trial_balance
from tests.ledger.conftest import CHART, JANUARY, lent


def refuses(conn: Connection, word: str, action: object, *args: object) -> None:
    """The database refuses by this word, and the transaction goes on."""
    assert callable(action)
    with pytest.raises(DBAPIError, match=word), conn.begin_nested():
        action(conn, *args)


def test_what_was_registered_is_read_back(conn: Connection, book: int) -> None:
    assert books(conn) == [Book(1, "T1", "测试银行", "CNY", ReversalStyle.RED)]
    read = {account.code: account for account in chart(conn, book).values()}
    assert set(read) == {account.code for account in CHART}
    assert read["1303.01"].policy is Policy.SUBJECT_NONNEG
    assert read["1303.01"].parent == "1303"
    assert read["1002USD"].currency == "USD"
    assert [p.period_id for p in periods(conn, book)] == [202601, 202602, 202603]


def test_the_registry_refuses_by_name(conn: Connection, book: int) -> None:
    leaf = Account("2241.01", "溢缴款", AccountClass.LIABILITY, "CNY", Side.CREDIT)
    orphan = Account("5555.01", "无上级", AccountClass.ASSET, "CNY", Side.DEBIT)
    refuses(conn, "LEDGER_PARENT_IS_LEAF", open_account, book, leaf)
    refuses(conn, "LEDGER_ACCOUNT_UNKNOWN", open_account, book, orphan)
    refuses(conn, "account_code_once", open_account, book, CHART[0])
    refuses(conn, "book_pkey", open_book, Book(1, "T9", "x", "CNY", ReversalStyle.RED))
    refuses(conn, "book_code_once", open_book, Book(9, "T1", "x", "CNY", ReversalStyle.RED))
    refuses(conn, "LEDGER_ACCOUNT_UNKNOWN", close_account, book, "7777", date(2026, 1, 1))
    refuses(conn, "period_is_a_month", open_period, book, 202613)
    close_account(conn, book, "2241", date(2026, 1, 31))
    refuses(conn, "LEDGER_IMMUTABLE", close_account, book, "2241", date(2026, 2, 28))


@pytest.mark.law(33)
def test_months_close_in_order_and_for_ever(conn: Connection, book: int) -> None:
    journal.append(conn, [lent("a", 1, 100), lent("b", 1, 100, date(2026, 2, 1))])
    refuses(conn, "LEDGER_CLOSE_ORDER", close_period, book, 202602)
    begin_close(conn, book, 202601)
    assert isinstance(journal.append(conn, [lent("c", 1, 1)])[0], Refused)
    reopen(conn, book, 202601)
    assert close_period(conn, book, 202601) == head(conn, book) == 2
    refuses(conn, "LEDGER_PERIOD_STATE", close_period, book, 202601)
    refuses(conn, "LEDGER_PERIOD_STATE", reopen, book, 202601)
    refuses(conn, "LEDGER_PERIOD_STATE", begin_close, book, 202601)
    refuses(conn, "LEDGER_CLOSE_ORDER", open_period, book, 202512)
    assert [(p.state, p.closed_seq) for p in periods(conn, book)] == [
        (PeriodState.CLOSED, 2),
        (PeriodState.OPEN, None),
        (PeriodState.OPEN, None),
    ]


def test_a_month_is_ended_once_in_order_and_by_name(conn: Connection, book: int) -> None:
    journal.append(conn, [lent("a", 1, 100)])
    assert end_period(conn, book, 202602) is EndRefused.CLOSE_ORDER
    assert end_period(conn, book, 202512) is EndRefused.PERIOD_UNKNOWN
    assert end_period(conn, book, 202601) == Ended(1, is_replay=False)
    assert end_period(conn, book, 202601) == Ended(1, is_replay=True)


def test_opening_a_month_again_changes_nothing(conn: Connection, book: int) -> None:
    before = periods(conn, book)
    open_period(conn, book, 202601)
    assert periods(conn, book) == before


def test_a_session_of_another_book_may_not_register(conn: Connection, book: int) -> None:
    conn.exec_driver_sql("SELECT set_config('ledger.books', '2', true)")
    for action, args in (
        (open_book, (Book(3, "T3", "x", "CNY", ReversalStyle.RED),)),
        (open_account, (book, CHART[0])),
        (close_account, (book, "2241", date(2026, 1, 1))),
        (open_period, (book, 202604)),
        (begin_close, (book, 202601)),
        (reopen, (book, 202601)),
        (close_period, (book, 202601)),
    ):
        refuses(conn, "LEDGER_BOOK_FORBIDDEN", action, *args)


@pytest.mark.law(31, 32)
def test_a_correction_to_a_closed_month_is_booked_into_the_open_one_and_keeps_its_date(
    conn: Connection, book: int
) -> None:
    posted = journal.append(conn, [lent("wrong", 1, 100)])[0]
    assert isinstance(posted, Posted)
    close_period(conn, book, 202601)
    january = totals_by_account(trial_balance(conn, book=book, to_on=date(2026, 1, 31)))
    undo = reversed_entry(
        lent("wrong", 1, 100), entry_id=posted.entry_id, key="undo", effective_on=JANUARY, actor="tester"
    )
    booked = [placed(conn, entry, booked_on=date(2026, 2, 5)) for entry in (undo, lent("right", 1, 90))]
    entries = [entry for entry in booked if not isinstance(entry, PeriodClosed)]
    assert [(entry.effective_on, entry.economic_on) for entry in entries] == [(date(2026, 2, 5), JANUARY)] * 2
    assert [type(verdict) for verdict in journal.append(conn, entries)] == [Posted, Posted]
    assert totals_by_account(trial_balance(conn, book=book, to_on=date(2026, 1, 31))) == january
    assert totals_by_account(trial_balance(conn, book=book))["1303.01"] == 90
    stored = journal.find_by_key(conn, book=book, source="test", key="undo")
    assert stored is not None
    assert (stored.entry.economic_on, stored.entry.reverses) == (JANUARY, posted.entry_id)


def test_what_is_in_time_stays_and_what_must_not_move_is_refused(conn: Connection, book: int) -> None:
    entry = lent("a", 1, 1)
    assert placed(conn, entry, booked_on=date(2026, 2, 5)) is entry
    close_period(conn, book, 202601)
    refused = placed(conn, entry, booked_on=date(2026, 2, 5), policy=CorrectionPolicy.REFUSE)
    assert refused == PeriodClosed(202601, 202602)
