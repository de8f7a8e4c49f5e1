"""Lines and entries: balanced by construction, reversed exactly, hashed over everything a caller controls.

An `Entry` that exists is balanced per currency, has two lines or more, and can be stored: what PostgreSQL would refuse
(an amount beyond bigint, a NUL or a lone surrogate in a text) cannot be built.
"""

import hashlib
import hmac
import re
import struct
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import UUID

from ledger.account import Required, Side
from ledger.encoding import meta_digest
from ledger.money import AmountInvalid, minor_digits

__all__ = [
    "BIGINT_MAX",
    "BODY_TAG",
    "INT_MAX",
    "MAC_TAG",
    "NO_DIMENSIONS",
    "Dimensions",
    "Entry",
    "EntryFault",
    "EntryInvalid",
    "HeadRow",
    "Line",
    "LineRow",
    "Plain",
    "Side",
    "body_digest",
    "body_hash",
    "mac",
    "memo_residual",
    "reversed_entry",
    "row_mac",
    "totals",
]

BIGINT_MAX: Final = 2**63 - 1
INT_MAX: Final = 2**31 - 1


class EntryFault(StrEnum):
    """Why an entry cannot be built; the same stable codes that the database refuses with."""

    UNBALANCED = "LEDGER_UNBALANCED"
    TOO_FEW_LINES = "LEDGER_TOO_FEW_LINES"
    AMOUNT_NOT_POSITIVE = "LEDGER_AMOUNT_NOT_POSITIVE"
    AMOUNT_TOO_LARGE = "LEDGER_AMOUNT_TOO_LARGE"
    CURRENCY_UNKNOWN = "LEDGER_CURRENCY_UNKNOWN"
    NUMBER_OUT_OF_RANGE = "LEDGER_NUMBER_OUT_OF_RANGE"
    TEXT_NOT_STORABLE = "LEDGER_TEXT_NOT_STORABLE"
    TEXT_EMPTY = "LEDGER_TEXT_EMPTY"
    META_NOT_PLAIN = "LEDGER_META_NOT_PLAIN"
    REVERSAL_OF_REVERSAL = "LEDGER_REVERSAL_OF_REVERSAL"


class EntryInvalid(ValueError):
    """The lines or fields offered do not make an entry; `code` names the law that they break."""

    code: EntryFault

    def __init__(self, code: EntryFault, detail: str = "") -> None:
        """Name the law and where it broke."""
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Dimensions:
    """What a line is about, besides its account; every part optional, the account says which are required."""

    subject: int | None = None
    """The contract that the amount belongs to (bigint)."""
    party: int | None = None
    """The legal party that brought the business."""
    scheme: int | None = None
    """The commercial scheme under which it runs."""
    funder: int | None = None
    """The party whose money it is."""
    channel: int | None = None
    """The technical way on which it came."""

    def __post_init__(self) -> None:
        """Refuse what the columns cannot hold."""
        subject = self.subject
        if subject is not None and (type(subject) is not int or not 0 <= subject <= BIGINT_MAX):
            raise EntryInvalid(EntryFault.NUMBER_OUT_OF_RANGE, "subject")
        for number in (self.party, self.scheme, self.funder, self.channel):
            if number is not None and (type(number) is not int or not 0 <= number <= INT_MAX):
                raise EntryInvalid(EntryFault.NUMBER_OUT_OF_RANGE, "dimension")

    @property
    def carried(self) -> Required:
        """The dimensions that are present, as the bits in which an account names those it requires."""
        return (
            (Required.NONE if self.subject is None else Required.SUBJECT)
            | (Required.NONE if self.party is None else Required.PARTY)
            | (Required.NONE if self.scheme is None else Required.SCHEME)
            | (Required.NONE if self.funder is None else Required.FUNDER)
            | (Required.NONE if self.channel is None else Required.CHANNEL)
        )

    def masked(self, keep: Required) -> "Dimensions":
        """The same dimensions with only those kept that a mask names: a summed line carries no subject."""
        if self.carried & ~keep == Required.NONE:
            return self
        return Dimensions(
            subject=self.subject if keep & Required.SUBJECT else None,
            party=self.party if keep & Required.PARTY else None,
            scheme=self.scheme if keep & Required.SCHEME else None,
            funder=self.funder if keep & Required.FUNDER else None,
            channel=self.channel if keep & Required.CHANNEL else None,
        )


