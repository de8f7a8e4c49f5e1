"""Every block of the guides is run, and what it shows is what comes out.

Each page has a copy of a small demonstration, made by the command that the pages name (`demo --loans 40 --days 60`).
Its commands run in a directory that looks like the repository's, its questions are asked of the whole application.
README's question is of the whole year: tests/outside asks it, where a year has been lived.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.demonstration import World
from tests.docs.desk import SHELL, Desk
from tests.docs.page import LANGUAGES, REFUSAL, Block, agrees, answers, blocks, commands

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *GUIDES]
NOT_RUN_MAX = 3
"""Blocks of a page that only people read."""


@pytest.fixture
def desk(
    two_months: World,
    copies: Callable[[str], AbstractContextManager[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    """A copy of the world, for one page to do with as it likes."""
    shutil.copytree(two_months.home / ".data", tmp_path / ".data")
    (tmp_path / "seed").symlink_to(ROOT / "seed")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in (("zhudai", "-m cli"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (programs / name).chmod(0o755)
    with copies(two_months.database) as url:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DATABASE_URL", url)
        path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
        yield Desk(tmp_path, url, {"DATABASE_URL": url, "PATH": path, "PYTHONPATH": str(ROOT)})


@pytest.mark.slow
@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_every_block_runs_and_shows_what_comes_out(page: Path, desk: Desk) -> None:
    asked: dict[str, Any] | None = None
    for block in blocks(page.read_text(encoding="utf-8")):
        where = f"{page.name}:{block.line}"
        if block.reason is None and block.language == "graphql":
            asked = desk.ask(block.body, block.argument or "accountant")
            assert "errors" not in asked or block.argument, f"{where}: {asked}"
        elif block.reason is None and block.language == "json":
            wanted = json.loads(block.body)
            assert asked is None or answers(asked, wanted), f"{where}: {json.dumps(asked, ensure_ascii=False)}"
            asked = None
        elif block.reason is None:
            _work(desk, block, where)


def _work(desk: Desk, block: Block, where: str) -> None:
    if block.language == "sh":
        lines = block.body.strip().splitlines()
        alone = all(line.startswith("zhudai ") and not SHELL & set(line) for line in lines)
        for line in lines if alone else [block.body]:
            ended, printed = desk.run(line)
            assert ended == 0, f"{where}: {line}\n{printed}"
    elif block.language == "console":
        for one in commands(block.body):
            ended, printed = desk.run(one.command)
            assert agrees(printed, one.printed), f"{where}: $ {one.command}\n{printed}"
            refused = REFUSAL.match(one.printed.rstrip().rpartition("\n")[2])
            assert ended == (1 if refused else 0), f"{where}: $ {one.command} ended with {ended}"
    elif block.language == "python":
        exec(compile(block.body, where, "exec"), desk.names)  # noqa: S102 - a block of our own page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_left_out_silently(page: Path) -> None:
    found = list(blocks(page.read_text(encoding="utf-8")))
    assert page.read_text(encoding="utf-8").count("\n```") + page.read_text(encoding="utf-8").startswith(
        "```"
    ) == 2 * len(found), "a fence that is not read"
    assert {one.language for one in found} <= LANGUAGES
    assert sum(one.reason is not None for one in found) <= NOT_RUN_MAX
