"""The measures of schedules compare two sides that did something, and both sides found the same cash flows."""

import numpy as np
import pytest

from benchmarks.measures import Size
from benchmarks.schedules import MEASURES, _bare
from domain.servicing.bulk import annuities
from postgres.database import Database


@pytest.mark.parametrize("name", ["schedules", "quote"])
def test_a_measure_compares_two_sides(db: Database, name: str) -> None:
    found = MEASURES[name](db, db, Size(rounds=1, lines=1_000))
    assert found.ours > 0
    assert found.peer > 0


def test_both_sides_find_the_same_cash_flows() -> None:
    principal, rate = np.array([10_000_00, 123_456_78]), np.array([180_000, 72_500])
    made, bare = annuities(principal, rate, 12), _bare(principal, rate, 12)
    assert np.abs(np.stack([made.interest, made.principal]) / 100 - bare).max() < 0.015
