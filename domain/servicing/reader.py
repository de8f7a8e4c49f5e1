"""Reading JSON: one object, its path and its faults; each value by name, wrong ones noted and never guessed.

Amounts and rates are strings, never floats. A value that cannot be read gets a stand-in and a fault, so that a reader
stays a flat list of fields and all faults are told at once; whoever gets a fault never sees the stand-ins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

from domain.refusals import Invalid, Refusal
from domain.servicing.daycount import DayCount
from domain.servicing.phrase import NEGATIVE, NOT_POSITIVE
from domain.servicing.refusal import (
    DayCountUnknown,
    InstalmentsOutOfRange,
    PlanAmountInvalid,
    PlanAmountTooLarge,
    RateNegative,
    RateNotANumber,
    RateTooHigh,
    TermInvalid,
    TermMissing,
    TermNotListed,
    TermsNotJson,
    TermUnknown,
)
from domain.servicing.terms import INSTALMENTS_MAX, RATE_MAX, Rate
from ledger.money import AmountFault, AmountInvalid, Money

Json = str | int | Decimal | bool | None | list["Json"] | dict[str, "Json"]
"""What a JSON text can hold; a number with a point is a Decimal."""

LIST_MAX: Final = INSTALMENTS_MAX
EARLIEST: Final = date(1800, 1, 1)
"""The first day that a date may be: no loan that anybody asks for is older."""

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Reader:
    """One object of the terms, its path, and the faults found so far."""

    values: Mapping[str, Json]
    path: str
    faults: list[Refusal]
    currency: str = "CNY"
    per_year: int | None = None
    read: set[str] = field(default_factory=set)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}{name}"

    def wrong(self, fault: Callable[..., Refusal], at: str, /, **said: object) -> None:
        """Note a fault of a field."""
        self.faults.append(fault(field=self.at(at), **said))

    def has(self, name: str) -> bool:
        """Whether a field is there, and not null."""
        self.read.add(name)
        return self.values.get(name) is not None

    def whole(self, name: str, *, low: int, high: int, absent: V) -> int | V:
        """A whole number between bounds."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, int) and not isinstance(found, bool) and low <= found <= high:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a whole number from {low} to {high}")
        return absent

    def instalments(self, name: str, absent: V) -> int | V:
        """A number of instalments, with a fault of its own."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= INSTALMENTS_MAX:
            return found
        self.wrong(InstalmentsOutOfRange, name, limit=INSTALMENTS_MAX)
        return absent

    def flag(self, name: str, *, absent: bool) -> bool:
        """True or false."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, bool):
            return found
        self.wrong(TermInvalid, name, name=name, expected="true or false")
        return absent

    def text(self, name: str, absent: V) -> str | V:
        """A short text."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, str) and found.isprintable() and 0 < len(found) <= _TEXT_MAX:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a text of at most {_TEXT_MAX} characters")
        return absent

    def member(self, name: str, members: type[E], absent: V) -> E | V:
        """One of a list."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, str) and found in set(members):
            return members(found)
        allowed = ", ".join(members)
        if issubclass(members, DayCount):
            self.wrong(DayCountUnknown, name, allowed=allowed)
        else:
            self.wrong(TermNotListed, name, name=name, allowed=allowed)
        return absent

    def day(self, name: str, absent: V) -> date | V:
        """A date in the ISO's long form."""
        if not self.has(name):
            return absent
        found = self.values[name]
        try:
            on = date.fromisoformat(found if isinstance(found, str) and _DATE.fullmatch(found) else "")
        except ValueError:
            on = date.min
        if on >= EARLIEST:
            return on
        self.wrong(TermInvalid, name, name=name, expected=f"a date like 2026-03-05, not before {EARLIEST}")
        return absent

    def days(self, name: str) -> frozenset[date]:
        """A list of dates."""
        found = self.listed(name)
        each = Reader({str(n): one for n, one in enumerate(found)}, self.at(f"{name}."), self.faults)
        return frozenset(one for n in range(len(found)) if (one := each.day(str(n), None)) is not None)

    def day_pair(self, name: str) -> tuple[int, int] | None:
        """Two days of the month, in order."""
        if not self.has(name):
            return None
        found = self.values[name]
        days = found if isinstance(found, list) else []
        whole = [one for one in days if isinstance(one, int) and not isinstance(one, bool)]
        if len(whole) == len(days) == _PAIR and 1 <= min(whole) < _SHORT and min(whole) < max(whole) <= _DAY_MAX:
            return min(whole), max(whole)
        expected = f"two days of the month, the first before the {_SHORT}th"
        self.wrong(TermInvalid, name, name=name, expected=expected)
        return None

    def amount(self, name: str, absent: V, *, low: int = 1) -> int | V:
        """An amount of the loan's currency in a string, at least `low` minor units."""
        if not self.has(name):
            return absent
        found = self.values[name]
        try:
            minor = Money.parse(found if isinstance(found, str) else "x", self.currency).minor
        except AmountInvalid as why:
            if why.reason in {AmountFault.TOO_LARGE, AmountFault.TOO_LONG}:
                self.wrong(PlanAmountTooLarge, name)
            else:
                said = why.reason.value if isinstance(found, str) else AmountFault.NOT_TEXT.value
                self.wrong(PlanAmountInvalid, name, reason=said)
            return absent
        if minor >= low:
            return minor
        self.wrong(PlanAmountInvalid, name, reason=NOT_POSITIVE if low else NEGATIVE)
        return absent

    def decimal(self, name: str, absent: V) -> Decimal | V:
        """A decimal in a string, not negative."""
        number = self.number(name, None)
        if number is None:
            return absent
        if number < 0:
            self.wrong(RateNegative, name)
            return absent
        return number

    def number(self, name: str, absent: V) -> Decimal | V:
        """A decimal in a string, of either sign; with a percent sign its hundredth."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, str) and len(found) <= _TEXT_MAX and _NUMBER.fullmatch(found):
            number = Decimal(found.removesuffix("%")).scaleb(-2 if found.endswith("%") else 0)
            if abs(number.adjusted()) <= _TEXT_MAX:
                return number
        self.wrong(RateNotANumber, name)
        return absent

    def rate(self, name: str, absent: V) -> Decimal | V:
        """A yearly rate: a fraction in a string, or an object with value, unit and basis."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, dict):
            part = self.part(name)
            unit = part.member("unit", RateUnit, RateUnit.YEAR)
            basis = part.whole("basis", low=360, high=366, absent=360)
            value = part.decimal("value", None)
            if value is None:
                if not part.has("value"):
                    part.wrong(TermMissing, "value", name="value")
                return absent
            part.done()
            if unit is RateUnit.PERIOD and self.per_year is None:
                part.wrong(TermMissing, "unit", name="paymentsPerYear")
            rate = Rate(value, unit, basis, self.per_year or 1).annual
        else:
            plain = self.decimal(name, None)
            if plain is None:
                return absent
            rate = plain
        if rate > RATE_MAX:
            self.wrong(RateTooHigh, name, limit=RATE_MAX)
            return absent
        return rate

    def part(self, name: str) -> Reader:
        """An object inside this one; an empty one when it is not there."""
        found = self.values.get(name) if self.has(name) else {}
        if not isinstance(found, dict):
            self.wrong(TermInvalid, name, name=name, expected="an object")
            found = {}
        return Reader(found, self.at(f"{name}."), self.faults, self.currency, self.per_year)

    def listed(self, name: str) -> list[Json]:
        """A list; an empty one when it is not there."""
        found = self.values.get(name) if self.has(name) else []
        if isinstance(found, list) and len(found) <= LIST_MAX:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a list of at most {LIST_MAX}")
        return []

    def parts(self, name: str, read: Callable[[Reader], V]) -> tuple[V, ...]:
        """A list of objects, each read by `read`."""
        made = []
        for number, one in enumerate(self.listed(name)):
            path = f"{name}[{number}]"
            if not isinstance(one, dict):
                self.wrong(TermInvalid, path, name=path, expected="an object")
                continue
            reader = Reader(one, self.at(f"{path}."), self.faults, self.currency, self.per_year)
            made.append(read(reader))
            reader.done()
        return tuple(made)

    def needed(self, name: str, found: V | None, stand_in: V) -> V:
        """The value of a field that must be there; a missing one is a fault, a wrong one has been one already."""
        if found is not None:
            return found
        if not self.has(name):
            self.wrong(TermMissing, name, name=name)
        return stand_in

    def done(self) -> None:
        """Note every field that nobody has read."""
        for name in sorted(self.values.keys() - self.read):
            near = get_close_matches(name, self.read, n=1) if len(name) <= _TEXT_MAX else ()
            self.wrong(TermUnknown, name, name=name, hint=f"; did you mean {near[0]}?" if near else "")


class RateUnit(StrEnum):
    """Of what time a rate is."""

    YEAR = "Y"
    QUARTER = "Q"
    MONTH = "M"
    WEEK = "W"
    DAY = "D"
    PERIOD = "P"
    """Of one period between two payments (期利率)."""


def tree_of(text: str) -> dict[str, Json] | Invalid:
    """The one object that a JSON text is."""
    try:
        tree = json.loads(text, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_named_once)
    except (ValueError, RecursionError) as why:
        return Invalid(faults=(TermsNotJson(detail=str(why)),))
    if not isinstance(tree, dict):
        return Invalid(faults=(TermsNotJson(detail=type(tree).__name__),))
    return tree


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _named_once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object; a name that is there twice would be read once."""
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise ValueError(f"{twice} is there twice")
    return made


_TEXT_MAX: Final = 64
_DAY_MAX: Final = 31
_SHORT: Final = 28
_PAIR: Final = 2
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?%?")
