"""`zhudai quote` as people call it: tables, JSON, explanations, and refusals that end with 1."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import app

TERMS = {"principal": "10000.00", "rateAnnual": "0.12", "instalments": 3, "startOn": "2026-03-05"}


def quoted(tmp_path: Path, terms: object, *options: str) -> Any:  # noqa: ANN401 - what the runner answers
    file = tmp_path / "terms.json"
    file.write_text(json.dumps(terms), encoding="utf-8")
    return CliRunner().invoke(app, ["quote", str(file), *options])


def test_a_quote_is_a_table_with_its_costs(tmp_path: Path) -> None:
    found = quoted(tmp_path, TERMS)
    assert found.exit_code == 0
    for figure in ("3,400.22", "6,699.78", "10,200.67", "12.00%", "2026-06-05"):
        assert figure in found.stdout


def test_a_quote_as_json_has_the_published_form(tmp_path: Path) -> None:
    document = json.loads(quoted(tmp_path, TERMS, "--json").stdout)
    schema = json.loads(CliRunner().invoke(app, ["quote", "--schema"]).stdout)
    properties = schema["$defs"]["quote"]["properties"]
    assert set(document) == set(schema["$defs"]["quote"]["required"]) == set(properties)
    row = properties["schedule"]["items"]
    assert all(set(one) == set(row["required"]) for one in document["schedule"])
    assert document["totals"] == {
        "principal": "10000.00",
        "interest": "200.67",
        "fees": "0.00",
        "payment": "10200.67",
    }


def test_a_quote_has_the_rates_of_other_jurisdictions(tmp_path: Path) -> None:
    fee = {"code": "SET_UP", "rate": "0.03", "when": "DEDUCTED"}
    rates = json.loads(quoted(tmp_path, {**TERMS, "instalments": 12, "fees": [fee]}, "--json").stdout)["annualised"]
    assert rates["usApr"] == rates["simple"] == "0.1782504276"
    assert rates["euAprc"] == rates["effective"] == "0.1935588919"
    weekly = {**TERMS, "frequency": {"unit": "W", "every": 1}, "instalments": 26}
    assert set(json.loads(quoted(tmp_path, weekly, "--json").stdout)["annualised"]) == set(rates)


def test_explanations_stand_beside_the_figures_in_both_languages(tmp_path: Path) -> None:
    document = json.loads(quoted(tmp_path, TERMS, "--json", "--explain").stdout)
    interest = document["schedule"][1]["explain"]["interest"]
    assert (interest["value"], interest["exact"], interest["rounding"]) == ("67.00", "66.9978", "HALF_UP to 0.01")
    shown = quoted(tmp_path, TERMS, "--explain").stdout
    assert "利息 = 本金余额 × 期利率 = 6699.78 × 0.01 = 66.9978" in shown
    assert "principal = the payment 3400.22 − interest 67.00" in shown


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_all_faults_are_told_at_once_and_end_with_one(tmp_path: Path, options: tuple[str, ...]) -> None:
    found = quoted(tmp_path, {**TERMS, "instalments": 0, "rateAnnual": "NaN", "nonsense": 1}, *options)
    assert found.exit_code == 1
    for code in ("INSTALMENTS_OUT_OF_RANGE", "RATE_NOT_A_NUMBER", "TERM_UNKNOWN"):
        assert code in found.stderr
    if options:
        assert [one["field"] for one in json.loads(found.stdout)["faults"]] == ["rateAnnual", "instalments", "nonsense"]


def test_a_plan_beyond_the_books_and_a_cost_beyond_the_cap_are_refused(tmp_path: Path) -> None:
    large = {**TERMS, "principal": "99999999999999.99", "rateAnnual": "100", "instalments": 1200}
    assert "PLAN_AMOUNT_TOO_LARGE" in quoted(tmp_path, {**large, "method": "INTEREST_FIRST"}).stderr
    dear = quoted(tmp_path, {**TERMS, "rateAnnual": "0.5"})
    assert (dear.exit_code, "COST_ABOVE_CAP" in dear.stderr) == (1, True)


def test_caps_of_the_lender_and_the_day_are_judged_and_the_margin_is_kept(tmp_path: Path) -> None:
    lent = {**TERMS, "rateAnnual": "0.23", "startOn": "2026-03-05", "lender": "BANK", "assisted": True}
    made = json.loads(quoted(tmp_path, lent, "--json").stdout)
    assert [(one["rule"], one["above"]) for one in made["verdicts"]] == [
        ("FINANCIAL_24", False),
        ("LOAN_ASSISTANCE_24", False),
    ]
    kept = json.loads(quoted(tmp_path, {**lent, "costCapMargin": "2%"}, "--json").stdout)
    assert (kept["annualised"]["cap"], kept["annualised"]["aboveCap"]) == ("0.22", True)
    assert {(one["limit"], one["above"]) for one in kept["verdicts"]} == {("0.2200", True)}
    assert "LOAN_ASSISTANCE_24" in quoted(tmp_path, lent).stdout
    assert "TERM_MISSING" in quoted(tmp_path, {**lent, "startOn": None}).stderr


def test_the_home_cap_is_no_cap_abroad(tmp_path: Path) -> None:
    dear = quoted(tmp_path, {**TERMS, "rateAnnual": "0.5", "currency": "USD"}, "--json")
    assert dear.exit_code == 0
    assert json.loads(dear.stdout)["annualised"]["cap"] is None
    assert quoted(tmp_path, {**TERMS, "rateAnnual": "0.5", "currency": "USD", "costCapAnnual": "36%"}).exit_code == 1


def test_what_a_breach_costs_stands_in_the_cost_table(tmp_path: Path) -> None:
    contingent = [
        {"item": "MISUSE_INTEREST", "of": "MISUSED_PRINCIPAL", "rateAnnual": "0.24"},
        {"item": "PREPAYMENT_FEE", "of": "PREPAID_PRINCIPAL", "rate": "1%"},
        {"item": "LATE_CHARGE", "amount": "20.00"},
    ]
    told = json.loads(quoted(tmp_path, {**TERMS, "contingent": contingent}, "--json").stdout)["cost"]["contingent"]
    assert [(one["item"], one["rateAnnual"], one["rate"], one["amount"]) for one in told] == [
        ("PENALTY_INTEREST", "0.18", None, None),
        ("MISUSE_INTEREST", "0.24", None, None),
        ("PREPAYMENT_FEE", None, "0.01", None),
        ("LATE_CHARGE", None, None, "20.00"),
    ]
    both = quoted(tmp_path, {**TERMS, "contingent": [{"item": "X", "rate": "1%", "amount": "1.00"}]})
    assert "contingent[0].amount" in both.stderr


def test_a_plan_without_a_yearly_rate_is_shown_without_one(tmp_path: Path) -> None:
    at_once = {**TERMS, "instalments": 1, "paymentsAt": "BEGIN"}
    made = json.loads(quoted(tmp_path, at_once, "--json").stdout)
    assert (made["cost"], made["annualised"], made["verdicts"]) == (None, None, [])
    assert "there is no rate" in quoted(tmp_path, at_once).stdout
