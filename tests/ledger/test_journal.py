"""The one door: verdicts, batches, idempotency, guards, reversals, and what comes back from the journal."""

import dataclasses
from collections.abc import Callable
from datetime import date
from unittest.mock import patch
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger import journal
from ledger.balances import balance_now
from ledger.books import begin_close, close_account, close_period
from ledger.entry import NO_DIMENSIONS, Dimensions, Entry, Line, Side
from ledger.journal import Batch, Posted, RefusalCode, Refused, Replayed, Verdict
from ledger.sequencer import drain
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

pytestmark = pytest.mark.usefixtures("book")


def counts(conn: Connection) -> tuple[int, ...]:
    """Rows of every table that a post may write."""
    tables = ("entry", "line", "entry_key", "intake", "guard", "reversal")
    return tuple(conn.execute(text(f"SELECT count(*) FROM ledger.{t}")).scalar_one() for t in tables)


def refusal(conn: Connection, entry: Entry) -> RefusalCode:
    """The code of a refusal that wrote nothing."""
    before = counts(conn)
    verdict = journal.append(conn, [entry])[0]
    assert isinstance(verdict, Refused), verdict
    assert counts(conn) == before, "a refused entry leaves nothing behind"
    return verdict.code


def two_lines(
    key: str, debit: str, credit: str, *, currency: str = "CNY", on: date = JANUARY, dims: Dimensions = NO_DIMENSIONS
) -> Entry:
    """An entry of two lines of 100."""
    return Entry(
        1,
        "test",
        key,
        "X",
        on,
        (Line(debit, Side.DEBIT, 100, currency, dims), Line(credit, Side.CREDIT, 100, currency, dims)),
        "tester",
    )


def test_posted_and_found_again(conn: Connection) -> None:
    entry = dataclasses.replace(
        lent("k1", 42, 10_000),
        event_id=uuid4(),
        paid_on=date(2026, 1, 14),
        economic_on=date(2025, 12, 31),
        description="放款 “引号” \\ 反斜杠",
        meta={"批次": 7, "ok": True, "none": None},
    )
    verdict = journal.append(conn, [entry])[0]
    assert isinstance(verdict, Posted)
    stored = journal.find(conn, book=1, entry_id=verdict.entry_id)
    assert stored is not None
    assert stored.entry == entry
    assert stored.seq is None
    assert stored.recorded_at.tzinfo is not None
    assert journal.find_by_key(conn, book=1, source="test", key="k1") == stored
    assert journal.find_by_event(conn, verdict.event_id) == [stored]
    assert journal.find_many(conn, book=1, entry_ids=[verdict.entry_id, 10**12]) == {verdict.entry_id: stored}
    assert journal.find(conn, book=1, entry_id=10**12) is None
    assert journal.find_many(conn, book=1, entry_ids=[]) == {}
    assert journal.find_by_key(conn, book=1, source="test", key="nothing") is None
    assert journal.append(conn, []) == []


@pytest.mark.law(13)
def test_an_atomic_batch_stands_or_falls_as_a_whole(conn: Connection) -> None:
    (before,) = journal.append(conn, [lent("before", 1, 100)])
    assert isinstance(before, Posted)
    rows = counts(conn)
    batch = [
        lent("a", 1, 500),
        lent("before", 1, 100),
        repaid("b", 1, 601),
        lent("a", 1, 500),
        lent("a", 1, 501),
        two_lines("c", "1002", "7777"),
    ]
    fallen = journal.append(conn, batch, batch=Batch.ATOMIC)
    assert counts(conn) == rows, "nothing is written, no guard has moved"
    assert [one.code for one in fallen if isinstance(one, Refused)] == [
        RefusalCode.TAKEN_BACK,
        RefusalCode.GUARD_VIOLATED,
        RefusalCode.TAKEN_BACK,
        RefusalCode.IDEMPOTENCY_CONFLICT,
        RefusalCode.ACCOUNT_UNKNOWN,
    ]
    assert fallen[1] == Replayed(before.entry_id, before.event_id), "what stood before stands"
    sound = [batch[0], batch[1], repaid("b", 1, 600), batch[3]]
    stood = journal.append(conn, sound, batch=Batch.ATOMIC)
    assert [type(one) for one in stood] == [Posted, Replayed, Posted, Replayed]
    assert [type(one) for one in journal.append(conn, sound, batch=Batch.ATOMIC)] == [Replayed] * 4
    assert journal.append(conn, [], batch=Batch.ATOMIC) == []


@pytest.mark.law(11)
def test_same_key_same_body_is_the_same_entry_for_ever(conn: Connection) -> None:
    first, again = journal.append(conn, [lent("k", 1, 500), lent("k", 1, 500)])
    assert isinstance(first, Posted)
    assert again == Replayed(first.entry_id, first.event_id)
    assert journal.append(conn, [lent("k", 1, 500)]) == [Replayed(first.entry_id, first.event_id)]
    assert balance_now(conn, book=1, account="1303.01") == 500


