"""Decision tables as values: inputs, cells, rows, tables, packs.

A cell is a literal test of one value; there are no expressions, so nothing a person writes is ever executed. A test of
an unknown value is unknown (Kleene's three-valued logic: True, False, None).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

Literal: TypeAlias = str | int | Decimal | bool | date
"""A typed value in a cell or an output."""

Truth: TypeAlias = bool | None
"""True, False, or None for unknown."""


class Absent(StrEnum):
    """What stands in the place of a value that cannot be tested."""

    MISSING = "missing"
    INVALID = "invalid"


Known: TypeAlias = Literal | Absent
"""A checked value, or why there is none."""


class Kind(StrEnum):
    """Type of an input or output."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    ENUM = "enum"
    DATE = "date"


class Origin(StrEnum):
    """Where the value of an input comes from."""

    FACT = "fact"
    """The application: given from outside."""
    ASSESSMENT = "assessment"
    """The scorer: `score`, `probability_of_default`."""
    TABLE = "table"
    """The output of an earlier table of the same stage."""


class Outcome(StrEnum):
    """What a row, a table or a stage says."""

    PASS = "PASS"  # noqa: S105 - a word of the trade, not a secret
    REFER = "REFER"
    REJECT = "REJECT"

    @property
    def severity(self) -> int:
        """0, 1, 2: the worst of several is the outcome of all."""
        return (Outcome.PASS, Outcome.REFER, Outcome.REJECT).index(self)


def worst(*outcomes: Outcome) -> Outcome:
    """Return the most severe outcome; PASS when there is none."""
    return max(outcomes, key=lambda outcome: outcome.severity, default=Outcome.PASS)


class Hit(StrEnum):
    """How the rows of a table combine."""

    FIRST = "first"
    """The first row that hits."""
    UNIQUE = "unique"
    """The only row that hits; proved that there are never two."""
    COLLECT = "collect"
    """All rows that hit: the worst outcome, every reason, outputs combined as the table says."""
    PRIORITY = "priority"
    """Of all rows that hit the one with the worst outcome; the upper one of equals."""


class Combine(StrEnum):
    """How a collecting table makes one output of several."""

    SUM = "sum"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An input of a pack: its type and the domain on which tables are proved."""

    name: str
    kind: Kind
    zh: str
    en: str
    levels: tuple[str, ...] = ()
    minimum: int | Decimal | date | None = None
    """Least valid value; None when there is none."""
    maximum: int | Decimal | date | None = None
    optional: bool = False
    """A missing optional input is an answer; a missing other one is referred before any row is read."""
    origin: Origin = Origin.FACT
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Anything:
    """`-`: the cell asks nothing, so even an unknown value satisfies it."""


@dataclass(frozen=True, slots=True)
class IsMissing:
    """`is missing`."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """`= v` or `in {v, …}`."""

    values: frozenset[Literal]


@dataclass(frozen=True, slots=True)
class Interval:
    """`[a..b)`, `< v`, `>= v` …; a missing bound is None."""

    low: int | Decimal | date | None
    high: int | Decimal | date | None
    low_in: bool
    high_in: bool


@dataclass(frozen=True, slots=True)
class Not:
    """`not …`."""

    cell: OneOf | Interval | IsMissing


Cell: TypeAlias = Anything | IsMissing | OneOf | Interval | Not


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row: a test for each column, what it puts out, and applications that prove it."""

    id: str
    cells: tuple[Cell, ...]
    texts: tuple[str, ...]
    """The cells as they were written."""
    outcome: Outcome
    outputs: Mapping[str, Literal]
    reason: str | None
    """Code in the pack's catalogue; a row that refers or rejects has one."""
    examples: tuple[Mapping[str, Literal], ...]
    """Values of the table's columns for which this row is chosen; absent ones are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One decision table."""

    name: str
    zh: str
    en: str
    hit: Hit
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    otherwise: Row | None
    """What holds when no row hits; without it the rows must cover everything."""
    combine: Mapping[str, Combine]
    """For a collecting table: how each output is combined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """The sentence of a reason code; `{field}` is the place of a value."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A rule pack: inputs, tables, the stages that use them, and the reasons they give."""

    name: str
    version: int
    hash: str
    """SHA-256 (hex) of the canonical text."""
    contract_hash: str | None
    """The feature contract that it was written for, or None when it reads no score."""
    effective_from: date
    inputs: Mapping[str, Input]
    outputs: Mapping[str, Input]
    """Types of what rows may put out."""
    tables: Mapping[str, Table]
    stages: Mapping[str, tuple[str, ...]]
    """Names of the tables of each stage, in order."""
    reasons: Mapping[str, ReasonText]


def truth(cell: Cell, value: Known) -> Truth:
    """Test one value; unknown (None) when the value is not there, unless the cell asks nothing or asks just that."""
    match cell:
        case Anything():
            return True
        case IsMissing():
            return None if value is Absent.INVALID else value is Absent.MISSING
        case Not(inner):
            result = truth(inner, value)
            return None if result is None else not result
        case OneOf(values):
            return None if isinstance(value, Absent) else value in values
        case Interval():
            return None if isinstance(value, Absent) else inside(cell, value)


def inside(interval: Interval, value: Literal) -> bool:
    """Tell whether a value of the interval's type lies inside."""
    low, high = interval.low, interval.high
    # The loader has given both bounds the type of the column, and the value was checked against the same type.
    above = low is None or low < value or (interval.low_in and low == value)  # type: ignore[operator]
    below = high is None or value < high or (interval.high_in and high == value)  # type: ignore[operator]
    return above and below


def fits(declared: Input, value: object) -> bool:
    """Tell whether a present value has exactly the declared type, range or list: `"17"` is no integer, nor is True."""
    match declared.kind:
        case Kind.BOOLEAN:
            return type(value) is bool
        case Kind.ENUM:
            return type(value) is str and value in declared.levels
        case Kind.INTEGER:
            return type(value) is int and _in_range(declared, value)
        case Kind.DECIMAL:
            return type(value) is Decimal and value.is_finite() and _in_range(declared, value)
        case Kind.DATE:
            return type(value) is date and _in_range(declared, value)


def _in_range(declared: Input, value: int | Decimal | date) -> bool:
    return inside(Interval(declared.minimum, declared.maximum, low_in=True, high_in=True), value)
