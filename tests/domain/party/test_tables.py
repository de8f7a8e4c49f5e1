from __future__ import annotations

from domain.party import tables


def test_personal_data_have_no_plain_column() -> None:
    personal = {"name", "holder", "number", "mobile", "identity_number", "account_no"}
    for table in (tables.customer, tables.customer_key, tables.customer_secret, tables.bank_account):
        assert not personal & set(table.c.keys())
