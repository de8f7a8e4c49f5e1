"""Derived tables can be made anew from the journal, by the owner of the tables."""

from migrations.runner import execute_sql_beside

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
