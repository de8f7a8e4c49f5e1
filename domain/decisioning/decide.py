"""The judgement, pure: facts, a scorer, a table engine and a pack in; an outcome with every reason named out."""

from datetime import timedelta

from domain.decisioning.facts import (
    Assess,
    Assessed,
    DecisionRequest,
    Evaluate,
    Facts,
    Json,
    Judgement,
    Outcome,
    Reason,
    ReasonShape,
)
from domain.decisioning.ruleset import RuleSet


def judge(request: DecisionRequest, *, ruleset: RuleSet, assess: Assess, evaluate: Evaluate) -> Judgement:
    """Judge one application at one stage.

    What the tables cannot know is referred, and so is an application whose data forbid a score: never a silent pass.
    A refused applicant gets no limit. The reasons: rules first, then data, then what cost the most points.
    """
    assessed: Assessed | None = None
    faults: tuple[ReasonShape, ...] = ()
    model_reasons: tuple[ReasonShape, ...] = ()
    facts: Facts = request.facts
    if request.stage in ruleset.assessed_stages:
        found = assess(request.facts)
        if isinstance(found, tuple):
            faults = found
        else:
            assessed = Assessed(
                probability_of_default=found.probability_of_default,
                score=found.score,
                model_hash=found.model_hash,
                contract_hash=found.contract_hash,
            )
            model_reasons = tuple(found.reasons)
            facts = {**facts, "score": found.score, "probability_of_default": found.probability_of_default}
    said = evaluate(ruleset.document, stage=request.stage, facts=facts)
    outcome = Outcome(said.outcome)
    if faults and outcome is Outcome.PASS:
        outcome = Outcome.REFER
    spoken = [*said.reasons, *faults]
    if outcome is not Outcome.PASS:
        spoken.extend(model_reasons)
    trace: dict[str, Json] = {**said.trace, "outcome": outcome.value}
    return Judgement(
        outcome=outcome,
        reasons=_named(spoken),
        outputs={} if outcome is Outcome.REJECT else said.outputs,
        assessed=assessed,
        ruleset_hash=ruleset.hash,
        valid_until=request.decided_on + timedelta(days=ruleset.validity_days),
        trace=trace,
    )


def _named(spoken: list[ReasonShape]) -> tuple[Reason, ...]:
    """Each reason once, in the order of speaking."""
    kept: dict[tuple[str, str | None], Reason] = {}
    for one in spoken:
        reason = Reason(
            code=one.code,
            source=str(one.source),
            zh=one.zh,
            en=one.en,
            field=one.field,
            rule=one.rule,
            points=one.points,
        )
        kept.setdefault((reason.code, reason.rule), reason)
    return tuple(kept.values())
