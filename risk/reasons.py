"""Reasons in two languages: from rules, from missing or invalid data, and from what the model took points for.

A model's reason is a feature (or several that share a reason code) whose exact SHAP contribution lowers the score.
Protected features are never inputs, so they are never reasons. "The score failed" is no reason; the factors are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from risk.contract import Facts, FeatureContract, FeatureSpec, Ratio, Value

REASONS_MAX = 4
"""More than four are not likely to help the applicant."""

POINTS_PLACES = Decimal("0.000001")
MONEY_UNIT = "minor"


class Source(StrEnum):
    """Who speaks."""

    RULE = "RULE"
    MODEL = "MODEL"
    DATA = "DATA"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, with its sentence in Chinese and English."""

    code: str
    source: Source
    zh: str
    en: str
    field: str | None = None
    """The fact that it is about."""
    rule: str | None = None
    """`table/row` of the rule that speaks."""
    points: Decimal | None = None
    """Points of score that it cost (negative), when the model speaks."""


def missing(field: str, *, zh: str, en: str) -> Reason:
    """Return the reason for a fact that is not there."""
    return Reason(
        code=f"MISSING:{field}",
        source=Source.DATA,
        field=field,
        zh=f"缺少资料: {zh}",
        en=f"information is missing: {en}",
    )


def invalid(field: str, *, zh: str, en: str) -> Reason:
    """Return the reason for a fact of the wrong type, out of its range or not in its list."""
    return Reason(
        code=f"INVALID:{field}",
        source=Source.DATA,
        field=field,
        zh=f"资料无效: {zh}",
        en=f"information is not valid: {en}",
    )


def from_points(contract: FeatureContract, facts: Facts, points: Mapping[str, float]) -> tuple[Reason, ...]:
    """Return one to four reasons, the costliest first, from the points of each place of the vector.

    Places that share a reason code are summed; only sums below zero count, and the single lowest when there is none.
    `facts` gives the applicant's own values. Empty only if the contract names no reason at all.
    """
    sums: dict[str, float] = {}
    heaviest: dict[str, str] = {}
    for name, value in points.items():
        code = _place(contract, name).reason
        if code is None:
            continue
        sums[code] = sums.get(code, 0.0) + value
        if code not in heaviest or value < points[heaviest[code]]:
            heaviest[code] = name
    ranked = sorted(sums, key=lambda code: (sums[code], code))
    chosen = [code for code in ranked if sums[code] < 0][:REASONS_MAX] or ranked[:1]
    return tuple(_reason(contract, facts, code, heaviest[code], sums[code]) for code in chosen)


def _reason(contract: FeatureContract, facts: Facts, code: str, name: str, points: float) -> Reason:
    text, place = contract.reasons[code], _place(contract, name)
    zh, en = shown(place, value_of(place, facts))
    return Reason(
        code=code,
        source=Source.MODEL,
        field=name,
        zh=text.zh.format(value=zh),
        en=text.en.format(value=en),
        points=Decimal(repr(points)).quantize(POINTS_PLACES),
    )


def _place(contract: FeatureContract, name: str) -> FeatureSpec | Ratio:
    spec = contract.spec(name)
    return spec if spec is not None else next(ratio for ratio in contract.ratios if ratio.name == name)


def value_of(place: FeatureSpec | Ratio, facts: Facts) -> Value:
    """Return the applicant's value at a place of the vector: a fact, or the quotient of two."""
    if isinstance(place, FeatureSpec):
        return facts.get(place.name)
    over, under = facts.get(place.numerator), facts.get(place.denominator)
    if not isinstance(over, int | Decimal) or not isinstance(under, int | Decimal) or not under:
        return None
    return Decimal(over) / Decimal(under)


def shown(place: FeatureSpec | Ratio, value: Value) -> tuple[str, str]:
    """Return a value as a person reads it, in Chinese and English: levels by name, money with its decimals."""
    if value is None:
        return "未提供", "not given"
    if isinstance(place, FeatureSpec) and isinstance(value, str):
        level = place.level(value)
        return (value, value) if level is None else (level.zh, level.en)
    if isinstance(value, bool):
        return ("是", "yes") if value else ("否", "no")
    if place.unit == MONEY_UNIT and isinstance(value, int | Decimal):
        money = f"{Decimal(value) / 100:,.2f}"
        return money, money
    return str(value), str(value)


def principal(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """Return the at most four reasons that an applicant is told."""
    return tuple(reasons[:REASONS_MAX])
