"""Every block of the guides is run, and what it shows is what comes out.

Each page has a copy of a small demonstration, made by the command that the pages name (`demo --loans 40 --days 60`).
Its commands run in a directory that looks like the repository's, its questions are asked of the whole application.
README's question is of the whole year: tests/outside asks it, where a year has been lived.
"""

import io
import json
import shutil
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

import cli
from postgres.database import Database
from tests.docs.desk import SHELL, Desk
from tests.docs.page import LANGUAGES, REFUSAL, Block, agrees, answers, blocks, commands

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
PAGES = [ROOT / "README.md", *GUIDES]
WORLD = ("demo", "--loans", "40", "--days", "60")
NOT_RUN_MAX = 3
"""Blocks of a page that only people read."""


@pytest.fixture(scope="module")
def world(module_db: Database, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a small demonstration that has been lived through, whose database the pages copy."""
    home = tmp_path_factory.mktemp("world")
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.chdir(home)
        patched.setenv("DATABASE_URL", module_db.url)
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()), pytest.raises(SystemExit) as ended:
            cli.main(WORLD)
    assert not ended.value.code
    module_db.dispose()
    return home


@pytest.fixture
def desk(
    world: Path, module_db: Database, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A copy of the world, for one page to do with as it likes."""
    shutil.copytree(world / ".data", tmp_path / ".data")
    (tmp_path / "seed").symlink_to(ROOT / "seed")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, arguments in (("zhudai", "-m cli"), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable} {arguments} "$@"\n')
        (programs / name).chmod(0o755)
    name = f"zt_page_{uuid.uuid4().hex[:12]}"
    source = psycopg.conninfo.conninfo_to_dict(module_db.url)["dbname"]
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(str(source)))
        )
        url = module_db.url.replace(f"/{source}", f"/{name}", 1)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("DATABASE_URL", url)
        path = f"{programs}:/usr/local/bin:/usr/bin:/bin"
        yield Desk(tmp_path, url, {"DATABASE_URL": url, "PATH": path, "PYTHONPATH": str(ROOT)})
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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
