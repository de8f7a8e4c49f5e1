"""Trial balance, account statement, subject statement: derived views of the journal. Amounts are whole minor units."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, select, text

from ledger import tables
from ledger.account import Account
from ledger.balances import balance_at, day_turnovers
from ledger.books import ReversalStyle, chart
from ledger.entry import BIGINT_MAX, Dimensions, Side

BEGINNING: Final = date(1900, 1, 1)
"""Before every entry."""
END: Final = date(9999, 12, 31)
"""After every entry."""


class Dimension(StrEnum):
    """What a trial balance can be split by, besides the account."""

    PARTY = "party"
    SCHEME = "scheme"
    FUNDER = "funder"
    CHANNEL = "channel"


class Granularity(StrEnum):
    """Length of the stretches of time of a series of balances."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"

    def first_day(self, day: date) -> date:
        """The first day of the stretch that a day lies in; weeks begin on Monday."""
        match self:
            case Granularity.DAY:
                return day
            case Granularity.WEEK:
                return date.fromordinal(day.toordinal() - day.weekday())
            case Granularity.MONTH:
                return day.replace(day=1)
            case Granularity.YEAR:
                return day.replace(month=1, day=1)


@dataclass(frozen=True, slots=True)
class BalancePoint:
    """An account over one stretch of time: debit minus credit before and after, and its turnover."""

    from_on: date
    to_on: date
    opening: int
    debit: int
    credit: int

    @property
    def closing(self) -> int:
        """Balance at the end of the last day."""
        return self.opening + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Turnover:
    """Opening balance, turnover and closing balance of one row; opening and closing stand on one side only."""

    opening_debit: int = 0
    opening_credit: int = 0
    debit: int = 0
    credit: int = 0
    closing_debit: int = 0
    closing_credit: int = 0

    def __add__(self, other: "Turnover") -> "Turnover":
        """Add column by column, as the totals row does."""
        return Turnover(
            self.opening_debit + other.opening_debit,
            self.opening_credit + other.opening_credit,
            self.debit + other.debit,
            self.credit + other.credit,
            self.closing_debit + other.closing_debit,
            self.closing_credit + other.closing_credit,
        )


@dataclass(frozen=True, slots=True)
class TrialBalanceRow:
    """One account (or group of accounts) with its dimension values."""

    account: Account
    level: int
    """1 for a top account."""
    dimensions: Mapping[Dimension, int]
    """Only those asked for; 0 means none."""
    turnover: Turnover


@dataclass(frozen=True, slots=True)
class TrialBalance:
    """试算平衡表 of one book: debits equal credits in every pair of columns, or something is broken."""

    book: int
    currency: str
    from_on: date
    to_on: date
    as_of_seq: int | None
    """The log's size it was read at; None means now, entries not yet numbered included."""
    style: ReversalStyle
    rows: tuple[TrialBalanceRow, ...]
    total: Turnover

    @property
    def balanced(self) -> bool:
        """Whether each pair of columns is equal."""
        t = self.total
        return t.opening_debit == t.opening_credit and t.debit == t.credit and t.closing_debit == t.closing_credit


