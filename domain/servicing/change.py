"""变更, a change to a living loan, decided: dossier and fact in, what must be booked out.

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
from domain.product.accounting import EXCESS, Event, Flag
from domain.product.version import ProductVersion
from domain.refusals import Invalid, Refusal
from domain.servicing.admission import book
from domain.servicing.allocation import Component, simple
from domain.servicing.approval import needs_approval
from domain.servicing.contract import DEFAULT, Contract, Grace, LifeTerms
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
from domain.servicing.life import Life, known_by, replay
from domain.servicing.movement import Movement, balances, difference, effects
from domain.servicing.participation import guaranteed, shared
from domain.servicing.position import Facts, Loan, Position, Progress, Status, named
from domain.servicing.progress import C, F, I, N, P
from domain.servicing.refusal import ApproverIsActor, ApproverMissing
from domain.servicing.repayment import Intent as Meant
from domain.servicing.repayment import Source
from domain.servicing.schedule import Instalment
from domain.servicing.standing import Standing, outlook, status
from domain.servicing.terms import Terms

DAWN: Final = frozenset({Event.INTEREST_DUE, Event.FEE_DUE, Event.OVERPAYMENT_APPLIED})
"""What happens at the beginning of a day; the close of the day before leaves it to the day itself."""
TURNS: Final = frozenset({Event.NON_ACCRUAL, Event.ACCRUAL_RESUMED})
"""What moves everything that stood before; then the dawn is booked with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A command on a living loan: the fact that it adds, whose number and booking date are still open.

    `business_on` is today in the books; the fact's own `value_on` may be earlier, never later. `approver` is the second
    person where the fact needs one.
    """

    loan_id: int
    fact: Fact
    command: Command
    business_on: date
    approver: str | None = None

    @property
    def approved_by(self) -> str | None:
        """The second person, wherever he is named."""
        return self.approver or (self.fact.approver if isinstance(self.fact, Waive | WriteOff) else None) or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """Everything that is known of one loan.

    booked: what the journal holds, by event, fact and flags. through_on: the date up to which the life was told when it
    was last booked. version, plan: the schedule that was last written. is_new: the loan has been plain so far, and its
    contract and facts, which came by `origins`, are not written yet.
    """

    loan: Loan
    contract: Contract
    facts: tuple[Fact, ...] = ()
    booked: tuple[Movement, ...] = ()
    through_on: date = date.min
    version: int = 0
    plan: tuple[Instalment, ...] = ()
    is_new: bool = False
    origins: tuple[Command, ...] = ()

    def life(self, on: date) -> Life:
        """The life at a date, knowing all that is known."""
        return replay(self.contract, self.facts, on=on)

    def known_by(self, on: date) -> Dossier:
        """The dossier as it was at the end of a date."""
        return replace(self, facts=known_by(self.facts, on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """When a plain loan was paid out, and by whose word."""

    on: date
    by: Command


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidIn:
    """A repayment of a plain loan; amounts in minor units, `taken` by the bucket it was taken from."""

    source: Source
    intent: Meant
    paid_on: date
    amount: int
    excess: int
    taken: Mapping[str, int]
    by: Command
    reversed_on: date | None
    reversed_by: Command | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What a change does: the fact under its number, what to book, the plan if it is another.

    movements: in the order in which they are booked, those of one group in one entry. dossier: what it was decided on.
    """

    fact: Fact
    after: Life
    dossier: Dossier
    movements: tuple[tuple[Movement, ...], ...]
    plan: tuple[Instalment, ...] | None

    @property
    def reason(self) -> ScheduleReason:
        """Why the plan is another."""
        return ScheduleReason.VALUE_DATE if self.is_start else reason_of(self.fact)

    @property
    def is_start(self) -> bool:
        """Whether this is the first word of the loan's life."""
        return isinstance(self.fact, Disburse) and not self.dossier.facts

    @property
    def settles(self) -> bool:
        """Whether nothing is left to pay now, and something was before."""
        return is_settled(self.after) and not is_settled(self.dossier.life(self.fact.booked_on))


