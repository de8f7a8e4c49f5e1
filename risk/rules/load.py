"""From JSON to a pack: every literal typed, every name known, every fault told with its path.

Cells: `-`, `= v`, `in {a, b}`, `[18..60)`, `< v`, `<= v`, `> v`, `>= v`, `is missing`, and `not` before any of these.
`_` may group digits (`1_000_000`). JSON numbers with a point, keys named twice and keys that nobody reads are faults.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import NoReturn, TypeAlias, TypeVar

from risk.contract import canonical
from risk.rules.ir import (
    Anything,
    Cell,
    Combine,
    Hit,
    Input,
    Interval,
    IsMissing,
    Kind,
    Literal,
    Not,
    OneOf,
    Origin,
    Outcome,
    Pack,
    ReasonText,
    Row,
    Table,
    fits,
)

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"

Member = TypeVar("Member", Kind, Origin, Hit, Combine, Outcome)

OUTCOME = "outcome"
_INTERVAL = re.compile(r"([\[(])\s*([^.\s]\S*?)?\s*\.\.\s*(\S*?)\s*([\])])")
_INTEGER = re.compile(r"-?[0-9]+(_[0-9]+)*", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]+(_[0-9]+)*(\.[0-9]+)?", re.ASCII)
_ORDERS = ("<=", ">=", "<", ">")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackFault:
    """What is wrong with a pack, and where."""

    path: str
    """Like `tables.eligibility.rows.minor.when.age`."""
    detail: str


class _Wrong(Exception):
    """Carries the sentence of a fault up to the place that knows its path."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Names:
    """What the rows of a table may name."""

    columns: tuple[Input, ...]
    outputs: Mapping[str, Input]
    reasons: Mapping[str, ReasonText]


@dataclass(slots=True)
class _Faults:
    """Faults found so far; reading goes on after each, so that all are told at once."""

    found: list[PackFault] = field(default_factory=list)

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        try:
            yield
        except _Wrong as wrong:
            self.found.append(PackFault(path=path, detail=wrong.detail))


def load(text: str) -> Pack | tuple[PackFault, ...]:
    """Return the pack in a JSON text, or all of its faults."""
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_float=_no_float, parse_constant=_no_float)
    except (_Wrong, ValueError, RecursionError) as fault:
        detail = fault.detail if isinstance(fault, _Wrong) else str(fault)
        return (PackFault(path="", detail=detail),)
    faults = _Faults()
    pack: Pack | None = None
    with faults.at(""):
        pack = _pack(_object(document), faults)
    if faults.found or pack is None:
        return tuple(faults.found)
    return pack


def document_hash(text: str) -> str:
    """SHA-256 (hex) of the canonical form of a JSON text: spaces and the order of keys do not count."""
    return hashlib.sha256(canonical(json.loads(text)).encode()).hexdigest()


def cell(text: str, column: Input) -> Cell:
    """Return the test that a cell's text means for a column; raises ValueError with the sentence of the fault."""
    try:
        return _cell(text.strip(), column)
    except _Wrong as wrong:
        raise ValueError(wrong.detail) from wrong


def _pack(document: dict[str, Json], faults: _Faults) -> Pack:
    _keys(
        document,
        required={"name", "version", "effective_from", "inputs", "outputs", "tables", "stages", "reasons"},
        optional={"contract_hash", "validity_days", "collection_strategies", "zh", "en"},
    )
    inputs: dict[str, Input] = {}
    for name, entry in _object(document["inputs"]).items():
        with faults.at(f"inputs.{name}"):
            inputs[name] = _input(name, _object(entry))
    outputs: dict[str, Input] = {}
    for name, entry in _object(document["outputs"]).items():
        with faults.at(f"outputs.{name}"):
            outputs[name] = _output(name, _object(entry), inputs)
    reasons: dict[str, ReasonText] = {}
    for code, entry in _object(document["reasons"]).items():
        with faults.at(f"reasons.{code}"):
            reasons[code] = _reason(_object(entry), inputs)
    tables: dict[str, Table] = {}
    for number, entry in enumerate(_array(document["tables"])):
        with faults.at(f"tables.{number}"):
            one = _table(_object(entry), inputs, outputs, reasons, faults)
            if one.name in tables:
                _wrong(f"table {one.name} is named twice")
            tables[one.name] = one
    stages: dict[str, tuple[str, ...]] = {}
    for name, entry in _object(document["stages"]).items():
        with faults.at(f"stages.{name}"):
            stages[name] = _stage(_object(entry), tables, inputs)
    contract_hash = document.get("contract_hash")
    version = document["version"]
    if type(version) is not int or version < 1:
        _wrong("version is a whole number from 1")
    return Pack(
        name=_text(document["name"]),
        version=version,
        hash=hashlib.sha256(canonical(document).encode()).hexdigest(),
        contract_hash=None if contract_hash is None else _text(contract_hash),
        effective_from=_date(_text(document["effective_from"])),
        inputs=inputs,
        outputs=outputs,
        tables=tables,
        stages=stages,
        reasons=reasons,
    )


