"""计息基础, day counts: how the days of a half-open period [from, to) become an exact fraction of a year.

A table of functions. All of them are additive: the fraction of a..b is that of a..c plus that of c..b for `SPLITS`;
the whole-month counts are additive at the ends of their months, and inside a month a part is measured by its actual
days (`schedule` does that).
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.calendar import add_months, days_30_360


class DayCount(StrEnum):
    """How a period becomes a fraction of a year."""

    THIRTY_360 = "30/360"
    """Whole months at annual rate / 12 (对年对月对日), an odd period by the bond basis; per day annual / 360."""
    THIRTY_E_360 = "30E/360"
    """Every month has 30 days, the 31st counts as the 30th (Eurobond basis)."""
    MONTHS_ODD_DAYS = "MONTHS+DAYS/360"
    """整月零头天: whole months at annual rate / 12, the days left over at annual rate / 360 (银发〔2005〕129号)."""
    MONTHS_SHARE = "MONTHS+SHARE"
    """Whole months at annual rate / 12, the days left over as a share of the month that they begin."""
    ACT_360 = "ACT/360"
    """Actual days over 360."""
    ACT_364 = "ACT/364"
    """Actual days over 364: a year of 52 weeks."""
    ACT_365F = "ACT/365F"
    """Actual days over 365, also in leap years."""
    ACT_365L = "ACT/365L"
    """Actual days over 366 when a 29 February lies in (from, to], else over 365."""
    ACT_ACT = "ACT/ACT"
    """Actual days, those of a leap year over 366, the others over 365; a day belongs to the year of its beginning."""
    ACT_ACT_END = "ACT/ACT-END"
    """The same, but a day belongs to the year of its end: 31 December counts to the new year."""
    MONTH_YEAR = "MONTH-DAYS/YEAR"
    """Between two monthly due dates the days of the month in which the period begins, over the days of its year."""
    NL_365 = "NL/365"
    """Actual days without 29 February, over 365."""

    @property
    def year_days(self) -> int:
        """Days of the year on which a *daily* rate is based."""
        return _YEAR_DAYS.get(self, 360)

    @property
    def is_whole_months(self) -> bool:
        """Whether a period between two regular due dates counts as whole months, whatever its days."""
        return self in {DayCount.THIRTY_360, DayCount.MONTHS_ODD_DAYS, DayCount.MONTHS_SHARE}


def fraction(day_count: DayCount, from_on: date, to_on: date) -> Fraction:
    """The part of a year that the period from `from_on` (inside) to `to_on` (outside) is."""
    assert from_on <= to_on, "a period does not run backwards"
    return FRACTIONS[day_count](from_on, to_on)


def whole_months(from_on: date, to_on: date) -> tuple[int, int]:
    """Whole months from `from_on` that end by `to_on`, and the actual days left over."""
    months = (to_on.year - from_on.year) * 12 + to_on.month - from_on.month
    if add_months(from_on, months) > to_on:
        months -= 1
    return months, (to_on - add_months(from_on, months)).days


def _over(days: int) -> Callable[[date, date], Fraction]:
    def over(from_on: date, to_on: date) -> Fraction:
        return Fraction((to_on - from_on).days, days)

    return over


def _thirty_360(from_on: date, to_on: date) -> Fraction:
    return Fraction(max(days_30_360(from_on, to_on), 0), 360)


def _thirty_e_360(from_on: date, to_on: date) -> Fraction:
    days = (to_on.year - from_on.year) * 360 + (to_on.month - from_on.month) * 30
    return Fraction(max(days + min(to_on.day, 30) - min(from_on.day, 30), 0), 360)


def _months_odd_days(from_on: date, to_on: date) -> Fraction:
    months, days = whole_months(from_on, to_on)
    return Fraction(months, 12) + Fraction(days, 360)


def _months_share(from_on: date, to_on: date) -> Fraction:
    months, days = whole_months(from_on, to_on)
    length = (add_months(from_on, months + 1) - add_months(from_on, months)).days
    return Fraction(months, 12) + Fraction(days, 12 * length)


def _leap_days(from_on: date, to_on: date) -> int:
    """How many 29 Februaries lie in [from, to)."""
    years = (year for year in range(from_on.year, to_on.year + 1) if isleap(year))
    return sum(from_on <= date(year, 2, 29) < to_on for year in years)


def _nl_365(from_on: date, to_on: date) -> Fraction:
    return Fraction((to_on - from_on).days - _leap_days(from_on, to_on), 365)


def _act_365l(from_on: date, to_on: date) -> Fraction:
    one = timedelta(days=1)
    has_leap_day = _leap_days(from_on + one, to_on + one) > 0
    return Fraction((to_on - from_on).days, 366 if has_leap_day else 365)


def _years(from_on: date, to_on: date) -> Iterator[tuple[int, int]]:
    """Each calendar year that the period touches, with its days in it."""
    for year in range(from_on.year, to_on.year + 1):
        begin, end = max(from_on, date(year, 1, 1)), min(to_on, date(year + 1, 1, 1))
        if days := (end - begin).days:
            yield year, days


def _act_act(from_on: date, to_on: date) -> Fraction:
    return sum((Fraction(days, 366 if isleap(year) else 365) for year, days in _years(from_on, to_on)), Fraction())


def _act_act_end(from_on: date, to_on: date) -> Fraction:
    one = timedelta(days=1)
    return _act_act(from_on + one, to_on + one)


def _over_year(days: int, from_on: date) -> Fraction:
    return Fraction(days, 366 if isleap(from_on.year) else 365)


def month_year(from_on: date) -> Fraction:
    """The part of its year that the month of a date is."""
    return _over_year(monthrange(from_on.year, from_on.month)[1], from_on)


_YEAR_DAYS: Final[Mapping[DayCount, int]] = {
    DayCount.ACT_364: 364,
    DayCount.ACT_365F: 365,
    DayCount.ACT_365L: 365,
    DayCount.ACT_ACT: 365,
    DayCount.ACT_ACT_END: 365,
    DayCount.MONTH_YEAR: 365,
    DayCount.NL_365: 365,
}

FRACTIONS: Final[Mapping[DayCount, Callable[[date, date], Fraction]]] = {
    DayCount.THIRTY_360: _thirty_360,
    DayCount.THIRTY_E_360: _thirty_e_360,
    DayCount.MONTHS_ODD_DAYS: _months_odd_days,
    DayCount.MONTHS_SHARE: _months_share,
    DayCount.ACT_360: _over(360),
    DayCount.ACT_364: _over(364),
    DayCount.ACT_365F: _over(365),
    DayCount.ACT_365L: _act_365l,
    DayCount.ACT_ACT: _act_act,
    DayCount.ACT_ACT_END: _act_act_end,
    DayCount.MONTH_YEAR: lambda from_on, to_on: _over_year((to_on - from_on).days, from_on),
    DayCount.NL_365: _nl_365,
}
"""The function of each day count."""

SPLITS: Final = frozenset(DayCount) - {
    DayCount.THIRTY_360,
    DayCount.THIRTY_E_360,
    DayCount.MONTHS_ODD_DAYS,
    DayCount.MONTHS_SHARE,
    DayCount.ACT_365L,
    DayCount.MONTH_YEAR,
}
"""Day counts that may be split at any date."""
