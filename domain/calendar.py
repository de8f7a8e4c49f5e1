"""Dates of the trade: the day of an instant, months without drift, half-open periods, business days as data."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

SATURDAY = 5
SHANGHAI = ZoneInfo("Asia/Shanghai")
"""Where the books keep their days, unless an operator says otherwise."""


def day_of(at: datetime, *, zone: tzinfo) -> date:
    """Return the day of an instant: the date that clocks of the time zone of the books show then."""
    assert at.tzinfo is not None, "an instant knows its offset"
    return at.astimezone(zone).date()


def add_months(start: date, months: int, day: int | None = None) -> date:
    """Return the date `months` later on `day` (default: the day of `start`), clamped to the end of the month.

    Count always from the anchor, never from the previous result: 31 January + 1 is 28 February, + 2 is 31 March
    (the drift trap of iterating).
    """
    anchor = start.day if day is None else day
    assert 1 <= anchor <= 31, "a day of a month"  # noqa: PLR2004 - the calendar's own number
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(anchor, monthrange(year, month + 1)[1]))


def days_between(start: date, end: date) -> int:
    """Return the days from `start` (counted) to `end` (not counted): 算头不算尾."""
    return (end - start).days


def days_30_360(start: date, end: date) -> int:
    """Return the days between two dates when every month has 30 (30/360 bond basis, ISDA 2006 §4.16(f))."""
    first = min(start.day, 30)
    last = 30 if end.day == 31 and first == 30 else end.day  # noqa: PLR2004 - the rule's own numbers
    return (end.year - start.year) * 360 + (end.month - start.month) * 30 + last - first


def month_end(on: date) -> date:
    """Return the last day of the month of `on`."""
    return on.replace(day=monthrange(on.year, on.month)[1])


def age_on(born_on: date, on: date) -> int:
    """Return full years of age; who is born on 29 February comes of age on 1 March of a common year."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `from_on` (inside) to `to_on` (outside); an empty period has both the same."""

    from_on: date
    to_on: date

    def __post_init__(self) -> None:
        """Assert that the period does not run backwards."""
        assert self.from_on <= self.to_on, "a period does not run backwards"

    @property
    def days(self) -> int:
        """How many days lie inside."""
        return days_between(self.from_on, self.to_on)

    def __contains__(self, on: object) -> bool:
        """Tell whether a date lies inside."""
        return isinstance(on, date) and self.from_on <= on < self.to_on

    def __iter__(self) -> Iterator[date]:
        """Walk the days inside, first to last."""
        return (self.from_on + timedelta(days=number) for number in range(self.days))

    def overlap(self, other: Period) -> Period | None:
        """Return the days that lie in both, or None when there is no such day."""
        from_on, to_on = max(self.from_on, other.from_on), min(self.to_on, other.to_on)
        return Period(from_on, to_on) if from_on < to_on else None


def month_of(on: date) -> Period:
    """Return the calendar month in which a date lies."""
    first = on.replace(day=1)
    return Period(first, add_months(first, 1))


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Which days are worked: weekdays, without the `holidays`, with the `make_up_days` (调休 weekend workdays)."""

    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def __contains__(self, on: object) -> bool:
        """Tell whether a date is worked."""
        if not isinstance(on, date):
            return False
        return on in self.make_up_days or (on.weekday() < SATURDAY and on not in self.holidays)

    def following(self, on: date) -> date:
        """Return the date itself when it is worked, else the next worked date (顺延)."""
        while on not in self:
            on += timedelta(days=1)
        return on

    def after(self, on: date, days: int = 1) -> date:
        """Return the `days`-th worked date after `on`: T+1 of a Friday is Monday."""
        for _ in range(days):
            on = self.following(on + timedelta(days=1))
        return on
