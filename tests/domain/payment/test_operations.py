"""Orders from wish to result, on the real database and against the real bank process."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import uuid4

import pytest
import sqlalchemy
from sqlalchemy import Connection, text

from domain.command import Command
from domain.payment import operations, queries
from domain.payment.gateway import Channel
from domain.payment.operations import EarlierAttemptOpen, PaymentNotManual, Recorded
from domain.payment.order import (
    Anomaly,
    Card,
    Instruct,
    Kind,
    Observation,
    Outcome,
    PaymentOrder,
    Source,
    State,
)
from domain.refusals import KeyReused, NotFound, SamePerson
from ledger.money import Money
from postgres.database import Database
from sandbox.client import BankClient
from tests.sandbox.process import KEY, BankProcess

T = TypeVar("T")

ON = date(2026, 3, 5)
AT = datetime(2026, 3, 5, 2, tzinfo=UTC)
COMMAND = Command(actor="operator", key="k1", received_at=AT)


def wish(
    tail: str = "0000",
    *,
    kind: Kind = Kind.DISBURSEMENT,
    key: str = "application:1",
    minor: int = 10_000,
    attempt: int = 1,
) -> Instruct:
    return Instruct(
        kind=kind,
        business_key=key,
        amount=Money(0 if kind is Kind.CARD_CHECK else minor, "CNY"),
        business_on=ON,
        card_token=f"card:{tail}",
        card_mask=f"622202******{tail}",
        attempt=attempt,
    )


def cards(conn: Connection, tokens: Sequence[str]) -> Mapping[str, Card]:
    """Tokens of these tests carry the last digits."""
    return {token: Card(number=f"622202123456{token.removeprefix('card:')}") for token in tokens}


def heard(order: PaymentOrder, outcome: Outcome, **facts: object) -> Observation:
    common = {"order_no": order.order_no, "source": Source.CALLBACK, "outcome": outcome, "seen_at": AT}
    return Observation(**(common | facts))  # type: ignore[arg-type]


def made(conn: Connection, *wishes: Instruct) -> list[PaymentOrder]:
    answers = operations.instruct(conn, wishes, command=COMMAND)
    orders = [one for one in answers if isinstance(one, PaymentOrder)]
    assert len(orders) == len(wishes)
    return orders


class Inline:
    """Transactions that all run in one test's transaction."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn

    def run(self, fn: Callable[[Connection], T], /) -> T:
        return fn(self.conn)


class Mute:
    """A gateway that answers nothing at all, as a broken line would."""

    def check_cards(self, _requests: Sequence[object]) -> list[object]:
        return []

    pay = collect = query = close_orders = check_cards


def sent(conn: Connection, *wishes: Instruct) -> list[PaymentOrder]:
    """Orders that were sent into silence: UNKNOWN."""
    orders = made(conn, *wishes)
    mute = Channel(gateway=Mute())  # type: ignore[arg-type]
    numbers = [one.order_no for one in orders]
    return [one.order for one in operations.dispatch(Inline(conn), mute, cards, numbers, command=COMMAND)]


@pytest.fixture
def channel(bank: BankProcess) -> Iterator[Channel]:
    """Each test is another merchant at the bank: order numbers of fresh databases repeat."""
    with BankClient(bank.url, key=KEY, merchant=uuid4().hex, timeout_seconds=0.4) as client:
        yield Channel(gateway=client)


# --------------------------------------------------------------------------------------------------- instruct


def test_the_same_wish_is_the_same_order_and_other_content_is_refused(conn: Connection) -> None:
    (first,) = made(conn, wish())
    assert (first.state, first.order_no[:2], len(first.order_no)) == (State.CREATED, "PO", 18)
    assert made(conn, wish()) == [first]
    assert operations.instruct(conn, [wish(minor=1)], command=COMMAND) == [KeyReused(field="business_key")]
    assert operations.instruct(conn, [wish("0001")], command=COMMAND) == [KeyReused(field="business_key")]
    check, pay, again = made(conn, wish(kind=Kind.CARD_CHECK), wish(key="b"), wish(key="b"))
    assert len({check.order_no, pay.order_no, first.order_no}) == 3
    assert again == pay


