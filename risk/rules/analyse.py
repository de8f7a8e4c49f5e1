"""The proof that a table answers every input once: no gap, no overlap, no dead row, each row shown by an example.

Each column is cut at the points that its cells name; on each piece every cell is constant, so one value stands for all.
Walking the columns, only the sets of rows still possible are kept: few, however many boxes there are. What cannot be
proved is not released.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias

from risk.rules.evaluate import checked, choose
from risk.rules.ir import (
    Absent,
    Cell,
    Hit,
    Input,
    Interval,
    Kind,
    Known,
    Literal,
    Not,
    OneOf,
    Origin,
    Pack,
    Row,
    Table,
    fits,
    truth,
)
from risk.rules.load import load

STATES_MAX = 100_000
WITNESSES_MAX = 5

_ANY: Mapping[Kind, Literal] = {Kind.INTEGER: 0, Kind.DECIMAL: Decimal(0), Kind.DATE: date(2000, 1, 1)}
"""A value for an ordered column that nobody cuts."""

Box: TypeAlias = Mapping[str, Known]
"""A value for each column that stands for a whole region of inputs."""

_Mask: TypeAlias = tuple[int, int]
"""Rows that surely hit, and rows that hit or are unknown, as bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProof:
    """What is wrong with one table; a table with none of it is proved."""

    table: str
    gaps: tuple[Box, ...] = ()
    """Inputs for which no row answers (a few of them)."""
    overlaps: tuple[tuple[Box, tuple[str, ...]], ...] = ()
    """Inputs for which two rows of a unique table answer (a few of them)."""
    dead_rows: tuple[str, ...] = ()
    """Rows that are never chosen."""
    uncovered_rows: tuple[str, ...] = ()
    """Rows that no example shows."""
    example_faults: tuple[str, ...] = ()
    """Examples that contradict the table."""
    too_large: bool = False
    """The table has too many cases to be proved, so it is not."""

    @property
    def faults(self) -> tuple[str, ...]:
        """All that forbids a release, as sentences."""
        return (
            *(f"{self.table}: no row answers {shown(box)}" for box in self.gaps),
            *(f"{self.table}: rows {', '.join(rows)} all answer {shown(box)}" for box, rows in self.overlaps),
            *(f"{self.table}: row {row} is never chosen" for row in self.dead_rows),
            *(f"{self.table}: row {row} has no example" for row in self.uncovered_rows),
            *(f"{self.table}: {fault}" for fault in self.example_faults),
            *((f"{self.table}: too large to be proved",) if self.too_large else ()),
        )


def proved(text: str, /) -> tuple[str, ...]:
    """Return everything that forbids to release a pack given as JSON text; nothing when it is proved."""
    pack = load(text)
    if not isinstance(pack, Pack):
        return tuple(f"{fault.path}: {fault.detail}" for fault in pack)
    used = {name for names in pack.stages.values() for name in names}
    idle = tuple(f"{name}: no stage uses this table" for name in pack.tables if name not in used)
    return (*idle, *(fault for table in pack.tables.values() for fault in analyse(pack, table).faults))


def analyse(pack: Pack, table: Table) -> TableProof:
    """Prove one table, or show where it fails."""
    columns = tuple(pack.inputs[name] for name in table.columns)
    uncovered = tuple(row.id for row in _all_rows(table) if not row.examples)
    wrong = tuple(_wrong_examples(table, columns))
    if table.hit is Hit.COLLECT and table.otherwise is not None:
        # Overlaps are wanted and gaps are answered; a row is alive when each of its cells can hold.
        return TableProof(
            table=table.name, dead_rows=_never(table, columns), uncovered_rows=uncovered, example_faults=wrong
        )
    boxes = _boxes(table, columns)
    if boxes is None:
        return TableProof(table=table.name, uncovered_rows=uncovered, example_faults=wrong, too_large=True)
    gaps = [box for (_, possible), box in boxes.items() if not possible] if table.otherwise is None else []
    overlaps = [
        (box, tuple(row.id for row in _rows_of(table, sure)))
        for (sure, _), box in boxes.items()
        if table.hit is Hit.UNIQUE and sure & (sure - 1)
    ]
    return TableProof(
        table=table.name,
        gaps=tuple(gaps[:WITNESSES_MAX]),
        overlaps=tuple(overlaps[:WITNESSES_MAX]),
        dead_rows=_dead(table, boxes),
        uncovered_rows=uncovered,
        example_faults=wrong,
    )


def pieces(column: Input, cells: Iterable[Cell]) -> tuple[Known, ...]:
    """Return one value for each piece of a column's domain on which every cell is constant."""
    found: list[Known] = []
    if column.optional and column.origin is not Origin.TABLE:
        found.append(Absent.MISSING)
    match column.kind:
        case Kind.BOOLEAN:
            found += [False, True]
        case Kind.ENUM:
            found += column.levels
        case Kind.INTEGER | Kind.DECIMAL | Kind.DATE:
            found += [value for value in _between(column, _cuts(column, cells)) if fits(column, value)]
    return tuple(found)


