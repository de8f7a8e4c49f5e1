"""The close of business: begin, every chunk of loans in a transaction of its own, the cases, and the date is closed.

A chunk's entries and its rows in `day.step` commit together, so that a close that was interrupted anywhere goes on
exactly where it stopped, and one that is run again finds nothing to do. Payments go on meanwhile: a chunk locks its
loans only while it works on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, func, insert, literal, select

from domain.collections import operations as collections
from domain.collections import queries as delinquency
from domain.command import Command, Transactions
from domain.day import queries, tables
from domain.day.queries import Run, StepDone
from domain.day.refusal import DayInFuture, DayOutOfOrder, DayPassed
from domain.day.step import LOAN_STEPS, WHOLE, Chunk, Step, expected, posting_key
from domain.refusals import Refusal
from domain.servicing.operations.sweep import (
    Sweep,
    Swept,
    accrue_interest,
    accrue_penalty,
    age,
    apply_overpayments,
    close_lives,
    fall_due,
    move_overdue,
)
from domain.servicing.queries.loan import last_loan_id, lock_between

CHUNK_SIZE = 10_000
"""Loans of one chunk, unless the caller says otherwise."""

SWEEPS: Mapping[Step, Callable[[Connection, Sweep], Swept | Refusal]] = {
    Step.ACCRUE_INTEREST: accrue_interest,
    Step.FALL_DUE: fall_due,
    Step.APPLY_OVERPAYMENTS: apply_overpayments,
    Step.MOVE_OVERDUE: move_overdue,
    Step.ACCRUE_PENALTY: accrue_penalty,
    Step.AGE: age,
    Step.CLOSE_LIVES: close_lives,
}
"""What each step over loans calls."""

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A business date is closed; `is_replay`: it was closed before and this run has changed nothing."""

    business_on: date
    steps: tuple[StepDone, ...]
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """The close of a date stands in the books; `is_replay`: it was begun before, and may even be complete."""

    run: Run
    is_replay: bool


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def close_day(
    transactions: Transactions,
    on: date,
    *,
    command: Command,
    chunk_size: int = CHUNK_SIZE,
    workers: int = 1,
    latest: date = date.max,
    progress: Progress = silent,
) -> Closed | Refusal:
    """Close a business date, or go on with a close that was interrupted; `workers` chunks at a time.

    The cut into chunks is fixed when the date is begun; a later `chunk_size` for the same date is not used. Refuses
    what `begin` refuses, PeriodClosed and BookRefused; a refused chunk has written nothing, the finished ones stay.
    """
    assert workers > 0, "somebody works"
    begun = transactions.run(
        lambda conn: begin(conn, on, chunk_size=chunk_size, latest=latest, command=command),
    )
    if isinstance(begun, Refusal):
        return begun
    run = begun.run
    if run.closed_at is not None:
        return Closed(business_on=on, steps=run.steps, is_replay=True)
    refused = _sweep_chunks(transactions, run, command=command, workers=workers, progress=progress)
    if refused is not None:
        return refused
    return transactions.run(lambda conn: _finish(conn, run, command=command))


def begin(
    conn: Connection, on: date, *, chunk_size: int = CHUNK_SIZE, latest: date = date.max, command: Command
) -> Begun | Refusal:
    """Begin the close of a date: fix its cut, once; the same date again finds the run as it stands.

    What is begun is as good as ordered: whoever calls `close_day` next does it. `latest` is the last date that may be
    begun, today where people give the order. Refuses DayInFuture, DayPassed, DayOutOfOrder.
    """
    _lock(conn, "day")
    known = queries.run_of(conn, on)
    if known is not None:
        return Begun(run=known, is_replay=True)
    if on > latest:
        return DayInFuture(today=latest, field="businessDate")
    last_closed = queries.last_closed(conn)
    if last_closed is not None and on <= last_closed:
        return DayPassed(last_closed=last_closed, field="businessDate")
    due = expected(last_closed=last_closed, begun=queries.begun(conn))
    if due is not None and due != on:
        return DayOutOfOrder(expected=due, field="businessDate")
    row = {
        "business_on": on,
        "chunk_size": chunk_size,
        "loan_id_max": last_loan_id(conn),
        "actor": command.actor,
        "begun_at": command.received_at,
    }
    conn.execute(insert(tables.run), [row])
    begun = queries.run_of(conn, on)
    assert begun is not None, "what was written is read"
    return Begun(run=begun, is_replay=False)


