"""The typed terms say exactly what the JSON of the command line can say, under the same names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from domain.refusals import Invalid
from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Shift, Unit
from domain.servicing.quotation import Asked, asked, terms_read
from domain.servicing.reader import RateUnit, Reader
from domain.servicing.terms import FeeWhen, Residue
from graphql_api import servicing_terms as inputs
from graphql_api.scalars import CurrencyCode, Rate
from graphql_api.servicing_terms import QuoteInput, RateInput, camel, tree

ELSEWHERE: Final = {"currency", "convention", "costCapAnnual", "costCapMargin", "lender", "assisted", "contingent"}
"""Fields that are read beside the terms."""
RATES: Final = {"rate", "penaltyRate"}
"""Rates of another time than a year: one object under the name of the yearly rate in the JSON."""
SCHEMA: Final[Mapping[str, Any]] = json.loads(Path("commands/schemas/quote.json").read_text(encoding="utf-8"))
PARTS: Final = {
    "disbursements": inputs.DisbursementInput,
    "rateChanges": inputs.RateChangeInput,
    "earlyPayments": inputs.EarlyPaymentInput,
    "fees": inputs.FeeInput,
    "stages": inputs.StageInput,
    "plan": inputs.PlanInput,
    "grace": inputs.GraceInput,
    "frequency": inputs.FrequencyInput,
    "index": inputs.IndexInput,
    "contingent": inputs.ContingentInput,
}
EVERY: Final = (QuoteInput, RateInput, inputs.IndexValueInput, *PARTS.values())
TERMS: Final = QuoteInput(
    principal=Decimal(100), rate_annual=Rate(Decimal("0.12")), instalments=2, start_on=date(2026, 1, 1)
)


def named(kind: type) -> set[str]:
    """Fields of an input on the wire that stand under the same name in the JSON."""
    return {camel(one.name) for one in fields(kind) if "RateInput" not in kind.__annotations__[one.name]}


def test_every_field_of_the_json_is_a_field_of_the_input_and_the_other_way_round() -> None:
    reader = Reader({"start_on": "x"}, "", [])
    terms_read(reader)
    wire = {camel(one.name) for one in fields(QuoteInput)}
    assert reader.read | ELSEWHERE == wire - RATES == set(SCHEMA["$defs"]["terms"]["properties"])


def test_the_parts_too() -> None:
    terms = SCHEMA["$defs"]["terms"]["properties"]
    nested = {name: one.get("items", one) for name, one in terms.items() if name != "rateAnnual"}
    published = {name: set(one["properties"]) for name, one in nested.items() if "properties" in one}
    assert published == {name: named(kind) for name, kind in PARTS.items()}
    (rate,) = (one for one in terms["rateAnnual"]["anyOf"] if one["type"] == "object")
    assert set(rate["properties"]) == named(RateInput)
    assert rate["properties"]["unit"]["enum"] == list(RateUnit)
    value = terms["index"]["properties"]["values"]["items"]
    assert set(value["properties"]) == named(inputs.IndexValueInput)


@pytest.mark.parametrize("kind", EVERY, ids=lambda one: str(one.__name__))
def test_nothing_is_sent_that_was_not_given(kind: type) -> None:
    assert {one.default for one in fields(kind)} <= {None, MISSING}


@pytest.mark.parametrize("unit", RateUnit)
def test_a_rate_is_given_per_any_time(unit: RateUnit) -> None:
    given = RateInput(value=Rate(Decimal("0.01")), unit=unit)
    terms = QuoteInput(
        principal=Decimal(100), rate=given, penalty_rate=given, instalments=4, payments_per_year=4,
        rate_changes=[inputs.RateChangeInput(rate=given, from_instalment=2)],
    )  # fmt: skip
    read = asked(tree(terms))
    assert isinstance(read, Asked), read
    per_year = {"Y": 1, "Q": 4, "M": 12, "W": 52, "D": 360, "P": 4}[unit]
    found = {read.terms.rate_annual, read.terms.penalty_rate_annual, read.terms.rate_changes[0].rate_annual}
    assert found == {Decimal("0.01") * per_year}


def test_two_rates_for_one_are_refused() -> None:
    twice = QuoteInput(**{**vars(TERMS), "rate": RateInput(value=Rate(Decimal("0.01")))})
    found = asked(tree(twice))
    assert isinstance(found, Invalid)
    assert [(one.code, one.field) for one in found.faults] == [("TERM_UNKNOWN", "rate")]


def test_an_input_is_read_as_its_json_is() -> None:
    given = QuoteInput(
        principal=Decimal("10000.00"), currency=CurrencyCode("CNY"), rate_annual=Rate(Decimal("0.12")), instalments=12,
        start_on=date(2026, 3, 5), day_count=DayCount.ACT_360, residue=Residue.FIRST,
        frequency=inputs.FrequencyInput(unit=Unit.MONTH, every=2), holidays=[date(2026, 5, 1)],
        fees=[inputs.FeeInput(code="SET_UP", rate=Decimal("0.03"), when=FeeWhen.DEDUCTED)], shift=Shift.FOLLOWING,
        shift_bears_interest=False,
    )  # fmt: skip
    said = {
        "principal": "10000.00", "currency": "CNY", "rateAnnual": "0.12", "instalments": 12, "startOn": "2026-03-05",
        "dayCount": "ACT/360", "residue": "FIRST", "frequency": {"unit": "M", "every": 2}, "holidays": ["2026-05-01"],
        "fees": [{"code": "SET_UP", "rate": "0.03", "when": "DEDUCTED"}],
        "shift": "FOLLOWING", "shiftBearsInterest": False,
    }  # fmt: skip
    assert tree(given) == said
    assert isinstance(asked(tree(given)), Asked)
    stage = inputs.StageInput(from_=1, to=2, rate=RateInput(value=Rate(Decimal("0.01")), unit=RateUnit.MONTH))
    staged = tree(QuoteInput(principal=Decimal(100), stages=[stage]))["stages"]
    assert staged == [{"from": 1, "to": 2, "rateAnnual": {"value": "0.01", "unit": "M"}}]
