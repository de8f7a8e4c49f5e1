import math
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.contract import Facts
from risk.rules.evaluate import Evaluation, evaluate, evaluate_document
from risk.rules.ir import Outcome, Pack
from risk.rules.load import load
from seed import german

Make = Callable[..., Any]
P, F, X = Outcome.PASS, Outcome.REFER, Outcome.REJECT


def codes(found: Evaluation) -> tuple[str, ...]:
    return tuple(reason.code for reason in found.reasons)


@pytest.mark.parametrize(
    ("hit", "age", "city", "outcome", "chosen"),
    [
        ("first", 17, "A", X, ["young"]),
        ("first", 30, "A", F, ["a"]),
        ("first", 17, "C", X, ["young"]),
        ("first", 30, "C", P, ["otherwise"]),
        ("collect", 17, "A", X, ["young", "a"]),
        ("collect", 30, "A", F, ["a"]),
        ("collect", 30, "C", P, ["otherwise"]),
        ("priority", 17, "A", X, ["young"]),
        ("priority", 17, "B", X, ["young"]),
        ("priority", 30, "B", P, ["b"]),
        ("unique", 17, "C", X, ["young"]),
        ("unique", 17, "A", F, []),
    ],
)
def test_hit_policies(
    make_pack: Make,
    make_table: Make,
    make_row: Make,
    hit: str,
    age: int,
    city: str,
    outcome: Outcome,
    chosen: list[str],
) -> None:
    rows = [
        make_row("b", ["-", "= B"]),
        make_row("young", ["< 18", "-"], "REJECT"),
        make_row("a", ["-", "= A"], "REFER"),
    ]
    if hit == "first":
        rows = rows[1:]
    pack = make_pack(make_table("t", hit, ["age", "city"], rows, otherwise="PASS"))
    found = evaluate(pack, stage="S", facts={"age": age, "city": city})
    assert (found.outcome, list(found.tables[0].chosen)) == (outcome, chosen)
    assert ("AMBIGUOUS" in codes(found)) is (hit == "unique" and not chosen)


@pytest.mark.parametrize(
    ("hit", "facts", "outcome", "reasons"),
    [
        # The missing city could bring a referral: nothing passes.
        ("first", {"age": 30}, F, ("MISSING:city",)),
        # The age alone rejects for certain: the first row decides whatever the city is.
        ("first", {"age": 17}, X, ("R",)),
        ("collect", {"age": 17}, X, ("R", "MISSING:city")),
        ("collect", {"age": 30}, F, ("MISSING:city",)),
        ("priority", {"age": 17}, X, ("R",)),
        ("priority", {"age": 30}, F, ("MISSING:city",)),
        ("unique", {"age": 17}, F, ("MISSING:city",)),
        # An invalid value is told as invalid, and is not missing.
        ("collect", {"age": 30, "city": "Z"}, F, ("INVALID:city",)),
        # A missing value that is not optional is referred even where no row could need it.
        ("collect", {"city": "C"}, F, ("MISSING:age",)),
        ("collect", {"age": "17", "city": "C"}, F, ("INVALID:age",)),
        ("collect", {"age": math.nan, "city": "C"}, F, ("INVALID:age",)),
        ("collect", {"age": None, "city": "A"}, F, ("R", "MISSING:age")),
    ],
)
def test_what_is_unknown_is_referred(
    make_pack: Make,
    make_table: Make,
    make_row: Make,
    hit: str,
    facts: Facts,
    outcome: Outcome,
    reasons: tuple[str, ...],
) -> None:
    rows = [make_row("young", ["< 18", "-"], "REJECT"), make_row("a", ["-", "= A"], "REFER")]
    pack = make_pack(make_table("t", hit, ["age", "city"], rows, otherwise="PASS"))
    found = evaluate(pack, stage="S", facts=facts)
    assert (found.outcome, codes(found)) == (outcome, reasons)


