from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Connection

from domain.command import Command
from domain.party import operations, queries
from domain.party.partner import Funder, LenderType
from seed import chart
from seed.keys import development_vault
from seed.parties import APP_ID, open_parties

COMMAND = Command(actor="test", key="k", received_at=datetime(2026, 3, 5, tzinfo=UTC))


def test_a_funder_is_found_by_its_code(conn: Connection) -> None:
    party_id = operations.open_funder(
        conn, code="F1", name_zh="银行", name_en="Bank", lender_type=LenderType.BANK, book=1, command=COMMAND
    )
    assert queries.funder_by_code(conn, "F1") == Funder(
        party_id=party_id, code="F1", name_zh="银行", name_en="Bank", lender_type=LenderType.BANK, book=1
    )
    assert queries.funder_by_code(conn, "F2") is None


def test_an_unknown_application_has_no_channel(conn: Connection) -> None:
    assert queries.channel(conn, "nobody", vault=development_vault()) is None


def test_a_channel_is_found_by_its_number_as_by_its_application_id(conn: Connection) -> None:
    vault = development_vault()
    chart.open_books(conn, from_on=date(2026, 3, 1), months=1)
    parties = open_parties(conn, vault=vault, from_on=date(2026, 3, 1))
    found = queries.channel_of(conn, parties.channel_id, vault=vault)
    assert found is not None
    assert found == queries.channel(conn, APP_ID, vault=vault)
    assert queries.channel_of(conn, parties.channel_id + 1, vault=vault) is None