@pytest.mark.parametrize(
    ("outcome", "follows"),
    [
        (None, False),
        (Outcome.UNKNOWN, False),
        (Outcome.NOT_FOUND, False),
        (Outcome.SUCCEEDED, False),
        (Outcome.FAILED, True),
    ],
)
def test_a_further_attempt_needs_a_definite_failure(
    conn: Connection, outcome: Outcome | None, *, follows: bool
) -> None:
    if outcome is None:
        made(conn, wish())
    else:
        (order,) = sent(conn, wish())
        operations.record(conn, [heard(order, outcome)], actor="bank")
    (answer,) = operations.instruct(conn, [wish("0001", attempt=2)], command=COMMAND)
    assert isinstance(answer, PaymentOrder) is follows
    if not follows:
        assert isinstance(answer, EarlierAttemptOpen)


def test_an_attempt_out_of_the_blue_is_refused(conn: Connection) -> None:
    (answer,) = operations.instruct(conn, [wish(attempt=2)], command=COMMAND)
    assert isinstance(answer, EarlierAttemptOpen)


# --------------------------------------------------------------------------------------------------- record


def test_silence_makes_an_order_unknown_and_its_history_tells(conn: Connection) -> None:
    (order,) = sent(conn, wish())
    assert order.state is State.UNKNOWN
    told = [(one.state, one.source, one.code) for one in queries.history(conn, order_no=order.order_no)]
    assert told == [(State.SENT, "DISPATCH", ""), (State.UNKNOWN, "REPLY", "NO_REPLY")]
    assert queries.order(conn, order_no=order.order_no) == order


@pytest.mark.parametrize("times", [1, 2, 10])
def test_a_repeated_notice_has_one_effect(conn: Connection, times: int) -> None:
    (order,) = sent(conn, wish())
    effects: list[Recorded] = []
    notice = heard(order, Outcome.SUCCEEDED, event_id="n1", amount=order.amount, bank_no="BK1")
    for _ in range(times):
        operations.record(conn, [notice, notice], actor="bank", effect=lambda _, changed: effects.extend(changed))
    assert [one.order.state for one in effects] == [State.SUCCEEDED]
    assert len(queries.history(conn, order_no=order.order_no)) == 3
    now = queries.order(conn, order_no=order.order_no)
    assert now is not None
    assert (now.state, now.bank_no) == (State.SUCCEEDED, "BK1")


def test_what_contradicts_is_kept_for_people_and_not_applied(conn: Connection) -> None:
    failed, paid, other = sent(conn, wish(key="a"), wish(key="b"), wish(key="c"))
    operations.record(conn, [heard(failed, Outcome.FAILED), heard(paid, Outcome.SUCCEEDED)], actor="bank")
    late = [
        heard(failed, Outcome.SUCCEEDED),
        heard(paid, Outcome.FAILED),
        heard(other, Outcome.SUCCEEDED, amount=Money(9, "CNY")),
    ]
    answers = [one for one in operations.record(conn, late, actor="bank") if isinstance(one, Recorded)]
    assert [(one.order.state, one.changed, one.anomaly) for one in answers] == [
        (State.FAILED, False, Anomaly.SUCCESS_AFTER_FAILURE),
        (State.SUCCEEDED, False, Anomaly.FAILURE_AFTER_SUCCESS),
        (State.MANUAL, True, Anomaly.AMOUNT_MISMATCH),
    ]
    assert {one.order_no for one in queries.anomalous(conn)} == {failed.order_no, paid.order_no, other.order_no}


def test_notices_about_strange_or_unsent_numbers_are_kept_apart(conn: Connection) -> None:
    (unsent,) = made(conn, wish())
    strange = replace(unsent, order_no="PO-of-somebody-else")
    answers = operations.record(
        conn, [heard(strange, Outcome.SUCCEEDED), heard(unsent, Outcome.SUCCEEDED)], actor="bank"
    )
    assert isinstance(answers[0], NotFound)
    assert isinstance(answers[1], Recorded)
    assert answers[1].anomaly is Anomaly.BEFORE_SENDING
    assert [one.order_no for one in queries.strays(conn)] == [unsent.order_no, strange.order_no]
    assert queries.waiting(conn) == (unsent.order_no,)


