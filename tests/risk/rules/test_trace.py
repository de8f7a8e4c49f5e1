import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from risk.rules.evaluate import evaluate
from risk.rules.ir import Absent, Known
from risk.rules.trace import Json, plain, sentences

Make = Callable[..., Any]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, 5),
        (True, True),
        ("A", "A"),
        (None, None),
        (Decimal("0.60"), {"decimal": "0.60"}),
        (date(2025, 1, 31), {"date": "2025-01-31"}),
        (Absent.INVALID, {"absent": "invalid"}),
    ],
)
def test_values_keep_their_type(value: Known | None, expected: Json) -> None:
    assert plain(value) == expected


def test_every_row_says_why_or_why_not(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [
        make_row("poor", ["-", "> 0.5", "-"], "REFER"),
        make_row("far", ["-", "-", "= A"], "REFER"),
        make_row("young", ["< 18", "-", "-"], "REJECT"),
    ]
    pack = make_pack(make_table("t", "collect", ["age", "debt", "city"], rows, otherwise="PASS"))
    found = evaluate(pack, stage="S", facts={"age": 17, "debt": Decimal("0.4")})
    trace = json.loads(json.dumps(found.trace))
    assert trace["pack"] == {"name": "p", "version": 1, "hash": pack.hash}
    assert trace["absent"] == {"city": "missing"}
    (table,) = trace["tables"]
    assert (table["outcome"], table["chosen"], table["open_for"]) == ("REJECT", ["young"], ["city"])
    assert table["rows"] == [
        {"row": "poor", "result": "miss", "column": "debt", "value": {"decimal": "0.4"}, "cell": "> 0.5"},
        {"row": "far", "result": "unknown", "unknown": ["city"]},
        {"row": "young", "result": "hit"},
    ]
    assert sentences(found.tables, locale="en") == (
        "t/poor: missed debt > 0.5 with 0.4",
        "t/far: unknown without city",
        "t/young: hit",
    )
    assert sentences(found.tables, locale="zh-CN")[2] == "t/young: 命中"


def test_a_table_that_was_not_run_says_so(make_pack: Make, make_table: Make, make_row: Make) -> None:
    grading = make_table("grading", "first", ["score"], [make_row("a", [">= 600"], grade="A")], otherwise="REFER")
    limits = make_table("limits", "unique", ["grade"], [make_row("a", ["= A"]), make_row("b", ["= B"])])
    found = evaluate(make_pack(grading, limits), stage="S", facts={"score": 1})
    assert sentences(found.tables, locale="en")[-1] == "limits: not run without grade"
