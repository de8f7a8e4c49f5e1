"""Trial balance and statements, compared with sums over the lines and with each other."""

import dataclasses
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger import journal
from ledger.books import ReversalStyle
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.journal import Posted
from ledger.sequencer import drain, head, sequence
from ledger.statements import (
    BalancePoint,
    CursorInvalid,
    Dimension,
    Granularity,
    TrialBalance,
    Turnover,
    account_statement,
    balances_during,
    subject_page,
    subject_statement,
    totals_by_account,
    trial_balance,
    without_zero,
)
from tests.ledger.conftest import JANUARY, lent, repaid

pytestmark = pytest.mark.usefixtures("book")


def row(balance: TrialBalance, code: str) -> Turnover:
    """The turnover of one account."""
    return next(r.turnover for r in balance.rows if r.account.code == code)


def test_opening_turnover_closing(conn: Connection) -> None:
    journal.append(
        conn,
        [
            lent("a", 1, 100, date(2026, 1, 5)),
            lent("b", 2, 40, date(2026, 2, 5)),
            repaid("c", 1, 30, 3, date(2026, 2, 6)),
        ],
    )
    for drained in (False, True):
        if drained:
            drain(conn, 1)
        february = trial_balance(conn, book=1, from_on=date(2026, 2, 1), to_on=date(2026, 2, 28))
        assert row(february, "1303.01") == Turnover(100, 0, 40, 30, 110, 0)
        assert row(february, "1002.01") == Turnover(0, 100, 0, 40, 0, 140)
        assert row(february, "6011") == Turnover(0, 0, 0, 3, 0, 3)
        assert february.balanced
        assert february.total.closing_debit == 143
        by_day = trial_balance(conn, book=1, from_on=date(2026, 2, 6), to_on=date(2026, 2, 6))
        assert row(by_day, "1303.01") == Turnover(140, 0, 0, 30, 110, 0)
        whole = trial_balance(conn, book=1)
        assert totals_by_account(whole) == {"1002.01": -140, "1002.02": 33, "1303.01": 110, "6011": -3}


@pytest.mark.law(17)
def test_levels_and_dimensions(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100, funder=7), lent("b", 2, 40, funder=8), repaid("c", 1, 30, 3)])
    top = trial_balance(conn, book=1, level=1)
    assert [r.account.code for r in top.rows] == ["1002", "1303", "6011"]
    assert row(top, "1002") == Turnover(0, 0, 33, 140, 0, 107)
    split = trial_balance(conn, book=1, by=[Dimension.FUNDER])
    assert {
        r.dimensions[Dimension.FUNDER]: r.turnover.closing_debit for r in split.rows if r.account.code == "1303.01"
    } == {7: 70, 8: 40}
    assert split.total.debit == trial_balance(conn, book=1).total.debit


def test_red_and_mirror_styles_of_a_reversal(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 100), lent("b", 2, 40)])[0]
    assert isinstance(posted, Posted)
    journal.reverse(
        conn, book=1, entry_id=posted.entry_id, source="test", key="a-", effective_on=JANUARY, actor="t", is_red=True
    )
    for drained in (False, True):
        if drained:
            drain(conn, 1)
        red = trial_balance(conn, book=1)
        assert (row(red, "1303.01").debit, row(red, "1303.01").credit) == (40, 0)
        mirror = trial_balance(conn, book=1, style=ReversalStyle.MIRROR)
        assert (row(mirror, "1303.01").debit, row(mirror, "1303.01").credit) == (140, 100)
        assert totals_by_account(red) == totals_by_account(mirror)
        assert red.balanced
        assert mirror.balanced


def test_each_currency_has_its_own_trial_balance(conn: Connection) -> None:
    lines = (Line("1002USD", Side.DEBIT, 9, "USD"), Line("6011USD", Side.CREDIT, 9, "USD"))
    journal.append(conn, [Entry(1, "test", "usd", "X", JANUARY, lines, "t"), lent("a", 1, 5)])
    assert trial_balance(conn, book=1).total.debit == 5
    assert trial_balance(conn, book=1, currency="USD").total.debit == 9


@pytest.mark.law(26)
def test_pinned_number_never_changes(conn: Connection) -> None:
    journal.append(conn, [lent(f"a{i}", i, 10 + i) for i in range(6)])
    drain(conn, 1)
    pinned = head(conn, 1) - 2
    before = trial_balance(conn, book=1, as_of_seq=pinned)
    journal.append(conn, [lent("late", 1, 99, date(2026, 1, 2))])
    drain(conn, 1)
    assert trial_balance(conn, book=1, as_of_seq=pinned) == before
    assert before.total.debit == sum(10 + i for i in range(4))


