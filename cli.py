"""The `zhudai` command: each command reads its arguments, makes one call below, and prints a table or JSON.

Exit 0 done, 1 refused or found something, 2 wrong usage.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from ledger.books import books, chart
from ledger.money import minor_digits
from ledger.sequencer import drain
from ledger.statements import (
    BEGINNING,
    END,
    Dimension,
    TrialBalance,
    account_statement,
    trial_balance,
    without_zero,
)
from postgres import migrate as migrations
from postgres.binaries import PostgresUnavailable
from postgres.database import Database
from postgres.embedded import start
from seed import chart as seed_chart
from seed import parties as seed_parties
from seed import products as seed_products

DATA: Final = Path(".data")
"""Where the embedded PostgreSQL lives when DATABASE_URL is absent."""
OPENED_ON: Final = date(2025, 1, 1)
"""First day of the demo's books, parties and product."""
MONTHS: Final = 36
"""Months that the demo's books have open."""

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
BookId = Annotated[int, typer.Option(help="Book: 1 the lender's, 2 the platform's.")]


@contextmanager
def database(environ: Mapping[str, str] = os.environ) -> Iterator[Database]:
    """The database that the environment names, or the embedded one under ./.data, brought up to date."""
    external = environ.get("DATABASE_URL")
    if external:
        yield _migrated(external)
        return
    with start(DATA, progress=lambda sentence: err.print(f"[dim]{sentence}[/dim]")) as server:
        yield _migrated(server.url)


def _migrated(url: str) -> Database:
    for revision in migrations.upgrade(url):
        err.print(f"[dim]migrated to {revision}[/dim]")
    return Database(url)


@app.command()
def migrate() -> None:
    """Bring the schema up to date. Example: zhudai migrate."""
    with database() as db:
        db.dispose()


@app.command()
def demo() -> None:
    """Open the demo's books, parties and product; again changes nothing. Example: zhudai demo."""
    with database() as db:
        _seed(db)
        db.dispose()


def _seed(db: Database) -> None:
    with db.transaction() as conn:
        seed_chart.open_books(conn, from_on=OPENED_ON, months=MONTHS)
        parties = seed_parties.open_parties(conn, vault=seed_parties.development_vault(), from_on=OPENED_ON)
        product = seed_products.publish(conn, funder_id=parties.funder_id, effective_from=OPENED_ON)
        table = Table("book", "legal entity", "accounts", title=f"{product.code} v{product.version} {product.name_zh}")
        for book in books(conn):
            table.add_row(str(book.book_id), book.legal_entity, str(len(chart(conn, book.book_id))))
        out.print(table)


@app.command("trial-balance")
def trial_balance_command(
    *,
    book: BookId = 1,
    on: Annotated[str, typer.Option(help="Last effective day, YYYY-MM-DD.")] = END.isoformat(),
    since: Annotated[str, typer.Option(help="First effective day of the turnover.")] = BEGINNING.isoformat(),
    as_of: Annotated[int | None, typer.Option(help="As the log knew it at this number.")] = None,
    level: Annotated[int | None, typer.Option(help="Roll up to this depth of the chart.")] = None,
    by: Annotated[list[Dimension] | None, typer.Option(help="Split by a dimension.")] = None,
    as_json: Json = False,
) -> None:
    """试算平衡表. Example: zhudai trial-balance --book 1 --on 2026-03-31 --level 1."""
    with database() as db:
        with db.snapshot() as conn:
            balance = trial_balance(
                conn, book=book, from_on=_day(since), to_on=_day(on), as_of_seq=as_of, level=level, by=by or ()
            )
        db.dispose()
    if as_json:
        out.print_json(json.dumps(_document(balance), ensure_ascii=False))
    else:
        out.print(_table(without_zero(balance)))
    if not balance.balanced:
        err.print("LEDGER_UNBALANCED debits and credits differ: run the checks of the ledger before anything else")
        raise typer.Exit(1)


