from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import REQUIRED
from domain.product.funding import Agreement, Funding, Guarantor, Syndicate
from domain.product.publication import canonical, content, faults, read, restored, sealed
from domain.product.rules_lender import lender, partner
from domain.product.version import ProductVersion
from ledger.account import Side
from ledger.rule import Leg, Rule, RuleLine, Term
from seed.products import RULES, draft

GOOD = draft(funder_id=7, effective_from=date(2026, 1, 1))


def rules(**changes: Rule | None) -> MappingProxyType[str, Rule]:
    merged = {**RULES, **changes}
    return MappingProxyType({event: rule for event, rule in merged.items() if rule is not None})


LOPSIDED = Rule(
    kind="INTEREST_DUE",
    version=1,
    lines=(
        RuleLine(Side.DEBIT, "1132.01", (Term("interest"),)),
        RuleLine(Side.CREDIT, "1303.04", (Term("interest", 2),)),
    ),
)


def test_the_demo_product_is_without_fault() -> None:
    assert faults(GOOD) == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"currency": "ZZZ"}, {("currency", "PRODUCT_PARAMETER_UNKNOWN")}),
        ({"amount_min": 0}, {("amount_min", "PRODUCT_PARAMETER_RANGE")}),
        ({"amount_min": -100_00}, {("amount_min", "PRODUCT_PARAMETER_RANGE")}),
        ({"amount_max": 10**17}, {("amount_min", "PRODUCT_PARAMETER_RANGE")}),
        ({"amount_step": 0}, {("amount_step", "PRODUCT_PARAMETER_RANGE")}),
        ({"amount_step": 7_77}, {("amount_step", "PRODUCT_PARAMETER_RANGE")}),
        ({"terms_months": ()}, {("terms_months", "PRODUCT_PARAMETER_RANGE")}),
        ({"terms_months": (0, 3)}, {("terms_months", "PRODUCT_PARAMETER_RANGE")}),
        ({"terms_months": (12, 6)}, {("terms_months", "PRODUCT_PARAMETER_RANGE")}),
        ({"terms_months": (6, 6)}, {("terms_months", "PRODUCT_PARAMETER_RANGE")}),
        ({"terms_months": (10**6,)}, {("terms_months", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal("NaN")}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal("sNaN")}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal("Infinity")}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal(-1)}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal(10**9)}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal("0.12345678901")}, {("interest_rate_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"interest_rate_annual": Decimal("0.161")}, {("penalty_rate_multiplier", "PRODUCT_PARAMETER_RANGE")}),
        ({"penalty_rate_multiplier": Decimal("1.51")}, {("penalty_rate_multiplier", "PRODUCT_PARAMETER_RANGE")}),
        ({"rate_cap_annual": Decimal("0.36")}, {("rate_cap_annual", "PRODUCT_PARAMETER_RANGE")}),
        ({"service_fee_rate": Decimal(-1)}, {("service_fee_rate", "PRODUCT_PARAMETER_RANGE")}),
        ({"grace_days": 16}, {("grace_days", "PRODUCT_PARAMETER_RANGE")}),
        ({"method": "BALLOON"}, {("method", "PRODUCT_PARAMETER_UNKNOWN")}),
        ({"day_count": "ACT/366"}, {("day_count", "PRODUCT_PARAMETER_UNKNOWN")}),
        ({"allocation_by": "loan"}, {("allocation_by", "PRODUCT_PARAMETER_UNKNOWN")}),
        ({"allocation_order": ("penalty", "interest")}, {("allocation_order", "PRODUCT_PARAMETER_RANGE")}),
        ({"flow": ()}, {("flow", "PRODUCT_PARAMETER_RANGE")}),
        ({"flow": ("A", "A")}, {("flow", "PRODUCT_PARAMETER_RANGE")}),
        ({"code": " "}, {("code", "PRODUCT_PARAMETER_RANGE")}),
        ({"name_zh": "a\0b"}, {("name_zh", "PRODUCT_PARAMETER_RANGE")}),
        ({"posting_rules": rules(REPAYMENT=None)}, {("posting_rules.REPAYMENT", "PRODUCT_RULE_MISSING")}),
        ({"posting_rules": rules(RECOVERY=None)}, {("posting_rules.RECOVERY", "PRODUCT_RULE_MISSING")}),
        (
            {"posting_rules": rules(SUBROGATED=replace(RULES["INTEREST_DUE"], kind="SUBROGATED"))},
            {
                ("posting_rules.SUBROGATED", "PRODUCT_RULE_FOREIGN"),
                ("posting_rules.SUBROGATED", "PRODUCT_RULE_COMPONENTS"),
            },
        ),
        (
            {"posting_rules": rules(INTEREST_DUE=replace(RULES["INTEREST_DUE"], legs=(Leg("fee", "1", "2"),)))},
            {("posting_rules.INTEREST_DUE", "PRODUCT_RULE_COMPONENTS")},
        ),
        (
            {"posting_rules": rules(INTEREST_DUE=RULES["INTEREST_ACCRUED"])},
            {("posting_rules.INTEREST_DUE", "PRODUCT_RULE_UNBALANCED")},
        ),
        (
            {"posting_rules": rules(INTEREST_DUE=LOPSIDED)},
            {("posting_rules.INTEREST_DUE", "PRODUCT_RULE_UNBALANCED")},
        ),
    ],
)
def test_each_fault_is_told_by_field_and_code(change: dict[str, Any], told: set[tuple[str, str]]) -> None:
    assert {(fault.field, fault.code) for fault in faults(replace(GOOD, **change))} == told


