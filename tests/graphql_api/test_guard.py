"""The gate: one request id, one log line, one count, the same headers, and the whole body or none of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from graphql_api.guard import HEADERS, Guard
from graphql_api.metrics import Metrics

BODY_MAX = 8
Headers = list[tuple[bytes, bytes]]
TOLD = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}


@dataclass
class Inner:
    """An application that notes what it is given."""

    status: int = 200
    raises: bool = False
    bodies: list[bytes] = field(default_factory=list)
    later: list[object] = field(default_factory=list)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        if scope["type"] != "http":
            self.later.append(scope["type"])
            return
        message = await receive()
        assert not message["more_body"], "the body comes whole"
        self.bodies.append(message["body"])
        if self.raises:
            raise RuntimeError("inside")
        trace = scope["state"]["trace"]
        trace.actor, trace.kind, trace.operation = "lin", "query", "Ask"
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"ok"})
        self.later.append(await receive())


@dataclass
class Gate:
    """A gate before an application, and what came out of it."""

    inner: Inner = field(default_factory=Inner)
    metrics: Metrics = field(default_factory=Metrics)
    hosts: tuple[str, ...] = ()
    sent: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, *messages: dict[str, Any], headers: Headers | None = None, waits: bool = False) -> int:
        """Send one request and return its status."""
        guard = Guard(app=self.inner, metrics=self.metrics, body_max=BODY_MAX, seconds=0.05, hosts=self.hosts)
        waiting = list(messages or [TOLD])

        async def receive() -> dict[str, Any]:
            if not waiting and waits:
                await asyncio.sleep(5)
            return waiting.pop(0) if waiting else GONE

        async def send(message: Any) -> None:  # noqa: ANN401 - ASGI
            self.sent.append(message)

        scope = {"type": "http", "method": "POST", "headers": headers or []}
        asyncio.run(guard(scope, receive, send))
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def code(self) -> str:
        return str(json.loads(self.sent[1]["body"])["errors"][0]["extensions"]["code"])


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_the_body_arrives_whole_and_what_comes_later_comes_later() -> None:
    gate = Gate()
    assert gate.ask(part(b"ab"), part(b""), part(b"cd"), part(b"", more=False)) == 200
    assert gate.inner.bodies == [b"abcd"]
    assert gate.inner.later == [GONE]


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([part(b"x" * BODY_MAX, more=False)], 200, ""),
        ([part(b"x" * BODY_MAX), part(b"y", more=False)], 413, "LIMIT_BODY"),
        ([part(b"x" * (BODY_MAX + 1), more=False)], 413, "LIMIT_BODY"),
        ([part(b"x"), GONE], 400, "BAD_REQUEST"),
    ],
)
def test_a_body_has_a_largest_size_and_an_end(parts: list[dict[str, Any]], status: int, code: str) -> None:
    gate = Gate()
    assert gate.ask(*parts) == status
    assert (gate.code if code else "") == code
    assert len(gate.inner.bodies) == (status == 200)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    gate = Gate()
    assert gate.ask(part(b"x"), waits=True) == 408
    assert (gate.code, gate.headers[b"connection"]) == ("TIMEOUT", b"close")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"content-length", b"8")], 200),
        ([(b"content-length", b"9")], 413),
        ([(b"content-length", b"9999999999999")], 400),
        ([(b"content-length", b"+1")], 400),
        ([(b"content-length", b"")], 400),
        ([(b"content-length", b"1"), (b"content-length", b"1")], 400),
        ([(b"content-length", b"1"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"transfer-encoding", b"chunked")], 200),
        ([(b"host", b"a.example"), (b"host", b"b.example")], 400),
    ],
)
def test_what_the_headers_say_of_the_body_is_one_thing(headers: Headers, status: int) -> None:
    gate = Gate()
    assert gate.ask(headers=headers) == status
    assert len(gate.inner.bodies) == (status == 200)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        (b"books.example", 200),
        (b"BOOKS.example:8000", 200),
        (b"[::1]:8000", 200),
        (b"[::1]", 200),
        (b"evil.example", 421),
        (b"books.example.evil", 421),
        (b"::1", 421),
        (b"", 421),
        (None, 421),
    ],
)
def test_the_server_answers_to_its_names(host: bytes | None, status: int) -> None:
    gate = Gate(hosts=("books.example", "[::1]"))
    assert gate.ask(headers=[] if host is None else [(b"host", host)]) == status
    assert gate.headers[b"x-content-type-options"] == b"nosniff"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (b"order-12345", True),
        (b"a" * 64, True),
        (b"a" * 65, False),
        (b"short", False),
        (b"bad id 12345", False),
        (b"line\r\nbreak", False),
        ("请求编号一二三四".encode(), False),
    ],
)
def test_a_request_has_one_id_and_a_strange_one_is_replaced(
    given: bytes, kept: bool, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    with caplog.at_level(logging.INFO, "zhudai.access"):
        gate.ask(headers=[(b"x-request-id", given)])
    answered = gate.headers[b"x-request-id"]
    assert (answered == given) is kept
    assert [vars(record)["request_id"] for record in caplog.records] == [answered.decode()]


def test_one_request_is_one_line_and_one_count(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(Inner(status=404))
    with caplog.at_level(logging.INFO, "zhudai.access"):
        gate.ask()
    (line,) = [vars(record) for record in caplog.records]
    known = {name: line[name] for name in ("actor", "kind", "operation", "method", "status")}
    assert known == {"actor": "lin", "kind": "query", "operation": "Ask", "method": "POST", "status": 404}
    assert dict(gate.metrics.requests) == {("query", "404"): 1}


def test_every_answer_has_the_headers_and_keeps_its_own() -> None:
    for gate, headers in ((Gate(), None), (Gate(), [(b"content-length", b"9")])):
        gate.ask(headers=headers)
        for name, value in HEADERS:
            assert gate.headers[name] == value
    ordinary = Gate()
    ordinary.ask()
    assert ordinary.headers[b"x-own"] == b"1"


def test_an_application_that_fails_is_counted_as_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    gate = Gate(Inner(raises=True))
    with caplog.at_level(logging.INFO, "zhudai.access"), pytest.raises(RuntimeError):
        gate.ask()
    assert dict(gate.metrics.requests) == {("other", "500"): 1}
    assert [vars(record)["status"] for record in caplog.records] == [500]


def test_what_is_no_request_passes() -> None:
    inner = Inner()

    async def nothing(*_: object) -> Any:  # noqa: ANN401 - ASGI
        raise AssertionError("nobody speaks")

    guard = Guard(app=inner, metrics=Metrics(), body_max=BODY_MAX)
    asyncio.run(guard({"type": "lifespan"}, nothing, nothing))
    assert inner.later == ["lifespan"]
