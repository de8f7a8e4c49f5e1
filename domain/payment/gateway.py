"""The shape of a bank as this system sees it, and how its answers are read, pure.

A gateway never raises for what a network does: a time-out, a reset or a torn reply come back as a `Reply` whose code
is no bank's code, and `ReplyCodes` reads every code that it does not list as UNKNOWN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from domain.payment.order import Card, Observation, Outcome, PaymentOrder, Source
from ledger.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a bank is told about one order."""

    order_no: str
    amount_minor: int
    """Minor units, as fen; zero for a card check."""
    currency: str
    business_on: date
    card: Card


class Reply(Protocol):
    """What was heard about one order; the code decides what it means."""

    @property
    def order_no(self) -> str:
        """Our number."""

    @property
    def code(self) -> str:
        """The bank's code, or a transport code (TIME_OUT, CONNECTION_LOST, UNREADABLE, …) that no table lists."""

    @property
    def bank_no(self) -> str:
        """The bank's number, empty when it gave none."""

    @property
    def amount_minor(self) -> int | None:
        """The amount that the bank names, in minor units; None when it names none."""

    @property
    def currency(self) -> str:
        """Currency of that amount."""


class Gateway(Protocol):
    """A channel to a bank. Batches everywhere; a reply may be missing, and then nothing is known."""

    def check_cards(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Ask whether cards can be paid to; no money moves."""

    def pay(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Pay out to cards."""

    def collect(self, requests: Sequence[Request]) -> Sequence[Reply]:
        """Debit cards."""

    def query(self, order_nos: Sequence[str]) -> Sequence[Reply]:
        """Ask what became of orders, by our numbers."""

    def close_orders(self, order_nos: Sequence[str]) -> Sequence[Reply]:
        """Ask the bank to void numbers that it does not know, so that a late request is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyCodes:
    """A channel's documented code table; what it does not list is UNKNOWN."""

    success: frozenset[str]
    failure: frozenset[str]
    """Explicit failures only: money has not moved and will not move."""
    not_found: frozenset[str]
    closed: frozenset[str]
    """The bank has voided the number: a definite failure."""

    def __post_init__(self) -> None:
        """A code with two meanings would let a failure be read as a success."""
        everything = [*self.success, *self.failure, *self.not_found, *self.closed]
        assert len(everything) == len(set(everything)), "a code has one meaning"

    def outcome(self, code: str) -> Outcome:
        """The meaning of a code."""
        if code in self.success:
            return Outcome.SUCCEEDED
        if code in self.failure or code in self.closed:
            return Outcome.FAILED
        if code in self.not_found:
            return Outcome.NOT_FOUND
        return Outcome.UNKNOWN


SANDBOX_CODES = ReplyCodes(
    success=frozenset({"0000"}),
    failure=frozenset({"F-CARD-001", "F-CARD-002", "F-CARD-003", "F-BAL-001", "F-ACCT-001"}),
    not_found=frozenset({"N-ORD-001"}),
    closed=frozenset({"C-ORD-001"}),
)
"""The sandbox bank's table: card invalid, holder mismatch, card blocked, balance short, account refused."""

NO_REPLY = "NO_REPLY"
"""Our code for an order that a batch answer left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A gateway together with the table that explains its codes: what operations need to speak to one bank."""

    gateway: Gateway
    codes: ReplyCodes = SANDBOX_CODES


def observations(
    orders: Sequence[PaymentOrder],
    replies: Sequence[Reply],
    *,
    codes: ReplyCodes,
    source: Source,
    seen_at: datetime,
) -> tuple[Observation, ...]:
    """One observation per order, in the order of the orders; an order without a reply is UNKNOWN with NO_REPLY."""
    by_number = {reply.order_no: reply for reply in replies}
    return tuple(
        _observation(order, by_number.get(order.order_no), codes=codes, source=source, seen_at=seen_at)
        for order in orders
    )


def _observation(
    order: PaymentOrder, reply: Reply | None, *, codes: ReplyCodes, source: Source, seen_at: datetime
) -> Observation:
    if reply is None:
        return Observation(
            order_no=order.order_no, source=source, outcome=Outcome.UNKNOWN, seen_at=seen_at, code=NO_REPLY
        )
    named = reply.amount_minor
    return Observation(
        order_no=order.order_no,
        source=source,
        outcome=codes.outcome(reply.code),
        seen_at=seen_at,
        code=reply.code,
        bank_no=reply.bank_no,
        amount=None if named is None else Money(named, reply.currency),
    )
