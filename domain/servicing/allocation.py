"""冲销顺序, allocation: which dues a payment meets, in an order that is data of the product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from domain.servicing.terms import AllocationBy


class Component(StrEnum):
    """What an amount owed is, in the borrower's words."""

    PENALTY = "penalty"
    INTEREST = "interest"
    PRINCIPAL = "principal"


@dataclass(frozen=True, slots=True)
class Due:
    """An amount owed now, minor units: one component of one instalment."""

    no: int
    component: Component
    amount: int

    def __post_init__(self) -> None:
        """Assert that a due is not negative."""
        assert self.amount >= 0, "nothing is owed negatively"


@dataclass(frozen=True, slots=True)
class Part:
    """What a payment pays of one due, minor units, above zero."""

    no: int
    component: Component
    amount: int

    def __post_init__(self) -> None:
        """Assert that a part is above zero."""
        assert self.amount > 0, "a part is something"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A payment taken apart: `parts` and `excess` (溢缴款) sum to what was paid."""

    parts: tuple[Part, ...]
    excess: int

    @property
    def paid(self) -> int:
        """The whole payment, minor units."""
        return sum(part.amount for part in self.parts) + self.excess

    def by_component(self) -> dict[Component, int]:
        """Amount per component, minor units; components that were not met are absent."""
        totals: dict[Component, int] = {}
        for part in self.parts:
            totals[part.component] = totals.get(part.component, 0) + part.amount
        return totals


def ordered(dues: Iterable[Due], *, order: Sequence[str], by: AllocationBy) -> tuple[Due, ...]:
    """The dues in the sequence in which a payment meets them: by instalment, or by component."""
    place = {component: n for n, component in enumerate(order)}
    if by is AllocationBy.INSTALMENT:
        return tuple(sorted(dues, key=lambda due: (due.no, place[due.component])))
    return tuple(sorted(dues, key=lambda due: (place[due.component], due.no)))


def allocate(amount: int, dues: Iterable[Due], *, order: Sequence[str], by: AllocationBy) -> Allocation:
    """Spend `amount` (minor units, above zero) on `dues` in their order; what is left over is excess."""
    assert amount > 0, "a payment is something"
    parts = tuple(_spend(amount, ordered(dues, order=order, by=by)))
    made = Allocation(parts, amount - sum(part.amount for part in parts))
    assert made.excess >= 0, "no more is spent than was paid"
    return made


def _spend(amount: int, dues: Iterable[Due]) -> Iterator[Part]:
    left = amount
    for due in dues:
        if paid := min(left, due.amount):
            yield Part(due.no, due.component, paid)
            left -= paid
