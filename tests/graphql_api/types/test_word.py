"""Enumerations of the schema: each is the domain's own, under one name, value for value."""

from __future__ import annotations

from enum import Enum

import pytest
from graphql import GraphQLEnumType

from graphql_api.inputs import PostingMode
from graphql_api.schema import build, core
from graphql_api.servicing_inputs import Chargeable, Credit
from graphql_api.servicing_terms import REGISTERED as OF_TERMS
from graphql_api.types.quote import REGISTERED as OF_QUOTES
from graphql_api.types.word import REGISTERED as OF_THE_HOUSE

SCHEMA = core(build())
OF_INPUTS = (PostingMode, Chargeable, Credit)
REGISTERED = (*OF_THE_HOUSE, *OF_TERMS, *OF_QUOTES)
KINDS = {name: kind for name, kind in SCHEMA.type_map.items() if isinstance(kind, GraphQLEnumType) and name[:2] != "__"}
WORDS: dict[str, type[Enum]] = {vars(one)["__strawberry_definition__"].name: one for one in (*REGISTERED, *OF_INPUTS)}


def test_every_enumeration_of_the_schema_is_registered_and_every_registered_one_is_used() -> None:
    assert set(KINDS) == set(WORDS)
    assert len(WORDS) == len(REGISTERED) + len(OF_INPUTS), "a name stands for one thing"


@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_word_is_written_by_its_name_and_read_back_as_itself(name: str) -> None:
    kind, word = KINDS[name], WORDS[name]
    assert list(kind.values) == [one.name for one in word]
    for one in word:
        assert kind.serialize(one) == one.name
        read = kind.parse_value(one.name)
        assert word(read) is one
    assert kind.description
