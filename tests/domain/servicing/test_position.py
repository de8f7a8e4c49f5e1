"""What is due, overdue and needed to settle, for any date, from facts alone."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.allocation import Component, Due
from domain.servicing.position import (
    Amounts,
    Disbursement,
    Progress,
    Status,
    is_settled,
    position,
    replanned,
    settlement,
)
from tests.domain.servicing.portfolio import SMALL, facts, line, paid


def on(month: int, day: int) -> date:
    return date(2026, month, day)


@pytest.mark.parametrize(
    ("day", "status", "dpd", "due", "overdue"),
    [
        (on(1, 15), Status.ACTIVE, 0, 0, 0),
        (on(2, 14), Status.ACTIVE, 0, 0, 0),
        (on(2, 15), Status.ACTIVE, 0, 1_020_07, 0),
        (on(2, 18), Status.ACTIVE, 0, 1_020_07, 0),  # the last day of grace
        (on(2, 19), Status.OVERDUE, 4, 1_020_07, 1_020_07),
        (on(3, 16), Status.OVERDUE, 29, 2_040_14, 1_020_07),
    ],
)
def test_an_unpaid_loan_ages(day: date, status: Status, dpd: int, due: int, overdue: int) -> None:
    found = position(facts(), on=day)
    assert (found.status, found.dpd, found.due.total, found.overdue.total) == (status, dpd, due, overdue)


def test_a_partly_paid_instalment_owes_the_rest_and_penalty_only_as_far_as_booked() -> None:
    first = Progress(
        instalment=line(1), principal_payments=((on(2, 20), 500_00),), interest_paid=30_00, penalty_booked=1_00
    )
    found = position(facts(first), on=on(2, 25))
    assert found.dues == (Due(1, Component.PENALTY, 1_00), Due(1, Component.PRINCIPAL, 490_07))
    assert found.outstanding == 2_500_00
    assert (found.next_due_on, found.next_due) == (on(3, 15), Amounts(0, 20_10, 999_97))
    assert found.payoff == Amounts(1_00, 7_18, 2_500_00), "20.10 × 10 / 28"


def test_settling_ends_the_plan_on_the_day() -> None:
    plan, dues = settlement(facts(paid(1, on(2, 15))), on=on(2, 25))
    assert [(one.no, one.from_on, one.due_on, one.principal) for one in plan] == [
        (1, on(1, 15), on(2, 15), 990_07),
        (2, on(2, 15), on(2, 25), 2_009_93),
    ]
    assert sum(due.amount for due in dues) == 2_009_93 + 7_18


def test_a_loan_that_is_not_paid_out_owes_nothing() -> None:
    pending = position(facts(disbursement=Disbursement.INSTRUCTED), on=on(3, 1))
    cancelled = position(facts(disbursement=Disbursement.FAILED), on=on(3, 1))
    assert (pending.status, pending.due.total, pending.payoff.total) == (Status.PENDING, 0, 0)
    assert (cancelled.status, cancelled.outstanding) == (Status.CANCELLED, 0)


def test_a_loan_is_settled_when_penalty_is_paid_too() -> None:
    whole = [paid(no, on(2, 15)) for no in (1, 2, 3)]
    assert is_settled(facts(*whole))
    assert position(facts(*whole), on=on(4, 20)).status is Status.SETTLED
    assert not is_settled(facts(replace(whole[0], penalty_booked=5), *whole[1:]))
    assert is_settled(facts(replace(whole[0], penalty_booked=5, penalty_paid=5), *whole[1:]))


def test_a_new_plan_keeps_what_was_paid() -> None:
    before = facts(paid(1, on(2, 15)))
    after = replanned(before, settlement(before, on=on(2, 25))[0])
    assert after.version == 2
    assert [one.principal_paid for one in after.progress] == [990_07, 0]


@given(st.dates(on(1, 1), date(2027, 1, 1)), st.integers(0, 3))
def test_what_is_due_and_what_is_not_yet_are_the_whole(day: date, paid_count: int) -> None:
    known = facts(*(paid(no, line(no).due_on) for no in range(1, paid_count + 1)))
    found = position(known, on=day)
    later = sum(one.principal_unpaid for one in known.progress if one.instalment.due_on > day)
    assert (
        found.due.principal + later
        == found.outstanding
        == SMALL.principal - sum(one.principal_paid for one in known.progress)
    )
    assert found.overdue.total <= found.due.total
    assert found.payoff.principal == found.outstanding
    assert (found.dpd > 0) == (found.status is Status.OVERDUE) == (found.overdue.total > 0)
