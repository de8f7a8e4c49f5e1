"""Agreements of those who fund and guarantee a loan: dated, whole, and the same after they were stored."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from domain.product.funding import Agreement, Funding, Syndicate, faults, read, written
from domain.product.rules_lender import CN_PARTNER

LEADER, BANK = 1, 2
START = date(2026, 1, 15)
SEVENTY = {LEADER: Fraction(7, 10), BANK: Fraction(3, 10)}


def funding(shares: dict[int, Fraction] = SEVENTY) -> Funding:
    return Funding(
        leader=LEADER, residue_to=LEADER, agreements=(Agreement(from_on=START, shares={"principal": shares}),)
    )


def test_what_was_stored_is_read_back() -> None:
    later = Agreement(from_on=date(2026, 7, 1), shares={"principal": SEVENTY, "interest": {BANK: Fraction(1, 1)}})
    one = Syndicate(
        funding=replace(funding(), agreements=(*funding().agreements, later)), books={BANK: 4}, rules=CN_PARTNER.rules
    )
    assert read(json.loads(json.dumps(written(one)))) == one


def test_shares_of_days_on_both_sides_of_a_change_count_by_days() -> None:
    later = Agreement(from_on=date(2026, 1, 25), shares={"principal": {LEADER: Fraction(1)}})
    both = replace(funding(), agreements=(*funding().agreements, later))
    assert both.over("interest", START, date(2026, 2, 4)) == {LEADER: Fraction(17, 20), BANK: Fraction(3, 20)}
    assert both.funders == (LEADER, BANK)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (funding({LEADER: Fraction(7, 10), BANK: Fraction(2, 10)}), ["SHARES_NOT_WHOLE"]),
        (funding({LEADER: Fraction(11, 10), BANK: Fraction(-1, 10)}), ["SHARES_NOT_WHOLE"]),
        (replace(funding(), residue_to=7), ["SHARE_FUNDER_UNKNOWN"]),
        (replace(funding(), agreements=()), ["SHARE_AGREEMENTS_ORDER", "SHARE_FUNDER_UNKNOWN", "SHARE_FUNDER_UNKNOWN"]),
        (replace(funding(), agreements=funding().agreements * 2), ["SHARE_AGREEMENTS_ORDER"]),
        (
            Funding(
                leader=7,
                residue_to=BANK,
                agreements=(Agreement(from_on=START, shares={"fee": {BANK: Fraction(1, 2)}}),),
            ),
            ["SHARE_AGREEMENTS_ORDER", "SHARES_NOT_WHOLE", "SHARE_FUNDER_UNKNOWN"],
        ),
    ],
)
def test_every_fault_of_a_funding_at_once(wrong: Funding, told: list[str]) -> None:
    assert [one.code for one in faults(wrong)] == told