def test_the_database_itself_refuses_a_second_final_state_and_any_change(conn: Connection) -> None:
    (order,) = sent(conn, wish())
    operations.record(conn, [heard(order, Outcome.SUCCEEDED)], actor="bank")
    second = text(
        "INSERT INTO payment.order_event SELECT order_id, 9, 'FAILED', true, 'QUERY', 'FAILED', '', '', NULL, NULL, "
        "NULL, NULL, '', 'x', now() FROM payment.payment_order WHERE order_no = :order_no"
    )
    with pytest.raises(sqlalchemy.exc.IntegrityError, match="order_event_final_once"), conn.begin_nested():
        conn.execute(second, {"order_no": order.order_no})
    for statement in ("UPDATE payment.payment_order SET amount_minor = 1", "DELETE FROM payment.order_event"):
        with pytest.raises(sqlalchemy.exc.ProgrammingError, match="permission denied"), conn.begin_nested():
            conn.execute(text(statement))


# --------------------------------------------------------------------------------------------------- by hand


def test_people_decide_manual_orders_two_of_them(conn: Connection) -> None:
    manual, paid = sent(conn, wish(key="a"), wish(key="b"))
    operations.record(
        conn,
        [heard(manual, Outcome.SUCCEEDED, amount=Money(9, "CNY")), heard(paid, Outcome.SUCCEEDED)],
        actor="bank",
    )
    checker = Command(actor="checker", key="k2", received_at=AT)

    def decide(order_no: str, maker: str) -> object:
        return operations.decide_manually(
            conn, order_no=order_no, succeeded=False, reason="bank's letter", maker=maker, command=checker
        )

    assert decide("PO0", "maker") == NotFound(what="payment order")
    assert decide(manual.order_no, "checker") == SamePerson()
    assert decide(paid.order_no, "maker") == PaymentNotManual(order_no=paid.order_no, state="SUCCEEDED")
    answer = decide(manual.order_no, "maker")
    assert isinstance(answer, Recorded)
    assert (answer.order.state, answer.changed) == (State.FAILED, True)
    assert queries.history(conn, order_no=manual.order_no)[-1].note == "maker: bank's letter"


# --------------------------------------------------------------------------------------------------- with the bank


def instructed(db: Database, *wishes: Instruct) -> list[str]:
    return [one.order_no for one in db.run(lambda conn: made(conn, *wishes))]


def test_dispatch_sends_after_commit_and_records_with_the_effect(db: Database, channel: Channel) -> None:
    numbers = instructed(
        db,
        wish(kind=Kind.CARD_CHECK, key="check"),
        wish("9001", kind=Kind.CARD_CHECK, key="bad card"),
        wish(key="good"),
        wish("9001", key="invalid"),
        wish("9003", kind=Kind.COLLECTION, key="short"),
        wish(kind=Kind.COLLECTION, key="collected"),
    )
    effects: list[Recorded] = []
    recorded = operations.dispatch(
        db, channel, cards, numbers, command=COMMAND, effect=lambda _, changed: effects.extend(changed)
    )
    told = {one.order.business_key: (one.order.state, one.order.code) for one in recorded}
    assert told == {
        "check": (State.SUCCEEDED, "0000"),
        "bad card": (State.FAILED, "F-CARD-001"),
        "good": (State.SUCCEEDED, "0000"),
        "invalid": (State.FAILED, "F-CARD-001"),
        "short": (State.FAILED, "F-BAL-001"),
        "collected": (State.SUCCEEDED, "0000"),
    }
    assert len(effects) == 6
    assert operations.dispatch(db, channel, cards, numbers, command=COMMAND) == []


