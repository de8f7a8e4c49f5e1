"""The books: entries and lines, trial balance, statements. Debit and credit are words; amounts are positive."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

import strawberry

from graphql_api.faults import Fault
from graphql_api.relay import Connection as Rows
from graphql_api.relay import global_id
from graphql_api.scalars import BigInt, CurrencyCode
from graphql_api.types.field import made, minor, path, presents
from graphql_api.types.value import Ask, Connection, Money, Node
from ledger import account, balances, books, journal, period, seal, statements
from ledger import entry as ledger_entry
from ledger.money import Money as Amount

ENTRY = "en"
"""Prefix of the global ids of entries: the book and the entry's number follow."""


def entry_id(root: journal.StoredEntry) -> strawberry.ID:
    """Global id of an entry."""
    return strawberry.ID(global_id(ENTRY, root.entry.book, root.entry_id))


def _reversing(root: journal.StoredEntry) -> strawberry.ID | None:
    """Global id of the entry that this one reverses."""
    reversed_id = root.entry.reverses
    return None if reversed_id is None else strawberry.ID(global_id(ENTRY, root.entry.book, reversed_id))


def _reversed_by(root: journal.StoredEntry) -> strawberry.ID | None:
    """Global id of the entry that reversed this one."""
    return None if root.reversed_by is None else strawberry.ID(global_id(ENTRY, root.entry.book, root.reversed_by))


@strawberry.type(description="What an amount is about, besides its account; numbers of the platform's own registers.")
class Dimensions:
    """Presents `ledger.entry.Dimensions`."""

    subject: BigInt | None = strawberry.field(description="The contract (a loan).")
    party: int | None = strawberry.field(description="The legal party that brought the business.")
    scheme: int | None = strawberry.field(description="The commercial scheme (a product).")
    funder: int | None = strawberry.field(description="The party whose money it is.")
    channel: int | None = strawberry.field(description="The technical way on which it came.")


@strawberry.type(description="One side of an entry: an account, debit or credit, and a positive amount.")
class EntryLine:
    """Presents `ledger.entry.Line`."""

    account: str = strawberry.field(description="Code of the account.")
    side: ledger_entry.Side = strawberry.field(description="Debit or credit.")
    amount: Money = minor("amount", "currency", "The amount, positive.")
    dimensions: Dimensions = path("dims", "What the amount is about.")


def checkpoint_root(root: seal.StoredCheckpoint) -> str:
    """Root of the tree in hexadecimal digits."""
    return root.root.hex()


@strawberry.type(
    description="A signed head of a book's log: whoever keeps it can tell for ever whether it was changed."
)
class Checkpoint:
    """Presents `ledger.seal.StoredCheckpoint`."""

    size: BigInt = strawberry.field(description="Entries that it speaks of.")
    root: str = made(checkpoint_root, "Root of the Merkle tree over them, in hexadecimal digits.")
    note: str = strawberry.field(description="The signed note, as `zhudai verify` reads it.")
    created_at: datetime = strawberry.field(description="When it was signed.")


@dataclass(frozen=True, slots=True)
class ProofView:
    """The way from an entry to a checkpoint."""

    leaf_index: int
    nodes: Sequence[bytes]
    checkpoint: seal.StoredCheckpoint


def _path(root: ProofView) -> list[str]:
    """The nodes in hexadecimal digits."""
    return [one.hex() for one in root.nodes]


@strawberry.type(description="Proof that an entry is among those of a checkpoint (RFC 9162 §2.1.3).")
class EntryProof:
    """Presents an inclusion proof."""

    leaf_index: BigInt = strawberry.field(description="Place of the entry among the leaves, from 0.")
    path: list[str] = made(_path, "Hashes of the siblings, the nearest first, in hexadecimal digits.")
    checkpoint: Checkpoint = strawberry.field(description="The checkpoint that it leads to.")


