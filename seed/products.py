"""The demo product: 消费分期, equal instalments, with the posting rules of every event of its life."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType

from sqlalchemy import Connection

from domain.command import Command
from domain.product import operations, queries
from domain.product.accounting import Event
from domain.product.operations import Proposed
from domain.product.rules_lender import lender
from domain.product.rules_platform import CN_PLATFORM
from domain.product.version import ProductVersion
from ledger.account import Required
from ledger.money import Rounding
from ledger.rule import Leg, Rule
from seed.chart import LENDER_BOOK, PLATFORM_BOOK

CODE = "XF-DEBX"
"""Product number: 消费 等额本息."""

MAKER, CHECKER = "param-maker", "param-checker"
"""The two people whom a product needs."""

_POOLED = Required.ALL & ~Required.SUBJECT
"""Income and bank lines carry no loan, so that a batch of a thousand loans posts one of them."""

_OWN: dict[Event, tuple[Leg, ...]] = {
    Event.DISBURSEMENT_INSTRUCTED: (Leg("principal", "3001.01", "1002.01", credit_dims=_POOLED),),
    Event.DISBURSEMENT_SUCCEEDED: (Leg("principal", "1303.01", "3001.01"), Leg("excess", "2241.01", "3001.01")),
    Event.SERVICE_FEE_LENDER: (Leg("service_fee", "6421.02", "2241.03"),),
    Event.SERVICE_FEE_PLATFORM: (Leg("service_fee", "1124.02", "6021.03"),),
    Event.INTEREST_ACCRUED: (Leg("interest", "1303.04", "6011.01", credit_dims=_POOLED),),
    Event.INTEREST_DUE: (Leg("interest", "1132.01", "1303.04"),),
    Event.PENALTY_ACCRUED: (Leg("penalty", "1132.02", "6011.02", credit_dims=_POOLED),),
    Event.CHANNEL_SETTLED: (Leg("amount", "1002.02", "1012.01", debit_dims=_POOLED, credit_dims=_POOLED),),
}
"""What the close of business and every disbursement post, without tax."""

RULES: MappingProxyType[str, Rule] = MappingProxyType(
    {
        **lender(via=None),
        **CN_PLATFORM.rules,
        **{event.value: Rule(kind=event.value, version=1, legs=legs) for event, legs in _OWN.items()},
    }
)
"""Event to posting rule: the lender's and the platform's sets, receipts allocated at once."""

FLOW = (
    "ACCEPTANCE",
    "PRE_APPROVAL",
    "ANTI_FRAUD",
    "DECISION",
    "MANUAL_REVIEW",
    "PHONE_CHECK",
    "OFFER",
    "CARD_CHECK",
    "DISBURSEMENT",
)
"""Stages of an application, in order."""


def draft(*, funder_id: int, effective_from: date) -> ProductVersion:
    """Return the demo product as a draft: 250 to 20,000 yuan over 4 to 72 months at 15.4 % a year."""
    return ProductVersion(
        product_id=0,
        code=CODE,
        version=0,
        name_zh="消费分期-等额本息",
        name_en="Consumer instalment loan, equal instalments",
        currency="CNY",
        amount_min=250_00,
        amount_max=20_000_00,
        amount_step=1_00,
        terms_months=tuple(range(4, 73)),
        interest_rate_annual=Decimal("0.154"),
        day_count="30/360",
        method="EQUAL_INSTALMENT",
        rounding=Rounding.HALF_UP,
        grace_days=3,
        penalty_rate_multiplier=Decimal("1.5"),
        allocation_order=("penalty", "interest", "principal"),
        allocation_by="instalment",
        service_fee_rate=Decimal("0.02"),
        funder_id=funder_id,
        lender_book=LENDER_BOOK,
        platform_book=PLATFORM_BOOK,
        posting_rules=RULES,
        decision_pack="german-standard",
        flow=FLOW,
        rate_cap_annual=Decimal("0.24"),
        effective_from=effective_from,
    )


def publish(conn: Connection, *, funder_id: int, effective_from: date) -> ProductVersion:
    """Propose and publish the demo product by two people and return it; again returns what is there."""
    known = queries.latest(conn, code=CODE)
    if known is not None:
        return known
    at = datetime.combine(effective_from, datetime.min.time(), UTC)
    proposed = operations.propose(
        conn,
        draft(funder_id=funder_id, effective_from=effective_from),
        Command(actor=MAKER, key=f"{CODE}/1", received_at=at),
    )
    assert isinstance(proposed, Proposed), f"the demo product is without fault: {proposed}"
    published = operations.publish(
        conn,
        proposal_id=proposed.proposal_id,
        command=Command(actor=CHECKER, key=f"{CODE}/1", received_at=at),
    )
    assert isinstance(published, ProductVersion), f"the demo product can be published: {published}"
    return published
