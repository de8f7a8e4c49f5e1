"""How good a scorer is: order (AUC, KS), calibration (ECE against its own noise floor) and level (mean PD / bad rate).

An ECE is read against what a perfectly calibrated scorer would show on the same predictions by chance alone: labels are
drawn from the predictions, many times, by a seeded generator; the p-value is the share of draws that look as bad.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

BINS = 10
DRAWS = 300
PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Figures of one set of predictions, to four places."""

    rows: int
    bad_rate: Decimal
    mean_probability: Decimal
    auc: Decimal
    ks: Decimal
    ece: Decimal
    ece_floor: Decimal
    """95 % of perfectly calibrated scorers of these predictions show less."""
    ece_p_value: Decimal
    log_loss: Decimal

    def document(self) -> dict[str, str | int]:
        """The figures as JSON: decimals are strings."""
        return {
            "rows": self.rows,
            "bad_rate": str(self.bad_rate),
            "mean_probability": str(self.mean_probability),
            "auc": str(self.auc),
            "ks": str(self.ks),
            "ece": str(self.ece),
            "ece_floor": str(self.ece_floor),
            "ece_p_value": str(self.ece_p_value),
            "log_loss": str(self.log_loss),
        }


def measured(bad: Sequence[bool], probabilities: Sequence[float], *, seed: int) -> Metrics:
    """Return the figures of predictions against what happened; `seed` draws the noise floor."""
    labels, predicted = np.asarray(bad, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    observed = ece(labels, predicted)
    generator = np.random.default_rng(seed)
    drawn = (np.less(generator.random(len(predicted)), predicted).astype(np.float64) for _ in range(DRAWS))
    draws = np.asarray([ece(ended, predicted) for ended in drawn])
    clipped = np.clip(predicted, 1e-15, 1 - 1e-15)
    loss = -float(np.mean(labels * np.log(clipped) + (1 - labels) * np.log(1 - clipped)))
    return Metrics(
        rows=len(labels),
        bad_rate=_figure(float(labels.mean())),
        mean_probability=_figure(float(predicted.mean())),
        auc=_figure(auc(labels, predicted)),
        ks=_figure(ks(labels, predicted)),
        ece=_figure(observed),
        ece_floor=_figure(float(np.quantile(draws, 0.95))),
        ece_p_value=_figure(float((draws >= observed).mean())),
        log_loss=_figure(loss),
    )


def auc(labels: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Chance that a bad loan is predicted above a good one; ties count half (Mann-Whitney)."""
    _, inverse, counts = np.unique(predicted, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2.0)[inverse]
    bads = float(labels.sum())
    goods = len(labels) - bads
    return float((ranks[labels == 1].sum() - bads * (bads + 1) / 2) / (bads * goods))


def ks(labels: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Greatest distance between the cumulative shares of bad and of good loans (Kolmogorov-Smirnov)."""
    order = np.argsort(predicted, kind="stable")
    ended = labels[order]
    distance = np.abs(np.cumsum(ended) / ended.sum() - np.cumsum(1 - ended) / (1 - ended).sum())
    last_of_tie = np.append(np.diff(predicted[order]) != 0, True)
    return float(distance[last_of_tie].max())


def ece(labels: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Expected calibration error: |bad rate - mean probability| over ten bins of equal count, weighted by count."""
    order = np.argsort(predicted, kind="stable")
    parts = zip(np.array_split(labels[order], BINS), np.array_split(predicted[order], BINS), strict=True)
    return float(sum(abs(float(ended.sum()) - float(said.sum())) for ended, said in parts) / len(labels))


def _figure(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(PLACES)