def decide(dossier: Dossier, change: Change) -> Changed | Refusal:
    """Decide a change on the dossier of its loan; a refusal has changed nothing, and tells every reason at once."""
    today = change.business_on
    if dossier.is_new:
        dossier = adopted(dossier, business_on=today)
    fact = replace(change.fact, no=max((one.no for one in dossier.facts), default=0) + 1, booked_on=today)
    made = book(dossier.life(max(today, dossier.through_on)), fact, on=today)
    found = (*(made if isinstance(made, tuple) else ()), *_approval(change))
    if found:
        return found[0] if len(found) == 1 else Invalid(faults=found)
    assert isinstance(made, Life), "what is not refused is made"
    lacking = due_to_book(dossier, made, business_on=today, fact=fact)
    plan = plan_of(made)
    is_other = bool(plan) and plan != dossier.plan
    return Changed(fact=fact, after=made, dossier=dossier, movements=lacking, plan=plan if is_other else None)


def adopted(dossier: Dossier, *, business_on: date) -> Dossier:
    """Take over what the journal holds of a plain loan as bookings of its life.

    Where the accounts hold what the life asks for, before or after the dawn of the business date, the life's own
    movements are what is booked: the same amounts under its own names. Else what was posted stays as it was named, and
    the next booking posts the difference.
    """
    life, held = dossier.life(business_on), balances(dossier.booked)
    for on in (business_on - timedelta(days=1), business_on):
        target = tuple(told(life, through_on=business_on, business_on=on))
        if balances(target) == held:
            return replace(dossier, booked=target)
    return dossier


def due_to_book(
    dossier: Dossier, life: Life, *, business_on: date, fact: Fact | None = None
) -> tuple[tuple[Movement, ...], ...]:
    """What the journal lacks of a life on a business date, in an order in which no bucket falls below nought.

    fact: the one that is being booked; its own movements keep its value date, all others are of today.
    """
    target = told(life, through_on=dossier.through_on, business_on=business_on)
    number = fact.no if fact is not None else 0
    lacking = difference(dossier.booked, target, on=business_on, fact_no=number)
    return tuple(ordered(lacking, held=held(dossier.booked)))


def told(life: Life, *, through_on: date, business_on: date) -> Iterator[Movement]:
    """The movements of a life up to today, or up to where it was told before if that is later, of everybody's share.

    A day that has not begun has not had its dawn: nothing of it has fallen due. A disbursement is instructed and paid.
    What was collected for others before the last day that was closed has been handed over.
    """
    contract, to = life.contract, max(through_on, business_on)
    cleared_to = to - timedelta(days=1)
    made: Iterable[Movement] = whole(life, to=to, business_on=business_on)
    if contract.guarantor is not None:
        made = guaranteed(made, guarantor=contract.guarantor, cleared_to=cleared_to)
    if contract.funding is not None:
        made = shared(made, contract.funding, on=to, cleared_to=cleared_to)
    yield from made


