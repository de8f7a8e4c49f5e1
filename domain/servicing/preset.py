"""Presets of the life of a loan by the name of its convention: the contract part of a scenario, as its own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.servicing.reader import Json

_ADVANCED: Final[Json] = {
    "steps": [
        f"{due}_{component}"
        for due in ("PAST_DUE", "DUE", "IN_ADVANCE")
        for component in ("PENALTY", "FEE", "INTEREST", "PRINCIPAL")
    ],
    "processing": "HORIZONTAL",
    "future": "NEXT",
}
_BANK: Final[Mapping[str, Json]] = {
    "allocation": "BANK_NORMAL",
    "npl": {"allocation": "BANK_NPL", "after": 90},
    "nonAccrual": {"after": 90},
}

LIVES: Final[Mapping[str, Mapping[str, Json]]] = MappingProxyType(
    {
        "FINERACT_PROGRESSIVE": {
            "bearing": "DAILY",
            "allocation": {"DEFAULT": _ADVANCED},
            "chargeOffWhole": True,
            "changesOf": "END",
        },
        "FINERACT_CUMULATIVE": {
            "allocation": "mifos-standard-strategy",
            "chargeOffWhole": True,
            "spread": "ON_OR_AFTER",
        },
        **dict.fromkeys(("CN_BANK_30_360", "CN_ACT_360_SOLVED", "CN_ACT_365_SOLVED", "JOINT_LOAN_HYBRID"), _BANK),
    }
)
"""What each convention says about living; a convention that says nothing lives by its terms alone."""
