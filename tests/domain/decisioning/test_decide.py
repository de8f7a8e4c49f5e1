import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.decisioning.decide import content, content_hash, facts_of, inputs_hash, judge, plain_facts, verdict
from domain.decisioning.facts import Decision, DecisionRequest, Judgement, Outcome, Stage
from risk.training import Example
from seed import german
from tests.domain.decisioning.conftest import Real

P, F, X = Outcome.PASS, Outcome.REFER, Outcome.REJECT


def judged(real: Real, request: DecisionRequest) -> Judgement:
    return judge(request, assess=real.assess, evaluate=real.evaluate, ruleset=real.ruleset)


def test_rows_that_the_model_never_saw_are_decided_as_meant(real: Real) -> None:
    examples: tuple[Example, ...] = german.table(german.contract()).examples
    seen = {example.line for example in german.training_rows(examples)}
    found = {row: judged(real, real.request(row)) for row in range(1, 1001) if row not in seen}
    shares = Counter(one.outcome for one in found.values())
    total = len(found)
    assert total == 300
    assert 0.60 <= shares[P] / total <= 0.70
    assert 0.10 <= shares[F] / total <= 0.15
    bad = Counter(one.outcome for row, one in found.items() if real.applications[row - 1].bad)
    assert bad[P] / shares[P] < 0.20 < bad[F] / shares[F] < bad[X] / shares[X]
    for row, one in found.items():
        assert (one.limit is not None) == (one.outcome is not X)
        assert (one.outcome is P) == (not one.reasons)
        if one.outcome is P:
            assert one.limit is not None
            assert one.limit >= real.applications[row - 1].amount
            assert one.grade in {"A", "B", "C"}
        if one.outcome is X:
            principal = one.principal_reasons
            assert 1 <= len(principal) <= 4
            assert any(reason.source == "MODEL" for reason in principal)
            assert one.reasons[-1].code == "SCORE_LOW"


def first(real: Real, outcome: Outcome) -> int:
    return next(row for row in range(1, 1001) if judged(real, real.request(row)).outcome is outcome)


@pytest.mark.parametrize(
    ("changes", "outcome", "codes"),
    [
        ({}, P, []),
        ({"age": 17}, X, ["AGE_BELOW"]),
        ({"age": None}, F, ["MISSING:age"]),
        ({"credit_inquiry_consent": False}, X, ["NO_CONSENT"]),
        ({"savings": None}, F, ["MISSING:savings"]),
        ({"savings": "MUCH", "job": None}, F, ["INVALID:savings", "MISSING:job"]),
        ({"amount": "5000"}, F, ["INVALID:amount"]),
        ({"term": 0, "age": 76}, X, ["AGE_ABOVE", "INVALID:term"]),
        ({"marital": "10"}, P, []),
    ],
)
def test_faults_of_facts_are_told_once(real: Real, changes: dict[str, Any], outcome: Outcome, codes: list[str]) -> None:
    found = judged(real, real.request(first(real, P), **changes))
    assert (found.outcome, [reason.code for reason in found.reasons]) == (outcome, codes)
    assert (found.assessed is None) == any(
        reason.source == "DATA" and reason.field != "age" for reason in found.reasons
    )


def test_a_request_above_the_limit_is_referred(real: Real) -> None:
    row = first(real, P)
    text = json.loads(real.ruleset.text)
    policy = next(one for one in text["tables"] if one["name"] == "credit_policy")
    for one in policy["rows"][:3]:
        one["then"]["limit"] = real.applications[row - 1].amount - 1
    low = replace(real.ruleset, text=json.dumps(text))
    found = judge(real.request(row), assess=real.assess, evaluate=real.evaluate, ruleset=low)
    assert (found.outcome, [one.code for one in found.reasons]) == (F, ["LIMIT_BELOW_REQUEST"])
    assert found.limit == real.applications[row - 1].amount - 1


def test_a_model_of_another_contract_passes_nothing(real: Real) -> None:
    other = replace(real.ruleset, contract_hash="f" * 64)
    found = judge(real.request(first(real, P)), assess=real.assess, evaluate=real.evaluate, ruleset=other)
    assert found.outcome is F
    assert "CONTRACT_DIFFERS" in [one.code for one in found.reasons]


def test_nobody_gives_a_score(real: Real) -> None:
    with pytest.raises(AssertionError):
        judged(real, real.request(1, score=900))


def test_protected_facts_move_neither_score_nor_outcome(real: Real) -> None:
    for row in range(1, 60):
        plain = judged(real, real.request(row))
        other = judged(real, real.request(row, age=60, marital="40", personal_status_sex="X", foreign_worker="NO"))
        assert (plain.outcome, plain.assessed, plain.reasons) == (other.outcome, other.assessed, other.reasons)


def test_anti_fraud_asks_for_no_score(real: Real) -> None:
    found = judged(real, real.request(1, stage=Stage.ANTI_FRAUD))
    assert (found.outcome, found.assessed, found.limit) == (P, None, None)
    shared = judged(real, real.request(1, stage=Stage.ANTI_FRAUD, mobile_customers=2))
    assert [one.code for one in shared.reasons] == ["SHARED_CONTACT"]


@settings(max_examples=60)
@given(
    row=st.integers(1, 1000),
    spoilt=st.dictionaries(
        st.sampled_from(["amount", "term", "age", "term_unit", "checking_status", "savings", "job", "housing"]),
        st.one_of(st.none(), st.text(max_size=4), st.decimals(allow_nan=True), st.just(-1)),
        min_size=1,
        max_size=3,
    ),
)
def test_nothing_spoilt_is_ever_approved(real: Real, row: int, spoilt: dict[str, Any]) -> None:
    found = judged(real, real.request(row, **spoilt))
    assert found.outcome is not P
    assert {one.field for one in found.reasons} >= spoilt.keys()


def test_the_same_request_gives_the_same_bytes(real: Real) -> None:
    for row in range(1, 40):
        request = real.request(row)
        again = replace(request, facts=facts_of(json.loads(json.dumps(plain_facts(request.facts)))))
        assert inputs_hash(request.facts) == inputs_hash(again.facts)
        assert content(judged(real, request)) == content(judged(real, again))
        assert content_hash(judged(real, request)) == content_hash(judged(real, again))


@settings(max_examples=100)
@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.dates(), st.decimals(allow_nan=False)),
    )
)
def test_facts_survive_storage(facts: dict[str, Any]) -> None:
    found = facts_of(json.loads(json.dumps(plain_facts(facts))))
    assert found == facts
    assert [type(found[name]) for name in facts] == [type(value) for value in facts.values()]
    assert [str(found[name]) for name in facts] == [str(value) for value in facts.values()]


def test_the_worst_decision_counts(real: Real) -> None:
    made = [
        Decision(
            decision_id=number,
            request=real.request(1),
            judgement=judged(real, real.request(first(real, outcome))),
            actor="a",
            received_at=datetime(2025, 3, 3, tzinfo=UTC),
        )
        for number, outcome in enumerate([P, X, F])
    ]
    assert verdict(made) is X
    assert verdict([made[0], made[2]]) is F
    assert verdict(made[:1]) is P
    assert verdict([]) is F
