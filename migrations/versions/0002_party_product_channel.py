"""Who takes part, what is lent, and how partners' messages come in."""

from migrations.runner import execute_sql_beside

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
