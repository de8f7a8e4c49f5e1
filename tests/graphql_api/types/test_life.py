# ruff: noqa: ANN401 - answers are JSON
"""What `Loan` tells of its life: facts, transactions, schedule versions, past knowledge, payoff and cost, explained."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from domain.servicing.milestone import EVERY
from graphql_api.auth import Role
from graphql_api.relay import global_id
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

DAY: Final = TODAY.isoformat()
AFTER: Final = (TODAY + timedelta(days=1)).isoformat()
BEFORE: Final = (TODAY - timedelta(days=1)).isoformat()
LIFE: Final = """query($ids: [ID!]!) { nodes(ids: $ids) { ... on Loan {
  facts { no kind valueOn bookedOn amount { amount } isReversed details { name value } }
  transactions { factNo kind on amount { amount } split { total { amount } fee { amount } } excess { amount }
    outstanding { amount } parts { no component amount { amount } } }
  scheduleVersions { version reason madeOn instalments { no dueOn total { amount } } }
  position { status payoff { total { amount } } }
  schedule { no principal { amount } principalPaid { amount } interestPaid { amount } }
} } }"""


def money(yuan: str) -> dict[str, str]:
    return {"amount": yuan, "currency": "CNY"}


def loan(asking: Asking) -> str:
    return global_id("ln", asking.disbursed())


def told(asking: Asking, *ids: str, document: str = LIFE, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asking.ask(document, ids=list(ids), **more)["nodes"]
    return found


def repay(asking: Asking, loan_id: str, yuan: str, *, intent: str = "DUE", key: str = "pay") -> dict[str, Any]:
    given = {"idempotencyKey": key, "loanId": loan_id, "amount": money(yuan), "paidOn": DAY, "intent": intent}
    found = asking.do("repayLoan", given, "... on RepayLoanResult { settles excess { amount } }", by=Role.PARTNER)
    assert found["__typename"] == "RepayLoanResult", found
    return found


def change(asking: Asking, loan_id: str, key: str, said: dict[str, Any]) -> None:
    given = {"idempotencyKey": key, "loanId": loan_id, "valueOn": DAY, "change": said}
    found = asking.do("changeLoan", given, by=Role.OPERATIONS)
    assert found["__typename"] == "ChangeLoanResult", found


def test_a_plain_loan_and_a_living_one_tell_their_lives_in_the_same_words(asking: Asking) -> None:
    plain, living = loan(asking), loan(asking)
    for n, one in enumerate((plain, living)):
        repay(asking, one, "100.00", key=f"pay-{n}")
    change(asking, living, "fee", {"charge": {"name": "LETTER", "amount": money("30.00")}})
    change(asking, living, "undo", {"reverse": {"factNo": 3}})
    first, second = told(asking, plain, living)
    assert [(one["no"], one["kind"], one["isReversed"]) for one in first["facts"]] == [
        (1, "Disburse", False),
        (2, "Pay", False),
    ]
    assert [(one["no"], one["kind"], one["isReversed"]) for one in second["facts"]] == [
        (1, "Disburse", False),
        (2, "Pay", False),
        (3, "Levy", True),
        (4, "Reverse", False),
    ]
    assert second["facts"][:2] == first["facts"], "the numbers that a plain loan shows are those that it keeps"
    assert second["transactions"] == first["transactions"]
    assert [(one["kind"], one["amount"]["amount"]) for one in first["transactions"]] == [
        ("DISBURSEMENT", "3000.00"),
        ("REPAYMENT", "100.00"),
    ]
    assert second["position"] == first["position"]
    assert second["schedule"] == first["schedule"]


def test_every_schedule_says_why_it_was_made(asking: Asking) -> None:
    one = loan(asking)
    repay(asking, one, "1000.00", intent="REDUCE_TERM")
    (found,) = told(asking, one)
    versions = found["scheduleVersions"]
    assert [(each["version"], each["reason"]) for each in versions] == [(1, "ORIGINAL"), (2, "PREPAYMENT")]
    assert len(versions[1]["instalments"]) < 1 + len(versions[0]["instalments"])
    assert Decimal(found["schedule"][0]["principalPaid"]["amount"]) > 0


def test_many_loans_are_read_with_as_many_statements_as_one(asking: Asking) -> None:
    loans = [loan(asking) for _ in range(3)]
    for n, one in enumerate(loans):
        repay(asking, one, "100.00", key=f"pay-{n}")
        change(asking, one, f"fee-{n}", {"charge": {"name": "LETTER", "amount": money("30.00")}})
    with asking.counted() as alone:
        told(asking, *loans[:1])
    with asking.counted() as together:
        told(asking, *loans)
    assert len(together) == len(alone) <= 12, together.texts


def test_positions_of_living_loans_are_told_from_milestones_in_as_many_statements_as_one(asking: Asking) -> None:
    loans = [loan(asking) for _ in range(6)]
    for n, one in enumerate(loans):
        for fee in range(EVERY if n == 0 else 1):
            change(asking, one, f"fee-{n}-{fee}", {"charge": {"name": "LETTER", "amount": money("1.00")}})
    asked = """query($ids: [ID!]!, $on: Date) { nodes(ids: $ids) { ... on Loan {
        position(on: $on) { payoff { fee { amount } } } } } }"""
    with asking.counted() as alone:
        told(asking, *loans[1:2], document=asked, on=AFTER)
    with asking.counted() as together:
        found = told(asking, *loans, document=asked, on=AFTER)
    assert len(together) == len(alone), together.texts
    assert not [one for one in together.texts if "servicing.booking" in one], "no life is told whole"
    assert any("servicing.milestone" in one for one in together.texts)
    charged = [one["position"]["payoff"]["fee"]["amount"] for one in found]
    assert charged == [f"{EVERY}.00", *["1.00"] * 5]


def test_a_position_can_be_asked_as_it_was_known(asking: Asking) -> None:
    one = loan(asking)
    repay(asking, one, "100.00")
    asked = """query($id: ID!, $on: Date!, $at: Date!) { loan(id: $id) {
        positionAsOf(valueDate: $on, knownAt: $at) { status outstanding { amount } overpayment { amount } } } }"""
    now = asking.ask(asked, id=one, on=AFTER, at=DAY)["loan"]["positionAsOf"]
    assert now == {"status": "ACTIVE", "outstanding": {"amount": "3000.00"}, "overpayment": {"amount": "100.00"}}
    assert asking.ask(asked, id=one, on=AFTER, at=BEFORE)["loan"]["positionAsOf"] is None, "nothing was known yet"


PAYOFF: Final = """query($id: ID!, $on: Date) { loan(id: $id) { position(on: $on) { payoff { total { amount } } }
  payoffQuote(on: $on) { on total { amount } amounts { name value { amount } formula inputs { name value } dayCount
    text zh en } } } }"""


def test_a_payoff_is_explained_and_paying_it_ends_the_loan(asking: Asking) -> None:
    one = loan(asking)
    change(asking, one, "fee", {"charge": {"name": "LETTER", "amount": money("30.00")}})
    later = (TODAY + timedelta(days=10)).isoformat()
    found = asking.ask(PAYOFF, id=one, on=later, locale="zh-CN")["loan"]
    quote = found["payoffQuote"]
    assert quote["total"] == found["position"]["payoff"]["total"]
    by = {each["name"]: each for each in quote["amounts"]}
    assert set(by) == {"principal", "interest", "fee"}
    assert sum(Decimal(each["value"]["amount"]) for each in by.values()) == Decimal(quote["total"]["amount"])
    assert by["interest"]["dayCount"] == "30/360"
    assert "10 天应计" in by["interest"]["zh"]
    assert "in 10 days" in by["interest"]["en"]
    assert by["interest"]["text"] == by["interest"]["zh"]
    today = asking.ask(PAYOFF, id=one)["loan"]["payoffQuote"]
    assert repay(asking, one, today["total"]["amount"], intent="SETTLE")["settles"] is True
    assert asking.ask(PAYOFF, id=one)["loan"]["payoffQuote"] is None


COST: Final = """query($id: ID!) { loan(id: $id) {
  disclosure { principal { amount } totalPayment { amount } annualSimple capAnnual
    items { item payee rateAnnual amount { amount } } contingent { item rateAnnual } sheet { name value } }
  costPaid { principal { amount } totalInterest { amount } totalFees { amount } annualDated
    items { item amount { amount } } } } }"""


def test_the_cost_is_disclosed_before_and_told_after(asking: Asking) -> None:
    one = loan(asking)
    found = asking.ask(COST, id=one, locale="zh-CN")["loan"]
    assert found["costPaid"] is None, "it still runs"
    plan = found["disclosure"]
    assert (plan["principal"]["amount"], plan["capAnnual"]) == ("3000.00", "0.24")
    assert [each["item"] for each in plan["items"]] == ["INTEREST"]
    assert [each["item"] for each in plan["contingent"]] == ["PENALTY_INTEREST"]
    assert plan["sheet"][0] == {"name": "贷款本金", "value": "3000.00 CNY"}
    asking.at += timedelta(days=40)
    change(asking, one, "fee", {"charge": {"name": "LETTER", "amount": money("30.00")}})
    later = (TODAY + timedelta(days=40)).isoformat()
    whole = asking.ask(PAYOFF, id=one, on=later)["loan"]["payoffQuote"]["total"]["amount"]
    given = {"idempotencyKey": "end", "loanId": one, "amount": money(whole), "paidOn": later, "intent": "SETTLE"}
    assert asking.do("repayLoan", given, by=Role.PARTNER)["__typename"] == "RepayLoanResult"
    paid = asking.ask(COST, id=one)["loan"]["costPaid"]
    charged = {each["item"]: Decimal(each["amount"]["amount"]) for each in paid["items"]}
    assert set(charged) == {"FEE", "INTEREST", "PENALTY_INTEREST"}, "it was late"
    assert charged["FEE"] == Decimal(30)
    assert Decimal(paid["principal"]["amount"]) + sum(charged.values()) == Decimal(whole)
    assert Decimal(paid["totalInterest"]["amount"]) == charged["INTEREST"]
    assert Decimal(paid["totalFees"]["amount"]) == charged["FEE"] + charged["PENALTY_INTEREST"]
    assert Decimal(paid["annualDated"]) > Decimal("0.154")


def test_names_of_people_and_what_a_fact_says_are_for_the_house(asking: Asking) -> None:
    one = loan(asking)
    asked = "query($id: ID!) {{ loan(id: $id) {{ facts {{ no {} }} }} }}"
    for name in ("actor", "approver", "details { name value }"):
        assert asking.faults(asked.format(name), by=Role.PARTNER, id=one) == ["FORBIDDEN"]
        assert asking.faults(asked.format(name), by=Role.AUDITOR, id=one) == []
    assert asking.faults(asked.format("kind"), by=Role.PARTNER, id=one) == []
