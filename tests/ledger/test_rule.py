"""Posting rules: what is applied balances for any amounts, and what cannot balance cannot be stored."""

import itertools
import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.account import Required
from ledger.entry import Dimensions, Side, totals
from ledger.rule import (
    Condition,
    Leg,
    Preview,
    Proof,
    Rule,
    RuleFault,
    RuleInvalid,
    RuleLine,
    Term,
    Test,
    Unbalanced,
    accounts,
    apply,
    components,
    content_hash,
    from_data,
    preview,
    prove,
    render,
    to_data,
)

RULE = Rule(
    kind="REPAYMENT",
    version=1,
    legs=(
        Leg("interest", "1012.01", "1132.01"),
        Leg("principal", "1012.01", "1303.01"),
        Leg("excess", "1012.01", "2241.01"),
    ),
)

amounts = st.fixed_dictionaries({name: st.integers(0, 10**12) for name in ("interest", "principal", "excess")})


@pytest.mark.law(39)
@given(amounts.filter(lambda found: any(found.values())))
def test_an_applied_rule_balances_and_says_each_component_once(found: dict[str, int]) -> None:
    entry = apply(
        RULE,
        found,
        book=1,
        currency="CNY",
        dims=Dimensions(subject=7),
        effective_on=date(2026, 1, 5),
        source="test",
        key="k",
        actor="t",
    )
    assert not any(totals(entry.lines).values())
    debits = [line for line in entry.lines if line.side is Side.DEBIT]
    assert [line.account for line in debits] == ["1012.01"], "lines of one account, side and dimensions merge"
    assert debits[0].amount == sum(found.values())
    assert {line.account: line.amount for line in entry.lines if line.side is Side.CREDIT} == {
        account: found[name]
        for name, account in (("interest", "1132.01"), ("principal", "1303.01"), ("excess", "2241.01"))
        if found[name]
    }


D, C = Side.DEBIT, Side.CREDIT


def half(component: str) -> Term:
    """Half a component."""
    return Term(component, 1, 2)


def general(*lines: RuleLine, rounding_account: str | None = None) -> Rule:
    """A rule of separate lines."""
    return Rule("X", 1, lines=lines, rounding_account=rounding_account)


BALANCED = general(
    RuleLine(D, "1012", (Term("paid"),)),
    RuleLine(C, "1132", (Term("interest"),)),
    RuleLine(C, "1303", (Term("paid"), Term("interest", -1))),
)
BRANCHED = general(
    RuleLine(D, "1012", (Term("paid"),)),
    RuleLine(C, "1303", (Term("paid"),), (Condition("late", Test.ZERO),)),
    RuleLine(C, "1304", (Term("paid"), Term("late")), (Condition("late"),)),
    RuleLine(D, "6011", (Term("late"),), (Condition("late"),)),
)
ROUNDED = general(
    RuleLine(D, "1", (Term("a"),)), RuleLine(C, "2", (half("a"),)), RuleLine(C, "3", (half("a"),)), rounding_account="9"
)


@pytest.mark.parametrize(
    ("rule", "branches", "rounding_max"), [(RULE, 1, 0), (BALANCED, 1, 0), (BRANCHED, 2, 0), (ROUNDED, 1, 2)]
)
def test_balanced_rules_are_proved(rule: Rule, branches: int, rounding_max: int) -> None:
    assert prove(rule) == Proof(branches, rounding_max, content_hash(rule))


@pytest.mark.law(39)
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            general(RuleLine(D, "1", (Term("a"),)), RuleLine(C, "2", (Term("b"),))),
            Unbalanced(None, (), (Term("a"), Term("b", -1))),
        ),
        (
            general(RuleLine(D, "1", (Term("a"),)), RuleLine(C, "2", (Term("a"),), (Condition("b"),))),
            Unbalanced(None, (Condition("b", Test.ZERO),), (Term("a"),)),
        ),
        (
            general(RuleLine(D, "1", (Term("a"),)), RuleLine(C, "2", (Term("a"),), currency="USD")),
            Unbalanced(None, (), (Term("a"),)),
        ),
        (replace(ROUNDED, rounding_account=None), Unbalanced(None, (), (), fractional=True)),
    ],
)
def test_unbalanced_rules_are_refuted_with_currency_branch_and_residual(rule: Rule, expected: Unbalanced) -> None:
    assert prove(rule) == expected


terms = st.lists(st.builds(Term, st.sampled_from("abc"), st.integers(-3, 3)), min_size=1, max_size=3).map(tuple)
conditions = st.lists(st.builds(Condition, st.sampled_from("ab"), st.sampled_from(Test)), max_size=1).map(tuple)
rule_lines = st.builds(RuleLine, st.sampled_from(Side), st.sampled_from(["1", "2", "3"]), terms, conditions)


