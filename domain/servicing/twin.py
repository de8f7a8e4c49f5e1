"""Twins: one business event as entries in every book that it touches, joined by one event id.

The leader of a joint loan collects: what is a partner's stands on the leader's clearing account and, as its mirror, in
the partner's book. What guarantor and platform owe or own through the same event is booked with it. `CLEARING` names
the pair of accounts that must cancel out across the books.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final
from uuid import UUID

from domain.product.accounting import (
    BETWEEN,
    EXCESS,
    HANDED,
    PARTNER_SHARE,
    PRINCIPALS,
    SENT,
    Event,
    Flag,
    Party,
)
from domain.product.ruleset import NO_FLAGS, NOTHING, EventUnruled, RuleSet, rendered
from ledger.entry import Dimensions, Entry

_Amounts = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A party at the table: its number as a funder or partner, its book, and how that book posts."""

    number: int
    book: int
    rule_set: RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everybody who keeps accounts of a loan. `leader` lends alone, or collects for the partners too."""

    leader: Seat
    partners: tuple[Seat, ...] = ()
    platform: Seat | None = None
    guarantor: Seat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """What all entries of one event share; the funder of each line is its own.

    dims: loan, party, product and channel. effective_on: accounting date; economic_on: the true date, when a closed
    month forces the entry into a later one.
    """

    event_id: UUID
    source: str
    key: str
    actor: str
    currency: str
    dims: Dimensions
    effective_on: date
    economic_on: date | None = None
    paid_on: date | None = None
    description: str = ""


def _same(amounts: _Amounts) -> _Amounts:
    return amounts


def _whole(amounts: _Amounts) -> _Amounts:
    return {"amount": sum(amount for name, amount in amounts.items() if name != EXCESS)}


def _subrogated(amounts: _Amounts) -> _Amounts:
    return {**_whole(amounts), "guaranteed": sum(amounts.get(name, 0) for name in PRINCIPALS)}


def _repurchased(amounts: _Amounts) -> _Amounts:
    return {"fair_value": sum(amounts.values())}


_Twin = tuple[Party, Event, Callable[[_Amounts], _Amounts]]

TWINS: Final[Mapping[Event, _Twin]] = MappingProxyType(
    {
        Event.SERVICE_FEE_LENDER: (Party.PLATFORM, Event.SERVICE_FEE_PLATFORM, _same),
        Event.SERVICE_FEE_SETTLED: (Party.PLATFORM, Event.SERVICE_FEE_COLLECTED, _same),
        Event.DEPOSIT_RECEIVED: (Party.PLATFORM, Event.DEPOSIT_PAID, _same),
        Event.REPURCHASED: (Party.PLATFORM, Event.REPURCHASE_PAID, _repurchased),
        Event.COMPENSATED: (Party.GUARANTOR, Event.SUBROGATED, _subrogated),
        Event.AGENCY_RECEIVED: (Party.GUARANTOR, Event.SUBROGATION_RECOVERED, _same),
        Event.AGENCY_PAID: (Party.GUARANTOR, Event.SUBROGATION_CLEARED, _same),
    }
)
"""What a lender's event is in another party's book, and in which amounts."""

COLLECTED: Final = frozenset(
    {Event.REPAYMENT, Event.DOWN_PAYMENT, Event.CANCELLED, Event.MERCHANT_REFUND, Event.PAYOUT_REFUND}
)
"""Events by which the leader receives money from the borrower's side."""

_TO_PARTNER: Final = ((Party.LENDER, "2314.01"), (Party.PARTNER, "3001.02"), (Party.PLATFORM, "1124.02"))
_FROM_PARTNER: Final = ((Party.LENDER, "2314.01"), (Party.PARTNER, "3001.01"))
_TO_GUARANTOR: Final = ((Party.LENDER, "2314.01"), (Party.GUARANTOR, "3001.02"))

