"""Money as it is written and read, and the pages of every list."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphql_api.faults import Fault
from graphql_api.relay import Cursors
from graphql_api.scalars import SCALARS
from graphql_api.types.value import After, Connection, First, Money, MoneyInput
from ledger.money import Money as Amount

WRITTEN = {"CNY": "350.00", "JPY": "35000", "KWD": "35.000"}
"""35,000 minor units of each."""


@strawberry.type
class Query:
    @strawberry.field
    def money(self, currency: str) -> Money:
        return Amount(35_000, currency)  # type: ignore[return-value]  # a value stands for its type

    @strawberry.field
    def numbers(self, first: First = None, after: After = None) -> Connection[int]:
        cursors = Cursors.of(b"key", field="numbers", scope="", filters={})
        return cursors.sliced(range(5), cursors.page(first=first, after=after), lambda one: (one,))  # type: ignore[return-value]  # as above


SCHEMA = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=SCALARS))


def ask(document: str, *, locale: str = "en", **variables: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    found = SCHEMA.execute_sync(document, variables, context_value=SimpleNamespace(locale=locale))
    assert found.errors is None, found.errors
    assert found.data is not None
    return found.data


@pytest.mark.parametrize("currency", sorted(WRITTEN))
def test_an_amount_has_all_places_of_its_currency_and_is_a_text(currency: str) -> None:
    found = ask("query($c: String!) { money(currency: $c) { amount currency } }", c=currency)["money"]
    assert found == {"amount": WRITTEN[currency], "currency": currency}


@pytest.mark.parametrize(
    ("asked", "locale", "expected"),
    [
        ("", "en", "CN¥350.00"),
        ("", "zh-CN", "¥350.00"),
        ('(locale: "zh-CN")', "en", "¥350.00"),
        ('(locale: "en")', "zh-CN", "CN¥350.00"),
        ('(locale: "xx")', "zh-CN", "CN¥350.00"),
    ],
)
def test_people_read_an_amount_in_their_language(asked: str, locale: str, expected: str) -> None:
    document = f'{{ money(currency: "CNY") {{ formatted{asked} }} }}'
    assert ask(document, locale=locale)["money"]["formatted"] == expected


@given(st.integers(-(10**16), 10**16), st.sampled_from(sorted(WRITTEN)))
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    amount = Amount(minor, currency)
    assert MoneyInput(amount=amount.decimal, currency=currency).money == amount  # type: ignore[arg-type]  # a currency code is a text


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [("1.001", "CNY", "surplus_decimals"), ("1.5", "JPY", "surplus_decimals"), ("0.0001", "KWD", "surplus_decimals")],
)
def test_more_decimals_than_the_currency_has_are_refused_by_name(amount: str, currency: str, reason: str) -> None:
    with pytest.raises(Fault) as refused:
        _ = MoneyInput(amount=Decimal(amount), currency=currency).money  # type: ignore[arg-type]  # as above
    assert (refused.value.code, refused.value.params) == ("AMOUNT_INVALID", {"reason": reason})


@pytest.mark.parametrize("amount", ["100000000000000.01", "-100000000000000.01", "999999999999999999"])
def test_more_than_the_books_take_is_refused_by_name(amount: str) -> None:
    with pytest.raises(Fault) as refused:
        _ = MoneyInput(amount=Decimal(amount), currency="CNY").money  # type: ignore[arg-type]  # as above
    assert refused.value.params == {"reason": "too_large"}


def test_trailing_zeros_are_no_surplus() -> None:
    assert MoneyInput(amount=Decimal("1.5000"), currency="CNY").money == Amount(150, "CNY")  # type: ignore[arg-type]  # as above


PAGE = """query($first: Int, $after: String) { numbers(first: $first, after: $after) {
    nodes edges { node cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""


def test_a_page_tells_its_rows_twice_and_where_it_lies() -> None:
    first = ask(PAGE, first=2)["numbers"]
    assert first["nodes"] == [edge["node"] for edge in first["edges"]] == [0, 1]
    cursors = [edge["cursor"] for edge in first["edges"]]
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": cursors[0],
        "endCursor": cursors[1],
    }
    last = ask(PAGE, first=9, after=cursors[1])["numbers"]
    assert (last["nodes"], last["pageInfo"]["hasNextPage"], last["pageInfo"]["hasPreviousPage"]) == (
        [2, 3, 4],
        False,
        True,
    )
