"""Explanations are read off the walk: what they say is what the row holds, in both languages."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.servicing.daycount import DayCount
from domain.servicing.explain import ROUNDING_ZH, Explained, explained, solved_by
from domain.servicing.schedule import schedule
from domain.servicing.terms import (
    Carried,
    Disbursement,
    EarlyPayment,
    Effect,
    Fee,
    FeeBasis,
    Grace,
    Method,
    Solving,
    Specified,
    Terms,
)
from ledger.money import Rounding
from tests.domain.servicing.test_terms import TERMS

YEAR = replace(TERMS, rate_annual=Decimal("0.18"), start_on=date(2026, 1, 15), day_count=DayCount.ACT_360)


def of_row(terms: Terms, no: int) -> dict[str, Explained]:
    return explained(terms, schedule(terms).rows[no - 1])


def test_interest_says_balance_rate_days_and_rounding() -> None:
    one = of_row(YEAR, 2)["interest"]
    assert dict(one.inputs) == {
        "balance1": "9237.37",
        "rateAnnual1": "0.18",
        "from1": "2026-02-15",
        "to1": "2026-03-15",
        "days1": "28",
        "rate1": "0.014",
    }
    assert (one.value, one.exact, one.rounding, one.day_count) == (129_32, "129.32318", "HALF_UP to 0.01", "ACT/360")
    assert one.zh == "利息 = 本金余额 × 期利率 = 9237.37 × 0.014 = 129.32318, 四舍五入, 得 129.32"
    assert one.en == (
        "interest = the balance × the rate of the period = 9237.37 × 0.014 = 129.32318, rounded HALF_UP: 129.32"
    )


def test_every_part_of_a_period_is_named() -> None:
    later = (Disbursement(on=YEAR.start_on, amount=4_000_00), Disbursement(on=date(2026, 1, 25), amount=6_000_00))
    inputs = dict(of_row(replace(YEAR, disbursements=later), 1)["interest"].inputs)
    assert [inputs[f"balance{n}"] for n in (1, 2)] == ["4000.00", "10000.00"]
    assert [inputs[f"days{n}"] for n in (1, 2)] == ["10", "21"]


@pytest.mark.parametrize(
    ("terms", "no", "formula", "words"),
    [
        (YEAR, 1, "A − I, A = L / Σ_k Π_{j≤k} 1/(1+i_j)", "月供 917.63"),
        (YEAR, 12, "B", "末期归还全部余额"),
        (replace(YEAR, method=Method.INTEREST_FIRST, instalments=2), 2, "B", "末期归还全部余额"),
        (replace(YEAR, method=Method.EQUAL_PRINCIPAL), 1, "L / n", "本金均分"),
        (replace(YEAR, down_payment=100_00), 1, "down payment", "首付本金"),
        (
            replace(
                YEAR,
                method=Method.SPECIFIED,
                specified=(Specified(due_on=date(2026, 2, 1), principal=10_000_00),),
                instalments=1,
            ),
            1,
            "agreed",
            "合同约定的本金",
        ),
        (
            replace(YEAR, early_payments=(EarlyPayment(amount=5_00, effect=Effect.SHORTEN_TERM, no=1),)),
            1,
            "A − I, A = L / Σ_k Π_{j≤k} 1/(1+i_j)",
            "含提前还款 5.00",
        ),
    ],
)
def test_principal_says_why(terms: Terms, no: int, formula: str, words: str) -> None:
    one = of_row(terms, no)["principal"]
    assert one.formula == formula
    assert words in one.zh


def test_deferred_interest_flat_interest_and_fees_are_explained() -> None:
    terms = replace(
        YEAR,
        grace=Grace(principal=2, interest=2),
        fees=(Fee(code="A", value=Decimal(1_00)), Fee(code="B", value=Decimal("0.01"), basis=FeeBasis.INTEREST)),
    )
    third = of_row(terms, 3)
    assert "递延利息 295.00" in third["interest"].zh
    assert third["fee.A"].zh == "约定费用 1.00"
    assert "0.01 × INTEREST" in third["fee.B"].en
    assert "interest" not in of_row(terms, 1), "nothing is said of nothing"
    assert "原始本金" in of_row(replace(YEAR, method=Method.EQUAL_INTEREST), 5)["interest"].zh


def test_unrounded_balances_say_so() -> None:
    one = of_row(replace(YEAR, carried=Carried.UNROUNDED), 1)["closing"]
    assert "仅显示时取整" in one.zh
    assert "unrounded" in one.en


def test_every_rounding_and_every_way_of_solving_has_words() -> None:
    assert set(ROUNDING_ZH) == set(Rounding)
    assert len({solved_by(replace(YEAR, solving=one, payment=1)) for one in Solving}) == len(Solving)


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.EQUAL_INTEREST])
def test_the_numbers_in_a_sentence_give_its_result(method: Method) -> None:
    for row in schedule(replace(YEAR, method=method)).rows:
        one = explained(YEAR, row)["interest"]
        product = re.search(r"= ([0-9.]+) × ([0-9.]+) =", one.zh)
        assert product is not None
        assert abs(Fraction(product[1]) * Fraction(product[2]) * 100 - one.value) <= Fraction(51, 100)