def whole(life: Life, *, to: date, business_on: date) -> Iterator[Movement]:
    """The movements of the whole loan, with its instructions to pay out, before anybody's share is cut."""
    at = life.at(to)
    for one in at.live:
        if isinstance(one, Disburse) and not one.is_income:
            amounts = MappingProxyType({"principal": one.amount})
            yield Movement(event=Event.DISBURSEMENT_INSTRUCTED, amounts=amounts, fact_no=one.no, value_on=one.value_on)
    ahead = [one for one in at.movements if one.value_on > business_on]
    has_turned = any(one.event in TURNS for one in ahead)
    for moved in at.movements:
        if moved.value_on <= business_on or moved.event not in DAWN or has_turned:
            yield moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the close of a business date does with one loan: what it books, and how late the loan then is, if it is."""

    movements: tuple[Movement, ...]
    late: Late | None


def closing(dossier: Dossier, *, on: date) -> Closing:
    """Close a business date: the life to the end of that day, less what is booked.

    What the next day has already brought stays booked: payments go on while a day is being closed.
    """
    tomorrow = on + timedelta(days=1)
    seen = max(on, *(one.booked_on for one in dossier.facts))
    through = replace(dossier, through_on=max(tomorrow, dossier.through_on))
    life = dossier.life(seen)
    lacking = tuple(one for group in due_to_book(through, life, business_on=seen) for one in group)
    return Closing(movements=lacking, late=lateness(life if seen == on else dossier.life(on), on=on))


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """An overdue loan at the end of a day; amounts in minor units, of what is past grace.

    Compound interest stands with interest, charges with penalty; `outstanding` is all unpaid principal.
    """

    dpd: int
    outstanding: int
    principal: int
    interest: int
    penalty: int

    @property
    def bucket(self) -> str:
        """M1 to M6 by thirty days, then M6+."""
        months = (self.dpd + 29) // 30
        return f"M{months}" if months <= MONTHS_NAMED else "M6+"


MONTHS_NAMED: Final = 6
"""Months past due that have a bucket of their own."""


def lateness(life: Life, *, on: date) -> Late | None:
    """How late a living loan is at the end of a day, by its life at that day; None when it is not."""
    state = life.at(on + timedelta(days=1)).state
    grace = life.contract.terms.grace_days if life.contract.life.grace is Grace.NO_TRACE else 0
    late = [line for line in state.lines if (on - line.due_on).days > grace and line.total_open > 0]
    if state.is_cancelled or not late:
        return None
    return Late(
        dpd=max((on - line.due_on).days for line in late),
        outstanding=state.balance,
        principal=sum(line.open(P) for line in late),
        interest=sum(line.open(I) + line.open(C) for line in late),
        penalty=sum(line.open(N) + line.open(F) for line in late),
    )


def is_settled(life: Life) -> bool:
    """Whether nothing is left to pay."""
    return status(life.state) in {Standing.SETTLED, Standing.OVERPAID}


def ordered(movements: Iterable[Movement], *, held: Mapping[Place, int]) -> Iterator[tuple[Movement, ...]]:
    """Put movements in an order in which no bucket falls below nought on the way; everybody's shares of one together.

    Those of which each waits for another come together at the end: one entry books them net.
    """
    waiting, now = _together(movements), dict(held)
    while waiting:
        after = [_after(now, one) for one in waiting]
        n = next((n for n, made in enumerate(after) if _is_sound(now, made)), None)
        if n is None:
            yield tuple(one for group in waiting for one in group)
            return
        now = after[n]
        yield waiting.pop(n)


def _together(movements: Iterable[Movement]) -> list[tuple[Movement, ...]]:
    """Everybody's shares of one movement, what is more apart from what is less."""
    made: dict[tuple[object, ...], list[Movement]] = {}
    for one in movements:
        is_more = sum(one.amounts.values()) > 0
        made.setdefault((one.event, one.fact_no, one.flags, is_more), []).append(one)
    return [tuple(group) for group in made.values()]


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


