"""Reads of the day module: how far the close of business has come."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, and_, func, select

from domain.day import tables
from domain.day.step import LOAN_STEPS, Chunk, State, Step, chunks


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone:
    """What a step did for a date, over all its finished chunks; `amount` in minor units."""

    step: Step
    chunks: int
    entries: int
    loans: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why the last attempt to close a date ended: the `no`-th refusal of that date, as it was said then."""

    no: int
    code: str
    zh: str
    en: str
    refused_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The close of one business date; `closed_at` is None until its last step is done.

    `refused` is why nobody works on it: the books said no, and nobody has ordered the date again since.
    """

    business_on: date
    chunk_size: int
    loan_id_max: int
    actor: str
    begun_at: datetime
    closed_at: datetime | None
    refused: Refused | None
    steps: tuple[StepDone, ...]

    @property
    def chunks(self) -> tuple[Chunk, ...]:
        """The cut of the loans that this close keeps, however often it is resumed."""
        return chunks(loan_id_max=self.loan_id_max, size=self.chunk_size)

    @property
    def state(self) -> State:
        """Whether its last step is done, and if not, whether somebody may go on with it."""
        if self.closed_at is not None:
            return State.CLOSED
        return State.RUNNING if self.refused is None else State.REFUSED

    @property
    def chunks_total(self) -> int:
        """Into how many chunks the loans are cut."""
        return len(self.chunks)

    @property
    def chunks_done(self) -> int:
        """Chunks over which every step is done."""
        return next((done.chunks for done in self.steps if done.step is LOAN_STEPS[-1]), 0)

    @property
    def next_step(self) -> Step | None:
        """The step that comes next: the first one over the next chunk, the last of all, or None when all is done."""
        if self.closed_at is not None:
            return None
        return LOAN_STEPS[0] if self.chunks_done < self.chunks_total else Step.COLLECT


def last_closed(conn: Connection) -> date | None:
    """Return the latest business date whose close is complete."""
    latest: date | None = conn.scalar(select(func.max(tables.closed.c.business_on)))
    return latest


def business_date(conn: Connection, *, today: date) -> date:
    """Return the date that the books are on: the day after the last closed one, or `today` when none was closed."""
    closed = last_closed(conn)
    return today if closed is None else closed + timedelta(days=1)


def begun(conn: Connection) -> date | None:
    """Return the business date whose close was begun and is not complete; there is at most one."""
    r, c = tables.run, tables.closed
    waiting = select(r.c.business_on).outerjoin(c, c.c.business_on == r.c.business_on).where(c.c.business_on.is_(None))
    return conn.scalars(waiting).one_or_none()


def running(conn: Connection) -> date | None:
    """Return the business date whose close waits for nothing but work: begun, not complete, and not refused."""
    on = begun(conn)
    run = None if on is None else run_of(conn, on)
    return on if run is not None and run.state is State.RUNNING else None


def run_of(conn: Connection, on: date) -> Run | None:
    """Return the close of a date, complete or not; None when it has not begun."""
    return next(iter(runs(conn, first=1, before=None, on=on)), None)


def runs(conn: Connection, *, first: int, before: date | None = None, on: date | None = None) -> tuple[Run, ...]:
    """Return closes, the latest date first: those before a date, or the one of `on`."""
    r, c = tables.run, tables.closed
    asked = (
        select(*r.c, c.c.closed_at)
        .outerjoin(c, c.c.business_on == r.c.business_on)
        .order_by(r.c.business_on.desc())
        .limit(first)
    )
    if before is not None:
        asked = asked.where(r.c.business_on < before)
    if on is not None:
        asked = asked.where(r.c.business_on == on)
    rows = conn.execute(asked).all()
    done = _steps(conn, [row.business_on for row in rows])
    refused = _refusals(conn, [row.business_on for row in rows if row.closed_at is None])
    return tuple(
        Run(**row._mapping, refused=refused.get(row.business_on), steps=done[row.business_on])  # noqa: SLF001 - SQLAlchemy's documented mapping of a row
        for row in rows
    )


def done_chunks(conn: Connection, on: date, step: Step) -> frozenset[int]:
    """Return the numbers of the chunks that a step has finished for a date."""
    s = tables.step.c
    return frozenset(conn.scalars(select(s.chunk).where(s.business_on == on, s.step == step)))


def refusals(conn: Connection, on: date) -> tuple[Refused, ...]:
    """Return every refusal that the close of a date has met, in order; all but an open last one were lifted."""
    f = tables.refusal.c
    asked = select(*_WORDS).where(f.business_on == on).order_by(f.no)
    return tuple(Refused(**row._mapping) for row in conn.execute(asked))  # noqa: SLF001 - as `runs`


_WORDS = tuple(tables.refusal.c[name] for name in ("no", "code", "zh", "en", "refused_at"))


def _refusals(conn: Connection, dates: list[date]) -> dict[date, Refused]:
    """The refusal of each date after which nobody has ordered it again."""
    if not dates:
        return {}
    f, s = tables.refusal, tables.resumption
    again = and_(s.c.business_on == f.c.business_on, s.c.no == f.c.no)
    asked = select(f.c.business_on, *_WORDS).outerjoin(s, again).where(f.c.business_on.in_(dates), s.c.no.is_(None))
    return {
        on: Refused(no=no, code=code, zh=zh, en=en, refused_at=at) for on, no, code, zh, en, at in conn.execute(asked)
    }


def _steps(conn: Connection, dates: list[date]) -> dict[date, tuple[StepDone, ...]]:
    s = tables.step.c
    totals = (func.sum(column).label(column.name) for column in (s.entries, s.loans, s.amount))
    asked = (
        select(s.business_on, s.step, func.count().label("chunks"), *totals)
        .where(s.business_on.in_(dates))
        .group_by(s.business_on, s.step)
    )
    found: defaultdict[date, list[StepDone]] = defaultdict(list)
    for row in conn.execute(asked):
        found[row.business_on].append(
            StepDone(
                step=Step(row.step), chunks=row.chunks, entries=row.entries, loans=row.loans, amount=int(row.amount)
            )
        )
    order = list(Step)
    return defaultdict(
        tuple, {on: tuple(sorted(done, key=lambda one: order.index(one.step))) for on, done in found.items()}
    )
