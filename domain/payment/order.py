"""The payment order and its state machine, pure: what a bank has been heard to say, and what follows from it.

    CREATED → SENT → SUCCEEDED | FAILED | UNKNOWN          UNKNOWN → SUCCEEDED | FAILED | MANUAL

Only an explicit failure code is FAILED. Time-out, reset, 5xx, an unreadable body, "processing" and every unrecognised
code are UNKNOWN, and an unknown outcome always has a next query and a day on which a person takes it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from ledger.money import Money


class Kind(StrEnum):
    """What the bank is asked to do."""

    CARD_CHECK = "CARD_CHECK"
    """Is the card valid and whose is it; no money moves, the amount is zero."""
    DISBURSEMENT = "DISBURSEMENT"
    """Pay out to the card (代付)."""
    COLLECTION = "COLLECTION"
    """Debit the card under its agreement (代扣, 协议支付)."""


class State(StrEnum):
    """Where an order stands; the state of its latest event, or CREATED while it has none."""

    CREATED = "CREATED"
    """Written, not yet sent."""
    SENT = "SENT"
    """Marked as sent and committed, before a byte left; the answer is not recorded yet."""
    SUCCEEDED = "SUCCEEDED"
    """The bank said yes, with our amount. Final."""
    FAILED = "FAILED"
    """The bank said no with a code of its failure table, or has voided the number. Final."""
    UNKNOWN = "UNKNOWN"
    """Nobody knows yet; it is queried by our number on the ladder."""
    MANUAL = "MANUAL"
    """The deadline passed or the bank contradicts the order; a maker and a checker decide."""

    @property
    def is_final(self) -> bool:
        """Whether nothing but an anomaly can follow."""
        return self in FINAL


FINAL = frozenset({State.SUCCEEDED, State.FAILED})
"""States that nothing changes any more."""
OPEN = frozenset({State.SENT, State.UNKNOWN})
"""States that the query ladder works on; SENT too, because the process may have died between sending and recording."""


class Outcome(StrEnum):
    """What one observation says about the order."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    NOT_FOUND = "NOT_FOUND"
    """The bank does not know the number. Not a failure: the request may still be on its way."""


class Source(StrEnum):
    """Where an observation comes from."""

    REPLY = "REPLY"
    """The answer to the request itself."""
    QUERY = "QUERY"
    """The answer to a query by our number."""
    CLOSE = "CLOSE"
    """The bank's acknowledgement that it voided the number."""
    CALLBACK = "CALLBACK"
    """A notice that the bank sent by itself."""
    DAY_FILE = "DAY_FILE"
    """The bank's file of the day, the last judge."""
    DEADLINE = "DEADLINE"
    """No observation of the bank at all: the time for finding out is over."""
    OPERATOR = "OPERATOR"
    """A maker and a checker."""


class Anomaly(StrEnum):
    """An observation that is kept but not applied, because it contradicts what is already known."""

    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    """Success with another amount or currency than ours."""
    BEFORE_SENDING = "BEFORE_SENDING"
    """The bank answers an order that we never sent."""
    SUCCESS_AFTER_FAILURE = "SUCCESS_AFTER_FAILURE"
    """Success after we took the order for failed (and perhaps reversed)."""
    FAILURE_AFTER_SUCCESS = "FAILURE_AFTER_SUCCESS"
    """Failure after we took the order for succeeded."""
    ANSWER_AFTER_MANUAL = "ANSWER_AFTER_MANUAL"
    """A definite answer while the order lies with the operators; it is their evidence."""


@dataclass(frozen=True, slots=True)
class Card:
    """A bank card with the four elements that a bank checks; lives in memory only, never in a payment table."""

    number: str = field(repr=False)
    holder: str = field(default="", repr=False)
    """Name of the holder (户名)."""
    identity_number: str = field(default="", repr=False)
    """Number of the holder's identity document (证件号)."""
    mobile: str = field(default="", repr=False)
    """Mobile number left with the bank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruct:
    """The wish for one payment; (kind, business_key, attempt) identifies it for ever.

    `attempt` n > 1 is possible only when attempt n - 1 has definitely FAILED.
    """

    kind: Kind
    business_key: str
    """What it is for, in the caller's words, as `application:17` or `repayment:ln:9:2026-03-05`."""
    amount: Money
    """Positive; zero for a card check."""
    business_on: date
    """The business date that the bank is told; its day file of that date lists the order."""
    card_token: str
    """Names the card for the caller's `Cards` lookup; never the number itself."""
    card_mask: str = ""
    """What people may see of the number, as `622202******0017`."""
    attempt: int = 1

    def __post_init__(self) -> None:
        """A wish that no bank could execute is a bug of the caller."""
        assert self.business_key, "a payment needs a business key"
        assert self.attempt >= 1, "attempts count from one"
        if self.kind is Kind.CARD_CHECK:
            assert self.amount.minor == 0, "a card check moves no money"
        else:
            assert self.amount.minor > 0, "a payment moves a positive amount"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """One payment order: immutable facts, and the state computed from its events."""

    order_no: str
    """Our number, unique, the idempotency key at the bank; a resend uses the same."""
    kind: Kind
    business_key: str
    attempt: int
    amount: Money
    business_on: date
    card_token: str
    card_mask: str
    actor: str
    created_at: datetime
    state: State = State.CREATED
    code: str = ""
    """The bank's code (or our transport code) with which it came into this state."""
    bank_no: str = ""
    """The bank's own number, once it has told one."""
    sent_at: datetime | None = None
    queries: int = 0
    """How many queries have been answered without a definite result."""
    events: int = 0
    """How many events are recorded: the sequence number of the latest one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Something heard about an order, from whatever side, with the time of hearing."""

    order_no: str
    source: Source
    outcome: Outcome
    seen_at: datetime
    code: str = ""
    bank_no: str = ""
    amount: Money | None = None
    """The amount that the bank names; None when it names none."""
    event_id: str | None = None
    """The sender's own id of the notice; the same id twice is the same notice."""
    note: str = ""
    """Why people decided as they did."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an observation does to an order: the state after it, and the contradiction if there is one."""

    state: State
    anomaly: Anomaly | None = None


