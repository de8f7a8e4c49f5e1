"""The glossary has every word of the business once, and each in a file that is there."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = ROOT / "docs" / "concepts" / "glossary.md"
ROW = re.compile(r"^\| (?P<zh>\S+) \| (?P<en>[^|]+) \| (?P<meaning>[^|]+\.) \| `(?P<file>[^`]+)` \|$", re.MULTILINE)
TERM = re.compile(r"[\u4e00-\u9fff]{2,}")
ROWS = [match.groupdict() for match in ROW.finditer(GLOSSARY.read_text(encoding="utf-8"))]
PACKAGES = sorted(path.parent for floor in ("domain", "risk", "ledger") for path in (ROOT / floor).rglob("__init__.py"))
ENUMS = ("domain/day/step.py", "domain/origination/workflow.py", "domain/decisioning/facts.py")
"""Where a member's docstring is the business's own name for it."""


def first_term(docstring: str) -> str | None:
    """The first Chinese word of a sentence, if it has one."""
    found = TERM.search(docstring)
    return found and found.group()


def members(path: Path) -> list[str]:
    """The Chinese names of an enumeration's members: docstrings that begin with one."""
    texts = [
        node.value.value
        for owner in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(owner, ast.ClassDef) and any(ast.unparse(base) == "StrEnum" for base in owner.bases)
        for node in owner.body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return [term for text in texts if (term := first_term(text)) is not None and text.startswith(term)]


def test_every_line_of_the_table_is_a_term_with_a_sentence_and_a_file() -> None:
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    assert len(ROWS) == len(lines) - 2  # the head and its rule


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_word_means_one_thing(language: str) -> None:
    words = [row[language] for row in ROWS]
    assert sorted(words) == sorted(set(words))


def test_every_file_is_there() -> None:
    assert [row["file"] for row in ROWS if not (ROOT / row["file"]).is_file()] == []


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_package_has_words_and_its_own_chinese_name_is_one_of_them(package: Path) -> None:
    inside = str(package.relative_to(ROOT)) + "/"
    if inside != "domain/":
        assert any(row["file"].startswith(inside) for row in ROWS)
    docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8"))) or ""
    named = first_term(docstring.partition("\n")[0])
    assert named is None or named in {row["zh"] for row in ROWS}


@pytest.mark.parametrize("file", ENUMS)
def test_the_members_of_an_enumeration_are_words(file: str) -> None:
    named = members(ROOT / file)
    assert named != []
    assert [term for term in named if term not in {row["zh"] for row in ROWS}] == []


def test_a_module_whose_sentence_begins_with_a_chinese_name_is_in_the_list() -> None:
    named = {}
    for path in sorted((ROOT / "domain").rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        term = first_term(text)
        if term is not None and text.startswith(term):
            named[str(path.relative_to(ROOT))] = term
    assert named != {}
    assert {file: term for file, term in named.items() if term not in {row["zh"] for row in ROWS}} == {}
