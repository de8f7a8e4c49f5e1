"""The bank as it is told: orders with everything heard about them, files, and differences until they are closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.domain.origination.world import TODAY
from tests.domain.payment.test_operations import ON

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

ORDERS: Final = """query($kind: PaymentKind, $state: PaymentState, $on: Date) {
    paymentOrders(first: 50, kind: $kind, state: $state, businessOn: $on) { nodes {
    id orderNo kind businessKey attempt amount { amount } businessOn card state code sentAt
    history { seq state changed source outcome code amount { amount } anomaly } } } }"""


def orders(lived: Lived, **given: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - JSON
    found: list[dict[str, Any]] = lived.asking.ask(ORDERS, **given)["paymentOrders"]["nodes"]
    return found


def test_an_order_is_told_with_everything_that_was_heard(lived: Lived) -> None:
    found = orders(lived)
    numbers = [one["orderNo"] for one in found]
    assert numbers == sorted(numbers, reverse=True), "the newest first"
    assert {one["kind"] for one in found} == {"CARD_CHECK", "DISBURSEMENT"}
    for one in found:
        assert (one["state"], one["code"], one["attempt"]) == ("SUCCEEDED", "0000", 1)
        assert one["amount"]["amount"] == ("0.00" if one["kind"] == "CARD_CHECK" else "3000.00")
        assert [event["seq"] for event in one["history"]] == list(range(1, len(one["history"]) + 1))
        assert one["history"][-1]["state"] == one["state"]
        assert one["history"][-1]["outcome"] == "SUCCEEDED"
        assert one["card"].startswith("****")
        assert len(one["card"]) == 8, "four digits are all that anybody sees"


@pytest.mark.parametrize(
    ("given", "count"),
    [
        ({}, 6),
        ({"kind": "DISBURSEMENT"}, 3),
        ({"state": "SUCCEEDED"}, 6),
        ({"state": "UNKNOWN"}, 0),
        ({"on": TODAY.isoformat()}, 6),
        ({"on": ON.isoformat()}, 0),
        ({"kind": "COLLECTION", "state": "SUCCEEDED"}, 0),
    ],
)
def test_orders_are_found_by_kind_state_and_day(lived: Lived, given: dict[str, str], count: int) -> None:
    assert len(orders(lived, **given)) == count


def test_an_order_is_found_by_its_number_and_by_its_id(lived: Lived) -> None:
    one = orders(lived, kind="DISBURSEMENT")[0]
    assert one["id"] == f"po_{one['orderNo']}"
    by_number = "query($no: String!) { paymentOrder(orderNo: $no) { id } }"
    by_id = "query($id: ID!) { node(id: $id) { ... on PaymentOrder { orderNo } } }"
    assert lived.asking.ask(by_number, no=one["orderNo"])["paymentOrder"] == {"id": one["id"]}
    assert lived.asking.ask(by_id, id=one["id"])["node"] == {"orderNo": one["orderNo"]}
    assert lived.asking.faults(by_number, no="PO-none") == ["NOT_FOUND"]
    for strange in ("po_none", "po_"):
        assert lived.asking.faults(by_id, id=strange) == ["NOT_FOUND"]


RUNS: Final = """{ reconciliationRuns(first: 9) { nodes { id profile businessOn sha256
    rowCount matchedCount discrepancyCount openCount discrepancies(first: 50) { nodes { id } } } } }"""
DIFFERENCES: Final = """query($kind: DiscrepancyClass, $open: Boolean!) {
    discrepancies(first: 50, kind: $kind, openOnly: $open) { nodes { id businessOn kind orderNo lineNo ourState
    ourAmount { amount } bankOutcome bankAmount { amount } isOpen resolution { action reason actor } } } }"""


def differences(lived: Lived, kind: str | None = None, *, is_open: bool = False) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = lived.asking.ask(DIFFERENCES, kind=kind, open=is_open)["discrepancies"]["nodes"]
    return found


def test_the_figures_of_a_file_are_those_of_its_lines(lived: Lived) -> None:
    runs = lived.asking.ask(RUNS)["reconciliationRuns"]["nodes"]
    assert [one["businessOn"] for one in runs] == sorted((one["businessOn"] for one in runs), reverse=True)
    assert (len(runs), {one["matchedCount"] for one in runs}) == (2, {0})
    every = {one["id"] for one in differences(lived)}
    assert [one["id"] for run in reversed(runs) for one in run["discrepancies"]["nodes"]] == [
        one["id"] for one in differences(lived)
    ]
    waiting = {one["id"] for one in differences(lived, is_open=True)}
    for one in runs:
        mine = {each["id"] for each in one["discrepancies"]["nodes"]}
        assert (one["rowCount"], one["discrepancyCount"], len(mine)) == (3, 3, 3)
        assert mine <= every
        assert one["openCount"] == len(mine & waiting)


def test_a_difference_tells_both_sides_and_how_it_ended(lived: Lived) -> None:
    closed, *waiting = differences(lived)
    assert (closed["kind"], closed["orderNo"], closed["lineNo"]) == ("MISSING_HERE", f"PO-{ON}-0", 2)
    assert (closed["ourState"], closed["ourAmount"]) == ("", None)
    assert (closed["bankOutcome"], closed["bankAmount"]) == ("SUCCEEDED", {"amount": "0.05"})
    assert closed["isOpen"] is False
    assert closed["resolution"] == {"action": "EXPLAINED", "reason": "a test of the bank's", "actor": "machine"}
    assert [(one["isOpen"], one["resolution"]) for one in waiting] == [(True, None)] * 5
    assert [one["id"] for one in differences(lived, is_open=True)] == [one["id"] for one in waiting]
    assert differences(lived, "DUPLICATE") == []
    assert len(differences(lived, "MISSING_HERE")) == 6


def test_pages_of_a_file_s_differences_are_its_own(lived: Lived) -> None:
    document = """query($after: String) { reconciliationRuns { nodes { discrepancies(first: 2, after: $after) {
        nodes { id } pageInfo { endCursor hasNextPage } } } } }"""
    page = lived.asking.ask(document)["reconciliationRuns"]["nodes"][0]["discrepancies"]
    assert (len(page["nodes"]), page["pageInfo"]["hasNextPage"]) == (2, True)
    refused = lived.asking.faults(document, after=page["pageInfo"]["endCursor"])
    assert refused == ["INVALID_CURSOR"], "the second file refuses a cursor of the first"
    run = lived.asking.ask(RUNS)["reconciliationRuns"]["nodes"][0]
    one = """query($id: ID!, $after: String) { node(id: $id) { ... on ReconciliationRun {
        discrepancies(first: 2, after: $after) { nodes { id } } } } }"""
    found = lived.asking.ask(one, id=run["id"], after=page["pageInfo"]["endCursor"])["node"]["discrepancies"]
    assert found["nodes"] == run["discrepancies"]["nodes"][2:]
