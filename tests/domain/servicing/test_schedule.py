"""等额本息 against figures that anybody can look up, and the laws of every schedule."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.daycount import DayCount
from domain.servicing.schedule import Instalment, Schedule, level_payment, period_rates, schedule
from domain.servicing.terms import Terms
from ledger.money import Rounding
from tests.domain.servicing.test_terms import TERMS

TERM = st.builds(
    Terms,
    principal=st.integers(1_00, 10_000_000_00),
    currency=st.just("CNY"),
    rate_annual=st.decimals(0, Decimal("0.36"), places=6),
    instalments=st.integers(1, 60),
    start_on=st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    day_count=st.sampled_from(DayCount),
    rounding=st.sampled_from(Rounding),
    grace_days=st.just(0),
    penalty_rate_annual=st.just(Decimal(0)),
)


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    [  # the textbook formula in any spreadsheet: PMT(rate/12, months, -principal)
        (10_000_00, "0.12", 12, 888_49),
        (100_000_00, "0.049", 360, 530_73),
        (1_000_000_00, "0.0435", 240, 6_245_81),
        (5_000_00, "0.24", 6, 892_63),
        (1_200_00, "0", 12, 100_00),
    ],
)
def test_the_level_payment_is_that_of_the_textbook(principal: int, rate: str, months: int, payment: int) -> None:
    terms = replace(TERMS, principal=principal, rate_annual=Decimal(rate), instalments=months)
    assert level_payment(terms) == payment
    assert schedule(terms).payment == payment


def test_the_whole_plan_of_a_small_loan() -> None:
    plan = schedule(replace(TERMS, principal=3_000_00, instalments=3, start_on=date(2026, 1, 15)))
    assert [(one.no, one.from_on, one.due_on, one.principal, one.interest) for one in plan.instalments] == [
        (1, date(2026, 1, 15), date(2026, 2, 15), 990_07, 30_00),
        (2, date(2026, 2, 15), date(2026, 3, 15), 999_97, 20_10),
        (3, date(2026, 3, 15), date(2026, 4, 15), 1_009_96, 10_10),
    ]
    assert (plan.principal, plan.interest) == (3_000_00, 60_20)


def test_actual_days_weigh_each_period() -> None:
    rates = period_rates(replace(TERMS, day_count=DayCount.ACT_365F, instalments=2, start_on=date(2026, 1, 15)))
    assert rates == (Fraction(12, 100) * Fraction(31, 365), Fraction(12, 100) * Fraction(28, 365))


@given(TERM)
def test_laws_of_every_schedule(terms: Terms) -> None:
    plan = schedule(terms)
    assert plan.principal == terms.principal
    assert len(plan.instalments) == terms.instalments
    balance = Fraction(terms.principal)
    for one, rate in zip(plan.instalments, period_rates(terms), strict=True):
        exact = balance * rate
        assert abs(one.interest - exact) < 1, "interest is that of the balance, rounded once"
        balance -= one.principal
    assert balance == 0
    regular = {one.total for one in plan.instalments[:-1]}
    assert len(regular) <= 1 or terms.principal < 100 * terms.instalments, "every payment but the last is the same"
    assert plan.instalments[0].from_on == terms.start_on
    assert plan.instalments[-1].due_on == terms.due_on(terms.instalments)


def test_lines_that_make_no_sense_cannot_be_built() -> None:
    first = Instalment(1, date(2026, 1, 1), date(2026, 2, 1), 10, 1)
    for wrong in (
        {"no": 0},
        {"principal": -2},
        {"interest": -1},
        {"due_on": date(2025, 12, 31)},
        {"due_on": date(2026, 1, 1)},
    ):
        with pytest.raises(AssertionError):
            replace(first, **wrong)
    with pytest.raises(AssertionError):
        Schedule("CNY", (first, replace(first, no=3, from_on=date(2026, 2, 1), due_on=date(2026, 3, 1))))
    with pytest.raises(AssertionError):
        Schedule("CNY", (first, replace(first, no=2)))
