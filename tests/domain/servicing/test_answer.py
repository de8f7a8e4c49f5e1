"""The answer to a quote: what was computed, as strings, and nulls where the loan has nothing to say."""

from typing import Any

from domain.servicing.answer import explain_document, plan_document, too_large
from domain.servicing.explain import explained
from domain.servicing.quotation import Asked, asked
from domain.servicing.schedule import schedule

UNDATED: dict[str, Any] = {"principal": "5000.00", "rateAnnual": "12%", "instalments": 12}


def answered(**terms: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    found = asked({**UNDATED, **terms})
    assert isinstance(found, Asked), found.codes
    plan = schedule(found.terms)
    assert not too_large(plan)
    return plan_document(found.terms, plan, explain=explained)


def test_dates_are_null_where_the_loan_has_none() -> None:
    made = answered()
    row = made["schedule"][0]
    assert (made["startOn"], row["from"], row["due"], row["days"]) == (None, None, None, None)
    assert answered(startOn="2026-01-15")["schedule"][0]["due"] == "2026-02-15"


def test_sums_of_exact_amounts_are_told_where_balances_are_exact() -> None:
    assert answered()["unroundedTotals"] is None
    for balances in ("UNROUNDED", "PAYMENT_ROUNDED"):
        assert set(answered(balances=balances)["unroundedTotals"]) == {"interest", "payment"}


def test_every_amount_of_a_row_is_explained() -> None:
    found = asked(UNDATED)
    assert isinstance(found, Asked)
    row = schedule(found.terms).rows[0]
    assert explain_document(found.terms, explained(found.terms, row)) == answered()["schedule"][0]["explain"]
