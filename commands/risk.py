"""Train a model from a CSV and a feature contract, score rows with it, print its card; no database."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from commands.printing import Json, err, out, print_json, read_text, refuse
from risk import card as model_card
from risk import contract as contracts
from risk import model as models
from risk import training
from risk.assess import Assessment, assessor
from risk.contract import ContractInvalid, Facts, FeatureContract
from risk.reasons import Reason

FILE: Final = "model.cbm"
"""The model's own bytes."""
REGISTRATION: Final = "model.json"
"""Hash, contract hash, self-test and card: everything that is known before the bytes are opened."""
CONTRACT: Final = "contract.json"
"""The feature contract that the model was made for."""
FAULTS_SHOWN: Final = 20
"""Bad rows told one by one."""
EXAMPLES_MIN: Final = 100
"""Fewer rows, or fewer than a tenth of them on either side, teach nothing."""


class Locale(StrEnum):
    """Languages of a card."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class RowScored:
    """One line of a file (1 is the first after the header) and what the model says, or what is wrong with it."""

    line: int
    said: Assessment | tuple[Reason, ...]


def train(
    file: Annotated[Path, typer.Argument(metavar="CSV", help="Rows with a header line.")],
    *,
    contract: Annotated[Path, typer.Option(help="The feature contract, JSON.")],
    output: Annotated[Path, typer.Option(help="A directory for the model and its card.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same model, to the byte.")] = 42,
    as_json: Json = False,
) -> None:
    """训练: fit a model.

    Example: zhudai risk train seed/german_credit.csv --contract seed/packs/german-contract.json --output model.

    A row that does not fit the contract is told by line and left out; the figures come from predictions of rows that
    the fit did not see.
    """
    features = _contract(read_text(contract, "--contract"))
    table = _table(read_text(file, "CSV"), features)
    for fault in table.faults[:FAULTS_SHOWN]:
        err.print(f"line {fault.line}: {fault.column} {fault.code} {fault.text}", highlight=False, markup=False)
    bad = sum(example.bad for example in table.examples)
    if min(bad, len(table.examples) - bad) * 10 < EXAMPLES_MIN:
        refuse(
            "TRAINING_TOO_SMALL",
            f"{len(table.examples)} good rows of which {bad} ended badly teach nothing: give more rows",
        )
    output.mkdir(parents=True, exist_ok=True)
    with err.status("training"):
        made = training.train(table.examples, features, seed=seed, fingerprint=table.sha256)
    told = model_card.document(made, features)
    kept = {
        "sha256": made.sha256,
        "contractHash": made.contract_hash,
        "selfTest": models.self_test_document(made.self_test),
        "card": told,
        "markdown": {one.value: model_card.markdown(made, features, locale=one) for one in Locale},
    }
    (output / FILE).write_bytes(made.content)
    (output / CONTRACT).write_text(features.text, encoding="utf-8")
    (output / REGISTRATION).write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if as_json:
        print_json({"leftOut": len(table.faults), "card": told})
        return
    shown = Table(title=f"{output}: {made.rows} rows, {made.bad_rows} bad, {len(table.faults)} left out")
    shown.add_column("figure")
    shown.add_column("value", justify="right")
    for name, value in made.metrics.document().items():
        shown.add_row(name, str(value))
    out.print(shown)


def score(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A directory that risk train has made.")],
    file: Annotated[Path, typer.Argument(metavar="CSV", help="Rows with a header line; - for standard input.")],
    *,
    locale: Annotated[Locale, typer.Option(help="Language of the reasons.")] = Locale.EN,
    as_json: Json = False,
) -> None:
    """评分: score and reasons of every row. Example: zhudai risk score model rows.csv --json.

    Exit 1 when a row cannot be scored; the others are.
    """
    loaded = _model(model)
    rows = scored(read_text(file, "CSV"), loaded)
    if as_json:
        print_json({"model": loaded.sha256, "rows": [_row(row) for row in rows]})
    else:
        table = Table("line", "score", "probability of default", "reasons", title=loaded.sha256)
        for row in rows:
            reasons = row.said.reasons if isinstance(row.said, Assessment) else row.said
            told = "; ".join(one.zh if locale is Locale.ZH else one.en for one in reasons)
            figures = ("", "")
            if isinstance(row.said, Assessment):
                figures = (str(row.said.score), str(row.said.probability_of_default))
            table.add_row(str(row.line), *figures, told)
        out.print(table)
    faulty = [row.line for row in rows if not isinstance(row.said, Assessment)]
    if faulty:
        refuse("ROWS_INVALID", f"{len(faulty)} rows cannot be scored, the first in line {faulty[0]}: see its reasons")


def card(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A directory that risk train has made.")],
    *,
    locale: Annotated[Locale, typer.Option(help="Language of the card.")] = Locale.ZH,
    as_json: Json = False,
) -> None:
    """模型说明卡: what a model was made of and how good it is. Example: zhudai risk card model --locale en."""
    kept = _registration(model)
    if as_json:
        print_json(kept["card"])
    else:
        typer.echo(kept["markdown"][locale.value], nl=False)


def scored(text: str, model: models.Model) -> list[RowScored]:
    """Every row of a CSV text with what the model says; columns that it does not read are left alone."""
    reader = csv.DictReader(io.StringIO(text))
    absent = [spec.column for spec in model.contract.model_specs if spec.column not in (reader.fieldnames or ())]
    if absent:
        refuse("COLUMNS_MISSING", f"the file has no column {', '.join(absent)}: the model reads them")
    assess = assessor(model)
    return [RowScored(line, assess(_facts(row, model.contract))) for line, row in enumerate(reader, start=1)]


def _facts(row: Mapping[str, str | None], contract: FeatureContract) -> Facts:
    """The typed facts of a row; what cannot be read stays text, and the assessment calls it invalid by name."""
    facts: dict[str, contracts.Value] = {}
    for spec in contract.model_specs:
        written = row[spec.column] or ""
        try:
            facts[spec.name] = training.value_of(spec, written)
        except ValueError:
            facts[spec.name] = written
    return facts


def _row(row: RowScored) -> dict[str, object]:
    reasons = row.said.reasons if isinstance(row.said, Assessment) else row.said
    said = row.said if isinstance(row.said, Assessment) else None
    return {
        "line": row.line,
        "score": None if said is None else said.score,
        "probabilityOfDefault": None if said is None else str(said.probability_of_default),
        "reasons": [
            {"code": one.code, "source": one.source.value, "field": one.field, "zh": one.zh, "en": one.en}
            for one in reasons
        ],
    }


def _contract(text: str) -> FeatureContract:
    try:
        return contracts.load(text)
    except ContractInvalid as why:
        refuse("CONTRACT_INVALID", f"{why}: correct the feature contract")


def _table(text: str, contract: FeatureContract) -> training.Table:
    header = next(csv.reader(io.StringIO(text)), [])
    wanted = [*(spec.column for spec in contract.specs), contract.label.column]
    absent = [column for column in wanted if column not in header]
    if absent:
        refuse("COLUMNS_MISSING", f"the file has no column {', '.join(absent)}: the contract names them")
    return training.read(text, contract)


def _registration(directory: Path) -> dict[str, Any]:
    """What was kept beside a model's bytes, if they are still the same bytes."""
    kept: dict[str, Any] = json.loads(read_text(directory / REGISTRATION, "MODEL"))
    if hashlib.sha256(_content(directory)).hexdigest() != kept["sha256"]:
        refuse("MODEL_HASH_WRONG", f"{directory / FILE} is not the file that was trained: train again")
    return kept


def _content(directory: Path) -> bytes:
    try:
        return (directory / FILE).read_bytes()
    except OSError as error:
        raise typer.BadParameter(str(error), param_hint="MODEL") from None


def _model(directory: Path) -> models.Model:
    kept = _registration(directory)
    registered = models.Registered(
        sha256=kept["sha256"],
        contract_hash=kept["contractHash"],
        self_test=models.self_test_of(kept["selfTest"]),
    )
    contract = _contract(read_text(directory / CONTRACT, "MODEL"))
    loaded = models.load(_content(directory), registered=registered, contract=contract)
    if isinstance(loaded, models.ModelRefused):
        refuse(loaded.code.value, f"{loaded.detail}: train again")
    return loaded
