"""Repayment, decided: facts and a payment in, allocation and amounts to post out; `operations.repay` is the shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.command import Command
from domain.refusals import Refusal
from domain.servicing.allocation import Allocation, Component, Part, allocate
from domain.servicing.interest import accrued_total
from domain.servicing.position import (
    Disbursement,
    Facts,
    Progress,
    is_settled,
    position,
    replanned,
    settlement,
)
from domain.servicing.refusal import (
    AmountBelowPayoff,
    AmountNotPositive,
    CurrencyDiffers,
    LoanNotActive,
    RepaymentBeforeStart,
    RepaymentInFuture,
)
from domain.servicing.schedule import Instalment
from ledger.money import Money
from ledger.rule import Leg, Rule


class Intent(StrEnum):
    """What the payer wants the money to do (还款意图)."""

    DUE = "DUE"
    """Meet what is due (按期还款); the rest waits on the overpayment account for the next due date."""
    SETTLE = "SETTLE"
    """Settle the whole loan (提前全额结清), interest to date."""
    REDUCE_TERM = "REDUCE_TERM"
    """Prepay; the instalment stays, the loan ends earlier (缩期)."""
    REDUCE_PAYMENT = "REDUCE_PAYMENT"
    """Prepay; the term stays, the instalment falls (减额)."""
    KEEP_PLAN = "KEEP_PLAN"
    """Pay the following instalments as planned, before they fall due (提前还下期)."""

    @property
    def is_plain(self) -> bool:
        """Whether a plain loan can do it; any other makes the loan a living one."""
        return self in {Intent.DUE, Intent.SETTLE}


class Source(StrEnum):
    """Where the money comes from."""

    CASH = "CASH"
    """From outside, through the payment channel."""
    OVERPAYMENT = "OVERPAYMENT"
    """From the borrower's own overpayment account, by the close of business."""


class Bucket(StrEnum):
    """The account that a part is taken from, under the names of the components of the product's repayment rule."""

    PENALTY = "penalty"
    INTEREST = "interest"
    """Interest that has fallen due and was moved to receivables."""
    ACCRUED_INTEREST = "accrued_interest"
    """Interest that has accrued but was not moved yet: paid on the due date itself, or early."""
    OVERDUE_PRINCIPAL = "overdue_principal"
    PRINCIPAL = "principal"
    FEE = "fee"
    COMPOUND = "compound"

    @property
    def component(self) -> Component:
        """What the amount is to the borrower."""
        match self:
            case Bucket.PENALTY:
                return Component.PENALTY
            case Bucket.INTEREST | Bucket.ACCRUED_INTEREST:
                return Component.INTEREST
            case Bucket.OVERDUE_PRINCIPAL | Bucket.PRINCIPAL:
                return Component.PRINCIPAL
            case Bucket.FEE | Bucket.COMPOUND:
                return Component(self.value)


