"""Reconciliation runs with their differences, and collection cases with their history."""

from migrations.runner import execute_sql_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Bring the schema up by the SQL beside this file."""
    execute_sql_beside(__file__)
