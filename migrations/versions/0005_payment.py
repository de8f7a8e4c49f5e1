"""Payment orders and what was heard about them."""

from migrations.runner import execute_sql_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Bring the schema up by the SQL beside this file."""
    execute_sql_beside(__file__)
