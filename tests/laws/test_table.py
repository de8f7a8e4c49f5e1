"""The table of laws: every law has a test, every mark names a law, and the file says what the sources say."""

import pytest

from tests.laws.table import DOCUMENT, LAWS, by_law, document, marked


def test_every_law_has_a_test_and_every_mark_names_a_law() -> None:
    assert list(LAWS) == list(range(1, 61))
    assert sorted(by_law()) == list(LAWS)


def test_the_document_is_the_table() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(by_law()), (
        "write it anew: python -m tests.laws.table > docs/reference/laws.md"
    )


SOURCE = """
import pytest
pytestmark = [pytest.mark.slow, pytest.mark.law(9)]
@pytest.mark.law(1, 2)
@pytest.mark.slow
def test_a(): ...
@pytest.mark.law(3)
class TestB: ...
def test_c(): ...
"""


def test_marks_are_read_from_functions_classes_and_modules() -> None:
    assert list(marked(SOURCE, "t.py")) == [(9, "t.py"), (1, "t.py::test_a"), (2, "t.py::test_a"), (3, "t.py::TestB")]


@pytest.mark.parametrize(
    "source", ["@pytest.mark.law(1)\ndef helper(): ...", "@pytest.mark.law('1')\ndef test_a(): ..."]
)
def test_a_mark_that_proves_nothing_is_refused(source: str) -> None:
    with pytest.raises(AssertionError):
        list(marked(source, "t.py"))
