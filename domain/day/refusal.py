"""Every "no" that the close of business can say by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from domain.refusals import Refusal

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOutOfOrder(Refusal):
    """Business dates close one after another; another one is next."""

    code: ClassVar[str] = "DAY_OUT_OF_ORDER"
    zh: ClassVar[str] = "应先完成 {expected} 的日终"
    en: ClassVar[str] = "{expected} must be closed first"

    expected: date
