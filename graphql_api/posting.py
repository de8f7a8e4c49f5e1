"""Entries written by hand: `postEntries`, `reverseEntry`, and the preview that takes everything back.

The journal decides; what it refuses is told in values of their own where a caller can do something about it: how much
is available, which entry has the key already, who alone may reverse.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final

import strawberry

from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing import refusal as refused
from domain.servicing.operations.book import book_refusal
from graphql_api.faults import Fault
from graphql_api.inputs import EntryInput, PostEntriesInput, PostingMode, ReverseEntryInput
from graphql_api.relay import global_id, numbers
from graphql_api.types.book import ENTRY, AccountBalance, BalanceView, Entry, EntryLine
from graphql_api.types.field import made, path, presents
from graphql_api.types.refusal import payload
from graphql_api.types.value import Ask
from ledger import balances, journal
from ledger import entry as ledger_entry
from ledger.money import Money as Amount

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

ITEMS_MAX: Final = 500
"""Entries of one command."""
MANUAL: Final = "manual"
"""The source of entries that people write; each other one belongs to a module."""
_GUARD: Final = re.compile(r"account (\S+) subject (\d+) available (-?\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardViolated(Refusal):
    """An account that may not pass below zero for any subject would; `available` is in minor units."""

    code: ClassVar[str] = "LEDGER_GUARD_VIOLATED"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "科目 {account} 对象 {subject} 可用余额 {available} 分, 不足"
    en: ClassVar[str] = "account {account} has only {available} minor units available for subject {subject}"

    account: str
    subject: int
    available: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryKeyReused(Refusal):
    """The key stands in the journal already with another body; `existing` is the global id of that entry."""

    code: ClassVar[str] = "LEDGER_IDEMPOTENCY_CONFLICT"
    zh: ClassVar[str] = "业务编号已用于另一笔分录 {existing}"
    en: ClassVar[str] = "the key is already that of another entry {existing}"

    existing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryOfModule(Refusal):
    """The entry belongs to a module, and only that module reverses what it has posted (`reverseRepayment`, say)."""

    code: ClassVar[str] = "ENTRY_OF_MODULE"
    zh: ClassVar[str] = "该分录由模块 {source} 记账, 须由该模块冲正"
    en: ClassVar[str] = "the entry was posted by {source}, which alone reverses it"

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReversed(Refusal):
    """The entry has been reversed before; a reversal happens once."""

    code: ClassVar[str] = "LEDGER_ALREADY_REVERSED"
    zh: ClassVar[str] = "该分录已冲正"
    en: ClassVar[str] = "this entry has already been reversed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryTakenBack(Refusal):
    """The entry was sound and was not posted, because another one of the same command was refused."""

    code: ClassVar[str] = "ENTRY_TAKEN_BACK"
    zh: ClassVar[str] = "同一指令中另有分录被拒绝, 本分录未记账"
    en: ClassVar[str] = "not posted: another entry of the same command was refused"


@dataclass(frozen=True, slots=True)
class EntryPosted:
    """An entry that is in the journal."""

    entry: ledger_entry.Entry
    number: int
    is_replay: bool


def _entry_id(root: EntryPosted) -> strawberry.ID:
    """Global id of the entry."""
    return strawberry.ID(global_id(ENTRY, root.entry.book, root.number))


def _stored(root: EntryPosted, info: Ask) -> journal.StoredEntry:
    """The entry as it rests, read with every other one of the command."""

    def fetch(keys: list[Any]) -> Mapping[Any, journal.StoredEntry]:
        return journal.find_many(info.context.conn, book=root.entry.book, entry_ids=keys)

    found = info.context.load(f"{ENTRY} {root.entry.book}", "entry", root.number, fetch)
    assert found is not None, "what was posted is there"
    return found


def _resulting(root: EntryPosted, info: Ask) -> list[BalanceView]:
    """Balances of the accounts that the entry touched, read with those of every other entry of the command."""
    book = root.entry.book

    def fetch(codes: list[Any]) -> Mapping[Any, int]:
        return balances.balances_now(info.context.conn, book=book, accounts=codes)

    found = []
    for code, currency in touched(root.entry).items():
        balance = info.context.load(f"account {book}", "balance", code, fetch)
        assert balance is not None, "what was posted to is an account"
        found.append(BalanceView(book, code, Amount(balance, currency)))
    return found


@strawberry.type(description="The entry is in the journal.")
@presents(EntryPosted)
class PostEntryResult:
    """Presents a posted entry."""

    entry_id: strawberry.ID = made(_entry_id, "Global id of the entry.")
    entry: Entry = made(_stored, "The entry.")
    is_replay: bool = strawberry.field(description="Whether it was there already.")
    resulting_balances: list[AccountBalance] = made(
        _resulting, "Balances of the accounts that it touched, as they are after the command."
    )


POSTING: Final = (GuardViolated, EntryKeyReused, KeyReused, refused.PeriodClosed, refused.BookRefused)
PostEntryPayload: Any = payload(
    "PostEntryPayload", "What is answered for one entry.", PostEntryResult, *POSTING, EntryTakenBack
)


@dataclass(frozen=True, slots=True)
class EntriesAnswered:
    """Verdicts in the order of the entries."""

    verdicts: Sequence[EntryPosted | Refusal]
    posted: bool


def _verdicts(root: EntriesAnswered) -> Any:  # noqa: ANN401 - a union of the schema
    """Verdicts of entries."""
    return root.verdicts


@strawberry.type(description="One verdict per entry, in the order of the entries.")
@presents(EntriesAnswered)
class PostEntriesResult:
    """Presents verdicts."""

    verdicts: list[PostEntryPayload] = made(_verdicts, "A result or a refusal for each entry.")
    posted: bool = strawberry.field(description="False when mode ATOMIC met a refusal: then nothing was written.")


class _Undone(Exception):
    """Takes back everything: one of all was refused, or nothing was to stay."""

    def __init__(self, answer: object) -> None:
        super().__init__()
        self.answer = answer


def post_entries(
    info: Ask,
    input: Annotated[PostEntriesInput, strawberry.argument(description="The entries.")],  # noqa: A002 - Relay's name
) -> PostEntriesResult:
    """Post entries written by hand."""
    if not 1 <= len(input.items) <= ITEMS_MAX:
        raise Fault("INPUT_INVALID", reason=f"1 to {ITEMS_MAX} items")
    built = [entry_of(info, one, f"{input.idempotency_key}/{one.reference}") for one in input.items]

    def write(conn: Connection) -> EntriesAnswered:
        entries = [one for one in built if isinstance(one, ledger_entry.Entry)]
        answers = iter(zip(entries, journal.append(conn, entries), strict=True))
        verdicts = [_verdict(*next(answers)) if isinstance(one, ledger_entry.Entry) else one for one in built]
        if input.mode is PostingMode.ATOMIC and any(isinstance(one, Refusal) for one in verdicts):
            raise _Undone(EntriesAnswered([_taken_back(one) for one in verdicts], posted=False))
        return EntriesAnswered(verdicts, posted=True)

    answer = _run(info, write)
    assert isinstance(answer, EntriesAnswered)
    _meet(info, [one for one in answer.verdicts if isinstance(one, EntryPosted)])
    return answer  # type: ignore[return-value]  # a value stands for its type


ReverseEntryPayload: Any = payload(
    "ReverseEntryPayload",
    "What `reverseEntry` answers; the entry of the result is the reversal.",
    PostEntryResult,
    NotFound,
    EntryOfModule,
    EntryReversed,
    *POSTING,
)


def reverse_entry(
    info: Ask,
    input: Annotated[ReverseEntryInput, strawberry.argument(description="The entry.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Reverse an entry written by hand, exactly once."""
    found = numbers(ENTRY, input.entry_id, count=2)
    command = info.context.command("reverse-entry", input.idempotency_key)

    def write(conn: Connection) -> EntryPosted | Refusal:
        stored = None if found is None else journal.find(conn, book=found[0], entry_id=found[1])
        if stored is None:
            return NotFound(what="entry", field="entryId")
        if stored.entry.source != MANUAL:
            return EntryOfModule(source=stored.entry.source, field="entryId")
        if stored.entry.reverses is not None:
            return refused.BookRefused(reason="LEDGER_REVERSAL_OF_REVERSAL", detail="", field="entryId")
        entry = ledger_entry.reversed_entry(
            stored.entry,
            entry_id=stored.entry_id,
            source=MANUAL,
            key=command.key,
            effective_on=input.effective_on,
            actor=command.actor,
            description=input.reason,
            is_red=True,
        )
        [verdict] = journal.append(conn, [entry])
        return _verdict(entry, verdict)

    answer = _run(info, write)
    _meet(info, [answer] if isinstance(answer, EntryPosted) else [])
    return answer


