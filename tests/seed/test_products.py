from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from domain.origination.workflow import FlowInvalid, flow_of
from seed import chart, german, products


def test_the_demo_product_is_published_once(conn: Connection) -> None:
    chart.open_books(conn, from_on=date(2026, 1, 1), months=1)
    first = products.publish(conn, funder_id=7, effective_from=date(2026, 1, 1))
    assert products.publish(conn, funder_id=7, effective_from=date(2026, 1, 1)) == first


def test_its_flow_is_one_that_origination_can_walk() -> None:
    assert not isinstance(flow_of(products.FLOW), FlowInvalid)


def test_every_german_application_asks_for_something_on_offer() -> None:
    product = products.draft(funder_id=7, effective_from=date(2026, 1, 1))
    for application in german.applications():
        assert product.offers(amount=application.amount, months=application.term_months), application.row