def test_an_effect_that_fails_leaves_the_order_open_for_the_query(db: Database, channel: Channel) -> None:
    numbers = instructed(db, wish())

    def broken(conn: Connection, changed: Sequence[Recorded]) -> None:
        raise RuntimeError("posting failed")

    with pytest.raises(RuntimeError, match="posting failed"):
        operations.dispatch(db, channel, cards, numbers, command=COMMAND, effect=broken)
    (open_one,) = db.run(lambda conn: queries.unresolved(conn, at=AT + timedelta(minutes=1)))
    assert (open_one.order.state, open_one.age) == (State.SENT, timedelta(minutes=1))
    (recorded,) = operations.resolve_unknown(db, channel, at=AT + timedelta(minutes=1), on=ON, command=COMMAND)
    assert recorded.order.state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("tail", "after_reply", "code", "after_queries"),
    [
        ("9004", State.UNKNOWN, "TIME_OUT", [State.UNKNOWN, State.SUCCEEDED]),
        ("9005", State.UNKNOWN, "TIME_OUT", [State.UNKNOWN, State.FAILED]),
        ("9006", State.UNKNOWN, "CONNECTION_LOST", [State.SUCCEEDED]),
        ("9010", State.UNKNOWN, "CONNECTION_LOST", [State.SUCCEEDED]),
        ("9008", State.UNKNOWN, "P-ORD-001", [State.UNKNOWN] * 3),
        ("9007", State.MANUAL, "0000", []),
    ],
)
def test_an_unknown_outcome_is_found_out_by_asking(
    db: Database, channel: Channel, tail: str, after_reply: State, code: str, after_queries: list[State]
) -> None:
    (recorded,) = operations.dispatch(db, channel, cards, instructed(db, wish(tail)), command=COMMAND)
    assert (recorded.order.state, recorded.order.code) == (after_reply, code)
    states = []
    for round_no in range(1, len(after_queries) + 1):
        at = AT + timedelta(minutes=round_no)
        states += [one.order.state for one in operations.resolve_unknown(db, channel, at=at, on=ON, command=COMMAND)]
    assert states == after_queries


def test_not_found_is_no_failure_until_settled_and_voided(db: Database, channel: Channel) -> None:
    (number,) = instructed(db, wish("9009"))
    operations.dispatch(db, channel, cards, [number], command=COMMAND)
    early = AT + timedelta(minutes=1)
    (recorded,) = operations.resolve_unknown(db, channel, at=early, on=ON, command=COMMAND)
    assert (recorded.order.state, recorded.changed) == (State.UNKNOWN, False)
    late = AT + timedelta(hours=3)
    recorded = operations.resolve_unknown(db, channel, at=late, on=ON, command=COMMAND)[-1]
    assert (recorded.order.state, recorded.order.code) == (State.FAILED, "C-ORD-001")
    sources = [one.source for one in db.run(lambda conn: queries.history(conn, order_no=number))]
    assert sources == ["DISPATCH", "REPLY", "QUERY", "QUERY", "CLOSE"]


def test_processing_for_ever_comes_to_people_at_t_plus_3(db: Database, channel: Channel) -> None:
    operations.dispatch(db, channel, cards, instructed(db, wish("9008")), command=COMMAND)
    at = AT + timedelta(days=3)
    states = [
        one.order.state
        for one in operations.resolve_unknown(db, channel, at=at, on=ON + timedelta(days=3), command=COMMAND)
    ]
    assert states == [State.UNKNOWN, State.MANUAL]
    assert operations.resolve_unknown(db, channel, at=at, on=ON + timedelta(days=9), command=COMMAND) == []


def test_two_dispatchers_send_each_order_once(db: Database, channel: Channel) -> None:
    numbers = instructed(db, *[wish(key=f"a{number}") for number in range(40)])
    found: list[Recorded] = []
    threads = [
        threading.Thread(target=lambda: found.extend(operations.dispatch(db, channel, cards, numbers, command=COMMAND)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.order.order_no for one in found) == sorted(numbers)
    assert {one.order.state for one in found} == {State.SUCCEEDED}


def test_concurrent_notices_have_one_effect(db: Database) -> None:
    (order,) = db.run(lambda conn: sent(conn, wish()))
    effects: list[Recorded] = []

    def notify(number: int) -> None:
        notice = heard(order, Outcome.SUCCEEDED, event_id=f"n{number % 3}")
        db.run(
            lambda conn: operations.record(
                conn, [notice], actor="bank", effect=lambda _, changed: effects.extend(changed)
            )
        )

    threads = [threading.Thread(target=notify, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(effects) == 1
    assert len(db.run(lambda conn: queries.history(conn, order_no=order.order_no))) == 2 + 3


def test_many_payments_go_in_batches(db: Database, channel: Channel) -> None:
    numbers = instructed(db, *[wish(key=f"a{number}") for number in range(2_000)])
    recorded = operations.dispatch(db, channel, cards, numbers, command=COMMAND)
    assert {one.order.state for one in recorded} == {State.SUCCEEDED}
    assert len(recorded) == 2_000
