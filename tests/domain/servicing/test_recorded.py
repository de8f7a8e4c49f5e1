"""Life-cycles that Apache Fineract's own scenarios record, played through the engine: equal to the cent.

Figures from apache/fineract, fineract-e2e-tests-runner/src/test/resources/features (Loan*.feature); the name of a case
is the scenario's number there.
"""

import pytest

from tests.domain.servicing.recorded import Case, Recorded, differences, read


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
        "contract": {"allocation": {"DEFAULT": USUAL, "REPAYMENT": advanced("NFIP"), "MERCHANT_REFUND": LAST}},
    },
    "EMI6": {"terms": SIX, "contract": {"allocation": {"DEFAULT": EARLY}}},
    "EMI6-SARP": {"terms": SIX, "contract": {"allocation": {"DEFAULT": EARLY}, "rest": "PERIOD"}},
    "EMI6-PIF": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": EARLY}, "chargeback": ["principal", "interest", "fee"]},
    },
    "EMI6-ACCELERATED": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": EARLY}, "chargeOff": "ACCELERATED"},
    },
    "EMI6-ZERO": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": EARLY}, "chargeOff": "ZERO_INTEREST"},
    },
    "EMI6-ZERO-PLANNED": {
        "terms": SIX,
        "contract": {"allocation": {"DEFAULT": EARLY}, "chargeOff": "ZERO_INTEREST", "bearing": "PLANNED"},
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

CASES = """
C3475 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-02-01 pause from=2024-02-04 to=2024-02-10
| 2 2024-03-01 - 16.62 0.39 0 0 0 0 0
| 3 2024-04-01 - 16.62 0.39 0 0 0 0 0
| 4 2024-05-01 - 16.72 0.29 0 0 0 0 0
| 5 2024-06-01 - 16.81 0.2 0 0 0 0 0
| 6 2024-07-01 - 16.8 0.1 0 0 0 0 0

C3476 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-02-01 pause from=2024-02-09 to=2024-03-10
| 2 2024-03-01 - 16.88 0.13 0 0 0 0 0
| 3 2024-04-01 - 16.73 0.28 0 0 0 0 0
| 4 2024-05-01 - 16.72 0.29 0 0 0 0 0
| 5 2024-06-01 - 16.82 0.19 0 0 0 0 0
| 6 2024-07-01 - 16.42 0.1 0 0 0 0 0

C3477 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-01 pay 17.01
2024-02-04 pause to=2024-02-10
| 2 2024-03-01 2024-03-01 16.62 0.39 0 0 17.01 0 0
| 3 2024-04-01 - 16.62 0.39 0 0 0 0 0
| 6 2024-07-01 - 16.8 0.1 0 0 0 0 0

C3379 EMI6-ZERO 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-02-29 charge-off fraud=true
| 2 2024-03-01 - 16.54 0.47 0 0 0 0 0
| 3 2024-04-01 - 17.01 0 0 0 0 0 0
| 4 2024-05-01 - 17.01 0 0 0 0 0 0
| 5 2024-06-01 - 17.01 0 0 0 0 0 0
| 6 2024-07-01 - 16.0 0 0 0 0 0 0
> 2024-02-29 CHARGE_OFF 84.04 83.57 0.47 0 0
$ INTEREST_ACCRUED INT-INC C 1.05
$ CHARGE_OFF PORT C 83.57
$ CHARGE_OFF INT-RCV C 0.47
$ CHARGE_OFF CO-FRAUD D 83.57
$ CHARGE_OFF CO-INT D 0.47

C3380 EMI6-ZERO 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-02-29 charge-off reason=DELINQUENT
| 2 2024-03-01 - 16.54 0.47 0 0 0 0 0
| 6 2024-07-01 - 16.0 0 0 0 0 0 0
$ CHARGE_OFF CO-EXP D 83.57
$ CHARGE_OFF CO-INT D 0.47

C4648 EMI6-PIF 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-02-02 chargeback 17.01 step=2
2024-02-02 reverse step=2
! REFUSED FACT_HAS_FOLLOWERS

C4079 DP6M-MANUAL 1000
2025-01-01 disburse 1000
| 2 2025-02-01 - 125 0 0 0 0 0 0
2025-01-02 re-age startOn=2025-01-02 instalments=3
| 1 2025-01-01 2025-01-02 0 0 0 0 0 0 0
| 2 2025-01-02 2025-01-02 0 0 0 0 0 0 0
| 3 2025-01-02 - 333.33 0 0 0 0 0 0
| 4 2025-02-02 - 333.33 0 0 0 0 0 0
| 5 2025-03-02 - 333.34 0 0 0 0 0 0
> 2025-01-02 RE_AGE 1000 1000 0 0 0
2025-01-02 pay 1000
! SETTLED outstanding 0

C4080 DP6M 1000
2025-01-01 disburse 1000
2025-01-01 charge 20 component=penalty name=NSF
| 2 2025-02-01 - 125 0 0 20 0 0 0
2025-01-10 re-age startOn=2025-01-11 instalments=2
| 1 2025-01-01 2025-01-01 250 0 0 0 250 0 0
| 2 2025-01-10 - 0 0 0 20 0 0 0
| 3 2025-01-11 - 375 0 0 0 0 0 0
| 4 2025-02-11 - 375 0 0 0 0 0 0
2025-01-10 pay 770
! SETTLED outstanding 0

C2910 DP15-DUE 1000
2023-10-01 disburse 1000
2023-10-16 pay 250
2023-10-31 pay 250
2023-11-15 pay 250
! SETTLED outstanding 0
2023-11-16 charge 20 name=SNOOZE
| 4 2023-11-15 2023-11-15 250 0 0 0 250 0 0
| 5 2023-11-16 - 0 0 20 0 0 0 0
2023-11-16 pay 20
! SETTLED outstanding 0

C2912 DP15 1000
2023-10-01 disburse 1000
2023-10-16 pay 250
2023-10-31 pay 250
2023-11-15 pay 250
2023-11-16 charge 20 name=SNOOZE
| 5 2023-11-16 - 0 0 20 0 0 0 0
! * outstanding 20

C3217 EMI6 100
2024-01-01 disburse 100
| 1 2024-02-01 - 16.43 0.58 0 0 0 0 0
| 6 2024-07-01 - 16.9 0.1 0 0 0 0 0
2024-02-01 pay 17.01
2024-03-01 pay 17.01
2024-04-01 wait
2024-02-01 rate-change rateAnnual=0.04
| 1 2024-02-01 2024-02-01 16.43 0.58 0 0 17.01 0 0
| 2 2024-03-01 2024-03-01 16.6 0.28 0 0 16.88 0 0
| 3 2024-04-01 - 16.66 0.22 0 0 0.13 0.13 0
| 4 2024-05-01 - 16.71 0.17 0 0 0 0 0
| 5 2024-06-01 - 16.77 0.11 0 0 0 0 0
| 6 2024-07-01 - 16.83 0.06 0 0 0 0 0
> 2024-03-01 REPAYMENT 17.01 16.73 0.28 0 0 66.84

C3916 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-01 pay 17.01
2024-04-01 wait
2024-02-15 rate-change rateAnnual=0.04
| 2 2024-03-01 2024-03-01 16.52 0.38 0 0 16.9 0 0
| 3 2024-04-01 - 16.68 0.22 0 0 0.11 0.11 0
| 4 2024-05-01 - 16.73 0.17 0 0 0 0 0
| 5 2024-06-01 - 16.79 0.11 0 0 0 0 0
| 6 2024-07-01 - 16.85 0.06 0 0 0 0 0
> 2024-03-01 REPAYMENT 17.01 16.63 0.38 0 0 66.94

C3237 EMI6-SARP 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
| 2 2024-03-01 - 16.52 0.49 0 0 0 0 0
2024-03-10 wait
| 2 2024-03-01 - 16.52 0.49 0 0 0 0 0
| 3 2024-04-01 - 16.52 0.49 0 0 0 0 0
| 4 2024-05-01 - 16.72 0.29 0 0 0 0 0
| 5 2024-06-01 - 16.81 0.2 0 0 0 0 0
| 6 2024-07-01 - 17.0 0.1 0 0 0 0 0

C3238 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-05 pay 10
| 2 2024-03-01 - 16.52 0.49 0 0 10 0 10
| 3 2024-04-01 - 16.61 0.4 0 0 0 0 0
| 4 2024-05-01 - 16.72 0.29 0 0 0 0 0
| 5 2024-06-01 - 16.81 0.2 0 0 0 0 0

C3448 EMI6-PIF 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-01 pay 17.01
2024-03-01 chargeback 15 step=2
| 3 2024-04-01 - 31.53 0.48 0 0 0 0 0
| 4 2024-05-01 - 16.72 0.29 0 0 0 0 0
| 5 2024-06-01 - 16.81 0.2 0 0 0 0 0
| 6 2024-07-01 - 16.99 0.1 0 0 0 0 0
> 2024-03-01 CHARGEBACK 15 15 0 0 0 82.05
2024-03-01 chargeback 17.01 step=3
| 3 2024-04-01 - 47.96 1.06 0 0 0 0 0
| 4 2024-05-01 - 16.71 0.3 0 0 0 0 0
| 5 2024-06-01 - 16.81 0.2 0 0 0 0 0
| 6 2024-07-01 - 17.09 0.1 0 0 0 0 0
> 2024-03-01 CHARGEBACK 17.01 16.52 0.49 0 0 98.57

C4407 EMI6-ACCELERATED 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-01 charge-off
| 1 2024-02-01 2024-02-01 16.43 0.58 0 0 17.01 0 0
| 2 2024-03-01 - 83.57 0.49 0 0 0 0 0
> 2024-03-01 CHARGE_OFF 84.06 83.57 0.49 0 0
$ INTEREST_ACCRUED INT-RCV D 1.07
2024-03-01 re-amortise
! REFUSED LOAN_ENDED
2024-03-01 pay 84.06
! SETTLED outstanding 0

C4408 EMI6 100
2024-01-01 disburse 100
2024-02-01 pay 17.01
2024-03-01 accelerate
| 2 2024-03-01 - 83.57 0.49 0 0 0 0 0

C3842 PROG-10 1000
2024-07-01 disburse 1000
| 1 2024-08-01 - 330.57 8.33 0 0 0 0 0
| 2 2024-09-01 - 333.32 5.58 0 0 0 0 0
| 3 2024-10-01 - 336.11 2.80 0 0 0 0 0
2024-07-10 pay 338.9
2024-07-15 pay 50 type=MERCHANT_REFUND
| 1 2024-08-01 2024-07-10 336.48 2.42 0 0 338.9 338.9 0
| 2 2024-09-01 - 330.1 8.8 0 0 0 0 0
| 3 2024-10-01 - 333.42 2.36 0 0 50 50 0
> 2024-07-10 REPAYMENT 338.9 336.48 2.42 0 0 663.52
> 2024-07-15 MERCHANT_REFUND 50 50 0 0 0 613.52

C3069 DP15 500
2024-01-01 disburse 500
| 1 2024-01-01 2024-01-01 125 0 0 0 125 0 0
| 2 2024-01-16 - 125 0 0 0 0 0 0
| 4 2024-02-15 - 125 0 0 0 0 0 0
> 2024-01-01 DOWN_PAYMENT 125 125 0 0 0 375
2024-01-25 re-amortise
| 2 2024-01-16 2024-01-25 0 0 0 0 0 0 0
| 3 2024-01-31 - 187 0 0 0 0 0 0
| 4 2024-02-15 - 188 0 0 0 0 0 0
> 2024-01-25 RE_AMORTISE 125 125 0 0 0
2024-01-25 pay 375
! SETTLED outstanding 0

C3071 DP15 500
2024-01-01 disburse 500
2024-01-25 re-amortise
2024-01-26 reverse step=2
| 1 2024-01-01 2024-01-01 125 0 0 0 125 0 0
| 2 2024-01-16 - 125 0 0 0 0 0 0
| 3 2024-01-31 - 125 0 0 0 0 0 0
| 4 2024-02-15 - 125 0 0 0 0 0 0

C3050 DP15 1000
2024-01-01 disburse 1000
2024-02-20 re-age startOn=2024-03-01 instalments=6
| 1 2024-01-01 2024-01-01 250 0 0 0 250 0 0
| 2 2024-01-16 2024-02-20 0 0 0 0 0 0 0
| 3 2024-01-31 2024-02-20 0 0 0 0 0 0 0
| 4 2024-02-15 2024-02-20 0 0 0 0 0 0 0
| 5 2024-03-01 - 125 0 0 0 0 0 0
| 6 2024-04-01 - 125 0 0 0 0 0 0
| 10 2024-08-01 - 125 0 0 0 0 0 0
> 2024-02-20 RE_AGE 750 750 0 0 0
! ACTIVE dpd 0
2024-02-20 pay 750
! SETTLED outstanding 0

C3051 DP15 1000
2024-01-01 disburse 1000
2024-02-20 re-age startOn=2024-03-10 instalments=2 every=30 unit=D
| 4 2024-02-15 2024-02-20 0 0 0 0 0 0 0
| 5 2024-03-10 - 375 0 0 0 0 0 0
| 6 2024-04-09 - 375 0 0 0 0 0 0

C3052 DP15 1000
2024-01-01 disburse 1000
2024-02-20 re-age startOn=2024-03-10 instalments=1 every=1 unit=D
| 5 2024-03-10 - 750 0 0 0 0 0 0
2024-02-25 reverse step=2
| 4 2024-02-15 - 250 0 0 0 0 0 0

C2816 DP3M 2000
2022-01-01 disburse 1000
2022-01-01 charge 50 component=penalty name=NSF
| 1 2022-01-01 2022-01-01 250 0 0 0 250 0 0
| 2 2022-02-01 - 250 0 0 50 0 0 0
2022-01-10 disburse 400
| 2 2022-01-10 2022-01-10 100 0 0 0 100 0 0
| 3 2022-02-01 - 350 0 0 50 0 0 0
| 4 2022-03-01 - 350 0 0 0 0 0 0
| 5 2022-04-01 - 350 0 0 0 0 0 0
> 2022-01-10 DISBURSEMENT 400 0 0 0 0 1150
> 2022-01-10 DOWN_PAYMENT 100 100 0 0 0 1050
2022-01-10 pay 1100
! SETTLED outstanding 0

C2817 DP3M-MANUAL 1000
2022-01-01 disburse 1000
2022-01-01 charge 50 component=penalty name=NSF
2022-01-01 pay 250
| 1 2022-01-01 2022-01-01 250 0 0 0 250 0 0
| 2 2022-02-01 - 250 0 0 50 0 0 0
2022-01-10 disburse 400
| 2 2022-01-10 - 100 0 0 0 0 0 0
| 3 2022-02-01 - 350 0 0 50 0 0 0
| 5 2022-04-01 - 350 0 0 0 0 0 0
> 2022-01-10 DISBURSEMENT 400 0 0 0 0 1150
! * outstanding 1200

C3087 DP15-MANUAL 500
2024-01-01 disburse 500
2024-01-04 pay 125
2024-01-16 pay 125
2024-01-31 pay 125
2024-02-15 pay 125
2024-02-20 chargeback 125 step=3
2024-02-28 pay 125
| 1 2024-01-01 2024-01-04 125 0 0 0 125 0 125
| 4 2024-02-15 2024-02-15 125 0 0 0 125 0 0
| 5 2024-02-20 2024-02-28 125 0 0 0 125 0 125
> 2024-02-20 CHARGEBACK 125 125 0 0 0 125
> 2024-02-28 REPAYMENT 125 125 0 0 0 0

C3088 DP15-MANUAL 500
2024-01-01 disburse 500
2024-01-04 pay 125
2024-01-16 pay 125
2024-01-20 chargeback 75 step=2
2024-01-25 chargeback 50 step=2
2024-01-31 pay 250
2024-02-15 pay 125
| 1 2024-01-01 2024-01-04 125 0 0 0 125 0 125
| 2 2024-01-16 2024-01-16 125 0 0 0 125 0 0
| 3 2024-01-31 2024-01-31 250 0 0 0 250 0 0
| 4 2024-02-15 2024-02-15 125 0 0 0 125 0 0
> 2024-01-20 CHARGEBACK 75 75 0 0 0 325
> 2024-01-25 CHARGEBACK 50 50 0 0 0 375
> 2024-01-31 REPAYMENT 250 250 0 0 0 125

C3094 DP3M-CREDIT 1000
2024-01-01 disburse 1000
$ DISBURSEMENT_SUCCEEDED PORT D 1000
$ DISBURSEMENT_SUCCEEDED FUND C 1000
2024-01-01 pay 250
2024-02-01 pay 250
2024-03-01 pay 250
2024-04-01 pay 250
$ REPAYMENT PORT C 1000
2024-04-01 chargeback 250 step=4
$ CHARGEBACK FUND C 250
$ CHARGEBACK PORT D 250

C3095 DP3M-CREDIT 1000
2024-01-01 disburse 1000
2024-01-01 pay 250
2024-02-01 pay 250
2024-03-01 charge 30 name=SNOOZE
2024-03-01 pay 280
2024-04-01 pay 250
2024-04-01 chargeback 280 step=5
$ REPAYMENT FEE-RCV C 30
$ CHARGEBACK FUND C 280
$ CHARGEBACK PORT D 250
$ CHARGEBACK FEE-RCV D 30

C2572 LP1-FLAT 1000
2023-01-01 disburse 1000
2023-01-01 charge 10 component=penalty name=NSF
2023-02-22 charge name=PROCESSING rate=0.10 basis=AMOUNT_AND_INTEREST
2023-02-22 charge-off
> 2023-02-22 CHARGE_OFF 1143 1000 30 103 10
$ CHARGE_OFF PORT C 1000
$ CHARGE_OFF CO-EXP D 1000
$ CHARGE_OFF CO-INT D 30
$ CHARGE_OFF CO-FEE D 103
$ CHARGE_OFF CO-PEN D 10
2023-02-22 pay 500 type=MERCHANT_REFUND
$ MERCHANT_REFUND CO-EXP C 367
$ MERCHANT_REFUND CO-INT C 20
$ MERCHANT_REFUND FUND D 500

C2574 LP1-FLAT 1000
2023-01-01 disburse 1000
2023-01-01 charge 10 component=penalty name=NSF
2023-02-22 charge name=PROCESSING rate=0.10 basis=AMOUNT_AND_INTEREST
2023-02-22 charge-off
2023-02-22 pay 500
$ REPAYMENT RECOV C 500
$ REPAYMENT FUND D 500

C2576 LP1-30 1000
2023-01-01 disburse 1000
2023-01-05 pay 250
2023-02-22 charge-off fraud=true
2023-02-22 reverse step=2
$ REPAYMENT PORT C 0
$ CHARGE_OFF PORT C 1000
$ CHARGE_OFF CO-FRAUD D 1000

C2441 LP1-30 1000
2022-01-01 disburse 1000
2022-02-01 pay 1000
! SETTLED outstanding 0
2022-02-25 chargeback 250 step=2
! * outstanding 250

C2447 LP1-30 1000
2022-01-01 disburse 1000
2022-02-01 pay 1200
! OVERPAID outstanding 0
2022-02-25 chargeback 250 step=2
! * outstanding 50

C2448 LP1-30 1000
2022-01-01 disburse 1000
2022-02-01 pay 1300
2022-02-25 chargeback 250 step=2
! OVERPAID outstanding 0

C2449 LP1-30 1000
2022-01-01 disburse 1000
2022-02-01 pay 1250
2022-02-25 chargeback 250 step=2
! SETTLED outstanding 0

C2445 LP1-3M 750
2022-01-01 disburse 750
2022-02-01 pay 250
2022-03-01 pay 250
2022-04-01 pay 250
2022-04-25 chargeback 250 step=4
! * outstanding 250
2022-04-25 pay 250
! SETTLED outstanding 0
2022-05-01 chargeback 200 step=6
! * outstanding 200

C2446 LP1-3M 750
2022-01-01 disburse 750
2022-02-01 pay 250
2022-03-01 pay 250
2022-04-01 pay 250
2022-04-01 reverse step=4
2022-04-01 charge 10 component=penalty name=NSF
! * outstanding 260
2022-04-05 pay 260
! SETTLED outstanding 0
2022-04-25 chargeback 250 step=7
! * outstanding 250

C2458 LP1-3M 3000
2022-01-01 disburse 3000
2022-02-01 pay 1000
2022-03-01 pay 1000
2022-03-15 chargeback 1000 step=3
2022-04-07 wait
! OVERDUE overdue 2000

C2464 LP1-24M 5000
2022-07-01 disburse 5000
2022-07-01 pay 5000
2022-07-01 reverse step=2
! ACTIVE outstanding 5000
2022-07-01 pay 5000
2022-07-01 pay 100
! OVERPAID outstanding 0 overpaid 100

C3131 DP4M 1000
2024-01-31 disburse 1000
| 2 2024-02-29 - 188 0 0 0 0 0 0
| 3 2024-03-31 - 188 0 0 0 0 0 0
| 4 2024-04-30 - 188 0 0 0 0 0 0
| 5 2024-05-31 - 186 0 0 0 0 0 0
"""


@pytest.mark.parametrize("case", read(CASES), ids=lambda case: case.name)
def test_a_recorded_life_is_ours_to_the_cent(case: Recorded) -> None:
    assert differences(case, PRODUCTS) == []
