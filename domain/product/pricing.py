"""Prices: rates with their units, the platform's service fee, and the bounds on what a borrower may be charged."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from domain.product.version import ProductVersion
from ledger.money import Money, rounded

RATE_CAP_ANNUAL = Decimal("0.24")
"""No product of Internet loan assistance may cost its borrower more in a year, all charges included (金规〔2025〕9号,
by reference to 法发〔2017〕22号)."""

PENALTY_MULTIPLIER_MAX = Decimal("1.5")
"""Penalty rate at most the contract rate plus 50 % (银发〔2003〕251号)."""


class RateUnit(StrEnum):
    """What a rate is per: 日, 月 or 年."""

    DAY = "D"
    MONTH = "M"
    YEAR = "Y"


def annual_rate(rate: Decimal, unit: RateUnit, *, basis_days: int = 360) -> Decimal:
    """Return a rate per year: a daily one times the basis (360 or 365), a monthly one times 12 (银发〔2005〕129号)."""
    match unit:
        case RateUnit.DAY:
            return rate * basis_days
        case RateUnit.MONTH:
            return rate * 12
        case RateUnit.YEAR:
            return rate


def service_fee(principal: Money, version: ProductVersion) -> Money:
    """Return what the lender owes the platform for this disbursement (助贷服务费)."""
    return rounded(principal.decimal * version.service_fee_rate, principal.currency, version.rounding)


LENDER_TYPES = frozenset({"BANK", "CONSUMER_FINANCE", "AUTO_FINANCE", "TRUST", "SMALL_LOAN", "PRIVATE"})
"""Kinds of lender; which cap binds each, and since when, is `servicing.cap`."""
