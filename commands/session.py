"""What the commands of a database share: the one that the environment names, brought up to date, and the settings."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Final

import psycopg
import typer

import settings
from commands.printing import err, refuse
from ledger import books
from ledger.sequencer import drain
from postgres import migrate as migrations
from postgres.binaries import MAJOR_MIN
from postgres.database import Database
from postgres.embedded import start

CONNECT_SECONDS: Final = 10
"""How long a database may take to answer the first call."""

BookId = Annotated[int, typer.Option(help="Book: 1 the lender's, 2 the platform's.")]


@contextmanager
def database_url(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """The URL of the database that the environment names, or of the embedded one, brought up to date."""
    external = environ.get("DATABASE_URL")
    if external:
        _reached(external)
        _migrated(external)
        yield external
        return
    with start(settings.DATA, progress=lambda sentence: err.print(f"[dim]{sentence}[/dim]")) as server:
        _migrated(server.url)
        yield server.url


@contextmanager
def database(environ: Mapping[str, str] = os.environ) -> Iterator[Database]:
    """The same as a `Database`."""
    with database_url(environ) as url:
        db = Database(url)
        try:
            yield db
        finally:
            db.dispose()


def chosen_settings() -> settings.Settings:
    """The settings that the environment makes, or a refusal that says which name is wrong."""
    try:
        return settings.read()
    except settings.SettingsInvalid as why:
        code, _, sentence = str(why).partition(" ")
        refuse(code, sentence)


def catch_up(db: Database, book: int) -> None:
    """Number what a book's intake holds, so that its totals say everything; a book that is not there is refused."""
    known(db, book)
    db.run(lambda conn: drain(conn, book))


def known(db: Database, book: int) -> None:
    """Refuse a book that is not there."""
    if book not in {one.book_id for one in db.run(books.books)}:
        refuse("LEDGER_BOOK_UNKNOWN", f"there is no book {book}: 1 is the lender's, 2 the platform's after zhudai demo")


def migrate() -> None:
    """Bring the schema up to date. Example: zhudai migrate."""
    with database():
        err.print("the schema is up to date")


def _reached(url: str) -> None:
    """Refuse a database that does not answer, or is too old, before anything is begun; no secret is repeated."""
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as conn:
            major = conn.info.server_version // 10_000
    except psycopg.ProgrammingError:
        refuse("DATABASE_URL_INVALID", "DATABASE_URL is not like postgresql://user@host/database: correct or unset it")
    except psycopg.OperationalError as why:
        said = str(why).strip().partition("\n")[0]
        refuse("DATABASE_UNREACHABLE", f"{said}: start that server, or unset DATABASE_URL for the embedded one")
    if major < MAJOR_MIN:
        refuse("DATABASE_TOO_OLD", f"the server is PostgreSQL {major}: {MAJOR_MIN} or newer is needed")


def _migrated(url: str) -> None:
    for revision in migrations.upgrade(url):
        err.print(f"[dim]migrated to {revision}[/dim]")
