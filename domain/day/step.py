"""The steps of a close of business, as data, and the cut of the loans into chunks.

The order is the rule. Interest of the day is accrued before it can fall due; what fell due is met by money paid in
advance before the rest can be overdue; penalty counts what is overdue; ageing counts everything. Loans that live beyond
their plan are left out of these steps and closed by the engine, with their ageing, in one. A collection case looks at
the ageing of the whole loan.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Step(StrEnum):
    """Steps in the order in which they run."""

    ACCRUE_INTEREST = "accrue-interest"
    """计提"""
    FALL_DUE = "fall-due"
    """结息"""
    APPLY_OVERPAYMENTS = "apply-overpayments"
    """溢缴款抵扣"""
    MOVE_OVERDUE = "move-overdue"
    """转逾期"""
    ACCRUE_PENALTY = "accrue-penalty"
    """罚息"""
    AGE = "age"
    """账龄"""
    CLOSE_LIVES = "close-lives"
    """借据引擎日终: what the steps before cannot say of a loan, its life says"""
    COLLECT = "collect"
    """催收入案"""


class State(StrEnum):
    """How far the close of a date has come."""

    RUNNING = "running"
    """Begun and not complete: it goes on, or waits for somebody to go on with it."""
    REFUSED = "refused"
    """The books said no; it goes on where it stopped when somebody orders the date again."""
    CLOSED = "closed"


LOAN_STEPS = tuple(step for step in Step if step is not Step.COLLECT)
"""Steps over a chunk of loans: for one chunk all of them happen, or none."""

WHOLE = 0
"""The chunk number of a step that runs once per date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A range of loan ids, both ends inside."""

    number: int
    low: int
    high: int


def chunks(*, loan_id_max: int, size: int) -> tuple[Chunk, ...]:
    """Cut the loans 1 … `loan_id_max` into ranges of `size` ids; none when there is no loan."""
    assert size > 0, "a chunk holds loans"
    return tuple(
        Chunk(number=number, low=low, high=min(low + size - 1, loan_id_max))
        for number, low in enumerate(range(1, loan_id_max + 1, size))
    )


def posting_key(on: date, step: Step, number: int) -> str:
    """Return the business key of what a step posts for a chunk; the same close names the same entries, for ever."""
    return f"day:{on}:{step}:{number}"


def expected(*, last_closed: date | None, begun: date | None) -> date | None:
    """Return the only date that may close next: the one begun, else the day after the last; None when any may."""
    if begun is not None:
        return begun
    return None if last_closed is None else last_closed + timedelta(days=1)
