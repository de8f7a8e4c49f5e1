"""还款计划, the schedule: what is to be paid and when, as a pure function of the terms.

One method lives here now. Another is one more function `Terms -> tuple[Instalment, ...]` in `METHODS`; nothing else
changes shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final

from domain.servicing.terms import DayCount, Method, Terms
from ledger.money import round_ratio


@dataclass(frozen=True, slots=True)
class Instalment:
    """One line of a schedule (一期): bears interest for the half-open period [from_on, due_on); amounts in minor units.

    `from_on == due_on` only in the closing instalment of a loan that is settled on the very day its period began; it
    bears no interest.
    """

    no: int
    from_on: date
    due_on: date
    principal: int
    interest: int

    def __post_init__(self) -> None:
        """Assert that the line makes sense by itself."""
        assert self.no >= 1, "instalments are numbered from one"
        assert self.from_on <= self.due_on, "a period does not run backwards"
        assert self.principal >= 0, "an instalment pays principal back"
        assert self.interest >= 0, "an instalment does not pay interest to the borrower"
        assert self.from_on < self.due_on or self.interest == 0, "no days, no interest"

    @property
    def days(self) -> int:
        """Calendar days of the period: first day counted, last day not (算头不算尾)."""
        return (self.due_on - self.from_on).days

    @property
    def total(self) -> int:
        """Principal and interest together."""
        return self.principal + self.interest


@dataclass(frozen=True, slots=True)
class Schedule:
    """Instalments in order, one period joining the next."""

    currency: str
    instalments: tuple[Instalment, ...]

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
    def payment(self) -> int:
        """The regular payment (月供), minor units: the total of the first instalment."""
        return self.instalments[0].total if self.instalments else 0


def schedule(terms: Terms) -> Schedule:
    """The schedule of `terms`. Preview, quote and booking all call this one function, so that they cannot differ."""
    instalments = METHODS[terms.method](terms)
    made = Schedule(terms.currency, instalments)
    assert made.principal == terms.principal, "a schedule pays back exactly what was lent"
    assert len(instalments) == terms.term_months, "one instalment a month"
    return made


def period_rates(terms: Terms) -> tuple[Decimal, ...]:
    """Rate of each period: annual/12 on 30/360; annual × days / 365 on ACT/365F."""
    if terms.day_count is DayCount.THIRTY_360:
        return (terms.rate_annual / 12,) * terms.term_months
    days = (_days(terms, no) for no in range(1, terms.term_months + 1))
    return tuple(terms.rate_annual * n / terms.day_count.year_days for n in days)


def level_payment(terms: Terms) -> int:
    """The equal payment A, minor units, rounded once.

    A = L / Σ_k Π_{j≤k} 1/(1+i_j), which for equal periods is the textbook L·i(1+i)^n / ((1+i)^n − 1), and for actual
    days the solved form of the Chinese lenders (`docs/decisions/0050`). Rate zero needs no case of its own: every
    factor is one and A = L/n.
    """
    with localcontext() as context:
        context.prec = _PRECISION
        discount, annuity = Decimal(1), Decimal(0)
        for rate in period_rates(terms):
            discount /= 1 + rate
            annuity += discount
        return _minor(terms, Decimal(terms.principal) / annuity)


def _equal_instalment(terms: Terms) -> tuple[Instalment, ...]:
    """等额本息: interest on the balance, the rest of the payment is principal, the last takes the residue."""
    payment, balance, made = level_payment(terms), terms.principal, list[Instalment]()
    with localcontext() as context:
        context.prec = _PRECISION
        for no, rate in enumerate(period_rates(terms), start=1):
            interest = _minor(terms, balance * rate)
            is_last = no == terms.term_months
            principal = balance if is_last else min(max(payment - interest, 0), balance)
            made.append(Instalment(no, terms.due_on(no - 1), terms.due_on(no), principal, interest))
            balance -= principal
    return tuple(made)


METHODS: Final[Mapping[Method, Callable[[Terms], tuple[Instalment, ...]]]] = {
    Method.EQUAL_INSTALMENT: _equal_instalment
}
"""The function of each repayment method."""

_PRECISION: Final = 50
"""Decimal digits while rates are compounded: far beyond any rounding to a minor unit."""


def _days(terms: Terms, no: int) -> int:
    return (terms.due_on(no) - terms.due_on(no - 1)).days


def _minor(terms: Terms, minor: Decimal) -> int:
    return round_ratio(*minor.as_integer_ratio(), terms.rounding)
