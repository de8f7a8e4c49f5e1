"""A wish to repay is checked before a bank is asked, and money without a loan has a place in the books."""

from dataclasses import replace
from datetime import date

import pytest

from domain.origination.repayment import SUSPENSE, NotCollectable, Origin, RequestRepayment, fault
from domain.refusals import text
from ledger.entry import Dimensions, Side
from ledger.money import Money
from ledger.rule import apply

WISH = RequestRepayment(
    business_no="R-1",
    origin=Origin.CHANNEL,
    loan_id=7,
    amount=Money.parse("350.00", "CNY"),
    requested_on=date(2026, 3, 5),
)
KNOWN = {7: "CNY"}


def test_a_wish_for_a_known_loan_in_its_currency_has_no_fault() -> None:
    assert fault(WISH, KNOWN) is None


@pytest.mark.parametrize(
    ("wish", "field", "why"),
    [
        (replace(WISH, loan_id=8), "loanId", "loan unknown"),
        (replace(WISH, amount=Money.parse("350.00", "USD")), "amount", "the loan is in CNY"),
        (replace(WISH, amount=Money.zero("CNY")), "amount", "amount not positive"),
        (replace(WISH, amount=Money(-1, "CNY")), "amount", "amount not positive"),
    ],
)
def test_every_fault_names_its_field(wish: RequestRepayment, field: str, why: str) -> None:
    refused = fault(wish, KNOWN)
    assert refused == NotCollectable(field=field, why=why)
    assert why in text(refused, "en")


def test_money_without_a_loan_waits_on_the_suspense_account() -> None:
    entry = apply(
        SUSPENSE, {"amount": 350_00}, book=1, currency="CNY", dims=Dimensions(subject=7, funder=2),
        effective_on=WISH.requested_on, source="t", key="k", actor="machine",
    )  # fmt: skip
    assert {(line.account, line.side, line.amount, line.dims.subject) for line in entry.lines} == {
        ("1012.01", Side.DEBIT, 350_00, None),
        ("2241.02", Side.CREDIT, 350_00, None),
    }
