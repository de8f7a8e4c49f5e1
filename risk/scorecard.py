"""Probability of default to points: 600 points at odds of 30 good to 1 bad, 20 points double the odds.

score = offset - factor x ln(PD / (1 - PD)), factor = PDO / ln 2 (Siddiqi, Credit Risk Scorecards, ch. 6).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

PROBABILITY_PLACES = Decimal("0.0000000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How odds become points."""

    base_score: int = 600
    base_odds: int = 30
    """Good loans to one bad at the base score."""
    points_to_double: int = 20

    @property
    def factor(self) -> float:
        """Points per unit of log-odds."""
        return self.points_to_double / math.log(2)

    @property
    def offset(self) -> float:
        """Points at even odds."""
        return self.base_score - self.factor * math.log(self.base_odds)

    def unrounded(self, log_odds_bad: float) -> float:
        """Points of the log-odds of turning bad."""
        return self.offset - self.factor * log_odds_bad

    def score(self, log_odds_bad: float) -> int:
        """Whole points, half to even."""
        return int(Decimal(repr(self.unrounded(log_odds_bad))).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


STANDARD = Scale()
"""600 at 30:1, 20 points double the odds."""


def probability(log_odds_bad: float) -> Decimal:
    """Return the probability of default of log-odds, to ten places, without overflow at either end."""
    if log_odds_bad >= 0:
        value = 1.0 / (1.0 + math.exp(-log_odds_bad))
    else:
        power = math.exp(log_odds_bad)
        value = power / (1.0 + power)
    return Decimal(repr(value)).quantize(PROBABILITY_PLACES, rounding=ROUND_HALF_EVEN)
