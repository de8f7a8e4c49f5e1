"""Traces for whoever runs the house: spans of requests, operations, commands and steps of a close, sent as OTLP.

    OTEL_EXPORTER_OTLP_ENDPOINT      where a collector takes OTLP over HTTP; absent: nothing is traced
    OTEL_EXPORTER_OTLP_HEADERS       name=value,… for that collector
    OTEL_EXPORTER_OTLP_TIMEOUT       milliseconds that it may take
    OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES       who we are; the name is zhudai when nothing is said
    OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG      which traces are kept; every one when nothing is said
    OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER           true, and none: nothing is traced

The names and the wire (OTLP 1.x, JSON) are OpenTelemetry's; …_TRACES_… forms of the first three come before the plain
ones. A span has attributes from a closed list, so that no person is ever in one. Sending is a thread's business: what a
collector does not take is dropped and logged, and nobody waits for it. Metrics are at `/metrics`.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from re import compile as pattern
from threading import Event, Thread
from types import MappingProxyType
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from domain.watch import Tell, Watch, unwatched

ATTRIBUTES: Final = MappingProxyType(
    {
        "method": "http.request.method",
        "status": "http.response.status_code",
        "kind": "zhudai.request.kind",
        "request_id": "zhudai.request.id",
        "operation_type": "graphql.operation.type",
        "field": "graphql.field",
        "exit_code": "process.exit.code",
        "error": "error.type",
        "business_date": "zhudai.business_date",
        "chunk": "zhudai.chunk",
        "loans": "zhudai.loans",
        "entries": "zhudai.entries",
    }
)
"""Every fact that a span may hold, and its name on the wire."""
BATCH: Final = 512
"""Spans of one message."""
WAITING_MAX: Final = 2048
"""Spans that wait to be sent; while a collector is away the oldest go."""
PAUSE: Final = 5.0
"""Seconds between two messages."""
_SERVER_FAULT: Final = 500
_INTERNAL, _SERVER = 1, 2
"""Kinds of spans."""
_PARENT: Final = pattern(
    r"[0-9a-f]{2}-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})"
)
_LOG: Final = logging.getLogger("zhudai.telemetry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collector:
    """Where spans go, and which."""

    url: SplitResult
    headers: Mapping[str, str] = field(repr=False)
    seconds: float
    resource: Mapping[str, str]
    ratio: float
    """Share of the traces begun here that are kept."""
    follows_parent: bool
    """Whether the program that called us has decided for its traces."""


@dataclass(frozen=True, slots=True)
class _Place:
    """The span that is open: its trace, its own number, and whether it is kept."""

    trace: str
    span: str
    is_kept: bool


_open: ContextVar[_Place | None] = ContextVar("span", default=None)
_watching: ContextVar[Watch] = ContextVar("watch", default=unwatched)


def collector(environ: Mapping[str, str]) -> Collector | None:
    """The collector that an environment names, or None when nothing is to be traced."""

    def said(name: str) -> str:
        return environ.get(f"OTEL_EXPORTER_OTLP_TRACES_{name}") or environ.get(f"OTEL_EXPORTER_OTLP_{name}") or ""

    whole = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    base = environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    url = urlsplit(whole or (f"{base.rstrip('/')}/v1/traces" if base else ""))
    is_off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    if is_off or url.scheme not in {"http", "https"} or url.hostname is None:
        return None
    sampler = environ.get("OTEL_TRACES_SAMPLER") or "parentbased_always_on"
    follows, how = sampler.startswith("parentbased_"), sampler.removeprefix("parentbased_")
    milliseconds = said("TIMEOUT")
    return Collector(
        url=url,
        headers=_pairs(said("HEADERS")),
        seconds=int(milliseconds) / 1000 if milliseconds.isdecimal() else 10.0,
        resource={
            "service.name": "zhudai",
            **_pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", "")),
            **({"service.name": name} if (name := environ.get("OTEL_SERVICE_NAME")) else {}),
        },
        ratio={"always_off": 0.0, "traceidratio": _ratio(environ.get("OTEL_TRACES_SAMPLER_ARG", ""))}.get(how, 1.0),
        follows_parent=follows,
    )


@contextmanager
def tracing(environ: Mapping[str, str] = os.environ) -> Iterator[None]:
    """Trace what is done while the block lasts, if the environment names a collector."""
    found = collector(environ)
    if found is None:
        yield
        return
    tracer = Tracer(found)
    before = _watching.set(tracer)
    try:
        yield
    finally:
        _watching.reset(before)
        tracer.close()


def watching() -> Watch:
    """Who looks on now."""
    return _watching.get()


class Tracer:
    """Makes spans of what it watches, and sends them."""

    def __init__(self, to: Collector) -> None:
        """Begin; nothing is sent before there is something."""
        self._to = to
        self._waiting: deque[dict[str, object]] = deque(maxlen=WAITING_MAX)
        self._stop = Event()
        self._thread = Thread(target=self._work, name="telemetry", daemon=True)
        self._thread.start()

    @contextmanager
    def __call__(self, name: str, /, **facts: str | int) -> Iterator[Tell]:
        """Look on: a span under the one that is open here, or under the other program's."""
        caller = facts.pop("traceparent", None)
        place, parent = self._placed(str(caller))
        told: dict[str, str | int] = {"name": name, **facts}
        began = time.time_ns()
        opened = _open.set(place)
        try:
            yield told.update
        except BaseException as error:
            told.setdefault("error", type(error).__name__)
            raise
        finally:
            _open.reset(opened)
            if place.is_kept:
                kind = _INTERNAL if caller is None else _SERVER
                self._waiting.append(_span(place, parent, told, kind=kind, began=began, ended=time.time_ns()))

    def close(self) -> None:
        """Send what waits, and end."""
        self._stop.set()
        self._thread.join(self._to.seconds + 1)

    def _placed(self, traceparent: str) -> tuple[_Place, str]:
        """The place of a new span, and the number of the one above it."""
        above, span = _open.get(), secrets.token_hex(8)
        if above is not None:
            return _Place(above.trace, span, above.is_kept), above.span
        known = _PARENT.fullmatch(traceparent)
        trace = known["trace"] if known else secrets.token_hex(16)
        is_kept = int(trace[16:], 16) < self._to.ratio * 2**64
        if known and self._to.follows_parent:
            is_kept = int(known["flags"], 16) & 1 == 1
        return _Place(trace, span, is_kept), known["span"] if known else ""

    def _work(self) -> None:
        while not self._stop.wait(PAUSE):
            self._send()
        self._send()

    def _send(self) -> None:
        while self._waiting:
            spans = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                status = _posted(self._to, spans)
            except (OSError, HTTPException) as why:
                _LOG.warning("spans were not delivered", extra={"spans": len(spans), "error": type(why).__name__})
                return
            if status >= 300:  # noqa: PLR2004 - where HTTP's successes end
                _LOG.warning("spans were not taken", extra={"spans": len(spans), "status": status})


