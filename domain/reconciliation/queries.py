"""Reads of reconciliation: runs with their figures, differences with their resolution, the report of a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Row, Select, func, select

from domain.payment.order import Kind, Outcome
from domain.reconciliation.discrepancy import Action, Class, Resolution, StoredDiscrepancy
from domain.reconciliation.report import DayReport, day_report
from domain.reconciliation.statement_file import Problem, StatementRow
from domain.reconciliation.tables import (
    discrepancy,
    discrepancy_resolution,
    match,
    run,
    statement_file,
    statement_row,
)
from ledger.money import Money

_matched = select(func.count()).where(match.c.run_id == run.c.run_id).correlate(run).scalar_subquery()
_rows = select(func.count()).where(statement_row.c.file_id == run.c.file_id).correlate(run).scalar_subquery()
_found = select(func.count()).where(discrepancy.c.run_id == run.c.run_id).correlate(run).scalar_subquery()
_open = (
    select(func.count())
    .select_from(discrepancy.outerjoin(discrepancy_resolution))
    .where(discrepancy.c.run_id == run.c.run_id, discrepancy_resolution.c.discrepancy_id.is_(None))
    .correlate(run)
    .scalar_subquery()
)
_runs: Select[*tuple[object, ...]] = select(
    run,
    statement_file.c.profile,
    statement_file.c.business_on,
    statement_file.c.sha256,
    _rows.label("row_count"),
    _matched.label("matched_count"),
    _found.label("discrepancy_count"),
    _open.label("open_count"),
).join_from(run, statement_file)
_discrepancies: Select[*tuple[object, ...]] = (
    select(
        discrepancy,
        statement_file.c.business_on,
        discrepancy_resolution.c.action,
        discrepancy_resolution.c.reason,
        discrepancy_resolution.c.entry_id,
        discrepancy_resolution.c.actor,
        discrepancy_resolution.c.resolved_at,
    )
    .select_from(discrepancy)
    .join(run, run.c.run_id == discrepancy.c.run_id)
    .join(statement_file, statement_file.c.file_id == run.c.file_id)
    .outerjoin(discrepancy_resolution, discrepancy_resolution.c.discrepancy_id == discrepancy.c.discrepancy_id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One reconciled file, counted from its facts."""

    run_id: int
    profile: str
    business_on: date
    sha256: str
    row_count: int
    matched_count: int
    discrepancy_count: int
    open_count: int
    """Differences that still wait."""
    settlement_book: int | None
    settlement_entry_id: int | None
    """The entry by which the day's collections became money at the bank."""
    actor: str
    run_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedFile:
    """A file that was offered, and why it was refused if it was."""

    file_id: int
    profile: str
    business_on: date
    sha256: str
    byte_count: int
    taken: bool
    problems: tuple[Problem, ...]
    received_at: datetime


def run_of(conn: Connection, *, run_id: int) -> Run | None:
    """One run."""
    row = conn.execute(_runs.where(run.c.run_id == run_id)).one_or_none()
    return None if row is None else _run(row)


def run_of_content(conn: Connection, *, profile: str, sha256: str) -> Run | None:
    """The run of a file's content, under whatever name it came."""
    wanted = (statement_file.c.profile == profile, statement_file.c.sha256 == sha256, statement_file.c.taken)
    row = conn.execute(_runs.where(*wanted)).one_or_none()
    return None if row is None else _run(row)


def run_of_day(conn: Connection, *, profile: str, business_on: date) -> Run | None:
    """The run of a date."""
    wanted = (statement_file.c.profile == profile, statement_file.c.business_on == business_on, statement_file.c.taken)
    row = conn.execute(_runs.where(*wanted)).one_or_none()
    return None if row is None else _run(row)


def runs(conn: Connection, *, first: int, after: int | None = None) -> tuple[Run, ...]:
    """At most `first` runs, newest first, older than run `after`."""
    statement = _runs.order_by(run.c.run_id.desc()).limit(first)
    if after is not None:
        statement = statement.where(run.c.run_id < after)
    return tuple(_run(row) for row in conn.execute(statement))


def files(conn: Connection, *, business_on: date) -> tuple[OfferedFile, ...]:
    """Every file that was offered for a date, in the order of offering."""
    statement = select(statement_file).where(statement_file.c.business_on == business_on)
    return tuple(
        OfferedFile(
            file_id=row.file_id,
            profile=row.profile,
            business_on=row.business_on,
            sha256=row.sha256,
            byte_count=row.byte_count,
            taken=row.taken,
            problems=tuple(Problem(one["line_no"], one["fault"], one["detail"]) for one in row.problems),
            received_at=row.received_at,
        )
        for row in conn.execute(statement.order_by(statement_file.c.file_id))
    )


def discrepancies(
    conn: Connection,
    *,
    first: int,
    after: int | None = None,
    run_id: int | None = None,
    kind: Class | None = None,
    open_only: bool = False,
) -> tuple[StoredDiscrepancy, ...]:
    """At most `first` differences, oldest first, later than difference `after`."""
    statement = _discrepancies.order_by(discrepancy.c.discrepancy_id).limit(first)
    if after is not None:
        statement = statement.where(discrepancy.c.discrepancy_id > after)
    if run_id is not None:
        statement = statement.where(discrepancy.c.run_id == run_id)
    if kind is not None:
        statement = statement.where(discrepancy.c.kind == kind)
    if open_only:
        statement = statement.where(discrepancy_resolution.c.discrepancy_id.is_(None))
    return tuple(_discrepancy(row) for row in conn.execute(statement))


