"""A small book for the ledger's own tests: cash, receivables that may not be overdrawn, income, memo."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Connection

from ledger.account import Account, AccountClass, Policy, Required
from ledger.books import Book, ReversalStyle, open_accounts, open_book, open_period
from ledger.entry import Dimensions, Entry, Line, Side

CHART = (
    Account("1002", "银行存款", AccountClass.ASSET, "CNY", Side.DEBIT, postable=False),
    Account("1002.01", "付款户", AccountClass.ASSET, "CNY", Side.DEBIT),
    Account("1002.02", "回款户", AccountClass.ASSET, "CNY", Side.DEBIT),
    Account("1303", "应收款", AccountClass.ASSET, "CNY", Side.DEBIT, postable=False),
    Account(
        "1303.01",
        "正常本金",
        AccountClass.ASSET,
        "CNY",
        Side.DEBIT,
        policy=Policy.SUBJECT_NONNEG,
        required_dims=Required.SUBJECT | Required.FUNDER,
    ),
    Account("2241", "其他应付款", AccountClass.LIABILITY, "CNY", Side.CREDIT),
    Account("6011", "利息收入", AccountClass.INCOME, "CNY", Side.CREDIT),
    Account("1002USD", "美元存款", AccountClass.ASSET, "USD", Side.DEBIT),
    Account("6011USD", "美元利息收入", AccountClass.INCOME, "USD", Side.CREDIT),
    Account("9005", "未用承诺", AccountClass.MEMO, "CNY", Side.DEBIT),
    Account("9999", "表外对照", AccountClass.MEMO, "CNY", Side.CREDIT),
)
"""Eleven accounts, two of them groups."""

JANUARY = date(2026, 1, 15)


def open_test_book(conn: Connection, book: int = 1, *, style: ReversalStyle = ReversalStyle.RED) -> int:
    """Open a book with the test chart and the first quarter of 2026."""
    open_book(conn, Book(book, f"T{book}", "测试银行", "CNY", style))
    open_accounts(conn, book, CHART)
    for month in (202601, 202602, 202603):
        open_period(conn, book, month)
    return book


@pytest.fixture
def book(conn: Connection) -> int:
    """Book 1 in the rolled-back transaction."""
    return open_test_book(conn)


Pay = Callable[..., Entry]


def lent(key: str, subject: int, amount: int, on: date = JANUARY, *, book: int = 1, funder: int = 7) -> Entry:
    """Principal goes out to a subject."""
    dims = Dimensions(subject=subject, funder=funder)
    return Entry(
        book, "test", key, "LENT", on,
        (
            Line("1303.01", Side.DEBIT, amount, "CNY", dims),
            Line("1002.01", Side.CREDIT, amount, "CNY", Dimensions(funder=funder)),
        ),
        "tester",
    )  # fmt: skip


def repaid(
    key: str, subject: int, principal: int, interest: int = 0, on: date = JANUARY, *, book: int = 1, funder: int = 7
) -> Entry:
    """Principal and interest come back from a subject."""
    dims = Dimensions(subject=subject, funder=funder)
    lines = [
        Line("1002.02", Side.DEBIT, principal + interest, "CNY", Dimensions(funder=funder)),
        Line("1303.01", Side.CREDIT, principal, "CNY", dims),
    ]
    if interest:
        lines.append(Line("6011", Side.CREDIT, interest, "CNY", dims))
    return Entry(book, "test", key, "REPAID", on, tuple(lines), "tester")
