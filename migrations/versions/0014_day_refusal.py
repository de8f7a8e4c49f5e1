"""A close that the books refuse says so, and is ordered again when its cause is gone."""

from migrations.runner import execute_sql_beside

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
