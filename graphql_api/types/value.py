"""Values that every type uses: money, nodes and pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Generic, TypeVar

import strawberry
from strawberry.types import Info

from graphql_api.context import Context
from graphql_api.faults import Fault
from graphql_api.scalars import CurrencyCode
from graphql_api.types.word import REGISTERED
from ledger.money import PARSE_LIMIT_MINOR, AmountFault, AmountInvalid, exact, formatted
from ledger.money import Money as Amount

T = TypeVar("T")

assert REGISTERED, "words come before the types that use them"

Ask = Info[Context, None]
"""What a resolver is told about its field."""

First = Annotated[int | None, strawberry.argument(description="Length of the page, 1 to 100; 20 when absent.")]
"""Argument of every list."""
After = Annotated[
    str | None, strawberry.argument(description="Cursor of the row after which the page begins; made for this list.")
]
"""Argument of every list."""
On = Annotated[date | None, strawberry.argument(description="Business day; today in the books when absent.")]
"""Argument of everything that is asked as of a day."""


def _amount(root: strawberry.Parent[Amount]) -> Decimal:
    """The amount in major units."""
    return root.decimal


def _formatted(
    root: strawberry.Parent[Amount],
    info: Ask,
    locale: Annotated[
        str | None, strawberry.argument(description="`zh-CN` or `en`; the language of the request when absent.")
    ] = None,
) -> str:
    """The amount as people write it."""
    chosen = info.context.locale if locale is None else locale
    return formatted(root, "zh_CN" if chosen.lower().startswith("zh") else "en")


@strawberry.type(description="An exact amount of one currency.")
class Money:
    """Presents `ledger.money.Money`."""

    amount: Decimal = strawberry.field(
        resolver=_amount, description="The amount in major units, with all places of its currency."
    )
    currency: CurrencyCode = strawberry.field(description="The currency.")
    formatted: str = strawberry.field(resolver=_formatted, description="The amount as people write it: `¥1,234.50`.")


@strawberry.input(description="An amount of one currency, as given by a caller.")
class MoneyInput:
    """An amount that somebody wrote."""

    amount: Decimal = strawberry.field(description="The amount in major units, at most the places of its currency.")
    currency: CurrencyCode = strawberry.field(description="The currency.")

    @property
    def money(self) -> Amount:
        """The amount, exact; more decimals than the currency has are refused, and more than anybody ever owes."""
        try:
            found = exact(self.amount, self.currency)
        except AmountInvalid as why:
            raise Fault("AMOUNT_INVALID", reason=why.reason) from None
        if abs(found.minor) > PARSE_LIMIT_MINOR:
            raise Fault("AMOUNT_INVALID", reason=AmountFault.TOO_LARGE)
        return found


@strawberry.interface(description="Something with a global id.")
class Node:
    """Anything that `node(id)` finds."""

    id: strawberry.ID = strawberry.field(description="Global id: opaque, and the same for ever.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    """Presents `relay.PageInfo`."""

    has_next_page: bool = strawberry.field(description="Whether more rows follow.")
    has_previous_page: bool = strawberry.field(description="Whether rows come before.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first row of the page.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last row of the page.")


@strawberry.type(description="One row of a page with its cursor.")
class Edge(Generic[T]):
    """Presents `relay.Edge`."""

    node: T = strawberry.field(description="The row.")
    cursor: str = strawberry.field(description="Opaque place of the row in this list, for `after`.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    """Presents `relay.Connection`."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")


@strawberry.type(name="Connection", description="One page of a list that is read whole, and how long the list is.")
class Counted(Generic[T]):
    """Presents `relay.Connection` of a list that is short by nature."""

    edges: list[Edge[T]] = strawberry.field(description="The rows with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows alone.")
    page_info: PageInfo = strawberry.field(description="Where this page lies in the list.")
    total_count: int = strawberry.field(description="Rows of the whole list.")
