"""`demo`: a thousand real applications, lived in for a year, and the figures of it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

import settings
from commands.books import table_of
from commands.session import amount, database_url, err, out
from ledger.books import books
from ledger.statements import trial_balance, without_zero
from postgres.database import Database
from sandbox import process
from sandbox.client import BankClient
from seed import demo as demonstration
from seed.figures import Figures, figures
from server import merchant, seal_books, signer


def demo(
    *,
    loans: Annotated[int | None, typer.Option(help="Applications to load, at most 1000.", min=1, max=1000)] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same year.")] = 1,
    days: Annotated[
        int | None, typer.Option(help="Live so many business days, and the rest another time.", min=1)
    ] = None,
) -> None:
    """Load the demonstration, or go on where it stopped; again changes nothing. Example: zhudai demo --loans 100."""
    with database_url() as url:
        load(url, limit=loans, seed=seed, days_max=days)
        show(url)


def load(url: str, *, limit: int | None = None, seed: int = 1, days_max: int | None = None) -> None:
    """Load the demonstration into a migrated database, with a bar on a terminal and a line a month elsewhere."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    chosen = settings.read()
    with ExitStack() as stack:
        db = Database(url, name="zhudai-demo")
        stack.callback(db.dispose)
        address = chosen.bank_url or stack.enter_context(process.running(settings.DATA / "bank", key=chosen.bank_key))
        bank = stack.enter_context(BankClient(address, key=chosen.bank_key, merchant=merchant(db)))
        progress = stack.enter_context(_progress())
        demonstration.load(db, bank=bank, seed=seed, limit=limit, days_max=days_max, progress=progress)
        seal_books(db, signer(chosen))


def show(url: str) -> None:
    """Print what the year came to, and the trial balance of each book."""
    db = Database(url)
    with db.snapshot() as conn:
        found = figures(conn)
        sheets = [trial_balance(conn, book=book.book_id) for book in books(conn)]
    db.dispose()
    out.print(_figures(found))
    for sheet in sheets:
        out.print(table_of(without_zero(sheet)))


@contextmanager
def _progress() -> Iterator[demonstration.Progress]:
    if not sys.stderr.isatty():

        def told(what: str, done: int, total: int) -> None:
            if what == "day" and done % 30 == 0:
                err.print(f"demo: business day {done} of {total}")

        yield told
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        tasks = {
            "model": bar.add_task("training the model", total=1),
            "day": bar.add_task("living through the year", total=None),
        }
        yield lambda what, done, total: bar.update(tasks[what], completed=done, total=total)


def _figures(found: Figures) -> Table:
    table = Table(title=f"The demonstration, closed up to {found.closed_on}", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("applications", str(sum(found.applications.values())))
    for stage, count in sorted(found.applications.items(), key=lambda item: -item[1]):
        table.add_row(f"  {stage}", str(count))
    table.add_section()
    for (stage, outcome), count in sorted(found.decisions.items()):
        table.add_row(f"decisions {stage} {outcome}", str(count))
    table.add_section()
    table.add_row("loans paid out 放款", f"{found.loans}   {amount(found.lent, 2)}")
    table.add_row("repayments 还款", f"{found.repayments}   {amount(found.repaid, 2)}")
    table.add_row("interest income 利息收入", amount(found.interest_income, 2))
    table.add_row("penalty income 罚息收入", amount(found.penalty_income, 2))
    for bucket, (loans, owed) in found.overdue.items():
        table.add_row(f"overdue 逾期 {bucket}", f"{loans}   {amount(owed, 2)}")
    table.add_row("collection cases 催收案件, open of all", f"{found.cases_open} of {found.cases}")
    table.add_section()
    for kind, count in sorted(found.orders.items()):
        table.add_row(f"payment orders {kind}", str(count))
    table.add_row("discrepancies open 对账差异", str(found.discrepancies_open))
    table.add_row("journal entries 凭证, lender's book", str(found.entries))
    table.add_row("books balance 试算平衡", "yes" if found.balanced else "NO")
    return table
