"""Whether a fact may be booked: every "no" that the life of a loan can say, all of them at once.

The question is put to the loan as it stood at the fact's own place in the replay, with all that is known today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from domain.product.accounting import Stage
from domain.refusals import Refusal
from domain.servicing.allocation import dictated_faults
from domain.servicing.contract import Contract, EarlyInterest
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
    PayKind,
    ReAge,
    ReAmortise,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Waive,
    WriteOff,
    place,
    takes_effect_on,
)
from domain.servicing.fold import OFF, Fold
from domain.servicing.life import Life, effective, extend, replay
from domain.servicing.progress import I, P
from domain.servicing.refusal import (
    AmountAboveOpen,
    AmountBelowPayoff,
    AmountNotPositive,
    AmountTooLarge,
    ApproverMissing,
    CoolingOffOver,
    CountInvalid,
    DateNotLater,
    FactBeforeStart,
    FactHasFollowers,
    FactInFuture,
    FactReversed,
    FactUnknown,
    InstalmentUnknown,
    LoanEnded,
    LoanNotDisbursed,
    MaturityPassed,
    NothingAhead,
    NothingOverdue,
    NotWrittenOff,
    PlanGrows,
    PrepaymentLocked,
    PrepaymentTooSmall,
    PrepaymentWhileOverdue,
    RateInvalid,
    ReversalNotReversible,
    SplitDisputed,
)
from domain.servicing.replan import REGULAR, interest_now
from domain.servicing.schedule import schedule
from domain.servicing.terms import faults as terms_faults

AMOUNT_MAX: Final = 10**16
"""Minor units beyond which an amount is a slip of the pen; far inside a bigint."""
RATE_MAX: Final = Decimal(10)
COUNT_MAX: Final = 1200


def book(life: Life, fact: Fact, *, on: date) -> Life | tuple[Refusal, ...]:
    """The life with one more fact, or every reason why not."""
    found = faults(life, fact, on=on)
    return found or extend(life, fact, on=on)


def faults(life: Life, fact: Fact, *, on: date) -> tuple[Refusal, ...]:
    """Every reason why a fact may not be booked on the business date `on`."""
    if isinstance(fact, Reverse):
        return tuple(_reverse(life, fact))
    found = list(_plain(fact, on=on))
    before = standing_before(life, fact)
    if before.started_on is None and not (isinstance(fact, Disburse) and not fact.is_income):
        started = next((one.value_on for one in life.live if isinstance(one, Disburse)), None)
        found.append(LoanNotDisbursed() if started is None else FactBeforeStart(start_on=started, field="valueOn"))
        return tuple(found)
    if before.is_cancelled:
        return (*found, LoanEnded(status="CANCELLED"))
    if before.stage is Stage.WRITTEN_OFF and not isinstance(fact, Recover | Refund):
        return (*found, LoanEnded(status="WRITTEN_OFF"))
    if found:
        return tuple(found)
    return tuple(CHECKS[type(fact)](life.contract, before, fact, life))


def standing_before(life: Life, fact: Fact) -> Fold:
    """The state at the fact's date, before it, knowing all that is known today."""
    fold = life.base
    if life.latest is not None and place(fact) < life.latest:
        earlier = [one for one in effective(life.facts) if place(one) < place(fact)]
        fold = replay(life.contract, earlier, on=fact.value_on).base
    state = fold.copy()
    if state.at < takes_effect_on(fact):
        state.advance(takes_effect_on(fact))
    return state


def _plain(fact: Fact, *, on: date) -> Iterator[Refusal]:
    if fact.value_on > on:
        yield FactInFuture(value_on=fact.value_on, business_on=on, field="valueOn")
    amount = getattr(fact, "amount", 1)
    if isinstance(fact, Levy):
        if amount <= 0 and fact.rate <= 0:
            yield AmountNotPositive(field="amount")
        if not fact.rate.is_finite() or not 0 <= fact.rate <= RATE_MAX:
            yield RateInvalid(most=str(RATE_MAX), field="rate")
    elif amount is not None and amount <= 0:
        yield AmountNotPositive(field="amount")
    if amount is not None and amount > AMOUNT_MAX:
        yield AmountTooLarge(field="amount")


