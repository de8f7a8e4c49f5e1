"""The plain loan, fast: figures of an annuity that nothing happens to, in whole numbers and without an explanation.

`schedule` explains each figure and knows every convention; a price list, a simulation of thousands or an index page
wants the figures alone. The arithmetic is the same, on integers, and a test holds the two together on every draw.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final, NamedTuple

from domain.servicing.duedate import MONTHS
from domain.servicing.schedule import PRECISION
from domain.servicing.terms import Carried, Grace, Method, Residue, Terms
from ledger.money import Rounding, round_ratio


class Figures(NamedTuple):
    """Columns of a plan, minor units, one entry an instalment: `closing` is the balance after it."""

    payment: int
    interest: list[int]
    principal: list[int]
    closing: list[int]


def is_plain(terms: Terms) -> bool:
    """Whether all periods have one rate, all instalments one payment, and nothing happens on the way."""
    return (
        terms.method is Method.EQUAL_INSTALMENT
        and terms.payment is None
        and terms.day_count.is_whole_months
        and terms.calendar.unit in MONTHS
        and terms.calendar.first_due_on is None
        and terms.calendar.due_day is None
        and terms.calendar.max_day >= terms.start_on.day
        and terms.carried is Carried.ROUNDED
        and terms.residue is Residue.LAST
        and terms.compounding_per_year is None
        and not (terms.is_continuous or terms.is_in_advance)
        and terms.rest_every == 1
        and terms.rate_digits is None
        and terms.horizon is None
        and terms.grace == _NO_GRACE
        and not (terms.down_payment or terms.disbursements or terms.rate_changes or terms.early_payments or terms.fees)
    )


def figures(terms: Terms) -> Figures:
    """The figures of a plain loan."""
    assert is_plain(terms), "only a plain loan has one rate and one payment"
    numerator, denominator = terms.rate_annual.as_integer_ratio()
    per_year = terms.payments_per_year
    if per_year:
        denominator *= per_year
    else:
        numerator, denominator = numerator * MONTHS[terms.calendar.unit] * terms.calendar.every, denominator * 12
    payment = level(terms.principal, numerator, denominator, terms.instalments, terms.rounding, terms.payment_multiple)
    return _columns(terms, payment, numerator, denominator * terms.interest_multiple)


def level(principal: int, numerator: int, denominator: int, count: int, rounding: Rounding, multiple: int = 1) -> int:
    """The payment that repays a principal in `count` periods at the rate numerator / denominator, rounded once."""
    if numerator == 0:
        return round_ratio(principal, count * multiple, rounding) * multiple
    with localcontext() as context:
        context.prec = PRECISION
        v = Decimal(denominator) / (denominator + numerator)
        exact = Decimal(principal) * numerator / (denominator * (1 - v**count))
        return round_ratio(*(exact / multiple).as_integer_ratio(), rounding) * multiple


def _columns(terms: Terms, payment: int, numerator: int, denominator: int) -> Figures:
    """Walk the periods: half up needs one division a period, the other modes the common rounding."""
    mode, multiple, balance = terms.rounding_of_interest, terms.interest_multiple, terms.principal
    is_half_up = mode is Rounding.HALF_UP
    twice_numerator, twice_denominator = 2 * numerator, 2 * denominator
    interests, principals, closings = list[int](), list[int](), list[int]()
    for _ in range(terms.instalments - 1):
        if is_half_up:
            interest = (balance * twice_numerator + denominator) // twice_denominator * multiple
        else:
            interest = round_ratio(balance * numerator, denominator, mode) * multiple
        principal = payment - interest
        if not 0 <= principal <= balance:
            principal = min(max(principal, 0), balance)
        balance -= principal
        interests.append(interest)
        principals.append(principal)
        closings.append(balance)
    interests.append(round_ratio(balance * numerator, denominator, mode) * multiple)
    principals.append(balance)
    closings.append(0)
    return Figures(payment, interests, principals, closings)


_NO_GRACE: Final = Grace()
