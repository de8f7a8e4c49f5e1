"""Reads of servicing: facts, positions, schedules and events of loans; many loans cost as many statements as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Date,
    Insert,
    Integer,
    Row,
    Select,
    Subquery,
    TextClause,
    and_,
    any_,
    bindparam,
    case,
    column,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import aggregate_order_by, distinct_on

from domain.command import Command
from domain.product.accounting import Event
from domain.servicing import tables
from domain.servicing.change import Dossier, PaidIn, Started, plain_dossier, position_in, position_of
from domain.servicing.contract import Contract
from domain.servicing.daycount import DayCount
from domain.servicing.document import contract_of, fact_of, flags_of
from domain.servicing.event import EventKind, LoanEvent, ScheduleReason
from domain.servicing.fact import Fact, Pay
from domain.servicing.life import Life, replay
from domain.servicing.milestone import Milestone, resumed
from domain.servicing.movement import Movement
from domain.servicing.position import Disbursement, Facts, Loan, Position, Progress
from domain.servicing.position import position as computed
from domain.servicing.posting import Share
from domain.servicing.repayment import Bucket, Intent, Source, Taken
from domain.servicing.schedule import Instalment, Schedule
from domain.servicing.terms import AllocationBy, Method, Terms
from ledger import money
from ledger.money import Rounding

Scope: TypeAlias = Callable[[ColumnElement[int]], ColumnElement[bool]]
"""Which loans a query is about, as a condition on any column that holds a loan id."""


def loans_in(loan_ids: Sequence[int]) -> Scope:
    """Return the scope of named loans."""
    ids = literal(list(loan_ids), ARRAY(BigInteger))
    return lambda loan_id: loan_id == any_(ids)


def _plain_in(loan_ids: Sequence[int]) -> Scope:
    """Return the scope of those named loans that have no contract document."""
    named = loans_in(loan_ids)
    return lambda loan_id: and_(named(loan_id), not_(_is_living(loan_id)))


def loans_between(low: int, high: int) -> Scope:
    """Return the scope of a range of loan ids, both ends inside: a chunk of the close of business."""
    return lambda loan_id: loan_id.between(low, high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """A repayment as it was recorded; amounts in minor units, `reversed_on` set when it did not happen."""

    repayment_id: int
    loan_id: int
    source: Source
    intent: Intent
    paid_on: date
    amount: int
    excess: int
    currency: str
    plan_version: int | None
    entry_id: int
    actor: str
    key: str
    recorded_at: datetime
    reversed_on: date | None
    reversed_by: Command | None
    taken: tuple[Taken, ...]
    fact_no: int | None = None

    @property
    def reversal_key(self) -> str | None:
        """The key of the command that reversed it."""
        return None if self.reversed_by is None else self.reversed_by.key

    @property
    def is_living(self) -> bool:
        """Whether it is a fact of a living loan."""
        return self.fact_no is not None

    def by_component(self) -> dict[str, int]:
        """Amount per component of the borrower (penalty, interest, principal), whatever account it was taken from."""
        totals: dict[str, int] = {}
        for one in self.taken:
            totals[one.bucket.component] = totals.get(one.bucket.component, 0) + one.amount
        return totals


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleVersion:
    """One version of a loan's schedule and why it was made."""

    version: int
    reason: ScheduleReason
    made_on: date
    schedule: Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact that was recorded before; `entry_ids` are the entries that it made us book."""

    loan_id: int
    fact: Fact
    actor: str
    entry_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """An overdue loan at the end of a day; amounts in minor units, `outstanding` is all unpaid principal."""

    loan_id: int
    aged_on: date
    dpd: int
    bucket: str
    outstanding: int
    principal: int
    interest: int
    penalty: int


def loan(conn: Connection, loan_id: int) -> Loan | None:
    """Return the contract of a loan."""
    row = conn.execute(select(tables.loan).where(tables.loan.c.loan_id == loan_id)).one_or_none()
    return None if row is None else _loan(row)


def loan_of_application(conn: Connection, application_id: int) -> Loan | None:
    """Return the loan that an application became."""
    row = conn.execute(select(tables.loan).where(tables.loan.c.application_id == application_id)).one_or_none()
    return None if row is None else _loan(row)


def loans(conn: Connection, *, after: int = 0, limit: int = 50) -> tuple[Loan, ...]:
    """Return contracts in the order of their ids, the page after an id."""
    asked = select(tables.loan).where(tables.loan.c.loan_id > after).order_by(tables.loan.c.loan_id).limit(limit)
    return tuple(_loan(row) for row in conn.execute(asked))


def loans_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Loan]:
    """Return the contracts of named loans; unknown ids are absent."""
    asked = select(tables.loan).where(loans_in(loan_ids)(tables.loan.c.loan_id))
    return {row.loan_id: _loan(row) for row in conn.execute(asked)}


def schedule(conn: Connection, loan_id: int) -> Schedule | None:
    """Return the schedule in force; of a cancelled loan it is empty."""
    made = schedule_versions(conn, loan_id)
    return made[-1].schedule if made else None


def schedule_versions(conn: Connection, loan_id: int) -> tuple[ScheduleVersion, ...]:
    """Return every schedule that a loan has had, oldest first."""
    v, i, ln = tables.schedule_version, tables.instalment, tables.loan
    asked = (
        select(
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
        .where(v.c.loan_id == loan_id)
        .order_by(v.c.version, i.c.no)
    )
    grouped: dict[int, list[Any]] = {}
    for row in conn.execute(asked):
        grouped.setdefault(row.version, []).append(row)
    return tuple(
        ScheduleVersion(
            version=version,
            reason=ScheduleReason(rows[0].reason),
            made_on=rows[0].made_on,
            schedule=Schedule(
                rows[0].currency,
                tuple(Instalment(r.no, r.from_on, r.due_on, r.principal, r.interest) for r in rows if r.no is not None),
            ),
        )
        for version, rows in grouped.items()
    )


def position(conn: Connection, *, loan_id: int, on: date) -> Position | None:
    """Return the position of one loan at the beginning of a date, from payments and accruals up to it."""
    return positions(conn, loan_ids=[loan_id], on=on).get(loan_id)


def positions(conn: Connection, *, loan_ids: Sequence[int], on: date) -> dict[int, Position]:
    """Return positions of many loans: plain ones in two statements, living ones in two more, and one for whole lives.

    A life is told whole where no milestone fits: it has few facts, or a late one reaches back before the newest.
    """
    known = facts(conn, _plain_in(loan_ids), until=on)
    lives = _lives(conn, [loan_id for loan_id in loan_ids if loan_id not in known], on=on)
    waiting = [loan_id for loan_id, life in lives.items() if not life.latest]
    known |= facts(conn, loans_in(waiting), until=on) if waiting else {}
    found = {loan_id: computed(one, on=on) for loan_id, one in known.items()}
    found |= {loan_id: position_in(life, loan_id=loan_id) for loan_id, life in lives.items() if loan_id not in known}
    return {loan_id: found[loan_id] for loan_id in sorted(found)}


def position_as_of(conn: Connection, *, loan_id: int, value_on: date, known_on: date) -> Position | None:
    """Return the position of one loan at the beginning of `value_on`, as it was known at the end of `known_on`."""
    lives = _lives(conn, [loan_id], on=value_on, known_on=known_on)
    if loan_id in lives:
        return position_in(lives[loan_id], loan_id=loan_id)
    found = dossiers(conn, [loan_id], is_plain_too=True).get(loan_id)
    return None if found is None else position_of(found.known_by(known_on), on=value_on)


@cache
def engine() -> str:
    """Return the fingerprint of the code that tells lives; a milestone of any other is not believed."""
    here = Path(__file__).parent
    told_by = [one for one in here.glob("*.py") if one.stem not in {"tables", "operations", "queries"}]
    told_by += [here.parent / "calendar.py", here.parent / "product" / "accounting.py", Path(money.__file__)]
    digest = sha256()
    for one in sorted(told_by):
        digest.update(sha256(one.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _lives(conn: Connection, loan_ids: Sequence[int], *, on: date, known_on: date = date.max) -> dict[int, Life]:
    """Return the lives of those loans that are living, each gone on with from its newest milestone that fits."""
    if not loan_ids:
        return {}
    c, m = tables.contract, tables.milestone
    newest = (
        select(m)
        .where(m.c.loan_id == c.c.loan_id, m.c.engine == engine(), m.c.latest_on <= on, m.c.booked_on <= known_on)
        .order_by(m.c.no.desc())
        .limit(1)
        .lateral()
    )
    columns = (newest.c[name] for name in ("no", "latest_on", "latest_rank", "latest_no", "booked_on", "document"))
    asked = select(c.c.loan_id, c.c.document.label("contract"), *columns).outerjoin(newest, true())
    contracts: dict[int, Contract] = {}
    marks: dict[int, Milestone] = {}
    for row in conn.execute(asked.where(loans_in(loan_ids)(c.c.loan_id))):
        contracts[row.loan_id] = contract_of(row.contract)
        if row.no is not None:
            place = (row.latest_on, row.latest_rank, row.latest_no)
            marks[row.loan_id] = Milestone(no=row.no, latest=place, booked_on=row.booked_on, document=row.document)
    later = _facts_after(
        conn, {loan_id: marks[loan_id].no if loan_id in marks else 0 for loan_id in contracts}, on, known_on
    )
    made = {
        loan_id: resumed(contracts[loan_id], mark, later.get(loan_id, ()), on=on) for loan_id, mark in marks.items()
    }
    whole = later | _facts_after(conn, {loan_id: 0 for loan_id, life in made.items() if life is None}, on, known_on)
    return {
        loan_id: made.get(loan_id) or replay(contract, whole.get(loan_id, ()), on=on)
        for loan_id, contract in contracts.items()
    }


def _facts_after(conn: Connection, numbers: Mapping[int, int], on: date, known_on: date) -> dict[int, tuple[Fact, ...]]:
    """Return the facts of each loan after a number that have a say at a date; the others are not read."""
    if not numbers:
        return {}
    f = tables.fact
    ids, after = (
        bindparam("ids", list(numbers), ARRAY(BigInteger)),
        bindparam("after", list(numbers.values()), ARRAY(Integer)),
    )
    since = (
        func.unnest(ids, after)
        .table_valued(column("loan_id", BigInteger), column("no", Integer))
        .render_derived("since")
    )
    reaches_back = f.c.kind.in_(
        ["Levy", "Reverse"]
    )  # a charge may be due before its value date; a reversal is timeless
    asked = (
        select(f)
        .join(since, and_(since.c.loan_id == f.c.loan_id, f.c.no > since.c.no))
        .where(or_(f.c.value_on <= on, reaches_back), f.c.booked_on <= known_on)
        .order_by(f.c.loan_id, f.c.no)
    )
    said: dict[int, list[Fact]] = {}
    for row in conn.execute(asked):
        said.setdefault(row.loan_id, []).append(_fact(row))
    return {loan_id: tuple(found) for loan_id, found in said.items()}


def living_between(conn: Connection, *, low: int, high: int) -> list[int]:
    """Return the loans of a range that have a contract document, in the order of their ids."""
    c = tables.contract.c
    return list(conn.scalars(select(c.loan_id).where(c.loan_id.between(low, high)).order_by(c.loan_id)))


def keys_taken(conn: Connection, keys: Sequence[str]) -> dict[str, KnownFact]:
    """Return the facts that were recorded under these keys."""
    f, b = tables.fact, tables.booking
    caused = and_(b.c.loan_id == f.c.loan_id, b.c.cause == f.c.no, b.c.entry_id.is_not(None))
    entries = select(func.array_agg(aggregate_order_by(b.c.entry_id, b.c.booking_id))).where(caused).scalar_subquery()
    asked = select(f, entries.label("entry_ids")).where(f.c.key.in_(keys))
    return {
        row.key: KnownFact(
            loan_id=row.loan_id,
            fact=_fact(row),
            actor=row.actor,
            entry_ids=tuple(dict.fromkeys(row.entry_ids or ())),
        )
        for row in conn.execute(asked)
    }


def dossiers(conn: Connection, loan_ids: Sequence[int], *, is_plain_too: bool = False) -> dict[int, Dossier]:
    """Return the dossiers of loans, in five statements however many; those of plain loans only when asked for.

    A plain loan's dossier is read from its columns, its repayments and its accruals; it `is_new`. A loan that was never
    paid out has no facts, and as long as it is plain no dossier.
    """
    if not loan_ids:
        return {}
    scope = loans_in(loan_ids)
    ln, c = tables.loan, tables.contract
    asked = select(ln, c.c.document).outerjoin(c, c.c.loan_id == ln.c.loan_id).where(scope(ln.c.loan_id))
    loans = {row.loan_id: (_loan(row), row.document) for row in conn.execute(asked)}
    living = [loan_id for loan_id, (_, document) in loans.items() if document is not None]
    made = _living_dossiers(conn, loans, living) if living else {}
    plain = [loan_id for loan_id in loans if loan_id not in made]
    return made | (_plain_dossiers(conn, plain) if is_plain_too and plain else {})


def _living_dossiers(
    conn: Connection, loans: Mapping[int, tuple[Loan, Mapping[str, Any]]], living: Sequence[int]
) -> dict[int, Dossier]:
    f, b = tables.fact, tables.booking
    said: dict[int, list[Fact]] = {}
    for row in conn.execute(select(f).where(loans_in(living)(f.c.loan_id)).order_by(f.c.loan_id, f.c.no)):
        said.setdefault(row.loan_id, []).append(_fact(row))
    place = (b.c.loan_id, b.c.event, b.c.fact_no, b.c.flags)
    held: dict[int, dict[tuple[str, int, str], dict[str, int]]] = {}
    through: dict[int, date] = {}
    asked = (
        select(*place, b.c.bucket, func.sum(b.c.amount).label("amount"), func.max(b.c.through_on).label("through_on"))
        .where(loans_in(living)(b.c.loan_id))
        .group_by(*place, b.c.bucket)
        .order_by(b.c.loan_id, func.min(b.c.booking_id))
    )
    for row in conn.execute(asked):
        through[row.loan_id] = max(row.through_on, through.get(row.loan_id, date.min))
        amounts = held.setdefault(row.loan_id, {}).setdefault((row.event, row.fact_no, row.flags), {})
        amounts[row.bucket] = int(row.amount)
    plans = _plans(conn, living)
    made = {}
    for loan_id in living:
        loan, document = loans[loan_id]
        contract = contract_of(document)
        version, plan = plans.get(loan_id, (0, ()))
        made[loan_id] = Dossier(
            loan=replace(loan, terms=contract.terms),
            contract=contract,
            facts=tuple(said.get(loan_id, ())),
            booked=tuple(
                Movement(
                    event=Event(event),
                    amounts=amounts,
                    fact_no=fact_no,
                    value_on=through[loan_id],
                    flags=flags_of(flags),
                )
                for (event, fact_no, flags), amounts in held.get(loan_id, {}).items()
            ),
            through_on=through.get(loan_id, date.min),
            version=version,
            plan=plan,
        )  # fmt: skip
    return made


def _plans(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[int, tuple[Instalment, ...]]]:
    i = tables.current_instalment
    found: dict[int, tuple[int, list[Instalment]]] = {}
    for row in conn.execute(select(i).where(loans_in(loan_ids)(i.c.loan_id)).order_by(i.c.loan_id, i.c.no)):
        line = Instalment(row.no, row.from_on, row.due_on, row.principal, row.interest)
        found.setdefault(row.loan_id, (row.version, []))[1].append(line)
    return {loan_id: (version, tuple(lines)) for loan_id, (version, lines) in found.items()}


def _plain_dossiers(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Dossier]:
    scope, m, a, e = loans_in(loan_ids), tables.movement, tables.penalty_accrual, tables.loan_event
    known = facts(conn, scope)
    paid: dict[int, list[Repayment]] = {}
    for one in _repayments(conn, scope(tables.repayment.c.loan_id)):
        paid.setdefault(one.loan_id, []).append(one)
    moved = {
        (row.loan_id, row.kind): int(row.amount)
        for row in conn.execute(
            select(m.c.loan_id, m.c.kind, func.sum(m.c.amount).label("amount"))
            .where(scope(m.c.loan_id))
            .group_by(m.c.loan_id, m.c.kind)
        )
    }
    latest = (
        select(a.c.loan_id, a.c.booked)
        .ext(distinct_on(a.c.loan_id, a.c.no))
        .where(scope(a.c.loan_id))
        .order_by(a.c.loan_id, a.c.no, a.c.accrual_id.desc())
    ).subquery()
    asked = select(latest.c.loan_id, func.sum(latest.c.booked).label("booked")).group_by(latest.c.loan_id)
    penalties = {row.loan_id: int(row.booked) for row in conn.execute(asked)}
    is_paid_out = and_(scope(e.c.loan_id), e.c.kind == EventKind.DISBURSED.value)
    started = {row.loan_id: row for row in conn.execute(select(e).where(is_paid_out))}
    return {
        loan_id: plain_dossier(
            known[loan_id],
            Started(
                on=row.happened_on,
                by=Command(actor=row.actor, key=f"disburse:{loan_id}", received_at=row.recorded_at),
            ),
            tuple(_paid_in(one) for one in paid.get(loan_id, ())),
            moved_interest=moved.get((loan_id, "INTEREST_DUE"), 0),
            moved_principal=moved.get((loan_id, "PRINCIPAL_OVERDUE"), 0),
            penalty=penalties.get(loan_id, 0),
        )
        for loan_id, row in started.items()
    }  # fmt: skip


def _paid_in(one: Repayment) -> PaidIn:
    amounts: dict[str, int] = {}
    for part in one.taken:
        amounts[part.bucket] = amounts.get(part.bucket, 0) + part.amount
    return PaidIn(
        source=one.source,
        intent=one.intent,
        paid_on=one.paid_on,
        amount=one.amount,
        excess=one.excess,
        taken=amounts,
        by=Command(actor=one.actor, key=one.key, received_at=one.recorded_at),
        reversed_on=one.reversed_on,
        reversed_by=one.reversed_by,
    )


def _fact(row: Row[Any]) -> Fact:
    return fact_of(row.kind, no=row.no, value_on=row.value_on, booked_on=row.booked_on, said=row.payload)


def facts(conn: Connection, scope: Scope, *, until: date | None = None) -> dict[int, Facts]:
    """Return the facts of the loans in a scope, in two statements.

    `until` leaves out what happened after that date; what is known today about earlier dates stays in.
    """
    progress: dict[int, list[Progress]] = {}
    for row in conn.execute(select(instalments(scope, until=until)).order_by("loan_id", "no")):
        progress.setdefault(row.loan_id, []).append(_progress(row))
    return {
        row.loan_id: Facts(
            loan=_loan(row),
            disbursement=_DISBURSEMENT.get(row.answer, Disbursement.INSTRUCTED),
            version=row.version,
            progress=tuple(progress.get(row.loan_id, ())),
            interest_booked=row.interest_booked,
            overpayment=int(row.overpayment),
            is_living=row.is_living,
        )
        for row in conn.execute(_heads(scope, until=until))
    }


def locked_facts(conn: Connection, loan_ids: Sequence[int]) -> dict[int, Facts]:
    """Lock the loans, in the order of their ids, until the transaction ends; return their facts as they then are."""
    lock_loans(conn, loan_ids)
    return facts(conn, loans_in(loan_ids))


def lock_loans(conn: Connection, loan_ids: Sequence[int]) -> None:
    """Lock the loans, in the order of their ids, until the transaction ends."""
    ids = tables.loan.c.loan_id
    conn.execute(select(ids).where(loans_in(loan_ids)(ids)).order_by(ids).with_for_update()).all()


def lock_between(conn: Connection, *, low: int, high: int) -> None:
    """Lock the loans of a range, in the order of their ids, until the transaction ends; payments on them wait."""
    ids = tables.loan.c.loan_id
    conn.execute(
        select(func.count()).select_from(
            select(ids).where(loans_between(low, high)(ids)).order_by(ids).with_for_update().subquery()
        )
    )


def last_loan_id(conn: Connection) -> int:
    """Return the highest loan id; 0 when there is no loan."""
    return conn.scalar(select(func.max(tables.loan.c.loan_id))) or 0


def events(conn: Connection, loan_id: int) -> tuple[LoanEvent, ...]:
    """Return what happened to a loan, in the order in which we learned it."""
    return events_of(conn, [loan_id])[loan_id]


def events_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[LoanEvent, ...]]:
    """Return what happened to each of many loans, in the order in which we learned it, in one statement."""
    e = tables.loan_event.c
    found: dict[int, list[LoanEvent]] = {loan_id: [] for loan_id in loan_ids}
    for row in conn.execute(select(tables.loan_event).where(e.loan_id.in_(loan_ids)).order_by(e.event_id)):
        found[row.loan_id].append(
            LoanEvent(
                event_id=row.event_id,
                loan_id=row.loan_id,
                kind=EventKind(row.kind),
                happened_on=row.happened_on,
                entry_id=row.entry_id,
                actor=row.actor,
                key=row.key,
                recorded_at=row.recorded_at,
            )
        )
    return {loan_id: tuple(happened) for loan_id, happened in found.items()}


def repayment(conn: Connection, repayment_id: int) -> Repayment | None:
    """Return one repayment."""
    return next(iter(_as_they_stand(conn, tables.repayment.c.repayment_id == repayment_id)), None)


def repayments(conn: Connection, loan_id: int) -> tuple[Repayment, ...]:
    """Return the repayments of a loan, reversed ones too, oldest first."""
    return repayments_of(conn, [loan_id])[loan_id]


def repayments_of(conn: Connection, loan_ids: Sequence[int]) -> dict[int, tuple[Repayment, ...]]:
    """Return the repayments of each of many loans, reversed ones too, oldest first, in two statements."""
    found: dict[int, list[Repayment]] = {loan_id: [] for loan_id in loan_ids}
    for one in _as_they_stand(conn, tables.repayment.c.loan_id.in_(loan_ids)):
        found[one.loan_id].append(one)
    return {loan_id: tuple(made) for loan_id, made in found.items()}


def reversed_under(conn: Connection, key: str) -> int | None:
    """Return the repayment whose reversal was ordered under an idempotency key, or None."""
    r = tables.repayment_reversal.c
    found: int | None = conn.scalar(select(r.repayment_id).where(r.key == key))
    return found


def repayments_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, Repayment]:
    """Return the repayments that were recorded under these idempotency keys."""
    return {one.key: one for one in _as_they_stand(conn, tables.repayment.c.key.in_(keys))}


def aged(conn: Connection, *, on: date) -> tuple[Aged, ...]:
    """Return the loans that were overdue at the end of a closed day, the oldest debt first."""
    a = tables.ageing.c
    return tuple(
        Aged(**row._mapping)  # noqa: SLF001 - SQLAlchemy's documented mapping of a row
        for row in conn.execute(select(tables.ageing).where(a.aged_on == on).order_by(a.dpd.desc(), a.loan_id))
    )


def instalments(scope: Scope, *, until: date | None = None) -> Subquery:
    """Return each instalment of the schedules in force with what was paid, moved and accrued of it.

    Columns: loan_id, no, from_on, due_on, principal, interest; penalty_paid, receivable_paid, accrued_paid,
    overdue_paid, normal_paid (what repayments took from which account); principal_dates, principal_amounts;
    interest_moved, principal_moved; penalty_booked.
    """
    i = _in_force(scope, until=until)
    paid, moved = _paid(scope, until=until), _moved(scope, until=until)
    accrual = tables.penalty_accrual
    booked = select(accrual.c.booked).where(accrual.c.loan_id == i.c.loan_id, accrual.c.no == i.c.no)
    if until is not None:
        booked = booked.where(accrual.c.accrued_on < until)
    latest = booked.order_by(accrual.c.accrual_id.desc()).limit(1).scalar_subquery()
    return (
        select(
            *i.c,
            *(func.coalesce(paid.c[name], 0).label(name) for name in _PAID),
            paid.c.principal_dates,
            paid.c.principal_amounts,
            func.coalesce(moved.c.interest_moved, 0).label("interest_moved"),
            func.coalesce(moved.c.principal_moved, 0).label("principal_moved"),
            func.coalesce(latest, 0).label("penalty_booked"),
        )
        .outerjoin(paid, and_(paid.c.loan_id == i.c.loan_id, paid.c.no == i.c.no))
        .outerjoin(moved, and_(moved.c.loan_id == i.c.loan_id, moved.c.no == i.c.no))
        .subquery("progress")
    )


def interest_to_accrue(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return, per running loan, the interest up to the end of `on` that is not booked yet.

    The arithmetic is that of `interest.accrued`, in integers, for the beginning of the next day.
    """
    return _shares(conn, _INTEREST_TO_ACCRUE, low=low, high=high, to_on=on + timedelta(days=1))


