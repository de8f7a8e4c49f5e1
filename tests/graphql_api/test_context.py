"""What one request knows: one snapshot, each thing read once for all that were met, and keys that never meet."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import SHANGHAI
from domain.command import Command
from domain.day.operations import Closed, close_day
from graphql_api.auth import ANONYMOUS, Role, Viewer
from graphql_api.context import Context
from graphql_api.faults import Fault
from graphql_api.policy import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from graphql_api.context import Store
    from graphql_api.house import House

T = TypeVar("T")
AT = datetime(2026, 3, 5, 15, 59, tzinfo=UTC)  # a minute before midnight in Shanghai
AUDITOR = Viewer(subject="lin", role=Role.AUDITOR)


@dataclass
class Views:
    """A store that counts the snapshots it has open."""

    opened: int = 0
    closed: int = 0
    seen: list[object] = field(default_factory=list)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        self.opened += 1
        self.seen.append(object())
        yield cast("Connection", self.seen[-1])
        self.closed += 1

    def run(self, fn: Callable[[Connection], T], /) -> T:
        raise AssertionError(f"no question of this file writes: {fn}")


def context(viewer: Viewer = AUDITOR, *, store: Store | None = None, at: datetime = AT) -> Context:
    return Context(
        viewer=viewer,
        locale="en",
        request_id="a-request",
        received_at=at,
        store=store or Views(),
        cursor_key=b"key",
        house=cast("House", SimpleNamespace(zone=SHANGHAI)),
    )


def test_a_question_that_reads_nothing_opens_nothing() -> None:
    store = Views()
    context(store=store).close()
    assert (store.opened, store.closed) == (0, 0)


def test_one_snapshot_serves_a_question_and_is_given_back() -> None:
    store = Views()
    one = context(store=store)
    assert one.conn is one.conn
    assert (store.opened, store.closed) == (1, 0)
    one.renew()
    assert (store.opened, store.closed) == (1, 1)
    assert one.conn is store.seen[1], "what is read after a command is read anew"
    one.close()
    assert (store.opened, store.closed) == (2, 2)


@dataclass
class Shelf:
    """A place to read from; remembers what was asked for."""

    asked: list[list[int]] = field(default_factory=list)

    def fetch(self, keys: list[int]) -> dict[int, str]:
        self.asked.append(keys)
        return {key: f"thing {key}" for key in keys if key < 100}


def test_a_thing_is_read_with_all_that_were_met_and_each_once() -> None:
    one, shelf = context(), Shelf()
    one.meet("ln", [1, 2, 2])
    assert one.load("ln", "facts", 3, shelf.fetch) == "thing 3"
    assert one.load("ln", "facts", 1, shelf.fetch) == "thing 1"
    assert shelf.asked == [[1, 2, 3]]
    one.meet("ln", [4])
    assert one.load("ln", "facts", 5, shelf.fetch) == "thing 5"
    assert shelf.asked == [[1, 2, 3], [4, 5]]
    assert one.load("ln", "events", 1, shelf.fetch) == "thing 1", "another question about the same"
    assert one.load("ap", "facts", 1, shelf.fetch) == "thing 1", "the same number of another kind"
    assert shelf.asked[2:] == [[1, 2, 4], [1]]


def test_what_is_not_there_is_asked_for_once() -> None:
    one, shelf = context(), Shelf()
    assert [one.load("ln", "facts", 100, shelf.fetch) for _ in range(3)] == [None] * 3
    assert shelf.asked == [[100]]


def test_after_a_command_nothing_is_remembered() -> None:
    one, shelf = context(), Shelf()
    one.meet("ln", [1])
    one.load("ln", "facts", 2, shelf.fetch)
    one.renew()
    one.load("ln", "facts", 2, shelf.fetch)
    assert shelf.asked == [[1, 2], [2]]


@dataclass(frozen=True)
class Rolled:
    """A store over the one connection of a test, which takes everything back."""

    conn: Connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        yield self.conn

    def run(self, fn: Callable[[Connection], T], /) -> T:
        return fn(self.conn)


def test_today_is_that_of_the_books_and_is_looked_up_again_after_a_command(conn: Connection) -> None:
    store, on = Rolled(conn), date(2026, 3, 5)
    one = context(store=store)
    assert (one.today, one.day(None), one.day(date(2020, 1, 1))) == (on, on, date(2020, 1, 1))
    assert context(store=store, at=AT + timedelta(minutes=1)).today == date(2026, 3, 6)
    assert isinstance(close_day(store, on, command=Command(actor="machine", key="close", received_at=AT)), Closed)
    assert one.today == on, "one question has one day"
    one.renew()
    assert one.today == date(2026, 3, 6), "whatever the clock says"


def test_a_cursor_is_bound_to_list_filter_and_viewer() -> None:
    def sealed(viewer: Viewer, name: str = "loans", **filters: Any) -> str:  # noqa: ANN401 - any filter
        return context(viewer).cursors(name, **filters).seal((7,))

    mine = sealed(AUDITOR, status="x")
    assert context().cursors("loans", status="x").open(mine) == (7,)
    for strange in (
        sealed(Viewer(subject="p", role=Role.PARTNER, channel_id=1), status="x"),
        sealed(AUDITOR, "cases", status="x"),
        sealed(AUDITOR),
    ):
        assert strange != mine
        with pytest.raises(Fault, match="cursor"):
            context().cursors("loans", status="x").open(strange)


@pytest.mark.parametrize("kind", [*sorted(KINDS), "Money", "Nothing"])
def test_what_a_role_may_see_is_what_the_policy_says(kind: str) -> None:
    for role in Role:
        viewer = Viewer(subject="s", role=role, channel_id=1, customer_id=1)
        assert context(viewer).may_see(kind) is (role in KINDS.get(kind, ()))
    assert not context(ANONYMOUS).may_see(kind)


NAMES = st.text("ab/%:-", min_size=1, max_size=5)
COMMANDS = st.tuples(NAMES, st.sampled_from(["repay", "post"]), st.lists(NAMES, min_size=1, max_size=2))


@given(COMMANDS, COMMANDS)
def test_keys_of_different_viewers_verbs_and_items_never_meet(
    one: tuple[str, str, list[str]], other: tuple[str, str, list[str]]
) -> None:
    keys = [
        context(Viewer(subject=subject, role=Role.ACCOUNTANT)).command(verb, *parts).key
        for subject, verb, parts in (one, other)
    ]
    assert (keys[0] == keys[1]) is (one == other)


def test_a_command_carries_who_when_and_a_key_that_reads_well() -> None:
    found = context(Viewer(subject="lin", role=Role.ACCOUNTANT)).command("repay", "2026:03-05", "7")
    assert found == Command(actor="lin", key="lin/repay/2026:03-05/7", received_at=AT)
