"""Writes of servicing: one function per use case, each *read, decide, post, record*; nobody here commits.

A refusal has written nothing. The loan's row is locked first, so that two commands on one loan queue; the facts are
read after the lock. `repay` takes many commands: all facts in two statements, each decided purely, all entries in one
call of the journal, all rows in one statement per table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeVar

from sqlalchemy import ARRAY, Column, Connection, Table, bindparam, delete, func, insert, literal, select, text

from domain.command import Command
from domain.product import queries as products
from domain.product.accounting import Event, Party
from domain.product.ruleset import RuleSet
from domain.product.version import ProductVersion
from domain.refusals import KeyReused, Refusal
from domain.servicing import queries, tables
from domain.servicing.allocation import Allocation
from domain.servicing.change import Change, Changed, Dossier, Late, closing
from domain.servicing.change import decide as decide_change
from domain.servicing.change import is_settled as is_settled_life
from domain.servicing.contract import Contract
from domain.servicing.daycount import DayCount
from domain.servicing.document import contract_document, flags_text, payload
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.fact import Disburse, Fact, Pay, Reverse, Waive, WriteOff
from domain.servicing.fact import Intent as LifeIntent
from domain.servicing.life import Life
from domain.servicing.milestone import EVERY, Milestone, milestone, milestones
from domain.servicing.movement import Movement
from domain.servicing.position import Disbursement, Facts, Loan
from domain.servicing.position import position as computed
from domain.servicing.posting import (
    SOURCE,
    Batch,
    Booked,
    Share,
    batch_entry,
    batches,
    disbursement_entries,
    entry_of,
    groups,
    movement_entries,
    movement_entry,
    repayment_entries,
    rule_set,
    service_fee_entries,
)
from domain.servicing.refusal import (
    AmountNotPositive,
    BookRefused,
    CurrencyDiffers,
    LoanNotDisbursed,
    LoanNotPending,
    LoanUnknown,
    PeriodClosed,
    RepaymentReversed,
    RepaymentUnknown,
)
from domain.servicing.repayment import Decision, Intent, Repay, Source, decide
from domain.servicing.schedule import Instalment, Schedule
from domain.servicing.schedule import schedule as planned
from domain.servicing.terms import AllocationBy, Method, Terms
from ledger import books, journal
from ledger.entry import Entry
from ledger.money import Money, rounded
from ledger.period import CorrectionPolicy, PeriodState, Placement, place
from ledger.rule import Rule, apply


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLoan:
    """An approved application becomes a loan; the caller sends the payment order after the commit."""

    application_id: int
    product: ProductVersion
    principal: Money
    term_months: int
    customer_id: int
    party_id: int
    channel_id: int
    start_on: date
    command: Command
    contract: Contract | None = None
    """What the product's parameters cannot say; the loan is then a living one from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The loan waits for the bank's answer; `entry_id` is the instruction in the lender's book."""

    loan: Loan
    schedule: Schedule
    entry_id: int
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursed:
    """The bank has paid out; interest runs from `value_on`."""

    loan_id: int
    value_on: date
    entry_id: int
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementCancelled:
    """The bank has said no: the instruction is reversed, the plan void."""

    loan_id: int
    entry_id: int
    is_replay: bool = False


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
class Recorded:
    """A change was booked: the fact under its number, the entries that it made us book, and whether nothing is left."""

    loan_id: int
    fact: Fact
    entry_ids: tuple[int, ...]
    settles: bool
    split: Mapping[str, int]
    excess: int
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RepaymentUndone:
    """A repayment was reversed; `entry_ids` are the reversals, those of applied overpayments first."""

    repayment_id: int
    loan_id: int
    entry_ids: tuple[int, ...]
    is_replay: bool = False


def create_loan(conn: Connection, create: CreateLoan) -> Created | Refusal:
    """Write a loan with its first schedule and post the instruction to disburse.

    Refuses AmountNotPositive, KeyReused (the application already became another loan), PeriodClosed, BookRefused.
    """
    if create.principal.minor <= 0:
        return AmountNotPositive(field="principal")
    # one application becomes one loan: commands for the same application queue here
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"application {create.application_id}"},
    )
    if (known := queries.loan_of_application(conn, create.application_id)) is not None:
        return _created_before(conn, known, create)
    terms = (
        terms_of(create.product, principal=create.principal, term_months=create.term_months, start_on=create.start_on)
        if create.contract is None
        else create.contract.terms
    )
    loan = _contract(create, terms, loan_id=_reserved(conn, "servicing.loan_loan_id_seq", 1)[0])
    schedule = planned(terms)
    entry = apply(
        create.product.posting_rules[Event.DISBURSEMENT_INSTRUCTED],
        {"principal": first_amount(terms)},
        **entry_of(loan, key=f"loan:{loan.application_id}:instructed", on=terms.start_on, actor=create.command.actor),
    )
    posted = _post(conn, [entry])
    if isinstance(posted, Refusal):
        return posted
    conn.execute(insert(tables.loan), [_loan_row(loan, create.command)])
    _write_schedule(
        conn, loan.loan_id, 1, ScheduleReason.ORIGINAL, schedule.instalments, on=terms.start_on, command=create.command
    )
    if create.contract is not None:
        _write_contract(conn, loan.loan_id, create.contract, on=terms.start_on, command=create.command)
        instructed = Movement(
            event=Event.DISBURSEMENT_INSTRUCTED,
            amounts={"principal": first_amount(terms)},
            fact_no=1,
            value_on=terms.start_on,
        )
        rows = _booking_rows(
            loan.loan_id, [(instructed, posted[0])], cause=1, on=terms.start_on, through_on=terms.start_on
        )
        write_many(conn, tables.booking, list(rows))
    _write_events(conn, [(loan.loan_id, EventKind.INSTRUCTED, terms.start_on, posted[0], create.command)])
    return Created(loan=loan, schedule=schedule, entry_id=posted[0])


