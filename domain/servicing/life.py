"""借据生命, a loan's life: its contract and its facts, replayed into transactions, schedule versions and movements.

Nothing is ever re-issued. A life is a function of contract and facts, so a payment that became known late, or a
reversal, is one more fact: the life is folded again, and `movement.difference` tells what the books still lack. A fact
that comes after all others in the order of replay goes on from the state that is there, so a long history costs no more
than its last day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.product.accounting import EXCESS, Event, Flag, Stage
from domain.servicing.allocation import Allocation, Component, Dictated, DueType, Part, Pass, Strategy, spend
from domain.servicing.contract import ChargedOff, Contract, EarlyInterest
from domain.servicing.document import written
from domain.servicing.fact import (
    Accelerate,
    Basis,
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
    Scope,
    Waive,
    WriteOff,
    place,
    takes_effect_on,
)
from domain.servicing.fold import CREDITOR_LENDER, EARNED, OFF, Deferral, Fold
from domain.servicing.movement import NO_FLAGS, WRITTEN_OFF, Movement
from domain.servicing.progress import ALL, C, F, I, Line, LineKind, N, P, Progress
from domain.servicing.replan import (
    add,
    begin,
    close,
    down_payment,
    extra_line,
    interest_now,
    pause,
    prepay,
    re_age,
    re_amortise,
    reprice,
    reschedule,
    stop_interest,
)
from domain.servicing.transaction import Transaction
from ledger.money import round_ratio


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Life:
    """A life up to the beginning of `on`: everything in it follows from contract and facts.

    `latest` is the last fact's place in the order of replay, `base` the state after it, `state` the same at `on`; all
    three are private to the engine.
    """

    contract: Contract
    facts: tuple[Fact, ...]
    on: date
    latest: tuple[date, int, int] | None = field(compare=False)
    base: Fold = field(compare=False)
    state: Fold = field(compare=False)

    def __repr__(self) -> str:
        """Contract, facts and date, without what is the default: everything else follows from them."""
        told = [f"{type(one).__name__}{written(one)}" for one in self.facts]
        return f"Life(contract={written(self.contract)}, facts={told}, on={self.on})"

    @property
    def instalments(self) -> tuple[Progress, ...]:
        """The schedule in force and what has happened to it."""
        return tuple(line.frozen() for line in self.state.lines)

    @property
    def transactions(self) -> tuple[Transaction, ...]:
        """What has moved the loan, in the order of replay."""
        return tuple(self.state.transactions)

    @property
    def movements(self) -> tuple[Movement, ...]:
        """What a set of posting rules turns into entries."""
        return tuple(self.state.movements)

    @property
    def live(self) -> tuple[Fact, ...]:
        """The facts that still hold: neither reversals nor what they reversed."""
        return effective(self.facts)

    def at(self, on: date) -> Life:
        """The same facts at another date, not before the last of them."""
        state = self.base.copy()
        state.advance(on)
        return replace(self, on=on, state=state)


def effective(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """The facts that hold, in the order of replay."""
    known = tuple(facts)
    gone = {one.of for one in known if isinstance(one, Reverse)}
    return tuple(sorted((one for one in known if one.no not in gone and not isinstance(one, Reverse)), key=place))


def replay(contract: Contract, facts: Iterable[Fact], *, on: date) -> Life:
    """Fold a life from its beginning; facts that take effect after `on` are not part of it."""
    known = tuple(facts)
    base = Fold(contract=contract, at=date.min)
    held = [fact for fact in effective(known) if takes_effect_on(fact) <= on]
    for fact in held:
        happen(base, fact)
    state = base.copy()
    state.advance(on)
    latest = place(held[-1]) if held else None
    return Life(contract=contract, facts=known, on=on, latest=latest, base=base, state=state)


def known_by(facts: Iterable[Fact], on: date) -> tuple[Fact, ...]:
    """What was known at the end of a date, whatever it was about."""
    return tuple(one for one in facts if one.booked_on <= on)


def extend(life: Life, fact: Fact, *, on: date) -> Life:
    """The life with one more fact; goes on from where it stands when the fact is the last in the order of replay."""
    facts = (*life.facts, fact)
    is_last = life.latest is None or place(fact) > life.latest
    if isinstance(fact, Reverse) or not is_last or takes_effect_on(fact) > on:
        return replay(life.contract, facts, on=on)
    base = life.base.copy()
    happen(base, fact)
    state = base.copy()
    state.advance(on)
    return Life(contract=life.contract, facts=facts, on=on, latest=place(fact), base=base, state=state)


def happen(fold: Fold, fact: Fact) -> None:
    """Let one fact happen at its date."""
    on = takes_effect_on(fact)
    if not fold.lines and fold.at < on:
        fold.at = on
    fold.advance(on)
    ACTS[type(fact)](fold, fact)
    fold.happened.append(fact)
    fold.tick()


# --- money out --------------------------------------------------------------------------------------------------------


def _disburse(fold: Fold, fact: Disburse) -> None:
    is_first = fold.started_on is None
    if is_first:
        fold.started_on = fold.at
        fold.rates = [(fold.at, fold.contract.terms.rate_annual)]
    fold.disbursed += fact.amount
    if is_first:
        begin(fold, fact.amount, fact.no)
    else:
        add(fold, fact.amount, is_income=fact.is_income)
    fold.refresh()
    event = Event.INCOME_CAPITALISED if fact.is_income else Event.DISBURSEMENT_SUCCEEDED
    fold.version("ORIGINAL" if is_first else "INCOME_CAPITALISED" if fact.is_income else "DISBURSEMENT", fact.no)
    used, amounts = min(fold.excess, fact.amount), dict[str, int]()
    if used:
        made = _allocate(fold, used, fold.contract.strategy(PayKind.REPAYMENT))
        used -= made.excess
        fold.excess -= used
        amounts, _ = fold.settle(made)
    late = amounts.pop("overdue_principal", 0)
    met = amounts.pop("principal", 0) + late
    fold.book(event, {"principal": fact.amount - met, EXCESS: met}, fact_no=fact.no)
    fold.book(Event.PRINCIPAL_OVERDUE, {"principal": -late}, fact_no=0)
    if fold.stage is Stage.NON_ACCRUAL:
        fold.book(Event.NON_ACCRUAL, {"principal": fact.amount - met}, fact_no=fact.no)
    fold.book(Event.OVERPAYMENT_APPLIED, amounts, fact_no=fact.no)
    if fact.is_income:
        fold.deferrals.append(Deferral(no=fact.no, event=event, left=fact.amount, since_on=fold.at))
        fold.transact(fact.no, event, fact.amount, Allocation(_parts({P: fact.amount}), 0), excess=-used)
        return
    fold.transact(fact.no, "DISBURSEMENT", fact.amount, Allocation((), 0), excess=-used)
    down = down_payment(fold, fact.amount)
    if down and fold.contract.life.is_down_payment_auto:
        _receive(fold, fact.no, down, PayKind.DOWN_PAYMENT)


def _refund(fold: Fold, fact: Refund) -> None:
    used = min(fold.excess, fact.amount)
    fold.excess -= used
    rest = fact.amount - used
    owed_to = _carried(_credit(fold, {P: rest})) if rest else None
    fold.book(Event.OVERPAYMENT_REFUNDED, {EXCESS: used, _bucket(fold, P): rest}, fact_no=fact.no, stage=owed_to)
    fold.transact(fact.no, "OVERPAYMENT_REFUNDED", fact.amount, Allocation(_parts({P: rest}), 0), excess=-used)


def _cancel(fold: Fold, fact: Cancel) -> None:
    """The principal comes back; whatever has been charged is forgiven."""
    close(fold, interest=EarlyInterest.TO_DATE)
    fold.refresh()
    fold.version("CANCELLED", fact.no)
    for event, components in ((Event.INTEREST_WAIVED, (I,)), (Event.CHARGE_WAIVED, (F, N, C))):
        parts = tuple(
            Part(line.no, one, line.open(one)) for line in fold.lines for one in components if line.open(one) > 0
        )
        fold.book(event, fold.settle(Allocation(parts, 0), is_waiver=True)[0], fact_no=fact.no)
    principal = fold.balance
    made = _allocate(fold, principal, fold.contract.strategy(PayKind.REPAYMENT)) if principal else Allocation((), 0)
    fold.is_cancelled = True
    fold.book(Event.CANCELLED, fold.settle(made)[0], fact_no=fact.no)
    fold.transact(fact.no, "CANCELLED", principal, made)


# --- money in ---------------------------------------------------------------------------------------------------------


def _pay(fold: Fold, fact: Pay) -> None:
    if fact.kind is PayKind.INCOME_ADJUSTMENT and _given_up_income(fold, fact):
        return
    if fact.intent is Intent.SETTLE:
        _settle_fee(fold, fact.no, fold.balance - sum(line.open(P) for line in fold.lines if line.due_on <= fold.at))
        close(fold, interest=fold.contract.life.prepayment.interest)
        fold.refresh()
        fold.version("EARLY_SETTLEMENT", fact.no)
    elif fact.intent in {Intent.REDUCE_TERM, Intent.REDUCE_PAYMENT}:
        _prepay(fold, fact)
    adjusts = any(levy.no == fact.of and levy.component is N for levy in fold.levies)
    _receive(
        fold, fact.no, fact.amount, fact.kind, split=fact.split, is_ahead=fact.intent is Intent.KEEP_PLAN,
        flags=frozenset({Flag.PENALTY_CHARGE}) if adjusts else NO_FLAGS,
    )  # fmt: skip
    wanted = fact.is_interest_refunded
    if fact.kind in fold.contract.life.interest_refund if wanted is None else wanted:
        interest = _interest_of(fold, fact)
        if interest:
            _receive(fold, fact.no, interest, PayKind.INTEREST_REFUND)


def _given_up_income(fold: Fold, fact: Pay) -> bool:
    """Take deferred income back; whether it is a buy-down fee, of which the borrower owes nothing."""
    one = next((one for one in fold.deferrals if one.no == fact.of), None)
    if one is None:  # an earlier fact that became known later has taken it away
        return False
    one.earned = one.until(fold.at, matures_on=fold.maturity_on)
    one.since_on, one.left = fold.at, one.left - fact.amount
    if one.event is not Event.BUY_DOWN_FEE:
        return False
    fold.book(Event.BUY_DOWN_FEE_ADJUSTMENT, {"amount": fact.amount}, fact_no=fact.no)
    fold.transact(fact.no, Event.BUY_DOWN_FEE_ADJUSTMENT, fact.amount, Allocation((), 0))
    return True


def _interest_of(fold: Fold, fact: Pay) -> int:
    """Interest that the loan would not have borne, had the refund come when the money went out."""
    left, facts = fact.amount, list[Fact]()
    for one in fold.happened:
        made = Pay(no=-len(facts) - 1, value_on=one.value_on, booked_on=one.value_on, amount=0)
        if isinstance(one, Disburse) and left:
            part = min(left, one.amount)
            left -= part
            facts.append(replace(made, amount=part))
        if isinstance(one, Pay):  # what was given back before is known
            given = (each.amount for each in fold.transactions if each.fact_no == one.no)
            kinds = [each.kind for each in fold.transactions if each.fact_no == one.no]
            facts += (
                replace(made, amount=amount, kind=PayKind.INTEREST_REFUND, no=one.no * 1000 + n)
                for n, (amount, kind) in enumerate(zip(given, kinds, strict=True))
                if kind == PayKind.INTEREST_REFUND and one.kind is not PayKind.INTEREST_REFUND
            )
            facts.append(replace(one, is_interest_refunded=False))
        else:
            facts.append(one)
    other = replay(replace(fold.contract, life=replace(fold.contract.life, interest_refund=())), facts, on=fold.at)
    return max(_borne(fold) - _borne(other.state), 0)


def _borne(fold: Fold) -> int:
    """Interest of the days so far, paid or not."""
    return sum(line.earned for line in fold.lines)


def _settle_fee(fold: Fold, no: int, principal: int) -> int:
    if fee := fold.prepayment_fee(principal):
        line = fold.line_at(fold.at) or fold.lines[-1]
        fold.levy(no=no, name="PREPAYMENT_FEE", component=F, amount=fee, due_on=fold.at, line=line)
    return fee


def _prepay(fold: Fold, fact: Pay) -> None:
    """Interest and fee first, the rest of the payment is principal; the plan is made again."""
    terms = fold.contract.life.prepayment
    due = sum(one.amount for one in fold.dues(is_ahead=False))
    interest = interest_now(fold, terms.interest)
    room = fact.amount - due - interest
    principal = room
    if terms.fee_rate and room > 0:
        principal = round_ratio(*(room / (1 + terms.fee_rate)).as_integer_ratio(), fold.contract.terms.rounding)
    ahead = sum(line.open(P) for line in fold.lines if line.due_on > fold.at)
    if principal <= 0 or principal >= ahead:
        return
    prepay(
        fold, principal, interest, is_shorter=fact.intent is Intent.REDUCE_TERM,
        whole=terms.interest is EarlyInterest.WHOLE_PERIOD,
    )  # fmt: skip
    if room > principal:
        cut = next(line for line in fold.lines if line.kind is LineKind.CLOSING and line.due_on == fold.at)
        fold.levy(no=fact.no, name="PREPAYMENT_FEE", component=F, amount=room - principal, due_on=fold.at, line=cut)
    fold.refresh()
    fold.version(fact.intent, fact.no)


def _receive(
    fold: Fold,
    no: int,
    amount: int,
    kind: PayKind,
    *,
    split: Dictated | None = None,
    is_ahead: bool = False,
    flags: frozenset[Flag] = NO_FLAGS,
) -> None:
    """Allocate money, write it on the lines and tell the books."""
    if split is not None:
        made = Allocation(split.parts, amount - sum(part.amount for part in split.parts))
        made = _within(fold, made)
    else:
        life = fold.contract.life
        strategy = fold.contract.strategy(kind)
        if life.npl_strategy is not None and fold.dpd > life.npl_after:
            strategy = life.npl_strategy
        if is_ahead and not strategy.meets_advance:
            strategy = ahead_of(strategy)
        made = _allocate(fold, amount, strategy)
    amounts, others = fold.settle(made)
    fold.excess += made.excess
    fold.book(EVENTS[kind], {**amounts, EXCESS: made.excess}, fact_no=no, flags=flags)
    _collect(fold, no, EVENTS[kind], others)
    fold.transact(no, kind, amount, made)
    _forgive(fold, kind, made)


def _collect(fold: Fold, no: int, event: Event, others: Mapping[str, int]) -> None:
    """Money that the lender took for the guarantor or buyer who now holds the claim."""
    fold.book(event, others, fact_no=no, stage=Stage.TRANSFERRED)
    if any(line.creditor == fold.guarantor for line in fold.lines):
        fold.book(Event.SUBROGATION_RECOVERED, {"amount": sum(others.values())}, fact_no=no)


EVENTS: Final[Mapping[PayKind, Event]] = MappingProxyType(
    {
        **{kind: Event(kind.value) for kind in PayKind if kind is not PayKind.INTEREST_PAYMENT_WAIVER},
        PayKind.INTEREST_PAYMENT_WAIVER: Event.INTEREST_REFUND,
    }
)
"""What each kind of payment is in the books."""


def ahead_of(strategy: Strategy) -> Strategy:
    """A strategy that goes on with the instalments to come, in the order of its last pass."""
    last = strategy.passes[-1]
    every = Strategy(
        name=strategy.name,
        passes=(*strategy.passes, Pass(dues=frozenset({DueType.IN_ADVANCE}), order=last.order)),
    )
    assert every.meets_advance, "it does now"
    return every


def _allocate(fold: Fold, amount: int, strategy: Strategy) -> Allocation:
    return spend(amount, fold.dues(), strategy, principal_max=fold.balance)


def _within(fold: Fold, made: Allocation) -> Allocation:
    """A dictated split, kept to what is open; the rest is excess."""
    by_no = {line.no: line for line in fold.lines}
    parts = []
    for part in made.parts:
        open_ = max(by_no[part.no].open(part.component), 0) if part.no in by_no else 0
        if open_:
            parts.append(Part(part.no, part.component, min(part.amount, open_)))
    return Allocation(tuple(parts), made.paid - sum(part.amount for part in parts))


def _forgive(fold: Fold, kind: PayKind, made: Allocation) -> None:
    """An instalment whose principal was met whole in advance owes no interest, where the strategy says so."""
    if not any(one.forgives_interest for one in fold.contract.strategy(kind).passes):
        return
    for line in fold.lines:
        met = any(part.no == line.no and part.component is P for part in made.parts)
        if met and line.due_on > fold.at and not line.open(P) and line.open(I):
            amount = line.open(I)
            fold.recognise_ahead(Allocation((Part(line.no, I, amount),), 0), {line.no: line})
            amounts = fold.settle(Allocation((Part(line.no, I, amount),), 0), is_waiver=True)[0]
            fold.book(Event.INTEREST_WAIVED, amounts, fact_no=0)


def _recover(fold: Fold, fact: Recover) -> None:
    made = spend(fact.amount, fold.dues(), fold.contract.strategy(PayKind.REPAYMENT), principal_max=fold.balance)
    amounts, others = fold.settle(made)
    fold.recovered += fact.amount
    _collect(fold, fact.no, Event.REPAYMENT, others)
    fold.excess += made.excess
    amounts[WRITTEN_OFF] = amounts.pop(P.value, 0)
    fold.book(Event.RECOVERY, amounts, fact_no=fact.no)
    if made.excess:
        fold.book(Event.REPAYMENT, {EXCESS: made.excess}, fact_no=fact.no)
    fold.transact(fact.no, "RECOVERY", fact.amount, made)


# --- charges ----------------------------------------------------------------------------------------------------------


def _levy(fold: Fold, fact: Levy) -> None:
    if fact.is_buy_down:
        amount = _charge_amount(fold, fact, None)
        fold.deferrals.append(Deferral(no=fact.no, event=Event.BUY_DOWN_FEE, left=amount, since_on=fold.at))
        fold.book(Event.BUY_DOWN_FEE, {"amount": amount}, fact_no=fact.no)
        fold.transact(fact.no, Event.BUY_DOWN_FEE, amount, Allocation((), 0))
        return
    if fact.is_at_disbursement:
        amount = _charge_amount(fold, fact, None)
        fold.book(Event.FEE_AT_DISBURSEMENT, {fact.component.value: amount}, fact_no=fact.no)
        fold.transact(fact.no, "FEE_AT_DISBURSEMENT", amount, Allocation(_parts({fact.component: amount}), 0))
        return
    if fact.is_each_instalment:
        for line in fold.lines:
            if line.kind is not LineKind.DOWN_PAYMENT and line.due_on > fold.at:
                fold.levy(
                    no=fact.no, name=fact.name, component=fact.component, amount=_charge_amount(fold, fact, line),
                    due_on=line.due_on, line=line,
                )  # fmt: skip
        return
    line = fold.line_at(fact.due_on) or extra_line(fold)
    if line.kind is LineKind.EXTRA:
        line.due_on = max(line.due_on, fact.due_on)
    fold.levy(
        no=fact.no, name=fact.name, component=fact.component, amount=_charge_amount(fold, fact, None),
        due_on=fact.due_on, line=line,
    )  # fmt: skip


def _charge_amount(fold: Fold, fact: Levy, line: Line | None) -> int:
    lines = fold.lines if line is None else [line]
    principal = fold.disbursed if line is None else line.owed[P]
    of = {
        Basis.FLAT: 0,
        Basis.AMOUNT: principal,
        Basis.OUTSTANDING: fold.balance,
        Basis.INTEREST: sum(one.owed[I] for one in lines),
        Basis.AMOUNT_AND_INTEREST: principal + sum(one.owed[I] for one in lines),
    }[fact.basis]
    part = fact.rate * of
    return fact.amount + round_ratio(*part.as_integer_ratio(), fold.contract.terms.rounding)


def _waive(fold: Fold, fact: Waive) -> None:
    left = fact.amount
    parts = []
    for line in fold.lines:
        if fact.amount is None and line.due_on > fold.at and fact.levy_no is None:
            continue
        open_ = max(line.open(fact.component), 0)
        if fact.levy_no is not None:
            open_ = sum(
                levy.open
                for levy in fold.levies
                if levy.no == fact.levy_no and levy.component is fact.component and levy.line is line
            )
        amount = open_ if left is None else min(left, open_)
        if amount:
            parts.append(Part(line.no, fact.component, amount))
            left = None if left is None else left - amount
    made = Allocation(tuple(parts), 0)
    if fact.levy_no is not None:
        fold.levies.sort(key=lambda levy: levy.no != fact.levy_no)
    amounts = fold.settle(made, is_waiver=True)[0]
    event = {P: Event.PRINCIPAL_WAIVED, I: Event.INTEREST_WAIVED}.get(fact.component, Event.CHARGE_WAIVED)
    fold.book(event, amounts, fact_no=fact.no)
    fold.transact(fact.no, event, sum(part.amount for part in parts), made)


# --- taking back ------------------------------------------------------------------------------------------------------


def _chargeback(fold: Fold, fact: Chargeback) -> None:
    split = _given_back(fold, fact)
    used = min(fold.excess, fact.amount)
    line = _credit(fold, split)
    fold.excess -= used
    rest = dict(split)
    left = used
    for component in (N, F, I, P) if not fold.contract.life.credit_order else (*fold.contract.life.credit_order, P):
        met = min(left, rest.get(component, 0))
        if met:
            line.paid[component] += met
            if component is not P:
                line.recognised[component] += met
            rest[component] -= met
            left -= met
    line.completed_on = None if line.total_open else fold.at
    amounts = {_bucket(fold, component): amount for component, amount in rest.items()}
    for component in (I, F, N, C):
        line.recognised[component] += rest.get(component, 0)
    fold.book(Event.CHARGEBACK, {**amounts, EXCESS: used}, fact_no=fact.no, stage=_carried(line))
    if line.creditor == fold.guarantor:
        fold.book(Event.SUBROGATION_RECOVERED, {"amount": -sum(rest.values())}, fact_no=fact.no)
    fold.transact(fact.no, "CHARGEBACK", fact.amount, Allocation(_parts(rest), 0), excess=-used)


def _given_back(fold: Fold, fact: Chargeback) -> dict[Component, int]:
    """The components that a chargeback gives back: principal, or by the contract's order what the payment had paid."""
    order = fold.contract.life.credit_order
    if not order:
        return {P: fact.amount}
    paid = dict.fromkeys(ALL, 0)
    for one in fold.transactions:
        if one.fact_no == fact.of and one.kind in set(PayKind):
            for component in ALL:
                paid[component] += one.portion(component)
    left, made = fact.amount, dict[Component, int]()
    for component in order:
        made[component] = min(left, paid[component])
        left -= made[component]
    made[P] = made.get(P, 0) + left
    return {component: amount for component, amount in made.items() if amount}


