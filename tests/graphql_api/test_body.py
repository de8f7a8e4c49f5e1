"""JSON is read in one way: what is no JSON, what is ambiguous and what the database cannot keep is refused by name."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.body import DEPTH_MAX, BodyInvalid, check, read

LETTERS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | LETTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LETTERS, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_json_says_is_what_is_read(value: object, ascii_only: bool) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4))
def test_no_number_passes_through_a_float(value: Decimal) -> None:
    found = read(f'{{"a":{value:f}}}'.encode())
    assert found == {"a": value}
    assert isinstance(found, dict)
    assert type(found["a"]) is Decimal


@pytest.mark.parametrize("number", ["9007199254740993.10", "1e400", "1E-7", "-0.0"])
def test_a_number_with_a_point_keeps_every_digit(number: str) -> None:
    assert str(read(number.encode())) == str(Decimal(number))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{'a':1}", "not valid JSON"),
        (b'{"a":1,}', "not valid JSON"),
        (b"NaN", "not valid JSON"),
        (b'{"a":[Infinity]}', "not valid JSON"),
        (b"-Infinity", "not valid JSON"),
        (b'"\n"', "not valid JSON"),
        (b'\xef\xbb\xbf{"a":1}', "not valid JSON"),
        (b'"\xff"', "not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b'{"a":1,"a":1}', "twice"),
        (b'{"b":{"a":1,"a":2}}', "twice"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000":1}', "NUL"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"a":{"\\udfff":1}}', "surrogate"),
        (b"9223372036854775808", "too long"),
        (b"-9223372036854775809", "too long"),
        (b"99999999999999999999", "too long"),
        (b"9" * 5000, "too long"),
        (b"[" * 100_000, "too deeply"),
        (b"[" * (DEPTH_MAX + 2) + b"]" * (DEPTH_MAX + 2), "too deeply"),
    ],
)
def test_what_is_refused_says_why_and_repeats_nothing(raw: bytes, why: str) -> None:
    with pytest.raises(BodyInvalid) as refused:
        read(raw)
    assert why in str(refused.value)
    assert "9999" not in str(refused.value)


def test_nesting_is_read_to_its_limit_and_no_deeper() -> None:
    for deepest in ("[]", "{}"):
        fits = "[" * DEPTH_MAX + deepest + "]" * DEPTH_MAX
        assert read(fits.encode()) is not None
        with pytest.raises(BodyInvalid, match="too deeply"):
            read(f"[{fits}]".encode())


@pytest.mark.parametrize("text", ["\U0001f600", "e\u0301", "\ue000", "\uffff", "\x1f"])
def test_a_whole_letter_of_any_plane_is_a_letter(text: str) -> None:
    check({text: [text]})
    assert read(json.dumps(text).encode()) == text


@pytest.mark.parametrize("text", ["a\x00", "\ud83d", "\ude00\ud83d"])
def test_what_a_url_carries_is_held_to_the_same(text: str) -> None:
    with pytest.raises(BodyInvalid):
        check({"query": text})
