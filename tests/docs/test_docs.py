"""What the documents say holds: links lead somewhere, terms are unique and live where they say, queries are valid."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_every_guide_and_concept_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for page in (*(ROOT / "docs" / "guides").glob("*.md"), *(ROOT / "docs" / "concepts").glob("*.md")):
        assert page.relative_to(ROOT).as_posix() in readme, page.name


def test_every_query_in_the_documents_is_valid() -> None:
    schema = build_schema((ROOT / "graphql_api" / "schema.graphql").read_text(encoding="utf-8"))
    found = [
        query
        for page in PAGES
        for query in re.findall(r"```graphql[^\n]*\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    ]
    assert found
    for query in found:
        assert validate(schema, parse(query)) == []


def test_decisions_are_numbered_once() -> None:
    numbers = [page.name[:4] for page in (ROOT / "docs" / "decisions").glob("*.md") if page.name != "README.md"]
    assert all(number.isdecimal() for number in numbers)
    assert len(numbers) == len(set(numbers))


def test_the_index_of_decisions_has_each_with_its_title() -> None:
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    pages = [page for page in sorted((ROOT / "docs" / "decisions").glob("*.md")) if page.name != "README.md"]
    titles = [page.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for page in pages]
    assert [f"- [{title}]({page.name})" for page, title in zip(pages, titles, strict=True)] == [
        line for line in index.splitlines() if line.startswith("- ")
    ]


def test_every_target_of_the_makefile_is_in_its_help_and_runs_a_command_that_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert targets is not None
    told = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(targets[1].split()) == told
    assert set(re.findall(r"\$\(ZHUDAI\) ([a-z-]+)", makefile)) <= set(COMMANDS)
