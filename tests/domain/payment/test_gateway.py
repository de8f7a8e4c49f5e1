"""How answers are read: only listed codes mean anything."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment.gateway import NO_REPLY, SANDBOX_CODES, Channel, ReplyCodes, observations
from domain.payment.order import Outcome, Source
from ledger.money import Money
from sandbox.client import BankClient
from tests.domain.payment.test_order import ORDER, SENT_AT


@dataclass(frozen=True)
class Heard:
    order_no: str
    code: str
    bank_no: str = ""
    amount_minor: int | None = None
    currency: str = ""


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("0000", Outcome.SUCCEEDED),
        ("F-CARD-001", Outcome.FAILED),
        ("F-BAL-001", Outcome.FAILED),
        ("C-ORD-001", Outcome.FAILED),
        ("N-ORD-001", Outcome.NOT_FOUND),
        ("P-ORD-001", Outcome.UNKNOWN),
        ("X-ORD-409", Outcome.UNKNOWN),
        ("TIME_OUT", Outcome.UNKNOWN),
        ("CONNECTION_LOST", Outcome.UNKNOWN),
        ("HTTP_503", Outcome.UNKNOWN),
        ("HTTP_404", Outcome.UNKNOWN),
        ("UNREADABLE", Outcome.UNKNOWN),
        ("SIGNATURE_BAD", Outcome.UNKNOWN),
        ("F-NEW-999", Outcome.UNKNOWN),
        ("", Outcome.UNKNOWN),
    ],
)
def test_a_code_means_what_the_table_says(code: str, outcome: Outcome) -> None:
    assert SANDBOX_CODES.outcome(code) is outcome


@given(st.text())
def test_an_unlisted_code_is_never_definite(code: str) -> None:
    listed = SANDBOX_CODES.success | SANDBOX_CODES.failure | SANDBOX_CODES.not_found | SANDBOX_CODES.closed
    assert code in listed or SANDBOX_CODES.outcome(code) is Outcome.UNKNOWN


def test_a_code_with_two_meanings_cannot_be_listed() -> None:
    none = frozenset[str]()
    with pytest.raises(AssertionError):
        ReplyCodes(success=frozenset({"1"}), failure=frozenset({"1"}), not_found=none, closed=none)


def test_one_observation_per_order_and_a_missing_reply_is_unknown() -> None:
    replies = [Heard("somebody else's", "0000"), Heard(ORDER.order_no, "0000", "BK1", 10_000, "CNY")]
    (one,) = observations([ORDER], replies, codes=SANDBOX_CODES, source=Source.REPLY, seen_at=SENT_AT)
    assert (one.outcome, one.bank_no, one.amount) == (Outcome.SUCCEEDED, "BK1", Money(10_000, "CNY"))
    (one,) = observations([ORDER], replies[:1], codes=SANDBOX_CODES, source=Source.REPLY, seen_at=SENT_AT)
    assert (one.outcome, one.code, one.amount) == (Outcome.UNKNOWN, NO_REPLY, None)


def test_the_sandbox_client_has_the_shape_of_a_gateway() -> None:
    with BankClient("http://127.0.0.1:9", key=b"k") as client:
        assert Channel(gateway=client).codes is SANDBOX_CODES
        assert [one.code for one in client.query(["PO1"])] == ["CONNECTION_LOST"]
