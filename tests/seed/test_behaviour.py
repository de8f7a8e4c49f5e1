"""The demonstration's borrowers: drawn once, the same every time, and bad ones are those of the real label."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.servicing.schedule import Instalment
from seed import behaviour
from seed.behaviour import BAD, GOOD, Pattern, Way

DUE = date(2025, 3, 6)
ROWS = range(1, 301)


def instalment(no: int) -> Instalment:
    return Instalment(no=no, from_on=DUE - timedelta(days=28), due_on=DUE, principal=100, interest=1)


@pytest.mark.parametrize(("bad", "patterns"), [(False, GOOD), (True, BAD)])
def test_a_label_decides_among_which_habits_is_drawn(bad: bool, patterns: tuple[tuple[Pattern, int], ...]) -> None:
    drawn = {behaviour.habit(seed=1, row=row, bad=bad, term_months=12).pattern for row in ROWS}
    assert drawn == {pattern for pattern, _ in patterns}


def test_a_habit_is_the_same_every_time_and_another_under_another_seed() -> None:
    def year(seed: int) -> list[behaviour.Habit]:
        return [behaviour.habit(seed=seed, row=row, bad=False, term_months=12) for row in ROWS]

    assert year(1) == year(1)
    assert [replace(one, seed=1) for one in year(2)] != year(1)


@pytest.mark.parametrize("pattern", Pattern)
@pytest.mark.parametrize("no", range(1, 8))
def test_what_a_borrower_means_to_do_with_an_instalment(pattern: Pattern, no: int) -> None:
    one = behaviour.Habit(seed=1, row=7, pattern=pattern, turns_at=3)
    meant = behaviour.intentions(one, instalment(no))
    turned, share = no >= 3, [each.per_mille for each in meant]
    assert [each.on for each in meant] == sorted(each.on for each in meant)
    assert {each.no for each in meant} <= {no}
    match pattern:
        case Pattern.PUNCTUAL:
            assert [(each.on, each.way) for each in meant] == [(DUE, Way.COLLECTION)]
        case Pattern.SELF_PAYER:
            assert [each.way for each in meant] == [Way.CHANNEL]
            assert abs((meant[0].on - DUE).days) <= 6
        case Pattern.EARLY_SETTLER:
            assert [each.settles for each in meant] == ([False] if no < 3 else [True] if no == 3 else [])
        case Pattern.STOPS:
            assert [each.fails for each in meant] == (
                [False] if no < 3 else [True] if no < 3 + behaviour.ATTEMPTS else []
            )
        case Pattern.STRUGGLES:
            assert share in ([1000], [500, 1000])
            assert all((each.on - DUE).days >= 5 for each in meant) is turned


def test_reviewers_are_right_three_times_out_of_four() -> None:
    right = sum(behaviour.reviewer_approves(seed=1, row=row, bad=row % 2 == 0) is (row % 2 == 1) for row in ROWS)
    assert 0.65 < right / len(ROWS) < 0.85