@dataclass(frozen=True, slots=True)
class EntryChecked:
    """An entry that would be posted, and what it would leave on its accounts."""

    entry: ledger_entry.Entry
    balances: Sequence[BalanceView]
    is_replay: bool


@strawberry.type(description="The entry would be posted: every check was made in the books, and everything taken back.")
@presents(EntryChecked)
class EntryCheckResult:
    """Presents an entry that was tried."""

    book: int = path("entry.book", "Number of the book.")
    lines: list[EntryLine] = path("entry.lines", "Its lines.")
    resulting_balances: list[AccountBalance] = path("balances", "What its accounts would stand at.")
    is_replay: bool = strawberry.field(description="Whether it is in the journal already.")


CheckEntryPayload: Any = payload(
    "CheckEntryPayload", "What is answered for an entry that is tried.", EntryCheckResult, *POSTING
)


def check_entry(
    info: Ask,
    input: Annotated[EntryInput, strawberry.argument(description="The entry.")],  # noqa: A002 - named like the input of a mutation
) -> Any:  # noqa: ANN401 - a union of the schema
    """Try an entry written by hand with every check of the books, and take it back."""
    built = entry_of(info, input, f"check/{input.reference}")
    if isinstance(built, Refusal):
        return built

    def write(conn: Connection) -> object:
        [verdict] = journal.append(conn, [built])
        answer = _verdict(built, verdict)
        if isinstance(answer, Refusal):
            raise _Undone(answer)
        known = balances.balances_now(conn, book=built.book, accounts=list(touched(built)))
        found = [
            BalanceView(built.book, code, Amount(known[code], currency)) for code, currency in touched(built).items()
        ]
        raise _Undone(EntryChecked(built, found, answer.is_replay))

    try:
        return info.context.store.run(write)
    except _Undone as undone:
        return undone.answer


