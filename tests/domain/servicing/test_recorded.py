"""Life-cycles that Apache Fineract's own scenarios record, played through the engine: equal to the cent.

Figures from apache/fineract, fineract-e2e-tests-runner/src/test/resources/features (Loan*.feature); the name of a case
is the scenario's number there.
"""

from pathlib import Path

import pytest

from tests.domain.servicing.recording import Case, Recorded, differences, read

RECORDED = Path(__file__).parent / "recorded"


def advanced(order: str, target: str = "NEXT", *, processing: str = "HORIZONTAL") -> dict[str, object]:
    """The configurable strategy; `order` names the components in their letters."""
    names = {"N": "PENALTY", "F": "FEE", "I": "INTEREST", "P": "PRINCIPAL"}
    return {
        "steps": [f"{due}_{names[one]}" for due in ("PAST_DUE", "DUE", "IN_ADVANCE") for one in order],
        "processing": processing,
        "future": target,
    }


USUAL = advanced("NFPI")
LAST = advanced("NFPI", "LAST")
QUARTER = {"downPayment": "0.25"}
WHOLE = {"paymentMultiple": "1.00"}
FIFTEEN = {"instalments": 3, "frequency": {"unit": "D", "every": 15}, **WHOLE}
MONTHS = {"instalments": 3, **WHOLE}
DUE_FIRST = "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy"

EARLY = advanced("NFIP")
SIX = {"instalments": 6, "rateAnnual": "0.07"}


def flat4(strategy: str) -> Case:
    """Four instalments of flat interest, allocated by a named strategy."""
    return {
        "terms": {"instalments": 4, "rateAnnual": "0.12", "method": "EQUAL_INTEREST"},
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": strategy},
    }


