"""What can happen to a loan, as values; the table of events only grows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class EventKind(StrEnum):
    """Past participles of a loan's life."""

    INSTRUCTED = "INSTRUCTED"
    """The bank has been asked to pay out; the schedule is written."""
    DISBURSED = "DISBURSED"
    """The bank has paid out; interest runs from this date."""
    DISBURSEMENT_FAILED = "DISBURSEMENT_FAILED"
    """The bank has said no; the instruction is reversed and the schedule void."""
    REPAID = "REPAID"
    """Money came in and was allocated."""
    OVERPAYMENT_APPLIED = "OVERPAYMENT_APPLIED"
    """What the borrower had overpaid has met what fell due."""
    REVERSED = "REVERSED"
    """A repayment turned out not to have happened (冲正)."""
    OVERDUE = "OVERDUE"
    """Principal of an instalment went to the overdue account."""
    SETTLED = "SETTLED"
    """Nothing is left to pay."""


class ScheduleReason(StrEnum):
    """Why a schedule version exists."""

    ORIGINAL = "ORIGINAL"
    VALUE_DATE = "VALUE_DATE"
    """The bank paid out on another day than planned."""
    DISBURSE_CANCEL = "DISBURSE_CANCEL"
    """The bank did not pay out; the version has no instalments."""
    EARLY_SETTLEMENT = "EARLY_SETTLEMENT"
    """提前结清: the schedule ends on the day of the payment."""
    REVERSAL = "REVERSAL"
    """The payment that had settled the loan early was reversed; the schedule before it is in force again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanEvent:
    """One event: `happened_on` in the business, `recorded_at` when learned; `entry_id` in the lender's book, if any."""

    event_id: int
    loan_id: int
    kind: EventKind
    happened_on: date
    entry_id: int | None
    actor: str
    key: str
    recorded_at: datetime
