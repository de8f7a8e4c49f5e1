"""Quotes from JSON: published and recorded schedules to the cent, and every fault by its name, all at once."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.quote import document
from domain.refusals import Invalid, text
from domain.servicing import quoted as quoting
from domain.servicing.answer import plan_document, too_large
from domain.servicing.quotation import Asked, asked
from domain.servicing.reader import tree_of
from domain.servicing.schedule import schedule

HERE = Path(__file__).parent
PUBLISHED = json.loads((HERE / "published.json").read_text(encoding="utf-8"))["cases"]
RECORDED = json.loads((HERE / "fineract.json").read_text(encoding="utf-8"))["cases"]
PLAIN: dict[str, Any] = {"principal": "10000.00", "rateAnnual": "0.18", "instalments": 12, "startOn": "2026-01-15"}


def quoted(terms: dict[str, Any]) -> dict[str, Any]:
    found = asked(terms)
    assert isinstance(found, Asked), found.codes
    return plan_document(found.terms, schedule(found.terms))


def named(case: dict[str, Any]) -> str:
    return str(case["id"])


def same(found: str, expected: str) -> bool:
    return Decimal(found) == Decimal(expected)


@pytest.mark.parametrize("case", PUBLISHED, ids=named)
def test_published_schedules_agree_to_the_cent(case: dict[str, Any]) -> None:
    made, expected = quoted(case["terms"]), case["expected"]
    rows = made["schedule"]
    for name in ("payment", "balloon"):
        if name in expected:
            assert same(made[name], expected[name]), name
    totals = made["unroundedTotals"] or made["totals"]
    for name, amount in expected.get("totals", {}).items():
        assert same(totals[name], amount), name
    for name, amount in expected.get("levelTotals", {}).items():
        assert same(made["levelTotals"][name], amount), name
    for row in expected.get("rows", ()):
        found = rows[row["no"] - 1]
        assert {name: Decimal(found[name]) for name in row} == {name: Decimal(amount) for name, amount in row.items()}
    for span in expected.get("ranges", ()):
        part = rows[span["first"] - 1 : span["last"]]
        for name in ("principal", "interest"):
            assert sum(Decimal(one[name]) for one in part) == Decimal(span[name])
        assert same(part[-1]["closingBalance"], span["closingBalance"])


@pytest.mark.parametrize("case", RECORDED, ids=named)
def test_schedules_recorded_elsewhere_agree_to_the_cent(case: dict[str, Any]) -> None:
    rows = [(Decimal(one["principal"]), Decimal(one["interest"])) for one in quoted(case["terms"])["schedule"]]
    assert rows == [(Decimal(principal), Decimal(interest)) for principal, interest in case["rows"]]


@pytest.mark.parametrize(
    ("wrong", "codes"),
    [
        ({"instalments": 0}, {"INSTALMENTS_OUT_OF_RANGE"}),
        ({"instalments": 1201}, {"INSTALMENTS_OUT_OF_RANGE"}),
        ({"instalments": True}, {"INSTALMENTS_OUT_OF_RANGE"}),
        ({"rateAnnual": "-0.1"}, {"RATE_NEGATIVE"}),
        ({"rateAnnual": "NaN"}, {"RATE_NOT_A_NUMBER"}),
        ({"rateAnnual": 0.18}, {"RATE_NOT_A_NUMBER"}),
        ({"rateAnnual": "180"}, {"RATE_TOO_HIGH"}),
        ({"rateAnnual": {"value": "9.8", "unit": "D"}}, {"RATE_TOO_HIGH"}),
        ({"rateAnnual": {"unit": "D"}}, {"TERM_MISSING"}),
        ({"rateAnnual": {"value": "0.0098", "unit": "H"}}, {"TERM_NOT_LISTED"}),
        ({"principal": "92233720368547758.08"}, {"PLAN_AMOUNT_TOO_LARGE"}),
        ({"principal": "0"}, {"PLAN_AMOUNT_INVALID"}),
        ({"principal": 10000}, {"PLAN_AMOUNT_INVALID"}),
        ({"principal": "10000.001"}, {"PLAN_AMOUNT_INVALID"}),
        ({"currency": "XYZ"}, {"CURRENCY_UNKNOWN"}),
        ({"dayCount": "31/360"}, {"DAY_COUNT_UNKNOWN"}),
        ({"convention": "MINE"}, {"CONVENTION_UNKNOWN"}),
        ({"startOn": "2026-02-30"}, {"TERM_INVALID"}),
        ({"firstDueOn": "2026-01-15"}, {"FIRST_DUE_BEFORE_DISBURSEMENT"}),
        ({"dueRule": "FIXED_DAY"}, {"TERM_MISSING"}),
        ({"method": "MAGIC"}, {"TERM_NOT_LISTED"}),
        ({"solving": "GIVEN"}, {"TERM_MISSING"}),
        ({"solving": "MONTH_RATE", "payment": "100.00"}, {"TERMS_CONFLICT"}),
        ({"graceDays": -1}, {"TERM_INVALID"}),
        ({"grace": {"principal": 12}}, {"TERM_INVALID"}),
        ({"horizon": 6}, {"TERM_INVALID"}),
        ({"downPayment": "10000.00"}, {"TERM_INVALID"}),
        ({"nonsense": 1}, {"TERM_UNKNOWN"}),
        ({"paymentsPerYear": 24, "dueDays": [29, 31]}, {"TERM_INVALID"}),
        ({"paymentsPerYear": 24, "dueDays": [15]}, {"TERM_INVALID"}),
        ({"dueDays": [1, 15]}, {"TERMS_CONFLICT"}),
        ({"paymentsPerYear": 24, "dueDays": [1, 15], "firstDueOn": "2026-02-01"}, {"TERMS_CONFLICT"}),
        ({"paymentsPerYear": 5}, {"TERM_INVALID"}),
        ({"convention": []}, {"CONVENTION_UNKNOWN"}),
        ({"startOn": "2026-W03-4"}, {"TERM_INVALID"}),
        ({"paymentsAt": "BEGIN", "firstDueOn": "2026-02-20"}, {"TERMS_CONFLICT"}),
        ({"paymentsAt": "BEGIN", "method": "BULLET"}, {"TERMS_CONFLICT"}),
        ({"financeCharge": "10.00"}, {"TERMS_CONFLICT"}),
        ({"apportion": "SUM_OF_DIGITS"}, {"TERMS_CONFLICT"}),
        ({"method": "ADD_ON", "payment": "1.00"}, {"TERM_INVALID"}),
        ({"method": "ADD_ON", "downPayment": "1.00"}, {"TERMS_CONFLICT"}),
        ({"stages": [{"from": 1, "to": 12, "mode": "A"}]}, {"TERM_NOT_LISTED"}),
        ({"compoundingPerYear": 2, "compoundingContinuous": True}, {"TERMS_CONFLICT"}),
        ({"earlyPayments": [{"atInstalment": 3, "untilInstalment": 2, "amount": "1.00"}]}, {"TERM_INVALID"}),
        ({"earlyPayments": [{"atInstalment": 3, "every": 2, "amount": "1.00"}]}, {"TERM_MISSING"}),
        ({"contingent": [{"item": "X"}]}, {"TERM_INVALID"}),
        ({"grace": {"nonsense": 1}}, {"TERM_UNKNOWN"}),
        ({"grace": 3}, {"TERM_INVALID"}),
        ({"stages": [{"from": 1, "to": 3}, {"from": 5, "to": 12}]}, {"STAGE_GAP"}),
        ({"stages": [{"from": 1, "to": 5}, {"from": 4, "to": 12}]}, {"STAGE_OVERLAP"}),
        ({"stages": [{"from": 1, "to": 5}]}, {"STAGE_GAP"}),
        ({"stages": [{"from": 1, "to": 15}]}, {"OUTSIDE_LOAN"}),
        ({"stages": [{"from": 3, "to": 1}]}, {"TERM_INVALID", "STAGE_GAP"}),
        ({"stages": [{"from": 1}]}, {"TERM_MISSING", "STAGE_GAP"}),
        ({"disbursements": [{"on": "2026-01-15", "amount": "1.00"}]}, {"PRINCIPAL_DIFFERS"}),
        ({"disbursements": [{"on": "2026-01-16", "amount": "10000.00"}]}, {"DATES_OUT_OF_ORDER"}),
        ({"instalments": 1, "plan": [{"due": "2026-02-15", "principal": "1.00"}]}, {"PRINCIPAL_DIFFERS"}),
        ({"plan": [{"due": "2026-02-15", "principal": "10000.00"}]}, {"TERMS_CONFLICT"}),
        (
            {"instalments": 1, "plan": [{"due": "2026-01-15", "principal": "10000.00"}]},
            {"FIRST_DUE_BEFORE_DISBURSEMENT"},
        ),
        ({"rateChanges": [{"rateAnnual": "0.1"}]}, {"TERM_INVALID"}),
        ({"rateChanges": [{"rateAnnual": "0.1", "fromInstalment": 13}]}, {"OUTSIDE_LOAN"}),
        ({"earlyPayments": [{"amount": "1.00", "on": "2025-01-01"}]}, {"OUTSIDE_LOAN"}),
        ({"fees": [{"code": "X"}]}, {"TERM_INVALID"}),
        ({"fees": [{"code": "X", "amount": "1.00", "when": "ONCE", "instalment": 13}]}, {"OUTSIDE_LOAN"}),
        ({"holidays": ["2026-13-01"], "shift": "FOLLOWING"}, {"TERM_INVALID"}),
        ({"shiftBearsInterest": "yes", "shift": "FOLLOWING"}, {"TERM_INVALID"}),
        (
            {"rateAnnual": None, "index": {"values": [{"on": "2027-01-01", "rateAnnual": "0.03"}], "margin": "0.01"}},
            {"TERM_MISSING"},
        ),
        (
            {"instalments": 0, "rateAnnual": "-1", "dayCount": "x", "principal": "1e9", "firstDueOn": "2020-01-01"},
            {
                "INSTALMENTS_OUT_OF_RANGE",
                "RATE_NEGATIVE",
                "DAY_COUNT_UNKNOWN",
                "PLAN_AMOUNT_INVALID",
                "FIRST_DUE_BEFORE_DISBURSEMENT",
            },
        ),
    ],
)
def test_every_fault_has_its_name_and_all_are_told_at_once(wrong: dict[str, Any], codes: set[str]) -> None:
    found = asked({**PLAIN, **wrong})
    assert isinstance(found, Invalid)
    assert {fault.code for fault in found.faults} == codes
    assert all(fault.field for fault in found.faults)


@pytest.mark.parametrize("name", ["principal", "rateAnnual", "instalments"])
def test_what_a_loan_cannot_do_without_is_asked_for(name: str) -> None:
    found = asked({key: value for key, value in PLAIN.items() if key != name})
    assert isinstance(found, Invalid)
    assert [(fault.code, fault.field) for fault in found.faults] == [("TERM_MISSING", name)]


def test_actual_days_need_dates() -> None:
    found = asked(
        {"principal": "1.00", "rateAnnual": "0.1", "instalments": 3, "frequency": {"unit": "M"}, "dayCount": "ACT/360"}
    )
    assert isinstance(found, Invalid)
    assert [(fault.code, fault.field) for fault in found.faults] == [("TERM_MISSING", "startOn")]


@pytest.mark.parametrize("asked_text", ["", "[]", "3", '{"principal": NaN}', "{", "[" * 100_000])
def test_a_text_that_is_no_object_is_refused(asked_text: str) -> None:
    found = tree_of(asked_text)
    assert isinstance(found, Invalid)
    assert [fault.code for fault in found.faults] == ["TERMS_NOT_JSON"]


def test_the_longest_plan_is_made_and_its_sum_is_bounded() -> None:
    made = quoted({**PLAIN, "instalments": 1200})
    assert len(made["schedule"]) == 1200
    found = asked(
        {
            **PLAIN,
            "principal": "99999999999999.99",
            "instalments": 1200,
            "rateAnnual": "100",
            "method": "INTEREST_FIRST",
        }
    )
    assert isinstance(found, Asked)
    assert too_large(schedule(found.terms))


@given(
    st.dictionaries(
        st.sampled_from(
            ["principal", "rateAnnual", "instalments", "startOn", "stages", "fees", "grace", "index", "plan"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=12),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_no_object_makes_the_reader_stumble(tree: dict[str, Any]) -> None:
    assert isinstance(asked(tree), Asked | Invalid)


SCHEMA = json.loads((HERE.parents[2] / "commands" / "schemas" / "quote.json").read_text(encoding="utf-8"))
FIELDS = SCHEMA["$defs"]["terms"]["properties"]
SAMPLES = {"Amount in major units.": ["1.00", "100.00", "2500.55"], "A fraction: 0.18 is 18 %.": ["0", "0.1", "1.05"]}


def admitted(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """What a part of the published schema admits, small numbers preferred."""
    if "anyOf" in schema:
        return st.one_of([admitted(one) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind, low = schema["type"], schema.get("minimum", 0)
    if kind == "integer":
        return st.integers(low, min(schema["maximum"], low + 13))
    if kind == "array":
        return st.lists(admitted(schema["items"]), max_size=3)
    if kind == "object":
        needed = schema.get("required", ())
        parts = {name: admitted(one) for name, one in schema["properties"].items()}
        rest = {name: one for name, one in parts.items() if name not in needed}
        return st.fixed_dictionaries({name: parts[name] for name in needed}, optional=rest)
    if kind == "string" and "description" not in schema and "pattern" in schema:
        return st.dates(date(2026, 1, 1), date(2027, 12, 31)).map(date.isoformat)
    return st.sampled_from(SAMPLES.get(schema.get("description", ""), ["X"])) if kind == "string" else st.booleans()


@given(
    st.integers(1, 14),
    st.sets(st.sampled_from(sorted(set(FIELDS) - {"currency", "instalments", "termMonths"})), max_size=5).flatmap(
        lambda names: st.fixed_dictionaries({name: admitted(FIELDS[name]) for name in sorted(names)})
    ),
)
def test_whatever_the_schema_admits_is_planned_or_refused_by_name(count: int, fields: dict[str, Any]) -> None:
    answer({**PLAIN, "instalments": count, **fields})


def answer(tree: dict[str, Any]) -> None:
    """Ask through the whole door, text to text: an answer, or faults that each name their field."""
    read = tree_of(json.dumps(tree))
    assert isinstance(read, dict)
    found = asked(read)
    if isinstance(found, Invalid):
        assert all(fault.field and text(fault, "en") and text(fault) for fault in found.faults)
        return
    plan = schedule(found.terms)
    assert plan.principal == found.terms.principal
    quote = quoting.quoted(found)
    if isinstance(quote, Invalid):
        assert too_large(plan)
        return
    made = document(quote, explain=True)
    assert json.dumps(made)
    assert made["schedule"]


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "0", "-1", "1E300", "1e-300", "NaN", "99999999999999.99", "9999-12-31", "0001-01-01", "9%"])
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.dictionaries(st.sampled_from(sorted(FIELDS)), JUNK, min_size=1, max_size=3),
    st.sets(st.sampled_from(sorted(FIELDS)), max_size=3).flatmap(
        lambda names: st.fixed_dictionaries({name: admitted(FIELDS[name]) for name in sorted(names)})
    ),
    st.sampled_from([PLAIN, {}]),
)
def test_whatever_is_asked_is_answered_or_refused_by_name(
    junk: dict[str, Any], fields: dict[str, Any], plain: dict[str, Any]
) -> None:
    answer({**plain, **fields, **junk})


def test_dates_are_null_where_the_loan_has_none() -> None:
    row = quoted({"principal": "100.00", "rateAnnual": "0.12", "instalments": 3})["schedule"][0]
    assert (row["from"], row["due"], row["days"], row["payment"]) == (None, None, None, "34.00")


def test_an_index_sets_the_first_rate_and_is_looked_at_again() -> None:
    index: dict[str, Any] = {
        "values": [{"on": "2025-12-20", "rateAnnual": "0.03"}, {"on": "2026-05-20", "rateAnnual": "0.04"}],
        "margin": "0.01",
        "cap": "0.045",
        "resetEvery": 3,
    }
    terms = {key: value for key, value in PLAIN.items() if key != "rateAnnual"}
    found = asked({**terms, "index": index})
    assert isinstance(found, Asked)
    assert found.terms.rate_annual == Decimal("0.04")
    assert [(one.no, one.rate_annual) for one in found.terms.rate_changes] == [(7, Decimal("0.045"))]


def test_a_daily_rate_stands_on_its_year() -> None:
    found = asked({**PLAIN, "rateAnnual": {"value": "0.00098", "unit": "D", "basis": 365}})
    assert isinstance(found, Asked)
    assert found.terms.rate_annual == Decimal("0.3577")
