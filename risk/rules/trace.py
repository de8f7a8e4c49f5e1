"""Why, and why not: what every row of every table said, as values, as plain JSON and as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from risk.rules.ir import Absent, Known, Literal, Outcome

Json: TypeAlias = "str | int | bool | Sequence[Json] | Mapping[str, Json] | None"


class Result(StrEnum):
    """What a row says about one application."""

    HIT = "hit"
    MISS = "miss"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTrace:
    """One row: hit, missed at a cell, or unknown for the want of values."""

    row: str
    result: Result
    column: str | None = None
    """Where it missed."""
    value: Known | None = None
    """The value that missed."""
    cell: str | None = None
    """The test that the value missed, as it was written."""
    unknown: tuple[str, ...] = ()
    """Columns whose values it would have to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableTrace:
    """One table: all its rows, those that were chosen, and what came of it."""

    table: str
    hit: str
    rows: tuple[RowTrace, ...]
    chosen: tuple[str, ...]
    """Names of the rows that decided, `otherwise` among them; empty when it stayed open."""
    outcome: Outcome
    outputs: Mapping[str, Literal]
    open_for: tuple[str, ...] = ()
    """Values without which the table could not be decided."""


def plain(value: Known | None) -> Json:
    """Return a value as JSON that keeps its type; decimals and dates become objects, so nothing is ever a float."""
    if isinstance(value, Absent):
        return {"absent": value.value}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def document(tables: Sequence[TableTrace]) -> list[Json]:
    """Return the trace as JSON, ready to be stored."""
    return [_table(table) for table in tables]


def sentences(tables: Sequence[TableTrace], *, locale: str) -> tuple[str, ...]:
    """Return the trace as sentences, one for each row."""
    chinese = locale.lower().startswith("zh")
    said = []
    for table in tables:
        for row in table.rows:
            name = f"{table.table}/{row.row}"
            match row.result:
                case Result.HIT:
                    said.append(f"{name}: 命中" if chinese else f"{name}: hit")
                case Result.MISS:
                    where = f"{row.column} {row.cell}"
                    shown = _shown(row.value)
                    said.append(
                        f"{name}: 未命中, {where} 不符, 实际为 {shown}"
                        if chinese
                        else f"{name}: missed {where} with {shown}"
                    )
                case Result.UNKNOWN:
                    fields = ", ".join(row.unknown)
                    said.append(f"{name}: 无法判断, 缺少 {fields}" if chinese else f"{name}: unknown without {fields}")
        if table.open_for and not table.rows:
            fields = ", ".join(table.open_for)
            said.append(
                f"{table.table}: 未执行, 缺少 {fields}" if chinese else f"{table.table}: not run without {fields}"
            )
    return tuple(said)


def _table(table: TableTrace) -> Json:
    return {
        "table": table.table,
        "hit": table.hit,
        "outcome": table.outcome.value,
        "chosen": list(table.chosen),
        "outputs": {name: plain(value) for name, value in table.outputs.items()},
        "open_for": list(table.open_for),
        "rows": [_row(row) for row in table.rows],
    }


def _row(row: RowTrace) -> Json:
    match row.result:
        case Result.HIT:
            return {"row": row.row, "result": "hit"}
        case Result.MISS:
            return {
                "row": row.row,
                "result": "miss",
                "column": row.column,
                "value": plain(row.value),
                "cell": row.cell,
            }
        case Result.UNKNOWN:
            return {"row": row.row, "result": "unknown", "unknown": list(row.unknown)}


def _shown(value: Known | None) -> str:
    return value.value if isinstance(value, Absent) else str(value)
