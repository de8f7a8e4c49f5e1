"""The German credit applications as this system sees them: one row, one application with typed facts and its outcome.

The set is described in german_credit.md; amounts are German marks there and count as yuan here. Nothing is resampled
or repaired: the thousand rows come in file order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from domain.decisioning.registry import ModelRegistration, ModelVersion
from risk import contract as feature_contract
from risk import model, training
from risk.assess import Assessor, assessor
from risk.contract import FeatureContract, Value

HERE = Path(__file__).parent
CSV_PATH = HERE / "german_credit.csv"
CONTRACT_PATH = HERE / "packs" / "german-contract.json"
PACK_PATH = HERE / "packs" / "german-standard.json"

MODEL_NAME = "german"
"""Name of the model in the registry."""

FORM_FACTS = frozenset({"amount", "term", "purpose_code", "age"})
"""Facts that the form itself carries; every other model input travels as an extension feature."""

TRAINING_TENTHS = 7
TRAINING_SEED = 42


@dataclass(frozen=True, slots=True, kw_only=True)
class GermanApplication:
    """One row of the set."""

    row: int
    """1 … 1000, in file order."""
    amount: int
    """Minor units (fen): the marks of the file are yuan here."""
    term_months: int
    purpose_code: str
    age: int
    facts: dict[str, Value]
    """Every feature of the contract by name, the protected ones too."""
    extension: dict[str, str | int]
    """What travels as extension parameters (F3-18): the model's inputs that the form has no place for."""
    bad: bool
    """How the loan ended in the set."""


def contract() -> FeatureContract:
    """Return the feature contract of the set."""
    return feature_contract.load(CONTRACT_PATH.read_text(encoding="utf-8"))


def pack_text() -> str:
    """Return the decision pack that the demonstration product uses, as JSON text."""
    return PACK_PATH.read_text(encoding="utf-8")


def table(features: FeatureContract) -> training.Table:
    """Return the whole set, read through the contract."""
    return training.read(CSV_PATH.read_text(encoding="utf-8"), features)


def applications(features: FeatureContract | None = None) -> tuple[GermanApplication, ...]:
    """Return the thousand applications in file order."""
    features = contract() if features is None else features
    read = table(features)
    assert not read.faults, "every row of the set fits the contract"
    inputs = [spec.name for spec in features.model_specs if spec.name not in FORM_FACTS]
    return tuple(_application(example, inputs) for example in read.examples)


def training_rows(examples: tuple[training.Example, ...]) -> tuple[training.Example, ...]:
    """Return the seeded part (seven tenths, good and bad evenly) that the demonstration's model is trained on."""
    tenths = training.stratified([example.bad for example in examples], folds=10, seed=TRAINING_SEED)
    return tuple(example for example, tenth in zip(examples, tenths, strict=True) if tenth < TRAINING_TENTHS)


@cache
def trained() -> training.Trained:
    """Train the demonstration's model (a few seconds); the same bytes every time."""
    features = contract()
    rows = training_rows(table(features).examples)
    return training.train(rows, features, seed=TRAINING_SEED)


def registration(made: training.Trained) -> ModelRegistration:
    """Return the model as the registry takes it in."""
    return ModelRegistration(
        name=MODEL_NAME,
        content=made.content,
        sha256=made.sha256,
        contract=contract().text,
        contract_hash=made.contract_hash,
        params=made.params,
        metrics=made.metrics.document(),
        self_test=model.self_test_document(made.self_test),
        data_fingerprint=made.data_fingerprint,
        data_rows=made.rows,
        label_definition=made.label_definition,
    )


def scorer(version: ModelVersion) -> Assessor | model.ModelRefused:
    """Return the scorer of a registered model, or why its file is refused."""
    kept = version.registration
    registered = model.Registered(
        sha256=kept.sha256, contract_hash=kept.contract_hash, self_test=model.self_test_of(kept.self_test)
    )
    loaded = model.load(kept.content, registered=registered, contract=feature_contract.load(kept.contract))
    return loaded if isinstance(loaded, model.ModelRefused) else assessor(loaded)


def _application(example: training.Example, inputs: list[str]) -> GermanApplication:
    facts = dict(example.facts)
    amount, term, purpose, age = (facts[name] for name in ("amount", "term", "purpose_code", "age"))
    assert isinstance(amount, int)
    assert isinstance(term, int)
    assert isinstance(purpose, str)
    assert isinstance(age, int)
    extension = {name: value for name in inputs if isinstance(value := facts[name], str | int)}
    return GermanApplication(
        row=example.line,
        amount=amount,
        term_months=term,
        purpose_code=purpose,
        age=age,
        facts=facts,
        extension=extension,
        bad=example.bad,
    )