def advance(order: PaymentOrder, observation: Observation) -> Step:
    """The state after an observation. Total: every state meets every observation, and final states stay."""
    match order.state:
        case State.CREATED:
            return Step(State.CREATED, Anomaly.BEFORE_SENDING)
        case State.SUCCEEDED:
            return Step(order.state, _against_success(order, observation))
        case State.FAILED:
            late = observation.outcome is Outcome.SUCCEEDED
            return Step(order.state, Anomaly.SUCCESS_AFTER_FAILURE if late else None)
        case State.MANUAL:
            return _manual(observation)
        case State.SENT | State.UNKNOWN:
            return _open(order, observation)


def _open(order: PaymentOrder, observation: Observation) -> Step:
    if observation.source is Source.DEADLINE:
        return Step(State.MANUAL)
    match observation.outcome:
        case Outcome.SUCCEEDED if _names_other_amount(order, observation):
            return Step(State.MANUAL, Anomaly.AMOUNT_MISMATCH)
        case Outcome.SUCCEEDED:
            return Step(State.SUCCEEDED)
        case Outcome.FAILED:
            return Step(State.FAILED)
        case Outcome.UNKNOWN | Outcome.NOT_FOUND:
            return Step(State.UNKNOWN)


def _manual(observation: Observation) -> Step:
    definite = observation.outcome in {Outcome.SUCCEEDED, Outcome.FAILED}
    if not definite:
        return Step(State.MANUAL)
    if observation.source is not Source.OPERATOR:
        return Step(State.MANUAL, Anomaly.ANSWER_AFTER_MANUAL)
    return Step(State.SUCCEEDED if observation.outcome is Outcome.SUCCEEDED else State.FAILED)


def _against_success(order: PaymentOrder, observation: Observation) -> Anomaly | None:
    if observation.outcome is Outcome.FAILED:
        return Anomaly.FAILURE_AFTER_SUCCESS
    if observation.outcome is Outcome.SUCCEEDED and _names_other_amount(order, observation):
        return Anomaly.AMOUNT_MISMATCH
    return None


def _names_other_amount(order: PaymentOrder, observation: Observation) -> bool:
    if order.kind is Kind.CARD_CHECK or observation.amount is None:
        return False
    return observation.amount != order.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a channel is given: when to query, when a missing order may be voided, when people take over."""

    ladder: tuple[timedelta, ...] = (
        timedelta(seconds=5),
        timedelta(seconds=15),
        timedelta(seconds=30),
        timedelta(minutes=1),
        timedelta(minutes=3),
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
    )
    """Waits before the first, second, … query; the last one repeats."""
    settling_time: timedelta = timedelta(hours=2)
    """The channel's documented time after which a request that it does not know can no longer be on its way."""
    manual_after_days: int = 3
    """Business days after the order's own date on which an unknown outcome becomes MANUAL (T+3)."""

    def next_query_at(self, *, sent_at: datetime, queries: int) -> datetime:
        """When query number `queries + 1` is due: the waits add up from the sending."""
        within = self.ladder[: queries + 1]
        beyond = max(0, queries + 1 - len(self.ladder))
        return sent_at + sum(within, timedelta()) + beyond * self.ladder[-1]

    def may_void(self, *, sent_at: datetime, at: datetime) -> bool:
        """Whether an order that the bank does not find may be voided; before that, not found means nothing."""
        return at >= sent_at + self.settling_time

    def is_over(self, order: PaymentOrder, *, on: date) -> bool:
        """Whether people must take the order over."""
        return order.state in OPEN and (on - order.business_on).days >= self.manual_after_days


def due_for_query(orders: Sequence[PaymentOrder], *, patience: Patience, at: datetime) -> tuple[PaymentOrder, ...]:
    """The open orders whose next query is due at an instant, oldest sending first."""
    due = [
        order
        for order in orders
        if order.state in OPEN
        and order.sent_at is not None
        and patience.next_query_at(sent_at=order.sent_at, queries=order.queries) <= at
    ]
    return tuple(sorted(due, key=lambda order: (order.sent_at or at, order.order_no)))
