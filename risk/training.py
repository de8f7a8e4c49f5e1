"""Training: one recipe for every set, from a CSV and a feature contract, without a line of code per set.

Depth 4, l2 10, early stopping on an inner fifth, then a fit on all rows with that many trees; levels one-hot up to 64,
counters never combined (`max_ctr_complexity=1`, or declared monotone signs would break), no class weights (they wreck
the calibration). One thread and a seed; the metadata that differ from run to run are cut out, so the same rows give
the same file, byte for byte.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import numpy as np

from risk.contract import DataType, Facts, FeatureContract, FeatureSpec, Value, canonical
from risk.features import Cell, Features, build, categorical
from risk.metrics import Metrics, measured
from risk.model import Registered, SelfTest

if TYPE_CHECKING:
    from catboost import CatBoostClassifier, Pool  # loaded where a model is used: it takes seconds

DEPTH = 4
L2_LEAF_REG = 10
TREES_MAX = 1000
PATIENCE = 50
"""Trees without a better inner fifth before the fit stops."""
TREES_MIN = 20
ONE_HOT_MAX = 64
FOLDS = 5
SELF_TEST_ROWS = 10
SMALL_SET = 10_000
KEPT_METADATA = frozenset({"class_params"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """A row of a training file that was left out, and why."""

    line: int
    """1 is the first line after the header."""
    column: str
    code: str
    """`MISSING`, `NOT_A_NUMBER`, `UNKNOWN_LEVEL`, `OUT_OF_RANGE`, `UNKNOWN_LABEL`, `COLUMNS`."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row: the facts (protected ones too, for fairness figures) and how the loan ended."""

    line: int
    facts: Facts
    bad: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A training file, read through a contract."""

    examples: tuple[Example, ...]
    faults: tuple[RowFault, ...]
    sha256: str
    """Hash of the file's text: the fingerprint of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A model file and everything that the registry keeps about it."""

    content: bytes = field(repr=False)
    sha256: str
    contract_hash: str
    params: Mapping[str, int | str]
    rows: int
    bad_rows: int
    data_fingerprint: str
    label_definition: str
    metrics: Metrics
    """Of the out-of-fold predictions of the same recipe on the same rows."""
    self_test: SelfTest

    @property
    def registered(self) -> Registered:
        """What `model.load` asks for."""
        return Registered(sha256=self.sha256, contract_hash=self.contract_hash, self_test=self.self_test)


def read(text: str, contract: FeatureContract) -> Table:
    """Read a CSV with a header line: rows become typed examples, bad rows are told by line and left out."""
    examples: list[Example] = []
    faults: list[RowFault] = []
    reader = csv.DictReader(io.StringIO(text))
    wanted = [*(spec.column for spec in contract.specs), contract.label.column]
    absent = [column for column in wanted if column not in (reader.fieldnames or ())]
    assert not absent, f"the file has no column {absent}"
    for line, row in enumerate(reader, start=1):
        example = _example(line, row, contract)
        if isinstance(example, Example):
            examples.append(example)
        else:
            faults.extend(example)
    return Table(examples=tuple(examples), faults=tuple(faults), sha256=hashlib.sha256(text.encode()).hexdigest())


def value_of(spec: FeatureSpec, text: str) -> Value:
    """Return the typed value of a field of a training file; raises ValueError named by a `RowFault` code."""
    if text == "" or text in spec.missing_codes:
        return None
    if spec.type is DataType.ENUM:
        if not spec.levels:
            return text
        for level in spec.levels:
            if level.source == text:
                return level.code
        raise ValueError("UNKNOWN_LEVEL")
    if spec.type is DataType.BOOLEAN:
        flags = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() not in flags:
            raise ValueError("UNKNOWN_LEVEL")
        return flags[text.lower()]
    try:
        number = Decimal(text) * spec.scale
    except InvalidOperation as fault:
        raise ValueError("NOT_A_NUMBER") from fault
    if not number.is_finite() or (spec.type is DataType.INTEGER and number != number.to_integral_value()):
        raise ValueError("NOT_A_NUMBER")
    return int(number) if spec.type is DataType.INTEGER else number


