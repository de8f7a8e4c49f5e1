"""The inputs of changes agree with the engine: what they name is what it knows."""

from __future__ import annotations

from domain.servicing.allocation import Component
from domain.servicing.fact import PayKind
from graphql_api.servicing_inputs import Chargeable, Credit


def test_what_can_be_charged_is_a_component() -> None:
    assert {one.value for one in Chargeable} <= {one.value for one in Component}
    assert {one.value for one in Component} - {one.value for one in Chargeable} == {"principal", "interest", "compound"}


def test_a_credit_is_a_kind_of_payment_that_is_no_repayment() -> None:
    kinds = {one.value for one in PayKind}
    assert {one.value for one in Credit} <= kinds
    assert {"REPAYMENT", "DOWN_PAYMENT"} & {one.value for one in Credit} == set()
