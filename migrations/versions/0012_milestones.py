"""Milestones: what a life stands at after its first facts, derived and droppable."""

from migrations.runner import execute_sql_beside

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Execute the SQL file of the same name."""
    execute_sql_beside(__file__)
