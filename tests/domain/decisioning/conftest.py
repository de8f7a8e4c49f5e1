"""The real scorer and the real engine, as the composition root would introduce them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from domain.command import Command
from domain.decisioning.facts import Assess, DecisionRequest, Evaluate, FactValue, Stage
from domain.decisioning.ruleset import RuleSet, read
from risk.assess import assessor
from risk.model import Model, load
from risk.rules.evaluate import evaluate_document
from seed import german

ON = date(2025, 3, 3)
HONEST: Mapping[str, FactValue] = {
    "identity_checks": True,
    "identity_age_matches": True,
    "card_checks": True,
    "mobile_virtual": False,
    "mobile_customers": 1,
    "applications_30d": 0,
}


@dataclass(frozen=True)
class Real:
    """Everything a decision needs."""

    assess: Assess
    evaluate: Evaluate
    ruleset: RuleSet
    applications: tuple[german.GermanApplication, ...]

    def facts(self, row: int, **changes: FactValue) -> dict[str, FactValue]:
        """What the form of a row gives, with changes."""
        one = self.applications[row - 1]
        form: dict[str, FactValue] = {
            "amount": one.amount,
            "term": one.term_months,
            "term_unit": "M",
            "purpose_code": one.purpose_code,
            "age": one.age,
            "credit_inquiry_consent": True,
        }
        return {**form, **one.extension, **changes}

    def request(
        self,
        row: int,
        *,
        stage: Stage = Stage.PRE_APPROVAL,
        attempt: int = 1,
        **changes: Any,  # noqa: ANN401 - wrong types are cases
    ) -> DecisionRequest:
        """The question about a row."""
        facts = self.facts(row) if stage is Stage.PRE_APPROVAL else {**self.facts(row), **HONEST}
        return DecisionRequest(
            application_id=row, stage=stage, facts={**facts, **changes}, decided_on=ON, attempt=attempt
        )


@pytest.fixture(scope="session")
def real() -> Real:
    contract, trained = german.contract(), german.trained()
    model = load(trained.content, registered=trained.registered, contract=contract)
    assert isinstance(model, Model)
    return Real(
        assess=assessor(model),
        evaluate=evaluate_document,
        ruleset=read(german.pack_text()),
        applications=german.applications(contract),
    )


@pytest.fixture(scope="session")
def command() -> Callable[..., Command]:
    def make(actor: str = "machine", key: str = "k") -> Command:
        return Command(actor=actor, key=key, received_at=datetime(2025, 3, 3, 2, tzinfo=UTC))

    return make
