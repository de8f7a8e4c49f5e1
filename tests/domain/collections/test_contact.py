"""The compliance gate, and what counts as an effective call."""

from datetime import UTC, date, datetime, time

import pytest

from domain.collections.contact import (
    Callee,
    Channel,
    Contact,
    ContactLimitReached,
    ContactOutsideHours,
    ContactPersonNotAllowed,
    Gate,
    LineStatus,
    Outcome,
    Promise,
    Result,
)
from domain.refusals import text
from ledger.money import Money

PERSON, DEBTOR = Callee.CONTACT_PERSON, Callee.DEBTOR


@pytest.mark.parametrize(
    ("channel", "callee", "clock", "calls", "lost", "refused"),
    [
        (Channel.CALL, DEBTOR, time(8, 0), 0, False, None),
        (Channel.CALL, DEBTOR, time(7, 59, 59), 0, False, ContactOutsideHours),
        (Channel.CALL, DEBTOR, time(20, 59, 59), 0, False, None),
        (Channel.CALL, DEBTOR, time(21, 0), 0, False, ContactOutsideHours),
        (Channel.SMS, DEBTOR, time(23, 0), 0, False, ContactOutsideHours),
        (Channel.EMAIL, DEBTOR, time(23, 0), 0, False, None),
        (Channel.LETTER, DEBTOR, time(3, 0), 9, False, None),
        (Channel.CALL, DEBTOR, time(9, 0), 2, False, None),
        (Channel.CALL, DEBTOR, time(9, 0), 3, False, ContactLimitReached),
        (Channel.ROBOT_CALL, DEBTOR, time(9, 0), 3, False, ContactLimitReached),
        (Channel.SMS, DEBTOR, time(9, 0), 3, False, None),
        (Channel.CALL, PERSON, time(9, 0), 0, False, ContactPersonNotAllowed),
        (Channel.CALL, PERSON, time(9, 0), 3, True, None),
        (Channel.CALL, PERSON, time(22, 0), 0, True, ContactOutsideHours),
    ],
)
def test_the_gate(
    channel: Channel, callee: Callee, clock: time, calls: int, refused: type | None, *, lost: bool
) -> None:
    local_at = datetime.combine(date(2026, 3, 5), clock)
    found = Gate().refusal(channel=channel, callee=callee, local_at=local_at, effective_calls=calls, debtor_lost=lost)
    assert (None if found is None else type(found)) is refused
    if found is not None:
        assert text(found, "en") != text(found, "zh-CN")


def test_limits_are_parameters() -> None:
    local_at = datetime(2026, 3, 5, 21, 30)  # noqa: DTZ001 - local time of the callee is naive by nature here
    facts = {"channel": Channel.CALL, "callee": DEBTOR, "effective_calls": 1, "debtor_lost": False}
    wide = Gate(ends_at=time(22), effective_calls_max=1)
    assert isinstance(wide.refusal(local_at=local_at, **facts), ContactLimitReached)  # type: ignore[arg-type]


def contact(channel: Channel, callee: Callee, result: Result | None) -> Contact:
    return Contact(
        contact_id=1,
        case_id=1,
        customer_id=1,
        channel=channel,
        callee=callee,
        callee_mask="138****0000",
        local_on=date(2026, 3, 5),
        started_at=datetime(2026, 3, 5, 1, tzinfo=UTC),
        actor="c1",
        result=result,
    )


ANSWERED = LineStatus.ANSWERED


@pytest.mark.parametrize(
    ("channel", "callee", "result", "effective"),
    [
        (Channel.CALL, DEBTOR, None, True),
        (Channel.CALL, DEBTOR, Result(line_status=ANSWERED, talk_seconds=10), True),
        (Channel.ROBOT_CALL, DEBTOR, Result(line_status=ANSWERED, talk_seconds=11), True),
        (Channel.CALL, DEBTOR, Result(line_status=ANSWERED, talk_seconds=9), False),
        (Channel.CALL, DEBTOR, Result(line_status=LineStatus.BUSY), False),
        (Channel.CALL, PERSON, Result(line_status=ANSWERED, talk_seconds=60), False),
        (Channel.SMS, DEBTOR, Result(line_status=LineStatus.SENT), False),
    ],
)
def test_what_counts_as_an_effective_call(
    channel: Channel, callee: Callee, result: Result | None, *, effective: bool
) -> None:
    assert contact(channel, callee, result).is_effective is effective


def test_a_promise_is_told_with_its_outcome() -> None:
    promise = Promise(amount=Money(100, "CNY"), promised_for=date(2026, 3, 7))
    assert Result(line_status=ANSWERED, outcome=Outcome.PROMISED, promise=promise).promise is promise
    with pytest.raises(AssertionError):
        Result(line_status=ANSWERED, outcome=Outcome.PROMISED)
    with pytest.raises(AssertionError):
        Result(line_status=ANSWERED, promise=promise)
