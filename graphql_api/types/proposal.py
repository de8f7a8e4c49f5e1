"""A change of a loan that waits for a second person, or what he said of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import strawberry

from domain.servicing import position as standing
from domain.servicing.approval import Proposal, ProposalState
from domain.servicing.document import payload
from graphql_api.relay import global_id
from graphql_api.types.field import made, path, presents
from graphql_api.types.life import NamedText, Pair
from graphql_api.types.loan import Loan, visible_loan
from graphql_api.types.value import Ask, Node

PROPOSAL: Final = "lc"
"""Prefix of the global ids of proposals."""


def _proposal_id(root: Proposal) -> strawberry.ID:
    """Global id of a proposal."""
    return strawberry.ID(global_id(PROPOSAL, root.proposal_id))


def _loan(root: Proposal, info: Ask) -> standing.Loan:
    """The loan that it would change."""
    return visible_loan(info, root.loan_id)


def _kind(root: Proposal) -> str:
    """What would happen."""
    return type(root.fact).__name__


def _details(root: Proposal) -> Sequence[Pair]:
    """Everything that it says."""
    return [Pair(name, str(value)) for name, value in payload(root.fact).items()]


@strawberry.type(description="A change of a loan that one person wants and another must approve (待复核变更).")
@presents(Proposal)
class LoanChangeProposal(Node):
    """Presents `domain.servicing.approval.Proposal`."""

    id: strawberry.ID = made(_proposal_id, "Global id.")
    loan: Loan = made(_loan, "The loan that it would change.")
    kind: str = made(_kind, "What would happen: `Waive`, `WriteOff`, `Refund`, …")
    value_on: date = path("fact.value_on", "The day on which it would take effect.")
    details: list[NamedText] = made(_details, "Everything that it says, by name.")
    proposed_on: date = strawberry.field(description="The business date on which it was asked for.")
    proposed_at: datetime = strawberry.field(description="When it was taken in.")
    maker: str = strawberry.field(description="Who wants it (经办).")
    state: ProposalState = strawberry.field(description="What became of it.")
    checker: str | None = strawberry.field(description="Who answered it (复核).")
    note: str | None = strawberry.field(description="What he wrote.")
    answered_at: datetime | None = strawberry.field(description="When it was answered.")
    fact_no: int | None = strawberry.field(description="The fact that it became.")
