"""The state machine of a payment order: case table, permutations, and the query ladder."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment.order import (
    FINAL,
    Anomaly,
    Card,
    Instruct,
    Kind,
    Observation,
    Outcome,
    Patience,
    PaymentOrder,
    Source,
    State,
    advance,
    due_for_query,
)
from ledger.money import Money

SENT_AT = datetime(2026, 3, 5, 2, tzinfo=UTC)
OURS = Money(10_000, "CNY")
ORDER = PaymentOrder(
    order_no="PO0000000000000001",
    kind=Kind.DISBURSEMENT,
    business_key="application:1",
    attempt=1,
    amount=OURS,
    business_on=date(2026, 3, 5),
    card_token="customer:1",
    card_mask="622202******0000",
    actor="test",
    created_at=SENT_AT,
    state=State.SENT,
    sent_at=SENT_AT,
    events=1,
)


def heard(outcome: Outcome, source: Source = Source.QUERY, amount: Money | None = OURS) -> Observation:
    return Observation(order_no=ORDER.order_no, source=source, outcome=outcome, seen_at=SENT_AT, amount=amount)


CENT_MORE = Money(10_001, "CNY")
OTHER_CURRENCY = Money(10_000, "USD")


@pytest.mark.parametrize(
    ("state", "observation", "after", "anomaly"),
    [
        (State.CREATED, heard(Outcome.SUCCEEDED, Source.CALLBACK), State.CREATED, Anomaly.BEFORE_SENDING),
        (State.SENT, heard(Outcome.SUCCEEDED, Source.REPLY), State.SUCCEEDED, None),
        (State.SENT, heard(Outcome.SUCCEEDED, amount=None), State.SUCCEEDED, None),
        (State.SENT, heard(Outcome.FAILED, Source.REPLY), State.FAILED, None),
        (State.SENT, heard(Outcome.UNKNOWN, Source.REPLY), State.UNKNOWN, None),
        (State.SENT, heard(Outcome.NOT_FOUND), State.UNKNOWN, None),
        (State.SENT, heard(Outcome.SUCCEEDED, amount=CENT_MORE), State.MANUAL, Anomaly.AMOUNT_MISMATCH),
        (State.UNKNOWN, heard(Outcome.SUCCEEDED), State.SUCCEEDED, None),
        (State.UNKNOWN, heard(Outcome.FAILED), State.FAILED, None),
        (State.UNKNOWN, heard(Outcome.FAILED, Source.CLOSE, None), State.FAILED, None),
        (State.UNKNOWN, heard(Outcome.UNKNOWN), State.UNKNOWN, None),
        (State.UNKNOWN, heard(Outcome.NOT_FOUND), State.UNKNOWN, None),
        (State.UNKNOWN, heard(Outcome.UNKNOWN, Source.DEADLINE), State.MANUAL, None),
        (State.UNKNOWN, heard(Outcome.SUCCEEDED, amount=OTHER_CURRENCY), State.MANUAL, Anomaly.AMOUNT_MISMATCH),
        (State.SUCCEEDED, heard(Outcome.SUCCEEDED), State.SUCCEEDED, None),
        (State.SUCCEEDED, heard(Outcome.UNKNOWN), State.SUCCEEDED, None),
        (State.SUCCEEDED, heard(Outcome.UNKNOWN, Source.DEADLINE), State.SUCCEEDED, None),
        (State.SUCCEEDED, heard(Outcome.FAILED), State.SUCCEEDED, Anomaly.FAILURE_AFTER_SUCCESS),
        (State.SUCCEEDED, heard(Outcome.SUCCEEDED, amount=CENT_MORE), State.SUCCEEDED, Anomaly.AMOUNT_MISMATCH),
        (State.FAILED, heard(Outcome.FAILED), State.FAILED, None),
        (State.FAILED, heard(Outcome.NOT_FOUND), State.FAILED, None),
        (State.FAILED, heard(Outcome.SUCCEEDED), State.FAILED, Anomaly.SUCCESS_AFTER_FAILURE),
        (State.MANUAL, heard(Outcome.UNKNOWN), State.MANUAL, None),
        (State.MANUAL, heard(Outcome.SUCCEEDED, Source.DAY_FILE), State.MANUAL, Anomaly.ANSWER_AFTER_MANUAL),
        (State.MANUAL, heard(Outcome.SUCCEEDED, Source.OPERATOR, None), State.SUCCEEDED, None),
        (State.MANUAL, heard(Outcome.FAILED, Source.OPERATOR, None), State.FAILED, None),
    ],
)
def test_each_state_meets_each_observation(
    state: State, observation: Observation, after: State, anomaly: Anomaly | None
) -> None:
    step = advance(replace(ORDER, state=state), observation)
    assert (step.state, step.anomaly) == (after, anomaly)


def test_a_card_check_names_no_amount() -> None:
    check = replace(ORDER, kind=Kind.CARD_CHECK, amount=Money(0, "CNY"))
    assert advance(check, heard(Outcome.SUCCEEDED, amount=CENT_MORE)).state is State.SUCCEEDED


def played(observations: tuple[Observation, ...]) -> tuple[State, bool]:
    """End state, and whether anything was contradictory on the way."""
    order, contradicted = ORDER, False
    for one in observations:
        step = advance(order, one)
        order = replace(order, state=step.state)
        contradicted |= step.anomaly is not None
    return order.state, contradicted


bank_words = st.sampled_from(
    [
        heard(outcome, source)
        for outcome in Outcome
        for source in (Source.REPLY, Source.QUERY, Source.CALLBACK, Source.DAY_FILE)
    ]
)


@given(st.lists(bank_words, max_size=5))
def test_every_order_of_hearing_ends_the_same_or_is_contradicted_in_every_order(words: list[Observation]) -> None:
    ends = {played(one) for one in permutations(words)}
    definite = {one.outcome for one in words} & {Outcome.SUCCEEDED, Outcome.FAILED}
    if len(definite) == 2:
        assert all(contradicted for _, contradicted in ends)
        assert {state for state, _ in ends} <= FINAL
    else:
        assert len(ends) == 1


@given(st.lists(st.sampled_from([heard(Outcome.UNKNOWN), heard(Outcome.NOT_FOUND)]), min_size=1))
def test_silence_is_never_failure(words: list[Observation]) -> None:
    assert played(tuple(words)) == (State.UNKNOWN, False)


@given(st.lists(bank_words), st.sampled_from(sorted(FINAL)))
def test_a_final_state_stays(words: list[Observation], final: State) -> None:
    order = replace(ORDER, state=final)
    assert all(advance(order, one).state is final for one in words)


def test_the_ladder_adds_up_and_then_goes_hourly() -> None:
    patience = Patience()
    waits = [patience.next_query_at(sent_at=SENT_AT, queries=number) - SENT_AT for number in range(10)]
    seconds = [5, 20, 50, 110, 290, 890, 2690, 6290, 9890, 13490]
    assert waits == [timedelta(seconds=one) for one in seconds]


def test_due_orders_are_the_open_ones_whose_wait_is_over() -> None:
    def at(number: int, state: State, queries: int) -> PaymentOrder:
        return replace(ORDER, order_no=f"PO{number:016}", state=state, queries=queries)

    orders = [
        at(3, State.UNKNOWN, 0),
        at(2, State.UNKNOWN, 1),
        at(1, State.SENT, 0),
        at(4, State.SUCCEEDED, 0),
        at(5, State.MANUAL, 0),
    ]
    due = due_for_query(orders, patience=Patience(), at=SENT_AT + timedelta(seconds=19))
    assert [one.order_no for one in due] == ["PO0000000000000001", "PO0000000000000003"]


@pytest.mark.parametrize(
    ("state", "on", "over"),
    [
        (State.UNKNOWN, date(2026, 3, 7), False),
        (State.UNKNOWN, date(2026, 3, 8), True),
        (State.SENT, date(2026, 3, 8), True),
        (State.SUCCEEDED, date(2026, 3, 9), False),
        (State.MANUAL, date(2026, 3, 9), False),
    ],
)
def test_people_take_over_at_t_plus_3(state: State, on: date, *, over: bool) -> None:
    assert Patience().is_over(replace(ORDER, state=state), on=on) is over


@pytest.mark.parametrize(
    ("kind", "minor", "key", "attempt"),
    [
        (Kind.DISBURSEMENT, 0, "a", 1),
        (Kind.COLLECTION, -1, "a", 1),
        (Kind.CARD_CHECK, 1, "a", 1),
        (Kind.COLLECTION, 1, "", 1),
        (Kind.COLLECTION, 1, "a", 0),
    ],
)
def test_a_wish_that_no_bank_could_execute_cannot_be_built(kind: Kind, minor: int, key: str, attempt: int) -> None:
    with pytest.raises(AssertionError):
        Instruct(
            kind=kind,
            business_key=key,
            amount=Money(minor, "CNY"),
            business_on=date(2026, 3, 5),
            card_token="c",
            attempt=attempt,
        )


def test_a_card_does_not_show_itself() -> None:
    card = Card(number="6222021234560000", holder="张三", identity_number="11010519491231002X", mobile="13800000000")
    assert repr(card) == "Card()"
