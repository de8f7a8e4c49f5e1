from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection

from domain.command import Command
from domain.party import operations, queries
from domain.party.partner import Funder, LenderType
from seed.parties import development_vault

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
