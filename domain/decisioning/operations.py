"""Writes of decisioning: register a rule set or a model, and decide once per question, keeping all it rests on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from sqlalchemy import Connection, insert

from domain.command import Command
from domain.decisioning import queries
from domain.decisioning.decide import judge
from domain.decisioning.facts import Assess, Decision, DecisionRequest, Evaluate
from domain.decisioning.ruleset import ruleset_of
from domain.decisioning.stored import digest, plain
from domain.decisioning.tables import decision, decision_reason, model_version, ruleset
from domain.refusals import KeyReused, NotFound, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSetChanged(Refusal):
    """A pack of this name and version is registered with another text: a version never changes."""

    code: ClassVar[str] = "RULESET_CHANGED"
    zh: ClassVar[str] = "规则包 {name} 版本 {version} 已登记且内容不同"
    en: ClassVar[str] = "pack {name} version {version} is registered with another text"

    name: str
    version: int


def register_ruleset(conn: Connection, document: str, *, command: Command) -> str | RuleSetChanged:
    """Register a proved pack and answer its hash; the same text again changes nothing."""
    pack = ruleset_of(document)
    known = queries.rule_set_version(conn, name=pack.name, version=pack.version)
    if known is not None:
        return known if known == pack.hash else RuleSetChanged(name=pack.name, version=pack.version)
    conn.execute(
        insert(ruleset).values(
            ruleset_hash=pack.hash,
            name=pack.name,
            version=pack.version,
            document=document,
            effective_from=pack.effective_from,
            registered_at=command.received_at,
            actor=command.actor,
        )
    )
    return pack.hash


def register_model(
    conn: Connection, *, model_hash: str, contract_hash: str, document: Mapping[str, object], command: Command
) -> None:
    """Register what is known about a model file (metrics, parameters, self-test); again changes nothing."""
    if queries.model(conn, model_hash) is None:
        conn.execute(
            insert(model_version).values(
                model_hash=model_hash,
                contract_hash=contract_hash,
                document=dict(document),
                registered_at=command.received_at,
                actor=command.actor,
            )
        )


def decide(
    conn: Connection, request: DecisionRequest, *, pack: str, assess: Assess, evaluate: Evaluate, command: Command
) -> Decision | KeyReused | NotFound:
    """Decide, and keep the question, the answer, the reasons and the trace together.

    The same question (application, stage, attempt) with the same facts is answered from the record; with other facts it
    is refused (`KeyReused`). An unknown pack is refused (`NotFound`).
    """
    known = queries.asked(conn, application_id=request.application_id, stage=request.stage, attempt=request.attempt)
    if known is not None:
        same = digest(known.request.facts) == digest(request.facts)
        return replace(known, is_replay=True) if same else KeyReused(field="facts")
    rules = queries.rule_set(conn, name=pack, on=request.decided_on)
    if rules is None:
        return NotFound(what=f"decision pack {pack}")
    judgement = judge(request, ruleset=rules, assess=assess, evaluate=evaluate)
    assessed = judgement.assessed
    row = insert(decision).values(
        application_id=request.application_id,
        stage=request.stage,
        attempt=request.attempt,
        decided_on=request.decided_on,
        currency=request.currency,
        facts=plain(request.facts),
        facts_hash=digest(request.facts),
        outcome=judgement.outcome,
        outputs=plain(judgement.outputs),
        probability_of_default=None if assessed is None else assessed.probability_of_default,
        score=None if assessed is None else assessed.score,
        model_hash=None if assessed is None else assessed.model_hash,
        contract_hash=None if assessed is None else assessed.contract_hash,
        ruleset_hash=judgement.ruleset_hash,
        valid_until=judgement.valid_until,
        trace=json.loads(json.dumps(judgement.trace, default=dict)),
        actor=command.actor,
        command_key=command.key,
        received_at=command.received_at,
    )
    decision_id = int(conn.execute(row.returning(decision.c.decision_id)).scalar_one())
    if judgement.reasons:
        conn.execute(
            insert(decision_reason),
            [
                {
                    "decision_id": decision_id,
                    "place": place,
                    "code": reason.code,
                    "source": reason.source,
                    "field": reason.field,
                    "rule": reason.rule,
                    "points": reason.points,
                    "zh": reason.zh,
                    "en": reason.en,
                }
                for place, reason in enumerate(judgement.reasons, 1)
            ],
        )
    return Decision(
        decision_id=decision_id,
        request=request,
        judgement=judgement,
        actor=command.actor,
        received_at=command.received_at,
    )
