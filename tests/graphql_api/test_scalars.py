"""Each scalar is read in one way: what it takes, what it refuses, and what it writes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import strawberry
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st
from strawberry.schema.config import StrawberryConfig

from graphql_api import scalars

REFUSED_AMOUNTS = [
    "NaN", "sNaN", "Infinity", "-Infinity", "1e3", "1E+3", "1e400", "1_000", "1,000", "１２３", "١٢٣",
    " 12", "12 ", "+1",    "01", "-0",
    "-0.00", "", ".5", "5.", "0x10", "1\n", "--1", "1.1234567890123456789", "1234567890123456789", 1, 0.1, True, None,
    Decimal(1), ["1"],
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED_AMOUNTS)
def test_what_is_no_decimal_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError) as refused:
        scalars.decimal(value)
    assert refused.value.extensions == {"code": "INVALID_AMOUNT"}
    assert str(value) == "" or str(value) not in refused.value.message.replace('"1234.50"', "")


@given(st.decimals(min_value=-(10**17), max_value=10**17, places=2))
def test_a_decimal_is_read_as_it_was_written(value: Decimal) -> None:
    value = value or abs(value)
    assert scalars.decimal(scalars.decimal_text(value)) == value


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (scalars.rate, "0.154", Decimal("0.154")),
        (scalars.rate, "0", Decimal(0)),
        (scalars.big_int, "9223372036854775807", 2**63 - 1),
        (scalars.big_int, "-12", -12),
        (scalars.idempotency_key, "ch7-889", "ch7-889"),
        (scalars.idempotency_key, "a" * 128, "a" * 128),
        (scalars.currency_code, "CNY", "CNY"),
        (scalars.day, "2024-02-29", date(2024, 2, 29)),
        (scalars.instant, "2026-03-05T08:00:00+08:00", datetime(2026, 3, 5, tzinfo=UTC)),
        (scalars.instant, "2026-03-05T08:00:00.5Z", datetime(2026, 3, 5, 8, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_what_is_read(read: object, value: str, expected: object) -> None:
    assert callable(read)
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (scalars.rate, "-0.1"),
        (scalars.rate, "NaN"),
        (scalars.rate, 0.1),
        (scalars.rate, "100000"),
        (scalars.big_int, "9223372036854775808"),
        (scalars.big_int, 5),
        (scalars.big_int, "1.0"),
        (scalars.idempotency_key, ""),
        (scalars.idempotency_key, "a" * 129),
        (scalars.idempotency_key, "中文"),
        (scalars.idempotency_key, "a b"),
        (scalars.idempotency_key, "-a"),
        (scalars.idempotency_key, "a\n"),
        (scalars.currency_code, "cny"),
        (scalars.currency_code, "XXQ"),
        (scalars.currency_code, 156),
        (scalars.day, "2026-02-29"),
        (scalars.day, "2026-3-5"),
        (scalars.day, "20260305"),
        (scalars.day, "２０２６-03-05"),
        (scalars.day, 20260305),
        (scalars.instant, "2026-03-05T08:00:00"),
        (scalars.instant, "2026-03-05"),
        (scalars.instant, "2026-03-05T25:00:00Z"),
        (scalars.instant, "0001-01-01T00:00:00+08:00"),
    ],
)
def test_what_is_refused(read: object, value: object) -> None:
    assert callable(read)
    with pytest.raises(GraphQLError):
        read(value)


def test_what_is_written() -> None:
    assert scalars.decimal_text(Decimal("1E+3")) == "1000"
    assert scalars.decimal_text(Decimal("350.00")) == "350.00"
    shanghai = timezone(timedelta(hours=8))
    assert scalars.instant_text(datetime(2026, 3, 5, 8, tzinfo=shanghai)) == "2026-03-05T00:00:00+00:00"


@strawberry.type
class Query:
    @strawberry.field
    def echo(self, amount: Decimal) -> Decimal:
        return amount


@pytest.mark.parametrize("literal", ["1.5", "15", '"1e3"', '"NaN"', "true", "null", '["1"]'])
def test_literals_are_as_strict_as_variables(literal: str) -> None:
    schema = strawberry.Schema(Query, config=StrawberryConfig(scalar_map=scalars.SCALARS))
    assert schema.execute_sync(f"{{echo(amount:{literal})}}").errors
    assert schema.execute_sync('{echo(amount:"1.50")}').data == {"echo": "1.50"}
