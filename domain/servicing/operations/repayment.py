"""Repayments, many at once, and their reversal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert

from domain.command import Command
from domain.refusals import KeyReused, Refusal
from domain.servicing import tables
from domain.servicing.allocation import Allocation
from domain.servicing.change import Change
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.fact import Intent as LifeIntent
from domain.servicing.fact import Pay, Reverse
from domain.servicing.operations.book import ids_of, reverse, version_of, version_rules
from domain.servicing.operations.change import Recorded, record, record_round, rounds
from domain.servicing.operations.row import reserved, write_events, write_many, write_schedule
from domain.servicing.position import Facts
from domain.servicing.posting import repayment_entries
from domain.servicing.queries.fact import facts, locked_facts
from domain.servicing.queries.loan import loans_in
from domain.servicing.queries.position import position
from domain.servicing.queries.recorded import Repayment, reversed_under
from domain.servicing.queries.repayment import repayment, repayments, repayments_by_key
from domain.servicing.queries.schedule import schedule_versions
from domain.servicing.refusal import CurrencyDiffers, LoanUnknown, RepaymentReversed, RepaymentUnknown
from domain.servicing.repayment import Decision, Intent, Repay, Source, decide
from ledger import journal
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaid:
    """A repayment was booked. `settles`: nothing is left to pay."""

    repayment_id: int
    loan_id: int
    amount: Money
    paid_on: date
    allocation: dict[str, int]
    excess: int
    entry_id: int
    settles: bool
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentUndone:
    """A repayment was reversed; `entry_ids` are the reversals, those of applied overpayments first."""

    repayment_id: int
    loan_id: int
    entry_ids: tuple[int, ...]
    is_replay: bool = False


def repay(conn: Connection, commands: Sequence[Repay]) -> list[Repaid | Refusal]:
    """Book repayments and answer each, in order; a refused one leaves the others untouched.

    Refuses LoanUnknown, AmountNotPositive, CurrencyDiffers, LoanNotActive, RepaymentInFuture, RepaymentBeforeStart,
    AmountBelowPayoff, KeyReused, PeriodClosed, BookRefused.
    """
    answers: dict[int, Repaid | Refusal] = {}
    # all loans at once, in the order of their ids, whatever the rounds: two batches cannot wait for each other in a
    # circle
    locked_facts(conn, sorted({one.loan_id for one in commands}))
    for turn in rounds(commands):
        answers.update(_repay_round(conn, turn))
    return [answers[n] for n in range(len(commands))]


def reverse_repayment(conn: Connection, *, repayment_id: int, on: date, command: Command) -> RepaymentUndone | Refusal:
    """Book that a repayment did not happen (冲正): its entry is reversed, exactly once, and with it the position.

    When its overpayment was applied meanwhile, those applications are reversed first; when it had settled the loan
    early, the schedule before it takes force again. Refuses RepaymentUnknown, RepaymentReversed, KeyReused,
    PeriodClosed, BookRefused.
    """
    known = repayment(conn, repayment_id)
    if known is None:
        return RepaymentUnknown(field="repaymentId")
    facts = locked_facts(conn, [known.loan_id])[known.loan_id]
    if facts.is_living:
        return _undo(conn, known, on=on, command=command)
    chain = _to_undo(facts, repayments(conn, known.loan_id), repayment_id)
    if isinstance(chain, Repayment):
        if chain.reversal_key == command.key:
            return RepaymentUndone(repayment_id=repayment_id, loan_id=known.loan_id, entry_ids=(), is_replay=True)
        return RepaymentReversed(field="repaymentId")
    if reversed_under(conn, command.key) is not None:
        return KeyReused(field="idempotencyKey")
    undone: list[int] = []
    with conn.begin_nested() as savepoint:
        for one in chain:
            key = f"reverse:{one.repayment_id}"
            made = reverse(
                conn, facts.loan.book, one.entry_id, key=key, on=on, actor=command.actor, why="repayment reversed"
            )
            if isinstance(made, Refusal):
                savepoint.rollback()
                return made
            undone.append(made)
        _write_reversals(conn, facts, chain, undone, on=on, command=command)
    return RepaymentUndone(repayment_id=repayment_id, loan_id=known.loan_id, entry_ids=tuple(undone))


def _undo(conn: Connection, known: Repayment, *, on: date, command: Command) -> RepaymentUndone | Refusal:
    """Reverse a repayment of a living loan: its fact is met by a reversal, and the life is told anew."""
    if known.reversed_on is not None:
        if known.reversal_key == command.key:
            return RepaymentUndone(repayment_id=known.repayment_id, loan_id=known.loan_id, entry_ids=(), is_replay=True)
        return RepaymentReversed(field="repaymentId")
    assert known.fact_no is not None, "a repayment of a living loan is a fact"
    fact = Reverse(no=0, value_on=on, booked_on=on, of=known.fact_no)
    by = replace(command, key=f"reverse:{command.key}")
    (made,) = record(conn, [Change(loan_id=known.loan_id, fact=fact, command=by, business_on=on)])
    if isinstance(made, Refusal):
        return made
    row = {
        "repayment_id": known.repayment_id,
        "reversed_on": on,
        "entry_id": made.entry_ids[0],
        "actor": command.actor,
        "key": command.key,
        "recorded_at": command.received_at,
    }
    conn.execute(insert(tables.repayment_reversal), [row])
    write_events(conn, [(known.loan_id, EventKind.REVERSED, on, made.entry_ids[0], command)])
    return RepaymentUndone(repayment_id=known.repayment_id, loan_id=known.loan_id, entry_ids=made.entry_ids)


def _repay_living(conn: Connection, turn: Sequence[tuple[int, Repay]]) -> dict[int, Repaid | Refusal]:
    """Book repayments of living loans, and those that make a plain loan a living one."""
    changes = []
    for n, one in turn:
        on = one.business_on or one.paid_on
        intent = LifeIntent.ALLOCATE if one.intent is Intent.DUE else LifeIntent(one.intent)
        fact = Pay(no=0, value_on=one.paid_on, booked_on=on, amount=one.amount.minor, intent=intent)
        by = replace(one.command, key=f"repay:{one.command.key}")
        changes.append((n, Change(loan_id=one.loan_id, fact=fact, command=by, business_on=on)))
    made = record_round(conn, changes)
    answers: dict[int, Repaid | Refusal] = {}
    done = [(n, one, answer) for n, one in turn if isinstance(answer := made[n], Recorded)]
    ids = reserved(conn, "servicing.repayment_repayment_id_seq", len(done)) if done else []
    rows: list[dict[str, Any]] = []
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    for repayment_id, (n, one, answer) in zip(ids, done, strict=True):
        repaid = Repaid(
            repayment_id=repayment_id,
            loan_id=one.loan_id,
            amount=one.amount,
            paid_on=one.paid_on,
            allocation=dict(answer.split),
            excess=answer.excess,
            entry_id=answer.entry_ids[-1],
            settles=answer.settles,
        )
        answers[n] = repaid
        rows.append(_repayment_row(repayment_id, one, excess=answer.excess, version=None, entry_id=repaid.entry_id))
        events.append((one.loan_id, EventKind.REPAID, one.paid_on, repaid.entry_id, one.command))
    write_many(conn, tables.repayment, rows)
    write_events(conn, events)
    return answers | {n: answer for n, answer in made.items() if isinstance(answer, Refusal)}


def _repay_round(conn: Connection, turn: Sequence[tuple[int, Repay]]) -> dict[int, Repaid | Refusal]:
    known = repayments_by_key(conn, [one.command.key for _, one in turn])
    states = facts(conn, loans_in([one.loan_id for _, one in turn]))
    answers: dict[int, Repaid | Refusal] = {}
    decided: list[tuple[int, Repay, Facts, Decision]] = []
    lively: list[tuple[int, Repay]] = []
    for n, one in turn:
        state = states.get(one.loan_id)
        if state is not None and one.command.key not in known and (state.is_living or not one.intent.is_plain):
            if (refusal := _currency_fault(state, one)) is not None:
                answers[n] = refusal
            else:
                lively.append((n, one))
            continue
        decision = _decided(conn, known.get(one.command.key), states.get(one.loan_id), one)
        if isinstance(decision, Decision):
            decided.append((n, one, states[one.loan_id], decision))
        else:
            answers[n] = decision
    if lively:
        answers.update(_repay_living(conn, lively))
    if not decided:
        return answers
    rules = {of: version_rules(conn, of) for of in {version_of(state.loan) for _, _, state, _ in decided}}
    entries = [
        tuple(repayment_entries(one, state.loan, made, rules[version_of(state.loan)]))
        for _, one, state, made in decided
    ]
    verdicts = iter(journal.append(conn, [entry for pair in entries for entry in pair]))
    booked: list[tuple[int, Repay, Facts, Decision, list[int]]] = []
    for (n, one, state, made), pair in zip(decided, entries, strict=True):
        posted = ids_of([next(verdicts) for _ in pair])
        if isinstance(posted, Refusal):
            answers[n] = posted
        else:
            booked.append((n, one, state, made, posted))
    answers.update(_record(conn, booked))
    return answers


def _currency_fault(facts: Facts, one: Repay) -> Refusal | None:
    currency = facts.loan.terms.currency
    return None if one.amount.currency == currency else CurrencyDiffers(currency=currency, field="amount")


def _decided(conn: Connection, known: Repayment | None, facts: Facts | None, one: Repay) -> Decision | Repaid | Refusal:
    if known is not None:
        same = (known.loan_id, known.amount, known.currency, known.paid_on, known.intent, known.source)
        if same != (one.loan_id, one.amount.minor, one.amount.currency, one.paid_on, one.intent, one.source):
            return KeyReused(field="idempotencyKey")
        standing = position(conn, loan_id=known.loan_id, on=one.paid_on)
        return _repaid_before(known, settles=standing is not None and standing.outstanding == 0)
    if facts is None:
        return LoanUnknown(field="loanId")
    return decide(facts, one)


def _record(
    conn: Connection, booked: Sequence[tuple[int, Repay, Facts, Decision, list[int]]]
) -> Iterator[tuple[int, Repaid]]:
    """Write the rows of booked repayments, one statement per table, and name what each became."""
    ids = reserved(conn, "servicing.repayment_repayment_id_seq", len(booked))
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    accruals, repayments, parts = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for repayment_id, (_, one, state, made, posted) in zip(ids, booked, strict=True):
        version = state.version + 1 if made.plan is not None else None
        if made.plan is not None:
            reason = ScheduleReason.EARLY_SETTLEMENT
            write_schedule(conn, one.loan_id, state.version + 1, reason, made.plan, on=one.paid_on, command=one.command)
        if made.accrual:
            now = made.after.interest_booked
            accruals.append({"loan_id": one.loan_id, "accrued_on": one.paid_on, "booked": now, "entry_id": posted[0]})
        repayments.append(
            _repayment_row(repayment_id, one, excess=made.allocation.excess, version=version, entry_id=posted[-1])
        )
        parts += [
            {
                "repayment_id": repayment_id,
                "loan_id": one.loan_id,
                "no": part.no,
                "component": part.bucket.value,
                "amount": part.amount,
            }
            for part in made.taken
        ]
        kind = EventKind.REPAID if one.source is Source.CASH else EventKind.OVERPAYMENT_APPLIED
        events.append((one.loan_id, kind, one.paid_on, posted[-1], one.command))
        if made.settles:
            events.append((one.loan_id, EventKind.SETTLED, one.paid_on, None, one.command))
    write_many(conn, tables.repayment, repayments)
    write_many(conn, tables.allocation, parts)
    write_many(conn, tables.interest_accrual, accruals)
    write_events(conn, events)
    for repayment_id, (n, one, _, made, posted) in zip(ids, booked, strict=True):
        yield n, _repaid(repayment_id, one, made.allocation, entry_id=posted[-1], settles=made.settles)


def _to_undo(facts: Facts, made: Sequence[Repayment], repayment_id: int) -> list[Repayment] | Repayment:
    """Name the repayments to reverse, newest application first; or the repayment itself when it is already reversed."""
    wanted = next(one for one in made if one.repayment_id == repayment_id)
    if wanted.reversed_on is not None:
        return wanted
    missing = wanted.excess - facts.overpayment
    chain: list[Repayment] = []
    for one in reversed(made):
        if missing > 0 and one.source is Source.OVERPAYMENT and one.reversed_on is None and one is not wanted:
            chain.append(one)
            missing -= one.amount
    return [*chain, wanted]


def _write_reversals(
    conn: Connection,
    facts: Facts,
    chain: Sequence[Repayment],
    undone: Sequence[int],
    *,
    on: date,
    command: Command,
) -> None:
    loan_id, last = facts.loan.loan_id, chain[-1]
    rows = [
        {
            "repayment_id": one.repayment_id,
            "reversed_on": on,
            "entry_id": entry_id,
            "actor": command.actor,
            "key": command.key if one is last else f"{command.key}/{one.repayment_id}",
            "recorded_at": command.received_at,
        }
        for one, entry_id in zip(chain, undone, strict=True)
    ]
    write_many(conn, tables.repayment_reversal, rows)
    if last.plan_version is not None and last.plan_version == facts.version:
        before = next(v for v in schedule_versions(conn, loan_id) if v.version == last.plan_version - 1)
        again = before.schedule.instalments
        write_schedule(conn, loan_id, facts.version + 1, ScheduleReason.REVERSAL, again, on=on, command=command)
    write_events(conn, [(loan_id, EventKind.REVERSED, on, entry_id, command) for entry_id in undone])


def _repaid(repayment_id: int, one: Repay, allocation: Allocation, *, entry_id: int, settles: bool) -> Repaid:
    return Repaid(
        repayment_id=repayment_id,
        loan_id=one.loan_id,
        amount=one.amount,
        paid_on=one.paid_on,
        allocation={component.value: amount for component, amount in allocation.by_component().items()},
        excess=allocation.excess,
        entry_id=entry_id,
        settles=settles,
    )


def _repaid_before(known: Repayment, *, settles: bool) -> Repaid:
    return Repaid(
        repayment_id=known.repayment_id,
        loan_id=known.loan_id,
        amount=Money(known.amount, known.currency),
        paid_on=known.paid_on,
        allocation=known.by_component(),
        excess=known.excess,
        entry_id=known.entry_id,
        settles=settles,
        is_replay=True,
    )


def _repayment_row(repayment_id: int, one: Repay, *, excess: int, version: int | None, entry_id: int) -> dict[str, Any]:
    return {
        "repayment_id": repayment_id,
        "loan_id": one.loan_id,
        "source": one.source.value,
        "intent": one.intent.value,
        "paid_on": one.paid_on,
        "amount": one.amount.minor,
        "excess": excess,
        "currency": one.amount.currency,
        "plan_version": version,
        "entry_id": entry_id,
        "actor": one.command.actor,
        "key": one.command.key,
        "recorded_at": one.command.received_at,
    }