NO_DIMENSIONS: Final = Dimensions()


@dataclass(frozen=True, slots=True)
class Line:
    """One side of an entry: an account, debit or credit, and a positive amount in whole minor units."""

    account: str
    """Code of a leaf account in the book's chart, such as ``1303.01``."""
    side: Side
    """Debit or credit."""
    amount: int
    """Whole minor units, positive."""
    currency: str
    """ISO 4217 code; the account's own currency."""
    dims: Dimensions = NO_DIMENSIONS
    """What the amount is about."""

    def __post_init__(self) -> None:
        """Refuse amounts that are not positive whole numbers within bigint, and unknown currencies."""
        amount = self.amount
        if type(amount) is not int or amount <= 0:
            raise EntryInvalid(EntryFault.AMOUNT_NOT_POSITIVE, self.account)
        if amount > BIGINT_MAX:
            raise EntryInvalid(EntryFault.AMOUNT_TOO_LARGE, self.account)
        if type(self.side) is not Side:
            object.__setattr__(self, "side", Side(self.side))
        if self.currency not in _CURRENCIES:
            _CURRENCIES.add(_known(self.currency))


_CURRENCIES: Final[set[str]] = set()


def _known(currency: str) -> str:
    try:
        minor_digits(currency)
    except AmountInvalid:
        raise EntryInvalid(EntryFault.CURRENCY_UNKNOWN) from None
    return currency


Plain = str | int | bool | None
"""What a meta value may be."""

_EMPTY_META: Final[Mapping[str, Plain]] = MappingProxyType({})


def _no_meta() -> Mapping[str, Plain]:
    return _EMPTY_META


@dataclass(frozen=True, slots=True)
class Entry:
    """One balanced entry of one book, not yet stored; its identity for ever is (book, source, key)."""

    book: int
    """Book of the legal entity that keeps these accounts."""
    source: str
    """Module word of the writer; the name space of `key`."""
    key: str
    """Idempotency key: the same key with the same content is answered with the first entry, for ever."""
    kind: str
    """What happened, as the posting rules name it: ``REPAYMENT``."""
    effective_on: date
    """Accounting date; its month is the period."""
    lines: tuple[Line, ...]
    """Two or more, balanced per currency; line numbers are their order, from 1."""
    actor: str
    """Who or what ordered it."""
    rule_version: int = 1
    """Version of the posting rule that rendered it."""
    event_id: UUID | None = None
    """Business event that made it; entries of several books may share one. Absent: the journal gives one."""
    economic_on: date | None = None
    """Original date, when a closed month forces the entry into a later one."""
    paid_on: date | None = None
    """Date on which money really moved, when that differs."""
    reverses: int | None = None
    """Entry id in the same book that this one inverts."""
    is_red: bool = False
    """Whether reports show the reversal red (negative turnover on the same side) instead of mirrored."""
    description: str = ""
    """Free text for readers of the journal; never personal data."""
    meta: Mapping[str, Plain] = field(default_factory=_no_meta, hash=False)
    """Plain facts kept beside the entry; sealed by digest, so they can be withheld from an export."""

    def __post_init__(self) -> None:
        """Check the laws that hold for every entry, whatever the book: balance first."""
        if type(self.lines) is not tuple:
            object.__setattr__(self, "lines", tuple(self.lines))
        _check_balance(self.lines)
        _check_numbers(self)
        for text, name in (
            (self.source, "source"), (self.key, "key"), (self.kind, "kind"), (self.actor, "actor"),
        ):  # fmt: skip
            if not text:
                raise EntryInvalid(EntryFault.TEXT_EMPTY, name)
            _check_text(text, name)
        if self.description:
            _check_text(self.description, "description")
        if self.meta is not _EMPTY_META:
            object.__setattr__(self, "meta", _plain_meta(self.meta))


