"""Whatever else happens to a loan is recorded here as a fact, with what it makes us book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection

from domain.command import Command
from domain.product.accounting import Event
from domain.refusals import KeyReused, Refusal
from domain.servicing import tables
from domain.servicing.change import Change, Changed, Dossier
from domain.servicing.change import decide as decide_change
from domain.servicing.change import is_settled as is_settled_life
from domain.servicing.event import EventKind
from domain.servicing.fact import Fact, Pay, Reverse
from domain.servicing.life import Life
from domain.servicing.milestone import milestone
from domain.servicing.movement import Movement
from domain.servicing.operations.book import desks_of, months_of, post_each, version_of
from domain.servicing.operations.milestone import crossed, milestone_row
from domain.servicing.operations.row import (
    booking_rows,
    fact_row,
    write_contract,
    write_events,
    write_many,
    write_schedule,
)
from domain.servicing.position import Loan
from domain.servicing.posting import NOBODY, Booked, entries_of, movement_entries, placed_in_all
from domain.servicing.queries.dossier import KnownFact, dossiers, keys_taken
from domain.servicing.queries.loan import loans_of, lock_keys, lock_loans
from domain.servicing.queries.recorded import repayment_of_fact
from domain.servicing.refusal import LoanNotDisbursed, LoanUnknown, PeriodClosed
from domain.servicing.repayment import Repay
from ledger.period import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A change was booked: the fact under its number, the entries of the lender's book, and whether nothing is left."""

    loan_id: int
    fact: Fact
    entry_ids: tuple[int, ...]
    settles: bool
    split: Mapping[str, int]
    excess: int
    is_replay: bool = False


def record(conn: Connection, changes: Sequence[Change]) -> list[Recorded | Refusal]:
    """Book changes of loans, whatever they are, and answer each, in order; a refused one leaves the others untouched.

    All dossiers are read at once, each change is decided purely, all entries go in one call of the journal and all rows
    in one statement per table. A plain loan gets its contract, its facts and its bookings with its first change. The
    same key with the same fact is answered as before. Refuses LoanUnknown, LoanNotDisbursed, KeyReused, EventUnruled,
    PeriodClosed, BookRefused, and whatever the life of the loan refuses.
    """
    answers: dict[int, Recorded | Refusal] = {}
    lock_loans(conn, sorted({one.loan_id for one in changes}))
    lock_keys(conn, sorted({one.command.key for one in changes}))
    for turn in rounds(changes):
        answers.update(record_round(conn, turn))
    return [answers[n] for n in range(len(changes))]


def record_round(conn: Connection, turn: Sequence[tuple[int, Change]]) -> dict[int, Recorded | Refusal]:
    """Book changes of different loans under different keys; their loans are locked already."""
    known = keys_taken(conn, [one.command.key for _, one in turn])
    ids = sorted({one.loan_id for _, one in turn})
    told = dossiers(conn, ids, is_plain_too=True)
    loans = loans_of(conn, ids)
    desks = desks_of(conn, {version_of(loan) for loan in loans.values()})
    books = {book for loan in loans.values() for book in (loan.book, *desks[version_of(loan)].books)}
    months = months_of(conn, books)
    answers: dict[int, Recorded | Refusal] = {}
    decided: list[tuple[int, Change, Changed, list[Booked]]] = []
    for n, one in turn:
        made = _changed(known.get(one.command.key), one, told.get(one.loan_id), is_known=one.loan_id in loans)
        if not isinstance(made, Changed):
            answers[n] = made
            continue
        loan, fact = made.dossier.loan, made.fact
        desk = desks[version_of(loan)]
        placed = placed_in_all(fact, (loan.book, *desk.books), months)
        if not isinstance(placed, Placement):
            book, closed = placed
            answers[n] = PeriodClosed(detail=f"{book}/{closed.period}")
            continue
        entries = movement_entries(loan, made.movements, desk, fact=fact, actor=one.command.actor, placed=placed)
        if isinstance(entries, Refusal):
            answers[n] = entries
        else:
            decided.append((n, one, made, entries))
    posted = post_each(conn, [entries_of(entries) for *_, entries in decided])
    booked: list[tuple[int, Change, Changed, list[tuple[Movement, int | None]], tuple[int, ...]]] = []
    for (n, one, made, entries), ids_of in zip(decided, posted, strict=True):
        if isinstance(ids_of, Refusal):
            answers[n] = ids_of
        else:
            named = dict(zip(map(id, entries_of(entries)), ids_of, strict=True))
            moved = [(each, named.get(id(entry))) for each, entry in entries if each is not NOBODY]
            booked.append((n, one, made, moved, _of_lender(made.dossier.loan, entries, named)))
    _write_changes(conn, [(one, made, moved, own) for _, one, made, moved, own in booked])
    for n, one, made, _, own in booked:
        answers[n] = _recorded(one.loan_id, made.fact, made.after, own, settles=made.settles)
    return answers


