"""Balances read from the journal: of an account now, or at any (effective date, recorded number), and by subject.

All amounts are whole minor units; a signed balance is debit minus credit.
"""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Connection, and_, any_, bindparam, case, func, select, text, tuple_

from ledger import tables


def balance_now(conn: Connection, *, book: int, account: str) -> int:
    """Debit minus credit of a leaf account in this snapshot, entries not yet numbered included."""
    found = conn.execute(
        text("SELECT ledger.balance_now(:b, account_id) FROM ledger.account WHERE book_id = :b AND code = :code"),
        {"b": book, "code": account},
    ).scalar_one()
    return int(found)


def balance_at(conn: Connection, *, book: int, account: str, on: date, as_of_seq: int) -> int:
    """Debit minus credit of a leaf account, effective up to `on`, as the log knew it at `as_of_seq`. Never changes."""
    found = conn.execute(
        text(
            "SELECT ledger.balance_at(:b, account_id, :on, :s) FROM ledger.account WHERE book_id = :b AND code = :code"
        ),
        {"b": book, "code": account, "on": on, "s": as_of_seq},
    ).scalar_one()
    return int(found)


def subjects_balances(
    conn: Connection, *, book: int, subjects: Sequence[int], on: date | None = None
) -> dict[int, dict[str, int]]:
    """Debit minus credit by account code of many subjects in one statement; accounts that never moved are left out.

    `on` limits to what was effective on or before that date.
    """
    line, account = tables.line, tables.account
    signed = case((line.c.side == "D", line.c.amount), else_=-line.c.amount)
    wanted = bindparam("subjects", list(subjects), ARRAY(BigInteger))
    conditions = [line.c.book_id == book, line.c.subject_id == any_(wanted)]
    if on is not None:
        conditions.append(line.c.effective_on <= on)
    sums = (
        select(line.c.subject_id, line.c.account_id, func.sum(signed).cast(BigInteger).label("balance"))
        .where(*conditions)
        .group_by(line.c.subject_id, line.c.account_id)
        .subquery()
    )
    query = select(sums.c.subject_id, account.c.code, sums.c.balance).join(
        account, and_(account.c.book_id == book, account.c.account_id == sums.c.account_id)
    )
    found: dict[int, dict[str, int]] = {subject: {} for subject in subjects}
    for subject, code, balance in conn.execute(query):
        found[subject][code] = balance
    return found


def subject_balances(conn: Connection, *, book: int, subject: int, on: date | None = None) -> dict[str, int]:
    """Debit minus credit by account code of one subject."""
    return subjects_balances(conn, book=book, subjects=[subject], on=on)[subject]


def event_residuals(conn: Connection, *, clearing: Collection[tuple[int, str]]) -> dict[tuple[UUID, str], int]:
    """Debit minus credit per (event, currency) over the clearing accounts between books, where it is not nought.

    `clearing` are the (book, account code) that mirror each other: what one party owes, another is owed by it.
    An event whose entries stand in all books that it concerns leaves nothing; one that is told names what is missing.
    """
    line, entry, account = tables.line, tables.entry, tables.account
    signed = case((line.c.side == "D", line.c.amount), else_=-line.c.amount)
    query = (
        select(entry.c.event_id, line.c.currency, func.sum(signed).label("residual"))
        .join(account, and_(account.c.book_id == line.c.book_id, account.c.account_id == line.c.account_id))
        .join(
            entry,
            and_(
                entry.c.book_id == line.c.book_id,
                entry.c.period_id == line.c.period_id,
                entry.c.entry_id == line.c.entry_id,
            ),
        )
        .where(tuple_(account.c.book_id, account.c.code).in_(list(clearing)))
        .group_by(entry.c.event_id, line.c.currency)
        .having(func.sum(signed) != 0)
    )
    return {(row.event_id, row.currency): int(row.residual) for row in conn.execute(query)}
