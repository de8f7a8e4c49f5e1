"""One application through the tables of a stage: outcome, outputs, reasons, and the full trace.

Fail closed: a value that is missing, of another type, out of its range or not in its list is never converted and never
skipped. Whatever could depend on it is referred to a person; it passes nothing, and it rejects nothing by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from risk.contract import Facts
from risk.reasons import MONEY_UNIT, Reason, Source, invalid, missing
from risk.rules.ir import (
    Absent,
    Anything,
    Combine,
    Hit,
    Input,
    Known,
    Literal,
    Origin,
    Outcome,
    Pack,
    Row,
    Table,
    fits,
    truth,
    worst,
)
from risk.rules.load import load
from risk.rules.trace import Json, Result, RowTrace, TableTrace, document, plain

PACKS_KEPT = 64
AMBIGUOUS = "AMBIGUOUS"
NO_RULE = "NO_RULE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the tables of one stage say about one application."""

    outcome: Outcome
    outputs: Mapping[str, Literal]
    reasons: tuple[Reason, ...]
    """Rules first (the worst outcome first), then data that are missing or invalid."""
    tables: tuple[TableTrace, ...]
    trace: Mapping[str, Json]
    """Everything above and each row's why or why not, ready to be stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """What came of the rows of one table."""

    outcome: Outcome
    chosen: tuple[Row, ...]
    outputs: Mapping[str, Literal]
    open_for: tuple[str, ...] = ()
    defect: str | None = None
    """`AMBIGUOUS` or `NO_RULE`: what no proved table ever says."""


def evaluate_document(text: str, /, *, stage: str, facts: Facts) -> Evaluation:
    """Evaluate a stage of a rule pack given as JSON text; the text is read once and kept."""
    return evaluate(compiled(text), stage=stage, facts=facts)


@lru_cache(maxsize=PACKS_KEPT)
def compiled(text: str) -> Pack:
    """Return the pack in a text that was proved when it was published."""
    pack = load(text)
    assert isinstance(pack, Pack), f"a published pack has no faults: {pack}"
    return pack


def evaluate(pack: Pack, *, stage: str, facts: Facts) -> Evaluation:
    """Evaluate the tables of one stage of a pack; facts that no table reads are left alone."""
    tables = tuple(pack.tables[name] for name in pack.stages[stage])
    declared = {column: pack.inputs[column] for table in tables for column in table.columns}
    values = {name: checked(one, facts.get(name)) for name, one in declared.items() if one.origin is not Origin.TABLE}
    unfit = [name for name, value in values.items() if _unfit(declared[name], value)]
    outcome = Outcome.REFER if unfit else Outcome.PASS
    outputs: dict[str, Literal] = {}
    traces: list[TableTrace] = []
    spoken: list[tuple[Outcome, Reason]] = []
    for table in tables:
        made, decided = _table(table, {**values, **outputs}, declared)
        if not made.rows and outcome is not Outcome.PASS:
            traces.append(made)
            continue
        outcome = worst(outcome, decided.outcome)
        outputs.update(decided.outputs)
        traces.append(made)
        unfit.extend(decided.open_for)
        spoken.extend(_spoken(pack, table, decided, {**values, **outputs}))
    rules = [reason for _, reason in sorted(spoken, key=lambda pair: -pair[0].severity)]
    data = [_unfit_reason(declared[name], values.get(name, Absent.MISSING)) for name in dict.fromkeys(unfit)]
    reasons = (*rules, *data)
    assert (outcome is Outcome.PASS) == (not reasons), "what is not passed has a reason, and only that"
    return Evaluation(
        outcome=outcome,
        outputs=outputs,
        reasons=reasons,
        tables=tuple(traces),
        trace={
            "pack": {"name": pack.name, "version": pack.version, "hash": pack.hash},
            "stage": stage,
            "outcome": outcome.value,
            "outputs": {name: plain(value) for name, value in outputs.items()},
            "absent": {name: value.value for name, value in values.items() if isinstance(value, Absent)},
            "tables": document(traces),
        },
    )


def checked(declared: Input, value: object) -> Known:
    """Return a value of exactly the declared type, range or list; what is not is absent: missing or invalid."""
    if value is None:
        return Absent.MISSING
    return value if fits(declared, value) else Absent.INVALID  # type: ignore[return-value]  # fits has looked


def choose(table: Table, values: Mapping[str, Known]) -> tuple[tuple[RowTrace, ...], tuple[str, ...]]:
    """Return what every row of a table says, and the names of the chosen ones; none when anything stays open."""
    rows = tuple(_row(row, table.columns, values) for row in table.rows)
    decided = _decided(table, rows)
    return rows, () if decided.open_for else tuple(row.id for row in decided.chosen)


def _table(table: Table, values: Mapping[str, Known], declared: Mapping[str, Input]) -> tuple[TableTrace, _Decided]:
    """Evaluate one table; one that reads an output which was not put out is not run and stays open."""
    absent = tuple(column for column in table.columns if column not in values)
    assert all(declared[column].origin is Origin.TABLE for column in absent), "facts have been checked"
    rows = () if absent else tuple(_row(row, table.columns, values) for row in table.rows)
    if absent:
        decided = _Decided(outcome=Outcome.REFER, chosen=(), outputs={}, open_for=absent)
    else:
        decided = _decided(table, rows)
    made = TableTrace(
        table=table.name,
        hit=table.hit.value,
        rows=rows,
        chosen=tuple(row.id for row in decided.chosen),
        outcome=decided.outcome,
        outputs=decided.outputs,
        open_for=decided.open_for,
    )
    return made, decided


def _row(row: Row, columns: Sequence[str], values: Mapping[str, Known]) -> RowTrace:
    """Test the cells from left to right; the first that is surely missed ends it, whatever is unknown before."""
    unknown: list[str] = []
    for column, cell, text in zip(columns, row.cells, row.texts, strict=True):
        if isinstance(cell, Anything):
            continue
        value = values[column]
        result = truth(cell, value)
        if result is False:
            return RowTrace(row=row.id, result=Result.MISS, column=column, value=value, cell=text)
        if result is None:
            unknown.append(column)
    if unknown:
        return RowTrace(row=row.id, result=Result.UNKNOWN, unknown=tuple(unknown))
    return RowTrace(row=row.id, result=Result.HIT)


def _decided(table: Table, traces: Sequence[RowTrace]) -> _Decided:
    """Combine the rows by the table's hit policy."""
    hits = [row for row, one in zip(table.rows, traces, strict=True) if one.result is Result.HIT]
    open_rows = [row for row, one in zip(table.rows, traces, strict=True) if one.result is Result.UNKNOWN]
    wanted = {one.row: one.unknown for one in traces if one.result is Result.UNKNOWN}
    sure = _ranked(table, hits)
    if table.hit is Hit.UNIQUE and len(hits) > 1:
        return _Decided(outcome=Outcome.REFER, chosen=(), outputs={}, defect=AMBIGUOUS)
    rivals = [row for row in open_rows if not sure or _outranks(table, row, sure[0])]
    if rivals:
        fields = tuple(dict.fromkeys(column for row in rivals for column in wanted[row.id]))
        if _is_rejected_for_certain(table, sure, rivals):
            return _Decided(outcome=Outcome.REJECT, chosen=tuple(sure), outputs={}, open_for=fields)
        kept = tuple(sure) if table.hit is Hit.COLLECT else ()
        return _Decided(outcome=Outcome.REFER, chosen=kept, outputs={}, open_for=fields)
    if not sure:
        if table.otherwise is None:
            return _Decided(outcome=Outcome.REFER, chosen=(), outputs={}, defect=NO_RULE)
        sure = (table.otherwise,)
    return _Decided(outcome=worst(*(row.outcome for row in sure)), chosen=tuple(sure), outputs=_outputs(table, sure))