def totals(lines: Iterable[Line]) -> dict[str, int]:
    """Debit minus credit per currency, in minor units; all zero for an entry."""
    sums: dict[str, int] = {}
    for line in lines:
        signed = line.amount if line.side is Side.DEBIT else -line.amount
        sums[line.currency] = sums.get(line.currency, 0) + signed
    return sums


def memo_residual(lines: Iterable[Line], memo_accounts: Container[str]) -> dict[str, int]:
    """Per currency, what lines on memo (off-balance) accounts leave open among themselves; empty when they balance."""
    return {
        currency: residual
        for currency, residual in totals(line for line in lines if line.account in memo_accounts).items()
        if residual
    }


def reversed_entry(
    entry: Entry,
    *,
    entry_id: int,
    key: str,
    effective_on: date,
    actor: str,
    description: str = "",
    is_red: bool = False,
    source: str | None = None,
    event_id: UUID | None = None,
    economic_on: date | None = None,
) -> Entry:
    """The exact inversion of a stored entry: same lines in the same order, each on the other side.

    Refuses a reversal of a reversal: what was reversed by mistake is posted again as a new entry.
    """
    if entry.reverses is not None:
        raise EntryInvalid(EntryFault.REVERSAL_OF_REVERSAL, str(entry_id))
    return Entry(
        book=entry.book,
        source=entry.source if source is None else source,
        key=key,
        kind=entry.kind,
        effective_on=effective_on,
        lines=tuple(
            Line(line.account, line.side.opposite, line.amount, line.currency, line.dims) for line in entry.lines
        ),
        actor=actor,
        rule_version=entry.rule_version,
        event_id=event_id,
        economic_on=economic_on,
        reverses=entry_id,
        is_red=is_red,
        description=description,
    )


BODY_TAG: Final = b"zhudai/body/v1"
MAC_TAG: Final = b"zhudai/mac/v1"

_ABSENT: Final = b"\xff\xff\xff\xff"
_LENGTH: Final = struct.Struct(">I")
_LINE: Final = struct.Struct(">sqBqIIIII")
_HEAD: Final = struct.Struct(">IIIII?")
_NO_DATE: Final = 0

HeadRow = tuple[int, int, date, date | None, date | None, bool, int | None, str, str, str, str, str]
"""book, rule_version, effective_on, economic_on, paid_on, is_red, reverses, source, key, kind, actor, description."""
LineRow = tuple[str, str, int, str, int | None, int | None, int | None, int | None, int | None]
"""account code, side, amount, currency, subject, party, scheme, funder, channel."""


def body_hash(entry: Entry) -> bytes:
    """SHA-256 over everything the caller controls, except `event_id`, in one injective encoding; 32 bytes.

    Same key with the same hash is a replay, with another hash a conflict. `event_id` stays out, for a client that
    repeats a command may name the event anew; the row MAC and the sealed leaf hold it.
    """
    head = (
        entry.book, entry.rule_version, entry.effective_on, entry.economic_on, entry.paid_on, entry.is_red,
        entry.reverses, entry.source, entry.key, entry.kind, entry.actor, entry.description,
    )  # fmt: skip
    lines: list[LineRow] = [
        (
            line.account, line.side, line.amount, line.currency,
            line.dims.subject, line.dims.party, line.dims.scheme, line.dims.funder, line.dims.channel,
        )
        for line in entry.lines
    ]  # fmt: skip
    return body_digest(head, meta_digest(entry.meta), lines)


