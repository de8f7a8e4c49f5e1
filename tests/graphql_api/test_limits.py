"""Each limit is met at n and broken at n + 1, and no document is slow to measure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from graphql import OperationDefinitionNode, build_schema, parse
from hypothesis import given
from hypothesis import strategies as st

from graphql_api.limits import CEILING, Exceeded, Limits, Measure, exceeded, measure, weights
from tests.graphql_api.work import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA = build_schema("""
type Query { node: Node, loans(first: Int, last: Int): LoanConnection!, name: String }
type Mutation { repay: Node }
type Node {node: Node, name: String,
  tags: [String!]!, lines: [Node!]!, price: Money, loans(first: Int): LoanConnection!}
type Money { amount: String }
type LoanConnection { edges: [LoanEdge!]!, nodes: [Node!]! }
type LoanEdge { node: Node }
""")
TABLE = weights(SCHEMA, free={"Money"})
ROOTS = {"query": "Query", "mutation": "Mutation"}


def measured(text: str, variables: Mapping[str, object] | None = None) -> Measure:
    document = parse(text)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return measure(document, table=TABLE, roots=ROOTS, variables=variables or {}, operation=operation)


def nested(depth: int) -> str:
    return "{" + "node{" * (depth - 1) + "name" + "}" * depth


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("depth", nested),
        ("aliases", lambda n: "{" + "node{" + " ".join(f"a{i}:name" for i in range(n)) + "}}"),
        ("directives", lambda n: "{name" + " @skip(if:false)" * n + "}"),
        ("root_fields", lambda n: "{" + " ".join(["name"] * n) + "}"),
        ("fields", lambda n: "{node{" + " ".join(["name"] * (n - 1)) + "}}"),
        ("list_size", lambda n: f"{{loans(first:{n}){{nodes{{name}}}}}}"),
        ("cost", lambda _: "query($n:Int){loans(first:$n){edges{node{name}}}}"),
    ],
)
def test_each_limit_at_n_and_one_more(name: str, document: object) -> None:
    assert callable(document)
    limits = Limits()
    wide = Limits(**{other: CEILING for other in ("list_size", "cost") if other != name})
    n = getattr(limits, name)
    below = {"n": n - 1} if name == "cost" else {}  # the connection itself costs 1
    above = {"n": n} if name == "cost" else {}
    assert exceeded(measured(document(n), below), wide) is None
    assert exceeded(measured(document(n + 1), above), wide) == Exceeded(name=name, limit=n, actual=n + 1)


@pytest.mark.parametrize(
    ("document", "variables", "cost"),
    [
        ("{name}", {}, 0),
        ("{node{name}}", {}, 1),
        ("{node{price{amount}}}", {}, 1),
        ("{node{lines{name}}}", {}, 2),
        ("{node{lines{node{name}}}}", {}, 12),
        ("{loans{nodes{name}}}", {}, 21),
        ("{loans(first:100){edges{node{name}}}}", {}, 101),
        ("{loans(last:5){nodes{node{name}}}}", {}, 11),
        ("{loans(first:2,last:7){nodes{name}}}", {}, 8),
        ("{loans(first:10){nodes{loans(first:10){nodes{name}}}}}", {}, 1 + 10 * (1 + 11)),
        ("query($n:Int){loans(first:$n){nodes{name}}}", {"n": 50}, 51),
        ("query($n:Int=30){loans(first:$n){nodes{name}}}", {}, 31),
        ("query($n:Int=30){loans(first:$n){nodes{name}}}", {"n": 3}, 4),
        ("query($n:Int){loans(first:$n){nodes{name}}}", {"n": "x"}, 21),
        ("{loans(first:-4){nodes{name}}}", {}, 2),
        ("mutation{repay{name}}", {}, 10),
        ("{__schema{types{name}}}", {}, 1),
        ("{loans(first:99999999999999999999999){nodes{name}}}", {}, CEILING),
    ],
)
def test_cost_counts_objects_times_pages(document: str, variables: Mapping[str, object], cost: int) -> None:
    assert measured(document, variables).cost == cost


def test_only_the_chosen_operation_costs_but_all_are_counted() -> None:
    document = parse("query A{a:node{name}} query B{b:node{node{name}}}")
    first = document.definitions[0]
    assert isinstance(first, OperationDefinitionNode)
    whole = measure(document, table=TABLE, roots=ROOTS, variables={}, operation=first)
    assert (whole.cost, whole.aliases, whole.depth, whole.root_fields) == (1, 2, 3, 1)


def test_introspection_has_its_own_depth() -> None:
    deep = "{__schema{types{fields{args{type{ofType{ofType{ofType{ofType{ofType{ofType{ofType{name}}}}}}}}}}}}}"
    whole = measured(deep)
    assert (whole.depth, whole.introspection_depth) == (1, 13)
    assert exceeded(whole, Limits()) is None


@pytest.mark.parametrize("body", ["...F{n} ...F{n}", "a:node{{...F{n}}} b:node{{...F{n}}}"])
def test_fragments_that_fan_out_are_measured_in_linear_work(body: str) -> None:
    def calls(levels: int) -> int:
        parts = [f"fragment F{i} on Node{{{body.format(n=i + 1)}}}" for i in range(levels)]
        document = parse("{node{...F0}}" + " ".join(parts) + f" fragment F{levels} on Node{{name}}")
        operation = document.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        with counted() as work:
            whole = measure(document, table=TABLE, roots=ROOTS, variables={}, operation=operation)
        assert exceeded(whole, Limits()) is not None
        assert whole.fields <= CEILING
        return work.calls

    assert calls(150) < 10 * calls(20)


def test_a_circle_of_fragments_ends() -> None:
    assert measured("{node{...A}} fragment A on Node{name ...B} fragment B on Node{...A}").fields == 2


@given(
    st.recursive(
        st.just("name"),
        lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda some: "node{" + " ".join(some) + "}"),
        max_leaves=40,
    )
)
def test_a_fragment_measures_what_its_text_would(inner: str) -> None:
    plain = measured("{node{" + inner + " " + inner + "}}")
    spread = measured("{node{...F ...F}} fragment F on Node{" + inner + "}")
    assert spread == plain
