"""The lives of loans: contract documents, facts, and what the journal has booked of them."""

from migrations.runner import execute_sql_beside

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
