from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection

from ledger import books
from ledger.account import AccountClass, Chart, Policy, Required, Side
from seed import chart


@pytest.mark.parametrize("rows", [chart.LENDER, chart.PLATFORM], ids=["lender", "platform"])
def test_the_rows_make_a_chart(rows: tuple[tuple[str, str, str, AccountClass], ...]) -> None:
    accounts = chart.accounts(rows)
    made = Chart.of(accounts)
    assert len(made.accounts) == len(rows)
    assert all(account.name_zh and account.name_en for account in accounts)
    assert "9999" in made.memo_codes()


def test_what_borrowers_owe_is_guarded_and_carries_loan_and_funder() -> None:
    accounts = {account.code: account for account in chart.accounts(chart.LENDER)}
    for code in ("1303.01", "1303.02", "1132.01", "1132.02"):
        assert accounts[code].policy is Policy.SUBJECT_NONNEG
        assert accounts[code].required_dims == Required.SUBJECT | Required.FUNDER
    assert accounts["2241.01"].policy is Policy.SUBJECT_NONNEG
    assert (accounts["1303.04"].policy, accounts["1303.04"].required_dims) == (
        Policy.FREE,
        Required.SUBJECT | Required.FUNDER,
    )
    assert accounts["1304.01"].normal_side is Side.CREDIT
    assert accounts["9001"].normal_side is Side.DEBIT
    assert accounts["9999"].normal_side is Side.CREDIT


def test_the_books_open_once_and_months_are_added(conn: Connection) -> None:
    chart.open_books(conn, from_on=date(2026, 11, 15), months=2)
    chart.open_books(conn, from_on=date(2026, 11, 15), months=3)
    assert [book.book_id for book in books.books(conn)] == [1, 2]
    for book, rows in chart.BOOKS:
        assert [period.period_id for period in books.periods(conn, book.book_id)] == [202611, 202612, 202701]
        assert {account.code for account in books.chart(conn, book.book_id).values()} == {row[0] for row in rows}
