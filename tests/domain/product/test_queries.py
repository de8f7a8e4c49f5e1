from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import Connection, text

from domain.product import queries
from postgres.database import Database
from seed import chart, products


def test_a_version_changed_behind_our_back_is_not_used(db: Database, database_url: str) -> None:
    with db.transaction() as conn:
        chart.open_books(conn, from_on=date(2026, 1, 1), months=1)
        products.publish(conn, funder_id=7, effective_from=date(2026, 1, 1))
    owner = Database(database_url, role=None)
    with owner.engine.begin() as conn:
        conn.execute(
            text("UPDATE product.version SET content = jsonb_set(content, '{interest_rate_annual}', '\"0.01\"')")
        )
    owner.dispose()

    def read(conn: Connection) -> None:
        with pytest.raises(AssertionError, match="is not what was published"):
            queries.latest(conn, code=products.CODE)

    db.run(read)
