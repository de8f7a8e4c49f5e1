"""应计利息, accrued interest: how much of an instalment's interest belongs to the days before a date.

The value at a date is a *rounded cumulative* amount; what is posted for a day is the difference of two such values,
so that the days of a period sum to the instalment's interest to the last minor unit, whatever the rounding
(`docs/decisions/0050`). Integers only: the same formula stands in the SQL of the close of business
(`operations.accrue`), and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from domain.calendar import add_months
from domain.servicing.daycount import fraction
from domain.servicing.duedate import MONTHS, Period, ShortMonth, Unit
from domain.servicing.schedule import Instalment, year_fraction
from domain.servicing.terms import Terms
from ledger.money import Rounding, round_ratio

_SHORTEST: Final = 28
"""Days that every month has."""


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

    Where periods count as whole months, or as equal parts of a year, a day is its share of the period's actual days.
    """
    if terms.day_count.is_whole_months or terms.payments_per_year:
        return period_fraction(terms, from_on=from_on, due_on=due_on) * Fraction((b - a).days, (due_on - from_on).days)
    return fraction(terms.day_count, a, b)


def period_fraction(terms: Terms, *, from_on: date, due_on: date) -> Fraction:
    """The part of a year that a whole period is; regular when it is as long as the contract's calendar says."""
    return year_fraction(terms, period(terms, from_on=from_on, due_on=due_on))


def period(terms: Terms, *, from_on: date, due_on: date) -> Period:
    """The period between two due dates, as the calendar of the terms sees it."""
    unit, every = terms.calendar.unit, terms.calendar.every
    if unit in MONTHS:
        is_regular = months_between(_unrolled(terms, from_on), _unrolled(terms, due_on)) == MONTHS[unit] * every
    else:
        is_regular = (due_on - from_on).days == {Unit.WEEK: 7}.get(unit, 1) * every
    return Period(from_on, due_on, due_on, (unit, every), is_regular)


def _unrolled(terms: Terms, on: date) -> date:
    """The end of the month from which a due date was rolled to the first of the next."""
    is_rolled = terms.calendar.short_month is ShortMonth.ROLL and on.day == 1 and terms.start_on.day > _SHORTEST
    return on - timedelta(days=1) if is_rolled else on


def months_between(from_on: date, to_on: date) -> int:
    """Whole months between two dates, month ends counting as the same day; nought when they are none."""
    months = (to_on.year - from_on.year) * 12 + to_on.month - from_on.month
    return months if add_months(from_on, months) == to_on or add_months(to_on, -months) == from_on else 0
