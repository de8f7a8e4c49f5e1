"""Movements: what a life does to the accounts, by event and bucket, without naming an account.

A posting rule set turns a movement into an entry. A bucket is where a component stands in the lender's books; `effects`
says for every event what each amount adds to and takes from which bucket, so that balances are a sum of movements and
can be compared with the position that the facts give.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

from domain.product.accounting import EXCESS, Event, Flag

NO_FLAGS: Final[frozenset[Flag]] = frozenset()
"""A loan in its normal state."""
NO_PIECES: Final[Mapping[str, Mapping[int, int]]] = MappingProxyType({})
WRITTEN_OFF: Final = "written_off"
"""Where the whole claim lies once it was charged off or written off."""
BUCKETS: Final = (
    "principal", "overdue_principal", "nonaccrual_principal", "accrued_interest", "interest", "nonaccrual_interest",
    "penalty", "compound", "fee", WRITTEN_OFF, EXCESS,
)  # fmt: skip
"""Every bucket; the last is the borrower's money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One event: amounts in minor units by bucket (below zero when it takes back), of which fact, at which date.

    fact_no: the fact that caused it; nought when time alone did. flags: how the lender carried the claim. funder: whose
    share of it this is; nought is the whole. pieces: the amounts by bucket and instalment (its key), where they are of
    single instalments.
    """

    event: Event
    amounts: Mapping[str, int]
    fact_no: int
    value_on: date
    flags: frozenset[Flag] = NO_FLAGS
    funder: int = 0
    pieces: Mapping[str, Mapping[int, int]] = field(default_factory=lambda: NO_PIECES, compare=False, repr=False)

    @property
    def key(self) -> tuple[Event, int, frozenset[Flag], int]:
        """What two lives compare: time's own movements by event, a fact's by fact; each funder's by itself."""
        return self.event, self.fact_no, self.flags, self.funder


_ADDS: Final = frozenset(
    {
        Event.FEE_DUE, Event.PREPAYMENT_FEE, Event.PENALTY_ACCRUED, Event.COMPOUND_ACCRUED, Event.NON_ACCRUAL_INTEREST,
        Event.SHARE_ASSIGNED,
    }
)  # fmt: skip
_PAYS: Final = frozenset(
    {
        Event.DOWN_PAYMENT, Event.REPAYMENT, Event.MERCHANT_REFUND, Event.PAYOUT_REFUND, Event.GOODWILL_CREDIT,
        Event.CHARGE_ADJUSTMENT, Event.INTEREST_REFUND, Event.INCOME_ADJUSTMENT, Event.CANCELLED,
    }
)  # fmt: skip
_TAKES: Final = frozenset(
    {Event.DISBURSEMENT_SUCCEEDED, Event.INCOME_CAPITALISED, Event.CHARGEBACK, Event.OVERPAYMENT_REFUNDED}
)
_LEAVES: Final = frozenset(
    {
        Event.CHARGE_WAIVED, Event.INTEREST_WAIVED, Event.PRINCIPAL_WAIVED, Event.COMPENSATED, Event.REPURCHASED,
        Event.OVERPAYMENT_APPLIED,
    }
)  # fmt: skip
_MOVES: Final[Mapping[Event, Mapping[str, tuple[str, str]]]] = MappingProxyType(
    {
        Event.INTEREST_DUE: {"interest": ("accrued_interest", "interest")},
        Event.PRINCIPAL_OVERDUE: {"principal": ("principal", "overdue_principal")},
        Event.NON_ACCRUAL: {
            **{name: (name, "nonaccrual_principal") for name in ("principal", "overdue_principal")},
            **{name: (name, "nonaccrual_interest") for name in ("accrued_interest", "interest")},
        },
        Event.ACCRUAL_RESUMED: {
            "nonaccrual_principal": ("nonaccrual_principal", "principal"),
            "nonaccrual_interest": ("nonaccrual_interest", "interest"),
        },
    }
)
"""Events that move an amount from one bucket into another."""


_GATHERS: Final = frozenset({Event.CHARGE_OFF, Event.WRITE_OFF})
"""Events after which the whole claim lies in one bucket."""
_SIGNS: Final[Mapping[Event, tuple[int, int]]] = MappingProxyType(
    {
        **dict.fromkeys(_ADDS, (1, 0)),
        **dict.fromkeys(_PAYS, (-1, 1)),
        **dict.fromkeys(_TAKES, (1, -1)),
        **dict.fromkeys(_LEAVES, (-1, 0)),
    }
)
"""What the other events do: the sign of an amount in its own bucket, and in the borrower's overpayment."""


def effects(one: Movement) -> Iterator[tuple[str, int]]:
    """What a movement adds to each bucket, below zero what it takes; events of other books touch none."""
    for name, amount in one.amounts.items():
        bucket = bucket_of(name, one.flags)
        claim, excess = _SIGNS.get(one.event, (0, 0))
        if name == EXCESS:
            yield EXCESS, excess * amount
        elif Flag.TRANSFERRED in one.flags:
            continue  # another's claim
        elif one.event in _MOVES:
            for left, entered in filter(None, (_MOVES[one.event].get(name),)):
                yield left, -amount
                yield entered, amount
        elif one.event in _GATHERS:
            yield bucket, -amount
            yield WRITTEN_OFF, amount
        elif one.event is Event.RECOVERY:
            yield WRITTEN_OFF, -amount
        elif one.event is Event.INTEREST_ACCRUED:
            yield "accrued_interest", amount
        elif claim:
            yield bucket, claim * amount
            if one.event is Event.OVERPAYMENT_APPLIED:
                yield EXCESS, -amount


def bucket_of(name: str, flags: frozenset[Flag]) -> str:
    """Where an amount of that name stands, for a claim that is carried so."""
    if name == EXCESS:
        return name
    if Flag.CHARGED_OFF in flags:
        return WRITTEN_OFF
    return name


def balances(movements: Iterable[Movement]) -> dict[str, int]:
    """Balance of every bucket after the movements, minor units."""
    held = dict.fromkeys(BUCKETS, 0)
    for one in movements:
        for bucket, amount in effects(one):
            held[bucket] += amount
    return held


def difference(
    before: Iterable[Movement], after: Iterable[Movement], *, on: date, fact_no: int = 0
) -> tuple[Movement, ...]:
    """What must be booked on `on` so that the books say `after` where they said `before`.

    A movement that stands in both is not booked again. The difference of one that changed is booked net, what is more
    apart from what is less, under the fact that it belongs to. Fact `fact_no` is the one that is being booked: its own
    movements keep its value date.
    """
    totals: dict[tuple[Event, int, frozenset[Flag], int], dict[str, int]] = {}
    dated: dict[tuple[Event, int, frozenset[Flag], int], date] = {}
    for sign, movements in ((-1, before), (1, after)):
        for one in movements:
            held = totals.setdefault(one.key, {})
            dated[one.key] = one.value_on
            for name, amount in one.amounts.items():
                held[name] = held.get(name, 0) + sign * amount
    made = []
    for key, held in totals.items():
        event, number, flags, funder = key
        for sign in (1, -1):
            amounts = {name: amount for name, amount in held.items() if amount * sign > 0}
            if amounts:
                value_on = dated[key] if number and number == fact_no else on
                made.append(
                    Movement(
                        event=event,
                        amounts=MappingProxyType(amounts),
                        fact_no=number,
                        value_on=value_on,
                        flags=flags,
                        funder=funder,
                    )
                )
    return tuple(made)