PRODUCTS: dict[str, Case] = {
    "DP15": {"terms": FIFTEEN, "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}, **QUARTER}},
    "DP15-MANUAL": {
        "terms": FIFTEEN,
        "contract": {
            "bearing": "PLANNED",
            "allocation": {"DEFAULT": USUAL},
            "downPaymentAuto": False,
            "chargeback": ["penalty", "fee", "interest", "principal"],
            **QUARTER,
        },
    },
    "DP3M": {
        "terms": MONTHS,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", **QUARTER},
    },
    "DP3M-MANUAL": {
        "terms": MONTHS,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", "downPaymentAuto": False, **QUARTER},
    },
    "DP4M": {
        "terms": {"instalments": 4, **WHOLE},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}, **QUARTER},
    },
    "DP3M-CREDIT": {
        "terms": MONTHS,
        "contract": {
            "bearing": "PLANNED",
            "allocation": {"DEFAULT": USUAL},
            "downPaymentAuto": False,
            "chargeback": ["penalty", "fee", "interest", "principal"],
            **QUARTER,
        },
    },
    "LP1-30": {
        "terms": {"instalments": 1, "frequency": {"unit": "D", "every": 30}},
        "convention": "FINERACT_CUMULATIVE",
    },
    "LP1-3M": {"terms": {"instalments": 3}, "convention": "FINERACT_CUMULATIVE"},
    "LP1-24M": {"terms": {"instalments": 24}, "convention": "FINERACT_CUMULATIVE"},
    "LP1-FLAT": {
        "terms": {"instalments": 3, "rateAnnual": "0.12", "method": "EQUAL_INTEREST"},
        "convention": "FINERACT_CUMULATIVE",
    },
    "PROG-10": {
        "terms": {"instalments": 3, "rateAnnual": "0.10"},
        "contract": {
            "allocation": {"DEFAULT": USUAL, "REPAYMENT": EARLY, "INTEREST_REFUND": EARLY, "MERCHANT_REFUND": LAST}
        },
    },
    "DP30D": {
        "terms": {"instalments": 1, "frequency": {"unit": "D", "every": 30}, **WHOLE},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}, **QUARTER},
    },
    "M1": {"terms": {"instalments": 1, "rateAnnual": "0.07"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "CAP30": {"terms": {"instalments": 1, "rateAnnual": "0.07"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "EMI3": {"terms": {"instalments": 3, "rateAnnual": "0.07"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "MIR-11.3": {
        "terms": {"instalments": 3, "rateAnnual": "0.113"},
        "contract": {
            "allocation": {"DEFAULT": USUAL, "REPAYMENT": EARLY, "INTEREST_REFUND": EARLY, "MERCHANT_REFUND": LAST},
            "interestRefund": ["MERCHANT_REFUND", "PAYOUT_REFUND"],
        },
    },
    "PROG-10-REFUND": {
        "terms": {"instalments": 3, "rateAnnual": "0.10"},
        "contract": {
            "allocation": {"DEFAULT": USUAL, "REPAYMENT": EARLY, "INTEREST_REFUND": EARLY, "MERCHANT_REFUND": LAST},
            "interestRefund": ["MERCHANT_REFUND", "PAYOUT_REFUND"],
        },
    },
    "EMI6-PLANNED": {"terms": SIX, "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}}},
    "EMI12": {"terms": {"instalments": 12, "rateAnnual": "0.07"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "D30": {
        "terms": {"instalments": 1, "frequency": {"unit": "D", "every": 30}},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}},
    },
    "FULL-TERM": {
        "terms": {"instalments": 6, "rateAnnual": "0.094822"},
        "contract": {"allocation": {"DEFAULT": USUAL}, "spread": "FULL_TERM"},
    },
    "BULLET8": {
        "terms": {"instalments": 8, "rateAnnual": "0.30", "grace": {"principal": 7}},
        "contract": {"allocation": {"DEFAULT": USUAL}},
    },
    "RS-FLAT": {
        "terms": {"instalments": 18, "rateAnnual": "0.12", "method": "EQUAL_INTEREST", **WHOLE},
        "convention": "FINERACT_CUMULATIVE",
    },
    "RS-PERIOD": {"terms": {"instalments": 18, "rateAnnual": "0.12", **WHOLE}, "convention": "FINERACT_CUMULATIVE"},
    "RS-DAILY": {
        "terms": {"instalments": 18, "rateAnnual": "0.12", "dayCount": "ACT/365F", **WHOLE},
        "convention": "FINERACT_CUMULATIVE",
    },
    "PROG-4-10": {"terms": {"instalments": 4, "rateAnnual": "0.10"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "FLAT4-IP": flat4("interest-principal-penalties-fees-order-strategy"),
    "FLAT4-PI": flat4("principal-interest-penalties-fees-order-strategy"),
    "FLAT4-DUE": flat4(
        "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy",
    ),
    "DP15-DUE-MANUAL": {
        "terms": FIFTEEN,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", "downPaymentAuto": False, **QUARTER},
    },
    "M6": {
        "terms": {"instalments": 6, **WHOLE},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}},
    },
    "DUE-ADVANCE": {
        "terms": {"instalments": 1},
        "convention": "FINERACT_CUMULATIVE",
        "contract": {
            "allocation": "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy"
        },
    },
    **{
        f"{rule}-{name}": {"terms": {"instalments": 3, "rateAnnual": "0.12", "dayCount": count, "shortMonth": short}}
        for rule, short in (("ROLL", "ROLL"), ("CLAMP", "CLAMP"))
        for name, count in (("ACT", "ACT/ACT-END"), ("30", "MONTHS+SHARE"))
    },
    "LP1-1M": {"terms": {"instalments": 1}, "convention": "FINERACT_CUMULATIVE"},
    "SAR-15": {
        "terms": {**FIFTEEN, "rateAnnual": "0.12", "dayCount": "ACT/365F"},
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"bearing": "DAILY", "rest": "PERIOD"},
    },
    "DP3M-15": {
        "terms": MONTHS,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", "downPayment": "0.15"},
    },
    "DP3M-15-MANUAL": {
        "terms": MONTHS,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", "downPayment": "0.15", "downPaymentAuto": False},
    },
    "DP-EMI6": {"terms": SIX, "contract": {"allocation": {"DEFAULT": USUAL}, **QUARTER}},
    "M1-ZERO": {"terms": {"instalments": 1}, "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}}},
    "DP-D15-25": {
        "terms": {"instalments": 10, "frequency": {"unit": "D", "every": 15}, "rateAnnual": "0.25"},
        "contract": {"allocation": {"DEFAULT": USUAL, "GOODWILL_CREDIT": LAST}, **QUARTER},
    },
    "EMI6-33": {"terms": {"instalments": 6, "rateAnnual": "0.33"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "PROG-10-M1": {
        "terms": {"instalments": 1, "rateAnnual": "0.10"},
        "contract": {"allocation": {"DEFAULT": USUAL, "MERCHANT_REFUND": LAST}},
    },
    "DP-W2": {
        "terms": {"instalments": 5, "frequency": {"unit": "W", "every": 2}, "rateAnnual": "0.094822"},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}, "downPaymentAuto": False, **QUARTER},
    },
    "EMI4": {"terms": {"instalments": 4, "rateAnnual": "0.07"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "WHOLE6-ZERO": {
        "terms": {**SIX, **WHOLE},
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeOff": "ZERO_INTEREST"},
    },
    "WHOLE6-ZERO-PLANNED": {
        "terms": {**SIX, **WHOLE},
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeOff": "ZERO_INTEREST", "bearing": "PLANNED"},
    },
    "PROG-24-33": {"terms": {"instalments": 24, "rateAnnual": "0.33"}, "contract": {"allocation": {"DEFAULT": USUAL}}},
    "LP1-2M": {"terms": {"instalments": 2}, "convention": "FINERACT_CUMULATIVE"},
    "EMI6": {"terms": SIX, "contract": {"allocation": {"DEFAULT": USUAL, "INCOME_ADJUSTMENT": LAST}}},
    "EMI6-SARP": {"terms": SIX, "contract": {"allocation": {"DEFAULT": USUAL}, "rest": "PERIOD"}},
    "EMI6-PIF": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeback": ["principal", "interest", "fee"]},
    },
    "EMI6-ACCELERATED": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeOff": "ACCELERATED"},
    },
    "EMI6-ZERO": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeOff": "ZERO_INTEREST"},
    },
    "EMI6-ZERO-PLANNED": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": USUAL}, "chargeOff": "ZERO_INTEREST", "bearing": "PLANNED"},
    },
    "DP6M-MANUAL": {
        "terms": {"instalments": 6},
        "contract": {
            "bearing": "PLANNED",
            "allocation": {"DEFAULT": USUAL},
            "downPaymentAuto": False,
            **QUARTER,
        },
    },
    "DP6M": {
        "terms": {"instalments": 6},
        "contract": {"bearing": "PLANNED", "allocation": {"DEFAULT": USUAL}, **QUARTER},
    },
    "DP15-DUE": {
        "terms": FIFTEEN,
        "convention": "FINERACT_CUMULATIVE",
        "contract": {"allocation": DUE_FIRST, "spread": "AFTER", **QUARTER},
    },
}


CASES = [case for path in sorted(RECORDED.glob("*.txt")) for case in read(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_recorded_life_is_ours_to_the_cent(case: Recorded) -> None:
    assert differences(case, PRODUCTS) == []
