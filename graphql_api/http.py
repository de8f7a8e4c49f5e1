"""GraphQL over HTTP, health, metrics, and the channel endpoint: one Starlette application.

It follows the GraphQL-over-HTTP draft: `application/graphql-response+json` tells the fate of a request by its status,
`application/json` is served to older clients with 200. Questions run on worker threads, one snapshot or transaction
each; the event loop only reads and writes.
"""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from starlette.applications import Starlette
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from domain.watch import Watch, unwatched
from graphql_api import auth, body
from graphql_api.auth import ANONYMOUS, Role, Viewer
from graphql_api.context import Context, Store
from graphql_api.execution import Answer, Executor, Question, unexpected
from graphql_api.faults import text
from graphql_api.guard import Guard, Trace
from graphql_api.house import House
from graphql_api.locale import preferred
from graphql_api.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection

    from starlette.requests import Request
    from starlette.types import ASGIApp

T = TypeVar("T")

RESPONSE: Final = "application/graphql-response+json"
JSON: Final = "application/json"
_DOCUMENT_ID: Final = re.compile("sha256:[0-9a-f]{64}")
_EXPLORER: Final = Path(__file__).with_name("explorer.html")
_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class ReceiveMessage(Protocol):
    """The channel module's door: a signed message in, a signed answer out."""

    def __call__(self, raw: bytes, received_at: datetime, /) -> bytes:
        """Take one message and return the bytes of its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Everything that the application needs from the composition root."""

    executor: Executor
    store: Store
    house: House
    token_key: bytes
    cursor_key: bytes
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    development: bool = False
    """Whether the explorer page and introspection are open to everybody; loopback only."""
    hosts: Collection[str] = ()
    """Names that the server answers to; empty means any (a proxy decides)."""
    dev_tokens: tuple[tuple[str, str], ...] = ()
    """Role and token of each development log-in, shown on the explorer page."""
    ready: Callable[[], bool] | None = None
    receive_message: ReceiveMessage | None = None
    workers: int = 16
    body_seconds: float = 10.0
    """Longest time that a request body may take to arrive."""
    watch: Watch = unwatched
    seconds: float = 30.0
    """Longest time that an answer may take; a close of day runs longer from the command line."""


@dataclass(slots=True)
class Work:
    """The worker threads and how much waits for them."""

    pool: ThreadPoolExecutor
    most: int
    waiting: int = 0


class Overloaded(Exception):
    """More questions wait than the workers can take."""


