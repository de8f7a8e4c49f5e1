"""JSON from outside, read strictly: no NaN, no key twice, no NUL, no half a surrogate pair, no bottomless nesting."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Final

DEPTH_MAX: Final = 64
"""Deepest nesting of a JSON body that is read."""
NUMBER_END: Final = 2**63
"""The first integer that is too large."""
DIGITS_MAX: Final = 20
"""Sign and digits of the longest integer that may be small enough."""


class BodyInvalid(ValueError):
    """The body is not the JSON that is accepted; the text says why and repeats nothing of it."""


def read(raw: bytes) -> object:
    """Read a JSON text; numbers with a point stay decimal, so nothing passes through a float."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BodyInvalid("The body is not UTF-8.") from None
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_float=Decimal, parse_int=_integer
        )
    except RecursionError:
        raise BodyInvalid("The body is nested too deeply.") from None
    except BodyInvalid:
        raise
    except ValueError:
        raise BodyInvalid("The body is not valid JSON.") from None
    check(value)
    return value


def check(value: object, depth: int = 0) -> None:
    """Refuse text that the database cannot keep and nesting that nobody needs."""
    if depth > DEPTH_MAX:
        raise BodyInvalid("The body is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in value if letter >= "\ud800"):
            raise BodyInvalid("A text holds a NUL or half of a surrogate pair.")
    elif isinstance(value, dict):
        for key, one in value.items():
            check(key, depth + 1)
            check(one, depth + 1)
    elif isinstance(value, list):
        for one in value:
            check(one, depth + 1)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Build an object, each key once."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise BodyInvalid("A key stands twice in one object.")
    return made


def _constant(_name: str) -> object:
    """Refuse NaN and the infinities, which are not JSON."""
    raise BodyInvalid("The body is not valid JSON.")


def _integer(digits: str) -> int:
    """Read an integer of at most 64 bits; a longer one is no number of ours, and is not even multiplied out."""
    number = int(digits) if len(digits) <= DIGITS_MAX else NUMBER_END
    if not -NUMBER_END <= number < NUMBER_END:
        raise BodyInvalid("A number is too long.")
    return number