def _credit(fold: Fold, split: Mapping[Component, int]) -> Line:
    """Ask again for what was given back: in the instalment of the day, after maturity in an extra one."""
    line: Line | None = next(
        (
            line
            for line in fold.lines
            if line.kind not in {LineKind.DOWN_PAYMENT, LineKind.EXTRA} and line.due_on > fold.at
        ),
        None,
    )
    if line is None:
        line = next((one for one in fold.lines if one.due_on == fold.at and one.due_on == fold.maturity_on), None)
    if line is None:
        line = extra_line(fold)
    for component, amount in split.items():
        line.owed[component] += amount
        if component in {P, I}:
            line.credited[component] += amount
        else:
            line.levied[component] += amount
    line.completed_on = None
    return line


def _carried(line: Line) -> Stage | None:
    """How what is owed again is carried: as the loan is, or as another's claim."""
    return Stage.TRANSFERRED if line.creditor != CREDITOR_LENDER else None


def _bucket(fold: Fold, component: Component) -> str:
    """The bucket in which a component that is owed again stands."""
    if fold.stage in OFF or component not in {P, I}:
        return component.value
    if fold.stage is Stage.NON_ACCRUAL:
        return "nonaccrual_principal" if component is P else "nonaccrual_interest"
    return "principal" if component is P else "accrued_interest"


