"""When a difference is settled by the file that showed it."""

import pytest

from domain.payment.order import PaymentOrder, State
from domain.reconciliation.discrepancy import Class, Discrepancy, settled_by
from domain.reconciliation.statement_file import StatementRow
from tests.domain.reconciliation.test_matching import NO, YES, ours, theirs


@pytest.mark.parametrize(
    ("kind", "row", "after", "settled"),
    [
        (Class.STATUS_MISMATCH, theirs(YES), ours(State.SUCCEEDED), True),
        (Class.STATUS_MISMATCH, theirs(NO), ours(State.FAILED), True),
        (Class.STATUS_MISMATCH, theirs(YES), ours(State.FAILED), False),
        (Class.STATUS_MISMATCH, theirs(YES), ours(State.MANUAL), False),
        (Class.AMOUNT_MISMATCH, theirs(YES), ours(State.SUCCEEDED), False),
        (Class.MISSING_AT_BANK, None, ours(State.SUCCEEDED), False),
    ],
)
def test_a_difference_is_settled_when_both_sides_agree_in_the_end(
    kind: Class, row: StatementRow | None, after: PaymentOrder, *, settled: bool
) -> None:
    assert settled_by(Discrepancy(kind=kind, order_no="PO1", row=row, order=after), after) is settled
