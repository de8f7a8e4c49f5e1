"""A scenario is read with all its faults at once, and played step by step without touching anything."""

import json
import re
from typing import Any

import pytest

from cli import SCHEMAS
from domain.refusals import Invalid
from domain.servicing.scenario import Do, Scenario, answer_json, play, refusals_of, scenario, scenario_of

TERMS: dict[str, Any] = {
    "principal": "1200.00", "rateAnnual": "0.12", "penaltyRateAnnual": "0.18", "instalments": 3,
    "startOn": "2026-01-01",
}  # fmt: skip


def played(*steps: dict[str, Any], **rest: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - any part of a scenario
    tree = {"terms": TERMS, "rules": "CN_LENDER", "steps": [{"do": "disburse", "amount": "1200.00"}, *steps], **rest}
    asked = scenario(tree)
    assert isinstance(asked, Scenario), asked
    return [answer_json(one, rules=asked.rules, locale="en") for one in play(asked)]


def test_a_step_answers_with_schedule_transactions_balances_and_journal() -> None:
    first, second = played({"do": "pay", "on": "2026-02-01", "amount": "408.03", "channel": "WECHAT"})
    assert first["status"] == "ACTIVE"
    assert [row["total"] for row in first["schedule"]] == ["408.03", "408.03", "408.02"]
    assert second["schedule"][0] | {"paidOn": "2026-02-01", "paid": "408.03"} == second["schedule"][0]
    assert second["transactions"][-1]["interest"] == "12.00"
    assert second["balances"]["principal"] == "803.97"
    assert [one["event"] for one in second["journal"]] == ["INTEREST_ACCRUED", "INTEREST_DUE", "REPAYMENT"]
    for posted in second["journal"]:
        sides = [(one["side"], float(one["amount"])) for entry in posted["entries"] for one in entry["lines"]]
        assert sum(x for side, x in sides if side == "DEBIT") == pytest.approx(
            sum(x for side, x in sides if side == "CREDIT")
        )


def test_a_refused_step_says_why_and_the_play_goes_on() -> None:
    answers = played({"do": "refund", "amount": "1.00"}, {"do": "pay", "on": "2026-02-01", "amount": "408.03"})
    assert [one["code"] for one in answers[1]["refused"]] == ["AMOUNT_ABOVE_OPEN"]
    assert answers[2]["transactions"][-1]["type"] == "REPAYMENT"


def test_a_payment_into_a_closed_month_is_booked_today_with_its_economic_date() -> None:
    answers = played(
        {"do": "close-month", "to": "2026-02-28"},
        {"do": "wait", "to": "2026-03-10"},
        {"do": "pay", "on": "2026-02-01", "amount": "408.03"},
    )
    (paid,) = [one for one in answers[-1]["journal"] if one["event"] == "REPAYMENT"]
    assert (paid["on"], paid["economicOn"]) == ("2026-03-10", "2026-02-01")


def test_reversed_transactions_stay_in_sight() -> None:
    answers = played(
        {"do": "pay", "on": "2026-02-01", "amount": "408.03"},
        {"do": "reverse", "step": 2},
    )
    assert [(one["step"], one["reversed"]) for one in answers[-1]["transactions"]] == [(1, False), (2, True)]
    back = {one["event"]: one["amounts"] for one in answers[-1]["journal"]}
    assert back["REPAYMENT"] == {"interest": "-12.00", "principal": "-396.03"}


STEPS: list[dict[str, Any]] = [
    {"do": "charge", "on": "2026-01-10", "amount": "10.00", "name": "NSF", "component": "penalty"},
    {"do": "waive", "component": "penalty", "charge": 2, "approver": "A"},
    {"do": "pay", "on": "2026-02-01", "amount": "500.00"},
    {"do": "refund", "amount": "91.97"},
    {"do": "chargeback", "step": 4, "amount": "100.00"},
    {"do": "rate-change", "rateAnnual": "0.06"},
    {"do": "pause", "to": "2026-02-10"},
    {"do": "re-amortise", "on": "2026-03-02"},
    {"do": "reschedule", "fromDueOn": "2026-03-05", "extraInstalments": 2},
    {"do": "re-age", "startOn": "2026-04-01", "instalments": 4},
    {"do": "close-day", "to": "2026-04-20"},
    {"do": "accelerate"},
    {"do": "transfer-to-guarantor", "on": "2026-05-01", "to": "G"},
    {"do": "pay", "amount": "5.00"},
]


def test_every_kind_of_step_can_be_played() -> None:
    answers = played(*STEPS)
    assert [(one["do"], one.get("refused")) for one in answers if one.get("refused")] == []
    assert answers[-1]["status"] == "TRANSFERRED"
    ends = played({"do": "charge-off", "on": "2026-03-01"}, {"do": "write-off", "approver": "A"},
                  {"do": "recover", "amount": "9.00"})  # fmt: skip
    assert ends[-1]["status"] == "WRITTEN_OFF"
    assert played({"do": "cancel"}, contract={"coolingOffDays": 7})[-1]["status"] == "CANCELLED"
    assert played({"do": "repurchase", "on": "2026-03-01"})[-1]["status"] == "TRANSFERRED"


def test_income_that_is_capitalised_is_earned_by_the_day_and_given_back_no_further_than_it_goes() -> None:
    answers = played(
        {"do": "capitalise-income", "amount": "90.00"},
        {"do": "buy-down-fee", "amount": "45.00"},
        {"do": "wait", "to": "2026-01-31"},
        {"do": "adjust-income", "step": 2, "amount": "90.01"},
        {"do": "adjust-income", "step": 3, "amount": "45.00"},
        {"do": "adjust-income", "step": 1, "amount": "1.00"},
        {"do": "reverse", "step": 1},
    )
    assert answers[1]["balances"]["principal"] == "1290.00"
    earned = {one["event"]: one["amounts"]["amount"] for one in answers[3]["journal"] if "AMORTISED" in one["event"]}
    assert earned == {"INCOME_AMORTISED": "30.00", "BUY_DOWN_FEE_AMORTISED": "15.00"}  # 30 of 90 days
    codes = [(one["step"], one["refused"][0]["code"]) for one in answers if one.get("refused")]
    assert codes == [(5, "AMOUNT_ABOVE_OPEN"), (7, "FACT_UNKNOWN"), (8, "FACT_HAS_FOLLOWERS")]


def test_a_change_is_of_the_day_that_its_date_names() -> None:
    change = {"do": "rate-change", "on": "2026-01-02", "rateAnnual": "0"}
    begins = played(change, {"do": "wait", "to": "2026-02-01"}, contract={"bearing": "DAILY"})
    ends = played(change, {"do": "wait", "to": "2026-02-01"}, contract={"bearing": "DAILY", "changesOf": "END"})
    assert [answers[-1]["schedule"][0]["interest"] for answers in (begins, ends)] == ["0.39", "0.00"]


def test_playing_is_deterministic() -> None:
    assert json.dumps(played(*STEPS)) == json.dumps(played(*STEPS))


@pytest.mark.parametrize(
    ("tree", "fields"),
    [
        ({}, {"terms", "steps"}),
        ({"terms": TERMS, "steps": [{"do": "fly"}, {}, 7]}, {"steps[0].do", "steps[1].do", "steps[2]"}),
        (
            {"terms": {**TERMS, "rateAnnual": "-1", "instalments": 0},
             "steps": [{"do": "pay", "amount": 5, "colour": "red"}]},
            {"terms.rateAnnual", "terms.instalments", "steps[0].amount", "steps[0].colour"},
        ),
        (
            {"terms": TERMS, "contract": {"allocation": "X", "downPayment": "1.5", "y": 1}, "rules": "Z", "steps": []},
            {"contract.allocation", "contract.downPayment", "contract.y", "rules"},
        ),
        (
            {"terms": TERMS, "contract": {"allocation": {"REPAYMENT": {"steps": ["SOON_FEE"]}}}, "steps": []},
            {"contract.allocation.DEFAULT", "contract.allocation.REPAYMENT.steps[0]"},
        ),
        ({"terms": TERMS, "steps": [{"do": "reverse"}, {"do": "waive"}]}, {"steps[0].step", "steps[1].component"}),
        ({"convention": "NO_SUCH", "terms": TERMS, "steps": []}, {"terms.convention"}),
        (
            {"terms": TERMS, "contract": {"interestRefund": ["REPAYMENT"], "changesOf": "NOON"}, "steps": [
                {"do": "pay", "amount": "1.00", "type": "INCOME_ADJUSTMENT"},
                {"do": "re-age", "startOn": "2026-04-01", "instalments": 4, "interest": "WAIVED"},
                {"do": "re-amortise", "interest": "EQUAL_WHOLE"},
            ]},
            {"contract.interestRefund[0]", "contract.changesOf", "steps[0].type", "steps[1].interest",
             "steps[2].interest"},
        ),
    ],
)  # fmt: skip
def test_all_faults_are_told_at_once(tree: dict[str, Any], fields: set[str]) -> None:
    asked = scenario(tree)
    assert isinstance(asked, Invalid)
    assert {fault.field for fault in asked.faults} == fields


@pytest.mark.parametrize("text", ["", "[]", "{", '{"steps": NaN}'])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    assert isinstance(scenario_of(text), Invalid)


def test_refused_steps_are_counted() -> None:
    asked = scenario({"terms": TERMS, "steps": [{"do": "pay", "amount": "1.00"}, {"do": "disburse", "amount": "5.00"}]})
    assert isinstance(asked, Scenario)
    assert refusals_of(play(asked)) == 1


SCHEMA: dict[str, Any] = json.loads((SCHEMAS / "simulate.json").read_text(encoding="utf-8"))


def misfits(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:  # noqa: ANN401 - any JSON
    """Where a value does not fit a schema, as far as ours go."""
    if "$ref" in schema:
        return misfits(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
    if "anyOf" in schema:
        return [] if any(not misfits(value, one, path) for one in schema["anyOf"]) else [f"{path}: none of its kinds"]
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    if "type" in schema and not isinstance(value, kinds[schema["type"]]):
        return [f"{path}: not {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value} is not listed"]
    if "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{path}: {value} does not match"]
    if isinstance(value, list):
        return [one for n, each in enumerate(value) for one in misfits(each, schema["items"], f"{path}[{n}]")]
    if not isinstance(value, dict):
        return []
    found = [f"{path}.{name}: missing" for name in schema.get("required", ()) if name not in value]
    for name, each in value.items():
        inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
        found += [f"{path}.{name}: unknown"] if inner is False else misfits(each, inner, f"{path}.{name}")
    return found


def test_what_is_printed_and_what_is_read_fit_the_published_schema() -> None:
    tree: dict[str, Any] = {
        "terms": TERMS,
        "rules": ["CN_LENDER", "CN_GUARANTOR"],
        "contract": {"allocation": {"DEFAULT": {"order": ["penalty", "interest", "principal"], "ahead": True}}},
        "steps": [{"do": "disburse", "amount": "1200.00"}, *STEPS, {"do": "refund", "amount": "999.00"}],
    }
    assert misfits(tree, SCHEMA["$defs"]["scenario"]) == []
    asked = scenario(tree)
    assert isinstance(asked, Scenario)
    document = {"currency": "CNY", "steps": [answer_json(one, rules=asked.rules) for one in play(asked)]}
    assert misfits(document, SCHEMA["$defs"]["played"]) == []
    assert {one.value for one in Do} == set(SCHEMA["$defs"]["step"]["properties"]["do"]["enum"])


@pytest.mark.parametrize(
    ("rest", "interest"), [("DAILY", "186.00"), ("WEEKLY", "210.00"), ("MONTHLY", "336.00"), ("PERIOD", "336.00")]
)
def test_a_smaller_balance_counts_from_the_next_rest(rest: str, interest: str) -> None:
    # 12 a day until 6,000 of 12,000 is paid on the third day, and 6 a day from the next rest on
    tree: dict[str, Any] = {
        "convention": "FINERACT_PROGRESSIVE",
        "terms": {
            "principal": "12000.00", "currency": "EUR", "rateAnnual": "0.365", "instalments": 1,
            "startOn": "2026-01-01", "dayCount": "ACT/365F", "frequency": {"unit": "D", "every": 28},
        },
        "contract": {"rest": rest, "allocation": {"DEFAULT": {"steps": ["IN_ADVANCE_PRINCIPAL"]}}},
        "steps": [
            {"do": "disburse", "on": "2026-01-01", "amount": "12000.00"},
            {"do": "pay", "on": "2026-01-04", "amount": "6000.00"},
            {"do": "wait", "to": "2026-01-29"},
        ],
    }  # fmt: skip
    asked = scenario(tree)
    assert isinstance(asked, Scenario)
    shown = [answer_json(one) for one in play(asked)]
    assert [row["interest"] for row in shown[-1]["schedule"]] == [interest]  # type: ignore[attr-defined]
    assert [row["interest"] for row in shown[1]["schedule"]] == [interest]  # type: ignore[attr-defined]
