"""Who asks, under which key, and when we learned it: the words that every use case shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """The envelope of one request to change something.

    `actor` names the person or machine that is responsible, `key` is its idempotency key (the same key with the same
    content is the same command, for ever), `received_at` is the aware UTC instant at which the edge took it in.
    """

    actor: str
    key: str
    received_at: datetime

    def __post_init__(self) -> None:
        """Assert what the edge has already promised: names are present and the instant is UTC."""
        assert self.actor, "a command has an actor"
        assert self.key, "a command has an idempotency key"
        assert self.received_at.utcoffset() == timedelta(0), "received_at is an aware UTC instant"

    def step(self, suffix: str) -> Command:
        """Return the command of a step inside this one, with a key derived from this key."""
        return Command(actor=self.actor, key=f"{self.key}/{suffix}", received_at=self.received_at)


class Transactions(Protocol):
    """Something that runs a function in a transaction of its own and commits when it returns.

    Code that must do several transactions (send a payment between two of them, say) takes this instead of a connection.
    """

    def run(self, fn: Callable[[Connection], T], /) -> T:
        """Run `fn` in one transaction, commit, and return its result; `fn` may be run again after a conflict."""
