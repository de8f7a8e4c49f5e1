"""One published version of a product: every parameter that a loan of it will ever need, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.product.funding import Guarantor, Syndicate
from ledger.money import Rounding
from ledger.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersion:
    """A product as it was published; amounts are minor units of `currency`, rates are fractions (0.154 is 15.4 %)."""

    product_id: int
    """The product over all its versions; the `scheme` dimension of its journal lines."""
    code: str
    """The product number that partners send (产品编号)."""
    version: int
    """1, 2, 3 … within the product."""
    name_zh: str
    name_en: str
    currency: str
    amount_min: int
    amount_max: int
    amount_step: int
    """Amounts are `amount_min` plus a multiple of this (PM-05)."""
    terms_months: tuple[int, ...]
    """Terms on offer, ascending (PM-09)."""
    interest_rate_annual: Decimal
    day_count: str
    """`30/360`, `ACT/360` or `ACT/365F`."""
    method: str
    """A code of `repayment_method.Method`."""
    rounding: Rounding
    """How each posted amount is rounded to minor units."""
    grace_days: int
    """Days after the due date on which a payment is still in time (宽限期)."""
    penalty_rate_multiplier: Decimal
    """Penalty rate as a multiple of the contract rate; 1.5 is the rate plus half of it (罚息)."""
    allocation_order: tuple[str, ...]
    """Components in the order in which a payment meets them (冲销顺序)."""
    allocation_by: str
    """`instalment`: all components of the oldest instalment first; `component`: one component over all instalments."""
    service_fee_rate: Decimal
    """What the lender owes the platform at disbursement, as a fraction of the principal (助贷服务费)."""
    funder_id: int
    """The party whose money is lent."""
    lender_book: int
    platform_book: int
    posting_rules: Mapping[str, Rule]
    """Event (`accounting.Event`) to the rule that books it."""
    decision_pack: str
    """The decision tables that an application of this product meets."""
    flow: tuple[str, ...]
    """Stages that an application of this product walks, in order."""
    rate_cap_annual: Decimal
    """Upper bound of the yearly cost of the borrower, everything included."""
    effective_from: date
    """First day on which new applications get this version."""
    lender_type: str = "BANK"
    """Kind of lender, by which caps on the cost tell lenders apart: a code of `pricing.LENDER_TYPES`."""
    syndicate: Syndicate | None = None
    """The funders that lend with `funder_id`, which leads; absent, it lends alone (联合贷)."""
    guarantor: Guarantor | None = None
    """Who guarantees loans of this product (融资担保); its events are among the posting rules."""
    content_hash: str = ""
    """SHA-256 (hex) of the canonical content; empty in a draft, sealed by `publication.sealed`."""

    @property
    def penalty_rate_annual(self) -> Decimal:
        """The yearly rate on overdue principal, as a fraction."""
        return self.interest_rate_annual * self.penalty_rate_multiplier

    def offers(self, *, amount: int, months: int) -> bool:
        """Tell whether this amount (minor units) over this term is on offer."""
        return (
            self.amount_min <= amount <= self.amount_max
            and (amount - self.amount_min) % self.amount_step == 0
            and months in self.terms_months
        )
