"""The collection case of one loan and when it opens, moves and closes, pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from domain.collections.delinquency import Bucket, Overdue
from ledger.money import Money


class CloseReason(StrEnum):
    """Why a case ended."""

    CURED = "CURED"
    """Nothing of the loan is overdue any more."""
    SETTLED = "SETTLED"
    """The loan is paid off."""
    WRITTEN_OFF = "WRITTEN_OFF"
    BY_HAND = "BY_HAND"


class EventKind(StrEnum):
    """What can happen in a case besides contact and assignment."""

    OPENED = "OPENED"
    BUCKET = "BUCKET"
    """The loan has moved into another bucket."""
    NOTE = "NOTE"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its state now."""

    case_id: int
    loan_id: int
    customer_id: int
    opened_on: date
    dpd: int
    """Days past due when it opened."""
    overdue: Money
    """What was overdue when it opened; the amount now is the loan's position."""
    bucket: Bucket
    """The bucket that it came into last."""
    collector: str | None = None
    closed_on: date | None = None
    close_reason: CloseReason | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still worked on."""
        return self.closed_on is None


@dataclass(frozen=True, slots=True)
class Moved:
    """An open case whose loan is in another bucket now."""

    case: Case
    overdue: Overdue


@dataclass(frozen=True, slots=True)
class Plan:
    """What a day's ageing means for the cases."""

    to_open: tuple[Overdue, ...]
    to_move: tuple[Moved, ...]
    to_close: tuple[Case, ...]


def plan(overdue: Sequence[Overdue], open_cases: Sequence[Case], *, opens_at_dpd: int = 1) -> Plan:
    """Compare everything that is overdue with the open cases.

    A loan without a case gets one from `opens_at_dpd` on; a case whose loan is in another bucket moves; a case whose
    loan is not overdue at all closes. `overdue` must be the whole of the loans asked about, or cured means forgotten.
    """
    by_loan = {case.loan_id: case for case in open_cases}
    late = {one.loan_id: one for one in overdue}
    assert len(by_loan) == len(open_cases), "one open case per loan"
    assert len(late) == len(overdue), "a loan is overdue once"
    moved = [Moved(case, late[case.loan_id]) for case in open_cases if case.loan_id in late]
    return Plan(
        to_open=tuple(one for one in overdue if one.dpd >= opens_at_dpd and one.loan_id not in by_loan),
        to_move=tuple(one for one in moved if one.case.bucket is not one.overdue.bucket),
        to_close=tuple(case for case in open_cases if case.loan_id not in late),
    )
