"""Which changes need a second person, one case a line."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.servicing.allocation import Component
from domain.servicing.approval import KINDS, approved, needs_approval
from domain.servicing.fact import (
    Accelerate,
    Cancel,
    ChangeRate,
    Chargeback,
    ChargeOff,
    Compensate,
    Fact,
    Levy,
    Pause,
    Pay,
    PayKind,
    ReAge,
    ReAmortise,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Waive,
    WriteOff,
)

DAY = date(2026, 3, 5)


def fact(kind: type[Fact], /, **said: Any) -> Fact:  # noqa: ANN401 - the fields of any fact
    return kind(no=0, value_on=DAY, booked_on=DAY, **said)


@pytest.mark.parametrize(
    ("kind", "said", "expected"),
    [
        (Pay, {"amount": 1}, False),
        (Pay, {"amount": 1, "kind": PayKind.MERCHANT_REFUND}, False),
        (Pay, {"amount": 1, "kind": PayKind.GOODWILL_CREDIT}, True),
        (Pay, {"amount": 1, "kind": PayKind.CHARGE_ADJUSTMENT}, True),
        (Pay, {"amount": 1, "kind": PayKind.INTEREST_PAYMENT_WAIVER}, True),
        (Levy, {"name": "SMS", "component": Component.FEE, "due_on": DAY, "amount": 1}, False),
        (Waive, {"component": Component.FEE, "approver": ""}, True),
        (Reverse, {"of": 2}, False),
        (Chargeback, {"of": 2, "amount": 1}, False),
        (Refund, {"amount": 1}, True),
        (ChangeRate, {"rate_annual": Decimal("0.1")}, True),
        (Reschedule, {"from_due_on": DAY, "extra": 3}, False),
        (Reschedule, {"from_due_on": DAY, "to_due_on": DAY}, False),
        (Reschedule, {"from_due_on": DAY, "to_due_on": DAY, "is_interest_free": True}, True),
        (Reschedule, {"from_due_on": DAY, "extra": 3, "rate_annual": Decimal("0.1")}, True),
        (ReAge, {"first_on": DAY, "count": 3}, True),
        (ReAmortise, {}, False),
        (Accelerate, {}, False),
        (ChargeOff, {}, True),
        (WriteOff, {"approver": ""}, True),
        (Recover, {"amount": 1}, False),
        (Compensate, {"guarantor": "G"}, False),
        (Repurchase, {"buyer": "P"}, True),
        (Cancel, {}, False),
        (Pause, {"to_on": DAY}, True),
    ],
)
def test_a_second_person_is_needed_where_money_is_given_away(
    kind: type[Fact], said: dict[str, Any], expected: bool
) -> None:
    assert needs_approval(fact(kind, **said)) is expected


def test_the_name_of_the_second_person_goes_where_a_fact_carries_it() -> None:
    assert approved(fact(WriteOff, approver=""), "li") == fact(WriteOff, approver="li")
    assert approved(fact(Refund, amount=1), "li") == fact(Refund, amount=1)
    assert WriteOff in KINDS
