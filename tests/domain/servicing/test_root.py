"""Roots of flows: found where they are, not found where there is none, and worth nothing where they are found."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.root import (
    LOWEST,
    PRECISION,
    Timed,
    bracket,
    first_guess,
    floor_of_one,
    found,
    netted,
    rounded,
    sign_changes,
    worth,
)


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        ([(0, 100), (1, -110)], "0.1"),
        ([(0, 100), (1, -50)], "-0.5"),
        ([(0, -100), (2, 121)], "0.1"),
        ([(0, 100), (0, 100), (1, -100), (1, -120)], "0.1"),
        ([(0, 1), (1, -1_000_000_001)], "1000000000"),
        ([(5, 100), (6, -112)], "0.12"),
    ],
)
def test_roots_that_can_be_seen(flows: list[Timed], expected: str) -> None:
    rate = found(worth(flows), around=first_guess(flows))
    assert rate is not None
    assert abs(rate - Decimal(expected)) < Decimal("1e-20") * (1 + rate)


@pytest.mark.parametrize("flows", [[(0, 100), (1, 100)], [(0, 100), (1, -201), (2, 110)]])
def test_flows_without_a_root_have_no_fence(flows: list[Timed]) -> None:
    assert bracket(worth(flows), around=Decimal()) is None


def test_the_fence_is_looked_for_above_a_floor() -> None:
    value = worth([(0, 100), (1, -100), (3, 7)])
    below = bracket(value, around=Decimal())
    assert below is not None
    assert below.high <= 0
    assert bracket(value, around=Decimal(), floor=Decimal()) is None


@pytest.mark.parametrize(
    ("amounts", "changes"), [([], 0), ([1, 2], 0), ([1, 0, -1], 1), ([0, -1, 1, 0, -1], 2), ([1, -1, 1, -1], 3)]
)
def test_changes_of_sign(amounts: list[int], changes: int) -> None:
    assert sign_changes(amounts) == changes


@pytest.mark.parametrize(
    ("amounts", "floor"),
    [
        ([], None),
        ([1, -1], LOWEST),
        ([2, -1], LOWEST),
        ([2, -1, 2, -3], LOWEST),  # owes to the end, then nothing
        ([2, -1, 2, -4], Decimal()),
        ([2, -3, 2, -3], None),
        ([2, -3, 1], None),
    ],
)
def test_where_flows_have_one_root(amounts: list[int], floor: Decimal | None) -> None:
    assert floor_of_one(amounts) == floor


def test_money_drawn_twice_for_nothing_costs_nothing() -> None:
    flows: list[Timed] = [(0, 200), (1, -100), (2, 200), (3, -300)]
    assert found(worth(flows), around=first_guess(flows)) == 0


def test_flows_of_one_time_are_one() -> None:
    assert netted([(2, -5), (0, 3), (2, 5), (0, 4), (1, -1)]) == [(0, 7), (1, -1)]


@pytest.mark.parametrize(
    ("rate", "given"), [("0.12345678905", "0.1234567891"), ("-0.00000000001", "0"), ("1E+40", "1E+40")]
)
def test_rates_are_given_with_ten_decimals(rate: str, given: str) -> None:
    assert rounded(Decimal(rate)) == Decimal(given)


@given(
    st.integers(1, 10**12),
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 10**10)), min_size=1, max_size=40),
)
def test_flows_are_worth_nothing_at_their_root(received: int, paid: list[tuple[int, int]]) -> None:
    flows: list[Timed] = [(0, received), *((time, -amount) for time, amount in sorted(paid))]
    start = first_guess(flows)
    rate = found(worth(flows), around=start)
    if rate is None:  # all but nothing comes back
        assert worth(flows)(LOWEST)[0] > 0
        return
    with localcontext() as context:
        context.prec = PRECISION
        value, slope = worth(flows)(rate)
    assert abs(value) <= abs(slope) * Decimal("1e-20") * (1 + abs(rate))
