"""The figures of a reconciled day."""

from datetime import UTC, date, datetime

from domain.payment.order import Kind, Outcome
from domain.reconciliation.discrepancy import Action, Class, Resolution, StoredDiscrepancy
from domain.reconciliation.report import Turnover, day_report
from domain.reconciliation.statement_file import StatementRow
from ledger.money import Money

ON = date(2026, 3, 5)
CLOSED = Resolution(
    action=Action.EXPLAINED, reason="known", entry_id=None, actor="x", resolved_at=datetime(2026, 3, 6, tzinfo=UTC)
)


def row(kind: Kind, minor: int, outcome: Outcome = Outcome.SUCCEEDED) -> StatementRow:
    return StatementRow(
        line_no=2,
        order_no="PO1",
        bank_no="B",
        kind=kind,
        amount=Money(minor, "CNY"),
        business_on=ON,
        outcome=outcome,
        fee=Money(0, "CNY"),
    )


def found(kind: Class, resolution: Resolution | None = None) -> StoredDiscrepancy:
    return StoredDiscrepancy(
        discrepancy_id=1,
        run_id=1,
        business_on=ON,
        kind=kind,
        order_no="PO1",
        line_no=None,
        our_state="",
        our_amount=None,
        bank_outcome=None,
        bank_amount=None,
        resolution=resolution,
    )


def test_turnover_counts_what_succeeded_by_kind() -> None:
    rows = [
        row(Kind.DISBURSEMENT, 100),
        row(Kind.COLLECTION, 7),
        row(Kind.DISBURSEMENT, 50),
        row(Kind.COLLECTION, 9, Outcome.FAILED),
    ]
    report = day_report(business_on=ON, row_count=4, matched=rows, discrepancies=[])
    assert report.matched == (
        Turnover(Kind.COLLECTION, 1, Money(7, "CNY")),
        Turnover(Kind.DISBURSEMENT, 2, Money(150, "CNY")),
    )
    assert report.is_clean


def test_differences_are_counted_by_class_and_open_ones_once_more() -> None:
    discrepancies = [found(Class.DUPLICATE), found(Class.DUPLICATE, CLOSED), found(Class.MISSING_HERE)]
    report = day_report(business_on=ON, row_count=2, matched=[], discrepancies=discrepancies)
    assert report.differences == {Class.DUPLICATE: 2, Class.MISSING_HERE: 1}
    assert (report.open_count, report.is_clean) == (2, False)
