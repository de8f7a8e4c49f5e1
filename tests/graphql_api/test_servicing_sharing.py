"""One payment for several loans: as the payer says, else by the law; what is shared sums to what was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from domain.servicing.position import Amounts, Position, Status
from domain.servicing.queries.loan import loan
from graphql_api.auth import Role
from graphql_api.relay import global_id
from graphql_api.servicing_sharing import LOANS_MAX, debt
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

ASKED = """query($input: SharePaymentInput!) { sharePayment(input: $input) { __typename
  ... on SharePaymentResult { shares { loan { id } amount { amount } } rest { amount } }
  ... on Refusal { code field } } }"""


def shared(asking: Asking, loans: list[str], yuan: str, *, currency: str = "CNY", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    given = {"loanIds": loans, "amount": {"amount": yuan, "currency": currency}, "paidOn": TODAY.isoformat(), **more}
    found: dict[str, Any] = asking.ask(ASKED, by=Role.PARTNER, input=given)["sharePayment"]
    return found


def test_a_payment_is_shared_and_what_is_beyond_all_debts_is_the_rest(asking: Asking) -> None:
    one = global_id("ln", asking.disbursed())
    part = shared(asking, [one, one], "100.00", designated=[one])
    assert part["shares"] == [{"loan": {"id": one}, "amount": {"amount": "100.00"}}]
    assert part["rest"]["amount"] == "0.00"
    whole = shared(asking, [one], "5000.00")
    assert whole["shares"][0]["amount"]["amount"] == "3000.00", "what settles it on its first day"
    assert Decimal(whole["rest"]["amount"]) == Decimal(2000)


def test_it_is_refused_by_name(asking: Asking) -> None:
    one, others = global_id("ln", asking.disbursed()), global_id("ln", asking.disbursed())
    assert shared(asking, [one], "0.00")["__typename"] == "AmountNotPositive"
    assert shared(asking, [one], "1.00", currency="USD")["__typename"] == "CurrencyDiffers"
    assert shared(asking, [one, "nonsense"], "1.00")["__typename"] == "LoanUnknown"
    money = {"amount": "1.00", "currency": "CNY"}
    for wrong in ([one, others], [], [one] * (LOANS_MAX + 1)):
        given = {"loanIds": wrong, "amount": money, "paidOn": TODAY.isoformat()}
        assert asking.faults(ASKED, by=Role.PARTNER, input=given) == ["INPUT_INVALID"]


def test_a_loan_is_a_debt_by_what_is_due_and_since_when(asking: Asking) -> None:
    number = asking.disbursed()
    with asking.db.snapshot() as conn:
        lent = loan(conn, number)
    assert lent is not None
    day = date(2026, 3, 5)
    now = Position(
        loan_id=number, on=day, currency="CNY", status=Status.OVERDUE, dues=(), due=Amounts(1, 20, 300),
        overdue=Amounts(1, 20, 300), dpd=4, next_due_on=day + timedelta(days=9), next_due=Amounts(), outstanding=1_000,
        interest_accrued=0, payoff=Amounts(1, 25, 1_000), overpayment=0,
    )  # fmt: skip
    made = debt(lent, now)
    assert (made.due, made.undue, made.due_on) == (321, 705, day - timedelta(days=4))
    assert made.burden == Fraction("0.154")
    assert debt(lent, replace(now, dpd=0)).due_on == day + timedelta(days=9)
    assert debt(lent, replace(now, dpd=0, next_due_on=None)).due_on == day
