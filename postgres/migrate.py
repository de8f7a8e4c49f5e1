"""Bring a database's schema up to date: Alembic runs the revisions in `migrations/`, forward only.

All pending revisions are one transaction, so a failure leaves the schema as it was; an advisory lock makes a second
migrating process wait and then find nothing to do.
"""

from pathlib import Path
from typing import Final

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from postgres.database import driver_url

SCRIPTS: Final = Path(__file__).resolve().parent.parent / "migrations"
LOCK: Final = 0x7A68756461690001
"""Key of the advisory lock: 'zhudai', then 1."""


def upgrade(url: str, revision: str = "head") -> tuple[str, ...]:
    """Run the pending revisions up to `revision` as the user of `url` (a superuser, or the owner); return their ids."""
    engine = sqlalchemy.create_engine(driver_url(url), poolclass=sqlalchemy.NullPool)
    try:
        with engine.begin() as conn:
            conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
            before = _applied(conn)
            config = _config()
            config.attributes["connection"] = conn
            command.upgrade(config, revision)
            after = _applied(conn)
    finally:
        engine.dispose()
    return tuple(known for known in _known() if before < known <= after)


def pending(url: str) -> tuple[str, ...]:
    """Ids of the revisions that the database has not run yet, in order."""
    engine = sqlalchemy.create_engine(driver_url(url), poolclass=sqlalchemy.NullPool)
    try:
        with engine.connect() as conn:
            applied = _applied(conn)
    finally:
        engine.dispose()
    return tuple(known for known in _known() if known > applied)


def _applied(conn: sqlalchemy.Connection) -> str:
    return MigrationContext.configure(conn).get_current_revision() or ""


def _known() -> tuple[str, ...]:
    """All revision ids, oldest first; they are numbers with leading zeros, so they sort as text."""
    return tuple(script.revision for script in reversed(tuple(ScriptDirectory.from_config(_config()).walk_revisions())))


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    return config
