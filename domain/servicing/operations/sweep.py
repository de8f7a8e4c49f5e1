"""The steps of the close of business over a range of loans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Table

from domain.command import Command
from domain.product.accounting import Event
from domain.refusals import Refusal
from domain.servicing import tables
from domain.servicing.change import Late, closing
from domain.servicing.event import EventKind
from domain.servicing.operations.book import desks_of, post, version_of, version_rules
from domain.servicing.operations.repayment import repay
from domain.servicing.operations.row import booking_rows, write_events, write_many
from domain.servicing.position import position as computed
from domain.servicing.posting import Batch, Share, batch_entries, batch_entry, batches, groups
from domain.servicing.queries.ageing import ageing_rows, late_candidates
from domain.servicing.queries.dossier import dossiers, living_between
from domain.servicing.queries.fact import locked_facts
from domain.servicing.queries.sweep import (
    holders_of_overpayment,
    interest_to_accrue,
    interest_to_move,
    penalty_to_accrue,
    principal_to_move,
)
from domain.servicing.repayment import Intent, Repay, Source
from ledger.entry import Entry
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """One step of the close of business over a range of loan ids, both ends inside.

    `on` is the business date that closes: its own day bears interest. `key` names date, step and chunk.
    """

    on: date
    low: int
    high: int
    key: str
    command: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What a sweep did: entries posted, loans touched, sum of the amounts in minor units."""

    entries: int = 0
    loans: int = 0
    amount: int = 0


