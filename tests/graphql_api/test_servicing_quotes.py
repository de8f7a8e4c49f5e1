# ruff: noqa: ANN401 - input and answers are JSON
"""Quotes and scenarios through the schema say what the command line says, and touch nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from commands.quote import document
from domain.servicing.answer import plan_document
from domain.servicing.quotation import Asked, asked
from domain.servicing.quoted import Quoted, quoted
from domain.servicing.scenario import Scenario, answer_json, play, scenario
from domain.servicing.schedule import schedule
from graphql_api.auth import Role
from graphql_api.servicing_quotes import STEPS_MAX

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

QUOTE: Final = """query($input: QuoteInput!) { quote(input: $input) { __typename
  ... on QuoteResult { currency convention payment { amount } usApr euAprc isAboveCap
    schedule { no dueOn opening { amount } principal { amount } interest { amount } total { amount } closing { amount }
      explain { name value { amount } zh en text } }
    disclosure { totalPayment { amount } annualSimple items { item } } }
  ... on Invalid { faults { code field message } } } }"""
TERMS: Final[dict[str, Any]] = {
    "principal": "10000.00", "rateAnnual": "0.12", "instalments": 3, "startOn": "2026-03-05"
}  # fmt: skip


def asks(asking: Asking, locale: str = "en", **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = asking.ask(QUOTE, by=Role.BORROWER, locale=locale, input={**TERMS, **changes})["quote"]
    return found


def test_a_quote_is_that_of_the_command_line_with_the_why_of_each_amount(asking: Asking) -> None:
    found = asks(asking, locale="zh-CN")
    read = asked(TERMS)
    assert isinstance(read, Asked)
    rows: Any = plan_document(read.terms, schedule(read.terms))["schedule"]
    assert [(one["dueOn"], one["principal"]["amount"], one["interest"]["amount"]) for one in found["schedule"]] == [
        (row["due"], row["principal"], row["interest"]) for row in rows
    ]
    assert (found["payment"]["amount"], found["isAboveCap"]) == ("3400.22", False)
    assert found["disclosure"]["totalPayment"]["amount"] == "10200.67"
    assert Decimal(found["usApr"]) == Decimal(found["disclosure"]["annualSimple"])
    why = {one["name"]: one for one in found["schedule"][1]["explain"]}
    assert set(why) == {"interest", "principal", "closing"}
    assert why["interest"]["value"]["amount"] == "67.00"
    assert why["interest"]["text"] == why["interest"]["zh"]
    assert "利息 = 本金余额 × 期利率 = 6699.78 × 0.01" in why["interest"]["zh"]
    assert "interest = the balance × the rate of the period" in why["interest"]["en"]


WHOLE: Final = """query($input: QuoteInput!) { quote(input: $input) { __typename
  ... on Invalid { faults { code field } }
  ... on QuoteResult { totals { principal { amount } interest { amount } fees { amount } payment { amount } }
    unroundedTotals { interest { amount } payment { amount } } levelTotals { interest { amount } payment { amount } }
    usApr euAprc capAnnual margin precision isAboveCap noCost { code message }
    schedule { no days openingBalance: opening { amount } disbursed { amount } principal { amount } interest { amount }
      fee { amount } fees { code amount { amount } } extra { amount } prepaid { amount } payment { amount }
      balloon { amount } total { amount } closingBalance: closing { amount } }
    verdicts { rule binds measure limit figure above: isAbove zh en }
    disclosure { capAnnual annualSimple contingent { item payee of: basis rateAnnual rate amount { amount } } } } } }"""


def plain(found: Any) -> Any:
    """An answer with amounts as the command line writes them."""
    if isinstance(found, dict):
        return found["amount"] if found.keys() == {"amount"} else {name: plain(one) for name, one in found.items()}
    return [plain(one) for one in found] if isinstance(found, list) else found


@pytest.mark.parametrize(
    "changes",
    [
        {"contingent": [{"item": "PREPAYMENT_FEE", "rate": "0.01"}, {"item": "NOTICE", "amount": "20.00"}]},
        {"lender": "SMALL_LOAN", "assisted": True, "costCapMargin": "0.01", "rateAnnual": "0.35"},
        {"currency": "EUR", "balances": "UNROUNDED", "columns": "OWN", "instalments": 12},
        {"fees": [{"code": "SET_UP", "rate": "0.03", "when": "DEDUCTED"}, {"code": "MONTHLY", "amount": "5.00"}]},
        {"earlyPayments": [{"amount": "100.00", "atInstalment": 1, "untilInstalment": 2}], "instalments": 6},
        {"method": "ADD_ON", "financeCharge": "600.00", "apportion": "SUM_OF_DIGITS"},
        {"paymentsAt": "BEGIN", "lender": "BANK"},
        {"method": "BALLOON", "horizon": 24},
    ],
    ids=",".join,
)
def test_everything_that_the_command_line_answers_is_answered(asking: Asking, changes: dict[str, Any]) -> None:
    found = plain(asking.ask(WHOLE, by=Role.BORROWER, input={**TERMS, **changes})["quote"])
    assert found["__typename"] == "QuoteResult", found
    read = asked({**TERMS, **changes})
    assert isinstance(read, Asked), read
    made = quoted(read)
    assert isinstance(made, Quoted)
    told: Any = document(made, explain=False)
    same = ("totals", "unroundedTotals", "levelTotals", "verdicts")
    assert {name: found[name] for name in same} == {name: told[name] for name in same}
    rows = [{name: each for name, each in row.items() if name in found["schedule"][0]} for row in told["schedule"]]
    assert found["schedule"] == rows
    annual = told["annualised"]
    shown = {"usApr": "usApr", "euAprc": "euAprc", "capAnnual": "cap", "margin": "margin", "precision": "precision"}
    assert {name: found[name] for name in shown} == {name: annual[one] for name, one in shown.items()}
    assert found["isAboveCap"] == annual["aboveCap"]
    assert found["disclosure"]["contingent"] == told["cost"]["contingent"]
    assert found["disclosure"]["capAnnual"] == annual["cap"]
    assert found["noCost"] is None


def test_a_plan_without_a_yearly_cost_says_why(asking: Asking) -> None:
    kept = {"code": "ALL", "rate": "1", "when": "DEDUCTED"}
    for locale, said in (("en", "there is no rate"), ("zh-CN", "不存在")):
        found = asking.ask(WHOLE, by=Role.BORROWER, locale=locale, input={**TERMS, "fees": [kept]})["quote"]
        assert found["disclosure"] is None
        assert found["noCost"]["code"] == "NO_RATE"
        assert said in found["noCost"]["message"]
        assert found["verdicts"] == []


def test_bad_terms_are_refused_all_at_once_under_their_names(asking: Asking) -> None:
    for locale in ("en", "zh-CN"):
        found = asks(asking, locale, principal="0.00", instalments=0, convention="NOBODYS")
        assert found["__typename"] == "Invalid"
        assert {(one["code"], one["field"]) for one in found["faults"]} == {
            ("CONVENTION_UNKNOWN", "convention"),
            ("PLAN_AMOUNT_INVALID", "principal"),
            ("INSTALMENTS_OUT_OF_RANGE", "instalments"),
        }
    assert asks(asking, convention="FINERACT_PROGRESSIVE")["convention"] == "FINERACT_PROGRESSIVE"


SIMULATE: Final = """query($scenario: Document!) { simulate(scenario: $scenario) { __typename
  ... on SimulateResult { currency steps { no do on businessOn status daysPastDue payoff { amount } overpaid { amount }
    refused { code field } due { total { amount } } outstanding { principal { amount } }
    schedule { no dueOn paidOn owed { total { amount } } paid { total { amount } } late { amount } }
    transactions { factNo kind amount { amount } split { interest { amount } } }
    reversed { factNo kind }
    movements { event on bookedOn amounts { name value }
      entries { book refused lines { account side amount { amount } } }
    } } }
  ... on Refusal { code field } ... on Invalid { faults { code field } } } }"""
STORY: Final[dict[str, Any]] = {
    "terms": {"principal": "1200.00", "rateAnnual": "0.12", "instalments": 3, "startOn": "2026-01-01"},
    "rules": "CN_LENDER",
    "steps": [
        {"do": "disburse", "amount": "1200.00"},
        {"do": "pay", "on": "2026-02-01", "amount": "408.03"},
        {"do": "refund", "amount": "1.00"},
        {"do": "close-month", "to": "2026-02-28"},
        {"do": "reverse", "step": 2, "on": "2026-02-10"},
    ],
}


def test_a_scenario_is_played_as_on_the_command_line(asking: Asking) -> None:
    found = asking.ask(SIMULATE, by=Role.PARTNER, scenario=STORY)["simulate"]
    assert found["__typename"] == "SimulateResult", found
    read = scenario(STORY)
    assert isinstance(read, Scenario)
    told: list[Any] = [answer_json(one, rules=read.rules, locale="en") for one in play(read)]
    assert [one["status"] for one in found["steps"]] == [one["status"] for one in told]
    assert [one["payoff"]["amount"] for one in found["steps"]] == [one["balances"]["payoff"] for one in told]
    assert [[row["owed"]["total"]["amount"] for row in one["schedule"]] for one in found["steps"]] == [
        [row["total"] for row in one["schedule"]] for one in told
    ]
    assert [[one["code"] for one in each["refused"]] for each in found["steps"]] == [
        [], [], ["AMOUNT_ABOVE_OPEN"], [], [],
    ]  # fmt: skip
    last = found["steps"][-1]
    assert [(one["factNo"], one["kind"]) for one in last["reversed"]] == [(2, "REPAYMENT")]
    back = next(one for one in last["movements"] if one["event"] == "REPAYMENT")
    assert (back["on"], back["bookedOn"]) == ("2026-02-28", "2026-02-28") or back["bookedOn"] >= back["on"]
    for one in (each for step in found["steps"] for each in step["movements"]):
        for entry in one["entries"]:
            signed = [
                Decimal(line["amount"]["amount"]) * (1 if line["side"] == "DEBIT" else -1) for line in entry["lines"]
            ]
            assert sum(signed) == 0, one


@pytest.mark.parametrize(
    ("story", "code", "field"),
    [
        ({}, "TERM_MISSING", "terms"),
        ({**STORY, "steps": [{"do": "dance"}]}, "TERM_NOT_LISTED", "steps[0].do"),
        ({**STORY, "steps": [{"do": "pay", "amount": 4.5}]}, "PLAN_AMOUNT_INVALID", "steps[0].amount"),
        ({**STORY, "surprise": 1}, "TERM_UNKNOWN", "surprise"),
    ],
)
def test_a_bad_scenario_is_refused_under_its_names(asking: Asking, story: Any, code: str, field: str) -> None:
    found = asking.ask(SIMULATE, scenario=story)["simulate"]
    assert found["__typename"] == "Invalid"
    assert (code, field) in {(one["code"], one["field"]) for one in found["faults"]}


def test_what_is_no_object_or_too_long_is_refused(asking: Asking) -> None:
    assert asking.faults(SIMULATE, scenario="text") == ["INVALID_DOCUMENT"]
    long = {**STORY, "steps": [{"do": "wait", "days": 1}] * (STEPS_MAX + 1)}
    assert asking.ask(SIMULATE, scenario=long)["simulate"]["code"] == "SCENARIO_TOO_LONG"
    literal = '{ simulate(scenario: {terms: {principal: "1200.00", rateAnnual: "0", instalments: 3}, steps: []}) '
    assert asking.ask(literal + "{ ... on SimulateResult { currency } } }")["simulate"] == {"currency": "CNY"}


def test_nothing_is_read_from_the_database_for_a_quote_or_a_scenario(asking: Asking) -> None:
    with asking.counted() as statements:
        asks(asking)
        asking.ask(SIMULATE, scenario=STORY)
    assert len(statements) == 0, statements.texts
