"""Rows of servicing as they are written, one statement per table however many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Column, Connection, Table, bindparam, func, insert, literal, select

from domain.command import Command
from domain.servicing import tables
from domain.servicing.contract import Contract
from domain.servicing.document import contract_document, flags_text, payload
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.fact import Fact
from domain.servicing.movement import Movement
from domain.servicing.schedule import Instalment


def write_contract(conn: Connection, loan_id: int, contract: Contract, *, on: date, command: Command) -> None:
    """Write the contract of a loan that lives from `on`."""
    row = {
        "loan_id": loan_id,
        "document": contract_document(contract),
        "lives_from": on,
        "actor": command.actor,
        "created_at": command.received_at,
    }
    conn.execute(insert(tables.contract), [row])


def fact_row(loan_id: int, fact: Fact, by: Command, *, approver: str | None = None) -> dict[str, Any]:
    """Return the row of a fact, with who ordered it and who approved it."""
    return {
        "loan_id": loan_id,
        "no": fact.no,
        "kind": type(fact).__name__,
        "value_on": fact.value_on,
        "booked_on": fact.booked_on,
        "payload": payload(fact),
        "actor": by.actor,
        "approver": approver,
        "key": by.key,
        "recorded_at": by.received_at,
    }


def booking_rows(
    loan_id: int, named: Iterable[tuple[Movement, int | None]], *, cause: int, on: date, through_on: date
) -> Iterator[dict[str, Any]]:
    """Return a row for each amount of movements that were booked, with the entries that they became."""
    for one, entry_id in named:
        for name, amount in one.amounts.items():
            yield {
                "loan_id": loan_id,
                "fact_no": one.fact_no,
                "event": one.event.value,
                "flags": flags_text(one.flags),
                "bucket": name,
                "amount": amount,
                "cause": cause,
                "booked_on": on,
                "through_on": through_on,
                "entry_id": entry_id,
                "funder_id": one.funder,
            }


def write_schedule(
    conn: Connection,
    loan_id: int,
    version: int,
    reason: ScheduleReason,
    instalments: Sequence[Instalment],
    *,
    on: date,
    command: Command,
) -> None:
    """Write the next version of a loan's schedule and why it was made."""
    head = {
        "loan_id": loan_id,
        "version": version,
        "reason": reason.value,
        "made_on": on,
        "actor": command.actor,
        "created_at": command.received_at,
    }
    write_many(conn, tables.schedule_version, [head])
    lines = [
        {
            "loan_id": loan_id,
            "version": version,
            "no": one.no,
            "from_on": one.from_on,
            "due_on": one.due_on,
            "principal": one.principal,
            "interest": one.interest,
        }
        for one in instalments
    ]
    write_many(conn, tables.instalment, lines)


def write_events(conn: Connection, events: Sequence[tuple[int, EventKind, date, int | None, Command]]) -> None:
    """Write what happened to loans."""
    rows = [
        {
            "loan_id": loan_id,
            "kind": kind.value,
            "happened_on": on,
            "entry_id": entry_id,
            "actor": command.actor,
            "key": command.key,
            "recorded_at": command.received_at,
        }
        for loan_id, kind, on, entry_id, command in events
    ]
    write_many(conn, tables.loan_event, rows)


def write_many(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in one statement, however many: one array per column. All rows name the same columns."""
    if not rows:
        return
    names = list(rows[0])
    arrays = [bindparam(f"p_{name}", [row[name] for row in rows], ARRAY(table.c[name].type)) for name in names]
    source = (
        func.unnest(*arrays).table_valued(*(Column(name, table.c[name].type) for name in names)).render_derived("rows")
    )
    conn.execute(insert(table).from_select(names, select(*(source.c[name] for name in names))))


def reserved(conn: Connection, sequence: str, count: int) -> list[int]:
    """Take the next ids of a sequence, lowest first."""
    numbers = select(func.nextval(literal(sequence))).select_from(func.generate_series(1, count))
    return sorted(conn.scalars(numbers).all())
