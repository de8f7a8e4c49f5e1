"""What exact schedules cost against the same recurrence in binary fractions; nothing here needs a server.

The peers are what anybody would write: NumPy on whole columns, and a loop that yields a tuple for each instalment.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from statistics import median
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.measures import Measure, Ratio, Size
from domain.servicing.bulk import RATE_UNIT, annuities
from domain.servicing.daycount import DayCount
from domain.servicing.plain import figures
from domain.servicing.terms import Terms
from ledger.money import Rounding
from postgres.database import Database

LOANS_PER_LINE: Final = 5
"""Loans planned for each line of the book that the other measures read: a million at 200,000 lines."""
COUNT: Final = 12
LONG: Final = 360
QUOTES: Final = 50
"""Quotes in a row, for one is too short to time."""
SEED: Final = 2026


class _Line(NamedTuple):
    number: int
    payment: float
    interest: float
    principal: float
    balance: float


def bulk(database: Database, owner: Database, size: Size) -> Ratio:
    """Annuities of twelve instalments on columns: exact integers, and the same cash flows in bare NumPy."""
    del database, owner
    loans, draw = size.lines * LOANS_PER_LINE, np.random.default_rng(SEED)
    principal = draw.integers(1_000_00, 200_000_00, loans)
    rate = draw.integers(30_000, 360_000, loans)
    rates = _interleaved(
        size.rounds, ours=lambda: annuities(principal, rate, COUNT), peer=lambda: _bare(principal, rate, COUNT)
    )
    return Ratio(
        name=f"schedules of {COUNT} instalments over bare NumPy",
        ours=rates["ours"] * loans,
        peer=rates["peer"] * loans,
        unit="schedules/s",
        goal=0.1,
        conditions=f"{loans} loans of random principal and rate, {os.cpu_count()} cores",
    )


def quote(database: Database, owner: Database, size: Size) -> Ratio:
    """The exact figures of one loan of 360 instalments, and the recurrence in binary fractions."""
    del database, owner
    terms = Terms(
        principal=1_000_000_00,
        currency="CNY",
        rate_annual=Decimal("0.049"),
        instalments=LONG,
        start_on=date(2026, 1, 15),
        day_count=DayCount.THIRTY_360,
        rounding=Rounding.HALF_UP,
        grace_days=0,
        penalty_rate_annual=Decimal("0.0735"),
    )
    rates = _interleaved(
        size.rounds,
        ours=lambda: [figures(terms) for _ in range(QUOTES)],
        peer=lambda: [list(_floats(1_000_000.0, 0.049, LONG)) for _ in range(QUOTES)],
    )
    return Ratio(
        name=f"one exact quote of {LONG} instalments over the same in floats",
        ours=rates["ours"] * QUOTES,
        peer=rates["peer"] * QUOTES,
        unit="quotes/s",
        goal=1.0,
        conditions=f"payment, interest, principal and balance of each instalment, {os.cpu_count()} cores",
    )


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({"schedules": bulk, "quote": quote})
"""By name; they need no database."""


def _bare(principal: npt.NDArray[np.int64], rate: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float64]:
    """The cash flows as anybody would write them: interest rounded to two places, the last payment clears."""
    monthly, balance = rate / (RATE_UNIT * 12), principal / 100
    payment = np.round(balance * monthly / (1 - (1 + monthly) ** -count), 2)
    flows = np.empty((2, count, principal.size))
    for number in range(count):
        interest = np.round(balance * monthly, 2)
        repaid = balance if number == count - 1 else payment - interest
        flows[0, number], flows[1, number] = interest, repaid
        balance = balance - repaid
    return flows


def _floats(principal: float, rate_annual: float, count: int) -> Iterator[_Line]:
    rate, balance = rate_annual / 12, principal
    payment = round(principal * rate / (1 - (1 + rate) ** -count), 2)
    for number in range(1, count + 1):
        interest = round(balance * rate, 2)
        repaid = balance if number == count else payment - interest
        balance -= repaid
        yield _Line(number, repaid + interest, interest, repaid, balance)


def _interleaved(rounds: int, **sides: Callable[[], object]) -> dict[str, float]:
    """How often a second each side is done, the median of rounds in which both run."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in sorted(sides, reverse=bool(number % 2)):
            started = time.perf_counter()
            sides[name]()
            found[name].append(1 / (time.perf_counter() - started))
    return {name: median(rates) for name, rates in found.items()}
