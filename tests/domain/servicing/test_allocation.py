"""Which dues a payment meets: the order is data, and parts and excess are what was paid."""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.allocation import (
    STRATEGIES,
    Allocation,
    Component,
    Debt,
    Dictated,
    Due,
    DueType,
    Part,
    Strategy,
    Target,
    allocate,
    configured,
    dictated_faults,
    share_among,
    simple,
    spend,
)
from domain.servicing.terms import AllocationBy

ORDER = ("penalty", "interest", "principal")
DUES = [
    Due(2, Component.PRINCIPAL, 300),
    Due(1, Component.PRINCIPAL, 100),
    Due(1, Component.PENALTY, 5),
    Due(2, Component.INTEREST, 20),
    Due(1, Component.INTEREST, 10),
]


def told(made: Allocation) -> list[tuple[int, str, int]]:
    return [(part.no, part.component.value, part.amount) for part in made.parts]


@pytest.mark.parametrize(
    ("amount", "by", "parts", "excess"),
    [
        (5, AllocationBy.INSTALMENT, [(1, "penalty", 5)], 0),
        (16, AllocationBy.INSTALMENT, [(1, "penalty", 5), (1, "interest", 10), (1, "principal", 1)], 0),
        (16, AllocationBy.COMPONENT, [(1, "penalty", 5), (1, "interest", 10), (2, "interest", 1)], 0),
        (
            500,
            AllocationBy.INSTALMENT,
            [(1, "penalty", 5), (1, "interest", 10), (1, "principal", 100), (2, "interest", 20), (2, "principal", 300)],
            65,
        ),
    ],
)
def test_a_payment_meets_dues_in_the_order_of_the_product(
    amount: int, by: AllocationBy, parts: list[tuple[int, str, int]], excess: int
) -> None:
    made = allocate(amount, DUES, order=ORDER, by=by)
    assert (told(made), made.excess) == (parts, excess)


def test_principal_first_is_a_row_of_data() -> None:
    made = allocate(401, DUES, order=("principal", "interest", "penalty"), by=AllocationBy.COMPONENT)
    assert told(made) == [(1, "principal", 100), (2, "principal", 300), (1, "interest", 1)]
    assert made.by_component() == {Component.PRINCIPAL: 400, Component.INTEREST: 1}


@given(
    st.integers(1, 2_000),
    st.lists(st.builds(Due, st.integers(1, 4), st.sampled_from([Component(n) for n in ORDER]), st.integers(0, 300)),
             max_size=8, unique_by=lambda due: (due.no, due.component)),
    st.sampled_from(list(permutations(ORDER))),
    st.sampled_from(AllocationBy),
)  # fmt: skip
def test_parts_and_excess_are_what_was_paid(
    amount: int, dues: list[Due], order: tuple[str, ...], by: AllocationBy
) -> None:
    made = allocate(amount, dues, order=order, by=by)
    owed = {(due.no, due.component): due.amount for due in dues}
    assert made.paid == amount
    assert all(part.amount <= owed[part.no, part.component] for part in made.parts)
    assert made.excess == max(amount - sum(owed.values()), 0), "nothing waits while something is due"
    assert all(part.amount == owed[part.no, part.component] for part in made.parts[:-1]), "one due after the other"
    assert set(told(allocate(amount, reversed(dues), order=order, by=by))) == set(told(made))


def test_nothing_negative_can_be_built() -> None:
    with pytest.raises(AssertionError):
        Due(1, Component.INTEREST, -1)
    with pytest.raises(AssertionError):
        Part(1, Component.INTEREST, 0)
    with pytest.raises(AssertionError):
        allocate(0, DUES, order=ORDER, by=AllocationBy.INSTALMENT)


P, I, F, N = Component.PRINCIPAL, Component.INTEREST, Component.FEE, Component.PENALTY  # noqa: E741 - the trade's letters
LOAN = [
    *(Due(1, one, amount, DueType.PAST_DUE) for one, amount in ((P, 100), (I, 10), (F, 5), (N, 2))),
    *(Due(2, one, amount, DueType.DUE) for one, amount in ((P, 100), (I, 8), (F, 5))),
    *(
        Due(3, one, amount, DueType.IN_ADVANCE, known)
        for one, amount, known in ((P, 100, None), (I, 6, None), (F, 5, 0))
    ),
    *(Due(4, one, amount, DueType.IN_ADVANCE) for one, amount in ((P, 100), (I, 4))),
]
"""Four instalments: one late, one of today, two to come; the fee of the third is not known yet."""


