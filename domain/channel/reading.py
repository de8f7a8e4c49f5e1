"""Typed reading of business content: each field once, in its own form, all faults collected with their paths.

A field that is wrong gives a stand-in value and a fault; nobody looks at the values once there is a fault, so the
reader of a form stays a flat list of fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar

from domain.channel.envelope import FieldInvalid, FieldMissing, FieldUnknown, Json
from domain.refusals import Refusal
from ledger.money import AmountInvalid, Money, minor_digits

E = TypeVar("E", bound=StrEnum)

CODE = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
"""Numbers and codes: letters, digits and a few marks."""
RATE = re.compile(r"(0|[1-9][0-9]{0,3})(\.[0-9]{1,10})?", re.ASCII)
"""Rates and other decimals on the wire."""
LIST_MAX = 50
"""Members of a list."""


@dataclass(frozen=True, slots=True)
class Reader:
    """One object of the content, its path, and the faults found so far in the whole message."""

    values: dict[str, Json]
    path: str
    faults: list[Refusal]
    read: set[str] = field(default_factory=set)

    def optional_text(self, name: str, *, longest: int = 200) -> str | None:
        """Return a free text without control characters, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, str) and len(value) <= longest and value.isprintable() and value.strip():
            return value
        self._wrong(name, f"a text of at most {longest} characters")
        return None

    def text(self, name: str, *, longest: int = 200) -> str:
        """Return a free text that must be there."""
        return self._needed(name, self.optional_text(name, longest=longest), "")

    def unchecked_text(self, name: str, *, longest: int = 200) -> str:
        """Return a text that must be there, of any characters: for a field that has a check of its own."""
        value = self._value(name)
        if value is None or (isinstance(value, str) and len(value) <= longest):
            return self._needed(name, value if isinstance(value, str) else None, "")
        self._wrong(name, f"a text of at most {longest} characters")
        return ""

    def optional_code(self, name: str, *, pattern: re.Pattern[str] = CODE, expected: str = "a code") -> str | None:
        """Return a number or code of the given form, or None when it is not there."""
        value = self._value(name)
        if value is None or (isinstance(value, str) and pattern.fullmatch(value)):
            return value if isinstance(value, str) else None
        self._wrong(name, expected)
        return None

    def code(self, name: str, *, pattern: re.Pattern[str] = CODE, expected: str = "a code") -> str:
        """Return a number or code that must be there."""
        return self._needed(name, self.optional_code(name, pattern=pattern, expected=expected), "")

    def optional_member(self, name: str, members: type[E]) -> E | None:
        """Return a member of a code list, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, str) and value in {member.value for member in members}:
            return members(value)
        self._wrong(name, "one of " + ", ".join(member.value for member in members))
        return None

    def member(self, name: str, members: type[E]) -> E:
        """Return a member of a code list that must be there."""
        return self._needed(name, self.optional_member(name, members), next(iter(members)))

    def optional_amount(self, name: str, currency: str) -> int | None:
        """Return an amount above zero in minor units from a decimal string, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        try:
            amount = Money.parse(value, currency).minor if isinstance(value, str) else 0
        except AmountInvalid:
            amount = 0
        if amount > 0:
            return amount
        self._wrong(name, 'an amount above zero as a string, such as "1234.50"')
        return None

    def amount(self, name: str, currency: str) -> int:
        """Return an amount above zero that must be there."""
        return self._needed(name, self.optional_amount(name, currency), 1)

    def currency(self, name: str) -> str:
        """Return an ISO 4217 letter code that must be there."""
        value = self.optional_code(name)
        if value is not None and not known_currency(value):
            self._wrong(name, "an ISO 4217 letter code")
        return self._needed(name, value, "CNY") if value is None or known_currency(value) else "CNY"

    def optional_decimal(self, name: str) -> Decimal | None:
        """Return a decimal from a string, not negative, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, str) and RATE.fullmatch(value):
            try:
                return Decimal(value)
            except InvalidOperation:
                pass
        self._wrong(name, 'a decimal as a string, such as "0.154"')
        return None

    def optional_integer(self, name: str, *, low: int, high: int) -> int | None:
        """Return a whole number between bounds, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._wrong(name, f"a whole number from {low} to {high}")
        return None

    def integer(self, name: str, *, low: int, high: int) -> int:
        """Return a whole number that must be there."""
        return self._needed(name, self.optional_integer(name, low=low, high=high), low)

    def optional_flag(self, name: str) -> bool | None:
        """Return true or false, or None when it is not there."""
        value = self._value(name)
        if value is None or isinstance(value, bool):
            return value
        self._wrong(name, "true or false")
        return None

    def flag(self, name: str) -> bool:
        """Return true or false that must be there."""
        return self._needed(name, self.optional_flag(name), False)  # noqa: FBT003 - the stand-in value

    def optional_day(self, name: str) -> date | None:
        """Return a date, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        self._wrong(name, "a date, such as 2026-03-05")
        return None

    def day(self, name: str) -> date:
        """Return a date that must be there."""
        return self._needed(name, self.optional_day(name), date.min)

    def optional_object(self, name: str) -> Reader | None:
        """Return a reader of an inner object, or None when it is not there."""
        value = self._value(name)
        if value is None:
            return None
        if isinstance(value, dict):
            return Reader(value, f"{self._at(name)}", self.faults)
        self._wrong(name, "an object")
        return None

    def object(self, name: str) -> Reader:
        """Return a reader of an inner object that must be there."""
        inner = self.optional_object(name)
        return Reader({}, self._at(name), []) if self._needed(name, inner, None) is None or inner is None else inner

    def objects(self, name: str) -> Iterator[Reader]:
        """Walk readers of a list of objects; a list that is not there is empty."""
        value = self._value(name)
        if value is None:
            return
        if not isinstance(value, list) or len(value) > LIST_MAX or not all(isinstance(one, dict) for one in value):
            self._wrong(name, f"a list of at most {LIST_MAX} objects")
            return
        for place, one in enumerate(value):
            if isinstance(one, dict):
                yield Reader(one, f"{self._at(name)}[{place}]", self.faults)

    def checked(self, name: str, value: str, fault: Callable[[str, str], Refusal | None]) -> str:
        """Return a value after a check of its own, which gets the value and its path; an empty one was told already."""
        found = fault(value, self._at(name)) if value else None
        if found is not None:
            self.faults.append(found)
        return value

    def require(self, name: str) -> None:
        """Refuse a field that is not there."""
        if self._value(name) is None:
            self.faults.append(FieldMissing(field=self._at(name)))

    def refuse(self, refusal: Refusal) -> None:
        """Add a fault that concerns more than the form of one field."""
        self.faults.append(refusal)

    def fine(self, *names: str) -> bool:
        """Tell whether fields of this object have no fault so far; only then compare them with others."""
        paths = {self._at(name) for name in names}
        return not any(fault.field in paths for fault in self.faults)

    def at(self, name: str) -> str:
        """Return the path of a field of this object."""
        return self._at(name)

    def done(self) -> None:
        """Refuse every field that nobody has read."""
        self.faults.extend(FieldUnknown(field=self._at(name[:64])) for name in self.values if name not in self.read)

    def _value(self, name: str) -> Json:
        """Return a field and remember that it was read; null and "" are a field that is not there."""
        self.read.add(name)
        value = self.values.get(name)
        return None if value == "" and isinstance(value, str) else value

    def _needed(self, name: str, value: T | None, stand_in: T) -> T:
        """Return the value, or a stand-in when it is not there, which is a fault unless one was told already."""
        if value is not None:
            return value
        self.require(name)
        return stand_in

    def _wrong(self, name: str, expected: str) -> None:
        """Add the fault that a field has another form."""
        self.faults.append(FieldInvalid(field=self._at(name), expected=expected))

    def _at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.path}.{name}" if self.path else name


T = TypeVar("T")


def known_currency(code: str) -> bool:
    """Tell whether a code is an ISO 4217 currency."""
    try:
        minor_digits(code)
    except AmountInvalid:
        return False
    return True