def _parts(split: Mapping[Component, int]) -> tuple[Part, ...]:
    return tuple(Part(1, component, amount) for component, amount in split.items() if amount > 0)


# --- changes of the plan ----------------------------------------------------------------------------------------------


def _change_rate(fold: Fold, fact: ChangeRate) -> None:
    reprice(fold, fact.rate_annual, fact.from_on or fold.at)
    fold.refresh()
    fold.version("RATE_CHANGE", fact.no)


def _pause(fold: Fold, fact: Pause) -> None:
    pause(fold, fact.from_on or fold.at, fact.to_on)
    fold.refresh()
    fold.version("INTEREST_PAUSE", fact.no)


def _reschedule(fold: Fold, fact: Reschedule) -> None:
    before = fold.buckets()
    reschedule(fold, fact)
    _replanned(fold, before)
    fold.version("RESCHEDULE", fact.no)


def _re_age(fold: Fold, fact: ReAge) -> None:
    before = fold.buckets()
    moved = re_age(fold, fact)
    _replanned(fold, before)
    fold.version("RE_AGE", fact.no)
    fold.transact(fact.no, "RE_AGE", moved[P] + moved[I], Allocation(_parts({P: moved[P], I: moved[I]}), 0))


def _re_amortise(fold: Fold, fact: ReAmortise) -> None:
    before = fold.buckets()
    moved = re_amortise(fold, fact)
    _replanned(fold, before)
    fold.version("RE_AMORTISE", fact.no)
    fold.transact(fact.no, "RE_AMORTISE", moved[P] + moved[I], Allocation(_parts(moved), 0))


