"""综合融资成本, the borrower's yearly cost: three ways of annualising cash flows, pure.

Flows are the amounts as they will really be paid, rounded to minor units: a cap holds on what is charged, not on the
formula behind it. `simple` is the internal rate per period times the periods of a year (monthly loans: 月内部收益率 ×
12, 单利), `effective` compounds that period through the year, `dated` is the rate of the actual days over 365 (XIRR).
Sources: PBOC announcement 2021-3; 金规〔2026〕2号. The American and the European measure stand in `appendix_j` and
`aprc`.

Precision: rates are solved to 1e-19 a year, given with ten decimals, and compared with a cap as they are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from typing import Final

from domain.servicing import root
from domain.servicing.annuity import NoRate, SeveralRates

SHOWN: Final = Decimal("0.0001")
"""Step in which a rate is shown and compared with its cap: a hundredth of a percent."""
MONTHS: Final = 12
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Flow:
    """One payment between borrower and lenders: positive to the borrower, negative from him; minor units."""

    on: date
    period: int
    """Regular periods (months, of most loans) since the start, for the two methods that know no days."""
    amount: int


@dataclass(frozen=True, slots=True)
class Annualised:
    """The same flows as three yearly rates, fractions (0.18 is 18 %) with ten decimals."""

    simple: Decimal
    """月内部收益率 × 12."""
    effective: Decimal
    """(1 + monthly rate)^12 - 1."""
    dated: Decimal
    """XIRR on actual days / 365."""


def annualised(flows: Sequence[Flow], *, per_year: int = MONTHS) -> Annualised | NoRate | SeveralRates:
    """The yearly cost of flows in order of time, with so many regular periods in a year."""
    if not flows:
        return NoRate()
    start = flows[0].on
    periodic = rate_of([(flow.period, flow.amount) for flow in flows])
    daily = rate_of([((flow.on - start).days, flow.amount) for flow in flows])
    if not isinstance(periodic, Decimal):
        return periodic
    if not isinstance(daily, Decimal):
        return daily
    with localcontext() as context:
        context.prec = root.PRECISION
        return Annualised(
            simple=root.rounded(periodic * per_year),
            effective=root.rounded((1 + periodic) ** per_year - 1),
            dated=root.rounded((1 + daily) ** YEAR_DAYS - 1),
        )


def annualised_by_dates(flows: Sequence[tuple[date, int]]) -> Annualised | NoRate | SeveralRates:
    """The yearly cost of flows as they were really paid, on any dates.

    The dated rate r is then the effective one, and the simple one is that of equal months: 12·((1+r)^(1/12) - 1).
    """
    dated = xirr(flows)
    if not isinstance(dated, Decimal):
        return dated
    with localcontext() as context:
        context.prec = root.PRECISION
        monthly = (1 + dated) ** (1 / Decimal(MONTHS)) - 1
        return Annualised(simple=root.rounded(monthly * MONTHS), effective=dated, dated=dated)


def xirr(flows: Sequence[tuple[date, Decimal | int]]) -> Decimal | NoRate | SeveralRates:
    """The rate a year, on actual days / 365, with ten decimals, at which flows on any dates are worth nothing."""
    if not flows:
        return NoRate()
    start = min(on for on, _ in flows)
    daily = rate_of([((on - start).days, amount) for on, amount in flows])
    if not isinstance(daily, Decimal):
        return daily
    with localcontext() as context:
        context.prec = root.PRECISION
        return root.rounded((1 + daily) ** YEAR_DAYS - 1)


def rate_of(flows: Sequence[root.Timed]) -> Decimal | NoRate | SeveralRates:
    """The rate per unit of time at which flows are worth nothing.

    Flows that may have several rates are refused: one picked from several would be nobody's cost.
    """
    netted = root.netted(flows)
    amounts = [amount for _, amount in netted]
    if not (changes := root.sign_changes(amounts)):
        return NoRate()
    floor = root.floor_of_one(amounts)
    if floor is None:
        return SeveralRates(changes=changes)
    found = root.found(root.worth(netted), around=root.first_guess(netted), floor=floor)
    return NoRate() if found is None else found


def shown(rate: Decimal) -> Decimal:
    """A rate as people read it and caps compare it: percent with two decimals, half up."""
    return root.rounded(rate, SHOWN)


def exceeds(rate: Decimal, *, cap: Decimal, margin: Decimal = Decimal()) -> bool:
    """Whether a cost breaks its cap, as shown: 24.0008 % of a nominal 24 % loan is 24.00 % and does not.

    `margin` (a fraction) is kept below the cap by who wants to stay away from it.
    """
    return shown(rate) > cap - margin
