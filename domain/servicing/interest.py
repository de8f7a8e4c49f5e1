"""应计利息, accrued interest: how much of an instalment's interest belongs to the days before a date.

The value at a date is a *rounded cumulative* amount; what is posted for a day is the difference of two such values,
so that the days of a period sum to the instalment's interest to the last minor unit, whatever the rounding
(`docs/decisions/0050`). Integers only: the same formula stands in the SQL of the close of business
(`operations.accrue`), and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from domain.servicing.schedule import Instalment
from ledger.money import Rounding, round_ratio


def share(amount: int, *, elapsed: int, days: int) -> int:
    """`amount × elapsed / days`, half up, in minor units; nothing before the first day, the whole from the last."""
    if elapsed >= days:
        return amount
    if elapsed <= 0:
        return 0
    return round_ratio(amount * elapsed, days, Rounding.HALF_UP)


def accrued(instalment: Instalment, *, on: date) -> int:
    """Interest of `instalment` for the days before `on`, minor units: nought at `from_on`, all of it at `due_on`."""
    return share(instalment.interest, elapsed=(on - instalment.from_on).days, days=instalment.days)


def accrued_total(instalments: Iterable[Instalment], *, on: date) -> int:
    """Interest of a whole schedule for the days before `on`, minor units."""
    return sum(accrued(instalment, on=on) for instalment in instalments)
