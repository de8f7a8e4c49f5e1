"""The bank as its callers meet it: over HTTP, signed, with every behaviour on demand."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

import httpx
import pytest

from sandbox.client import BankClient
from tests.sandbox.process import BankProcess

numbers = count(1)


@dataclass(frozen=True)
class Card:
    number: str
    holder: str = "张三"
    identity_number: str = "11010519491231002X"
    mobile: str = "13800000000"


@dataclass(frozen=True)
class Order:
    card: Card
    amount_minor: int = 10_000
    currency: str = "CNY"
    business_on: date = date(2026, 3, 5)
    order_no: str = field(default_factory=lambda: f"T{next(numbers):08}")


def order(tail: str, **facts: object) -> Order:
    return Order(card=Card(f"622202123456{tail}"), **facts)  # type: ignore[arg-type]


@pytest.fixture
def client(bank: BankProcess) -> Iterator[BankClient]:
    with bank.client() as made:
        yield made


@pytest.mark.parametrize(
    ("tail", "check", "pay", "collect", "first_query", "second_query"),
    [
        ("0000", "0000", "0000", "0000", "0000", "0000"),
        ("9001", "F-CARD-001", "F-CARD-001", "F-CARD-001", "F-CARD-001", "F-CARD-001"),
        ("9002", "F-CARD-002", "F-CARD-002", "F-CARD-002", "F-CARD-002", "F-CARD-002"),
        ("9003", "0000", "0000", "F-BAL-001", "0000", "0000"),
        ("9004", "0000", "TIME_OUT", "TIME_OUT", "P-ORD-001", "0000"),
        ("9005", "0000", "TIME_OUT", "TIME_OUT", "P-ORD-001", "F-ACCT-001"),
        ("9006", "0000", "CONNECTION_LOST", "CONNECTION_LOST", "0000", "0000"),
        ("9007", "0000", "0000", "0000", "0000", "0000"),
        ("9008", "0000", "P-ORD-001", "P-ORD-001", "P-ORD-001", "P-ORD-001"),
        ("9009", "0000", "TIME_OUT", "TIME_OUT", "N-ORD-001", "N-ORD-001"),
        ("9010", "0000", "CONNECTION_LOST", "CONNECTION_LOST", "0000", "0000"),
        ("9011", "0000", "HTTP_503", "HTTP_503", "N-ORD-001", "N-ORD-001"),
        ("9012", "0000", "F-ACCT-001", "F-ACCT-001", "F-ACCT-001", "F-ACCT-001"),
    ],
)
def test_card_digits_decide_what_happens(
    client: BankClient, tail: str, check: str, pay: str, collect: str, first_query: str, second_query: str
) -> None:
    paid = order(tail)
    assert client.check_cards([order(tail, amount_minor=0)])[0].code == check
    assert client.pay([paid])[0].code == pay
    assert client.collect([order(tail)])[0].code == collect
    assert [client.query([paid.order_no])[0].code for _ in range(2)] == [first_query, second_query]


def test_a_number_is_executed_once_whatever_is_asked_again(client: BankClient) -> None:
    paid = order("0001")
    first, again = client.pay([paid])[0], client.pay([paid])[0]
    assert first == again
    other = Order(card=paid.card, amount_minor=20_000, order_no=paid.order_no)
    assert client.pay([other])[0].code == "X-ORD-409"
    assert client.query([paid.order_no])[0].amount_minor == 10_000


def test_wrong_amount_is_told(client: BankClient) -> None:
    assert client.pay([order("9007")])[0].amount_minor == 10_001


def test_a_voided_number_is_refused_for_ever_and_a_known_one_stays(client: BankClient) -> None:
    never_seen, paid = order("0002"), order("0002")
    client.pay([paid])
    assert [one.code for one in client.close_orders([never_seen.order_no, paid.order_no])] == ["C-ORD-001", "0000"]
    assert client.pay([never_seen])[0].code == "C-ORD-001"


def test_a_batch_answers_each_and_never_holds(client: BankClient) -> None:
    orders = [order("0003"), order("9001"), order("9004"), order("9009")]
    replies = client.pay(orders)
    assert [one.order_no for one in replies] == [one.order_no for one in orders]
    assert [one.code for one in replies] == ["0000", "F-CARD-001", "P-ORD-001", "P-ORD-001"]


def test_a_lost_reply_loses_the_whole_batch_and_queries_find_it(client: BankClient) -> None:
    orders = [order("0004"), order("9006")]
    assert {one.code for one in client.pay(orders)} == {"CONNECTION_LOST"}
    assert [one.code for one in client.query([one.order_no for one in orders])] == ["0000", "0000"]


def test_scripts_by_order_go_before_scripts_by_card_and_digits(client: BankClient) -> None:
    assert client.script(behaviour="CARD_INVALID", card_suffix="0055")
    assert client.pay([order("0055")])[0].code == "F-CARD-001"
    special = order("0055")
    assert client.script(behaviour="OK", order_no=special.order_no)
    assert client.pay([special])[0].code == "0000"
    assert not client.script(behaviour="NO_SUCH_THING", card_suffix="0055")


def test_unsigned_and_badly_signed_requests_are_refused(bank: BankProcess) -> None:
    assert httpx.get(f"{bank.url}/v1/payments/X", trust_env=False).status_code == 401
    with BankClient(bank.url, key=b"another key") as stranger:
        assert stranger.query(["X"])[0].code == "HTTP_401"


def test_the_day_file_counts_sums_hashes_and_settles_what_is_late(client: BankClient) -> None:
    on = date(2026, 4, 1)
    orders = [order(tail, business_on=on) for tail in ("0001", "9001", "9008")]
    late = order("9004", business_on=on)
    client.pay([*orders, late])
    client.collect([order("0005", business_on=on, amount_minor=777)])
    body = client.day_file(on).body
    assert body is not None
    head, *rows, tail = body.decode().splitlines()
    assert head == "H|SANDBOX-BANK|zhudai|2026-04-01|1"
    assert [row.split("|")[2::4] for row in rows] == [["PAY", "SUCCESS"], ["PAY", "FAILED"], ["PAY", "PROCESSING"],
                                                     ["PAY", "SUCCESS"], ["COLLECT", "SUCCESS"]]  # fmt: skip
    _, number, total, digest = tail.split("|")
    assert (number, total) == ("5", "40777")
    assert digest == hashlib.sha256(body[: body.rindex(b"T|")]).hexdigest()
    assert client.query([late.order_no])[0].code == "0000"


def test_a_made_day_file_stays_and_late_comers_are_booked_on_the_next_date(client: BankClient) -> None:
    on = date(2026, 5, 1)
    client.pay([order("0001", business_on=on)])
    made = client.day_file(on).body
    late_comer = order("0001", business_on=on)
    client.pay([late_comer])
    assert client.day_file(on).body == made
    following = client.day_file(date(2026, 5, 2)).body
    assert following is not None
    assert late_comer.order_no.encode() in following


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    bank = BankProcess(tmp_path / "state")
    bank.start()
    acknowledged = []
    with bank.client() as client:
        for _ in range(20):
            orders = [order("0001") for _ in range(5)]
            acknowledged += client.pay(orders)
        bank.kill()
        assert client.pay([order("0001")])[0].code == "CONNECTION_LOST"
    bank.start()
    try:
        with bank.client() as client:
            assert client.query([one.order_no for one in acknowledged]) == acknowledged
    finally:
        bank.kill()
