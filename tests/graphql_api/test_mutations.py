# ruff: noqa: ANN401 - input and answers are JSON
"""Commands: the happy path, the same again, the same key for something else, each named refusal, and many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any, Final

import pytest
from sqlalchemy import text

from graphql_api.auth import Role, Viewer
from graphql_api.relay import global_id
from ledger import balances
from seed.chart import LENDER_BOOK
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from domain.origination.application import Application
    from tests.graphql_api.asking import Asking

PAID: Final = """... on RepayLoanResult { isReplay settles amount { amount } excess { amount }
    allocation { total { amount } } repayment { id } loan { position { status } } }"""


def money(yuan: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": yuan, "currency": currency}


def loan(asking: Asking) -> str:
    return global_id("ln", asking.disbursed())


def repay(
    asking: Asking, loan_id: str, yuan: str = "100.00", *, key: str = "repay-1", locale: str = "en", **changes: Any
) -> dict[str, Any]:
    given = {"idempotencyKey": key, "loanId": loan_id, "amount": money(yuan), "paidOn": TODAY.isoformat(), **changes}
    return asking.do("repayLoan", given, PAID, by=Role.PARTNER, locale=locale)


def payoff(asking: Asking, loan_id: str) -> str:
    asked = "query($id: ID!) { loan(id: $id) { position { payoff { total { amount } } } } }"
    amount: str = asking.ask(asked, by=Role.PARTNER, id=loan_id)["loan"]["position"]["payoff"]["total"]["amount"]
    return amount


def count(asking: Asking, table: str) -> int:
    with asking.db.snapshot() as conn:
        return int(conn.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


# ---------------------------------------------------------------- repayments


def test_a_repayment_is_booked_once_and_a_key_is_for_one_payment(asking: Asking) -> None:
    one = loan(asking)
    first = repay(asking, one)
    assert (first["isReplay"], first["amount"]["amount"], first["settles"]) == (False, "100.00", False)
    assert repay(asking, one) == {**first, "isReplay": True}
    for locale, sentence in (("en", "already used for a request with other content"), ("zh-CN", "不同内容的请求")):
        other = repay(asking, one, "101.00", locale=locale)
        assert (other["__typename"], other["code"]) == ("KeyReused", "IDEMPOTENT_CONFLICT")
        assert sentence in other["message"]
    assert count(asking, "servicing.repayment") == 1


LATER, BEFORE = (TODAY + timedelta(days=1)).isoformat(), (TODAY - timedelta(days=9)).isoformat()


@pytest.mark.parametrize(
    ("changes", "kind", "en", "zh"),
    [
        ({"amount": money("0.00")}, "AmountNotPositive", "the amount must be above zero", "金额必须大于零"),
        ({"amount": money("1.00", "USD")}, "CurrencyDiffers", "the loan is in CNY", "币种应为 CNY"),
        ({"paidOn": LATER}, "RepaymentInFuture", "after the business date", "晚于营业日"),
        ({"paidOn": BEFORE}, "RepaymentBeforeStart", "before the loan started", "还款日早于起息日"),
        ({"intent": "SETTLE"}, "AmountBelowPayoff", "settling the loan takes", "提前结清需"),
        ({"loanId": global_id("ln", 10**9)}, "LoanUnknown", "no such loan", "借据不存在"),
        ({"loanId": "nonsense"}, "LoanUnknown", "no such loan", "借据不存在"),
    ],
)
def test_a_repayment_is_refused_by_name(asking: Asking, changes: dict[str, Any], kind: str, en: str, zh: str) -> None:
    one = loan(asking)
    for locale, sentence in (("en", en), ("zh-CN", zh)):
        found = repay(asking, one, locale=locale, **changes)
        assert found["__typename"] == kind, found
        assert sentence in found["message"]
    assert count(asking, "servicing.repayment") == 0
    assert repay(asking, one)["isReplay"] is False, "a refused key is free"


def test_many_repayments_are_answered_each_by_itself(asking: Asking) -> None:
    one, two = loan(asking), loan(asking)
    document = """mutation M($input: RepayLoansInput!) { repayLoans(input: $input) { verdicts { __typename
        ... on RepayLoanResult { isReplay amount { amount } } ... on Refusal { code } } } }"""
    items = [
        {"reference": f"r/{n}", "loanId": which, "amount": money(yuan), "paidOn": TODAY.isoformat()}
        for n, (which, yuan) in enumerate(((one, "1.00"), (two, "2.00"), (one, "0.00"), ("ln_none", "3.00")))
    ]
    given = {"idempotencyKey": "many-0001", "items": items}
    found = asking.ask(document, by=Role.PARTNER, input=given)["repayLoans"]["verdicts"]
    kinds = ["RepayLoanResult", "RepayLoanResult", "AmountNotPositive", "LoanUnknown"]
    assert [verdict["__typename"] for verdict in found] == kinds
    again = asking.ask(document, by=Role.PARTNER, input=given)["repayLoans"]["verdicts"]
    assert [verdict.get("isReplay") for verdict in again] == [True, True, None, None]
    assert count(asking, "servicing.repayment") == 2
    other = {"idempotencyKey": "many-0001/r", "items": [{**items[0], "reference": "0"}]}
    (paid,) = asking.ask(document, by=Role.PARTNER, input=other)["repayLoans"]["verdicts"]
    assert paid["isReplay"] is False, "key and item are told apart, however they are written"
    for wrong in ([], items * 126):
        assert asking.faults(document, by=Role.PARTNER, input={**given, "items": wrong}) == ["INPUT_INVALID"]


def undo(asking: Asking, repayment: str, *, key: str = "undo-1", locale: str = "en") -> dict[str, Any]:
    given = {"idempotencyKey": key, "repaymentId": repayment, "effectiveOn": TODAY.isoformat()}
    selection = "... on ReverseRepaymentResult { isReplay loan { position { status } } }"
    return asking.do("reverseRepayment", given, selection, by=Role.OPERATIONS, locale=locale)


def test_a_repayment_is_reversed_exactly_once(asking: Asking) -> None:
    one = loan(asking)
    before = payoff(asking, one)
    paid = repay(asking, one)["repayment"]["id"]
    first = undo(asking, paid)
    assert (first["__typename"], first["isReplay"]) == ("ReverseRepaymentResult", False)
    assert payoff(asking, one) == before
    assert undo(asking, paid) == {**first, "isReplay": True}
    second = repay(asking, one, key="repay-2")["repayment"]["id"]
    for locale, reversed_text, unknown_text in (
        ("en", "this repayment has already been reversed", "no such repayment"),
        ("zh-CN", "该还款已冲正", "还款记录不存在"),
    ):
        again = undo(asking, paid, key="undo-2", locale=locale)
        assert (again["__typename"], again["message"]) == ("RepaymentReversed", reversed_text)
        for nothing in (global_id("rp", 10**9), "nonsense"):
            unknown = undo(asking, nothing, key="undo-3", locale=locale)
            assert (unknown["__typename"], unknown["message"]) == ("RepaymentUnknown", unknown_text)
    assert undo(asking, second)["__typename"] == "KeyReused"


def at_once(threads: int, work: Any) -> list[Any]:
    """Let threads begin together."""
    gate = Barrier(threads)

    def one(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(threads)))


@pytest.mark.parametrize("threads", [8, 12])
def test_of_many_full_repayments_exactly_one_settles(asking: Asking, threads: int) -> None:
    one = loan(asking)
    whole = payoff(asking, one)
    found = at_once(threads, lambda n: repay(asking, one, whole, key=f"full-{n}", intent="SETTLE"))
    settled = [answer for answer in found if answer["__typename"] == "RepayLoanResult"]
    assert len(settled) == 1
    assert settled[0]["settles"] is True
    assert {answer["__typename"] for answer in found} == {"RepayLoanResult", "LoanNotActive"}
    assert payoff(asking, one) == "0.00"
    with asking.db.snapshot() as conn:
        for account in ("1303.01", "1303.02", "1132.01", "2241.01"):
            assert balances.balance_now(conn, book=LENDER_BOOK, account=account) == 0


def test_one_key_at_once_is_one_effect_with_equal_answers(asking: Asking) -> None:
    one = loan(asking)
    found = at_once(12, lambda _: repay(asking, one))
    assert sorted(answer.pop("isReplay") for answer in found) == [False, *[True] * 11]
    assert all(answer == found[0] for answer in found)
    assert count(asking, "servicing.repayment") == 1


def test_of_many_reversals_exactly_one_happens(asking: Asking) -> None:
    paid = repay(asking, loan(asking))["repayment"]["id"]
    found = at_once(8, lambda n: undo(asking, paid, key=f"undo-{n}"))
    assert sorted(answer["__typename"] for answer in found) == [*["RepaymentReversed"] * 7, "ReverseRepaymentResult"]


# ---------------------------------------------------------------- applications


def task(asking: Asking) -> str:
    """The open task of the only application that people look at."""
    (found,) = asking.ask("{ reviewQueue { nodes { id } } }")["reviewQueue"]["nodes"]
    identity: str = found["id"]
    return identity


def review(
    asking: Asking, task_id: str, finding: str, *, by: str = "wang", key: str = "review-1", locale: str = "en"
) -> dict[str, Any]:
    given = {"idempotencyKey": key, "taskId": task_id, "finding": finding, "reasons": ["HISTORY_ACCEPTABLE"]}
    selection = "... on ReviewApplicationResult { isReplay isConcluded application { stage } }"
    who = Viewer(subject=by, role=Role.UNDERWRITER)
    return asking.do("reviewApplication", given, selection, by=who, locale=locale)


def test_a_reviewer_concludes_once(asking: Asking) -> None:
    asking.referred()
    one = task(asking)
    for locale, sentence in (("en", "no such review task"), ("zh-CN", "未找到审核任务")):
        for nothing in (global_id("rt", 10**9), "nonsense"):
            unknown = review(asking, nothing, "APPROVE", locale=locale)
            assert (unknown["__typename"], unknown["message"]) == ("NotFound", sentence)
    wrong = review(asking, one, "DOUBT")
    assert wrong["__typename"] == "FindingNotForStage"
    rejected = review(asking, one, "REJECT")
    assert (rejected["isReplay"], rejected["isConcluded"], rejected["application"]["stage"]) == (
        False,
        True,
        "REJECTED",
    )
    assert review(asking, one, "REJECT") == {**rejected, "isReplay": True}
    assert review(asking, one, "APPROVE")["__typename"] == "ReviewClosed"
    assert review(asking, one, "APPROVE", by="li", locale="zh-CN")["__typename"] == "ReviewClosed"


def test_two_reviewers_at_once_are_one_decision(asking: Asking) -> None:
    asking.referred()
    one = task(asking)
    found = at_once(6, lambda n: review(asking, one, "REJECT", by=f"person-{n}"))
    assert sorted(answer["__typename"] for answer in found) == ["ReviewApplicationResult", *["ReviewClosed"] * 5]


def offered(asking: Asking) -> tuple[str, str, Viewer]:
    """An application with an open offer: its id, the disclosure that was shown, and the borrower."""
    one: Application = asking.submitted()
    with asking.world() as world:
        one = world.walk(one)
    him = Viewer(subject="him", role=Role.BORROWER, customer_id=one.customer_id)
    shown = "query($id: ID!) { application(id: $id) { stage offer { disclosureHash } } }"
    identity = global_id("ap", one.application_id)
    found = asking.ask(shown, by=him, id=identity)["application"]
    assert found["stage"] == "OFFER"
    return identity, found["offer"]["disclosureHash"], him


def accept(asking: Asking, of: str, shown: str, him: Viewer, *, seconds: int = 9, locale: str = "en") -> dict[str, Any]:
    given = {"idempotencyKey": "accept-1", "applicationId": of, "disclosureHash": shown, "readSeconds": seconds}
    return asking.do(
        "acceptOffer", given, "... on ApplicationResult { isReplay application { id stage } }", by=him, locale=locale
    )


def cancel(asking: Asking, of: str, him: Viewer, *, locale: str = "en") -> dict[str, Any]:
    given = {"idempotencyKey": "cancel-1", "applicationId": of, "reasons": ["CHANGED_MIND"]}
    return asking.do(
        "cancelApplication",
        given,
        "... on ApplicationResult { isReplay application { id stage } }",
        by=him,
        locale=locale,
    )


def test_an_offer_is_accepted_as_it_was_shown(asking: Asking) -> None:
    one, shown, him = offered(asking)
    for locale in ("en", "zh-CN"):
        assert accept(asking, one, "00" * 32, him, locale=locale)["__typename"] == "DisclosureDiffers"
        assert accept(asking, one, shown, him, seconds=0, locale=locale)["__typename"] == "ReadTooShort"
        assert accept(asking, global_id("ap", 10**9), shown, him, locale=locale)["__typename"] == "NotFound"
    taken = accept(asking, one, shown, him)
    assert taken["application"] == {"id": one, "stage": "CARD_CHECK"}
    assert taken["isReplay"] is False
    assert accept(asking, one, shown, him) == {**taken, "isReplay": True}
    assert count(asking, "origination.offer_acceptance") == 1


def test_one_acceptance_at_once_is_one_effect(asking: Asking) -> None:
    one, shown, him = offered(asking)
    found = at_once(6, lambda _: accept(asking, one, shown, him))
    assert sorted(answer["isReplay"] for answer in found) == [False, *[True] * 5]
    assert count(asking, "origination.offer_acceptance") == 1


def test_an_application_is_ended_once_and_not_after_the_money_went(asking: Asking) -> None:
    one, shown, him = offered(asking)
    ended = cancel(asking, one, him)
    assert ended["application"] == {"id": one, "stage": "CANCELLED"}
    assert ended["isReplay"] is False
    assert cancel(asking, one, him) == {**ended, "isReplay": True}
    for locale, sentence in (("en", "CANCELLED"), ("zh-CN", "CANCELLED")):
        late = accept(asking, one, shown, him, locale=locale)
        assert late["__typename"] == "StepImpossible"
        assert sentence in late["message"]
    asking.disbursed()
    paid = asking.ask("{ applications(first: 1) { nodes { id stage } } }")["applications"]["nodes"][0]
    assert paid["stage"] == "DISBURSED"
    partner = asking.viewer(Role.PARTNER)
    assert cancel(asking, paid["id"], partner)["__typename"] == "StepImpossible"
    assert cancel(asking, global_id("ap", 10**9), partner)["__typename"] == "NotFound"
