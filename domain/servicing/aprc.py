"""The annual percentage rate of charge of the European Union. Pure.

Directive 2008/48/EC, annex I, and 2014/17/EU, annex I: Σ drawdowns·(1+X)^-t = Σ payments·(1+X)^-s. Intervals are whole
years, months (a twelfth of a year, 30.41666 days whatever the month) or weeks (of 52), counted back from each date to
the first drawdown; what is left over is days, over the 365 or 366 days of the year that ends with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import Final

from domain.calendar import add_months
from domain.servicing import root
from domain.servicing.annuity import NoRate, SeveralRates

SHOWN: Final = Decimal("0.001")
"""One decimal of a percent, half up (annex I, remark d)."""
_WEEK_DAYS: Final = 7


class Interval(StrEnum):
    """What whole intervals are counted in: the one that most payments lie apart."""

    YEAR = "YEAR"
    MONTH = "MONTH"
    WEEK = "WEEK"

    @property
    def per_year(self) -> int:
        """How many make a year."""
        return {Interval.YEAR: 1, Interval.MONTH: 12, Interval.WEEK: 52}[self]


def aprc(
    flows: Sequence[tuple[date, Decimal | int]], *, interval: Interval = Interval.MONTH
) -> Decimal | NoRate | SeveralRates:
    """The rate a year, a fraction with ten decimals, of drawdowns (positive) and payments (negative)."""
    netted = root.netted(flows)
    amounts = [amount for _, amount in netted]
    if not (changes := root.sign_changes(amounts)):
        return NoRate()
    floor = root.floor_of_one(amounts)
    if floor is None:
        return SeveralRates(changes=changes)
    start = netted[0][0]
    timed = [(*elapsed(start, on, interval), amount) for on, amount in netted]
    return _solved(timed, interval.per_year, floor)


def aprc_by_years(flows: Sequence[tuple[Decimal, Decimal]]) -> Decimal | NoRate | SeveralRates:
    """The same of flows whose times are years and parts of years, as the examples of the annex say them."""
    sums: dict[Decimal, Decimal] = {}
    for years, amount in flows:
        sums[years] = sums.get(years, Decimal()) + amount
    netted = [(years, amount) for years, amount in sorted(sums.items()) if amount]
    amounts = [amount for _, amount in netted]
    if not (changes := root.sign_changes(amounts)):
        return NoRate()
    floor = root.floor_of_one(amounts)
    if floor is None:
        return SeveralRates(changes=changes)
    return _solved([(int(years), years - int(years), amount) for years, amount in netted], 1, floor)


def _solved(
    timed: Sequence[tuple[int, Decimal, Decimal | int]], per_year: int, floor: Decimal
) -> Decimal | NoRate | SeveralRates:
    """The rate a year of flows after whole intervals and a part of a year."""
    around = root.first_guess([(whole, amount) for whole, _, amount in timed])

    def odd(part: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
        power = -part * per_year
        return (1 + rate) ** power, power / (1 + rate)

    rate = root.found(root.worth_with_parts(timed, odd), around=around, floor=floor)
    if rate is None:
        return NoRate()
    with localcontext() as context:
        context.prec = root.PRECISION
        return root.rounded((1 + rate) ** per_year - 1)


def shown(rate: Decimal) -> Decimal:
    """The rate as it is printed: percent with one decimal."""
    return root.rounded(rate, SHOWN)


def elapsed(start: date, end: date, interval: Interval) -> tuple[int, Decimal]:
    """Whole intervals from `end` back towards `start`, and the rest as a part of a year."""
    if interval is Interval.WEEK:
        whole = (end - start).days // _WEEK_DAYS
        back = end - timedelta(days=whole * _WEEK_DAYS)
    else:
        months = 12 // interval.per_year
        whole = ((end.year - start.year) * 12 + end.month - start.month) // months
        whole -= add_months(end, -months * whole) < start
        back = add_months(end, -months * whole)
    year_days = (back - add_months(back, -12)).days
    return whole, Decimal((back - start).days) / year_days
