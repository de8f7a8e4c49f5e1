"""Movements sum to balances, and the difference of two lives is what the books still lack."""

from collections.abc import Mapping
from datetime import date

import pytest

from domain.product.accounting import Event, Flag
from domain.servicing.movement import NO_FLAGS, Movement, balances, difference

ON = date(2026, 3, 5)
LATER = date(2026, 4, 9)
OFF = frozenset({Flag.CHARGED_OFF})
STOPPED = frozenset({Flag.NON_ACCRUAL})


def moved(event: Event, amounts: Mapping[str, int], *, fact_no: int = 0, flags: frozenset[Flag] = NO_FLAGS) -> Movement:
    return Movement(event=event, amounts=amounts, fact_no=fact_no, value_on=ON, flags=flags)


LENT = moved(Event.DISBURSEMENT_SUCCEEDED, {"principal": 100}, fact_no=1)


@pytest.mark.parametrize(
    ("movements", "held"),
    [
        ([], {"principal": 100}),
        ([moved(Event.INTEREST_ACCRUED, {"interest": 7})], {"principal": 100, "accrued_interest": 7}),
        (
            [moved(Event.INTEREST_ACCRUED, {"interest": 7}), moved(Event.INTEREST_DUE, {"interest": 5})],
            {"principal": 100, "accrued_interest": 2, "interest": 5},
        ),
        ([moved(Event.PRINCIPAL_OVERDUE, {"principal": 30})], {"principal": 70, "overdue_principal": 30}),
        ([moved(Event.REPAYMENT, {"principal": 60, "excess": 9})], {"principal": 40, "excess": 9}),
        (
            [moved(Event.REPAYMENT, {"excess": 50}), moved(Event.OVERPAYMENT_APPLIED, {"principal": 20})],
            {"principal": 80, "excess": 30},
        ),
        ([moved(Event.CHARGE_OFF, {"principal": 100})], {"written_off": 100}),
        (
            [moved(Event.CHARGE_OFF, {"principal": 100}), moved(Event.REPAYMENT, {"principal": 60}, flags=OFF)],
            {"written_off": 40},
        ),
        (
            [moved(Event.WRITE_OFF, {"principal": 100}), moved(Event.RECOVERY, {"written_off": 10, "interest": 0})],
            {"written_off": 90},
        ),
        (
            [
                moved(Event.INTEREST_ACCRUED, {"interest": 7}),
                moved(Event.NON_ACCRUAL, {"principal": 100, "accrued_interest": 7}),
                moved(Event.NON_ACCRUAL_INTEREST, {"nonaccrual_interest": 2}, flags=STOPPED),
                moved(Event.REPAYMENT, {"nonaccrual_interest": 4}, flags=STOPPED),
            ],
            {"nonaccrual_principal": 100, "nonaccrual_interest": 5},
        ),
        ([moved(Event.SUBROGATED, {"amount": 99})], {"principal": 100}),
    ],
)
def test_balances_are_a_sum_of_movements(movements: list[Movement], held: Mapping[str, int]) -> None:
    assert {bucket: amount for bucket, amount in balances([LENT, *movements]).items() if amount} == held


def test_what_stands_in_both_lives_is_not_booked_again() -> None:
    assert difference([LENT], [LENT], on=LATER) == ()


def test_a_changed_split_is_booked_net_under_its_fact() -> None:
    before = [LENT, moved(Event.REPAYMENT, {"principal": 60, "interest": 10}, fact_no=2)]
    after = [LENT, moved(Event.REPAYMENT, {"principal": 55, "interest": 10, "fee": 5}, fact_no=2)]
    made = difference(before, after, on=LATER, fact_no=3)
    assert [(one.fact_no, dict(one.amounts), one.value_on) for one in made] == [
        (2, {"fee": 5}, LATER),
        (2, {"principal": -5}, LATER),
    ]
    assert balances([*before, *made]) == balances(after)


def test_the_fact_that_is_booked_keeps_its_own_date() -> None:
    (made,) = difference([LENT], [LENT, moved(Event.REPAYMENT, {"principal": 5}, fact_no=3)], on=LATER, fact_no=3)
    assert made.value_on == ON


def test_time_s_own_movements_are_compared_as_sums() -> None:
    before = [moved(Event.INTEREST_ACCRUED, {"interest": 3}), moved(Event.INTEREST_ACCRUED, {"interest": 4})]
    (made,) = difference(before, [moved(Event.INTEREST_ACCRUED, {"interest": 9})], on=LATER)
    assert dict(made.amounts) == {"interest": 2}