def terms_of(product: ProductVersion, *, principal: Money, term_months: int, start_on: date) -> Terms:
    """Return the terms of a loan of this product version: what quote, offer and booking all start from."""
    assert principal.currency == product.currency, "a product lends in its currency"
    return Terms(
        principal=principal.minor,
        currency=product.currency,
        rate_annual=product.interest_rate_annual,
        instalments=term_months,
        start_on=start_on,
        day_count=DayCount(product.day_count),
        rounding=product.rounding,
        grace_days=product.grace_days,
        penalty_rate_annual=product.penalty_rate_annual,
        allocation_order=product.allocation_order,
        allocation_by=AllocationBy(product.allocation_by),
        method=Method(product.method),
    )


def first_amount(terms: Terms) -> int:
    """What is paid out first, minor units: everything, or the first of several disbursements."""
    return terms.disbursements[0].amount if terms.disbursements else terms.principal


def disburse_succeeded(conn: Connection, *, loan_id: int, on: date, command: Command) -> Disbursed | Refusal:
    """Book that the bank paid out on `on`, with the service fee in the lender's and the platform's book, as one event.

    When the bank paid on another day than planned, a new schedule starts on that day. Refuses LoanUnknown,
    LoanNotPending, PeriodClosed, BookRefused.
    """
    facts = queries.locked_facts(conn, [loan_id]).get(loan_id)
    if facts is None:
        return LoanUnknown(field="loanId")
    if facts.disbursement is not Disbursement.INSTRUCTED:
        answer = _answer(conn, facts, command, EventKind.DISBURSED)
        return (
            answer
            if isinstance(answer, Refusal)
            else Disbursed(loan_id=loan_id, value_on=answer[1], entry_id=answer[0], is_replay=True)
        )
    loan = facts.loan
    if facts.is_living:
        return _begin_life(conn, facts, on=on, command=command)
    posted = _post(conn, disbursement_entries(loan, _rules(conn, loan), on=on, actor=command.actor))
    if isinstance(posted, Refusal):
        return posted
    if on != facts.progress[0].instalment.from_on:
        again = planned(replace(loan.terms, start_on=on))
        _write_schedule(
            conn, loan_id, facts.version + 1, ScheduleReason.VALUE_DATE, again.instalments, on=on, command=command
        )
    _write_events(conn, [(loan_id, EventKind.DISBURSED, on, posted[0], command)])
    return Disbursed(loan_id=loan_id, value_on=on, entry_id=posted[0])


def disburse_failed(conn: Connection, *, loan_id: int, on: date, command: Command) -> DisbursementCancelled | Refusal:
    """Book that the bank said no: a red reversal of the instruction, exactly once, and an empty schedule.

    Refuses LoanUnknown, LoanNotPending, PeriodClosed, BookRefused.
    """
    facts = queries.locked_facts(conn, [loan_id]).get(loan_id)
    if facts is None:
        return LoanUnknown(field="loanId")
    if facts.disbursement is not Disbursement.INSTRUCTED:
        answer = _answer(conn, facts, command, EventKind.DISBURSEMENT_FAILED)
        return (
            answer
            if isinstance(answer, Refusal)
            else DisbursementCancelled(loan_id=loan_id, entry_id=answer[0], is_replay=True)
        )
    instructed = next(one for one in queries.events(conn, loan_id) if one.kind is EventKind.INSTRUCTED)
    assert instructed.entry_id is not None, "an instruction is booked"
    key = f"loan:{facts.loan.application_id}:failed"
    undone = _reverse(
        conn, facts.loan.book, instructed.entry_id, key=key, on=on, actor=command.actor, why="disbursement failed"
    )
    if isinstance(undone, Refusal):
        return undone
    _write_schedule(conn, loan_id, facts.version + 1, ScheduleReason.DISBURSE_CANCEL, (), on=on, command=command)
    _write_events(conn, [(loan_id, EventKind.DISBURSEMENT_FAILED, on, undone, command)])
    return DisbursementCancelled(loan_id=loan_id, entry_id=undone)


