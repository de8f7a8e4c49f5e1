"""The rate of a period: from a yearly rate, a day count and how often it compounds, exact. Pure.

One rate charges interest, another may solve the payment: a lender may solve from whole months and charge by days.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import Final

from domain.servicing.daycount import DayCount, fraction, month_year
from domain.servicing.duedate import MONTHS, Period, Step, Unit
from domain.servicing.terms import Solving, Terms

PRECISION: Final = 50
"""Decimal digits while rates are compounded: far beyond any rounding to a minor unit."""


def year_fraction(terms: Terms, period: Period, day_count: DayCount | None = None) -> Fraction:
    """The part of a year that a whole period is, by the terms."""
    unit, every = period.step
    basis = day_count or terms.day_count
    if period.is_regular and terms.payments_per_year and day_count is None:
        return Fraction(every, terms.calendar.every * terms.payments_per_year)
    if period.is_regular and basis.is_whole_months:
        if unit in MONTHS:
            return Fraction(MONTHS[unit] * every, 12)
        return Fraction(every, 24) if unit is Unit.HALF_MONTH else Fraction(period.days, 360)
    if period.is_regular and basis is DayCount.MONTH_YEAR and period.step == (Unit.MONTH, 1):
        return month_year(period.from_on)
    return fraction(basis, period.from_on, period.to_on)


def period_rate(terms: Terms, period: Period, rate_annual: Decimal, day_count: DayCount | None = None) -> Fraction:
    """The rate of a whole period, by which interest is charged."""
    return compounded(terms, rate_annual, year_fraction(terms, period, day_count))


def compounded(terms: Terms, rate_annual: Decimal, part: Fraction) -> Fraction:
    """The rate of a part of a year: annual × part, or (1 + annual/c)^(c × part) − 1 where it compounds c times.

    Where it compounds at every moment it is e^(annual × part) − 1.
    """
    if terms.is_continuous:
        return Fraction((rate_annual * part.numerator / part.denominator).exp() - 1)
    often = terms.compounding_per_year
    if often is None or often * part == 1:
        return to_digits(terms, Fraction(rate_annual) * part)
    exponent = often * part
    grown = (1 + rate_annual / often) ** (Decimal(exponent.numerator) / exponent.denominator)
    return Fraction(grown - 1)


def to_digits(terms: Terms, rate: Fraction) -> Fraction:
    """A rate, or a part of a year, as the terms carry it."""
    if terms.rate_digits is None:
        return rate
    carried = Context(prec=terms.rate_digits, rounding=ROUND_HALF_EVEN)
    return Fraction(carried.divide(Decimal(rate.numerator), Decimal(rate.denominator)))


def solving_rate(terms: Terms, period: Period, rate_annual: Decimal) -> Fraction:
    """The rate of a period as the payment is solved, which need not be the one by which interest is charged."""
    unit, every = period.step
    if terms.solving is Solving.HYBRID and unit in MONTHS:
        return Fraction(rate_annual) * 30 * MONTHS[unit] * every / terms.day_count.year_days
    if terms.solving in {Solving.MONTH_RATE, Solving.HYBRID}:
        return regular_rate(terms, period.step, rate_annual)
    return period_rate(terms, period, rate_annual)


def regular_rate(terms: Terms, step: Step, rate_annual: Decimal) -> Fraction:
    """The rate of a regular period of a length, whatever its days: annual / 12 for a month, / 52 for a week."""
    return compounded(terms, rate_annual, regular_part(terms, step))


def regular_part(terms: Terms, step: Step) -> Fraction:
    """The part of a year that a regular period of a length is, whatever its days."""
    unit, every = step
    if terms.payments_per_year:
        return Fraction(every, terms.calendar.every * terms.payments_per_year)
    per_year = {Unit.DAY: terms.day_count.year_days, Unit.WEEK: 52, Unit.HALF_MONTH: 24}
    return Fraction(MONTHS[unit] * every, 12) if unit in MONTHS else Fraction(every, per_year[unit])
