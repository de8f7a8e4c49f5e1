"""The double-entry core."""

from migrations.runner import execute_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Bring the schema up by the SQL beside this file."""
    execute_sql_beside(__file__)
