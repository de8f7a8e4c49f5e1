"""One question, from text to answer: parse, measure, validate, execute, and tell what went wrong but not too much."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, cast

from graphql import ExecutionResult, FieldNode, GraphQLError, OperationType, execute

from graphql_api.documents import Documents, Malformed, hash_of, operations
from graphql_api.faults import RETRYABLE, Fault, text
from graphql_api.limits import Limits, Weights, exceeded, measure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLSchema, OperationDefinitionNode

    from graphql_api.context import Context

_LOG: Final = logging.getLogger("zhudai.graphql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request as it came over HTTP."""

    document: str = ""
    """The text; may be absent when it was persisted under its hash."""
    sha256: str = ""
    """Hash of the document in hexadecimal digits, or nothing."""
    variables: Mapping[str, object] = field(default_factory=dict)
    operation: str | None = None
    reading: bool = False
    """Whether only a query may run (GET)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One response; `status` is that of the media type `application/graphql-response+json`."""

    status: int
    payload: dict[str, object]
    kind: str = ""
    """`query` or `mutation`, when it came so far."""
    name: str = ""
    """Name of the operation."""
    field: str = ""
    """The first thing that it asks for: a word of the schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executor:
    """A schema with its limits and its memory of documents."""

    schema: GraphQLSchema
    table: Weights
    limits: Limits
    documents: Documents

    def answer(self, question: Question, context: Context, *, introspection: bool) -> Answer:
        """Answer one question; the snapshot that it opened is given back whatever happens."""
        written = question.document or self.documents.find(question.sha256)
        if written is None:
            return _refused("PERSISTED_QUERY_NOT_FOUND", [GraphQLError("PersistedQueryNotFound")])
        if question.sha256 and question.document and hash_of(written) != question.sha256:
            return _refused("PERSISTED_QUERY_MISMATCH", [GraphQLError("The hash is not that of the document.")])
        document = self.documents.parse(written)
        if isinstance(document, Malformed):
            return _refused(document.code, document.errors)
        operation = operations(document, question.operation)
        if operation is None:
            fault = GraphQLError("Name one operation of the document in operationName.")
            return _refused("BAD_REQUEST", [fault])
        if question.reading and operation.operation is not OperationType.QUERY:
            fault = GraphQLError("Only a query may be asked with GET.")
            return _refused("METHOD_NOT_ALLOWED", [fault], status=405)
        measured = measure(
            document,
            table=self.table,
            roots=self._roots(),
            variables=question.variables,
            operation=operation,
        )
        cost: dict[str, object] = {"cost": {"requested": measured.cost, "limit": self.limits.cost}}
        over = exceeded(measured, self.limits)
        if over is not None:
            return _refused(over.code, [GraphQLError(over.message)], extensions=cost)
        errors = self.documents.validate(written, document, introspection=introspection)
        if errors:
            return _refused("GRAPHQL_VALIDATION_FAILED", errors, extensions=cost)
        if question.sha256:
            self.documents.persist(written, question.sha256)
        try:
            result = execute(
                self.schema,
                document,
                context_value=context,
                variable_values=dict(question.variables),
                operation_name=question.operation,
                max_coercion_errors=self.limits.errors,
                hide_suggestions=not introspection,
            )
        finally:
            context.close()
        return self._told(cast("ExecutionResult", result), operation, context, cost)

    def _roots(self) -> dict[str, str]:
        """Name the root type of each kind of operation."""
        mutation = self.schema.mutation_type
        return {
            "query": self.schema.query_type.name if self.schema.query_type else "",
            "mutation": mutation.name if mutation else "",
        }

    def _told(
        self, result: ExecutionResult, operation: OperationDefinitionNode, context: Context, cost: dict[str, object]
    ) -> Answer:
        """Render an executed operation; a result without data never ran (its variables did not fit)."""
        ran = result.data is not None or any(error.path for error in result.errors or ())
        payload: dict[str, object] = {}
        if result.errors:
            payload["errors"] = [told(error, context) for error in result.errors[: self.limits.errors]]
        if ran:
            payload["data"] = result.data
        payload["extensions"] = cost
        return Answer(
            status=200 if ran else 400,
            payload=payload,
            kind=operation.operation.value,
            name=operation.name.value if operation.name else "",
            field=next(
                (one.name.value for one in operation.selection_set.selections if isinstance(one, FieldNode)), ""
            ),
        )


def told(error: GraphQLError, context: Context) -> dict[str, object]:
    """Render an error: a named one in the language of the request, an unexpected one as its request id alone."""
    cause = error.original_error or error
    shown: dict[str, object] = {"message": error.message}
    if isinstance(cause, Fault):
        shown["message"] = text(cause.code, context.locale, cause.params)
        extensions = dict(cause.extensions or {})
    elif isinstance(cause, GraphQLError):
        extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    else:
        code = unexpected(cause, context.request_id)
        shown["message"] = text(code, context.locale, {})
        extensions = {"code": code, "retryable": code in RETRYABLE}
    shown["extensions"] = {**extensions, "requestId": context.request_id}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = error.path
    return shown


def unexpected(cause: BaseException, request_id: str) -> str:
    """Log an unexpected error without its text (which may hold personal data) and return its public code."""
    state = getattr(getattr(cause, "orig", cause), "sqlstate", None)
    if state == "57014":
        return "TIMEOUT"
    if state in {"40001", "40P01", "55P03", "53300"} or type(cause).__name__ == "TimeoutError":
        return "OVERLOADED"
    frames = traceback.extract_tb(cause.__traceback__)
    _LOG.error(
        "unexpected error",
        extra={
            "request_id": request_id,
            "error": type(cause).__name__,
            "sqlstate": state,
            "at": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-6:]],
        },
    )
    return "INTERNAL"


def _refused(
    code: str,
    errors: Sequence[GraphQLError],
    *,
    status: int = 400,
    extensions: dict[str, object] | None = None,
) -> Answer:
    """Render a question that was not executed."""
    shown = []
    for error in errors:
        one: dict[str, object] = {
            "message": error.message,
            "extensions": {"code": code, **(error.extensions or {})},
        }
        if error.locations:
            one["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
        shown.append(one)
    return Answer(status=status, payload={"errors": shown, **({"extensions": extensions} if extensions else {})})