def test_all_faults_are_told_at_once() -> None:
    worst = replace(
        GOOD,
        currency="ZZZ",
        terms_months=(),
        interest_rate_annual=Decimal("NaN"),
        method="X",
        flow=(),
        posting_rules=MappingProxyType({}),
    )
    told = {fault.field for fault in faults(worst)}
    assert told == {"currency", "terms_months", "interest_rate_annual", "method", "flow"} | {
        f"posting_rules.{event}" for event in REQUIRED
    }


def test_a_version_survives_being_stored_and_read() -> None:
    version = sealed(replace(GOOD, product_id=3, version=2))
    assert restored(json.loads(canonical(version))) == version
    assert read(canonical(version)) == version
    assert len(version.content_hash) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"interest_rate_annual": Decimal("0.155")},
        {"name_en": "other"},
        {"posting_rules": rules(REPAYMENT=replace(RULES["REPAYMENT"], version=2))},
        {"effective_from": date(2026, 1, 2)},
    ],
)
def test_the_hash_names_the_content(change: dict[str, Any]) -> None:
    assert sealed(replace(GOOD, **change)).content_hash != sealed(GOOD).content_hash


@given(st.integers(0, 6))
def test_equal_rates_have_one_hash(zeros: int) -> None:
    same = replace(GOOD, interest_rate_annual=Decimal("0.154" + "0" * zeros))
    assert sealed(same).content_hash == sealed(GOOD).content_hash


def test_every_parameter_is_part_of_the_content() -> None:
    names = {name for name in ProductVersion.__dataclass_fields__ if name != "content_hash"}
    assert set(content(GOOD)) == names - set(PARTICULAR)
    assert set(content(replace(GOOD, **PARTICULAR))) == names
    version = sealed(replace(GOOD, product_id=3, **PARTICULAR))
    assert restored(json.loads(canonical(version))) == version


SHARES = Agreement(
    from_on=date(2026, 1, 1), shares={"principal": {GOOD.funder_id: Fraction(7, 10), 5: Fraction(3, 10)}}
)
PARTICULAR: dict[str, Any] = {
    "lender_type": "TRUST",
    "syndicate": Syndicate(
        funding=Funding(leader=GOOD.funder_id, residue_to=5, agreements=(SHARES,)), books={5: 4}, rules=partner()
    ),
    "guarantor": Guarantor(9, 3),
}
"""What only some products have; a product without it has the content that it had before there was a choice."""


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"lender_type": "PAWNSHOP"}, {"PRODUCT_PARAMETER_UNKNOWN"}),
        ({"guarantor": Guarantor(9, 3)}, {"PRODUCT_RULE_MISSING"}),
        ({"syndicate": replace(PARTICULAR["syndicate"], books={})}, {"SHARE_FUNDER_UNKNOWN"}),
        ({"syndicate": replace(PARTICULAR["syndicate"], rules={})}, {"PRODUCT_RULE_MISSING"}),
        (
            {
                "syndicate": replace(
                    PARTICULAR["syndicate"], funding=Funding(leader=5, residue_to=5, agreements=(SHARES,))
                )
            },
            {"SHARE_FUNDER_UNKNOWN"},
        ),
    ],
)
def test_who_lends_and_guarantees_is_checked(change: dict[str, Any], codes: set[str]) -> None:
    joint = replace(GOOD, posting_rules={**RULES, **lender(via=None)})
    assert {one.code for one in faults(replace(joint, **change))} == codes


def test_the_leader_of_a_joint_loan_books_the_share_of_the_others() -> None:
    told = [one.field for one in faults(replace(GOOD, syndicate=PARTICULAR["syndicate"]))]
    assert told == ["posting_rules.DISBURSEMENT_INSTRUCTED", "posting_rules.DISBURSEMENT_SUCCEEDED"]
