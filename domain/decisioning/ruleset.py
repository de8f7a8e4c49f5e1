"""A decision pack as this floor knows it: a text with a name, a version, a validity, and which stages score.

The tables inside are the engine's business; it has proved them before the pack was registered.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from domain.decisioning.facts import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A pack that can be registered."""

    name: str
    version: int
    document: str
    """The text, byte for byte as it was proved."""
    effective_from: date
    validity_days: int
    """How long a decision by this pack holds."""
    assessed_stages: frozenset[Stage]
    """The stages at which the scorer is asked."""

    @property
    def hash(self) -> str:
        """SHA-256 (hex) of the text."""
        return hashlib.sha256(self.document.encode()).hexdigest()


def ruleset_of(document: str) -> RuleSet:
    """Read the head of a proved pack; a text without a head is a bug of its publisher and fails loudly."""
    head = json.loads(document)
    return RuleSet(
        name=head["name"],
        version=head["version"],
        document=document,
        effective_from=date.fromisoformat(head["effective_from"]),
        validity_days=head["validity_days"],
        assessed_stages=frozenset(stage for stage in Stage if head["stages"].get(stage, {}).get("assess") is True),
    )
