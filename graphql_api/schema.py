"""The schema, built once: types, strict scalars, and the policy of every field."""

from __future__ import annotations

from typing import Final

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from graphql_api.documents import Documents
from graphql_api.execution import Executor
from graphql_api.limits import Limits, weights
from graphql_api.mutations import Mutation
from graphql_api.policy import guard
from graphql_api.queries import Query
from graphql_api.scalars import SCALARS
from graphql_api.types.application import ReviewTask
from graphql_api.types.bank import Discrepancy, PaymentOrder, ReconciliationRun
from graphql_api.types.book import Entry
from graphql_api.types.case import CollectionCase
from graphql_api.types.day import DayRun
from graphql_api.types.loan import Repayment
from graphql_api.types.proposal import LoanChangeProposal

FREE: Final = (
    "Money", "Breakdown", "Dimensions", "Turnover", "Account", "NamedText", "PostedEntry", "PostedLine",
    "TransactionPart",
)  # fmt: skip
"""Types whose objects are values and cost nothing."""


NODES: Final = (
    CollectionCase, DayRun, Discrepancy, Entry, LoanChangeProposal, PaymentOrder, ReconciliationRun, Repayment,
    ReviewTask,
)  # fmt: skip
"""Types that only `node` may reach."""


def build() -> strawberry.Schema:
    """Build the schema."""
    return strawberry.Schema(query=Query, mutation=Mutation, types=NODES, config=StrawberryConfig(scalar_map=SCALARS))


def core(schema: strawberry.Schema) -> GraphQLSchema:
    """The executable schema inside; the library keeps it under a private name."""
    inner = schema._schema  # noqa: SLF001 - its own views do the same
    assert isinstance(inner, GraphQLSchema)
    return inner


def printed() -> str:
    """The contract as text: what stands in schema.graphql."""
    return build().as_str() + "\n"


def executor(limits: Limits) -> Executor:
    """An executor of the whole schema within limits."""
    schema = guard(core(build()))
    return Executor(
        schema=schema,
        table=weights(schema, free=FREE),
        limits=limits,
        documents=Documents.of(schema, tokens_max=limits.tokens, errors_max=limits.errors),
    )