@pytest.mark.law(12)
def test_same_key_other_body_is_a_conflict(conn: Connection) -> None:
    first, other = journal.append(conn, [lent("k", 1, 500), lent("k", 1, 501)])
    assert isinstance(first, Posted)
    assert isinstance(other, Refused)
    assert other.code is RefusalCode.IDEMPOTENCY_CONFLICT
    assert refusal(conn, lent("k", 2, 500)) is RefusalCode.IDEMPOTENCY_CONFLICT


def test_the_same_key_in_another_source_is_another_entry(conn: Connection) -> None:
    verdicts = journal.append(conn, [lent("k", 1, 500), dataclasses.replace(lent("k", 1, 500), source="other")])
    assert [type(v) for v in verdicts] == [Posted, Posted]


CASES = [
    ("group account", two_lines("c1", "1303", "1002.01"), RefusalCode.ACCOUNT_NOT_LEAF),
    ("unknown account", two_lines("c2", "7777", "1002.01"), RefusalCode.ACCOUNT_UNKNOWN),
    ("other currency", two_lines("c3", "2241", "6011", currency="USD"), RefusalCode.CURRENCY_MISMATCH),
    (
        "no subject on a receivable",
        two_lines("c4", "1303.01", "1002.01", dims=Dimensions(funder=7)),
        RefusalCode.DIMENSION_MISSING,
    ),
    (
        "no funder on a receivable",
        two_lines("c5", "1303.01", "1002.01", dims=Dimensions(subject=7)),
        RefusalCode.DIMENSION_MISSING,
    ),
    ("month not opened", two_lines("c6", "2241", "6011", on=date(2026, 7, 1)), RefusalCode.PERIOD_UNKNOWN),
    ("overdrawn receivable", repaid("c7", 99, 1), RefusalCode.GUARD_VIOLATED),
    (
        "book that does not exist",
        dataclasses.replace(two_lines("c8", "2241", "6011"), book=77),
        RefusalCode.PERIOD_UNKNOWN,
    ),
]


