"""The public contract: the committed schema is the printed one, all is described, every field has an audience."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

import graphql_api
from graphql_api import policy
from graphql_api.auth import Role
from graphql_api.limits import Limits
from graphql_api.schema import build, core, executor, printed

SCHEMA = core(build())
COMMITTED = Path(graphql_api.__path__[0]) / "schema.graphql"


def test_the_committed_schema_is_the_printed_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == printed(), "run `make schema` and say why in the changelog"


def test_everything_is_described() -> None:
    bare: list[str] = []
    for kind in SCHEMA.type_map.values():
        if kind.name.startswith("__"):
            continue
        bare += [] if kind.description else [kind.name]
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in kind.fields.items():
                bare += [] if field.description else [f"{kind.name}.{name}"]
                bare += [f"{kind.name}.{name}({arg})" for arg, one in field.args.items() if not one.description]
        elif isinstance(kind, GraphQLInputObjectType):
            bare += [f"{kind.name}.{name}" for name, one in kind.fields.items() if not one.description]
        else:
            assert isinstance(kind, GraphQLEnumType) or kind.description
    assert bare == []


def test_every_field_has_an_audience_and_no_audience_is_left_over() -> None:
    executor(Limits())
    assert SCHEMA.query_type is not None
    assert SCHEMA.mutation_type is not None
    assert set(policy.QUERY) == set(SCHEMA.query_type.fields)
    assert set(policy.MUTATION) == set(SCHEMA.mutation_type.fields)
    assert policy.REACHED.issubset(SCHEMA.type_map)
    assert set(policy.KINDS).issubset(SCHEMA.type_map)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RISK_OFFICER, Role.COLLECTOR])
def test_who_reads_only_writes_nothing(role: Role) -> None:
    assert not [name for name, who in policy.MUTATION.items() if role in who]
