"""Movements cut among funders: the joint loan of the domain reference §4.7."""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction

import pytest

from domain.product.accounting import Event
from domain.product.funding import Agreement, Funding
from domain.servicing.contract import Contract
from domain.servicing.fact import Disburse, Pay
from domain.servicing.life import Life, replay
from domain.servicing.movement import Movement
from domain.servicing.participation import instructed, shared
from domain.servicing.progress import I, P
from domain.servicing.schedule import Instalment
from domain.servicing.share import planned
from tests.domain.servicing.histories import START, terms

LEADER, BANK, TRUST = 1, 2, 3
SEVENTY = {LEADER: Fraction(7, 10), BANK: Fraction(3, 10)}
EVEN = {LEADER: Fraction(1, 2), TRUST: Fraction(1, 2)}


def funding(*agreements: tuple[date, dict[int, Fraction]]) -> Funding:
    made = tuple(Agreement(from_on=on, shares={"principal": shares}) for on, shares in agreements)
    return Funding(leader=LEADER, residue_to=LEADER, agreements=made)


def lived(*facts: Pay, on: date, shares: Funding | None = None) -> Life:
    contract = Contract(terms=terms(principal=10_000_00, rate="0.18", instalments=12, penalty="0"), funding=shares)
    return replay(contract, (Disburse(no=1, value_on=START, booked_on=START, amount=10_000_00), *facts), on=on)


def of(made: Iterable[Movement], event: Event, funder: int) -> list[dict[str, int]]:
    return [dict(one.amounts) for one in made if (one.event, one.funder) == (event, funder)]


def test_a_period_of_the_joint_loan() -> None:
    due = date(2024, 2, 29)
    life = lived(Pay(no=2, value_on=due, booked_on=due, amount=916_80), on=due)
    made = shared(life.movements, funding((START, SEVENTY)), on=due, cleared_to=due + timedelta(days=1))
    assert of(made, Event.REPAYMENT, LEADER) == [{"interest": 105_00, "principal": 536_76}]
    assert of(made, Event.REPAYMENT, BANK) == [{"interest": 45_00, "principal": 230_04}]
    assert of(made, Event.SHARE_CLEARED, BANK) == [{"partner_share": 275_04}]
    assert of(made, Event.DISBURSEMENT_SUCCEEDED, BANK) == [{"principal": 3_000_00}]


def test_the_others_send_what_they_will_have_lent_and_the_leader_the_rest() -> None:
    order = Movement(
        event=Event.DISBURSEMENT_INSTRUCTED, amounts={"principal": 10_000_01}, fact_no=1, value_on=START
    )  # fmt: skip
    made = instructed(order, funding((START, SEVENTY)))
    assert [(one.event, one.funder, dict(one.amounts)) for one in made] == [
        (Event.SHARE_FUNDED, BANK, {"partner_share": 3_000_00}),
        (Event.DISBURSEMENT_INSTRUCTED, BANK, {"principal": 3_000_00}),
        (Event.DISBURSEMENT_INSTRUCTED, LEADER, {"principal": 7_000_01}),
    ]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_an_instalment_that_is_paid_in_parts_gives_everybody_his_planned_share(count: int) -> None:
    due, third = date(2024, 2, 29), funding((START, {LEADER: Fraction(2, 3), BANK: Fraction(1, 3)}))
    part = 916_80 // count
    paid = [part] * (count - 1) + [916_80 - part * (count - 1)]
    life = lived(*(Pay(no=n, value_on=due, booked_on=due, amount=amount) for n, amount in enumerate(paid, 2)), on=due)
    plan = [Instalment(one.no, one.from_on, one.due_on, one.owed[P], one.owed[I]) for one in life.instalments]
    shares = planned(plan, third, funded={LEADER: 6_666_67, BANK: 3_333_33})
    made = shared(life.movements, third, on=due, cleared_to=due)
    for component in ("principal", "interest"):
        for funder, share in shares[1, component].items():
            assert sum(one.get(component, 0) for one in of(made, Event.REPAYMENT, funder)) == share


def test_who_takes_part_of_the_claim_over_earns_from_that_day_on() -> None:
    half, due = START + timedelta(days=10), date(2024, 2, 29)
    both = funding((START, SEVENTY), (half, EVEN))
    life = lived(on=due, shares=both)
    made = shared(life.movements, both, on=due, cleared_to=due)
    assert [of(made, Event.SHARE_ASSIGNED, one) for one in (LEADER, BANK, TRUST)] == [
        [{"principal": -2_000_00}],
        [{"principal": -3_000_00}],
        [{"principal": 5_000_00}],
    ]
    accrued = {one: sum(each["interest"] for each in of(made, Event.INTEREST_ACCRUED, one)) for one in (1, 2, 3)}
    assert accrued == {LEADER: 36_21 + 49_14, BANK: 15_51, TRUST: 49_14}


def test_what_belongs_to_nobody_else_is_the_leader_s() -> None:
    life = lived(Pay(no=2, value_on=START, booked_on=START, amount=7), on=START)
    made = shared(life.movements, funding((START, SEVENTY)), on=START, cleared_to=START)
    assert of(made, Event.REPAYMENT, LEADER) == [{"excess": 7}]
    assert of(made, Event.REPAYMENT, BANK) == []
