"""The registry: opening books, accounts and months, and closing months. Shell; nothing here posts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from sqlalchemy import Connection, func, select, text

from ledger import tables
from ledger.account import Account, AccountClass, Policy
from ledger.entry import Entry, Side
from ledger.period import CorrectionPolicy, PeriodClosed, PeriodState, place


class ReversalStyle(StrEnum):
    """How a book's reports show a reversal: negative on the same side (红字), or on the other side."""

    RED = "RED"
    MIRROR = "MIRROR"


@dataclass(frozen=True, slots=True)
class Book:
    """The accounts of one legal party."""

    book_id: int
    code: str
    legal_entity: str
    base_currency: str
    reversal_style: ReversalStyle


@dataclass(frozen=True, slots=True)
class Period:
    """An accounting month of a book."""

    period_id: int
    """yyyymm."""
    state: PeriodState
    closed_seq: int | None
    """The log's head when the month was closed."""


def open_book(conn: Connection, book: Book) -> None:
    """Register a book. A second book with the same id or code is an integrity error: books are set up once."""
    conn.execute(
        text("SELECT ledger.open_book(:b, :code, :entity, :currency, :style)"),
        {
            "b": book.book_id,
            "code": book.code,
            "entity": book.legal_entity,
            "currency": book.base_currency,
            "style": book.reversal_style.value,
        },
    )


def open_account(conn: Connection, book: int, account: Account) -> int:
    """Register an account under its parent and answer its id."""
    opened = conn.execute(
        text(
            "SELECT ledger.open_account(:b, :code, :name_zh, :name_en, :parent, :class, :side, :currency, "
            ":postable, :policy, :dims, :opened_on)"
        ),
        {
            "b": book,
            "code": account.code,
            "name_zh": account.name_zh,
            "name_en": account.name_en,
            "parent": account.parent,
            "class": account.account_class.value,
            "side": account.normal_side.value,
            "currency": account.currency,
            "postable": account.postable,
            "policy": account.policy.value,
            "dims": int(account.required_dims),
            "opened_on": account.opened_on,
        },
    ).scalar_one()
    return int(opened)


def open_accounts(conn: Connection, book: int, accounts: Iterable[Account]) -> None:
    """Register a whole chart, parents before children."""
    for account in accounts:
        open_account(conn, book, account)


def close_account(conn: Connection, book: int, code: str, on: date) -> None:
    """Close an account: nothing effective after `on` can be posted to it."""
    conn.execute(text("SELECT ledger.close_account(:b, :code, :on)"), {"b": book, "code": code, "on": on})


def open_period(conn: Connection, book: int, period_id: int) -> None:
    """Open a month (yyyymm). Again changes nothing; a month before a closed one is refused by the database."""
    conn.execute(text("SELECT ledger.open_period(:b, :p)"), {"b": book, "p": period_id})


def begin_close(conn: Connection, book: int, period_id: int) -> None:
    """Freeze a month for the checks before its close."""
    conn.execute(text("SELECT ledger.begin_close(:b, :p)"), {"b": book, "p": period_id})


def reopen(conn: Connection, book: int, period_id: int) -> None:
    """Take back `begin_close`."""
    conn.execute(text("SELECT ledger.reopen(:b, :p)"), {"b": book, "p": period_id})


def close_period(conn: Connection, book: int, period_id: int) -> int:
    """Close the earliest unclosed month for ever; answers the log's head at that moment."""
    return int(conn.execute(text("SELECT ledger.close_period(:b, :p)"), {"b": book, "p": period_id}).scalar_one())


@dataclass(frozen=True, slots=True)
class Ended:
    """The month is closed; `is_replay`: it was closed before."""

    closed_seq: int
    """The log's head when it was closed."""
    is_replay: bool


class EndRefused(StrEnum):
    """Why a month was not closed."""

    PERIOD_UNKNOWN = "LEDGER_PERIOD_UNKNOWN"
    CLOSE_ORDER = "LEDGER_CLOSE_ORDER"
    """A month before it is not closed."""


def end_period(conn: Connection, book: int, period_id: int) -> Ended | EndRefused:
    """Close a month, once, or answer that it is closed or why it is not.

    Whoever closes queues for the month before he reads it: of two at a time the later one finds it closed.
    """
    conn.execute(text("SELECT pg_advisory_xact_lock(:b, :p)"), {"b": book, "p": period_id})
    known = {one.period_id: one for one in periods(conn, book)}
    if period_id not in known:
        return EndRefused.PERIOD_UNKNOWN
    closed_seq = known[period_id].closed_seq
    if closed_seq is not None:
        return Ended(closed_seq, is_replay=True)
    if any(one.closed_seq is None for month, one in known.items() if month < period_id):
        return EndRefused.CLOSE_ORDER
    return Ended(close_period(conn, book, period_id), is_replay=False)


def books(conn: Connection) -> list[Book]:
    """The books that the caller may see."""
    rows = conn.execute(select(tables.book).order_by(tables.book.c.book_id))
    return [Book(r.book_id, r.code, r.legal_entity, r.base_currency, ReversalStyle(r.reversal_style)) for r in rows]


def periods(conn: Connection, book: int) -> list[Period]:
    """The months of a book in order."""
    return periods_of(conn, [book])[book]


def periods_of(conn: Connection, numbers: Sequence[int]) -> dict[int, list[Period]]:
    """The months of each of many books in order, in one statement."""
    p = tables.period
    found: dict[int, list[Period]] = {book: [] for book in numbers}
    for r in conn.execute(select(p).where(p.c.book_id.in_(numbers)).order_by(p.c.period_id)):
        found[r.book_id].append(Period(r.period_id, PeriodState(r.state), r.closed_seq))
    return found


def chart(conn: Connection, book: int) -> dict[int, Account]:
    """The accounts of a book by id, in the order of their codes."""
    a = tables.account
    query = select(a, a.c["class"].label("account_class")).where(a.c.book_id == book).order_by(a.c.code)
    rows = conn.execute(query).all()
    codes = {r.account_id: r.code for r in rows}
    return {
        r.account_id: Account(
            code=r.code,
            name_zh=r.name_zh,
            name_en=r.name_en,
            account_class=AccountClass(r.account_class),
            normal_side=Side(r.normal_side),
            currency=r.currency,
            postable=r.postable,
            policy=Policy(r.policy),
            required_dims=r.required_dims,
            parent=codes.get(r.parent_id),
            opened_on=r.opened_on,
            closed_on=r.closed_on,
        )
        for r in rows
    }


def placed(
    conn: Connection, entry: Entry, *, booked_on: date, policy: CorrectionPolicy = CorrectionPolicy.CORRECT_IN_CURRENT
) -> Entry | PeriodClosed:
    """The entry on the day under which it can be booked: its own, or a later one in an open month.

    A correction to a closed month goes to `booked_on` (today's business date) or to the first open day after, and keeps
    its own date as `economic_on`. Both dates are part of what an idempotency key stands for, so whoever repeats a
    command names the same `booked_on`. A month that closes before the entry is posted is refused by the door, by name.
    """
    states = {period.period_id: period.state for period in periods(conn, entry.book)}
    found = place(entry.effective_on, states=states, policy=policy, booked_on=booked_on)
    if isinstance(found, PeriodClosed):
        return found
    if found.economic_on is None:
        return entry
    return replace(entry, effective_on=found.effective_on, economic_on=entry.economic_on or found.economic_on)


def pending(conn: Connection, book: int) -> int:
    """How many committed entries wait for the sequencer."""
    i = tables.intake
    return conn.execute(select(func.count()).select_from(i).where(i.c.book_id == book)).scalar_one()
