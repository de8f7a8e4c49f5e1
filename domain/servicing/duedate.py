"""还款日, due dates: from a calendar as data to the periods of a plan, counted from an anchor and never drifting.

A period has two ends: `to_on`, where its interest stops, and `due_on`, when it is paid; they differ only when a
business-day rule moves the payment and not the interest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import count, islice
from typing import Final

from domain.calendar import BusinessDays, add_months

WEEKDAYS: Final = BusinessDays()
"""Business days of a calendar without holidays."""


class Unit(StrEnum):
    """What a frequency counts in."""

    DAY = "D"
    WEEK = "W"
    HALF_MONTH = "H"
    """Twice a month: on `due_days`, or the anchor's day and fifteen days after it."""
    MONTH = "M"
    QUARTER = "Q"
    YEAR = "Y"


MONTHS: Final[dict[Unit, int]] = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}
"""Months in a unit that has whole ones."""
_DAYS: Final[dict[Unit, int]] = {Unit.DAY: 1, Unit.WEEK: 7}
_HALF: Final = 15


class DueRule(StrEnum):
    """On which day of the month an instalment falls due (还款日规则)."""

    SAME_DAY = "SAME_DAY"
    """对日: the start's day of the month."""
    FIXED_DAY = "FIXED_DAY"
    """固定还款日: `due_day`."""
    MONTH_END = "MONTH_END"
    """月末: the last day."""


class ShortMonth(StrEnum):
    """Where a day goes that its month does not have."""

    CLAMP = "CLAMP"
    """To the month's last day."""
    ROLL = "ROLL"
    """To the first of the next month."""


class FirstPeriod(StrEnum):
    """What becomes of a first period that is shorter or longer than the others (首期)."""

    SOLVED = "SOLVED"
    """It takes part in solving the payment."""
    DAYS_ADDED = "DAYS_ADDED"
    """The payment is that of regular periods; the first instalment bears the interest of its own days besides."""
    STUB = "STUB"
    """Its interest is paid alone, as an instalment before the others."""


class Shift(StrEnum):
    """Where a due date goes that is not a business day."""

    NONE = "NONE"
    FOLLOWING = "FOLLOWING"
    MODIFIED_FOLLOWING = "MODIFIED_FOLLOWING"
    """The following business day, unless that is in the next month: then the one before."""
    PRECEDING = "PRECEDING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How the due dates of a plan are found.

    every: units of `unit` between two due dates. due_day: for FIXED_DAY. due_days: of the month, for HALF_MONTH, the
    earlier first. max_day, remap_day: a day of the month above
    `max_day` becomes `remap_day` (absent: `max_day`). first_due_on: stated outright. first_gap_days: with a fixed
    day, a first period of fewer days is merged into the following one. shift_bears_interest: whether the days by
    which a due date is moved bear interest.
    """

    unit: Unit = Unit.MONTH
    every: int = 1
    rule: DueRule = DueRule.SAME_DAY
    due_day: int | None = None
    due_days: tuple[int, int] | None = None
    max_day: int = 31
    remap_day: int | None = None
    short_month: ShortMonth = ShortMonth.CLAMP
    first_due_on: date | None = None
    first_gap_days: int = 15
    first_period: FirstPeriod = FirstPeriod.SOLVED
    shift: Shift = Shift.NONE
    shift_bears_interest: bool = False
    business_days: BusinessDays = WEEKDAYS


MONTHLY: Final = Calendar()
"""Every month on the start's day."""


Step = tuple[Unit, int]
"""One period's length: unit and how many of it."""


@dataclass(frozen=True, slots=True)
class Period:
    """Days that bear interest, [from_on, to_on), and the date on which it is due.

    `is_regular`: the period is a whole `step`, from a due date to the next, and not an odd first one.
    """

    from_on: date
    to_on: date
    due_on: date
    step: Step
    is_regular: bool = True

    @property
    def days(self) -> int:
        """Calendar days that bear interest."""
        return (self.to_on - self.from_on).days


def periods(calendar: Calendar, start_on: date, steps: Sequence[Step]) -> tuple[Period, ...]:
    """One period for each step, joined, from `start_on`."""
    if calendar.due_days is not None and calendar.unit is Unit.HALF_MONTH:
        return tuple(_twice_a_month(calendar, calendar.due_days, start_on, steps))
    made, from_on, (_, day, _) = list[Period](), start_on, _anchor(calendar, start_on, steps[0])
    is_on_grid = steps[0][0] in MONTHS and start_on == _on_day(calendar, start_on, 0, day)
    first_ends = {_stepped(calendar, start_on, steps[0], one) for one in (start_on.day, *((day,) * is_on_grid))}
    for step, end in zip(steps, _ends(calendar, start_on, steps), strict=True):
        due_on = _shifted(calendar, end)
        to_on = due_on if calendar.shift_bears_interest else end
        is_regular = bool(made) or end in first_ends
        made.append(Period(from_on, to_on, due_on, step, is_regular))
        from_on = to_on
    return tuple(made)


