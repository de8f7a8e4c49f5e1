"""Functions as they are asked for in JSON, against published values, and their faults by name."""

from decimal import Decimal
from typing import Any

import pytest

from domain.refusals import Invalid
from domain.servicing.function import FUNCTIONS, Evaluated, evaluated


@pytest.mark.parametrize(
    ("function", "value", "tolerance"),
    [  # numpy-financial's and spreadsheets' documentation
        ({"name": "pmt", "rateAnnual": "0.075", "n": 180, "pv": "200000"}, "-1854.0247200054619", "0.0000001"),
        (
            {"name": "cumprinc", "rateAnnual": "0.09", "n": 360, "pv": "125000", "first": 13, "last": 24},
            "-934.1071234",
            "0.0000001",
        ),
        (
            {"name": "cumprinc", "rateAnnual": "0.09", "n": 360, "pv": "125000", "first": 1, "last": 1},
            "-68.27827118",
            "0.00000001",
        ),
        ({"name": "ppmt", "rateAnnual": "0.1", "n": 24, "pv": "2000", "k": 1}, "-75.62", "0.005"),
        (
            {"name": "cumipmt", "rateAnnual": "0.09", "n": 360, "pv": "125000", "first": 13, "last": 24},
            "-11135.2321307",
            "0.0000001",
        ),
        ({"name": "fv", "rateAnnual": "0.05", "n": 120, "pmt": "-100", "pv": "-100"}, "15692.928894335748", "1e-9"),
        (
            {"name": "pv", "rateAnnual": "0.05", "n": 120, "pmt": "-100", "fv": "15692.93"},
            "-100.00067131625819",
            "1e-9",
        ),
        ({"name": "nper", "rateAnnual": "0.07", "pmt": "-150", "pv": "8000"}, "64.07334877066185", "1e-9"),
        ({"name": "ipmt", "rateAnnual": "0.0824", "n": 12, "pv": "2500", "k": 1}, "-17.17", "0.005"),
        ({"name": "rate", "n": 48, "pmt": "-200", "pv": "8000"}, "0.0077014724882337", "1e-12"),
    ],
)
def test_values_are_those_of_spreadsheets(function: dict[str, Any], value: str, tolerance: str) -> None:
    found = evaluated({"function": function})
    assert isinstance(found, Evaluated), found
    assert abs(found.value - Decimal(value)) <= Decimal(tolerance)
    assert found.document()["magnitude"] == f"{abs(found.value):f}"


@pytest.mark.parametrize(
    ("function", "codes"),
    [
        ({"name": "magic"}, {"TERM_NOT_LISTED", "TERM_MISSING"}),
        ({}, {"TERM_MISSING"}),
        ({"name": "pmt", "rate": "NaN", "n": 0, "pv": 5}, {"RATE_NOT_A_NUMBER", "TERM_INVALID"}),
        ({"name": "pmt", "rate": "0.01", "n": 1, "pv": "5", "odd": 1}, {"TERM_UNKNOWN"}),
        ({"name": "nper", "rate": "0.01", "pmt": "-1", "pv": "1000"}, {"NEVER_REACHED"}),
        ({"name": "cumprinc", "rate": "0.01", "n": 3, "pv": "5", "first": 3, "last": 2}, {"PERIOD_IMPOSSIBLE"}),
    ],
)
def test_faults_are_named(function: dict[str, Any], codes: set[str]) -> None:
    found = evaluated({"function": function})
    assert isinstance(found, Invalid)
    assert {fault.code for fault in found.faults} == codes


def test_every_function_that_is_promised_is_there() -> None:
    assert set(FUNCTIONS) == {"pmt", "ipmt", "ppmt", "cumipmt", "cumprinc", "pv", "fv", "nper", "rate"}
