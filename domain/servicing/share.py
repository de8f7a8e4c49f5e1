"""联合贷拆分, shares: what each funder of a joint loan owns of every component of every instalment and payment.

Others' shares are rounded down and one funder takes the residue, as the contract says. Two cuts are all there is: a
`cut` by agreed shares makes what nobody owned before (a plan, a penalty); `apportion` divides money among what is still
open. The second never takes more from a funder than is open to him, so that when an item is paid in whole, however
many payments that took, every funder has received exactly his planned share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar, Final

from domain.product.funding import PRINCIPAL, Funding
from domain.refusals import Refusal
from domain.servicing.schedule import Instalment

COMPONENTS: Final = (PRINCIPAL, "interest", "fee")
"""What an instalment consists of; penalties are raised as they accrue."""

Item = tuple[int, str]
"""One component of one instalment: its number and the component's name."""
Cut = Mapping[int, int]
"""Minor units by funder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadNegative(Refusal):
    """The funders are due more of an instalment than the borrower: there is no spread to share."""

    code: ClassVar[str] = "SHARE_SPREAD_NEGATIVE"
    zh: ClassVar[str] = "第 {no} 期资金方应收 {component} 超过客户应还 {amount} 分"
    en: ClassVar[str] = "in instalment {no} the funders are due {amount} minor units more {component} than is paid"

    no: int
    component: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PrincipalDiffers(Refusal):
    """The funders' plans do not pay the same principal as the borrower's."""

    code: ClassVar[str] = "SHARE_PRINCIPAL_DIFFERS"
    zh: ClassVar[str] = "第 {no} 期各资金方本金之和与客户本金相差 {amount} 分"
    en: ClassVar[str] = "in instalment {no} the funders' principal differs from the borrower's by {amount} minor units"

    no: int
    amount: int


def cut(amount: int, shares: Mapping[int, Fraction], *, residue_to: int) -> dict[int, int]:
    """Return an amount by agreed shares: everybody's part rounded down (towards nought), the residue to one."""
    sign, whole = (-1, -amount) if amount < 0 else (1, amount)
    made = {funder: sign * (whole * share.numerator // share.denominator) for funder, share in shares.items()}
    made[residue_to] = amount - sum(part for funder, part in made.items() if funder != residue_to)
    return made


def apportion(amount: int, open_: Cut, *, residue_to: int) -> dict[int, int]:
    """Return an amount divided among what is open to each: in proportion, and never more than is open.

    amount: from nought to the sum of `open_`. The residue goes to one as far as it is open to him; the few units beyond
    go to the others in order of their number.
    """
    whole = sum(open_.values())
    assert 0 <= amount <= whole, "no more is paid than is open"
    assert min(open_.values(), default=0) >= 0, "nothing is open below nought"
    if not amount:
        return dict.fromkeys(open_, 0)
    made = {funder: amount * part // whole for funder, part in open_.items()}
    left = amount - sum(made.values())
    for funder in (residue_to, *sorted(open_)):
        more = min(left, open_.get(funder, 0) - made.get(funder, 0))
        if more and funder != residue_to:
            more = 1
        if more:
            made[funder] += more
            left -= more
    assert not left, "each part lost less than a unit, and has it open"
    return made


def planned(plan: Iterable[Instalment], funding: Funding, *, funded: Cut) -> dict[Item, Cut]:
    """Return each funder's share of every component of a plan.

    funded: principal of each funder at the start of the plan. Each instalment is cut by the agreed shares (the part of
    a period before and after a change counts by its days); so that Σ principal of each funder is what he funded, the
    last instalments are trued up.
    """
    lines = sorted(plan, key=lambda one: one.no)
    assert sum(funded.values()) == sum(one.principal for one in lines), "the plan pays back what was funded"
    made: dict[Item, Cut] = {}
    for one in lines:
        for component, amount in zip(COMPONENTS, (one.principal, one.interest, one.fee), strict=True):
            if component == PRINCIPAL:
                whole = sum(funded.values())
                shares = {funder: Fraction(part, whole or 1) for funder, part in funded.items()}
                agreed = funding.on(one.due_on).of(component)
                shares = dict(agreed) if cut(whole, agreed, residue_to=funding.residue_to) == dict(funded) else shares
            else:
                shares = dict(funding.over(component, one.from_on, one.due_on))
            if amount:
                made[one.no, component] = cut(amount, shares, residue_to=funding.residue_to)
    return {**made, **_trued(made, lines, funded=funded, residue_to=funding.residue_to)}


def _trued(
    made: Mapping[Item, Cut], lines: Sequence[Instalment], *, funded: Cut, residue_to: int
) -> dict[Item, dict[int, int]]:
    """Return the principal shares that change so that each funder gets back what he funded: the last ones first."""
    trued = {(no, name): dict(parts) for (no, name), parts in made.items() if name == PRINCIPAL}
    due = {funder: amount - sum(parts.get(funder, 0) for parts in trued.values()) for funder, amount in funded.items()}
    for funder in sorted((one for one in due if one != residue_to), key=lambda one: (due[one], one)):
        for one in reversed(lines):
            parts = trued.get((one.no, PRINCIPAL))
            if parts is None or one.principal < 0:
                continue
            missing = due[funder]
            more = min(missing, parts[residue_to]) if missing > 0 else max(missing, -parts.get(funder, 0))
            parts[funder] = parts.get(funder, 0) + more
            parts[residue_to] -= more
            due[funder] -= more
    return trued


def spread(
    customer: Iterable[Instalment], funders: Mapping[int, Iterable[Instalment]], *, to: int
) -> dict[Item, Cut] | Refusal:
    """Return the shares where funders have plans of their own, at their own rates: the rest is `to`'s fee per period.

    Principal must be the same in sum; interest and fees that the funders are not due belong to the platform or the
    guarantor, and are below nought in no instalment.
    """
    plans = {funder: {one.no: one for one in plan} for funder, plan in funders.items()}
    made: dict[Item, Cut] = {}
    for one in customer:
        for component in COMPONENTS:
            whole = int(getattr(one, component))
            parts = {
                funder: int(getattr(plan[one.no], component)) if one.no in plan else 0 for funder, plan in plans.items()
            }
            rest = whole - sum(parts.values())
            if component == PRINCIPAL and rest:
                return PrincipalDiffers(no=one.no, amount=abs(rest))
            if rest < 0:
                return SpreadNegative(no=one.no, component=component, amount=-rest)
            if whole:
                made[one.no, component] = {**parts, to: parts.get(to, 0) + rest} if rest else parts
    return made


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a movement: one component of one instalment, minor units."""

    no: int
    component: str
    amount: int


@dataclass(frozen=True, slots=True)
class Shared:
    """A part with its shares; they sum to it."""

    part: Part
    by_funder: Cut


@dataclass(frozen=True, slots=True)
class Claims:
    """What is open of each item, by funder; a value, each change makes another."""

    open_: Mapping[Item, Cut]
    residue_to: int

    def of(self, no: int, component: str) -> Cut:
        """Return what is open of one item."""
        return self.open_.get((no, component), {})

    def owned(self, component: str) -> dict[int, int]:
        """Return what is open of a component in all instalments."""
        totals: dict[int, int] = {}
        for (_, name), parts in self.open_.items():
            if name == component:
                for funder, amount in parts.items():
                    totals[funder] = totals.get(funder, 0) + amount
        return totals

    def raised(self, shared: Iterable[Shared]) -> Claims:
        """Return the claims with parts more: a penalty that accrued, or a payment that is taken back."""
        return self._changed(shared, 1)

    def accrued(self, part: Part, shares: Mapping[int, Fraction]) -> tuple[Claims, Shared]:
        """Return the claims after an amount came up, cut by shares, and the cut."""
        one = Shared(part, MappingProxyType(cut(part.amount, shares, residue_to=self.residue_to)))
        return self.raised((one,)), one

    def taken(self, parts: Iterable[Part]) -> tuple[Claims, tuple[Shared, ...]]:
        """Return the claims after a payment, and its parts by funder; each item at most once."""
        made = tuple(
            Shared(
                part,
                MappingProxyType(apportion(part.amount, self.of(part.no, part.component), residue_to=self.residue_to)),
            )
            for part in parts
        )
        assert len({(one.part.no, one.part.component) for one in made}) == len(made), "an item is paid once a payment"
        return self._changed(made, -1), made

    def _changed(self, shared: Iterable[Shared], sign: int) -> Claims:
        open_ = dict(self.open_)
        for one in shared:
            item = (one.part.no, one.part.component)
            parts = dict(open_.get(item, {}))
            for funder, amount in one.by_funder.items():
                parts[funder] = parts.get(funder, 0) + sign * amount
            open_[item] = MappingProxyType(parts)
        return Claims(MappingProxyType(open_), self.residue_to)


def reversal(shared: Iterable[Shared]) -> tuple[Shared, ...]:
    """Return the parts of a payment with the opposite sign, by the same shares: what `raised` undoes it with."""
    return tuple(
        Shared(
            Part(one.part.no, one.part.component, -one.part.amount),
            MappingProxyType({funder: -amount for funder, amount in one.by_funder.items()}),
        )
        for one in shared
    )


def assigned(owned: Cut, shares: Mapping[int, Fraction], *, residue_to: int) -> dict[int, int]:
    """Return what each funder takes over (below nought: gives) when an open amount is shared anew; nought in sum."""
    target = cut(sum(owned.values()), shares, residue_to=residue_to)
    return {funder: target.get(funder, 0) - owned.get(funder, 0) for funder in sorted({*owned, *target})}


def by_funder(shared: Iterable[Shared]) -> dict[int, dict[str, int]]:
    """Return amounts by funder and component: the movement of each funder's book."""
    totals: dict[int, dict[str, int]] = {}
    for one in shared:
        for funder, amount in one.by_funder.items():
            if amount:
                held = totals.setdefault(funder, {})
                held[one.part.component] = held.get(one.part.component, 0) + amount
    return totals
