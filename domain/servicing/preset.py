"""Presets of the life of a loan by the name of its convention: the contract part of a scenario, as its own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_ADVANCED: Final = {
    "steps": [
        f"{due}_{component}"
        for due in ("PAST_DUE", "DUE", "IN_ADVANCE")
        for component in ("PENALTY", "FEE", "INTEREST", "PRINCIPAL")
    ],
    "processing": "HORIZONTAL",
    "future": "NEXT",
}
_BANK: Final = {
    "allocation": "BANK_NORMAL",
    "npl": {"allocation": "BANK_NPL", "after": 90},
    "nonAccrual": {"after": 90, "policy": "CASH_BASIS"},
}

LIVES: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {
        "fineract-progressive": {"bearing": "DAILY", "allocation": {"DEFAULT": _ADVANCED}, "chargeOffWhole": True},
        "fineract-cumulative": {"allocation": "mifos-standard-strategy", "chargeOffWhole": True, "spread": "ON_OR_AFTER"},
        "cn-bank": _BANK,
    }
)
"""What each convention says about living; a convention that says nothing lives by its terms alone."""
