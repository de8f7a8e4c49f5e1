"""Work counted in function calls, which is the same on a slow machine as on a fast one."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


class Work:
    """Calls of Python functions made so far."""

    calls = 0

    def count(self, _frame: FrameType, event: str, _arg: object) -> None:
        """Take note of one event of the interpreter."""
        if event == "call":
            self.calls += 1


@contextmanager
def counted() -> Iterator[Work]:
    """Count the calls of this thread, and of every thread that starts meanwhile."""
    work = Work()
    threading.setprofile(work.count)
    sys.setprofile(work.count)
    try:
        yield work
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
