"""Rule sets, models and decisions."""

from migrations.runner import execute_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Bring the schema up by the SQL beside this file."""
    execute_sql_beside(__file__)
