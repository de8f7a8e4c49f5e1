from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import (
    SHANGHAI,
    BusinessDays,
    Period,
    add_months,
    age_on,
    day_of,
    days_30_360,
    days_between,
    month_end,
    month_of,
)

DAYS = st.dates(date(1950, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (datetime(2026, 3, 5, 15, 59, 59, tzinfo=UTC), SHANGHAI, date(2026, 3, 5)),
        (datetime(2026, 3, 5, 16, tzinfo=UTC), SHANGHAI, date(2026, 3, 6)),
        (datetime(2026, 3, 6, tzinfo=SHANGHAI), UTC, date(2026, 3, 5)),
        (datetime(2026, 3, 29, 22, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"), date(2026, 3, 30)),
        (datetime(2026, 3, 28, 22, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin"), date(2026, 3, 28)),
    ],
)
def test_the_day_of_an_instant_is_what_the_clocks_of_the_books_show(at: datetime, zone: ZoneInfo, day: date) -> None:
    assert day_of(at, zone=zone) == day


@pytest.mark.parametrize(
    ("start", "months", "day", "expected"),
    [
        (date(2026, 1, 31), 1, None, date(2026, 2, 28)),
        (date(2026, 1, 31), 2, None, date(2026, 3, 31)),
        (date(2026, 1, 31), 3, None, date(2026, 4, 30)),
        (date(2024, 1, 31), 1, None, date(2024, 2, 29)),
        (date(2026, 2, 28), 1, 31, date(2026, 3, 31)),
        (date(2026, 11, 15), 2, None, date(2027, 1, 15)),
        (date(2026, 1, 15), -1, None, date(2025, 12, 15)),
        (date(2026, 5, 5), 0, None, date(2026, 5, 5)),
    ],
)
def test_add_months(start: date, months: int, day: int | None, expected: date) -> None:
    assert add_months(start, months, day) == expected


@given(DAYS, st.integers(-600, 600), st.integers(-600, 600))
def test_months_from_the_anchor_do_not_drift(start: date, first: int, second: int) -> None:
    assert add_months(add_months(start, first, start.day), second, start.day) == add_months(start, first + second)


@given(DAYS, st.integers(0, 600))
def test_later_months_are_later(start: date, months: int) -> None:
    assert add_months(start, months) <= add_months(start, months + 1)


@pytest.mark.parametrize(
    ("start", "end", "actual", "thirty"),
    [
        (date(2026, 1, 15), date(2026, 2, 15), 31, 30),
        (date(2026, 1, 31), date(2026, 2, 28), 28, 28),
        (date(2026, 2, 28), date(2026, 3, 31), 31, 33),
        (date(2026, 1, 31), date(2026, 3, 31), 59, 60),
        (date(2026, 3, 5), date(2026, 3, 5), 0, 0),
        (date(2024, 1, 1), date(2025, 1, 1), 366, 360),
    ],
)
def test_day_counts(start: date, end: date, actual: int, thirty: int) -> None:
    assert (days_between(start, end), days_30_360(start, end)) == (actual, thirty)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(1990, 6, 15), date(2026, 6, 14), 35),
        (date(1990, 6, 15), date(2026, 6, 15), 36),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age(born: date, on: date, age: int) -> None:
    assert age_on(born, on) == age


def test_a_period_is_half_open() -> None:
    period = Period(date(2026, 3, 1), date(2026, 3, 3))
    assert list(period) == [date(2026, 3, 1), date(2026, 3, 2)]
    assert (date(2026, 3, 1) in period, date(2026, 3, 3) in period, "2026-03-01" in period) == (True, False, False)
    assert period.days == 2
    with pytest.raises(AssertionError):
        Period(date(2026, 3, 2), date(2026, 3, 1))


@given(DAYS, st.integers(0, 40), DAYS, st.integers(0, 40))
def test_an_overlap_is_what_lies_in_both(one: date, first: int, other: date, second: int) -> None:
    a, b = Period(one, one + timedelta(days=first)), Period(other, other + timedelta(days=second))
    both = a.overlap(b)
    assert (set(both) if both else set()) == set(a) & set(b)


def test_months() -> None:
    assert month_of(date(2026, 2, 14)) == Period(date(2026, 2, 1), date(2026, 3, 1))
    assert month_end(date(2024, 2, 1)) == date(2024, 2, 29)


def test_business_days_are_data() -> None:
    # National Day 2026: Thursday 1 October to Wednesday 7 October off, Saturday 10 October worked.
    days = BusinessDays(
        holidays=frozenset(date(2026, 10, day) for day in range(1, 8)), make_up_days=frozenset({date(2026, 10, 10)})
    )
    assert days.following(date(2026, 10, 1)) == date(2026, 10, 8)
    assert days.after(date(2026, 9, 30)) == date(2026, 10, 8)
    assert days.after(date(2026, 10, 9)) == date(2026, 10, 10)
    assert days.after(date(2026, 10, 9), 2) == date(2026, 10, 12)
    assert date(2026, 10, 11) not in days
    assert "2026-10-12" not in days
