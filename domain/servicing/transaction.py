"""交易, transactions: each fact that moved a loan, with what it did to principal, interest, fees and penalties.

A transaction is a view of its fact: it keeps the fact's number for ever; a replay may change its split, never its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from domain.servicing.allocation import Component, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction; amounts in minor units.

    kind: the event in one word. excess: what became an overpayment (or, below zero, was taken from it). outstanding:
    principal that was open after it. parts: the split by instalment, numbered as the schedule then was.
    """

    fact_no: int
    kind: str
    on: date
    amount: int
    split: Mapping[Component, int]
    excess: int
    outstanding: int
    parts: tuple[Part, ...] = ()

    def portion(self, component: Component) -> int:
        """What the transaction did to a component."""
        return self.split.get(component, 0)
