"""Refusals in the schema: a type for each that a payload names, one for all the rest, sentences in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry.schema.config import StrawberryConfig

from domain import refusals
from domain.refusals import Invalid, KeyReused
from graphql_api.scalars import SCALARS
from graphql_api.schema import build, core
from graphql_api.types.field import presents
from graphql_api.types.refusal import named, payload


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class TooMuch(refusals.Refusal):
    """It is too much; whoever asks for less is answered."""

    code: ClassVar[str] = "TOO_MUCH_OF_A_TEST"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "{on} 的 {amount} 超过 {limit}"
    en: ClassVar[str] = "{amount} of {on} is more than {limit}"

    on: date
    amount: int
    limit: Decimal
    colour: Colour
    strict: bool
    inner: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fine:
    text: str = "fine"


@strawberry.type(description="Done.")
@presents(Fine)
class FineResult:
    text: str = strawberry.field(description="A word.")


Answer: Any = payload("Answer", "What is answered.", FineResult, TooMuch, Invalid, KeyReused, TooMuch)
GIVEN: dict[str, object] = {
    "fine": Fine(),
    "much": TooMuch(
        on=date(2026, 3, 5), amount=2**40, limit=Decimal("0.24"), colour=Colour.RED, strict=True, field="amount"
    ),
    "reused": KeyReused(field="key"),
    "other": refusals.SamePerson(),
    "invalid": Invalid(faults=(KeyReused(field="a.b"), refusals.SamePerson())),
}


def given(name: str) -> object:
    return GIVEN[name]


@strawberry.type
class Query:
    given: object = strawberry.field(resolver=given, graphql_type=Answer)


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


def ask(name: str, selection: str = "", *, locale: str = "en") -> dict[str, Any]:
    document = f"""query($name: String!) {{ given(name: $name) {{ __typename {selection}
        ... on Refusal {{ code message field retryable }} }} }}"""
    found = SCHEMA.execute_sync(document, {"name": name}, context_value=SimpleNamespace(locale=locale))
    assert found.errors is None, found.errors
    assert found.data is not None
    given: dict[str, Any] = found.data["given"]
    return given


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fine", {"__typename": "FineResult"}),
        (
            "reused",
            {
                "__typename": "KeyReused",
                "code": "IDEMPOTENT_CONFLICT",
                "message": "this key was already used for a request with other content",
                "field": "key",
                "retryable": False,
            },
        ),
        (
            "other",
            {
                "__typename": "OtherRefusal",
                "code": "SAME_PERSON",
                "message": "maker and checker must be two different people",
                "field": None,
                "retryable": False,
            },
        ),
    ],
)
def test_a_refusal_has_its_type_and_an_unnamed_one_is_another(name: str, expected: dict[str, Any]) -> None:
    assert ask(name) == expected


@pytest.mark.parametrize(
    ("locale", "message"),
    [("en", "1099511627776 of 2026-03-05 is more than 0.24"), ("zh-CN", "2026-03-05 的 1099511627776 超过 0.24")],
)
def test_what_fills_the_sentence_can_be_read_by_machines(locale: str, message: str) -> None:
    found = ask("much", "... on TooMuch { on amount limit colour strict }", locale=locale)
    assert found == {
        "__typename": "TooMuch",
        "on": "2026-03-05",
        "amount": "1099511627776",
        "limit": "0.24",
        "colour": "red",
        "strict": True,
        "code": "TOO_MUCH_OF_A_TEST",
        "message": message,
        "field": "amount",
        "retryable": True,
    }


def test_all_faults_of_an_input_are_told_with_their_fields() -> None:
    found = ask("invalid", "... on Invalid { faults { code message field } }", locale="zh-CN")
    assert found["message"] == "提交内容有 2 处错误: a.b IDEMPOTENT_CONFLICT, - SAME_PERSON"
    assert found["faults"] == [
        {"code": "IDEMPOTENT_CONFLICT", "message": "业务编号已用于不同内容的请求", "field": "a.b"},
        {"code": "SAME_PERSON", "message": "经办人与复核人不能为同一人", "field": None},
    ]


def test_a_type_is_made_once_and_says_what_it_means() -> None:
    assert named(TooMuch) is named(TooMuch)
    text = SCHEMA.as_str()
    assert "`TOO_MUCH_OF_A_TEST`: It is too much; whoever asks for less is answered." in text
    assert "union Answer = FineResult | TooMuch | Invalid | KeyReused | OtherRefusal" in text
    assert "inner" not in text, "what no scalar can carry stays inside"


def test_every_refusal_of_the_schema_is_the_domain_s_word_for_word() -> None:
    shared = {"code", "message", "field", "retryable", "faults"}
    known = {kind.__name__: kind for kind in refusals.registry.values()}
    found = [
        kind
        for kind in core(build()).type_map.values()
        if isinstance(kind, GraphQLObjectType) and any(one.name == "Refusal" for one in kind.interfaces)
    ]
    assert len(found) > 20
    for kind in found:
        if kind.name == "OtherRefusal":
            continue
        fields = set(kind.fields) - shared
        assert fields <= {_camel(name) for name in known[kind.name].__dataclass_fields__}, kind.name
        assert kind.description is not None
        assert kind.description.startswith(f"`{known[kind.name].code}`: ")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
