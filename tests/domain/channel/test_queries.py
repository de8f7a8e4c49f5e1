from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Connection

from domain.channel import operations, queries
from domain.command import Command
from seed import chart
from seed.keys import development_vault
from seed.parties import open_parties
from seed.products import CODE

FROM = date(2026, 1, 1)
COMMAND = Command(actor="test", key="k", received_at=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("on", "fields"),
    [
        (date(2026, 1, 1), 15),
        (date(2026, 5, 31), 15),
        (date(2026, 6, 1), 0),
        (date(2026, 6, 30), 0),
        (date(2026, 7, 1), 15),
        (date(2025, 12, 31), None),
    ],
)
def test_the_route_of_a_day_is_the_latest_that_holds(conn: Connection, on: date, fields: int | None) -> None:
    chart.open_books(conn, from_on=FROM, months=1)
    parties = open_parties(conn, vault=development_vault(), from_on=FROM)
    operations.open_route(
        conn,
        channel_id=parties.channel_id,
        product_id=parties.product.product_id,
        effective_from=date(2026, 6, 1),
        effective_to=date(2026, 7, 1),
        extension={},
        command=COMMAND,
    )
    route = queries.route(conn, channel_id=parties.channel_id, product_code=CODE, on=on)
    assert (None if route is None else len(route.extension)) == fields


def test_nobody_elses_route(conn: Connection) -> None:
    chart.open_books(conn, from_on=FROM, months=1)
    parties = open_parties(conn, vault=development_vault(), from_on=FROM)
    assert queries.route(conn, channel_id=parties.channel_id, product_code="NONE", on=FROM) is None
    assert queries.route(conn, channel_id=parties.channel_id + 1, product_code=CODE, on=FROM) is None
    assert queries.message(conn, channel_id=parties.channel_id, api_name="a", business_no="b") is None
