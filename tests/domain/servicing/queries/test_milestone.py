"""Long histories are told from milestones, and as they would be told whole."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, select

from domain.servicing import queries, tables
from domain.servicing.allocation import Component
from domain.servicing.change import Change, position_of
from domain.servicing.fact import Levy
from domain.servicing.milestone import EVERY
from domain.servicing.operations.change import Recorded, record
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.position import position
from tests.domain.servicing.world import START, World, command


def test_a_long_history_is_told_from_its_newest_milestone_that_fits(
    conn: Connection, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan_id = world.disbursed(conn)
    days = [START + timedelta(days=n) for n in range(1, 2 * EVERY + 2)]
    for on in days:
        charge = Levy(no=0, value_on=on, booked_on=on, name="SMS", component=Component.FEE, due_on=on, amount=1_00)
        by = command(f"levy-{on}")
        (made,) = record(conn, [Change(loan_id=loan_id, fact=charge, command=by, business_on=on)])
        assert isinstance(made, Recorded)
    numbers = select(tables.milestone.c.no).where(tables.milestone.c.loan_id == loan_id).order_by("no")
    assert list(conn.scalars(numbers)) == [EVERY, 2 * EVERY]
    whole = dossiers(conn, [loan_id])[loan_id]
    counted: list[str] = []
    event.listen(conn, "before_cursor_execute", lambda *told: counted.append(told[2]))
    for on in days:
        assert position(conn, loan_id=loan_id, on=on) == position_of(whole, on=on)
    assert len(counted) == 4 * len(days), "none of it was told whole"
    monkeypatch.setattr(queries.milestone, "engine", lambda: "another")
    assert position(conn, loan_id=loan_id, on=days[-1]) == position_of(whole, on=days[-1])
