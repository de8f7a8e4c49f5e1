"""Proposals come in pages, open ones or answered ones."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from domain.command import Command
from domain.servicing.approval import ProposalState
from domain.servicing.change import Change
from domain.servicing.fact import ChargeOff
from domain.servicing.operations.proposal import Proposed, propose, reject
from domain.servicing.queries.proposal import proposal, proposal_by_key, proposals
from tests.domain.servicing.world import AT, World, command

DAY = date(2026, 2, 10)


def test_proposals_come_in_pages(conn: Connection, world: World) -> None:
    made = []
    for n in range(4):
        fact = ChargeOff(no=0, value_on=DAY, booked_on=DAY, reason=f"case {n}")
        change = Change(loan_id=world.disbursed(conn), fact=fact, command=command(f"wish-{n}"), business_on=DAY)
        asked = propose(conn, change)
        assert isinstance(asked, Proposed)
        made.append(asked.proposal)
    assert proposals(conn, limit=2) == tuple(made[:2])
    assert proposals(conn, after=made[1].proposal_id, limit=9) == tuple(made[2:])
    by = Command(actor="li", key="no", received_at=AT)
    reject(conn, proposal_id=made[0].proposal_id, note="paid meanwhile", command=by)
    assert proposals(conn, is_open=True) == tuple(made[1:])
    (answered,) = proposals(conn, is_open=False)
    assert (answered.state, answered.note, answered.checker) == (ProposalState.REJECTED, "paid meanwhile", "li")
    assert proposal(conn, answered.proposal_id) == answered
    assert proposal_by_key(conn, made[3].key) == made[3]
    assert proposal_by_key(conn, "nothing") is None
    assert proposal(conn, 1 << 40) is None
