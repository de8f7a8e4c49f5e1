from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channel.reading import Reader, known_currency
from domain.refusals import Refusal


class Colour(StrEnum):
    RED = "R"
    BLUE = "B"


def told(values: dict[str, Any], use: str, *args: object, **options: object) -> list[tuple[str | None, str]]:
    faults: list[Refusal] = []
    reader = Reader(values, "top", faults)
    getattr(reader, use)("f", *args, **options)
    reader.done()
    return [(one.field, one.code) for one in faults]


@pytest.mark.parametrize("use", ["text", "code", "currency", "flag", "day", "object"])
@pytest.mark.parametrize("values", [{}, {"f": None}, {"f": ""}])
def test_a_needed_field_that_is_not_there_is_told_once(use: str, values: dict[str, Any]) -> None:
    assert told(values, use) == [("top.f", "FIELD_MISSING")]


@pytest.mark.parametrize(
    ("use", "args", "options"),
    [
        ("text", (), {}),
        ("code", (), {}),
        ("member", (Colour,), {}),
        ("amount", ("CNY",), {}),
        ("integer", (), {"low": 0, "high": 9}),
        ("flag", (), {}),
        ("day", (), {}),
        ("object", (), {}),
        ("optional_decimal", (), {}),
    ],
)
@given(value=st.sampled_from([[], {"a": 1}, [1], "\t", 10**12, -1, "x y z"]))
def test_a_wrong_value_is_told_and_breaks_nothing(
    use: str, args: tuple[object, ...], options: dict[str, object], value: object
) -> None:
    faults = told({"f": value}, use, *args, **options)
    assert all(code in {"FIELD_INVALID", "FIELD_UNKNOWN"} for _, code in faults)
    assert len(faults) <= 1


def test_the_stand_in_of_a_wrong_member_is_a_member() -> None:
    assert Reader({"f": "G"}, "", []).member("f", Colour) is Colour.RED
    assert Reader({"f": "B"}, "", []).member("f", Colour) is Colour.BLUE


def test_fields_that_nobody_read_are_refused_with_their_path() -> None:
    assert told({"f": "x", "g": 1}, "text") == [("top.g", "FIELD_UNKNOWN")]


def test_currencies() -> None:
    assert (known_currency("CNY"), known_currency("ZZZ")) == (True, False)
