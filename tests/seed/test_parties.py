from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection

from domain.channel import queries
from domain.party.partner import ChannelState
from seed import chart, products
from seed.keys import development_vault
from seed.parties import APP_ID, channel, channel_key, open_parties

FROM = date(2026, 1, 1)


def test_the_parties_open_once_and_again_changes_nothing(conn: Connection) -> None:
    vault = development_vault()
    chart.open_books(conn, from_on=FROM, months=2)
    first = open_parties(conn, vault=vault, from_on=FROM)
    assert open_parties(conn, vault=vault, from_on=FROM) == first


def test_the_channel_has_its_key_and_its_route(conn: Connection) -> None:
    vault = development_vault()
    chart.open_books(conn, from_on=FROM, months=2)
    parties = open_parties(conn, vault=vault, from_on=FROM)
    found = channel(conn, vault=vault)
    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert (found.app_id, found.party_id, found.state) == (APP_ID, parties.partner_id, ChannelState.ACTIVE)
    assert found.key("k1", at) == channel_key(valid_from=datetime(2026, 1, 1, tzinfo=UTC))
    route = queries.route(conn, channel_id=found.channel_id, product_code=products.CODE, on=FROM)
    assert route is not None
    assert route.product == parties.product
    assert route.extension["checking_status"].codes[0] == "OVERDRAWN"
    assert queries.route(conn, channel_id=found.channel_id, product_code=products.CODE, on=date(2025, 12, 31)) is None
