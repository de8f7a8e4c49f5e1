"""Facts stand in the order of replay, whatever the order in which they were booked."""

from datetime import date

import pytest

from domain.servicing.allocation import Component
from domain.servicing.fact import Disburse, Fact, Levy, Pay, place, takes_effect_on

ON = date(2026, 3, 5)


def levy(no: int, due_on: date) -> Levy:
    return Levy(no=no, value_on=ON, booked_on=ON, name="X", component=Component.FEE, due_on=due_on, amount=1)


def test_on_one_date_disbursement_comes_before_charges_and_charges_before_payments() -> None:
    facts: list[Fact] = [
        Pay(no=1, value_on=ON, booked_on=ON, amount=1),
        levy(2, ON),
        Pay(no=4, value_on=ON, booked_on=ON, amount=1),
        Disburse(no=3, value_on=ON, booked_on=ON, amount=1),
        Pay(no=5, value_on=date(2026, 3, 4), booked_on=ON, amount=1),
    ]
    assert [one.no for one in sorted(facts, key=place)] == [5, 3, 2, 1, 4]


@pytest.mark.parametrize(("due_on", "effect_on"), [(date(2026, 2, 1), date(2026, 2, 1)), (date(2026, 4, 1), ON)])
def test_a_charge_counts_from_its_due_date_when_that_is_past(due_on: date, effect_on: date) -> None:
    assert takes_effect_on(levy(1, due_on)) == effect_on
