"""Shares of a joint loan: examples of the domain reference §4.2 and §4.7, and the laws that hold for every loan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.funding import Agreement, Funding, faults
from domain.servicing.schedule import Instalment
from domain.servicing.share import (
    Claims,
    Part,
    PrincipalDiffers,
    SpreadNegative,
    apportion,
    assigned,
    by_funder,
    cut,
    planned,
    reversal,
    spread,
)

LEADER, BANK, PLATFORM = 1, 2, 9
START = date(2026, 1, 15)
SEVENTY = {LEADER: Fraction(7, 10), BANK: Fraction(3, 10)}
THIRTY = {LEADER: Fraction(3, 10), BANK: Fraction(7, 10)}


def funding(shares: dict[int, Fraction] = SEVENTY, **more: dict[int, Fraction]) -> Funding:
    agreement = Agreement(from_on=START, shares={"principal": shares, **more})
    return Funding(leader=LEADER, residue_to=LEADER, agreements=(agreement,))


def instalments(*lines: tuple[int, int], fee: int = 0) -> tuple[Instalment, ...]:
    return tuple(
        Instalment(no, START + timedelta(30 * (no - 1)), START + timedelta(30 * no), principal, interest, fee)
        for no, (principal, interest) in enumerate(lines, 1)
    )


@pytest.mark.parametrize(
    ("amount", "shares", "leader", "bank"),
    [
        (91680, SEVENTY, 64176, 27504),
        (76680, SEVENTY, 53676, 23004),
        (15000, SEVENTY, 10500, 4500),
        (3, THIRTY, 1, 2),
        (1, THIRTY, 1, 0),
        (3, SEVENTY, 3, 0),
        (0, SEVENTY, 0, 0),
        (-3, THIRTY, -1, -2),
    ],
)
def test_others_are_rounded_down_and_the_leader_takes_the_residue(
    amount: int, shares: dict[int, Fraction], leader: int, bank: int
) -> None:
    assert cut(amount, shares, residue_to=LEADER) == {LEADER: leader, BANK: bank}


@pytest.mark.parametrize(("amount", "leader", "bank"), [(3, 2, 1), (1, 0, 1), (91680, 64176, 27504)])
def test_or_the_reverse(amount: int, leader: int, bank: int) -> None:
    assert cut(amount, SEVENTY, residue_to=BANK) == {LEADER: leader, BANK: bank}


@pytest.mark.parametrize(
    ("amount", "open_", "made"),
    [
        (3, {1: 53676, 2: 23004}, {1: 3, 2: 0}),
        (4, {1: 53676, 2: 23004}, {1: 3, 2: 1}),
        (3, {1: 1, 2: 1, 3: 1, 4: 1}, {1: 1, 2: 1, 3: 1, 4: 0}),
        (4, {1: 1, 2: 1, 3: 1, 4: 1}, {1: 1, 2: 1, 3: 1, 4: 1}),
        (5, {2: 5, 3: 5}, {2: 3, 3: 2}),
        (0, {1: 5}, {1: 0}),
    ],
)
def test_money_is_divided_among_what_is_open(amount: int, open_: dict[int, int], made: dict[int, int]) -> None:
    assert apportion(amount, open_, residue_to=1) == made


OPEN = st.dictionaries(st.integers(1, 6), st.integers(0, 10**6), min_size=1)


@pytest.mark.law(57)
@given(OPEN, st.integers(1, 6), st.data())
def test_no_one_receives_more_than_is_open_to_him_nor_misses_his_part(
    open_: dict[int, int], residue_to: int, data: st.DataObject
) -> None:
    amount = data.draw(st.integers(0, sum(open_.values())))
    made = apportion(amount, open_, residue_to=residue_to)
    assert sum(made.values()) == amount
    whole = sum(open_.values()) or 1
    for funder, part in open_.items():
        assert 0 <= made[funder] <= part
        fair = Fraction(amount * part, whole)
        assert made[funder] > fair - 1
        assert made[funder] < fair + (len(open_) if funder == residue_to else 1) or made[funder] == fair


FUNDERS = st.integers(2, 5)


@st.composite
def loans(draw: st.DrawFn) -> tuple[tuple[Instalment, ...], Funding, dict[int, int]]:
    count = draw(FUNDERS)
    weights = {
        name: draw(st.lists(st.integers(0, 100), min_size=count, max_size=count).filter(any))
        for name in ("principal", "interest", "fee")
    }
    shares = {
        name: {funder: Fraction(weight, sum(ws)) for funder, weight in enumerate(ws, 1)} for name, ws in weights.items()
    }
    residue_to = draw(st.integers(1, count))
    amounts = st.integers(0, draw(st.sampled_from((3, 100, 10**7))))
    lines = draw(st.lists(st.tuples(amounts, amounts, amounts), min_size=1, max_size=24))
    plan = tuple(
        replace(one, fee=fee)
        for one, (_, _, fee) in zip(instalments(*((p, i) for p, i, _ in lines)), lines, strict=True)
    )
    changed = draw(st.integers(1, 30 * len(lines)))
    later = Agreement(from_on=START + timedelta(changed), shares={**shares, "interest": shares["fee"]})
    dated = (Agreement(from_on=START, shares=shares), *((later,) if draw(st.booleans()) else ()))
    made = Funding(leader=1, residue_to=residue_to, agreements=dated)
    return plan, made, cut(sum(one.principal for one in plan), shares["principal"], residue_to=residue_to)


@pytest.mark.law(57)
@given(loans())
def test_shares_of_a_plan_sum_to_the_whole_and_pay_back_what_was_funded(
    drawn: tuple[tuple[Instalment, ...], Funding, dict[int, int]],
) -> None:
    plan, made, funded = drawn
    assert faults(made) == ()
    shares = planned(plan, made, funded=funded)
    for one in plan:
        for component in ("principal", "interest", "fee"):
            parts = shares.get((one.no, component), {})
            assert sum(parts.values()) == getattr(one, component)
            assert min(parts.values(), default=0) >= 0
    back = Claims(shares, made.residue_to).owned("principal")
    assert all(back.get(funder, 0) == amount for funder, amount in funded.items())


@pytest.mark.law(57)
@given(loans(), st.data())
def test_payments_however_cut_give_everybody_his_planned_share_and_reversals_undo(
    drawn: tuple[tuple[Instalment, ...], Funding, dict[int, int]], data: st.DataObject
) -> None:
    plan, made, funded = drawn
    shares = planned(plan, made, funded=funded)
    claims = Claims(shares, made.residue_to)
    received: dict[tuple[int, int, str], int] = {}
    for no, component in sorted(shares):
        left = sum(shares[no, component].values())
        while left:
            amount = data.draw(st.integers(1, left)) if data.draw(st.booleans()) else left
            after, parts = claims.taken([Part(no, component, amount)])
            assert all(sum(one.by_funder.values()) == one.part.amount for one in parts)
            assert all(part >= 0 for one in parts for part in one.by_funder.values())
            if data.draw(st.booleans()) and amount < left:
                assert after.raised(parts).open_ == claims.open_, "taken back, as if it had not happened"
                assert all(one.part.amount < 0 for one in reversal(parts))
                continue
            claims, left = after, left - amount
            for funder, amounts in by_funder(parts).items():
                for name, part in amounts.items():
                    received[funder, no, name] = received.get((funder, no, name), 0) + part
    for (no, component), parts_of in shares.items():
        assert all(received.get((funder, no, component), 0) == part for funder, part in parts_of.items())
    assert not any(part for parts_of in claims.open_.values() for part in parts_of.values())


def test_a_payment_of_one_period_of_the_joint_loan() -> None:
    plan = instalments((76680, 15000), (923320, 13850))
    shares = planned(plan, funding(), funded={LEADER: 700000, BANK: 300000})
    claims = Claims(shares, LEADER)
    after, parts = claims.taken([Part(1, "interest", 15000), Part(1, "principal", 76680)])
    assert by_funder(parts) == {
        LEADER: {"interest": 10500, "principal": 53676},
        BANK: {"interest": 4500, "principal": 23004},
    }
    assert after.owned("principal") == {LEADER: 646324, BANK: 276996}
    assert by_funder(reversal(parts))[BANK] == {"interest": -4500, "principal": -23004}


def test_the_last_instalment_trues_the_principal_up() -> None:
    plan = instalments(*[(33, 0)] * 3, (1, 0))
    shares = planned(plan, funding(), funded={LEADER: 70, BANK: 30})
    assert [shares[no, "principal"][BANK] for no in (1, 2, 3, 4)] == [9, 9, 11, 1]


def test_components_have_shares_of_their_own_and_changes_count_by_days() -> None:
    half = {LEADER: Fraction(1, 2), BANK: Fraction(1, 2)}
    now = funding(interest=half)
    later = Agreement(from_on=START + timedelta(10), shares={"principal": SEVENTY, "interest": {BANK: Fraction(1)}})
    dated = replace(now, agreements=(*now.agreements, later))
    plan = instalments((100, 30), (100, 30), fee=10)
    shares = planned(plan, dated, funded={LEADER: 140, BANK: 60})
    assert shares[1, "interest"] == {LEADER: 5, BANK: 25}, "ten days at a half, twenty at the whole"
    assert shares[2, "interest"] == {LEADER: 0, BANK: 30}
    assert shares[1, "fee"] == {LEADER: 7, BANK: 3}, "not named: shared as principal"


def test_penalties_are_cut_as_they_accrue() -> None:
    claims, first = Claims({}, LEADER).accrued(Part(1, "penalty", 3), SEVENTY)
    claims, second = claims.accrued(Part(1, "penalty", 7), SEVENTY)
    assert (first.by_funder, second.by_funder) == ({LEADER: 3, BANK: 0}, {LEADER: 5, BANK: 2})
    assert claims.of(1, "penalty") == {LEADER: 8, BANK: 2}
    assert claims.taken([Part(1, "penalty", 10)])[0].of(1, "penalty") == {LEADER: 0, BANK: 0}


def test_a_change_of_the_principal_shares_moves_claims_between_funders() -> None:
    moved = assigned({LEADER: 646324, BANK: 276996}, {LEADER: Fraction(1, 2), 3: Fraction(1, 2)}, residue_to=LEADER)
    assert moved == {LEADER: -184664, BANK: -276996, 3: 461660}
    assert sum(moved.values()) == 0


CUSTOMER = instalments((100, 30), (100, 15), fee=2)


def test_the_spread_between_rates_is_a_fee_per_period() -> None:
    bank = instalments((100, 20), (100, 10))
    assert spread(CUSTOMER, {BANK: bank}, to=PLATFORM) == {
        (1, "principal"): {BANK: 100},
        (1, "interest"): {BANK: 20, PLATFORM: 10},
        (1, "fee"): {BANK: 0, PLATFORM: 2},
        (2, "principal"): {BANK: 100},
        (2, "interest"): {BANK: 10, PLATFORM: 5},
        (2, "fee"): {BANK: 0, PLATFORM: 2},
    }


@pytest.mark.parametrize(
    ("bank", "refused"),
    [
        (((100, 30), (100, 16)), SpreadNegative(no=2, component="interest", amount=1)),
        (((100, 30), (99, 15)), PrincipalDiffers(no=2, amount=1)),
        (((101, 30), (99, 15)), PrincipalDiffers(no=1, amount=1)),
        (((100, 30),), PrincipalDiffers(no=2, amount=100)),
    ],
)
def test_plans_that_leave_no_spread(bank: tuple[tuple[int, int], ...], refused: object) -> None:
    assert spread(CUSTOMER, {BANK: instalments(*bank)}, to=PLATFORM) == refused
