"""`close-day` and `reconcile`: the evening and the morning of a business day."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, NoReturn

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Connection

import server
from commands.printing import Json, day, err, out, print_json, refuse
from commands.session import catch_up, chosen_settings, database
from domain.calendar import day_of
from domain.command import Command
from domain.day import operations as days
from domain.day.refusal import DayInFuture, DayOutOfOrder, DayPassed
from domain.origination.operations import BankAnswers
from domain.party import queries as parties
from domain.product import queries as products
from domain.product.accounting import Event
from domain.reconciliation import operations as reconciliation
from domain.reconciliation import queries as reconciled
from domain.reconciliation.discrepancy import StoredDiscrepancy
from domain.reconciliation.operations import FileRefused, Reconciled, Settlement
from domain.reconciliation.statement_file import SANDBOX_DAY_FILE, Profile
from domain.refusals import Refusal, text
from ledger.books import books
from ledger.entry import Dimensions
from ledger.seal import EntryMissing, Sealed
from postgres.database import Database
from telemetry import watching

ACTOR: Final = "operator"
"""Who is responsible for what a command does, in the journal."""

PROFILES: Final = MappingProxyType({one.code: one for one in (SANDBOX_DAY_FILE,)})
"""The files that can be read, by name."""


def close_day(
    *,
    on: Annotated[str, typer.Option("--date", help="Business date, YYYY-MM-DD.")],
    workers: Annotated[int, typer.Option(help="Chunks of loans at a time.", min=1, max=32)] = 1,
    chunk_size: Annotated[int, typer.Option(help="Loans of a chunk, for a date not begun.", min=1)] = days.CHUNK_SIZE,
    as_json: Json = False,
) -> None:
    """日终: close a business date, or go on where it stopped. Example: zhudai close-day --date 2026-03-05 --workers 4.

    A date that is closed is not closed again. Afterwards the journal is numbered and sealed.
    """
    business_on, chosen = day(on), chosen_settings()
    with database() as db, _progress() as progress:
        closed = days.close_day(
            db,
            business_on,
            command=_command(f"close/{business_on}"),
            chunk_size=chunk_size,
            workers=workers,
            latest=day_of(datetime.now(UTC), zone=chosen.zone),
            collectors=chosen.collectors,
            progress=progress,
            watch=watching(),
        )
        if isinstance(closed, Refusal):
            refuse_as(closed, then=_next(closed))
        for book in db.run(books):
            catch_up(db, book.book_id)
        sealed = server.seal_books(db, server.signer(chosen))
    if as_json:
        print_json(_closed(closed, sealed))
    else:
        table = Table(title=f"日终 {closed.business_on}" + (" (already closed)" if closed.is_replay else ""))
        for column in ("step", "chunks", "loans", "entries"):
            table.add_column(column, justify="left" if column == "step" else "right")
        for one in closed.steps:
            table.add_row(one.step.value, str(one.chunks), str(one.loans), str(one.entries))
        out.print(table)
    for book_id, made in sealed.items():
        if not isinstance(made, Sealed):
            refuse("LEDGER_ENTRY_MISSING", f"book {book_id}: entry number {made.seq} is gone: run zhudai verify")


def reconcile(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The bank's file of a day.")],
    *,
    product: Annotated[str, typer.Option(help="Code of the product whose rules book the settlement.")],
    profile: Annotated[str, typer.Option(help=" | ".join(PROFILES))] = SANDBOX_DAY_FILE.code,
    on: Annotated[str | None, typer.Option("--date", help="Day of the file; absent: the day that it names.")] = None,
    app_id: Annotated[str | None, typer.Option(help="Channel whose payments these are, for the dimensions.")] = None,
    as_json: Json = False,
) -> None:
    """对账: match a bank's file, settle it and list what differs. Example: zhudai reconcile day.txt --product XF-DEBX.

    Exit 1 when a difference waits for people; the same file again changes nothing.
    """
    if profile not in PROFILES:
        raise typer.BadParameter(f"{profile!r} is not one of {', '.join(PROFILES)}", param_hint="--profile")
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="FILE") from None
    read_as, chosen = PROFILES[profile], chosen_settings()
    business_on = day(on) if on is not None else date_of(raw, read_as)
    if business_on is None:
        refuse("RECONCILIATION_FILE_REFUSED", f"the first line of {file.name} names no date: is it a {profile}?")
    command = _command(f"reconcile/{profile}/{business_on}")

    def work(conn: Connection) -> Reconciled | Refusal | None:
        today = server.today(conn, zone=chosen.zone)
        version = products.effective(conn, code=product, on=today)
        channel = None if app_id is None else parties.channel(conn, app_id, vault=chosen.vault)
        if version is None or (channel is None and app_id is not None):
            return None
        dims = Dimensions(
            scheme=version.product_id,
            party=None if channel is None else channel.party_id,
            channel=None if channel is None else channel.channel_id,
        )
        rule = version.posting_rules[Event.CHANNEL_SETTLED]
        return reconciliation.reconcile(
            conn,
            raw=raw,
            profile=read_as,
            business_on=business_on,
            settlement=Settlement(book=version.lender_book, rule=rule, effective_on=today, dims=dims),
            command=command,
            effect=BankAnswers(on=today, command=command),
        )

    with database() as db:
        answer = db.run(work)
        if answer is None:
            refuse("NOT_FOUND", f"there is no product {product} in effect, or no channel {app_id}: look at their codes")
        if isinstance(answer, FileRefused):
            for one in answer.problems:
                err.print(f"line {one.line_no}: {one.fault} {one.detail}", highlight=False, markup=False)
        if isinstance(answer, Refusal):
            refuse_as(answer, then="nothing of the file was taken, look at it and at the date")
        found = _differences(db, answer)
    if as_json:
        print_json(_reconciled(answer, found))
    else:
        _show(answer, found)
    waiting = sum(one.is_open for one in found)
    if waiting:
        refuse("RECONCILIATION_DIFFERENCES", f"{waiting} differences wait for people: resolve them in the console")


def date_of(raw: bytes, profile: Profile) -> date | None:
    """The day that a file's header names, or None."""
    try:
        header = raw.partition(b"\n")[0].decode(profile.encoding).split(profile.delimiter)
        return date.fromisoformat(header[profile.header_date].strip())
    except (ValueError, IndexError):
        return None


