"""Small packs to try the engine on."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from risk.rules.ir import Pack
from risk.rules.load import load

INPUTS: dict[str, Any] = {
    "age": {"type": "integer", "zh": "年龄", "en": "age", "min": 0, "max": 120},
    "debt": {"type": "decimal", "zh": "负债率", "en": "debt ratio", "min": "0", "max": "10", "optional": True},
    "city": {"type": "enum", "zh": "城市", "en": "city", "levels": ["A", "B", "C"], "optional": True},
    "consent": {"type": "boolean", "zh": "授权", "en": "consent"},
    "since": {"type": "date", "zh": "开户日", "en": "customer since", "optional": True},
    "score": {"type": "integer", "zh": "评分", "en": "score", "min": 0, "max": 1000, "origin": "assessment"},
    "grade": {"type": "enum", "zh": "等级", "en": "grade", "levels": ["A", "B"], "origin": "table"},
}
OUTPUTS: dict[str, Any] = {
    "grade": {"type": "enum", "zh": "等级", "en": "grade", "levels": ["A", "B"]},
    "limit": {"type": "integer", "zh": "额度", "en": "limit", "min": 0, "unit": "minor"},
    "rate": {"type": "decimal", "zh": "利率", "en": "rate"},
}


def row(name: str, when: list[str], outcome: str = "PASS", **then: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """One row; what is not passed gives the reason `R`."""
    examples = then.pop("examples", [])
    made: dict[str, Any] = {"id": name, "when": when, "then": {"outcome": outcome, **then}, "examples": examples}
    return made if outcome == "PASS" else {**made, "reason": "R"}


def table(
    name: str, hit: str, columns: list[str], rows: list[dict[str, Any]], *, otherwise: str | None = None, **more: object
) -> dict[str, Any]:
    """One table; `otherwise` is the outcome when no row hits."""
    made: dict[str, Any] = {"name": name, "zh": name, "en": name, "hit": hit, "columns": columns, "rows": rows, **more}
    if otherwise is not None:
        made["otherwise"] = {"then": {"outcome": otherwise}, "examples": []}
        if otherwise != "PASS":
            made["otherwise"]["reason"] = "R"
    return made


def document(*tables: dict[str, Any], **changes: object) -> dict[str, Any]:
    """A pack of one stage `S` with these tables."""
    return {
        "name": "p",
        "version": 1,
        "effective_from": "2025-01-01",
        "inputs": INPUTS,
        "outputs": OUTPUTS,
        "tables": list(tables),
        "stages": {"S": {"assess": True, "tables": [one["name"] for one in tables]}},
        "reasons": {"R": {"zh": "年龄 {age}", "en": "age {age}"}},
        **changes,
    }


def pack(*tables: dict[str, Any]) -> Pack:
    """The same, loaded."""
    made = load(json.dumps(document(*tables)))
    assert isinstance(made, Pack), made
    return made


@pytest.fixture(scope="session")
def make_row() -> Callable[..., dict[str, Any]]:
    return row


@pytest.fixture(scope="session")
def make_table() -> Callable[..., dict[str, Any]]:
    return table


@pytest.fixture(scope="session")
def make_document() -> Callable[..., dict[str, Any]]:
    return document


@pytest.fixture(scope="session")
def make_pack() -> Callable[..., Pack]:
    return pack
