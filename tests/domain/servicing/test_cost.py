from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import add_months
from domain.refusals import Refusal
from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.cost import Annualised, Flow, annualised, annualised_by_dates, exceeds, rate_of, shown, xirr

START = date(2026, 1, 5)


def _level(received: int, payment: int, months: int) -> list[Flow]:
    return [Flow(START, 0, received), *(Flow(add_months(START, k), k, -payment) for k in range(1, months + 1))]


def _found(cost: Annualised | Refusal) -> Annualised:
    assert isinstance(cost, Annualised)
    return cost


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
    found = _found(annualised(_level(received, payment, 12)))
    assert (found.simple * 100).quantize(Decimal(simple)) == Decimal(simple)
    assert (found.effective * 100).quantize(Decimal(effective)) == Decimal(effective)


def test_one_payment_a_year_later_costs_its_interest() -> None:
    found = _found(annualised([Flow(START, 0, 1_000_00), Flow(date(2027, 1, 5), 12, -1_180_00)]))
    assert found.dated == Decimal("0.1800000000")
    assert found.effective == Decimal("0.1800000000")


def test_a_yearly_rate_on_dates_is_that_of_the_spreadsheet() -> None:
    # Microsoft, function reference of Excel, XIRR
    paid = [
        (date(2008, 1, 1), -10_000),
        (date(2008, 10, 30), 4_250),
        (date(2008, 3, 1), 2_750),
        (date(2009, 2, 15), 3_250),
        (date(2009, 4, 1), 2_750),
    ]
    found = xirr(paid)
    assert isinstance(found, Decimal)
    assert abs(found - Decimal("0.373362535")) < Decimal("2e-9")


@pytest.mark.parametrize(
    ("flows", "expected"),
    [  # Council Directive 98/7/EC, annex III, A: calendar basis
        ([("1994-01-01", 1000), ("1995-07-01", -1200)], "0.1296204"),
        ([("1994-01-01", 950), ("1995-07-01", -1200)], "0.1690262"),
        ([("1994-01-01", 1000), ("1995-01-01", -600), ("1996-01-01", -600)], "0.1306624"),
        ([("1994-01-01", 1000), ("1994-04-01", -272), ("1994-07-01", -272), ("1995-01-01", -544)], "0.1322625"),
    ],
)
def test_calendar_examples_of_a_directive(flows: list[tuple[str, int]], expected: str) -> None:
    found = xirr([(date.fromisoformat(on), amount) for on, amount in flows])
    assert isinstance(found, Decimal)
    assert abs(found - Decimal(expected)) < Decimal("5e-8")


LOANS = st.tuples(st.integers(1_00, 5_000_00), st.integers(1, 60), st.integers(0, 300))


@settings(max_examples=30)
@given(LOANS, st.sampled_from([12, 24, 52, 365]))
def test_the_flows_are_worth_nothing_at_their_rate(loan: tuple[int, int, int], per_year: int) -> None:
    payment, months, markup = loan
    received = max(payment * months * 100 // (100 + markup), 1)
    flows = _level(received, payment, months)
    found = _found(annualised(flows, per_year=per_year))
    slack = Decimal(received + payment * months) * months * Decimal("1e-8")
    periodic, yearly = found.simple / per_year, 1 + found.dated
    assert abs(sum((flow.amount / (1 + periodic) ** flow.period for flow in flows), Decimal())) < slack
    days = [((flow.on - START).days, flow.amount) for flow in flows]
    assert abs(sum((amount / yearly ** (Decimal(n) / 365) for n, amount in days), Decimal())) < slack
    assert 0 <= found.simple <= found.effective + Decimal("1e-9")


@settings(max_examples=30)
@given(LOANS, st.integers(1, 100_00))
def test_who_pays_more_or_gets_less_has_a_dearer_loan(loan: tuple[int, int, int], more: int) -> None:
    payment, months, markup = loan
    received = max(payment * months * 100 // (100 + markup), 2)
    cost = _found(annualised(_level(received, payment, months)))
    dearer = _found(annualised(_level(received, payment + more, months)))
    deducted = _found(annualised(_level(received - min(more, received - 1), payment, months)))
    assert cost.simple < dearer.simple
    assert cost.dated < dearer.dated
    assert cost.simple <= deducted.simple


def test_paid_flows_on_any_dates_cost_what_the_plan_costs() -> None:
    flows = _level(10_000_00, 888_49, 12)
    planned, paid = _found(annualised(flows)), _found(annualised_by_dates([(one.on, one.amount) for one in flows]))
    assert paid.dated == paid.effective == planned.dated
    assert abs(paid.simple - planned.simple) < Decimal("0.001")


def test_a_second_disbursement_has_one_rate_and_a_second_loan_has_none() -> None:
    drawn_twice = [(0, 1000), (1, -100), (2, 500), (3, -800), (4, -800)]
    found = rate_of(drawn_twice)
    assert isinstance(found, Decimal)
    worth = sum((amount / (1 + found) ** time for time, amount in drawn_twice), Decimal())
    assert abs(worth) < Decimal("1e-15")
    assert rate_of([(0, 100), (1, -110), (2, 100), (3, -120)]) == SeveralRates(changes=3)


@pytest.mark.parametrize("flows", [[], [(0, 100)], [(0, 100), (0, -100)], [(0, 0), (1, 0)], [(0, 100), (3, 5)]])
def test_flows_in_one_direction_have_no_rate(flows: list[tuple[int, int]]) -> None:
    assert rate_of(flows) == NoRate()
    assert annualised([Flow(START, time, amount) for time, amount in flows]) == NoRate()
    assert xirr([(add_months(START, time), amount) for time, amount in flows]) == NoRate()
    assert annualised_by_dates([(add_months(START, time), amount) for time, amount in flows]) == NoRate()


def test_a_loan_that_is_not_wholly_paid_back_has_a_rate_below_nought() -> None:
    found = _found(annualised([Flow(START, 0, 100), Flow(add_months(START, 1), 1, -99)]))
    assert found.simple == Decimal("-0.12")
    assert _found(annualised([Flow(START, 0, 1_000_00), Flow(add_months(START, 12), 12, -1_000_00)])).dated == 0


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


def test_who_keeps_a_margin_stops_below_the_cap() -> None:
    cap, margin = Decimal("0.24"), Decimal("0.0005")
    assert exceeds(Decimal("0.2396"), cap=cap, margin=margin)
    assert not exceeds(Decimal("0.2395"), cap=cap, margin=margin)
