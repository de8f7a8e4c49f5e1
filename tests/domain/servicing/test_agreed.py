"""Agreed payments and what follows from them: how many there are, and what is left for the last."""

from typing import Any

import pytest

from domain.refusals import Invalid
from domain.servicing.answer import plan_document
from domain.servicing.quotation import Asked, asked
from domain.servicing.schedule import schedule

LOAN: dict[str, Any] = {"principal": "5000.00", "rateAnnual": "12%"}


def quoted(**terms: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    found = asked({**LOAN, **terms})
    assert isinstance(found, Asked), found.codes
    return plan_document(found.terms, schedule(found.terms))


@pytest.mark.parametrize(
    ("terms", "count", "payment", "last"),
    [
        ({"payment": "250.00"}, 23, "250.00", "106.76"),
        ({"payment": "250.00", "lastPayment": "SMALLER"}, 23, "250.00", "106.76"),
        ({"payment": "250.00", "lastPayment": "LARGER"}, 22, "250.00", "355.70"),
        ({"payment": "5050.00"}, 1, "5050.00", "5050.00"),
        ({"payment": "500.00", "method": "EQUAL_PRINCIPAL"}, 10, "550.00", "505.00"),
        ({"initialRepaymentRate": "12%"}, 70, "100.00", "66.23"),
        ({"initialRepaymentRate": "12%", "paymentMultiple": "50.00"}, 70, "100.00", "66.23"),
        ({"termMonths": 36, "paymentsPerYear": 4}, 12, "502.31", "502.29"),
        ({"termMonths": 12}, 12, "444.24", "444.29"),
    ],
)
def test_an_agreed_payment_is_paid_until_nothing_is_left(
    terms: dict[str, Any], count: int, payment: str, last: str
) -> None:
    made = quoted(**terms)
    assert (len(made["schedule"]), made["payment"], made["schedule"][-1]["payment"]) == (count, payment, last)


@pytest.mark.parametrize(
    ("per_year", "count", "parts"),
    [(26, 650, 2), (52, 1300, 4), (24, 600, 2)],
)
def test_an_accelerated_payment_is_a_part_of_the_monthly_one(per_year: int, count: int, parts: int) -> None:
    terms = {**LOAN, "principal": "100000.00", "compoundingPerYear": 2, "rateAnnual": "5%"}
    if count > 1200:
        assert isinstance(asked({**terms, "instalments": count}), Invalid)
        count = 1040
    monthly = quoted(**{**terms, "instalments": count * 12 // per_year})
    made = quoted(**{**terms, "paymentsPerYear": per_year, "instalments": count, "accelerated": True})
    assert abs(float(made["payment"]) * parts - float(monthly["payment"])) < 0.03
    assert len(made["schedule"]) < count


@pytest.mark.parametrize(
    ("terms", "faults"),
    [
        ({"payment": "50.00"}, [("PAYMENT_TOO_SMALL", "payment")]),
        ({}, [("TERM_MISSING", "instalments")]),
        ({"payment": "250.00", "initialRepaymentRate": "1%"}, [("TERMS_CONFLICT", "initialRepaymentRate")]),
        ({"instalments": 12, "lastPayment": "LARGER"}, [("TERMS_CONFLICT", "lastPayment")]),
        ({"instalments": 12, "termMonths": 24}, [("TERMS_CONFLICT", "termMonths")]),
        ({"termMonths": 5, "paymentsPerYear": 4}, [("TERM_INVALID", "termMonths")]),
        ({"instalments": 12, "accelerated": True}, [("TERM_INVALID", "accelerated")]),
        ({"instalments": 5, "paymentsPerYear": 26, "accelerated": True}, [("TERM_INVALID", "instalments")]),
        (
            {"instalments": 12, "horizon": 24, "instalmentsUntilBalloon": 6},
            [("TERMS_CONFLICT", "horizon")],
        ),
    ],
)
def test_what_cannot_be_found_is_refused_by_name(terms: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    found = asked({**LOAN, **terms})
    assert isinstance(found, Invalid)
    assert [(fault.code, fault.field) for fault in found.faults] == faults
