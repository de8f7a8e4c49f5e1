"""Fractions of a year by a table of dates, and the additivity that accrual needs."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.daycount import FRACTIONS, SPLITS, DayCount, fraction, whole_months

DATES = st.dates(date(2015, 1, 1), date(2032, 12, 31))


@pytest.mark.parametrize(
    ("day_count", "from_on", "to_on", "expected"),
    [  # 30/360, 30E/360, ACT/360, ACT/365F, ACT/ACT: ISDA 2006 §4.16 applied by hand
        ("30/360", date(2024, 1, 31), date(2024, 3, 31), Fraction(60, 360)),
        ("30/360", date(2024, 2, 28), date(2024, 3, 31), Fraction(33, 360)),
        ("30E/360", date(2024, 2, 28), date(2024, 3, 31), Fraction(32, 360)),
        ("ACT/360", date(2024, 1, 31), date(2024, 3, 31), Fraction(60, 360)),
        ("ACT/364", date(2024, 1, 1), date(2024, 12, 30), Fraction(1)),
        ("ACT/365F", date(2024, 1, 1), date(2025, 1, 1), Fraction(366, 365)),
        ("ACT/365L", date(2024, 1, 1), date(2024, 2, 29), Fraction(59, 366)),
        ("ACT/365L", date(2024, 2, 29), date(2024, 3, 29), Fraction(29, 365)),
        ("ACT/ACT", date(2023, 12, 12), date(2024, 1, 12), Fraction(20, 365) + Fraction(11, 366)),
        ("ACT/ACT-END", date(2023, 12, 12), date(2024, 1, 12), Fraction(19, 365) + Fraction(12, 366)),
        ("MONTH-DAYS/YEAR", date(2023, 12, 2), date(2024, 1, 2), Fraction(31, 365)),
        ("MONTHS+SHARE", date(2024, 1, 1), date(2024, 2, 18), Fraction(1, 12) + Fraction(17, 12 * 29)),
        ("NL/365", date(2024, 2, 1), date(2024, 3, 1), Fraction(28, 365)),
        ("MONTHS+DAYS/360", date(2024, 1, 31), date(2024, 3, 10), Fraction(1, 12) + Fraction(10, 360)),
    ],
)
def test_a_period_is_a_fraction_of_a_year(day_count: str, from_on: date, to_on: date, expected: Fraction) -> None:
    assert fraction(DayCount(day_count), from_on, to_on) == expected


def test_every_day_count_has_its_function() -> None:
    assert set(FRACTIONS) == set(DayCount)


@given(st.sampled_from(sorted(SPLITS)), st.lists(DATES, min_size=3, max_size=3))
def test_a_period_may_be_split_at_any_date(day_count: DayCount, dates: list[date]) -> None:
    first, middle, last = sorted(dates)
    parts = fraction(day_count, first, middle) + fraction(day_count, middle, last)
    assert parts == fraction(day_count, first, last)


@given(st.sampled_from(DayCount), DATES, DATES)
def test_a_longer_period_is_never_a_smaller_fraction(day_count: DayCount, one: date, other: date) -> None:
    from_on, to_on = sorted((one, other))
    found = fraction(day_count, from_on, to_on)
    assert 0 <= found <= Fraction((to_on - from_on).days + 3, 360)


@given(DATES, DATES)
def test_whole_months_leave_less_than_a_month(one: date, other: date) -> None:
    months, days = whole_months(min(one, other), max(one, other))
    assert months >= 0
    assert 0 <= days <= 31
