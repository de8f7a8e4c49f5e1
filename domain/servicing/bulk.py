"""Annuities by the million: the plain loan's arithmetic on columns of 64-bit integers.

Every amount is an exact integer; interest is rounded half up by integer division. The level payment alone is guessed
in binary fractions first: a guess that lies too near to a boundary of rounding to be sure of is solved exactly
instead, so that each payment is the one that `schedule` finds. A test holds the two together on every draw.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.servicing.plain import level
from ledger.money import Rounding

Whole = npt.NDArray[np.int64]

RATE_UNIT: Final = 1_000_000
"""Yearly rates are taken in millionths: 0.18 is 180,000."""
PERIODS_PER_YEAR: Final = 12
SAFE: Final = 2**62
"""What no product of this arithmetic may exceed."""
_BAND: Final = np.ldexp(1, -12)
"""How near to a boundary a guessed payment is not trusted, minor units: above any error of a guess within `SAFE`."""


class Annuities(NamedTuple):
    """Columns of plans, minor units: `interest[k]` and `principal[k]` are instalment k + 1 of every loan."""

    payment: Whole
    interest: Whole
    principal: Whole


def annuities(principal: Whole, rate_annual: Whole, count: int) -> Annuities:
    """Plans of `count` monthly instalments (等额本息, whole months, half up, residue last), one for each loan.

    principal: minor units, above zero. rate_annual: millionths, not negative.
    """
    unit = RATE_UNIT * PERIODS_PER_YEAR
    largest, highest = int(principal.max(initial=0)), int(rate_annual.max(initial=0))
    assert count > 0, "a loan has at least one instalment"
    assert int(principal.min(initial=1)) > 0, "a loan has a principal"
    assert int(rate_annual.min(initial=0)) >= 0, "a rate is not negative"
    assert 2 * largest * highest + unit < SAFE, "amounts beyond 64 bits are planned one by one"
    assert largest < 2**38, "a payment can be guessed to a fraction of a minor unit"
    payment = _payments(principal, rate_annual, count)
    interests = np.empty((count, principal.size), dtype=np.int64)
    principals = np.empty((count, principal.size), dtype=np.int64)
    balance = principal.copy()
    twice_rate = 2 * rate_annual
    for number in range(count):
        interest = interests[number]
        np.multiply(balance, twice_rate, out=interest)
        interest += unit
        interest //= 2 * unit
        repaid = principals[number]
        if number == count - 1:
            repaid[:] = balance
        else:
            np.subtract(payment, interest, out=repaid)
            np.clip(repaid, 0, balance, out=repaid)
            balance -= repaid
    return Annuities(payment, interests, principals)


def _payments(principal: Whole, rate_annual: Whole, count: int) -> Whole:
    """The level payments: guessed together, and one by one where the guess is not sure."""
    unit = RATE_UNIT * PERIODS_PER_YEAR
    rate = np.divide(np.maximum(rate_annual, 1), unit)
    guess = np.where(
        rate_annual == 0, np.divide(principal, count), principal * rate / -np.expm1(-count * np.log1p(rate))
    )
    floor = np.floor(guess)
    twice_rest = 2 * (guess - floor)
    payment: Whole = floor.astype(np.int64) + (twice_rest >= 1)
    for index in np.flatnonzero(np.abs(twice_rest - 1) < 2 * _BAND):
        payment[index] = level(int(principal[index]), int(rate_annual[index]), unit, count, Rounding.HALF_UP)
    return payment
