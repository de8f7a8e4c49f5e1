"""The laws of the book, the log and the months, held against brute force over the lines for any story."""

import dataclasses
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from ledger import journal
from ledger.account import Account, AccountClass
from ledger.balances import balance_at, balance_now, subjects_balances
from ledger.books import ReversalStyle, begin_close, close_period, open_accounts, reopen
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.journal import Posted, RefusalCode, Refused
from ledger.note import Signer
from ledger.period import period_id
from ledger.seal import Sealed, balance_head, seal
from ledger.sequencer import drain, head
from ledger.statements import account_statement, totals_by_account, trial_balance
from tests.laws.story import (
    BOOK,
    FIRST,
    LAST,
    Act,
    Step,
    days,
    entry_of,
    examples,
    open_story_book,
    steps,
    stories,
    tell,
    told,
)
from tests.laws.story import table as rows
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

SIGNER = Signer.from_seed("test", b"\x01" * 32)
LINES = """
  SELECT a.code, l.currency, l.side, l.amount, coalesce(l.subject_id, 0), l.effective_on, g.seq, l.line_no, l.entry_id
    FROM ledger.line l JOIN ledger.account a USING (book_id, account_id)
    LEFT JOIN ledger.log g USING (book_id, entry_id)
   WHERE l.book_id = 1
"""
"""The truth: every line with the number of its entry, if it has one."""


@pytest.fixture(autouse=True)
def _book(conn: Connection) -> None:
    open_story_book(conn)


def signed(side: str, amount: int) -> int:
    """Debit minus credit of a line."""
    return amount if side == "D" else -amount


def sums(conn: Connection) -> Counter[str]:
    """Debit minus credit by account code, from the lines."""
    found: Counter[str] = Counter()
    for code, _, side, amount, *_ in rows(conn, LINES):
        found[code] += signed(side, amount)
    return found


amounts = st.lists(st.tuples(st.sampled_from("DC"), st.integers(-1, 3), st.sampled_from(["CNY", "USD"])), max_size=5)


@pytest.mark.law(1, 2, 3)
@given(amounts)
@examples(60)
def test_the_door_itself_takes_only_balanced_entries(conn: Connection, lines: list[tuple[str, int, str]]) -> None:
    """The door is given what `Entry` would never build: it does not trust its caller."""
    entry = lent("forged", 1, 5)
    forged = []
    for side, amount, currency in lines:
        line = Line("2241" if currency == "CNY" else "1002USD", Side(side), 1, currency)
        object.__setattr__(line, "amount", amount)
        forged.append(line)
    object.__setattr__(entry, "lines", tuple(forged))
    net: Counter[str] = Counter()
    for side, amount, currency in lines:
        net[currency] += signed(side, amount)
    lawful = len(lines) >= 2 and all(amount > 0 for _, amount, _ in lines) and not any(net.values())
    with conn.begin_nested() as savepoint:
        verdict = journal.append(conn, [entry])[0]
        assert isinstance(verdict, Posted) is lawful, verdict
        if isinstance(verdict, Posted):
            numbers = rows(conn, "SELECT l.line_no, e.n_lines FROM ledger.line l JOIN ledger.entry e USING (entry_id)")
            assert sorted(numbers) == [(n, len(lines)) for n in range(1, len(lines) + 1)]
        savepoint.rollback()


@pytest.mark.law(6, 8)
@given(st.dates(date(2025, 12, 1), date(2026, 4, 30)), days, days)
@examples(40)
def test_a_line_stands_in_an_open_month_and_in_the_life_of_its_account(
    conn: Connection, on: date, one: date, other: date
) -> None:
    opened, closed = min(one, other), max(one, other)
    with conn.begin_nested() as savepoint:
        brief = Account("2203", "预收", AccountClass.LIABILITY, "CNY", Side.CREDIT, opened_on=opened)
        open_accounts(conn, BOOK, [brief])
        conn.execute(text("SELECT ledger.close_account(1, '2203', :on)"), {"on": closed})
        lines = (Line("1002.01", Side.DEBIT, 5, "CNY"), Line("2203", Side.CREDIT, 5, "CNY"))
        verdict = journal.append(conn, [Entry(BOOK, "test", "k", "X", on, lines, "tester")])[0]
        if isinstance(verdict, Posted):
            assert opened <= on <= closed
            assert rows(
                conn, "SELECT DISTINCT period_id FROM ledger.entry UNION SELECT period_id FROM ledger.line"
            ) == [(period_id(on),)]
        else:
            assert isinstance(verdict, Refused)
            unopened = not FIRST <= on <= LAST
            assert verdict.code is (RefusalCode.PERIOD_UNKNOWN if unopened else RefusalCode.ACCOUNT_CLOSED)
            assert not opened <= on <= closed
        savepoint.rollback()


