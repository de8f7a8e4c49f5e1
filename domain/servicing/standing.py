"""Where a loan stands at a date: what is due, what is overdue, what would settle it; from facts, never stored.

Two dates: the value date at which the question is put, and the date up to which facts count as known. "What did we say
on the last of March, knowing what we knew then" is the same question with other dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from domain.product.accounting import Stage
from domain.servicing.admission import payoff
from domain.servicing.allocation import Component, Due
from domain.servicing.fold import Fold
from domain.servicing.life import Life
from domain.servicing.progress import ALL


class Standing(StrEnum):
    """The status of a loan; derived, no column holds it."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    OVERDUE = "OVERDUE"
    SETTLED = "SETTLED"
    OVERPAID = "OVERPAID"
    """Nothing is left to pay, and money of the borrower is here."""
    NON_ACCRUAL = "NON_ACCRUAL"
    CHARGED_OFF = "CHARGED_OFF"
    WRITTEN_OFF = "WRITTEN_OFF"
    TRANSFERRED = "TRANSFERRED"
    """Owed to a guarantor or buyer."""
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """The answer for one loan and one date; amounts in minor units, by component.

    due: everything that has fallen due and is unpaid. overdue: the part of it that is past grace. dpd: days past due of
    the oldest overdue instalment. outstanding: what is open in all as the plan now stands. payoff: what settles the
    loan on the date. excess: the borrower's overpayment.
    """

    on: date
    status: Standing
    due: Mapping[Component, int]
    overdue: Mapping[Component, int]
    dpd: int
    next_due_on: date | None
    next_due: Mapping[Component, int]
    outstanding: Mapping[Component, int]
    payoff: int
    excess: int
    buckets: Mapping[str, int]


def outlook(life: Life, *, on: date | None = None) -> Outlook:
    """Where a life stands at its own date, or at a later one."""
    state = life.state if on is None or on == life.on else life.at(on).state
    dues = tuple(state.dues(is_ahead=False))
    dpd = state.dpd
    grace = state.contract.terms.grace_days
    late = {line.no for line in state.lines if (state.at - line.due_on).days > grace}
    ahead = next((line for line in state.lines if line.due_on > state.at and line.total_open > 0), None)
    return Outlook(
        on=state.at,
        status=status(state),
        due=_by_component(dues),
        overdue=_by_component(due for due in dues if due.no in late),
        dpd=dpd,
        next_due_on=ahead.due_on if ahead else None,
        next_due=MappingProxyType({one: ahead.open(one) if ahead else 0 for one in ALL}),
        outstanding=MappingProxyType({one: sum(line.open(one) for line in state.lines) for one in ALL}),
        payoff=payoff(state),
        excess=state.excess,
        buckets=MappingProxyType(state.buckets()),
    )


def status(state: Fold) -> Standing:
    """The status in one word; the end of a claim outweighs its age."""
    if state.started_on is None:
        return Standing.PENDING
    if state.is_cancelled:
        return Standing.CANCELLED
    if not any(line.total_open for line in state.lines):
        return Standing.OVERPAID if state.excess else Standing.SETTLED
    if state.creditor:
        return Standing.TRANSFERRED
    match state.stage:
        case Stage.WRITTEN_OFF:
            return Standing.WRITTEN_OFF
        case Stage.CHARGED_OFF | Stage.FRAUD:
            return Standing.CHARGED_OFF
        case Stage.NON_ACCRUAL:
            return Standing.NON_ACCRUAL
        case _:
            return Standing.OVERDUE if state.dpd else Standing.ACTIVE


def _by_component(dues: Iterable[Due]) -> Mapping[Component, int]:
    totals = dict.fromkeys(ALL, 0)
    for due in dues:
        totals[due.component] += due.amount
    return MappingProxyType(totals)
