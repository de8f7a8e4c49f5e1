"""Which language a header asks for: the heaviest of the two that are spoken, Chinese when neither is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.locale import HEADER_LIMIT, LOCALES, preferred


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "zh-CN"),
        ("*", "zh-CN"),
        ("fr, de;q=0.9", "zh-CN"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("zh-Hant-TW, en;q=0.9", "zh-CN"),
        ("en;q=0.8, zh;q=0.9", "zh-CN"),
        ("zh;q=0.8, en;q=0.9", "en"),
        ("en, zh", "en"),
        ("zh, en", "zh-CN"),
        ("en;q=0.5, zh;q=0.5", "en"),
        (" fr ;q=1 , en ; q=0.1 ", "en"),
        ("en;q=0", "zh-CN"),
        ("en;q=0.000", "zh-CN"),
        ("en;q=1.000", "en"),
        ("en;Q=0.9, zh;q=0.8", "en"),
        ("en;q=nan, zh;q=0.1", "zh-CN"),
        ("en;q=inf, zh", "zh-CN"),
        ("en;q=2, zh", "zh-CN"),
        ("en;q=-1", "zh-CN"),
        ("en;q=1e9, zh", "zh-CN"),
        ("en;q=\uff11, zh;q=0.1", "zh-CN"),
        ("en;level=1, zh;q=0.1", "zh-CN"),
        ("enx, zh;q=0.1", "zh-CN"),
        ("zha, en;q=0.1", "en"),
        (",,;q=1,en;q=0.1", "en"),
    ],
)
def test_the_heaviest_known_language_is_spoken(header: str, expected: str) -> None:
    assert preferred(header) == expected


@given(st.text(max_size=300))
def test_any_header_is_answered_in_a_language_that_is_spoken(header: str) -> None:
    assert preferred(header) in LOCALES


def test_what_stands_beyond_the_limit_is_not_looked_at() -> None:
    assert preferred("fr," * HEADER_LIMIT + "en") == "zh-CN"
