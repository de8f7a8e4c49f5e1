"""What the close of business says in two languages."""

from datetime import date

from domain.day.refusal import DayOutOfOrder
from domain.refusals import text


def test_it_names_the_date_that_is_next() -> None:
    refused = DayOutOfOrder(expected=date(2025, 1, 7), field="businessDate")
    assert text(refused, "en") == "2025-01-07 must be closed first"
    assert text(refused, "zh-CN") == "应先完成 2025-01-07 的日终"
