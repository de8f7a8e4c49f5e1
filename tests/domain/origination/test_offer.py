from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.origination.offer import (
    CapRuleExceeded,
    CostAboveCap,
    NotOnOffer,
    Offer,
    make_offer,
    offered_amount,
    terms_of,
)
from domain.product.pricing import LENDER_TYPES
from domain.product.version import ProductVersion
from domain.servicing.cap import Lender
from domain.servicing.operations import disbursement as servicing
from ledger.money import Money
from seed.products import draft

PRODUCT = draft(funder_id=1, effective_from=date(2026, 1, 1))
START = date(2026, 1, 31)


def _offer(product: ProductVersion = PRODUCT, *, amount: int = 10_000_00, months: int = 12) -> Offer:
    made = make_offer(product, amount=amount, months=months, start_on=START)
    assert isinstance(made, Offer)
    return made


def test_the_offer_shows_everything_that_will_be_paid() -> None:
    made = _offer()
    table = made.disclosure
    assert table.principal == 10_000_00
    assert table.total_payment == sum(one.total for one in made.schedule.instalments)
    assert table.total_payment == table.principal + table.total_interest
    assert [(one.item, one.payee, one.amount) for one in table.items] == [("INTEREST", "FUNDER", table.total_interest)]
    assert [(one.item, one.rate_annual) for one in table.contingent] == [("PENALTY_INTEREST", Decimal("0.2310"))]
    assert abs(table.annual.simple - Decimal("0.154")) < Decimal("0.0001")
    assert table.annual.effective > table.annual.simple


def test_a_nominal_24_percent_passes_its_cap_and_a_dearer_loan_does_not() -> None:
    at_cap = replace(PRODUCT, interest_rate_annual=Decimal("0.24"), penalty_rate_multiplier=Decimal(1))
    assert _offer(at_cap).disclosure.annual.simple > Decimal("0.24")
    dearer = replace(at_cap, interest_rate_annual=Decimal("0.2402"))
    refused = make_offer(dearer, amount=10_000_00, months=12, start_on=START)
    assert isinstance(refused, CostAboveCap)
    assert refused.cap == Decimal("0.24")


@pytest.mark.parametrize(
    ("lender_type", "on", "rate", "rule"),
    [
        ("BANK", START, "0.154", None),
        ("SMALL_LOAN", START, "0.154", None),
        ("SMALL_LOAN", date(2028, 1, 3), "0.154", "SMALL_LOAN_4LPR"),
        ("SMALL_LOAN", date(2028, 1, 3), "0.12", None),
        ("PRIVATE", START, "0.154", "PRIVATE_4LPR"),
    ],
)
def test_the_cap_that_binds_the_kind_of_lender_on_the_day_is_named(
    lender_type: str, on: date, rate: str, rule: str | None
) -> None:
    product = replace(PRODUCT, lender_type=lender_type, interest_rate_annual=Decimal(rate))
    made = make_offer(product, amount=10_000_00, months=12, start_on=on)
    assert (made.rule if isinstance(made, CapRuleExceeded) else None) == rule
    assert isinstance(made, CapRuleExceeded | Offer)


def test_products_and_caps_know_the_same_kinds_of_lender() -> None:
    assert set(Lender) == LENDER_TYPES


@pytest.mark.parametrize(
    ("amount", "months"), [(249_00, 12), (20_001_00, 12), (250_50, 12), (10_000_00, 3), (10_000_00, 73)]
)
def test_what_the_product_does_not_lend_is_refused(amount: int, months: int) -> None:
    assert make_offer(PRODUCT, amount=amount, months=months, start_on=START) == NotOnOffer()


@pytest.mark.parametrize(
    ("asked", "limit", "expected"),
    [
        (5_000_00, None, 5_000_00),
        (5_000_00, 5_000_00, 5_000_00),
        (5_000_00, 8_000_00, 5_000_00),
        (5_000_00, 4_000_50, 4_000_00),
        (5_000_00, 249_99, 249_00),
    ],
)
def test_a_limit_lowers_the_offer_to_a_step_of_the_product(asked: int, limit: int | None, expected: int) -> None:
    assert offered_amount(PRODUCT, asked=asked, limit=limit) == expected


@settings(max_examples=15)
@given(amount=st.integers(250, 20_000).map(lambda yuan: yuan * 100), months=st.integers(4, 72))
def test_the_hash_names_what_was_shown_and_nothing_else(amount: int, months: int) -> None:
    made = _offer(amount=amount, months=months)
    again = _offer(amount=amount, months=months)
    other = make_offer(PRODUCT, amount=amount, months=months, start_on=date(2026, 2, 1))
    assert isinstance(other, Offer)
    assert made.disclosure_hash == again.disclosure_hash
    assert made.disclosure_hash != other.disclosure_hash
    assert made.schedule.principal == amount


def test_the_offer_and_the_booking_start_from_the_same_terms() -> None:
    booked = servicing.terms_of(PRODUCT, principal=Money(10_000_00, "CNY"), term_months=12, start_on=START)
    assert terms_of(PRODUCT, amount=10_000_00, months=12, start_on=START) == booked
