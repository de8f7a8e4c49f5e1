"""The annual percentage rate of the United States: Regulation Z, appendix J to 12 CFR 1026, actuarial method. Pure.

Time is counted in unit-periods, back from each payment to the first advance: `t` whole ones, and the days that are
left over as a fraction `f` of one. Whole unit-periods compound and the fraction bears simple interest:

    Σ advances / ((1 + f·i)(1 + i)^t) = Σ payments / ((1 + f·i)(1 + i)^t),    APR = i × unit-periods of a year

Paragraphs named below are those of appendix J; the tolerances are those of § 1026.22(a)(2) and (3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext
from enum import StrEnum
from itertools import pairwise
from typing import Final

from domain.calendar import add_months, month_end
from domain.servicing import root
from domain.servicing.annuity import NoRate, SeveralRates

TOLERANCE_REGULAR: Final = Decimal("0.00125")
"""An eighth of a percentage point (§ 1026.22(a)(2))."""
TOLERANCE_IRREGULAR: Final = Decimal("0.0025")
"""A quarter of a percentage point, for irregular transactions (§ 1026.22(a)(3))."""
_MONTH_DAYS: Final = 30
_HALF_DAYS: Final = 15
_YEAR_MONTHS: Final = 12
_YEAR_DAYS: Final = 365
_WEEK_DAYS: Final = 7
_YEAR_WEEKS: Final = 52


class Standard(StrEnum):
    """The standard intervals of time of (b)(3)(iii)."""

    DAY = "DAY"
    WEEK = "WEEK"
    SEMIMONTH = "SEMIMONTH"
    MONTH = "MONTH"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class UnitPeriod:
    """A unit-period: so many standard intervals."""

    standard: Standard
    count: int = 1

    @property
    def per_year(self) -> Decimal:
        """How many of them a year has ((b)(5)); a fraction for the term of a single payment."""
        a_year = {
            Standard.DAY: _YEAR_DAYS,
            Standard.WEEK: _YEAR_WEEKS,
            Standard.SEMIMONTH: 2 * _YEAR_MONTHS,
            Standard.MONTH: _YEAR_MONTHS,
            Standard.YEAR: 1,
        }
        return Decimal(a_year[self.standard]) / self.count

    @property
    def days(self) -> int:
        """Days that it counts for when periods are averaged or compared."""
        each = {
            Standard.DAY: 1,
            Standard.WEEK: _WEEK_DAYS,
            Standard.SEMIMONTH: _HALF_DAYS,
            Standard.MONTH: _MONTH_DAYS,
            Standard.YEAR: _YEAR_DAYS,
        }
        return each[self.standard] * self.count


@dataclass(frozen=True, slots=True)
class Paid:
    """One advance (positive) or payment (negative), minor units."""

    on: date
    amount: int


@dataclass(frozen=True, slots=True)
class Apr:
    """The annual percentage rate, a fraction, and how it was found."""

    rate: Decimal
    unit_period: UnitPeriod
    is_irregular: bool

    def is_within_tolerance(self, stated: Decimal) -> bool:
        """Whether a stated rate counts as accurate beside this one (§ 1026.22(a))."""
        allowed = TOLERANCE_IRREGULAR if self.is_irregular else TOLERANCE_REGULAR
        return abs(stated - self.rate) <= allowed


def apr(flows: Sequence[Paid], *, unit_period: UnitPeriod | None = None) -> Apr | NoRate | SeveralRates:
    """The rate of a transaction; without a unit-period that of its common periods is taken."""
    ordered = [Paid(on, int(amount)) for on, amount in root.netted([(flow.on, flow.amount) for flow in flows])]
    amounts = [flow.amount for flow in ordered]
    if not (changes := root.sign_changes(amounts)):
        return NoRate()
    if root.floor_of_one(amounts) is None:
        return SeveralRates(changes=changes)
    unit = unit_period or unit_period_of([flow.on for flow in ordered])
    start = ordered[0].on
    timed = [(*elapsed(start, flow.on, unit), flow.amount) for flow in ordered]
    around = root.first_guess([(whole, amount) for whole, _, amount in timed])
    rate = root.found(root.worth_with_parts(timed, _odd), around=max(around, Decimal()), floor=Decimal())
    if rate is None:
        return NoRate()
    with localcontext() as context:
        context.prec = root.PRECISION
        yearly = root.rounded(rate * unit.per_year)
    return Apr(yearly, unit, _is_irregular(timed))


def unit_period_of(dates: Sequence[date]) -> UnitPeriod:
    """The unit-period of (b)(4): the commonest period between dates, of equally common ones the smaller.

    Without a common period it is the average of all, in whole standard intervals. A single advance with a single
    payment has its own term, at most a year: whole months where it is such, else days.
    """
    if len(dates) == 2:  # noqa: PLR2004 - one advance, one payment
        return _term(*dates)
    counted = Counter(_period(*pair) for pair in pairwise(sorted(set(dates))))
    most = max(counted.values())
    common = [unit for unit, count in counted.items() if count == most and most > 1 and unit.days <= _YEAR_DAYS]
    if common:
        return min(common, key=lambda unit: unit.days)
    average = (dates[-1] - dates[0]).days / (Decimal(len(dates)) - 1)
    return min(_STANDARDS, key=lambda unit: (abs(unit.days - average), unit.days))


def elapsed(start: date, end: date, unit: UnitPeriod) -> tuple[int, Decimal]:
    """Whole unit-periods and the fraction of one from `start` to `end`, counted back from `end` ((b)(5))."""
    match unit.standard:
        case Standard.DAY | Standard.WEEK:
            whole, days = divmod((end - start).days, unit.days)
            return whole, Decimal(days) / unit.days
        case Standard.SEMIMONTH:
            months, days = _months_back(start, end)
            halves, days = divmod(days, _HALF_DAYS)
            whole, rest = divmod(2 * months + halves, unit.count)
            return whole, Decimal(rest * _HALF_DAYS + days) / unit.days
        case Standard.MONTH:
            months, days = _months_back(start, end)
            whole, rest = divmod(months, unit.count)
            return whole, Decimal(rest * _MONTH_DAYS + days) / unit.days
        case Standard.YEAR:
            months, days = _months_back(start, end)
            years, rest = divmod(months, _YEAR_MONTHS)
            if not days:
                return years, Decimal(rest) / _YEAR_MONTHS
            return years, Decimal((add_months(end, -_YEAR_MONTHS * years) - start).days) / _YEAR_DAYS


_STANDARDS: Final = (
    *(UnitPeriod(Standard.DAY, count) for count in (1,)),
    *(UnitPeriod(Standard.WEEK, count) for count in (1, 2, 3)),
    UnitPeriod(Standard.SEMIMONTH),
    *(UnitPeriod(Standard.MONTH, count) for count in range(1, 12)),
    UnitPeriod(Standard.YEAR),
)
"""What an average period is rounded to."""


def _is_irregular(timed: Sequence[tuple[int, Decimal, int]]) -> bool:
    """Whether the quarter-point tolerance holds: several advances, irregular payment periods or irregular amounts.

    An odd first period and an odd first or last payment do not count (§ 1026.22(a)(3)).
    """
    payments = [one for one in timed if one[2] < 0]
    periods = {(after[0] - before[0], after[1] - before[1]) for before, after in pairwise(payments)}
    has_odd_amounts = len({amount for _, _, amount in payments[1:-1]}) > 1
    return len(timed) - len(payments) > 1 or len(periods) > 1 or has_odd_amounts


def _term(start: date, end: date) -> UnitPeriod:
    months, days = _months_back(start, end)
    if months >= _YEAR_MONTHS:
        return UnitPeriod(Standard.YEAR)
    if months and not days:
        return UnitPeriod(Standard.MONTH, months)
    return UnitPeriod(Standard.DAY, max((end - start).days, 1))


def _period(before: date, after: date) -> UnitPeriod:
    """The standard interval between two dates: whole months, whole weeks, half months, or days."""
    months, days = _months_back(before, after)
    if months and not days:
        return UnitPeriod(Standard.YEAR) if months == _YEAR_MONTHS else UnitPeriod(Standard.MONTH, months)
    span = (after - before).days
    if span % _WEEK_DAYS == 0 and not _is_semimonth(before, after):
        return UnitPeriod(Standard.WEEK, span // _WEEK_DAYS)
    return UnitPeriod(Standard.SEMIMONTH) if _is_semimonth(before, after) else UnitPeriod(Standard.DAY, span)


def _is_semimonth(before: date, after: date) -> bool:
    """From the first to the sixteenth or back, and from the fifteenth to the last or back."""
    ends = {before.day, after.day}
    is_near = timedelta(days=12) < after - before < timedelta(days=17)
    last_days = {on.day for on in (before, after) if on == month_end(on)}
    return is_near and (ends == {1, 16} or (15 in ends and bool(last_days)))  # noqa: PLR2004 - days of the month


def _months_back(start: date, end: date) -> tuple[int, int]:
    """Whole months from `end` back towards `start`, and the days that are left; month's end to month's end is whole."""
    months = (end.year - start.year) * _YEAR_MONTHS + end.month - start.month
    if start == month_end(start) and end == month_end(end):
        return months, 0
    if add_months(end, -months) < start:
        months -= 1
    return months, (add_months(end, -months) - start).days


def _odd(part: Decimal, rate: Decimal) -> tuple[Decimal, Decimal]:
    """A fraction of a unit-period bears simple interest: 1/(1 + f·i)."""
    factor = 1 / (1 + part * rate)
    return factor, -part * factor