def _sweep_chunks(
    transactions: Transactions, run: Run, *, command: Command, workers: int, progress: Progress
) -> Refusal | None:
    """Work the chunks that are left; at the first refusal no further chunk is begun."""
    done = transactions.run(lambda conn: queries.done_chunks(conn, run.business_on, LOAN_STEPS[-1]))
    todo = [chunk for chunk in run.chunks if chunk.number not in done]
    finished, total = len(run.chunks) - len(todo), len(run.chunks)

    def work(chunk: Chunk) -> Refusal | None:
        return transactions.run(lambda conn: _sweep_chunk(conn, run.business_on, chunk, command=command))

    with ThreadPoolExecutor(max_workers=workers) as pool:
        waiting = [pool.submit(work, chunk) for chunk in todo]
        for future in as_completed(waiting):
            refused = future.result()
            if refused is not None:
                pool.shutdown(wait=True, cancel_futures=True)
                return refused
            finished += 1
            progress("loans", finished, total)
    return None


def _sweep_chunk(conn: Connection, on: date, chunk: Chunk, *, command: Command) -> Refusal | None:
    """Take every step over a chunk of loans, or none."""
    _lock(conn, f"day {on} {chunk.number}")
    if chunk.number in queries.done_chunks(conn, on, LOAN_STEPS[-1]):
        return None  # somebody else has worked it meanwhile
    with conn.begin_nested() as savepoint:
        lock_between(conn, low=chunk.low, high=chunk.high)
        for step in LOAN_STEPS:
            key = posting_key(on, step, chunk.number)
            swept = SWEEPS[step](conn, Sweep(on=on, low=chunk.low, high=chunk.high, key=key, command=command))
            if isinstance(swept, Refusal):
                savepoint.rollback()
                return swept
            _record(conn, on, step, chunk.number, swept, command=command)
    return None


def _finish(conn: Connection, run: Run, *, command: Command) -> Closed:
    """Bring the collection cases in line with the day's ageing and close the date."""
    on = run.business_on
    _lock(conn, "day")
    again = queries.run_of(conn, on)
    assert again is not None, "a run that was begun is there"
    if again.closed_at is not None:
        return Closed(business_on=on, steps=again.steps, is_replay=True)
    refreshed = collections.refresh(conn, on=on, overdue=delinquency.overdue(conn, on=on), command=command)
    touched = len(refreshed.opened) + len(refreshed.moved) + len(refreshed.closed)
    _record(conn, on, Step.COLLECT, WHOLE, Swept(loans=touched), command=command)
    conn.execute(insert(tables.closed), [{"business_on": on, "closed_at": command.received_at}])
    closed = queries.run_of(conn, on)
    assert closed is not None, "what was written is read"
    return Closed(business_on=on, steps=closed.steps)


def _record(conn: Connection, on: date, step: Step, number: int, swept: Swept, *, command: Command) -> None:
    row = {
        "business_on": on,
        "step": step.value,
        "chunk": number,
        "entries": swept.entries,
        "loans": swept.loans,
        "amount": swept.amount,
        "done_at": command.received_at,
    }
    conn.execute(insert(tables.step), [row])


def _lock(conn: Connection, name: str) -> None:
    """Queue with everybody who closes the same thing, until the transaction ends."""
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(literal(f"close {name}"), 0))))