def trial_balance(
    conn: Connection,
    *,
    book: int,
    from_on: date = BEGINNING,
    to_on: date = END,
    as_of_seq: int | None = None,
    level: int | None = None,
    by: Sequence[Dimension] = (),
    style: ReversalStyle | None = None,
    currency: str | None = None,
) -> TrialBalance:
    """The trial balance of a book between two dates, both included.

    `level` rolls leaf accounts up to that depth of the chart; `style` is the book's own unless given. A book of several
    currencies has one trial balance per currency; the base currency unless given.
    """
    registered = conn.execute(select(tables.book).where(tables.book.c.book_id == book)).one()
    wanted = currency or registered.base_currency
    shown = style or ReversalStyle(registered.reversal_style)
    accounts = chart(conn, book)
    by_code = {account.code: account for account in accounts.values()}
    sums: dict[tuple[str, tuple[int, ...]], tuple[int, int, int]] = {}
    rows = conn.execute(
        text("SELECT * FROM ledger.balances(:b, :lo, :hi, :s)"), {"b": book, "lo": from_on, "hi": to_on, "s": as_of_seq}
    )
    for row in rows:
        account = accounts[row.account_id]
        if account.currency != wanted:
            continue
        debit, credit = row.debit, row.credit
        if shown is ReversalStyle.RED:
            # a red entry counts negative on the side of the entry it reverses (domain rule 红字冲销)
            debit, credit = debit - row.red_debit - row.red_credit, credit - row.red_credit - row.red_debit
        code = ancestor(account, by_code, level).code
        key = (code, tuple(getattr(row, f"{dimension.value}_id") for dimension in by))
        net, d, c = sums.get(key, (0, 0, 0))
        sums[key] = (net + int(row.open_debit - row.open_credit), d + int(debit), c + int(credit))
    built = tuple(
        TrialBalanceRow(
            account=by_code[code],
            level=depth(by_code[code], by_code),
            dimensions=dict(zip(by, values, strict=True)),
            turnover=_turnover(net, d, c),
        )
        for (code, values), (net, d, c) in sorted(sums.items())
    )
    total = Turnover()
    for built_row in built:
        total += built_row.turnover
    return TrialBalance(book, wanted, from_on, to_on, as_of_seq, shown, built, total)


def depth(account: Account, by_code: Mapping[str, Account]) -> int:
    """How deep an account lies in its chart; 1 for a top account."""
    return 1 if account.parent is None else 1 + depth(by_code[account.parent], by_code)


def ancestor(account: Account, by_code: Mapping[str, Account], level: int | None) -> Account:
    """The account that stands for `account` at a depth of the chart."""
    while level is not None and depth(account, by_code) > level:
        assert account.parent is not None
        account = by_code[account.parent]
    return account


