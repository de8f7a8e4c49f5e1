"""An application as it is told: its steps, its decisions with reasons in two languages, its offer, its work."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import pytest

from graphql_api.auth import Role
from graphql_api.relay import global_id
from tests.domain.origination.world import BORDER, GOOD, MODEL_HASH, TODAY

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

WHOLE: Final = """query($first: Int) { applications(first: $first) { nodes {
    id channelApplicationNo termMonths stage waitsFor submittedOn amount { amount } product { code }
    steps { sequence fromStage toStage verdict reasons effectiveOn actor }
    decisions { stage attempt outcome score probabilityOfDefault grade limit { amount currency } decidedOn validUntil
        rulesetHash reasons { code source field rule points text } }
    offer { amount { amount } termMonths startOn disclosureHash madeAt acceptedAt }
    loan { id principal { amount } } } } }"""


def told(lived: Lived, *, locale: str = "en") -> dict[str, list[dict[str, Any]]]:
    """Applications by the stage at which they stand."""
    found: dict[str, list[dict[str, Any]]] = {}
    for one in lived.asking.ask(WHOLE, locale=locale, first=20)["applications"]["nodes"]:
        found.setdefault(one["stage"], []).append(one)
    return found


def test_the_town_has_paid_out_three_and_looks_at_three(lived: Lived) -> None:
    found = told(lived)
    assert {stage: len(rows) for stage, rows in found.items()} == {"DISBURSED": 3, "MANUAL_REVIEW": 3}
    assert {one["waitsFor"] for one in found["MANUAL_REVIEW"]} == {"PEOPLE"}
    assert {one["loan"]["id"] for one in found["DISBURSED"]} == set(lived.loans)
    assert {one["id"] for one in found["MANUAL_REVIEW"]} == set(lived.applications)


def test_steps_lead_from_stage_to_stage(lived: Lived) -> None:
    for rows in told(lived).values():
        for one in rows:
            steps = one["steps"]
            assert [step["sequence"] for step in steps] == list(range(1, len(steps) + 1))
            assert [step["fromStage"] for step in steps[1:]] == [step["toStage"] for step in steps[:-1]]
            assert steps[-1]["toStage"] == one["stage"]
            assert {step["effectiveOn"] for step in steps} == {TODAY.isoformat()}


def test_a_decision_rests_on_a_score_and_names_what_it_allows(lived: Lived) -> None:
    found = told(lived)
    for stage, score, outcome in (("DISBURSED", GOOD, "PASS"), ("MANUAL_REVIEW", BORDER, "REFER")):
        for one in found[stage]:
            first = one["decisions"][0]
            assert (first["score"], first["outcome"], first["attempt"]) == (score, outcome, 1)
            assert Decimal(first["probabilityOfDefault"]) == Decimal("0.1")
            assert first["decidedOn"] == TODAY.isoformat() <= first["validUntil"]
            assert len(first["rulesetHash"]) == len(MODEL_HASH)
            limit = first["limit"]
            assert limit is None or limit["currency"] == "CNY"
    limits = [decision["limit"] for one in found["DISBURSED"] for decision in one["decisions"]]
    assert any(limit is not None for limit in limits)


def test_a_reason_is_a_sentence_in_the_language_of_the_request(lived: Lived) -> None:
    def reasons(locale: str) -> list[dict[str, Any]]:
        return [one for row in told(lived, locale=locale)["MANUAL_REVIEW"] for one in row["decisions"][0]["reasons"]]

    english, chinese = reasons("en"), reasons("zh-CN")
    assert english
    for en, zh in zip(english, chinese, strict=True):
        assert {**en, "text": ""} == {**zh, "text": ""}
        assert en["text"].isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in zh["text"])


def test_what_was_accepted_is_what_is_lent(lived: Lived) -> None:
    found = told(lived)
    assert {one["offer"] for one in found["MANUAL_REVIEW"]} == {None}
    for one in found["DISBURSED"]:
        assert one["offer"]["amount"] == one["amount"] == one["loan"]["principal"]
        assert one["offer"]["acceptedAt"] >= one["offer"]["madeAt"]
        assert one["offer"]["termMonths"] == one["termMonths"]


TASKS: Final = """{ reviewQueue { nodes { id stage approvalsRequired reasons openedAt decisions { reviewer finding
    reasons note } application { id stage } } } }"""


def test_work_for_people_leads_to_its_application(lived: Lived) -> None:
    tasks = lived.asking.ask(TASKS, by=Role.UNDERWRITER)["reviewQueue"]["nodes"]
    assert [one["application"]["id"] for one in tasks] == list(lived.applications), "the oldest first"
    for one in tasks:
        assert (one["stage"], one["approvalsRequired"], one["decisions"]) == ("MANUAL_REVIEW", 1, [])
        assert one["reasons"]
        node = "query($id: ID!) { node(id: $id) { id ... on ReviewTask { application { id } } } }"
        assert lived.asking.ask(node, id=one["id"])["node"] == {
            "id": one["id"],
            "application": {"id": one["application"]["id"]},
        }


@pytest.mark.parametrize("stages", [["DISBURSED"], ["MANUAL_REVIEW", "DISBURSED"], ["REJECTED"], []])
def test_only_what_stands_where_it_is_asked(lived: Lived, stages: list[str]) -> None:
    document = "query($stages: [ApplicationStage!]) { applications(stages: $stages) { nodes { stage } } }"
    found = [one["stage"] for one in lived.asking.ask(document, stages=stages)["applications"]["nodes"]]
    assert sorted(set(found)) == sorted({"DISBURSED", "MANUAL_REVIEW"} & set(stages or ["DISBURSED", "MANUAL_REVIEW"]))
    assert len(found) == 3 * len(set(found))


@pytest.mark.parametrize("given", ["nonsense", global_id("ln", 1), global_id("ap", 10**9)])
def test_what_is_no_application_is_not_found(lived: Lived, given: str) -> None:
    assert lived.asking.faults("query($id: ID!) { application(id: $id) { id } }", id=given) == ["NOT_FOUND"]
