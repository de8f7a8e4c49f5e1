"""Instalments and the rows that explain them: the values of a plan, and what is left of one. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise

from domain.servicing.duedate import Period

Exact = int | Fraction
"""An amount in minor units before it is rounded."""


@dataclass(frozen=True, slots=True)
class Instalment:
    """One line of a schedule (一期): bears interest for the half-open period [from_on, due_on); amounts in minor units.

    `from_on == due_on` only in the closing instalment of a loan that is settled on the very day its period began, and
    in a down payment; it bears no interest. `principal` is below zero only where unpaid interest is added to the
    balance, and then at most by that interest.
    """

    no: int
    from_on: date
    due_on: date
    principal: int
    interest: int
    fee: int = 0

    def __post_init__(self) -> None:
        """Assert that the line makes sense by itself."""
        assert self.no >= 1, "instalments are numbered from one"
        assert self.from_on <= self.due_on, "a period does not run backwards"
        assert self.interest >= 0, "an instalment does not pay interest to the borrower"
        assert self.fee >= 0, "an instalment does not pay a fee to the borrower"
        assert self.principal + self.interest >= 0, "an instalment takes money from the borrower, or none"
        assert self.from_on < self.due_on or self.interest == 0, "no days, no interest"

    @property
    def days(self) -> int:
        """Calendar days of the period: first day counted, last day not (算头不算尾)."""
        return (self.due_on - self.from_on).days

    @property
    def total(self) -> int:
        """Principal, interest and fee together."""
        return self.principal + self.interest + self.fee


class Kind(StrEnum):
    """What a row of a plan is."""

    INSTALMENT = "INSTALMENT"
    DOWN_PAYMENT = "DOWN_PAYMENT"
    """首付: paid on the day of the disbursement."""
    STUB = "STUB"
    """The interest of an odd first period, alone."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of a period on which balance and rate were the same, [from_on, to_on)."""

    from_on: date
    to_on: date
    balance: Exact
    rate_annual: Decimal
    rate: Fraction
    """Of the span: what one unit of balance bears."""

    @property
    def interest(self) -> Fraction:
        """Interest of the span before any rounding, minor units."""
        return self.balance * self.rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One instalment with everything that explains it; minor units, each figure rounded as it is shown.

    principal: what is repaid, `extra` included. payment: the level payment that was in force, unrounded where balances
    are carried so. deferred: interest of earlier instalments that this one pays. advance, prepaid: paid in advance of
    later instalments, and what of this one was. balloon: what is due besides with the last instalment. closing: the
    balance after the instalment, before the balloon.
    """

    no: int
    period: Period
    kind: Kind = Kind.INSTALMENT
    opening: int
    disbursed: int = 0
    principal: int
    interest: int
    deferred: int = 0
    extra: int = 0
    advance: int = 0
    prepaid: int = 0
    balloon: int = 0
    fees: tuple[tuple[str, int], ...] = ()
    closing: int
    payment: Exact | None = None
    exact_interest: Fraction = Fraction()
    exact_principal: Fraction = Fraction()
    spans: tuple[Span, ...] = ()

    @property
    def fee(self) -> int:
        """All fees of the row."""
        return sum(amount for _, amount in self.fees)

    @property
    def paid(self) -> int:
        """What the borrower pays with this row, the balloon aside."""
        return self.principal + self.interest + self.fee + self.advance - self.prepaid

    @property
    def total(self) -> int:
        """All that is due on the date."""
        return self.paid + self.balloon


@dataclass(frozen=True, slots=True)
class Schedule:
    """Instalments in order, one period joining the next, and the `rows` that explain them where they were computed."""

    currency: str
    instalments: tuple[Instalment, ...]
    rows: tuple[Row, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        """Assert that numbers and periods join."""
        for before, after in pairwise(self.instalments):
            assert after.no == before.no + 1, "instalments are numbered without a gap"
            assert after.from_on == before.due_on, "periods join"

    @property
    def principal(self) -> int:
        """Sum of principal, minor units: the principal of the terms."""
        return sum(instalment.principal for instalment in self.instalments)

    @property
    def interest(self) -> int:
        """Sum of interest, minor units."""
        return sum(instalment.interest for instalment in self.instalments)

    @property
    def fees(self) -> int:
        """Sum of the fees that are due with instalments, minor units."""
        return sum(instalment.fee for instalment in self.instalments)

    @property
    def payment(self) -> int:
        """The regular payment (月供), minor units: principal and interest of the first regular instalment."""
        for row in self.rows:
            if row.kind is Kind.INSTALMENT:
                return row.principal + row.interest - row.extra
        return self.instalments[0].principal + self.instalments[0].interest if self.instalments else 0

    @property
    def balloon(self) -> int:
        """What is due besides with the last instalment (尾款), minor units."""
        return self.rows[-1].balloon if self.rows else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What is left of a loan, from the date `from_on`.

    balance: principal still to be repaid, minor units. no: number of the first instalment planned, down payments and a
    stub not counted; its period begins at `from_on`. periods: of all instalments to come, absent: those of the terms.
    payment: kept as it is, absent: solved from the balance. interest: of the days before `from_on`, already owed and
    due with the first instalment. is_shortened: a kept payment may clear the loan before its last instalment.
    """

    balance: int
    from_on: date
    no: int = 1
    periods: tuple[Period, ...] | None = None
    payment: int | None = None
    interest: int = 0
    rate_annual: Decimal | None = None
    is_shortened: bool = False
