from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from typing import ClassVar

import pytest

import domain
from domain.refusals import Invalid, NotFound, Refusal, SamePerson, invalid, places, registry, text
from domain.servicing.annuity import NumberNotFinite

for module in pkgutil.walk_packages(domain.__path__, "domain."):
    importlib.import_module(module.name)

CLASSES = sorted(registry.items())


@pytest.mark.parametrize(("code", "refusal"), CLASSES)
def test_every_refusal_speaks_both_languages(code: str, refusal: type[Refusal]) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", code)
    assert re.search(r"[\u4e00-\u9fff]", refusal.zh), "Chinese"
    assert refusal.en.isprintable()
    assert not re.search(r"[\u4e00-\u9fff]", refusal.en)


@pytest.mark.parametrize(("code", "refusal"), CLASSES)
def test_every_place_of_a_text_is_a_field(code: str, refusal: type[Refusal]) -> None:
    known = {one.name for one in fields(refusal)} | {name for name in dir(refusal) if not name.startswith("_")}
    assert places(refusal.zh) <= known
    assert places(refusal.en) == places(refusal.zh)


def test_the_domain_has_refusals_in_many_modules() -> None:
    assert len({refusal.__module__ for refusal in registry.values()}) > 5


@pytest.mark.parametrize(
    ("locale", "expected"),
    [("zh-CN", "未找到借据"), ("zh_Hant", "未找到借据"), ("en", "no such loan"), ("fr", "no such loan")],
)
def test_text(locale: str, expected: str) -> None:
    assert text(NotFound(what="loan"), locale) == expected


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_a_sentence_may_name_the_field_at_fault(locale: str) -> None:
    assert text(NumberNotFinite(field="flows[2]"), locale).startswith("flows[2] ")


def test_a_code_has_one_class() -> None:
    with pytest.raises(AssertionError, match="SAME_PERSON is claimed"):
        type("Thief", (Refusal,), {"code": "SAME_PERSON"})


def test_a_class_without_a_code_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="has no code"):
        type("Nameless", (Refusal,), {})


def test_invalid_carries_all_faults() -> None:
    both = (NotFound(field="a.b", what="x"), SamePerson())
    refusal = invalid(both)
    assert isinstance(refusal, Invalid)
    assert refusal.faults == both
    assert refusal.message == "提交内容有 2 处错误: a.b NOT_FOUND, - SAME_PERSON"
    assert invalid(()) is None


def test_codes_are_class_words_not_instance_ones() -> None:
    assert Refusal.__annotations__["code"] in {"ClassVar[str]", ClassVar[str]}
    assert "code" not in {one.name for one in fields(SamePerson)}
