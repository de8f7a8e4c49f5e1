"""The offer: the schedule that the loan will have, and what it costs, disclosed before anybody signs. Pure.

明示综合融资成本 (金规〔2026〕2号): principal, every charge with who takes it, how and how much, the yearly cost of
normal performance, and what would be charged on default. The disclosure has a hash; an acceptance names it, so what
was shown is what was accepted, and the loan is booked with the same schedule.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from domain.origination.cost import Annualised, Flow, annualised, exceeds
from domain.product.version import ProductVersion
from domain.refusals import Refusal
from domain.servicing.daycount import DayCount
from domain.servicing.schedule import Schedule, schedule
from domain.servicing.terms import AllocationBy, Method, Terms

READ_SECONDS_MIN = 3
"""Forced reading time of the cost disclosure (金规〔2026〕2号)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisclosureDiffers(Refusal):
    """The acceptance names another disclosure than the one that was made."""

    code: ClassVar[str] = "DISCLOSURE_DIFFERS"
    zh: ClassVar[str] = "确认的综合融资成本明示表与当前版本不一致"
    en: ClassVar[str] = "what was accepted is not the cost disclosure that was made"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTooShort(Refusal):
    """The disclosure was on the screen for less than the forced reading time."""

    code: ClassVar[str] = "DISCLOSURE_READ_TOO_SHORT"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "综合融资成本明示表阅读时间不足 {seconds} 秒"
    en: ClassVar[str] = "the cost disclosure must be shown for at least {seconds} seconds"

    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotOnOffer(Refusal):
    """The product does not lend this amount over this term."""

    code: ClassVar[str] = "AMOUNT_OR_TERM_NOT_ON_OFFER"
    zh: ClassVar[str] = "产品不支持该金额或期限"
    en: ClassVar[str] = "the product does not lend this amount over this term"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostAboveCap(Refusal):
    """The yearly cost on the rounded flows is above the product's cap: the loan may not be offered."""

    code: ClassVar[str] = "COST_ABOVE_CAP"
    zh: ClassVar[str] = "年化综合融资成本 {cost} 超过上限 {cap}"
    en: ClassVar[str] = "the annualised cost {cost} is above the cap {cap}"

    cost: Decimal
    cap: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One charge of normal performance (正常履约)."""

    item: str
    """`INTEREST`, or the code of a fee."""
    payee: str
    """Who takes it (收取主体): `FUNDER`; the platform may charge the borrower nothing (金规〔2025〕9号)."""
    collected: str
    """How (收取方式): `PER_INSTALMENT`."""
    rate_annual: Decimal
    """Standard (收取标准), a fraction per year."""
    amount: int
    """Sum over the whole loan, minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentCost:
    """One charge that only a breach brings (违约情形)."""

    item: str
    """`PENALTY_INTEREST`: on overdue principal, per day."""
    payee: str
    rate_annual: Decimal
    """Fraction per year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDisclosure:
    """综合融资成本明示表; nothing else will be charged."""

    currency: str
    principal: int
    """What the borrower receives, minor units: nothing is deducted in advance (Civil Code 670)."""
    total_interest: int
    total_fees: int
    total_payment: int
    """Principal, interest and fees."""
    items: tuple[CostItem, ...]
    contingent: tuple[ContingentCost, ...]
    annual: Annualised
    """Yearly cost of normal performance on the rounded flows."""
    cap_annual: Decimal
    """The bound it was checked against, by the simple method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What is put before the borrower."""

    terms: Terms
    schedule: Schedule
    disclosure: CostDisclosure

    @property
    def disclosure_hash(self) -> str:
        """SHA-256 (hex) of schedule and disclosure as shown: what an acceptance names."""
        text = json.dumps(content(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def terms_of(product: ProductVersion, *, amount: int, months: int, start_on: date) -> Terms:
    """The contract's numbers that a product version gives a loan of `amount` (minor units) from `start_on`."""
    return Terms(
        principal=amount,
        currency=product.currency,
        rate_annual=product.interest_rate_annual,
        instalments=months,
        start_on=start_on,
        day_count=DayCount(product.day_count),
        rounding=product.rounding,
        grace_days=product.grace_days,
        penalty_rate_annual=product.penalty_rate_annual,
        allocation_order=product.allocation_order,
        allocation_by=AllocationBy(product.allocation_by),
        method=Method(product.method),
    )


