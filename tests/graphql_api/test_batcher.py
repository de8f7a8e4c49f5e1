"""Commands that wait together commit together; each gets its own answer, and one bad command harms only itself."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from graphql_api.batcher import Batcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from postgres.database import Database


def transactions_of(conn: Connection, requests: Sequence[int]) -> list[tuple[int, int]]:
    """Answer each request with itself and the number of the transaction that did it."""
    conn.execute(text("SELECT pg_sleep(0.02)"))
    number = conn.execute(text("SELECT pg_current_xact_id()::text::bigint")).scalar_one()
    if 13 in requests:
        conn.execute(text("SELECT 1/0"))
    return [(one, number) for one in requests]


def test_commands_that_wait_together_share_a_transaction(db: Database) -> None:
    batcher = Batcher(db, transactions_of)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(batcher.submit, range(100, 148)))
    assert [one for one, _ in answers] == list(range(100, 148))
    assert len({number for _, number in answers}) <= 12


def never(*_: object) -> None:
    raise AssertionError("waited for company")


def test_a_lone_command_does_not_wait_for_company(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    batcher = Batcher(db, transactions_of)
    monkeypatch.setattr(batcher, "_gather", never)
    assert [batcher.submit(number)[0] for number in (1, 2)] == [1, 2]


def test_a_bad_command_fails_alone(db: Database) -> None:
    batcher = Batcher(db, transactions_of)
    failed: list[int] = []

    def one(number: int) -> int | None:
        try:
            return batcher.submit(number)[0]
        except DBAPIError:
            failed.append(number)
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8, 20)))
    assert failed == [13]
    assert [answer for answer in answers if answer is not None] == [number for number in range(8, 20) if number != 13]
    assert batcher.submit(5)[0] == 5, "the queue goes on"


def test_a_batch_has_a_largest_size(db: Database) -> None:
    sizes: list[int] = []
    entered = threading.Event()

    def counted(conn: Connection, requests: Sequence[int]) -> Sequence[int]:
        sizes.append(len(requests))
        entered.set()
        conn.execute(text("SELECT pg_sleep(0.05)"))
        return requests

    batcher = Batcher(db, counted, most=3)
    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(batcher.submit, range(10))) == list(range(10))
    assert max(sizes) <= 3
    assert sum(sizes) == 10


def test_many_commands_of_one_caller_are_one_transaction(db: Database) -> None:
    batcher = Batcher(db, transactions_of)
    assert len({number for _, number in batcher.submit_all([1, 2, 3])}) == 1
    with pytest.raises(DBAPIError, match="division by zero"):
        batcher.submit_all([1, 13])
