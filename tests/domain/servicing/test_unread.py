"""Fields without effect are refused: nobody's input is passed over in silence."""

from typing import Any

import pytest

from domain.refusals import Invalid
from domain.servicing.quotation import Asked, asked

LOAN: dict[str, Any] = {"principal": "5000.00", "rateAnnual": "12%", "instalments": 12, "startOn": "2026-01-15"}


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"method": "EQUAL_PRINCIPAL", "stages": [{"from": 1, "to": 12}]}, ["stages"]),
        ({"method": "BULLET", "interestOnly": 2}, ["interestOnly"]),
        ({"method": "INTEREST_FIRST", "horizon": 24}, ["horizon"]),
        ({"method": "INTEREST_FIRST", "payment": "100.00"}, ["payment"]),
        ({"method": "BALLOON"}, ["horizon"]),
        ({"dueDay": 5, "dueRule": "MONTH_END"}, ["dueDay"]),
        ({"remapDay": 5}, ["remapDay"]),
        ({"holidays": ["2026-02-15"], "shiftBearsInterest": True}, ["shiftBearsInterest", "holidays"]),
        ({"downPayment": "1.00", "downPaymentShare": "0.1"}, ["downPaymentShare"]),
        ({"index": {"values": [{"on": "2020-01-01", "rateAnnual": "0.03"}], "margin": "0.01"}}, ["index"]),
        ({"interestOnly": 2, "grace": {"principal": 3}}, ["interestOnly"]),
        ({"fees": [{"code": "X", "amount": "1.00", "of": "PRINCIPAL"}]}, ["fees[0].of"]),
        ({"fees": [{"code": "X", "amount": "1.00", "instalment": 3}]}, ["fees[0].instalment"]),
        ({"assisted": True}, ["assisted"]),
    ],
)
def test_a_field_without_effect_is_refused_by_name(terms: dict[str, Any], fields: list[str]) -> None:
    found = asked({**LOAN, **terms})
    assert isinstance(found, Invalid)
    assert [fault.field for fault in found.faults] == fields


@pytest.mark.parametrize("nothing", [{"holidays": []}, {"interestOnly": 0}, {"stages": None}, {"assisted": False}])
def test_saying_nothing_is_no_fault(nothing: dict[str, Any]) -> None:
    assert isinstance(asked({**LOAN, **nothing}), Asked)
