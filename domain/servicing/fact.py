"""事实, facts: what can happen to a living loan, each a frozen value; a loan's life is its contract and its facts.

`value_on` is the date on which a fact takes effect, `booked_on` the date on which we learned it, `no` the order in
which it was booked. Facts are replayed by value date; on one date disbursements come before charges and charges before
the rest, and the rest in booking order. Nothing here is ever changed: a fact that proves wrong is met by `Reverse`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.servicing.allocation import Component, Dictated
from domain.servicing.duedate import Unit


class PayKind(StrEnum):
    """Whose money it is, and why it comes; decides the allocation order and the event that is booked."""

    REPAYMENT = "REPAYMENT"
    DOWN_PAYMENT = "DOWN_PAYMENT"
    MERCHANT_REFUND = "MERCHANT_REFUND"
    """The merchant takes goods back (退货退款)."""
    PAYOUT_REFUND = "PAYOUT_REFUND"
    """What was paid out comes back."""
    GOODWILL_CREDIT = "GOODWILL_CREDIT"
    """The lender's own courtesy."""
    CHARGE_ADJUSTMENT = "CHARGE_ADJUSTMENT"
    """A charge that was paid is given back as a credit."""
    INTEREST_PAYMENT_WAIVER = "INTEREST_PAYMENT_WAIVER"
    """The lender pays in place of interest."""
    INTEREST_REFUND = "INTEREST_REFUND"
    """Interest given back after a refund of goods."""
    INCOME_ADJUSTMENT = "INCOME_ADJUSTMENT"
    """Income that was capitalised, or a buy-down fee, is given back."""


class Intent(StrEnum):
    """What the payer wants the money to do (还款意图)."""

    ALLOCATE = "ALLOCATE"
    """Meet dues by the contract's order."""
    SETTLE = "SETTLE"
    """Settle the whole loan (提前全额结清)."""
    REDUCE_TERM = "REDUCE_TERM"
    """Prepay; the instalment stays, the loan ends earlier (缩期)."""
    REDUCE_PAYMENT = "REDUCE_PAYMENT"
    """Prepay; the term stays, the instalment falls (减额)."""
    KEEP_PLAN = "KEEP_PLAN"
    """Pay the following instalments as planned, before they fall due (提前还下期)."""


class Spreading(StrEnum):
    """What becomes of interest when what is open is spread over instalments anew."""

    SOLVED = "SOLVED"
    """Principal is solved anew and bears interest; interest that is due goes to the first new instalment."""
    EQUAL = "EQUAL"
    """Interest that is due is spread in equal parts besides."""
    EQUAL_WHOLE = "EQUAL_WHOLE"
    """All interest of the plan, due or not, is spread in equal parts; nothing else bears any."""
    WAIVED = "WAIVED"
    """Interest that is due is forgiven."""


class Basis(StrEnum):
    """Of what a charge is a rate."""

    FLAT = "FLAT"
    AMOUNT = "AMOUNT"
    """The principal that was disbursed."""
    OUTSTANDING = "OUTSTANDING"
    """The principal that is open."""
    INTEREST = "INTEREST"
    """The interest of the plan."""
    AMOUNT_AND_INTEREST = "AMOUNT_AND_INTEREST"


