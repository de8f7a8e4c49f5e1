from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import add_months
from domain.origination.cost import Flow, annualised, exceeds, shown

START = date(2026, 1, 5)


def _level(received: int, payment: int, months: int) -> list[Flow]:
    return [Flow(START, 0, received), *(Flow(add_months(START, k), k, -payment) for k in range(1, months + 1))]


@pytest.mark.parametrize(
    ("received", "payment", "simple", "effective"),
    [
        # domain reference, REG-01: 12 % instalments of 888.49 with a guarantee fee of 57.11 a month
        (10_000_00, 888_49 + 57_11, "24.0008", "26.83"),
        # 300 deducted in advance from a 12 % loan
        (9_700_00, 888_49, "17.83", "19.36"),
        # 等本等息 0.6 % a month on the original principal
        (10_000_00, 833_33 + 60_00, "13.03", "13.84"),
        # interest-free
        (12_000_00, 1_000_00, "0.00", "0.00"),
    ],
)
def test_costs_published_by_others(received: int, payment: int, simple: str, effective: str) -> None:
    found = annualised(_level(received, payment, 12))
    assert (found.simple * 100).quantize(Decimal(simple)) == Decimal(simple)
    assert (found.effective * 100).quantize(Decimal(effective)) == Decimal(effective)


def test_one_payment_a_year_later_costs_its_interest() -> None:
    found = annualised([Flow(START, 0, 1_000_00), Flow(date(2027, 1, 5), 12, -1_180_00)])
    assert found.dated == Decimal("0.1800000000")
    assert found.effective == Decimal("0.1800000000")


@settings(max_examples=30)
@given(
    payment=st.integers(1_00, 5_000_00),
    months=st.integers(1, 60),
    markup=st.integers(0, 300),
)
def test_the_flows_are_worth_nothing_at_their_rate(payment: int, months: int, markup: int) -> None:
    received = max(payment * months * 100 // (100 + markup), 1)
    flows = _level(received, payment, months)
    monthly = annualised(flows).simple / 12
    worth = sum((flow.amount / (1 + monthly) ** flow.month for flow in flows), Decimal())
    assert abs(worth) < Decimal("0.0001") * received + 1


@pytest.mark.parametrize(
    ("rate", "cap", "expected"),
    [
        ("0.240008", "0.24", False),
        ("0.24004999", "0.24", False),
        ("0.24005", "0.24", True),
        ("0.2399", "0.24", False),
        ("0.2401", "0.24", True),
    ],
)
def test_a_cap_is_compared_as_it_is_shown(rate: str, cap: str, expected: bool) -> None:
    assert exceeds(Decimal(rate), cap=Decimal(cap)) is expected


def test_rates_are_shown_with_two_decimals_of_a_percent() -> None:
    assert str(shown(Decimal("0.154049"))) == "0.1540"


def test_free_money_is_no_loan() -> None:
    with pytest.raises(AssertionError, match="paid back"):
        annualised([Flow(START, 0, 100), Flow(START, 1, -99)])
