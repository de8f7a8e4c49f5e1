"""The ledger has never heard of the business above it, not even in a comment."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = re.compile(r"(?<![a-z])(loan|borrower|product|partner|score)s?(?![a-z])", re.IGNORECASE)
OTHER_MEANINGS = ("itertools.product", "arithmetic partners")  # a function of Python's; numbers that may meet in a sum
FILES = (*sorted((ROOT / "ledger").rglob("*.py")), ROOT / "migrations" / "versions" / "0001_ledger.sql")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_words_of_the_business_do_not_occur_in_the_ledger(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for phrase in OTHER_MEANINGS:
        text = text.replace(phrase, "")
    found = [f"{number}: {line.strip()}" for number, line in enumerate(text.splitlines(), 1) if WORDS.search(line)]
    assert found == []


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("loan_id bigint", True),
        ("the loan", True),
        ("LOAN", True),
        ("loans", True),
        ("sloane", False),
        ("scored", False),
    ],
)
def test_the_search_finds_whole_words_of_names_too(line: str, found: bool) -> None:
    assert (WORDS.search(line) is not None) is found
