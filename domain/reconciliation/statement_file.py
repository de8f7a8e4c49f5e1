"""A bank's file of a day, read by a declarative profile, pure: the whole file or a list of everything wrong with it.

A byte order mark, CRLF and a lone CR make no difference. The encoding comes from the profile and is never guessed
(UTF-8 bytes decode silently as GB18030). A line that is wrong is reported with its number, and one wrong line refuses
the file: nothing of it is ever half-applied.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from domain.payment.order import Kind, Outcome
from ledger.money import PARSE_LIMIT_MINOR, AmountInvalid, Money

T = TypeVar("T")

COLUMNS = ("order_no", "bank_no", "kind", "amount", "currency", "business_on", "status", "fee")
"""Names that a profile arranges; amounts and fees are whole minor units."""
PROBLEMS_MAX = 1_000
"""More than this many faults are not listed one by one."""
BOM = b"\xef\xbb\xbf"


class Fault(StrEnum):
    """What can be wrong with a file or a line."""

    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    EMPTY = "EMPTY"
    ENCODING = "ENCODING"
    LINE_TOO_LONG = "LINE_TOO_LONG"
    HEADER = "HEADER"
    BUSINESS_DATE = "BUSINESS_DATE"
    TRAILER = "TRAILER"
    COUNT = "COUNT"
    SUM = "SUM"
    HASH = "HASH"
    COLUMN_COUNT = "COLUMN_COUNT"
    FIELD = "FIELD"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault, where it is (lines count from 1; 0 is the whole file) and what was found."""

    line_no: int
    fault: Fault
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one bank writes its file of a day."""

    code: str
    """Name under which the file is taken; one file per profile and date."""
    delimiter: str = "|"
    encoding: str = "utf-8"
    header_mark: str = "H"
    """First field of the first line; the header's `header_date` field is the business date."""
    header_date: int = 3
    trailer_mark: str = "T"
    """First field of the last line: mark, count, sum of amounts, SHA-256 of all lines before (LF line ends)."""
    columns: tuple[str, ...] = COLUMNS
    kinds: Mapping[str, Kind] = field(
        default_factory=lambda: MappingProxyType({"PAY": Kind.DISBURSEMENT, "COLLECT": Kind.COLLECTION})
    )
    statuses: Mapping[str, Outcome] = field(
        default_factory=lambda: MappingProxyType(
            {"SUCCESS": Outcome.SUCCEEDED, "FAILED": Outcome.FAILED, "PROCESSING": Outcome.UNKNOWN}
        )
    )
    line_max: int = 65_536
    """Bytes of a line, at most."""
    file_max: int = 256 * 1024 * 1024
    """Bytes of a file, at most."""

    def __post_init__(self) -> None:
        """A profile that leaves a column out, or takes one twice, is a bug of its author."""
        assert sorted(self.columns) == sorted(COLUMNS), "a profile arranges each column once"