@app.command()
def statement(
    account: Annotated[str, typer.Argument(help="Account code, such as 1303.01.")],
    *,
    book: BookId = 1,
    first: Annotated[int, typer.Option(help="Lines on the page.", min=1, max=1000)] = 50,
    after: Annotated[str | None, typer.Option(help="Cursor of the page before.")] = None,
) -> None:
    """明细账: an account's lines with their running balance. Example: zhudai statement 1303.01."""
    with database() as db:
        with db.transaction() as conn:
            drain(conn, book)
        with db.snapshot() as conn:
            page = account_statement(conn, book=book, account=account, after=after, first=first)
        db.dispose()
    if page is None:
        err.print(f"LEDGER_ACCOUNT_UNKNOWN there is no account {account} in book {book}: see zhudai trial-balance")
        raise typer.Exit(1)
    digits = minor_digits(page.account.currency)
    table = Table("date", "entry", "kind", "debit", "credit", "balance", title=f"{account} {page.account.name_zh}")
    table.add_row("", "", "opening", "", "", _amount(page.opening, digits))
    for line in page.lines:
        amount = _amount(line.amount, digits)
        debit, credit = (amount, "") if line.side.value == "D" else ("", amount)
        table.add_row(
            line.effective_on.isoformat(),
            str(line.entry_id),
            line.kind,
            debit,
            credit,
            _amount(line.balance, digits),
        )
    table.add_row("", "", "closing", "", "", _amount(page.closing, digits))
    out.print(table)
    if page.has_next:
        out.print(f"next page: --after {page.lines[-1].cursor}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date like 2026-03-31") from None


def _amount(minor: int, digits: int) -> str:
    return f"{Decimal(minor).scaleb(-digits):,.{digits}f}"


def _table(balance: TrialBalance) -> Table:
    digits = minor_digits(balance.currency)
    table = Table(title=f"试算平衡表 book {balance.book} {balance.currency} {balance.from_on} … {balance.to_on}")
    for column in ("account", "name", *(row.value for row in _dimensions(balance))):
        table.add_column(column)
    for column in ("opening D", "opening C", "debit", "credit", "closing D", "closing C"):
        table.add_column(column, justify="right")
    for row in balance.rows:
        dims = (str(row.dimensions[one] or "") for one in _dimensions(balance))
        table.add_row(row.account.code, row.account.name_zh, *dims, *_figures(row.turnover, digits))
    table.add_section()
    table.add_row("", "合计", *("" for _ in _dimensions(balance)), *_figures(balance.total, digits))
    return table


def _dimensions(balance: TrialBalance) -> tuple[Dimension, ...]:
    return tuple(balance.rows[0].dimensions) if balance.rows else ()


def _figures(turnover: object, digits: int) -> Iterator[str]:
    for name in ("opening_debit", "opening_credit", "debit", "credit", "closing_debit", "closing_credit"):
        minor = getattr(turnover, name)
        yield _amount(minor, digits) if minor else ""


def _document(balance: TrialBalance) -> dict[str, object]:
    names = ("opening_debit", "opening_credit", "debit", "credit", "closing_debit", "closing_credit")
    return {
        "book": balance.book,
        "currency": balance.currency,
        "from": balance.from_on.isoformat(),
        "to": balance.to_on.isoformat(),
        "asOfSeq": balance.as_of_seq,
        "balanced": balance.balanced,
        "rows": [
            {
                "account": row.account.code,
                "name": row.account.name_zh,
                **{one.value: value for one, value in row.dimensions.items()},
                **{name: str(getattr(row.turnover, name)) for name in names},
            }
            for row in balance.rows
        ],
        "total": {name: str(getattr(balance.total, name)) for name in names},
    }


@app.command()
def run() -> None:
    """Everything for a first look: embedded PostgreSQL, schema, seed, and the trial balance. Example: zhudai run."""
    with database() as db:
        _seed(db)
        with db.snapshot() as conn:
            for book in books(conn):
                out.print(_table(trial_balance(conn, book=book.book_id, level=1)))
        db.dispose()


def main() -> None:
    """Run the command line; errors are one sentence with a code."""
    try:
        app()
    except PostgresUnavailable as error:
        err.print(str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