def test_is_missing_makes_a_missing_value_an_answer(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [make_row("none", ["is missing"], limit=5), make_row("any", ["not is missing"], limit=9)]
    pack = make_pack(make_table("t", "first", ["city"], rows))
    assert evaluate(pack, stage="S", facts={}).outputs == {"limit": 5}
    assert evaluate(pack, stage="S", facts={"city": "A"}).outputs == {"limit": 9}
    assert codes(evaluate(pack, stage="S", facts={"city": "?"})) == ("INVALID:city",)


def test_without_a_rule_nothing_passes(make_pack: Make, make_table: Make, make_row: Make) -> None:
    pack = make_pack(make_table("t", "first", ["age"], [make_row("a", ["< 18"])]))
    found = evaluate(pack, stage="S", facts={"age": 30})
    assert (found.outcome, codes(found)) == (F, ("NO_RULE",))


def test_outputs_of_a_table_are_inputs_of_the_next(make_pack: Make, make_table: Make, make_row: Make) -> None:
    grading = make_table(
        "grading",
        "first",
        ["score"],
        [make_row("a", [">= 600"], grade="A"), make_row("b", ["[500..600)"], grade="B")],
        otherwise="PASS",
    )
    limits = make_table(
        "limits", "unique", ["grade"], [make_row("a", ["= A"], limit=9), make_row("b", ["= B"], "REFER", limit=5)]
    )
    pack = make_pack(grading, limits)
    best = evaluate(pack, stage="S", facts={"score": 600})
    assert (best.outcome, best.outputs) == (P, {"grade": "A", "limit": 9})
    assert evaluate(pack, stage="S", facts={"score": 599}).outputs == {"grade": "B", "limit": 5}
    # A table that puts nothing out leaves the next one open: that is referred, not passed over.
    nothing = evaluate(pack, stage="S", facts={"score": 499})
    assert (nothing.outcome, codes(nothing)) == (F, ("MISSING:grade",))
    # Without a score the missing score is told once, not again by each table that would follow.
    assert codes(evaluate(pack, stage="S", facts={})) == ("MISSING:score",)


def test_no_caller_gives_what_a_table_puts_out(make_pack: Make, make_table: Make, make_row: Make) -> None:
    grading = make_table("grading", "first", ["score"], [make_row("b", ["-"], grade="B")])
    limits = make_table("limits", "unique", ["grade"], [make_row("a", ["= A"]), make_row("b", ["= B"], "REFER")])
    found = evaluate(make_pack(grading, limits), stage="S", facts={"score": 700, "grade": "A"})
    assert found.outcome is F


@pytest.mark.parametrize(("how", "limit"), [("sum", 12), ("min", 5), ("max", 7)])
def test_collected_outputs_are_combined(
    make_pack: Make, make_table: Make, make_row: Make, how: str, limit: int
) -> None:
    rows = [make_row("a", ["-"], limit=5), make_row("b", ["> 18"], limit=7)]
    pack = make_pack(make_table("t", "collect", ["age"], rows, combine={"limit": how}))
    assert evaluate(pack, stage="S", facts={"age": 30}).outputs == {"limit": limit}


def test_a_reason_names_rule_field_and_value(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [make_row("young", ["-", "< 18"], "REJECT")]
    pack = make_pack(make_table("t", "first", ["city", "age"], rows, otherwise="PASS"))
    (reason,) = evaluate(pack, stage="S", facts={"age": 17}).reasons
    assert (reason.rule, reason.field, reason.zh, reason.en) == ("t/young", "age", "年龄 17", "age 17")


CELLS = {"age": ["-", "< 18", "[18..60)", ">= 60"], "city": ["-", "= A", "not = A", "in {A, B}", "is missing"]}
DOMAIN: dict[str, list[Any]] = {"age": [17, 18, 60], "city": [None, "A", "B", "C"], "consent": [True, False]}
drawn_rows = st.lists(
    st.tuples(
        st.sampled_from(CELLS["age"]),
        st.sampled_from(CELLS["city"]),
        st.sampled_from(["-", "= true", "= false"]),
        st.sampled_from(["PASS", "REFER", "REJECT"]),
    ),
    min_size=1,
    max_size=5,
)


def test_a_unique_table_rejects_nobody_while_a_second_row_may_hit(
    make_pack: Make, make_table: Make, make_row: Make
) -> None:
    rows = [make_row("all", ["-", "-"], "REJECT"), make_row("a", ["-", "= A"], "REJECT")]
    pack = make_pack(make_table("t", "unique", ["age", "city"], rows, otherwise="PASS"))
    told = {city: evaluate(pack, stage="S", facts={"age": 30, "city": city}).outcome for city in ("?", "A", "B")}
    assert told == {"?": F, "A": F, "B": X}


@settings(max_examples=150)
@given(rows=drawn_rows, hit=st.sampled_from(["first", "unique", "collect", "priority"]), data=st.data())
def test_what_is_said_of_a_part_holds_for_every_whole(
    make_pack: Make, make_table: Make, make_row: Make, rows: list[Any], hit: str, data: st.DataObject
) -> None:
    """Invalid values stand for any value: PASS or REJECT said without them is what each whole would be told."""
    made = [make_row(f"r{place}", list(row[:3]), row[3]) for place, row in enumerate(rows)]
    pack = make_pack(make_table("t", hit, ["age", "city", "consent"], made, otherwise="PASS"))
    whole = {name: data.draw(st.sampled_from(values)) for name, values in DOMAIN.items()}
    spoilt = data.draw(st.sets(st.sampled_from(sorted(DOMAIN)), min_size=1))
    part = evaluate(pack, stage="S", facts={**whole, **dict.fromkeys(spoilt, "?")})
    assert part.outcome is not P
    if part.outcome is X:
        for values in product(*(DOMAIN[name] for name in sorted(spoilt))):
            completed = evaluate(pack, stage="S", facts={**whole, **dict(zip(sorted(spoilt), values, strict=True))})
            assert completed.outcome is X


@cache
def standard() -> tuple[Pack, dict[str, Any], dict[str, Any]]:
    pack = load(german.pack_text())
    assert isinstance(pack, Pack)
    good = {
        "age": 35,
        "amount": 300_000,
        "term": 12,
        "term_unit": "M",
        "credit_inquiry_consent": True,
        "employment_since": "ABOVE_7",
        "guarantors": "NONE",
        "checking_status": "NONE",
        "credit_history": "EXISTING_PAID",
        "score": 600,
    }
    honest = {
        "identity_checks": True,
        "identity_age_matches": True,
        "card_checks": True,
        "mobile_virtual": False,
        "mobile_customers": 1,
        "applications_30d": 0,
    }
    return pack, good, honest


nonsense: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.floats(),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.sampled_from(["17", "true", "", "NONE ", [], {}, -1, 10**30, b"1"]),
)


@settings(max_examples=300)
@given(data=st.data())
def test_nothing_spoilt_is_ever_approved(data: st.DataObject) -> None:
    pack, good, honest = standard()
    for stage, facts in (("PRE_APPROVAL", good), ("ANTI_FRAUD", honest)):
        assert evaluate(pack, stage=stage, facts=facts).outcome is P
        used = {column for name in pack.stages[stage] for column in pack.tables[name].columns}
        names = sorted(used & facts.keys())
        spoilt = data.draw(st.dictionaries(st.sampled_from(names), nonsense, min_size=1, max_size=3))
        found = evaluate(pack, stage=stage, facts={**facts, **spoilt})
        assert found.outcome is not P
        assert {reason.field for reason in found.reasons if reason.source.value == "DATA"} >= {
            name for name, value in spoilt.items() if not isinstance(value, int | bool)
        } - {"grade"}


@pytest.mark.parametrize(
    ("stage", "change", "outcome", "reasons"),
    [
        ("PRE_APPROVAL", {}, P, ()),
        ("PRE_APPROVAL", {"age": 17}, X, ("AGE_BELOW",)),
        ("PRE_APPROVAL", {"age": 76, "credit_inquiry_consent": False}, X, ("AGE_ABOVE", "NO_CONSENT")),
        ("PRE_APPROVAL", {"score": 510}, F, ("SCORE_BORDER",)),
        ("PRE_APPROVAL", {"score": 506}, X, ("SCORE_LOW",)),
        ("PRE_APPROVAL", {"score": 506, "term_unit": "D"}, X, ("SCORE_LOW", "TERM_UNIT")),
        ("PRE_APPROVAL", {"employment_since": "UNEMPLOYED", "amount": 1_000_001}, F, ("UNSECURED_UNEMPLOYED",)),
        ("ANTI_FRAUD", {}, P, ()),
        (
            "ANTI_FRAUD",
            {"identity_checks": False, "identity_age_matches": False},
            X,
            ("IDENTITY_NUMBER", "IDENTITY_AGE"),
        ),
        ("ANTI_FRAUD", {"mobile_customers": 2}, F, ("SHARED_CONTACT",)),
        ("ANTI_FRAUD", {"mobile_customers": 4, "applications_30d": 9}, X, ("LIST_HIT",)),
        ("ANTI_FRAUD", {"card_customers": 2}, X, ("LIST_HIT",)),
        ("ANTI_FRAUD", {"device_customers_24h": 3, "device_customers_30d": 3}, F, ("SHARED_DEVICE",)),
        ("ANTI_FRAUD", {"form_seconds": 12}, F, ("FORM_HASTE",)),
        ("ANTI_FRAUD", {"form_seconds": "fast"}, F, ("INVALID:form_seconds",)),
    ],
)
def test_the_standard_pack(stage: str, change: Facts, outcome: Outcome, reasons: tuple[str, ...]) -> None:
    _, good, honest = standard()
    facts = {**(good if stage == "PRE_APPROVAL" else honest), **change}
    found = evaluate_document(german.pack_text(), stage=stage, facts=facts)
    assert (found.outcome, codes(found)) == (outcome, reasons)


def test_decimals_are_exact(make_pack: Make, make_table: Make, make_row: Make) -> None:
    rows = [make_row("high", ["> 0.3"], "REJECT")]
    pack = make_pack(make_table("t", "first", ["debt"], rows, otherwise="PASS"))
    assert evaluate(pack, stage="S", facts={"debt": Decimal("0.1") + Decimal("0.2")}).outcome is P
