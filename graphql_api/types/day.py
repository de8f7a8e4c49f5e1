"""The close of business as it can be watched: which dates are closed, and how far a running one has come."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from domain.day import queries
from domain.day.step import State, Step
from graphql_api.relay import global_id
from graphql_api.scalars import BigInt
from graphql_api.types.field import made, path, presents
from graphql_api.types.value import Node

DAY = "dr"
"""Prefix of the global ids of closes; the day's number in the calendar follows."""


@strawberry.type(description="What a step of a close did, over all chunks that are done.")
class DayStep:
    """Presents `domain.day.queries.StepDone`."""

    step: Step = strawberry.field(description="The step.")
    chunks: int = strawberry.field(description="Chunks of loans that are done.")
    loans: int = strawberry.field(description="Loans that it touched.")
    entries: int = strawberry.field(description="Entries that it posted.")
    amount_minor: BigInt = path("amount", "Sum of what it posted, in minor units.")


def day_id(root: queries.Run) -> strawberry.ID:
    """Global id of the close of a date."""
    return strawberry.ID(global_id(DAY, root.business_on.toordinal()))


@strawberry.type(description="The close of one business date (日终), running or complete.")
@presents(queries.Run)
class DayRun(Node):
    """Presents `domain.day.queries.Run`."""

    id: strawberry.ID = made(day_id, "Global id.")
    business_on: date = strawberry.field(description="The date.")
    state: State = strawberry.field(description="Running or closed.")
    next_step: Step | None = strawberry.field(description="The step that comes next; nothing once it is closed.")
    chunks_done: int = strawberry.field(description="Chunks of loans over which every step is done.")
    chunks_total: int = strawberry.field(description="Into how many chunks the loans were cut when it began.")
    ordered_by: str = path("actor", "Who ordered it.")
    begun_at: datetime = strawberry.field(description="When it was begun.")
    closed_at: datetime | None = strawberry.field(description="When its last step was done.")
    steps: list[DayStep] = strawberry.field(description="What each step has done so far, in the order of the steps.")
