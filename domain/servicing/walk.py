"""One walk over the periods of a plan: interest on the balance of each day, rounded once a period, then what is paid.

The same walk serves every method, a whole loan and what is left of one (`docs/decisions/0050`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

from domain.servicing.daycount import SPLITS, fraction
from domain.servicing.duedate import MONTHS, FirstPeriod, Period, Step, Unit
from domain.servicing.instalment import Exact, Instalment, Kind, Remaining, Row, Span
from domain.servicing.method import METHODS, has_stub, periods_of
from domain.servicing.precomputed import Precomputed
from domain.servicing.rate import period_rate, regular_rate, solving_rate, to_digits, year_fraction
from domain.servicing.terms import (
    Carried,
    Disbursement,
    EarlyPayment,
    Effect,
    Fee,
    FeeBasis,
    FeeWhen,
    Method,
    Mode,
    Pay,
    RateChange,
    Residue,
    Solving,
    Stage,
    Terms,
    Unpaid,
)
from ledger.money import Rounding, round_ratio


class Walk:
    """One walk over the periods of a plan; holds what changes on the way.

    balance, deferred: minor units; the balance is exact where balances are carried unrounded. drawn: what has been
    lent. base: of the payment, or of the principal, that the stage's steps grow from. kept: whether the payment was
    agreed and is not solved. is_resolved: whether an early payment asks for a lower payment from the next instalment
    on. saved: early payments that shortened the term; a payment solved later leaves them shortening it. stage_target:
    the balance at which a stage that repays a stated principal ends.
    """

    def __init__(self, terms: Terms, left: Remaining) -> None:
        """Begin with what is left."""
        self.terms, self.left = terms, left
        self.stages = METHODS[terms.method](terms)
        self.periods = self._periods()
        is_odd = left.from_on == terms.start_on and left.no == 1 and not self.periods[0].is_regular
        self.is_added = is_odd and terms.calendar.first_period is FirstPeriod.DAYS_ADDED
        self.stub = self.periods[0] if is_odd and has_stub(terms, self.periods) else None
        if self.stub:
            self.periods = self.periods[1:]
        self.last = self.stages[-1].last
        self.is_unrounded = terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_ROUNDED}
        self.is_paid_as_rounded = terms.carried is Carried.PAYMENT_ROUNDED
        self.balance: Exact = left.balance
        self.drawn = terms.disbursements[0].amount if terms.disbursements else terms.principal
        self.deferred = left.interest
        self.rate_annual = terms.rate_annual if left.rate_annual is None else left.rate_annual
        agreed = left.payment if left.payment is not None else terms.payment
        self.base: Exact = agreed or 0
        self.kept = agreed is not None
        self.is_shortened = left.is_shortened or terms.solving is Solving.GIVEN
        self.may_grow = (
            self.kept
            or terms.unpaid is not Unpaid.DEFERRED
            or terms.method is Method.ADD_ON
            or any(one.payment_cap or not one.is_solved for one in terms.rate_changes)
        )
        self.bearing: Exact = left.balance
        self.charged = Precomputed(terms) if terms.method is Method.ADD_ON else None
        self.first_difference = 0
        self.saved = 0
        self.is_resolved = False
        self.stage_target: Exact = 0
        self.paid_down = list[Row]()
        self.prepaid = 0
        self.rates: dict[tuple[Decimal, Step], Fraction] = {}

    def _periods(self) -> tuple[Period, ...]:
        """The periods to come, the first cut at where the walk begins."""
        if self.left.periods is None:
            made = periods_of(self.terms)[self.left.no - 1 :]
        else:
            made = self.left.periods
            self.stages = (*self.stages[:-1], replace(self.stages[-1], last=self.left.no - 1 + len(made), horizon=None))
        first = made[0]
        if first.from_on != self.left.from_on:
            made = (replace(first, from_on=self.left.from_on, is_regular=False), *made[1:])
        return made

    def rows(self) -> Iterator[Row]:
        """The rows, first to last."""
        made = 0
        if self.left.no == 1 and self.terms.down_payment:
            made += 1
            self.drawn -= self.terms.down_payment
            yield self._down_payment(self.left.from_on, self.terms.down_payment, 0)
        if self.stub:
            made += 1
            yield self._stub(self.stub, made)
        for no, period in enumerate(self.periods, start=self.left.no):
            if no > self.last:
                return
            row = self._row(no, period, self.periods[no - self.left.no :])
            for down in self.paid_down:
                yield replace(down, no=no + made)
                made += 1
                row = replace(row, opening=down.closing)
            self.paid_down.clear()
            yield replace(row, no=no + made) if made else row
            is_paid_out = all(one.on < period.to_on for one in self.terms.disbursements)
            if self.is_shortened and self.balance == 0 and is_paid_out:
                return

    def _down_payment(self, on: date, paid: int, disbursed: int) -> Row:
        """What is paid of a disbursement on its own day."""
        opening = _shown(self.balance) - disbursed
        self.balance -= paid
        return Row(
            no=1,
            period=Period(on, on, on, (self.terms.calendar.unit, 0)),
            kind=Kind.DOWN_PAYMENT,
            opening=opening,
            disbursed=disbursed,
            principal=paid,
            interest=0,
            closing=_shown(self.balance),
            exact_principal=Fraction(paid),
        )

    def _stub(self, period: Period, no: int) -> Row:
        opening = _shown(self.balance)
        spans, disbursed, inside = self._spans(1, period, self.stages[0])
        exact = _interest(spans)
        return Row(
            no=no,
            period=period,
            kind=Kind.STUB,
            opening=opening,
            disbursed=disbursed,
            principal=inside,
            interest=self._rounded_interest(exact),
            extra=inside,
            closing=_shown(self.balance),
            exact_interest=exact,
            spans=spans,
        )

    def _row(self, no: int, period: Period, ahead: Sequence[Period]) -> Row:
        """Walk one period: what happens in it, its interest, and what it pays."""
        stage = next(stage for stage in self.stages if stage.first <= no <= stage.last)
        opening = self.balance
        if no == self.left.no or (no - stage.first) % self.terms.rest_every == 0:
            self.bearing = self.balance
        changes = [one for one in self.terms.rate_changes if _is_from(one, no, period)]
        if no == stage.first and any(one.rate_annual is not None for one in self.stages):
            self.rate_annual = self.terms.rate_annual if stage.rate_annual is None else stage.rate_annual
        spans, disbursed, inside = self._spans(no, period, stage)
        exact = _interest(spans)
        is_flat = stage.mode is Mode.FLAT and stage.pay is Pay.PRINCIPAL_AND_INTEREST
        if is_flat and no > self.terms.grace.interest_free:
            spans = (self._flat(period, stage),)
            exact = _interest(spans)
        if self.charged is not None:
            spans = (self.charged.span(no, period, self.rate_annual),)
            exact = _interest(spans)
        before = self.base
        is_new = no in {stage.first, self.left.no} and not self.kept
        is_drawn = any(isinstance(one, Disbursement) for _, one in self._events(no, period))
        is_changed = any(one.is_solved for one in changes) or is_drawn or self.is_resolved
        if is_new or (is_changed and not (self.kept and not changes and not self.is_resolved)):
            self._solve(no, stage, ahead, spans)
            self._cap(changes, before)
        self.is_resolved = False
        return self._paid(
            no, period, stage, spans=spans, opening=opening, exact=exact, disbursed=disbursed, inside=inside
        )

    # --- interest ---

    def _rate(self, period: Period, stage: Stage) -> Fraction:
        """The rate of a whole period; regular ones of a uniform count are all alike and looked up."""
        if not (period.is_regular and self._is_uniform and stage.by_days is None):
            days = self.terms.min_interest_days
            if 0 < period.days < days:
                period = replace(period, to_on=period.from_on + timedelta(days=days), is_regular=False)
            return period_rate(self.terms, period, self.rate_annual, stage.by_days)
        key = (self.rate_annual, period.step)
        if key not in self.rates:
            self.rates[key] = period_rate(self.terms, period, self.rate_annual)
        return self.rates[key]

    def _flat(self, period: Period, stage: Stage) -> Span:
        """A whole period on what was lent, whatever has been repaid."""
        part = to_digits(self.terms, year_fraction(self.terms, period, stage.by_days))
        rate = Fraction(self.rate_annual) * part
        return Span(period.from_on, period.to_on, self.drawn, self.rate_annual, rate)

    @property
    def _is_uniform(self) -> bool:
        """Whether regular periods of one length have one rate, whatever their days."""
        unit = self.terms.calendar.unit
        is_by_months = self.terms.day_count.is_whole_months and (unit in MONTHS or unit is Unit.HALF_MONTH)
        return self.terms.payments_per_year is not None or is_by_months

    def _spans(self, no: int, period: Period, stage: Stage) -> tuple[tuple[Span, ...], int, int]:
        """The days of a period cut where balance or rate change; with what was disbursed and paid early inside it."""
        is_free = no <= self.terms.grace.interest_free
        free_until = stage.interest_from or period.from_on
        events = self._events(no, period)
        if not events and free_until <= period.from_on:
            rate = Fraction() if is_free else self._rate(period, stage)
            return (Span(period.from_on, period.to_on, self._bearing, self.rate_annual, rate),), 0, 0
        if period.from_on < free_until < period.to_on:
            events = sorted([*events, (free_until, stage)], key=lambda one: one[0])
        spans, begin, disbursed, paid = list[Span](), period.from_on, 0, 0
        for on, event in [*events, (period.to_on, None)]:
            if on > begin or (event is None and not spans):
                rate = Fraction() if is_free or on <= free_until else self._part(period, stage, begin, on)
                spans.append(Span(begin, on, self._bearing, self.rate_annual, rate))
                begin = on
            if isinstance(event, RateChange):
                self.rate_annual = event.rate_annual
            elif isinstance(event, Disbursement):
                self.balance += event.amount
                disbursed += event.amount
                self.drawn += event.amount - event.down_payment
                if event.down_payment:
                    self.paid_down.append(self._down_payment(on, event.down_payment, disbursed))
                    disbursed = 0
            elif isinstance(event, EarlyPayment):
                paid += self._paid_early(event)
        return tuple(spans), disbursed, paid

    @property
    def _bearing(self) -> Exact:
        """The balance that bears interest: that of the last rest."""
        return self.balance if self.terms.rest_every == 1 else self.bearing

    def _part(self, period: Period, stage: Stage, from_on: date, to_on: date) -> Fraction:
        """The rate of a part of a period: by its days where the day count splits, else its share of the whole."""
        if from_on == period.from_on and to_on == period.to_on:
            return self._rate(period, stage)
        basis = stage.by_days or self.terms.day_count
        if basis in SPLITS and not self.terms.payments_per_year and not self.terms.compounding_per_year:
            return Fraction(self.rate_annual) * fraction(basis, from_on, to_on)
        return self._rate(period, stage) * (to_on - from_on).days / period.days

    def _events(self, no: int, period: Period) -> list[tuple[date, RateChange | Disbursement | EarlyPayment | Stage]]:
        """What changes balance or rate inside a period, by date; on a day rates, then disbursements, then payments."""
        terms = self.terms
        is_first = no == self.left.no
        found: list[tuple[date, RateChange | Disbursement | EarlyPayment | Stage]] = []
        found += ((one.on or period.from_on, one) for one in terms.rate_changes if _is_from(one, no, period))
        found += ((one.on, one) for one in terms.disbursements[1:] if period.from_on <= one.on < period.to_on)
        found += (
            (one.on, one)
            for one in terms.early_payments
            if one.on and (period.from_on < one.on < period.to_on or (is_first and one.on == period.from_on))
        )
        return sorted(found, key=lambda one: one[0])

    def _rounded_interest(self, exact: Fraction) -> int:
        return _rounded(exact, self.terms.rounding_of_interest, self.terms.interest_multiple)

    # --- payment ---

    def _solve(self, no: int, stage: Stage, ahead: Sequence[Period], spans: Sequence[Span]) -> None:
        """Solve the base of the payment, or of the principal, for the instalments from `no` to the end in view."""
        if stage.pay is not Pay.PRINCIPAL_AND_INTEREST:
            return
        ahead, target = self._in_view(no, stage, ahead)
        if self.charged is not None:
            self.base = self.charged.payment
            return
        factors = [_factor(stage, no + n - stage.first) for n in range(len(ahead))]
        if stage.mode is not Mode.ANNUITY:
            added, grown = sum(step for _, step in factors), sum(growth for growth, _ in factors)
            self.base = (self.balance - target - added) / Fraction(grown)
            return
        if self.terms.rest_every > 1:
            self._take(self._rested(no, stage, ahead, target), stage)
            return
        debt = self._debt(ahead[0], spans) + self.saved * (1 + self._solving(no, ahead[0]))
        if not stage.step_amount and not stage.step_rate and self._are_alike(no, ahead):
            growths, steps = _geometric(self._solving(no + 1, ahead[-1]), len(ahead)), Fraction()
            last = Fraction((1 + self._solving(no + 1, ahead[-1])) ** (1 - len(ahead))) if target else Fraction()
        else:
            growths, steps, last = self._discounted(no, ahead, factors)
        self._take((debt - steps - target * last) / growths, stage)
        if not self.is_unrounded:
            self._settle_residue(no, stage, ahead, spans)

    def _take(self, solved: Fraction, stage: Stage) -> None:
        """The solved payment as it is paid; what grows by steps is rounded after each."""
        is_carried = self.terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_EXACT}
        is_exact = is_carried or bool(stage.step_amount or stage.step_rate)
        self.base = solved if is_exact else _rounded(solved, self.terms.rounding, self.terms.payment_multiple)

    def _rested(self, no: int, stage: Stage, ahead: Sequence[Period], target: Exact) -> Fraction:
        """The payment where interest stands on the balance of the last rest: what is owed at the end is linear in it.

        Both `owed` and `bearing` are pairs: an amount, and how often the payment is to be taken off it.
        """
        owed, bearing = (Decimal(0), Decimal(0)), (Decimal(0), Decimal(0))
        for n, period in enumerate(ahead):
            if n == 0:
                owed, bearing = (_decimal(self.balance), Decimal(0)), (_decimal(self.bearing), Decimal(0))
            elif (no + n - stage.first) % self.terms.rest_every == 0:
                bearing = owed
            rate = _decimal(self._solving(no + n, period))
            owed = owed[0] + bearing[0] * rate, owed[1] + bearing[1] * rate + 1
        return Fraction((owed[0] - _decimal(target)) / owed[1])

    def _in_view(self, no: int, stage: Stage, ahead: Sequence[Period]) -> tuple[Sequence[Period], Exact]:
        """The periods that a payment is solved over, and the balance that they leave."""
        repaid = stage.principal
        if stage.share is not None:
            repaid = _rounded(self.terms.principal * Fraction(stage.share), self.terms.rounding, 1)
        if repaid is not None and no == stage.first:
            self.stage_target = max(self.balance - repaid, 0)
        if repaid is not None:
            return ahead[: stage.last + 1 - no], self.stage_target
        return ahead[: (stage.first - 1 + stage.horizon if stage.horizon else self.last) + 1 - no], 0

    def _debt(self, period: Period, spans: Sequence[Span]) -> Fraction:
        """Balance and interest at the end of the current period, as the payment is solved."""
        is_added = self.is_added and period is self.periods[0]
        if len(spans) > 1 or (self.terms.solving is Solving.PERIOD_RATES and not is_added):
            return self.balance + _interest(spans)
        rate = regular_rate(self.terms, period.step, self.rate_annual) if is_added else self._solving(0, period)
        return Fraction(self.balance * (1 + rate))

    def _solving(self, no: int, period: Period) -> Fraction:
        if 0 < no <= self.terms.grace.interest_free:
            return Fraction()
        start = next((one.interest_from for one in self.stages if one.first <= no <= one.last), None)
        if start is not None and start > period.from_on:
            period = replace(period, from_on=min(start, period.to_on), is_regular=False)
        return solving_rate(self.terms, period, self.rate_annual)

    def _are_alike(self, no: int, ahead: Sequence[Period]) -> bool:
        """Whether all periods after the current one are solved at one rate."""
        if any(one.interest_from for one in self.stages):
            return False
        is_uniform = self.terms.solving is not Solving.PERIOD_RATES or self._is_uniform
        return is_uniform and no >= self.terms.grace.interest_free and len({one.step for one in ahead}) == 1

    def _discounted(
        self, no: int, ahead: Sequence[Period], factors: Sequence[tuple[Fraction, int]]
    ) -> tuple[Fraction, Fraction, Fraction]:
        """Sums of discounted growths and steps, and the last discount factor; the current period's is one."""
        discount, growths, steps = Decimal(1), Decimal(0), Decimal(0)
        for n, (period, (growth, step)) in enumerate(zip(ahead, factors, strict=True)):
            if n:
                rate = self._solving(no + n, period)
                discount /= 1 + _decimal(rate)
            growths += discount * _decimal(growth)
            steps += discount * step
        return Fraction(growths), Fraction(steps), Fraction(discount)

    def _settle_residue(self, no: int, stage: Stage, ahead: Sequence[Period], spans: Sequence[Span]) -> None:
        """Move the residue out of the last instalment, as the terms say."""
        if self.terms.residue is Residue.LAST or stage.horizon or stage.step_amount or stage.step_rate:
            return
        if self.terms.residue is Residue.SMOOTHED:
            self._smooth(stage, ahead, spans)
        elif no == self.left.no:
            self._advance(stage, ahead, spans)

    def _smooth(self, stage: Stage, ahead: Sequence[Period], spans: Sequence[Span]) -> None:
        """The progressive engine's rule: a difference above half a minor unit per instalment is spread over all."""
        count = len(ahead)
        difference = self._difference(stage, ahead, spans, self.base, 0)
        if abs(difference) <= count // 2:
            return
        moved = self.base + _rounded(Fraction(difference, count), self.terms.rounding, self.terms.payment_multiple)
        if abs(self._difference(stage, ahead, spans, moved, 0)) < abs(difference):
            self.base = moved

    def _advance(self, stage: Stage, ahead: Sequence[Period], spans: Sequence[Span]) -> None:
        """Find what the first instalment pays more, or less, so that the last is the level payment."""
        whole = self._difference(stage, ahead, spans, self.base, 0)
        moved = whole - self._difference(stage, ahead, spans, self.base, _RESIDUE_PROBE)
        near = whole * _RESIDUE_PROBE // moved if moved else 0
        tried = range(near - 1, near + 3)
        self.first_difference = min(
            tried, key=lambda first: abs(self._difference(stage, ahead, spans, self.base, first))
        )

    def _difference(
        self, stage: Stage, ahead: Sequence[Period], spans: Sequence[Span], payment: Exact, first: int
    ) -> int:
        """By how much the last instalment would exceed the payment."""
        balance, total = _shown(self.balance), 0
        for n, period in enumerate(ahead):
            exact = _interest(spans) if n == 0 else balance * self._rate(period, stage)
            interest = self._rounded_interest(exact)
            total = balance + interest
            balance -= _shown(payment) + (first if n == 0 else 0) - interest
        return total - _shown(payment)

    def _cap(self, changes: Sequence[RateChange], before: Exact) -> None:
        caps = [one.payment_cap for one in changes if one.payment_cap is not None]
        if caps and before:
            self.base = min(self.base, _rounded(before * Fraction(min(caps)), self.terms.rounding, 1))

    def _paid(
        self,
        no: int,
        period: Period,
        stage: Stage,
        *,
        spans: tuple[Span, ...],
        opening: Exact,
        exact: Fraction,
        disbursed: int,
        inside: int,
    ) -> Row:
        """What the instalment pays, and the balance after it."""
        terms, is_last = self.terms, no == self.last and not (stage.horizon and stage.first - 1 + stage.horizon > no)
        interest = self._rounded_interest(exact)
        agreed = terms.specified[no - 1] if terms.method is Method.SPECIFIED else None
        if agreed is not None and agreed.interest is not None:
            interest = agreed.interest
        at_stake = self.balance
        repaid, shown = self._principal(no, stage, interest=interest, exact=exact, is_last=is_last)
        self.balance -= repaid
        waits = no <= terms.grace.interest or stage.pay is Pay.NOTHING
        deferred = 0
        if waits and not is_last and terms.unpaid is Unpaid.CAPITALISED:
            self.balance += exact if self.is_unrounded else interest
            shown, repaid = shown - interest, repaid - interest
        elif waits and not is_last and self._is_capitalised(no, stage):
            added, self.deferred = self.deferred + interest, 0
            self.balance += added
            shown, repaid, interest = shown - added, repaid - added, added
        elif waits and not is_last:
            self.deferred += interest
            interest = 0
        else:
            deferred, self.deferred = self.deferred, 0
        if isinstance(self.balance, Fraction) and self.balance.denominator > EXACT_MAX:
            self.balance = Fraction(round(self.balance * CARRIED), CARRIED)
        extra, advance = self._at_due(no, period)
        closing = _shown(self.balance)
        row_interest = interest + deferred
        balloon = 0
        if no == self.last and self.balance:
            balloon, self.balance = closing, 0
        used = min(self.prepaid, max(shown + row_interest, 0))
        self.prepaid += advance - used
        return Row(
            no=no,
            period=period,
            opening=_shown(opening),
            disbursed=disbursed,
            principal=shown + extra + inside,
            interest=row_interest,
            deferred=deferred,
            extra=extra + inside,
            advance=advance,
            prepaid=used,
            balloon=balloon,
            fees=tuple(self._fees(no, _shown(at_stake), row_interest, shown)) if terms.fees or agreed else (),
            closing=closing,
            payment=self._in_force(no, stage),
            exact_interest=exact,
            exact_principal=Fraction(repaid),
            spans=spans,
        )

    def _principal(self, no: int, stage: Stage, *, interest: int, exact: Fraction, is_last: bool) -> tuple[Exact, int]:
        """What an instalment repays: as the balance goes on, and as it is shown."""
        if self.terms.method is Method.SPECIFIED:
            agreed = self.terms.specified[no - 1].principal
            return agreed, agreed
        if is_last:
            if self.is_unrounded and (self.kept or self.is_paid_as_rounded):
                return self.balance, _rounded(self.balance + exact, self.terms.rounding, 1) - interest
            return self.balance, _shown(self.balance)
        if stage.pay is not Pay.PRINCIPAL_AND_INTEREST:
            return 0, 0
        growth, step = _factor(stage, no - stage.first)
        whole = max(self.base * growth + step, Fraction())
        if stage.mode in {Mode.EQUAL_PRINCIPAL, Mode.FLAT}:
            multiple = self.terms.payment_multiple if stage.mode is Mode.FLAT else 1
            each = _rounded(Fraction(whole), self.terms.principal_rounding, multiple)
            if self.is_unrounded and not self.is_paid_as_rounded:
                exact = min(Fraction(whole), Fraction(self.balance))
                return exact, _rounded(exact, self.terms.rounding, 1)
            if self.terms.residue is Residue.FIRST and no == stage.first:
                each = _shown(self.balance) - each * (self.last - no)
            return (paid := min(each, _shown(self.balance))), paid
        return self._level(no, Fraction(whole), interest, exact)

    def _level(self, no: int, whole: Fraction, interest: int, exact: Fraction) -> tuple[Exact, int]:
        """What a level payment repays: as the balance goes on, and as it is shown."""
        multiple = 1 if self.is_unrounded else self.terms.payment_multiple
        payment = _rounded(whole, self.terms.rounding, multiple) + self._added(no, interest)
        is_floored = not self.may_grow or no <= self.terms.grace.interest
        payment = max(payment + (self.first_difference if no == self.left.no else 0), 0)
        if self.is_unrounded:
            if self.is_paid_as_rounded:
                whole = Fraction(payment)
            if whole - exact >= self.balance:
                return self.balance, _rounded(self.balance + exact, self.terms.rounding, 1) - interest
            if is_floored:
                return max(whole - exact, Fraction()), max(payment - interest, 0)
            return whole - exact, payment - interest
        if self.terms.carried is Carried.PAYMENT_EXACT:
            payment = _shown(self.balance) + interest - _shown(self.balance + interest - whole)
        repaid = max(payment - interest, 0) if is_floored else payment - interest
        return (paid := min(repaid, _shown(self.balance))), paid

    def _is_capitalised(self, no: int, stage: Stage) -> bool:
        """Whether interest that has waited is added to the balance with this instalment, the last that pays none."""
        is_end = no == (stage.last if stage.pay is Pay.NOTHING else self.terms.grace.interest)
        return self.terms.unpaid is Unpaid.CAPITALISED_AT_END and is_end

    def _in_force(self, no: int, stage: Stage) -> Exact:
        """The payment of an instalment, or its principal, before anything is added to it."""
        if not (stage.step_amount or stage.step_rate):
            return self.base
        growth, step = _factor(stage, no - stage.first)
        return _rounded(self.base * growth + step, self.terms.rounding, self.terms.payment_multiple)

    def _added(self, no: int, interest: int) -> int:
        """What an odd first period's interest adds to the payment of a regular one."""
        if not self.is_added or no != 1:
            return 0
        regular = regular_rate(self.terms, self.periods[0].step, self.rate_annual)
        return interest - self._rounded_interest(self.balance * regular)

    def _paid_early(self, one: EarlyPayment) -> int:
        """Take an early payment off the balance; tell what of it was needed."""
        if one.effect is Effect.KEEP_PLAN:
            return 0
        paid = min(one.amount, _shown(self.balance))
        self.balance = max(self.balance - paid, 0)  # an unrounded balance may be a little less than is shown of it
        self.is_shortened = self.is_shortened or one.effect is Effect.SHORTEN_TERM or self.balance == 0
        if one.effect is Effect.REDUCE_PAYMENT:
            self.is_resolved = True
        else:
            self.saved += paid
        return paid

    def _at_due(self, no: int, period: Period) -> tuple[int, int]:
        """Early payments on the due date: off the balance, and in advance of the instalments to come."""
        ones = [one for one in self.terms.early_payments if one.no == no or one.on == period.to_on]
        advance = sum(one.amount for one in ones if one.effect is Effect.KEEP_PLAN)
        return sum(self._paid_early(one) for one in ones), advance

    def _fees(self, no: int, outstanding: int, interest: int, principal: int) -> Iterator[tuple[str, int]]:
        bases = {
            FeeBasis.PRINCIPAL: self.terms.principal,
            FeeBasis.OUTSTANDING: outstanding,
            FeeBasis.INTEREST: interest,
            FeeBasis.INSTALMENT: principal + interest,
        }
        if self.terms.method is Method.SPECIFIED and (agreed := self.terms.specified[no - 1].fee):
            yield AGREED_FEE, agreed
        for fee in self.terms.fees:
            is_due = fee.when is FeeWhen.PER_INSTALMENT or (fee.when is FeeWhen.ONCE and fee.no == no)
            if is_due and fee.payer == BORROWER:
                yield fee.code, fee_amount(self.terms, fee, bases.get(fee.basis, 0))