def train(
    examples: Sequence[Example], contract: FeatureContract, *, seed: int, folds: int = FOLDS, fingerprint: str = ""
) -> Trained:
    """Fit the model on all examples; the metrics come from `folds` fits of the same recipe that did not see the row."""
    vectors, bad = _vectors(examples, contract)
    predictions = out_of_fold(vectors, bad, contract, seed=seed, folds=folds)
    classifier, trees = fit(vectors, bad, contract, seed=seed)
    content = file_content(classifier)
    step = max(1, len(vectors) // SELF_TEST_ROWS)
    chosen = tuple(vectors[::step][:SELF_TEST_ROWS])
    return Trained(
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        contract_hash=contract.hash,
        params={**_recipe(len(vectors), contract), "seed": seed, "trees": trees, "folds": folds},
        rows=len(vectors),
        bad_rows=sum(bad),
        data_fingerprint=fingerprint or fingerprint_of(vectors, bad),
        label_definition=contract.label.definition,
        metrics=measured(bad, predictions, seed=seed),
        self_test=SelfTest(vectors=chosen, raw_scores=tuple(_raw(classifier, vector) for vector in chosen)),
    )


def out_of_fold(
    vectors: Sequence[Sequence[Cell]], bad: Sequence[bool], contract: FeatureContract, *, seed: int, folds: int = FOLDS
) -> list[float]:
    """Return for each row the probability given by a fit that never saw it, nor its label in early stopping."""
    places = stratified(bad, folds=folds, seed=seed)
    predictions = [0.0] * len(vectors)
    for fold in range(folds):
        seen = [place for place, own in enumerate(places) if own != fold]
        unseen = [place for place, own in enumerate(places) if own == fold]
        classifier, _ = fit([vectors[place] for place in seen], [bad[place] for place in seen], contract, seed=seed)
        rows = [list(vectors[place]) for place in unseen]
        for place, pair in zip(unseen, classifier.predict_proba(rows, thread_count=1), strict=True):
            predictions[place] = float(pair[1])
    return predictions


def fit(
    vectors: Sequence[Sequence[Cell]], bad: Sequence[bool], contract: FeatureContract, *, seed: int
) -> tuple[CatBoostClassifier, int]:
    """Find the number of trees on an inner fifth, then fit all rows with it; returns the model and that number."""
    inner = stratified(bad, folds=FOLDS, seed=seed + 1)
    early = _classifier(len(vectors), contract, seed=seed, trees=TREES_MAX)
    early.fit(
        _pool(vectors, bad, contract, [place for place, own in enumerate(inner) if own != 0]),
        eval_set=_pool(vectors, bad, contract, [place for place, own in enumerate(inner) if own == 0]),
        early_stopping_rounds=PATIENCE,
    )
    trees = max(int(early.tree_count_), TREES_MIN)
    final = _classifier(len(vectors), contract, seed=seed, trees=trees)
    final.fit(_pool(vectors, bad, contract, range(len(vectors))))
    return final, trees


def stratified(bad: Sequence[bool], *, folds: int, seed: int) -> list[int]:
    """Deal the rows into folds, the bad ones and the good ones evenly, by a seeded shuffle."""
    generator = np.random.default_rng(seed)
    places = [0] * len(bad)
    for kind in (False, True):
        rows = np.asarray([place for place, own in enumerate(bad) if own is kind], dtype=np.int64)
        generator.shuffle(rows)
        for order, place in enumerate(rows.tolist()):
            places[place] = order % folds
    return places


def file_content(classifier: CatBoostClassifier) -> bytes:
    """Return the model as a file without the metadata that differ from run to run (time, random id, paths)."""
    metadata = classifier.get_metadata()
    for key in set(metadata.keys()) - KEPT_METADATA:
        del metadata[key]
    content = classifier._serialize_model()  # noqa: SLF001 - the only way to bytes without a file on disk
    assert isinstance(content, bytes), "a serialised model is bytes"
    return content


def fingerprint_of(vectors: Sequence[Sequence[Cell]], bad: Sequence[bool]) -> str:
    """SHA-256 (hex) over all vectors and labels, in order."""
    digest = hashlib.sha256()
    for vector, ended_badly in zip(vectors, bad, strict=True):
        digest.update(canonical([repr(cell) for cell in vector] + [ended_badly]).encode())
    return digest.hexdigest()


def _example(line: int, row: Mapping[str, str | None], contract: FeatureContract) -> Example | list[RowFault]:
    if None in row or None in row.values():
        return [RowFault(line=line, column="", code="COLUMNS", text="more or fewer fields than the header")]
    facts: dict[str, Value] = {}
    faults: list[RowFault] = []
    for spec in contract.specs:
        text = row[spec.column] or ""
        try:
            facts[spec.name] = value_of(spec, text)
        except ValueError as fault:
            faults.append(RowFault(line=line, column=spec.column, code=str(fault), text=text))
    label = row[contract.label.column] or ""
    if label not in {*contract.label.bad, *contract.label.good}:
        faults.append(RowFault(line=line, column=contract.label.column, code="UNKNOWN_LABEL", text=label))
    if not faults:
        built = build(contract, facts)
        if isinstance(built, Features):
            return Example(line=line, facts=facts, bad=label in contract.label.bad)
        for reason in built:
            spec_at_fault = contract.spec(reason.field or "")
            column = spec_at_fault.column if spec_at_fault else ""
            code = "MISSING" if reason.code.startswith("MISSING:") else "OUT_OF_RANGE"
            faults.append(RowFault(line=line, column=column, code=code, text=row.get(column) or ""))
    return faults


def _vectors(examples: Iterable[Example], contract: FeatureContract) -> tuple[list[tuple[Cell, ...]], list[bool]]:
    vectors: list[tuple[Cell, ...]] = []
    bad: list[bool] = []
    for example in examples:
        features = build(contract, example.facts)
        assert isinstance(features, Features), "examples were checked when they were read"
        vectors.append(features.vector)
        bad.append(example.bad)
    assert any(bad), "training needs bad loans"
    assert not all(bad), "training needs good loans"
    return vectors, bad


def _recipe(rows: int, contract: FeatureContract) -> dict[str, int | str]:
    """Return the one recipe; only the learning rate knows how many rows there are."""
    return {
        "depth": DEPTH,
        "l2_leaf_reg": L2_LEAF_REG,
        "learning_rate": "0.03" if rows < SMALL_SET else "0.08",
        "max_ctr_complexity": 1,
        "one_hot_max_size": ONE_HOT_MAX,
        "boost_from_average": 1,
        "loss_function": "Logloss",
        "monotone": ",".join(f"{spec.name}:{spec.monotone:+d}" for spec in contract.model_specs if spec.monotone),
    }


def _classifier(rows: int, contract: FeatureContract, *, seed: int, trees: int) -> CatBoostClassifier:
    recipe = _recipe(rows, contract)
    recipe.pop("monotone")
    signs = [spec.monotone for spec in contract.model_specs] + [0] * len(contract.ratios)
    from catboost import CatBoostClassifier  # noqa: PLC0415 - see above

    return CatBoostClassifier(
        **{**recipe, "learning_rate": float(recipe["learning_rate"]), "boost_from_average": True},
        **({"monotone_constraints": signs} if any(signs) else {}),
        iterations=trees,
        random_seed=seed,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
    )


def _pool(
    vectors: Sequence[Sequence[Cell]], bad: Sequence[bool], contract: FeatureContract, places: Iterable[int]
) -> Pool:
    chosen = list(places)
    from catboost import Pool  # noqa: PLC0415 - see above

    return Pool(
        [list(vectors[place]) for place in chosen],
        [int(bad[place]) for place in chosen],
        cat_features=list(categorical(contract)),
    )


def _raw(classifier: CatBoostClassifier, vector: Sequence[Cell]) -> float:
    return float(classifier.predict([list(vector)], prediction_type="RawFormulaVal", thread_count=1)[0])
