"""Schedules of a loan, every version that it ever had."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, and_, select

from domain.servicing import tables
from domain.servicing.event import ScheduleReason
from domain.servicing.queries.loan import loans_in
from domain.servicing.schedule import Instalment, Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleVersion:
    """One version of a loan's schedule and why it was made."""

    version: int
    reason: ScheduleReason
    made_on: date
    schedule: Schedule


def schedule(conn: Connection, loan_id: int) -> Schedule | None:
    """Return the schedule in force; of a cancelled loan it is empty."""
    made = schedule_versions(conn, loan_id)
    return made[-1].schedule if made else None


def schedule_versions(conn: Connection, loan_id: int) -> tuple[ScheduleVersion, ...]:
    """Return every schedule that a loan has had, oldest first."""
    return schedule_versions_of(conn, [loan_id])[loan_id]


def schedule_versions_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[ScheduleVersion, ...]]:
    """Return every schedule that each of many loans has had, oldest first, in one statement."""
    v, i, ln = tables.schedule_version, tables.instalment, tables.loan
    asked = (
        select(
            v.c.loan_id,
            v.c.version,
            v.c.reason,
            v.c.made_on,
            ln.c.currency,
            i.c.no,
            i.c.from_on,
            i.c.due_on,
            i.c.principal,
            i.c.interest,
        )
        .join(ln, ln.c.loan_id == v.c.loan_id)
        .outerjoin(i, and_(i.c.loan_id == v.c.loan_id, i.c.version == v.c.version))
        .where(loans_in(loan_ids)(v.c.loan_id))
        .order_by(v.c.loan_id, v.c.version, i.c.no)
    )
    grouped: dict[tuple[int, int], list[Any]] = {}
    for row in conn.execute(asked):
        grouped.setdefault((row.loan_id, row.version), []).append(row)
    made: dict[int, list[ScheduleVersion]] = {loan_id: [] for loan_id in loan_ids}
    for (loan_id, version), rows in grouped.items():
        lines = tuple(Instalment(r.no, r.from_on, r.due_on, r.principal, r.interest) for r in rows if r.no is not None)
        made[loan_id].append(
            ScheduleVersion(
                version=version,
                reason=ScheduleReason(rows[0].reason),
                made_on=rows[0].made_on,
                schedule=Schedule(rows[0].currency, lines),
            )
        )
    return {loan_id: tuple(versions) for loan_id, versions in made.items()}
