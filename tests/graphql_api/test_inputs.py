"""What callers give: one `input` for each mutation with the caller's own key, and never a number for an amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, get_named_type, is_list_type

from graphql_api import inputs, servicing_inputs, servicing_sharing, servicing_terms
from graphql_api.schema import build, core

if TYPE_CHECKING:
    from graphql import GraphQLField

SCHEMA = core(build())
INPUTS = {name: kind for name, kind in SCHEMA.type_map.items() if isinstance(kind, GraphQLInputObjectType)}
assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields
KEYED = {"idempotencyKey", "reference"}
"""Fields by which a caller numbers a command, or an item of one."""


def input_of(field: GraphQLField) -> GraphQLInputObjectType:
    (name,) = field.args
    assert name == "input"
    kind = field.args[name].type
    assert isinstance(kind, GraphQLNonNull)
    assert isinstance(kind.of_type, GraphQLInputObjectType)
    return kind.of_type


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_takes_one_input_of_its_name_with_a_key(name: str) -> None:
    kind = input_of(MUTATIONS[name])
    assert kind.name == f"{name[0].upper()}{name[1:]}Input"
    assert str(kind.fields["idempotencyKey"].type) == "IdempotencyKey!"


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_an_input_carries_money_as_money_and_items_with_their_own_number(name: str) -> None:
    for field, one in INPUTS[name].fields.items():
        kind = get_named_type(one.type).name
        assert kind != "Float"
        assert ("amount" in field) <= (kind in {"MoneyInput", "Decimal"} or field == "amounts"), field
        assert (field in KEYED) is (kind == "IdempotencyKey"), field
        if field == "items":
            item = get_named_type(one.type)
            assert is_list_type(one.type.of_type if isinstance(one.type, GraphQLNonNull) else one.type)
            assert isinstance(item, GraphQLInputObjectType)
            assert str(item.fields["reference"].type) == "IdempotencyKey!"


def test_every_input_is_used_by_a_field() -> None:
    assert SCHEMA.query_type is not None
    reached: set[str] = set()
    waiting = [
        get_named_type(arg.type)
        for root in (SCHEMA.query_type, SCHEMA.mutation_type)
        if root is not None
        for field in root.fields.values()
        for arg in field.args.values()
    ]
    while waiting:
        kind = waiting.pop()
        if isinstance(kind, GraphQLInputObjectType) and kind.name not in reached:
            reached.add(kind.name)
            waiting += [get_named_type(one.type) for one in kind.fields.values()]
    assert reached == set(INPUTS)
    modules = (inputs, servicing_inputs, servicing_sharing, servicing_terms)
    written = {name for one in modules for name, kind in vars(one).items() if isinstance(kind, type)}
    assert {name for name in written if name.endswith("Input")} | {"LoanChange"} == set(INPUTS)
