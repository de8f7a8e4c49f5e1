"""Contracts are found by id, by application and in pages; what is not there is absent."""

from sqlalchemy import Connection

from domain.servicing.queries.loan import events, last_loan_id, loan, loan_of_application, loans, loans_of
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.repayment import repayment
from domain.servicing.queries.schedule import schedule
from tests.domain.servicing.world import START, World


def test_what_is_not_there_is_absent(conn: Connection, world: World) -> None:
    del world
    assert loan(conn, 999) is None
    assert loan_of_application(conn, 999) is None
    assert position_on(conn, loan_id=999, on=START) is None
    assert schedule(conn, 999) is None
    assert repayment(conn, 999) is None
    assert loans_of(conn, [999]) == {}
    assert events(conn, 999) == ()


def test_loans_come_in_pages(conn: Connection, world: World) -> None:
    ids = [world.disbursed(conn) for _ in range(5)]
    first = loans(conn, after=ids[0] - 1, limit=3)
    assert [one.loan_id for one in first] == ids[:3]
    assert [one.loan_id for one in loans(conn, after=ids[2], limit=3)] == ids[3:]
    assert last_loan_id(conn) == ids[-1]
    assert set(loans_of(conn, ids)) == set(ids)
    assert loan_of_application(conn, first[0].application_id) == first[0]
