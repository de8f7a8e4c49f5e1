"""Applications, their stages, reviews and offers."""

from migrations.runner import execute_sql_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Bring the schema up by the SQL beside this file."""
    execute_sql_beside(__file__)