def _twice_a_month(
    calendar: Calendar, days: tuple[int, int], start_on: date, steps: Sequence[Step]
) -> Iterator[Period]:
    """Periods that end on two days of each month, the first on the first of them that is late enough."""
    grid = (add_months(start_on.replace(day=1), n // 2, days[n % 2]) for n in count())
    late = (on for on in grid if on > start_on)
    is_regular = start_on in {add_months(start_on, 0, day) for day in days}
    from_on = start_on
    for step in steps:
        end = next(islice(late, step[1] - 1 if is_regular else 0, None))
        due_on = _shifted(calendar, end)
        yield Period(from_on, due_on if calendar.shift_bears_interest else end, due_on, step, is_regular)
        from_on, is_regular = due_on if calendar.shift_bears_interest else end, True


def _ends(calendar: Calendar, start_on: date, steps: Sequence[Step]) -> Iterator[date]:
    """The end of each period before any business-day rule, every one counted from the same anchor."""
    anchor, day, is_first_end = _anchor(calendar, start_on, steps[0])
    months = days = halves = 0
    for unit, every in steps[1:] if is_first_end else steps:
        if is_first_end and not (months or days or halves):
            yield anchor
            is_first_end = False
        if unit is Unit.HALF_MONTH:
            halves += every
        elif unit in MONTHS:
            months += MONTHS[unit] * every
        else:
            days += _DAYS[unit] * every
        end = _half_month(anchor, months * 2 + halves, day) if halves else anchor
        if months and not halves:
            end = _on_day(calendar, anchor, months, day)
        yield end + timedelta(days=days)
    if is_first_end:
        yield anchor


def _anchor(calendar: Calendar, start_on: date, step: Step) -> tuple[date, int, bool]:
    """The date from which ends are counted, the day of the month that they keep, and whether it is the first end."""
    if calendar.first_due_on is not None:
        is_same = calendar.first_due_on == _stepped(calendar, start_on, step, start_on.day)
        day = start_on.day if is_same and calendar.rule is DueRule.SAME_DAY else calendar.first_due_on.day
        return calendar.first_due_on, 31 if calendar.rule is DueRule.MONTH_END else day, True
    if calendar.rule is DueRule.SAME_DAY or step[0] not in MONTHS:
        return start_on, _mapped(calendar, start_on.day) if step[0] in MONTHS else start_on.day, False
    day = 31 if calendar.rule is DueRule.MONTH_END else _mapped(calendar, calendar.due_day or start_on.day)
    months = MONTHS[step[0]] * step[1]
    ahead = 0 if months == 1 else months
    while (_on_day(calendar, start_on, ahead, day) - start_on).days < max(calendar.first_gap_days, 1):
        ahead += 1
    return _on_day(calendar, start_on, ahead, day), day, True


def _mapped(calendar: Calendar, day: int) -> int:
    return day if day <= calendar.max_day else calendar.remap_day or calendar.max_day


def _stepped(calendar: Calendar, start_on: date, step: Step, day: int) -> date:
    unit, every = step
    if unit is Unit.HALF_MONTH:
        return _half_month(start_on, every, day)
    if unit in MONTHS:
        return _on_day(calendar, start_on, MONTHS[unit] * every, day)
    return start_on + timedelta(days=_DAYS[unit] * every)


def _on_day(calendar: Calendar, anchor: date, months: int, day: int) -> date:
    found = add_months(anchor, months, day)
    if calendar.short_month is ShortMonth.ROLL and found.day < day:
        return found + timedelta(days=1)
    return found


def _half_month(anchor: date, halves: int, day: int) -> date:
    months, half = divmod(halves, 2)
    found = add_months(anchor, months, day)
    return found + timedelta(days=_HALF) if half else found


def _shifted(calendar: Calendar, on: date) -> date:
    if calendar.shift is Shift.NONE or on in calendar.business_days:
        return on
    following = calendar.business_days.following(on)
    if calendar.shift is Shift.FOLLOWING:
        return following
    if calendar.shift is Shift.MODIFIED_FOLLOWING and following.month == on.month:
        return following
    while on not in calendar.business_days:
        on -= timedelta(days=1)
    return on
