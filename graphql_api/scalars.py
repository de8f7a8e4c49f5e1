"""Strict scalars: an amount, a date or a key is written in exactly one way, and a JSON number is never an amount.

The library's own `Decimal` reads "NaN", "1_000", full-width digits, and JSON numbers through a float. These read
ASCII text that matches one pattern, and refuse everything else before any resolver runs.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NewType

import strawberry
from graphql import GraphQLError

from ledger.money import AmountInvalid, minor_digits

if TYPE_CHECKING:
    from collections.abc import Callable

    from strawberry.types.scalar import ScalarDefinition

Rate = NewType("Rate", Decimal)
"""A rate as a fraction: 0.154 is 15.4 %."""
IdempotencyKey = NewType("IdempotencyKey", str)
"""The caller's own number of one command."""
BigInt = NewType("BigInt", int)
"""A whole number that may pass 32 bits; text on the wire."""
CurrencyCode = NewType("CurrencyCode", str)
"""An ISO 4217 code."""
Document = NewType("Document", dict[str, object])
"""A JSON object whose form is published elsewhere."""

INTEGER_LIMIT: Final = 2**63
"""First whole number that the database cannot keep."""

_DECIMAL: Final = re.compile(r"(?!-0(\.0+)?$)-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?", re.ASCII)
_RATE: Final = re.compile(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,18})?", re.ASCII)
_INTEGER: Final = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


def _refused(scalar: str, code: str, wanted: str) -> GraphQLError:
    """An error that names the scalar and never repeats the text, which may be hostile or private."""
    return GraphQLError(f"{scalar} is {wanted}", extensions={"code": code})


def _matched(value: object, pattern: re.Pattern[str]) -> str | None:
    """The value if it is a text of exactly this pattern."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def decimal(value: object) -> Decimal:
    """Read a decimal: ASCII digits, optional minus and point; no sign of plus, exponent, space or thousands mark."""
    written = _matched(value, _DECIMAL)
    if written is None:
        raise _refused("Decimal", "INVALID_AMOUNT", 'a string like "1234.50"')
    return Decimal(written)


def rate(value: object) -> Rate:
    """Read a rate: a decimal that is not negative."""
    written = _matched(value, _RATE)
    if written is None:
        raise _refused("Rate", "INVALID_RATE", 'a string like "0.154"')
    return Rate(Decimal(written))


def big_int(value: object) -> BigInt:
    """Read a whole number of at most 64 bits, written as text."""
    written = _matched(value, _INTEGER)
    if written is None or not -INTEGER_LIMIT <= int(written) < INTEGER_LIMIT:
        raise _refused("BigInt", "INVALID_NUMBER", 'a string like "1200"')
    return BigInt(int(written))


def idempotency_key(value: object) -> IdempotencyKey:
    """Read a key: 1 to 128 ASCII letters, digits and `._:/-`, the first one a letter or digit."""
    written = _matched(value, _KEY)
    if written is None:
        raise _refused("IdempotencyKey", "INVALID_KEY", "1 to 128 ASCII letters, digits and ._:/-")
    return IdempotencyKey(written)


def currency_code(value: object) -> CurrencyCode:
    """Read the code of a currency that exists."""
    try:
        if isinstance(value, str) and minor_digits(value) >= 0:
            return CurrencyCode(value)
    except AmountInvalid:
        pass
    raise _refused("CurrencyCode", "INVALID_CURRENCY", 'an ISO 4217 code like "CNY"')


def document(value: object) -> Document:
    """Read a JSON object; what is in it, its own reader judges."""
    if isinstance(value, dict):
        return Document(value)
    raise _refused("Document", "INVALID_DOCUMENT", "a JSON object")


def day(value: object) -> date:
    """Read a calendar day, `2026-03-05`."""
    written = _matched(value, _DATE)
    try:
        if written is not None:
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise _refused("Date", "INVALID_DATE", 'a day like "2026-03-05"')


def instant(value: object) -> datetime:
    """Read an instant with its offset and return it in UTC."""
    written = _matched(value, _INSTANT)
    try:
        if written is not None:
            return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _refused("DateTime", "INVALID_DATE", 'an instant like "2026-03-05T08:00:00+00:00"')


def decimal_text(value: Decimal) -> str:
    """Write a decimal without an exponent, with the places that it has."""
    assert value.is_finite(), "an amount is finite"
    return f"{value:f}"


def instant_text(value: datetime) -> str:
    """Write an instant in UTC with its offset."""
    assert value.utcoffset() is not None, "an instant knows its offset"
    return value.astimezone(UTC).isoformat()


def _scalar(
    name: str,
    description: str,
    serialize: Callable[..., object],
    parse: Callable[[object], object],
    url: str | None = None,
) -> ScalarDefinition:
    """Define one scalar; literals are read by the same function as variables."""
    return strawberry.scalar(
        name=name, description=description, serialize=serialize, parse_value=parse, specified_by_url=url
    )


SCALARS: Final[dict[object, ScalarDefinition]] = {
    Decimal: _scalar(
        "Decimal",
        'An exact decimal as a string of ASCII digits, "1234.50". JSON numbers are refused: they pass through a float.',
        decimal_text,
        decimal,
    ),
    Rate: _scalar(
        "Rate",
        'A rate as a decimal string, a fraction: "0.154" is 15.4 %. The field\'s name tells the period (`…Annual`).',
        decimal_text,
        rate,
    ),
    BigInt: _scalar("BigInt", "A whole number of at most 64 bits, as a string.", str, big_int),
    IdempotencyKey: _scalar(
        "IdempotencyKey",
        "The caller's own number of one command: 1 to 128 ASCII letters, digits and `._:/-`. The same key with the "
        "same content is the same command, for ever; with other content it is refused.",
        str,
        idempotency_key,
    ),
    CurrencyCode: _scalar(
        "CurrencyCode",
        "A currency as its ISO 4217 code, `CNY`.",
        str,
        currency_code,
        "https://www.iso.org/iso-4217-currency-codes.html",
    ),
    Document: _scalar(
        "Document",
        "A JSON object whose form is published as a JSON Schema; amounts and rates in it are strings.",
        dict,
        document,
    ),
    date: _scalar(
        "Date",
        "A business day, `2026-03-05`, in the time zone of the books (Asia/Shanghai unless set otherwise).",
        date.isoformat,
        day,
        "https://scalars.graphql.org/andimarek/local-date",
    ),
    datetime: _scalar(
        "DateTime",
        "An instant in UTC with its offset, `2026-03-05T08:00:00+00:00`; any offset is accepted on input.",
        instant_text,
        instant,
        "https://scalars.graphql.org/andimarek/date-time",
    ),
}
"""Python type to scalar, for the schema's configuration."""
