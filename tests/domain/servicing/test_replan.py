"""Plans made anew: what was paid stays, and the parts sum to what was open."""

from datetime import date
from decimal import Decimal

import pytest

from domain.servicing.contract import Contract, LifeTerms, Spread
from domain.servicing.duedate import Unit
from domain.servicing.fact import Compensate, Disburse, Pay, ReAge, ReAmortise, Scope
from domain.servicing.life import Life, replay
from domain.servicing.progress import P
from domain.servicing.replan import stepped
from tests.domain.servicing.histories import START, terms

ON = date(2024, 4, 15)


def life(*facts: object, rate: str = "0", **how: object) -> Life:
    contract = Contract(terms=terms(rate=rate, penalty="0"), life=LifeTerms(**how))  # type: ignore[arg-type]
    first = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
    return replay(contract, [first, *facts], on=ON)  # type: ignore[list-item]


def principals(made: Life) -> list[int]:
    return [one.owed[P] for one in made.instalments]


@pytest.mark.parametrize(
    ("unit", "count", "expected"),
    [
        (Unit.DAY, 3, date(2024, 2, 3)),
        (Unit.WEEK, 2, date(2024, 2, 14)),
        (Unit.HALF_MONTH, 3, date(2024, 3, 15)),
        (Unit.MONTH, 1, date(2024, 2, 29)),
        (Unit.QUARTER, 1, date(2024, 4, 30)),
        (Unit.YEAR, 1, date(2025, 1, 31)),
    ],
)
def test_new_due_dates_do_not_drift(unit: Unit, count: int, expected: date) -> None:
    assert stepped(START, count, unit) == expected


@pytest.mark.parametrize(
    ("spread", "expected"),
    [(Spread.AFTER, [200_00, 200_00, 350_00, 350_00, 350_00, 350_00]),
     (Spread.ON_OR_AFTER, [200_00, 320_00, 320_00, 320_00, 320_00, 320_00])],
)  # fmt: skip
def test_a_later_disbursement_enlarges_the_instalments_to_come(spread: Spread, expected: list[int]) -> None:
    more = Disburse(no=2, value_on=date(2024, 3, 31), booked_on=ON, amount=600_00)
    assert principals(life(more, spread=spread)) == expected


def test_what_is_due_moves_to_the_instalments_to_come_in_equal_parts() -> None:
    made = life(Pay(no=2, value_on=ON, booked_on=ON, amount=100_00), ReAmortise(no=3, value_on=ON, booked_on=ON))
    assert principals(made) == [100_00, 0, 275_00, 275_00, 275_00, 275_00]


def test_a_re_aged_loan_that_bears_interest_is_solved_again() -> None:
    made = life(ReAge(no=2, value_on=ON, booked_on=ON, first_on=date(2024, 5, 15), count=4), rate="0.12")
    new = [one for one in made.instalments if one.kind == "RE_AGED"]
    assert sum(one.owed[P] for one in new) == 1_200_00
    assert len({one.due for one in new[1:-1]}) == 1
    assert abs(new[-1].due - new[1].due) <= 4


def test_each_disbursement_has_its_down_payment() -> None:
    more = Disburse(no=2, value_on=date(2024, 2, 10), booked_on=ON, amount=400_00)
    made = life(more, down_payment=Decimal("0.25"))
    assert [(one.due_on, one.owed[P]) for one in made.instalments if one.kind == "DOWN_PAYMENT"] == [
        (START, 300_00),
        (date(2024, 2, 10), 100_00),
    ]
    assert sum(principals(made)) == 1_600_00


def test_a_change_that_finds_no_instalment_to_come_any_more_loses_no_principal() -> None:
    """What was admitted once may, after a late fact, meet a plan that has run out."""
    last = date(2024, 8, 15)
    contract = Contract(terms=terms(rate="0", penalty="0"))
    first = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
    made = replay(contract, [first, ReAmortise(no=2, value_on=last, booked_on=last)], on=last)
    assert made.state.balance == 1_200_00


def test_what_is_paid_out_after_a_guarantor_has_paid_is_not_his() -> None:
    last = date(2024, 9, 15)
    contract = Contract(terms=terms(rate="0", penalty="0"))
    told = [
        Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00),
        Disburse(no=2, value_on=date(2024, 8, 15), booked_on=last, amount=1_00),
        Compensate(no=3, value_on=date(2024, 9, 1), booked_on=last, guarantor="G", scope=Scope.OVERDUE),
        Disburse(no=4, value_on=last, booked_on=last, amount=50_00),
    ]
    made = replay(contract, told, on=last)
    assert [(one.kind, one.owed[P], one.creditor) for one in made.instalments][-2:] == [
        ("EXTRA", 1_00, "G"),
        ("EXTRA", 50_00, ""),
    ]
