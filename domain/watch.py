"""Who looks on while something is done: a trace of the house is made of what he is told, and nothing depends on him."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Tell(Protocol):
    """Takes more facts about what is being done, when they are known."""

    def __call__(self, **facts: str | int) -> None:
        """Take facts; `name` says better what it is."""


class Watch(Protocol):
    """Looks on while a block lasts. He is told words and numbers of the house and counts, and never a person's."""

    def __call__(self, name: str, /, **facts: str | int) -> AbstractContextManager[Tell]:
        """Look on; a `traceparent` among the facts names the work of another program that this one is part of."""


def untold(**_facts: str | int) -> None:
    """Tell nobody."""


def unwatched(_name: str, /, **_facts: str | int) -> AbstractContextManager[Tell]:
    """Nobody looks on."""
    return nullcontext(untold)