def _turnover(net: int, debit: int, credit: int) -> Turnover:
    closing = net + debit - credit
    return Turnover(max(net, 0), max(-net, 0), debit, credit, max(closing, 0), max(-closing, 0))


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line as a statement shows it."""

    entry_id: int
    line_no: int
    seq: int | None
    kind: str
    effective_on: date
    recorded_at: datetime
    account: str
    side: Side
    amount: int
    currency: str
    balance: int
    """Running balance after this line, debit minus credit."""
    description: str
    is_red: bool
    dims: Dimensions
    cursor: str
    """Where the next page begins after this line."""


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """明细账: one page of an account's lines, with the opening and closing balance of the whole range.

    Pinned at `as_of_seq`: pages taken later, under writes, belong together. opening + Σ lines of all pages = closing.
    """

    book: int
    account: Account
    from_on: date
    to_on: date
    as_of_seq: int
    opening: int
    """Debit minus credit before the range."""
    closing: int
    """Debit minus credit at its end."""
    lines: tuple[StatementLine, ...]
    has_next: bool


def balances_during(
    conn: Connection,
    *,
    book: int,
    account: str,
    from_on: date,
    to_on: date,
    granularity: Granularity,
    as_of_seq: int | None = None,
) -> tuple[BalancePoint, ...]:
    """The balances of a leaf account from day to day, month to month …, each stretch closing where the next one opens.

    The first and the last stretch end at the dates given. Read at a length of the log: its present one unless given.
    """
    pinned = as_of_seq
    if pinned is None:
        pinned = conn.execute(select(tables.tip.c.seq).where(tables.tip.c.book_id == book)).scalar_one()
    moved = day_turnovers(conn, book=book, account=account, from_on=from_on, to_on=to_on, as_of_seq=pinned)
    before = moved.get(None, (0, 0))
    balance, points = before[0] - before[1], list[BalancePoint]()
    for first, last in stretches(from_on, to_on, granularity):
        days = [turnover for day, turnover in moved.items() if day is not None and first <= day <= last]
        points.append(BalancePoint(first, last, balance, sum(d for d, _ in days), sum(c for _, c in days)))
        balance = points[-1].closing
    return tuple(points)


def stretches(from_on: date, to_on: date, granularity: Granularity) -> tuple[tuple[date, date], ...]:
    """Cut two dates, both included, into stretches of a granularity."""
    found: list[tuple[date, date]] = []
    for number in range(from_on.toordinal(), to_on.toordinal() + 1):
        day = date.fromordinal(number)
        if found and granularity.first_day(day) == granularity.first_day(found[-1][0]):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class CursorInvalid(ValueError):
    """The cursor was not made by this statement."""

    code: str = "INVALID_CURSOR"


@dataclass(frozen=True, slots=True)
class _Place:
    as_of_seq: int
    effective_on: date
    seq: int
    line_no: int
    balance: int


def account_statement(
    conn: Connection,
    *,
    book: int,
    account: str,
    from_on: date = BEGINNING,
    to_on: date = END,
    as_of_seq: int | None = None,
    after: str | None = None,
    first: int = 50,
) -> AccountStatement | None:
    """A page of an account's lines by effective date, then by number; None when the account is unknown.

    Raises CursorInvalid for a foreign cursor. No index on the account is needed: the day deltas say in which stretches
    of the log its lines lie.
    """
    accounts = chart(conn, book)
    found = next(((i, a) for i, a in accounts.items() if a.code == account), None)
    if found is None:
        return None
    account_id, known = found
    place = _read_cursor(after) if after is not None else None
    pinned = place.as_of_seq if place is not None else as_of_seq
    if pinned is None:
        pinned = conn.execute(select(tables.tip.c.seq).where(tables.tip.c.book_id == book)).scalar_one()
    opening = balance_at(conn, book=book, account=account, on=_day_before(from_on), as_of_seq=pinned)
    closing = balance_at(conn, book=book, account=account, on=to_on, as_of_seq=pinned)
    rows = conn.execute(
        _PAGE,
        {
            "b": book,
            "a": account_id,
            "lo": from_on,
            "hi": to_on,
            "s": pinned,
            "day": place.effective_on if place else from_on,
            "seq": place.seq if place else 0,
            "no": place.line_no if place else 0,
            "first": first + 1,
        },
    ).all()
    balance = place.balance if place else opening
    lines = []
    for row in rows[:first]:
        balance += row.amount if row.side == "D" else -row.amount
        cursor = _write_cursor(_Place(pinned, row.effective_on, row.seq, row.line_no, balance))
        lines.append(_statement_line(row, account=account, balance=balance, cursor=cursor))
    return AccountStatement(book, known, from_on, to_on, pinned, opening, closing, tuple(lines), len(rows) > first)


# Stretches of the log that touched the account, in order of (day, number), just enough of them to fill the page; then
# their lines. n counts lines per stretch and day, so the page is bounded before a line is read.
_PAGE: Final = text("""
  WITH stretch AS (
    SELECT effective_on, from_seq, upto_seq, sum(n) n FROM ledger.account_day
     WHERE book_id = :b AND account_id = :a AND effective_on BETWEEN greatest(:lo, :day) AND :hi AND from_seq <= :s
       AND (effective_on > :day OR upto_seq >= :seq)
     GROUP BY 1, 2, 3),
  ranked AS (SELECT stretch.*, sum(n) OVER (ORDER BY effective_on, from_seq) - n before,
                    first_value(n) OVER (ORDER BY effective_on, from_seq) n_first FROM stretch),
  picked AS (SELECT * FROM ranked WHERE before < :first + n_first ORDER BY effective_on, from_seq)
  SELECT l.*, g.seq, e.kind, e.recorded_at, e.description, e.is_red
    FROM picked p
    CROSS JOIN LATERAL (
      SELECT seq, period_id, entry_id FROM ledger.log x
       WHERE x.book_id = :b AND x.seq BETWEEN p.from_seq AND least(p.upto_seq, :s)
         AND x.period_id = ledger.month_of(p.effective_on) OFFSET 0) g
    CROSS JOIN LATERAL (
      SELECT * FROM ledger.line x
       WHERE x.book_id = :b AND x.period_id = g.period_id AND x.entry_id = g.entry_id
         AND x.account_id = :a AND x.effective_on = p.effective_on OFFSET 0) l
    JOIN ledger.entry e ON e.book_id = :b AND e.period_id = g.period_id AND e.entry_id = g.entry_id
   WHERE (l.effective_on, g.seq, l.line_no) > (:day, :seq, :no)
   ORDER BY l.effective_on, g.seq, l.line_no LIMIT :first
