"""The overdue, the oldest first."""

from datetime import date

from sqlalchemy import Connection

from domain.servicing.queries.ageing import aged
from domain.servicing.queries.position import position as position_on
from tests.domain.servicing.world import START, World, close


def test_ageing_names_the_overdue_oldest_first(conn: Connection, world: World) -> None:
    young = world.disbursed(conn, start_on=date(2026, 2, 10))
    old = world.disbursed(conn)
    close(conn, START, date(2026, 3, 20))
    found = aged(conn, on=date(2026, 3, 20))
    assert [one.loan_id for one in found] == [old, young]
    assert found[0].dpd > found[1].dpd > 0
    for one in found:
        stood = position_on(conn, loan_id=one.loan_id, on=date(2026, 3, 20))
        assert stood is not None
        assert (one.dpd, one.outstanding, one.principal) == (stood.dpd, stood.outstanding, stood.overdue.principal)
