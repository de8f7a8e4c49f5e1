"""What a collector is told: whole traces in OTLP's own form, from a closed list of facts, and never about a person."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp

import cli
import server
import settings
from postgres.database import Database
from seed.office import open_office
from telemetry import collector, tracing, watching

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Collecting(ThreadingHTTPServer):
    """A collector that keeps what it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[str, Mapping[str, str], Any]] = []
        self.status = 200

    @property
    def environ(self) -> dict[str, str]:
        return {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server_port}"}

    @property
    def spans(self) -> list[dict[str, Any]]:
        """Every span, with its facts as a mapping."""
        found = []
        for _, _, sent in self.taken:
            for one in sent["resourceSpans"][0]["scopeSpans"][0]["spans"]:
                facts = {fact["key"]: next(iter(fact["value"].values())) for fact in one["attributes"]}
                found.append({**one, "facts": facts})
        return found

    def span(self, name: str) -> dict[str, Any]:
        """The only span of a name."""
        (found,) = (one for one in self.spans if one["name"] == name)
        return found


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert isinstance(self.server, Collecting)
        self.server.taken.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def collecting() -> Iterator[Collecting]:
    with Collecting() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "nowhere"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_without_a_collector_nothing_is_traced(environ: Mapping[str, str]) -> None:
    assert collector(environ) is None
    before = threading.active_count()
    with tracing(environ):
        assert threading.active_count() == before


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c/otlp/"}, "https://c/otlp/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/x"}, "http://t/x"),
    ],
)
def test_the_names_of_the_standard_say_where(environ: Mapping[str, str], url: str) -> None:
    found = collector(environ)
    assert found is not None
    assert found.url.geturl() == url


def test_spans_nest_across_threads_and_hold_what_was_told(collecting: Collecting) -> None:
    environ = {
        **collecting.environ,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=a%20b, y=2",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
        "OTEL_SERVICE_NAME": "books",
    }
    with tracing(environ):
        watch = watching()
        with watch("http", traceparent=CALLER, method="POST") as tell, ThreadPoolExecutor(1) as pool:

            def work() -> None:
                with watch("inner", chunk=3):
                    pass

            pool.submit(copy_context().run, work).result()
            tell(name="POST query", status=200)
        with pytest.raises(KeyError), watch("failed"):
            raise KeyError
    ((path, headers, sent),) = collecting.taken
    assert (path, headers["x-key"], headers["y"]) == ("/v1/traces", "a b", "2")
    resource = {one["key"]: one["value"]["stringValue"] for one in sent["resourceSpans"][0]["resource"]["attributes"]}
    assert resource == {"service.name": "books", "deployment.environment": "test"}
    outer, inner, failed = (collecting.span(name) for name in ("POST query", "inner", "failed"))
    assert (outer["traceId"], outer["parentSpanId"]) == tuple(CALLER.split("-")[1:3])
    assert (inner["traceId"], inner["parentSpanId"]) == (outer["traceId"], outer["spanId"])
    assert (outer["kind"], inner["kind"], outer["status"]) == (2, 1, {})
    assert outer["facts"] == {"http.request.method": "POST", "http.response.status_code": "200"}
    assert int(outer["startTimeUnixNano"]) <= int(inner["startTimeUnixNano"]) <= int(outer["endTimeUnixNano"])
    assert "parentSpanId" not in failed
    assert (failed["status"], failed["facts"]) == ({"code": 2}, {"error.type": "KeyError"})
    assert failed["traceId"] != outer["traceId"]


