"""Months: their ids and spans, the states they pass through, and where a late entry goes."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.period import (
    CorrectionPolicy,
    PeriodClosed,
    PeriodState,
    Placement,
    bounds,
    may_become,
    next_period,
    period_id,
    place,
    previous_period,
)

OPEN, CLOSING, CLOSED = PeriodState.OPEN, PeriodState.CLOSING, PeriodState.CLOSED
MOVE, REFUSE = CorrectionPolicy.CORRECT_IN_CURRENT, CorrectionPolicy.REFUSE
days = st.dates(date(1900, 2, 1), date(9998, 12, 31))


@given(days)
def test_every_day_lies_in_its_month_and_the_next_begins_where_it_ends(day: date) -> None:
    period = period_id(day)
    first, end = bounds(period)
    assert first <= day < end
    assert period_id(end) == next_period(period)
    assert period_id(first - timedelta(days=1)) == previous_period(period)


@pytest.mark.law(33)
def test_only_closing_goes_back_and_closed_is_terminal() -> None:
    allowed = [(state, target) for state in PeriodState for target in PeriodState if may_become(state, target)]
    assert allowed == [(OPEN, CLOSING), (OPEN, CLOSED), (CLOSING, OPEN), (CLOSING, CLOSED)]


STATES = {202601: CLOSED, 202602: CLOSING, 202603: OPEN, 202604: OPEN}


@pytest.mark.parametrize(
    ("on", "policy", "booked_on", "expected"),
    [
        ("2026-03-09", REFUSE, "2026-04-02", Placement(date(2026, 3, 9), None)),
        ("2026-01-09", REFUSE, "2026-04-02", PeriodClosed(202601, 202603)),
        ("2026-01-09", MOVE, "2026-04-02", Placement(date(2026, 4, 2), date(2026, 1, 9))),
        ("2026-02-09", MOVE, "2026-03-31", Placement(date(2026, 3, 31), date(2026, 2, 9))),
        ("2026-01-09", MOVE, "2026-01-31", Placement(date(2026, 3, 1), date(2026, 1, 9))),
        ("2026-01-09", MOVE, "2026-05-01", Placement(date(2026, 3, 1), date(2026, 1, 9))),
        ("2025-12-09", MOVE, "2026-04-02", PeriodClosed(202512, 202603)),
        ("2026-05-09", MOVE, "2026-04-02", PeriodClosed(202605, None)),
    ],
)
def test_a_late_entry_moves_forward_and_keeps_its_own_date(
    on: str, policy: CorrectionPolicy, booked_on: str, expected: Placement | PeriodClosed
) -> None:
    found = place(date.fromisoformat(on), states=STATES, policy=policy, booked_on=date.fromisoformat(booked_on))
    assert found == expected