@pytest.mark.law(10)
@given(steps.filter(lambda step: step.act not in {Act.UNDO, Act.FOLD, Act.REPAY}), days, st.booleans(), st.booleans())
@examples(25)
def test_a_reversal_nets_to_zero_everywhere_and_counts_twice_in_the_turnover(
    conn: Connection, step: Step, on: date, is_red: bool, folded: bool
) -> None:
    entry = entry_of(step, "k")
    with conn.begin_nested() as savepoint:
        posted = journal.append(conn, [entry])[0]
        assert isinstance(posted, Posted)
        undone = journal.reverse(
            conn,
            book=BOOK,
            entry_id=posted.entry_id,
            source="test",
            key="k-",
            effective_on=on,
            actor="t",
            is_red=is_red,
        )
        assert isinstance(undone, Posted)
        if folded:
            drain(conn, BOOK)
        open_ends = rows(
            conn,
            "SELECT account_id, subject_id, party_id, scheme_id, funder_id, channel_id FROM ledger.line"
            " GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(CASE side WHEN 'D' THEN amount ELSE -amount END) <> 0",
        )
        assert open_ends == []
        gross = trial_balance(conn, book=BOOK, style=ReversalStyle.MIRROR).total
        whole = sum(line.amount for line in entry.lines if line.side is Side.DEBIT and line.currency == "CNY")
        assert (gross.debit, gross.credit) == (2 * whole, 2 * whole)
        savepoint.rollback()


TABLES = (
    "book", "account", "period", "entry", "line", "entry_key", "reversal", "guard", "intake", "tip", "log", "fold",
    "account_day", "account_tip", "leaf", "log_node", "checkpoint", "period_seal",
)  # fmt: skip


