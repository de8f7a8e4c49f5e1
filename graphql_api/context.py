"""What a resolver may know about the request it serves: who asks, in which language, and one view of the database."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from domain.command import Command

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from graphql_api.auth import Viewer

T = TypeVar("T")


class Store(Protocol):
    """The database as the edge sees it: one snapshot for a question, one transaction for a command."""

    def snapshot(self) -> AbstractContextManager[Connection]:
        """Open one repeatable, read-only view."""

    def run(self, fn: Callable[[Connection], T], /) -> T:
        """Run a function in one transaction, commit, and try again after a conflict."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One request while it is answered; used by one thread."""

    viewer: Viewer
    locale: str
    request_id: str
    received_at: datetime
    store: Store
    cursor_key: bytes
    house: object = None
    """What the composition root hands to the resolvers; typed where it is used."""
    loaders: dict[object, object] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _conn: Connection | None = None

    @property
    def conn(self) -> Connection:
        """The snapshot of this operation, opened when the first field needs it."""
        if self._conn is None:
            self._conn = self._open.enter_context(self.store.snapshot())
        return self._conn

    def renew(self) -> None:
        """Forget the snapshot and what was read in it: a command is about to change what is read next."""
        self._open.close()
        self._conn = None
        self.loaders.clear()

    def close(self) -> None:
        """Give the snapshot back."""
        self.renew()

    def command(self, key: str) -> Command:
        """The envelope of a command that this viewer gives."""
        return Command(actor=self.viewer.subject, key=key, received_at=self.received_at)
