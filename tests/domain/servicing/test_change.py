"""Changes of living loans against the real books."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from domain.servicing.allocation import Component
from domain.servicing.change import Change
from domain.servicing.fact import Fact, Levy, Reverse, Waive
from domain.servicing.operations.change import Recorded, record
from domain.servicing.queries.position import position as position_on
from tests.domain.servicing.world import START, World, books, close, command

FIRST_DUE = date(2026, 2, 28)


def change(
    loan_id: int, fact: Fact, *, key: str | None = None, on: date | None = None, actor: str = "tester"
) -> Change:
    by = command(key or f"change-{loan_id}-{type(fact).__name__}-{fact.value_on}")
    return Change(loan_id=loan_id, fact=fact, command=by, business_on=on or fact.value_on)


def recorded(conn: Connection, one: Change) -> Recorded:
    (made,) = record(conn, [one])
    assert isinstance(made, Recorded), made
    return made


def levy(on: date, amount: int = 50_00, *, name: str = "SMS") -> Levy:
    return Levy(no=0, value_on=on, booked_on=on, name=name, component=Component.FEE, due_on=on, amount=amount)


def test_a_charge_makes_a_plain_loan_a_living_one_and_books_only_the_charge(conn: Connection, world: World) -> None:
    loan_id = world.disbursed(conn)
    close(conn, START, date(2026, 2, 9))
    before = books(conn, loan_id)
    made = recorded(conn, change(loan_id, levy(date(2026, 2, 10))))
    assert len(made.entry_ids) == 1
    assert books(conn, loan_id) == before | {"1124.01": 50_00}
    again = record(conn, [change(loan_id, levy(date(2026, 2, 10)))])
    assert [one.is_replay for one in again if isinstance(one, Recorded)] == [True]
    assert books(conn, loan_id) == before | {"1124.01": 50_00}
    close(conn, date(2026, 2, 10), date(2026, 3, 10))
    position = position_on(conn, loan_id=loan_id, on=date(2026, 3, 11))
    assert position is not None
    assert position.due.fee == 50_00
    fact = Waive(
        no=0,
        value_on=date(2026, 3, 11),
        booked_on=date(2026, 3, 11),
        component=Component.FEE,
        approver="boss",
        amount=20_00,
    )
    recorded(conn, change(loan_id, fact))
    assert books(conn, loan_id)["1124.01"] == 30_00
    recorded(conn, change(loan_id, Reverse(no=0, value_on=date(2026, 3, 12), booked_on=date(2026, 3, 12), of=2)))
    assert "1124.01" not in books(conn, loan_id), "a waiver of a charge that never was waives nothing"
