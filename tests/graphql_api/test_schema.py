"""The promises of the schema, read off the schema itself: lists, ids, money, mutations, refusals, deprecations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
)

from graphql_api.policy import KINDS
from graphql_api.queries import FINDERS
from graphql_api.schema import FREE, NODES, build, core, printed
from tests.graphql_api.asking import schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from graphql import GraphQLEnumValue, GraphQLField

SCHEMA: Final = core(build())
WHOLE: Final = {
    "nodes": "as many as ids were given, at most 100",
    "eventEntries": "an event makes one entry in each book that it touches",
    "books": "a book for each legal party that keeps accounts",
    "accounts": "a chart of accounts is tens of rows",
    "balancesDuring": "at most 400 points",
    "clearingAccounts": "a few accounts of the chart, or those that were named",
}
"""Lists without pages at the top, and why they are short."""
COUNTED: Final = {"RepaymentConnection", "LoanEventConnection", "EntryConnection"}
"""Lists that are read whole whichever page is asked for, so that counting them is free."""
ABOVE: Final = {("AccountStatement", "lines")}
"""Pages that are asked for one field higher, because the page is pinned together with its statement."""
AMOUNTS: Final = re.compile(
    r"amount|principal$|interest$|penalty$|excess|balance$|fee$|residual|outstanding|payoff|overpayment|debit$|credit$",
    re.IGNORECASE,
)
"""Names of amounts."""
MONEY: Final = {"Money", "Breakdown", "AccountBalance", "TrialBalance", "ExplainedAmount", "PayoffQuote"}
"""What an amount is written as, or holds nothing but."""


def objects(found: GraphQLSchema = SCHEMA) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    for kind in found.type_map.values():
        if isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)) and not kind.name.startswith("__"):
            yield kind


def fields(found: GraphQLSchema = SCHEMA) -> Iterator[tuple[str, str, GraphQLField]]:
    for kind in objects(found):
        for name, field in kind.fields.items():
            yield kind.name, name, field


def root(kind: str) -> Mapping[str, GraphQLField]:
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    known: Mapping[str, GraphQLField] = found.fields
    return known


def plain(kind: object) -> str:
    """A type without its marks of nullness and lists."""
    return str(get_named_type(kind))  # type: ignore[call-overload]  # whatever a field has


def test_it_is_built_the_same_each_time() -> None:
    assert printed() == printed()
    assert printed().endswith("}\n")


def test_values_that_cost_nothing_are_types_of_the_schema() -> None:
    assert set(FREE) <= set(SCHEMA.type_map)
    assert schema().table["Query"]["loans"].cost == 1
    assert schema().table["Loan"]["principal"].cost == 0


# ---------------------------------------------------------------- ids and lists


def test_whatever_has_a_global_id_is_found_by_it_and_for_whom_is_decided() -> None:
    nodes = {kind.name for kind in objects() if any(one.name == "Node" for one in kind.interfaces)}
    assert nodes == {kind for kind, _ in FINDERS.values()} == set(KINDS)
    assert {one.__name__ for one in NODES} <= nodes
    for name in nodes:
        assert str(root(name)["id"].type) == "ID!"
    assert all(re.fullmatch("[a-z]{2}", prefix) for prefix in FINDERS)


def test_a_list_at_the_top_has_pages_or_is_short_by_nature() -> None:
    listed = {name for name, one in root("Query").items() if is_list_type(get_nullable_type(one.type))}
    assert listed == set(WHOLE)


def test_every_list_with_pages_is_asked_for_and_answered_in_the_same_way() -> None:
    connections = {kind.name for kind in objects() if kind.name.endswith("Connection")}
    used = set()
    for kind, asked, field in fields():
        name = plain(field.type)
        assert ("first" in field.args) == ("after" in field.args)
        if name in connections:
            used.add(name)
        if name in connections and (kind, asked) not in ABOVE:
            assert (str(field.args["first"].type), str(field.args["after"].type)) == ("Int", "String")
            assert str(field.type) == f"{name}!"
    assert used == connections
    for name in connections:
        row = name.removesuffix("Connection")
        counted = {"totalCount": "Int!"} if name in COUNTED else {}
        assert {one: str(field.type) for one, field in root(name).items()} == {
            "edges": f"[{row}Edge!]!",
            "nodes": f"[{row}!]!",
            "pageInfo": "PageInfo!",
            **counted,
        }
        assert {one: str(field.type) for one, field in root(f"{row}Edge").items()} == {
            "node": f"{row}!",
            "cursor": "String!",
        }


# ---------------------------------------------------------------- words and amounts


def promised(kind: str, name: str) -> set[str] | None:
    """Types that the name of a field promises."""
    if name.endswith("Minor"):
        return {"BigInt"}
    if name.endswith("On"):
        return {"Date"}
    if name.endswith("At"):
        return {"DateTime"}
    if re.search("(^r|R)ate([A-Z]|$)", name):
        return {"Rate"}
    if re.match("(is|has)[A-Z]", name):
        return {"Boolean"}
    if AMOUNTS.search(name):
        refusal = any(one.name == "Refusal" for one in getattr(SCHEMA.type_map[kind], "interfaces", ()))
        return {"BigInt"} if refusal else {"Decimal"} if kind == "Money" else MONEY
    return None


def test_a_field_has_the_type_that_its_name_promises() -> None:
    found = [(kind, name, plain(field.type)) for kind, name, field in fields()]
    assert not [one for one in found if one[2] == "Float"]
    strange = [one for one in found if (kinds := promised(one[0], one[1])) is not None and one[2] not in kinds]
    assert strange == [("SimulatedMovement", "amounts", "NamedText")], "buckets of events by name"
    assert sum(promised(kind, name) == MONEY for kind, name, _ in found) > 40


# ---------------------------------------------------------------- mutations and refusals


def test_a_refusal_is_four_words() -> None:
    kind = SCHEMA.type_map["Refusal"]
    assert isinstance(kind, GraphQLInterfaceType)
    assert {name: str(one.type) for name, one in kind.fields.items()} == {
        "code": "String!",
        "message": "String!",
        "field": "String",
        "retryable": "Boolean!",
    }


@pytest.mark.parametrize("name", sorted(root("Mutation")))
def test_a_mutation_begins_with_a_verb_and_answers_with_a_result_or_named_refusals(name: str) -> None:
    things = {one.lower() for one in SCHEMA.type_map}
    verb = re.findall("^[a-z]+", name)[0]
    assert verb not in things, "a thing is no verb"
    assert verb != name, "something is done to something"
    answer = get_named_type(root("Mutation")[name].type)
    if isinstance(answer, GraphQLObjectType):
        assert is_list_type(get_nullable_type(answer.fields["verdicts"].type)), "many are answered each by itself"
        answer = get_named_type(answer.fields["verdicts"].type)
    assert isinstance(answer, GraphQLUnionType)
    *named, other = answer.types
    results = [one for one in named if one.name.endswith("Result")]
    refusals = named[len(results) :]
    assert results
    assert all(str(one.fields["isReplay"].type) == "Boolean!" for one in results)
    assert other.name == "OtherRefusal"
    assert refusals
    assert all(is_object_type(one) and [each.name for each in one.interfaces] == ["Refusal"] for one in refusals)


# ---------------------------------------------------------------- what is on its way out


def undated(found: GraphQLSchema) -> list[str]:
    """Deprecated fields, arguments and values whose reason names no day on which they go."""

    def late(one: GraphQLField | GraphQLEnumValue | GraphQLNamedType) -> bool:
        reason = getattr(one, "deprecation_reason", None)
        return reason is not None and re.search(r"\S+.*\b20[0-9]{2}-[01][0-9]-[0-3][0-9]\b", reason) is None

    places: list[tuple[str, object]] = []
    for name, kind in found.type_map.items():
        if name.startswith("__"):
            continue
        parts = getattr(kind, "fields", None) or getattr(kind, "values", None) or {}
        for part, one in parts.items():
            places.append((f"{name}.{part}", one))
            places += [(f"{name}.{part}({arg})", each) for arg, each in getattr(one, "args", {}).items()]
    return [place for place, one in places if late(one)]  # type: ignore[arg-type]  # each has a reason or none


def test_what_is_on_its_way_out_says_why_and_when() -> None:
    assert undated(SCHEMA) == []
    bad = """type Query { a: Int @deprecated, b: Int @deprecated(reason: "ask for c"), c(d: Int @deprecated): E
        f: Int @deprecated(reason: "ask for c; goes on 2027-01-31"), g: Int } enum E { X @deprecated(reason: "gone") Y }
        input I { h: Int @deprecated(reason: "2027") }"""
    assert undated(build_schema(bad)) == ["Query.a", "Query.b", "Query.c(d)", "E.X", "I.h"]
