"""Repayment methods (还款方式) and the other closed code lists of a product, as parameters and not as code paths.

How a schedule is computed from them is the business of `servicing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Method(StrEnum):
    """How principal and interest are spread over instalments."""

    EQUAL_INSTALMENT = "EQUAL_INSTALMENT"
    """等额本息: the same payment each period, the residue in the last."""


class DayCount(StrEnum):
    """How a period becomes a fraction of a year (计息基础)."""

    THIRTY_360 = "30/360"
    """Whole months at the yearly rate / 12 (对年对月对日)."""
    ACT_360 = "ACT/360"
    ACT_365F = "ACT/365F"


class AllocationBy(StrEnum):
    """Whether a payment first finishes the oldest instalment (按期) or sweeps one component over all (按科目横扫)."""

    INSTALMENT = "instalment"
    COMPONENT = "component"


COMPONENTS = frozenset({"penalty", "interest", "principal"})
"""What a borrower can owe; an allocation order names each once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodParameters:
    """What a method is called and which day counts it can be solved with."""

    name_zh: str
    name_en: str
    day_counts: frozenset[DayCount]


METHODS: Mapping[Method, MethodParameters] = MappingProxyType(
    {
        Method.EQUAL_INSTALMENT: MethodParameters(
            name_zh="等额本息",
            name_en="equal instalments",
            day_counts=frozenset({DayCount.THIRTY_360, DayCount.ACT_360, DayCount.ACT_365F}),
        )
    }
)
"""Every method with its parameters."""
