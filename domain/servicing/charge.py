"""罚息, penalty interest on overdue principal: cumulative and rounded once, like interest.

The measure is the *principal-day*: one minor unit of unpaid principal for one day. It is an integer sum of facts
(what was due, what was paid when), so the penalty of any date can be computed again from the facts, in whatever order
they became known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from domain.servicing.schedule import Instalment
from domain.servicing.terms import Terms
from ledger.money import Rounding, round_ratio

RATE_UNIT: Final = 10**12
"""A rate is taken in million-millionths, the precision in which rates are stored."""


def is_overdue(instalment: Instalment, *, on: date, grace_days: int) -> bool:
    """Whether an unpaid instalment counts as overdue on `on`: after its due date and the grace that follows it."""
    return (on - instalment.due_on).days > grace_days


def principal_days(instalment: Instalment, *, payments: Iterable[tuple[date, int]], on: date) -> int:
    """Unpaid principal × days over [due_on, on), less what (paid_on, minor units) payments took off.

    A payment before or on the due date counts from the due date.
    """
    days = max((on - instalment.due_on).days, 0)
    paid = sum(amount * max((on - max(paid_on, instalment.due_on)).days, 0) for paid_on, amount in payments)
    return instalment.principal * days - paid


def penalty(terms: Terms, measure: int, *, no: int) -> int:
    """Penalty for principal-days of instalment `no`, minor units, half up: × annual penalty rate / days of the year."""
    rate = int(terms.penalty_rate_of(no) * RATE_UNIT)
    unit = terms.day_count.year_days * RATE_UNIT
    return round_ratio(measure * rate, unit, Rounding.HALF_UP)


def penalty_accrued(terms: Terms, instalment: Instalment, *, payments: Iterable[tuple[date, int]], on: date) -> int:
    """Penalty of `instalment` for the days before `on`.

    Nothing as long as the payment is within grace; after grace from the due date. Principal paid within grace bears
    no penalty either.
    """
    if not is_overdue(instalment, on=on, grace_days=terms.grace_days):
        return 0
    counted = (
        (paid_on if is_overdue(instalment, on=paid_on, grace_days=terms.grace_days) else instalment.due_on, amount)
        for paid_on, amount in payments
    )
    return penalty(terms, principal_days(instalment, payments=counted, on=on), no=instalment.no)
