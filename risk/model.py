"""The CatBoost scorer: one application in, log-odds and their exact parts out.

A model file is not a safe input (a changed byte can crash the parser or silently move the probabilities), so its
SHA-256 is compared with the registered one before the parser sees it, and stored vectors must give their stored scores
before the model may serve. One thread and plain lists: the fastest way for one row, and always the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from risk.contract import FeatureContract
from risk.features import Cell, Features, categorical

if TYPE_CHECKING:
    from catboost import CatBoostClassifier  # loaded where a model is used: it takes seconds

FILE_SIZE_MAX = 20 * 1024 * 1024
SELF_TEST_TOLERANCE = 1e-12


class RefusalCode(StrEnum):
    """Why a model file is not taken."""

    TOO_LARGE = "MODEL_TOO_LARGE"
    HASH_WRONG = "MODEL_HASH_WRONG"
    UNREADABLE = "MODEL_UNREADABLE"
    CONTRACT_WRONG = "MODEL_CONTRACT_WRONG"
    SELF_TEST_FAILED = "MODEL_SELF_TEST_FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRefused:
    """The file does not become a model; `detail` is a sentence for the person who registered it."""

    code: RefusalCode
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Vectors with the raw scores that the model gave them when it was trained."""

    vectors: tuple[tuple[Cell, ...], ...]
    raw_scores: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """What the registry knows about a model file before anybody opens it."""

    sha256: str
    contract_hash: str
    self_test: SelfTest


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that may serve."""

    sha256: str
    contract: FeatureContract
    classifier: CatBoostClassifier = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Log-odds of turning bad, and what each place of the vector added: base + parts = raw, to 1e-9."""

    raw: float
    base: float
    parts: tuple[tuple[str, float], ...]


def load(content: bytes, *, registered: Registered, contract: FeatureContract) -> Model | ModelRefused:
    """Return the model in a file, or why it is refused; the parser sees no byte that is not registered."""
    if len(content) > FILE_SIZE_MAX:
        return ModelRefused(code=RefusalCode.TOO_LARGE, detail=f"{len(content)} bytes; {FILE_SIZE_MAX} is the limit")
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != registered.sha256:
        return ModelRefused(code=RefusalCode.HASH_WRONG, detail=f"hash {sha256}; registered is {registered.sha256}")
    if contract.hash != registered.contract_hash:
        return ModelRefused(
            code=RefusalCode.CONTRACT_WRONG,
            detail=f"made for contract {registered.contract_hash}; given is {contract.hash}",
        )
    from catboost import CatBoostClassifier  # noqa: PLC0415 - see above

    classifier = CatBoostClassifier()
    try:
        classifier.load_model(blob=content)
    except Exception as fault:  # noqa: BLE001 - CatBoost raises many kinds; each means that the file is no model
        return ModelRefused(code=RefusalCode.UNREADABLE, detail=str(fault))
    model = Model(sha256=sha256, contract=contract, classifier=classifier)
    return _tested(model, registered.self_test)


def raw(model: Model, vector: Sequence[Cell]) -> float:
    """Return the log-odds of turning bad of one vector."""
    return float(model.classifier.predict([list(vector)], prediction_type="RawFormulaVal", thread_count=1)[0])


def raw_many(model: Model, vectors: Sequence[Sequence[Cell]]) -> list[float]:
    """Return the log-odds of many vectors at once."""
    rows = [list(vector) for vector in vectors]
    return [float(value) for value in model.classifier.predict(rows, prediction_type="RawFormulaVal", thread_count=1)]


def scored(model: Model, features: Features) -> Scored:
    """Return the log-odds of one application with the exact SHAP part of each feature."""
    assert features.contract_hash == model.contract.hash, "features and model are of one contract"
    from catboost import Pool  # noqa: PLC0415 - see above

    pool = Pool([list(features.vector)], cat_features=list(categorical(model.contract)))
    values = model.classifier.get_feature_importance(pool, type="ShapValues", thread_count=1)[0]
    names = model.contract.vector_names
    assert len(values) == len(names) + 1, "one part for each place of the vector, and the base"
    parts = tuple((name, float(value)) for name, value in zip(names, values[:-1], strict=True))
    return Scored(raw=raw(model, features.vector), base=float(values[-1]), parts=parts)


def _tested(model: Model, self_test: SelfTest) -> Model | ModelRefused:
    """Let a model serve when the stored vectors give the stored scores."""
    if not self_test.vectors or len(self_test.vectors) != len(self_test.raw_scores):
        return ModelRefused(code=RefusalCode.SELF_TEST_FAILED, detail="there is no self-test to pass")
    width = len(model.contract.vector_names)
    if any(len(vector) != width for vector in self_test.vectors):
        return ModelRefused(code=RefusalCode.SELF_TEST_FAILED, detail=f"a vector has {width} places")
    for number, (vector, expected) in enumerate(zip(self_test.vectors, self_test.raw_scores, strict=True)):
        if not abs(raw(model, vector) - expected) <= SELF_TEST_TOLERANCE:
            return ModelRefused(code=RefusalCode.SELF_TEST_FAILED, detail=f"vector {number} gives another score")
    return model


def self_test_document(self_test: SelfTest) -> dict[str, list[list[str | dict[str, str]]] | list[str]]:
    """Return a self-test as JSON without floats: numbers as their shortest exact text, a missing one as `nan`."""
    return {
        "vectors": [
            [cell if isinstance(cell, str) else {"number": repr(cell)} for cell in vector]
            for vector in self_test.vectors
        ],
        "raw_scores": [repr(score) for score in self_test.raw_scores],
    }


def self_test_of(document: Mapping[str, Any]) -> SelfTest:
    """Return the self-test that `self_test_document` wrote."""
    return SelfTest(
        vectors=tuple(
            tuple(cell if isinstance(cell, str) else float(cell["number"]) for cell in vector)
            for vector in document["vectors"]
        ),
        raw_scores=tuple(float(score) for score in document["raw_scores"]),
    )
