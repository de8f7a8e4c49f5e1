"""还款计划, the schedule: what is to be paid and when, as a pure function of the terms.

A method is a row of `METHODS`: terms in, stages out. One walk goes over the periods and does the same for every
method. `schedule` walks a whole loan, `plan` what is left of one, with the same code, so that preview, quote, booking
and every change agree. This module is the door to it: what others need of a plan is named in `__all__`.
"""

from __future__ import annotations

from decimal import localcontext
from fractions import Fraction

from domain.servicing.instalment import Exact, Instalment, Kind, Remaining, Row, Schedule, Span
from domain.servicing.method import METHODS, ends_on, periods_of
from domain.servicing.rate import PRECISION, period_rate, year_fraction
from domain.servicing.terms import Terms
from domain.servicing.walk import Walk, booked, fee_amount, fees_at_disbursement

__all__ = [
    "METHODS",
    "PRECISION",
    "Exact",
    "Instalment",
    "Kind",
    "Remaining",
    "Row",
    "Schedule",
    "Span",
    "ends_on",
    "fee_amount",
    "fees_at_disbursement",
    "level_payment",
    "period_rates",
    "periods_of",
    "plan",
    "schedule",
    "year_fraction",
]


def schedule(terms: Terms) -> Schedule:
    """The schedule of `terms`. Preview, quote and booking all call this one function, so that they cannot differ."""
    balance = terms.disbursements[0].amount if terms.disbursements else terms.principal
    made = plan(terms, Remaining(balance=balance, from_on=terms.start_on))
    assert made.principal == terms.principal, "a schedule pays back exactly what was lent"
    return made


def plan(terms: Terms, left: Remaining) -> Schedule:
    """The schedule of what is left, numbered from `left.no`."""
    with localcontext() as context:
        context.prec = PRECISION
        rows = tuple(Walk(terms, left).rows())
    return Schedule(terms.currency, tuple(booked(rows)), rows)


def period_rates(terms: Terms) -> tuple[Fraction, ...]:
    """Rate of each period: annual/12 on 30/360; annual × days / 365 on ACT/365F."""
    with localcontext() as context:
        context.prec = PRECISION
        return tuple(period_rate(terms, one, terms.rate_annual) for one in periods_of(terms)[: terms.instalments])


def level_payment(terms: Terms) -> int:
    """The equal payment A, minor units, rounded once.

    A = L / Σ_k Π_{j≤k} 1/(1+i_j), which for equal periods is the textbook L·i(1+i)^n / ((1+i)^n − 1), and for actual
    days the solved form of the Chinese lenders (`docs/decisions/0050`). Rate zero needs no case of its own: every
    factor is one and A = L/n.
    """
    return schedule(terms).payment