def _reverse(life: Life, fact: Reverse) -> Iterator[Refusal]:
    meant = next((one for one in life.facts if one.no == fact.of), None)
    if meant is None:
        yield FactUnknown(of=fact.of, field="of")
        return
    if isinstance(meant, Reverse):
        yield ReversalNotReversible(field="of")
        return
    live = life.live
    if meant not in live:
        yield FactReversed(of=fact.of, field="of")
        return
    for one in live:
        rests = isinstance(one, Chargeback | Pay) and one.of == fact.of
        if rests or (isinstance(meant, WriteOff) and isinstance(one, Recover)):
            yield FactHasFollowers(follower=one.no, field="of")
    rest = [one for one in live if one.no != fact.of]
    if isinstance(meant, Disburse) and rest:
        yield from _start_faults(life.contract, rest[0])


def _start_faults(contract: Contract, first: Fact) -> Iterator[Refusal]:
    """What is wrong with a life that begins with this fact."""
    if not isinstance(first, Disburse) or first.is_income:
        yield FactHasFollowers(follower=first.no, field="of")
        return
    terms = contract.starting(first.value_on, first.amount)
    found = terms_faults(terms)
    yield from found
    if not found and any(one.principal < 0 for one in schedule(terms).instalments):
        yield PlanGrows()


def _anything(contract: Contract, before: Fold, fact: Fact, life: Life) -> Iterator[Refusal]:
    del contract, before, fact, life
    return iter(())


def _disburse(contract: Contract, before: Fold, fact: Disburse, life: Life) -> Iterator[Refusal]:
    del life
    if before.started_on is None:
        yield from _start_faults(contract, fact)
    if before.stage is not Stage.PERFORMING:
        yield LoanEnded(status=before.stage)
    elif before.creditor:
        yield LoanEnded(status="TRANSFERRED")


def _pay(contract: Contract, before: Fold, fact: Pay, life: Life) -> Iterator[Refusal]:
    yield from _given_back(before, fact, life)
    if fact.split is not None and (found := dictated_faults(fact.amount, fact.split, before.dues())):
        yield SplitDisputed(detail="; ".join(found), field="split")
    if fact.intent is Intent.ALLOCATE:
        return
    terms = contract.life.prepayment
    unlocked_on = (before.started_on or before.at) + timedelta(days=terms.lock_in_days)
    if before.at < unlocked_on:
        yield PrepaymentLocked(until_on=unlocked_on, field="valueOn")
    if fact.intent is Intent.SETTLE:
        owed = payoff(before)
        if fact.amount < owed:
            yield AmountBelowPayoff(payoff=owed, field="amount")
        return
    if before.dpd:
        yield PrepaymentWhileOverdue()
    if not any(line.kind in REGULAR and line.due_on > before.at for line in before.lines):
        yield NothingAhead()
    if fact.intent in {Intent.REDUCE_TERM, Intent.REDUCE_PAYMENT}:
        due = sum(one.amount for one in before.dues(is_ahead=False))
        least = due + interest_now(before, terms.interest) + max(terms.minimum, 1)
        if fact.amount < least:
            yield PrepaymentTooSmall(least=least, field="amount")


def _given_back(before: Fold, fact: Pay, life: Life) -> Iterator[Refusal]:
    """What an adjustment gives back must be there, and no more of it than is left."""
    if fact.kind is PayKind.INCOME_ADJUSTMENT:
        deferred = next((one for one in before.deferrals if one.no == fact.of), None)
        if deferred is None:
            yield FactUnknown(of=fact.of or 0, field="of")
        elif fact.amount > deferred.left:
            yield AmountAboveOpen(most=deferred.left, field="amount")
    elif fact.of is not None and not any(isinstance(one, Levy) and one.no == fact.of for one in life.live):
        yield FactUnknown(of=fact.of, field="of")