def meet_entries(info: Ask, found: Iterable[journal.StoredEntry]) -> None:
    """Remember entries: their proofs are read for all of them at once."""
    for one in found:
        if one.seq is not None:
            info.context.meet(f"log {one.entry.book}", [one.seq])


def _proof(
    root: journal.StoredEntry,
    info: Ask,
    checkpoint_size: Annotated[
        BigInt | None, strawberry.argument(description="Size of the checkpoint; the latest one when absent.")
    ] = None,
) -> ProofView | None:
    """The way from an entry to a checkpoint; nothing while the checkpoint does not cover it."""
    book, conn = root.entry.book, info.context.conn

    def signed(_: list[int]) -> dict[int, seal.StoredCheckpoint]:
        return dict(zip([book], seal.checkpoints(conn, book=book, first=1, size=checkpoint_size), strict=False))

    checkpoint = info.context.load("book", ("checkpoint", checkpoint_size, book), book, signed)
    if checkpoint is None and checkpoint_size is not None:
        raise Fault("NOT_FOUND")
    if checkpoint is None or root.seq is None or root.seq > checkpoint.size:
        return None
    size = checkpoint.size

    def fetch(seqs: list[int]) -> dict[int, tuple[bytes, ...]]:
        return seal.inclusion_proofs(conn, book=book, seqs=[one for one in seqs if one <= size], size=size)

    nodes = info.context.load(f"log {book}", ("proof", size), root.seq, fetch)
    assert nodes is not None, "an entry that is covered has a proof"
    return ProofView(root.seq - 1, nodes, checkpoint)


@strawberry.type(description="A balanced entry of the journal; it never changes and is corrected by a reversal.")
@presents(journal.StoredEntry)
class Entry(Node):
    """Presents `ledger.journal.StoredEntry`."""

    id: strawberry.ID = made(entry_id, "Global id.")
    book: int = path("entry.book", "Number of the book.")
    number: BigInt = path("entry_id", "Number of the entry, ascending over all books.")
    seq: BigInt | None = strawberry.field(description="Gapless number in the book's log; absent for a moment after.")
    event_id: strawberry.ID | None = path("entry.event_id", "The business event; entries of several books share it.")
    source: str = path("entry.source", "The module that posted it; the name space of its key.")
    key: str = path("entry.key", "Idempotency key within the source.")
    kind: str = path("entry.kind", "What happened, in the words of the posting rules.")
    effective_on: date = path("entry.effective_on", "Accounting date.")
    economic_on: date | None = path("entry.economic_on", "Original date, when its month was closed already.")
    paid_on: date | None = path("entry.paid_on", "Date on which money moved, when that differs.")
    recorded_at: datetime = strawberry.field(description="When it was written.")
    actor: str = path("entry.actor", "Who or what ordered it.")
    description: str = path("entry.description", "Words for readers of the journal; no personal data.")
    is_red: bool = path("entry.is_red", "Whether reports show this reversal in red.")
    reverses: strawberry.ID | None = made(_reversing, "The entry that this one reverses.")
    reversed_by: strawberry.ID | None = made(_reversed_by, "The entry that reversed this one.")
    lines: list[EntryLine] = path("entry.lines", "Two lines or more; debits equal credits in each currency.")
    proof: EntryProof | None = made(
        _proof, "Proof that it is among the entries of a checkpoint; nothing while that does not cover it."
    )


@strawberry.type(description="An entry as a posting rule renders it; nothing is posted.")
class EntryPreview:
    """Presents an entry that was not stored."""

    book: int = strawberry.field(description="Number of the book.")
    kind: str = strawberry.field(description="What happens, in the words of the posting rules.")
    lines: list[EntryLine] = strawberry.field(description="Its lines.")


@strawberry.type(description="An accounting month of a book.")
class Period:
    """Presents `ledger.books.Period`."""

    month: int = path("period_id", "The month as yyyymm.")
    state: period.PeriodState = strawberry.field(description="Open, closing or closed.")
    closed_seq: BigInt | None = strawberry.field(description="Head of the log when it was closed.")


