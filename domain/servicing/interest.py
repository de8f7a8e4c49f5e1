"""应计利息, accrued interest: how much of an instalment's interest belongs to the days before a date.

The value at a date is a *rounded cumulative* amount; what is posted for a day is the difference of two such values,
so that the days of a period sum to the instalment's interest to the last minor unit, whatever the rounding
(`docs/decisions/0050`). Integers only: the same formula stands in the SQL of the close of business
(`operations.accrue`), and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fractions import Fraction

from domain.calendar import days_30_360
from domain.servicing.schedule import Instalment
from domain.servicing.terms import DayCount, Terms
from ledger.money import Rounding, round_ratio


def share(amount: int, *, elapsed: int, days: int) -> int:
    """`amount × elapsed / days`, half up, in minor units; nothing before the first day, the whole from the last."""
    if elapsed >= days:
        return amount
    if elapsed <= 0:
        return 0
    return round_ratio(amount * elapsed, days, Rounding.HALF_UP)


def accrued(instalment: Instalment, *, on: date) -> int:
    """Interest of `instalment` for the days before `on`, minor units: nought at `from_on`, all of it at `due_on`."""
    return share(instalment.interest, elapsed=(on - instalment.from_on).days, days=instalment.days)


def accrued_total(instalments: Iterable[Instalment], *, on: date) -> int:
    """Interest of a whole schedule for the days before `on`, minor units."""
    return sum(accrued(instalment, on=on) for instalment in instalments)


def daily_fraction(terms: Terms, *, from_on: date, due_on: date, a: date, b: date) -> Fraction:
    """The part of a year that the days [a, b) of the period [from_on, due_on) are.

    On whole months a period is its months' share of the year, and a day of it its share of the period's actual days.
    """
    if terms.day_count is DayCount.THIRTY_360:
        whole = Fraction(max(days_30_360(from_on, due_on), 0), 360)
        return whole * Fraction((b - a).days, (due_on - from_on).days)
    return Fraction((b - a).days, terms.day_count.year_days)
