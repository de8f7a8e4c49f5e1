"""Accrual by difference of rounded cumulative interest: the days of a period sum to its interest, always."""

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.interest import accrued, accrued_total, share
from domain.servicing.schedule import Instalment, schedule
from tests.domain.servicing.test_terms import TERMS


@pytest.mark.parametrize(
    ("elapsed", "amount"), [(-1, 0), (0, 0), (1, 3), (15, 50), (16, 53), (29, 97), (30, 100), (31, 100)]
)
def test_the_share_of_days_is_cumulative_and_half_up(elapsed: int, amount: int) -> None:
    assert share(100, elapsed=elapsed, days=30) == amount


@given(st.integers(0, 10**10), st.integers(1, 400))
def test_the_days_of_a_period_sum_to_its_interest(interest: int, days: int) -> None:
    from_on = date(2026, 1, 1)
    one = Instalment(1, from_on, from_on + timedelta(days=days), 0, interest)
    values = [accrued(one, on=from_on + timedelta(days=n)) for n in range(days + 2)]
    steps = [after - before for before, after in itertools.pairwise(values)]
    assert sum(steps) == interest
    assert all(abs(step - interest / days) <= 1 for step in steps[:-1])
    assert min(steps) >= 0


@given(st.integers(0, 400), st.integers(0, 400))
def test_accrual_splits_at_any_date(first: int, second: int) -> None:
    plan = schedule(TERMS).instalments
    begin, end = (TERMS.start_on + timedelta(days=n) for n in sorted((first, second)))
    grown = [accrued_total(plan, on=begin + timedelta(days=n)) for n in range((end - begin).days + 1)]
    assert grown == sorted(grown)
    steps = sum(after - before for before, after in itertools.pairwise(grown))
    assert steps == accrued_total(plan, on=end) - accrued_total(plan, on=begin)
    assert accrued_total(plan, on=TERMS.due_on(12)) == sum(one.interest for one in plan)
