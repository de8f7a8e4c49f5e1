"""Reads of payment orders: pages, days, what waits and what is open."""

from datetime import date, timedelta

from sqlalchemy import Connection

from domain.payment import operations, queries
from domain.payment.order import Kind, Outcome, State
from tests.domain.payment.test_operations import AT, ON, heard, made, sent, wish


def test_pages_walk_all_orders_newest_first(conn: Connection) -> None:
    orders = made(conn, *[wish(key=f"a{number}") for number in range(5)])
    first = queries.page(conn, first=2)
    second = queries.page(conn, first=9, after=first[-1].order_no)
    assert [*first, *second] == list(reversed(orders))
    assert queries.page(conn, first=9, state=State.SENT) == ()
    assert len(queries.page(conn, first=9, state=State.CREATED, kind=Kind.DISBURSEMENT, business_on=ON)) == 5


def test_a_day_is_its_own_orders_and_those_that_are_named(conn: Connection) -> None:
    orders = made(conn, *[wish(key=f"a{number}") for number in range(3)])
    assert queries.of_day(conn, business_on=ON) == tuple(orders)
    assert queries.of_day(conn, business_on=date(2020, 1, 1), order_nos=[orders[0].order_no]) == (orders[0],)


def test_each_state_is_found_where_it_is_looked_for(conn: Connection) -> None:
    (waits,) = made(conn, wish(key="waits"))
    unknown, paid = sent(conn, wish(key="unknown"), wish(key="paid", kind=Kind.COLLECTION))
    operations.record(conn, [heard(paid, Outcome.SUCCEEDED)], actor="bank")
    assert queries.waiting(conn) == (waits.order_no,)
    assert queries.waiting(conn, kind=Kind.COLLECTION) == ()
    assert [one.order_no for one in queries.in_state(conn, states=[State.SUCCEEDED])] == [paid.order_no]
    (open_one,) = queries.unresolved(conn, at=AT + timedelta(hours=1))
    assert (open_one.order, open_one.age) == (unknown, timedelta(hours=1))
    assert queries.by_business(conn, kind=Kind.DISBURSEMENT, business_keys=["unknown", "paid"]) == (unknown,)
    assert queries.order(conn, order_no="PO0") is None
    assert queries.history(conn, order_no=waits.order_no) == ()
    assert queries.anomalous(conn) == ()