def test_empty_rows_can_be_left_out(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 5, date(2026, 1, 5)), repaid("b", 1, 5, 0, date(2026, 1, 6))])
    march = trial_balance(conn, book=1, from_on=date(2026, 3, 1), to_on=date(2026, 3, 31))
    assert {r.account.code for r in march.rows} - {r.account.code for r in without_zero(march).rows} == {"1303.01"}


def scan(conn: Connection, lo: date, hi: date) -> dict[str, tuple[int, int, int]]:
    """The truth, by brute force: (opening net, debit, credit) by account."""
    found = conn.execute(
        text("""
          SELECT a.code,
                 coalesce(sum(CASE side WHEN 'D' THEN amount ELSE -amount END)
                   FILTER (WHERE effective_on < :lo), 0)::bigint o,
                 coalesce(sum(amount) FILTER (WHERE side = 'D' AND effective_on >= :lo), 0)::bigint d,
                 coalesce(sum(amount) FILTER (WHERE side = 'C' AND effective_on >= :lo), 0)::bigint c
            FROM ledger.line JOIN ledger.account a USING (book_id, account_id)
           WHERE effective_on <= :hi GROUP BY 1
        """),
        {"lo": lo, "hi": hi},
    )
    return {code: (opening, debit, credit) for code, opening, debit, credit in found}


days = st.dates(date(2026, 1, 1), date(2026, 3, 31))


@pytest.mark.law(15, 25)
@given(
    st.lists(st.tuples(days, st.integers(1, 3), st.integers(1, 10**12)), min_size=1, max_size=10),
    days,
    days,
    st.integers(0, 10),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_range_equals_a_scan_of_the_lines(
    conn: Connection, facts: list[tuple[date, int, int]], a: date, b: date, folded: int
) -> None:
    lo, hi = min(a, b), max(a, b)
    with conn.begin_nested() as savepoint:
        journal.append(conn, [lent(f"s{n}", subject, amount, on) for n, (on, subject, amount) in enumerate(facts)])
        sequence(conn, 1, limit=folded)
        balance = trial_balance(conn, book=1, from_on=lo, to_on=hi)
        shown = {
            r.account.code: (r.turnover.opening_debit - r.turnover.opening_credit, r.turnover.debit, r.turnover.credit)
            for r in balance.rows
        }
        assert shown == scan(conn, lo, hi)
        assert balance.balanced
        drain(conn, 1)
        at_head = trial_balance(conn, book=1, from_on=lo, to_on=hi, as_of_seq=head(conn, 1))
        assert [r.turnover for r in at_head.rows] == [
            r.turnover for r in trial_balance(conn, book=1, from_on=lo, to_on=hi).rows
        ]
        savepoint.rollback()


@pytest.mark.law(24, 29)
def test_pages_of_a_statement_are_one_statement_under_writes(conn: Connection) -> None:
    journal.append(conn, [lent(f"a{i}", i, 10, date(2026, 1, 1 + i % 9)) for i in range(23)])
    sequence(conn, 1, limit=9)
    drain(conn, 1)
    pages = []
    after: str | None = None
    while True:
        page = account_statement(
            conn, book=1, account="1303.01", from_on=date(2026, 1, 3), to_on=date(2026, 1, 8), after=after, first=4
        )
        assert page is not None
        pages.append(page)
        journal.append(conn, [lent(f"meanwhile{len(pages)}", 1, 5, date(2026, 1, 4))])
        drain(conn, 1)
        if not page.has_next:
            break
        after = page.lines[-1].cursor
    lines = [line for page in pages for line in page.lines]
    assert len({(line.entry_id, line.line_no) for line in lines}) == len(lines) == 15
    assert [(line.effective_on, line.seq) for line in lines] == sorted(
        (line.effective_on, line.seq or 0) for line in lines
    )
    assert pages[0].opening + sum(line.amount for line in lines) == pages[-1].closing == lines[-1].balance
    assert {page.as_of_seq for page in pages} == {23}


def test_a_statement_of_a_quiet_account_has_an_opening_and_no_lines(conn: Connection) -> None:
    page = account_statement(conn, book=1, account="2241")
    assert page is not None
    assert (page.opening, page.closing, page.lines, page.has_next) == (0, 0, (), False)
    assert account_statement(conn, book=1, account="7777") is None


@pytest.mark.parametrize("cursor", ["", "AAAA", "e30=", "WzEsMl0=", "WyJhIiwxLDEsMSwxXQ==", "汉"])
def test_a_foreign_cursor_is_refused_by_name(conn: Connection, cursor: str) -> None:
    with pytest.raises(CursorInvalid) as caught:
        account_statement(conn, book=1, account="2241", after=cursor)
    assert caught.value.code == "INVALID_CURSOR"


def test_a_subject_statement_runs_per_account(conn: Connection) -> None:
    journal.append(
        conn, [lent("a", 1, 100, date(2026, 1, 5)), lent("x", 2, 1), repaid("b", 1, 30, 3, date(2026, 2, 6))]
    )
    drain(conn, 1)
    statement = subject_statement(conn, book=1, subject=1)
    assert [(line.account, line.side.value, line.amount, line.balance) for line in statement.lines] == [
        ("1303.01", "D", 100, 100),
        ("1303.01", "C", 30, 70),
        ("6011", "C", 3, -3),
    ]
    assert statement.closing == {"1303.01": 70, "6011": -3}
    later = subject_statement(conn, book=1, subject=1, from_on=date(2026, 2, 1))
    assert [line.balance for line in later.lines] == [70, -3]
    assert statement.lines[0].dims == Dimensions(subject=1, funder=7)


def test_red_lines_say_so(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 100)])[0]
    assert isinstance(posted, Posted)
    entry = dataclasses.replace(lent("a", 1, 100))
    assert entry.is_red is False
    journal.reverse(
        conn, book=1, entry_id=posted.entry_id, source="test", key="a-", effective_on=JANUARY, actor="t", is_red=True
    )
    assert [line.is_red for line in subject_statement(conn, book=1, subject=1).lines] == [False, True]