def contents(conn: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, as text, with the row version: a row that was written anew differs."""
    return {name: rows(conn, f"SELECT ctid::text, x::text FROM ledger.{name} x ORDER BY 1") for name in TABLES}


@pytest.mark.law(12, 13)
@given(stories, days)
@examples(12)
def test_a_refused_post_changes_no_byte(conn: Connection, story: list[Step], on: date) -> None:
    with conn.begin_nested() as savepoint:
        tell(conn, story)
        undone = journal.find_by_key(conn, book=BOOK, source="test", key="s-first")
        assert undone is not None
        two = (Line("1303", Side.DEBIT, 1, "CNY"), Line("2241", Side.CREDIT, 1, "CNY"))
        dry = (Line("1303.01", Side.DEBIT, 1, "CNY", Dimensions(subject=1)), Line("2241", Side.CREDIT, 1, "CNY"))
        refused = [
            dataclasses.replace(undone.entry, actor="somebody else"),
            repaid("r1", 1, 10**15, 0, on),
            repaid("r2", 77, 1, 1, on),
            Entry(BOOK, "test", "r3", "X", on, two, "t"),
            Entry(BOOK, "test", "r4", "X", on, dry, "t"),
            lent("r5", 1, 1, date(2027, 1, 1)),
            dataclasses.replace(lent("r6", 1, 1, on), reverses=undone.entry_id),
            dataclasses.replace(lent("r7", 1, 1, on), reverses=10**12),
        ]
        before = contents(conn)
        verdicts = journal.append(conn, refused)
        assert [type(verdict) for verdict in verdicts] == [Refused] * len(refused), verdicts
        assert verdicts[0] == Refused(RefusalCode.IDEMPOTENCY_CONFLICT, str(undone.entry_id))
        assert contents(conn) == before
        savepoint.rollback()


DEBIT_CLASSES = {AccountClass.ASSET, AccountClass.COST, AccountClass.EXPENSE}
CREDIT_CLASSES = {AccountClass.LIABILITY, AccountClass.EQUITY, AccountClass.INCOME}


@pytest.mark.law(14, 15, 16, 17)
@given(stories, days)
@examples(25)
def test_the_book_balances_by_line_by_date_by_class_and_by_level(conn: Connection, story: list[Step], on: date) -> None:
    with conn.begin_nested() as savepoint:
        tell(conn, story)
        for currency in ("CNY", "USD"):
            assert sum(signed(side, amount) for _, c, side, amount, *_ in rows(conn, LINES) if c == currency) == 0
            for seq in (None, *range(head(conn, BOOK) + 1)):
                for style in ReversalStyle:
                    asked = trial_balance(
                        conn, book=BOOK, to_on=on, as_of_seq=seq, style=style, currency=currency, from_on=JANUARY
                    )
                    assert asked.balanced, (currency, seq, style)
            leaves = trial_balance(conn, book=BOOK, currency=currency)
            by_class: Counter[AccountClass] = Counter()
            for row in leaves.rows:
                by_class[row.account.account_class] += row.turnover.closing_debit - row.turnover.closing_credit
            left = sum(by_class[each] for each in DEBIT_CLASSES)
            right = -sum(by_class[each] for each in CREDIT_CLASSES)
            assert left + by_class[AccountClass.COMMON] == right
            assert by_class[AccountClass.MEMO] == 0
            tops: Counter[str] = Counter()
            for code, net in totals_by_account(leaves).items():
                tops[code.split(".")[0]] += net
            rolled = trial_balance(conn, book=BOOK, currency=currency, level=1)
            assert {row.account.code for row in rolled.rows} == tops.keys()
            assert totals_by_account(rolled) == dict(tops)
            assert rolled.total.debit == leaves.total.debit
        savepoint.rollback()


@pytest.mark.law(18, 19)
@given(stories)
@examples(25)
def test_subjects_sum_to_their_control_account_and_guards_are_their_lines(conn: Connection, story: list[Step]) -> None:
    with conn.begin_nested() as savepoint:
        for _ in told(conn, [Step(Act.LEND, 1, 10**6, JANUARY, is_red=False), *story]):
            by_subject: Counter[int] = Counter()
            for code, _, side, amount, subject, *_ in rows(conn, LINES):
                if code == "1303.01":
                    by_subject[subject] += signed(side, amount)
            guards = dict(rows(conn, "SELECT subject_id, balance FROM ledger.guard WHERE book_id = 1"))
            assert guards == dict(by_subject)
            assert min(by_subject.values()) >= 0
            shown = subjects_balances(conn, book=BOOK, subjects=[1, 2, 3])
            control = sum(balances.get("1303.01", 0) for balances in shown.values())
            assert control == balance_now(conn, book=BOOK, account="1303.01") == by_subject.total()
        savepoint.rollback()


@pytest.mark.law(20, 21, 22, 25, 27)
@given(stories)
@examples(20)
def test_numbers_totals_and_balances_follow_the_lines_after_every_step(conn: Connection, story: list[Step]) -> None:
    with conn.begin_nested() as savepoint:
        for _ in told(conn, [Step(Act.LEND, 1, 10**6, JANUARY, is_red=False), *story]):
            truth = sums(conn)
            for code in ("1002.01", "1303.01", "1002USD"):
                assert balance_now(conn, book=BOOK, account=code) == truth[code]
            logged = rows(conn, "SELECT seq, entry_id FROM ledger.log WHERE book_id = 1 ORDER BY seq")
            assert [seq for seq, _ in logged] == list(range(1, head(conn, BOOK) + 1))
            waiting = rows(conn, "SELECT entry_id FROM ledger.intake WHERE book_id = 1")
            entries = rows(conn, "SELECT entry_id FROM ledger.entry WHERE book_id = 1")
            assert Counter([entry_id for _, entry_id in logged] + [x for (x,) in waiting]) == Counter(
                x for (x,) in entries
            )
            folded = [line for line in rows(conn, LINES) if line[6] is not None]
            days_total = rows(conn, "SELECT sum(debit), sum(credit), sum(n) FROM ledger.account_day WHERE book_id = 1")[
                0
            ]
            debits = sum(signed(side, amount) for _, _, side, amount, *_ in folded if side == "D")
            assert days_total in {(debits, debits, len(folded)), (None, None, None)}
            assert (days_total[2] is None) is (not folded)
        drain(conn, BOOK)
        running = dict(
            rows(
                conn,
                "SELECT a.code, sum(t.debit - t.credit) FROM ledger.account_tip t JOIN ledger.account a"
                " USING (book_id, account_id) WHERE t.book_id = 1 GROUP BY 1",
            )
        )
        for code, net in sums(conn).items():
            at_head = balance_at(conn, book=BOOK, account=code, on=date.max, as_of_seq=head(conn, BOOK))
            assert at_head == running[code] == net
        savepoint.rollback()


@pytest.mark.law(30)
@given(stories)
@examples(20)
def test_every_derived_row_is_computed_again_from_the_journal(conn: Connection, story: list[Step]) -> None:
    """The fold, done again here in Python over the lines, makes the same rows: none more, none less, none different."""
    with conn.begin_nested() as savepoint:
        tell(conn, story)
        journal_rows = rows(
            conn,
            "SELECT f.upto_seq, f.from_seq, g.seq, l.account_id, l.effective_on, coalesce(l.party_id, 0),"
            " coalesce(l.scheme_id, 0), coalesce(l.funder_id, 0), coalesce(l.channel_id, 0), l.side, l.amount, e.is_red"
            " FROM ledger.log g JOIN ledger.line l USING (book_id, entry_id)"
            " JOIN ledger.entry e USING (book_id, entry_id)"
            " LEFT JOIN ledger.fold f ON f.book_id = g.book_id AND g.seq BETWEEN f.from_seq AND f.upto_seq",
        )
        by_day: dict[tuple[object, ...], list[int]] = {}
        by_month: dict[tuple[object, ...], list[int]] = {}
        for upto, low, _, account, on, party, scheme, funder, channel, side, amount, is_red in journal_rows:
            debit, credit = (amount, 0) if side == "D" else (0, amount)
            change = (debit, credit, debit * bool(is_red), credit * bool(is_red), 1)
            dims = (account, party, scheme, funder, channel)
            for totals, key in ((by_day, (upto, low, on, *dims)), (by_month, (period_id(on), *dims))):
                kept = totals.setdefault(key, [0] * 5)
                kept[:] = [before + more for before, more in zip(kept, change, strict=True)]
        dims_and_sums = (
            "account_id, party_id, scheme_id, funder_id, channel_id, debit, credit, red_debit, red_credit, n"
        )
        stored = rows(conn, f"SELECT upto_seq, from_seq, effective_on, {dims_and_sums} FROM ledger.account_day")
        assert {row[:8]: [int(x) for x in row[8:]] for row in stored} == by_day
        stored = rows(conn, f"SELECT period_id, {dims_and_sums} FROM ledger.account_tip")
        assert {row[:6]: [int(x) for x in row[6:]] for row in stored} == by_month
        folds = rows(conn, "SELECT from_seq, upto_seq FROM ledger.fold ORDER BY 1")
        covered = [seq for low, high in folds for seq in range(low, high + 1)]
        assert covered == list(range(1, head(conn, BOOK) + 1))
        savepoint.rollback()


@pytest.mark.law(24, 29)
@given(stories, days, days, st.integers(1, 4))
@examples(20)
def test_the_pages_of_any_statement_are_its_lines_one_by_one(
    conn: Connection, story: list[Step], one: date, other: date, size: int
) -> None:
    lo, hi = min(one, other), max(one, other)
    with conn.begin_nested() as savepoint:
        tell(conn, story)
        drain(conn, BOOK)
        lines = sorted(
            (on, seq, no, signed(side, amount))
            for code, _, side, amount, _, on, seq, no, _ in rows(conn, LINES)
            if code == "1002.01"
        )
        expected = [line for line in lines if lo <= line[0] <= hi]
        balance = sum(amount for on, _, _, amount in lines if on < lo)
        shown: list[tuple[object, ...]] = []
        after: str | None = None
        while True:
            page = account_statement(conn, book=BOOK, account="1002.01", from_on=lo, to_on=hi, after=after, first=size)
            assert page is not None
            assert page.opening == balance
            assert page.closing == balance + sum(amount for *_, amount in expected)
            shown += [(line.effective_on, line.seq, line.line_no, line.balance) for line in page.lines]
            if not page.has_next:
                break
            after = page.lines[-1].cursor
            journal.append(conn, [lent(f"meanwhile{len(shown)}", 1, 5, lo)])
            drain(conn, BOOK)
        running = [sum(amount for *_, amount in expected[: n + 1]) + balance for n in range(len(expected))]
        assert shown == [(on, seq, no, after_it) for (on, seq, no, _), after_it in zip(expected, running, strict=True)]
        savepoint.rollback()


@pytest.mark.law(26, 28)
@given(stories, stories, days)
@examples(12)
def test_what_was_known_never_changes_and_news_change_only_later_dates(
    conn: Connection, story: list[Step], later: list[Step], on: date
) -> None:
    dates = sorted({FIRST, on - timedelta(days=1), on, on + timedelta(days=1), LAST})

    def known(upto: int) -> dict[tuple[date, int], int]:
        return {
            (day, seq): balance_at(conn, book=BOOK, account="1303.01", on=day, as_of_seq=seq)
            for day in dates
            for seq in range(upto + 1)
        }

    with conn.begin_nested() as savepoint:
        tell(conn, story)
        drain(conn, BOOK)
        size = head(conn, BOOK)
        before = known(size)
        journal.append(conn, [lent("news", 1, 7, on)])
        drain(conn, BOOK)
        for day in dates:
            with_it = balance_at(conn, book=BOOK, account="1303.01", on=day, as_of_seq=size + 1)
            assert with_it - before[day, size] == (7 if day >= on else 0)
        tell(conn, later, name="later")
        drain(conn, BOOK)
        assert known(size) == before
        savepoint.rollback()


@pytest.mark.law(31, 32, 33, 34)
@given(stories, stories)
@examples(10)
def test_a_closed_month_keeps_its_numbers_its_seal_and_hands_its_balances_on(
    conn: Connection, story: list[Step], later: list[Step]
) -> None:
    with conn.begin_nested() as savepoint:
        tell(conn, story)
        begin_close(conn, BOOK, 202601)
        reopen(conn, BOOK, 202601)
        closed_seq = close_period(conn, BOOK, 202601)
        closing = totals_by_account(trial_balance(conn, book=BOOK, to_on=date(2026, 1, 31)))
        assert isinstance(seal(conn, book=BOOK, signers=[SIGNER], origin="test"), Sealed)
        sealed = bytes(conn.execute(text("SELECT balance_root FROM ledger.period_seal")).scalar_one())
        for step, verdict in zip(later, told(conn, later, name="later"), strict=True):
            if verdict is not None and step.on < date(2026, 2, 1):
                assert isinstance(verdict, Refused)
        journal.append(conn, [lent("news", 1, 7, date(2026, 2, 1))])
        close_period(conn, BOOK, 202602)
        late = "SELECT 1 FROM ledger.log JOIN ledger.entry USING (book_id, entry_id) WHERE effective_on < '2026-02-01'"
        assert rows(conn, f"{late} AND seq > {closed_seq}") == []
        assert balance_head(conn, book=BOOK, upto_seq=head(conn, BOOK), before=date(2026, 2, 1)) == sealed
        assert balance_head(conn, book=BOOK, upto_seq=closed_seq, before=date(2026, 2, 1)) == sealed
        february = trial_balance(conn, book=BOOK, from_on=date(2026, 2, 1), to_on=date(2026, 2, 28))
        opening = {r.account.code: r.turnover.opening_debit - r.turnover.opening_credit for r in february.rows}
        assert {code: net for code, net in opening.items() if net} == {c: net for c, net in closing.items() if net}
        savepoint.rollback()


@pytest.mark.law(46)
def test_an_entry_names_nothing_of_another_book(conn: Connection) -> None:
    open_test_book(conn, 2)
    posted = journal.append(conn, [lent("a", 1, 10)])[0]
    assert isinstance(posted, Posted)
    lines = (Line("4001", Side.DEBIT, 1, "CNY"), Line("2241", Side.CREDIT, 1, "CNY"))
    foreign_account = Entry(2, "test", "b", "X", JANUARY, lines, "t")
    foreign_entry = dataclasses.replace(repaid("c", 1, 10, book=2), reverses=posted.entry_id)
    verdicts = journal.append(conn, [foreign_account, foreign_entry, repaid("d", 1, 1, book=2)])
    assert [verdict.code for verdict in verdicts if isinstance(verdict, Refused)] == [
        RefusalCode.ACCOUNT_UNKNOWN,
        RefusalCode.REVERSED_UNKNOWN,
        RefusalCode.GUARD_VIOLATED,
    ]
    assert isinstance(journal.append(conn, [lent("a", 1, 10, book=2)])[0], Posted), "a key is of its own book"
