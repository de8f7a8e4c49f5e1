"""Functions as they are asked for in JSON, against published values, and their faults by name."""

from decimal import Decimal
from typing import Any

import pytest

from domain.refusals import Invalid
from domain.servicing.function import Evaluated, evaluated

FLOWS = ["-10000", "2750", "4250", "3250", "2750"]
DATES = ["2008-01-01", "2008-03-01", "2008-10-30", "2009-02-15", "2009-04-01"]


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
        (
            {"name": "npv", "rate": "0.281", "flows": ["-100", "39", "59", "55", "20"], "when": "BEGIN"},
            "-0.00847859163845488",
            "1e-12",
        ),
        ({"name": "npv", "rate": "0.1", "flows": ["-10000", "3000", "4200", "6800"]}, "1188.44", "0.005"),
        ({"name": "irr", "flows": ["-100", "39", "59", "55", "20"]}, "0.2809484211599611", "1e-12"),
        ({"name": "irr", "flows": ["-70000", "12000", "15000", "18000", "21000", "26000"]}, "0.0866", "0.00005"),
        (
            {
                "name": "mirr",
                "flows": ["-120000", "39000", "30000", "21000", "37000", "46000"],
                "financeRate": "10%",
                "reinvestRate": "12%",
            },
            "0.1261",
            "0.00005",
        ),
        ({"name": "xirr", "flows": FLOWS, "dates": DATES}, "0.373362535", "1e-8"),
        ({"name": "xnpv", "rate": "9%", "flows": FLOWS, "dates": DATES}, "2086.647602", "1e-6"),
        ({"name": "effect", "nominal": "5.25%", "periods": 4}, "0.0535427", "1e-7"),
        ({"name": "nominal", "effective": "5.3543%", "periods": 4}, "0.05250032", "1e-8"),
        ({"name": "ispmt", "rateAnnual": "10%", "k": 1, "n": 36, "pv": "8000000"}, "-64814.8148", "0.0001"),
        ({"name": "fvschedule", "pv": "1", "rates": ["9%", "11%", "10%"]}, "1.33089", "1e-9"),
        ({"name": "pduration", "rate": "2.5%", "pv": "2000", "fv": "2200"}, "3.86", "0.005"),
        ({"name": "rri", "n": 96, "pv": "10000", "fv": "11000"}, "0.0009933", "1e-7"),
        # European directive 2008/48/EC and its forerunner 98/7/EC, examples of the annex
        ({"name": "aprc", "flows": ["1000", "-1200"], "years": ["0", "1.5"]}, "0.129243", "1e-6"),
        ({"name": "aprc", "flows": ["950", "-1200"], "years": ["0", "1.5"]}, "0.16853", "1e-5"),
        ({"name": "aprc", "flows": ["1000", "-600", "-600"], "years": ["0", "1", "2"]}, "0.130662", "1e-6"),
        (
            {"name": "aprc", "flows": ["1000", "-272", "-272", "-544"], "years": ["0", "0.25", "0.5", "1"]},
            "0.13185",
            "1e-5",
        ),
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
        ({"name": "xirr", "flows": ["-1", "2"], "dates": ["2026-01-01"]}, {"TERM_INVALID"}),
        ({"name": "aprc", "flows": ["1", "-2"]}, {"TERM_MISSING"}),
        ({"name": "aprc", "flows": ["1", "-2"], "years": ["1", "2"]}, {"TERM_INVALID"}),
        ({"name": "irr", "flows": []}, {"TERM_INVALID"}),
        ({"name": "irr", "flows": ["1", "x"]}, {"RATE_NOT_A_NUMBER"}),
        ({"name": "irr", "flows": ["-1", "3", "-2.1"]}, {"SEVERAL_RATES"}),
        ({"name": "pmt", "rate": "0.01", "n": 1, "pv": "5", "flows": ["1"]}, {"TERM_UNKNOWN"}),
    ],
)
def test_faults_are_named(function: dict[str, Any], codes: set[str]) -> None:
    found = evaluated({"function": function})
    assert isinstance(found, Invalid)
    assert {fault.code for fault in found.faults} == codes
