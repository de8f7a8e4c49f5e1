"""A payoff is explained: the parts sum to it, whatever has happened to the loan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings

from domain.servicing.admission import payoff
from domain.servicing.contract import Prepayment
from domain.servicing.life import Life, replay
from domain.servicing.settlement import PREPAYMENT_FEE, payoff_explained
from tests.domain.servicing.histories import lives


@settings(max_examples=60, deadline=None)
@given(lives())
def test_the_explained_amounts_are_the_payoff(life: Life) -> None:
    told = payoff_explained(life)
    assert sum(one.value for one in told.values()) == payoff(life.state)
    for one in told.values():
        assert one.value != 0
        assert one.zh != one.en
        assert one.exact in one.en or one.rounding is not None


@settings(max_examples=20, deadline=None)
@given(lives(events=4))
def test_a_fee_for_paying_early_is_named(life: Life) -> None:
    terms = replace(life.contract.life, prepayment=Prepayment(fee_rate=Decimal("0.01")))
    dear = replay(replace(life.contract, life=terms), life.facts, on=life.on)
    told = payoff_explained(dear)
    assert sum(one.value for one in told.values()) == payoff(dear.state)
    if PREPAYMENT_FEE in told:
        assert told[PREPAYMENT_FEE].inputs[1] == ("feeRate", "0.01")