def _ranked(table: Table, hits: Sequence[Row]) -> tuple[Row, ...]:
    """Return the rows that decide among those that hit: one, or all of a collecting table."""
    if table.hit is Hit.COLLECT or not hits:
        return tuple(hits)
    if table.hit is Hit.PRIORITY:
        return (max(hits, key=lambda row: row.outcome.severity),)
    return (hits[0],)


def _is_rejected_for_certain(table: Table, sure: Sequence[Row], rivals: Sequence[Row]) -> bool:
    """Tell whether the table rejects whatever the unknown values are: only then is it said."""
    match table.hit:
        case Hit.UNIQUE:
            return False  # a second row that hits leaves no single answer, and that is referred
        case Hit.COLLECT:
            return any(row.outcome is Outcome.REJECT for row in sure)
        case Hit.FIRST | Hit.PRIORITY:
            return bool(sure) and all(row.outcome is Outcome.REJECT for row in (sure[0], *rivals))


def _outranks(table: Table, row: Row, sure: Row) -> bool:
    """Tell whether an unknown row would change the choice if it hit."""
    place = {one.id: number for number, one in enumerate(table.rows)}
    match table.hit:
        case Hit.FIRST:
            return place[row.id] < place[sure.id]
        case Hit.PRIORITY:
            return (-row.outcome.severity, place[row.id]) < (-sure.outcome.severity, place[sure.id])
        case Hit.UNIQUE | Hit.COLLECT:
            return True


