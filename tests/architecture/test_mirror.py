"""Tests stand beside the house, floor for floor: each source file has a test file of its name at the same path."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("ledger", "domain", "risk", "graphql_api", "postgres", "sandbox", "seed")
ELSEWHERE = {
    "tables.py": "tests/migrations/test_drift.py",  # declarations: compared with the database, all at once
    "domain/servicing/event.py": "tests/domain/servicing/operations/test_disbursement.py",  # names of what is written
    "domain/servicing/operations/book.py": "tests/domain/servicing/operations/test_repayment.py",  # how all post
    "domain/servicing/operations/row.py": "tests/domain/servicing/operations/test_repayment.py",  # how all write
    "domain/servicing/queries/dossier.py": "tests/laws/test_living_books.py",  # what a life is told from
    "domain/servicing/queries/fact.py": "tests/domain/servicing/queries/test_position.py",  # what a position is made of
    "domain/servicing/queries/recorded.py": "tests/domain/servicing/queries/test_schedule.py",  # rows, as they stand
    "domain/servicing/queries/repayment.py": "tests/domain/servicing/queries/test_schedule.py",  # the repayment kept
    "graphql_api/house.py": "tests/graphql_api/test_batcher.py",  # the shape of the batcher, and no line of its own
    "graphql_api/types/quote.py": "tests/graphql_api/test_servicing_quotes.py",  # as the next
    "graphql_api/types/day.py": "tests/graphql_api/test_closing.py",  # fields, asked together with what fills them
    "domain/servicing/refusal.py": "tests/domain/test_refusals.py",  # every refusal of the house, one by one
    "sandbox/leash.py": "tests/sandbox/test_process.py",  # the two ends of one pipe
    "seed/office.py": "tests/journeys/test_public_doors.py",  # the office that every journey works in
    "seed/demo.py": "tests/outside/test_demo.py",  # the year, whole
    "seed/figures.py": "tests/test_cli.py",  # what the demonstration prints
}
"""File names, or paths, whose tests stand under another name, with the file that holds them."""
SOURCES = sorted(
    path.relative_to(ROOT) for floor in FLOORS for path in (ROOT / floor).rglob("*.py") if path.name != "__init__.py"
)


@pytest.mark.parametrize("source", SOURCES, ids=Path.as_posix)
def test_each_source_file_has_its_tests(source: Path) -> None:
    elsewhere = ELSEWHERE.get(source.as_posix(), ELSEWHERE.get(source.name))
    test = ROOT / (elsewhere or Path("tests") / source.parent / f"test_{source.name}")
    assert test.is_file(), f"write {test.relative_to(ROOT)}, or say in ELSEWHERE where the tests of {source} stand"
    assert "def test_" in test.read_text(encoding="utf-8") or "TestCase" in test.read_text(encoding="utf-8")
