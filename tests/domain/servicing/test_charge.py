"""Penalty interest: principal-days as integers, retroactive after grace, independent of the order of payments."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.charge import is_overdue, penalty, penalty_accrued, principal_days
from domain.servicing.daycount import DayCount
from domain.servicing.schedule import Instalment
from domain.servicing.terms import Stage
from tests.domain.servicing.test_terms import TERMS

DUE = date(2026, 3, 10)
ONE = Instalment(1, date(2026, 2, 10), DUE, 1_000_00, 10_00)


def day(number: int) -> date:
    return DUE + timedelta(days=number)


@pytest.mark.parametrize(("late", "overdue"), [(-5, False), (0, False), (3, False), (4, True), (400, True)])
def test_overdue_begins_after_the_grace(late: int, *, overdue: bool) -> None:
    assert is_overdue(ONE, on=day(late), grace_days=3) is overdue


@pytest.mark.parametrize(
    ("on", "payments", "minor"),
    [
        (3, [], 0),  # within grace
        (4, [], 2_00),  # after it, from the due date: 1000.00 × 4 × 0.18 / 360
        (10, [], 5_00),
        (10, [(5, 400_00)], 4_00),  # 1000×10 − 400×5 = 8000 yuan-days
        (10, [(2, 400_00)], 3_00),  # paid within grace: that part was never late
        (10, [(-3, 1_000_00)], 0),  # paid before
        (10, [(5, 400_00), (5, 600_00)], 2_50),
    ],
)
def test_penalty_of_an_instalment(on: int, payments: list[tuple[int, int]], minor: int) -> None:
    paid = [(day(number), amount) for number, amount in payments]
    assert penalty_accrued(TERMS, ONE, payments=paid, on=day(on)) == minor


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 200_00)), max_size=5), st.integers(0, 60), st.randoms())
def test_principal_days_are_a_sum_over_days_in_any_order(payments: list[tuple[int, int]], on: int, mix: object) -> None:
    paid = [(day(number), amount) for number, amount in payments]
    naive = sum(ONE.principal - sum(amount for number, amount in payments if number <= passed) for passed in range(on))
    assert principal_days(ONE, payments=paid, on=day(on)) == naive
    mix.shuffle(paid)  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert principal_days(ONE, payments=paid, on=day(on)) == naive


def test_a_stage_has_its_own_penalty_rate() -> None:
    stages = (Stage(first=1, last=2, penalty_rate_annual=Decimal("0.36")), Stage(first=3, last=12))
    terms = replace(TERMS, day_count=DayCount.ACT_360, penalty_rate_annual=Decimal("0.18"), stages=stages)
    assert [penalty(terms, 1_000_00 * 10, no=no) for no in (1, 2, 3)] == [10_00, 10_00, 5_00]


@given(st.integers(0, 10**12), st.sampled_from(DayCount))
def test_penalty_is_rounded_once_half_up(measure: int, day_count: DayCount) -> None:
    terms = replace(TERMS, day_count=day_count, penalty_rate_annual=Decimal("0.2375"))
    exact = Fraction(measure) * Fraction(2375, 10_000) / day_count.year_days
    assert penalty(terms, measure, no=1) == (exact + Fraction(1, 2)).__floor__()
