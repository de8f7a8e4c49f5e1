"""Rule sets: decision packs as data, named by their hash; a product names the pack, the date names its version.

Only what this floor must know is read here: stages, validity, and which facts the tables derive for themselves. What
rows and cells mean is the table engine's business.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import ClassVar, Protocol

from domain.decisioning.facts import Stage
from domain.refusals import Refusal

VALIDITY_DAYS = 30
"""How long a judgement holds when the pack says nothing else."""


class Prove(Protocol):
    """The proof of a rule set: everything that forbids its release."""

    def __call__(self, document: str, /) -> tuple[str, ...]:
        """Return the faults of a rule set's text as sentences; nothing when it is proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetUnproved(Refusal):
    """The tables have gaps, overlaps, dead rows, wrong or missing examples, or cannot be read."""

    code: ClassVar[str] = "RULESET_UNPROVED"
    zh: ClassVar[str] = "规则包未通过静态证明: {detail}"
    en: ClassVar[str] = "the rule set is not proved: {detail}"

    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesetVersionTaken(Refusal):
    """A published version never changes: other content needs another number."""

    code: ClassVar[str] = "RULESET_VERSION_TAKEN"
    zh: ClassVar[str] = "规则包 {name} 第 {version} 版已发布且内容不同"
    en: ClassVar[str] = "version {version} of rule set {name} was published with other content"

    name: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRules:
    """What this floor knows of a stage."""

    tables: tuple[str, ...]
    assess: bool
    """Whether the scorer is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One published version of a pack."""

    name: str
    version: int
    effective_from: date
    validity_days: int
    contract_hash: str | None
    """The feature contract that its score bands were made for, or None when it reads no score."""
    stages: Mapping[Stage, StageRules]
    derived: frozenset[str]
    """Facts that come from the scorer or from tables; no caller may give them."""
    text: str = field(repr=False)
    """The canonical JSON text."""

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def canonical(document: object) -> str:
    """Return the one JSON text of a document without floats: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@lru_cache(maxsize=64)
def read(text: str) -> RuleSet:
    """Return the rule set in a JSON text that was proved: its form is not checked again."""
    document = json.loads(text)
    stages = {
        Stage(name): StageRules(tables=tuple(entry["tables"]), assess=entry["assess"])
        for name, entry in document["stages"].items()
    }
    return RuleSet(
        name=document["name"],
        version=document["version"],
        effective_from=date.fromisoformat(document["effective_from"]),
        validity_days=document.get("validity_days", VALIDITY_DAYS),
        contract_hash=document.get("contract_hash"),
        stages=stages,
        derived=frozenset(name for name, entry in document["inputs"].items() if entry.get("origin", "fact") != "fact"),
        text=canonical(document),
    )