@dataclass(frozen=True, slots=True)
class View:
    """The endpoints over one edge."""

    edge: Edge
    work: Work
    metrics: Metrics

    async def graphql(self, request: Request) -> Response:
        """Answer one question, or show the explorer page to a browser in development."""
        trace: Trace = request.state.trace
        accept = request.headers.get("accept", "")
        browsing = request.method == "GET" and "query" not in request.query_params and "text/html" in accept
        if self.edge.development and browsing:
            return self.explorer()
        media = _negotiated(accept)
        if media is None:
            return _failed(HTTPStatus.NOT_ACCEPTABLE, "NOT_ACCEPTABLE", f"Accept {RESPONSE} or {JSON}.", JSON)
        viewer = self.viewer(request)
        if viewer is None:
            refused = _failed(HTTPStatus.UNAUTHORIZED, "UNAUTHENTICATED", "The token is not valid.", media)
            refused.headers["www-authenticate"] = "Bearer"
            return refused
        trace.actor = viewer.subject
        locale = preferred(request.headers.get("accept-language", ""))
        try:
            question = await _question(request)
        except body.BodyInvalid as why:
            return _failed(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", str(why), media)
        if isinstance(question, HTTPStatus):
            return _failed(question, question.name, "Send application/json in UTF-8.", media)
        try:
            answer = await self.answered(question, viewer, locale, trace)
        except (TimeoutError, Overloaded) as why:
            code = "TIMEOUT" if isinstance(why, TimeoutError) else "OVERLOADED"
            busy = _failed(HTTPStatus.SERVICE_UNAVAILABLE, code, text(code, locale, {}), media)
            busy.headers["retry-after"] = "1"
            return busy
        self._counted(answer, trace)
        status = answer.status
        if media == JSON and status == HTTPStatus.BAD_REQUEST:
            status = HTTPStatus.OK  # older clients read the errors, not the status
        extra = {"allow": "POST"} if status == HTTPStatus.METHOD_NOT_ALLOWED else {}
        return _json(answer.payload, status, media, extra)

    async def answered(self, question: Question, viewer: Viewer, locale: str, trace: Trace) -> Answer:
        """Run a question on a worker, within the time and the queue that there are."""
        edge = self.edge
        context = Context(
            viewer=viewer,
            locale=locale,
            request_id=trace.request_id,
            received_at=edge.clock(),
            store=edge.store,
            cursor_key=edge.cursor_key,
            house=edge.house,
        )
        introspection = edge.development or viewer.role is Role.ADMINISTRATOR

        def answer() -> Answer:
            with edge.watch("graphql", request_id=trace.request_id) as tell:
                found = edge.executor.answer(question, context, introspection=introspection)
                kind = found.kind or "refused"
                tell(name=f"{kind} {found.field}".strip(), operation_type=kind, field=found.field)
                return found

        return await self.worked(answer)

    async def worked(self, fn: Callable[[], T]) -> T:
        """Run a function on a worker thread."""
        if self.work.waiting >= self.work.most:
            raise Overloaded
        self.work.waiting += 1
        future = asyncio.get_running_loop().run_in_executor(self.work.pool, copy_context().run, fn)
        future.add_done_callback(self._done)
        return await asyncio.wait_for(asyncio.shield(future), self.edge.seconds)

    def _done(self, future: asyncio.Future[T]) -> None:
        """Count a finished question; the outcome of one that nobody waits for any more is only looked at."""
        self.work.waiting -= 1
        if not future.cancelled():
            future.exception()

    def _counted(self, answer: Answer, trace: Trace) -> None:
        """Put the answer into the metrics and the log line."""
        trace.kind, trace.operation = answer.kind or "refused", answer.name[:64]
        errors = answer.payload.get("errors")
        for error in errors if isinstance(errors, list) else ():
            self.metrics.error(str(error["extensions"]["code"]))

    def viewer(self, request: Request) -> Viewer | None:
        """Return who asks: nobody without a token, None when the token is not valid."""
        header = request.headers.get("authorization")
        if header is None:
            return ANONYMOUS
        token = auth.bearer(header)
        return auth.viewer(token, key=self.edge.token_key, now=self.edge.clock()) if token else None

    def explorer(self) -> Response:
        """The page on which a developer asks questions; it needs nothing from outside."""
        tokens = json.dumps(dict(self.edge.dev_tokens)).replace("<", "\\u003c")
        page = _EXPLORER.read_text(encoding="utf-8").replace("/*TOKENS*/{}", tokens)
        return Response(page, media_type="text/html", headers={"content-security-policy": _POLICY})

    async def channel(self, request: Request) -> Response:
        """Hand a signed message to the channel module and return its signed answer."""
        trace: Trace = request.state.trace
        trace.kind = "channel"
        receive = self.edge.receive_message
        assert receive is not None, "the route exists only with a receiver"
        raw = await request.body()
        at = self.edge.clock()
        try:
            answer = await self.worked(lambda: receive(raw, at))
        except (TimeoutError, Overloaded):
            return JSONResponse({"code": "OVERLOADED", "requestId": trace.request_id}, HTTPStatus.SERVICE_UNAVAILABLE)
        except Exception as error:  # noqa: BLE001 - the last door: everything unexpected is masked here
            code = unexpected(error, trace.request_id)
            return JSONResponse({"code": code, "requestId": trace.request_id}, HTTPStatus.INTERNAL_SERVER_ERROR)
        return Response(answer, media_type=JSON)

    async def live(self, request: Request) -> Response:
        """Tell that the process answers."""
        request.state.trace.kind = "health"
        return JSONResponse({"status": "live"})

    async def ready(self, request: Request) -> Response:
        """Tell whether the database answers and is fit for work."""
        request.state.trace.kind = "health"
        probe = self.edge.ready
        try:
            fit = probe is None or await self.worked(probe)
        except Exception as error:  # noqa: BLE001 - a probe that fails says "not ready", whatever the reason
            unexpected(error, request.state.trace.request_id)
            fit = False
        return JSONResponse(
            {"status": "ready" if fit else "unavailable"}, HTTPStatus.OK if fit else HTTPStatus.SERVICE_UNAVAILABLE
        )

    async def measured(self, request: Request) -> Response:
        """The metrics."""
        request.state.trace.kind = "metrics"
        return PlainTextResponse(self.metrics.text(), media_type="text/plain; version=0.0.4")


def application(edge: Edge) -> ASGIApp:
    """Build the application of an edge."""
    work = Work(ThreadPoolExecutor(edge.workers, thread_name_prefix="question"), most=edge.workers * 8)
    view = View(edge, work, Metrics())

    async def home(_request: Request) -> Response:
        return RedirectResponse("/graphql")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        work.pool.shutdown(wait=True, cancel_futures=True)

    routes = [
        Route("/graphql", view.graphql, methods=["GET", "POST"]),
        Route("/health/live", view.live),
        Route("/health/ready", view.ready),
        Route("/metrics", view.measured),
    ]
    if edge.receive_message is not None:
        routes.append(Route("/channel/v1", view.channel, methods=["POST"]))
    if edge.development:
        routes.append(Route("/", home))
    app = Starlette(routes=routes, lifespan=lifespan)
    return Guard(
        app=app,
        metrics=view.metrics,
        body_max=edge.executor.limits.body,
        seconds=edge.body_seconds,
        hosts=edge.hosts,
        watch=edge.watch,
    )


async def _question(request: Request) -> Question | HTTPStatus:
    """Read the parameters of a request, or the status of one that has another form."""
    if request.method == "GET":
        return _from_query(request.query_params)
    kind, _, rest = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != JSON or not _utf8(rest):
        return HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    value = body.read(await request.body())
    if not isinstance(value, dict):
        raise body.BodyInvalid("Send one JSON object; batches are not accepted.")
    return _parameters(value, reading=False)


def _from_query(given: QueryParams) -> Question:
    """Read the parameters of a GET request."""
    value: dict[str, object] = {}
    for name in ("query", "documentId", "operationName", "variables", "extensions"):
        written = given.get(name)
        if written is None:
            continue
        if name in {"variables", "extensions"}:
            value[name] = body.read(written.encode("utf-8", "surrogatepass")) if written else None
        else:
            value[name] = written or None
    body.check(value)
    return _parameters(value, reading=True)


def _parameters(value: dict[str, object], *, reading: bool) -> Question:
    """Check the types of the parameters."""
    query, name = value.get("query"), value.get("operationName")
    variables, extensions = value.get("variables"), value.get("extensions")
    if extensions is not None and not isinstance(extensions, dict):
        raise body.BodyInvalid("The parameter extensions is not an object.")
    sha256 = _persisted(value.get("documentId"), extensions or {})
    if not isinstance(query, str | None) or not (query or sha256):
        raise body.BodyInvalid("The parameter query is missing.")
    if name is not None and not isinstance(name, str):
        raise body.BodyInvalid("The parameter operationName is not a string.")
    if variables is not None and not isinstance(variables, dict):
        raise body.BodyInvalid("The parameter variables is not an object.")
    return Question(document=query or "", sha256=sha256, variables=variables or {}, operation=name, reading=reading)


def _persisted(document_id: object, extensions: dict[str, object]) -> str:
    """Read the hash that stands for a document: `documentId` of the draft, or what most clients send instead."""
    persisted = extensions.get("persistedQuery")
    if document_id is None and persisted is None:
        return ""
    asked = f"sha256:{persisted.get('sha256Hash')}" if isinstance(persisted, dict) else persisted
    found = asked if document_id is None else document_id
    if not isinstance(found, str) or _DOCUMENT_ID.fullmatch(found) is None:
        raise body.BodyInvalid("A persisted document is named by sha256: and 64 hexadecimal digits in lower case.")
    return found.removeprefix("sha256:")


def _utf8(parameters: str) -> bool:
    """Tell whether the parameters of a content type leave the text in UTF-8."""
    charset = next((one.strip() for one in parameters.lower().split(";") if "charset" in one), "charset=utf-8")
    return charset.partition("=")[2].strip(' "') in {"utf-8", "utf8"}


def _negotiated(accept: str) -> str | None:
    """Choose the media type: the first of ours that is accepted, JSON when nothing is said."""
    names = [one.partition(";")[0].strip().lower() for one in accept.split(",") if one.strip()]
    if not names or "*/*" in names or "application/*" in names:
        return RESPONSE if RESPONSE in names else JSON
    return next((name for name in names if name in {RESPONSE, JSON}), None)


def _json(payload: object, status: int, media: str, headers: dict[str, str]) -> Response:
    """Write a payload."""
    content = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Response(content, status, headers, media_type=f"{media}; charset=utf-8")


def _failed(status: HTTPStatus, code: str, message: str, media: str) -> Response:
    """Write a request error."""
    return _json({"errors": [{"message": message, "extensions": {"code": code}}]}, status, media, {})