def _of_lender(loan: Loan, entries: Sequence[Booked], named: Mapping[int, int]) -> tuple[int, ...]:
    """Return the entries of the lender's book; what only passes through it is named when he has nothing of his own."""
    own = [(each, named[id(entry)]) for each, entry in entries if entry is not None and entry.book == loan.book]
    return tuple(dict.fromkeys([of for each, of in own if each is not NOBODY] or [of for _, of in own]))


def _changed(
    known: KnownFact | None, one: Change, dossier: Dossier | None, *, is_known: bool
) -> Changed | Recorded | Refusal:
    if known is not None:
        same = replace(known.fact, no=one.fact.no, booked_on=one.fact.booked_on)
        if known.loan_id != one.loan_id or same != one.fact:
            return KeyReused(field="idempotencyKey")
        assert dossier is not None, "a loan with facts has a dossier"
        life = dossier.life(max(one.business_on, dossier.through_on))
        again = _recorded(one.loan_id, known.fact, life, known.entry_ids, settles=is_settled_life(life))
        return replace(again, is_replay=True)
    if not is_known:
        return LoanUnknown(field="loanId")
    if dossier is None:
        return LoanNotDisbursed(field="loanId")
    return decide_change(dossier, one)


def _recorded(loan_id: int, fact: Fact, life: Life, entry_ids: tuple[int, ...], *, settles: bool) -> Recorded:
    kind = fact.kind if isinstance(fact, Pay) else None
    made = [one for one in life.transactions if one.fact_no == fact.no and (kind is None or one.kind == kind)]
    split: dict[str, int] = {}
    for one in made:
        for component, amount in one.split.items():
            split[component.value] = split.get(component.value, 0) + amount
    return Recorded(
        loan_id=loan_id,
        fact=fact,
        entry_ids=entry_ids,
        settles=settles,
        split=split,
        excess=sum(one.excess for one in made),
    )


def _write_changes(
    conn: Connection,
    booked: Sequence[tuple[Change, Changed, Sequence[tuple[Movement, int | None]], tuple[int, ...]]],
) -> None:
    """Write the rows of booked changes, one statement per table; schedules that changed, one each."""
    facts, bookings, marks = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    undone: list[tuple[Change, Reverse, int | None]] = []
    for one, made, named, own in booked:
        dossier, on = made.dossier, one.business_on
        if dossier.is_new:
            write_contract(conn, one.loan_id, dossier.contract, on=on, command=one.command)
            facts += [fact_row(one.loan_id, fact, by) for fact, by in zip(dossier.facts, dossier.origins, strict=True)]
            taken_over = [(each, None) for each in dossier.booked]
            bookings += booking_rows(one.loan_id, taken_over, cause=0, on=on, through_on=on)
        facts.append(fact_row(one.loan_id, made.fact, one.command, approver=one.approved_by))
        if crossed(dossier, made.fact) and (mark := milestone(made.after)):
            marks.append(milestone_row(one.loan_id, mark))
        through_on = max(on, dossier.through_on)
        bookings += booking_rows(one.loan_id, named, cause=made.fact.no, on=on, through_on=through_on)
        if made.plan is not None:
            write_schedule(conn, one.loan_id, dossier.version + 1, made.reason, made.plan, on=on, command=one.command)
        if any(each.event is Event.PRINCIPAL_OVERDUE and sum(each.amounts.values()) > 0 for each, _ in named):
            events.append((one.loan_id, EventKind.OVERDUE, on, None, one.command))
        if made.settles:
            events.append((one.loan_id, EventKind.SETTLED, made.fact.value_on, None, one.command))
        if isinstance(made.fact, Reverse):
            undone.append((one, made.fact, next(iter(own), None)))
    write_many(conn, tables.fact, facts)
    write_many(conn, tables.milestone, marks)
    write_many(conn, tables.booking, bookings)
    events += _write_reversals(conn, undone)
    write_events(conn, events)


def _write_reversals(
    conn: Connection, undone: Sequence[tuple[Change, Reverse, int | None]]
) -> list[tuple[int, EventKind, date, int | None, Command]]:
    """Write that repayments were reversed, whichever door ordered it; other facts have no row that would say it."""
    rows = list[dict[str, Any]]()
    events: list[tuple[int, EventKind, date, int | None, Command]] = []
    for one, fact, entry_id in undone:
        repayment_id = repayment_of_fact(conn, loan_id=one.loan_id, no=fact.of)
        if repayment_id is None:
            continue
        assert entry_id is not None, "a repayment was booked, and so is its reversal"
        events.append((one.loan_id, EventKind.REVERSED, fact.value_on, entry_id, one.command))
        rows.append(
            {
                "repayment_id": repayment_id,
                "reversed_on": fact.value_on,
                "entry_id": entry_id,
                "actor": one.command.actor,
                "key": one.command.key.removeprefix(REVERSING),
                "recorded_at": one.command.received_at,
            }
        )
    write_many(conn, tables.repayment_reversal, rows)
    return events


REVERSING = "reverse:"
"""Name space of the keys of reversals of repayments."""


Asked = TypeVar("Asked", Repay, Change)


def rounds(commands: Sequence[Asked]) -> Iterator[list[tuple[int, Asked]]]:
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
