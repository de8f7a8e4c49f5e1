"""A quote is the plan and its costs together; what cannot be quoted is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from domain.servicing.annuity import NoRate
from domain.servicing.disclosure import CostDisclosure
from domain.servicing.quotation import Asked, asked
from domain.servicing.quoted import Quoted, quoted
from domain.servicing.reader import Json
from domain.servicing.schedule import schedule

TERMS: dict[str, Json] = {"principal": "10000.00", "rateAnnual": "0.12", "instalments": 12, "startOn": "2026-03-05"}


def read(**changes: Json) -> Asked:
    found = asked({**TERMS, **changes})
    assert isinstance(found, Asked), found
    return found


def test_a_quote_is_the_plan_with_its_costs() -> None:
    terms = read()
    made = quoted(terms)
    assert isinstance(made, Quoted)
    assert made.plan == schedule(terms.terms)
    assert isinstance(made.costs, CostDisclosure)
    assert made.costs.total_interest == made.plan.interest
    assert (made.us_apr, made.is_above_cap) == (made.costs.annual.simple, False)
    assert made.eu_aprc == made.costs.annual.effective


@pytest.mark.parametrize(("cap", "expected"), [("0.24", False), ("0.13", False), ("0.12", False), ("0.11", True)])
def test_the_bound_is_the_one_that_was_asked_for(cap: str, expected: bool) -> None:
    made = quoted(read(costCapAnnual=cap))
    assert isinstance(made, Quoted)
    assert (made.cap, made.is_above_cap) == (Decimal(cap), expected)


def test_what_has_no_yearly_cost_has_its_plan_all_the_same() -> None:
    gone = quoted(read(fees=[{"code": "ALL", "rate": "1", "when": "DEDUCTED"}]))
    assert isinstance(gone, Quoted)
    assert isinstance(gone.costs, NoRate)
    assert (gone.disclosure, gone.us_apr, gone.is_above_cap, gone.verdicts) == (None, None, False, ())
