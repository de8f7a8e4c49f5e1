"""Loans: contracts, schedules, what was paid of them, what the books have accrued of them."""

from migrations.runner import execute_sql_beside

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
