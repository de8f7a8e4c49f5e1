"""Score bands to strategies: what a grade means for collection if the loan falls behind (RC-06).

Grade, limit and policy are rows of the rule pack, proved like every table; the pack's strategies say which contact may
begin on which day past due. Hours, caps and lists are checked at the moment of contact, not here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Contact(StrEnum):
    """Means of contact, from the gentlest to the strongest."""

    REMINDER = "REMINDER"
    MESSAGE = "MESSAGE"
    ROBOT_CALL = "ROBOT_CALL"
    HUMAN_CALL = "HUMAN_CALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionStrategy:
    """From which day on which means may be used; days past due (DPD) are counted from the due date."""

    code: str
    zh: str
    en: str
    reminder_before_days: int
    """Days before the due date on which a reminder is sent."""
    message_from_dpd: int
    robot_call_from_dpd: int
    human_call_from_dpd: int

    def __post_init__(self) -> None:
        """Assert that the means grow stronger with time."""
        steps = (self.message_from_dpd, self.robot_call_from_dpd, self.human_call_from_dpd)
        assert list(steps) == sorted(steps), f"{self.code}: stronger means come later"
        assert steps[0] >= 1, f"{self.code}: nobody is dunned on the due date"

    def contact(self, dpd: int) -> Contact | None:
        """Return the strongest means for days past due (negative before the due date), or None for silence."""
        if dpd >= self.human_call_from_dpd:
            return Contact.HUMAN_CALL
        if dpd >= self.robot_call_from_dpd:
            return Contact.ROBOT_CALL
        if dpd >= self.message_from_dpd:
            return Contact.MESSAGE
        return Contact.REMINDER if dpd == -self.reminder_before_days else None


def strategies(text: str) -> Mapping[str, CollectionStrategy]:
    """Return the collection strategies of a rule pack given as JSON text, by code."""
    entries = json.loads(text).get("collection_strategies", {})
    return {code: CollectionStrategy(code=code, **entry) for code, entry in entries.items()}