@pytest.mark.parametrize(
    ("sampler", "argument", "caller", "kept"),
    [
        ("", "", "", True),
        ("always_off", "", "", False),
        ("always_off", "", CALLER, False),
        ("parentbased_always_off", "", CALLER, True),
        ("parentbased_always_on", "", CALLER.removesuffix("1") + "0", False),
        ("always_on", "", CALLER.removesuffix("1") + "0", True),
        ("traceidratio", "0", "", False),
        ("traceidratio", "1.0", "", True),
        ("traceidratio", "0.6", CALLER, True),
        ("traceidratio", "0.5", CALLER, False),
    ],
)
def test_which_traces_are_kept(collecting: Collecting, sampler: str, argument: str, caller: str, kept: bool) -> None:
    environ = {**collecting.environ, "OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument}
    with tracing(environ), watching()("outer", traceparent=caller), watching()("inner"):
        pass
    assert len(collecting.spans) == (2 if kept else 0)


@pytest.mark.parametrize("caller", ["00-" + "0" * 32 + "-b7ad6b7169203331-01", "nonsense", CALLER.upper()])
def test_a_caller_that_is_none_begins_a_trace_of_ours(collecting: Collecting, caller: str) -> None:
    with tracing(collecting.environ), watching()("http", traceparent=caller):
        pass
    assert "parentSpanId" not in collecting.span("http")


def test_a_fact_that_is_not_on_the_list_is_a_bug(collecting: Collecting) -> None:
    with tracing(collecting.environ), pytest.raises(KeyError), watching()("x", mobile="13800000000"):
        pass
    assert collecting.taken == []


def test_a_collector_that_is_away_or_refuses_holds_nobody_up(
    collecting: Collecting, caplog: pytest.LogCaptureFixture
) -> None:
    collecting.status = 503
    for environ in (collecting.environ, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}):
        with tracing(environ), watching()("x"):
            pass
    assert [record.message for record in caplog.records] == ["spans were not taken", "spans were not delivered"]


def test_a_request_is_a_trace_and_no_person_is_in_it(
    collecting: Collecting, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    db.run(open_office)
    secret = "13912345678"
    ask = "query Who($name: ID!) { businessDate node(id: $name) { id } }"

    async def asked(app: ASGIApp, token: str) -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as client:
            bearer = {"authorization": f"Bearer {token}", "x-request-id": "request-0001", "traceparent": CALLER}
            return [
                await client.post("/graphql", json={"query": ask, "variables": {"name": secret}}, headers=bearer),
                await client.get("/health/live"),
                await client.post("/graphql", json={"query": "{ " + secret}, headers=bearer),
            ]

    with tracing(collecting.environ), server.opened(settings.read({}), db.url, watch=watching()) as house:
        answers = asyncio.run(asked(house.app, dict(house.dev_tokens)["auditor"]))
    assert [one.status_code for one in answers] == [200, 200, 200]
    request, operation = collecting.span("POST query"), collecting.span("query businessDate")
    assert request["parentSpanId"] == CALLER.split("-")[2]
    assert operation["parentSpanId"] == request["spanId"]
    assert operation["facts"] == {
        "zhudai.request.id": "request-0001",
        "graphql.operation.type": "query",
        "graphql.field": "businessDate",
    }
    assert request["facts"]["zhudai.request.id"] == "request-0001"
    assert {one["name"] for one in collecting.spans} == {
        "POST query",
        "query businessDate",
        "GET health",
        "POST refused",
        "refused",
    }
    told = json.dumps(collecting.taken)
    assert secret not in told
    assert "auditor" not in told, "nor who asked"
    assert "zt1." not in told


def test_a_command_and_each_step_of_a_close_are_spans(
    collecting: Collecting, db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", db.url)
    for name, value in collecting.environ.items():
        monkeypatch.setenv(name, value)
    for arguments, code in ((("close-day", "--date", "2026-03-05"), 0), (("close-day", "--date", "2026-03-05"), 0)):
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert (ended.value.code or 0) == code
    with pytest.raises(SystemExit):
        cli.main(["close-day", "--date", "2020-01-01"])
    commands = [one for one in collecting.spans if one["name"] == "zhudai close-day"]
    assert [one["facts"].get("process.exit.code", "0") for one in commands] == ["0", "0", "1"]
    close, step = collecting.span("close-day"), collecting.span("close collect")
    assert close["facts"] == {"zhudai.business_date": "2026-03-05"}
    assert (close["parentSpanId"], step["parentSpanId"]) == (commands[0]["spanId"], close["spanId"])
    assert step["facts"] == {"zhudai.loans": "0"}
