"""Arguments at the edges of their types: each is answered or refused by name, and none is an internal error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from graphql_api.auth import Role

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

ACCOUNT: Final = 'book: 1, account: "1303.01"'
QUESTIONS: Final[tuple[tuple[str, list[str]], ...]] = (
    (f'accountStatement({ACCOUNT}, fromOn: "0001-01-01", toOn: "9999-12-31") {{ book }}', []),
    (f'accountStatement({ACCOUNT}, fromOn: "2025-03-01", toOn: "2025-01-01") {{ book }}', []),
    (f'accountStatement({ACCOUNT}, asOfSeq: "-1") {{ lines {{ nodes {{ kind }} }} }}', []),
    (f'accountStatement({ACCOUNT}, asOfSeq: "9223372036854775807") {{ asOfSeq }}', []),
    ('accountStatement(book: 1, account: "1303") { book }', []),
    ('trialBalance(book: 1, fromOn: "0001-01-01", toOn: "9999-12-31") { balanced }', []),
    ('trialBalance(book: 1, fromOn: "2025-03-01", toOn: "2025-01-01") { balanced }', []),
    ("trialBalance(book: 1, level: 0) { balanced }", ["INPUT_INVALID"]),
    ("trialBalance(book: 1, level: -1) { balanced }", ["INPUT_INVALID"]),
    ("trialBalance(book: 1, level: 2147483647) { balanced }", []),
    ('trialBalance(book: 1, asOfSeq: "-1") { balanced }', []),
    ('trialBalance(book: 1, asOfSeq: "9223372036854775807") { balanced }', []),
    ("trialBalance(book: 1, by: [PARTY, PARTY]) { balanced }", []),
    ("trialBalance(book: 2147483647) { balanced }", ["NOT_FOUND"]),
    (f'accountBalance({ACCOUNT}, on: "0001-01-01") {{ account }}', []),
    (f'accountBalance({ACCOUNT}, on: "9999-12-31") {{ account }}', []),
    (f'accountBalance({ACCOUNT}, asOfSeq: "-5") {{ account }}', []),
    (f'balancesDuring({ACCOUNT}, fromOn: "0001-01-01", toOn: "0001-12-31") {{ toOn }}', []),
    (f'balancesDuring({ACCOUNT}, fromOn: "9999-12-01", toOn: "9999-12-31", granularity: DAY) {{ toOn }}', []),
    ('clearingAccounts(book: 1, accounts: ["1303.01", "1303.01", ""]) { account { code } }', []),
    ('nodes(ids: ["", "_", "ln_", "zz_1", "po_", "en_1", "dr_0000000000000"]) { id }', []),
    ("nodes(ids: []) { id }", []),
    ('dayRun(on: "0001-01-01") { state }', ["NOT_FOUND"]),
    ('paymentOrders(businessOn: "0001-01-01") { nodes { id } }', []),
    ('paymentOrder(orderNo: "") { id }', ["NOT_FOUND"]),
    ('eventEntries(eventId: "00000000000000000000000000000000") { id }', []),
    ("reviewQueue(stage: DISBURSED) { nodes { id } }", []),
)
DAYS: Final = ("0001-01-01", "2024-12-31", "9999-12-31")


@pytest.mark.parametrize(("question", "codes"), QUESTIONS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_strange_question_is_answered_or_refused_by_name(lived: Lived, question: str, codes: list[str]) -> None:
    assert lived.asking.faults(f"{{ {question} }}") == codes


@pytest.mark.parametrize("day", DAYS)
def test_a_loan_is_told_on_any_day_of_the_calendar(lived: Lived, day: str) -> None:
    document = """query($id: ID!, $on: Date!) { loan(id: $id) { position(on: $on) { status payoff { total { amount } } }
        schedule(on: $on) { no } statement(until: $on) { balances { account } lines { nodes { kind } } } } }"""
    assert lived.asking.faults(document, id=lived.loans[1], on=day) == []


def money(amount: str, currency: str = "CNY") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"amount": money("9" * 18)}, "AMOUNT_INVALID"),
        ({"amount": money("92233720368547758.07")}, "AMOUNT_INVALID"),
        ({"amount": money("100000000000000.01")}, "AMOUNT_INVALID"),
        ({"amount": money("100000000000000.00"), "paidOn": "9999-12-31"}, "RepaymentInFuture"),
        ({"amount": money("-1.00")}, "AmountNotPositive"),
        ({"amount": money("1.00", "USD")}, "CurrencyDiffers"),
        ({"paidOn": "0001-01-01"}, "RepaymentBeforeStart"),
        ({"paidOn": "9999-12-31"}, "RepaymentInFuture"),
    ],
    ids=str,
)
def test_a_strange_repayment_is_refused_by_name(lived: Lived, changes: dict[str, Any], answer: str) -> None:
    given = {"idempotencyKey": "strange", "loanId": lived.loans[1], "amount": money("1.00"), "paidOn": "2025-03-01"}
    document = "mutation M($input: RepayLoanInput!) { repayLoan(input: $input) { __typename } }"
    found = lived.asking.answer(document, by=Role.PARTNER, input={**given, **changes})
    codes = [error["extensions"]["code"] for error in found.get("errors", [])]
    assert codes == [answer] if found["data"] is None else found["data"]["repayLoan"]["__typename"] == answer


def lines(amount: str, count: int = 2, *, currency: str = "CNY", account: str = "1002.02") -> list[dict[str, Any]]:
    sides = (("1002.01", "DEBIT"), (account, "CREDIT"))
    return [
        {"account": sides[n % 2][0], "side": sides[n % 2][1], "amount": money(amount, currency)} for n in range(count)
    ]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"book": 99}, "BookRefused"),
        ({"book": -1}, "BookRefused"),
        ({"effectiveOn": "0001-01-01"}, "BookRefused"),
        ({"effectiveOn": "9999-12-31"}, "BookRefused"),
        ({"lines": []}, "BookRefused"),
        ({"lines": lines("-1.00")}, "BookRefused"),
        ({"lines": lines("0.00")}, "BookRefused"),
        ({"lines": lines("1.00", currency="USD")}, "BookRefused"),
        ({"lines": lines("1.00", account="中")}, "BookRefused"),
        ({"lines": lines("9" * 18)}, "AMOUNT_INVALID"),
        ({"lines": lines("90071992547409.93", 400)}, "EntryCheckResult"),
        ({"description": ""}, "EntryCheckResult"),
        ({"description": "说" * 10_000}, "EntryCheckResult"),
    ],
    ids=lambda one: str(one)[:60],
)
def test_a_strange_entry_is_refused_by_name(lived: Lived, changes: dict[str, Any], answer: str) -> None:
    given = {"reference": "r", "book": 1, "effectiveOn": "2025-01-06", "description": "d", "lines": lines("1.00")}
    document = "query($input: EntryInput!) { checkEntry(input: $input) { __typename } }"
    found = lived.asking.answer(document, by=Role.ACCOUNTANT, input={**given, **changes})
    codes = [error["extensions"]["code"] for error in found.get("errors", [])]
    assert codes == [answer] if found["data"] is None else found["data"]["checkEntry"]["__typename"] == answer


@pytest.mark.parametrize(
    ("amounts", "codes"),
    [
        ([("principal", money("1.00"))], []),
        ([("principal", money("1.00", "USD"))], ["INPUT_INVALID"]),
        ([("principal", money("1.00")), ("principal", money("2.00"))], ["INPUT_INVALID"]),
        ([("nothing", money("1.00"))], ["INPUT_INVALID"]),
        ([("principal", money("-1.00"))], ["INPUT_INVALID"]),
        ([("principal", money("0.00"))], ["INPUT_INVALID"]),
        ([], ["INPUT_INVALID"]),
    ],
    ids=str,
)
def test_a_rule_is_tried_with_amounts_of_its_own_currency_each_once(
    lived: Lived, amounts: list[tuple[str, dict[str, str]]], codes: list[str]
) -> None:
    given = {
        "productCode": "XF-DEBX",
        "event": "DISBURSEMENT_INSTRUCTED",
        "effectiveOn": "2025-01-06",
        "amounts": [{"component": name, "amount": amount} for name, amount in amounts],
    }
    document = "query($input: PreviewEntryInput!) { previewEntry(input: $input) { lines { amount { currency } } } }"
    assert lived.asking.faults(document, input=given) == codes
