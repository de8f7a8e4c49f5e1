"""`decide`: what a decision pack says about an applicant, and every row's why or why not; no database."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commands.printing import Json, out, print_json, read_text, refuse
from risk.contract import Value
from risk.rules.evaluate import Evaluation, evaluate
from risk.rules.ir import Input, Kind, Pack
from risk.rules.load import load
from risk.rules.trace import plain, sentences


class FactsInvalid(ValueError):
    """The document holds no facts; the message says why."""


def decide(
    pack_file: Annotated[Path, typer.Argument(metavar="PACK", help="A decision pack, JSON.")],
    applicant_file: Annotated[
        Path, typer.Argument(metavar="APPLICANT", help="Facts by name, JSON; - for standard input.")
    ] = Path("-"),
    *,
    stage: Annotated[list[str] | None, typer.Option(help="Only this stage; absent: all, in order.")] = None,
    locale: Annotated[str, typer.Option(help="Language of reasons and trace: zh or en.")] = "en",
    as_json: Json = False,
) -> None:
    """决策: evaluate a decision pack on an applicant. Example: zhudai decide seed/packs/german-standard.json me.json.

    Facts are whole numbers, texts, true and false; decimals and dates are texts. The score and the probability of
    default are facts here (score, probability_of_default). A rejection is an answer: it ends with 0.
    """
    pack = load(read_text(pack_file, "PACK"))
    if not isinstance(pack, Pack):
        first, more = pack[0], f" and {len(pack) - 1} more" if len(pack) > 1 else ""
        refuse("PACK_INVALID", f"{first.path or 'the pack'}: {first.detail}{more}: correct the pack")
    unknown = [name for name in stage or () if name not in pack.stages]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(pack.stages)}", param_hint="--stage")
    try:
        facts = facts_of(read_text(applicant_file, "APPLICANT"), pack.inputs)
    except FactsInvalid as why:
        refuse("FACTS_INVALID", f"{why}: see zhudai decide --help")
    said = {name: evaluate(pack, stage=name, facts=facts) for name in stage or pack.stages}
    if as_json:
        print_json(document(pack, said))
        return
    for name, evaluation in said.items():
        _show(name, evaluation, locale=locale)


def facts_of(text: str, inputs: Mapping[str, Input]) -> dict[str, Value]:
    """The facts in a JSON text, decimals and dates as the pack declares them; raises FactsInvalid."""
    try:
        tree = json.loads(text, parse_float=Decimal)
    except ValueError as why:
        raise FactsInvalid(f"the facts are not JSON ({why})") from None
    if not isinstance(tree, dict):
        raise FactsInvalid("the facts are one JSON object")
    return {name: _typed(value, inputs.get(name)) for name, value in tree.items()}


def document(pack: Pack, said: Mapping[str, Evaluation]) -> dict[str, object]:
    """What was said, stage by stage, with the whole trace."""
    return {
        "pack": {"name": pack.name, "version": pack.version, "hash": pack.hash},
        "stages": [
            {
                "stage": name,
                "outcome": one.outcome.value,
                "outputs": {output: plain(value) for output, value in one.outputs.items()},
                "reasons": [
                    {
                        "code": reason.code,
                        "source": reason.source.value,
                        "field": reason.field,
                        "rule": reason.rule,
                        "zh": reason.zh,
                        "en": reason.en,
                    }
                    for reason in one.reasons
                ],
                "trace": one.trace,
            }
            for name, one in said.items()
        ],
    }


def _typed(value: object, declared: Input | None) -> Value:
    """A fact in its declared type; what does not fit stays as it is, and the evaluation calls it invalid by name."""
    if isinstance(value, str) and declared is not None:
        try:
            if declared.kind is Kind.DECIMAL:
                return Decimal(value)
            if declared.kind is Kind.DATE:
                return date.fromisoformat(value)
        except (InvalidOperation, ValueError):
            return value
    if value is not None and not isinstance(value, str | int | Decimal):
        raise FactsInvalid(f"{value!r} is no fact: facts are single values")
    return value


def _show(name: str, said: Evaluation, *, locale: str) -> None:
    table = Table(title=f"{name}: {said.outcome.value}", show_header=False, title_justify="left")
    for output, value in said.outputs.items():
        table.add_row(output, str(value))
    for reason in said.reasons:
        table.add_row(reason.rule or reason.field or "", reason.zh if locale.startswith("zh") else reason.en)
    out.print(table)
    for sentence in sentences(said.tables, locale=locale):
        out.print(f"  {sentence}", highlight=False, markup=False)