def _replanned(fold: Fold, before: Mapping[str, int]) -> None:
    """What had become overdue or due is neither any more."""
    back = before["overdue_principal"]
    due = before["interest"]
    for line in fold.lines:
        line.overdue_moved = 0
        line.due_moved = 0
    if back:
        fold.book(Event.PRINCIPAL_OVERDUE, {"principal": -back}, fact_no=0)
    if due:
        fold.book(Event.INTEREST_DUE, {"interest": -due}, fact_no=0)
    fold.refresh()


def _accelerate(fold: Fold, fact: Accelerate) -> None:
    close(fold, interest=EarlyInterest.TO_DATE, is_whole=False)
    fold.refresh()
    fold.version("ACCELERATED", fact.no)
    open_ = {component: sum(line.open(component) for line in fold.lines) for component in ALL}
    fold.transact(fact.no, "ACCELERATED", sum(open_.values()), Allocation(_parts(open_), 0))


# --- the end of a claim -----------------------------------------------------------------------------------------------


def _charge_off(fold: Fold, fact: ChargeOff) -> None:
    if not any(line.total_open for line in fold.lines):  # an earlier fact that became known later has left nothing
        return
    behaviour = fold.contract.life.charged_off
    if behaviour is ChargedOff.ACCELERATED:
        close(fold, interest=EarlyInterest.TO_DATE, is_whole=False)
    elif behaviour is ChargedOff.ZERO_INTEREST:
        stop_interest(fold)
    if behaviour is not ChargedOff.REGULAR:
        fold.refresh()
        fold.version("CHARGE_OFF", fact.no)
    fold.recognise()
    if fold.contract.life.is_charge_off_whole:
        fold.recognise_all()
        open_ = {component: sum(line.open(component) for line in fold.lines) for component in ALL}
    else:
        open_ = _claimed(fold.lines)
    flags = frozenset({Flag.FRAUD}) if fact.is_fraud else NO_FLAGS
    fold.earn(days=1)
    fold.book(Event.CHARGE_OFF, fold.claim(), fact_no=fact.no, flags=flags)
    fold.stage = Stage.FRAUD if fact.is_fraud else Stage.CHARGED_OFF
    _earn_the_rest(fold)
    fold.transact(fact.no, "CHARGE_OFF", sum(open_.values()), Allocation(_parts(open_), 0))


