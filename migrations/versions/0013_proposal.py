"""Changes of loans that wait for a second person, and what he said."""

from migrations.runner import execute_sql_beside

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
