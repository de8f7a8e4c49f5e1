"""The endpoint over HTTP: statuses and media types, strict JSON, limits, masked errors, and the gate before it all."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar, cast

import httpx
import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from graphql_api.auth import Role, Viewer, mint
from graphql_api.documents import Documents, hash_of
from graphql_api.execution import Executor
from graphql_api.faults import Fault
from graphql_api.http import Edge, application
from graphql_api.limits import Limits, weights
from graphql_api.scalars import SCALARS
from graphql_api.schema import core
from graphql_api.types.value import Ask, MoneyInput
from tests.graphql_api.work import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from graphql_api.house import House

T = TypeVar("T")

SECRET = "postgres://owner:hunter2@db/zhudai 6222021234567890123"  # what must not leak
KEY = b"0123456789abcdef0123456789abcdef"


@strawberry.type
class Thing:
    @strawberry.field
    def thing(self) -> Thing:
        return Thing()

    @strawberry.field
    def name(self) -> str:
        return "x"


@strawberry.type
class Query:
    @strawberry.field
    def thing(self) -> Thing:
        return Thing()

    @strawberry.field
    def echo(self, text: str = "", amount: Decimal | None = None) -> str:
        return f"{text}{amount or ''}"

    @strawberry.field
    def money(self, given: MoneyInput) -> str:
        return str(given.money)

    @strawberry.field
    def boom(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def missing(self) -> str | None:
        raise Fault("NOT_FOUND")

    @strawberry.field
    def slow(self) -> str:
        time.sleep(0.5)
        return "done"

    @strawberry.field
    def who(self, info: Ask) -> str:
        return info.context.viewer.subject


@strawberry.type
class Mutation:
    @strawberry.field
    def touch(self) -> str:
        return "touched"


class Nowhere:
    """A store for questions that must not reach the database."""

    def snapshot(self) -> AbstractContextManager[Connection]:
        raise AssertionError("no question of this file reads")

    def run(self, fn: Callable[[Connection], T], /) -> T:
        raise AssertionError(f"no question of this file writes: {fn}")


SCHEMA = core(strawberry.Schema(Query, Mutation, config=StrawberryConfig(scalar_map=SCALARS)))


def edge(
    *,
    development: bool = True,
    seconds: float = 5.0,
    limits: Limits | None = None,
    workers: int = 4,
    body_seconds: float = 5.0,
) -> Edge:
    limits = limits or Limits()
    return Edge(
        executor=Executor(
            schema=SCHEMA,
            table=weights(SCHEMA),
            limits=limits,
            documents=Documents.of(SCHEMA, tokens_max=limits.tokens, errors_max=limits.errors),
        ),
        store=Nowhere(),
        house=cast("House", None),  # the minimal schema asks nobody
        token_key=KEY,
        cursor_key=KEY,
        development=development,
        hosts=("testserver",),
        seconds=seconds,
        workers=workers,
        body_seconds=body_seconds,
        dev_tokens=(("auditor", "zt1.</script>.x"),),
        receive_message=lambda raw, _at: raw[::-1],
    )


class Client:
    """A caller on one event loop."""

    def __init__(self, served: Edge) -> None:
        self.loop = asyncio.Runner()
        transport = httpx.ASGITransport(application(served), raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://testserver")

    def request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - whatever httpx takes
        return self.loop.run(self.http.request(method, path, **more))

    def get(self, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - whatever httpx takes
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - whatever httpx takes
        return self.request("POST", path, **more)

    def close(self) -> None:
        self.loop.run(self.http.aclose())
        self.loop.close()


CLIENTS: list[Client] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while CLIENTS:
        CLIENTS.pop().close()


def client(**settings: Any) -> Client:  # noqa: ANN401 - whatever `edge` takes
    CLIENTS.append(Client(edge(**settings)))
    return CLIENTS[-1]


NEW = "application/graphql-response+json"


def post(query: str, *, accept: str = NEW, http: Client | None = None, **more: object) -> tuple[int, dict[str, object]]:
    response = (http or client()).post("/graphql", json={"query": query, **more}, headers={"accept": accept})
    return response.status_code, response.json()


def code(payload: dict[str, object]) -> str:
    errors = payload["errors"]
    assert isinstance(errors, list)
    return str(errors[0]["extensions"]["code"])


@pytest.mark.parametrize(
    ("query", "status", "expected"),
    [
        ("{", 400, "GRAPHQL_PARSE_FAILED"),
        ("{nothing}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{echo(amount:1.5)}", 400, "INVALID_AMOUNT"),
        ('{echo(text:"a\\u0000b")}', 400, "INVALID_TEXT"),
        ("query A{who} query B{who}", 400, "BAD_REQUEST"),
        ("{" + "thing{" * 12 + "name" + "}" * 13, 400, "LIMIT_DEPTH"),
        ("{" + "thing{" * 500 + "name" + "}" * 501, 400, "LIMIT_DEPTH"),
        ("{" + " ".join(f"a{i}:who" for i in range(20)) + "}", 200, ""),
        ("{thing{" + " ".join(f"a{i}:name" for i in range(31)) + "}}", 400, "LIMIT_ALIASES"),
        ("{" + " ".join(f"a{i}:who" for i in range(21)) + "}", 400, "LIMIT_ROOT_FIELDS"),
        ("{" + " ".join(["who"] * 1999) + "}", 400, "LIMIT_TOKENS"),
        ("{...A} fragment A on Query{...B} fragment B on Query{...A}", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{missing}", 200, "NOT_FOUND"),
        ("{boom}", 200, "INTERNAL"),
        ('{money(given:{amount:"1.005",currency:"CNY"})}', 200, "AMOUNT_INVALID"),
        ('{money(given:{amount:"1.00",currency:"CNY"})}', 200, ""),
        ("mutation{touch}", 200, ""),
    ],
)
def test_the_fate_of_a_question(query: str, status: int, expected: str) -> None:
    found, payload = post(query)
    assert (found, code(payload) if "errors" in payload else "") == (status, expected)
    assert ("data" in payload) == (status == 200)


def test_older_clients_get_200_with_the_same_errors() -> None:
    status, payload = post("{nothing}", accept="application/json")
    assert (status, code(payload)) == (200, "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("amount", [1.5, 9007199254740993.10, 15, True])
def test_a_json_number_is_no_amount(amount: object) -> None:
    status, payload = post("query($a:Decimal){echo(amount:$a)}", variables={"a": amount})
    assert (status, code(payload)) == (400, "INVALID_AMOUNT")


def test_the_cost_is_told_before_and_after() -> None:
    assert post("{thing{thing{name}}}")[1]["extensions"] == {"cost": {"requested": 2, "limit": 1000}}
    status, payload = post("{thing{thing{name}}}", http=client(limits=Limits(cost=1)))
    assert (status, code(payload), payload["extensions"]) == (400, "LIMIT_COST", {"cost": {"requested": 2, "limit": 1}})


def test_no_more_than_ten_errors_are_told() -> None:
    for query in ("{" + " ".join(f"x{i}" for i in range(20)) + "}", "{who" + " @a" * 40 + "}"):
        errors = post(query)[1]["errors"]
        assert isinstance(errors, list)
        assert 1 <= len(errors) <= 10


@pytest.mark.parametrize("body", ["...F{n} ...F{n}", "a:thing{{...F{n}}} b:thing{{...F{n}}}"])
def test_fragments_that_fan_out_are_refused_after_linear_work(body: str) -> None:
    http = client()
    post("{who}", http=http)

    def calls(levels: int) -> int:
        parts = [f"fragment F{i} on Thing{{{body.format(n=i + 1)}}}" for i in range(levels)]
        with counted() as work:
            status, payload = post(
                "{thing{...F0}}" + " ".join(parts) + f" fragment F{levels} on Thing{{name}}", http=http
            )
        assert (status, code(payload)[:6]) == (400, "LIMIT_")
        return work.calls

    assert calls(150) < 10 * calls(20)


RAW = [
    (b"[" * 100_000, 400),
    (b'{"query":' * 50_000, 400),
    (b'{"query":"{who}","variables":' + b"[" * 200 + b"]" * 200 + b"}", 400),
    (b'[{"query":"{who}"}]', 400),
    (b'{"query":"{who}","query":"{boom}"}', 400),
    (b'{"query":"{echo(text:\\"x\\")}","variables":{"a":NaN}}', 400),
    (b'{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"a\\u0000b"}}', 400),
    (b'{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\\ud800"}}', 400),
    (b'{"query":"query($t:String!){echo(text:$t)}","variables":{"t":"\\ud83d\\ude00"}}', 200),
    (b'{"query":"{who}","variables":{"n":' + b"9" * 5000 + b"}}", 400),
    (b'\xff\xfe{"query":"{who}"}', 400),
    (b"", 400),
    (b"null", 400),
    (b'{"query":7}', 400),
    (b'{"query":"{who}","variables":[]}', 400),
    (b'{"query":"{who}"' + b" " * (1024 * 1024 - 17) + b"}", 200),
    (b'{"query":"{who}"' + b" " * (1024 * 1024 - 16) + b"}", 413),
    (b'{"query":"{who}"' + b" " * (20 * 1024 * 1024) + b"}", 413),
]


@pytest.mark.parametrize(("raw", "status"), RAW)
def test_strange_bodies(raw: bytes, status: int) -> None:
    response = client().post("/graphql", content=raw, headers={"content-type": "application/json", "accept": NEW})
    assert response.status_code == status
    assert ("errors" in response.json()) == (status != 200)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json; charset=gbk", 415),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/graphql", 415),
    ],
)
def test_only_json_is_read(kind: str, status: int) -> None:
    response = client().post("/graphql", content=b'{"query":"mutation{touch}"}', headers={"content-type": kind})
    assert response.status_code == status


def test_get_reads_and_never_writes() -> None:
    http = client()
    assert http.get("/graphql", params={"query": "{who}"}).json()["data"] == {"who": "anonymous"}
    refused = http.get("/graphql", params={"query": "mutation{touch}"})
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert http.request("PUT", "/graphql").status_code == 405
    assert http.get("/graphql", params={"query": "{who}"}, headers={"accept": "image/png"}).status_code == 406


WHO = "query Who{who}"
HASH = hash_of(WHO)
BY_ID: dict[str, object] = {"documentId": f"sha256:{HASH}"}
BY_EXTENSION: dict[str, object] = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}}


@pytest.mark.parametrize("by", [BY_ID, BY_EXTENSION], ids=["draft", "clients"])
def test_a_document_is_sent_once_and_then_asked_for_by_its_hash(by: dict[str, object]) -> None:
    http = client()

    def ask(**more: object) -> tuple[int, str]:
        response = http.post("/graphql", json={**by, **more}, headers={"accept": NEW})
        return response.status_code, code(response.json()) if "errors" in response.json() else ""

    assert ask() == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert ask(query="{who}") == (400, "PERSISTED_QUERY_MISMATCH")
    assert ask() == (400, "PERSISTED_QUERY_NOT_FOUND"), "what does not fit is not kept"
    assert ask(query=WHO) == ask() == ask(operationName="Who") == (200, "")
    assert ask(operationName="Other") == (400, "BAD_REQUEST")
    given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in by.items()}
    assert http.get("/graphql", params=given).json()["data"] == {"who": "anonymous"}


def test_what_is_no_document_is_not_kept_and_a_mutation_is_not_read() -> None:
    http = client()

    def ask(document: str, *, by: str = "POST", send: bool) -> tuple[int, str]:
        given = {"documentId": f"sha256:{hash_of(document)}", **({"query": document} if send else {})}
        more = {"params": given} if by == "GET" else {"json": given}
        response = http.request(by, "/graphql", headers={"accept": NEW}, **more)
        return response.status_code, code(response.json()) if "errors" in response.json() else ""

    for document, why in (("{", "GRAPHQL_PARSE_FAILED"), ("{nothing}", "GRAPHQL_VALIDATION_FAILED")):
        assert ask(document, send=True) == (400, why)
        assert ask(document, send=False) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert ask("mutation{touch}", send=True) == ask("mutation{touch}", send=False) == (200, "")
    assert ask("mutation{touch}", by="GET", send=False) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize(
    "given",
    [
        {"documentId": HASH},
        {"documentId": f"sha256:{HASH.upper()}"},
        {"documentId": f"sha256:{HASH}0"},
        {"documentId": "md5:abc"},
        {"documentId": 7},
        {"documentId": ""},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": []}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": []},
        {"query": ""},
        {},
    ],
    ids=str,
)
def test_what_names_no_document_is_refused(given: dict[str, object]) -> None:
    response = client().post("/graphql", json=given, headers={"accept": NEW})
    assert (response.status_code, code(response.json())) == (400, "BAD_REQUEST")


def test_a_secret_in_an_error_stays_inside(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        response = client().post("/graphql", json={"query": "{boom}"}, headers={"x-request-id": "order-12345"})
    logged = " ".join(json.dumps(record.__dict__, default=str) for record in caplog.records)
    for secret in SECRET.split():
        assert secret not in response.text
        assert secret not in logged
    error = response.json()["errors"][0]
    assert error["extensions"] == {"code": "INTERNAL", "retryable": False, "requestId": "order-12345"}
    assert response.headers["x-request-id"] == "order-12345"
    assert "order-12345" in logged


@pytest.mark.parametrize(
    ("language", "message"), [("", "未找到"), ("en;q=0.9, fr", "no such object"), ("zh-TW", "未找到")]
)
def test_errors_speak_the_language_of_the_request(language: str, message: str) -> None:
    response = client().post("/graphql", json={"query": "{missing}"}, headers={"accept-language": language})
    assert response.json()["errors"][0]["message"] == message


def test_tokens_name_the_viewer_and_wrong_ones_are_refused() -> None:
    http = client()
    who = Viewer(subject="lin", role=Role.AUDITOR)
    good = mint(who, key=KEY, expires_at=datetime.now(UTC) + timedelta(hours=1))
    for header, status in ((f"Bearer {good}", 200), (f"Bearer {good}x", 401), ("Basic abc", 401)):
        response = http.post("/graphql", json={"query": "{who}"}, headers={"authorization": header})
        assert response.status_code == status
        assert ("lin" in response.text) == (status == 200)


def test_introspection_and_the_explorer_are_for_development() -> None:
    question = {"query": "{__schema{types{name}}}"}
    assert client().post("/graphql", json=question).json()["data"]
    shut = client(development=False)
    assert code(shut.post("/graphql", json=question).json()) == "GRAPHQL_VALIDATION_FAILED"
    for role in Role:
        who = Viewer(subject="a", role=role, channel_id=1, customer_id=1)
        token = mint(who, key=KEY, expires_at=datetime.now(UTC) + timedelta(hours=1))
        found = shut.post("/graphql", json=question, headers={"authorization": f"Bearer {token}"}).json()
        assert ("errors" not in found) is (role is Role.ADMINISTRATOR), role
    page = client().get("/graphql", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "http" not in page.text.replace("</html", "").replace("<html", "")
    assert "</script>.x" not in page.text
    assert shut.get("/graphql", headers={"accept": "text/html"}).status_code == 406


def test_headers_of_every_response() -> None:
    for response in (client().get("/health/live"), client().get("/nowhere"), client().post("/graphql", content=b"x")):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert len(response.headers["x-request-id"]) == 32


def test_health_and_metrics() -> None:
    http = client()
    assert http.get("/health/live").json() == {"status": "live"}
    assert http.get("/health/ready").status_code == 200
    post("{missing}", http=http)
    text = http.get("/metrics").text
    assert 'zhudai_requests_total{kind="query",status="200"} 1' in text
    assert 'zhudai_errors_total{code="NOT_FOUND"} 1' in text


def test_the_server_is_not_ready_when_its_probe_fails() -> None:
    def probe() -> bool:
        raise ConnectionError(SECRET)

    served = replace(edge(), ready=probe)
    CLIENTS.append(Client(served))
    assert CLIENTS[-1].get("/health/ready").status_code == 503


def test_a_slow_question_is_given_up_and_a_full_house_says_so() -> None:
    http = client(seconds=0.05, workers=1)
    status, payload = post("{slow}", http=http)
    assert (status, code(payload)) == (503, "TIMEOUT")


def test_channel_messages_go_to_their_door() -> None:
    assert client().post("/channel/v1", content=b"abc").content == b"cba"
    assert client().get("/channel/v1").status_code == 405


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"host", b"evil.example")], 421),
        ([(b"host", b"testserver"), (b"content-length", b"5"), (b"transfer-encoding", b"chunked")], 400),
        ([(b"host", b"testserver"), (b"content-length", b"5"), (b"content-length", b"6")], 400),
        ([(b"host", b"testserver"), (b"content-length", b"-1")], 400),
        ([(b"host", b"testserver"), (b"content-length", b"1048577")], 413),
    ],
)
def test_the_gate_refuses_by_headers(headers: list[tuple[bytes, bytes]], status: int) -> None:
    assert asyncio.run(raw(headers, [b"x"])) == status


def test_half_a_body_is_not_waited_for() -> None:
    assert asyncio.run(raw([(b"host", b"testserver")], [b'{"query"'], ends=False)) == 408


def test_a_body_without_a_length_is_counted_as_it_comes() -> None:
    assert asyncio.run(raw([(b"host", b"testserver")], [b"x" * 65536] * 17)) == 413


async def raw(headers: list[tuple[bytes, bytes]], parts: list[bytes], *, ends: bool = True) -> int:
    """Send one request below the level of any client and return its status."""
    app = application(edge(body_seconds=0.05))
    waiting = list(parts)
    statuses: list[int] = []

    async def receive() -> dict[str, object]:
        if not waiting:
            await asyncio.sleep(1)
        return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting) or not ends}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/graphql",
        "headers": headers,
        "query_string": b"",
        "server": ("testserver", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "raw_path": b"/graphql",
    }
    await app(scope, receive, send)
    return statuses[0]
