"""Precomputed charges (附加利息): the whole charge is known at the start, and spread over equal payments. Pure.

The payment is (L + C) / n; what of it is interest is a convention of its own, and matters when a loan ends early: the
Rule of 78 is that of American and British instalment credit.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from domain.servicing import annuity
from domain.servicing.annuity import When
from domain.servicing.duedate import Period
from domain.servicing.instalment import Exact, Span
from domain.servicing.method import periods_of
from domain.servicing.rate import year_fraction
from domain.servicing.terms import Apportion, Carried, Terms
from ledger.money import Rounding, round_ratio


class Precomputed:
    """The payment of a loan with a precomputed charge, and each instalment's part of the charge; minor units."""

    def __init__(self, terms: Terms) -> None:
        """Find the charge as it is agreed, as the payments imply it, or as flat interest."""
        self.terms = terms
        self.is_exact = terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_ROUNDED}
        count = terms.instalments
        if terms.payment is not None:
            self.charge: Exact = terms.payment * count - terms.principal
        elif terms.charge is not None:
            self.charge = terms.charge
        else:
            years = sum((year_fraction(terms, one) for one in periods_of(terms)), Fraction())
            self.charge = self._rounded(terms.principal * Fraction(terms.rate_annual) * years)
        self.payment: Exact = terms.payment or self._paid(Fraction(terms.principal + self.charge) / count)
        self.parts = tuple(self._parts())

    def span(self, no: int, period: Period, rate_annual: Decimal) -> Span:
        """The part of instalment `no`, as a span of its period on what was lent."""
        rate = Fraction(self.parts[no - 1]) / self.terms.principal
        return Span(period.from_on, period.to_on, self.terms.principal, rate_annual, rate)

    def _parts(self) -> Iterator[Exact]:
        """Every instalment's part, as the terms apportion it; the last takes what is left."""
        left, count = self.charge, self.terms.instalments
        shares = self._actuarial() if self.terms.apportion is Apportion.ACTUARIAL else self._shares()
        for _, share in zip(range(count - 1), shares, strict=False):
            part = max(min(self._rounded(share), left), 0)
            left -= part
            yield part
        yield left

    def _shares(self) -> Iterator[Fraction]:
        count = self.terms.instalments
        for no in range(1, count + 1):
            is_level = self.terms.apportion is Apportion.LEVEL
            share = Fraction(1, count) if is_level else Fraction(2 * (count - no + 1), count * (count + 1))
            yield self.charge * share

    def _actuarial(self) -> Iterator[Fraction]:
        when = When.BEGIN if self.terms.is_in_advance else When.END
        payment = Decimal(self.payment.numerator) / self.payment.denominator
        found = annuity.rate(self.terms.instalments, -payment, self.terms.principal, when=when)
        rate = Fraction(found) if isinstance(found, Decimal) else Fraction()
        balance: Exact = self.terms.principal
        for no in range(1, self.terms.instalments + 1):
            interest = Fraction() if no == 1 and self.terms.is_in_advance else balance * rate
            yield interest
            balance += self._rounded(interest) - self.payment

    def _rounded(self, exact: Fraction) -> Exact:
        """Interest, rounded unless it is carried exact."""
        return (
            exact if self.is_exact else _multiple(exact, self.terms.rounding_of_interest, self.terms.interest_multiple)
        )

    def _paid(self, exact: Fraction) -> Exact:
        if self.terms.carried is Carried.UNROUNDED:
            return exact
        return _multiple(exact, self.terms.rounding, self.terms.payment_multiple)


def _multiple(exact: Fraction, mode: Rounding, multiple: int) -> int:
    return round_ratio(exact.numerator, exact.denominator * multiple, mode) * multiple