def test_a_series_of_balances_closes_where_the_next_one_opens(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 100, date(2026, 1, 5)), repaid("b", 1, 30, 0, date(2026, 1, 20))])
    journal.append(conn, [lent("c", 2, 7, date(2026, 2, 10)), lent("d", 2, 9, date(2026, 3, 30))])
    drain(conn, 1)

    def series(granularity: Granularity, *, as_of_seq: int | None = None) -> tuple[BalancePoint, ...]:
        return balances_during(
            conn, book=1, account="1303.01", from_on=date(2026, 1, 10), to_on=date(2026, 3, 5),
            granularity=granularity, as_of_seq=as_of_seq,
        )  # fmt: skip

    assert series(Granularity.MONTH) == (
        BalancePoint(date(2026, 1, 10), date(2026, 1, 31), 100, 0, 30),
        BalancePoint(date(2026, 2, 1), date(2026, 2, 28), 70, 7, 0),
        BalancePoint(date(2026, 3, 1), date(2026, 3, 5), 77, 0, 0),
    )
    assert series(Granularity.MONTH, as_of_seq=1)[-1].closing == 100
    (year,) = series(Granularity.YEAR)
    assert (year.opening, year.debit, year.credit, year.closing) == (100, 7, 30, 77)
    for granularity in Granularity:
        points = series(granularity)
        assert [one.closing for one in points[:-1]] == [one.opening for one in points[1:]]
        assert points[-1].closing == 77
    assert len(series(Granularity.DAY)) == 55
    assert [one.from_on.weekday() for one in series(Granularity.WEEK)[1:]] == [0] * 8


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50), st.integers(1, 3)), max_size=9), st.integers(1, 4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_newest_lines_of_a_subject_run_back_from_its_guard(
    conn: Connection, moves: list[tuple[bool, int, int]], size: int
) -> None:
    """Pages join to the subject's lines in the order of recording, whatever their days, while others are posted."""
    with conn.begin_nested() as savepoint:
        journal.append(conn, [lent("first", 7, 1_000)])
        expected = [1_000]
        for n, (is_lent, amount, month) in enumerate(moves):
            make = lent if is_lent else repaid
            journal.append(conn, [make(f"m{n}", 7, amount, on=JANUARY.replace(month=month)), lent(f"o{n}", 8, 5)])
            expected.append(amount if is_lent else -amount)
        shown: list[tuple[int, int]] = []
        after: str | None = None
        while True:
            page = subject_page(conn, book=1, account="1303.01", subject=7, after=after, first=size)
            assert page is not None
            assert page.lines[0].balance == page.balance
            shown += [(line.amount if line.side is Side.DEBIT else -line.amount, line.balance) for line in page.lines]
            after = page.after
            if after is None:
                break
            journal.append(conn, [lent(f"meanwhile{len(shown)}", 7, 3)])
        assert shown == [(amount, sum(expected[: n + 1])) for n, amount in reversed(list(enumerate(expected)))]
        savepoint.rollback()


def test_a_subject_without_a_guard_has_no_page(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 10)])
    assert subject_page(conn, book=1, account="1303.01", subject=2) is None
    assert subject_page(conn, book=1, account="6011", subject=1) is None
    assert subject_page(conn, book=1, account="none", subject=1) is None
    with pytest.raises(CursorInvalid):
        subject_page(conn, book=1, account="1303.01", subject=1, after="!")
