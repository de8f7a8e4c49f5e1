"""The sequencer: gapless numbers, each entry once, totals folded exactly."""

import dataclasses

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.books import pending
from ledger.journal import Posted
from ledger.sequencer import Difference, drain, head, rebuild, sequence
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

in_a_book = pytest.mark.usefixtures("book")


@in_a_book
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


@in_a_book
def test_an_empty_book_has_head_zero(conn: Connection) -> None:
    assert head(conn, 1) == 0
    assert head(conn, 4711) == 0


@in_a_book
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


DERIVED = ("fold", "account_day", "account_tip", "guard", "tip")
DAMAGES = (
    "UPDATE ledger.account_day SET debit = debit + 1 WHERE upto_seq = 3",
    "DELETE FROM ledger.account_day WHERE effective_on = '2026-01-15'",
    (
        "INSERT INTO ledger.account_day SELECT book_id, account_id, effective_on + 1, upto_seq, party_id, scheme_id,"
        " funder_id, channel_id, from_seq, debit, credit, red_debit, red_credit, n FROM ledger.account_day"
    ),
    "UPDATE ledger.account_tip SET red_credit = red_credit + 5",
    "DELETE FROM ledger.account_tip",
    "UPDATE ledger.guard SET balance = balance + 1 WHERE subject_id = 2",
    "DELETE FROM ledger.guard",
    "UPDATE ledger.tip SET seq = seq + 1",
    "DELETE FROM ledger.tip",
    "DELETE FROM ledger.intake",
    (
        "INSERT INTO ledger.intake (book_id, entry_id, period_id, is_red)"
        " SELECT book_id, entry_id, period_id, is_red FROM ledger.log"
    ),
)
"""What a superuser, or a disk, may do to what is derived."""


@pytest.fixture
def owned(owner_conn: Connection) -> Connection:
    """A superuser's connection in a book with two folds and an entry that waits."""
    owner_conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
    open_test_book(owner_conn)
    journal.append(owner_conn, [lent(f"a{n}", n, 100 + n) for n in range(1, 4)])
    drain(owner_conn, 1)
    journal.append(owner_conn, [repaid("b", 2, 50, 3), lent("c", 3, 7, JANUARY.replace(month=2))])
    drain(owner_conn, 1)
    journal.append(owner_conn, [lent("waiting", 9, 9)])
    return owner_conn


def derived(conn: Connection) -> dict[str, list[str]]:
    """Every derived row as text; of the intake what it is about, for its place is given anew."""
    found = {table: f"SELECT x::text FROM ledger.{table} x ORDER BY 1" for table in DERIVED}
    found["intake"] = "SELECT format('%s %s %s', entry_id, period_id, is_red) FROM ledger.intake ORDER BY 1"
    return {table: list(conn.execute(text(query)).scalars()) for table, query in found.items()}


@pytest.mark.law(30)
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_derived_is_made_anew_bit_for_bit(owned: Connection, damage: str) -> None:
    before = derived(owned)
    owned.execute(text("SET LOCAL session_replication_role = replica"))
    owned.execute(text("ALTER TABLE ledger.account_day DISABLE TRIGGER ALL"))
    owned.execute(text(damage))
    owned.execute(text("ALTER TABLE ledger.account_day ENABLE ALWAYS TRIGGER immutable"))
    owned.execute(text("SET LOCAL session_replication_role = origin"))
    assert derived(owned) != before
    assert rebuild(owned, 1)
    assert derived(owned) == before
    assert rebuild(owned, 1) == []
    with pytest.raises(DBAPIError, match="LEDGER_IMMUTABLE"), owned.begin_nested():
        owned.execute(text("DELETE FROM ledger.account_day"))
    assert drain(owned, 1) == 1


@pytest.mark.law(30)
@pytest.mark.parametrize("damage", ["DELETE FROM ledger.fold WHERE upto_seq = 3", "DELETE FROM ledger.fold"])
def test_lost_folds_are_cut_anew_and_the_balances_are_the_same(owned: Connection, damage: str) -> None:
    before = derived(owned)
    owned.execute(text("ALTER TABLE ledger.fold DISABLE TRIGGER ALL"))
    owned.execute(text(damage))
    assert Difference("fold", None, "the stretches do not cover the log") in rebuild(owned, 1)
    assert owned.execute(text("SELECT from_seq, upto_seq FROM ledger.fold")).all() == [(1, 5)]
    assert {table: rows for table, rows in derived(owned).items() if table not in {"fold", "account_day"}} == {
        table: rows for table, rows in before.items() if table not in {"fold", "account_day"}
    }
    assert rebuild(owned, 1) == []


@in_a_book
@pytest.mark.law(44)
def test_the_application_cannot_rebuild(conn: Connection) -> None:
    with pytest.raises(DBAPIError, match="permission denied"), conn.begin_nested():
        rebuild(conn, 1)