def record(conn: Connection, changes: Sequence[Change]) -> list[Recorded | Refusal]:
    """Book changes of loans, whatever they are, and answer each, in order; a refused one leaves the others untouched.

    All dossiers are read at once, each change is decided purely, all entries go in one call of the journal and all rows
    in one statement per table. A plain loan gets its contract, its facts and its bookings with its first change. The
    same key with the same fact is answered as before. Refuses LoanUnknown, LoanNotDisbursed, KeyReused, EventUnruled,
    PeriodClosed, BookRefused, and whatever the life of the loan refuses.
    """
    answers: dict[int, Recorded | Refusal] = {}
    queries.lock_loans(conn, sorted({one.loan_id for one in changes}))
    for turn in _rounds(changes):
        answers.update(_record_round(conn, turn))
    return [answers[n] for n in range(len(changes))]


def repay(conn: Connection, commands: Sequence[Repay]) -> list[Repaid | Refusal]:
    """Book repayments and answer each, in order; a refused one leaves the others untouched.

    Refuses LoanUnknown, AmountNotPositive, CurrencyDiffers, LoanNotActive, RepaymentInFuture, RepaymentBeforeStart,
    AmountBelowPayoff, KeyReused, PeriodClosed, BookRefused.
    """
    answers: dict[int, Repaid | Refusal] = {}
    # all loans at once, in the order of their ids, whatever the rounds: two batches cannot wait for each other in a
    # circle
    queries.locked_facts(conn, sorted({one.loan_id for one in commands}))
    for turn in _rounds(commands):
        answers.update(_repay_round(conn, turn))
    return [answers[n] for n in range(len(commands))]