def touched(entry: ledger_entry.Entry) -> dict[str, str]:
    """Codes of the accounts of an entry, in the order of its lines, with their currencies."""
    return {line.account: line.currency for line in entry.lines}


def entry_of(info: Ask, one: EntryInput, key: str) -> ledger_entry.Entry | Refusal:
    """Build an entry; one that is not balanced is refused."""
    command = info.context.command("post", key)
    try:
        return ledger_entry.Entry(
            book=one.book,
            source=MANUAL,
            key=command.key,
            kind="MANUAL",
            effective_on=one.effective_on,
            lines=tuple(
                ledger_entry.Line(line.account, line.side, line.amount.money.minor, line.amount.money.currency)
                for line in one.lines
            ),
            actor=command.actor,
            description=one.description,
        )
    except ledger_entry.EntryInvalid as why:
        return refused.BookRefused(reason=why.code, detail=why.detail, field="lines")


def refusal_of(entry: ledger_entry.Entry, answer: journal.Refused) -> Refusal:
    """Tell the journal's refusal in a value that a caller can act upon."""
    match answer.code:
        case journal.RefusalCode.GUARD_VIOLATED if (found := _GUARD.fullmatch(answer.detail)) is not None:
            account, subject, available = found.groups()
            return GuardViolated(account=account, subject=int(subject), available=int(available), field="lines")
        case journal.RefusalCode.IDEMPOTENCY_CONFLICT if answer.detail:
            return EntryKeyReused(existing=global_id(ENTRY, entry.book, int(answer.detail)), field="reference")
        case journal.RefusalCode.IDEMPOTENCY_CONFLICT:
            return KeyReused(field="reference")
        case journal.RefusalCode.ALREADY_REVERSED:
            return EntryReversed(field="entryId")
        case _:
            return book_refusal(answer)


def _verdict(entry: ledger_entry.Entry, verdict: journal.Verdict) -> EntryPosted | Refusal:
    """Render the journal's verdict."""
    if isinstance(verdict, journal.Refused):
        return refusal_of(entry, verdict)
    return EntryPosted(entry, verdict.entry_id, isinstance(verdict, journal.Replayed))


def _taken_back(verdict: EntryPosted | Refusal) -> EntryPosted | Refusal:
    """What becomes of a verdict when nothing of the command stays; what was posted before still stands."""
    return EntryTakenBack() if isinstance(verdict, EntryPosted) and not verdict.is_replay else verdict


def _run(info: Ask, write: Any) -> object:  # noqa: ANN401 - whatever a transaction of this file answers
    """Run a command in its own transaction; what was undone is answered all the same."""
    info.context.renew()
    try:
        return info.context.store.run(write)
    except _Undone as undone:
        return undone.answer


def _meet(info: Ask, posted: Sequence[EntryPosted]) -> None:
    """Remember what a command has touched: fields below read for all of it at once."""
    for one in posted:
        info.context.meet(f"{ENTRY} {one.entry.book}", [one.number])
        info.context.meet(f"account {one.entry.book}", touched(one.entry))
