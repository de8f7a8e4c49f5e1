"""Methods are rows of a table: each covers its loan from the first instalment to the last."""

from dataclasses import replace
from datetime import date

import pytest

from domain.servicing.duedate import Calendar, FirstPeriod
from domain.servicing.method import METHODS, ends_on, has_stub, periods_of
from domain.servicing.terms import Grace, Method, Specified, Stage
from tests.domain.servicing.test_terms import TERMS

LOAN = replace(
    TERMS,
    start_on=date(2026, 1, 15),
    stages=(Stage(first=1, last=12),),
    specified=(Specified(due_on=date(2027, 1, 15), principal=10_000_00),),
)


def test_every_method_is_there() -> None:
    assert set(METHODS) == set(Method)


@pytest.mark.parametrize("method", Method)
def test_the_stages_of_a_method_join_and_end_with_the_loan(method: Method) -> None:
    terms = replace(LOAN, method=method, grace=Grace(principal=3))
    stages = METHODS[method](terms)
    assert [one.first for one in stages] == [1, *(one.last + 1 for one in stages[:-1])]
    assert ends_on(terms) == date(2027, 1, 15)


def test_a_payment_may_look_further_than_is_paid() -> None:
    terms = replace(LOAN, method=Method.BALLOON, horizon=24)
    assert len(periods_of(terms)) == 24
    assert ends_on(terms) == date(2027, 1, 15)


def test_a_stub_is_a_period_more() -> None:
    calendar = Calendar(first_due_on=date(2026, 2, 1), first_period=FirstPeriod.STUB)
    terms = replace(LOAN, calendar=calendar)
    assert has_stub(terms, periods_of(terms))
    assert len(periods_of(terms)) == 13
    assert not has_stub(LOAN, periods_of(LOAN))
