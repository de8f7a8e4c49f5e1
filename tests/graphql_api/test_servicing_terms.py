"""The typed terms say exactly what the JSON of the command line can say, under the same names."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from decimal import Decimal

from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Unit
from domain.servicing.quotation import Asked, asked, terms_read
from domain.servicing.reader import Reader
from domain.servicing.terms import FeeWhen, Residue
from graphql_api import servicing_terms as inputs
from graphql_api.scalars import CurrencyCode, Rate
from graphql_api.servicing_terms import WIRE, QuoteInput, tree

ALIASES = {"termMonths"}
"""Fields of the JSON that are another name of a field."""
ELSEWHERE = {"currency", "convention", "costCapAnnual"}
"""Fields that are read beside the terms."""


def test_every_field_of_the_json_is_a_field_of_the_input_and_the_other_way_round() -> None:
    reader = Reader({"start_on": "x"}, "", [])
    terms_read(reader)
    assert (reader.read | ELSEWHERE) - ALIASES == set(WIRE.values()) - {"rate"}


def test_the_parts_too() -> None:
    parts = {
        "disbursements": (inputs.DisbursementInput, "on amount downPayment"),
        "rateChanges": (inputs.RateChangeInput, "rateAnnual fromInstalment on newPayment paymentCapFactor"),
        "earlyPayments": (inputs.EarlyPaymentInput, "amount effect atInstalment on"),
        "fees": (inputs.FeeInput, "code amount rate of when payee payer instalment"),
        "plan": (inputs.PlanInput, "due principal interest fee"),
        "grace": (inputs.GraceInput, "principal interest interestFree"),
        "frequency": (inputs.FrequencyInput, "unit every"),
        "index": (inputs.IndexInput, "values margin floor cap resetEvery"),
    }
    for name, (kind, known) in parts.items():
        assert {inputs.camel(one.name) for one in fields(kind)} == set(known.split()), name


def test_an_input_is_read_as_its_json_is() -> None:
    given = QuoteInput(
        principal=Decimal("10000.00"), currency=CurrencyCode("CNY"), rate_annual=Rate(Decimal("0.12")), instalments=12,
        start_on=date(2026, 3, 5), day_count=DayCount.ACT_360, residue=Residue.FIRST,
        frequency=inputs.FrequencyInput(unit=Unit.MONTH, every=2), holidays=[date(2026, 5, 1)],
        fees=[inputs.FeeInput(code="SET_UP", rate=Decimal("0.03"), when=FeeWhen.DEDUCTED)], shift_bears_interest=False,
    )  # fmt: skip
    json = {
        "principal": "10000.00", "currency": "CNY", "rateAnnual": "0.12", "instalments": 12, "startOn": "2026-03-05",
        "dayCount": "ACT/360", "residue": "FIRST", "frequency": {"unit": "M", "every": 2}, "holidays": ["2026-05-01"],
        "fees": [{
            "code": "SET_UP", "rate": "0.03", "of": "PRINCIPAL", "when": "DEDUCTED", "payee": "FUNDER",
            "payer": "BORROWER", "instalment": 1,
        }],
        "shiftBearsInterest": False,
    }  # fmt: skip
    assert tree(given) == json
    assert isinstance(asked(tree(given)), Asked)
    monthly = QuoteInput(principal=Decimal(100), rate=inputs.RateInput(value=Rate(Decimal("0.01"))), instalments=2)
    assert tree(monthly)["rateAnnual"] == {"value": "0.01", "unit": "Y", "basis": 360}
