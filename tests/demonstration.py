"""The demonstration as the tests share it: lived through by the command that the guides name, once in a run."""

import io
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

import cli

SMALL: Final = ("--loans", "40")
"""How many of the thousand applications; the guides say so."""
SHORT: Final = ("--days", "60")
"""How much of the year the guides look at."""


@dataclass(frozen=True)
class World:
    """A demonstration that has been lived through; to be read and copied, not to be written to."""

    home: Path
    """Where it was lived: `.data` has the bank's books and the development keys."""
    database: str
    url: str


def live(world: World, arguments: Sequence[str]) -> World:
    """Live through the demonstration, or go on with it, in this process."""
    world.home.mkdir(exist_ok=True)
    with ExitStack() as stack:
        patched = stack.enter_context(pytest.MonkeyPatch.context())
        patched.chdir(world.home)
        patched.setenv("DATABASE_URL", world.url)
        printed = stack.enter_context(redirect_stdout(io.StringIO()))
        stack.enter_context(redirect_stderr(printed))
        ended = stack.enter_context(pytest.raises(SystemExit))
        cli.main(["demo", *arguments])
    assert not ended.value.code, printed.getvalue()
    return world