def letters(made: Allocation) -> str:
    """An allocation in the order in which it was met: 1N2 1F5 …"""
    names = {P: "P", I: "I", F: "F", N: "N"}
    return " ".join(f"{part.no}{names[part.component]}{part.amount}" for part in made.parts)


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("mifos-standard-strategy", 120, "1N2 1F5 1I10 1P100 2F3"),
        ("principal-interest-penalties-fees-order-strategy", 120, "1P100 1I10 1N2 1F5 2P3"),
        ("interest-principal-penalties-fees-order-strategy", 120, "1I10 1P100 1N2 1F5 2I3"),
        ("creocore-strategy", 120, "1N2 1F5 1I10 1P100 2F3"),
        ("early-repayment-strategy", 240, "1I10 1P100 1N2 1F5 2I8 2P100 2F5 3P10"),
        ("early-repayment-strategy", 500, "1I10 1P100 1N2 1F5 2I8 2P100 2F5 3P100 4P100"),
        ("rbi-india-strategy", 120, "1N2 1F5 1I10 2F5 2I8 1P90"),
        ("rbi-india-strategy", 240, "1N2 1F5 1I10 2F5 2I8 1P100 2P100 3F5 3I5"),
        ("heavensfamily-strategy", 240, "1P100 1I10 1F5 1N2 2P100 2I8 2F5 3P10"),
        (
            "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy",
            440,
            "1N2 1F5 1I10 1P100 2F5 2I8 2P100 3P100 4P100 3F5 3I5",
        ),
        (
            "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy",
            240,
            "1N2 1I10 1P100 1F5 2I8 2P100 2F5 3I6 3P4",
        ),
        ("BANK_NORMAL", 500, "1F5 1N2 1I10 1P100 2F5 2I8 2P100"),
        ("BANK_NPL", 120, "1F5 1P100 1I10 1N2 2F3"),
        ("CIVIL_CODE_561", 40, "1F5 2F5 1I10 2I8 1N2 1P10"),
        ("FEES_FIRST", 40, "1F5 2F5 1N2 1I10 2I8 1P10"),
        ("PRINCIPAL_FIRST", 210, "1P100 2P100 1I10"),
    ],
)
def test_a_named_strategy_is_a_row_of_data(name: str, amount: int, expected: str) -> None:
    made = spend(amount, LOAN, STRATEGIES[name])
    assert letters(made) == expected
    assert made.paid == amount


WALK = [(due, one) for due in DueType for one in (N, F, I, P)]


@pytest.mark.parametrize(
    ("strategy", "amount", "expected"),
    [
        (configured(WALK, horizontal=True), 240, "1N2 1F5 1I10 1P100 2F5 2I8 2P100 3F5 3I5"),
        (configured(WALK, horizontal=True, target=Target.LAST), 240, "1N2 1F5 1I10 1P100 2F5 2I8 2P100 4I4 4P6"),
        (configured([(DueType.IN_ADVANCE, one) for one in (P, I)], horizontal=False), 203, "3P100 4P100 3I3"),
        (configured(WALK[8:], horizontal=True, target=Target.REAMORTIZATION), 51, "3F5 3I6 3P15 4I4 4P21"),
        (configured(WALK[8:], horizontal=False, target=Target.REAMORTIZATION), 5, "3F5"),
        (simple(("penalty", "interest", "principal"), by=AllocationBy.COMPONENT), 22, "1F5 2F5 1N2 1I10"),
    ],
)
def test_the_configurable_strategy(strategy: Strategy, amount: int, expected: str) -> None:
    assert letters(spend(amount, LOAN, strategy)) == expected


def test_principal_is_never_met_beyond_what_is_open() -> None:
    made = spend(300, [Due(1, P, 200, DueType.IN_ADVANCE), Due(2, P, 200, DueType.IN_ADVANCE)],
                 configured([(DueType.IN_ADVANCE, P)], horizontal=True), principal_max=250)  # fmt: skip
    assert (letters(made), made.excess) == ("1P200 2P50", 50)


def test_an_instalment_of_the_day_comes_before_a_down_payment_of_the_day() -> None:
    dues = [Due(1, P, 50, is_down_payment=True), Due(2, P, 50)]
    assert letters(spend(60, dues, configured(WALK, horizontal=True))) == "2P50 1P10"
    assert letters(spend(60, dues, STRATEGIES["mifos-standard-strategy"])) == "1P50 2P10"


DEBTS = [
    Debt(name="secured", due=100, security=1_000, due_on=date(2026, 1, 1)),
    Debt(name="dear", due=100, undue=500, burden=Fraction(36, 100), due_on=date(2026, 3, 1)),
    Debt(name="cheap", due=60, burden=Fraction(6, 100), due_on=date(2026, 2, 1)),
    Debt(name="twin", due=30, burden=Fraction(6, 100), due_on=date(2026, 2, 1)),
]


@pytest.mark.parametrize(
    ("amount", "designated", "expected"),
    [
        (50, (), {"dear": 50}),
        (130, (), {"dear": 100, "cheap": 20, "twin": 10}),
        (290, (), {"secured": 100, "dear": 100, "cheap": 60, "twin": 30}),
        (400, (), {"secured": 100, "dear": 210, "cheap": 60, "twin": 30}),
        (50, ("secured",), {"secured": 50}),
        (9_999, (), {"secured": 100, "dear": 600, "cheap": 60, "twin": 30}),
    ],
)
def test_one_payment_for_several_loans(amount: int, designated: tuple[str, ...], expected: Mapping[str, int]) -> None:
    met = share_among(amount, DEBTS, designated=designated)
    assert {name: paid for name, paid in met.items() if paid} == expected


@pytest.mark.parametrize(
    ("parts", "tolerance", "faults"),
    [
        ((Part(1, P, 100), Part(1, I, 10)), 0, 0),
        ((Part(1, I, 11),), 1, 0),
        ((Part(1, I, 12),), 1, 1),
        ((Part(9, I, 1),), 0, 1),
        ((Part(1, P, 101), Part(1, I, 11)), 0, 2),
        ((Part(1, P, 100), Part(2, P, 100)), 0, 1),
    ],
)
def test_a_split_that_the_partner_dictates_is_checked_to_the_tolerance(
    parts: tuple[Part, ...], tolerance: int, faults: int
) -> None:
    assert len(dictated_faults(120, Dictated(parts, tolerance), LOAN)) == faults
