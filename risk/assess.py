"""One application assessed: probability of default, score, and one to four reasons.

`assessor(model)` is what the composition root hands to whoever decides: facts in, an assessment out, or the faults of
the facts. There is no silent score.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from risk.contract import Facts
from risk.features import Features, build
from risk.model import Model, scored
from risk.reasons import Reason, from_points
from risk.scorecard import STANDARD, Scale, probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What the model says about one application."""

    probability_of_default: Decimal
    score: int
    reasons: tuple[Reason, ...]
    """What cost the most points, the heaviest first."""
    model_hash: str
    contract_hash: str
    base_points: float
    """Points of the average application of the training data: base + the sum of `points` = unrounded score."""
    points: tuple[tuple[str, float], ...]
    """Points that each place of the vector gave (or cost)."""


Assessor: TypeAlias = Callable[[Facts], Assessment | tuple[Reason, ...]]
"""Facts to an assessment, or to every fault of the facts."""


def assess(features: Features, model: Model, *, scale: Scale = STANDARD) -> Assessment:
    """Return the assessment of one checked vector."""
    result = scored(model, features)
    points = {name: -scale.factor * part for name, part in result.parts}
    return Assessment(
        probability_of_default=probability(result.raw),
        score=scale.score(result.raw),
        reasons=from_points(model.contract, features.facts, points),
        model_hash=model.sha256,
        contract_hash=model.contract.hash,
        base_points=scale.unrounded(result.base),
        points=tuple(points.items()),
    )


def assessor(model: Model, *, scale: Scale = STANDARD) -> Assessor:
    """Return the function that assesses facts with this model."""

    def assess_facts(facts: Facts, /) -> Assessment | tuple[Reason, ...]:
        features = build(model.contract, facts)
        return features if isinstance(features, tuple) else assess(features, model, scale=scale)

    return assess_facts
