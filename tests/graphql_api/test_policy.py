"""Who may ask for what: every root field for every role, as the policy says, and no third answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, get_named_type, is_composite_type, is_list_type

from graphql_api import policy
from graphql_api.auth import Role
from tests.graphql_api.asking import schema

if TYPE_CHECKING:
    from graphql import GraphQLArgument, GraphQLField, GraphQLInputType

    from tests.graphql_api.lived import Lived

ROLES: Final = (None, *Role)
DENIED: Final = {"UNAUTHENTICATED", "FORBIDDEN"}
SCALARS: Final = {
    "ID": '"nothing"',
    "String": '"nothing"',
    "Int": "1",
    "BigInt": '"1"',
    "Boolean": "true",
    "Date": '"2025-01-06"',
    "Decimal": '"1.00"',
    "CurrencyCode": '"CNY"',
    "IdempotencyKey": '"key-0001"',
    "Document": "{}",
}


DOORS_INSIDE = {"changeLoan"}
"""Fields whose parts are for fewer than they are themselves; `test_servicing_changes` asks for each part."""


def literal(kind: GraphQLInputType) -> str:
    """The plainest value of an input type."""
    inner = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if is_list_type(inner):
        return "[]"
    if isinstance(inner, GraphQLInputObjectType) and inner.extensions["strawberry-definition"].is_one_of:
        name, one = next(iter(inner.fields.items()))
        return f"{{{name}: {literal(one.type)}}}"
    if isinstance(inner, GraphQLInputObjectType):
        needed = {name: one for name, one in inner.fields.items() if isinstance(one.type, GraphQLNonNull)}
        return "{" + ", ".join(f"{name}: {literal(one.type)}" for name, one in needed.items()) + "}"
    return SCALARS.get(inner.name) or next(iter(inner.values))  # type: ignore[union-attr]  # else it is an enumeration


def question(root: str, name: str, field: GraphQLField) -> str:
    """The shortest document that asks for a field."""

    def needed(one: GraphQLArgument) -> bool:
        return isinstance(one.type, GraphQLNonNull)

    given = ", ".join(f"{arg}: {literal(one.type)}" for arg, one in field.args.items() if needed(one))
    below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
    return f"{root.lower()} {{ {name}{f'({given})' if given else ''}{below} }}"


def fields() -> list[tuple[str, str, str]]:
    """Every root field with a question for it."""
    built = schema().schema
    assert built.query_type is not None
    assert built.mutation_type is not None
    return [
        (root.name, name, question(root.name, name, field))
        for root in (built.query_type, built.mutation_type)
        for name, field in root.fields.items()
    ]


@pytest.mark.parametrize(("root", "name", "document"), fields(), ids=lambda one: one if one.isalpha() else "")
def test_every_root_field_answers_each_role_as_the_policy_says(
    lived: Lived, root: str, name: str, document: str
) -> None:
    known = (policy.QUERY if root == "Query" else policy.MUTATION)[name]
    for role in ROLES:
        found = set(lived.asking.faults(document, by=role))
        assert "GRAPHQL_VALIDATION_FAILED" not in found
        if role in known:
            assert name in DOORS_INSIDE or not found & DENIED, (role, found)
        else:
            assert found == {"UNAUTHENTICATED" if role is None else "FORBIDDEN"}, role


def test_an_auditor_reads_everything_that_anybody_of_the_house_reads() -> None:
    assert {name for name, known in policy.QUERY.items() if Role.AUDITOR not in known} == {"checkEntry"}
    assert all(Role.AUDITOR in known for known in (*policy.KINDS.values(), *policy.FIELDS.values()))
