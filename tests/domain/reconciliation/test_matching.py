"""Matching: everything lands in exactly one class."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment.order import Kind, Outcome, PaymentOrder, State
from domain.reconciliation.discrepancy import Class
from domain.reconciliation.matching import match
from domain.reconciliation.statement_file import StatementRow
from ledger.money import Money
from tests.domain.payment.test_order import ORDER

ON = date(2026, 3, 5)


def ours(state: State, number: int = 1, *, minor: int = 100, kind: Kind = Kind.COLLECTION) -> PaymentOrder:
    return replace(ORDER, order_no=f"PO{number}", state=state, amount=Money(minor, "CNY"), kind=kind)


def theirs(outcome: Outcome, number: int = 1, *, minor: int = 100, line: int = 2) -> StatementRow:
    return StatementRow(
        line_no=line,
        order_no=f"PO{number}",
        bank_no="B",
        kind=Kind.COLLECTION,
        amount=Money(minor, "CNY"),
        business_on=ON,
        outcome=outcome,
        fee=Money(0, "CNY"),
    )


YES, NO, OPEN = Outcome.SUCCEEDED, Outcome.FAILED, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("order", "row", "expected"),
    [
        (ours(State.SUCCEEDED), theirs(YES), None),
        (ours(State.FAILED), theirs(NO), None),
        (ours(State.SUCCEEDED), theirs(NO), Class.STATUS_MISMATCH),
        (ours(State.FAILED), theirs(YES), Class.STATUS_MISMATCH),
        (ours(State.UNKNOWN), theirs(YES), Class.STATUS_MISMATCH),
        (ours(State.SENT), theirs(NO), Class.STATUS_MISMATCH),
        (ours(State.MANUAL), theirs(YES), Class.STATUS_MISMATCH),
        (ours(State.UNKNOWN), theirs(OPEN), Class.STATUS_MISMATCH),
        (ours(State.SUCCEEDED), theirs(YES, minor=101), Class.AMOUNT_MISMATCH),
        (ours(State.SUCCEEDED, kind=Kind.DISBURSEMENT), theirs(YES), Class.AMOUNT_MISMATCH),
        (ours(State.UNKNOWN), theirs(YES, minor=101), Class.AMOUNT_MISMATCH),
        (None, theirs(YES), Class.MISSING_HERE),
        (ours(State.SUCCEEDED), None, Class.MISSING_AT_BANK),
        (ours(State.UNKNOWN), None, Class.MISSING_AT_BANK),
        (ours(State.SENT), None, Class.MISSING_AT_BANK),
        (ours(State.MANUAL), None, Class.MISSING_AT_BANK),
        (ours(State.CREATED), None, None),
        (ours(State.FAILED), None, None),
        (ours(State.SUCCEEDED, kind=Kind.CARD_CHECK), None, None),
    ],
)
def test_each_pair_has_its_class(order: PaymentOrder | None, row: StatementRow | None, expected: Class | None) -> None:
    found = match([] if row is None else [row], [] if order is None else [order])
    assert [one.kind for one in found.discrepancies] == ([] if expected is None else [expected])
    assert len(found.matches) == (expected is None and row is not None and order is not None)


def test_a_number_listed_again_is_a_duplicate_in_the_same_file_and_in_a_later_one() -> None:
    order, rows = ours(State.SUCCEEDED), [theirs(YES), theirs(YES, line=3)]
    found = match(rows, [order])
    assert len(found.matches) == 1
    assert [(one.kind, one.row and one.row.line_no) for one in found.discrepancies] == [(Class.DUPLICATE, 3)]
    later = match(rows[:1], [order], matched_before={"PO1"})
    assert [one.kind for one in later.discrepancies] == [Class.DUPLICATE]


def test_collected_are_the_matched_collections_that_succeeded() -> None:
    found = match(
        [theirs(YES, 1), theirs(NO, 2), theirs(YES, 3)],
        [ours(State.SUCCEEDED, 1), ours(State.FAILED, 2), ours(State.UNKNOWN, 3)],
    )
    assert [one.order.order_no for one in found.collected] == ["PO1"]


rows = st.lists(
    st.builds(theirs, st.sampled_from([YES, NO, OPEN]), st.integers(1, 6), minor=st.sampled_from([100, 101])),
    max_size=8,
)
orders = st.lists(
    st.builds(ours, st.sampled_from(sorted(State)), st.integers(1, 6), minor=st.sampled_from([100, 101])),
    max_size=6,
    unique_by=lambda one: one.order_no,
)


@given(rows, orders)
def test_nothing_is_lost_and_nothing_counted_twice(listed: list[StatementRow], known: list[PaymentOrder]) -> None:
    numbered = [replace(row, line_no=line) for line, row in enumerate(listed, start=2)]
    found = match(numbered, known)
    of_rows = [one.row.line_no for one in found.matches] + [one.row.line_no for one in found.discrepancies if one.row]
    assert sorted(of_rows) == [row.line_no for row in numbered]
    named = {row.order_no for row in numbered}
    missing = {one.order_no for one in found.discrepancies if one.kind is Class.MISSING_AT_BANK}
    expected = {one.order_no for one in known if one.state not in {State.CREATED, State.FAILED}} - named
    assert missing == expected
    assert all(one.row.amount == one.order.amount for one in found.matches)