EXACT_MAX: Final = 10**80
CARRIED: Final = 10**60
"""A balance carried unrounded has sixty decimals of a minor unit once its exact fraction has grown beyond reason."""
AGREED_FEE: Final = "FEE"
"""Code of the fee that stands in an agreed row."""
BORROWER: Final = "BORROWER"
"""The payer whose fees stand in the plan."""
_RESIDUE_PROBE: Final = 1000


def fee_amount(terms: Terms, fee: Fee, basis: int) -> int:
    """A fee in minor units: its value, or its fraction of a basis, rounded as the terms say."""
    if fee.basis is FeeBasis.AMOUNT:
        return int(fee.value)
    return _rounded(basis * Fraction(fee.value), terms.rounding, 1)


def fees_at_disbursement(terms: Terms) -> tuple[tuple[Fee, int], ...]:
    """The borrower's fees of the day of disbursement, with their amounts."""
    return tuple(
        (fee, fee_amount(terms, fee, terms.principal))
        for fee in terms.fees
        if fee.when in {FeeWhen.DEDUCTED, FeeWhen.AT_DISBURSEMENT} and fee.payer == BORROWER
    )


def _is_from(change: RateChange, no: int, period: Period) -> bool:
    """Whether a rate change takes effect in this instalment's period."""
    return change.no == no if change.on is None else period.from_on <= change.on < period.to_on


