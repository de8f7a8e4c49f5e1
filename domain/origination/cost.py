"""综合融资成本, the borrower's yearly cost: three ways of annualising dated cash flows, pure.

Flows are the amounts as they will really be paid, rounded to minor units: a cap holds on what is charged, not on the
formula behind it. `simple` is the internal rate per month times 12 (单利), `effective` compounds that month twelve
times, `dated` is the rate of the actual days over 365 (XIRR). Sources: PBOC announcement 2021-3; 金规〔2026〕2号.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

PRECISION = 32
"""Digits of the working arithmetic."""
SHOWN = Decimal("0.0001")
"""Step in which a rate is shown and compared with its cap: a hundredth of a percent."""
_TOLERANCE = Decimal("1e-16")
"""Per month or day; a year of days makes 1e-13 of it."""
_LOWEST = Decimal("-0.99")
_FIRST_GUESS = Decimal("0.1")
"""What a loan costs over its whole life, to begin with."""
_STEPS = 100


@dataclass(frozen=True, slots=True)
class Flow:
    """One payment between borrower and lenders: positive to the borrower, negative from him; minor units."""

    on: date
    month: int
    """Months since the start, for the monthly methods."""
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


def annualised(flows: Sequence[Flow]) -> Annualised:
    """The yearly cost of flows that begin with money to the borrower and pay it back later."""
    assert flows[0].amount > 0, "the first flow is what the borrower receives"
    assert sum(flow.amount for flow in flows) <= 0, "what was received is paid back"
    with localcontext() as context:
        context.prec = PRECISION
        start = flows[0].on
        monthly = _rate([(flow.month, flow.amount) for flow in flows])
        daily = _rate([((flow.on - start).days, flow.amount) for flow in flows])
        return Annualised(
            simple=_rounded(monthly * 12),
            effective=_rounded((1 + monthly) ** 12 - 1),
            dated=_rounded((1 + daily) ** 365 - 1),
        )


def shown(rate: Decimal) -> Decimal:
    """A rate as people read it and caps compare it: percent with two decimals, half up."""
    return rate.quantize(SHOWN, rounding=ROUND_HALF_UP)


def exceeds(rate: Decimal, *, cap: Decimal) -> bool:
    """Whether a cost breaks its cap, as shown: 24.0008 % of a nominal 24 % loan is 24.00 % and does not."""
    return shown(rate) > cap


def _rate(flows: Sequence[tuple[int, int]]) -> Decimal:
    """The rate per whole unit of time at which the flows are worth nothing: Newton's steps, fenced by bisection.

    For money received once and paid back later the value rises with the rate, so there is exactly one root.
    """
    low, high = _LOWEST, Decimal(1)
    while _value(flows, high)[0] < 0:
        high *= 2
    rate = _FIRST_GUESS / max(1, flows[-1][0])
    for _ in range(_STEPS):
        value, slope = _value(flows, rate)
        low, high = (low, rate) if value > 0 else (rate, high)
        stepped = rate - value / slope if slope > 0 else low
        following = stepped if low < stepped < high else (low + high) / 2
        if abs(following - rate) < _TOLERANCE:
            return following
        rate = following
    return rate


def _value(flows: Sequence[tuple[int, int]], rate: Decimal) -> tuple[Decimal, Decimal]:
    """Present value of the flows at a rate, and its slope; a factor is made of the one before it, by whole powers."""
    discount = 1 / (1 + rate)
    value = slope = Decimal()
    factor, before = Decimal(1), 0
    for time, amount in flows:
        factor *= discount ** (time - before)
        before = time
        value += amount * factor
        slope -= time * amount * factor
    return value, slope * discount


def _rounded(rate: Decimal) -> Decimal:
    return rate.quantize(Decimal("1e-10"), rounding=ROUND_HALF_UP) + 0  # no negative zero
