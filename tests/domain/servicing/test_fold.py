"""Time in a life: what falls due, what ages, what accrues, stops at its own date whatever dates are asked for."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.product.accounting import Event
from domain.servicing.contract import Bearing, Contract, LifeTerms, Rest
from domain.servicing.fact import ChangeRate, Disburse, Fact, Pause
from domain.servicing.fold import Fold
from domain.servicing.life import replay
from domain.servicing.progress import I
from tests.domain.servicing.histories import START, terms


def state(*facts: Fact, on: date, **life: object) -> Fold:
    contract = Contract(terms=terms(), life=LifeTerms(**life))  # type: ignore[arg-type]
    first = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
    return replay(contract, [first, *facts], on=on).state


@pytest.mark.parametrize("bearing", Bearing)
def test_days_may_pass_one_by_one_or_all_at_once(bearing: Bearing) -> None:
    on = START + timedelta(days=100)
    once, slowly = state(on=on, bearing=bearing), state(on=START, bearing=bearing)
    for day in range(1, 101):
        slowly.advance(START + timedelta(days=day))
    assert [line.frozen() for line in slowly.lines] == [line.frozen() for line in once.lines]
    assert slowly.buckets() == once.buckets()


def test_accrual_of_a_stretch_is_the_sum_of_its_parts() -> None:
    on = START
    made = state(on=START)
    for days in (1, 5, 7, 20, 40):
        on += timedelta(days=days)
        made.advance(on)
    booked = sum(one.amounts["interest"] for one in made.movements if one.event is Event.INTEREST_ACCRUED)
    assert booked == sum(line.earned for line in made.lines)


def test_interest_falls_due_on_the_due_date_and_principal_is_overdue_after_it() -> None:
    made = state(on=date(2024, 3, 1))
    dated = {one.event: one.value_on for one in made.movements}
    assert dated[Event.INTEREST_DUE] == date(2024, 2, 29)
    assert dated[Event.PRINCIPAL_OVERDUE] == date(2024, 3, 1)


def test_a_pause_and_another_rate_cut_a_period_into_stretches() -> None:
    facts = (
        ChangeRate(no=2, value_on=date(2024, 2, 10), booked_on=START, rate_annual=Decimal("0.06")),
        Pause(no=3, value_on=date(2024, 2, 20), booked_on=START, to_on=date(2024, 2, 25)),
    )
    made = state(*facts, on=date(2024, 2, 27), bearing=Bearing.DAILY)
    assert list(made.stretches(START, date(2024, 2, 29))) == [
        (Decimal("0.12"), START, date(2024, 2, 10)),
        (Decimal("0.06"), date(2024, 2, 10), date(2024, 2, 20)),
        (Decimal(0), date(2024, 2, 20), date(2024, 2, 25)),
        (Decimal("0.06"), date(2024, 2, 25), date(2024, 2, 29)),
    ]
    # 1,200.00 for a month of 29 days: ten at 12 %, ten at 6 %, five at nothing, four at 6 %: 100 × (1.2 + 0.84) / 29
    assert made.lines[0].owed[I] == 7_03


def test_overdue_principal_bears_interest_to_the_day_or_for_the_period() -> None:
    on = date(2024, 3, 10)
    daily = state(on=on, bearing=Bearing.DAILY)
    period = state(on=on, bearing=Bearing.DAILY, rest=Rest.PERIOD)
    never = state(on=on, bearing=Bearing.DAILY, is_overdue_bearing=False)
    assert never.lines[1].owed[I] < daily.lines[1].owed[I] < period.lines[1].owed[I] == 12_00
