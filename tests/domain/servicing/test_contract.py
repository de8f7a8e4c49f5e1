"""A contract finds a strategy for every payment, and the terms of what was really paid out."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from domain.servicing.allocation import STRATEGIES
from domain.servicing.contract import DEFAULT, Contract, LifeTerms
from tests.domain.servicing.histories import terms


def test_a_kind_of_payment_has_its_own_strategy_or_the_default() -> None:
    both = MappingProxyType({DEFAULT: STRATEGIES["BANK_NORMAL"], "GOODWILL_CREDIT": STRATEGIES["BANK_NPL"]})
    contract = Contract(terms=terms(), life=LifeTerms(strategies=both))
    assert contract.strategy("GOODWILL_CREDIT").name == "BANK_NPL"
    assert contract.strategy("REPAYMENT").name == "BANK_NORMAL"


def test_the_plan_starts_when_and_with_what_was_paid_out() -> None:
    contract = Contract(terms=replace(terms(), down_payment=100))
    started = contract.starting(date(2026, 3, 9), 77_00)
    assert (started.start_on, started.principal, started.down_payment) == (date(2026, 3, 9), 77_00, 0)


@pytest.mark.parametrize("wrong", [{"strategies": MappingProxyType({})}, {"down_payment": Decimal(1)}])
def test_what_cannot_be_a_contract_is_not_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        replace(LifeTerms(), **wrong)