def penalty_to_accrue(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return, per overdue instalment, the penalty to the end of `on` less what is booked; below zero to take back.

    The arithmetic is that of `charge.penalty_accrued`; never is more taken back than is still unpaid.
    """
    return _shares(conn, _PENALTY_TO_ACCRUE, low=low, high=high, to_on=on + timedelta(days=1))


def interest_to_move(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return the interest of instalments due up to `on` that is neither paid nor moved to receivables yet."""
    p = instalments(loans_between(low, high))
    amount = p.c.interest - p.c.accrued_paid - p.c.interest_moved
    return _moves(conn, p, amount, p.c.due_on <= on)


def principal_to_move(conn: Connection, *, low: int, high: int, on: date) -> list[Share]:
    """Return the principal of instalments whose grace ends with `on` that is neither paid nor moved to overdue yet."""
    p = instalments(loans_between(low, high))
    amount = p.c.principal - p.c.normal_paid - p.c.principal_moved
    return _moves(conn, p, amount, p.c.due_on + tables.loan.c.grace_days <= on)


def holders_of_overpayment(conn: Connection, *, low: int, high: int) -> list[int]:
    """Return the loans that have something on the overpayment account."""
    r = tables.standing_repayment
    is_plain = not_(_is_living(r.c.loan_id))
    asked = select(r.c.loan_id).where(r.c.loan_id.between(low, high), is_plain)
    asked = asked.group_by(r.c.loan_id).having(overpaid(r) > 0)
    return list(conn.scalars(asked.order_by(r.c.loan_id)))


def late_candidates(conn: Connection, *, low: int, high: int, on: date) -> list[int]:
    """Return the loans of a range that may be late at the end of `on`: behind with an instalment, or ever charged.

    Nearly all of a portfolio is neither, and is left out of ageing by one pass over what is due.
    """
    p, ln, b = instalments(loans_between(low, high)), tables.loan, tables.penalty_accrual
    paid = p.c.overdue_paid + p.c.normal_paid + p.c.receivable_paid + p.c.accrued_paid
    behind = (
        select(p.c.loan_id)
        .join(ln, ln.c.loan_id == p.c.loan_id)
        .where(p.c.due_on + ln.c.grace_days < on, p.c.principal + p.c.interest > paid)
    )
    charged = select(b.c.loan_id).where(b.c.loan_id.between(low, high))
    return sorted(conn.scalars(behind.union(charged)))


def ageing_rows(loan_ids: Sequence[int], *, on: date) -> Insert:
    """Return the statement that writes the ageing of those of the named loans that are late at the end of `on`."""
    p, ln = instalments(loans_in(loan_ids)), tables.loan
    principal = p.c.principal - p.c.overdue_paid - p.c.normal_paid
    interest = p.c.interest - p.c.receivable_paid - p.c.accrued_paid
    penalty = p.c.penalty_booked - p.c.penalty_paid
    is_late = and_(p.c.due_on + ln.c.grace_days < on, principal + interest + penalty > 0)
    dpd = type_coerce(literal(on, Date) - func.min(p.c.due_on).filter(is_late), Integer)
    month = func.least((dpd + 29) // 30, 7)
    aged_loans = (
        select(
            literal(on, Date),
            ln.c.loan_id,
            dpd,
            case((month == 7, "M6+"), else_=func.concat("M", month)),  # noqa: PLR2004 - beyond 180 days
            func.sum(principal),
            *(func.sum(what).filter(is_late) for what in (principal, interest, penalty)),
        )
        .join(ln, ln.c.loan_id == p.c.loan_id)
        .where(_is_swept())
        .group_by(ln.c.loan_id)
        .having(func.bool_or(is_late))
    )
    names = ["aged_on", "loan_id", "dpd", "bucket", "outstanding", "principal", "interest", "penalty"]
    return insert(tables.ageing).from_select(names, aged_loans)


_DISBURSEMENT = {
    EventKind.DISBURSED.value: Disbursement.SUCCEEDED,
    EventKind.DISBURSEMENT_FAILED.value: Disbursement.FAILED,
}

_PAID = {
    "penalty_paid": Bucket.PENALTY,
    "receivable_paid": Bucket.INTEREST,
    "accrued_paid": Bucket.ACCRUED_INTEREST,
    "overdue_paid": Bucket.OVERDUE_PRINCIPAL,
    "normal_paid": Bucket.PRINCIPAL,
}


def _in_force(scope: Scope, *, until: date | None) -> Subquery:
    if until is None:
        current = tables.current_instalment
        return select(current).where(scope(current.c.loan_id)).subquery("i")
    i, v = tables.instalment, tables.schedule_version
    version = select(func.max(v.c.version)).where(v.c.loan_id == i.c.loan_id, v.c.made_on <= until).scalar_subquery()
    return select(i).where(scope(i.c.loan_id), i.c.version == version).subquery("i")


def _paid(scope: Scope, *, until: date | None) -> Subquery:
    a = tables.standing_allocation
    is_principal = a.c.component.in_([Bucket.OVERDUE_PRINCIPAL.value, Bucket.PRINCIPAL.value])

    def listed(what: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.array_agg(aggregate_order_by(what, a.c.repayment_id, a.c.component)).filter(is_principal)

    asked = (
        select(
            a.c.loan_id,
            a.c.no,
            *(func.sum(a.c.amount).filter(a.c.component == bucket.value).label(name) for name, bucket in _PAID.items()),
            listed(a.c.paid_on).label("principal_dates"),
            listed(a.c.amount).label("principal_amounts"),
        )
        .where(scope(a.c.loan_id))
        .group_by(a.c.loan_id, a.c.no)
    )
    return (asked if until is None else asked.where(a.c.paid_on <= until)).subquery("paid")


def _moved(scope: Scope, *, until: date | None) -> Subquery:
    m = tables.movement
    asked = (
        select(
            m.c.loan_id,
            m.c.no,
            func.sum(m.c.amount).filter(m.c.kind == "INTEREST_DUE").label("interest_moved"),
            func.sum(m.c.amount).filter(m.c.kind == "PRINCIPAL_OVERDUE").label("principal_moved"),
        )
        .where(scope(m.c.loan_id))
        .group_by(m.c.loan_id, m.c.no)
    )
    return (asked if until is None else asked.where(m.c.moved_on < until)).subquery("moved")


def _heads(scope: Scope, *, until: date | None) -> Select[Any]:
    ln, e, v, r, a = (
        tables.loan,
        tables.loan_event,
        tables.schedule_version,
        tables.standing_repayment,
        tables.interest_accrual,
    )
    answer = select(e.c.kind).where(e.c.loan_id == ln.c.loan_id, e.c.kind.in_(_DISBURSEMENT))
    version = select(func.max(v.c.version)).where(v.c.loan_id == ln.c.loan_id)
    booked = select(a.c.booked).where(a.c.loan_id == ln.c.loan_id)
    held = select(overpaid(r)).where(r.c.loan_id == ln.c.loan_id)
    if until is not None:
        answer, version = answer.where(e.c.happened_on <= until), version.where(v.c.made_on <= until)
        booked, held = booked.where(a.c.accrued_on < until), held.where(r.c.paid_on <= until)
    latest = booked.order_by(a.c.accrual_id.desc()).limit(1)
    return select(
        ln,
        answer.scalar_subquery().label("answer"),
        func.coalesce(version.scalar_subquery(), 0).label("version"),
        func.coalesce(latest.scalar_subquery(), 0).label("interest_booked"),
        func.coalesce(held.scalar_subquery(), 0).label("overpayment"),
        _is_living(ln.c.loan_id).label("is_living"),
    ).where(scope(ln.c.loan_id))


def overpaid(repayment: Any) -> ColumnElement[int]:  # noqa: ANN401 - the view or a table of its shape
    """Return the sum of excess paid in less what was applied since, over standing repayments."""
    applied = func.sum(repayment.c.amount).filter(repayment.c.source == Source.OVERPAYMENT.value)
    paid_in = func.sum(repayment.c.excess).filter(repayment.c.source == Source.CASH.value)
    return func.coalesce(paid_in, 0) - func.coalesce(applied, 0)


def _progress(row: Row[Any]) -> Progress:
    return Progress(
        instalment=Instalment(row.no, row.from_on, row.due_on, row.principal, row.interest),
        principal_payments=tuple(zip(row.principal_dates or (), row.principal_amounts or (), strict=True)),
        interest_paid=int(row.receivable_paid + row.accrued_paid),
        penalty_paid=int(row.penalty_paid),
        penalty_booked=row.penalty_booked,
        interest_receivable=int(row.interest_moved - row.receivable_paid),
        principal_overdue=int(row.principal_moved - row.overdue_paid),
    )


def _loan(row: Row[Any]) -> Loan:
    return Loan(
        loan_id=row.loan_id,
        application_id=row.application_id,
        product_id=row.product_id,
        product_version=row.product_version,
        book=row.book,
        platform_book=row.platform_book,
        funder_id=row.funder_id,
        party_id=row.party_id,
        channel_id=row.channel_id,
        customer_id=row.customer_id,
        service_fee=row.service_fee,
        terms=Terms(
            principal=row.principal,
            currency=row.currency,
            rate_annual=row.rate_annual,
            instalments=row.term_months,
            start_on=row.start_on,
            day_count=DayCount(row.day_count),
            rounding=Rounding(row.rounding),
            grace_days=row.grace_days,
            penalty_rate_annual=row.penalty_rate_annual,
            allocation_order=tuple(row.allocation_order),
            allocation_by=AllocationBy(row.allocation_by),
            method=Method(row.method),
        ),
    )


def _as_they_stand(conn: Connection, where: ColumnElement[bool]) -> list[Repayment]:
    """Repayments; what those of a living loan met is a view of its life, and changes with what becomes known."""
    found = list(_repayments(conn, where))
    lives = dossiers(conn, sorted({one.loan_id for one in found if one.is_living}))
    told = {
        loan_id: one.life(max(one.through_on, *(each.value_on for each in one.facts))) for loan_id, one in lives.items()
    }
    return [_met(one, told[one.loan_id]) if one.loan_id in told else one for one in found]


def _met(one: Repayment, life: Life) -> Repayment:
    paid = next((each for each in life.live if isinstance(each, Pay) and each.no == one.fact_no), None)
    if paid is None:
        return one
    made = [each for each in life.transactions if each.fact_no == paid.no and each.kind == paid.kind]
    parts = [part for each in made for part in each.parts]
    taken = tuple(Taken(part.no, Bucket(part.component), part.amount) for part in parts)
    return replace(one, taken=taken, excess=sum(each.excess for each in made))


def _repayments(conn: Connection, where: ColumnElement[bool]) -> Iterator[Repayment]:
    r, x, a, f = tables.repayment, tables.repayment_reversal, tables.allocation, tables.fact
    asked = (
        select(
            r,
            x.c.reversed_on,
            x.c.key.label("reversal_key"),
            x.c.actor.label("reversal_actor"),
            x.c.recorded_at.label("reversal_at"),
            f.c.no.label("fact_no"),
        )
        .outerjoin(f, and_(f.c.key == func.concat("repay:", r.c.key), f.c.loan_id == r.c.loan_id))
        .outerjoin(x, x.c.repayment_id == r.c.repayment_id)
        .where(where)
        .order_by(r.c.repayment_id)
    )
    rows = conn.execute(asked).all()
    taken: dict[int, list[Taken]] = {}
    if rows:
        parts = select(a).where(a.c.repayment_id.in_([row.repayment_id for row in rows]))
        for part in conn.execute(parts.order_by(a.c.repayment_id, a.c.no, a.c.component)):
            taken.setdefault(part.repayment_id, []).append(Taken(part.no, Bucket(part.component), part.amount))
    for row in rows:
        yield Repayment(
            repayment_id=row.repayment_id,
            loan_id=row.loan_id,
            source=Source(row.source),
            intent=Intent(row.intent),
            paid_on=row.paid_on,
            amount=row.amount,
            excess=row.excess,
            currency=row.currency,
            plan_version=row.plan_version,
            entry_id=row.entry_id,
            actor=row.actor,
            key=row.key,
            recorded_at=row.recorded_at,
            reversed_on=row.reversed_on,
            reversed_by=None
            if row.reversal_key is None
            else Command(actor=row.reversal_actor, key=row.reversal_key, received_at=row.reversal_at),
            taken=tuple(taken.get(row.repayment_id, ())),
            fact_no=row.fact_no,
        )


_INTEREST_TO_ACCRUE = text("""
WITH target AS (
  SELECT i.loan_id, sum(CASE WHEN i.due_on <= :to_on THEN i.interest
           ELSE (2 * i.interest * (:to_on - i.from_on) + (i.due_on - i.from_on)) / (2 * (i.due_on - i.from_on)) END
         )::bigint AS booked
  FROM servicing.current_instalment i
  WHERE i.loan_id BETWEEN :low AND :high AND i.from_on < :to_on
    AND NOT EXISTS (SELECT FROM servicing.contract c WHERE c.loan_id = i.loan_id)
  GROUP BY i.loan_id
  HAVING max(i.due_on) >= :to_on  -- the plan still runs
)
SELECT ln.loan_id, 0 AS no, ln.product_id, ln.product_version, ln.book, ln.currency, ln.party_id, ln.funder_id,
       ln.channel_id, t.booked - coalesce(a.booked, 0) AS amount, t.booked
FROM target t
JOIN servicing.loan ln USING (loan_id)
LEFT JOIN LATERAL (
  SELECT a.booked FROM servicing.interest_accrual a WHERE a.loan_id = ln.loan_id ORDER BY a.accrual_id DESC LIMIT 1
) a ON true
WHERE t.booked > coalesce(a.booked, 0)
  AND EXISTS (SELECT FROM servicing.loan_event e WHERE e.loan_id = ln.loan_id AND e.kind = 'DISBURSED')
ORDER BY ln.loan_id
""").bindparams(bindparam("to_on", type_=Date))

_PENALTY_TO_ACCRUE = text("""
WITH measured AS (
  SELECT i.loan_id, i.no,
         i.principal * (:to_on - i.due_on) - coalesce(sum(a.amount * greatest(
           :to_on - CASE WHEN a.paid_on > i.due_on + ln.grace_days THEN a.paid_on ELSE i.due_on END, 0)
         ) FILTER (WHERE a.component <> 'penalty'), 0) AS principal_days,
         coalesce(sum(a.amount) FILTER (WHERE a.component = 'penalty'), 0) AS paid
  FROM servicing.current_instalment i
  JOIN servicing.loan ln USING (loan_id)
  LEFT JOIN servicing.standing_allocation a
    ON a.loan_id = i.loan_id AND a.no = i.no AND a.component IN ('overdue_principal', 'principal', 'penalty')
  WHERE i.loan_id BETWEEN :low AND :high AND i.due_on + ln.grace_days < :to_on
    AND NOT EXISTS (SELECT FROM servicing.contract c WHERE c.loan_id = i.loan_id)
    AND EXISTS (SELECT FROM servicing.loan_event e WHERE e.loan_id = i.loan_id AND e.kind = 'DISBURSED')
  GROUP BY i.loan_id, i.no, i.principal, i.due_on
  -- paid in time and nothing booked, as nearly all history is: left out before any arithmetic
  HAVING i.principal * (:to_on - i.due_on) > coalesce(sum(a.amount * greatest(
           :to_on - CASE WHEN a.paid_on > i.due_on + ln.grace_days THEN a.paid_on ELSE i.due_on END, 0)
         ) FILTER (WHERE a.component <> 'penalty'), 0)
      OR coalesce(sum(a.amount) FILTER (WHERE a.component = 'penalty'), 0) > 0
      OR EXISTS (SELECT FROM servicing.penalty_accrual b WHERE b.loan_id = i.loan_id AND b.no = i.no)
), target AS (
  SELECT ln.*, m.no, greatest(m.paid, div(
           2 * m.principal_days * ln.penalty_rate_annual + unit.days, 2 * unit.days))::bigint AS booked
  FROM measured m
  JOIN servicing.loan ln USING (loan_id)
  CROSS JOIN LATERAL (SELECT CASE ln.day_count WHEN 'ACT/365F' THEN 365 ELSE 360 END AS days) unit
)
SELECT t.loan_id, t.no, t.product_id, t.product_version, t.book, t.currency, t.party_id, t.funder_id, t.channel_id,
       t.booked - coalesce(a.booked, 0) AS amount, t.booked
FROM target t
LEFT JOIN LATERAL (
  SELECT a.booked FROM servicing.penalty_accrual a
  WHERE a.loan_id = t.loan_id AND a.no = t.no ORDER BY a.accrual_id DESC LIMIT 1
) a ON true
WHERE t.booked <> coalesce(a.booked, 0)
ORDER BY t.loan_id, t.no
""").bindparams(bindparam("to_on", type_=Date))


def _shares(conn: Connection, asked: TextClause, *, low: int, high: int, to_on: date) -> list[Share]:
    rows = conn.execute(asked, {"low": low, "high": high, "to_on": to_on})
    return [Share(**row) for row in rows.mappings()]


def _moves(conn: Connection, p: Subquery, amount: ColumnElement[Any], is_time: ColumnElement[bool]) -> list[Share]:
    ln = tables.loan.c
    asked = (
        select(
            ln.loan_id,
            p.c.no,
            ln.product_id,
            ln.product_version,
            ln.book,
            ln.currency,
            ln.party_id,
            ln.funder_id,
            ln.channel_id,
            sql_cast(amount, BigInteger).label("amount"),
            literal(0).label("booked"),
        )
        .join(tables.loan, ln.loan_id == p.c.loan_id)
        .where(is_time, amount > 0, _is_swept())
        .order_by(ln.loan_id, p.c.no)
    )
    return [Share(**row) for row in conn.execute(asked).mappings()]


def _is_swept() -> ColumnElement[bool]:
    """Whether the set-based steps are the engine of a loan: it is paid out, and plain."""
    e, ln = tables.loan_event, tables.loan
    is_disbursed = exists().where(e.c.loan_id == ln.c.loan_id, e.c.kind == EventKind.DISBURSED.value)
    return and_(is_disbursed, not_(_is_living(ln.c.loan_id)))


def _is_living(loan_id: ColumnElement[int]) -> ColumnElement[bool]:
    return exists().where(tables.contract.c.loan_id == loan_id)