SANDBOX_DAY_FILE = Profile(code="sandbox-day-file")
"""The file that the sandbox bank makes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """What the bank says about one payment."""

    line_no: int
    order_no: str
    """Our number."""
    bank_no: str
    kind: Kind
    amount: Money
    business_on: date
    """The date on which the bank booked it."""
    outcome: Outcome
    fee: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementFile:
    """A file that is whole: header, every row, and a trailer that agrees with them."""

    profile: str
    business_on: date
    sha256: str
    """Of the bytes as received."""
    byte_count: int
    rows: tuple[StatementRow, ...]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file that is refused as a whole, with everything that is wrong with it."""

    sha256: str
    byte_count: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the file, decoded and split, with its number."""

    number: int
    fields: tuple[str, ...]


def digest(raw: bytes) -> str:
    """SHA-256 (hex) by which the same file is recognised under any name."""
    return hashlib.sha256(raw).hexdigest()


def parse(raw: bytes, profile: Profile, *, business_on: date) -> StatementFile | Unreadable:
    """Read a file of a date, or say everything that is wrong with it."""
    problems: list[Problem] = []
    rows = _rows(raw, profile, business_on, problems)
    if problems:
        return Unreadable(digest(raw), len(raw), tuple(problems[:PROBLEMS_MAX]))
    return StatementFile(
        profile=profile.code, business_on=business_on, sha256=digest(raw), byte_count=len(raw), rows=tuple(rows)
    )


def _rows(raw: bytes, profile: Profile, business_on: date, problems: list[Problem]) -> list[StatementRow]:
    if len(raw) > profile.file_max:
        problems.append(Problem(0, Fault.FILE_TOO_LARGE, f"{len(raw)} bytes of at most {profile.file_max}"))
        return []
    plain = raw.removeprefix(BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = list(_lines(plain, profile, problems))
    if problems:
        return []
    if not lines:
        problems.append(Problem(0, Fault.EMPTY, "no lines"))
        return []
    _check_header(lines[0], profile, business_on, problems)
    if len(lines) == 1 or lines[-1].fields[0] != profile.trailer_mark or not plain.endswith(b"\n"):
        problems.append(Problem(lines[-1].number, Fault.TRAILER, "the last line is no whole trailer: the file is cut"))
        return []
    rows = [row for line in lines[1:-1] if (row := _row(line, profile, problems)) is not None]
    _check_trailer(lines[-1], plain, lines[1:-1], profile, problems)
    return rows


def _lines(plain: bytes, profile: Profile, problems: list[Problem]) -> Iterator[_Line]:
    offset = 0
    for number, line in enumerate(plain.split(b"\n"), start=1):
        if len(line) > profile.line_max:
            problems.append(Problem(number, Fault.LINE_TOO_LONG, f"{len(line)} bytes of at most {profile.line_max}"))
        elif line:
            try:
                yield _Line(number, tuple(line.decode(profile.encoding).split(profile.delimiter)))
            except UnicodeDecodeError as wrong:
                at = offset + wrong.start
                problems.append(Problem(number, Fault.ENCODING, f"not {profile.encoding} at byte {at}"))
        offset += len(line) + 1


def _check_header(line: _Line, profile: Profile, business_on: date, problems: list[Problem]) -> None:
    if line.fields[0] != profile.header_mark or len(line.fields) <= profile.header_date:
        problems.append(Problem(line.number, Fault.HEADER, "the first line is no header"))
    elif line.fields[profile.header_date] != business_on.isoformat():
        detail = f"the file is of {line.fields[profile.header_date]}, not of {business_on.isoformat()}"
        problems.append(Problem(line.number, Fault.BUSINESS_DATE, detail))


_TRAILER_FIELDS = 4


def _check_trailer(line: _Line, plain: bytes, body: Sequence[_Line], profile: Profile, problems: list[Problem]) -> None:
    if len(line.fields) != _TRAILER_FIELDS:
        problems.append(Problem(line.number, Fault.TRAILER, f"{len(line.fields)} fields, not {_TRAILER_FIELDS}"))
        return
    _, count, total, sha256 = line.fields
    amounts = [_whole(_named(one, profile).get("amount", "")) or 0 for one in body]
    if count != str(len(body)):
        problems.append(Problem(line.number, Fault.COUNT, f"the trailer counts {count}, the file has {len(body)}"))
    if total != str(sum(amounts)):
        problems.append(Problem(line.number, Fault.SUM, f"the trailer sums to {total}, the file to {sum(amounts)}"))
    before = plain[: plain.rstrip(b"\n").rfind(b"\n") + 1]
    if sha256 != digest(before):
        problems.append(Problem(line.number, Fault.HASH, f"the trailer hash is {sha256}, the file's {digest(before)}"))


def _named(line: _Line, profile: Profile) -> Mapping[str, str]:
    return dict(zip(profile.columns, line.fields, strict=False))


def _row(line: _Line, profile: Profile, problems: list[Problem]) -> StatementRow | None:
    if len(line.fields) != len(profile.columns):
        detail = f"{len(line.fields)} columns, not {len(profile.columns)}"
        problems.append(Problem(line.number, Fault.COLUMN_COUNT, detail))
        return None
    named = _named(line, profile)
    try:
        return StatementRow(
            line_no=line.number,
            order_no=_filled(named, "order_no"),
            bank_no=named["bank_no"],
            kind=_listed(named, "kind", profile.kinds),
            amount=_money(named, "amount"),
            business_on=_date(named, "business_on"),
            outcome=_listed(named, "status", profile.statuses),
            fee=_money(named, "fee"),
        )
    except _FieldWrong as wrong:
        problems.append(Problem(line.number, Fault.FIELD, str(wrong)))
        return None


class _FieldWrong(ValueError):
    """A field of a row cannot be read; the text says which."""


_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)


def _whole(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) else None


def _filled(named: Mapping[str, str], name: str) -> str:
    if not named[name]:
        raise _FieldWrong(f"{name} is empty")
    return named[name]


def _money(named: Mapping[str, str], name: str) -> Money:
    minor = _whole(named[name])
    if minor is None or minor > PARSE_LIMIT_MINOR:
        raise _FieldWrong(f"{name} is no amount in minor units")
    try:
        return Money(minor, named["currency"])
    except AmountInvalid as wrong:
        raise _FieldWrong("currency is unknown") from wrong


def _date(named: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(named[name])
    except ValueError as wrong:
        raise _FieldWrong(f"{name} is no date") from wrong


def _listed(named: Mapping[str, str], name: str, known: Mapping[str, T]) -> T:
    found = known.get(named[name])
    if found is None:
        raise _FieldWrong(f"{name} is none of {', '.join(known)}")
    return found
