"""复核, approval: which changes of a loan need a second person, and the proposal that waits for one.

What gives money away, or takes a claim off the books, is proposed by one person and done by the word of another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from domain.servicing.fact import (
    ChangeRate,
    ChargeOff,
    Fact,
    Pause,
    Pay,
    PayKind,
    ReAge,
    Refund,
    Repurchase,
    Reschedule,
    Waive,
    WriteOff,
)

KINDS: Final[frozenset[type[Fact]]] = frozenset(
    {Waive, Refund, ChangeRate, Pause, ReAge, ChargeOff, WriteOff, Repurchase}
)
"""Facts that always need a second person: forgiven, paid out, made cheaper, spread anew, taken off, sold."""
CREDITS: Final = frozenset({PayKind.GOODWILL_CREDIT, PayKind.CHARGE_ADJUSTMENT, PayKind.INTEREST_PAYMENT_WAIVER})
"""Payments that no payer made: the house's own money."""


class ProposalState(StrEnum):
    """What became of a proposal."""

    OPEN = "OPEN"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change that `maker` wants and nothing has been booked of.

    proposed_on: the business date on which it was asked for. fact_no: the fact that it became.
    """

    proposal_id: int
    loan_id: int
    fact: Fact
    proposed_on: date
    maker: str
    key: str
    proposed_at: datetime
    state: ProposalState = ProposalState.OPEN
    checker: str | None = None
    answer_key: str | None = None
    answered_at: datetime | None = None
    note: str | None = None
    fact_no: int | None = None


def needs_approval(fact: Fact) -> bool:
    """Whether a fact needs a second person."""
    match fact:
        case Pay():
            return fact.kind in CREDITS
        case Reschedule():
            return fact.is_interest_free or fact.rate_annual is not None
        case _:
            return type(fact) in KINDS


def approved(fact: Fact, by: str) -> Fact:
    """The fact with the name of who approved it, where the fact itself carries one."""
    return replace(fact, approver=by) if isinstance(fact, Waive | WriteOff) else fact
