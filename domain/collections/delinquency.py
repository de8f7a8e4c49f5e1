"""How far behind a loan is, pure: days past due and the bucket they fall into.

Days count from the due date (that day is 0, the next one 1); a loan's figure is that of its oldest unpaid instalment, a
customer's the largest of all loans. Buckets are of thirty days: M1 1-30 … M6 151-180, M6+ beyond; C is not overdue.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.money import Money

BUCKET_DAYS = 30
MONTHS_COUNTED = 6
"""Beyond so many months everything is one bucket."""


class Bucket(StrEnum):
    """Stage of delinquency, in the trade's own names."""

    C = "C"
    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    BEYOND = "M6+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A loan that is past due at the end of a day."""

    loan_id: int
    customer_id: int
    dpd: int
    """Days past due, at least 1."""
    amount: Money
    """Everything overdue: principal, interest and penalty."""

    @property
    def bucket(self) -> Bucket:
        """The bucket of its days."""
        return bucket(self.dpd)


def bucket(dpd: int) -> Bucket:
    """The bucket of a number of days past due."""
    assert dpd >= 0, "days past due count from zero"
    months = (dpd + BUCKET_DAYS - 1) // BUCKET_DAYS
    if months == 0:
        return Bucket.C
    return Bucket.BEYOND if months > MONTHS_COUNTED else Bucket(f"M{months}")


def days_past_due(unpaid_due_dates: Iterable[date], *, on: date) -> int:
    """Days past due of the oldest unpaid due date at the end of a day; 0 when none has passed."""
    return max(((on - due_on).days for due_on in unpaid_due_dates if due_on < on), default=0)
