import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from risk.rules.ir import Anything, Cell, Input, Interval, IsMissing, Kind, Not, OneOf, Pack
from risk.rules.load import cell, document_hash, load
from seed import german

Make = Callable[..., Any]


def column(kind: Kind, *, optional: bool = True) -> Input:
    levels = ("A", "B C") if kind is Kind.ENUM else ()
    return Input(name="x", kind=kind, zh="x", en="x", levels=levels, optional=optional)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (Kind.INTEGER, "-", Anything()),
        (Kind.INTEGER, "= 5", OneOf(frozenset({5}))),
        (Kind.INTEGER, "= -5", OneOf(frozenset({-5}))),
        (Kind.INTEGER, "in {1, 2, 3}", OneOf(frozenset({1, 2, 3}))),
        (Kind.INTEGER, "[18..60)", Interval(18, 60, low_in=True, high_in=False)),
        (Kind.INTEGER, "( -3 .. 4 ]", Interval(-3, 4, low_in=False, high_in=True)),
        (Kind.INTEGER, "< 5", Interval(None, 5, low_in=False, high_in=False)),
        (Kind.INTEGER, "<= 1_000_000", Interval(None, 1_000_000, low_in=False, high_in=True)),
        (Kind.INTEGER, ">= 5", Interval(5, None, low_in=True, high_in=False)),
        (Kind.INTEGER, "not = 5", Not(OneOf(frozenset({5})))),
        (Kind.INTEGER, "is missing", IsMissing()),
        (Kind.INTEGER, "not is missing", Not(IsMissing())),
        (Kind.DECIMAL, "[0.1..0.55]", Interval(Decimal("0.1"), Decimal("0.55"), low_in=True, high_in=True)),
        (Kind.DECIMAL, "= 3", OneOf(frozenset({Decimal(3)}))),
        (Kind.ENUM, "in {A, B C}", OneOf(frozenset({"A", "B C"}))),
        (Kind.BOOLEAN, "= false", OneOf(frozenset({False}))),
        (Kind.DATE, "> 2025-01-31", Interval(date(2025, 1, 31), None, low_in=False, high_in=False)),
    ],
)
def test_cells(kind: Kind, text: str, expected: Cell) -> None:
    assert cell(text, column(kind)) == expected


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.INTEGER, ""),
        (Kind.INTEGER, "5"),
        (Kind.INTEGER, "= 5.0"),
        (Kind.INTEGER, "= five"),
        (Kind.INTEGER, "= ５"),
        (Kind.INTEGER, "[5..4]"),
        (Kind.INTEGER, "[5..5)"),
        (Kind.INTEGER, "[5..]"),
        (Kind.INTEGER, "in {1, 1}"),
        (Kind.INTEGER, "in {}"),
        (Kind.INTEGER, "not -"),
        (Kind.INTEGER, "not not = 5"),
        (Kind.INTEGER, "= __import__('os')"),
        (Kind.DECIMAL, "= 1e3"),
        (Kind.DECIMAL, "= NaN"),
        (Kind.ENUM, "= C"),
        (Kind.ENUM, "< A"),
        (Kind.BOOLEAN, "= 1"),
        (Kind.BOOLEAN, "> false"),
        (Kind.DATE, "= 2025-02-30"),
    ],
)
def test_what_is_no_cell(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cell(text, column(kind))


def test_only_an_optional_input_is_ever_missing() -> None:
    with pytest.raises(ValueError, match="never missing"):
        cell("is missing", column(Kind.INTEGER, optional=False))


def test_the_standard_pack_loads_and_keeps_its_hash() -> None:
    pack = load(german.pack_text())
    assert isinstance(pack, Pack)
    assert pack.hash == document_hash(german.pack_text())
    assert pack.contract_hash == german.contract().hash


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"version": 0}, ""),
        ({"version": True}, ""),
        ({"effective_from": "yesterday"}, ""),
        ({"surprise": 1}, ""),
        ({"stages": {"S": {"assess": True, "tables": ["nobody"]}}}, "stages.S"),
        ({"stages": {"S": {"assess": True, "tables": []}}}, "stages.S"),
        ({"stages": {"S": {"assess": False, "tables": ["t", "scores"]}}}, "stages.S"),
        ({"reasons": {"R": {"zh": "{nobody}", "en": "x"}}}, "reasons.R"),
        ({"reasons": {"R": {"zh": "缺"}}}, "reasons.R"),
        ({"reasons": {"R": {"zh": "{", "en": "x"}}}, "reasons.R"),
    ],
)
def test_faults_of_a_pack_are_told_with_their_path(
    make_document: Make, make_table: Make, make_row: Make, change: dict[str, Any], path: str
) -> None:
    tables = [
        make_table("t", "first", ["age"], [make_row("a", ["< 18"], "REJECT")], otherwise="PASS"),
        make_table("scores", "first", ["score"], [make_row("low", ["< 18"], "REJECT")], otherwise="PASS"),
    ]
    found = load(json.dumps(make_document(*tables, **change)))
    assert isinstance(found, tuple)
    assert path in {fault.path for fault in found}


