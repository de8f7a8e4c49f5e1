"""The model registry's words: what is known of a model file, and the steps of its life.

Each step is taken by another person than the one before (maker and checker). One model of a name is champion at a time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.decisioning.facts import Json
from domain.refusals import Refusal


class ModelState(StrEnum):
    """Where a model stands."""

    DRAFT = "DRAFT"
    VALIDATED = "VALIDATED"
    CHAMPION = "CHAMPION"
    RETIRED = "RETIRED"


STEPS: Mapping[ModelState, frozenset[ModelState]] = {
    ModelState.DRAFT: frozenset({ModelState.VALIDATED, ModelState.RETIRED}),
    ModelState.VALIDATED: frozenset({ModelState.CHAMPION, ModelState.RETIRED}),
    ModelState.CHAMPION: frozenset({ModelState.RETIRED}),
    ModelState.RETIRED: frozenset({ModelState.VALIDATED}),
}
"""Which state may follow which; a retired model may come back through validation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStepImpossible(Refusal):
    """A model in this state does not take this step."""

    code: ClassVar[str] = "MODEL_STEP_IMPOSSIBLE"
    zh: ClassVar[str] = "模型状态不能由 {from_state} 变更为 {to_state}"
    en: ClassVar[str] = "a model that is {from_state} cannot become {to_state}"

    from_state: ModelState
    to_state: ModelState


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRegistration:
    """A model file and everything that is said about it."""

    name: str
    content: bytes = field(repr=False)
    sha256: str
    contract: str = field(repr=False)
    """The feature contract as canonical JSON text."""
    contract_hash: str
    params: Mapping[str, Json]
    metrics: Mapping[str, Json]
    self_test: Mapping[str, Json] = field(repr=False)
    """Vectors and the raw scores that the file must give for them before it serves."""
    data_fingerprint: str
    data_rows: int
    label_definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelVersion:
    """A registered model."""

    model_id: int
    registration: ModelRegistration
    state: ModelState
    recorded_at: datetime
    actor: str


def step_fault(current: ModelState, to: ModelState) -> ModelStepImpossible | None:
    """Return why a step is impossible, or None."""
    return None if to in STEPS[current] else ModelStepImpossible(from_state=current, to_state=to)
