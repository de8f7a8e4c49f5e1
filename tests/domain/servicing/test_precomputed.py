"""Precomputed charges: the parts are the charge, the payments are level, and the apportionments are the textbook's."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.precomputed import Precomputed
from domain.servicing.schedule import schedule
from domain.servicing.terms import Apportion, Method, Terms
from tests.domain.servicing.test_terms import TERMS

ADD_ON = replace(
    TERMS, principal=1_000_00, rate_annual=Decimal("0.1"), instalments=12, method=Method.ADD_ON, residue=TERMS.residue
)


@pytest.mark.parametrize(
    ("apportion", "parts"),
    [
        (Apportion.LEVEL, [8_33] * 11 + [8_37]),
        (  # twelve seventy-eighths of the charge with the first, one with the last
            Apportion.SUM_OF_DIGITS,
            [15_38, 14_10, 12_82, 11_54, 10_26, 8_97, 7_69, 6_41, 5_13, 3_85, 2_56, 1_29],
        ),
    ],
)
def test_the_charge_is_apportioned(apportion: Apportion, parts: list[int]) -> None:
    assert list(Precomputed(replace(ADD_ON, apportion=apportion)).parts) == parts


def test_the_charge_may_be_agreed_or_be_what_the_payments_exceed_the_principal_by() -> None:
    assert Precomputed(replace(ADD_ON, charge=120_00)).charge == 120_00
    assert Precomputed(replace(ADD_ON, payment=95_00)).charge == 140_00


@given(
    st.builds(
        replace,
        st.just(ADD_ON),
        principal=st.integers(1, 10**9),
        rate_annual=st.decimals(0, 2, places=4),
        instalments=st.integers(1, 60),
        apportion=st.sampled_from(Apportion),
    )
)
def test_laws_of_every_precomputed_loan(terms: Terms) -> None:
    made, plan = Precomputed(terms), schedule(terms)
    assert sum(made.parts) == made.charge == plan.interest
    assert plan.principal == terms.principal
    assert all(part >= 0 for part in made.parts)
