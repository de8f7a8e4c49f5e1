"""The close of business: which days were closed, and how far an unfinished one has come."""

from migrations.runner import execute_sql_beside

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
