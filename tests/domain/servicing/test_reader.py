"""JSON read value by value: what is not exactly a value of its kind is refused by its path, and nothing is guessed."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.refusals import Invalid, text
from domain.servicing.reader import Reader, tree_of


def reader(**values: Any) -> Reader:  # noqa: ANN401 - any JSON
    return Reader(values, "terms.", [])


@pytest.mark.parametrize(
    ("written", "number"),
    [("0.18", "0.18"), ("18%", "0.18"), ("3.875%", "0.03875"), ("-1", "-1"), ("1E-8", "1E-8"), ("0", "0")],
)
def test_a_number_is_a_string_with_or_without_a_percent_sign(written: str, number: str) -> None:
    assert reader(rate=written).number("rate", None) == Decimal(number)


@pytest.mark.parametrize(
    "found", ["", " 0.1", "1_000", "０.1", ".5", "5.", "0x1", "NaN", "1%%", "+1", 0.1, 1, True, []]
)
def test_what_merely_looks_like_a_number_is_refused(found: Any) -> None:  # noqa: ANN401 - any JSON
    one = reader(rate=found)
    assert one.number("rate", None) is None
    assert [(fault.code, fault.field) for fault in one.faults] == [("RATE_NOT_A_NUMBER", "terms.rate")]


@pytest.mark.parametrize("found", ["2026-W01-1", "20260105", "2026-1-5", "2026-02-30", "1799-12-31", 20260105, ""])
def test_what_merely_looks_like_a_date_is_refused(found: Any) -> None:  # noqa: ANN401 - any JSON
    one = reader(on=found)
    assert one.day("on", None) is None
    assert [fault.code for fault in one.faults] == ["TERM_INVALID"]
    assert reader(on="2026-01-05").day("on", None) == date(2026, 1, 5)


@pytest.mark.parametrize(
    ("unit", "annual"), [("Y", "0.01"), ("Q", "0.04"), ("M", "0.12"), ("W", "0.52"), ("D", "3.60"), ("P", "0.26")]
)
def test_a_rate_of_any_unit_is_one_a_year(unit: str, annual: str) -> None:
    one = Reader({"rate": {"value": "0.01", "unit": unit}}, "", [], per_year=26)
    assert one.rate("rate", None) == Decimal(annual)


def test_a_rate_of_a_period_needs_the_periods_of_a_year() -> None:
    one = reader(rate={"value": "0.01", "unit": "P"})
    one.rate("rate", None)
    assert [(fault.code, fault.field) for fault in one.faults] == [("TERM_MISSING", "terms.rate.unit")]


def test_a_name_that_is_there_twice_is_refused() -> None:
    found = tree_of('{"principal": "1.00", "principal": "2.00"}')
    assert isinstance(found, Invalid)
    assert "principal is there twice" in found.faults[0].message


def test_a_name_that_nobody_reads_is_told_the_one_that_it_may_be() -> None:
    one = reader(principle="1.00")
    one.amount("principal", None)
    one.done()
    (fault,) = one.faults
    assert (text(fault, "en"), text(fault)) == (
        "nobody reads principle; did you mean principal?",
        "未知字段 principle, 是否指 principal?",
    )


@given(st.text(max_size=40))
def test_no_text_makes_the_reader_stumble(asked: str) -> None:
    assert isinstance(tree_of(asked), dict | Invalid)
