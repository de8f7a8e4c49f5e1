"""变更, a change to a living loan, decided: dossier and fact in, what must be booked out; `operations.record` is the shell.

A dossier is everything that is known of one loan: contract, facts, and what the journal holds of the life that follows
from them. A change adds one fact. What it books is the difference between the life told anew and what is booked, so
that a payment that became known late, a reversal and a payment of today are one and the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from domain.command import Command
from domain.product.accounting import Event
from domain.refusals import Invalid, Refusal
from domain.servicing.admission import book
from domain.servicing.allocation import simple
from domain.servicing.contract import DEFAULT, Contract, LifeTerms
from domain.servicing.event import ScheduleReason
from domain.servicing.fact import (
    Accelerate,
    Cancel,
    ChangeRate,
    Chargeback,
    ChargeOff,
    Compensate,
    Disburse,
    Fact,
    Intent,
    Levy,
    Pause,
    Pay,
    ReAge,
    ReAmortise,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Waive,
    WriteOff,
)
from domain.servicing.life import Life, replay
from domain.servicing.movement import Movement, balances, difference, effects
from domain.servicing.position import Loan
from domain.servicing.progress import I, P
from domain.servicing.refusal import ApproverIsActor
from domain.servicing.schedule import Instalment
from domain.servicing.terms import Terms

DAWN: Final = frozenset({Event.INTEREST_DUE, Event.FEE_DUE, Event.OVERPAYMENT_APPLIED})
"""What happens at the beginning of a day; the close of the day before leaves it to the day itself."""
TURNS: Final = frozenset({Event.NON_ACCRUAL, Event.ACCRUAL_RESUMED})
"""What moves everything that stood before; then the dawn is booked with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A command on a living loan: the fact that it adds, whose number and booking date are still open.

    `business_on` is today in the books; the fact's own `value_on` may be earlier, never later.
    """

    loan_id: int
    fact: Fact
    command: Command
    business_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that is known of one loan.

    booked: what the journal holds, by event, fact and flags. through_on: the date up to which the life was told when it
    was last booked. version, plan: the schedule that was last written. is_new: the contract is not written yet.
    """

    loan: Loan
    contract: Contract
    facts: tuple[Fact, ...] = ()
    booked: tuple[Movement, ...] = ()
    through_on: date = date.min
    version: int = 0
    plan: tuple[Instalment, ...] = ()
    is_new: bool = False

    def life(self, on: date) -> Life:
        """The life at a date, knowing all that is known."""
        return replay(self.contract, self.facts, on=on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change does: the fact under its number, the movements to book in that order, the plan if it is another."""

    fact: Fact
    after: Life
    movements: tuple[Movement, ...]
    plan: tuple[Instalment, ...] | None

    @property
    def reason(self) -> ScheduleReason:
        """Why the plan is another."""
        return reason_of(self.fact)


def decide(dossier: Dossier, change: Change) -> Changed | Refusal:
    """Decide a change on the dossier of its loan; a refusal has changed nothing, and tells every reason at once."""
    today = change.business_on
    fact = replace(change.fact, no=max((one.no for one in dossier.facts), default=0) + 1, booked_on=today)
    made = book(dossier.life(max(today, dossier.through_on)), fact, on=today)
    found = (*(made if isinstance(made, tuple) else ()), *_approval(fact, change.command.actor))
    if found:
        return found[0] if len(found) == 1 else Invalid(faults=found)
    assert isinstance(made, Life), "what is not refused is made"
    lacking = due_to_book(dossier, made, business_on=today, fact=fact)
    plan = plan_of(made)
    return Changed(
        fact=fact, after=made, movements=lacking, plan=plan if plan and plan != dossier.plan else None
    )


def due_to_book(dossier: Dossier, life: Life, *, business_on: date, fact: Fact | None = None) -> tuple[Movement, ...]:
    """What the journal lacks of a life on a business date, in an order in which no bucket falls below nought.

    fact: the one that is being booked; its own movements keep its value date, all others are of today.
    """
    target = told(life, through_on=dossier.through_on, business_on=business_on)
    number = fact.no if fact is not None else 0
    lacking = difference(dossier.booked, target, on=business_on, fact_no=number)
    return tuple(ordered(lacking, held=balances(dossier.booked)))


def told(life: Life, *, through_on: date, business_on: date) -> Iterator[Movement]:
    """The movements of a life up to today, or up to where it was told before if that is later.

    A day that has not begun has not had its dawn: nothing of it has fallen due. A disbursement is instructed and paid.
    """
    at = life.at(max(through_on, business_on))
    for one in at.live:
        if isinstance(one, Disburse):
            amounts = MappingProxyType({"principal": one.amount})
            yield Movement(
                event=Event.DISBURSEMENT_INSTRUCTED, amounts=amounts, fact_no=one.no, value_on=one.value_on
            )
    ahead = [one for one in at.movements if one.value_on > business_on]
    has_turned = any(one.event in TURNS for one in ahead)
    for one in at.movements:
        if one.value_on <= business_on or one.event not in DAWN or has_turned:
            yield one


def closing(dossier: Dossier, *, on: date) -> tuple[Movement, ...]:
    """What the close of a business date books: the life to the end of that day, less what is booked."""
    tomorrow = on + timedelta(days=1)
    return due_to_book(replace(dossier, through_on=max(tomorrow, dossier.through_on)), dossier.life(on), business_on=on)


def ordered(movements: Iterable[Movement], *, held: Mapping[str, int]) -> Iterator[Movement]:
    """Put movements in an order in which no bucket falls below nought on the way, as far as there is one."""
    waiting, now = list(movements), dict(held)
    while waiting:
        after = [_after(now, one) for one in waiting]
        n = next((n for n, made in enumerate(after) if _is_sound(now, made)), 0)
        now = after[n]
        yield waiting.pop(n)


def plan_of(life: Life) -> tuple[Instalment, ...]:
    """The schedule in force: principal and interest of every instalment, charges apart.

    Interest that was given back to a line of no days is shown for the day before it.
    """
    return tuple(
        Instalment(
            one.no,
            min(one.from_on, one.due_on - timedelta(days=1)) if one.owed[I] else one.from_on,
            one.due_on,
            one.owed[P],
            one.owed[I],
        )
        for one in life.instalments
    )


def plain_contract(terms: Terms) -> Contract:
    """The contract of a loan that has only terms: interest as planned, what is not due waits as an overpayment."""
    strategy = simple(terms.allocation_order, by=terms.allocation_by)
    return Contract(terms=terms, life=LifeTerms(strategies=MappingProxyType({DEFAULT: strategy})))


def reason_of(fact: Fact) -> ScheduleReason:
    """Why a fact makes another plan."""
    if isinstance(fact, Pay):
        return {Intent.ALLOCATE: ScheduleReason.REPAYMENT, Intent.SETTLE: ScheduleReason.EARLY_SETTLEMENT}.get(
            fact.intent, ScheduleReason.PREPAYMENT
        )
    return REASONS[type(fact)]


REASONS: Final[Mapping[type[Fact], ScheduleReason]] = MappingProxyType(
    {
        Disburse: ScheduleReason.DISBURSEMENT, Levy: ScheduleReason.CHARGE, Waive: ScheduleReason.WAIVER,
        Reverse: ScheduleReason.REVERSAL, Chargeback: ScheduleReason.CHARGEBACK, Refund: ScheduleReason.REFUND,
        ChangeRate: ScheduleReason.RATE_CHANGE, Reschedule: ScheduleReason.RESCHEDULE, ReAge: ScheduleReason.RE_AGE,
        ReAmortise: ScheduleReason.RE_AMORTISE, Accelerate: ScheduleReason.ACCELERATED,
        ChargeOff: ScheduleReason.CHARGE_OFF, WriteOff: ScheduleReason.WRITE_OFF, Recover: ScheduleReason.RECOVERY,
        Compensate: ScheduleReason.TRANSFER, Repurchase: ScheduleReason.TRANSFER, Cancel: ScheduleReason.CANCELLED,
        Pause: ScheduleReason.INTEREST_PAUSE,
    }
)  # fmt: skip
"""Why each kind of fact makes another plan; a payment says it by its intent."""


def _approval(fact: Fact, actor: str) -> Iterator[Refusal]:
    if isinstance(fact, Waive | WriteOff) and fact.approver == actor:
        yield ApproverIsActor(field="approver")


def _after(held: Mapping[str, int], one: Movement) -> dict[str, int]:
    made = dict(held)
    for bucket, amount in effects(one):
        made[bucket] = made.get(bucket, 0) + amount
    return made


def _is_sound(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    return all(amount >= 0 or amount >= before.get(bucket, 0) for bucket, amount in after.items())
