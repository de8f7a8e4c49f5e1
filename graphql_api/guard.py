"""The gate before the application: size and time of a request, its id, its log line, and the headers of every response.

Servers in front of us wait for half a body for ever; this gate reads the whole body itself, up to a limit of bytes and
seconds, and only then lets the request in. It is plain ASGI and knows nothing of GraphQL.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from domain.watch import Watch, unwatched

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from graphql_api.metrics import Metrics

_LOG: Final = logging.getLogger("zhudai.access")
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_-]{8,64}")
_LENGTH: Final = re.compile(rb"[0-9]{1,12}")

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
)
"""Headers of every response; a page adds its own content policy."""


@dataclass(slots=True)
class Trace:
    """What is known of a request for its log line; the application fills it in."""

    request_id: str
    actor: str = "anonymous"
    kind: str = "other"
    operation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Wraps an application; `hosts` (when given) are the only names it answers to."""

    app: ASGIApp
    metrics: Metrics
    body_max: int
    seconds: float = 10.0
    hosts: Collection[str] = ()
    watch: Watch = unwatched

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or answer it at the gate."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        trace = Trace(given.decode() if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex)
        caller = headers.get(b"traceparent", b"").decode("latin-1")
        with self.watch("http", traceparent=caller, request_id=trace.request_id, method=scope["method"]) as tell:
            status = await self._passed(scope, receive, send, trace, headers)
            tell(name=f"{scope['method']} {trace.kind}", kind=trace.kind, status=status)

    async def _passed(
        self, scope: Scope, receive: Receive, send: Send, trace: Trace, headers: dict[bytes, bytes]
    ) -> int:
        """Let a request through or answer it, count it and log it; its status."""
        scope.setdefault("state", {})["trace"] = trace
        started = time.perf_counter()
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message.get("headers", ()),
                    *HEADERS,
                    (b"x-request-id", trace.request_id.encode()),
                ]
            await send(message)

        try:
            fault = self._fault(scope, headers)
            body = b"" if fault else await self._body(receive)
            if fault:
                await _answer(sent, fault)
            elif isinstance(body, int):
                await _answer(sent, body)
            else:
                await self.app(scope, _replayed(body, receive), sent)
        finally:
            seconds = time.perf_counter() - started
            self.metrics.request(trace.kind, status, seconds)
            _LOG.info(
                "request",
                extra={
                    "request_id": trace.request_id,
                    "actor": trace.actor,
                    "kind": trace.kind,
                    "operation": trace.operation,
                    "method": scope["method"],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                },
            )
        return status

    def _fault(self, scope: Scope, headers: dict[bytes, bytes]) -> int:
        """Status of a request that is refused by its headers, or 0."""
        names = [name for name, _ in scope["headers"]]
        length = headers.get(b"content-length", b"0")
        twice = any(names.count(name) > 1 for name in (b"host", b"content-length"))
        framed_twice = b"transfer-encoding" in names and b"content-length" in names
        if twice or framed_twice or not _LENGTH.fullmatch(length):
            return 400
        if self.hosts and _host(headers.get(b"host", b"")) not in self.hosts:
            return 421
        return 413 if int(length) > self.body_max else 0

    async def _body(self, receive: Receive) -> bytes | int:
        """Read the whole body, or return the status of one that is too large or too slow."""
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return 400
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > self.body_max:
                        return 413
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            return 408


def _host(value: bytes) -> str:
    """Name in a Host header, without its port."""
    name = value.decode("latin-1").lower()
    return name.rpartition("]")[0] + "]" if name.startswith("[") else name.partition(":")[0]


def _replayed(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body that was read, then what comes later."""
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_message() -> Message:
        return waiting.pop() if waiting else await receive()

    return next_message


async def _answer(send: Send, status: int) -> None:
    """Answer at the gate."""
    code = {400: "BAD_REQUEST", 408: "TIMEOUT", 413: "LIMIT_BODY", 421: "WRONG_HOST"}[status]
    message = {
        400: "The request is malformed.",
        408: "The body did not arrive in time.",
        413: "The body is too large.",
        421: "This server does not answer to that name.",
    }[status]
    body = json.dumps({"errors": [{"message": message, "extensions": {"code": code}}]}).encode()
    head = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
