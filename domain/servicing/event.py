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
    """Something was reversed that had changed the schedule; what follows from the rest is in force again."""
    DISBURSEMENT = "DISBURSEMENT"
    """More was paid out."""
    REPAYMENT = "REPAYMENT"
    """A payment changed the interest of the days to come (daily balance)."""
    PREPAYMENT = "PREPAYMENT"
    """提前部分还款: fewer instalments, or smaller ones."""
    CHARGE = "CHARGE"
    """A charge after maturity stands in an instalment of its own."""
    WAIVER = "WAIVER"
    CHARGEBACK = "CHARGEBACK"
    REFUND = "REFUND"
    RATE_CHANGE = "RATE_CHANGE"
    RESCHEDULE = "RESCHEDULE"
    """延期, 展期."""
    RE_AGE = "RE_AGE"
    RE_AMORTISE = "RE_AMORTISE"
    ACCELERATED = "ACCELERATED"
    """提前到期."""
    CHARGE_OFF = "CHARGE_OFF"
    WRITE_OFF = "WRITE_OFF"
    RECOVERY = "RECOVERY"
    TRANSFER = "TRANSFER"
    """代偿, 回购: the claim is another's."""
    CANCELLED = "CANCELLED"
    """冷静期撤销."""
    INTEREST_PAUSE = "INTEREST_PAUSE"


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
