"""The status of a loan and what it owes, at any date."""

from datetime import date, timedelta
from types import MappingProxyType

import pytest

from domain.servicing.allocation import STRATEGIES
from domain.servicing.contract import DEFAULT, Contract, LifeTerms
from domain.servicing.fact import ChargeOff, Disburse, Fact, Pay
from domain.servicing.life import known_by, replay
from domain.servicing.progress import P
from domain.servicing.standing import outlook
from tests.domain.servicing.histories import START, terms

CONTRACT = Contract(
    terms=terms(rate="0", penalty="0", grace=3),
    life=LifeTerms(strategies=MappingProxyType({DEFAULT: STRATEGIES["mifos-standard-strategy"]})),
)
LENT = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
DUE = date(2024, 2, 29)


def pay(amount: int) -> Pay:
    return Pay(no=2, value_on=DUE, booked_on=DUE, amount=amount)


@pytest.mark.parametrize(
    ("facts", "on", "status", "dpd"),
    [
        ([], START, "PENDING", 0),
        ([LENT], START, "ACTIVE", 0),
        ([LENT], DUE + timedelta(days=3), "ACTIVE", 0),
        ([LENT], DUE + timedelta(days=4), "OVERDUE", 4),
        ([LENT, pay(200_00)], DUE + timedelta(days=4), "ACTIVE", 0),
        ([LENT, pay(1_200_00)], DUE, "SETTLED", 0),
        ([LENT, pay(1_200_01)], DUE, "OVERPAID", 0),
        ([LENT, ChargeOff(no=2, value_on=DUE, booked_on=DUE)], DUE, "CHARGED_OFF", 0),
    ],
)
def test_status_and_days_past_due(facts: list[Fact], on: date, status: str, dpd: int) -> None:
    now = outlook(replay(CONTRACT, facts, on=on))
    assert (now.status, now.dpd) == (status, dpd)


def test_what_is_due_overdue_and_next() -> None:
    now = outlook(replay(CONTRACT, [LENT], on=START), on=date(2024, 4, 2))
    assert (now.due[P], now.overdue[P], now.next_due_on, now.next_due[P]) == (400_00, 200_00, date(2024, 4, 30), 200_00)
    assert (now.outstanding[P], now.payoff) == (1_200_00, 1_200_00)


def test_a_position_is_asked_with_the_knowledge_of_a_day() -> None:
    late = Pay(no=2, value_on=DUE, booked_on=date(2024, 3, 20), amount=200_00)
    on = date(2024, 3, 10)
    assert outlook(replay(CONTRACT, known_by([LENT, late], on), on=on)).dpd == 10
    assert outlook(replay(CONTRACT, known_by([LENT, late], date(2024, 3, 20)), on=on)).dpd == 0