def _input(name: str, entry: dict[str, Json]) -> Input:
    _keys(entry, required={"type", "zh", "en"}, optional={"levels", "min", "max", "optional", "origin", "unit"})
    kind = _member(Kind, entry["type"])
    levels = tuple(_text(level) for level in _array(entry.get("levels", [])))
    if (kind is Kind.ENUM) != bool(levels) or len(set(levels)) != len(levels):
        _wrong("an enum, and only an enum, has levels, each once")
    bare = Input(name=name, kind=kind, zh=_text(entry["zh"]), en=_text(entry["en"]), levels=levels)
    low, high = (_bound(entry.get(key), bare) for key in ("min", "max"))
    optional = entry.get("optional", False)
    if type(optional) is not bool:
        _wrong("optional is true or false")
    return Input(
        name=name,
        kind=kind,
        zh=bare.zh,
        en=bare.en,
        levels=levels,
        minimum=low,
        maximum=high,
        optional=optional,
        origin=_member(Origin, entry.get("origin", "fact")),
        unit=_text(entry.get("unit", "")),
    )


def _output(name: str, entry: dict[str, Json], inputs: Mapping[str, Input]) -> Input:
    declared = _input(name, entry)
    if name == OUTCOME:
        _wrong("the outcome needs no declaration")
    same = inputs.get(name)
    if same is not None and (
        same.origin is not Origin.TABLE or (same.kind, same.levels) != (declared.kind, declared.levels)
    ):
        _wrong("an input of the same name must have origin table and the same type")
    return declared


def _reason(entry: dict[str, Json], inputs: Mapping[str, Input]) -> ReasonText:
    _keys(entry, required={"zh", "en"})
    text = ReasonText(zh=_text(entry["zh"]), en=_text(entry["en"]))
    for sentence in (text.zh, text.en):
        try:
            places = [place for _, place, _, _ in Formatter().parse(sentence) if place is not None]
        except ValueError as fault:
            _wrong(f"braces: {fault}")
        for place in places:
            if place not in inputs:
                _wrong(f"{{{place}}} is no input")
    return text


def _table(
    entry: dict[str, Json],
    inputs: Mapping[str, Input],
    outputs: Mapping[str, Input],
    reasons: Mapping[str, ReasonText],
    faults: _Faults,
) -> Table:
    _keys(entry, required={"name", "zh", "en", "hit", "columns", "rows"}, optional={"otherwise", "combine"})
    name, hit = _text(entry["name"]), _member(Hit, entry["hit"])
    columns = tuple(_text(column) for column in _array(entry["columns"]))
    for column in columns:
        if column not in inputs:
            _wrong(f"column {column} is no input")
    if not columns or len(set(columns)) != len(columns) or not _array(entry["rows"]):
        _wrong("a table has rows, and columns, each once")
    names = _Names(tuple(inputs[column] for column in columns), outputs, reasons)
    rows: list[Row] = []
    for item in _array(entry["rows"]):
        row = _object(item)
        row_id = _text(row.get("id", ""))
        with faults.at(f"tables.{name}.rows.{row_id}"):
            rows.append(_row(row, names))
    if len({row.id for row in rows}) != len(rows):
        _wrong(f"rows of {name} have one name")
    otherwise: Row | None = None
    if "otherwise" in entry:
        with faults.at(f"tables.{name}.otherwise"):
            otherwise = _otherwise(_object(entry["otherwise"]), names)
    combine = {key: _member(Combine, how) for key, how in _object(entry.get("combine", {})).items()}
    put_out = {key for row in rows for key in row.outputs}
    numbers = {key for key, output in outputs.items() if output.kind in {Kind.INTEGER, Kind.DECIMAL}}
    if hit is Hit.COLLECT and combine.keys() != put_out:
        _wrong(f"table {name} says how to combine {sorted(combine)}, and puts out {sorted(put_out)}")
    if hit is not Hit.COLLECT and combine:
        _wrong(f"table {name} does not collect, so it combines nothing")
    if not combine.keys() <= numbers:
        _wrong(f"table {name}: only numbers are combined")
    return Table(
        name=name,
        zh=_text(entry["zh"]),
        en=_text(entry["en"]),
        hit=hit,
        columns=columns,
        rows=tuple(rows),
        otherwise=otherwise,
        combine=combine,
    )


