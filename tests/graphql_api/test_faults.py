"""Errors of the transport: each code speaks both languages, and every code that is raised is one of them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import graphql_api
from domain.refusals import places
from graphql_api.faults import RETRYABLE, TEXTS, Fault, text
from tests.graphql_api.asking import schema

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(graphql_api.__path__[0])
NAMES = {"first"}
"""Words of the schema, which have no other name in Chinese."""


def raised() -> Iterator[tuple[str, list[str], frozenset[str]]]:
    """Where a fault is raised, the codes that it may have, and the parameters that it is given."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                codes = [
                    str(one.value) for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant) and one.value
                ]
                yield f"{path.name}:{node.lineno}", codes, frozenset(str(one.arg) for one in node.keywords)


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_a_code_speaks_both_languages_with_the_same_places(code: str) -> None:
    zh, en = TEXTS[code]
    assert places(zh) == places(en)
    assert re.search(r"[\u4e00-\u9fff]", zh)
    assert not re.search(r"[\u4e00-\u9fff]", en)
    assert set(re.findall("[A-Za-z]+", re.sub(r"{.*?}", "", zh))) <= NAMES


def test_every_fault_that_is_raised_has_a_text_and_fills_its_places() -> None:
    found = list(raised())
    assert len(found) > 20
    for where, codes, given in found:
        assert codes, where
        for code in codes:
            assert code in TEXTS, where
            assert places(TEXTS[code][1]) == given, where


def test_what_is_wrong_with_an_input_is_told_by_the_names_of_the_schema() -> None:
    """A reason stands in sentences of two languages: it names arguments and figures, and has no words of its own."""
    known = {
        name
        for kind in schema().schema.type_map.values()
        for field, one in getattr(kind, "fields", {}).items()
        for name in (field, *getattr(one, "args", ()))
    }
    said = set()
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "reason":
                said |= {str(one.value) for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
    assert {word for one in said for word in re.findall(r"\b[a-z]\w+", one)} <= known
    assert len(said) > 5


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-CN", "输入无效: items"),
        ("ZH", "输入无效: items"),
        ("en", "not a valid input: items"),
        ("fr", "not a valid input: items"),
    ],
)
def test_any_chinese_locale_speaks_chinese_and_every_other_english(locale: str, expected: str) -> None:
    assert text("INPUT_INVALID", locale, {"reason": "items"}) == expected


@pytest.mark.parametrize("code", sorted(TEXTS))
def test_a_fault_carries_its_code_and_whether_to_try_again(code: str) -> None:
    fault = Fault(code, **dict.fromkeys(places(TEXTS[code][1]), "x"))
    assert fault.extensions == {"code": code, "retryable": code in RETRYABLE}
    assert fault.message == text(code, "en", fault.params)


def test_only_what_passes_by_itself_is_to_be_tried_again() -> None:
    assert {"OVERLOADED", "TIMEOUT"} == RETRYABLE
    assert set(TEXTS) > RETRYABLE
