"""The journal against a model of a few lines: whatever is done in whatever order, both say the same.

The machine drives a book of its own through the one door, committing each step; the model is a list of entries and
plain sums over it. Below, many connections post at once while somebody terminates them, and the book is judged after.
"""

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.audit import audit
from ledger.balances import balance_at, balance_now, subject_balances
from ledger.books import close_period
from ledger.entry import Entry, Side, reversed_entry
from ledger.journal import Posted, RefusalCode, Refused, Replayed
from ledger.note import Signer
from ledger.seal import Sealed, seal
from ledger.sequencer import drain, head, sequence
from ledger.statements import trial_balance
from postgres.database import Database
from tests.ledger.conftest import lent, open_test_book, repaid

SIGNER = Signer.from_seed("model", b"\x03" * 32)
ACCOUNTS = ("1002.01", "1002.02", "1303.01", "6011")
GUARDED = "1303.01"
MONTHS = (202601, 202602, 202603)


@dataclass
class Model:
    """The journal as a list."""

    entries: list[Entry] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    numbered: int = 0
    closed: set[int] = field(default_factory=set)

    def verdict(self, entry: Entry) -> str:
        """What the door must say, in the order in which it looks: key, month, reversal, guard."""
        for known in self.entries:
            if known.key == entry.key:
                return "REPLAYED" if known == entry else RefusalCode.IDEMPOTENCY_CONFLICT
        if entry.effective_on.year * 100 + entry.effective_on.month in self.closed:
            return RefusalCode.PERIOD_CLOSED
        if entry.reverses is not None and any(known.reverses == entry.reverses for known in self.entries):
            return RefusalCode.ALREADY_REVERSED
        for subject in {line.dims.subject for line in entry.lines if line.account == GUARDED}:
            after = net([*self.entries, entry], GUARDED, subject=subject)
            if after < 0:
                return RefusalCode.GUARD_VIOLATED
        return "POSTED"


def net(entries: list[Entry], account: str, *, subject: int | None = None, on: date = date.max) -> int:
    """Debit minus credit, the slow way."""
    return sum(
        line.amount if line.side is Side.DEBIT else -line.amount
        for entry in entries
        if entry.effective_on <= on
        for line in entry.lines
        if line.account == account and subject in {None, line.dims.subject}
    )


DAYS = st.dates(date(2026, 1, 1), date(2026, 3, 31))
KINDS = ("new", "new", "again", "other")
WISHES = st.tuples(
    st.booleans(), st.integers(1, 3), st.integers(1, 100), DAYS, st.sampled_from(("new", "again", "other"))
)


class Machine(RuleBasedStateMachine):
    """One book, one model."""

    books = count(100)

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database
        self.model = Model()
        self.keys = count(1)
        self.note: str | None = None

    @initialize()
    def open(self) -> None:
        self.book = next(self.books)
        self.database.run(lambda conn: open_test_book(conn, self.book))

    def wished(self, batch: list[tuple[bool, int, int, date, str]]) -> Iterator[Entry]:
        for is_loan, subject, amount, on, kind in batch:
            key = f"k{next(self.keys)}"
            made = (
                lent(key, subject, amount, on, book=self.book)
                if is_loan
                else repaid(key, subject, amount, 1 + amount % 7, on, book=self.book)
            )
            plain = [known for known in self.model.entries if known.reverses is None]
            if kind != "new" and plain:
                known = plain[amount % len(plain)]
                yield known if kind == "again" else replace(made, key=known.key)
            else:
                yield made

    def settle(self, entries: list[Entry], verdicts: list[journal.Verdict]) -> None:
        """Each verdict is the model's, and the model follows."""
        for entry, verdict in zip(entries, verdicts, strict=True):
            expected = self.model.verdict(entry)
            match verdict:
                case Posted(entry_id):
                    assert expected == "POSTED", (entry, expected)
                    self.model.entries.append(entry)
                    self.model.ids.append(entry_id)
                case Replayed(entry_id):
                    assert expected == "REPLAYED", (entry, expected)
                    assert [known.key for known in self.model.entries][self.model.ids.index(entry_id)] == entry.key
                case Refused(code):
                    assert expected == code, (entry, expected, verdict)

    @rule(batch=st.lists(WISHES, min_size=1, max_size=4))
    def post(self, batch: list[tuple[bool, int, int, date, str]]) -> None:
        entries = list(self.wished(batch))
        if len({entry.key for entry in entries}) < len(entries):
            entries = entries[:1]  # what a batch says of its own doubles has a test of its own
        self.settle(entries, self.database.run(lambda conn: journal.append(conn, entries)))

    @precondition(lambda self: self.model.entries)
    @rule(which=st.integers(0, 1_000), on=DAYS)
    def reverse(self, which: int, on: date) -> None:
        place = which % len(self.model.entries)
        original, entry_id = self.model.entries[place], self.model.ids[place]
        key = f"undo{next(self.keys)}"
        facts = {"key": key, "source": "test", "effective_on": on, "actor": "t"}
        verdict = self.database.run(
            lambda conn: journal.reverse(conn, book=self.book, entry_id=entry_id, **facts)  # type: ignore[arg-type]
        )
        if original.reverses is not None:
            assert isinstance(verdict, Refused)
            assert verdict.code is RefusalCode.REVERSAL_OF_REVERSAL
            return
        self.settle([reversed_entry(original, entry_id=entry_id, **facts)], [verdict])  # type: ignore[arg-type]

    @rule(limit=st.integers(1, 5))
    def number(self, limit: int) -> None:
        done = self.database.run(lambda conn: sequence(conn, self.book, limit=limit))
        assert done == min(limit, len(self.model.entries) - self.model.numbered)
        self.model.numbered += done

    @precondition(lambda self: len(self.model.closed) < len(MONTHS))
    @rule()
    def close(self) -> None:
        month = MONTHS[len(self.model.closed)]
        self.database.run(lambda conn: drain(conn, self.book))
        self.model.numbered = len(self.model.entries)
        closed_at = self.database.run(lambda conn: close_period(conn, self.book, month))
        assert closed_at == self.model.numbered
        self.model.closed.add(month)

    @rule()
    def sign(self) -> None:
        done = self.database.run(lambda conn: seal(conn, book=self.book, signers=[SIGNER], origin="model"))
        assert isinstance(done, Sealed)
        assert done.size == self.model.numbered
        self.note = done.note or self.note

    @rule(on=DAYS, share=st.floats(0, 1))
    def look_back(self, on: date, share: float) -> None:
        as_of = int(share * self.model.numbered)
        with self.database.snapshot() as conn:
            for account in ACCOUNTS:
                known = balance_at(conn, book=self.book, account=account, on=on, as_of_seq=as_of)
                assert known == net(self.model.entries[:as_of], account, on=on)

    @invariant()
    def the_same_is_said_of_now(self) -> None:
        if not hasattr(self, "book"):
            return
        with self.database.snapshot() as conn:
            for account in ACCOUNTS:
                assert balance_now(conn, book=self.book, account=account) == net(self.model.entries, account)
            for subject in (1, 2, 3):
                owed = subject_balances(conn, book=self.book, subject=subject).get(GUARDED, 0)
                assert owed == net(self.model.entries, GUARDED, subject=subject) >= 0
            assert head(conn, self.book) == self.model.numbered
            for as_of, known in (
                (None, self.model.entries),
                (self.model.numbered, self.model.entries[: self.model.numbered]),
            ):
                sheet = trial_balance(conn, book=self.book, as_of_seq=as_of)
                assert sheet.balanced
                found = {
                    one.account.code: one.turnover.closing_debit - one.turnover.closing_credit for one in sheet.rows
                }
                for account in ACCOUNTS:
                    assert found.get(account, 0) == net(known, account), (as_of, account)

    def teardown(self) -> None:
        if not hasattr(self, "book"):
            return
        with self.database.snapshot() as conn:
            notes = [] if self.note is None else [self.note]
            result = audit(conn, book=self.book, notes=notes, verifiers=[SIGNER.verifier])
            assert result.is_sound, result.findings


