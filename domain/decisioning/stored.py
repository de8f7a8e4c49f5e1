"""Facts as they rest in the database: JSON without floats, decimals and dates tagged, and the way back."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from domain.decisioning.facts import Facts, FactValue


def plain(facts: Facts) -> dict[str, object]:
    """Facts as JSON; decimals are `{"decimal": "…"}` and dates `{"date": "…"}`."""
    return {name: _plain(value) for name, value in sorted(facts.items())}


def facts_of(stored: Mapping[str, object]) -> dict[str, FactValue]:
    """The facts that `plain` wrote."""
    return {name: _fact(value) for name, value in stored.items()}


def digest(facts: Facts) -> bytes:
    """SHA-256 of the facts in one canonical text: the same question has the same digest."""
    return hashlib.sha256(json.dumps(plain(facts), ensure_ascii=False, separators=(",", ":")).encode()).digest()


def _plain(value: FactValue) -> object:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return {"date": value.isoformat()} if isinstance(value, date) else value


def _fact(value: object) -> FactValue:
    match value:
        case {"decimal": str(text)}:
            return Decimal(text)
        case {"date": str(text)}:
            return date.fromisoformat(text)
        case str() | bool() | int() | None:
            return value
    msg = f"not a stored fact: {value!r}"
    raise AssertionError(msg)
