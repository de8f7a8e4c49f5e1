"""试算, a quote: the plan of the terms asked for, what it costs, and whether the bounds on the cost hold. Pure.

The command line and the public interface show this very value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from domain.product.pricing import RATE_CAP_ANNUAL
from domain.refusals import Invalid
from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.answer import too_large
from domain.servicing.appendix_j import Apr, Paid, apr
from domain.servicing.aprc import Interval, aprc
from domain.servicing.cap import CAPS, Verdict, verdicts
from domain.servicing.cost import exceeds
from domain.servicing.disclosure import CostDisclosure, dated_flows, disclose
from domain.servicing.duedate import Unit
from domain.servicing.quotation import Asked
from domain.servicing.refusal import PlanAmountTooLarge
from domain.servicing.schedule import Schedule, schedule
from domain.servicing.terms import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A quote. Rates are fractions a year.

    costs: or why the plan has no yearly cost. cap: the bound on the simple yearly cost, its margin taken off; None
    abroad. us_apr, eu_aprc: absent where a plan has none. verdicts: what the caps of the lender's kind say.
    """

    asked: Asked
    plan: Schedule
    costs: CostDisclosure | NoRate | SeveralRates
    cap: Decimal | None
    us_apr: Decimal | None
    eu_aprc: Decimal | None
    verdicts: tuple[Verdict, ...]

    @property
    def disclosure(self) -> CostDisclosure | None:
        """The cost table, where the plan has a yearly cost."""
        return self.costs if isinstance(self.costs, CostDisclosure) else None

    @property
    def is_above_cap(self) -> bool:
        """Whether a year costs more than the bound."""
        told = self.disclosure
        return told is not None and self.cap is not None and exceeds(told.annual.simple, cap=self.cap)


def quoted(asked: Asked) -> Quoted | Invalid:
    """The quote of terms without faults; refuses plans that no book can hold."""
    plan = schedule(asked.terms)
    if too_large(plan):
        return Invalid(faults=(PlanAmountTooLarge(field="principal"),))
    cap = cap_of(asked)
    costs = disclose(asked.terms, plan, cap=cap or Decimal(), contingent=asked.contingent)
    us, eu = abroad(asked.terms, plan) if isinstance(costs, CostDisclosure) else (None, None)
    judged = _judged(asked, costs) if isinstance(costs, CostDisclosure) else ()
    return Quoted(asked=asked, plan=plan, costs=costs, cap=cap, us_apr=us, eu_aprc=eu, verdicts=judged)


def cap_of(asked: Asked) -> Decimal | None:
    """The bound on the yearly cost, its margin taken off: as asked, or that of Chinese loans; None abroad."""
    home = RATE_CAP_ANNUAL if asked.terms.currency == HOME else None
    cap = home if asked.cap_annual is None else asked.cap_annual
    return None if cap is None else max(cap - asked.margin, Decimal())


def abroad(terms: Terms, plan: Schedule) -> tuple[Decimal | None, Decimal | None]:
    """The yearly rates of the United States and of the European Union, fractions; None where a plan has none."""
    flows = dated_flows(terms, plan)
    us = apr([Paid(on, minor) for on, minor in flows])
    eu = aprc(flows, interval=INTERVALS.get(terms.calendar.unit, Interval.MONTH))
    return us.rate if isinstance(us, Apr) else None, eu if isinstance(eu, Decimal) else None


def _judged(asked: Asked, costs: CostDisclosure) -> tuple[Verdict, ...]:
    """What the caps of the lender's kind say on the day of the contract; nothing where no kind is named."""
    if asked.lender is None:
        return ()
    rules = [replace(rule, margin=asked.margin) for rule in CAPS]
    on = asked.terms.start_on
    return verdicts(costs.annual, lender=asked.lender, on=on, is_assisted=asked.is_assisted, rules=rules)


HOME: Final = "CNY"
"""The currency of loans that the home cap holds for."""
INTERVALS: Final = {Unit.WEEK: Interval.WEEK, Unit.YEAR: Interval.YEAR}
"""In what the European rate counts the periods of a calendar; others in months."""
