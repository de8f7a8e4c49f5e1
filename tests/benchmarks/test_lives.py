"""The measures of positions compare two sides that did something; how fast they are is not a test's business."""

import pytest

from benchmarks import lives
from benchmarks.measures import Size
from postgres.database import Database


@pytest.mark.parametrize("name", lives.MEASURES)
def test_a_measure_compares_two_sides(db: Database, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lives, "LONG", 35)
    monkeypatch.setattr(lives, "SHORT", 8)
    found = lives.MEASURES[name](db, db, Size(seconds=0.1, rounds=1))
    assert found.ours > 0
    assert found.peer > 0
