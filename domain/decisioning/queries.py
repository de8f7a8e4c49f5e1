"""Reads of decisions, rule sets and models."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from domain.decisioning.facts import Assessed, Decision, DecisionRequest, Judgement, Outcome, Reason, Stage
from domain.decisioning.ruleset import RuleSet, ruleset_of
from domain.decisioning.stored import facts_of
from domain.decisioning.tables import decision as decision_table
from domain.decisioning.tables import decision_reason, model_version, ruleset


def decision(conn: Connection, decision_id: int) -> Decision | None:
    """Find one decision of record."""
    found = _decisions(conn, decision_table.c.decision_id == decision_id)
    return found[0] if found else None


def of_application(conn: Connection, application_id: int) -> tuple[Decision, ...]:
    """The decisions that count for an application: the latest attempt of each stage, in the order of deciding."""
    return of_applications(conn, [application_id])[application_id]


def of_applications(conn: Connection, application_ids: Sequence[int]) -> Mapping[int, tuple[Decision, ...]]:
    """The decisions that count for each of some applications, in two statements."""
    found: dict[int, dict[Stage, Decision]] = {one: {} for one in application_ids}
    for one in _decisions(conn, decision_table.c.application_id.in_(application_ids)):
        found[one.application_id][one.stage] = one
    return {application_id: tuple(stages.values()) for application_id, stages in found.items()}


def asked(conn: Connection, *, application_id: int, stage: Stage, attempt: int) -> Decision | None:
    """The stored answer to a question, if it was asked before."""
    c = decision_table.c
    found = _decisions(conn, (c.application_id == application_id) & (c.stage == stage) & (c.attempt == attempt))
    return found[0] if found else None


def rule_set(conn: Connection, *, name: str, on: date) -> RuleSet | None:
    """The newest pack of this name that is in force on a day."""
    query = (
        select(ruleset.c.document)
        .where(ruleset.c.name == name, ruleset.c.effective_from <= on)
        .order_by(ruleset.c.effective_from.desc(), ruleset.c.version.desc())
        .limit(1)
    )
    document = conn.execute(query).scalar_one_or_none()
    return None if document is None else ruleset_of(document)


def rule_set_version(conn: Connection, *, name: str, version: int) -> str | None:
    """The hash of a registered version of a pack."""
    query = select(ruleset.c.ruleset_hash).where(ruleset.c.name == name, ruleset.c.version == version)
    found: str | None = conn.execute(query).scalar_one_or_none()
    return found


def model(conn: Connection, model_hash: str) -> Mapping[str, object] | None:
    """What was registered about a model file."""
    query = select(model_version.c.document).where(model_version.c.model_hash == model_hash)
    found: Mapping[str, object] | None = conn.execute(query).scalar_one_or_none()
    return found


def _decisions(conn: Connection, where: Any) -> list[Decision]:  # noqa: ANN401 - any SQL condition
    rows = conn.execute(select(decision_table).where(where).order_by(decision_table.c.decision_id)).mappings().all()
    r = decision_reason.c
    reasons: dict[int, list[Reason]] = {row["decision_id"]: [] for row in rows}
    query = select(decision_reason).where(r.decision_id.in_(list(reasons))).order_by(r.decision_id, r.place)
    for row in conn.execute(query) if reasons else ():
        reasons[row.decision_id].append(
            Reason(
                code=row.code,
                source=row.source,
                zh=row.zh,
                en=row.en,
                field=row.field,
                rule=row.rule,
                points=row.points,
            )
        )
    return [_decision(row, tuple(reasons[row["decision_id"]])) for row in rows]


def _decision(row: RowMapping, reasons: tuple[Reason, ...]) -> Decision:
    assessed = None
    if row["model_hash"] is not None:
        assessed = Assessed(
            probability_of_default=row["probability_of_default"],
            score=row["score"],
            model_hash=row["model_hash"],
            contract_hash=row["contract_hash"],
        )
    return Decision(
        decision_id=row["decision_id"],
        request=DecisionRequest(
            application_id=row["application_id"],
            stage=Stage(row["stage"]),
            facts=facts_of(row["facts"]),
            decided_on=row["decided_on"],
            currency=row["currency"],
            attempt=row["attempt"],
        ),
        judgement=Judgement(
            outcome=Outcome(row["outcome"]),
            reasons=reasons,
            outputs=facts_of(row["outputs"]),
            assessed=assessed,
            ruleset_hash=row["ruleset_hash"],
            valid_until=row["valid_until"],
            trace=row["trace"],
        ),
        actor=row["actor"],
        received_at=row["received_at"],
    )
