"""What the close of business says in two languages."""

from datetime import date

from domain.day.refusal import DayInFuture, DayOutOfOrder, DayPassed
from domain.refusals import text


def test_it_names_the_date_that_is_next() -> None:
    refused = DayOutOfOrder(expected=date(2025, 1, 7), field="businessDate")
    assert text(refused, "en") == "2025-01-07 must be closed first"
    assert text(refused, "zh-CN") == "应先完成 2025-01-07 的日终"


def test_it_names_how_far_the_books_have_come_and_what_day_it_is() -> None:
    on = date(2025, 1, 7)
    assert text(DayPassed(last_closed=on), "en") == "the books have passed this date: 2025-01-07 is closed"
    assert text(DayPassed(last_closed=on), "zh-CN") == "账务已过该日, 最近完成日终的日期为 2025-01-07"
    assert text(DayInFuture(today=on), "en") == "today is 2025-01-07: a date that has not come cannot be closed"
    assert text(DayInFuture(today=on), "zh-CN") == "今天是 2025-01-07, 不能提前日终"
