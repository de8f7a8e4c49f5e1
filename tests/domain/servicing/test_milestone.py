"""A life that goes on from a milestone is the life that is told from its beginning."""

import json
from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.change import position_in
from domain.servicing.contract import Contract
from domain.servicing.fact import Chargeback, Disburse, Fact, Pay, Reverse, place, takes_effect_on
from domain.servicing.fold import Fold
from domain.servicing.life import Life, replay
from domain.servicing.milestone import EVERY, TOLD, Milestone, looks_back, milestone, milestones, resumed
from tests.domain.servicing.histories import START, lives, terms

LENT = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
CONTRACT = Contract(terms=terms())


def stored(made: Milestone) -> Milestone:
    """As it comes back from the database."""
    return replace(made, document=json.loads(json.dumps(made.document)))


def paid(no: int, days: int, amount: int = 10_00) -> Pay:
    on = START + timedelta(days=days)
    return Pay(no=no, value_on=on, booked_on=on, amount=amount)


@given(life=lives(events=12), cut=st.integers(1, 12), days=st.integers(0, 400))
def test_from_any_milestone_the_rest_of_a_life_is_told_as_from_its_beginning(life: Life, cut: int, days: int) -> None:
    early = [fact for fact in life.facts if fact.no <= cut]
    late = [fact for fact in life.facts if fact.no > cut]
    made = milestone(replay(life.contract, early, on=max(fact.booked_on for fact in early)))
    if made is None:  # a charge whose instalment the plan no longer has
        return
    on = made.latest[0] + timedelta(days=days)
    gone_on = resumed(life.contract, stored(made), late, on=on)
    whole = replay(life.contract, life.facts, on=on)
    if gone_on is None:
        held = [fact for fact in late if takes_effect_on(fact) <= on]
        assert any(looks_back(fact, made.no) for fact in late) or any(place(fact) < made.latest for fact in held)
        return
    assert (gone_on.latest, gone_on.instalments) == (whole.latest, whole.instalments)
    for name in {one.name for one in fields(Fold)} - TOLD:
        assert getattr(gone_on.state, name) == getattr(whole.state, name), name
    anywhere = whole.state.lines[0] if whole.state.lines else None
    if anywhere is not None:
        of = [[replace(levy, line=anywhere) for levy in one.state.levies] for one in (gone_on, whole)]
        assert of[0] == of[1]
    assert gone_on.state.lines == whole.state.lines
    assert position_in(gone_on, loan_id=1) == position_in(whole, loan_id=1)


@given(life=lives(events=8))
def test_milestones_are_what_was_known_when_each_was_made(life: Life) -> None:
    known = [[one for one in life.facts if one.no <= fact.no] for fact in life.facts if fact.no % EVERY == 0]
    told = [milestone(replay(life.contract, facts, on=facts[-1].booked_on)) for facts in known]
    assert list(milestones(life.contract, life.facts)) == [one for one in told if one]


def test_a_fact_that_reaches_back_before_a_milestone_is_told_from_the_beginning() -> None:
    facts: list[Fact] = [LENT, *(paid(no, 10 * no) for no in range(2, EVERY + 1))]
    (made,) = milestones(CONTRACT, facts)
    on = made.latest[0] + timedelta(days=30)
    late = replace(paid(EVERY + 1, 5), booked_on=on)
    undone = Reverse(no=EVERY + 1, value_on=on, booked_on=on, of=2)
    back = Chargeback(no=EVERY + 1, value_on=on, booked_on=on, of=2, amount=1_00)
    for fact in (late, undone, back):
        assert resumed(CONTRACT, made, [fact], on=on) is None
    later = paid(EVERY + 1, 10 * EVERY)
    for fact in (later, replace(undone, no=EVERY + 2, of=later.no)):
        assert resumed(CONTRACT, made, [later, fact] if fact is not later else [later], on=on) is not None


def test_a_life_without_facts_has_no_milestone() -> None:
    assert milestone(replay(CONTRACT, (), on=START)) is None