def test_the_journal_is_the_model(db: Database) -> None:
    run_state_machine_as_test(
        lambda: Machine(db),  # type: ignore[arg-type]  # whatever makes a machine will do
        settings=settings(max_examples=40, stateful_step_count=30, deadline=None),
    )


def test_terminated_connections_leave_a_whole_book(db: Database) -> None:
    """Six clients post and number; now and then a superuser terminates one of them in the middle of whatever."""
    db.run(lambda conn: open_test_book(conn, 1))
    stop = threading.Event()
    acknowledged: list[list[str]] = [[] for _ in range(6)]
    lost = [0] * 6

    def client(one: int) -> None:
        mine = Database(db.url)
        chance = random.Random(one)
        number = 0
        while not stop.is_set():
            entries = [lent(f"c{one}-{number + n}", chance.randrange(1, 4), 10) for n in range(5)]
            number += 5
            try:
                with mine.transaction() as conn:
                    journal.append(conn, entries)
                if chance.random() < 0.3:
                    with mine.transaction() as conn:
                        sequence(conn, 1)
            except DBAPIError:
                lost[one] += 1
                continue
            acknowledged[one] += [entry.key for entry in entries]
        mine.dispose()

    threads = [threading.Thread(target=client, args=(one,)) for one in range(6)]
    for one in threads:
        one.start()
    killer = Database(db.url, role=None)
    chance = random.Random(7)
    for _ in range(60):
        stop.wait(0.03)
        with killer.transaction() as conn:
            victims = list(conn.scalars(_CLIENTS))
            if victims:
                conn.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": chance.choice(victims)})
    stop.set()
    for one in threads:
        one.join(30)
        assert not one.is_alive()
    killer.dispose()

    assert sum(lost) > 5, "somebody was hit"
    db.run(lambda conn: drain(conn, 1))
    db.run(lambda conn: seal(conn, book=1, signers=[SIGNER], origin="model"))
    with db.snapshot() as conn:
        kept = list(conn.scalars(text("SELECT ik FROM ledger.entry WHERE book_id = 1")))
        assert {key for keys in acknowledged for key in keys} <= set(kept), "what was acknowledged is there"
        assert len(kept) == len(set(kept)) == head(conn, 1), "once, and numbered without a gap"
        assert trial_balance(conn, book=1).balanced
        assert balance_now(conn, book=1, account=GUARDED) == 10 * len(kept)
        result = audit(conn, book=1, verifiers=[SIGNER.verifier], mac_key=journal.DEVELOPMENT_MAC_KEY)
        assert result.is_sound, result.findings


_CLIENTS = text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
