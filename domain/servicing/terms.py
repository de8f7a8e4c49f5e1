"""The contract's numbers: everything a schedule, an accrual or an allocation may depend on, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from domain.calendar import add_months
from ledger.money import Rounding


class Method(StrEnum):
    """How principal and interest are spread over instalments (还款方式); each is a row of `schedule.METHODS`."""

    EQUAL_INSTALMENT = "EQUAL_INSTALMENT"
    """等额本息: the same payment each period, solved so that the last one clears the loan."""


class DayCount(StrEnum):
    """How a period becomes a fraction of a year (计息基础)."""

    THIRTY_360 = "30/360"
    """Whole months at annual rate / 12 (对年对月对日); penalty days on a 360-day year."""
    ACT_360 = "ACT/360"
    """Actual days over 360."""
    ACT_365F = "ACT/365F"
    """Actual days over 365, also in leap years."""

    @property
    def year_days(self) -> int:
        """Days of the year on which a *daily* rate is based: 360 or 365."""
        return 365 if self is DayCount.ACT_365F else 360


class AllocationBy(StrEnum):
    """Whether a payment finishes the oldest instalment (按期) or sweeps one component over all (按科目横扫)."""

    INSTALMENT = "instalment"
    COMPONENT = "component"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Terms of one loan, fixed when the contract is made.

    principal: minor units of `currency`, above zero. rate_annual, penalty_rate_annual: fractions of one per year
    (0.18 is 18 %). start_on: value date (起息日), the first day that bears interest. grace_days: days after a due
    date that, when the borrower pays within them, leave no trace; after them the instalment counts as overdue from
    its due date (容时, retroactive). allocation_order: the components penalty, interest, principal in the order in
    which a payment meets them.
    """

    principal: int
    currency: str
    rate_annual: Decimal
    term_months: int
    start_on: date
    day_count: DayCount
    rounding: Rounding
    grace_days: int
    penalty_rate_annual: Decimal
    allocation_order: tuple[str, ...] = ("penalty", "interest", "principal")
    allocation_by: AllocationBy = AllocationBy.INSTALMENT
    method: Method = Method.EQUAL_INSTALMENT

    def __post_init__(self) -> None:
        """Assert what a product's limits have already promised."""
        assert self.principal > 0, "a loan has a principal"
        assert self.term_months > 0, "a loan has at least one instalment"
        assert self.rate_annual >= 0, "a rate is not negative"
        assert self.penalty_rate_annual >= 0, "a penalty rate is not negative"
        assert self.grace_days >= 0, "grace is a number of days"
        assert sorted(self.allocation_order) == ["interest", "penalty", "principal"], (
            "each component has one place in the order"
        )

    def due_on(self, no: int) -> date:
        """Return the due date of instalment `no` (from 1); `no` 0 is the start itself.

        The start's day of the month, clamped to the month's end, counted from the start so that it never drifts
        (31 January, 28 February, 31 March).
        """
        return add_months(self.start_on, no)
