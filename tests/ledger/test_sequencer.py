"""The sequencer: gapless numbers, each entry once, totals folded exactly."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger import journal
from ledger.books import pending
from ledger.journal import Posted
from ledger.sequencer import drain, head, sequence
from tests.ledger.conftest import lent

pytestmark = pytest.mark.usefixtures("book")


@pytest.mark.law(21)
def test_numbers_are_gapless_in_order_of_arrival(conn: Connection) -> None:
    first = journal.append(conn, [lent(f"a{i}", i, 1) for i in range(7)])
    assert pending(conn, 1) == 7
    assert sequence(conn, 1, limit=3) == 3
    second = journal.append(conn, [lent(f"b{i}", i, 1) for i in range(5)])
    assert drain(conn, 1) == 9
    assert drain(conn, 1) == 0
    assert head(conn, 1) == 12
    logged = conn.execute(text("SELECT seq, entry_id FROM ledger.log ORDER BY seq")).all()
    assert [row.seq for row in logged] == list(range(1, 13))
    assert [row.entry_id for row in logged] == [v.entry_id for v in (*first, *second) if isinstance(v, Posted)]
    assert conn.execute(text("SELECT from_seq, upto_seq FROM ledger.fold ORDER BY 1")).all() == [(1, 3), (4, 12)]
    assert conn.execute(text("SELECT count(*) FROM ledger.derived_difference(1)")).scalar_one() == 0


def test_an_empty_book_has_head_zero(conn: Connection) -> None:
    assert head(conn, 1) == 0
    assert head(conn, 4711) == 0


@pytest.mark.law(25)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 10**9), st.integers(1, 28), st.integers(1, 5)), max_size=12)
)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_folds_of_any_size_add_up_to_the_lines(conn: Connection, facts: list[tuple[int, int, int, int]]) -> None:
    with conn.begin_nested() as savepoint:
        for n, (subject, amount, day, limit) in enumerate(facts):
            entry = lent(f"h{n}", subject, amount)
            journal.append(conn, [dataclasses.replace(entry, effective_on=entry.effective_on.replace(day=day))])
            sequence(conn, 1, limit=limit)
        assert conn.execute(text("SELECT count(*) FROM ledger.derived_difference(1)")).scalar_one() == 0
        savepoint.rollback()