def _interest(spans: Sequence[Span]) -> Fraction:
    return spans[0].interest if len(spans) == 1 else sum((span.interest for span in spans), Fraction())


def _factor(stage: Stage, n: int) -> tuple[Fraction, int]:
    """By what the payment has grown, and what was added to it, in the n-th instalment of a stage, from nought."""
    steps = min(n // stage.step_every, stage.step_times)
    return Fraction(1 + stage.step_rate) ** steps if stage.step_rate else Fraction(1), stage.step_amount * steps


def _decimal(exact: Exact) -> Decimal:
    """A number to `PRECISION` digits."""
    return Decimal(exact.numerator) / exact.denominator


def _geometric(rate: Fraction, count: int) -> Fraction:
    """1 + v + … + v^(count−1) with v = 1/(1+rate), to `PRECISION` digits."""
    if rate == 0:
        return Fraction(count)
    v = 1 / (1 + _decimal(rate))
    return Fraction((1 - v**count) / (1 - v))


def _rounded(exact: Fraction | int, mode: Rounding, multiple: int) -> int:
    numerator, denominator = exact.as_integer_ratio()
    return round_ratio(numerator, denominator * multiple, mode) * multiple


def _shown(exact: Exact) -> int:
    """An amount as it is shown: half up to whole minor units; a whole one is itself."""
    return exact if isinstance(exact, int) else _rounded(exact, Rounding.HALF_UP, 1)


def booked(rows: Sequence[Row]) -> Iterator[Instalment]:
    """The instalments of rows: what falls due on each date; the last one makes the sum whole."""
    from_on = rows[0].period.from_on if rows else date.min
    owed = rows[0].opening + sum(row.disbursed for row in rows) if rows else 0
    for row in rows:
        is_last = row is rows[-1]
        principal = owed if is_last else min(row.principal + row.balloon, owed)
        owed -= principal
        yield Instalment(row.no, from_on, row.period.due_on, principal, row.interest, row.fee)
        from_on = row.period.due_on
