"""From text to answer: each question ends in one way, and what went wrong is told but not too much."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLError, GraphQLObjectType, GraphQLSchema, build_schema

from graphql_api.documents import Documents
from graphql_api.execution import Answer, Executor, Question, told, unexpected
from graphql_api.faults import Fault
from graphql_api.limits import Limits, weights
from tests.graphql_api.test_context import Views, context

if TYPE_CHECKING:
    from graphql_api.context import Context

SECRET = "card 6222021234567890123"


def boom(_root: object, info: Any) -> str:  # noqa: ANN401 - the executor's own signature
    """Read, and fail."""
    assert info.context.conn is not None
    raise RuntimeError(SECRET)


def missing(_root: object, _info: object) -> str:
    raise Fault("NOT_FOUND")


def odd(_root: object, _info: object, **_given: object) -> str:
    raise GraphQLError("odd", extensions={"code": "ODD"})


def made() -> GraphQLSchema:
    schema = build_schema(
        "type Query { name: String, boom: String, must: String!, missing: String, page(first: Int): Page,"
        " odd(kind: Colour): String }"
        " type Page { name: String } type Mutation { touch: String, odd: String } enum Colour { RED BLUE }"
    )
    resolvers: dict[str, dict[str, Any]] = {
        "Query": {"name": lambda *_: "x", "boom": boom, "must": boom, "missing": missing, "odd": odd},
        "Mutation": {"touch": lambda *_: "touched", "odd": odd},
    }
    for kind, fields in resolvers.items():
        found = schema.type_map[kind]
        assert isinstance(found, GraphQLObjectType)
        for name, resolve in fields.items():
            found.fields[name].resolve = resolve
    return schema


SCHEMA = made()


def executor(**limits: int) -> Executor:
    chosen = Limits(**limits)
    return Executor(
        schema=SCHEMA,
        table=weights(SCHEMA),
        limits=chosen,
        documents=Documents.of(SCHEMA, tokens_max=chosen.tokens, errors_max=chosen.errors),
    )


EXECUTOR = executor()


def answer(document: str, *, by: Context | None = None, **more: Any) -> Answer:  # noqa: ANN401 - whatever a question has
    return EXECUTOR.answer(Question(document=document, **more), by or context(), introspection=False)


def codes(found: Answer) -> list[str]:
    errors = found.payload.get("errors", [])
    assert isinstance(errors, list)
    return [error["extensions"]["code"] for error in errors]


TWO = "query A{name} mutation B{touch}"


@pytest.mark.parametrize(
    ("document", "more", "status", "expected", "kind", "name"),
    [
        ("{name}", {}, 200, [], "query", ""),
        ("query Ask{name}", {}, 200, [], "query", "Ask"),
        ("mutation Do{touch}", {}, 200, [], "mutation", "Do"),
        (TWO, {"operation": "A"}, 200, [], "query", "A"),
        (TWO, {"operation": "B"}, 200, [], "mutation", "B"),
        (TWO, {"operation": "B", "reading": True}, 405, ["METHOD_NOT_ALLOWED"], "", ""),
        (TWO, {"operation": "A", "reading": True}, 200, [], "query", "A"),
        (TWO, {}, 400, ["BAD_REQUEST"], "", ""),
        (TWO, {"operation": "C"}, 400, ["BAD_REQUEST"], "", ""),
        ("{", {}, 400, ["GRAPHQL_PARSE_FAILED"], "", ""),
        ("{nothing}", {}, 400, ["GRAPHQL_VALIDATION_FAILED"], "", ""),
        ("{__schema{types{name}}}", {}, 400, ["GRAPHQL_VALIDATION_FAILED"] * 2, "", ""),
        ("{page(first:101){name}}", {}, 400, ["LIMIT_LIST_SIZE"], "", ""),
        ("query($n:Int){page(first:$n){name}}", {"variables": {"n": "x"}}, 400, ["BAD_USER_INPUT"], "query", ""),
        ("query($n:Int!){page(first:$n){name}}", {}, 400, ["BAD_USER_INPUT"], "query", ""),
        ("{boom name missing odd}", {}, 200, ["INTERNAL", "NOT_FOUND", "ODD"], "query", ""),
        ("{must}", {}, 200, ["INTERNAL"], "query", ""),
        ("mutation{odd touch}", {}, 200, ["ODD"], "mutation", ""),
    ],
)
def test_a_question_ends_in_one_way(
    document: str, more: dict[str, Any], status: int, expected: list[str], kind: str, name: str
) -> None:
    found = answer(document, **more)
    assert (found.status, codes(found), found.kind, found.name) == (status, expected, kind, name)
    assert ("data" in found.payload) is (status == 200)


def test_what_failed_alone_leaves_the_rest() -> None:
    assert answer("{boom name}").payload["data"] == {"boom": None, "name": "x"}
    assert answer("{must name}").payload["data"] is None


@pytest.mark.parametrize(("document", "opened"), [("{boom}", 1), ("{must}", 1), ("{name}", 0), ("{nothing}", 0)])
def test_the_snapshot_is_given_back_whatever_happens(document: str, opened: int) -> None:
    store = Views()
    answer(document, by=context(store=store))
    assert (store.opened, store.closed) == (opened, opened)


def test_the_cost_is_told_of_everything_that_was_measured() -> None:
    measured = {"cost": {"requested": 1, "limit": 1000}}
    for document in ("{page(first:5){name}}", "{page(first:5){name}} fragment F on Query{name}"):
        assert answer(document).payload["extensions"] == measured
    assert "extensions" not in answer("{").payload, "what is no document costs nothing"


def test_no_more_errors_are_told_than_the_limit() -> None:
    few = executor(errors=2)
    for document in ("{a:boom b:boom c:boom}", "{x y z}"):
        found = few.answer(Question(document=document), context(), introspection=False)
        assert len(codes(found)) == 2


def test_introspection_is_for_whom_it_is_allowed() -> None:
    question = Question(document="{__schema{queryType{name}}}")
    found = EXECUTOR.answer(question, context(), introspection=True)
    assert found.payload["data"] == {"__schema": {"queryType": {"name": "Query"}}}
    assert EXECUTOR.answer(question, context(), introspection=False).status == 400


@pytest.mark.parametrize(
    ("document", "variables"),
    [("{nam}", {}), ("{odd(kind:REDD)}", {}), ("query($k:Colour){odd(kind:$k)}", {"k": "REDD"})],
)
def test_who_may_not_see_the_schema_is_not_told_the_nearest_name(document: str, variables: dict[str, str]) -> None:
    question = Question(document=document, variables=variables)
    for introspection in (True, False, True):
        found = EXECUTOR.answer(question, context(), introspection=introspection)
        assert found.status == 400
        assert ("Did you mean" in str(found.payload["errors"])) is introspection


class Broken(Exception):
    """An error of the database, as its driver and as its toolkit raise it."""

    def __init__(self, sqlstate: str | None = None, orig: BaseException | None = None) -> None:
        super().__init__(SECRET)
        self.sqlstate = sqlstate
        if orig is not None:
            self.orig = orig


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        (Broken("57014"), "TIMEOUT"),
        (Broken(orig=Broken("57014")), "TIMEOUT"),
        (Broken("40001"), "OVERLOADED"),
        (Broken("40P01"), "OVERLOADED"),
        (Broken("55P03"), "OVERLOADED"),
        (Broken(orig=Broken("53300")), "OVERLOADED"),
        (TimeoutError(SECRET), "OVERLOADED"),
        (Broken("23505"), "INTERNAL"),
        (Broken(), "INTERNAL"),
        (RuntimeError(SECRET), "INTERNAL"),
    ],
)
def test_an_unexpected_error_has_a_code_and_is_logged_without_its_text(
    cause: Exception, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        assert unexpected(cause, "a-request") == code
    logged = [str(record.__dict__) for record in caplog.records]
    assert len(logged) == (code == "INTERNAL")
    assert all("a-request" in one and "6222" not in one for one in logged)


@pytest.mark.parametrize(("document", "locale"), [("{boom}", "en"), ("{boom}", "zh-CN"), ("{missing}", "zh-CN")])
def test_an_error_tells_code_place_and_request_and_nothing_of_its_cause(document: str, locale: str) -> None:
    by = context()
    by.locale = locale
    found = answer(document, by=by)
    errors = found.payload["errors"]
    assert isinstance(errors, list)
    name = document[1:-1]
    code = {"boom": "INTERNAL", "missing": "NOT_FOUND"}[name]
    assert errors == [
        {
            "message": {"en": "internal error", "zh-CN": {"boom": "系统内部错误", "missing": "未找到"}[name]}[locale],
            "extensions": {"code": code, "retryable": False, "requestId": "a-request"},
            "locations": [{"line": 1, "column": 2}],
            "path": [name],
        }
    ]


def test_an_error_without_a_code_is_one_of_the_input() -> None:
    shown = told(GraphQLError("no"), context())
    assert shown == {"message": "no", "extensions": {"code": "BAD_USER_INPUT", "requestId": "a-request"}}