def reverse_repayment(conn: Connection, *, repayment_id: int, on: date, command: Command) -> RepaymentUndone | Refusal:
    """Book that a repayment did not happen (冲正): its entry is reversed, exactly once, and with it the position.

    When its overpayment was applied meanwhile, those applications are reversed first; when it had settled the loan
    early, the schedule before it takes force again. Refuses RepaymentUnknown, RepaymentReversed, KeyReused,
    PeriodClosed, BookRefused.
    """
    known = queries.repayment(conn, repayment_id)
    if known is None:
        return RepaymentUnknown(field="repaymentId")
    facts = queries.locked_facts(conn, [known.loan_id])[known.loan_id]
    if facts.is_living:
        return _undo(conn, known, on=on, command=command)
    chain = _to_undo(facts, queries.repayments(conn, known.loan_id), repayment_id)
    if isinstance(chain, queries.Repayment):
        if chain.reversal_key == command.key:
            return RepaymentUndone(repayment_id=repayment_id, loan_id=known.loan_id, entry_ids=(), is_replay=True)
        return RepaymentReversed(field="repaymentId")
    if queries.reversed_under(conn, command.key) is not None:
        return KeyReused(field="idempotencyKey")
    undone: list[int] = []
    with conn.begin_nested() as savepoint:
        for one in chain:
            key = f"reverse:{one.repayment_id}"
            made = _reverse(
                conn, facts.loan.book, one.entry_id, key=key, on=on, actor=command.actor, why="repayment reversed"
            )
            if isinstance(made, Refusal):
                savepoint.rollback()
                return made
            undone.append(made)
        _write_reversals(conn, facts, chain, undone, on=on, command=command)
    return RepaymentUndone(repayment_id=repayment_id, loan_id=known.loan_id, entry_ids=tuple(undone))


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
    shares = queries.interest_to_accrue(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("accrued_on", ("loan_id", "booked"))
    return _sweep(conn, sweep, Event.INTEREST_ACCRUED, shares, tables.interest_accrual, rows)


def fall_due(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Move the unpaid interest of instalments that are due to interest receivable (结息)."""
    shares = queries.interest_to_move(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("moved_on", ("loan_id", "no", "amount"))
    return _sweep(conn, sweep, Event.INTEREST_DUE, shares, tables.movement, rows)


def apply_overpayments(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Let what borrowers have overpaid meet what is due; one repayment and one entry per loan."""
    holders = queries.holders_of_overpayment(conn, low=sweep.low, high=sweep.high)
    commands = []
    for loan_id, facts in queries.locked_facts(conn, holders).items() if holders else ():
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
    shares = queries.principal_to_move(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("moved_on", ("loan_id", "no", "amount"))
    swept = _sweep(conn, sweep, Event.PRINCIPAL_OVERDUE, shares, tables.movement, rows)
    if not isinstance(swept, Refusal):
        loans = sorted({one.loan_id for one in shares})
        _write_events(conn, [(loan_id, EventKind.OVERDUE, sweep.on, None, sweep.command) for loan_id in loans])
    return swept


def accrue_penalty(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Accrue penalty on overdue principal up to the end of the day; take back what late news made too much."""
    shares = queries.penalty_to_accrue(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    rows = ("accrued_on", ("loan_id", "no", "booked"))
    return _sweep(conn, sweep, Event.PENALTY_ACCRUED, shares, tables.penalty_accrual, rows)


def age(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Write a row for every loan that is overdue at the end of the day: days past due, bucket, amounts."""
    candidates = queries.late_candidates(conn, low=sweep.low, high=sweep.high, on=sweep.on)
    if not candidates:
        return Swept()
    statement = queries.ageing_rows(candidates, on=sweep.on)
    made = conn.execute(statement.execution_options(preserve_rowcount=True))
    return Swept(loans=made.rowcount)


def close_lives(conn: Connection, sweep: Sweep) -> Swept | Refusal:
    """Take the living loans of a range to the end of the day: what their lives ask for, less what is booked.

    One entry for each event of a product, and a row of ageing for each loan that is late. Nothing is left to book when
    it is run again.
    """
    known = queries.dossiers(conn, queries.living_between(conn, low=sweep.low, high=sweep.high))
    running = [one for one in known.values() if one.facts]
    if not running:
        return Swept()
    closed = [(one.loan, closing(one, on=sweep.on)) for one in running]
    made = batches([(loan, night.movements) for loan, night in closed])
    rule_sets = _rule_sets(conn, {_version_of(one.loan) for one in running})
    entries: list[tuple[Batch, Entry | None]] = []
    for batch in made:
        rules = rule_sets[batch.product_id, batch.product_version]
        entry = movement_entry(batch, rules, key=sweep.key, on=sweep.on, actor=sweep.command.actor)
        if isinstance(entry, Refusal):
            return entry
        entries.append((batch, entry))
    posted = _post(conn, [entry for _, entry in entries if entry is not None])
    if isinstance(posted, Refusal):
        return posted
    ids = iter(posted)
    through_on = sweep.on + timedelta(days=1)
    rows: list[dict[str, Any]] = []
    late: set[int] = set()
    for batch, entry in entries:
        entry_id = None if entry is None else next(ids)
        for loan, one in batch.members:
            rows += _booking_rows(loan.loan_id, [(one, entry_id)], cause=0, on=sweep.on, through_on=through_on)
            if batch.event is Event.PRINCIPAL_OVERDUE and sum(one.amounts.values()) > 0:
                late.add(loan.loan_id)
    write_many(conn, tables.booking, rows)
    _write_events(conn, [(loan_id, EventKind.OVERDUE, sweep.on, None, sweep.command) for loan_id in sorted(late)])
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


def retell(conn: Connection, loan_ids: Sequence[int]) -> None:
    """Make the milestones of living loans anew from their facts, and drop what another engine has left."""
    m = tables.milestone
    conn.execute(delete(m).where(queries.loans_in(loan_ids)(m.c.loan_id)))
    known = queries.dossiers(conn, loan_ids)
    made = [(loan_id, mark) for loan_id, one in known.items() for mark in milestones(one.contract, one.facts)]
    write_many(conn, m, [_milestone_row(loan_id, mark) for loan_id, mark in made])


def _record_round(conn: Connection, turn: Sequence[tuple[int, Change]]) -> dict[int, Recorded | Refusal]:
    known = queries.keys_taken(conn, [one.command.key for _, one in turn])
    ids = sorted({one.loan_id for _, one in turn})
    dossiers = queries.dossiers(conn, ids, is_plain_too=True)
    loans = queries.loans_of(conn, ids)
    rule_sets = _rule_sets(conn, {_version_of(loan) for loan in loans.values()})
    months = _months(conn, {loan.book for loan in loans.values()})
    answers: dict[int, Recorded | Refusal] = {}
    decided: list[tuple[int, Change, Changed, list[Booked]]] = []
    for n, one in turn:
        made = _changed(known.get(one.command.key), one, dossiers.get(one.loan_id), is_known=one.loan_id in loans)
        if not isinstance(made, Changed):
            answers[n] = made
            continue
        loan, fact = made.dossier.loan, made.fact
        placed = place(
            fact.value_on,
            states=months[loan.book],
            policy=CorrectionPolicy.CORRECT_IN_CURRENT,
            booked_on=fact.booked_on,
        )
        if not isinstance(placed, Placement):
            answers[n] = PeriodClosed(detail=f"{loan.book}/{placed.period}")
            continue
        entries = movement_entries(
            loan,
            made.movements,
            rule_sets[_version_of(loan)],
            fact=fact,
            actor=one.command.actor,
            placed=placed,
        )
        if isinstance(entries, Refusal):
            answers[n] = entries
        else:
            decided.append((n, one, made, entries))
    posted = _post_each(conn, [[entry for _, entry in entries if entry is not None] for *_, entries in decided])
    booked: list[tuple[int, Change, Changed, list[tuple[Movement, int | None]]]] = []
    for (n, one, made, entries), ids_of in zip(decided, posted, strict=True):
        if isinstance(ids_of, Refusal):
            answers[n] = ids_of
        else:
            left = iter(ids_of)
            named = [(group, None if entry is None else next(left)) for group, entry in entries]
            booked.append((n, one, made, [(each, entry_id) for group, entry_id in named for each in group]))
    _write_changes(conn, [(one, made, moved) for _, one, made, moved in booked])
    for n, one, made, moved in booked:
        answers[n] = _recorded(one.loan_id, made.fact, made.after, moved, settles=made.settles)
    return answers


def _changed(
    known: queries.KnownFact | None, one: Change, dossier: Dossier | None, *, is_known: bool
) -> Changed | Recorded | Refusal:
    if known is not None:
        same = replace(known.fact, no=one.fact.no, booked_on=one.fact.booked_on)
        if known.loan_id != one.loan_id or same != one.fact:
            return KeyReused(field="idempotencyKey")
        assert dossier is not None, "a loan with facts has a dossier"
        life = dossier.life(max(one.business_on, dossier.through_on))
        again = _recorded(one.loan_id, known.fact, life, [], settles=is_settled_life(life))
        return replace(again, entry_ids=known.entry_ids, is_replay=True)
    if not is_known:
        return LoanUnknown(field="loanId")
    if dossier is None:
        return LoanNotDisbursed(field="loanId")
    return decide_change(dossier, one)


def _recorded(
    loan_id: int, fact: Fact, life: Life, named: Sequence[tuple[Movement, int | None]], *, settles: bool
) -> Recorded:
    kind = fact.kind if isinstance(fact, Pay) else None
    made = [one for one in life.transactions if one.fact_no == fact.no and (kind is None or one.kind == kind)]
    split: dict[str, int] = {}
    for one in made:
        for component, amount in one.split.items():
            split[component.value] = split.get(component.value, 0) + amount
    return Recorded(
        loan_id=loan_id,
        fact=fact,
        entry_ids=tuple(dict.fromkeys(entry_id for _, entry_id in named if entry_id is not None)),
        settles=settles,
        split=split,
        excess=sum(one.excess for one in made),
    )


def _write_changes(
    conn: Connection, booked: Sequence[tuple[Change, Changed, Sequence[tuple[Movement, int | None]]]]
) -> None:
    """Write the rows of booked changes, one statement per table; schedules that changed, one each."""
    facts, bookings, marks = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    for one, made, named in booked:
        dossier, on = made.dossier, one.business_on
        if dossier.is_new:
            _write_contract(conn, one.loan_id, dossier.contract, on=on, command=one.command)
            facts += [_fact_row(one.loan_id, fact, by) for fact, by in zip(dossier.facts, dossier.origins, strict=True)]
            taken_over = [(each, None) for each in dossier.booked]
            bookings += _booking_rows(one.loan_id, taken_over, cause=0, on=on, through_on=on)
        facts.append(_fact_row(one.loan_id, made.fact, one.command))
        if _crossed(dossier, made.fact) and (mark := milestone(made.after)):
            marks.append(_milestone_row(one.loan_id, mark))
        through_on = max(on, dossier.through_on)
        bookings += _booking_rows(one.loan_id, named, cause=made.fact.no, on=on, through_on=through_on)
        if made.plan is not None:
            _write_schedule(conn, one.loan_id, dossier.version + 1, made.reason, made.plan, on=on, command=one.command)
        if any(each.event is Event.PRINCIPAL_OVERDUE and sum(each.amounts.values()) > 0 for each, _ in named):
            events.append((one.loan_id, EventKind.OVERDUE, on, None, one.command))
        if made.settles:
            events.append((one.loan_id, EventKind.SETTLED, made.fact.value_on, None, one.command))
    write_many(conn, tables.fact, facts)
    write_many(conn, tables.milestone, marks)
    write_many(conn, tables.booking, bookings)
    _write_events(conn, events)


def _crossed(dossier: Dossier, fact: Fact) -> bool:
    """Whether a milestone was passed with this fact, or with those that were written along with it."""
    written = 0 if dossier.is_new else len(dossier.facts)
    return fact.no // EVERY > written // EVERY


def _milestone_row(loan_id: int, made: Milestone) -> dict[str, Any]:
    on, rank, no = made.latest
    return {
        "loan_id": loan_id,
        "engine": queries.engine(),
        "no": made.no,
        "latest_on": on,
        "latest_rank": rank,
        "latest_no": no,
        "booked_on": made.booked_on,
        "document": made.document,
    }


def _write_contract(conn: Connection, loan_id: int, contract: Contract, *, on: date, command: Command) -> None:
    row = {
        "loan_id": loan_id,
        "document": contract_document(contract),
        "lives_from": on,
        "actor": command.actor,
        "created_at": command.received_at,
    }
    conn.execute(insert(tables.contract), [row])


def _fact_row(loan_id: int, fact: Fact, by: Command) -> dict[str, Any]:
    return {
        "loan_id": loan_id,
        "no": fact.no,
        "kind": type(fact).__name__,
        "value_on": fact.value_on,
        "booked_on": fact.booked_on,
        "payload": payload(fact),
        "actor": by.actor,
        "approver": fact.approver if isinstance(fact, Waive | WriteOff) else None,
        "key": by.key,
        "recorded_at": by.received_at,
    }


def _booking_rows(
    loan_id: int, named: Iterable[tuple[Movement, int | None]], *, cause: int, on: date, through_on: date
) -> Iterator[dict[str, Any]]:
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
            }


def _begin_life(conn: Connection, facts: Facts, *, on: date, command: Command) -> Disbursed | Refusal:
    """Book the first disbursement of a loan that lives from its beginning, and the service fee."""
    loan_id, loan = facts.loan.loan_id, facts.loan
    dossier = queries.dossiers(conn, [loan_id])[loan_id]
    paid = Disburse(no=0, value_on=on, booked_on=on, amount=first_amount(dossier.contract.terms))
    with conn.begin_nested() as savepoint:
        by = replace(command, key=f"disburse:{loan_id}")
        (made,) = record(conn, [Change(loan_id=loan_id, fact=paid, command=by, business_on=on)])
        fees = _post(conn, service_fee_entries(loan, _rules(conn, loan), on=on, actor=command.actor))
        for one in (made, fees):
            if isinstance(one, Refusal):
                savepoint.rollback()
                return one
    assert isinstance(made, Recorded), "what is not refused is recorded"
    _write_events(conn, [(loan_id, EventKind.DISBURSED, on, made.entry_ids[0], command)])
    return Disbursed(loan_id=loan_id, value_on=on, entry_id=made.entry_ids[0])


def _undo(conn: Connection, known: queries.Repayment, *, on: date, command: Command) -> RepaymentUndone | Refusal:
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
    _write_events(conn, [(known.loan_id, EventKind.REVERSED, on, made.entry_ids[0], command)])
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
    made = _record_round(conn, changes)
    answers: dict[int, Repaid | Refusal] = {}
    done = [(n, one, answer) for n, one in turn if isinstance(answer := made[n], Recorded)]
    ids = _reserved(conn, "servicing.repayment_repayment_id_seq", len(done)) if done else []
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
    _write_events(conn, events)
    return answers | {n: answer for n, answer in made.items() if isinstance(answer, Refusal)}


def _post_each(conn: Connection, groups_of: Sequence[Sequence[Entry]]) -> list[list[int] | Refusal]:
    """Post groups of entries, each whole or not at all: together, and one by one only when one of them is refused."""
    if not groups_of:
        return []
    together = _post(conn, [entry for group in groups_of for entry in group])
    if isinstance(together, Refusal):
        return [_post(conn, group) for group in groups_of]
    ids = iter(together)
    return [[next(ids) for _ in group] for group in groups_of]


def _months(conn: Connection, of: Iterable[int]) -> dict[int, dict[int, PeriodState]]:
    """Return the state of each accounting month, by book."""
    found = books.periods_of(conn, sorted(of))
    return {book: {one.period_id: one.state for one in months} for book, months in found.items()}


def _rule_sets(conn: Connection, versions: Iterable[tuple[int, int]]) -> dict[tuple[int, int], RuleSet]:
    made = {}
    for of in versions:
        version = products.version(conn, product_id=of[0], version=of[1])
        assert version is not None, "a loan's product version is published"
        made[of] = rule_set(version, Party.LENDER)
    return made


Asked = TypeVar("Asked", Repay, Change)


def _rounds(commands: Sequence[Asked]) -> Iterator[list[tuple[int, Asked]]]:
    """Cut a batch so that no loan and no key comes twice in one round; nearly always one round."""
    waiting = list(enumerate(commands))
    while waiting:
        turn: list[tuple[int, Asked]] = []
        rest: list[tuple[int, Asked]] = []
        loans: set[int] = set()
        keys: set[str] = set()
        for n, one in waiting:
            taken = one.loan_id in loans or one.command.key in keys
            (rest if taken else turn).append((n, one))
            loans.add(one.loan_id)
            keys.add(one.command.key)
        yield turn
        waiting = rest


def _repay_round(conn: Connection, turn: Sequence[tuple[int, Repay]]) -> dict[int, Repaid | Refusal]:
    known = queries.repayments_by_key(conn, [one.command.key for _, one in turn])
    facts = queries.facts(conn, queries.loans_in([one.loan_id for _, one in turn]))
    answers: dict[int, Repaid | Refusal] = {}
    decided: list[tuple[int, Repay, Facts, Decision]] = []
    lively: list[tuple[int, Repay]] = []
    for n, one in turn:
        state = facts.get(one.loan_id)
        if state is not None and one.command.key not in known and (state.is_living or not one.intent.is_plain):
            if (refusal := _currency_fault(state, one)) is not None:
                answers[n] = refusal
            else:
                lively.append((n, one))
            continue
        decision = _decided(conn, known.get(one.command.key), facts.get(one.loan_id), one)
        if isinstance(decision, Decision):
            decided.append((n, one, facts[one.loan_id], decision))
        else:
            answers[n] = decision
    if lively:
        answers.update(_repay_living(conn, lively))
    if not decided:
        return answers
    rules = {of: _version_rules(conn, of) for of in {_version_of(state.loan) for _, _, state, _ in decided}}
    entries = [
        tuple(repayment_entries(one, state.loan, made, rules[_version_of(state.loan)]))
        for _, one, state, made in decided
    ]
    verdicts = iter(journal.append(conn, [entry for pair in entries for entry in pair]))
    booked: list[tuple[int, Repay, Facts, Decision, list[int]]] = []
    for (n, one, state, made), pair in zip(decided, entries, strict=True):
        posted = _ids([next(verdicts) for _ in pair])
        if isinstance(posted, Refusal):
            answers[n] = posted
        else:
            booked.append((n, one, state, made, posted))
    answers.update(_record(conn, booked))
    return answers


def _currency_fault(facts: Facts, one: Repay) -> Refusal | None:
    currency = facts.loan.terms.currency
    return None if one.amount.currency == currency else CurrencyDiffers(currency=currency, field="amount")


def _decided(
    conn: Connection, known: queries.Repayment | None, facts: Facts | None, one: Repay
) -> Decision | Repaid | Refusal:
    if known is not None:
        same = (known.loan_id, known.amount, known.currency, known.paid_on, known.intent, known.source)
        if same != (one.loan_id, one.amount.minor, one.amount.currency, one.paid_on, one.intent, one.source):
            return KeyReused(field="idempotencyKey")
        standing = queries.position(conn, loan_id=known.loan_id, on=one.paid_on)
        return _repaid_before(known, settles=standing is not None and standing.outstanding == 0)
    if facts is None:
        return LoanUnknown(field="loanId")
    return decide(facts, one)


def _record(
    conn: Connection, booked: Sequence[tuple[int, Repay, Facts, Decision, list[int]]]
) -> Iterator[tuple[int, Repaid]]:
    """Write the rows of booked repayments, one statement per table, and name what each became."""
    ids = _reserved(conn, "servicing.repayment_repayment_id_seq", len(booked))
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    accruals, repayments, parts = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for repayment_id, (_, one, state, made, posted) in zip(ids, booked, strict=True):
        version = state.version + 1 if made.plan is not None else None
        if made.plan is not None:
            reason = ScheduleReason.EARLY_SETTLEMENT
            _write_schedule(
                conn, one.loan_id, state.version + 1, reason, made.plan, on=one.paid_on, command=one.command
            )
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
    _write_events(conn, events)
    for repayment_id, (n, one, _, made, posted) in zip(ids, booked, strict=True):
        yield n, _repaid(repayment_id, one, made.allocation, entry_id=posted[-1], settles=made.settles)


def _to_undo(
    facts: Facts, made: Sequence[queries.Repayment], repayment_id: int
) -> list[queries.Repayment] | queries.Repayment:
    """Name the repayments to reverse, newest application first; or the repayment itself when it is already reversed."""
    wanted = next(one for one in made if one.repayment_id == repayment_id)
    if wanted.reversed_on is not None:
        return wanted
    missing = wanted.excess - facts.overpayment
    chain: list[queries.Repayment] = []
    for one in reversed(made):
        if missing > 0 and one.source is Source.OVERPAYMENT and one.reversed_on is None and one is not wanted:
            chain.append(one)
            missing -= one.amount
    return [*chain, wanted]


def _write_reversals(
    conn: Connection,
    facts: Facts,
    chain: Sequence[queries.Repayment],
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
        before = next(v for v in queries.schedule_versions(conn, loan_id) if v.version == last.plan_version - 1)
        again = before.schedule.instalments
        _write_schedule(conn, loan_id, facts.version + 1, ScheduleReason.REVERSAL, again, on=on, command=command)
    _write_events(conn, [(loan_id, EventKind.REVERSED, on, entry_id, command) for entry_id in undone])


def _post(conn: Connection, entries: Iterable[Entry]) -> list[int] | Refusal:
    """Post all or nothing, and name the entries; a refusal leaves no entry of the group behind."""
    with conn.begin_nested() as savepoint:
        ids = _ids(journal.append(conn, list(entries)), all_or_nothing=False)
        if isinstance(ids, Refusal):
            savepoint.rollback()
        return ids


def _ids(verdicts: Sequence[journal.Verdict], *, all_or_nothing: bool = True) -> list[int] | Refusal:
    refused = [one for one in verdicts if isinstance(one, journal.Refused)]
    if not refused:
        return [one.entry_id for one in verdicts if not isinstance(one, journal.Refused)]
    assert not all_or_nothing or len(refused) == len(verdicts), "entries of one date and book stand or fall together"
    return book_refusal(refused[0])


def book_refusal(refused: journal.Refused) -> Refusal:
    """Return the ledger's refusal in the domain's words."""
    if refused.code is journal.RefusalCode.PERIOD_CLOSED:
        return PeriodClosed(detail=refused.detail)
    return BookRefused(reason=refused.code, detail=refused.detail)


def _reverse(conn: Connection, book: int, entry_id: int, *, key: str, on: date, actor: str, why: str) -> int | Refusal:
    verdict = journal.reverse(
        conn,
        book=book,
        entry_id=entry_id,
        source=SOURCE,
        key=key,
        effective_on=on,
        actor=actor,
        description=why,
        is_red=True,
    )
    return book_refusal(verdict) if isinstance(verdict, journal.Refused) else verdict.entry_id


def _version_of(loan: Loan) -> tuple[int, int]:
    return loan.product_id, loan.product_version


def _rules(conn: Connection, loan: Loan) -> Mapping[str, Rule]:
    return _version_rules(conn, _version_of(loan))


def _version_rules(conn: Connection, of: tuple[int, int]) -> Mapping[str, Rule]:
    version = products.version(conn, product_id=of[0], version=of[1])
    assert version is not None, "a loan's product version is published"
    return version.posting_rules


def _created_before(conn: Connection, known: Loan, create: CreateLoan) -> Created | Refusal:
    wanted = (
        create.product.product_id,
        create.product.version,
        create.principal.minor,
        create.term_months,
        create.customer_id,
    )
    if wanted != (
        known.product_id,
        known.product_version,
        known.terms.principal,
        known.terms.instalments,
        known.customer_id,
    ):
        return KeyReused(field="applicationId")
    instructed = next(one for one in queries.events(conn, known.loan_id) if one.kind is EventKind.INSTRUCTED)
    assert instructed.entry_id is not None, "an instruction is booked"
    return Created(loan=known, schedule=planned(known.terms), entry_id=instructed.entry_id, is_replay=True)


def _answer(conn: Connection, facts: Facts, command: Command, kind: EventKind) -> tuple[int, date] | Refusal:
    """Tell whether this very answer of the bank was booked before: its entry and date, else the refusal."""
    for one in queries.events(conn, facts.loan.loan_id):
        if one.kind is kind and one.key == command.key and one.entry_id is not None:
            return one.entry_id, one.happened_on
    status = computed(facts, on=facts.loan.terms.start_on).status
    return LoanNotPending(status=status, field="loanId")


def _contract(create: CreateLoan, terms: Terms, *, loan_id: int) -> Loan:
    product = create.product
    fee = rounded(create.principal.decimal * product.service_fee_rate, product.currency, product.rounding)
    return Loan(
        loan_id=loan_id,
        application_id=create.application_id,
        product_id=product.product_id,
        product_version=product.version,
        book=product.lender_book,
        platform_book=product.platform_book,
        funder_id=product.funder_id,
        party_id=create.party_id,
        channel_id=create.channel_id,
        customer_id=create.customer_id,
        service_fee=fee.minor,
        terms=terms,
    )


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


def _repaid_before(known: queries.Repayment, *, settles: bool) -> Repaid:
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


def _loan_row(loan: Loan, command: Command) -> dict[str, Any]:
    terms = loan.terms
    return {
        "loan_id": loan.loan_id,
        "application_id": loan.application_id,
        "product_id": loan.product_id,
        "product_version": loan.product_version,
        "book": loan.book,
        "platform_book": loan.platform_book,
        "funder_id": loan.funder_id,
        "party_id": loan.party_id,
        "channel_id": loan.channel_id,
        "customer_id": loan.customer_id,
        "principal": terms.principal,
        "currency": terms.currency,
        "rate_annual": terms.rate_annual,
        "penalty_rate_annual": terms.penalty_rate_annual,
        "term_months": terms.instalments,
        "method": terms.method.value,
        "day_count": terms.day_count.value,
        "rounding": terms.rounding.value,
        "grace_days": terms.grace_days,
        "allocation_order": list(terms.allocation_order),
        "allocation_by": terms.allocation_by.value,
        "service_fee": loan.service_fee,
        "start_on": terms.start_on,
        "actor": command.actor,
        "key": command.key,
        "created_at": command.received_at,
    }


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


def _write_schedule(
    conn: Connection,
    loan_id: int,
    version: int,
    reason: ScheduleReason,
    instalments: Sequence[Instalment],
    *,
    on: date,
    command: Command,
) -> None:
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


def _write_events(conn: Connection, events: Sequence[tuple[int, EventKind, date, int | None, Command]]) -> None:
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


def _reserved(conn: Connection, sequence: str, count: int) -> list[int]:
    numbers = select(func.nextval(literal(sequence))).select_from(func.generate_series(1, count))
    return sorted(conn.scalars(numbers).all())


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
    rules = {of: _version_rules(conn, of) for of in {(one.product_id, one.product_version) for one in made}}
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
    posted = _post(conn, entries)
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