def _outputs(table: Table, rows: Sequence[Row]) -> Mapping[str, Literal]:
    if table.hit is not Hit.COLLECT:
        return rows[0].outputs
    combined: dict[str, Literal] = {}
    for name, how in table.combine.items():
        numbers = [value for row in rows if isinstance(value := row.outputs.get(name), int | Decimal)]
        if numbers:
            functions: Mapping[Combine, Callable[[list[int | Decimal]], int | Decimal]]
            functions = {Combine.SUM: sum, Combine.MIN: min, Combine.MAX: max}
            combined[name] = functions[how](numbers)
    return combined


def _unfit(declared: Input, value: Known) -> bool:
    """Tell whether a value forbids to pass: an invalid one always, a missing one unless it is an answer."""
    return value is Absent.INVALID or (value is Absent.MISSING and not declared.optional)


def _unfit_reason(declared: Input, value: Known) -> Reason:
    say = invalid if value is Absent.INVALID else missing
    return say(declared.name, zh=declared.zh, en=declared.en)


def _spoken(pack: Pack, table: Table, decided: _Decided, values: Mapping[str, Known]) -> list[tuple[Outcome, Reason]]:
    """Return the reasons of the rows that refer or reject, with the applicant's own values in their sentences."""
    if decided.defect is not None:
        reason = Reason(
            code=decided.defect,
            source=Source.RULE,
            rule=table.name,
            zh=f"规则表 {table.zh} 未给出唯一结论",
            en=f"the decision table {table.en} gives no single answer",
        )
        return [(Outcome.REFER, reason)]
    spoken: list[tuple[Outcome, Reason]] = []
    for row in decided.chosen:
        if row.reason is None:
            continue
        text = pack.reasons[row.reason]
        own = {name: _shown(pack.inputs[name], value) for name, value in values.items() if name in pack.inputs}
        tested = [
            column for column, cell in zip(table.columns, row.cells, strict=True) if not isinstance(cell, Anything)
        ]
        spoken.append(
            (
                row.outcome,
                Reason(
                    code=row.reason,
                    source=Source.RULE,
                    field=tested[0] if tested else None,
                    rule=f"{table.name}/{row.id}",
                    zh=text.zh.format_map(_Places(own)),
                    en=text.en.format_map(_Places(own)),
                ),
            )
        )
    return spoken


class _Places(dict[str, str]):
    """Values for the places of a sentence; one that the stage does not know is a dash."""

    def __missing__(self, key: str) -> str:
        return "-"


def _shown(declared: Input, value: Known) -> str:
    if isinstance(value, Absent):
        return "-"
    if declared.unit == MONEY_UNIT and isinstance(value, int):
        return f"{Decimal(value) / 100:,.2f}"
    return str(value)
