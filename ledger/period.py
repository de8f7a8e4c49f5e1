"""Accounting periods: the month of a date, the states of a month, and where a correction to a closed month goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

_MONTHS: Final = 12


class PeriodState(StrEnum):
    """`open` takes entries; `closing` takes none while checks run; `closed` never takes one again."""

    OPEN = "open"
    CLOSING = "closing"
    CLOSED = "closed"


TRANSITIONS: Final[Mapping[PeriodState, frozenset[PeriodState]]] = MappingProxyType(
    {
        PeriodState.OPEN: frozenset({PeriodState.CLOSING, PeriodState.CLOSED}),
        PeriodState.CLOSING: frozenset({PeriodState.OPEN, PeriodState.CLOSED}),
        PeriodState.CLOSED: frozenset(),
    }
)
"""Where each state may go; only closing goes back, and closed is terminal."""


def may_become(state: PeriodState, target: PeriodState) -> bool:
    """Whether a month may pass from one state to another."""
    return target in TRANSITIONS[state]


def period_id(on: date) -> int:
    """The month of a date as ``yyyymm``."""
    return on.year * 100 + on.month


def first_day(period: int) -> date:
    """First accounting date of a period."""
    return date(period // 100, period % 100, 1)


def next_period(period: int) -> int:
    """The month after."""
    return period + 1 if period % 100 < _MONTHS else period + 100 - _MONTHS + 1


def previous_period(period: int) -> int:
    """The month before."""
    return period - 1 if period % 100 > 1 else period - 100 + _MONTHS - 1


def bounds(period: int) -> tuple[date, date]:
    """The half-open span [first day, first day of the next month)."""
    return first_day(period), first_day(next_period(period))


class CorrectionPolicy(StrEnum):
    """What becomes of an entry whose accounting month takes no more entries."""

    REFUSE = "refuse"
    """It is refused; the writer chooses another date."""
    CORRECT_IN_CURRENT = "correct_in_current"
    """It is booked into an open month, and `economic_on` keeps its own date."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The two dates under which an entry is booked."""

    effective_on: date
    """Accounting date, in an open month."""
    economic_on: date | None
    """The original date, when the entry had to move; otherwise None."""


@dataclass(frozen=True, slots=True)
class PeriodClosed:
    """The month takes no entry, and no open month could take it either under the policy."""

    code: ClassVar[str] = "LEDGER_PERIOD_CLOSED"
    period: int
    """The month that was asked for."""
    open_period: int | None
    """The earliest later month that is open, if any."""


def place(
    on: date,
    *,
    states: Mapping[int, PeriodState],
    policy: CorrectionPolicy,
    booked_on: date,
) -> Placement | PeriodClosed:
    """Where an entry of a date is booked, given the states of the book's months and today's business date.

    An open month keeps its date. A correction to a month that takes no entries moves to `booked_on` when that month is
    open, otherwise to the first day of the earliest open month after `on`; it never moves backwards.
    """
    asked = period_id(on)
    if states.get(asked) is PeriodState.OPEN:
        return Placement(on, None)
    later = sorted(period for period, state in states.items() if state is PeriodState.OPEN and period > asked)
    if policy is CorrectionPolicy.CORRECT_IN_CURRENT and asked in states and later:
        target = booked_on if period_id(booked_on) in later else first_day(later[0])
        return Placement(target, on)
    return PeriodClosed(asked, later[0] if later else None)