CLEARING: Final[Mapping[Event, tuple[tuple[Party, str], ...]]] = MappingProxyType(
    {
        **dict.fromkeys(COLLECTED, (*_TO_PARTNER, (Party.GUARANTOR, "3001.02"))),
        **dict.fromkeys((Event.CHARGEBACK, Event.OVERPAYMENT_APPLIED, Event.RECOVERY), _TO_PARTNER[:2]),
        Event.SHARE_CLEARED: _TO_PARTNER,
        Event.SHARE_FUNDED: _FROM_PARTNER,
        Event.DISBURSEMENT_SUCCEEDED: _FROM_PARTNER,
        Event.SERVICE_FEE_LENDER: ((Party.LENDER, "2241.03"), (Party.PLATFORM, "1124.02")),
        Event.SERVICE_FEE_SETTLED: ((Party.LENDER, "2241.03"), (Party.PLATFORM, "1124.02")),
        Event.AGENCY_RECEIVED: _TO_GUARANTOR,
        Event.AGENCY_PAID: _TO_GUARANTOR,
        Event.COMPENSATED: ((Party.LENDER, "1002.02"), (Party.PARTNER, "1002.02"), (Party.GUARANTOR, "1002.01")),
        Event.REPURCHASED: ((Party.LENDER, "1002.02"), (Party.PARTNER, "1002.02"), (Party.PLATFORM, "1002.04")),
        Event.DEPOSIT_RECEIVED: ((Party.LENDER, "1002.03"), (Party.PARTNER, "1002.03"), (Party.PLATFORM, "1002.04")),
        Event.SHARE_ASSIGNED: ((Party.LENDER, "1002.02"), (Party.PARTNER, "1002.02")),
    }
)
"""Accounts that cancel out over all books of one event: clearing accounts, or the cash that passes between parties."""


def entries(
    event: Event,
    shares: Mapping[int, _Amounts],
    table: Table,
    at: Occurrence,
    *,
    flags: frozenset[Flag] = NO_FLAGS,
    before: Mapping[int, _Amounts] = MappingProxyType({}),
) -> tuple[Entry, ...] | EventUnruled:
    """Return the entries of one event in all books, the leader's first; books that it does not touch have none.

    shares: amounts by component of each funder, by its number; the platform's number stands for the spread that it
    earns of a payment. before: what each funder had booked of the same event, for taxes that add up over parts.
    """
    made: list[Entry] = []
    for seat, kind, items in _books(event, shares, table, flags, at.dims):
        taxed = before.get(seat.number, NOTHING)
        lines = rendered(kind, items, seat.rule_set, currency=at.currency, flags=flags, before=taxed)
        if isinstance(lines, EventUnruled):
            return lines
        if lines:
            made.append(
                Entry(
                    book=seat.book,
                    source=at.source,
                    key=at.key,
                    kind=kind,
                    effective_on=at.effective_on,
                    lines=lines,
                    actor=at.actor,
                    rule_version=seat.rule_set.rules[kind].version,
                    event_id=at.event_id,
                    economic_on=at.economic_on,
                    paid_on=at.paid_on,
                    description=at.description,
                )
            )
    return tuple(made)


_Items = tuple[tuple[_Amounts, Dimensions], ...]


def _books(
    event: Event, shares: Mapping[int, _Amounts], table: Table, flags: frozenset[Flag], dims: Dimensions
) -> Iterator[tuple[Seat, Event, _Items]]:
    """Walk the books that an event touches, with the event's name there and its amounts."""
    lead, others = table.leader, {seat.number: seat for seat in table.partners}
    own = shares.get(lead.number, NOTHING)
    platform, guarantor = table.platform, table.guarantor
    if event.party is not Party.LENDER:
        for seat in (platform, guarantor):
            if seat is not None and seat.rule_set.books(event):
                yield seat, event, ((shares.get(seat.number, NOTHING), _of(dims, seat)),)
        return
    handed = event in HANDED | SENT | BETWEEN
    items = [(own, _of(dims, lead))]
    if handed:
        items += [
            ({PARTNER_SHARE: sum(amounts.values())}, _of(dims, number))
            for number, amounts in shares.items()
            if number != lead.number
        ]
    yield lead, event, tuple(items)
    for number, seat in others.items():
        if number in shares:
            yield seat, event, ((shares[number], _of(dims, seat)),)
    if handed and platform is not None and platform.number in shares:
        earned = {"service_fee": sum(shares[platform.number].values())}
        kind = Event.SPREAD_EARNED if event in COLLECTED else Event.SERVICE_FEE_COLLECTED
        yield platform, kind, ((earned, _of(dims, platform)),)
    total = _summed(shares)
    if event in TWINS:
        party, kind, amounts_of = TWINS[event]
        seat_of = platform if party is Party.PLATFORM else guarantor
        if seat_of is not None:
            yield seat_of, kind, ((amounts_of(total), _of(dims, seat_of)),)
    if event in COLLECTED and Flag.TRANSFERRED in flags and guarantor is not None:
        yield guarantor, Event.SUBROGATION_RECOVERED, ((_whole(own), _of(dims, guarantor)),)


def _of(dims: Dimensions, whose: Seat | int) -> Dimensions:
    """Return the loan's dimensions with one funder."""
    number = whose.number if isinstance(whose, Seat) else whose
    return Dimensions(dims.subject, dims.party, dims.scheme, number, dims.channel)


def _summed(shares: Mapping[int, _Amounts]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for amounts in shares.values():
        for name, amount in amounts.items():
            totals[name] = totals.get(name, 0) + amount
    return totals
