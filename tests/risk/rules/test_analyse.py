import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.rules.analyse import analyse, pieces, proved
from risk.rules.evaluate import choose
from risk.rules.ir import Absent, Input, Known, Pack, Table
from risk.rules.load import cell, load
from seed import german

Make = Callable[..., Any]


def test_the_standard_pack_is_proved() -> None:
    assert proved(german.pack_text()) == ()


def test_a_removed_example_or_row_forbids_the_release() -> None:
    pack = json.loads(german.pack_text())
    for table in pack["tables"]:
        for number, row in enumerate(table["rows"]):
            without = {**row, "examples": []}
            changed = json.dumps(pack).replace(json.dumps(row), json.dumps(without))
            assert any("has no example" in fault for fault in proved(changed))
            # A missing value that no row answers is no gap: it is referred.
            if "otherwise" not in table and row["when"] != ["is missing"]:
                rest = [one for place, one in enumerate(table["rows"]) if place != number]
                holed = {**pack, "tables": [{**table, "rows": rest} if one is table else one for one in pack["tables"]]}
                assert any("no row answers" in fault for fault in proved(json.dumps(holed)))


def first_table(pack: Pack) -> Table:
    return next(iter(pack.tables.values()))


def test_a_gap_is_shown(make_pack: Make, make_table: Make, make_row: Make) -> None:
    pack = make_pack(make_table("t", "unique", ["age"], [make_row("a", ["< 18"]), make_row("b", ["> 18"])]))
    assert [dict(box) for box in analyse(pack, first_table(pack)).gaps] == [{"age": 18}]


def test_an_overlap_is_shown(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [make_row("a", ["<= 18", "-"]), make_row("b", [">= 18", "= true"]), make_row("c", ["> 18", "= false"])]
    pack = make_pack(make_table("t", "unique", ["age", "consent"], rows))
    proof = analyse(pack, first_table(pack))
    assert [(dict(box), rows) for box, rows in proof.overlaps] == [({"age": 18, "consent": True}, ("a", "b"))]
    assert proof.gaps == ()


@pytest.mark.parametrize(
    ("hit", "cells", "dead"),
    [
        ("first", [["< 50"], ["< 20"], [">= 20"]], ("r1",)),
        ("unique", [["< 50"], ["> 130"], [">= 50"]], ("r1",)),
        ("first", [["-"], ["-"]], ("r1",)),
        ("first", [["[30..40]"], ["not [30..40]"]], ()),
        ("collect", [["= 121"], ["-"]], ("r0",)),
    ],
)
def test_a_row_that_is_never_chosen_is_shown(
    make_pack: Make, make_table: Make, make_row: Make, hit: str, cells: list[list[str]], dead: tuple[str, ...]
) -> None:
    rows = [make_row(f"r{number}", when) for number, when in enumerate(cells)]
    otherwise = "PASS" if hit == "collect" else None
    pack = make_pack(make_table("t", hit, ["age"], rows, otherwise=otherwise))
    assert analyse(pack, first_table(pack)).dead_rows == dead


def test_an_example_that_contradicts_the_table_is_told(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [
        make_row("a", ["< 18"], "REJECT", examples=[{"age": 18}]),
        make_row("b", [">= 18"], examples=[{"age": 18}, {}]),
    ]
    pack = make_pack(make_table("t", "unique", ["age"], rows))
    assert analyse(pack, first_table(pack)).example_faults == (
        "example 1 of row a gives b",
        "example 2 of row b lacks age",
    )


def test_a_table_too_large_to_be_proved_is_not_released(make_document: Make, make_table: Make, make_row: Make) -> None:
    names = [f"x{number}" for number in range(20)]
    inputs = {name: {"type": "boolean", "zh": name, "en": name} for name in names}
    rows = [make_row(name, ["= true" if name == other else "-" for other in names], examples=[]) for name in names]
    text = json.dumps(make_document(make_table("t", "first", names, rows), inputs=inputs, outputs={}, reasons={}))
    assert any("too large" in fault for fault in proved(text))


CELLS = ["-", "= 3", "in {1, 4}", "[1..4)", "(1..3]", "< 2", ">= 4", "not = 3", "not [2..3]", "is missing"]
tables = st.tuples(
    st.sampled_from(["first", "unique", "priority"]),
    st.lists(
        st.tuples(st.sampled_from(CELLS), st.sampled_from(CELLS), st.sampled_from(["PASS", "REFER", "REJECT"])),
        min_size=1,
        max_size=4,
    ),
)


@settings(max_examples=120)
@given(tables)
def test_the_proof_agrees_with_trying_everything(drawn: tuple[str, list[tuple[str, str, str]]]) -> None:
    hit, cells = drawn
    number = {"type": "integer", "zh": "x", "en": "x", "min": 0, "max": 5, "optional": True}
    rows = [
        {"id": f"r{place}", "when": [left, right], "then": {"outcome": outcome}, "examples": []}
        | ({} if outcome == "PASS" else {"reason": "R"})
        for place, (left, right, outcome) in enumerate(cells)
    ]
    text = json.dumps(
        {
            "name": "p",
            "version": 1,
            "effective_from": "2025-01-01",
            "inputs": {"x": number, "y": number},
            "outputs": {},
            "tables": [{"name": "t", "zh": "t", "en": "t", "hit": hit, "columns": ["x", "y"], "rows": rows}],
            "stages": {"S": {"assess": False, "tables": ["t"]}},
            "reasons": {"R": {"zh": "r", "en": "r"}},
        }
    )
    pack = load(text)
    assert isinstance(pack, Pack)
    table = first_table(pack)
    proof = analyse(pack, table)
    domain: list[Known] = [Absent.MISSING, *range(6)]
    alive: set[str] = set()
    gap = overlap = False
    for x, y in product(domain, domain):
        traces, chosen = choose(table, {"x": x, "y": y})
        alive.update(chosen)
        gap |= all(one.result.value == "miss" for one in traces)
        overlap |= hit == "unique" and sum(one.result.value == "hit" for one in traces) > 1
    assert bool(proof.gaps) is gap
    assert bool(proof.overlaps) is overlap
    assert set(proof.dead_rows) == {row.id for row in table.rows} - alive


@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=3))
def test_one_value_stands_for_each_piece(texts: list[str]) -> None:
    pack = load(
        json.dumps(
            {
                "name": "p",
                "version": 1,
                "effective_from": "2025-01-01",
                "inputs": {"x": {"type": "integer", "zh": "x", "en": "x", "min": 0, "max": 9, "optional": True}},
                "outputs": {},
                "tables": [],
                "stages": {},
                "reasons": {},
            }
        )
    )
    assert isinstance(pack, Pack)
    column: Input = pack.inputs["x"]
    cells = [cell(text, column) for text in texts]
    values = pieces(column, cells)
    assert len(set(values)) == len(values)
    assert {value for value in values if isinstance(value, int)} <= set(range(10))
