"""`demo`: a thousand real applications, lived in for a year, and the figures of it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated, Final

import psycopg
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from commands.books import sheet_of
from commands.printing import Json, amount, err, out, print_json, refuse
from commands.session import chosen_settings, database_url
from commands.sheet import table
from ledger.books import books
from ledger.money import Money
from ledger.statements import trial_balance, without_zero
from postgres.database import Database
from sandbox import process
from sandbox.client import BankClient
from sandbox.leash import hold
from seed import demo as demonstration
from seed.chart import CURRENCY
from seed.figures import Figures, figures
from server import merchant, seal_books, signer
from settings import DATA, Settings

DOING: Final = {"model": "training the model", "day": "living through the year"}
"""What the bar says."""


def demo(
    *,
    loans: Annotated[int | None, typer.Option(help="Applications to load, at most 1000.", min=1, max=1000)] = None,
    seed: Annotated[int, typer.Option(help="The same seed makes the same year.")] = 1,
    days: Annotated[
        int | None, typer.Option(help="Live so many business days, and the rest another time.", min=1)
    ] = None,
    as_json: Json = False,
    leashed: Annotated[bool, typer.Option(hidden=True, help="Stop when standard input ends.")] = False,
) -> None:
    """Load the demonstration, or go on where it stopped; again changes nothing. Example: zhudai demo --loans 100."""
    if leashed:
        hold()
    with database_url() as url:
        load(url, limit=loans, seed=seed, days_max=days)
        show(url, as_json=as_json)


def load(url: str, *, limit: int | None = None, seed: int = 1, days_max: int | None = None) -> None:
    """Load the demonstration into a migrated database, with a bar on a terminal and a line a month elsewhere."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    chosen = chosen_settings()
    with ExitStack() as stack:
        stack.enter_context(_alone(url))
        db = Database(url, name="zhudai-demo")
        stack.callback(db.dispose)
        address = chosen.bank_url or stack.enter_context(bank_of(chosen))
        bank = stack.enter_context(BankClient(address, key=chosen.bank_key, merchant=merchant(db)))
        progress = stack.enter_context(_progress())
        demonstration.load(db, bank=bank, seed=seed, limit=limit, days_max=days_max, progress=progress)
        seal_books(db, signer(chosen))


@contextmanager
def bank_of(chosen: Settings) -> Iterator[str]:
    """The URL of a sandbox bank beside us, for a machine of one's own."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(process.running(DATA / "bank", key=chosen.bank_key))
        except process.BankUnavailable as why:
            refuse("BANK_UNAVAILABLE", f"{why}: look into {DATA / 'bank'}, or set ZHUDAI_BANK_URL to another bank")
        yield url


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """Keep a second life of the same year out: two would meet each other's rows."""
    with psycopg.connect(url, autocommit=True) as conn:
        if conn.execute("SELECT pg_try_advisory_lock(hashtext('zhudai demo'))").fetchone() != (True,):
            refuse("DEMO_RUNNING", "another process lives through the demonstration in this database: wait for it")
        yield


def show(url: str, *, as_json: bool = False) -> None:
    """Print what the year came to, and the trial balance of each book."""
    db = Database(url)
    with db.snapshot() as conn:
        found = figures(conn)
        sheets = [trial_balance(conn, book=book.book_id) for book in books(conn)]
    db.dispose()
    if as_json:
        print_json(_document(found))
        return
    out.print(_figures(found))
    for sheet in sheets:
        out.print(table(sheet_of(without_zero(sheet))))


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
        task = bar.add_task(DOING["model"], total=1)
        yield lambda what, done, total: bar.update(task, description=DOING[what], completed=done, total=total)


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


def _document(found: Figures) -> dict[str, object]:
    def money(minor: int) -> str:
        return str(Money(minor, CURRENCY))

    return {
        "closedOn": None if found.closed_on is None else found.closed_on.isoformat(),
        "applications": dict(sorted(found.applications.items())),
        "decisions": [
            {"stage": stage, "outcome": outcome, "count": count}
            for (stage, outcome), count in sorted(found.decisions.items())
        ],
        "paymentOrders": dict(sorted(found.orders.items())),
        "loans": found.loans,
        "lent": money(found.lent),
        "repayments": found.repayments,
        "repaid": money(found.repaid),
        "interestIncome": money(found.interest_income),
        "penaltyIncome": money(found.penalty_income),
        "overdue": [
            {"bucket": bucket, "loans": loans, "amount": money(owed)} for bucket, (loans, owed) in found.overdue.items()
        ],
        "cases": found.cases,
        "casesOpen": found.cases_open,
        "discrepanciesOpen": found.discrepancies_open,
        "entries": found.entries,
        "balanced": found.balanced,
    }
