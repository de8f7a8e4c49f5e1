import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.scorecard import STANDARD, Scale, probability


@pytest.mark.parametrize(
    ("odds_good", "score"),
    [(30, 600), (60, 620), (15, 580), (120, 640), (1, 502), (50, 615)],
)
def test_points_of_odds(odds_good: int, score: int) -> None:
    assert STANDARD.score(-math.log(odds_good)) == score


def test_factor_and_offset_of_the_reference() -> None:
    assert STANDARD.factor == pytest.approx(28.853901, abs=1e-6)
    assert STANDARD.offset == pytest.approx(501.862188, abs=1e-6)


@pytest.mark.parametrize(
    ("pd", "score"), [("0.005", 640), ("0.01", 620), ("0.02", 599), ("0.05", 572), ("0.10", 551), ("0.20", 527)]
)
def test_scores_of_the_market_scale(pd: str, score: int) -> None:
    value = float(pd)
    assert Scale(base_odds=50).score(math.log(value / (1 - value))) == score


@given(st.floats(-800, 800), st.floats(-800, 800))
def test_more_risk_is_never_more_points(low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert STANDARD.score(low) >= STANDARD.score(high)
    assert probability(low) <= probability(high)


@pytest.mark.parametrize(
    ("raw", "pd"),
    [(0.0, "0.5000000000"), (-800.0, "0.0000000000"), (800.0, "1.0000000000"), (-3.4011973817, "0.0322580645")],
)
def test_probability(raw: float, pd: str) -> None:
    assert probability(raw) == Decimal(pd)