@pytest.mark.law(4, 5, 7)
@pytest.mark.parametrize(("entry", "code"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refusals(conn: Connection, entry: Entry, code: RefusalCode) -> None:
    assert refusal(conn, entry) is code


def test_memo_accounts_balance_against_their_contra(conn: Connection) -> None:
    assert isinstance(journal.append(conn, [two_lines("memo", "9005", "9999")])[0], Posted)


@pytest.mark.law(41)
def test_an_entry_may_carry_two_currencies_each_balanced(conn: Connection) -> None:
    lines = (
        Line("1002.01", Side.DEBIT, 5, "CNY"),
        Line("6011", Side.CREDIT, 5, "CNY"),
        Line("1002USD", Side.DEBIT, 9, "USD"),
        Line("6011USD", Side.CREDIT, 9, "USD"),
    )
    assert isinstance(journal.append(conn, [Entry(1, "test", "fx", "FX", JANUARY, lines, "tester")])[0], Posted)


@pytest.mark.law(8, 31)
def test_closed_account_and_closed_month(conn: Connection) -> None:
    close_account(conn, 1, "2241", date(2026, 1, 14))
    assert refusal(conn, two_lines("shut", "2241", "6011")) is RefusalCode.ACCOUNT_CLOSED
    assert isinstance(journal.append(conn, [two_lines("still", "2241", "6011", on=date(2026, 1, 14))])[0], Posted)
    begin_close(conn, 1, 202601)
    assert refusal(conn, two_lines("frozen", "1002.01", "6011")) is RefusalCode.PERIOD_CLOSED
    close_period(conn, 1, 202601)
    verdict = journal.append(conn, [two_lines("late", "1002.01", "6011")])[0]
    assert verdict == Refused(RefusalCode.PERIOD_CLOSED, "1/202601")


@pytest.mark.law(19)
def test_guard_refuses_only_the_offenders_in_order(conn: Connection) -> None:
    journal.append(conn, [lent("l1", 1, 100), lent("l2", 2, 100)])
    verdicts = journal.append(
        conn,
        [
            repaid("a", 1, 60),
            repaid("b", 1, 60),
            repaid("c", 1, 40),
            repaid("d", 2, 100),
            repaid("e", 2, 1),
            lent("f", 2, 1),
            repaid("g", 2, 1),
        ],
    )
    assert ["P" if isinstance(v, Posted) else v.code.value for v in verdicts if not isinstance(v, Replayed)] == [
        "P", "LEDGER_GUARD_VIOLATED", "P", "P", "LEDGER_GUARD_VIOLATED", "P", "P",
    ]  # fmt: skip
    assert verdicts[1] == Refused(RefusalCode.GUARD_VIOLATED, "account 1303.01 subject 1 available 40")
    assert conn.execute(text("SELECT balance FROM ledger.guard ORDER BY subject_id")).scalars().all() == [0, 0]
    assert conn.execute(text("SELECT count(*) FROM ledger.derived_difference(1)")).scalar_one() == 0


@pytest.mark.law(19)
def test_a_batch_that_dips_below_zero_on_the_way_is_not_netted(conn: Connection) -> None:
    first, second = journal.append(conn, [repaid("a", 5, 10), lent("b", 5, 100)])
    assert isinstance(first, Refused)
    assert isinstance(second, Posted)


def test_refused_entries_leave_the_others_untouched(conn: Connection) -> None:
    verdicts = journal.append(
        conn,
        [
            lent("a", 1, 10),
            two_lines("b", "7777", "6011"),
            lent("c", 2, 20),
            lent("a", 1, 10),
            two_lines("b", "7777", "6011"),
        ],
    )
    assert [type(v) for v in verdicts] == [Posted, Refused, Posted, Replayed, Refused]


@pytest.mark.law(9)
def test_reversal_is_exact_once_and_final(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 10)])[0]
    assert isinstance(posted, Posted)
    back = journal.reverse(
        conn,
        book=1,
        entry_id=posted.entry_id,
        source="test",
        key="a-",
        effective_on=JANUARY,
        actor="tester",
        is_red=True,
    )
    assert isinstance(back, Posted)
    again = journal.reverse(
        conn,
        book=1,
        entry_id=posted.entry_id,
        source="test",
        key="a-",
        effective_on=JANUARY,
        actor="tester",
        is_red=True,
    )
    assert again == Replayed(back.entry_id, back.event_id)
    second = journal.reverse(
        conn, book=1, entry_id=posted.entry_id, source="test", key="a--", effective_on=JANUARY, actor="tester"
    )
    assert isinstance(second, Refused)
    assert second.code is RefusalCode.ALREADY_REVERSED
    of_reversal = journal.reverse(
        conn, book=1, entry_id=back.entry_id, source="test", key="b", effective_on=JANUARY, actor="tester"
    )
    assert isinstance(of_reversal, Refused)
    assert of_reversal.code is RefusalCode.REVERSAL_OF_REVERSAL
    missing = journal.reverse(
        conn, book=1, entry_id=10**9, source="test", key="c", effective_on=JANUARY, actor="tester"
    )
    assert missing == Refused(RefusalCode.REVERSED_UNKNOWN, "1000000000")
    stored = journal.find(conn, book=1, entry_id=posted.entry_id)
    assert stored is not None
    assert stored.reversed_by == back.entry_id


@pytest.mark.law(9)
def test_what_claims_to_reverse_must_invert_line_for_line(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 10)])[0]
    assert isinstance(posted, Posted)
    fake = dataclasses.replace(repaid("b", 1, 10), reverses=posted.entry_id)
    assert refusal(conn, fake) is RefusalCode.NOT_AN_INVERSION
    unknown = dataclasses.replace(repaid("b", 1, 10), reverses=10**9)
    assert refusal(conn, unknown) is RefusalCode.REVERSED_UNKNOWN


@pytest.mark.law(9)
def test_two_reversals_of_one_entry_in_one_batch(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 10)])[0]
    assert isinstance(posted, Posted)
    stored = journal.find(conn, book=1, entry_id=posted.entry_id)
    assert stored is not None
    twice = [
        dataclasses.replace(
            stored.entry,
            key=key,
            event_id=None,
            reverses=posted.entry_id,
            lines=tuple(dataclasses.replace(x, side=x.side.opposite) for x in stored.entry.lines),
        )
        for key in ("r1", "r2")
    ]
    first, second = journal.append(conn, twice)
    assert isinstance(first, Posted)
    assert isinstance(second, Refused)
    assert second.code is RefusalCode.ALREADY_REVERSED


def test_an_entry_of_ten_thousand_lines(conn: Connection) -> None:
    lines = tuple(Line("6011", Side.CREDIT, 1, "CNY", Dimensions(subject=i)) for i in range(10_000))
    entry = Entry(1, "test", "batch", "BATCH", JANUARY, (Line("1002.01", Side.DEBIT, 10_000, "CNY"), *lines), "tester")
    verdict = journal.append(conn, [entry])[0]
    assert isinstance(verdict, Posted)
    assert conn.execute(text("SELECT n_lines FROM ledger.entry")).scalar_one() == 10_001
    assert balance_now(conn, book=1, account="6011") == -10_000


