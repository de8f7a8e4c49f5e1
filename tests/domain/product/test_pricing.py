from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from domain.product.pricing import RateUnit, annual_rate, service_fee
from ledger.money import Money
from seed.products import draft


@pytest.mark.parametrize(
    ("rate", "unit", "basis", "expected"),
    [
        ("0.00098", RateUnit.DAY, 360, "0.3528"),
        ("0.00098", RateUnit.DAY, 365, "0.3577"),
        ("0.015", RateUnit.MONTH, 360, "0.18"),
        ("0.154", RateUnit.YEAR, 365, "0.154"),
    ],
)
def test_annual_rates(rate: str, unit: RateUnit, basis: int, expected: str) -> None:
    assert annual_rate(Decimal(rate), unit, basis_days=basis) == Decimal(expected)


@pytest.mark.parametrize(
    ("principal", "fee"), [("10000.00", "200.00"), ("250.25", "5.01"), ("250.24", "5.00"), ("0.24", "0.00")]
)
def test_the_service_fee_is_rounded_half_up(principal: str, fee: str) -> None:
    version = draft(funder_id=1, effective_from=date(2026, 1, 1))
    assert service_fee(Money.parse(principal, "CNY"), version) == Money.parse(fee, "CNY")
