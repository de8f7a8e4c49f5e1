"""The decision as a pure function: facts, a scorer and tables in; a judgement with every reason named out.

Fail closed: without an assessment where one is due, under another feature contract, or with a limit below the request,
nothing passes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import ClassVar

from domain.decisioning.facts import (
    Assess,
    Assessed,
    AssessmentShape,
    Decision,
    DecisionRequest,
    Evaluate,
    Facts,
    FactValue,
    Json,
    Judgement,
    Outcome,
    Reason,
    ReasonShape,
)
from domain.decisioning.ruleset import RuleSet, canonical
from domain.refusals import Refusal

RULE = "RULE"
DATA = "DATA"

CONTRACT_DIFFERS = Reason(
    code="CONTRACT_DIFFERS",
    source=DATA,
    zh="评分模型与规则包的特征合同不一致, 转人工审核",
    en="the scoring model and the rule set were made for different data: a person will decide",
)
LIMIT_BELOW_REQUEST = Reason(
    code="LIMIT_BELOW_REQUEST",
    source=RULE,
    field="amount",
    zh="申请金额超过可授信额度, 转人工审核",
    en="the requested amount is above the limit: a person will decide",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionConflict(Refusal):
    """This stage of the application was decided on other facts or rules; a new attempt needs its own number."""

    code: ClassVar[str] = "DECISION_CONFLICT"
    zh: ClassVar[str] = "该申请在 {stage} 环节已有决策 {decision_id}, 且依据不同"
    en: ClassVar[str] = "decision {decision_id} of this application at {stage} rests on other facts or rules"

    stage: str
    decision_id: int


def judge(request: DecisionRequest, *, assess: Assess, evaluate: Evaluate, ruleset: RuleSet) -> Judgement:
    """Judge an application at a stage; the same request gives the same bytes for ever."""
    given = ruleset.derived & request.facts.keys()
    assert not given, f"{sorted(given)} are derived, not given"
    found = assess(request.facts) if ruleset.stages[request.stage].assess else None
    faults = found if isinstance(found, tuple) else ()
    assessment = None if isinstance(found, tuple) else found
    fits = assessment is None or assessment.contract_hash == ruleset.contract_hash
    derived: Facts = {}
    if assessment is not None and fits:
        derived = {"score": assessment.score, "probability_of_default": assessment.probability_of_default}
    evaluation = evaluate(ruleset.text, stage=request.stage.value, facts={**request.facts, **derived})
    spoken = [_kept(reason) for reason in evaluation.reasons]
    outcome = Outcome(evaluation.outcome)
    if (faults or not fits) and outcome is Outcome.PASS:
        outcome = Outcome.REFER
    outputs = {} if outcome is Outcome.REJECT else dict(evaluation.outputs)
    own = [] if fits else [CONTRACT_DIFFERS]
    if outcome is Outcome.PASS and _exceeds(request.facts.get("amount"), outputs.get("limit")):
        outcome, own = Outcome.REFER, [LIMIT_BELOW_REQUEST]
    reasons = _ordered([*own, *spoken], faults=faults, assessment=assessment, derived=ruleset.derived)
    assert (outcome is Outcome.PASS) == (not reasons), "what is not passed has a reason, and only that"
    return Judgement(
        outcome=outcome,
        reasons=reasons,
        outputs=outputs,
        assessed=None if assessment is None else _assessed(assessment),
        ruleset_hash=ruleset.hash,
        valid_until=request.decided_on + timedelta(days=ruleset.validity_days),
        trace={**evaluation.trace, "assessment": _assessment_trace(assessment, faults)},
    )


def replayed(decision: Decision, *, assess: Assess, evaluate: Evaluate, ruleset: RuleSet) -> bool:
    """Run a stored decision again and tell whether it gives the same bytes."""
    assert ruleset.hash == decision.judgement.ruleset_hash, "a replay takes the rule set of its day"
    again = judge(decision.request, assess=assess, evaluate=evaluate, ruleset=ruleset)
    return content(again) == content(decision.judgement)


def verdict(decisions: Sequence[Decision]) -> Outcome:
    """Return what several decisions on one application come to: the worst; without any decision, REFER."""
    return max((one.outcome for one in decisions), key=lambda outcome: outcome.severity, default=Outcome.REFER)


def content(judgement: Judgement) -> str:
    """Return a judgement as canonical JSON text: what `content_hash` is the hash of."""
    return canonical(
        {
            "outcome": judgement.outcome.value,
            "reasons": [reason_plain(reason) for reason in judgement.reasons],
            "outputs": plain_facts(judgement.outputs),
            "assessed": None if judgement.assessed is None else _assessed_plain(judgement.assessed),
            "ruleset_hash": judgement.ruleset_hash,
            "valid_until": judgement.valid_until.isoformat(),
            "trace": judgement.trace,
        }
    )


def content_hash(judgement: Judgement) -> str:
    """SHA-256 (hex) of `content`."""
    return hashlib.sha256(content(judgement).encode()).hexdigest()


def inputs_hash(facts: Facts) -> str:
    """SHA-256 (hex) of the facts as they are stored."""
    return hashlib.sha256(canonical(plain_facts(facts)).encode()).hexdigest()


def plain_facts(facts: Facts) -> dict[str, Json]:
    """Return facts as JSON that keeps their types: a decimal is `{"decimal": "0.36"}`, a date `{"date": "…"}`."""
    return {name: _plain(value) for name, value in facts.items()}


def facts_of(document: Mapping[str, Json]) -> dict[str, FactValue]:
    """Return the facts that `plain_facts` wrote."""
    return {name: _restored(value) for name, value in document.items()}


def reason_plain(reason: Reason) -> dict[str, Json]:
    """Return a reason as JSON."""
    return {
        "code": reason.code,
        "source": reason.source,
        "field": reason.field,
        "rule": reason.rule,
        "points": None if reason.points is None else str(reason.points),
        "zh": reason.zh,
        "en": reason.en,
    }


def _ordered(
    spoken: Sequence[Reason],
    *,
    faults: Sequence[ReasonShape],
    assessment: AssessmentShape | None,
    derived: frozenset[str],
) -> tuple[Reason, ...]:
    """Put the reasons in the order in which they help: hard rules, missing data, what cost points, then the score.

    "The score is too low" is no reason by itself: the factors that cost the points come before it.
    """
    about_score = [reason for reason in spoken if reason.source == RULE and reason.field in derived]
    rules = [reason for reason in spoken if reason.source == RULE and reason.field not in derived]
    told = {fault.code for fault in faults}
    data = [
        reason
        for reason in spoken
        # Without an assessment its faults say what is missing; that the score is missing too says nothing more.
        if reason.source != RULE and reason.code not in told and not (told and reason.field in derived)
    ]
    factors = [_kept(reason) for reason in assessment.reasons] if about_score and assessment is not None else []
    return (*rules, *(_kept(fault) for fault in faults), *data, *factors, *about_score)


def _kept(reason: ReasonShape) -> Reason:
    return Reason(
        code=reason.code,
        source=str(reason.source),
        zh=reason.zh,
        en=reason.en,
        field=reason.field,
        rule=reason.rule,
        points=reason.points,
    )


def _assessed(assessment: AssessmentShape) -> Assessed:
    return Assessed(
        probability_of_default=assessment.probability_of_default,
        score=assessment.score,
        model_hash=assessment.model_hash,
        contract_hash=assessment.contract_hash,
    )


def _assessed_plain(assessed: Assessed) -> dict[str, Json]:
    return {
        "probability_of_default": str(assessed.probability_of_default),
        "score": assessed.score,
        "model_hash": assessed.model_hash,
        "contract_hash": assessed.contract_hash,
    }


def _assessment_trace(assessment: AssessmentShape | None, faults: Sequence[ReasonShape]) -> Json:
    """Return what the scorer said, with its reasons even when the outcome does not tell them."""
    if assessment is None:
        return {"faults": [fault.code for fault in faults]} if faults else None
    return {
        **_assessed_plain(_assessed(assessment)),
        "reasons": [reason_plain(_kept(reason)) for reason in assessment.reasons],
    }


def _exceeds(amount: FactValue, limit: FactValue) -> bool:
    return isinstance(amount, int) and isinstance(limit, int) and amount > limit


def _plain(value: FactValue) -> Json:
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return value


def _restored(value: Json) -> FactValue:
    if isinstance(value, Mapping):
        ((kind, text),) = value.items()
        assert isinstance(text, str), "a typed value is written as text"
        return Decimal(text) if kind == "decimal" else date.fromisoformat(text)
    assert isinstance(value, str | int | bool | None), "a fact is no list"
    return value
