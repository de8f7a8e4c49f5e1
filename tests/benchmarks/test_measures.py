"""Every measure runs and compares two sides that did something; how fast they are is not a test's business."""

import pytest

from benchmarks.book import open_small_book
from benchmarks.measures import MEASURES, Size
from postgres.database import Database

SMALL = Size(seconds=0.2, rounds=1, lines=40_000, verified=20_000, history=600)


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_compares_two_sides(db: Database, name: str) -> None:
    owner = Database(db.url, role=None)
    db.run(open_small_book)
    try:
        found = MEASURES[name](db, owner, SMALL)
    finally:
        owner.dispose()
    assert found.ours > 0
    assert found.peer > 0
    assert found.document()["ratio"] == round(found.ours / found.peer, 3)
