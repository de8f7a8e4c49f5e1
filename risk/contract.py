"""The feature contract: what each feature is, where it comes from, and what may be done with it.

A contract is data (JSON). Its hash names it: a model and a rule pack say for which contract they were made, and a
mismatch is refused when they are loaded, not when they run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | int | Decimal | bool | date | None
"""One typed fact; None is a missing one. Amounts are whole minor units. Never a float."""

Facts: TypeAlias = Mapping[str, Value]
"""Facts about one application, by feature name."""


class DataType(StrEnum):
    """Type of a feature's value."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    ENUM = "enum"


class DataClass(StrEnum):
    """The four classes of data (claim 4): 申请表, 行为, 信贷历史, 行内."""

    APPLICATION = "application"
    BEHAVIOUR = "behaviour"
    CREDIT_HISTORY = "credit_history"
    IN_BANK = "in_bank"


class Missing(StrEnum):
    """What a missing value means."""

    ERROR = "error"
    """It forbids an assessment."""
    CATEGORY = "category"
    """It is an answer of its own, which the model has learnt."""


class Use(StrEnum):
    """What a feature may be used for."""

    SCORE = "score"
    RULES = "rules"
    FRAUD = "fraud"


class ContractInvalid(ValueError):
    """The text is not a feature contract; the message names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of an enumerated feature."""

    code: str
    source: str
    """The text that stands for it in a training file."""
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """One feature: type, meaning, limits and permitted uses."""

    name: str
    type: DataType
    zh: str
    en: str
    data_class: DataClass
    column: str
    """The column that holds it in a training file."""
    unit: str = ""
    """`months`, `years`, `minor` (minor units of money) …"""
    scale: int = 1
    """A number in a training file times this is the feature's value (100 turns yuan into minor units)."""
    levels: tuple[Level, ...] = ()
    """The closed list of an enumerated feature; empty when any text may come (a city, an employer)."""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    missing: Missing = Missing.ERROR
    missing_codes: tuple[str, ...] = ()
    """Texts that mean "missing" in a training file, beside the empty one (`NA`, `98` …)."""
    monotone: int = 0
    """+1: more of it never lowers the probability of default; -1: never raises it; 0: free."""
    protected: bool = False
    """Sex, marital status, age, origin …: kept for fairness figures and legal limits, never an input of the model."""
    uses: frozenset[Use] = frozenset({Use.SCORE, Use.RULES})
    reason: str | None = None
    """Code of the reason that is given when this feature costs points; None keeps it out of the reasons."""
    version: int = 1

    @property
    def is_model_input(self) -> bool:
        """Whether the model may see it."""
        return Use.SCORE in self.uses and not self.protected

    def level(self, code: str) -> Level | None:
        """Return the level of a code, or None."""
        return next((level for level in self.levels if level.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """A derived model input: one number feature divided by another; missing when the divisor is zero or missing."""

    name: str
    zh: str
    en: str
    numerator: str
    denominator: str
    unit: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonText:
    """The sentence of a reason code; `{value}` is the place of the applicant's own value."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Where a training file tells how a loan ended."""

    column: str
    bad: tuple[str, ...]
    good: tuple[str, ...]
    definition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureContract:
    """A named, hashed set of feature specifications with the texts of their reasons."""

    name: str
    version: int
    specs: tuple[FeatureSpec, ...]
    ratios: tuple[Ratio, ...]
    reasons: Mapping[str, ReasonText]
    label: Label
    text: str
    """The canonical JSON text that `hash` is the hash of."""

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the canonical text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def model_specs(self) -> tuple[FeatureSpec, ...]:
        """The features that the model sees, in the order of its vector; ratios follow them."""
        return tuple(spec for spec in self.specs if spec.is_model_input)

    @property
    def vector_names(self) -> tuple[str, ...]:
        """Names of the places of the model's vector."""
        return (*(spec.name for spec in self.model_specs), *(ratio.name for ratio in self.ratios))

    def spec(self, name: str) -> FeatureSpec | None:
        """Return the specification of a feature, or None."""
        return next((spec for spec in self.specs if spec.name == name), None)


def canonical(document: object) -> str:
    """Return the one JSON text of a document without floats: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def load(text: str) -> FeatureContract:
    """Read a contract from JSON; raises `ContractInvalid` naming the place (a contract is our own file, not input)."""
    try:
        document = json.loads(text, parse_float=Decimal)
        contract = _contract(document)
    except (KeyError, TypeError, ValueError, InvalidOperation) as fault:
        if isinstance(fault, ContractInvalid):
            raise
        raise ContractInvalid(f"not a feature contract: {fault!r}") from fault
    _check(contract)
    return contract


def _contract(document: Mapping[str, object]) -> FeatureContract:
    entries = document["features"]
    ratios = document.get("ratios", [])
    reasons = document["reasons"]
    label = document["label"]
    version = document["version"]
    if not (isinstance(entries, list) and isinstance(ratios, list) and isinstance(reasons, dict)):
        raise ContractInvalid("features and ratios are lists, reasons an object")
    if not (isinstance(label, dict) and isinstance(version, int)):
        raise ContractInvalid("label is an object, version a number")
    return FeatureContract(
        name=str(document["name"]),
        version=version,
        specs=tuple(_spec(entry) for entry in entries),
        ratios=tuple(Ratio(**entry) for entry in ratios),
        reasons={code: ReasonText(**texts) for code, texts in reasons.items()},
        label=Label(
            column=label["column"],
            bad=tuple(label["bad"]),
            good=tuple(label["good"]),
            definition=label["definition"],
        ),
        text=canonical(document),
    )


def _spec(entry: Mapping[str, object]) -> FeatureSpec:
    name = str(entry["name"])
    unknown = entry.keys() - {one.name for one in fields(FeatureSpec)}
    if unknown:
        raise ContractInvalid(f"{name}: unknown keys {sorted(unknown)}")
    levels, uses, codes = entry.get("levels", []), entry.get("uses", ["score", "rules"]), entry.get("missing_codes", [])
    if not (isinstance(levels, list) and isinstance(uses, list) and isinstance(codes, list)):
        raise ContractInvalid(f"{name}: levels, uses and missing_codes are lists")
    return FeatureSpec(
        name=name,
        type=DataType(str(entry["type"])),
        zh=str(entry["zh"]),
        en=str(entry["en"]),
        data_class=DataClass(str(entry["data_class"])),
        column=str(entry.get("column", name)),
        unit=str(entry.get("unit", "")),
        scale=_integer(entry.get("scale", 1), name),
        levels=tuple(Level(**level) for level in levels),
        minimum=_bound(entry.get("minimum")),
        maximum=_bound(entry.get("maximum")),
        missing=Missing(str(entry.get("missing", "error"))),
        missing_codes=tuple(str(code) for code in codes),
        monotone=_integer(entry.get("monotone", 0), name),
        protected=entry.get("protected", False) is True,
        uses=frozenset(Use(str(use)) for use in uses),
        reason=None if entry.get("reason") is None else str(entry["reason"]),
        version=_integer(entry.get("version", 1), name),
    )


def _integer(value: object, name: str) -> int:
    if type(value) is not int:
        raise ContractInvalid(f"{name}: {value!r} is no whole number")
    return value


def _bound(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _check(contract: FeatureContract) -> None:
    """Refuse a contract that contradicts itself."""
    names = [spec.name for spec in contract.specs] + [ratio.name for ratio in contract.ratios]
    _refuse_doubles("feature", names)
    for spec in contract.specs:
        _refuse_doubles(f"{spec.name}: level", [level.code for level in spec.levels])
        _refuse_doubles(f"{spec.name}: source", [level.source for level in spec.levels])
        if spec.levels and spec.type is not DataType.ENUM:
            raise ContractInvalid(f"{spec.name}: only an enum has levels")
        if spec.monotone not in {-1, 0, 1} or (spec.monotone and spec.type is DataType.ENUM):
            raise ContractInvalid(f"{spec.name}: monotone is -1, 0 or 1, of a number")
        if spec.protected and spec.reason is not None:
            raise ContractInvalid(f"{spec.name}: a protected feature is no reason")
    for ratio in contract.ratios:
        for part in (ratio.numerator, ratio.denominator):
            spec_of_part = contract.spec(part)
            if spec_of_part is None or spec_of_part.type is DataType.ENUM or not spec_of_part.is_model_input:
                raise ContractInvalid(f"{ratio.name}: {part} is no number that the model may see")
    named = {spec.reason for spec in contract.specs} | {ratio.reason for ratio in contract.ratios}
    if unknown := {code for code in named if code is not None} - contract.reasons.keys():
        raise ContractInvalid(f"reasons without a text: {sorted(unknown)}")


def _refuse_doubles(what: str, names: Sequence[str]) -> None:
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise ContractInvalid(f"{what} named twice: {doubled}")