""")


@dataclass(frozen=True, slots=True)
class SubjectStatement:
    """All lines of one subject in a book, with a running balance per account."""

    book: int
    subject: int
    lines: tuple[StatementLine, ...]
    closing: Mapping[str, int]
    """Debit minus credit by account code."""


def subject_statement(
    conn: Connection, *, book: int, subject: int, from_on: date = BEGINNING, to_on: date = END
) -> SubjectStatement:
    """The lines of a subject by effective date, then entry; balances run from its first line, whatever the range."""
    return subject_statements(conn, book=book, subjects=[subject], from_on=from_on, to_on=to_on)[subject]


def subject_statements(
    conn: Connection, *, book: int, subjects: Sequence[int], from_on: date = BEGINNING, to_on: date = END
) -> dict[int, SubjectStatement]:
    """The statements of many subjects of a book in one statement of SQL."""
    rows = conn.execute(
        text("""
          SELECT l.*, a.code, g.seq, e.kind, e.recorded_at, e.description, e.is_red
            FROM ledger.line l JOIN ledger.account a ON a.book_id = l.book_id AND a.account_id = l.account_id
            JOIN ledger.entry e ON e.book_id = l.book_id AND e.period_id = l.period_id AND e.entry_id = l.entry_id
            LEFT JOIN ledger.log g ON g.book_id = l.book_id AND g.entry_id = l.entry_id
           WHERE l.book_id = :b AND l.subject_id = ANY(:s) AND l.effective_on <= :hi
           ORDER BY l.effective_on, l.entry_id, l.line_no
        """),
        {"b": book, "s": list(subjects), "hi": to_on},
    ).all()
    closing: dict[int, dict[str, int]] = {subject: {} for subject in subjects}
    lines: dict[int, list[StatementLine]] = {subject: [] for subject in subjects}
    for row in rows:
        balances = closing[row.subject_id]
        balance = balances.get(row.code, 0) + (row.amount if row.side == "D" else -row.amount)
        balances[row.code] = balance
        if row.effective_on >= from_on:
            cursor = f"{row.entry_id}.{row.line_no}"
            line = _statement_line(row, account=row.code, balance=balance, cursor=cursor)
            lines[row.subject_id].append(line)
    return {subject: SubjectStatement(book, subject, tuple(lines[subject]), closing[subject]) for subject in subjects}


@dataclass(frozen=True, slots=True)
class PagedLine:
    """A line of one subject on one account, newest first, with what the balance was after it."""

    entry_id: int
    line_no: int
    effective_on: date
    side: Side
    amount: int
    balance: int
    """Debit minus credit of the subject on the account once this line was recorded."""


@dataclass(frozen=True, slots=True)
class SubjectPage:
    """The newest lines of a subject on an account, in the order of recording backwards."""

    balance: int
    """Debit minus credit after the first line shown: of now, on the first page."""
    lines: tuple[PagedLine, ...]
    after: str | None
    """Where the next page begins; None when this is the last."""


def subject_page(
    conn: Connection, *, book: int, account: str, subject: int, after: str | None = None, first: int = 50
) -> SubjectPage | None:
    """A page of a subject's lines on a guarded account, walked back from its guard; None when there is no guard.

    Costs as much as the page, however long the history: the guard is the balance of now, and the lines are read
    backwards in the subject's index. Raises CursorInvalid for a foreign cursor.
    """
    place = _read_cursor(after) if after is not None else None
    rows = conn.execute(
        _SUBJECT_PAGE,
        {
            "b": book,
            "code": account,
            "s": subject,
            "entry": place.seq if place else BIGINT_MAX,
            "no": place.line_no if place else 0,
            "first": first + 1,
        },
    ).all()
    if not rows:
        return None
    balance = top = place.balance if place else rows[0].top
    lines = []
    for row in rows[:first]:
        if row.amount is not None:
            line = PagedLine(row.entry_id, row.line_no, row.effective_on, Side(row.side), row.amount, balance)
            lines.append(line)
            balance -= row.amount if line.side is Side.DEBIT else -row.amount
    last = lines[-1] if len(rows) > first else None
    cursor = None if last is None else _write_cursor(_Place(0, BEGINNING, last.entry_id, last.line_no, balance))
    return SubjectPage(top, tuple(lines), cursor)


_SUBJECT_PAGE: Final = text("""
  SELECT CASE a.normal_side WHEN 'D' THEN g.balance ELSE -g.balance END top,
         l.entry_id, l.line_no, l.effective_on, l.side, l.amount
    FROM ledger.account a JOIN ledger.guard g ON g.book_id = a.book_id AND g.account_id = a.account_id
    LEFT JOIN LATERAL (
      SELECT * FROM ledger.line x
       WHERE x.book_id = :b AND x.subject_id = :s AND x.entry_id <= :entry AND x.account_id = a.account_id
         AND (x.entry_id < :entry OR x.line_no < :no)
       ORDER BY x.entry_id DESC, x.line_no DESC LIMIT :first) l ON true
   WHERE a.book_id = :b AND a.code = :code AND g.subject_id = :s
   ORDER BY l.entry_id DESC, l.line_no DESC