def payoff(state: Fold) -> int:
    """What settles the loan on the day: everything that is due, all principal, interest by the contract, the fee."""
    terms = state.contract.life.prepayment
    whole = terms.interest is EarlyInterest.WHOLE_PERIOD
    owed = ahead = 0
    for line in state.lines:
        owed += line.total_open
        if line.due_on > state.at:
            ahead += line.open(P)
            due = line.owed[I] if whole and line.from_on < state.at else line.earned
            owed += max(due - line.paid[I] - line.waived[I], 0) - line.open(I)
    return owed + state.prepayment_fee(ahead)


def _chargeback(contract: Contract, before: Fold, fact: Chargeback, life: Life) -> Iterator[Refusal]:
    del contract
    paid = next((one for one in life.live if isinstance(one, Pay) and one.no == fact.of), None)
    if paid is None or place(paid) > place(fact):
        yield FactUnknown(of=fact.of, field="of")
        return
    earlier = sum(one.amount for one in life.live if isinstance(one, Chargeback) and one.of == fact.of)
    if fact.amount > paid.amount - earlier:
        yield AmountAboveOpen(most=paid.amount - earlier, field="amount")
    del before


def _refund(contract: Contract, before: Fold, fact: Refund, life: Life) -> Iterator[Refusal]:
    del contract, life
    if fact.amount > before.excess:
        yield AmountAboveOpen(most=before.excess, field="amount")


def _waive(contract: Contract, before: Fold, fact: Waive, life: Life) -> Iterator[Refusal]:
    del contract
    if not fact.approver:
        yield ApproverMissing(field="approver")
    if fact.levy_no is not None and not any(isinstance(one, Levy) and one.no == fact.levy_no for one in life.live):
        yield FactUnknown(of=fact.levy_no, field="levyNo")
    open_ = sum(
        max(line.open(fact.component), 0)
        for line in before.lines
        if fact.amount is not None or line.due_on <= before.at or fact.levy_no is not None
    )
    if fact.levy_no is not None:
        open_ = sum(levy.open for levy in before.levies if levy.no == fact.levy_no and levy.component is fact.component)
    if open_ < (fact.amount or 1):
        yield AmountAboveOpen(most=open_, field="amount")


def _change_rate(contract: Contract, before: Fold, fact: ChangeRate, life: Life) -> Iterator[Refusal]:
    del contract, before, life
    if not fact.rate_annual.is_finite() or not 0 <= fact.rate_annual <= RATE_MAX:
        yield RateInvalid(most=str(RATE_MAX), field="rateAnnual")


def _reschedule(contract: Contract, before: Fold, fact: Reschedule, life: Life) -> Iterator[Refusal]:
    del contract, life
    lines = [
        line
        for line in before.lines
        if line.kind in REGULAR and line.due_on >= fact.from_due_on and line.creditor == before.creditor
    ]
    if not lines:
        yield InstalmentUnknown(due_on=fact.from_due_on, field="fromDueOn")
        return
    if before.at > before.maturity_on:
        yield MaturityPassed(maturity_on=before.maturity_on)
    if before.stage in OFF:
        yield LoanEnded(status=before.stage)
    if any(sum(line.paid.values()) for line in lines) and fact.extra + fact.grace_principal:
        yield InstalmentUnknown(due_on=fact.from_due_on, field="fromDueOn")
    if fact.to_due_on is not None and fact.to_due_on <= lines[0].due_on:
        yield DateNotLater(after=lines[0].due_on, field="toDueOn")
    if fact.extra < 0 or not 0 <= fact.grace_principal <= COUNT_MAX - len(before.lines) - fact.extra:
        yield CountInvalid(most=COUNT_MAX, field="extra")
    if fact.rate_annual is not None and not (fact.rate_annual.is_finite() and 0 <= fact.rate_annual <= RATE_MAX):
        yield RateInvalid(most=str(RATE_MAX), field="rateAnnual")


