"""A difference between the bank's file and our orders, and how it ends, pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from domain.payment.order import Outcome, PaymentOrder
from domain.reconciliation.statement_file import StatementRow
from ledger.money import Money


class Class(StrEnum):
    """What kind of difference it is."""

    MISSING_AT_BANK = "MISSING_AT_BANK"
    """We have it, the bank's file does not (长款 of a collection, 短款 of a payout)."""
    MISSING_HERE = "MISSING_HERE"
    """The bank has it, we never gave out the number."""
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    """Both have it, with another amount, currency or kind."""
    STATUS_MISMATCH = "STATUS_MISMATCH"
    """Both have it, with another outcome; an open order of ours is one too."""
    DUPLICATE = "DUPLICATE"
    """The bank lists the number again."""


class Action(StrEnum):
    """How a discrepancy was closed."""

    SETTLED_BY_FILE = "SETTLED_BY_FILE"
    """The file decided our open order, and both agree now."""
    CARRIED = "CARRIED"
    """A later file lists the order: the bank's cut-over was earlier than ours (切日差)."""
    EXPLAINED = "EXPLAINED"
    """People know why; nothing to book."""
    ADJUSTED = "ADJUSTED"
    """People booked an adjustment entry (调账)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """A difference as it was found: the two sides, where they exist."""

    kind: Class
    order_no: str
    row: StatementRow | None
    order: PaymentOrder | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """How and why a discrepancy was closed, by whom and when."""

    action: Action
    reason: str
    entry_id: int | None
    """The adjustment entry, if one was booked."""
    actor: str
    resolved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDiscrepancy:
    """A discrepancy as it rests in the register, with its resolution once there is one."""

    discrepancy_id: int
    run_id: int
    business_on: date
    kind: Class
    order_no: str
    line_no: int | None
    our_state: str
    """State of our order when it was found; empty when we had none."""
    our_amount: Money | None
    bank_outcome: Outcome | None
    bank_amount: Money | None
    resolution: Resolution | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.resolution is None


def settled_by(discrepancy: Discrepancy, after: PaymentOrder) -> bool:
    """Whether the row and the order as it stands after hearing the file agree now."""
    row = discrepancy.row
    if discrepancy.kind is not Class.STATUS_MISMATCH or row is None:
        return False
    return after.state.is_final and after.state.value == row.outcome.value and after.amount == row.amount