def _posted(to: Collector, spans: Sequence[Mapping[str, object]]) -> int:
    """Send spans and return the collector's status."""
    resource = {"attributes": [_attribute(name, value) for name, value in to.resource.items()]}
    scope = {"scope": {"name": "zhudai"}, "spans": spans}
    body = json.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [scope]}]}).encode()
    kind = HTTPSConnection if to.url.scheme == "https" else HTTPConnection
    connection = kind(to.url.hostname or "", to.url.port, timeout=to.seconds)
    try:
        path = to.url.path + (f"?{to.url.query}" if to.url.query else "")
        connection.request("POST", path, body, {"content-type": "application/json", **to.headers})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


def _span(
    place: _Place, parent: str, told: Mapping[str, str | int], *, kind: int, began: int, ended: int
) -> dict[str, object]:
    """A span as OTLP writes it in JSON: numbers of 64 bits as texts, ids in hexadecimal."""
    status = told.get("status")
    failed = "error" in told or (isinstance(status, int) and status >= _SERVER_FAULT)
    return {
        "traceId": place.trace,
        "spanId": place.span,
        **({"parentSpanId": parent} if parent else {}),
        "name": told["name"],
        "kind": kind,
        "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(ended),
        "attributes": [_attribute(ATTRIBUTES[name], value) for name, value in told.items() if name != "name"],
        "status": {"code": 2} if failed else {},
    }


def _attribute(name: str, value: str | int) -> dict[str, object]:
    written = {"stringValue": value} if isinstance(value, str) else {"intValue": str(value)}
    return {"key": name, "value": written}


def _pairs(written: str) -> dict[str, str]:
    """Pairs like `name=value,name=value`, with values as in a URL."""
    split = (one.partition("=") for one in written.split(",") if "=" in one)
    return {name.strip(): unquote(value.strip()) for name, _, value in split}


def _ratio(written: str) -> float:
    try:
        return min(1.0, max(0.0, float(written)))
    except ValueError:
        return 1.0