""")


def _statement_line(row: Any, *, account: str, balance: int, cursor: str) -> StatementLine:  # noqa: ANN401 - a result row
    return StatementLine(
        entry_id=row.entry_id,
        line_no=row.line_no,
        seq=row.seq,
        kind=row.kind,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        account=account,
        side=Side(row.side),
        amount=row.amount,
        currency=row.currency,
        balance=balance,
        description=row.description,
        is_red=row.is_red,
        dims=Dimensions(row.subject_id, row.party_id, row.scheme_id, row.funder_id, row.channel_id),
        cursor=cursor,
    )


def _day_before(day: date) -> date:
    return day if day <= BEGINNING else date.fromordinal(day.toordinal() - 1)


def _write_cursor(place: _Place) -> str:
    body = [place.as_of_seq, place.effective_on.toordinal(), place.seq, place.line_no, place.balance]
    return base64.urlsafe_b64encode(json.dumps(body, separators=(",", ":")).encode()).decode()


def _read_cursor(cursor: str) -> _Place:
    try:
        as_of_seq, day, seq, line_no, balance = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        numbers = (as_of_seq, day, seq, line_no, balance)
        if not all(type(number) is int for number in numbers):
            raise CursorInvalid
        return _Place(as_of_seq, date.fromordinal(day), seq, line_no, balance)
    except (ValueError, TypeError, OverflowError) as error:
        raise CursorInvalid from error


def totals_by_account(balance: TrialBalance) -> dict[str, int]:
    """Closing balance, debit minus credit, by account code: what outside bookkeepers are compared with."""
    closing: dict[str, int] = {}
    for row in balance.rows:
        net = row.turnover.closing_debit - row.turnover.closing_credit
        closing[row.account.code] = closing.get(row.account.code, 0) + net
    return closing


def without_zero(balance: TrialBalance) -> TrialBalance:
    """The same trial balance without the rows in which nothing stands."""
    return replace(balance, rows=tuple(row for row in balance.rows if row.turnover != Turnover()))
