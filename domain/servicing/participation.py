"""参贷, participation: the movements of a joint loan, each cut among its funders; pure.

A movement of the whole loan goes in, one for each funder comes out, and they sum to it. Of a single instalment every
funder has the cut of what has been raised or met of it so far, others rounded down and the residue to one; so an
instalment that is met whole, however many payments that took, gave everybody his planned share. What is open to a
funder bounds the cut, and whoever has the rest of a bucket gets the rest: nobody falls below nought, and in the end
each has back what he funded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

from domain.product.accounting import EXCESS, HANDED, PARTNER_SHARE, PRINCIPALS, Event, Flag, Party
from domain.product.funding import PRINCIPAL, Agreement, Funding
from domain.servicing.movement import Movement, effects
from domain.servicing.share import apportion, assigned, cut

_EARNED: Final = frozenset(
    {Event.INTEREST_ACCRUED, Event.PENALTY_ACCRUED, Event.COMPOUND_ACCRUED, Event.NON_ACCRUAL_INTEREST}
)
"""What the days before a movement have earned, by the agreement of those days."""
TURNS: Final = frozenset({Event.NON_ACCRUAL, Event.ACCRUAL_RESUMED})
"""Events by which every claim is carried otherwise, those too that stay in their buckets."""
_KIND: Final[Mapping[str, str]] = MappingProxyType(
    {**dict.fromkeys(PRINCIPALS, PRINCIPAL), "accrued_interest": "interest", "nonaccrual_interest": "interest"}
)
"""Which component of an instalment a bucket holds; the others bear its name."""


def shared(movements: Iterable[Movement], funding: Funding, *, on: date, cleared_to: date) -> tuple[Movement, ...]:
    """Cut the movements of a life, told up to `on`, among the funders.

    What the leader had collected for another before `cleared_to` is handed over (SHARE_CLEARED).
    """
    told = tuple(movements)
    state = _Holding(funding)
    made = [part for one in told if one.event is not Event.DISBURSEMENT_INSTRUCTED for part in state.cut(one)]
    made += state.assign(on)
    paid_out = {(one.fact_no, one.funder): one for one in made if one.event is Event.DISBURSEMENT_SUCCEEDED}
    ahead = [
        part for one in told if one.event is Event.DISBURSEMENT_INSTRUCTED for part in _sent(one, funding, paid_out)
    ]
    return (*ahead, *made, *_cleared(made, funding, before=cleared_to))


def guaranteed(movements: Iterable[Movement], *, guarantor: int, cleared_to: date) -> Iterator[Movement]:
    """Tell the movements of a life with those of its guarantor.

    He answers for the principal that the lenders have on their books, until he pays it (SUBROGATED releases that). What
    the lender had collected for him before `cleared_to` is handed over.
    """
    collected = 0
    for one in movements:
        if one.event.party is Party.GUARANTOR:
            if one.event is Event.SUBROGATION_RECOVERED and one.value_on < cleared_to:
                collected += sum(one.amounts.values())
            yield replace(one, funder=guarantor)
            continue
        yield one
        grown = sum(amount for bucket, amount in effects(one) if bucket in PRINCIPALS)
        if grown and one.event is not Event.COMPENSATED:
            yield replace(one, event=Event.GUARANTEE_GIVEN, amounts={"amount": grown}, funder=guarantor, pieces={})
    if collected:
        for event, funder in ((Event.AGENCY_PAID, 0), (Event.SUBROGATION_CLEARED, guarantor)):
            yield Movement(event=event, amounts={"amount": collected}, fact_no=0, value_on=cleared_to, funder=funder)


def instructed(one: Movement, funding: Funding) -> tuple[Movement, ...]:
    """Cut an instruction to pay out of which nothing is known yet, with the funding of it."""
    return tuple(_sent(one, funding, {}))


def _sent(one: Movement, funding: Funding, paid_out: Mapping[tuple[int, int], Movement]) -> Iterator[Movement]:
    """What each funder sends on its way: what he will have lent of it, the leader all the rest."""
    amount = one.amounts[PRINCIPAL]
    parts = cut(amount, funding.on(one.value_on).of(PRINCIPAL), residue_to=funding.residue_to)
    if any(no == one.fact_no for no, _ in paid_out):
        parts = {
            funder: paid_out[one.fact_no, funder].amounts.get(PRINCIPAL, 0)
            for funder in funding.funders
            if (one.fact_no, funder) in paid_out
        }
    others = {funder: part for funder, part in parts.items() if funder != funding.leader and part}
    for funder, part in others.items():
        yield replace(one, event=Event.SHARE_FUNDED, amounts={PARTNER_SHARE: part}, funder=funder)
    for funder, part in {**others, funding.leader: amount - sum(others.values())}.items():
        yield replace(one, amounts={PRINCIPAL: part}, funder=funder)


def _cleared(made: Iterable[Movement], funding: Funding, *, before: date) -> Iterator[Movement]:
    held: dict[int, int] = {}
    for one in made:
        if one.event in HANDED and one.funder != funding.leader and one.value_on < before:
            sign = -1 if one.event is Event.CHARGEBACK else 1
            held[one.funder] = held.get(one.funder, 0) + sign * sum(one.amounts.values())
    for funder, amount in sorted(held.items()):
        if amount:
            yield Movement(
                event=Event.SHARE_CLEARED, amounts={PARTNER_SHARE: amount}, fact_no=0, value_on=before, funder=funder
            )


_Cut = dict[int, int]


@dataclass(slots=True)
class _Holding:
    """What each funder holds in each bucket, and what has been raised or met of each instalment."""

    funding: Funding
    held: dict[str, _Cut] = field(default_factory=dict)
    told: dict[tuple[int, str, str, date], int] = field(default_factory=dict)
    assigned_on: date = date.min

    def cut(self, one: Movement) -> Iterator[Movement]:
        """Cut one movement; what an agreement changed before it comes first."""
        yield from self.assign(one.value_on)
        if one.event.party is not Party.LENDER:
            yield one
            return
        parts: dict[int, dict[str, int]] = {}
        for name, amount in one.amounts.items():
            for funder, part in self._parts(one, name, amount).items():
                if part:
                    parts.setdefault(funder, {})[name] = part
        for funder, amounts in sorted(parts.items()):
            yield replace(one, amounts=MappingProxyType(amounts), funder=funder)

    def assign(self, on: date) -> Iterator[Movement]:
        """Let the principal that is open pass to whom later agreements say, up to a date."""
        for agreement in self.funding.agreements[1:]:
            if not self.assigned_on < agreement.from_on <= on:
                continue
            self.assigned_on = agreement.from_on
            moved: dict[int, dict[str, int]] = {}
            for bucket in PRINCIPALS:
                held = self.held.get(bucket, {})
                if not any(held.values()):
                    continue
                for funder, part in assigned(held, agreement.of(PRINCIPAL), residue_to=self.funding.residue_to).items():
                    if part:
                        moved.setdefault(funder, {})[bucket] = part
                        held[funder] = held.get(funder, 0) + part
            for funder, amounts in moved.items():
                yield Movement(
                    event=Event.SHARE_ASSIGNED, amounts=amounts, fact_no=0, value_on=agreement.from_on, funder=funder
                )

    def _parts(self, one: Movement, name: str, amount: int) -> _Cut:
        """One amount of a movement by funder; what touches no claim, and what is the borrower's, is the leader's."""
        touched = [(bucket, part) for bucket, part in effects(replace(one, amounts={name: amount})) if bucket != EXCESS]
        if not touched:
            stays = one.event in TURNS and Flag.TRANSFERRED not in one.flags
            return self._part_of(name, amount) if stays else {self.funding.leader: amount}
        agreement = self.funding.on(one.value_on - timedelta(days=1) if one.event in _EARNED else one.value_on)
        kind = _KIND.get(name, name)
        wanted = dict.fromkeys(self.funding.funders, 0)
        for key, piece in (one.pieces.get(name) or {0: amount}).items():
            for funder, part in self._grown(one, kind, key, piece, agreement).items():
                wanted[funder] += part
        (bucket, first), *rest = sorted(touched, key=lambda each: each[1])
        sign = 1 if (first > 0) == (amount > 0) else -1
        made = self._move(bucket, first, {funder: sign * part for funder, part in wanted.items()})
        for other, _ in rest:
            held = self.held.setdefault(other, dict.fromkeys(self.funding.funders, 0))
            for funder, part in made.items():
                held[funder] -= part
        return {funder: sign * part for funder, part in made.items()}

    def _part_of(self, bucket: str, amount: int) -> _Cut:
        """What each funder has of a claim that is carried otherwise and stays in its bucket."""
        held = {funder: max(part, 0) for funder, part in self.held.get(bucket, {}).items()}
        if not abs(amount) <= sum(held.values()):
            return {self.funding.leader: amount}
        sign = 1 if amount > 0 else -1
        return {
            funder: sign * part
            for funder, part in apportion(abs(amount), held, residue_to=self.funding.residue_to).items()
        }

    def _grown(self, one: Movement, kind: str, key: int, piece: int, agreement: Agreement) -> _Cut:
        """By how much everybody's cut grows, when what has been told of an instalment grows by a piece."""
        moved = one.event.value if one.event in _MOVED else "raised" if _is_raised(one) else "met"
        place = (key, kind, moved, agreement.from_on)
        before = self.told.get(place, 0)
        self.told[place] = before + piece
        shares, to = agreement.of(kind), self.funding.residue_to
        was, now = (cut(whole, shares, residue_to=to) for whole in (before, before + piece))
        return {funder: now.get(funder, 0) - was.get(funder, 0) for funder in {*was, *now}}

    def _move(self, bucket: str, amount: int, wanted: Mapping[int, int]) -> _Cut:
        """Let a bucket change by an amount, as wanted as far as nobody falls below nought; the parts sum to it."""
        held = self.held.setdefault(bucket, dict.fromkeys(self.funding.funders, 0))
        to = self.funding.residue_to
        if sum(held.values()) + amount == 0:
            made = {funder: -part for funder, part in held.items()}
        else:
            made = {
                funder: max(part, 0) if amount > 0 else min(max(part, -max(held[funder], 0)), 0)
                for funder, part in wanted.items()
            }
            left = amount - sum(made.values())
            for funder in (to, *(one for one in sorted(made) if one != to)):
                more = left
                if amount > 0 > left:  # one rounding up too many: taken back where something was given
                    more = max(left, -made[funder])
                elif amount < 0 < left:
                    more = min(left, -made[funder])
                elif amount < 0:
                    more = -min(-left, max(held[funder] + made[funder], 0))
                made[funder] += more
                left -= more
            made[to] += left
        for funder, part in made.items():
            held[funder] += part
        return made


_MOVED: Final = frozenset({Event.INTEREST_DUE, Event.PRINCIPAL_OVERDUE, Event.NON_ACCRUAL, Event.ACCRUAL_RESUMED})
"""Events that move an amount between buckets; each counts by itself."""


def _is_raised(one: Movement) -> bool:
    """Whether the event adds to a claim."""
    return any(part > 0 for bucket, part in effects(replace(one, amounts={"principal": 1})) if bucket != EXCESS)
