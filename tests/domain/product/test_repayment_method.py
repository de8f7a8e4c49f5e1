from __future__ import annotations

from domain.product import repayment_method
from domain.product.repayment_method import METHODS, AllocationBy, DayCount, Method
from domain.servicing import daycount, terms
from domain.servicing.allocation import Component


def test_every_method_has_its_parameters() -> None:
    assert set(METHODS) == set(Method)
    assert all(parameters.day_counts for parameters in METHODS.values())


def test_a_product_can_only_promise_what_servicing_can_compute() -> None:
    assert {one.value for one in Method} <= {one.value for one in terms.Method}
    assert {one.value for one in DayCount} <= {one.value for one in daycount.DayCount}
    assert {one.value for one in AllocationBy} == {one.value for one in terms.AllocationBy}
    assert {one.value for one in Component} >= set(repayment_method.COMPONENTS)