@dataclass(frozen=True, slots=True)
class BookView:
    """A book with its months."""

    book: books.Book
    periods: Sequence[books.Period]


@strawberry.type(description="The accounts of one legal party.")
class Book:
    """Presents a book and its months."""

    number: int = path("book.book_id", "Number of the book.")
    code: str = path("book.code", "Short name.")
    legal_entity: str = path("book.legal_entity", "Whose accounts they are.")
    currency: CurrencyCode = path("book.base_currency", "Base currency.")
    reversal_style: books.ReversalStyle = path("book.reversal_style", "How its reports show a reversal.")
    periods: list[Period] = strawberry.field(description="Its accounting months.")


@strawberry.type(description="One account of a chart.")
class Account:
    """Presents `ledger.account.Account`."""

    code: str = strawberry.field(description="Code; dots make the tree.")
    name_zh: str = strawberry.field(description="Chinese name.")
    name_en: str = strawberry.field(description="English name.")
    account_class: account.AccountClass = strawberry.field(description="Class in the chart.")
    currency: CurrencyCode = strawberry.field(description="The one currency of its lines.")
    normal_side: ledger_entry.Side = strawberry.field(description="The side on which it grows.")
    postable: bool = strawberry.field(description="Whether lines may name it.")
    parent: str | None = strawberry.field(description="Code of the account above.")


@dataclass(frozen=True, slots=True)
class TurnoverView:
    """Opening, turnover and closing in a currency."""

    currency: str
    turnover: statements.Turnover


def _row_turnover(root: statements.TrialBalanceRow) -> TurnoverView:
    """Figures of a row in the currency of its account."""
    return TurnoverView(root.account.currency, root.turnover)


def _total_turnover(root: statements.TrialBalance) -> TurnoverView:
    """Figures of the last row."""
    return TurnoverView(root.currency, root.total)


@strawberry.type(description="Opening balance, turnover and closing balance; each balance stands on one side.")
class Turnover:
    """Presents `ledger.statements.Turnover` in a currency."""

    opening_debit: Money = minor("turnover.opening_debit", "currency", "Opening balance, debit.")
    opening_credit: Money = minor("turnover.opening_credit", "currency", "Opening balance, credit.")
    debit: Money = minor("turnover.debit", "currency", "Debit turnover.")
    credit: Money = minor("turnover.credit", "currency", "Credit turnover.")
    closing_debit: Money = minor("turnover.closing_debit", "currency", "Closing balance, debit.")
    closing_credit: Money = minor("turnover.closing_credit", "currency", "Closing balance, credit.")


def _dimension_values(root: statements.TrialBalanceRow) -> list[DimensionValue]:
    """The values that a row is split by."""
    return [DimensionValue(dimension=name, value=value) for name, value in root.dimensions.items()]


@strawberry.type(description="One value that a row of a trial balance is split by.")
class DimensionValue:
    """A dimension and its number; 0 means none."""

    dimension: statements.Dimension = strawberry.field(description="The dimension.")
    value: int = strawberry.field(description="Its number in the platform's register; 0 means none.")


@strawberry.type(description="One account (or group of accounts) of a trial balance.")
class TrialBalanceRow:
    """Presents `ledger.statements.TrialBalanceRow`."""

    account: Account = strawberry.field(description="The account.")
    level: int = strawberry.field(description="Depth in the chart, 1 at the top.")
    dimensions: list[DimensionValue] = made(_dimension_values, "The values it is split by, as asked.")
    turnover: Turnover = made(_row_turnover, "Its figures.")


@strawberry.type(description="Trial balance of a book (试算平衡表): every pair of columns is equal.")
class TrialBalance:
    """Presents `ledger.statements.TrialBalance`."""

    book: int = strawberry.field(description="Number of the book.")
    currency: CurrencyCode = strawberry.field(description="The currency.")
    from_on: date = strawberry.field(description="First day of the turnover.")
    to_on: date = strawberry.field(description="Last day.")
    as_of_seq: BigInt | None = strawberry.field(description="Length of the log it was read at; absent means now.")
    balanced: bool = strawberry.field(description="Whether each pair of columns is equal.")
    rows: list[TrialBalanceRow] = strawberry.field(description="Accounts in order of their codes.")
    total: Turnover = made(_total_turnover, "The last row.")