def _row(entry: dict[str, Json], names: _Names) -> Row:
    _keys(entry, required={"id", "when", "then", "examples"}, optional={"reason", "note"})
    texts = tuple(_text(text).strip() for text in _array(entry["when"]))
    if len(texts) != len(names.columns):
        _wrong(f"{len(texts)} cells for {len(names.columns)} columns")
    row_id = _text(entry["id"])
    if not row_id or row_id == "otherwise":
        _wrong("a row has a name of its own")
    cells = tuple(_cell(text, column) for text, column in zip(texts, names.columns, strict=True))
    return _made(row_id, cells, texts, entry, names)


def _otherwise(entry: dict[str, Json], names: _Names) -> Row:
    _keys(entry, required={"then", "examples"}, optional={"reason", "note"})
    nothing = tuple("-" for _ in names.columns)
    return _made("otherwise", tuple(Anything() for _ in names.columns), nothing, entry, names)


def _made(
    row_id: str,
    cells: tuple[Cell, ...],
    texts: tuple[str, ...],
    entry: dict[str, Json],
    names: _Names,
) -> Row:
    then = dict(_object(entry["then"]))
    outcome = _member(Outcome, then.pop(OUTCOME, "PASS"))
    for key in then:
        if key not in names.outputs:
            _wrong(f"{key} is no output")
    reason = entry.get("reason")
    if (outcome is not Outcome.PASS) != (reason is not None) or (reason is not None and reason not in names.reasons):
        _wrong("a row that refers or rejects, and only such a row, gives a reason of the catalogue")
    by_name = {column.name: column for column in names.columns}
    examples: list[dict[str, Literal]] = []
    for item in _array(entry["examples"]):
        example = _object(item)
        for key in example:
            if key not in by_name:
                _wrong(f"the example's {key} is no column")
        examples.append({key: _given(value, by_name[key]) for key, value in example.items()})
    return Row(
        id=row_id,
        cells=cells,
        texts=texts,
        outcome=outcome,
        outputs={key: _given(value, names.outputs[key]) for key, value in then.items()},
        reason=None if reason is None else _text(reason),
        examples=tuple(examples),
    )


def _stage(entry: dict[str, Json], tables: Mapping[str, Table], inputs: Mapping[str, Input]) -> tuple[str, ...]:
    _keys(entry, required={"tables", "assess"})
    if type(entry["assess"]) is not bool:
        _wrong("assess is true or false")
    names = tuple(_text(name) for name in _array(entry["tables"]))
    made: set[str] = set()
    for name in names:
        if name not in tables:
            _wrong(f"{name} is no table")
        for column in tables[name].columns:
            origin = inputs[column].origin
            if origin is Origin.TABLE and column not in made:
                _wrong(f"table {name} reads {column} before a table puts it out")
            if origin is Origin.ASSESSMENT and not entry["assess"]:
                _wrong(f"table {name} reads {column}, and the stage asks for no assessment")
        rows = (*tables[name].rows, *((tables[name].otherwise,) if tables[name].otherwise else ()))
        put_out = {key for row in rows for key in row.outputs}
        if doubled := made & put_out:
            _wrong(f"two tables put out {sorted(doubled)}")
        made |= put_out
    if not names or len(set(names)) != len(names):
        _wrong("a stage has tables, each once")
    return names


