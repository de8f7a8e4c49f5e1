"""`trial-balance` and `statement`: what the books say, as tables or JSON."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from commands.session import BookId, Json, amount, catch_up, database, day, out, print_json, refuse
from ledger.money import minor_digits
from ledger.statements import (
    BEGINNING,
    END,
    Dimension,
    TrialBalance,
    account_statement,
    trial_balance,
    without_zero,
)


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
    from_on, to_on = day(since), day(on)
    with database() as db:
        catch_up(db, book)
        with db.snapshot() as conn:
            balance = trial_balance(
                conn, book=book, from_on=from_on, to_on=to_on, as_of_seq=as_of, level=level, by=by or ()
            )
    if as_json:
        print_json(_document(balance))
    else:
        out.print(table_of(without_zero(balance)))
    if not balance.balanced:
        refuse("LEDGER_UNBALANCED", "debits and credits differ: run zhudai verify before anything else")


def statement(
    account: Annotated[str, typer.Argument(help="Account code, such as 1303.01.")],
    *,
    book: BookId = 1,
    first: Annotated[int, typer.Option(help="Lines on the page.", min=1, max=1000)] = 50,
    after: Annotated[str | None, typer.Option(help="Cursor of the page before.")] = None,
) -> None:
    """明细账: an account's lines with their running balance. Example: zhudai statement 1303.01."""
    with database() as db:
        catch_up(db, book)
        with db.snapshot() as conn:
            page = account_statement(conn, book=book, account=account, after=after, first=first)
    if page is None:
        refuse("LEDGER_ACCOUNT_UNKNOWN", f"there is no account {account} in book {book}: see zhudai trial-balance")
    digits = minor_digits(page.account.currency)
    table = Table("date", "entry", "kind", "debit", "credit", "balance", title=f"{account} {page.account.name_zh}")
    table.add_row("", "", "opening", "", "", amount(page.opening, digits))
    for line in page.lines:
        moved = amount(line.amount, digits)
        debit, credit = (moved, "") if line.side.value == "D" else ("", moved)
        table.add_row(
            line.effective_on.isoformat(),
            str(line.entry_id),
            line.kind,
            debit,
            credit,
            amount(line.balance, digits),
        )
    table.add_row("", "", "closing", "", "", amount(page.closing, digits))
    out.print(table)
    if page.has_next:
        out.print(f"next page: --after {page.lines[-1].cursor}")


def table_of(balance: TrialBalance) -> Table:
    """A trial balance for a terminal."""
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
        yield amount(minor, digits) if minor else ""


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
