"""The fold of a life: the state that facts and time change, and how time changes it.

A fold is private working state, mutable and copied before it is gone on from; what others see is `life.Life`. `advance`
lets days pass: interest and penalty of those days, what falls due, what becomes overdue. `life` lets facts happen.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from domain.calendar import add_months
from domain.product.accounting import EXCESS, Event, Flag, Stage
from domain.servicing.allocation import Allocation, Component, Due, DueType, Part, spend
from domain.servicing.charge import penalty
from domain.servicing.contract import Bearing, Contract, Grace, Rest
from domain.servicing.fact import Fact
from domain.servicing.interest import daily_fraction, share
from domain.servicing.movement import BUCKETS, NO_FLAGS, WRITTEN_OFF, Movement
from domain.servicing.progress import ALL, C, F, I, Line, LineKind, N, P, Progress
from domain.servicing.transaction import Transaction
from ledger.money import Rounding, round_ratio

OFF: Final = frozenset({Stage.CHARGED_OFF, Stage.FRAUD, Stage.WRITTEN_OFF})
"""Stages in which the claim is off the books; it is still owed."""
EXACT: Final = Context(prec=40)
"""Digits of unrounded interest."""


@cache
def carried(digits: int | None) -> Context:
    """In how many digits the rate of some days is carried."""
    return EXACT if digits is None else Context(prec=digits, rounding=ROUND_HALF_EVEN)


NOTHING: Final = Decimal(0)
CREDITOR_LENDER: Final = ""
_FIXED: Final = frozenset({LineKind.DOWN_PAYMENT, LineKind.EXTRA})
"""Lines whose principal no recalculation changes."""


EARNED: Final[Mapping[Event, Event]] = MappingProxyType(
    {
        Event.INCOME_CAPITALISED: Event.INCOME_AMORTISED,
        Event.BUY_DOWN_FEE: Event.BUY_DOWN_FEE_AMORTISED,
    }
)
"""How deferred income is earned, by how it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A schedule as it stood when a fact had changed it; never changed itself."""

    no: int
    reason: str
    fact_no: int
    on: date
    instalments: tuple[Progress, ...]


@dataclass(slots=True, kw_only=True)
class LevyState:
    """A charge on the loan and what has become of it; amounts in minor units."""

    no: int
    name: str
    component: Component
    due_on: date
    amount: int
    line: Line
    paid: int = 0
    waived: int = 0

    @property
    def open(self) -> int:
        """What is still owed of it."""
        return self.amount - self.paid - self.waived


@dataclass(slots=True, kw_only=True)
class Deferral:
    """Income that is earned by the day until the loan matures; amounts in minor units.

    left: what is not given back. earned: unrounded, of the days before `since_on`; the rest is spread evenly over the
    days that follow. booked: what the books have earned of it.
    """

    no: int
    event: Event
    left: int
    since_on: date
    earned: Decimal = NOTHING
    booked: int = 0

    def until(self, on: date, *, matures_on: date) -> Decimal:
        """What is earned of it before a date, unrounded."""
        days = (matures_on - self.since_on).days
        if on >= matures_on or days <= 0:
            return Decimal(self.left)
        rest = EXACT.subtract(self.left, self.earned)
        return EXACT.add(self.earned, EXACT.divide(EXACT.multiply(rest, (on - self.since_on).days), days))


@dataclass(slots=True, kw_only=True)
class Fold:
    """State of a life after some facts and up to the beginning of `at`; amounts in minor units.

    rates, pauses: dated changes of the contract's rate, and days that bear none. resting: principal paid within the
    current period, where that saves nothing before the next. used: balance × days, for the cap. happened: the facts so
    far. keys: how many lines have a name. met: what the last allocation took from each bucket, by line.
    """

    contract: Contract
    at: date
    lines: list[Line] = field(default_factory=list)
    levies: list[LevyState] = field(default_factory=list)
    excess: int = 0
    disbursed: int = 0
    started_on: date | None = None
    rates: list[tuple[date, Decimal]] = field(default_factory=list)
    pauses: list[tuple[date, date]] = field(default_factory=list)
    stage: Stage = Stage.PERFORMING
    creditor: str = CREDITOR_LENDER
    guarantor: str | None = None
    is_cancelled: bool = False
    resting: int = 0
    used: int = 0
    recovered: int = 0
    transactions: list[Transaction] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    deferrals: list[Deferral] = field(default_factory=list)
    happened: list[Fact] = field(default_factory=list)
    keys: int = 0
    met: dict[str, dict[int, int]] = field(default_factory=dict)
    parts: dict[tuple[date, date, date, date], tuple[int, int]] = field(default_factory=dict, repr=False, compare=False)

    def copy(self) -> Fold:
        """The same state, to go on from."""
        lines = [line.copy() for line in self.lines]
        of = {id(old): new for old, new in zip(self.lines, lines, strict=True)}
        levies = [
            LevyState(
                no=one.no, name=one.name, component=one.component, due_on=one.due_on, amount=one.amount,
                line=of.get(id(one.line), one.line), paid=one.paid, waived=one.waived,
            )
            for one in self.levies
        ]  # fmt: skip
        return Fold(
            contract=self.contract, at=self.at, lines=lines, levies=levies, excess=self.excess,
            disbursed=self.disbursed, started_on=self.started_on, rates=self.rates.copy(), pauses=self.pauses.copy(),
            stage=self.stage, creditor=self.creditor, guarantor=self.guarantor,
            is_cancelled=self.is_cancelled, resting=self.resting,
            used=self.used, recovered=self.recovered, transactions=self.transactions.copy(),
            movements=self.movements.copy(), versions=self.versions.copy(), keys=self.keys, parts=self.parts,
            deferrals=[replace(one) for one in self.deferrals], happened=self.happened.copy(),
        )  # fmt: skip

    # --- what is owed ------------------------------------------------------------------------------------------------

    @property
    def balance(self) -> int:
        """Principal that is open."""
        return sum(line.open(P) for line in self.lines)

    @property
    def is_daily(self) -> bool:
        """Whether interest follows the balance of each day."""
        return self.contract.life.bearing is Bearing.DAILY

    @property
    def maturity_on(self) -> date:
        """The last regular due date."""
        return max((line.due_on for line in self.lines if line.kind is not LineKind.EXTRA), default=self.at)

    @property
    def dpd(self) -> int:
        """Days past due of the oldest open instalment; nought within grace that leaves no trace."""
        oldest = min(
            (line.due_on for line in self.lines if line.due_on < self.at and line.total_open > 0), default=None
        )
        days = (self.at - oldest).days if oldest else 0
        terms = self.contract.terms
        return 0 if self.contract.life.grace is Grace.NO_TRACE and days <= terms.grace_days else days

    def due_type(self, line: Line) -> DueType:
        """Where a line stands today."""
        if line.due_on < self.at:
            return DueType.PAST_DUE
        return DueType.DUE if line.due_on == self.at else DueType.IN_ADVANCE

    def dues(self, *, is_ahead: bool = True) -> Iterator[Due]:
        """What a payment of today may meet, due or in advance, line by line."""
        for line in self.lines:
            due = self.due_type(line)
            if due is DueType.IN_ADVANCE and not is_ahead:
                continue
            for component in ALL:
                amount = line.open(component)
                if due is DueType.IN_ADVANCE and self.is_daily and component in {P, I} and not line.is_flat:
                    amount = self._early(line, component)
                if amount > 0:
                    known = None
                    if component in {F, N}:
                        known = sum(
                            one.open
                            for one in self.levies
                            if one.line is line and one.component is component and one.due_on <= self.at
                        )
                    yield Due(
                        line.no, component, amount, due, known, is_down_payment=line.kind is LineKind.DOWN_PAYMENT
                    )

    def _early(self, line: Line, component: Component) -> int:
        """Of a future instalment on the daily balance: the interest of the days so far, the rest of it is principal."""
        interest = max(line.earned - line.paid[I] - line.waived[I], 0)
        if component is I:
            return interest
        if line.emi is None:
            return line.open(P)
        return max(line.total_open - sum(line.open(one) for one in (F, N, C)) - interest, 0)

    def rounded(self, amount: Decimal) -> int:
        """Unrounded minor units, rounded as the contract says."""
        return round_ratio(*amount.as_integer_ratio(), self.contract.terms.rounding_of_interest)

    def prepayment_fee(self, principal: int) -> int:
        """提前还款违约金 on principal that is paid early, rounded as payments are; minor units."""
        fee = self.contract.life.prepayment.fee_rate * principal
        return round_ratio(*fee.as_integer_ratio(), self.contract.terms.rounding)

    # --- time --------------------------------------------------------------------------------------------------------

    def advance(self, to: date) -> None:
        """Let the days before `to` pass, stopping at each date on which something happens by itself."""
        for stop in sorted({one for one in self._stops() if self.at < one <= to}):
            self._pass(stop)
            self.tick()
        if to > self.at:
            self._pass(to)
            self.tick()

    def _stops(self) -> Iterator[date]:
        life, grace = self.contract.life, self.contract.terms.grace_days
        yield from self.contract.marks
        for line in self.lines:
            if line.due_on > self.at:
                yield line.due_on
            if line.total_open > 0 or line.due_on > self.at:
                yield line.due_on + timedelta(days=grace + 1)
                if life.non_accrual_after is not None:
                    yield line.due_on + timedelta(days=life.non_accrual_after + 1)
        for levy in self.levies:
            yield levy.due_on
        if self.resting:
            yield self._rests_on(self.at)

    def _pass(self, to: date) -> None:
        days = (to - self.at).days
        balance = self.balance
        self.used += balance * days
        if self.is_daily:
            overdue = sum(line.open(P) for line in self.lines if line.due_on <= self.at)
            bearing = balance + self.resting - (0 if self.contract.life.is_overdue_bearing else overdue)
            for line in self.lines:
                is_borne = line.kind is not LineKind.DOWN_PAYMENT and not line.is_flat
                if is_borne and line.from_on < to and line.due_on > self.at:
                    from_on, to_on = max(line.from_on, self.at), min(line.due_on, to)
                    line.raw = EXACT.add(line.raw, self.interest(bearing, line, from_on, to_on))
                    if overdue and self.contract.life.is_overdue_bearing:
                        line.late_raw = EXACT.add(line.late_raw, self.interest(overdue, line, from_on, to_on))
        retroactive, grace = self.contract.life.is_grace_retroactive, self.contract.terms.grace_days
        for line in self.lines:
            begins_on = line.due_on if retroactive else line.due_on + timedelta(days=grace)
            if begins_on < to and line.total_open > 0:
                late = (to - max(begins_on, self.at)).days
                line.measure += line.open(P) * late
                line.interest_measure += line.open(I) * late
        self.at = to

    def interest(self, balance: int, line: Line, from_on: date, to_on: date) -> Decimal:
        """Unrounded interest of a balance over some days of a line's period, at the rates of those days."""
        made = NOTHING
        if not balance or from_on >= to_on:
            return made
        for rate, a, b in self.stretches(from_on, to_on):
            if rate:
                numerator, denominator = self._part(line, a, b)
                factor = carried(self.contract.terms.rate_digits).divide(EXACT.multiply(rate, numerator), denominator)
                made = EXACT.add(made, EXACT.multiply(balance, factor))
        return made

    def _part(self, line: Line, a: date, b: date) -> tuple[int, int]:
        """The part of a year that some days of a line's period are; the same question is asked again and again."""
        key = (line.from_on, line.due_on, a, b)
        known = self.parts.get(key)
        if known is None:
            part = daily_fraction(self.contract.terms, from_on=line.from_on, due_on=line.due_on, a=a, b=b)
            known = self.parts[key] = part.as_integer_ratio()
        return known

    def stretches(self, from_on: date, to_on: date) -> Iterator[tuple[Decimal, date, date]]:
        """The rate of each stretch of [from_on, to_on); nought within a pause."""
        if len(self.rates) == 1 and not self.pauses:
            yield self.rates[0][1], from_on, to_on
            return
        cuts = {from_on, to_on}
        cuts |= {on for on, _ in self.rates if from_on < on < to_on}
        cuts |= {on for pause in self.pauses for on in pause if from_on < on < to_on}
        dates = sorted(cuts)
        starts = [on for on, _ in self.rates]
        for a, b in pairwise(dates):
            if any(x <= a < y for x, y in self.pauses):
                yield Decimal(0), a, b
            else:
                yield self.rates[max(bisect_right(starts, a) - 1, 0)][1], a, b

    def tick(self) -> None:
        """What happens by itself at the beginning of today."""
        if self.resting and self._rests_on(self.at - timedelta(days=1)) == self.at:
            self.resting = 0
        self.refresh()
        self._late_fees()
        self._run_penalties()
        if self.excess > 0:
            self._apply_excess(is_ahead=self.contract.strategy("REPAYMENT").meets_advance)
        self._ageing()
        self.recognise()

    def refresh(self) -> None:
        """What each instalment asks for, and how much of its interest the days so far have earned."""
        if self.is_daily:
            self.follow_balance()
        carry = 0
        for line in self.lines:
            if line.due_on <= self.at:
                line.earned = line.owed[I]
                carry = line.carry
            elif line.is_flat:
                days = (line.due_on - line.from_on).days
                earned = share(line.owed[I], elapsed=(self.at - line.from_on).days, days=days)
                line.earned = max(earned, line.paid[I] + line.waived[I])
            elif not self.is_daily:
                days = (line.due_on - line.from_on).days
                planned = line.owed[I] - line.credited[I]
                line.earned = line.credited[I] + share(planned, elapsed=(self.at - line.from_on).days, days=days)
            else:
                earned = self.rounded(line.raw) + carry + line.credited[I]
                line.earned = max(min(earned, line.owed[I]), line.paid[I])
                carry = max(earned - line.earned, 0)
            if line.completed_on is None and (line.paid[P] or line.paid[I]) and line.total_open == 0:
                line.completed_on = self.at

    def follow_balance(self, *, is_in_time: bool = False) -> None:
        """On the daily balance: the payment of each period stays, interest comes first, the rest is principal.

        Interest that does not fit into the payment waits for the next period. Principal paid beyond an instalment
        counts there. Days to come bear interest as if what is overdue were paid today and the rest when it falls due.
        The last instalment that is not met takes what is left. A period that has ended changes no more.

        is_in_time: as if nothing had been paid late, which is how a payment is solved.
        """
        ahead = [line for line in self.lines if line.kind not in _FIXED and not line.is_closed]
        held = {id(line) for line in ahead}
        left = self.disbursed + sum(line.credited[P] for line in self.lines)
        for line in self.lines:
            left -= line.paid[P] + line.waived[P] if id(line) in held else line.owed[P]
        if is_in_time:
            left -= self.late_interest()
        carry = next((line.carry for line in reversed(self.lines) if line.is_closed), 0)
        last = self._absorber(ahead) or next(reversed(ahead), None)
        resting = self._resting()
        for line in ahead:
            planned = NOTHING
            if not line.is_flat:
                planned = self.interest(left, line, max(line.from_on, self.at), line.due_on)
                if resting and line.from_on <= self.at < line.due_on:
                    until = min(line.due_on, self._rests_on(self.at))
                    planned = EXACT.add(planned, self.interest(resting, line, self.at, until))
            borne = EXACT.subtract(line.raw, line.late_raw) if is_in_time else line.raw
            accrued = self.rounded(EXACT.add(borne, planned)) + line.credited[I] + carry
            paid = line.paid[P] + line.waived[P]
            if line is last:
                rest, interest = left, accrued
            elif line.emi is None:
                rest, interest = line.owed[P] - paid, accrued
            else:
                emi = line.emi + line.credited[P] + line.credited[I]
                interest = line.paid[I] if line.paid[P] > emi - accrued else min(accrued, emi)
                rest = emi - max(interest, line.paid[I]) - paid
            rest = max(min(rest, left), 0)
            line.owed[P] = paid + rest
            line.owed[I] = max(interest, line.paid[I] + line.waived[I])
            carry = max(accrued - line.owed[I], 0)
            left -= rest
            if line.due_on <= self.at:
                line.is_closed, line.carry = True, carry

    def late_interest(self) -> int:
        """Interest on overdue principal that took the place of principal in periods that have ended."""
        return sum(
            self.rounded(line.raw) - self.rounded(EXACT.subtract(line.raw, line.late_raw))
            for line in self.lines
            if line.is_closed and line.emi is not None and line.late_raw
        )

    def _rests_on(self, after: date) -> date:
        """The next date after another on which a changed balance begins to count."""
        start = self.started_on or after
        match self.contract.life.rest:
            case Rest.DAILY:
                return after + timedelta(days=1)
            case Rest.WEEKLY:
                return after + timedelta(days=7 - (after - start).days % 7)
            case Rest.MONTHLY:
                months = (after.year - start.year) * 12 + after.month - start.month
                return next(on for n in (0, 1) if (on := add_months(start, months + n)) > after)
            case Rest.PERIOD:
                return min((line.due_on for line in self.lines if line.due_on > after), default=date.max)

    def _resting(self) -> int:
        """What goes on bearing interest besides the plan until the balance is looked at again: paid or overdue."""
        if self.contract.life.rest is Rest.DAILY:
            return 0
        late = sum(line.open(P) for line in self.lines if line.due_on <= self.at)
        return self.resting + (late if self.contract.life.is_overdue_bearing else 0)

    @staticmethod
    def _absorber(ahead: Iterable[Line]) -> Line | None:
        """The last instalment that is not met yet: it takes what rounding and early payments leave."""
        last = None
        for line in ahead:
            if line.emi is None or line.paid[P] + line.paid[I] < line.emi + line.credited[P] + line.credited[I]:
                last = line
        return last

    def _late_fees(self) -> None:
        fee, grace = self.contract.life.late_fee, self.contract.terms.grace_days
        if not fee:
            return
        for line in self.lines:
            if not line.is_late_charged and (self.at - line.due_on).days > grace and line.total_open > 0:
                line.is_late_charged = True
                self.levy(no=0, name="LATE_CHARGE", component=N, amount=fee, due_on=self.at, line=line)

    def _run_penalties(self) -> None:
        """Penalty of overdue principal and compound of overdue interest, cumulative, within the cap."""
        terms, life = self.contract.terms, self.contract.life
        if not terms.penalty_rate_annual and not any(stage.penalty_rate_annual for stage in terms.stages):
            return
        room = self._room()
        for line in self.lines:
            is_late = (self.at - line.due_on).days > terms.grace_days
            if not is_late and not line.run[N] and not line.run[C]:
                continue
            for component, measure in ((N, line.measure), (C, line.interest_measure if life.is_compound else 0)):
                made = penalty(terms, measure, no=line.no) if is_late else line.run[component]
                if room is not None:
                    made = min(made, max(room, 0))
                made = max(made, line.paid[component] + line.waived[component] - line.levied[component])
                if room is not None:
                    room -= made
                line.run[component] = made
                line.owed[component] = made + line.levied[component]

    def _room(self) -> int | None:
        """What the cap leaves for penalty and compound after interest and charges; None without a cap."""
        cap = self.contract.life.cap_annual
        if cap is None:
            return None
        bound = self.used * cap / self.contract.terms.day_count.year_days
        others = sum(line.earned + line.levied[F] + line.levied[N] for line in self.lines)
        return round_ratio(*bound.as_integer_ratio(), Rounding.FLOOR) - others

    def _apply_excess(self, *, is_ahead: bool) -> None:
        """Let an overpayment meet what is open; where it would have met it in advance, it is the payment that does."""
        own = {line.no for line in self.lines if line.creditor == CREDITOR_LENDER}
        dues = [due for due in self.dues(is_ahead=is_ahead) if due.no in own]
        if sum(due.amount for due in dues):
            held = self.excess
            made = spend(held, dues, self.contract.strategy("REPAYMENT"), principal_max=self.balance)
            if made.parts:
                self.excess = 0
                of = self._left_by(held - made.excess) if is_ahead else None
                amounts, _ = self.settle(made, on=None if of is None else self.transactions[of].on)
                self.excess += made.excess
                self.book(Event.OVERPAYMENT_APPLIED, amounts, fact_no=0)
                if of is None:
                    self.transact(0, Event.OVERPAYMENT_APPLIED, held - made.excess, made, excess=made.excess - held)
                else:
                    self._amend(of, made)

    def _left_by(self, amount: int) -> int | None:
        """The last payment that left an overpayment of at least so much, by its place."""
        return next((n for n, one in reversed(list(enumerate(self.transactions))) if one.excess >= amount), None)

    def _amend(self, of: int, made: Allocation) -> None:
        """Add to the split of the payment that left an overpayment."""
        one = self.transactions[of]
        split = {name: one.portion(name) + amount for name, amount in made.by_component().items()}
        self.transactions[of] = replace(
            one, split=MappingProxyType({**one.split, **split}),
            excess=one.excess - sum(part.amount for part in made.parts), parts=(*one.parts, *made.parts),
        )  # fmt: skip

    def _ageing(self) -> None:
        """Overdue principal to its account; into and out of non-accrual."""
        grace, life = self.contract.terms.grace_days, self.contract.life
        moved: dict[int, int] = {}
        for line in self.lines:
            if (self.at - line.due_on).days > grace and line.creditor == CREDITOR_LENDER:
                fresh = line.open(P) - line.overdue_moved
                if fresh and self.stage is Stage.PERFORMING:
                    line.overdue_moved += fresh
                    moved[self.key(line)] = fresh
        if moved:
            self.book(Event.PRINCIPAL_OVERDUE, {"principal": moved}, fact_no=0)
        if life.non_accrual_after is None:
            return
        if self.stage is Stage.PERFORMING and self.dpd > life.non_accrual_after:
            self.recognise()
            self.book(Event.NON_ACCRUAL, self.claim(), fact_no=0)
            self.stage = Stage.NON_ACCRUAL
        elif self.stage is Stage.NON_ACCRUAL and self.dpd == 0:
            held = self.buckets()
            back = {name: held[name] for name in ("nonaccrual_principal", "nonaccrual_interest", "penalty", "compound")}
            self.book(Event.ACCRUAL_RESUMED, back, fact_no=0)
            self.stage = Stage.PERFORMING
            for line in self.lines:
                line.overdue_moved = 0
                if line.creditor == CREDITOR_LENDER:
                    line.due_moved = line.recognised[I] - line.paid[I] - line.waived[I]

    # --- what the books say ------------------------------------------------------------------------------------------

    def recognise(self) -> None:
        """Accrue up to today: for each component the difference between what is earned and what was booked."""
        if self.stage in OFF:  # a claim off the books accrues nothing, and gives up what is no longer owed
            self._give_up()
            return
        made: dict[Component, dict[int, int]] = {component: {} for component in (I, F, N, C)}
        due: dict[int, int] = {}
        for line in self.lines:
            if line.creditor != CREDITOR_LENDER:
                continue
            for component, target in self._targets(line):
                fresh = max(target, line.paid[component] + line.waived[component]) - line.recognised[component]
                if fresh:
                    line.recognised[component] += fresh
                    made[component][self.key(line)] = fresh
            if line.due_on <= self.at and self.stage is Stage.PERFORMING:
                fresh = line.recognised[I] - line.paid[I] - line.waived[I] - line.due_moved
                if fresh:
                    line.due_moved += fresh
                    due[self.key(line)] = fresh
        self._book_accruals(made, due)
        self.earn()

    def earn(self, *, days: int = 0) -> None:
        """Earn what is deferred: of the days so far and some more, or all of it once nothing is owed."""
        is_over = not any(line.total_open for line in self.lines)
        for one in self.deferrals:
            made = Decimal(one.left)
            if not is_over:
                made = one.until(self.at + timedelta(days=days), matures_on=self.maturity_on)
            fresh = self.rounded(made) - one.booked
            one.booked += fresh
            self.book(EARNED[one.event], {"amount": fresh}, fact_no=0)

    def _give_up(self) -> None:
        made: dict[Component, dict[int, int]] = {component: {} for component in (I, F, N, C)}
        for line in self.lines:
            if line.creditor == CREDITOR_LENDER:
                for component, given in made.items():
                    beyond = min(line.owed[component] - line.recognised[component], 0)
                    if beyond:
                        line.recognised[component] += beyond
                        given[self.key(line)] = beyond
        self._book_accruals(made, {})

    def recognise_all(self) -> None:
        """Accrue all that the plan still asks for, earned or not."""
        for line in self.lines:
            if line.creditor == CREDITOR_LENDER:
                parts = tuple(Part(line.no, one, line.open(one)) for one in (I, F, N, C) if line.open(one) > 0)
                self.recognise_ahead(Allocation(parts, 0), {line.no: line})

    def _book_accruals(self, made: Mapping[Component, Mapping[int, int]], due: Mapping[int, int]) -> None:
        self.book(Event.FEE_DUE, {"fee": made[F]}, fact_no=0)
        if self.stage is not Stage.PERFORMING:  # off the books interest is only remembered
            memo = {"nonaccrual_interest": made[I], "penalty": made[N], "compound": made[C]}
            self.book(Event.NON_ACCRUAL_INTEREST, memo, fact_no=0)
            return
        self.book(Event.INTEREST_ACCRUED, {"interest": made[I]}, fact_no=0)
        self.book(Event.PENALTY_ACCRUED, {"penalty": made[N]}, fact_no=0)
        self.book(Event.COMPOUND_ACCRUED, {"compound": made[C]}, fact_no=0)
        self.book(Event.INTEREST_DUE, {"interest": due}, fact_no=0)

    def _targets(self, line: Line) -> Iterator[tuple[Component, int]]:
        yield I, line.earned
        levied = {F: 0, N: 0}
        for levy in self.levies:
            if levy.line is line and levy.due_on <= self.at:
                levied[levy.component] += levy.amount
        yield F, levied[F]
        yield N, levied[N] + line.run[N]
        yield C, line.owed[C]

    def buckets(self) -> dict[str, int]:
        """Where the lender's claim lies now, by bucket."""
        held = dict.fromkeys(BUCKETS, 0)
        off = self.stage in OFF
        for line in self.lines:
            if line.creditor != CREDITOR_LENDER:
                continue
            interest = line.recognised[I] - line.paid[I] - line.waived[I]
            rest = {
                "fee": line.recognised[F] - line.paid[F] - line.waived[F],
                "penalty": line.recognised[N] - line.paid[N] - line.waived[N],
                "compound": line.recognised[C] - line.paid[C] - line.waived[C],
            }
            if off:
                held[WRITTEN_OFF] += line.open(P) + interest + sum(rest.values())
                continue
            for bucket, amount in rest.items():
                held[bucket] += amount
            if self.stage is Stage.NON_ACCRUAL:
                held["nonaccrual_principal"] += line.open(P)
                held["nonaccrual_interest"] += interest
            else:
                held["overdue_principal"] += line.overdue_moved
                held["principal"] += line.open(P) - line.overdue_moved
                held["interest"] += line.due_moved
                held["accrued_interest"] += interest - line.due_moved
        held[EXCESS] = self.excess
        return held

    def claim(self) -> dict[str, int]:
        """The lender's claim by bucket, as long as it is on the books."""
        return {name: amount for name, amount in self.buckets().items() if name not in {EXCESS, WRITTEN_OFF}}

    def settle(
        self, made: Allocation, *, is_waiver: bool = False, on: date | None = None
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Write the parts of an allocation on the lines; `on` is when the money came, today unless it lay here.

        Returns the lender's amounts by bucket that they were taken from, and what met another's claim, by component.
        """
        amounts: dict[str, int] = {}
        others: dict[str, int] = {}
        came_on = on or self.at
        by_no = {line.no: line for line in self.lines}
        self.recognise_ahead(made, by_no)
        self.met = {}
        for part in made.parts:
            line = by_no[part.no]
            if line.creditor == CREDITOR_LENDER:
                for bucket, amount in self._taken(line, part):
                    amounts[bucket] = amounts.get(bucket, 0) + amount
                    _add(self.met.setdefault(bucket, {}), self.key(line), amount)
            else:
                others[part.component.value] = others.get(part.component.value, 0) + part.amount
            if is_waiver:
                line.waived[part.component] += part.amount
            else:
                line.paid[part.component] += part.amount
                if part.component is P and self.contract.life.rest is not Rest.DAILY:
                    self.resting += part.amount
                if line.due_on > came_on:
                    line.in_advance += part.amount
                elif line.due_on < came_on:
                    line.late += part.amount
            self._within_grace(line, part)
            if part.component in {F, N}:
                self._pay_levies(line, part, is_waiver=is_waiver)
            line.completed_on = came_on if line.total_open == 0 else None
        return amounts, others

    def recognise_ahead(self, made: Allocation, by_no: Mapping[int, Line]) -> None:
        """Accrue what is paid before it is earned, so that no account of a claim falls below nought."""
        wanted: dict[Component, dict[int, int]] = {component: {} for component in (I, F, N, C)}
        due: dict[int, int] = {}
        for part in made.parts:
            line = by_no[part.no]
            if part.component is P or line.creditor != CREDITOR_LENDER:
                continue
            needed = line.paid[part.component] + line.waived[part.component] + part.amount
            fresh = max(needed - line.recognised[part.component], 0)
            line.recognised[part.component] += fresh
            _add(wanted[part.component], self.key(line), fresh)
            if part.component is I and line.due_on <= self.at and self.stage is Stage.PERFORMING:
                line.due_moved += fresh
                _add(due, self.key(line), fresh)
        self._book_accruals(wanted, due)

    def _taken(self, line: Line, part: Part) -> Iterator[tuple[str, int]]:
        """The buckets that a part is taken from."""
        if self.stage in OFF or part.component not in {P, I}:
            yield part.component.value, part.amount
        elif self.stage is Stage.NON_ACCRUAL:
            yield ("nonaccrual_principal" if part.component is P else "nonaccrual_interest"), part.amount
        elif part.component is P:
            moved = min(part.amount, line.overdue_moved)
            line.overdue_moved -= moved
            yield "overdue_principal", moved
            yield "principal", part.amount - moved
        else:
            moved = min(part.amount, line.due_moved)
            line.due_moved -= moved
            yield "interest", moved
            yield "accrued_interest", part.amount - moved

    def _within_grace(self, line: Line, part: Part) -> None:
        """What is paid within grace bears no penalty: its days are taken out again."""
        late = (self.at - line.due_on).days
        if 0 < late <= self.contract.terms.grace_days and self.contract.life.is_grace_retroactive:
            if part.component is P:
                line.measure -= part.amount * late
            elif part.component is I:
                line.interest_measure -= part.amount * late

    def _pay_levies(self, line: Line, part: Part, *, is_waiver: bool) -> None:
        left = part.amount
        for levy in sorted(self.levies, key=lambda one: (one.due_on, one.no)):
            if levy.line is line and levy.component is part.component and left:
                met = min(left, levy.open)
                left -= met
                if is_waiver:
                    levy.waived += met
                else:
                    levy.paid += met

    def levy(self, *, no: int, name: str, component: Component, amount: int, due_on: date, line: Line) -> None:
        """Lay a charge on a line."""
        self.levies.append(LevyState(no=no, name=name, component=component, due_on=due_on, amount=amount, line=line))
        line.levied[component] += amount
        line.owed[component] += amount
        line.completed_on = None

    def book(
        self,
        event: Event,
        amounts: Mapping[str, int | Mapping[int, int]],
        *,
        fact_no: int,
        flags: frozenset[Flag] = NO_FLAGS,
        stage: Stage | None = None,
    ) -> None:
        """Note a movement; amounts of nought are left out, and a movement without amounts is none.

        An amount may be given by line; one that an allocation has just taken from its bucket is known by line too.
        """
        kept, pieces = dict[str, int](), dict[str, Mapping[int, int]]()
        for name, amount in amounts.items():
            whole = amount if isinstance(amount, int) else sum(amount.values())
            by_line = self.met.get(name, {}) if isinstance(amount, int) else amount
            if whole:
                kept[name] = whole
                if sum(by_line.values()) == whole:
                    pieces[name] = by_line
        self.met = {}
        if kept:
            self.movements.append(
                Movement(
                    event=event,
                    amounts=MappingProxyType(kept),
                    fact_no=fact_no,
                    value_on=self.at,
                    flags=(stage or self.stage).flags | flags,
                    pieces=pieces,
                )
            )

    def key(self, line: Line) -> int:
        """The name of a line, given when it is first asked for."""
        if not line.key:
            self.keys += 1
            line.key = self.keys
        return line.key

    def transact(self, no: int, kind: str, amount: int, made: Allocation, *, excess: int | None = None) -> None:
        """Note a transaction."""
        self.transactions.append(
            Transaction(
                fact_no=no, kind=str(kind), on=self.at, amount=amount, split=MappingProxyType(made.by_component()),
                excess=made.excess if excess is None else excess, outstanding=self.balance, parts=made.parts,
            )
        )  # fmt: skip

    def version(self, reason: str, fact_no: int) -> None:
        """Keep the schedule as it now stands."""
        self.versions.append(
            Version(
                no=len(self.versions) + 1, reason=reason, fact_no=fact_no, on=self.at,
                instalments=tuple(line.frozen() for line in self.lines),
            )
        )  # fmt: skip

    def renumber(self) -> None:
        """Number the lines by due date; on one date, what has run up to it first, then what falls due at once."""
        self.lines.sort(
            key=lambda line: (
                line.due_on, line.from_on == line.due_on, line.kind is not LineKind.DOWN_PAYMENT, line.from_on, line.no,
            )
        )  # fmt: skip
        for no, line in enumerate(self.lines, start=1):
            line.no = no

    def line_at(self, on: date) -> Line | None:
        """The instalment in whose period (from, to] a date lies; the first one's period is closed on both sides."""
        regular = [line for line in self.lines if line.kind is not LineKind.DOWN_PAYMENT]
        for n, line in enumerate(regular):
            if line.from_on < on <= line.due_on or (n == 0 and on <= line.due_on):
                return line
        return None


def _add(held: dict[int, int], key: int, amount: int) -> None:
    held[key] = held.get(key, 0) + amount