def _re_age(contract: Contract, before: Fold, fact: ReAge, life: Life) -> Iterator[Refusal]:
    del contract, life
    if not 1 <= fact.count <= COUNT_MAX:
        yield CountInvalid(most=COUNT_MAX, field="count")
    if fact.every < 1:
        yield CountInvalid(most=COUNT_MAX, field="every")
    if before.balance <= 0:
        yield LoanEnded(status="SETTLED")
    if before.stage in OFF:
        yield LoanEnded(status=before.stage)
    elif before.versions and before.versions[-1].reason == "ACCELERATED":
        yield LoanEnded(status="ACCELERATED")
    if fact.first_on < before.at:
        yield DateNotLater(after=before.at, field="firstOn")


def _re_amortise(contract: Contract, before: Fold, fact: ReAmortise, life: Life) -> Iterator[Refusal]:
    del contract, fact, life
    if not any(line.kind in REGULAR and line.due_on > before.at for line in before.lines):
        yield NothingAhead()
    if not any(line.open(P) for line in before.lines if line.due_on <= before.at):
        yield NothingOverdue()
    if before.stage in OFF:
        yield LoanEnded(status=before.stage)


def _accelerate(contract: Contract, before: Fold, fact: Accelerate, life: Life) -> Iterator[Refusal]:
    del contract, fact, life
    if not any(line.due_on > before.at and line.total_open for line in before.lines):
        yield NothingAhead()


def _charge_off(contract: Contract, before: Fold, fact: ChargeOff | WriteOff, life: Life) -> Iterator[Refusal]:
    del contract, life
    if isinstance(fact, ChargeOff) and before.stage in OFF:
        yield LoanEnded(status=before.stage)
    if isinstance(fact, WriteOff) and not fact.approver:
        yield ApproverMissing(field="approver")
    if before.balance <= 0 and not any(line.total_open for line in before.lines):
        yield LoanEnded(status="SETTLED")


def _recover(contract: Contract, before: Fold, fact: Recover, life: Life) -> Iterator[Refusal]:
    del contract, fact, life
    if before.stage is not Stage.WRITTEN_OFF:
        yield NotWrittenOff()


def _transfer(contract: Contract, before: Fold, fact: Compensate | Repurchase, life: Life) -> Iterator[Refusal]:
    del contract, life
    own = [line for line in before.lines if line.total_open and not line.creditor]
    if before.stage in OFF:
        yield LoanEnded(status=before.stage)
    elif not own:
        yield LoanEnded(status="TRANSFERRED" if before.creditor else "SETTLED")
    elif isinstance(fact, Compensate) and not any(line.due_on < before.at for line in own):
        yield NothingOverdue()


def _cancel(contract: Contract, before: Fold, fact: Cancel, life: Life) -> Iterator[Refusal]:
    del life
    until_on = (before.started_on or before.at) + timedelta(days=contract.life.cooling_off_days)
    if fact.value_on > until_on or not contract.life.cooling_off_days:
        yield CoolingOffOver(until_on=until_on)


def _pause(contract: Contract, before: Fold, fact: Pause, life: Life) -> Iterator[Refusal]:
    del contract, before, life
    from_on = fact.from_on or fact.value_on
    if fact.to_on <= from_on:
        yield DateNotLater(after=from_on, field="toOn")


CHECKS: Final[Mapping[type[Fact], Callable[..., Iterator[Refusal]]]] = MappingProxyType(
    {
        Disburse: _disburse, Levy: _anything, Pay: _pay, Chargeback: _chargeback, Refund: _refund, Waive: _waive,
        ChangeRate: _change_rate, Reschedule: _reschedule, ReAge: _re_age, ReAmortise: _re_amortise,
        Accelerate: _accelerate, ChargeOff: _charge_off, WriteOff: _charge_off, Recover: _recover,
        Compensate: _transfer, Repurchase: _transfer, Cancel: _cancel, Pause: _pause,
    }
)  # fmt: skip
"""What each kind of fact asks of the loan."""
