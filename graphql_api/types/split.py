"""An amount taken apart by component: what a position owes, what a payment met, what a transaction did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import strawberry

from graphql_api.types.field import minor
from graphql_api.types.value import Money


@dataclass(frozen=True, slots=True)
class Split:
    """Amounts by component, minor units of a currency."""

    currency: str
    penalty: int = 0
    interest: int = 0
    principal: int = 0
    fee: int = 0
    compound: int = 0

    @property
    def total(self) -> int:
        """All together."""
        return self.penalty + self.interest + self.principal + self.fee + self.compound


def split(currency: str, by: Mapping[str, int]) -> Split:
    """The amounts of a table by component."""
    return Split(currency, **{str(name): amount for name, amount in by.items()})


@strawberry.type(description="An amount taken apart by component.")
class Breakdown:
    """Presents amounts by component."""

    penalty: Money = minor("penalty", "currency", "Penalty interest (罚息).")
    interest: Money = minor("interest", "currency", "Interest.")
    principal: Money = minor("principal", "currency", "Principal.")
    fee: Money = minor("fee", "currency", "Fees (费用).")
    compound: Money = minor("compound", "currency", "Compound interest (复利).")
    total: Money = minor("total", "currency", "All together.")