def refuse_as(refusal: Refusal, *, then: str) -> NoReturn:
    """Say a refusal of the domain, and what to do then, and end with 1."""
    refuse(refusal.code, f"{text(refusal, 'en')}: {then}")


def _next(refused: Refusal) -> str:
    """What to do after a close that was refused."""
    match refused:
        case DayOutOfOrder(expected=expected):
            return f"zhudai close-day --date {expected}"
        case DayPassed(last_closed=last_closed):
            return f"{last_closed + timedelta(days=1)} is the next"
        case DayInFuture():
            return "give the command on that day"
        case _:
            return "remove the cause and give the command again, what was closed stays"


def _command(key: str) -> Command:
    return Command(actor=ACTOR, key=key, received_at=datetime.now(UTC))


@contextmanager
def _progress() -> Iterator[days.Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield days.silent
        return
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=err
    ) as bar:
        task = bar.add_task("loans", total=None)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _closed(closed: days.Closed, sealed: Mapping[int, Sealed | EntryMissing]) -> dict[str, object]:
    return {
        "businessDate": closed.business_on.isoformat(),
        "isReplay": closed.is_replay,
        "steps": [
            {
                "step": one.step.value,
                "chunks": one.chunks,
                "loans": one.loans,
                "entries": one.entries,
                "amountMinor": str(one.amount),
            }
            for one in closed.steps
        ],
        "sealed": [
            {"book": book, "entries": made.size, "root": made.root.hex()}
            for book, made in sealed.items()
            if isinstance(made, Sealed)
        ],
    }


def _differences(db: Database, answer: Reconciled) -> tuple[StoredDiscrepancy, ...]:
    """Every difference that a run has found."""
    run = answer.run
    with db.snapshot() as conn:
        return reconciled.discrepancies(conn, first=max(run.discrepancy_count, 1), run_id=run.run_id)


def _reconciled(answer: Reconciled, found: Sequence[StoredDiscrepancy]) -> dict[str, object]:
    run = answer.run
    return {
        "run": run.run_id,
        "profile": run.profile,
        "businessDate": run.business_on.isoformat(),
        "sha256": run.sha256,
        "isReplay": answer.is_replay,
        "rows": run.row_count,
        "matched": run.matched_count,
        "open": sum(one.is_open for one in found),
        "settlementEntry": None if run.settlement_entry_id is None else str(run.settlement_entry_id),
        "differences": [
            {
                "id": one.discrepancy_id,
                "kind": one.kind.value,
                "orderNo": one.order_no,
                "line": one.line_no,
                "ours": None if one.our_amount is None else str(one.our_amount),
                "bank": None if one.bank_amount is None else str(one.bank_amount),
                "bankOutcome": None if one.bank_outcome is None else one.bank_outcome.value,
                "resolution": None if one.resolution is None else one.resolution.action.value,
            }
            for one in found
        ],
    }


def _show(answer: Reconciled, found: Sequence[StoredDiscrepancy]) -> None:
    run = answer.run
    replayed = " (already reconciled)" if answer.is_replay else ""
    table = Table(title=f"对账 {run.business_on}: {run.row_count} rows, {run.matched_count} matched{replayed}")
    for column in ("difference", "order", "line", "ours", "bank", "resolution"):
        table.add_column(column)
    for one in found:
        ours, bank = ("" if money is None else str(money) for money in (one.our_amount, one.bank_amount))
        ended = "OPEN" if one.resolution is None else one.resolution.action.value
        table.add_row(one.kind.value, one.order_no, str(one.line_no or ""), ours, bank, ended)
    out.print(table)