@pytest.mark.parametrize(
    ("row", "detail"),
    [
        ({"id": "a", "when": [], "then": {}, "examples": []}, "0 cells for 1 columns"),
        ({"id": "a", "when": ["-"], "then": {"outcome": "REJECT"}, "examples": []}, "gives a reason"),
        ({"id": "a", "when": ["-"], "then": {}, "reason": "R", "examples": []}, "gives a reason"),
        ({"id": "a", "when": ["-"], "then": {"outcome": "MAYBE"}, "examples": []}, "MAYBE"),
        ({"id": "a", "when": ["-"], "then": {"limit": "5"}, "examples": []}, "limit"),
        ({"id": "a", "when": ["-"], "then": {"limit": -5}, "examples": []}, "limit"),
        ({"id": "a", "when": ["-"], "then": {"gift": 5}, "examples": []}, "gift is no output"),
        ({"id": "a", "when": ["-"], "then": {}, "examples": [{"city": "A"}]}, "no column"),
        ({"id": "a", "when": ["-"], "then": {}, "examples": [{"age": "17"}]}, "age"),
        ({"id": "a", "when": ["-"], "then": {}, "examples": [], "eval": "1"}, "nobody reads"),
        ({"id": "otherwise", "when": ["-"], "then": {}, "examples": []}, "name of its own"),
    ],
)
def test_faults_of_a_row(make_document: Make, make_table: Make, row: dict[str, Any], detail: str) -> None:
    found = load(json.dumps(make_document(make_table("t", "first", ["age"], [row], otherwise="PASS"))))
    assert isinstance(found, tuple)
    assert any(detail in fault.detail for fault in found)
    assert found[0].path.startswith("tables.t.rows.")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"a": 1, "a": 2}', "named twice"),
        ('{"a": 0.1}', "decimal as a string"),
        ('{"a": NaN}', "decimal as a string"),
        ("[]", "no object"),
        ("{", "Expecting"),
        ("[" * 100_000, ""),
    ],
)
def test_what_is_no_pack_at_all(text: str, detail: str) -> None:
    found = load(text)
    assert isinstance(found, tuple)
    assert detail in found[0].detail


def test_a_table_reads_an_output_only_after_it_was_made(make_document: Make, make_table: Make, make_row: Make) -> None:
    reader = make_table("reader", "first", ["grade"], [make_row("a", ["= A"])], otherwise="PASS")
    maker = make_table("maker", "first", ["age"], [make_row("a", ["-"], grade="A")])
    assert isinstance(load(json.dumps(make_document(maker, reader))), Pack)
    found = load(json.dumps(make_document(reader, maker)))
    assert isinstance(found, tuple)
    assert "before a table puts it out" in found[0].detail


def test_a_collecting_table_says_how_to_combine(make_document: Make, make_table: Make, make_row: Make) -> None:
    rows = [make_row("a", ["-"], limit=5)]
    assert isinstance(load(json.dumps(make_document(make_table("t", "collect", ["age"], rows)))), tuple)
    combined = make_table("t", "collect", ["age"], rows, combine={"limit": "min"})
    assert isinstance(load(json.dumps(make_document(combined))), Pack)
