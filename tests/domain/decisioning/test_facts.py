from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.decisioning.facts import DecisionRequest, Facts, Judgement, Outcome, Reason, Stage

JUDGEMENT = Judgement(
    outcome=Outcome.PASS,
    reasons=(),
    outputs={},
    assessed=None,
    ruleset_hash="0" * 64,
    valid_until=date(2025, 1, 31),
    trace={},
)


@pytest.mark.parametrize(
    ("outputs", "limit", "rate", "grade", "phone"),
    [
        ({}, None, None, None, False),
        ({"limit": 5, "grade": "A", "phone_check": True}, 5, None, "A", True),
        ({"rate_annual": Decimal("0.12"), "phone_check": False}, None, Decimal("0.12"), None, False),
        ({"limit": "5", "grade": 1, "phone_check": 1}, None, None, None, False),
    ],
)
def test_outputs_by_name(
    outputs: Facts, limit: int | None, rate: Decimal | None, grade: str | None, phone: bool
) -> None:
    one = replace(JUDGEMENT, outputs=outputs)
    assert (one.limit, one.rate_annual, one.grade, one.phone_check) == (limit, rate, grade, phone)


def test_at_most_four_reasons_are_told() -> None:
    reasons = tuple(Reason(code=str(number), source="RULE", zh="因", en="why") for number in range(6))
    assert [one.code for one in replace(JUDGEMENT, reasons=reasons).principal_reasons] == ["0", "1", "2", "3"]


def test_a_reason_speaks_two_languages() -> None:
    reason = Reason(code="A", source="RULE", zh="因", en="why")
    assert [reason.text(locale) for locale in ("zh-CN", "zh", "en", "de")] == ["因", "因", "why", "why"]


def test_facts_are_frozen_and_hold_no_float() -> None:
    given: dict[str, int] = {"amount": 5}
    request = DecisionRequest(application_id=1, stage=Stage.PRE_APPROVAL, facts=given, decided_on=date(2025, 1, 1))
    given["amount"] = 6
    assert request.facts["amount"] == 5
    with pytest.raises(AssertionError):
        replace(request, facts={"amount": 5.0})  # type: ignore[dict-item]  # what must not happen


def test_severity_orders_the_outcomes() -> None:
    assert sorted(Outcome, key=lambda one: one.severity) == [Outcome.PASS, Outcome.REFER, Outcome.REJECT]