def test_one_event_in_two_books(conn: Connection) -> None:
    open_test_book(conn, 2)
    event = uuid4()
    verdicts = journal.append(
        conn,
        [
            dataclasses.replace(lent("e", 1, 10), event_id=event),
            dataclasses.replace(lent("e", 1, 10, book=2), event_id=event),
        ],
    )
    assert [type(v) for v in verdicts] == [Posted, Posted]
    assert [stored.entry.book for stored in journal.find_by_event(conn, event)] == [1, 2]


@pytest.mark.law(46)
def test_a_session_limited_to_another_book_sees_and_posts_nothing(conn: Connection) -> None:
    posted = journal.append(conn, [lent("a", 1, 10)])[0]
    assert isinstance(posted, Posted)
    conn.execute(text("SELECT set_config('ledger.books', '2', true)"))
    assert journal.find(conn, book=1, entry_id=posted.entry_id) is None
    verdict = journal.append(conn, [lent("b", 1, 10)], accounts={(1, "1303.01"): 5, (1, "1002.01"): 2})[0]
    assert isinstance(verdict, Refused)
    assert verdict.code is RefusalCode.BOOK_FORBIDDEN


def test_ids_are_reserved_in_blocks_and_ascend(conn: Connection) -> None:
    verdicts = journal.append(conn, [lent(str(i), i, 1) for i in range(1_500)])
    ids = [v.entry_id for v in verdicts if isinstance(v, Posted)]
    assert len(ids) == len(set(ids)) == 1_500
    assert journal.event_of(1, ids[0]) == verdicts[0].event_id  # type: ignore[union-attr]


def some(number: int, kind: str, subject: int, amount: int) -> Entry:
    """An entry that may be accepted, repeat or contradict an earlier one, or be refused."""
    match kind:
        case "lent":  # few keys, so that many come again, with the same amount or another
            return lent(f"lent-{subject}-{amount % 3}", subject, amount)
        case "repaid":  # often more than is owed
            return repaid(f"repaid-{number}", subject, amount)
        case "elsewhere":
            return two_lines(f"elsewhere-{number}", "1002", "6011")
        case _:
            return lent(f"late-{number}", subject, amount, on=date(2026, 9, 1))


batches = st.lists(
    st.tuples(
        st.sampled_from(["lent", "lent", "repaid", "repaid", "elsewhere", "late"]), st.integers(1, 2), st.integers(1, 9)
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.law(11, 12, 19)
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(batches, st.integers(2, 9))
def test_a_long_batch_is_its_entries_posted_one_by_one_in_every_table(
    conn: Connection, book: int, drawn: list[tuple[str, int, int]], stretch: int
) -> None:
    del book
    entries = [some(number, *one) for number, one in enumerate(drawn)]
    driver = journal.driver_of(conn)
    ids = journal.reserve(driver, len(entries), conn.info.setdefault("ledger_ids", []))

    def tables_after(post: Callable[[list[int]], list[Verdict]]) -> tuple[object, ...]:
        with conn.begin_nested() as run:
            verdicts = [(type(one), getattr(one, "entry_id", None)) for one in post([*reversed(ids)])]
            waiting = conn.execute(text("SELECT entry_id, period_id, is_red FROM ledger.intake ORDER BY arrival")).all()
            drain(conn, 1)
            tables = [conn.execute(text(query)).all() for query in EVERY_TABLE]
            run.rollback()
            return verdicts, waiting, tables

    key = journal.DEVELOPMENT_MAC_KEY
    with patch.object(journal, "STRETCH", stretch):
        together = tables_after(lambda spare: journal.post(driver, entries, mac_key=key, spare_ids=spare))
    alone = tables_after(
        lambda spare: [one for entry in entries for one in journal.post(driver, [entry], mac_key=key, spare_ids=spare)]
    )
    assert together == alone


EVERY_TABLE = (
    "SELECT to_jsonb(x) - 'recorded_at' FROM ledger.entry x ORDER BY entry_id",
    "SELECT to_jsonb(x) FROM ledger.line x ORDER BY entry_id, line_no",
    "SELECT to_jsonb(x) FROM ledger.entry_key x ORDER BY entry_id",
    "SELECT to_jsonb(x) FROM ledger.guard x ORDER BY account_id, subject_id",
    "SELECT to_jsonb(x) - 'sequenced_at' FROM ledger.log x ORDER BY seq",
    "SELECT to_jsonb(x) FROM ledger.fold x ORDER BY upto_seq",
    "SELECT to_jsonb(x) FROM ledger.account_day x ORDER BY 1",
    "SELECT to_jsonb(x) FROM ledger.account_tip x ORDER BY 1",
    "SELECT to_jsonb(x) FROM ledger.tip x",
)
"""What the door and the sequencer write, without the instants."""
