"""What every revision does: execute the .sql file of its own name."""

from pathlib import Path

from alembic import op
from psycopg import Connection


def execute_sql_beside(revision_file: str) -> None:
    """Execute the .sql file beside a revision's .py file, whole, as written (a `%` in it is a plain character)."""
    connection = op.get_bind().connection.driver_connection
    assert isinstance(connection, Connection)
    connection.execute(Path(revision_file).with_suffix(".sql").read_bytes())
