"""试算, a quote: the plan of the terms asked for, what it costs, and whether the bound on the cost holds. Pure.

The command line and the public interface show this very value.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from domain.product.pricing import RATE_CAP_ANNUAL
from domain.refusals import Invalid
from domain.servicing.appendix_j import Apr, Paid, apr
from domain.servicing.aprc import Interval, aprc
from domain.servicing.cost import exceeds
from domain.servicing.disclosure import CostDisclosure, dated_flows, disclose
from domain.servicing.duedate import Unit
from domain.servicing.quotation import Asked, too_large
from domain.servicing.refusal import PlanAmountTooLarge
from domain.servicing.schedule import Schedule, schedule
from domain.servicing.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A quote: `us_apr` and `eu_aprc` are fractions a year, absent where a plan has none."""

    asked: Asked
    plan: Schedule
    costs: CostDisclosure
    us_apr: Decimal | None
    eu_aprc: Decimal | None

    @property
    def is_above_cap(self) -> bool:
        """Whether a year costs more than the bound."""
        return exceeds(self.costs.annual.simple, cap=self.costs.cap_annual)


def quoted(asked: Asked) -> Quoted | Invalid:
    """The quote of terms without faults; refuses plans that no book can hold and flows that have no yearly cost."""
    plan = schedule(asked.terms)
    if too_large(plan):
        return Invalid(faults=(PlanAmountTooLarge(field="principal"),))
    costs = disclose(asked.terms, plan, cap=RATE_CAP_ANNUAL if asked.cap_annual is None else asked.cap_annual)
    if not isinstance(costs, CostDisclosure):
        return Invalid(faults=(costs,))
    us, eu = abroad(asked.terms, plan)
    return Quoted(asked=asked, plan=plan, costs=costs, us_apr=us, eu_aprc=eu)


def abroad(terms: Terms, plan: Schedule) -> tuple[Decimal | None, Decimal | None]:
    """The yearly rates of the United States and of the European Union, fractions; None where a plan has none."""
    flows = dated_flows(terms, plan)
    us = apr([Paid(on, minor) for on, minor in flows])
    eu = aprc(flows, interval=INTERVALS.get(terms.calendar.unit, Interval.MONTH))
    return us.rate if isinstance(us, Apr) else None, eu if isinstance(eu, Decimal) else None


INTERVALS: Final = {Unit.WEEK: Interval.WEEK, Unit.YEAR: Interval.YEAR}
"""In what the European rate counts the periods of a calendar; others in months."""
