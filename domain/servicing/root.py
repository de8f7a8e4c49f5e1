"""The rate at which flows are worth nothing: Newton's steps, fenced by bisection, in decimals. Pure.

Every yearly cost of this house is such a root: what differs between a month's internal rate, an actual-day rate and a
regulator's is only how time discounts an amount. A `Worth` says that; `solve` finds where it is nought.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import accumulate, pairwise
from typing import Final, TypeAlias, TypeVar

PRECISION: Final = 34
"""Digits of the working arithmetic."""
TOLERANCE: Final = Decimal("1e-22")
"""A root is found when a step moves one plus the rate by a smaller part: a year of days makes 1e-19 of it."""
LOWEST: Final = Decimal("-0.999999")
"""Lowest rate looked at: below it all but a millionth of the money is lost in one unit of time."""
HIGHEST: Final = Decimal(10) ** 12
"""Highest rate looked at, a fraction per unit of time."""

GIVEN: Final = Decimal("1e-10")
"""Step in which a yearly rate is given."""

Worth: TypeAlias = Callable[[Decimal], tuple[Decimal, Decimal]]
"""What flows are worth today at a rate, and the slope of that."""
Timed: TypeAlias = tuple[int, Decimal | int]
"""Whole units of time since the start, and an amount with its sign."""


def worth(flows: Sequence[Timed]) -> Worth:
    """Present value at compound interest of flows in order of time: Σ amount / (1 + rate)^time.

    A discount factor is made of the one before it; the power of each distinct gap is taken once, so that a plan of
    actual days costs hardly more than one of months.
    """
    spans = [time - before for (time, _), before in zip(flows, (0, *(time for time, _ in flows)), strict=False)]
    distinct = sorted(set(spans))

    def value(rate: Decimal) -> tuple[Decimal, Decimal]:
        discount = 1 / (1 + rate)
        powers = {span: discount**span for span in distinct}
        total = slope = Decimal()
        factor = Decimal(1)
        for (time, amount), span in zip(flows, spans, strict=True):
            factor *= powers[span]
            part = amount * factor
            total += part
            slope -= time * part
        return total, slope * discount

    return value


Odd: TypeAlias = Callable[[Decimal, Decimal], tuple[Decimal, Decimal]]
"""How a part of a unit of time discounts at a rate: the factor, and the slope of its logarithm."""


def worth_with_parts(flows: Sequence[tuple[int, Decimal, Decimal | int]], odd: Odd) -> Worth:
    """Present value of flows whose times have a whole and a part: flows of one part share its discount."""
    groups: dict[Decimal, list[Timed]] = {}
    for time, part, amount in flows:
        groups.setdefault(part, []).append((time, amount))
    by_part = [(part, worth(group)) for part, group in groups.items()]

    def value(rate: Decimal) -> tuple[Decimal, Decimal]:
        total = slope = Decimal()
        for part, of_whole in by_part:
            whole, whole_slope = of_whole(rate)
            factor, log_slope = odd(part, rate)
            total += whole * factor
            slope += (whole_slope + whole * log_slope) * factor
        return total, slope

    return value


T = TypeVar("T", int, date)


def netted(flows: Sequence[tuple[T, Decimal | int]]) -> list[tuple[T, Decimal | int]]:
    """Flows in order of time, those of one time as one: what comes and goes on one day is no change of direction."""
    sums: dict[T, Decimal | int] = {}
    for time, amount in flows:
        sums[time] = sums.get(time, 0) + amount
    return [(time, amount) for time, amount in sorted(sums.items()) if amount]


def first_guess(flows: Sequence[Timed]) -> Decimal:
    """A rate near the root of a loan: what is paid beyond what is received, over the mean time until it is paid."""
    received = sum((Decimal(amount) for _, amount in flows if amount > 0), Decimal())
    paid = sum((Decimal(-amount) for _, amount in flows if amount < 0), Decimal())
    waited = sum((Decimal(-time * amount) for time, amount in flows), Decimal())
    if not received or not paid or waited <= 0:
        return Decimal()
    return (paid - received) / received / (waited / paid)


@dataclass(frozen=True, slots=True)
class Fence:
    """Two rates with a root between them; `rises`: the worth is above nought at the higher one."""

    low: Decimal
    high: Decimal
    rises: bool


def bracket(value: Worth, *, around: Decimal, floor: Decimal = LOWEST) -> Fence | None:
    """A fence looked for outwards from a rate, first where the slope points; None when the worth keeps its sign.

    The distance doubles above; below it halves towards -1 and ends at `floor`.
    """
    with localcontext() as context:
        context.prec = PRECISION  # as in `solve`: near a root the sign hangs on the digits
        low = high = max(around, floor)
        total, slope = value(low)
        side, is_above = total > 0, (slope > 0) != (total > 0)
        step = Decimal("0.01")
        while high < HIGHEST or low > floor:
            above, below = min(high + step, HIGHEST), max(low - min(step, (low + 1) / 2), floor)
            for is_up in (is_above, not is_above):
                if is_up and above > high and (value(above)[0] > 0) != side:
                    return Fence(high, above, not side)
                if not is_up and below < low and (value(below)[0] > 0) != side:
                    return Fence(below, low, side)
            low, high, step = below, above, step * 2
    return None


def solve(value: Worth, fence: Fence, *, start: Decimal) -> Decimal:
    """The rate inside a fence at which the worth is nought.

    A step of Newton that leaves the fence, or does not at least halve the step before, gives way to a bisection.
    """
    with localcontext() as context:
        context.prec = PRECISION
        low, high, last = fence.low, fence.high, fence.high - fence.low
        rate = start if low <= start <= high else (low + high) / 2
        while True:
            total, slope = value(rate)
            if not total:
                return rate
            low, high = (low, rate) if (total > 0) == fence.rises else (rate, high)
            step = total / slope if slope else last
            following = rate - step
            if not low < following < high or abs(step) * 2 > last:
                following = (low + high) / 2
            last, rate = abs(following - rate), following
            if last < TOLERANCE * (1 + abs(rate)):
                return rate


def found(value: Worth, *, around: Decimal, floor: Decimal = LOWEST) -> Decimal | None:
    """The root that is found outwards from a rate; None when there is none."""
    fence = bracket(value, around=around, floor=floor)
    return None if fence is None else solve(value, fence, start=around)


def floor_of_one(amounts: Sequence[Decimal | int]) -> Decimal | None:
    """Above which rate flows in order of time have exactly one root; None when nothing says so.

    Flows that change direction once have one root. Those that change it more often (several disbursements, a refund)
    have one above nought when their running sum changes its sign once (Norstrom 1972): first the borrower owes, then
    he has paid more than he got. When he owes to the end and then nothing, the root is nought.
    """
    running = list(accumulate(amounts))
    crossings = sign_changes(running)
    if sign_changes(amounts) == 1 or (not crossings and running and not running[-1]):
        return LOWEST
    return Decimal() if crossings == 1 and running[-1] else None


def rounded(rate: Decimal, step: Decimal = GIVEN) -> Decimal:
    """A rate to a step, half up; one so large that the step is beyond its digits stays as it is."""
    if rate and rate.adjusted() - step.adjusted() >= PRECISION:
        return rate
    return rate.quantize(step, rounding=ROUND_HALF_UP, context=Context(prec=PRECISION)) + 0  # no negative zero


def sign_changes(amounts: Sequence[Decimal | int]) -> int:
    """How often the sign changes along amounts, noughts left out: with one change there is exactly one root."""
    signs = [amount > 0 for amount in amounts if amount]
    return sum(one is not after for one, after in pairwise(signs))