def accrue_interest(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Accrue interest up to the end of the day: what it should be by now less what is booked, per loan."""
    shares = interest_to_accrue(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("accrued_on", ("loan_id", "booked"))
    return _sweep(conn, sweep, Event.INTEREST_ACCRUED, shares, tables.interest_accrual, rows)


def fall_due(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Move the unpaid interest of instalments that are due to interest receivable (结息)."""
    shares = interest_to_move(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("moved_on", ("loan_id", "no", "amount"))
    return _sweep(conn, sweep, Event.INTEREST_DUE, shares, tables.movement, rows)


def apply_overpayments(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Let what borrowers have overpaid meet what is due; one repayment and one entry per loan."""
    holders = holders_of_overpayment(conn, low=sweep.low, high=sweep.high)
    commands = []
    for loan_id, facts in locked_facts(conn, holders).items() if holders else ():
        amount = min(facts.overpayment, computed(facts, on=sweep.on).due.total)
        if amount > 0:
            commands.append(
                Repay(
                    loan_id=loan_id,
                    amount=Money(amount, facts.loan.terms.currency),
                    paid_on=sweep.on,
                    command=replace(sweep.command, key=f"{sweep.key}:{loan_id}"),
                    intent=Intent.DUE,
                    source=Source.OVERPAYMENT,
                )
            )
    answers = repay(conn, commands)
    for answer in answers:
        if isinstance(answer, Refusal):
            return answer
    return Swept(entries=len(answers), loans=len(answers), amount=sum(one.amount.minor for one in commands))


def move_overdue(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Move the unpaid principal of instalments to overdue when the grace after their due date ends."""
    shares = principal_to_move(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("moved_on", ("loan_id", "no", "amount"))
    swept = _sweep(conn, sweep, Event.PRINCIPAL_OVERDUE, shares, tables.movement, rows)
    if not isinstance(swept, Refusal):
        loans = sorted({one.loan_id for one in shares})
        write_events(conn, [(loan_id, EventKind.OVERDUE, sweep.on, None, sweep.command) for loan_id in loans])
    return swept


def accrue_penalty(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Accrue penalty on overdue principal up to the end of the day; take back what late news made too much."""
    shares = penalty_to_accrue(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("accrued_on", ("loan_id", "no", "booked"))
    return _sweep(conn, sweep, Event.PENALTY_ACCRUED, shares, tables.penalty_accrual, rows)


def age(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Write a row for every loan that is overdue at the end of the day: days past due, bucket, amounts."""
    candidates = late_candidates(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    if not candidates:
        return Swept()
    statement = ageing_rows().execution_options(preserve_rowcount=True)
    made = conn.execute(statement, {"loan_ids": candidates, "on": sweep.on})
    return Swept(loans=made.rowcount)


def close_lives(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Take the living loans of a range to the end of the day: what their lives ask for, less what is booked.

    One entry for each event of a product, and a row of ageing for each loan that is late. Nothing is left to book when
    it is run again.
    """
    known = dossiers(conn, living_between(conn, low=sweep.low, high=sweep.high))
    running = [one for one in known.values() if one.facts]
    if not running:
        return Swept()
    closed = [(one.loan, closing(one, on=sweep.on)) for one in running]
    made = batches([(loan, night.movements) for loan, night in closed])
    desks = desks_of(conn, {version_of(one.loan) for one in running})
    entries: list[tuple[Batch, tuple[tuple[Entry, bool], ...]]] = []
    for batch in made:
        of = desks[batch.product_id, batch.product_version]
        found = batch_entries(batch, of, key=sweep.key, on=sweep.on, actor=sweep.command.actor)
        if isinstance(found, Refusal):
            return found
        entries.append((batch, found))
    posted = post(conn, [entry for _, found in entries for entry, _ in found])
    if isinstance(posted, Refusal):
        return posted
    ids = iter(posted)
    through_on = sweep.on + timedelta(days=1)
    rows: list[dict[str, Any]] = []
    late: set[int] = set()
    for batch, found in entries:
        named = [(next(ids), is_own) for _, is_own in found]
        entry_id = next((each for each, is_own in named if is_own), None)
        for loan, one in batch.members:
            rows += booking_rows(loan.loan_id, [(one, entry_id)], cause=0, on=sweep.on, through_on=through_on)
            if batch.event is Event.PRINCIPAL_OVERDUE and sum(one.amounts.values()) > 0:
                late.add(loan.loan_id)
    write_many(conn, tables.booking, rows)
    write_events(conn, [(loan_id, EventKind.OVERDUE, sweep.on, None, sweep.command) for loan_id in sorted(late)])
    ageing = [_ageing_row(loan.loan_id, night.late, on=sweep.on) for loan, night in closed if night.late is not None]
    write_many(conn, tables.ageing, ageing)
    return Swept(
        entries=len(posted), loans=len({row["loan_id"] for row in rows}), amount=sum(abs(row["amount"]) for row in rows)
    )


def _ageing_row(loan_id: int, late: Late, *, on: date) -> dict[str, Any]:
    return {
        "aged_on": on,
        "loan_id": loan_id,
        "dpd": late.dpd,
        "bucket": late.bucket,
        "outstanding": late.outstanding,
        "principal": late.principal,
        "interest": late.interest,
        "penalty": late.penalty,
    }


def _sweep(
    conn: Connection,
    sweep: Sweep,
    event: Event,
    shares: Sequence[Share],
    table: Table,
    rows: tuple[str, tuple[str, ...]],
) -> Swept | Refusal:
    """Post one entry per group of shares, all or none, and record the facts that hang on them.

    `rows` names the date column of the table and the columns that come from a share.
    """
    made = list(groups(shares))
    if not made:
        return Swept()
    rules = {of: version_rules(conn, of) for of in {(one.product_id, one.product_version) for one in made}}
    entries = [
        batch_entry(
            one,
            rules[one.product_id, one.product_version][event],
            key=sweep.key,
            on=sweep.on,
            actor=sweep.command.actor,
        )
        for one in made
    ]
    posted = post(conn, entries)
    if isinstance(posted, Refusal):
        return posted
    dated, names = rows
    write_many(
        conn,
        table,
        [
            {**{name: getattr(one, name) for name in names}, **extra}
            for group, entry_id in zip(made, posted, strict=True)
            for extra in [
                {dated: sweep.on, "entry_id": entry_id} | ({"kind": event.value} if "kind" in table.c else {})
            ]
            for one in group.shares
        ],
    )
    return Swept(
        entries=len(made), loans=len({one.loan_id for one in shares}), amount=sum(abs(one.amount) for one in shares)
    )
