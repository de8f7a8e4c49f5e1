"""When cases open, move and close."""

from datetime import date

import pytest

from domain.collections.case import Case, plan
from domain.collections.delinquency import Overdue, bucket
from ledger.money import Money

AMOUNT = Money(500, "CNY")


def late(loan_id: int, dpd: int) -> Overdue:
    return Overdue(loan_id=loan_id, customer_id=loan_id, dpd=dpd, amount=AMOUNT)


def case(loan_id: int, dpd: int) -> Case:
    return Case(
        case_id=loan_id * 10,
        loan_id=loan_id,
        customer_id=loan_id,
        opened_on=date(2026, 1, 1),
        dpd=1,
        overdue=AMOUNT,
        bucket=bucket(dpd),
    )


@pytest.mark.parametrize(
    ("overdue", "cases", "opens", "moves", "closes"),
    [
        ([], [], [], [], []),
        ([late(1, 1)], [], [1], [], []),
        ([late(1, 2)], [case(1, 1)], [], [], []),
        ([late(1, 31)], [case(1, 30)], [], [1], []),
        ([late(1, 5)], [case(1, 40)], [], [1], []),
        ([], [case(1, 5)], [], [], [1]),
        ([late(2, 1), late(3, 31)], [case(1, 5), case(3, 30)], [2], [3], [1]),
    ],
)
def test_a_day_is_compared_with_the_open_cases(
    overdue: list[Overdue], cases: list[Case], opens: list[int], moves: list[int], closes: list[int]
) -> None:
    found = plan(overdue, cases)
    assert [one.loan_id for one in found.to_open] == opens
    assert [one.case.loan_id for one in found.to_move] == moves
    assert [one.loan_id for one in found.to_close] == closes


def test_the_first_days_may_be_left_alone() -> None:
    found = plan([late(1, 3), late(2, 4)], [], opens_at_dpd=4)
    assert [one.loan_id for one in found.to_open] == [2]


def test_two_open_cases_of_a_loan_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        plan([], [case(1, 1), case(1, 1)])
