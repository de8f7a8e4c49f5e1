"""The cut of loans into chunks, and which date may close."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.day.step import LOAN_STEPS, Step, chunks, expected, posting_key

MONDAY, TUESDAY = date(2025, 1, 6), date(2025, 1, 7)


@given(st.integers(0, 5_000), st.integers(1, 700))
def test_every_loan_is_in_exactly_one_chunk(loan_id_max: int, size: int) -> None:
    cut = chunks(loan_id_max=loan_id_max, size=size)
    assert [number for chunk in cut for number in range(chunk.low, chunk.high + 1)] == list(range(1, loan_id_max + 1))
    assert [chunk.number for chunk in cut] == list(range(len(cut)))
    assert all(chunk.high - chunk.low < size for chunk in cut)


@pytest.mark.parametrize(
    ("last_closed", "begun", "only"),
    [
        (None, None, None),
        (MONDAY, None, TUESDAY),
        (None, MONDAY, MONDAY),
        (MONDAY, TUESDAY, TUESDAY),
        (date(2024, 2, 28), None, date(2024, 2, 29)),
        (date(2025, 12, 31), None, date(2026, 1, 1)),
    ],
)
def test_dates_close_one_after_another(last_closed: date | None, begun: date | None, only: date | None) -> None:
    assert expected(last_closed=last_closed, begun=begun) == only


def test_interest_comes_before_what_it_falls_into_and_ageing_after_it() -> None:
    assert [step.value for step in LOAN_STEPS] == [
        "accrue-interest",
        "fall-due",
        "apply-overpayments",
        "move-overdue",
        "accrue-penalty",
        "age",
        "close-lives",
    ]


def test_keys_of_different_work_differ() -> None:
    keys = {posting_key(on, step, number) for on in (MONDAY, TUESDAY) for step in Step for number in range(3)}
    assert len(keys) == 2 * len(Step) * 3
    assert posting_key(MONDAY, Step.AGE, 2) == "day:2025-01-06:age:2"
