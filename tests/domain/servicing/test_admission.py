"""Every "no" is a value; a fact that is refused changes nothing, and several faults are told together."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from domain.servicing.admission import book, faults
from domain.servicing.contract import Contract
from domain.servicing.duedate import Calendar
from domain.servicing.fact import (
    ChargeOff,
    Disburse,
    Fact,
    Levy,
    Pay,
    ReAge,
    ReAmortise,
    Refund,
    Reverse,
    Waive,
    WriteOff,
)
from domain.servicing.life import Life, replay
from domain.servicing.progress import F, P
from domain.servicing.terms import Method, Stage, Unpaid
from domain.servicing.terms import Pay as No
from tests.domain.servicing.histories import START, terms

CONTRACT = Contract(terms=terms())
EMPTY = replay(CONTRACT, (), on=START)
DAY = START + timedelta(days=10)


FIRST = Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00)
DATED = replace(terms(), calendar=Calendar(first_due_on=DAY))
"""Terms that state the first due date outright."""
GROWING = replace(
    terms(),
    method=Method.STAGED,
    unpaid=Unpaid.CAPITALISED,
    stages=(Stage(first=1, last=1, pay=No.NOTHING), Stage(first=2, last=6)),
)
"""Terms whose first instalment pays nothing, and its interest is added to the principal."""


def pay(no: int, on: date = DAY, amount: int = 10_00) -> Pay:
    return Pay(no=no, value_on=on, booked_on=DAY, amount=amount)


def grown(*facts: Fact) -> Life:
    life = EMPTY
    for fact in (Disburse(no=1, value_on=START, booked_on=START, amount=1_200_00), *facts):
        made = book(life, fact, on=DAY)
        assert isinstance(made, Life), made
        life = made
    return life


@pytest.mark.parametrize(
    ("life", "fact", "codes"),
    [
        (EMPTY, pay(1), ["LOAN_NOT_DISBURSED"]),
        (EMPTY, pay(1, amount=-1), ["AMOUNT_NOT_POSITIVE", "LOAN_NOT_DISBURSED"]),
        (grown(), pay(2, on=DAY + timedelta(days=1), amount=0), ["FACT_IN_FUTURE", "AMOUNT_NOT_POSITIVE"]),
        (grown(), pay(2, on=START - timedelta(days=1)), ["FACT_BEFORE_START"]),
        (grown(), Refund(no=2, value_on=DAY, booked_on=DAY, amount=5), ["AMOUNT_ABOVE_OPEN"]),
        (grown(pay(2)), Reverse(no=3, value_on=DAY, booked_on=DAY, of=1), ["FACT_HAS_FOLLOWERS"]),
        (
            grown(pay(2), Reverse(no=3, value_on=DAY, booked_on=DAY, of=2)),
            Reverse(no=4, value_on=DAY, booked_on=DAY, of=2),
            ["FACT_ALREADY_REVERSED"],
        ),
        (
            grown(pay(2), Reverse(no=3, value_on=DAY, booked_on=DAY, of=2)),
            Reverse(no=4, value_on=DAY, booked_on=DAY, of=3),
            ["REVERSAL_NOT_REVERSIBLE"],
        ),
        (grown(), WriteOff(no=2, value_on=DAY, booked_on=DAY, approver=""), ["APPROVER_MISSING"]),
        (
            grown(ChargeOff(no=2, value_on=DAY, booked_on=DAY)),
            ChargeOff(no=3, value_on=DAY, booked_on=DAY),
            ["LOAN_ENDED"],
        ),
        (
            grown(WriteOff(no=2, value_on=DAY, booked_on=DAY, approver="A")),
            pay(3),
            ["LOAN_ENDED"],
        ),
        (grown(), ReAmortise(no=2, value_on=DAY, booked_on=DAY), ["NOTHING_OVERDUE"]),
        (
            grown(),
            ReAge(no=2, value_on=DAY, booked_on=DAY, first_on=START, count=0, every=0),
            ["COUNT_INVALID", "COUNT_INVALID", "DATE_NOT_LATER"],
        ),
        (
            grown(),
            Levy(no=2, value_on=DAY, booked_on=DAY, name="X", component=F, due_on=DAY),
            ["AMOUNT_NOT_POSITIVE"],
        ),
        (
            grown(Levy(no=2, value_on=DAY, booked_on=DAY, name="X", component=F, due_on=DAY, amount=5_00)),
            Waive(no=3, value_on=DAY, booked_on=DAY, component=P, approver="A", levy_no=2),
            ["AMOUNT_ABOVE_OPEN"],
        ),
        (
            replay(replace(CONTRACT, terms=DATED), (), on=START),
            Disburse(no=1, value_on=DAY, booked_on=DAY, amount=1_200_00),
            ["FIRST_DUE_BEFORE_DISBURSEMENT"],
        ),
        (
            replay(replace(CONTRACT, terms=DATED), (FIRST, replace(FIRST, no=2, value_on=DAY)), on=DAY),
            Reverse(no=3, value_on=DAY, booked_on=DAY, of=1),
            ["FIRST_DUE_BEFORE_DISBURSEMENT"],
        ),
        (replay(replace(CONTRACT, terms=GROWING), (), on=START), FIRST, ["PLAN_GROWS"]),
    ],
)  # fmt: skip
def test_what_may_not_be_booked_is_told_by_name(life: Life, fact: Fact, codes: list[str]) -> None:
    assert [one.code for one in faults(life, fact, on=DAY)] == codes
    assert book(life, fact, on=DAY) == faults(life, fact, on=DAY)


def test_the_question_is_put_to_the_loan_as_it_stood_at_the_fact_s_own_date() -> None:
    life = grown(pay(2, amount=50_00))
    before = Refund(no=3, value_on=DAY - timedelta(days=1), booked_on=DAY, amount=20_00)
    assert [one.code for one in faults(life, before, on=DAY)] == ["AMOUNT_ABOVE_OPEN"]
    after = Refund(no=3, value_on=DAY, booked_on=DAY, amount=20_00)
    assert faults(life, after, on=DAY) == ()
