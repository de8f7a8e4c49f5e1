"""The tables' declaration; that it equals the database is the drift test's business (tests/migrations)."""

from ledger.tables import metadata


def test_every_table_of_the_ledger_leads_with_its_book() -> None:
    """What Citus, row-level security and the law "nothing of book A is visible in book B" all rest on."""
    for table in metadata.sorted_tables:
        if table.name != "ddl_log":
            assert next(iter(table.primary_key.columns)).name == "book_id", table.name