def discrepancies_of(
    conn: Connection, *, run_ids: Collection[int], first: int
) -> dict[int, tuple[StoredDiscrepancy, ...]]:
    """At most the `first` oldest differences of each of many runs, in one statement."""
    place = func.row_number().over(partition_by=discrepancy.c.run_id, order_by=discrepancy.c.discrepancy_id)
    ranked = select(discrepancy.c.discrepancy_id, place.label("place")).where(discrepancy.c.run_id.in_(run_ids))
    inner = ranked.subquery()
    wanted = select(inner.c.discrepancy_id).where(inner.c.place <= first)
    statement = _discrepancies.where(discrepancy.c.discrepancy_id.in_(wanted)).order_by(discrepancy.c.discrepancy_id)
    found: dict[int, list[StoredDiscrepancy]] = {run_id: [] for run_id in run_ids}
    for row in conn.execute(statement):
        found[row.run_id].append(_discrepancy(row))
    return {run_id: tuple(rows) for run_id, rows in found.items()}


def discrepancy_of(conn: Connection, *, discrepancy_id: int) -> StoredDiscrepancy | None:
    """One difference."""
    row = conn.execute(_discrepancies.where(discrepancy.c.discrepancy_id == discrepancy_id)).one_or_none()
    return None if row is None else _discrepancy(row)


def open_of_orders(conn: Connection, *, order_nos: Collection[str], kind: Class) -> tuple[StoredDiscrepancy, ...]:
    """Open differences of a class about some orders."""
    wanted = (
        discrepancy.c.order_no == func.any(list(order_nos)),
        discrepancy.c.kind == kind,
        discrepancy_resolution.c.discrepancy_id.is_(None),
    )
    statement = _discrepancies.where(*wanted).order_by(discrepancy.c.discrepancy_id)
    return tuple(_discrepancy(row) for row in conn.execute(statement))


def listed_before(conn: Connection, *, order_nos: Collection[str]) -> frozenset[str]:
    """Those of some numbers that a taken file has listed already."""
    statement = select(statement_row.c.order_no).where(statement_row.c.order_no == func.any(list(order_nos)))
    return frozenset(conn.scalars(statement.distinct()))


def day(conn: Connection, *, profile: str, business_on: date) -> DayReport | None:
    """The report of a date; None while its file is not reconciled."""
    found = run_of_day(conn, profile=profile, business_on=business_on)
    if found is None:
        return None
    matched = (
        select(statement_row)
        .join(run, run.c.file_id == statement_row.c.file_id)
        .join(match, (match.c.run_id == run.c.run_id) & (match.c.line_no == statement_row.c.line_no))
        .where(run.c.run_id == found.run_id)
    )
    return day_report(
        business_on=business_on,
        row_count=found.row_count,
        matched=[_row(row) for row in conn.execute(matched)],
        discrepancies=discrepancies(conn, first=found.discrepancy_count, run_id=found.run_id),
    )


def _run(row: Row[*tuple[object, ...]]) -> Run:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    names = (
        "run_id",
        "profile",
        "business_on",
        "sha256",
        "row_count",
        "matched_count",
        "discrepancy_count",
        "open_count",
        "settlement_book",
        "settlement_entry_id",
        "actor",
        "run_at",
    )
    return Run(**{name: columns[name] for name in names})


def _discrepancy(row: Row[*tuple[object, ...]]) -> StoredDiscrepancy:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    resolution = None
    if columns["action"] is not None:
        resolution = Resolution(
            action=Action(columns["action"]),
            reason=columns["reason"],
            entry_id=columns["entry_id"],
            actor=columns["actor"],
            resolved_at=columns["resolved_at"],
        )
    return StoredDiscrepancy(
        discrepancy_id=columns["discrepancy_id"],
        run_id=columns["run_id"],
        business_on=columns["business_on"],
        kind=Class(columns["kind"]),
        order_no=columns["order_no"],
        line_no=columns["line_no"],
        our_state=columns["our_state"],
        our_amount=_money(columns["our_amount_minor"], columns["our_currency"]),
        bank_outcome=None if columns["bank_outcome"] is None else Outcome(columns["bank_outcome"]),
        bank_amount=_money(columns["bank_amount_minor"], columns["bank_currency"]),
        resolution=resolution,
    )


def _row(row: Row[*tuple[object, ...]]) -> StatementRow:
    columns = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    return StatementRow(
        line_no=columns["line_no"],
        order_no=columns["order_no"],
        bank_no=columns["bank_no"],
        kind=Kind(columns["kind"]),
        amount=Money(columns["amount_minor"], columns["currency"]),
        business_on=columns["business_on"],
        outcome=Outcome(columns["outcome"]),
        fee=Money(columns["fee_minor"], columns["currency"]),
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)
