"""Who works which case."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.collections.assignment import assign
from domain.collections.case import Case
from domain.collections.delinquency import Bucket
from ledger.money import Money

CASE = Case(
    case_id=1,
    loan_id=1,
    customer_id=1,
    opened_on=date(2026, 1, 1),
    dpd=1,
    overdue=Money(1, "CNY"),
    bucket=Bucket.M1,
)


def cases(*customers: int) -> list[Case]:
    return [replace(CASE, case_id=number, customer_id=customer) for number, customer in enumerate(customers, start=1)]


@pytest.mark.parametrize(
    ("customers", "loads", "holders", "expected"),
    [
        ((1, 2, 3, 4), {"a": 0, "b": 0}, {}, "abab"),
        ((1, 2, 3), {"b": 0, "a": 2}, {}, "bba"),
        ((1, 1, 2), {"a": 0, "b": 0}, {}, "aab"),
        ((1, 2), {"a": 9, "b": 0}, {1: "a"}, "ab"),
        ((1, 2), {"a": 0, "b": 0}, {1: "gone"}, "ab"),
    ],
)
def test_the_fewest_cases_first_and_a_customer_stays(
    customers: tuple[int, ...], loads: dict[str, int], holders: dict[int, str], expected: str
) -> None:
    assert "".join(one.collector for one in assign(cases(*customers), loads=loads, holders=holders)) == expected


@given(st.integers(0, 60), st.integers(1, 7))
def test_different_customers_are_spread_evenly_and_in_any_order_the_same(count: int, people: int) -> None:
    waiting = cases(*range(count))
    loads = {f"c{number}": 0 for number in range(people)}
    given_out = assign(waiting, loads=loads)
    numbers = [sum(one.collector == name for one in given_out) for name in loads]
    assert sum(numbers) == count
    assert max(numbers) - min(numbers) <= 1
    assert assign(waiting[::-1], loads=loads) == given_out


def test_nobody_on_duty_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        assign(cases(1), loads={})
