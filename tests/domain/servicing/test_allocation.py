"""Which dues a payment meets: the order is data, and parts and excess are what was paid."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.allocation import Allocation, Component, Due, Part, allocate
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
    st.lists(st.builds(Due, st.integers(1, 4), st.sampled_from([Component(n) for n in ORDER]), st.integers(0, 300)), max_size=8,
             unique_by=lambda due: (due.no, due.component)),
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
