"""Due dates by rule: a table of first dates, and the law that nothing drifts."""

from calendar import monthrange
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import BusinessDays, add_months
from domain.servicing.duedate import Calendar, DueRule, Shift, ShortMonth, Unit, periods

D = date
HOLIDAYS = BusinessDays(holidays=frozenset({D(2026, 2, 16), D(2026, 2, 17)}))


@pytest.mark.parametrize(
    ("calendar", "start_on", "due"),
    [
        (Calendar(), D(2026, 1, 31), [D(2026, 2, 28), D(2026, 3, 31), D(2026, 4, 30)]),
        (Calendar(short_month=ShortMonth.ROLL), D(2026, 1, 31), [D(2026, 3, 1), D(2026, 3, 31), D(2026, 5, 1)]),
        (Calendar(max_day=28), D(2026, 1, 31), [D(2026, 2, 28), D(2026, 3, 28), D(2026, 4, 28)]),
        (Calendar(max_day=28, remap_day=23), D(2026, 1, 29), [D(2026, 2, 23), D(2026, 3, 23), D(2026, 4, 23)]),
        (
            Calendar(rule=DueRule.FIXED_DAY, due_day=10),
            D(2026, 1, 15),
            [D(2026, 2, 10), D(2026, 3, 10), D(2026, 4, 10)],
        ),
        (Calendar(rule=DueRule.FIXED_DAY, due_day=10), D(2026, 1, 5), [D(2026, 2, 10), D(2026, 3, 10), D(2026, 4, 10)]),
        (
            Calendar(rule=DueRule.FIXED_DAY, due_day=10, first_gap_days=0),
            D(2026, 1, 5),
            [D(2026, 1, 10), D(2026, 2, 10), D(2026, 3, 10)],
        ),
        (Calendar(rule=DueRule.MONTH_END), D(2026, 1, 15), [D(2026, 1, 31), D(2026, 2, 28), D(2026, 3, 31)]),
        (Calendar(first_due_on=D(2026, 3, 5)), D(2026, 1, 15), [D(2026, 3, 5), D(2026, 4, 5), D(2026, 5, 5)]),
        (Calendar(first_due_on=D(2026, 2, 28)), D(2026, 1, 31), [D(2026, 2, 28), D(2026, 3, 31), D(2026, 4, 30)]),
        (
            Calendar(unit=Unit.HALF_MONTH, due_days=(1, 15)),
            D(2026, 1, 1),
            [D(2026, 1, 15), D(2026, 2, 1), D(2026, 2, 15), D(2026, 3, 1)],
        ),
        (
            Calendar(unit=Unit.HALF_MONTH, due_days=(15, 31)),
            D(2026, 2, 10),
            [D(2026, 2, 15), D(2026, 2, 28), D(2026, 3, 15), D(2026, 3, 31)],
        ),
        (Calendar(unit=Unit.WEEK, every=2), D(2026, 1, 1), [D(2026, 1, 15), D(2026, 1, 29), D(2026, 2, 12)]),
        (Calendar(unit=Unit.DAY, every=10), D(2026, 1, 1), [D(2026, 1, 11), D(2026, 1, 21), D(2026, 1, 31)]),
        (Calendar(unit=Unit.HALF_MONTH), D(2026, 1, 1), [D(2026, 1, 16), D(2026, 2, 1), D(2026, 2, 16)]),
        (Calendar(unit=Unit.QUARTER), D(2025, 11, 30), [D(2026, 2, 28), D(2026, 5, 30), D(2026, 8, 30)]),
        (Calendar(unit=Unit.YEAR), D(2024, 2, 29), [D(2025, 2, 28), D(2026, 2, 28), D(2027, 2, 28)]),
        (
            Calendar(shift=Shift.FOLLOWING, business_days=HOLIDAYS),
            D(2026, 1, 16),
            [D(2026, 2, 18), D(2026, 3, 16), D(2026, 4, 16)],
        ),
        (Calendar(shift=Shift.FOLLOWING), D(2025, 12, 31), [D(2026, 2, 2), D(2026, 3, 2), D(2026, 3, 31)]),
        (Calendar(shift=Shift.MODIFIED_FOLLOWING), D(2025, 12, 31), [D(2026, 1, 30), D(2026, 2, 27), D(2026, 3, 31)]),
        (Calendar(shift=Shift.PRECEDING), D(2025, 12, 31), [D(2026, 1, 30), D(2026, 2, 27), D(2026, 3, 31)]),
    ],
)
def test_due_dates_follow_the_rule(calendar: Calendar, start_on: date, due: list[date]) -> None:
    made = periods(calendar, start_on, [(calendar.unit, calendar.every)] * len(due))
    assert [one.due_on for one in made] == due


def test_a_moved_payment_moves_the_interest_only_when_the_contract_says_so() -> None:
    start_on, steps = D(2026, 1, 16), [(Unit.MONTH, 1)] * 2
    still = periods(Calendar(shift=Shift.FOLLOWING, business_days=HOLIDAYS), start_on, steps)
    moved = periods(Calendar(shift=Shift.FOLLOWING, business_days=HOLIDAYS, shift_bears_interest=True), start_on, steps)
    assert [one.days for one in still] == [31, 28]
    assert [one.days for one in moved] == [33, 26]


@given(
    st.dates(D(2019, 1, 1), D(2031, 1, 1)), st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR]), st.integers(1, 60)
)
def test_dates_never_drift(start_on: date, unit: Unit, count: int) -> None:
    made = periods(Calendar(unit=unit), start_on, [(unit, 1)] * count)
    months = {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]
    for number, one in enumerate(made, start=1):
        assert one.due_on == add_months(start_on, number * months)
        assert one.due_on.day == min(start_on.day, monthrange(one.due_on.year, one.due_on.month)[1])
        assert one.is_regular
    assert all(before.to_on == after.from_on for before, after in pairwise(made))