class Scope(StrEnum):
    """What a guarantor pays the lender (代偿范围)."""

    WHOLE = "WHOLE"
    """整笔代偿: the whole claim."""
    OVERDUE = "OVERDUE"
    """逐期代偿: the instalments that are overdue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What all facts share."""

    no: int
    value_on: date
    booked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Disburse(Fact):
    """The bank has paid out `amount`, minor units, gross of any fee that is kept back.

    is_income: nothing is paid out; a fee of the lender is added to principal and earned over the term.
    """

    amount: int
    is_income: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay(Fact):
    """Money for the loan came in, minor units. `of` is the charge or the income that an adjustment gives back.

    is_interest_refunded: whether a refund gives interest back too; None is as the contract says.
    """

    amount: int
    kind: PayKind = PayKind.REPAYMENT
    intent: Intent = Intent.ALLOCATE
    channel: str = ""
    split: Dictated | None = None
    of: int | None = None
    is_interest_refunded: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Levy(Fact):
    """A charge is laid on the loan: `amount` in minor units, or `rate` as a fraction of `basis`.

    It belongs to the instalment in whose period `due_on` lies; after maturity to one extra instalment.
    is_at_disbursement: kept back from the money paid out, never owed. is_buy_down: the lender's own cost of a lower
    rate, never owed either, and earned over the term.
    """

    name: str
    component: Component
    due_on: date
    amount: int = 0
    rate: Decimal = Decimal(0)
    basis: Basis = Basis.FLAT
    is_at_disbursement: bool = False
    is_each_instalment: bool = False
    is_buy_down: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive(Fact):
    """减免: an open amount of a component is forgiven; `amount` None is all of it that is due.

    levy_no: only what that charge left open. is_future: interest that has not fallen due may be waived too.
    """

    component: Component
    approver: str
    amount: int | None = None
    levy_no: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse(Fact):
    """冲正: fact `of` turned out not to have happened."""

    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chargeback(Fact):
    """The payer's bank took payment `of` back, in whole or in part; minor units."""

    of: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Fact):
    """An overpayment went back to the borrower (溢缴款退款), minor units."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRate(Fact):
    """The loan bears another rate, a fraction per year, from `value_on`, or from a later date that is known now."""

    rate_annual: Decimal
    from_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reschedule(Fact):
    """The instalments due on or after `from_due_on` are moved (延期) or spread over more of them (展期).

    to_due_on: new date of the first of them; the others follow by the same distance in months, or days. extra: more
    instalments. rate_annual: another rate from there on. is_interest_free: the days won bear no interest.
    grace_principal: the first so many of them pay no principal, and as many are added.
    """

    from_due_on: date
    to_due_on: date | None = None
    extra: int = 0
    rate_annual: Decimal | None = None
    is_interest_free: bool = False
    grace_principal: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAge(Fact):
    """Everything open leaves the old instalments and is spread over `count` new ones from `first_on`."""

    first_on: date
    count: int
    every: int = 1
    unit: Unit = Unit.MONTH
    interest: Spreading = Spreading.SOLVED


@dataclass(frozen=True, slots=True, kw_only=True)
class ReAmortise(Fact):
    """Principal that is due and open moves to the future instalments."""

    interest: Spreading = Spreading.SOLVED

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerate(Fact):
    """提前到期: the lender declares everything due."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeOff(Fact):
    """The claim leaves the balance sheet's performing part; it is still owed."""

    is_fraud: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOff(Fact):
    """核销: the claim is written off (账销案存); what comes later is a recovery."""

    approver: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recover(Fact):
    """Money on a claim that was written off, minor units."""

    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensate(Fact):
    """代偿: the guarantor pays the lender; the claim so met passes to him."""

    guarantor: str
    scope: Scope = Scope.WHOLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Repurchase(Fact):
    """回购: a party buys the whole claim back; the debtor owes him from then on."""

    buyer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Fact):
    """撤销: the borrower gave the money back within the cooling-off time; nothing is charged."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Fact):
    """The loan bears no interest on the days [from_on, to_on); an absent `from_on` is `value_on`."""

    to_on: date
    from_on: date | None = None


def rank(fact: Fact) -> int:
    """The place of a fact among those of one date: disbursement, charge, anything else."""
    match fact:
        case Disburse():
            return 0
        case Levy() | ChangeRate() | Pause():
            return 1
        case _:
            return 2


def takes_effect_on(fact: Fact) -> date:
    """The date at which a fact enters the replay: a charge that was due before it was booked, at its due date."""
    return min(fact.due_on, fact.value_on) if isinstance(fact, Levy) else fact.value_on


def place(fact: Fact) -> tuple[date, int, int]:
    """Where a fact stands in the replay."""
    return takes_effect_on(fact), rank(fact), fact.no
