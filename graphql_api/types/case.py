"""Collections: cases of overdue loans, their history and every attempt to reach the debtor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from domain.collections import case, contact, delinquency, queries
from domain.servicing.position import Loan as Contract
from graphql_api.relay import global_id
from graphql_api.types.field import made, path, presents
from graphql_api.types.loan import Loan, loan
from graphql_api.types.value import Ask, Money, Node

CASE = "cs"
"""Prefix of the global ids of cases."""


@strawberry.type(description="Something that happened in a case besides contact.")
class CaseEvent:
    """Presents `domain.collections.queries.CaseEvent`."""

    kind: case.EventKind = strawberry.field(description="What happened.")
    bucket: delinquency.Bucket = strawberry.field(description="How late the loan was.")
    days_past_due: int = path("dpd", "Days past due.")
    note: str = strawberry.field(description="Words for colleagues; no personal data.")
    happened_on: date = strawberry.field(description="Business day.")
    actor: str = strawberry.field(description="Who.")


@strawberry.type(description="An attempt to reach the debtor and its result; the number that was called is masked.")
class CaseContact:
    """Presents `domain.collections.contact.Contact`."""

    channel: contact.Channel = strawberry.field(description="The way.")
    callee: str = path("callee_mask", "What people may see of the number.")
    started_at: datetime = strawberry.field(description="When it began.")
    actor: str = strawberry.field(description="Who made it.")
    outcome: contact.Outcome | None = made(
        lambda root: None if root.result is None else root.result.outcome, "What came of it."
    )
    line_status: contact.LineStatus | None = made(
        lambda root: None if root.result is None else root.result.line_status, "What became of the call."
    )


def _case_id(root: case.Case) -> strawberry.ID:
    """Global id of a case."""
    return strawberry.ID(global_id(CASE, root.case_id))


def _loan(root: case.Case, info: Ask) -> Contract:
    """The loan of a case."""
    found = loan(info, root.loan_id)
    assert found is not None, "a case has a loan"
    return found


def _history(root: case.Case, info: Ask) -> Sequence[queries.CaseEvent]:
    """What happened in a case."""
    conn = info.context.conn
    found = info.context.load(CASE, "history", root.case_id, lambda ids: queries.histories(conn, case_ids=ids))
    return found or ()


def _contacts(root: case.Case, info: Ask) -> Sequence[contact.Contact]:
    """Every attempt to reach the debtor."""
    conn = info.context.conn
    found = info.context.load(CASE, "contacts", root.case_id, lambda ids: queries.contacts_of(conn, case_ids=ids))
    return found or ()


@strawberry.type(description="A case: one overdue loan and the work on it.")
@presents(case.Case)
class CollectionCase(Node):
    """Presents `domain.collections.case.Case`."""

    id: strawberry.ID = made(_case_id, "Global id.")
    loan: Loan = made(_loan, "The loan.")
    opened_on: date = strawberry.field(description="Day on which it was opened.")
    days_past_due: int = path("dpd", "Days past due when it opened.")
    overdue: Money = strawberry.field(description="What was overdue when it opened; now, see the loan's position.")
    bucket: delinquency.Bucket = strawberry.field(description="How late the loan is now.")
    collector: str | None = strawberry.field(description="Who has the case.")
    closed_on: date | None = strawberry.field(description="Day on which it ended.")
    close_reason: case.CloseReason | None = strawberry.field(description="Why it ended.")
    history: list[CaseEvent] = made(_history, "What happened in it besides contact, in order.")
    contacts: list[CaseContact] = made(_contacts, "Every attempt to reach the debtor, in order.")
