"""Positions of many loans, today and in the past."""

from datetime import date, timedelta

from sqlalchemy import Connection, event

from domain.servicing.event import EventKind
from domain.servicing.position import Status
from domain.servicing.queries.loan import events
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.position import positions
from tests.domain.servicing.world import START, World, close

FIRST_DUE = date(2026, 2, 28)


def test_positions_of_many_loans_take_as_many_statements_as_of_one(conn: Connection, world: World) -> None:
    ids = [world.disbursed(conn) for _ in range(7)]
    counted: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *told: counted.append(told[2]))
    positions(conn, loan_ids=ids[:1], on=FIRST_DUE)
    alone = len(counted)
    found = positions(conn, loan_ids=ids, on=FIRST_DUE)
    assert len(counted) - alone == alone == 2
    assert list(found) == ids
    assert found[ids[3]] == position_on(conn, loan_id=ids[3], on=FIRST_DUE)


def test_a_position_of_the_past_forgets_what_came_later(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, FIRST_DUE + timedelta(days=9))
    late = FIRST_DUE + timedelta(days=10)
    before = position_on(conn, loan_id=loan_id, on=late - timedelta(days=1))
    world.repay(conn, loan_id, "1200.00", late)
    after = position_on(conn, loan_id=loan_id, on=late)
    assert before is not None
    assert after is not None
    assert (before.status, after.status) == (Status.OVERDUE, Status.ACTIVE)
    assert position_on(conn, loan_id=loan_id, on=late - timedelta(days=1)) == before
    assert [one.kind for one in events(conn, loan_id)] == [
        EventKind.INSTRUCTED,
        EventKind.DISBURSED,
        EventKind.OVERDUE,
        EventKind.REPAID,
    ]
