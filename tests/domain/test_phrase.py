"""A Chinese refusal is Chinese: no English word is in it but a name, a code or a figure, each listed with why."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import pytest

import domain
import graphql_api
from domain.phrase import PHRASES, SPOKEN, THINGS, in_chinese
from domain.refusals import Refusal, places, registry, text
from ledger.money import Money

if TYPE_CHECKING:
    from collections.abc import Iterator

for package in (domain, graphql_api):
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        importlib.import_module(module.name)

CLASSES: Final = sorted(registry.items())
ROOT: Final = Path(domain.__path__[0]).parent
NAMES: Final = {
    "X": "the letter that may end an identity number",
    "https": "a protocol",
    "JSON": "a format",
    "UTF": "an encoding, UTF-8",
    "ISO": "a standard",
    "HMAC": "an algorithm",
    "SHA": "an algorithm",
    "RSA": "an algorithm",
    "SM": "an algorithm",
    "MD": "an algorithm",
    "AES": "an algorithm",
    "GCM": "an algorithm",
    "NONE": "a code of the message header",
}
"""Words that stand in Chinese sentences as they are, because people and programs know them by no other name."""
VERBATIM: Final = {
    "account": "a code of the chart",
    "action": "a code of the schema",
    "allowed": "codes and bounds to choose from",
    "business_key": "a number of ours",
    "codes": "codes of refusals with the paths of their fields",
    "component": "a code of the schema",
    "components": "names of amounts in a posting rule",
    "count": "a figure",
    "currency": "an ISO 4217 code",
    "ends_at": "a time",
    "encrypt_type": "a code of the message header",
    "event": "a code of the schema",
    "existing": "a global id",
    "fault": "a code of a fault in a file",
    "field": "a path of the input",
    "field_name": "a parameter of a product",
    "hint": "a field of terms that may be meant",
    "ledger_code": "a code of the books",
    "local_time": "a time",
    "most": "a bound, in figures",
    "name": "a field of terms, or the name of a pack",
    "order_no": "a number of ours",
    "payment": "an amount, in figures",
    "reason": "a code of the books, or of what is wrong with an amount",
    "rule": "a code of a cap",
    "rule_set": "the name of a rule set",
    "sign_type": "a code of the message header",
    "source": "a module",
    "stage": "a code of the schema",
    "starts_at": "a time",
    "state": "a code of the schema",
    "status": "a code of the schema",
    "whole": "a sum, in figures",
}
"""Places that hold names, codes and figures, whichever refusal has them."""
REPORTS: Final = {
    ("BOOK_REFUSED", "detail"): "codes and figures that the books report beside their code",
    ("PERIOD_CLOSED", "detail"): "the same",
    ("RECONCILIATION_ENTRY_REFUSED", "detail"): "the same",
    ("RULESET_UNPROVED", "detail"): "the prover's report, by table and row, for authors of packs",
    ("TERM_INVALID", "expected"): "phrases of terms, which have a table of their own",
    ("TERMS_CONFLICT", "other"): "the same",
    ("TERMS_NOT_JSON", "detail"): "where the reader of JSON stopped",
    ("FIELDS_DISAGREE", "other"): "a field",
}
"""Places of single refusals that hold the report of a machine or a name, with what it is."""
PLAIN: Final = (int, bool, Decimal, date, Money, Enum)


def words(chinese: str) -> set[str]:
    """English words of a text, codes with an underscore left out."""
    return set(re.findall(r"(?<![0-9A-Za-z])[A-Za-z]+", re.sub(r"\b[A-Z0-9]+(_[A-Z0-9]+)+\b", "", chinese)))


def texts() -> Iterator[tuple[str, str]]:
    """Places of sentences that hold text: the code of the refusal, and the place."""
    for code, kind in CLASSES:
        hints = get_type_hints(kind)
        for name in sorted(places(kind.zh)):
            hint = hints.get(name, str)
            if not (isinstance(hint, type) and issubclass(hint, PLAIN)):
                yield code, name


@pytest.mark.parametrize(("code", "kind"), CLASSES)
def test_a_chinese_sentence_has_no_english_word_of_its_own(code: str, kind: type[Refusal]) -> None:
    assert words(re.sub(r"{.*?}", "", kind.zh)) <= set(NAMES)


def test_of_every_place_that_holds_text_somebody_has_said_what_it_holds() -> None:
    found = set(texts())
    said = SPOKEN | set(REPORTS)
    unsaid = {one for one in found - said if one[1] not in VERBATIM}
    assert unsaid == set(), "words go into SPOKEN, a name or a code into VERBATIM with the reason"
    assert said <= {(code, name) for code, kind in CLASSES for name in places(kind.zh)}
    assert not SPOKEN & set(REPORTS)


PARAMETERS: Final = {"what", "why", "expected"}
"""Names of arguments that hold words, in all of the sources but those of terms."""


def literals() -> Iterator[tuple[str, str]]:
    """Words as the sources write them, a figure at each of their places, and where."""
    for top in ("domain", "graphql_api", "commands"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if "servicing" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                for one in node.keywords:
                    said = written(one.value) if one.arg in PARAMETERS else None
                    if said is not None and one.arg is not None:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}", said


def written(value: ast.expr) -> str | None:
    """A literal text; 7 stands for what is put in."""
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, ast.JoinedStr):
        return "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in value.values)
    if isinstance(value, ast.BinOp):
        sides = [written(value.left), written(value.right)]
        return None if sides == [None, None] else "".join(one or "7" for one in sides)
    return None


def test_whatever_the_sources_say_is_said_in_chinese() -> None:
    found = list(literals())
    assert len(found) > 40
    untold = [one for one in found if not words(in_chinese(one[1])) <= set(NAMES)]
    assert untold == [], "give the words a Chinese phrase in domain/phrase.py"


@pytest.mark.parametrize("english", sorted(PHRASES))
def test_a_phrase_keeps_its_figures_and_loses_its_words(english: str) -> None:
    assert places(english) == places(PHRASES[english])
    values = {name: f"⟨{number}⟩" for number, name in enumerate(sorted(places(english)))}
    said = english.format(**values)
    told = in_chinese(said)
    assert told == PHRASES[english].format(**values), "no earlier phrase takes it for itself"
    assert re.search(r"[\u4e00-\u9fff]", told)
    assert words(told) <= set(NAMES)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("review task", "审核任务"),
        ("one of PRIMARY, CO", "以下之一: PRIMARY, CO"),
        ("1-64 letters, digits or ._:-", "1 至 64 位字母、数字或 ._:-"),
        (
            "the parts exceed the payment; instalment 1 PRINCIPAL: 5 of 4 owed",
            "各部分之和超过还款金额; 第 1 期 PRINCIPAL: 5, 应还 4",
        ),
        (
            "instalment 1 FEE: 5 of 4 owed; instalment 2 FEE: 3 of 2 owed",
            "第 1 期 FEE: 5, 应还 4; 第 2 期 FEE: 3, 应还 2",
        ),
        ("SETTLED", "SETTLED"),
        ("1.0", "1.0"),
        ("", ""),
    ],
)
def test_words_are_told_and_names_stay(english: str, chinese: str) -> None:
    assert in_chinese(english) == chinese


def instance(kind: type[Refusal]) -> Refusal:
    """A refusal whose places are filled with what cannot be taken for words."""
    hints = get_type_hints(kind)
    given: dict[str, Any] = {}
    for one in fields(kind):
        hint = hints[one.name]
        if hint is str or one.name == "field":
            given[one.name] = next(iter(THINGS)) if (kind.code, one.name) in SPOKEN else "⟨名⟩"
        elif isinstance(hint, type) and issubclass(hint, Enum):
            given[one.name] = next(iter(hint))
        elif hint is date:
            given[one.name] = date(2026, 3, 5)
        elif hint is Money:
            given[one.name] = Money(1, "CNY")
        elif hint in {int, bool, Decimal}:
            given[one.name] = hint(1)
        else:
            given[one.name] = ()
    return kind(**given)


@pytest.mark.parametrize(("code", "kind"), CLASSES)
def test_every_refusal_is_told_in_chinese(code: str, kind: type[Refusal]) -> None:
    made = instance(kind)
    told = text(made, "zh-CN")
    codes = {str(value) for value in made.params.values() if isinstance(value, Enum)} | {"CNY"}
    assert words(told) <= set(NAMES) | {word for one in codes for word in words(one)}
    assert "{" not in told