def make_offer(
    product: ProductVersion, *, amount: int, months: int, start_on: date
) -> Offer | NotOnOffer | CostAboveCap:
    """The offer of a product for an amount in minor units; refused when not on offer or dearer than its cap."""
    if not product.offers(amount=amount, months=months):
        return NotOnOffer()
    terms = terms_of(product, amount=amount, months=months, start_on=start_on)
    made = Offer(
        terms=terms, schedule=(plan := schedule(terms)), disclosure=disclose(terms, plan, cap=product.rate_cap_annual)
    )
    cost = made.disclosure.annual.simple
    if exceeds(cost, cap=product.rate_cap_annual):
        return CostAboveCap(cost=cost, cap=product.rate_cap_annual)
    return made


def disclose(terms: Terms, plan: Schedule, *, cap: Decimal) -> CostDisclosure:
    """The cost table of a schedule: the borrower pays interest to the funder and nothing to anybody else."""
    received = Flow(terms.start_on, 0, terms.principal)
    paid = (Flow(one.due_on, one.no, -one.total) for one in plan.instalments)
    return CostDisclosure(
        currency=terms.currency,
        principal=terms.principal,
        total_interest=plan.interest,
        total_fees=0,
        total_payment=terms.principal + plan.interest,
        items=(
            CostItem(
                item="INTEREST",
                payee="FUNDER",
                collected="PER_INSTALMENT",
                rate_annual=terms.rate_annual,
                amount=plan.interest,
            ),
        ),
        contingent=(ContingentCost(item="PENALTY_INTEREST", payee="FUNDER", rate_annual=terms.penalty_rate_annual),),
        annual=annualised((received, *paid)),
        cap_annual=cap,
    )


def offered_amount(product: ProductVersion, *, asked: int, limit: int | None) -> int:
    """What may be offered when a decision sets a limit: the asked amount, or the highest step within the limit.

    Below the product's smallest amount the result is not on offer; `make_offer` says so.
    """
    if limit is None or asked <= limit:
        return asked
    return product.amount_min + (limit - product.amount_min) // product.amount_step * product.amount_step


def content(offer: Offer) -> dict[str, object]:
    """Schedule and disclosure as plain JSON values, decimals as strings: what is stored and hashed."""
    disclosure, annual = offer.disclosure, offer.disclosure.annual
    return {
        "start_on": offer.terms.start_on.isoformat(),
        "schedule": [
            [one.no, one.from_on.isoformat(), one.due_on.isoformat(), one.principal, one.interest]
            for one in offer.schedule.instalments
        ],
        "disclosure": {
            "currency": disclosure.currency,
            "principal": disclosure.principal,
            "total_interest": disclosure.total_interest,
            "total_fees": disclosure.total_fees,
            "total_payment": disclosure.total_payment,
            "items": [
                {
                    "item": one.item,
                    "payee": one.payee,
                    "collected": one.collected,
                    "rate_annual": f"{one.rate_annual:f}",
                    "amount": one.amount,
                }
                for one in disclosure.items
            ],
            "contingent": [
                {"item": one.item, "payee": one.payee, "rate_annual": f"{one.rate_annual:f}"}
                for one in disclosure.contingent
            ],
            "annual_simple": f"{annual.simple:f}",
            "annual_effective": f"{annual.effective:f}",
            "annual_dated": f"{annual.dated:f}",
            "cap_annual": f"{disclosure.cap_annual:f}",
        },
    }
