"""Matching a bank's rows with our payment orders by our number, pure: everything lands in exactly one class."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from domain.payment.order import Kind, Outcome, PaymentOrder, State
from domain.reconciliation.discrepancy import Class, Discrepancy
from domain.reconciliation.statement_file import StatementRow

AGREES = {State.SUCCEEDED: Outcome.SUCCEEDED, State.FAILED: Outcome.FAILED}
"""What the bank must say about our final states; about an open order no answer agrees."""
NOT_EXPECTED = frozenset({State.CREATED, State.FAILED})
"""States of ours in which the bank need not list the order: nothing moved, and perhaps nothing arrived."""


@dataclass(frozen=True, slots=True)
class Match:
    """A row and an order that agree in amount, currency, kind and outcome."""

    row: StatementRow
    order: PaymentOrder


@dataclass(frozen=True, slots=True)
class Matching:
    """The whole file and the whole day, classified."""

    matches: tuple[Match, ...]
    discrepancies: tuple[Discrepancy, ...]

    @property
    def collected(self) -> tuple[Match, ...]:
        """Matched collections that succeeded: money that the channel owes us."""
        return tuple(
            one for one in self.matches if one.order.kind is Kind.COLLECTION and one.order.state is State.SUCCEEDED
        )


def match(
    rows: Sequence[StatementRow], orders: Sequence[PaymentOrder], *, matched_before: Collection[str] = ()
) -> Matching:
    """Classify rows and orders of a day.

    `orders` are those of the day and those that the rows name, whatever their day; `matched_before` are numbers that an
    earlier file has listed. Each row is one match or one discrepancy; each expected order that no row names is one
    MISSING_AT_BANK.
    """
    by_number = {order.order_no: order for order in orders}
    seen = set(matched_before)
    matches: list[Match] = []
    discrepancies: list[Discrepancy] = []
    for row in rows:
        order = by_number.get(row.order_no)
        kind = Class.DUPLICATE if row.order_no in seen else _class(row, order)
        seen.add(row.order_no)
        if kind is None and order is not None:
            matches.append(Match(row, order))
        elif kind is not None:
            discrepancies.append(Discrepancy(kind=kind, order_no=row.order_no, row=row, order=order))
    discrepancies += [
        Discrepancy(kind=Class.MISSING_AT_BANK, order_no=order.order_no, row=None, order=order)
        for order in orders
        if order.order_no not in seen and _expected(order)
    ]
    return Matching(tuple(matches), tuple(discrepancies))


def _class(row: StatementRow, order: PaymentOrder | None) -> Class | None:
    """The class of a row that is the first of its number; None when it agrees."""
    if order is None:
        return Class.MISSING_HERE
    if (row.amount, row.kind) != (order.amount, order.kind):
        return Class.AMOUNT_MISMATCH
    return None if AGREES.get(order.state) is row.outcome else Class.STATUS_MISMATCH


def _expected(order: PaymentOrder) -> bool:
    return order.kind is not Kind.CARD_CHECK and order.state not in NOT_EXPECTED
