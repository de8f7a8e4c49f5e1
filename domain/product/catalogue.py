"""The rule sets that ship, by code: what a product, a trial or a scenario may choose from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.product.rules_guarantor import CN_GUARANTOR
from domain.product.rules_lender import CN_LENDER, CN_LENDER_ON_SUCCESS, CN_LENDER_STAGE_3, CN_PARTNER
from domain.product.rules_platform import CN_PLATFORM
from domain.product.rules_roles import FINERACT, FINERACT_CASH
from domain.product.ruleset import RuleSet

RULE_SETS: Final[Mapping[str, RuleSet]] = MappingProxyType(
    {
        one.code: one
        for one in (
            CN_LENDER,
            CN_LENDER_ON_SUCCESS,
            CN_LENDER_STAGE_3,
            CN_PARTNER,
            CN_PLATFORM,
            CN_GUARANTOR,
            FINERACT,
            FINERACT_CASH,
        )
    }
)
"""Code to rule set."""
