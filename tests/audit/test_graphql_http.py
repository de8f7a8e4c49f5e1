"""All 61 audits of the graphql-http suite, run against the real application on a socket."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import pytest
import uvicorn

from graphql_api.http import Edge, application
from graphql_api.limits import Limits
from graphql_api.schema import executor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from graphql_api.house import House

T = TypeVar("T")
HERE = Path(__file__).parent


class Nowhere:
    """The audits ask for type names only; none of them reads."""

    def snapshot(self) -> AbstractContextManager[Connection]:
        raise AssertionError("no audit reads")

    def run(self, fn: Callable[[Connection], T], /) -> T:
        raise AssertionError(f"no audit writes: {fn}")


@pytest.fixture
def url() -> Iterator[str]:
    edge = Edge(
        executor=executor(Limits()),
        store=Nowhere(),
        house=cast("House", None),  # the minimal schema asks nobody
        token_key=b"audit",
        cursor_key=b"audit",
        development=True,
        hosts=("127.0.0.1",),
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(application(edge), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/graphql"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        if os.environ.get("CI"):
            pytest.fail("CI has node and npm: see .ci/run")
        pytest.skip("node is not installed")
    if not (HERE / "node_modules" / "graphql-http").exists():
        command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(command, cwd=HERE, check=True, capture_output=True, timeout=300)
    return found


def test_every_audit_is_ok(url: str, node: str) -> None:
    done = subprocess.run(
        [node, "audit.mjs", url], cwd=HERE, check=True, capture_output=True, timeout=60, encoding="utf-8"
    )
    results = json.loads(done.stdout)
    assert [one for one in results if one["status"] != "ok"] == []
    assert len(results) == 61


def test_the_lock_names_no_address() -> None:
    assert "resolved" not in (HERE / "package-lock.json").read_text(encoding="utf-8")
