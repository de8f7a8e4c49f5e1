"""What every command shares: the database that the environment names, two consoles, and how a refusal is said."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, NoReturn

import psycopg
import typer
from rich.console import Console
from rich.text import Text

import settings
from ledger import books
from ledger.sequencer import drain
from postgres import migrate as migrations
from postgres.binaries import MAJOR_MIN
from postgres.database import Database
from postgres.embedded import start

PIPE_COLUMNS: Final = 200
"""Width of a table that nobody looks at on a terminal: nothing is cut."""

CONNECT_SECONDS: Final = 10
"""How long a database may take to answer the first call."""

out: Final = Console(width=None if sys.stdout.isatty() else PIPE_COLUMNS)
"""Answers."""
err: Final = Console(stderr=True, width=None if sys.stderr.isatty() else PIPE_COLUMNS)
"""Everything else."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
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


def refuse(code: str, sentence: str) -> NoReturn:
    """Say why not, in one sentence with a stable code, and end with 1."""
    say(code, sentence)
    raise typer.Exit(1)


def say(code: str, sentence: str) -> None:
    """One sentence with a stable code, on standard error; a line that is read by programs too is never wrapped."""
    told = Text.assemble((code, "bold red"), " ", sentence)
    err.print(told, highlight=False, soft_wrap=True)


def print_json(document: object) -> None:
    """Print a document as JSON, as it is."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def read_text(file: Path, name: str) -> str:
    """Read a file that a person names, or standard input for `-`; `name` is what the command line calls it."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def day(text: str) -> date:
    """Read a date like 2026-03-31."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-03-31") from None


def amount(minor: int, digits: int) -> str:
    """Write an amount with thousands marks."""
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}"