EXCESS = "excess"
"""Component of the repayment rule that books an overpayment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repay:
    """A repayment of one loan: `paid_on` is the channel's success date, which decides what it meets.

    `business_on` is today in the books, when the caller knows it: no payment is later.
    """

    loan_id: int
    amount: Money
    paid_on: date
    command: Command
    intent: Intent = Intent.DUE
    source: Source = Source.CASH
    business_on: date | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A part and the account that it is taken from, minor units."""

    no: int
    bucket: Bucket
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a repayment does.

    plan: the schedule that takes force, when the payment settles early. accrual: interest to accrue (or, below zero,
    to take back) so that the journal stands at the date of the payment. after: the facts as they will be.
    """

    allocation: Allocation
    taken: tuple[Taken, ...]
    plan: tuple[Instalment, ...] | None
    accrual: int
    after: Facts

    @property
    def amounts(self) -> dict[str, int]:
        """Amounts by component of the repayment rule."""
        totals: dict[str, int] = {EXCESS: self.allocation.excess} if self.allocation.excess else {}
        for one in self.taken:
            totals[one.bucket] = totals.get(one.bucket, 0) + one.amount
        return totals

    @property
    def settles(self) -> bool:
        """Whether nothing is left to pay afterwards."""
        return is_settled(self.after)


def decide(facts: Facts, payment: Repay) -> Decision | Refusal:
    """Decide a repayment on the facts of its loan; a refusal has changed nothing."""
    if refusal := _refusal(facts, payment):
        return refusal
    terms, on = facts.loan.terms, payment.paid_on
    planned, dues = facts, position(facts, on=on).dues
    plan: tuple[Instalment, ...] | None = None
    if payment.intent is Intent.SETTLE:
        plan, dues = settlement(facts, on=on)
        if payment.amount.minor < (payoff := sum(due.amount for due in dues)):
            return AmountBelowPayoff(payoff=payoff, field="amount")
        if plan == tuple(one.instalment for one in facts.progress):
            plan = None
        else:
            planned = replanned(facts, plan)
    allocation = allocate(payment.amount.minor, dues, order=terms.allocation_order, by=terms.allocation_by)
    taken = tuple(_taken(planned, allocation.parts))
    accrual = _accrual(planned, taken, on=on, is_last=plan is not None)
    after = applied(planned, taken, on=on)
    credit = allocation.excess if payment.source is Source.CASH else allocation.excess - payment.amount.minor
    after = replace(after, interest_booked=facts.interest_booked + accrual, overpayment=facts.overpayment + credit)
    return Decision(allocation=allocation, taken=taken, plan=plan, accrual=accrual, after=after)


def applied(facts: Facts, taken: Iterable[Taken], *, on: date) -> Facts:
    """Facts after a payment of `on` took these parts."""
    by_no: dict[int, list[Taken]] = {}
    for one in taken:
        by_no.setdefault(one.no, []).append(one)
    progress = tuple(_paid(one, by_no.get(one.instalment.no, ()), on=on) for one in facts.progress)
    return replace(facts, progress=progress)


def application_rule(repayment: Rule) -> Rule:
    """The rule that meets dues from the overpayment account, made from the product's repayment rule.

    The same credits; the debit is the account to which the repayment rule books its excess.
    """
    held = next(leg.credit for leg in repayment.legs if leg.component == EXCESS)
    legs = tuple(
        Leg(leg.component, held, leg.credit, credit_dims=leg.credit_dims)
        for leg in repayment.legs
        if leg.component != EXCESS
    )
    return Rule(kind="OVERPAYMENT_APPLIED", version=repayment.version, legs=legs)


def _refusal(facts: Facts, payment: Repay) -> Refusal | None:
    if payment.amount.minor <= 0:
        return AmountNotPositive(field="amount")
    if payment.amount.currency != facts.loan.terms.currency:
        return CurrencyDiffers(currency=facts.loan.terms.currency, field="amount")
    if facts.disbursement is not Disbursement.SUCCEEDED or is_settled(facts):
        return LoanNotActive(status=position(facts, on=payment.paid_on).status)
    if payment.business_on is not None and payment.paid_on > payment.business_on:
        return RepaymentInFuture(paid_on=payment.paid_on, business_on=payment.business_on, field="paidOn")
    if payment.paid_on < (start_on := facts.progress[0].instalment.from_on):
        return RepaymentBeforeStart(start_on=start_on, field="paidOn")
    return None


def _taken(facts: Facts, parts: Iterable[Part]) -> Iterator[Taken]:
    by_no: Mapping[int, Progress] = {one.instalment.no: one for one in facts.progress}
    for part in parts:
        one = by_no[part.no]
        match part.component:
            case Component.PENALTY:
                yield Taken(part.no, Bucket.PENALTY, part.amount)
            case Component.INTEREST:
                yield from _split(part, Bucket.INTEREST, one.interest_receivable, Bucket.ACCRUED_INTEREST)
            case Component.PRINCIPAL:
                yield from _split(part, Bucket.OVERDUE_PRINCIPAL, one.principal_overdue, Bucket.PRINCIPAL)


def _split(part: Part, first: Bucket, available: int, second: Bucket) -> Iterator[Taken]:
    if moved := min(part.amount, available):
        yield Taken(part.no, first, moved)
    if rest := part.amount - moved:
        yield Taken(part.no, second, rest)


def _accrual(facts: Facts, taken: tuple[Taken, ...], *, on: date, is_last: bool) -> int:
    """Interest to post so that the accrued account is exact (settlement) or at least covers what is taken from it."""
    if is_last:
        return sum(one.instalment.interest for one in facts.progress) - facts.interest_booked
    still = facts.interest_booked - sum(one.interest_paid + one.interest_receivable for one in facts.progress)
    if sum(one.amount for one in taken if one.bucket is Bucket.ACCRUED_INTEREST) <= still:
        return 0
    return max(accrued_total((one.instalment for one in facts.progress), on=on) - facts.interest_booked, 0)


def _paid(one: Progress, taken: Iterable[Taken], *, on: date) -> Progress:
    for part in taken:
        match part.bucket:
            case Bucket.PENALTY:
                one = replace(one, penalty_paid=one.penalty_paid + part.amount)
            case Bucket.INTEREST:
                one = replace(
                    one,
                    interest_paid=one.interest_paid + part.amount,
                    interest_receivable=one.interest_receivable - part.amount,
                )
            case Bucket.ACCRUED_INTEREST:
                one = replace(one, interest_paid=one.interest_paid + part.amount)
            case Bucket.OVERDUE_PRINCIPAL:
                one = replace(
                    one,
                    principal_payments=(*one.principal_payments, (on, part.amount)),
                    principal_overdue=one.principal_overdue - part.amount,
                )
            case Bucket.PRINCIPAL:
                one = replace(one, principal_payments=(*one.principal_payments, (on, part.amount)))
    return one
