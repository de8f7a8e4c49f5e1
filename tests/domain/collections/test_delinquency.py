"""Days past due and their buckets."""

from datetime import date

import pytest

from domain.collections.delinquency import Bucket, Overdue, bucket, days_past_due
from ledger.money import Money


@pytest.mark.parametrize(
    ("dpd", "expected"),
    [
        (0, Bucket.C),
        (1, Bucket.M1),
        (30, Bucket.M1),
        (31, Bucket.M2),
        (60, Bucket.M2),
        (61, Bucket.M3),
        (90, Bucket.M3),
        (91, Bucket.M4),
        (121, Bucket.M5),
        (151, Bucket.M6),
        (180, Bucket.M6),
        (181, Bucket.BEYOND),
        (3650, Bucket.BEYOND),
    ],
)
def test_thirty_days_make_a_bucket(dpd: int, expected: Bucket) -> None:
    assert bucket(dpd) is expected
    if dpd:
        assert Overdue(loan_id=1, customer_id=1, dpd=dpd, amount=Money(1, "CNY")).bucket is expected


@pytest.mark.parametrize(
    ("due_dates", "expected"),
    [
        ([], 0),
        ([date(2026, 3, 5)], 0),
        ([date(2026, 3, 6)], 0),
        ([date(2026, 3, 4)], 1),
        ([date(2026, 3, 4), date(2026, 2, 4), date(2026, 4, 4)], 29),
    ],
)
def test_the_oldest_unpaid_due_date_counts_and_its_own_day_is_zero(due_dates: list[date], expected: int) -> None:
    assert days_past_due(due_dates, on=date(2026, 3, 5)) == expected


def test_days_do_not_run_backwards() -> None:
    with pytest.raises(AssertionError):
        bucket(-1)