def shown(box: Box) -> str:
    """Return a box as `age = 17, region = 11`."""
    return ", ".join(
        f"{name} {'is ' + value.value if isinstance(value, Absent) else '= ' + str(value)}"
        for name, value in box.items()
    )


def _boxes(table: Table, columns: tuple[Input, ...]) -> dict[_Mask, Box] | None:
    """Return every combination of rows that inputs can make hit, each with inputs that do."""
    everything = (1 << len(table.rows)) - 1
    states: dict[_Mask, Box] = {(everything, everything): {}}
    for place, column in enumerate(columns):
        masks = _masks(table, place, column)
        following: dict[_Mask, Box] = {}
        for (sure, possible), box in states.items():
            for (one_sure, one_possible), value in masks.items():
                key = (sure & one_sure, possible & one_possible)
                if key not in following:
                    following[key] = {**box, column.name: value}
        if len(following) > STATES_MAX:
            return None
        states = following
    return states


def _masks(table: Table, place: int, column: Input) -> dict[_Mask, Known]:
    masks: dict[_Mask, Known] = {}
    for value in pieces(column, (row.cells[place] for row in table.rows)):
        sure = possible = 0
        for number, row in enumerate(table.rows):
            result = truth(row.cells[place], value)
            sure |= (result is True) << number
            possible |= (result is not False) << number
        masks.setdefault((sure, possible), value)
    return masks


def _dead(table: Table, boxes: Mapping[_Mask, Box]) -> tuple[str, ...]:
    """Return the rows that are chosen for certain in no box, as the evaluation chooses."""
    alive: set[str] = set()
    for sure, possible in boxes:
        rows = _rows_of(table, possible)
        if not rows:
            alive.add("otherwise")
            continue
        if table.hit is Hit.FIRST:
            rows = rows[:1]
        elif table.hit is Hit.PRIORITY:
            rows = (max(rows, key=lambda row: row.outcome.severity),)
        elif table.hit is Hit.UNIQUE and len(rows) > 1:
            continue
        certain = {row.id for row in _rows_of(table, sure)}
        if all(row.id in certain for row in rows):
            alive.update(row.id for row in rows)
    return tuple(row.id for row in _all_rows(table) if row.id not in alive)


def _never(table: Table, columns: tuple[Input, ...]) -> tuple[str, ...]:
    """Return the rows of which a cell can never hold."""
    dead: list[str] = []
    for row in table.rows:
        holds = (
            any(truth(row.cells[place], value) is True for value in pieces(column, [row.cells[place]]))
            for place, column in enumerate(columns)
        )
        if not all(holds):
            dead.append(row.id)
    return tuple(dead)


def _wrong_examples(table: Table, columns: tuple[Input, ...]) -> Iterable[str]:
    """Run every example of every row through the table: that row must be chosen."""
    for row in _all_rows(table):
        for number, example in enumerate(row.examples, start=1):
            lacking = [column.name for column in columns if column.name not in example and not column.optional]
            if lacking:
                yield f"example {number} of row {row.id} lacks {', '.join(lacking)}"
                continue
            values = {column.name: checked(column, example.get(column.name)) for column in columns}
            _, chosen = choose(table, values)
            if row.id not in chosen:
                yield f"example {number} of row {row.id} gives {', '.join(chosen) or 'no row'}"


def _all_rows(table: Table) -> tuple[Row, ...]:
    return table.rows if table.otherwise is None else (*table.rows, table.otherwise)


def _rows_of(table: Table, mask: int) -> tuple[Row, ...]:
    return tuple(row for number, row in enumerate(table.rows) if mask >> number & 1)


def _cuts(column: Input, cells: Iterable[Cell]) -> list[Literal]:
    cuts: set[Literal] = {bound for bound in (column.minimum, column.maximum) if bound is not None}
    for outer in cells:
        cell = outer.cell if isinstance(outer, Not) else outer
        if isinstance(cell, Interval):
            cuts |= {bound for bound in (cell.low, cell.high) if bound is not None}
        elif isinstance(cell, OneOf):
            cuts |= cell.values
    return sorted(cuts, key=_order)


def _between(column: Input, cuts: list[Literal]) -> list[Literal]:
    """Return every cut, a value between each two neighbours, and one beyond either end."""
    if not cuts:
        return [_ANY[column.kind]]
    values: list[Literal] = [_moved(cuts[0], -1), *cuts, _moved(cuts[-1], 1)]
    for low, high in pairwise(cuts):
        if isinstance(low, Decimal) and isinstance(high, Decimal):
            values.append((low + high) / 2)
        elif (following := _moved(low, 1)) != high:
            values.append(following)
    return values


def _moved(value: Literal, steps: int) -> Literal:
    if isinstance(value, date):
        return value + timedelta(days=steps)
    assert isinstance(value, int | Decimal), "an ordered column has numbers or dates"
    return value + steps


def _order(value: Literal) -> Decimal:
    """Place of a value of an ordered column."""
    return Decimal(value.toordinal()) if isinstance(value, date) else Decimal(value)