@pytest.mark.law(39)
@given(st.lists(rule_lines, min_size=1, max_size=3), st.booleans())
def test_the_proof_says_yes_exactly_when_all_small_inputs_balance(lines: list[RuleLine], mirrored: bool) -> None:
    """Against trying inputs: a non-zero linear form shows itself on some of these points."""
    if mirrored:
        lines = [*lines, *(replace(line, side=line.side.opposite) for line in lines)]
    rule = general(*lines)
    points = [dict(zip("abc", point, strict=True)) for point in itertools.product((0, 1, 2, 5), repeat=3)]
    balanced = all(not residual(rule, point) for point in points)
    assert isinstance(prove(rule), Proof) is balanced


def residual(rule: Rule, amounts: dict[str, int]) -> int:
    """Debit minus credit at one input, naively."""
    whole = 0
    for line in rule.lines:
        if all((amounts[test.component] > 0) is (test.test is Test.POSITIVE) for test in line.when):
            amount = sum(amounts[term.component] * term.numerator for term in line.terms)
            whole += amount if line.side is D else -amount
    return whole


@given(st.integers(0, 10**9))
def test_a_rounding_line_carries_what_halves_leave_open(amount: int) -> None:
    if amount == 0:
        return
    lines = render(ROUNDED, [({"a": amount}, Dimensions())], currency="CNY")
    assert not any(totals(lines).values())
    assert sum(line.amount for line in lines if line.account == "9") <= 2


@pytest.mark.parametrize(
    ("amounts", "fault"),
    [
        ({"interst": 1}, RuleFault.COMPONENT_UNKNOWN),
        ({"interest": -1}, RuleFault.AMOUNT_NEGATIVE),
        ({"interest": 1.0}, RuleFault.AMOUNT_NEGATIVE),
        ({}, RuleFault.NOTHING_TO_POST),
        ({"interest": 0}, RuleFault.NOTHING_TO_POST),
    ],
)
def test_wrong_inputs_are_refused(amounts: dict[str, int], fault: RuleFault) -> None:
    with pytest.raises(RuleInvalid) as refused:
        render(RULE, [(amounts, Dimensions())], currency="CNY")
    assert refused.value.code is fault


def test_a_batch_has_a_line_per_subject_and_one_summed_line() -> None:
    rule = Rule("ACCRUED", 1, (Leg("interest", "1303.04", "6011.01", credit_dims=Required.ALL & ~Required.SUBJECT),))
    items = [({"interest": 10 + n}, Dimensions(subject=n, funder=7)) for n in range(3)]
    lines = render(rule, items, currency="CNY")
    assert [(line.account, line.amount, line.dims.subject) for line in lines] == [
        ("1303.04", 10, 0), ("6011.01", 33, None), ("1303.04", 11, 1), ("1303.04", 12, 2),
    ]  # fmt: skip


def test_conditions_choose_legs_and_a_preview_says_what_stayed_out() -> None:
    rule = Rule(
        "R", 2, (Leg("principal", "1012", "1303.01", when=(Condition("late", Test.ZERO),)),
                 Leg("principal", "1012", "1303.02", when=(Condition("late"),))),
    )  # fmt: skip
    shown = preview(rule, {"principal": 5, "late": 1}, book=1, currency="CNY", effective_on=date(2026, 1, 5))
    assert isinstance(shown, Preview)
    assert [line.account for line in shown.entry.lines] == ["1012", "1303.02"]
    assert shown.skipped == ("principal: 1012 / 1303.01",)
    assert shown.entry.rule_version == 2
    assert accounts(rule) == {"1012", "1303.01", "1303.02"}
    assert components(rule) == {"principal", "late"}


@pytest.mark.parametrize("rule", [RULE, BALANCED, BRANCHED, ROUNDED])
def test_a_rule_comes_back_from_its_data_with_the_same_hash(rule: Rule) -> None:
    back = from_data(json.loads(json.dumps(to_data(rule))))
    assert back == rule
    assert content_hash(back) == content_hash(rule)
    assert content_hash(replace(rule, version=2)) != content_hash(rule)


def test_the_golden_hash_of_a_rule() -> None:
    assert content_hash(RULE) == "357c2fd7526016173e35f7491ed255b29d00da7c046d8e8be8b02ad629507be4"


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        ({}, RuleFault.MALFORMED),
        ({"kind": "X", "version": 1}, RuleFault.EMPTY),
        ({"kind": "X", "version": "1", "legs": []}, RuleFault.MALFORMED),
        ({"kind": "X", "version": 1, "legs": [{"component": "a", "debit": "1", "credit": "1"}]},
         RuleFault.SAME_ACCOUNT),
        ({"kind": "X", "version": 1, "legs": [{"component": "a", "debit": "1", "credit": "2", "x": 1}]},
         RuleFault.MALFORMED),
        ({"kind": "X", "version": 1, "lines": [{"side": "D", "account": "1", "terms": [["a", 1, 0]]}]},
         RuleFault.COEFFICIENT),
        ({"kind": "X", "version": 1, "lines": [{"side": "X", "account": "1", "terms": [["a", 1, 1]]}]},
         RuleFault.MALFORMED),
    ],
)  # fmt: skip
def test_data_that_is_no_rule_is_refused(data: dict[str, object], fault: RuleFault) -> None:
    with pytest.raises(RuleInvalid) as refused:
        from_data(data)
    assert refused.value.code is fault
