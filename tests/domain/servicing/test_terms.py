"""The contract's numbers: dates that do not drift, days of a year, and what may not be written at all."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.servicing.daycount import DayCount
from domain.servicing.terms import Terms
from ledger.money import Rounding

TERMS = Terms(
    principal=10_000_00,
    currency="CNY",
    rate_annual=Decimal("0.12"),
    instalments=12,
    start_on=date(2024, 1, 31),
    day_count=DayCount.THIRTY_360,
    rounding=Rounding.HALF_UP,
    grace_days=3,
    penalty_rate_annual=Decimal("0.18"),
)


@pytest.mark.parametrize(
    ("no", "due_on"),
    [
        (0, date(2024, 1, 31)),
        (1, date(2024, 2, 29)),
        (2, date(2024, 3, 31)),
        (3, date(2024, 4, 30)),
        (13, date(2025, 2, 28)),
        (14, date(2025, 3, 31)),
    ],
)
def test_a_due_date_is_clamped_to_its_month_and_counted_from_the_start(no: int, due_on: date) -> None:
    assert TERMS.due_on(no) == due_on


def test_a_year_of_daily_rates() -> None:
    days = {one.value: one.year_days for one in DayCount if one.year_days != 360}
    by_365 = ["ACT/365F", "ACT/365L", "ACT/ACT", "ACT/ACT-END", "MONTH-DAYS/YEAR", "NL/365"]
    assert days == {"ACT/364": 364, **dict.fromkeys(by_365, 365)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"principal": 0},
        {"instalments": 0},
        {"rate_annual": Decimal("-0.01")},
        {"penalty_rate_annual": Decimal(-1)},
        {"grace_days": -1},
        {"allocation_order": ("interest", "principal")},
        {"allocation_order": ("interest", "interest", "principal")},
    ],
)
def test_terms_that_no_product_allows_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(AssertionError):
        replace(TERMS, **wrong)  # type: ignore[arg-type]  # that is the point
