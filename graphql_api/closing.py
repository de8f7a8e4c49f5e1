"""`closeDay` and `closePeriod`: the evening of a business date, and the end of an accounting month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain.day import operations as days
from domain.day.refusal import DayInFuture, DayOutOfOrder, DayPassed
from domain.refusals import NotFound, Refusal
from domain.servicing.refusal import BookRefused
from graphql_api.inputs import CloseDayInput, ClosePeriodInput
from graphql_api.types.day import DayRun
from graphql_api.types.field import presents
from graphql_api.types.refusal import payload
from graphql_api.types.value import Ask
from ledger import books

if TYPE_CHECKING:
    from sqlalchemy import Connection


@strawberry.type(description="The close of the date stands in the books; the house works on it until it is complete.")
@presents(days.Begun)
class CloseDayResult:
    """Presents `domain.day.operations.Begun`."""

    run: DayRun = strawberry.field(description="The close, as it stands now; ask `dayRun` how it goes on.")
    is_replay: bool = strawberry.field(description="Whether it had been ordered before.")


CloseDayPayload: Any = payload(
    "CloseDayPayload", "What `closeDay` answers.", CloseDayResult, DayOutOfOrder, DayPassed, DayInFuture
)


def close_day(
    info: Ask,
    input: Annotated[CloseDayInput, strawberry.argument(description="The date.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Order the close of a business date; it is begun at once and done by the house, resumably."""
    context = info.context
    command = context.command("close", input.idempotency_key)
    context.renew()
    return context.store.run(
        lambda conn: days.begin(conn, input.business_date, latest=context.calendar_day, command=command)
    )


@dataclass(frozen=True, slots=True)
class MonthClosed:
    """A month that is closed."""

    book: int
    month: int
    is_replay: bool


@strawberry.type(description="The month is closed for ever; corrections go into the open one.")
@presents(MonthClosed)
class ClosePeriodResult:
    """Presents a closed month."""

    book: int = strawberry.field(description="Number of the book.")
    month: int = strawberry.field(description="The month as yyyymm.")
    is_replay: bool = strawberry.field(description="Whether it was closed already.")


ClosePeriodPayload: Any = payload(
    "ClosePeriodPayload", "What `closePeriod` answers.", ClosePeriodResult, NotFound, BookRefused
)


def close_period(
    info: Ask,
    input: Annotated[ClosePeriodInput, strawberry.argument(description="The month.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Close the earliest unclosed month of a book."""

    def write(conn: Connection) -> MonthClosed | Refusal:
        match books.end_period(conn, input.book, input.month):
            case books.Ended(is_replay=is_replay):
                return MonthClosed(input.book, input.month, is_replay=is_replay)
            case books.EndRefused.PERIOD_UNKNOWN:
                return NotFound(what="month", field="month")
            case books.EndRefused.CLOSE_ORDER as why:
                return BookRefused(reason=why, detail=str(input.month), field="month")

    info.context.renew()
    return info.context.store.run(write)
