"""Balances read from the journal: of an account now, or at any (effective date, recorded number), and by subject.

All amounts are whole minor units; a signed balance is debit minus credit.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
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


def balances_now(conn: Connection, *, book: int, accounts: Sequence[str]) -> dict[str, int]:
    """`balance_now` of many leaf accounts in one statement; codes that the book does not have are left out."""
    rows = conn.execute(
        text(
            "SELECT code, ledger.balance_now(:b, account_id) FROM ledger.account WHERE book_id = :b AND code = ANY(:c)"
        ),
        {"b": book, "c": list(accounts)},
    )
    return {code: int(balance) for code, balance in rows}


def balance_at(conn: Connection, *, book: int, account: str, on: date, as_of_seq: int) -> int:
    """Debit minus credit of a leaf account, effective up to `on`, as the log knew it at `as_of_seq`. Never changes."""
    found = conn.execute(
        text(
            "SELECT ledger.balance_at(:b, account_id, :on, :s) FROM ledger.account WHERE book_id = :b AND code = :code"
        ),
        {"b": book, "code": account, "on": on, "s": as_of_seq},
    ).scalar_one()
    return int(found)


def day_turnovers(
    conn: Connection, *, book: int, account: str, from_on: date, to_on: date, as_of_seq: int
) -> dict[date | None, tuple[int, int]]:
    """Debit and credit turnover of a leaf account by day of `from_on` to `to_on`, as the log knew it at `as_of_seq`.

    Under None stands everything before `from_on`; days without a line are left out.
    """
    asked = {"b": book, "code": account, "lo": from_on, "hi": to_on, "s": as_of_seq}
    return {day: (int(debit), int(credit)) for day, debit, credit in conn.execute(_DAYS, asked)}


_DAYS: Final = text("""
  WITH known AS (SELECT account_id FROM ledger.account WHERE book_id = :b AND code = :code),
  moved AS (
    SELECT y.effective_on, y.debit, y.credit FROM ledger.account_day y JOIN known USING (account_id)
     WHERE y.book_id = :b AND y.effective_on <= :hi AND y.upto_seq <= :s
    UNION ALL
    SELECT x.effective_on, x.debit, x.credit
      FROM ledger.totals(:b, (SELECT coalesce(max(f.upto_seq), 0) + 1 FROM ledger.fold f
                               WHERE f.book_id = :b AND f.upto_seq <= :s), :s) x
      JOIN known USING (account_id) WHERE x.effective_on <= :hi)
  SELECT CASE WHEN effective_on >= :lo THEN effective_on END, sum(debit), sum(credit) FROM moved GROUP BY 1
""")


@dataclass(frozen=True, slots=True)
class Residual:
    """What is left on an account that ought to come back to zero."""

    account: str
    balance: int
    """Debit minus credit now."""
    oldest_unmatched_on: date | None
    """Accounting date of the oldest line that nothing has met yet, first in first out; None at zero."""


def residuals(conn: Connection, *, book: int, accounts: Sequence[str]) -> list[Residual]:
    """What is left on leaf accounts and since when, in order of codes, entries not yet numbered included.

    What comes first is met first, over the whole account: the newest lines on the side of the balance, just enough of
    them to make it up, are those that wait.
    """
    rows = conn.execute(_RESIDUALS, {"b": book, "codes": list(accounts)})
    return [Residual(code, int(balance), oldest) for code, balance, oldest in rows]


_RESIDUALS: Final = text("""
  WITH known AS (SELECT account_id, code FROM ledger.account WHERE book_id = :b AND code = ANY(:codes)),
  moved AS (
    SELECT y.account_id, y.effective_on, y.debit, y.credit
      FROM ledger.account_day y JOIN known USING (account_id) WHERE y.book_id = :b
    UNION ALL
    SELECT l.account_id, l.effective_on, CASE l.side WHEN 'D' THEN l.amount ELSE 0 END,
           CASE l.side WHEN 'C' THEN l.amount ELSE 0 END
      FROM ledger.intake i
      JOIN ledger.line l ON l.book_id = :b AND l.period_id = i.period_id AND l.entry_id = i.entry_id
      JOIN known ON known.account_id = l.account_id WHERE i.book_id = :b),
  days AS (SELECT account_id, effective_on, sum(debit) debit, sum(credit) credit FROM moved GROUP BY 1, 2),
  left_over AS (SELECT account_id, sum(debit - credit) balance FROM days GROUP BY 1),
  behind AS (
    SELECT d.account_id, d.effective_on, o.balance,
           sum(CASE WHEN o.balance > 0 THEN d.debit ELSE d.credit END)
             OVER (PARTITION BY d.account_id ORDER BY d.effective_on DESC) newer
      FROM days d JOIN left_over o USING (account_id) WHERE o.balance <> 0)
  SELECT k.code, coalesce(o.balance, 0), max(b.effective_on) FILTER (WHERE b.newer >= abs(b.balance))
    FROM known k LEFT JOIN left_over o USING (account_id) LEFT JOIN behind b USING (account_id)
   GROUP BY k.code, o.balance ORDER BY k.code
""")


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
