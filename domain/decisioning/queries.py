"""Reads of decisioning: decisions of an application, the rule set of a day, the champion of a name."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, select
from sqlalchemy.dialects.postgresql import distinct_on

from domain.decisioning.decide import facts_of
from domain.decisioning.facts import Assessed, Decision, DecisionRequest, Judgement, Outcome, Reason, Stage
from domain.decisioning.registry import ModelRegistration, ModelState, ModelVersion
from domain.decisioning.ruleset import RuleSet, read
from domain.decisioning.tables import decision as decision_table
from domain.decisioning.tables import decision_reason, model_file, model_state, model_version, ruleset


def decision(conn: Connection, decision_id: int) -> Decision | None:
    """Return one decision, or None."""
    found = _decisions(conn, select(decision_table).where(decision_table.c.decision_id == decision_id))
    return found[0] if found else None


def of_application(conn: Connection, application_id: int) -> tuple[Decision, ...]:
    """Return the decisions that count for an application: the latest attempt of each stage, in order of decision."""
    latest = (
        select(decision_table)
        .where(decision_table.c.application_id == application_id)
        .ext(distinct_on(decision_table.c.stage))
        .order_by(decision_table.c.stage, decision_table.c.attempt.desc())
    )
    return tuple(sorted(_decisions(conn, latest), key=lambda one: one.decision_id))


def decisions_of(conn: Connection, application_id: int) -> tuple[Decision, ...]:
    """Return every decision on an application, earlier attempts too, in order of decision."""
    return decisions_of_many(conn, [application_id]).get(application_id, ())


def decisions_of_many(conn: Connection, application_ids: Collection[int]) -> dict[int, tuple[Decision, ...]]:
    """Return every decision on several applications, by application, in order of decision; two statements."""
    wanted = select(decision_table).where(decision_table.c.application_id.in_(application_ids))
    grouped: dict[int, list[Decision]] = {}
    for one in _decisions(conn, wanted.order_by(decision_table.c.decision_id)):
        grouped.setdefault(one.application_id, []).append(one)
    return {application_id: tuple(found) for application_id, found in grouped.items()}


def at_stage(conn: Connection, *, application_id: int, stage: Stage, attempt: int) -> Decision | None:
    """Return the decision of one attempt at one stage, or None."""
    found = _decisions(
        conn,
        select(decision_table).where(
            decision_table.c.application_id == application_id,
            decision_table.c.stage == stage.value,
            decision_table.c.attempt == attempt,
        ),
    )
    return found[0] if found else None


def ruleset_by_hash(conn: Connection, ruleset_hash: str) -> RuleSet | None:
    """Return the rule set of a hash, or None."""
    text = conn.scalar(select(ruleset.c.document).where(ruleset.c.hash == ruleset_hash))
    return None if text is None else read(text)


def ruleset_on(conn: Connection, *, name: str, on: date) -> RuleSet | None:
    """Return the version of a rule set that holds on a day: the latest that had begun, or None."""
    text = conn.scalar(
        select(ruleset.c.document)
        .where(ruleset.c.name == name, ruleset.c.effective_from <= on)
        .order_by(ruleset.c.effective_from.desc(), ruleset.c.version.desc())
        .limit(1)
    )
    return None if text is None else read(text)


def model(conn: Connection, model_id: int) -> ModelVersion | None:
    """Return a registered model with its file, or None."""
    row = conn.execute(_models().where(model_version.c.model_id == model_id)).one_or_none()
    return None if row is None else _model(row)


def model_by_hash(conn: Connection, sha256: str) -> ModelVersion | None:
    """Return the latest registration of a model file, or None: what a replay needs."""
    row = conn.execute(
        _models().where(model_version.c.sha256 == sha256).order_by(model_version.c.model_id.desc()).limit(1)
    ).one_or_none()
    return None if row is None else _model(row)


def champion(conn: Connection, name: str) -> ModelVersion | None:
    """Return the model of a name that serves, or None."""
    row = conn.execute(
        _models().where(model_version.c.name == name, _state() == ModelState.CHAMPION.value)
    ).one_or_none()
    return None if row is None else _model(row)


def last_step(conn: Connection, model_id: int) -> tuple[ModelState, str]:
    """Return the state of a model and who brought it there."""
    row = conn.execute(
        select(model_state.c.state, model_state.c.actor)
        .where(model_state.c.model_id == model_id)
        .order_by(model_state.c.change_id.desc())
        .limit(1)
    ).one()
    return ModelState(row.state), row.actor


def _state() -> Any:  # noqa: ANN401 - a scalar subquery has no simpler type
    return (
        select(model_state.c.state)
        .where(model_state.c.model_id == model_version.c.model_id)
        .order_by(model_state.c.change_id.desc())
        .limit(1)
        .correlate(model_version)
        .scalar_subquery()
    )


def _models() -> Select[Any]:
    joined = model_version.join(model_file, model_file.c.sha256 == model_version.c.sha256)
    return select(model_version, model_file.c.content, _state().label("state")).select_from(joined)


def _model(row: Row[Any]) -> ModelVersion:
    return ModelVersion(
        model_id=row.model_id,
        registration=ModelRegistration(
            name=row.name,
            content=bytes(row.content),
            sha256=row.sha256,
            contract=row.contract,
            contract_hash=row.contract_hash,
            params=row.params,
            metrics=row.metrics,
            self_test=row.self_test,
            data_fingerprint=row.data_fingerprint,
            data_rows=row.data_rows,
            label_definition=row.label_definition,
        ),
        state=ModelState(row.state),
        recorded_at=row.recorded_at,
        actor=row.actor,
    )


def _decisions(conn: Connection, wanted: Select[Any]) -> list[Decision]:
    """Read decisions with their reasons: two statements, however many there are."""
    rows = conn.execute(wanted).all()
    if not rows:
        return []
    reasons: dict[int, list[Reason]] = {}
    said = select(decision_reason).where(decision_reason.c.decision_id.in_([row.decision_id for row in rows]))
    for row in conn.execute(said.order_by(decision_reason.c.decision_id, decision_reason.c.position)):
        reasons.setdefault(row.decision_id, []).append(
            Reason(
                code=row.code,
                source=row.source,
                zh=row.text_zh,
                en=row.text_en,
                field=row.field,
                rule=row.rule,
                points=row.points,
            )
        )
    return [_decision(row, tuple(reasons.get(row.decision_id, ()))) for row in rows]


def _decision(row: Row[Any], reasons: tuple[Reason, ...]) -> Decision:
    assessed = None
    if row.score is not None:
        assessed = Assessed(
            probability_of_default=row.probability_of_default,
            score=row.score,
            model_hash=row.model_hash,
            contract_hash=row.contract_hash,
        )
    return Decision(
        decision_id=row.decision_id,
        request=DecisionRequest(
            application_id=row.application_id,
            stage=Stage(row.stage),
            facts=facts_of(row.inputs),
            decided_on=row.decided_on,
            currency=row.currency,
            attempt=row.attempt,
        ),
        judgement=Judgement(
            outcome=Outcome(row.outcome),
            reasons=reasons,
            outputs=facts_of(row.outputs),
            assessed=assessed,
            ruleset_hash=row.ruleset_hash,
            valid_until=row.valid_until,
            trace=row.trace,
        ),
        actor=row.actor,
        received_at=row.received_at,
    )
