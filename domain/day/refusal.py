"""Every "no" that the close of business can say by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from domain.refusals import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOutOfOrder(Refusal):
    """Business dates close one after another; another one is next."""

    code: ClassVar[str] = "DAY_OUT_OF_ORDER"
    zh: ClassVar[str] = "应先完成 {expected} 的日终"
    en: ClassVar[str] = "{expected} must be closed first"

    expected: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPassed(Refusal):
    """The books have passed this date; it cannot be closed any more."""

    code: ClassVar[str] = "DAY_ALREADY_CLOSED"
    zh: ClassVar[str] = "账务已过该日, 最近完成日终的日期为 {last_closed}"
    en: ClassVar[str] = "the books have passed this date: {last_closed} is closed"

    last_closed: date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayInFuture(Refusal):
    """A date that has not come cannot be closed."""

    code: ClassVar[str] = "DAY_IN_FUTURE"
    retryable: ClassVar[bool] = True
    zh: ClassVar[str] = "今天是 {today}, 不能提前日终"
    en: ClassVar[str] = "today is {today}: a date that has not come cannot be closed"

    today: date
