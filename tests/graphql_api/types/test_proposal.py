"""A proposal shows what would happen and who wants it, to those who check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphql_api.auth import Role
from graphql_api.relay import global_id
from tests.domain.origination.world import TODAY

if TYPE_CHECKING:
    from tests.graphql_api.asking import Asking

ASKED = """query($id: ID!) { node(id: $id) { ... on LoanChangeProposal { id kind valueOn proposedOn maker state checker
  note answeredAt factNo details { name value } loan { id } } } }"""


def test_a_proposal_is_a_node_for_those_who_check(asking: Asking) -> None:
    one = global_id("ln", asking.disbursed())
    said = {"repurchase": {"buyer": "PLATFORM"}}
    given = {"idempotencyKey": "wish", "loanId": one, "valueOn": TODAY.isoformat(), "change": said}
    found = asking.do("changeLoan", given, "... on ProposeLoanChangeResult { proposal { id } }", by=Role.ACCOUNTANT)
    wish = found["proposal"]["id"]
    assert asking.ask(ASKED, by=Role.RISK_OFFICER, id=wish)["node"] == {
        "id": wish,
        "kind": "Repurchase",
        "valueOn": TODAY.isoformat(),
        "proposedOn": TODAY.isoformat(),
        "maker": "a-accountant",
        "state": "OPEN",
        "checker": None,
        "note": None,
        "answeredAt": None,
        "factNo": None,
        "details": [{"name": "buyer", "value": "PLATFORM"}],
        "loan": {"id": one},
    }
    for role in (Role.PARTNER, Role.BORROWER, Role.COLLECTOR):
        assert asking.faults(ASKED, by=role, id=wish) == ["NOT_FOUND"]
    assert asking.faults(ASKED, id=global_id("lc", 10**9)) == ["NOT_FOUND"]
