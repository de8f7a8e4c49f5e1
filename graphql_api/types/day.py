"""The close of business as it can be watched: which dates are closed, and how far a running one has come."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from domain.day import queries
from domain.day.step import State, Step
from graphql_api.relay import global_id
from graphql_api.scalars import BigInt
from graphql_api.types.field import made, path, presents
from graphql_api.types.value import Ask, Node

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


def _message(root: queries.Refused, info: Ask) -> str:
    """The sentence in the language of the request."""
    return root.zh if info.context.locale.lower().startswith("zh") else root.en


@strawberry.type(
    description="Why nobody works on a close: the books said no. Order the date again when the cause is gone."
)
class DayRefusal:
    """Presents `domain.day.queries.Refused`."""

    code: str = strawberry.field(description="Stable code of the refusal.")
    message: str = made(_message, "One sentence in the language of the request.")
    refused_at: datetime = strawberry.field(description="When it was said.")


def day_id(root: queries.Run) -> strawberry.ID:
    """Global id of the close of a date."""
    return strawberry.ID(global_id(DAY, root.business_on.toordinal()))


@strawberry.type(description="The close of one business date (日终): running, refused or complete.")
@presents(queries.Run)
class DayRun(Node):
    """Presents `domain.day.queries.Run`."""

    id: strawberry.ID = made(day_id, "Global id.")
    business_on: date = strawberry.field(description="The date.")
    state: State = strawberry.field(description="Running, refused or closed.")
    refusal: DayRefusal | None = path("refused", "Why it stands refused; nothing in any other state.")
    next_step: Step | None = strawberry.field(description="The step that comes next; nothing once it is closed.")
    chunks_done: int = strawberry.field(description="Chunks of loans over which every step is done.")
    chunks_total: int = strawberry.field(description="Into how many chunks the loans were cut when it began.")
    ordered_by: str = path("actor", "Who ordered it.")
    begun_at: datetime = strawberry.field(description="When it was begun.")
    closed_at: datetime | None = strawberry.field(description="When its last step was done.")
    steps: list[DayStep] = strawberry.field(description="What each step has done so far, in the order of the steps.")
