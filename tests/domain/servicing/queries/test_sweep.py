"""What SQL asks the close to book is what the pure rules say."""

from datetime import date, timedelta

from sqlalchemy import Connection

from domain.servicing import interest
from domain.servicing.charge import penalty_accrued
from domain.servicing.queries.fact import facts
from domain.servicing.queries.loan import loans_in
from domain.servicing.queries.schedule import schedule
from domain.servicing.queries.sweep import interest_to_accrue, penalty_to_accrue
from tests.domain.servicing.world import START, World, close

FIRST_DUE = date(2026, 2, 28)


def test_the_day_of_interest_in_sql_is_the_difference_of_the_pure_totals(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn, yuan=7_777, months=5)
    plan = schedule(conn, loan_id)
    assert plan is not None
    for number in range(0, 150, 7):  # until the plan ends
        on = START + timedelta(days=number)
        total = interest.accrued_total(plan.instalments, on=on + timedelta(days=1))
        asked = interest_to_accrue(conn, low=loan_id, high=loan_id, on=on)
        assert sum(one.amount for one in asked) == total, "nothing is booked, so all of it is to be accrued"
        assert [one.booked for one in asked] == [total]


def test_the_penalty_in_sql_is_that_of_the_pure_rule(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=20))
    known = facts(conn, loans_in([loan_id]))[loan_id]
    first = known.progress[0]
    expected = penalty_accrued(known.loan.terms, first.instalment, payments=(), on=FIRST_DUE + timedelta(days=21))
    assert first.penalty_booked == expected > 0
    (more,) = penalty_to_accrue(conn, low=loan_id, high=loan_id, on=FIRST_DUE + timedelta(days=21))
    assert (more.no, more.booked) == (
        1,
        penalty_accrued(known.loan.terms, first.instalment, payments=(), on=FIRST_DUE + timedelta(days=22)),
    )
    assert more.amount == more.booked - expected
