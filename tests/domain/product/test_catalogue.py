"""Every shipped rule set: proved, complete, and booking the components of its events."""

from __future__ import annotations

import pytest

from domain.product.accounting import COMPONENTS, Event, Flag, Party, component_mismatches
from domain.product.catalogue import RULE_SETS
from domain.product.ruleset import RuleSet
from ledger.rule import Proof, components, prove

SETS = pytest.mark.parametrize("one", RULE_SETS.values(), ids=lambda one: one.code)


@SETS
def test_every_rule_is_proved_to_balance(one: RuleSet) -> None:
    for event, rule in one.rules.items():
        assert rule.kind == event
        assert isinstance(prove(rule), Proof)


@SETS
def test_every_rule_books_the_components_of_its_event(one: RuleSet) -> None:
    for event, names in component_mismatches(one.rules):
        assert set(names) <= one.ignored[event], event


@SETS
def test_what_is_left_out_is_no_part_of_the_rule(one: RuleSet) -> None:
    assert not {event.value for event in one.silent} & set(one.rules)
    assert {event.value for event in one.red} <= set(one.rules)
    for event, names in one.ignored.items():
        assert not names & components(one.rules[event])


@SETS
def test_flags_move_no_money(one: RuleSet) -> None:
    for rule in one.rules.values():
        assert all(leg.component not in set(Flag) for leg in rule.legs)


@SETS
def test_it_has_a_name_in_both_languages(one: RuleSet) -> None:
    assert one.name_zh
    assert one.name_en.isascii()
    assert RULE_SETS[one.code] is one


def test_together_they_post_every_event() -> None:
    known = {event for one in RULE_SETS.values() for event in one.rules}
    assert known == set(Event) == set(COMPONENTS)
    assert {one.party for one in RULE_SETS.values()} == set(Party)
