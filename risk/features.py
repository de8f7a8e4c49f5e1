"""From typed facts to the model's vector: the one builder, on line and in batch.

A wrong type, an unknown level, a value out of its range or a missing one that the contract does not allow is told by
name; nothing is guessed, converted or passed over in silence.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from risk.contract import DataType, Facts, FeatureContract, FeatureSpec, Missing, Value
from risk.reasons import Reason, invalid, missing, value_of

Cell: TypeAlias = float | str
"""One place of the model's vector: a number, or the code of a level."""

MISSING_LEVEL = "(missing)"
"""The level of an enumerated feature that is missing where the contract allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """A complete, checked vector, and the facts that it was made of."""

    contract_hash: str
    vector: tuple[Cell, ...]
    facts: Facts
    """The model's own features only: no protected one is among them."""


def build(contract: FeatureContract, facts: Facts) -> Features | tuple[Reason, ...]:
    """Return the vector of one application, or every fault of its facts. Facts that no model input names are left."""
    faults = tuple(fault for spec in contract.model_specs if (fault := fault_of(spec, facts.get(spec.name))))
    if faults:
        return faults
    own = {spec.name: facts.get(spec.name) for spec in contract.model_specs}
    cells = [_cell(spec, own[spec.name]) for spec in contract.model_specs]
    return Features(
        contract_hash=contract.hash,
        vector=(*cells, *(_number(value_of(ratio, own)) for ratio in contract.ratios)),
        facts=own,
    )


def fault_of(spec: FeatureSpec, value: Value) -> Reason | None:
    """Return what is wrong with a value of a feature, or None."""
    if value is None:
        return missing(spec.name, zh=spec.zh, en=spec.en) if spec.missing is Missing.ERROR else None
    return None if _fits(spec, value) else invalid(spec.name, zh=spec.zh, en=spec.en)


def categorical(contract: FeatureContract) -> tuple[int, ...]:
    """Return the places of the vector that hold levels, not numbers."""
    return tuple(place for place, spec in enumerate(contract.model_specs) if spec.type is DataType.ENUM)


def _fits(spec: FeatureSpec, value: Value) -> bool:
    """Tell whether a present value has exactly its type, lies in its range or is one of its levels."""
    match spec.type:
        case DataType.BOOLEAN:
            return type(value) is bool
        case DataType.ENUM:
            return type(value) is str and value != "" and (not spec.levels or spec.level(value) is not None)
        case DataType.INTEGER:
            return type(value) is int and _in_range(spec, Decimal(value))
        case DataType.DECIMAL:
            return type(value) is Decimal and value.is_finite() and _in_range(spec, value)


def _in_range(spec: FeatureSpec, value: Decimal) -> bool:
    return (spec.minimum is None or spec.minimum <= value) and (spec.maximum is None or value <= spec.maximum)


def _cell(spec: FeatureSpec, value: Value) -> Cell:
    if spec.type is DataType.ENUM:
        return MISSING_LEVEL if value is None else str(value)
    return _number(value)


def _number(value: Value) -> float:
    """The only place where an amount becomes a float: as an input of the model, never to be paid."""
    return math.nan if value is None else float(value)  # type: ignore[arg-type]  # numbers only: checked by _fits
