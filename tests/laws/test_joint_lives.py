"""The laws of joint loans, held for random histories and random agreements of several funders, some of them dated.

A few in every run, `ZHUDAI_HISTORIES=5000` for a long one.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.product.accounting import BETWEEN, EXCESS, HANDED, SENT, Event, Party
from domain.product.funding import Agreement, Funding, faults
from domain.product.rules_lender import CN_LENDER, CN_PARTNER
from domain.product.ruleset import lines
from domain.servicing.change import whole
from domain.servicing.contract import Contract
from domain.servicing.life import Life, replay
from domain.servicing.movement import Movement, balances, effects
from domain.servicing.participation import shared
from ledger.entry import Side
from tests.domain.servicing.histories import START, lives
from tests.laws.test_lives import HISTORIES, law

LEADER = 1


@st.composite
def agreements(draw: st.DrawFn) -> Funding:
    """Two to four funders, shares by component, up to three agreements one after another."""
    count = draw(st.integers(2, 4))
    made: list[Agreement] = []
    on = START
    for _ in range(draw(st.integers(1, 3))):
        shares = {}
        for component in draw(st.sampled_from([("principal",), ("principal", "interest", "penalty")])):
            weights = draw(st.lists(st.integers(0, 10), min_size=count, max_size=count).filter(any))
            shares[component] = {funder: Fraction(one, sum(weights)) for funder, one in enumerate(weights, 1)}
        made.append(Agreement(from_on=on, shares=shares))
        on += timedelta(days=draw(st.integers(1, 90)))
    found = Funding(leader=LEADER, residue_to=draw(st.integers(1, count)), agreements=tuple(made))
    assert faults(found) == ()
    return found


def marked(life: Life, funding: Funding) -> Life:
    """The same history of a loan that tells apart what accrues under each agreement."""
    contract: Contract = replace(life.contract, funding=funding)
    return replay(contract, life.facts, on=life.on)


def held(made: Iterable[Movement], funder: int) -> dict[str, int]:
    return balances(one for one in made if one.funder == funder)


@pytest.mark.law(56, 57)
@settings(law, max_examples=max(HISTORIES // 5, 1))
@given(lives(), agreements())
def test_a_joint_history_is_whole_in_every_share(life: Life, funding: Funding) -> None:
    joint = marked(life, funding)
    uncut = tuple(whole(joint, to=joint.on, business_on=joint.on))
    made = shared(uncut, funding, on=joint.on, cleared_to=joint.on + timedelta(days=1))
    the_shares_sum_to_the_whole(uncut, made)
    nobody_falls_below_nought(made, funding)
    what_passes_through_the_leader_clears(made)


def the_shares_sum_to_the_whole(told_whole: tuple[Movement, ...], made: tuple[Movement, ...]) -> None:
    apart: dict[tuple[object, str], int] = {}
    for sign, movements in ((1, told_whole), (-1, made)):
        for one in movements:
            if one.event not in BETWEEN | {Event.SHARE_ASSIGNED}:
                for name, amount in one.amounts.items():
                    place = ((one.event, one.fact_no, one.flags, one.value_on), name)
                    apart[place] = apart.get(place, 0) + sign * amount
    assert not any(apart.values())
    assert balances(made) == balances(told_whole)


def nobody_falls_below_nought(made: tuple[Movement, ...], funding: Funding) -> None:
    """Neither in the end nor on the way; and where a bucket is empty, nobody holds anything of it."""
    for funder in funding.funders:
        now: dict[str, int] = {}
        for one in made:
            if one.funder == funder:
                for bucket, amount in effects(one):
                    if bucket == EXCESS:
                        continue  # the borrower's money is the leader's to hold
                    now[bucket] = now.get(bucket, 0) + amount
                assert min(now.values(), default=0) >= 0, one
    for bucket, amount in balances(made).items():
        if not amount and bucket != EXCESS:
            assert {held(made, funder)[bucket] for funder in funding.funders} == {0}


def what_passes_through_the_leader_clears(made: tuple[Movement, ...]) -> None:
    """Each funder's clearing account is the mirror of the leader's for him, and nothing stays when all is cleared."""
    open_: dict[tuple[int, str], int] = {}
    for one in made:
        if one.event.party is not Party.LENDER or one.funder == LEADER:
            continue
        books = [(CN_PARTNER, one.amounts)]
        if one.event in HANDED | SENT | BETWEEN:
            books.append((CN_LENDER, {"partner_share": sum(one.amounts.values())}))
        for rule_set, amounts in books:
            posted = lines(one.event, amounts, rule_set, flags=one.flags)
            assert isinstance(posted, tuple), (one.event, amounts)
            for line in posted:
                if line.account in {"2314.01", "3001.02", "3001.01"}:
                    place = (one.funder, line.account)
                    signed = line.amount if line.side is Side.DEBIT else -line.amount
                    open_[place] = open_.get(place, 0) + signed
    assert {place: amount for place, amount in open_.items() if amount} == {}


@pytest.mark.law(57)
@settings(law, max_examples=max(HISTORIES // 10, 1))
@given(lives(), agreements(), st.integers(0, 40))
def test_what_was_cut_stays_cut_as_time_goes_on(life: Life, funding: Funding, days: int) -> None:
    """A day more adds movements and changes none: the books of the funders are told from the same beginning."""
    joint = marked(life, funding)
    later = joint.at(joint.on + timedelta(days=days))
    n = len(joint.base.movements)
    before, after = (shared(one.movements[:n], funding, on=date.min, cleared_to=date.min) for one in (joint, later))
    assert before == after
    assert EXCESS not in {name for one in after if one.funder != LEADER for name in one.amounts}