def _earn_the_rest(fold: Fold) -> None:
    """What is still deferred of income lessens the loss."""
    for one in fold.deferrals:
        fold.book(EARNED[one.event], {"amount": one.left - one.booked}, fact_no=0)
        one.booked = one.left


def _claimed(lines: Iterable[Line]) -> dict[Component, int]:
    """What the books claim of some lines: all open principal, of the rest what was recognised."""
    claim = dict.fromkeys(ALL, 0)
    for line in lines:
        claim[P] += line.open(P)
        for component in (I, F, N, C):
            claim[component] += line.recognised[component] - line.paid[component] - line.waived[component]
    return claim


def _write_off(fold: Fold, fact: WriteOff) -> None:
    fold.recognise()
    open_ = _claimed(fold.lines)
    if fold.stage not in OFF:
        fold.book(Event.WRITE_OFF, fold.claim(), fact_no=fact.no)
    fold.stage = Stage.WRITTEN_OFF
    _earn_the_rest(fold)
    fold.transact(fact.no, "WRITE_OFF", sum(open_.values()), Allocation(_parts(open_), 0))


def _compensate(fold: Fold, fact: Compensate) -> None:
    if fold.stage in OFF:  # an earlier fact that became known later has taken the claim off the books
        return
    fold.recognise()
    lines = [
        line
        for line in fold.lines
        if line.creditor == CREDITOR_LENDER and (fact.scope is Scope.WHOLE or line.due_on < fold.at) and line.total_open
    ]
    _transfer(fold, fact.no, Event.COMPENSATED, lines, fact.guarantor, whole=fact.scope is Scope.WHOLE)


