"""The offer: the schedule that the loan will have, and what it costs, disclosed before anybody signs. Pure.

Schedule and cost disclosure (`domain.servicing.disclosure`) have one hash; an acceptance names it, so what was shown is
what was accepted, and the loan is booked with the same schedule.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar

from domain.product.version import ProductVersion
from domain.refusals import Refusal
from domain.servicing.cap import Lender, verdicts
from domain.servicing.cost import exceeds
from domain.servicing.daycount import DayCount
from domain.servicing.disclosure import CostDisclosure, disclose
from domain.servicing.disclosure import content as disclosed
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
class CapRuleExceeded(Refusal):
    """The yearly cost is above a cap that binds this kind of lender on the day: the rule, its limit and the figure."""

    code: ClassVar[str] = "COST_ABOVE_CAP_RULE"
    zh: ClassVar[str] = "年化综合融资成本 {figure:.2%} 超过监管上限 {limit:.2%} (规则 {rule})"
    en: ClassVar[str] = "the annualised cost {figure:.2%} is above the cap of the law {limit:.2%} (rule {rule})"

    rule: str
    figure: Decimal
    limit: Decimal


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
) -> Offer | NotOnOffer | CostAboveCap | CapRuleExceeded:
    """The offer of a product for an amount in minor units.

    Refused when not on offer, dearer than the product's own cap, or above a cap that binds its kind of lender that day.
    """
    if not product.offers(amount=amount, months=months):
        return NotOnOffer()
    terms = terms_of(product, amount=amount, months=months, start_on=start_on)
    plan = schedule(terms)
    disclosure = disclose(terms, plan, cap=product.rate_cap_annual)
    assert isinstance(disclosure, CostDisclosure), "what is lent once and paid back later has one yearly cost"
    cost = disclosure.annual.simple
    if exceeds(cost, cap=product.rate_cap_annual):
        return CostAboveCap(cost=cost, cap=product.rate_cap_annual)
    lender = Lender(product.lender_type)
    for one in verdicts(disclosure.annual, lender=lender, on=start_on, is_assisted=True):
        if one.is_refused:
            return CapRuleExceeded(rule=one.rule.code, figure=one.figure, limit=one.limit)
    return Offer(terms=terms, schedule=plan, disclosure=disclosure)


def offered_amount(product: ProductVersion, *, asked: int, limit: int | None) -> int:
    """What may be offered when a decision sets a limit: the asked amount, or the highest step within the limit.

    Below the product's smallest amount the result is not on offer; `make_offer` says so.
    """
    if limit is None or asked <= limit:
        return asked
    return product.amount_min + (limit - product.amount_min) // product.amount_step * product.amount_step


def content(offer: Offer) -> dict[str, object]:
    """Schedule and disclosure as plain JSON values, decimals as strings: what is stored and hashed."""
    return {
        "start_on": offer.terms.start_on.isoformat(),
        "schedule": [
            [one.no, one.from_on.isoformat(), one.due_on.isoformat(), one.principal, one.interest]
            for one in offer.schedule.instalments
        ],
        "disclosure": disclosed(offer.disclosure),
    }
