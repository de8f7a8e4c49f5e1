"""提前结清说明, why a payoff is what it is: what is open of each instalment, what the running one has earned, the fee.

The amounts are those of the payment that would settle the loan; here they are only taken apart and told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from domain.servicing.allocation import Component
from domain.servicing.contract import EarlyInterest
from domain.servicing.explain import Explained
from domain.servicing.fold import Fold
from domain.servicing.life import Life
from domain.servicing.progress import ALL, C, F, I, Line, N, P
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one instalment brings to a payoff: minor units, and in which words."""

    no: int
    amount: int
    zh: str
    en: str


NAMES: Final[Mapping[Component, tuple[str, str]]] = MappingProxyType(
    {
        P: ("剩余本金", "principal that is open"),
        I: ("利息", "interest"),
        F: ("费用", "fees"),
        N: ("罚息", "penalty interest"),
        C: ("复利", "compound interest"),
    }
)
"""How components are called in an explanation."""
PREPAYMENT_FEE: Final = "prepayment_fee"
"""Name of the fee that settling itself costs."""


def payoff_explained(life: Life) -> dict[str, Explained]:
    """What settles a loan at the date of its life, by component and explained; the values sum to the payoff."""
    state = life.state
    made = {one.value: _explained(state, one, tuple(_parts(state, one))) for one in ALL}
    if fee := state.prepayment_fee(_ahead(state)):
        made[PREPAYMENT_FEE] = _fee(state, fee)
    return {name: one for name, one in made.items() if one.value}


def _parts(state: Fold, component: Component) -> Iterator[Part]:
    for line in state.lines:
        if component is I and line.due_on > state.at:
            yield _running(state, line)
        else:
            yield Part(
                no=line.no, amount=line.open(component), zh=f"第{line.no}期未还", en=f"open of instalment {line.no}"
            )


def _running(state: Fold, line: Line) -> Part:
    """Interest of an instalment that is not due yet: what it has earned, or the whole period where that is agreed."""
    is_whole = state.contract.life.prepayment.interest is EarlyInterest.WHOLE_PERIOD and line.from_on < state.at
    due = line.owed[I] if is_whole else line.earned
    days = max((state.at - line.from_on).days, 0)
    return Part(
        no=line.no,
        amount=max(due - line.paid[I] - line.waived[I], 0),
        zh=f"第{line.no}期整期利息" if is_whole else f"第{line.no}期自 {line.from_on} 起 {days} 天应计",
        en=f"whole of instalment {line.no}"
        if is_whole
        else f"accrued of instalment {line.no} in {days} days from {line.from_on}",
    )


def _explained(state: Fold, component: Component, parts: tuple[Part, ...]) -> Explained:
    terms, counted = state.contract.terms, [one for one in parts if one.amount]
    value = sum(one.amount for one in counted)

    def money(amount: int) -> str:
        return str(Money(amount, terms.currency))

    zh, en = NAMES[component]
    return Explained(
        value=value,
        formula="Σ open + accrued" if component is I else "Σ open",
        inputs=tuple((f"instalment{one.no}", money(one.amount)) for one in counted),
        day_count=terms.day_count.value if component is I else None,
        exact=money(value),
        rounding=None,
        zh=f"{zh} = {' + '.join(f'{one.zh} {money(one.amount)}' for one in counted)} = {money(value)}",
        en=f"{en} = {' + '.join(f'{one.en} {money(one.amount)}' for one in counted)} = {money(value)}",
    )


def _ahead(state: Fold) -> int:
    """Principal that is not due yet: what settling pays early."""
    return sum(line.open(P) for line in state.lines if line.due_on > state.at)


def _fee(state: Fold, fee: int) -> Explained:
    terms, rate = state.contract.terms, state.contract.life.prepayment.fee_rate
    early, shown = Money(_ahead(state), terms.currency), Money(fee, terms.currency)
    return Explained(
        value=fee,
        formula="early principal × fee rate",
        inputs=(("earlyPrincipal", str(early)), ("feeRate", f"{rate:f}")),
        day_count=None,
        exact=f"{rate * early.decimal:f}",
        rounding=f"{terms.rounding} to {Money(1, terms.currency)}",
        zh=f"提前还款违约金 = 未到期本金 {early} × {rate:f} = {shown}",
        en=f"prepayment fee = principal not yet due {early} × {rate:f} = {shown}",
    )
