"""The bank: payment orders with everything that was heard about them, and reconciliation with the bank's files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import strawberry

from domain.payment import order, queries
from domain.reconciliation import discrepancy
from domain.reconciliation import queries as reconciliations
from graphql_api.relay import Connection as Rows
from graphql_api.relay import global_id
from graphql_api.types.field import made, path, presents
from graphql_api.types.value import After, Ask, Connection, First, Money, Node

ORDER = "po"
"""Prefix of the global ids of payment orders; our number follows."""
RUN = "rr"
"""Prefix of the global ids of reconciliation runs."""
DISCREPANCY = "dc"
"""Prefix of the global ids of differences."""


@strawberry.type(description="Something heard about a payment order.")
class PaymentEvent:
    """Presents `domain.payment.queries.OrderEvent`."""

    seq: int = strawberry.field(description="Number within the order.")
    state: order.State = strawberry.field(description="State after it.")
    changed: bool = strawberry.field(description="Whether it changed the state.")
    source: str = strawberry.field(description="Where it came from: REPLY, QUERY, CALLBACK, DAY_FILE …")
    outcome: order.Outcome | None = strawberry.field(description="What it said.")
    code: str = strawberry.field(description="The bank's code.")
    amount: Money | None = strawberry.field(description="The amount that the bank named.")
    anomaly: order.Anomaly | None = strawberry.field(description="Why it was not applied.")
    seen_at: datetime = strawberry.field(description="When it was heard.")


def _order_id(root: order.PaymentOrder) -> strawberry.ID:
    """Global id of an order."""
    return strawberry.ID(f"{ORDER}_{root.order_no}")


def _history(root: order.PaymentOrder, info: Ask) -> Sequence[queries.OrderEvent]:
    """Everything heard about an order."""
    conn = info.context.conn
    found = info.context.load(ORDER, "history", root.order_no, lambda nos: queries.histories(conn, order_nos=nos))
    return found or ()


@strawberry.type(description="An order to the bank; an unknown result is a state of its own and never a failure.")
@presents(order.PaymentOrder)
class PaymentOrder(Node):
    """Presents `domain.payment.order.PaymentOrder`."""

    id: strawberry.ID = made(_order_id, "Global id.")
    order_no: str = strawberry.field(description="Our number, the idempotency key at the bank.")
    kind: order.Kind = strawberry.field(description="What the bank is asked to do.")
    business_key: str = strawberry.field(description="What it is for.")
    attempt: int = strawberry.field(description="1 for the first attempt.")
    amount: Money = strawberry.field(description="The amount; zero for a card check.")
    business_on: date = strawberry.field(description="The business day that the bank is told.")
    card: str = path("card_mask", "What people may see of the card number.")
    state: order.State = strawberry.field(description="Where it stands.")
    code: str = strawberry.field(description="The bank's code with which it came there.")
    bank_no: str = strawberry.field(description="The bank's own number.")
    created_at: datetime = strawberry.field(description="When it was written.")
    sent_at: datetime | None = strawberry.field(description="When it was sent.")
    history: list[PaymentEvent] = made(_history, "Everything heard about it, in the order of hearing.")


@strawberry.type(description="How and why a difference was closed.")
class DiscrepancyResolution:
    """Presents `domain.reconciliation.discrepancy.Resolution`."""

    action: discrepancy.Action = strawberry.field(description="How.")
    reason: str = strawberry.field(description="Why.")
    actor: str = strawberry.field(description="By whom.")
    resolved_at: datetime = strawberry.field(description="When.")


def _discrepancy_id(root: discrepancy.StoredDiscrepancy) -> strawberry.ID:
    """Global id of a difference."""
    return strawberry.ID(global_id(DISCREPANCY, root.discrepancy_id))


@strawberry.type(description="A difference between the bank's file and our orders.")
@presents(discrepancy.StoredDiscrepancy)
class Discrepancy(Node):
    """Presents `domain.reconciliation.discrepancy.StoredDiscrepancy`."""

    id: strawberry.ID = made(_discrepancy_id, "Global id.")
    business_on: date = strawberry.field(description="Day of the file.")
    kind: discrepancy.Class = strawberry.field(description="What kind of difference it is.")
    order_no: str = strawberry.field(description="The order that it is about.")
    line_no: int | None = strawberry.field(description="Line of the file.")
    our_state: str = strawberry.field(description="State of our order when it was found.")
    our_amount: Money | None = strawberry.field(description="Our amount.")
    bank_outcome: order.Outcome | None = strawberry.field(description="What the bank says.")
    bank_amount: Money | None = strawberry.field(description="The bank's amount.")
    is_open: bool = strawberry.field(description="Whether it still waits.")
    resolution: DiscrepancyResolution | None = strawberry.field(description="How it was closed.")


def _run_id(root: reconciliations.Run) -> strawberry.ID:
    """Global id of a run."""
    return strawberry.ID(global_id(RUN, root.run_id))


def _run_discrepancies(root: reconciliations.Run, info: Ask, first: First = None, after: After = None) -> Rows:
    """The differences of a run."""
    cursors = info.context.cursors("ReconciliationRun.discrepancies", run=root.run_id)
    page = cursors.page(first=first, after=after)
    conn, most = info.context.conn, page.size + 1
    if page.after is not None:  # a cursor is of one run, so nobody else asks for the same page
        rows = reconciliations.discrepancies(conn, first=most, after=page.number, run_id=root.run_id)
        return cursors.connection(rows, page, lambda one: (one.discrepancy_id,))

    def fetch(ids: list[int]) -> dict[int, tuple[discrepancy.StoredDiscrepancy, ...]]:
        return reconciliations.discrepancies_of(conn, run_ids=ids, first=most)

    rows = info.context.load(RUN, ("discrepancies", most), root.run_id, fetch) or ()
    return cursors.connection(rows, page, lambda one: (one.discrepancy_id,))


@strawberry.type(description="One reconciled file of the bank, counted from its facts.")
@presents(reconciliations.Run)
class ReconciliationRun(Node):
    """Presents `domain.reconciliation.queries.Run`."""

    id: strawberry.ID = made(_run_id, "Global id.")
    profile: str = strawberry.field(description="Profile of the file.")
    business_on: date = strawberry.field(description="Day of the file.")
    sha256: str = strawberry.field(description="SHA-256 of the file.")
    row_count: int = strawberry.field(description="Lines of the file.")
    matched_count: int = strawberry.field(description="Lines that agree with our orders.")
    discrepancy_count: int = strawberry.field(description="Differences that were found.")
    open_count: int = strawberry.field(description="Differences that still wait.")
    run_at: datetime = strawberry.field(description="When it was reconciled.")
    discrepancies: Connection[Discrepancy] = made(_run_discrepancies, "Its differences, oldest first.")
