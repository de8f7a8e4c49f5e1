"""The answer to a quote: a plan as JSON, and why each of its amounts is what it is.

Amounts in major units and rates are strings; dates are null where the loan has none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Final

from domain.servicing.explain import Explained
from domain.servicing.schedule import Row, Schedule, fees_at_disbursement
from domain.servicing.terms import Carried, Columns, Grace, Method, Terms
from ledger.money import Money, Rounding, round_ratio

BIGINT_MAX: Final = 2**63 - 1

Explain = Callable[[Terms, Row], Mapping[str, Explained]]
"""What tells of the amounts of a row how they came about."""


def plan_document(terms: Terms, plan: Schedule, *, explain: Explain | None = None) -> dict[str, object]:
    """A plan as JSON: amounts in major units and rates as strings; dates are null where the loan has none."""

    def money(minor: int) -> str:
        return str(Money(minor, terms.currency))

    def day(on: date) -> str | None:
        return on.isoformat() if terms.is_dated else None

    at_start = sum(amount for _, amount in fees_at_disbursement(terms))
    document: dict[str, object] = {
        "currency": terms.currency,
        "principal": money(terms.principal),
        "startOn": day(terms.start_on),
        "payment": money(plan.payment),
        "balloon": money(plan.balloon),
        "schedule": [
            {
                "no": row.no,
                "kind": row.kind.value,
                "from": day(row.period.from_on),
                "due": day(row.period.due_on),
                "days": row.period.days if terms.is_dated else None,
                "openingBalance": money(row.opening),
                "disbursed": money(row.disbursed),
                "principal": money(_principal(terms, row)),
                "interest": money(row.interest),
                "fee": money(row.fee),
                "fees": [{"code": code, "amount": money(amount)} for code, amount in row.fees],
                "extra": money(row.extra + row.advance),
                "prepaid": money(row.prepaid),
                "payment": money(row.paid),
                "balloon": money(row.balloon),
                "total": money(row.total),
                "closingBalance": money(row.closing),
                **({} if explain is None else {"explain": explain_document(terms, explain(terms, row))}),
            }
            for row in plan.rows
        ],
        "totals": {
            "principal": money(sum(row.principal + row.balloon for row in plan.rows)),
            "interest": money(sum(row.interest for row in plan.rows)),
            "fees": money(sum(row.fee for row in plan.rows) + at_start),
            "payment": money(sum(row.total for row in plan.rows) + at_start),
        },
        "unroundedTotals": None,
        "levelTotals": _level_totals(terms, plan),
    }
    if terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_ROUNDED}:
        exact = sum((row.exact_interest for row in plan.rows), Fraction())
        interest = round_ratio(*exact.as_integer_ratio(), Rounding.HALF_UP)
        document["unroundedTotals"] = {
            "interest": money(interest),
            "payment": money(terms.principal + interest),
        }
    return document


def _level_totals(terms: Terms, plan: Schedule) -> dict[str, str] | None:
    """So many times the payment, as if the last were like the others: the total of many a textbook."""
    is_changed = terms.disbursements or terms.rate_changes or terms.early_payments or terms.grace != Grace()
    if terms.method not in {Method.EQUAL_INSTALMENT, Method.ADD_ON} or terms.horizon or is_changed:
        return None
    paid = plan.payment * len(plan.instalments)
    return {
        "interest": str(Money(paid - terms.principal, terms.currency)),
        "payment": str(Money(paid, terms.currency)),
    }


def _principal(terms: Terms, row: Row) -> int:
    """What a row repays as it is shown: payment less interest, or a column of its own."""
    if terms.columns is Columns.SUM or terms.carried is Carried.ROUNDED:
        return row.principal
    return round_ratio(*row.exact_principal.as_integer_ratio(), Rounding.HALF_UP) + row.extra


def explain_document(terms: Terms, ones: Mapping[str, Explained]) -> dict[str, object]:
    """Explanations as JSON, by the name of the amount."""
    return {
        name: {
            "value": str(Money(one.value, terms.currency)),
            "formula": one.formula,
            "inputs": dict(one.inputs),
            "dayCount": one.day_count,
            "exact": one.exact,
            "rounding": one.rounding,
            "zh": one.zh,
            "en": one.en,
        }
        for name, one in ones.items()
    }


def too_large(plan: Schedule) -> bool:
    """Whether a sum of the plan is beyond what the books can hold."""
    return sum(one.total for one in plan.instalments) > BIGINT_MAX
