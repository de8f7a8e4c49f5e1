"""Rates of periods: by which interest is charged, and from which a payment is solved."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest

from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Period, Unit
from domain.servicing.rate import PRECISION, period_rate, regular_rate, solving_rate, year_fraction
from domain.servicing.schedule import period_rates
from domain.servicing.terms import Solving
from tests.domain.servicing.test_terms import TERMS

MONTH = Period(date(2026, 1, 15), date(2026, 2, 15), date(2026, 2, 15), (Unit.MONTH, 1))
RATE = Decimal("0.12")


def test_actual_days_weigh_each_period() -> None:
    rates = period_rates(replace(TERMS, day_count=DayCount.ACT_365F, instalments=2, start_on=date(2026, 1, 15)))
    assert rates == (Fraction(12, 100) * Fraction(31, 365), Fraction(12, 100) * Fraction(28, 365))


@pytest.mark.parametrize(
    ("solving", "charged", "solved"),
    [
        ("PERIOD_RATES", Fraction(31, 365), Fraction(31, 365)),
        ("MONTH_RATE", Fraction(31, 365), Fraction(1, 12)),
        ("HYBRID", Fraction(31, 365), Fraction(30, 365)),
    ],
)
def test_a_payment_may_be_solved_from_another_rate(solving: str, charged: Fraction, solved: Fraction) -> None:
    terms = replace(TERMS, day_count=DayCount.ACT_365F, solving=Solving(solving))
    assert period_rate(terms, MONTH, RATE) == Fraction(RATE) * charged
    assert solving_rate(terms, MONTH, RATE) == Fraction(RATE) * solved


def test_a_rate_compounds_or_is_carried_to_digits() -> None:
    with localcontext() as context:
        context.prec = PRECISION
        grown = period_rate(replace(TERMS, compounding_per_year=2), MONTH, RATE)
    assert abs((1 + grown) ** 6 - Fraction("1.06")) < Fraction(1, 10**40)
    short = replace(TERMS, rate_digits=5)
    assert period_rate(short, MONTH, Decimal("0.1")) == Fraction("0.0083333")


def test_a_regular_period_has_its_share_of_a_year() -> None:
    assert year_fraction(TERMS, MONTH) == Fraction(1, 12)
    assert year_fraction(replace(TERMS, payments_per_year=13), MONTH) == Fraction(1, 13)
    steps = {(Unit.WEEK, 2): Fraction(2, 52), (Unit.HALF_MONTH, 1): Fraction(1, 24), (Unit.QUARTER, 1): Fraction(1, 4)}
    assert {step: regular_rate(TERMS, step, Decimal(1)) for step in steps} == steps