def body_digest(head: HeadRow, meta: bytes, lines: Sequence[LineRow]) -> bytes:
    """`body_hash` of rows and a digest of meta, so that a stored entry can be hashed again as it stands.

    The encoding has fixed-width big-endian numbers, length-prefixed texts and counted lines.
    """
    book, rule_version, effective_on, economic_on, paid_on, is_red, reverses = head[:7]
    parts = [
        BODY_TAG,
        _HEAD.pack(
            book,
            rule_version,
            effective_on.toordinal(),
            _NO_DATE if economic_on is None else economic_on.toordinal(),
            _NO_DATE if paid_on is None else paid_on.toordinal(),
            is_red,
        ),
        _optional(reverses),
    ]
    for text in head[7:]:
        raw = text.encode()
        parts += (_LENGTH.pack(len(raw)), raw)
    parts += (meta, _LENGTH.pack(len(lines)))
    pack = _LINE.pack
    for code, side, amount, currency, *dims in lines:
        account = f"{code} {currency}".encode()
        subject, party, scheme, funder, channel = dims
        carried = (
            (subject is not None)
            | (party is not None) << 1
            | (scheme is not None) << 2
            | (funder is not None) << 3
            | (channel is not None) << 4
        )
        parts += (
            pack(
                side.encode(), amount, carried, subject or 0, party or 0, scheme or 0, funder or 0, channel or 0,
                len(account),
            ),
            account,
        )  # fmt: skip
    return hashlib.sha256(b"".join(parts)).digest()


def mac(entry: Entry, entry_id: int, key: bytes) -> bytes:
    """HMAC-SHA256 of one stored entry under a key kept outside the database; 32 bytes, made at insert.

    `entry.event_id` must already be the one that is stored.
    """
    return row_mac(body_hash(entry), book=entry.book, entry_id=entry_id, event_id=entry.event_id, key=key)


def row_mac(body: bytes, *, book: int, entry_id: int, event_id: UUID | None, key: bytes) -> bytes:
    """The MAC over a body hash and the names that the journal gave: book, entry id, event id."""
    event = _ABSENT if event_id is None else event_id.bytes
    names = b"".join((MAC_TAG, book.to_bytes(4, "big"), entry_id.to_bytes(8, "big"), event, body))
    return hmac.digest(key, names, "sha256")


def _optional(number: int | None) -> bytes:
    return _ABSENT if number is None else b"\0\0\0\x08" + number.to_bytes(8, "big")


def _check_balance(lines: tuple[Line, ...]) -> None:
    if len(lines) < 2:  # noqa: PLR2004 - double entry
        raise EntryInvalid(EntryFault.TOO_FEW_LINES, str(len(lines)))
    for currency, residual in totals(lines).items():
        if residual:
            raise EntryInvalid(EntryFault.UNBALANCED, f"{currency} {residual:+d}")


def _check_numbers(entry: Entry) -> None:
    for number, limit, name in (
        (entry.book, INT_MAX, "book"),
        (entry.rule_version, INT_MAX, "rule_version"),
        (0 if entry.reverses is None else entry.reverses, BIGINT_MAX, "reverses"),
    ):
        if type(number) is not int or not 0 <= number <= limit:
            raise EntryInvalid(EntryFault.NUMBER_OUT_OF_RANGE, name)


def _check_text(text: str, name: str) -> None:
    if "\0" in text or (not text.isascii() and _SURROGATE.search(text)):
        raise EntryInvalid(EntryFault.TEXT_NOT_STORABLE, name)


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _plain_meta(meta: Mapping[str, Plain]) -> Mapping[str, Plain]:
    for name, value in meta.items():
        if type(name) is not str or not (value is None or type(value) in {str, int, bool}):
            raise EntryInvalid(EntryFault.META_NOT_PLAIN, "meta")
        _check_text(name, "meta")
        if type(value) is str:
            _check_text(value, "meta")
    return MappingProxyType(dict(meta))