def plain_dossier(
    known: Facts,
    started: Started,
    paid: Iterable[PaidIn],
    *,
    moved_interest: int,
    moved_principal: int,
    penalty: int,
) -> Dossier:
    """The dossier of a loan that has been plain so far.

    Its facts are its disbursement, the repayments in their order, then the reversals; overpayments that were applied
    are no facts, time does that. Amounts are what the journal has moved and accrued, minor units.
    """
    terms = known.loan.terms
    made: list[tuple[Fact, Command]] = [
        (Disburse(no=1, value_on=started.on, booked_on=started.on, amount=terms.principal), started.by)
    ]
    booked: list[tuple[Event, int, Mapping[str, int]]] = [
        (Event.DISBURSEMENT_INSTRUCTED, 1, {"principal": terms.principal}),
        (Event.DISBURSEMENT_SUCCEEDED, 1, {"principal": terms.principal}),
        (Event.INTEREST_ACCRUED, 0, {"interest": known.interest_booked}),
        (Event.INTEREST_DUE, 0, {"interest": moved_interest}),
        (Event.PRINCIPAL_OVERDUE, 0, {"principal": moved_principal}),
        (Event.PENALTY_ACCRUED, 0, {"penalty": penalty}),
    ]
    undone: list[tuple[PaidIn, int]] = []
    for one in paid:
        if one.source is Source.OVERPAYMENT:
            if one.reversed_on is None:
                booked.append((Event.OVERPAYMENT_APPLIED, 0, one.taken))
            continue
        no = len(made) + 1
        intent = Intent.ALLOCATE if one.intent is Meant.DUE else Intent(one.intent)
        made.append(
            (
                Pay(no=no, value_on=one.paid_on, booked_on=one.paid_on, amount=one.amount, intent=intent),
                _named("repay", one.by),
            )
        )
        if one.reversed_on is None:
            booked.append((Event.REPAYMENT, no, {**one.taken, EXCESS: one.excess}))
        else:
            undone.append((one, no))
    for one, of in undone:
        assert one.reversed_on is not None, "it was reversed on a date"
        assert one.reversed_by is not None, "somebody reversed it"
        no = len(made) + 1
        made.append(
            (
                Reverse(no=no, value_on=one.reversed_on, booked_on=one.reversed_on, of=of),
                _named("reverse", one.reversed_by),
            )
        )
    return Dossier(
        loan=known.loan,
        contract=plain_contract(terms),
        facts=tuple(fact for fact, _ in made),
        booked=tuple(
            Movement(event=event, amounts=MappingProxyType(kept), fact_no=no, value_on=started.on)
            for event, no, amounts in booked
            if (kept := {name: amount for name, amount in amounts.items() if amount})
        ),
        version=known.version,
        plan=tuple(one.instalment for one in known.progress),
        is_new=True,
        origins=tuple(by for _, by in made),
    )


def position_of(dossier: Dossier, *, on: date) -> Position:
    """The position of a living loan, in the words of every loan's position."""
    return position_in(dossier.life(on), loan_id=dossier.loan.loan_id)


def position_in(life: Life, *, loan_id: int) -> Position:
    """The position of a loan whose life is told, at the date up to which it is."""
    seen = outlook(life)
    return Position(
        loan_id=loan_id,
        on=life.on,
        currency=life.contract.terms.currency,
        status=STATUSES.get(seen.status) or Status(seen.status),
        dues=tuple(life.state.dues(is_ahead=False)),
        due=named(seen.due),
        overdue=named(seen.overdue),
        dpd=seen.dpd,
        next_due_on=seen.next_due_on,
        next_due=named(seen.next_due),
        outstanding=seen.outstanding[P],
        interest_accrued=sum(line.earned for line in life.state.lines),
        payoff=named(payoff_of(life, seen.payoff)),
        overpayment=seen.excess,
    )


def position_as_of(dossier: Dossier, *, value_on: date, known_on: date) -> Position | None:
    """The position at the beginning of `value_on`, as it was known at the end of `known_on`; None before any fact."""
    known = dossier.known_by(known_on)
    return position_of(known, on=value_on) if known.facts else None


def progress_of(dossier: Dossier, *, on: date) -> tuple[Progress, ...]:
    """The schedule of a living loan at a date, with what was paid and waived of it, in the words of every loan's.

    Fees stand with penalty and compound interest: what is charged besides principal and interest.
    """
    life = dossier.life(on)
    return tuple(
        Progress(
            instalment=planned,
            principal_payments=((on, one.paid[P] + one.waived[P]),),
            interest_paid=one.paid[I] + one.waived[I],
            penalty_booked=one.owed[N] + one.owed[C] + one.owed[F],
            penalty_paid=sum(one.paid[each] + one.waived[each] for each in (N, C, F)),
        )
        for planned, one in zip(plan_of(life), life.instalments, strict=True)
    )


