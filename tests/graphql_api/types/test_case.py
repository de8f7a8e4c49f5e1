"""A case as it is told: the loan, what happened, who was called and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphql_api.auth import Role
from tests.graphql_api.lived import COLLECTORS, LATE

if TYPE_CHECKING:
    from tests.graphql_api.lived import Lived

WHOLE: Final = """query($open: Boolean!) { collectionCases(openOnly: $open) { nodes {
    id openedOn daysPastDue overdue { amount } bucket collector closedOn closeReason loan { id position {
        daysPastDue overdue { total { amount } } } }
    history { kind bucket daysPastDue note happenedOn actor }
    contacts { channel callee startedAt actor outcome lineStatus } } } }"""
OPENED: Final = (LATE.replace(month=2, day=28)).isoformat()
"""The first of the two days that were closed."""


def test_a_case_is_an_overdue_loan(lived: Lived) -> None:
    found = lived.asking.ask(WHOLE, open=True)["collectionCases"]["nodes"]
    assert [one["id"] for one in found] == list(lived.cases), "the newest first"
    assert {one["loan"]["id"] for one in found} == set(lived.loans)
    for one in found:
        assert (one["openedOn"], one["bucket"], one["closedOn"], one["closeReason"]) == (OPENED, "M1", None, None)
        assert float(one["overdue"]["amount"]) > 0
        now = one["loan"]["position"]
        assert now["daysPastDue"] >= one["daysPastDue"] > 0
        (opened,) = one["history"]
        assert (opened["kind"], opened["bucket"], opened["daysPastDue"]) == ("OPENED", "M1", one["daysPastDue"])
        assert (opened["happenedOn"], opened["actor"], opened["note"]) == (OPENED, "machine", "")


def test_contact_is_told_with_its_result_and_without_the_number(lived: Lived) -> None:
    worked, *others = lived.asking.ask(WHOLE, open=False)["collectionCases"]["nodes"]
    assert [one["contacts"] for one in others] == [[], []]
    called, wrote = worked["contacts"]
    assert (called["channel"], called["callee"], called["actor"]) == ("CALL", "138****8000", COLLECTORS[0])
    assert (called["outcome"], called["lineStatus"]) == ("WILLING", "ANSWERED")
    assert (wrote["channel"], wrote["outcome"], wrote["lineStatus"]) == ("LETTER", None, None)


def test_a_collector_works_on_his_own_and_reaches_the_loan_through_it(lived: Lived) -> None:
    him = lived.asking.viewer(Role.COLLECTOR)
    assert him.subject == COLLECTORS[0]
    mine = lived.asking.ask(WHOLE, by=him, open=True)["collectionCases"]["nodes"]
    assert [(one["id"], one["collector"]) for one in mine] == [(one, him.subject) for one in lived.cases[::2]]
    case = mine[0]
    assert case["loan"]["position"]["daysPastDue"] > 0
    one = "query($id: ID!) { collectionCase(id: $id) { collector } }"
    assert lived.asking.ask(one, by=him, id=case["id"])["collectionCase"] == {"collector": him.subject}
    assert lived.asking.faults(one, by=him, id=lived.case) == ["NOT_FOUND"]


def test_cases_that_nobody_had_are_given_at_the_next_close(lived: Lived) -> None:
    asked = "query($on: Date!) { dayRun(on: $on) { steps { step loans } } }"
    for on in (OPENED, LATE.isoformat()):
        steps = {one["step"]: one["loans"] for one in lived.asking.ask(asked, on=on)["dayRun"]["steps"]}
        assert steps["COLLECT"] == 3, "opened on the first day, given on the second"
    found = lived.asking.ask("{ collectionCases { nodes { collector } } }")["collectionCases"]["nodes"]
    assert [one["collector"] for one in found] == ["a-collector", "b-collector", "a-collector"]
