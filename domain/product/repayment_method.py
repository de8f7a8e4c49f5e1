"""Repayment methods (还款方式) and the other closed code lists of a product, as parameters and not as code paths.

How a schedule is computed from them is the business of `servicing`, which knows more conventions than a product can
publish: a staged plan or agreed rows belong to one contract and not to a product.
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
    EQUAL_PRINCIPAL = "EQUAL_PRINCIPAL"
    """等额本金: the same principal each period."""
    INTEREST_FIRST = "INTEREST_FIRST"
    """先息后本: interest each period, the principal with the last."""
    EQUAL_INTEREST = "EQUAL_INTEREST"
    """等本等息: the same principal and interest each period, on what was lent at first."""
    DAILY_REVOLVING = "DAILY_REVOLVING"
    """随借随还: interest by the day, the principal at the latest with the last instalment."""


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

_ALL = frozenset(DayCount)
_BY_DAYS = frozenset({DayCount.ACT_360, DayCount.ACT_365F})


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodParameters:
    """What a method is called and which day counts it can be solved with."""

    name_zh: str
    name_en: str
    day_counts: frozenset[DayCount]


METHODS: Mapping[Method, MethodParameters] = MappingProxyType(
    {
        Method.EQUAL_INSTALMENT: MethodParameters(name_zh="等额本息", name_en="equal instalments", day_counts=_ALL),
        Method.EQUAL_PRINCIPAL: MethodParameters(name_zh="等额本金", name_en="equal principal", day_counts=_ALL),
        Method.INTEREST_FIRST: MethodParameters(name_zh="先息后本", name_en="interest first", day_counts=_ALL),
        Method.EQUAL_INTEREST: MethodParameters(
            name_zh="等本等息", name_en="equal principal and flat interest", day_counts=_ALL
        ),
        Method.DAILY_REVOLVING: MethodParameters(
            name_zh="按日计息随借随还", name_en="interest by the day, repaid at will", day_counts=_BY_DAYS
        ),
    }
)
"""Every method with its parameters."""