@strawberry.type(description="A line as a statement shows it, with the running balance after it.")
class StatementLine:
    """Presents `ledger.statements.StatementLine`."""

    number: BigInt = path("entry_id", "Number of its entry.")
    line_no: int = strawberry.field(description="Number of the line in its entry.")
    seq: BigInt | None = strawberry.field(description="Number of the entry in the book's log.")
    kind: str = strawberry.field(description="What happened, in the words of the posting rules.")
    effective_on: date = strawberry.field(description="Accounting date.")
    recorded_at: datetime = strawberry.field(description="When it was written.")
    account: str = strawberry.field(description="Code of the account.")
    side: ledger_entry.Side = strawberry.field(description="Debit or credit.")
    amount: Money = minor("amount", "currency", "The amount, positive.")
    balance: Money = minor("balance", "currency", "Balance after the line, debit minus credit.")
    description: str = strawberry.field(description="Words for readers of the journal.")


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement with its lines as a page."""

    statement: statements.AccountStatement
    lines: Rows


@strawberry.type(description="Account statement (明细账), pinned at a length of the log: its pages belong together.")
class AccountStatement:
    """Presents `ledger.statements.AccountStatement`."""

    book: int = path("statement.book", "Number of the book.")
    account: Account = path("statement.account", "The account.")
    from_on: date = path("statement.from_on", "First day.")
    to_on: date = path("statement.to_on", "Last day.")
    as_of_seq: BigInt = path("statement.as_of_seq", "Length of the log it is pinned at.")
    opening_balance: Money = minor(
        "statement.opening", "statement.account.currency", "Balance before the first day, debit minus credit."
    )
    closing_balance: Money = minor(
        "statement.closing", "statement.account.currency", "Balance at the end of the last day, debit minus credit."
    )
    lines: Connection[StatementLine] = strawberry.field(description="Its lines, by date and number.")


@dataclass(frozen=True, slots=True)
class PointView:
    """A stretch of time of an account, in its currency."""

    currency: str
    point: statements.BalancePoint


@strawberry.type(description="An account over one stretch of time.")
class BalancePoint:
    """Presents `ledger.statements.BalancePoint`."""

    from_on: date = path("point.from_on", "First day.")
    to_on: date = path("point.to_on", "Last day.")
    opening_balance: Money = minor("point.opening", "currency", "Balance before the first day, debit minus credit.")
    debit: Money = minor("point.debit", "currency", "Debit turnover.")
    credit: Money = minor("point.credit", "currency", "Credit turnover.")
    closing_balance: Money = minor("point.closing", "currency", "Balance at the end of the last day.")


@dataclass(frozen=True, slots=True)
class ClearingView:
    """An account that ought to come back to zero, and what is left on it."""

    account: account.Account
    left: balances.Residual


@strawberry.type(description="An account that ought to come back to zero, what is left on it, and since when.")
class ClearingAccount:
    """Presents `ledger.balances.Residual`."""

    account: Account = strawberry.field(description="The account.")
    residual: Money = minor("left.balance", "account.currency", "Balance now, debit minus credit.")
    oldest_unmatched_on: date | None = path(
        "left.oldest_unmatched_on", "Date of the oldest line that nothing has met yet, first in first out over all."
    )


@dataclass(frozen=True, slots=True)
class BalanceView:
    """A balance and the account it is of."""

    book: int
    account: str
    balance: Amount


@strawberry.type(description="Balance of an account, debit minus credit.")
class AccountBalance:
    """Presents a balance."""

    book: int = strawberry.field(description="Number of the book.")
    account: str = strawberry.field(description="Code of the account.")
    balance: Money = strawberry.field(description="Debit minus credit.")
