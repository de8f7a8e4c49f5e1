"""The demonstration's office: every part of approval introduced to the others.

The composition root of a server does the same with its own keys; here the model is the one trained on the German set
and the keys are those that everybody can know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from domain.channel.operations import Business
from domain.command import Command
from domain.decisioning import operations as decisioning
from domain.decisioning import queries as decisions
from domain.decisioning.facts import Assess
from domain.decisioning.registry import ModelState
from domain.decisioning.ruleset import RuleSet
from domain.origination.operations import Desk
from domain.party.vault import Vault
from domain.refusals import Refusal
from risk.fraud import identity_facts
from risk.model import ModelRefused
from risk.rules.analyse import proved
from risk.rules.evaluate import evaluate_document
from seed import chart, german
from seed.keys import development_vault
from seed.parties import Parties, open_parties

OPENED_ON = date(2025, 1, 1)
"""First day of the demonstration's books, parties and product."""
MONTHS = 36
"""Months that its books have open."""
TRAINER, VALIDATOR, RISK_OFFICER = "model-trainer", "model-validator", "risk-officer"
"""The people whom a model needs before it serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Everything that a day of the demonstration works with."""

    vault: Vault
    parties: Parties
    desk: Desk
    handlers: Business


def open_office(
    conn: Connection, *, assess: Assess | None = None, vault: Vault | None = None, months: int = MONTHS
) -> Office:
    """Open books, parties and rule pack, and introduce everything; again changes nothing.

    Without a scorer of its own, the demonstration's model is taken from the registry, and trained first if need be.
    """
    vault = vault or development_vault()
    chart.open_books(conn, from_on=OPENED_ON, months=months)
    parties = open_parties(conn, vault=vault, from_on=OPENED_ON)
    pack = publish_pack(conn)
    assert pack.name == parties.product.decision_pack, "the product names the pack that is published"
    scorer: Assess = assess or serving_scorer(conn)
    bench = decisioning.Bench(assess=scorer, evaluate=evaluate_document)
    desk = Desk(vault=vault, judge=bench, screen=identity_facts)
    return Office(vault=vault, parties=parties, desk=desk, handlers=Business(vault=vault))


def publish_pack(conn: Connection) -> RuleSet:
    """Publish the decision pack of the demonstration's product."""
    published = decisioning.publish_ruleset(
        conn, german.pack_text(), prove=proved, command=_command(RISK_OFFICER, "pack")
    )
    assert isinstance(published, RuleSet), f"the demonstration's pack is proved: {published}"
    return published


def serving_scorer(conn: Connection) -> Assess:
    """The champion of the demonstration; trained, validated and promoted by three people when there is none yet."""
    champion = decisions.champion(conn, german.MODEL_NAME)
    if champion is None:
        registered = decisioning.register_model(
            conn, german.registration(german.trained()), command=_command(TRAINER, "model")
        )
        for actor, state in ((VALIDATOR, ModelState.VALIDATED), (RISK_OFFICER, ModelState.CHAMPION)):
            step = decisioning.step_model(
                conn, registered.model_id, to=state, command=_command(actor, f"model/{state}")
            )
            assert not isinstance(step, Refusal), f"three people take a model to service: {step}"
        champion = replace(registered, state=ModelState.CHAMPION)
    scorer = german.scorer(champion)
    assert not isinstance(scorer, ModelRefused), f"the registered model serves: {scorer}"
    return scorer


def _command(actor: str, key: str) -> Command:
    return Command(actor=actor, key=f"demo/{key}", received_at=datetime.combine(OPENED_ON, datetime.min.time(), UTC))
