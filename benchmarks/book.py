"""A small book to measure and to torment: a bank account, a guarded receivable per subject, income."""

from datetime import date
from typing import Final

from sqlalchemy import Connection

from ledger.account import Account, AccountClass, Policy, Required, Side
from ledger.books import Book, ReversalStyle, open_accounts, open_book, open_period
from ledger.entry import Dimensions, Entry, Line

BOOK: Final = 1
MONTHS: Final = (202601, 202602, 202603)
DAY: Final = date(2026, 1, 15)
BANK: Final = "1002.01"
OWED: Final = "1303.01"
INCOME: Final = "6011"
COLLECTED: Final = "1002.02"
PAYABLES: Final = tuple(f"2241.{n:02d}" for n in range(1, 33))
"""For clients that shall not meet, and for entries over many accounts."""

CHART: Final = (
    Account("1002", "银行存款", AccountClass.ASSET, "CNY", Side.DEBIT, postable=False),
    Account(BANK, "付款户", AccountClass.ASSET, "CNY", Side.DEBIT),
    Account(COLLECTED, "回款户", AccountClass.ASSET, "CNY", Side.DEBIT),
    Account("1303", "应收款", AccountClass.ASSET, "CNY", Side.DEBIT, postable=False),
    Account(
        OWED, "正常本金", AccountClass.ASSET, "CNY", Side.DEBIT,
        policy=Policy.SUBJECT_NONNEG, required_dims=Required.SUBJECT,
    ),
    Account(INCOME, "利息收入", AccountClass.INCOME, "CNY", Side.CREDIT),
    Account("2241", "其他应付款", AccountClass.LIABILITY, "CNY", Side.CREDIT, postable=False),
    *(Account(code, f"应付款 {code[-2:]}", AccountClass.LIABILITY, "CNY", Side.CREDIT) for code in PAYABLES),
)  # fmt: skip


def open_small_book(conn: Connection) -> None:
    """Open the book with its chart and a quarter."""
    open_book(conn, Book(BOOK, "BENCH", "测量账簿", "CNY", ReversalStyle.RED))
    open_accounts(conn, BOOK, CHART)
    for month in MONTHS:
        open_period(conn, BOOK, month)


def repaid(key: str, subject: int, *, against: str = COLLECTED) -> Entry:
    """Four lines as a repayment has them: money in, principal and interest of one subject down, income up."""
    dims = Dimensions(subject=subject)
    return Entry(
        BOOK, "bench", key, "REPAID", DAY,
        (
            Line(against, Side.DEBIT, 1_050, "CNY"),
            Line(OWED, Side.DEBIT, 1_000, "CNY", dims),
            Line(BANK, Side.CREDIT, 2_000, "CNY"),
            Line(INCOME, Side.CREDIT, 50, "CNY", dims),
        ),
        "bench",
    )  # fmt: skip
