"""A million plans at once are a million schedules."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.bulk import RATE_UNIT, annuities
from domain.servicing.schedule import schedule
from tests.domain.servicing.test_terms import TERMS

LOANS = st.lists(st.tuples(st.integers(1, 2**38 - 1), st.integers(0, 600_000)), min_size=1, max_size=8)


@given(LOANS, st.integers(1, 36))
def test_every_column_is_its_schedule(loans: list[tuple[int, int]], count: int) -> None:
    principals, rates = (np.array(column, dtype=np.int64) for column in zip(*loans, strict=True))
    made = annuities(principals, rates, count)
    for index, (principal, rate) in enumerate(loans):
        terms = replace(
            TERMS,
            principal=principal,
            rate_annual=Decimal(rate) / RATE_UNIT,
            instalments=count,
            start_on=date(2026, 1, 15),
        )
        plan = schedule(terms).instalments
        assert made.interest[:, index].tolist() == [one.interest for one in plan]
        assert made.principal[:, index].tolist() == [one.principal for one in plan]


def test_a_payment_on_the_very_boundary_is_solved_exactly() -> None:
    principals = np.array([25, 75, 101], dtype=np.int64)
    made = annuities(principals, np.zeros(3, dtype=np.int64), 2)
    assert made.payment.tolist() == [13, 38, 51]


@pytest.mark.parametrize(("principal", "rate", "count"), [(0, 1, 1), (1, -1, 1), (1, 1, 0), (2**38, 1, 1)])
def test_what_does_not_fit_is_not_planned(principal: int, rate: int, count: int) -> None:
    with pytest.raises(AssertionError):
        annuities(np.array([principal], dtype=np.int64), np.array([rate], dtype=np.int64), count)
