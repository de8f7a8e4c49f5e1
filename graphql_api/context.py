"""What a resolver may know about the request it serves: who asks, in which language, and one view of the database."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from domain.calendar import day_of
from domain.command import Command
from domain.day import queries as days
from graphql_api.policy import kinds_of
from graphql_api.relay import Cursors

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping
    from datetime import date, datetime

    from sqlalchemy import Connection

    from graphql_api.auth import Viewer
    from graphql_api.house import House

T = TypeVar("T")
K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


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
    house: House
    """What commands need besides the database."""
    met: dict[str, dict[Hashable, None]] = field(default_factory=dict)
    """Keys of each kind that this operation has come upon: what one field reads, it reads for all of them at once."""
    known: dict[object, dict[Hashable, object]] = field(default_factory=dict)
    """What was read of each kind."""
    _open: ExitStack = field(default_factory=ExitStack)
    _conn: Connection | None = None
    _today: date | None = None

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
        self._today = None
        self.met.clear()
        self.known.clear()

    def close(self) -> None:
        """Give the snapshot back."""
        self.renew()

    def meet(self, kind: str, keys: Iterable[Hashable]) -> None:
        """Remember keys that some field may ask about."""
        self.met.setdefault(kind, {}).update(dict.fromkeys(keys))

    def load(self, kind: str, what: object, key: K, fetch: Callable[[list[K]], Mapping[K, V]]) -> V | None:
        """Read a thing of a key, and with it the same thing of every other key that was met; each once."""
        known = self.known.setdefault((kind, what), {})
        if key not in known:
            keys = [one for one in {**self.met.get(kind, {}), key: None} if one not in known]
            found = fetch(cast("list[K]", keys))
            known.update({one: found.get(cast("K", one)) for one in keys})
        return cast("V | None", known[key])

    def cursors(self, field: str, **filters: object) -> Cursors:
        """Cursors of a list, bound to its filter and to what the viewer may see."""
        return Cursors.of(self.cursor_key, field=field, scope=self.viewer.scope, filters=filters)

    def may_see(self, kind: str) -> bool:
        """Tell whether things of a type exist for the viewer's role at all."""
        return self.viewer.role in kinds_of(kind)

    @property
    def calendar_day(self) -> date:
        """The day on which the request came, by the clocks of the books' time zone."""
        return day_of(self.received_at, zone=self.house.zone)

    def day(self, on: date | None) -> date:
        """The business day that is asked about: today in the books when nothing is said."""
        return self.today if on is None else on

    @property
    def today(self) -> date:
        """Today in the books: the day after the last one that was closed, whatever the calendar says."""
        if self._today is None:
            self._today = days.business_date(self.conn, today=self.calendar_day)
        return self._today

    def command(self, verb: str, *keys: str) -> Command:
        """The envelope of a command that this viewer gives, or of one item of it; no two commands share a key."""
        actor = self.viewer.subject
        key = "/".join(part.replace("%", "%25").replace("/", "%2F") for part in (actor, verb, *keys))
        return Command(actor=actor, key=key, received_at=self.received_at)
