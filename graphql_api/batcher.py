"""Group commit: commands that arrive while a batch commits form the next batch, and share one transaction.

The first to come leads: it takes everything that waits, runs it in one transaction and hands out the answers; then
the next one in the queue leads. Nobody waits for a timer, so a lone command is as fast as without it, and under load a
batch grows to what arrived during one commit. After a batch of several the next leader first gives way to the callers
that come straight back, as long as looks find more of them: else the first of them would pay for a commit alone, every
other time. An unexpected error sends the commands of its batch through one by one, so a command that cannot be done
harms only itself.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from graphql_api.context import Store

Q = TypeVar("Q")
A = TypeVar("A")

BATCH_MAX = 500
"""Commands of one transaction."""
LOOKS = 5
"""How often in a row the leader gives way and finds nobody new before it goes on."""


def _taken() -> Lock:
    lock = Lock()
    lock.acquire()
    return lock


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Q, A]):
    """One command in the queue, and what came of it."""

    request: Q
    turn: Lock = field(default_factory=_taken)
    """Released when there is an answer, or the lead; a lock costs a fraction of an Event."""
    answer: A | None = None
    error: BaseException | None = None
    is_done: bool = False

    def result(self) -> A:
        """Give out the answer, or raise what went wrong with this command alone."""
        if self.error is not None:
            raise self.error
        assert self.is_done, "a command leaves the queue with an answer"
        return self.answer  # type: ignore[return-value]  # it is done, so there is one


class Batcher(Generic[Q, A]):
    """Runs `handle` over the commands that wait together."""

    def __init__(
        self, store: Store, handle: Callable[[Connection, Sequence[Q]], Sequence[A]], *, most: int = BATCH_MAX
    ) -> None:
        """Remember where commands are committed and what does them; `handle` answers each, in order."""
        self._store = store
        self._handle = handle
        self._most = most
        self._lock = Lock()
        self._queue: deque[_Waiting[Q, A]] = deque()
        self._is_led = False
        self._size = 1
        """Commands of the batch before."""

    def submit(self, request: Q) -> A:
        """Do one command, in a batch with whatever else waits."""
        one: _Waiting[Q, A] = _Waiting(request)
        with self._lock:
            self._queue.append(one)
            leads = not self._is_led
            self._is_led = True
        if not leads:
            one.turn.acquire()
        if not one.is_done:
            self._lead()
        return one.result()

    def submit_all(self, requests: Sequence[Q]) -> list[A]:
        """Do many commands of one caller in one transaction of their own; all of them, or an error."""
        return list(self._store.run(lambda conn: self._handle(conn, requests)))

    def _gather(self) -> None:
        """Give way to the callers of the batch before, who may be coming straight back, while looks find more."""
        seen = idle = 0
        while idle < LOOKS and len(self._queue) < min(self._size, self._most):
            idle = idle + 1 if len(self._queue) == seen else 0
            seen = len(self._queue)
            time.sleep(0)

    def _lead(self) -> None:
        """Do everything that waits, then pass the lead on."""
        if self._size > 1:
            self._gather()
        with self._lock:
            batch = [self._queue.popleft() for _ in range(min(len(self._queue), self._most))]
            self._size = len(batch)
        try:
            self._do(batch)
        finally:
            for one in batch:
                one.turn.release()
            with self._lock:
                heir = self._queue[0] if self._queue else None
                self._is_led = heir is not None
            if heir is not None:
                heir.turn.release()

    def _do(self, batch: Sequence[_Waiting[Q, A]]) -> None:
        """Run a batch in one transaction; after an unexpected error, each command in its own."""
        try:
            answers = self._store.run(lambda conn: self._handle(conn, [one.request for one in batch]))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to the commands that it concerns
            if len(batch) == 1:
                batch[0].error, batch[0].is_done = error, True
                return
            for one in batch:
                self._do([one])
            return
        for one, answer in zip(batch, answers, strict=True):
            one.answer, one.is_done = answer, True
