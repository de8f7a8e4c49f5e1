"""Fields over values of the domain: by a path, by a function, and which type presents which value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Union

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_api.scalars import SCALARS
from graphql_api.types.field import field as asked
from graphql_api.types.field import made, minor, path, presents
from graphql_api.types.value import Money


@dataclass(frozen=True)
class Terms:
    currency: str = "CNY"
    principal: int | None = 1_050
    months: int = 6


@dataclass(frozen=True)
class Contract:
    terms: Terms = field(default_factory=Terms)
    number: int = 7


@dataclass(frozen=True)
class Draft(Contract):
    pass


@dataclass(frozen=True)
class Note:
    text: str = "hello"


@strawberry.type(description="A contract.")
@presents(Contract)
class Shown:
    number: int = strawberry.field(description="By its own name.")
    months: int = path("terms.months", "Further down.")
    principal: Money | None = minor("terms.principal", "terms.currency", "Money of units.")
    doubled: int = made(lambda root: root.number * 2, "Of a function.")


@strawberry.type(description="A text.")
@presents(Note, str)
class Written:
    kind: str = made(lambda root: type(root).__name__, "What it is.")


Either = Annotated[Union[Shown, Written], strawberry.union("Either", description="One of two.")]  # noqa: UP007 - the library reads it
GIVEN: dict[str, object] = {
    "contract": Contract(),
    "draft": Draft(number=8),
    "bare": Contract(Terms(principal=None)),
    "note": Note(),
    "text": "x",
}


@strawberry.type
class Query:
    @asked("What was given under a name.", name="given")
    def found(self, name: str) -> Either:
        return GIVEN[name]  # type: ignore[return-value]  # a value stands for its type


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))
DOCUMENT = """query($name: String!) { given(name: $name) { __typename
    ... on Shown { number months doubled principal { amount } } ... on Written { kind } } }"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "contract",
            {"__typename": "Shown", "number": 7, "months": 6, "doubled": 14, "principal": {"amount": "10.50"}},
        ),
        ("draft", {"__typename": "Shown", "number": 8, "months": 6, "doubled": 16, "principal": {"amount": "10.50"}}),
        ("bare", {"__typename": "Shown", "number": 7, "months": 6, "doubled": 14, "principal": None}),
        ("note", {"__typename": "Written", "kind": "Note"}),
        ("text", {"__typename": "Written", "kind": "str"}),
    ],
)
def test_a_value_is_presented_by_its_type(name: str, expected: dict[str, Any]) -> None:
    found = SCHEMA.execute_sync(DOCUMENT, {"name": name})
    assert (found.errors, found.data) == (None, {"given": expected})


def test_what_readers_of_the_schema_see() -> None:
    text = SCHEMA.as_str()
    for description in ("Further down.", "Money of units.", "Of a function.", "What was given under a name."):
        assert f'"""{description}"""' in text
    assert "found(" not in text, "the name of the schema stands for the method's own"
