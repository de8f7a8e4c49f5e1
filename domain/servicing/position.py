"""The position of a loan on a date: what is due, what is overdue, what would settle it; computed, never stored.

`Facts` is what the tables know of one loan (schedule in force, what was paid of each instalment, what the journal has
accrued); `position` turns it and a date into an answer. A value "on" a date stands for the beginning of that date:
the days before it have borne interest, the date itself has not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from domain.servicing.allocation import Component, Due
from domain.servicing.charge import is_overdue, penalty_accrued
from domain.servicing.interest import accrued, accrued_total
from domain.servicing.schedule import Instalment
from domain.servicing.terms import Terms


class Status(StrEnum):
    """Where a loan stands on a date; derived, no column holds it."""

    PENDING = "PENDING"
    """Instructed, the bank has not said yes yet."""
    ACTIVE = "ACTIVE"
    """Paid out; nothing is overdue."""
    OVERDUE = "OVERDUE"
    """Paid out; an instalment is unpaid after its due date and grace."""
    SETTLED = "SETTLED"
    """Every instalment is paid."""
    CANCELLED = "CANCELLED"
    """The bank said no, or the borrower gave the money back in the cooling-off time."""
    NON_ACCRUAL = "NON_ACCRUAL"
    """So long overdue that the books no longer accrue interest."""
    CHARGED_OFF = "CHARGED_OFF"
    """Off the performing part of the balance sheet, and still owed."""
    WRITTEN_OFF = "WRITTEN_OFF"
    """核销: what still comes is a recovery."""
    TRANSFERRED = "TRANSFERRED"
    """Owed to a guarantor or buyer (代偿, 回购)."""


class Disbursement(StrEnum):
    """What is known of the payment to the borrower."""

    INSTRUCTED = "INSTRUCTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """The facts of the contract, which never change.

    `party_id` is the asset channel's party, `funder_id` the party whose money is lent, `book` the funder's ledger book;
    together with product and channel they are the dimensions of every journal line of the loan.
    """

    loan_id: int
    application_id: int
    product_id: int
    product_version: int
    book: int
    platform_book: int
    funder_id: int
    party_id: int
    channel_id: int
    customer_id: int
    service_fee: int
    terms: Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One instalment and what has happened to it; amounts in minor units.

    `interest_receivable` and `principal_overdue` are what the close of business has moved to the accounts of due
    interest and overdue principal and is still there. `penalty_booked` is the penalty that the journal has accrued so
    far.
    """

    instalment: Instalment
    principal_payments: tuple[tuple[date, int], ...] = ()
    interest_paid: int = 0
    penalty_paid: int = 0
    penalty_booked: int = 0
    interest_receivable: int = 0
    principal_overdue: int = 0

    @property
    def principal_paid(self) -> int:
        """Principal received for this instalment."""
        return sum(amount for _, amount in self.principal_payments)

    @property
    def principal_unpaid(self) -> int:
        """Principal still owed, due or not."""
        return self.instalment.principal - self.principal_paid

    @property
    def interest_unpaid(self) -> int:
        """Interest of the whole period that is still owed, due or not."""
        return self.instalment.interest - self.interest_paid

    @property
    def is_paid(self) -> bool:
        """Whether principal and interest are paid; penalty is a matter of the loan."""
        return self.principal_unpaid == 0 and self.interest_unpaid == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that the tables know of one loan.

    `version` is the schedule version in force, `interest_booked` the interest that the journal has accrued since the
    start, `overpayment` what the borrower has on the overpayment account (溢缴款). `is_living`: the loan has a contract
    document; its life says more than these facts.
    """

    loan: Loan
    disbursement: Disbursement
    version: int
    progress: tuple[Progress, ...]
    interest_booked: int = 0
    overpayment: int = 0
    is_living: bool = False


@dataclass(frozen=True, slots=True)
class Amounts:
    """Amounts by component, minor units."""

    penalty: int = 0
    interest: int = 0
    principal: int = 0
    fee: int = 0
    compound: int = 0

    @property
    def total(self) -> int:
        """All components together."""
        return self.penalty + self.interest + self.principal + self.fee + self.compound


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """The answer for one loan and one date; amounts in minor units of `currency`.

    due: everything that has fallen due and is unpaid, grace or not. overdue: the part of it that is past grace. dpd:
    days past due of the oldest overdue instalment (逾期天数), nought within grace. next_due_on, next_due: the first
    instalment after `on`. outstanding: unpaid principal, due or not. payoff: what settles the loan on that date
    (提前结清), interest to date.
    """

    loan_id: int
    on: date
    currency: str
    status: Status
    dues: tuple[Due, ...]
    due: Amounts
    overdue: Amounts
    dpd: int
    next_due_on: date | None
    next_due: Amounts
    outstanding: int
    interest_accrued: int
    payoff: Amounts
    overpayment: int


def position(facts: Facts, *, on: date) -> Position:
    """Position of a loan at the beginning of `on`."""
    terms = facts.loan.terms
    is_running = facts.disbursement is Disbursement.SUCCEEDED
    progress = facts.progress if is_running else ()
    dues = tuple(_dues(terms, progress, on=on))
    late = {one.instalment.no for one in progress if is_overdue(one.instalment, on=on, grace_days=terms.grace_days)}
    oldest = min((_due_on(progress, due.no) for due in dues if due.no in late), default=None)
    dpd = (on - oldest).days if oldest else 0
    upcoming = next((one for one in progress if one.instalment.due_on > on and not one.is_paid), None)
    return Position(
        loan_id=facts.loan.loan_id,
        on=on,
        currency=terms.currency,
        status=_status(facts, dpd=dpd),
        dues=dues,
        due=amounts(dues),
        overdue=amounts(tuple(due for due in dues if due.no in late)),
        dpd=dpd,
        next_due_on=upcoming.instalment.due_on if upcoming else None,
        next_due=Amounts(0, upcoming.interest_unpaid, upcoming.principal_unpaid) if upcoming else Amounts(),
        outstanding=sum(one.principal_unpaid for one in progress),
        interest_accrued=accrued_total((one.instalment for one in progress), on=on),
        payoff=amounts(settlement(facts, on=on)[1]) if is_running else Amounts(),
        overpayment=facts.overpayment,
    )


def settlement(facts: Facts, *, on: date) -> tuple[tuple[Instalment, ...], tuple[Due, ...]]:
    """Return the schedule that ends on `on` (提前结清) and everything that is then due.

    Instalments that are due, or of which something was paid, stay as they are; the rest becomes one closing
    instalment with all remaining principal and the interest of its days so far. A loan with nothing left to close
    keeps its schedule.
    """
    begun = [one.instalment.due_on <= on or one.interest_paid > 0 or one.principal_paid > 0 for one in facts.progress]
    count = max((n for n, has_begun in enumerate(begun, start=1) if has_begun), default=0)
    kept, rest = facts.progress[:count], tuple(one.instalment for one in facts.progress[count:])
    closing = _closing(rest, on=on)
    progress = (*kept, *(Progress(instalment=one) for one in closing))
    ends_on = max([on, *(one.instalment.due_on for one in progress)])
    plan = tuple(one.instalment for one in progress)
    penalties = {
        due.no: due for due in _dues(facts.loan.terms, facts.progress, on=on) if due.component is Component.PENALTY
    }
    dues = tuple(
        due
        for one in progress
        for due in _instalment_dues(facts.loan.terms, one, on=ends_on)
        if due.component is not Component.PENALTY
    )
    return plan, (*penalties.values(), *dues)


def amounts(dues: tuple[Due, ...]) -> Amounts:
    """Dues summed by component."""
    by = {component: sum(due.amount for due in dues if due.component is component) for component in Component}
    return named(by)


def named(by: Mapping[Component, int]) -> Amounts:
    """Amounts from a table by component."""
    return Amounts(**{component.value: by.get(component, 0) for component in Component})


def replanned(facts: Facts, plan: tuple[Instalment, ...]) -> Facts:
    """Facts after a new schedule took force: what was paid of an instalment number stays with it."""
    known = {one.instalment.no: one for one in facts.progress}
    progress = tuple(
        replace(known[new.no], instalment=new) if new.no in known else Progress(instalment=new) for new in plan
    )
    return replace(facts, version=facts.version + 1, progress=progress)


def is_settled(facts: Facts) -> bool:
    """Whether a disbursed loan has nothing left to pay, penalty included."""
    return (
        facts.disbursement is Disbursement.SUCCEEDED
        and all(one.is_paid for one in facts.progress)
        and all(one.penalty_booked <= one.penalty_paid for one in facts.progress)
    )


def _status(facts: Facts, *, dpd: int) -> Status:
    if facts.disbursement is Disbursement.FAILED:
        return Status.CANCELLED
    if facts.disbursement is Disbursement.INSTRUCTED:
        return Status.PENDING
    if is_settled(facts):
        return Status.SETTLED
    return Status.OVERDUE if dpd else Status.ACTIVE


def _dues(terms: Terms, progress: tuple[Progress, ...], *, on: date) -> Iterator[Due]:
    for one in progress:
        if one.instalment.due_on <= on:
            yield from _instalment_dues(terms, one, on=on)


def _instalment_dues(terms: Terms, one: Progress, *, on: date) -> Iterator[Due]:
    no = one.instalment.no
    penalty = penalty_accrued(terms, one.instalment, payments=one.principal_payments, on=on)
    # what the journal has not accrued yet cannot be paid yet; a payment that became known late is measured at its own
    # date
    if (owed := min(penalty, one.penalty_booked) - one.penalty_paid) > 0:
        yield Due(no, Component.PENALTY, owed)
    if one.interest_unpaid > 0:
        yield Due(no, Component.INTEREST, one.interest_unpaid)
    if one.principal_unpaid > 0:
        yield Due(no, Component.PRINCIPAL, one.principal_unpaid)


def _closing(rest: tuple[Instalment, ...], *, on: date) -> tuple[Instalment, ...]:
    if not rest:
        return ()
    first = rest[0]
    principal = sum(one.principal for one in rest)
    return (Instalment(first.no, first.from_on, max(on, first.from_on), principal, accrued(first, on=on)),)


def _due_on(progress: tuple[Progress, ...], no: int) -> date:
    return next(one.instalment.due_on for one in progress if one.instalment.no == no)