def payoff_of(life: Life, amount: int) -> Mapping[Component, int]:
    """What settles the loan, by component: the split of the very payment that would do it."""
    if not amount:
        return {}
    no = 1 + max(life.latest[-1] if life.latest else 0, *(fact.no for fact in life.facts), 0)
    paid = Pay(no=no, value_on=life.on, booked_on=life.on, amount=amount, intent=Intent.SETTLE)
    made = book(life, paid, on=life.on)
    if isinstance(made, Life):
        return next(one.split for one in made.transactions if one.fact_no == paid.no and one.kind == paid.kind)
    return {P: amount}


STATUSES: Final[Mapping[Standing, Status]] = MappingProxyType({Standing.OVERPAID: Status.SETTLED})
"""Where the two vocabularies differ."""


def plain_contract(terms: Terms) -> Contract:
    """The contract of a loan that has only terms: interest as planned, what is not due waits as an overpayment."""
    strategy = simple(terms.allocation_order, by=terms.allocation_by)
    return Contract(terms=terms, life=LifeTerms(strategies=MappingProxyType({DEFAULT: strategy})))


def product_contract(product: ProductVersion, terms: Terms) -> Contract:
    """The contract of a loan of a product version: who funds and guarantees it besides its terms."""
    syndicate, guarantor = product.syndicate, product.guarantor
    return replace(
        plain_contract(terms),
        funding=None if syndicate is None else syndicate.funding,
        guarantor=None if guarantor is None else guarantor.party_id,
    )


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


def _named(word: str, by: Command) -> Command:
    """The command under the name space of its kind: a repayment's key stays its own."""
    return replace(by, key=f"{word}:{by.key}")


def _approval(change: Change) -> Iterator[Refusal]:
    by = change.approved_by
    if by == change.command.actor:
        yield ApproverIsActor(field="approver")
    if by is None and needs_approval(change.fact) and not isinstance(change.fact, Waive | WriteOff):
        yield ApproverMissing(field="approver")


Place = tuple[int, str]
"""A bucket of one funder; the borrower's own money is everybody's, the leader holds it."""


def held(movements: Iterable[Movement]) -> dict[Place, int]:
    """What stands in every bucket of every funder after the movements."""
    return _after({}, movements)


def _after(before: Mapping[Place, int], movements: Iterable[Movement]) -> dict[Place, int]:
    made = dict(before)
    for one in movements:
        for bucket, amount in (*effects(one), *_turned(one)):
            is_stopped = bucket in OUTSIDE and Flag.NON_ACCRUAL in one.flags
            place = (0 if bucket == EXCESS else one.funder, f"{STOPPED}{bucket}" if is_stopped else bucket)
            made[place] = made.get(place, 0) + amount
    return made


def _turned(one: Movement) -> Iterator[tuple[str, int]]:
    """What leaves the balance sheet, or comes back to it, and stays in its bucket."""
    sign = {Event.NON_ACCRUAL: -1, Event.ACCRUAL_RESUMED: 1}.get(one.event, 0)
    for name in OUTSIDE & set(one.amounts) if sign else ():
        yield name, sign * one.amounts[name]
        yield f"{STOPPED}{name}", -sign * one.amounts[name]


OUTSIDE: Final = frozenset({"penalty", "compound"})
"""Buckets that have another account while a loan does not accrue."""
STOPPED: Final = "stopped "


def _is_sound(before: Mapping[Place, int], after: Mapping[Place, int]) -> bool:
    return all(amount >= 0 or amount >= before.get(place, 0) for place, amount in after.items())