def _cell(text: str, column: Input) -> Cell:
    if text == "-":
        return Anything()
    if text.startswith("not "):
        inner = _cell(text.removeprefix("not ").strip(), column)
        if isinstance(inner, Anything | Not):
            _wrong(f"{text!r}: `not` stands before a test, once")
        return Not(inner)
    if text == "is missing":
        if not column.optional:
            _wrong(f"{column.name} is never missing: it is not optional")
        return IsMissing()
    if text.startswith("= "):
        return OneOf(frozenset({_literal(text.removeprefix("= "), column)}))
    if text.startswith("in {") and text.endswith("}"):
        values = [_literal(part.strip(), column) for part in text[4:-1].split(",")]
        if len(set(values)) != len(values):
            _wrong(f"{text!r} names a value twice")
        return OneOf(frozenset(values))
    return _interval(text, column)


def _interval(text: str, column: Input) -> Interval:
    if column.kind in {Kind.ENUM, Kind.BOOLEAN}:
        _wrong(f"{text!r} is no test of {column.name}")
    for order in _ORDERS:
        if text.startswith(order):
            bound = _ordered(text.removeprefix(order).strip(), column)
            closed = order.endswith("=")
            if order.startswith("<"):
                return Interval(None, bound, low_in=False, high_in=closed)
            return Interval(bound, None, low_in=closed, high_in=False)
    match = _INTERVAL.fullmatch(text)
    if match is None:
        _wrong(f"{text!r} is no cell")
    left, low_text, high_text, right = match.groups()
    low, high = _ordered(low_text or "", column), _ordered(high_text, column)
    interval = Interval(low, high, low_in=left == "[", high_in=right == "]")
    empty = high < low or (low == high and not (interval.low_in and interval.high_in))  # type: ignore[operator]
    if empty:
        _wrong(f"{text!r} is empty")
    return interval


def _ordered(text: str, column: Input) -> int | Decimal | date:
    value = _literal(text, column)
    assert not isinstance(value, str | bool), "an ordered column has numbers or dates"
    return value


def _literal(text: str, column: Input) -> Literal:
    """Return the value that a text means in a column; ranges are not checked: a cut may lie outside."""
    match column.kind:
        case Kind.ENUM:
            if text not in column.levels:
                _wrong(f"{text!r} is no level of {column.name}")
            return text
        case Kind.BOOLEAN:
            if text not in {"true", "false"}:
                _wrong(f"{text!r} is neither true nor false")
            return text == "true"
        case Kind.DATE:
            return _date(text)
        case Kind.INTEGER:
            if not _INTEGER.fullmatch(text):
                _wrong(f"{text!r} is no whole number")
            return int(text)
        case Kind.DECIMAL:
            if not _DECIMAL.fullmatch(text):
                _wrong(f"{text!r} is no decimal")
            return Decimal(text.replace("_", ""))


def _given(value: Json, declared: Input) -> Literal:
    """Return a typed value of an example or an output; decimals and dates are strings in JSON."""
    typed: Literal
    if declared.kind in {Kind.DECIMAL, Kind.DATE} and isinstance(value, str):
        typed = _literal(value, declared)
    elif isinstance(value, str | int | bool):
        typed = value
    else:
        _wrong(f"{declared.name}: {value!r} has no value's type")
    if not fits(declared, typed):
        _wrong(f"{declared.name}: {value!r} is no valid {declared.kind}")
    return typed


def _bound(value: Json, declared: Input) -> int | Decimal | date | None:
    if value is None:
        return None
    typed = _given(value, declared)
    if isinstance(typed, str | bool):
        _wrong(f"{declared.name} has no order")
    return typed


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        _wrong(f"{text!r} is no date")


def _member(kind: Callable[[str], Member], value: Json) -> Member:
    try:
        return kind(_text(value))
    except ValueError as fault:
        _wrong(str(fault))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else _wrong(f"{value!r} is no text")


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else _wrong(f"{value!r} is no object")


def _array(value: Json) -> list[Json]:
    return value if isinstance(value, list) else _wrong(f"{value!r} is no list")


def _keys(entry: Mapping[str, Json], *, required: set[str], optional: AbstractSet[str] = frozenset()) -> None:
    if absent := required - entry.keys():
        _wrong(f"without {sorted(absent)}")
    if unknown := entry.keys() - required - optional:
        _wrong(f"nobody reads {sorted(unknown)}")


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len({key for key, _ in pairs}) != len(pairs):
        _wrong("a key is named twice")
    return dict(pairs)


def _no_float(text: str) -> NoReturn:
    _wrong(f"{text}: write a decimal as a string")


def _wrong(detail: str) -> NoReturn:
    raise _Wrong(detail)