def _repurchase(fold: Fold, fact: Repurchase) -> None:
    if fold.stage in OFF:
        return
    fold.recognise()
    lines = [line for line in fold.lines if line.creditor == CREDITOR_LENDER and line.total_open]
    _transfer(fold, fact.no, Event.REPURCHASED, lines, fact.buyer, whole=True)


def _transfer(fold: Fold, no: int, event: Event, lines: list[Line], to: str, *, whole: bool) -> None:
    """Another pays the lender what lines owe to date; the borrower owes him from then on."""
    before = fold.claim()
    paid = _claimed(lines)
    for line in lines:
        line.creditor = to
        line.overdue_moved = line.due_moved = 0
    after = fold.claim()
    amounts = {name: before[name] - after[name] for name in before}
    if whole:
        fold.creditor = to
        for line in fold.lines:
            line.creditor = to
    fold.book(event, amounts, fact_no=no)
    if event is Event.COMPENSATED:
        fold.guarantor = to
        fold.book(Event.SUBROGATED, {"amount": sum(paid.values()), "guaranteed": paid[P]}, fact_no=no)
    fold.transact(no, event, sum(paid.values()), Allocation(_parts(paid), 0))


ACTS: Final[Mapping[type[Fact], Callable[..., None]]] = MappingProxyType(
    {
        Disburse: _disburse, Pay: _pay, Levy: _levy, Waive: _waive, Chargeback: _chargeback, Refund: _refund,
        ChangeRate: _change_rate, Pause: _pause, Reschedule: _reschedule, ReAge: _re_age, ReAmortise: _re_amortise,
        Accelerate: _accelerate, ChargeOff: _charge_off, WriteOff: _write_off, Recover: _recover,
        Compensate: _compensate, Repurchase: _repurchase, Cancel: _cancel,
    }
)  # fmt: skip
"""What each kind of fact does."""
