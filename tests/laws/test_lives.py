"""The laws of a loan's life, held for random contracts and random histories.

300 histories of ten facts in every run, a fifth of them where each is folded several times; `ZHUDAI_HISTORIES=5000` for
a long run.
"""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from domain.product.rules_guarantor import CN_GUARANTOR
from domain.product.rules_lender import CN_LENDER, CN_LENDER_STAGE_3
from domain.product.rules_roles import FINERACT
from domain.product.ruleset import lines
from domain.servicing.admission import book, payoff
from domain.servicing.fact import Intent, Pay, Reverse, place
from domain.servicing.fold import Fold
from domain.servicing.life import Life, extend, replay
from domain.servicing.movement import balances, difference
from domain.servicing.progress import ALL, P
from domain.servicing.standing import Standing, status
from tests.domain.servicing.histories import lives

HISTORIES = int(os.environ.get("ZHUDAI_HISTORIES", "300"))
law = settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to make a history smaller takes minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
harder = settings(law, max_examples=max(HISTORIES // 5, 1))
"""Laws that fold each history several times over."""


def seen(state: Fold) -> object:
    """Everything of a state that anybody is shown."""
    return (
        [line.frozen() for line in state.lines],
        state.buckets(),
        state.excess,
        state.transactions,
        balances(state.movements),
    )


@pytest.mark.law(48, 49, 54, 60)
@law
@given(lives())
def test_a_history_is_whole(life: Life) -> None:
    the_plan_asks_for_what_was_lent_and_nothing_is_below_nought(life)
    parts_and_excess_are_what_was_paid(life)
    movements_are_the_position(life)
    every_movement_has_its_rule(life)


def the_plan_asks_for_what_was_lent_and_nothing_is_below_nought(life: Life) -> None:
    state = life.state
    credited = sum(line.credited[P] for line in state.lines)
    assert sum(line.owed[P] for line in state.lines) == state.disbursed + credited
    for line in state.lines:
        for component in ALL:
            assert line.paid[component] >= 0
            assert line.waived[component] >= 0
            assert line.open(component) >= 0
    assert state.excess >= 0


def parts_and_excess_are_what_was_paid(life: Life) -> None:
    for fact in life.live:
        for one in life.transactions:
            if isinstance(fact, Pay) and one.fact_no == fact.no and one.kind == fact.kind:
                assert sum(one.split.values()) + one.excess == fact.amount


def movements_are_the_position(life: Life) -> None:
    assert balances(life.movements) == life.state.buckets()


def every_movement_has_its_rule(life: Life) -> None:
    for one in life.movements:
        for rule_set in (CN_LENDER, CN_LENDER_STAGE_3, CN_GUARANTOR, FINERACT):
            if rule_set.party is one.event.party:
                assert isinstance(lines(one.event, one.amounts, rule_set, flags=one.flags), tuple)


@pytest.mark.law(51)
@harder
@given(lives(), st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_going_on_is_the_same_as_beginning_again(life: Life, steps: list[int]) -> None:
    """In one step or in several, from where it stands or from its beginning."""
    on, state = life.on, life.state.copy()
    for days in steps:
        on += timedelta(days=days)
        state.advance(on)
    assert seen(state) == seen(life.at(on).state) == seen(replay(life.contract, life.facts, on=on).state)


@pytest.mark.law(53)
@harder
@given(lives(), st.data())
def test_a_reversal_undoes_its_fact(life: Life, data: st.DataObject) -> None:
    if not life.live:
        return
    fact = data.draw(st.sampled_from(life.live))
    made = book(life, Reverse(no=99, value_on=life.on, booked_on=life.on, of=fact.no), on=life.on)
    if isinstance(made, Life):
        without = replay(life.contract, [one for one in life.facts if one.no != fact.no], on=life.on)
        assert seen(made.state) == seen(without.state)
        net = difference(life.movements, made.movements, on=life.on)
        assert balances([*life.movements, *net]) == made.state.buckets()
        back = difference(made.movements, life.movements, on=life.on)
        assert balances([*made.movements, *back]) == life.state.buckets()


@pytest.mark.law(55)
@harder
@given(lives())
def test_who_pays_what_settles_owes_nothing(life: Life) -> None:
    owed = payoff(life.state)
    if not owed or status(life.state) in {Standing.CANCELLED, Standing.WRITTEN_OFF}:
        return
    pay = Pay(no=99, value_on=life.on, booked_on=life.on, amount=owed, intent=Intent.SETTLE)
    made = book(life, pay, on=life.on)
    if isinstance(made, Life):
        assert not any(line.open(component) for line in made.state.lines for component in ALL)
        assert all(not amount for bucket, amount in made.state.buckets().items() if bucket != "excess")
        assert made.state.excess == life.state.excess
        assert status(made.state) in {Standing.SETTLED, Standing.OVERPAID}


@pytest.mark.law(52)
@harder
@given(lives(), st.randoms())
def test_the_order_of_arrival_does_not_matter_only_value_date_and_booking_number(life: Life, chance: object) -> None:
    """Told at once in any order, grown fact by fact in the order of replay, or in the order in which they happened.

    Grown, a life begins with the fact that it begins with: nothing is booked on a loan before its money went out.
    """
    facts = list(life.facts)
    chance.shuffle(facts)  # type: ignore[attr-defined]
    assert seen(replay(life.contract, facts, on=life.on).state) == seen(life.state)
    first = min(life.live, key=place, default=None)
    arrived = sorted((one for one in facts if one in life.live), key=lambda one: one is not first)
    for order in (arrived, sorted(arrived, key=place)):
        grown = replay(life.contract, (), on=life.on)
        for fact in order:
            grown = extend(grown, fact, on=life.on)
        assert seen(grown.state) == seen(life.state)


@pytest.mark.law(58)
@harder
@given(lives(), st.integers(1, 20_000_00))
def test_what_a_payment_is_shown_to_do_is_what_it_does(life: Life, amount: int) -> None:
    """The life that is shown, the movements that it lacks, and the life that is told anew when they are booked."""
    pay = Pay(no=99, value_on=life.on, booked_on=life.on, amount=amount)
    shown = book(life, pay, on=life.on)
    if isinstance(shown, Life):
        told = replay(life.contract, (*life.facts, pay), on=life.on)
        assert seen(told.state) == seen(shown.state)
        lacking = difference(life.movements, shown.movements, on=life.on, fact_no=99)
        assert balances([*life.movements, *lacking]) == told.state.buckets()
        assert difference(told.movements, shown.movements, on=life.on) == ()
