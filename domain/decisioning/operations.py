"""Writes of decisioning: publish a rule set, register a model and step it through its life, decide."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from domain.command import Command
from domain.decisioning import queries
from domain.decisioning.decide import DecisionConflict, content_hash, inputs_hash, judge, plain_facts
from domain.decisioning.facts import Assess, Decision, DecisionRequest, Evaluate, Judgement
from domain.decisioning.registry import (
    ModelRegistration,
    ModelState,
    ModelStepImpossible,
    ModelVersion,
    step_fault,
)
from domain.decisioning.ruleset import Prove, RuleSet, RulesetUnproved, RulesetVersionTaken, read
from domain.decisioning.tables import decision as decision_table
from domain.decisioning.tables import decision_reason, model_file, model_state, model_version, ruleset
from domain.refusals import NotFound, SamePerson


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """The judge that origination asks: finds the rule set of the day by its name, decides and stores."""

    assess: Assess
    evaluate: Evaluate

    def __call__(self, conn: Connection, request: DecisionRequest, /, *, pack: str, command: Command) -> Decision:
        """Decide by the pack that holds on the day of the request; a product names only packs that are published."""
        found = queries.ruleset_on(conn, name=pack, on=request.decided_on)
        assert found is not None, f"no rule set {pack} holds on {request.decided_on}"
        made = decide(conn, request, assess=self.assess, evaluate=self.evaluate, pack=found, command=command)
        assert isinstance(made, Decision), f"a caller raises the attempt when facts change: {made}"
        return made


def decide(
    conn: Connection, request: DecisionRequest, *, assess: Assess, evaluate: Evaluate, pack: RuleSet, command: Command
) -> Decision | DecisionConflict:
    """Judge an application at a stage and keep the decision with inputs, reasons and trace.

    The same question (application, stage, attempt) with the same facts and rules gets the stored answer; with others it
    is refused (`DECISION_CONFLICT`).
    """
    # Two workers that ask at once are put in line; the second finds the first's answer.
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(_question(request), 0))))
    stored = queries.at_stage(conn, application_id=request.application_id, stage=request.stage, attempt=request.attempt)
    if stored is not None:
        same = inputs_hash(stored.request.facts) == inputs_hash(request.facts)
        if same and stored.judgement.ruleset_hash == pack.hash:
            return replace(stored, is_replay=True)
        return DecisionConflict(stage=request.stage.value, decision_id=stored.decision_id)
    judgement = judge(request, assess=assess, evaluate=evaluate, ruleset=pack)
    decision_id = _store(conn, request, judgement, command)
    return Decision(
        decision_id=decision_id,
        request=request,
        judgement=judgement,
        actor=command.actor,
        received_at=command.received_at,
    )


def publish_ruleset(
    conn: Connection, text: str, *, prove: Prove, command: Command
) -> RuleSet | RulesetUnproved | RulesetVersionTaken:
    """Publish a rule set given as JSON text; what is not proved is refused, and a version never changes."""
    faults = prove(text)
    if faults:
        return RulesetUnproved(detail="; ".join(faults))
    pack = read(text)
    known = conn.scalar(select(ruleset.c.hash).where(ruleset.c.name == pack.name, ruleset.c.version == pack.version))
    if known is not None:
        return pack if known == pack.hash else RulesetVersionTaken(name=pack.name, version=pack.version)
    conn.execute(
        insert(ruleset).values(
            hash=pack.hash,
            name=pack.name,
            version=pack.version,
            effective_from=pack.effective_from,
            document=pack.text,
            recorded_at=command.received_at,
            actor=command.actor,
        )
    )
    return pack


def register_model(conn: Connection, registration: ModelRegistration, *, command: Command) -> ModelVersion:
    """Take a model file into the registry as a draft; the same file under the same name again changes nothing."""
    conn.execute(
        upsert(model_file)
        .values(sha256=registration.sha256, content=registration.content)
        .on_conflict_do_nothing(index_elements=["sha256"])
    )
    known = conn.scalar(
        select(model_version.c.model_id).where(
            model_version.c.name == registration.name, model_version.c.sha256 == registration.sha256
        )
    )
    if known is None:
        known = conn.execute(
            insert(model_version)
            .values(
                name=registration.name,
                sha256=registration.sha256,
                contract_hash=registration.contract_hash,
                contract=registration.contract,
                params=dict(registration.params),
                metrics=dict(registration.metrics),
                self_test=dict(registration.self_test),
                data_fingerprint=registration.data_fingerprint,
                data_rows=registration.data_rows,
                label_definition=registration.label_definition,
                recorded_at=command.received_at,
                actor=command.actor,
            )
            .returning(model_version.c.model_id)
        ).scalar_one()
        _step(conn, known, ModelState.DRAFT, command)
    found = queries.model(conn, known)
    assert found is not None, "models are never deleted"
    return found


def step_model(
    conn: Connection, model_id: int, *, to: ModelState, command: Command
) -> ModelVersion | NotFound | ModelStepImpossible | SamePerson:
    """Step a model through its life, by another person than the step before; a new champion retires the old one."""
    model = queries.model(conn, model_id)
    if model is None:
        return NotFound(what="model")
    # One line for all models of a name, so that there are never two champions.
    conn.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"model {model.registration.name}", 0))))
    current, by = queries.last_step(conn, model_id)
    if current is to:
        return model
    if (fault := step_fault(current, to)) is not None:
        return fault
    if by == command.actor:
        return SamePerson()
    if to is ModelState.CHAMPION:
        before = queries.champion(conn, model.registration.name)
        if before is not None:
            _step(conn, before.model_id, ModelState.RETIRED, command)
    _step(conn, model_id, to, command)
    return replace(model, state=to)


def _question(request: DecisionRequest) -> str:
    return f"decision {request.application_id} {request.stage} {request.attempt}"


def _step(conn: Connection, model_id: int, state: ModelState, command: Command) -> None:
    conn.execute(
        insert(model_state).values(
            model_id=model_id, state=state.value, recorded_at=command.received_at, actor=command.actor
        )
    )


def _store(conn: Connection, request: DecisionRequest, judgement: Judgement, command: Command) -> int:
    assessed = judgement.assessed
    decision_id = conn.execute(
        insert(decision_table)
        .values(
            application_id=request.application_id,
            stage=request.stage.value,
            attempt=request.attempt,
            outcome=judgement.outcome.value,
            probability_of_default=None if assessed is None else assessed.probability_of_default,
            score=None if assessed is None else assessed.score,
            model_hash=None if assessed is None else assessed.model_hash,
            contract_hash=None if assessed is None else assessed.contract_hash,
            ruleset_hash=judgement.ruleset_hash,
            currency=request.currency,
            outputs=plain_facts(judgement.outputs),
            inputs=plain_facts(request.facts),
            inputs_hash=inputs_hash(request.facts),
            trace=dict(judgement.trace),
            content_hash=content_hash(judgement),
            decided_on=request.decided_on,
            valid_until=judgement.valid_until,
            command_key=command.key,
            received_at=command.received_at,
            actor=command.actor,
        )
        .returning(decision_table.c.decision_id)
    ).scalar_one()
    if judgement.reasons:
        conn.execute(
            insert(decision_reason),
            [
                {
                    "decision_id": decision_id,
                    "position": position,
                    "code": reason.code,
                    "source": reason.source,
                    "field": reason.field,
                    "rule": reason.rule,
                    "points": reason.points,
                    "text_zh": reason.zh,
                    "text_en": reason.en,
                }
                for position, reason in enumerate(judgement.reasons, start=1)
            ],
        )
    return int(decision_id)
