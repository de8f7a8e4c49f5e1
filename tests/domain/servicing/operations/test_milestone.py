"""Milestones are written as facts come in, and made anew from facts alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from domain.servicing import operations, tables
from domain.servicing.allocation import Component
from domain.servicing.change import Change
from domain.servicing.fact import Levy
from domain.servicing.milestone import EVERY
from domain.servicing.operations.change import Recorded, record
from domain.servicing.operations.milestone import crossed, retell
from domain.servicing.queries.dossier import dossiers
from tests.domain.servicing.world import START, World, command

STORED = select(tables.milestone).order_by(tables.milestone.c.no)


def charged(conn: Connection, loan_id: int, count: int) -> None:
    """A charge a day."""
    for n in range(1, count + 1):
        on = START + timedelta(days=n)
        charge = Levy(no=0, value_on=on, booked_on=on, name="SMS", component=Component.FEE, due_on=on, amount=1_00)
        by = command(f"levy-{on}")
        (made,) = record(conn, [Change(loan_id=loan_id, fact=charge, command=by, business_on=on)])
        assert isinstance(made, Recorded)


def test_what_is_made_anew_is_what_was_written_on_the_way(
    conn: Connection, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan_id = world.disbursed(conn)
    charged(conn, loan_id, 2 * EVERY)
    written = conn.execute(STORED).all()
    assert [row.no for row in written] == [EVERY, 2 * EVERY]
    retell(conn, [loan_id])
    assert conn.execute(STORED).all() == written
    monkeypatch.setattr(operations.milestone, "engine", lambda: "another")
    retell(conn, [loan_id])
    again = conn.execute(STORED).all()
    assert {row.engine for row in again} == {"another"}, "what the engine before has left is gone"
    assert [row.document for row in again] == [row.document for row in written]


def test_a_milestone_is_passed_with_every_fourth_fact_or_with_many_at_once(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    charged(conn, loan_id, 1)
    dossier = dossiers(conn, [loan_id])[loan_id]
    fact = dossier.facts[-1]
    assert not crossed(dossier, replace(fact, no=EVERY - 1))
    assert crossed(dossier, replace(fact, no=EVERY))
    many = replace(dossier, facts=(fact,) * EVERY)
    assert not crossed(many, replace(fact, no=EVERY + 1))
    assert crossed(replace(many, is_new=True), replace(fact, no=EVERY + 1)), "none of them was written before"
