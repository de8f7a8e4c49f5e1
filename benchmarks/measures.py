"""What the ledger costs, as ratios inside one run: each measure runs its two sides in turn on the same server.

The sides are interleaved round by round and the medians are compared, so that a busy machine is busy for both.
"""

import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text

from benchmarks.book import BANK, BOOK, COLLECTED, DAY, INCOME, OWED, repaid
from graphql_api.batcher import Batcher
from ledger import journal
from ledger.audit import audit
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.journal import driver_of
from ledger.note import Signer
from ledger.seal import seal
from ledger.sequencer import drain
from ledger.statements import trial_balance
from postgres.database import Database

SIGNER: Final = Signer.from_seed("bench", b"\x08" * 32)
ROUNDS: Final = 5
BATCH: Final = 50
LONG: Final = 1_002
"""Lines of the long entry."""
FILL: Final = 1_000
"""Lines of an entry that fills the book."""
DAYS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One measure: `ours` and `peer` in the same unit, more is better; `ratio` is what is promised at least."""

    name: str
    ours: float
    peer: float
    unit: str
    goal: float
    conditions: str

    @property
    def ratio(self) -> float:
        """Ours over the peer's."""
        return self.ours / self.peer

    @property
    def is_met(self) -> bool:
        """Whether the goal is reached."""
        return self.ratio >= self.goal

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "name": self.name,
            "ours": round(self.ours, 3),
            "peer": round(self.peer, 3),
            "unit": self.unit,
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "met": self.is_met,
            "conditions": self.conditions,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    seconds: float = 2.0
    """Of each side of each round, where clients work."""
    rounds: int = ROUNDS
    lines: int = 200_000
    """Of the book that is read and verified."""


def posting(database: Database, owner: Database, size: Size) -> Ratio:
    """32 clients post one entry each time, through group commit: the whole design against bare inserts of its rows."""
    _bare_tables(owner)
    accounts = database.run(_accounts)
    sides = {
        "ours": Batcher(database, partial(journal.append, accounts=accounts)),
        "peer": Batcher(database, partial(_insert_bare, accounts=accounts)),
    }
    clients = 32

    def work(batcher: Batcher[Entry, journal.Verdict], name: str) -> float:
        return _rate(clients, size.seconds, lambda one, number: len([batcher.submit(_entry(name, one, number))]))

    rates = _interleaved(size.rounds, {name: partial(work, batcher) for name, batcher in sides.items()})
    return Ratio(
        name="posting, whole design over bare group commit",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.5,
        conditions=f"{clients} clients, 4 lines an entry, one entry a command, {_machine()}",
    )


def hot_account(database: Database, owner: Database, size: Size) -> Ratio:
    """16 clients post to one account, and to 16 distinct ones."""
    del owner
    clients = 16

    def work(against: Callable[[int], str], name: str) -> float:
        def batch(one: int, number: int) -> int:
            entries = [_entry(name, one, number * BATCH + extra, against=against(one)) for extra in range(BATCH)]
            return len(database.run(lambda conn: journal.append(conn, entries)))

        return _rate(clients, size.seconds, batch)

    rates = _interleaved(
        size.rounds,
        {"ours": partial(work, lambda _: "2241.01"), "peer": partial(work, lambda one: f"2241.{one + 1:02d}")},
    )
    return Ratio(
        name="one hot account over sixteen distinct ones",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.9,
        conditions=f"{clients} clients, batches of {BATCH}, 4 lines an entry, {_machine()}",
    )


def long_entry(database: Database, owner: Database, size: Size) -> Ratio:
    """An entry of 1,002 lines, and the same with every trigger and foreign key switched off."""

    def post(conn: Connection, name: str, number: int) -> None:
        (verdict,) = journal.append(conn, [_long(f"{name}-{number}", LONG)])
        assert isinstance(verdict, journal.Posted), verdict

    def ours(name: str) -> float:
        return _rate(1, size.seconds, lambda _, number: _one(database.run(lambda conn: post(conn, name, number))))

    def without(name: str) -> float:
        def unguarded(conn: Connection, number: int) -> None:
            conn.execute(text("SET LOCAL session_replication_role = replica"))
            conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
            post(conn, name, number)

        return _rate(1, size.seconds, lambda _, number: _one(owner.run(lambda conn: unguarded(conn, number))))

    rates = _interleaved(size.rounds, {"ours": ours, "peer": without})
    return Ratio(
        name="entry of 1,002 lines over the same without triggers",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.75,
        conditions=f"1 client, {_machine()}",
    )


def reading(database: Database, owner: Database, size: Size) -> Ratio:
    """A trial balance out of the folded totals, and a GROUP BY over the lines."""
    del owner
    lines = fill(database, size.lines)

    def ours(_name: str) -> float:
        return _times(lambda conn: trial_balance(conn, book=BOOK), database, 5)

    def scan(_name: str) -> float:
        return _times(lambda conn: conn.execute(_SCAN, {"b": BOOK}).all(), database, 1)

    rates = _interleaved(size.rounds, {"ours": ours, "peer": scan})
    return Ratio(
        name="trial balance over a scan of the lines",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=100,
        conditions=f"{lines} lines of {DAYS} days (the goal is for 10 million), {_machine()}",
    )


def verifying(database: Database, owner: Database, size: Size) -> Ratio:
    """Verification of the whole book, and a plain COPY of the same rows to a file."""
    lines = fill(database, size.lines)
    database.run(lambda conn: seal(conn, book=BOOK, signers=[SIGNER], origin="bench"))

    def ours(_name: str) -> float:
        with database.snapshot() as conn:
            started = time.perf_counter()
            result = audit(conn, book=BOOK, verifiers=[SIGNER.verifier])
            spent = time.perf_counter() - started
        assert result.is_sound, result.findings
        return 1 / spent

    def copy(_name: str) -> float:
        with tempfile.TemporaryDirectory() as home, owner.snapshot() as conn:
            driver = driver_of(conn)
            started = time.perf_counter()
            for table in ("entry", "line", "log"):
                with (
                    (Path(home) / table).open("wb") as file,
                    driver.cursor().copy(_COPY.format(table=sql.Identifier(table), book=sql.Literal(BOOK))) as rows,
                ):
                    for row in rows:
                        file.write(row)
            return 1 / (time.perf_counter() - started)

    rates = _interleaved(max(1, size.rounds // 2), {"ours": ours, "peer": copy})
    return Ratio(
        name="verification over a plain COPY of the rows",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=1 / 6,
        conditions=f"{lines} lines, {_machine()}",
    )


Measure = Callable[[Database, Database, Size], Ratio]

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {"posting": posting, "hot-account": hot_account, "long-entry": long_entry, "reading": reading, "verify": verifying}
)
"""By name; each takes the database as the application and as its owner see it. Reading and verify fill the book."""


def fill(database: Database, lines: int) -> int:
    """Post long entries over many days through the one door until the book has so many lines; answers how many."""
    has = database.run(lambda conn: conn.execute(_COUNT, {"b": BOOK}).scalar_one())
    number = has
    while number < lines:
        entries = [_long(f"fill-{number + one * FILL}", FILL, day=(number // FILL + one) % DAYS) for one in range(10)]
        verdicts = database.run(partial(journal.append, entries=entries))
        assert all(not isinstance(verdict, journal.Refused) for verdict in verdicts), verdicts
        number += 10 * FILL
    database.run(lambda conn: drain(conn, BOOK))
    return int(number)


def _entry(name: str, client: int, number: int, *, against: str = COLLECTED) -> Entry:
    return repaid(f"{name}-{client}-{number}", 1 + (client * 7_919 + number) % 5_000, against=against)


def _long(key: str, lines: int, *, day: int = 0) -> Entry:
    """As a close of business posts: a line for each subject and two summed ones."""
    owed = tuple(Line(OWED, Side.DEBIT, 100 + n, "CNY", Dimensions(subject=1 + n)) for n in range(lines - 2))
    total = sum(line.amount for line in owed)
    summed = (Line(INCOME, Side.CREDIT, total - 1, "CNY"), Line(BANK, Side.CREDIT, 1, "CNY"))
    return Entry(BOOK, "bench", key, "ACCRUED", DAY + timedelta(days=day), (*owed, *summed), "bench")


def _rate(clients: int, seconds: float, work: Callable[[int, int], int]) -> float:
    """How much `clients` threads do in a second: each calls `work(client, number)`, which answers how much it did."""
    stop = threading.Event()

    def client(one: int) -> int:
        done = number = 0
        while not stop.is_set():
            done += work(one, number)
            number += 1
        return done

    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        working = [pool.submit(client, one) for one in range(clients)]
        stop.wait(seconds)
        stop.set()
        done = sum(one.result() for one in working)
        return done / (time.perf_counter() - started)


def _times(read: Callable[[Connection], object], database: Database, count: int) -> float:
    """How often a second `read` can be answered."""
    with database.snapshot() as conn:
        read(conn)
        started = time.perf_counter()
        for _ in range(count):
            read(conn)
        return count / (time.perf_counter() - started)


def _interleaved(rounds: int, sides: Mapping[str, Callable[[str], float]]) -> dict[str, float]:
    """The median of each side; each round runs all sides, in an order of its own, and names what it posts."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    run = f"{random.getrandbits(48):x}"
    for number in range(rounds):
        order = sorted(sides, reverse=bool(number % 2))
        for name in order:
            found[name].append(sides[name](f"{run}-{name}-{number}"))
    return {name: median(rates) for name, rates in found.items()}


def _one(_done: None) -> int:
    return 1


def _accounts(conn: Connection) -> dict[tuple[int, str], int]:
    rows = conn.execute(text("SELECT book_id, code, account_id FROM ledger.account"))
    return {(book, code): account_id for book, code, account_id in rows}


def _machine() -> str:
    return f"{os.cpu_count()} cores, client and server on one machine, fsync on"


def _bare_tables(owner: Database) -> None:
    """Tables with the columns and keys of the journal's and nothing else: no check, trigger, foreign key, or total."""
    with owner.transaction() as conn:
        conn.execute(text("DROP SCHEMA IF EXISTS bare CASCADE"))
        conn.execute(text("CREATE SCHEMA bare"))
        for table in ("entry", "line"):
            conn.execute(text(f"CREATE TABLE bare.{table} (LIKE ledger.{table} INCLUDING DEFAULTS)"))
        conn.execute(text("ALTER TABLE bare.entry ADD PRIMARY KEY (book_id, period_id, entry_id)"))
        conn.execute(text("ALTER TABLE bare.entry ADD UNIQUE (book_id, source, ik)"))
        conn.execute(text("CREATE INDEX ON bare.entry (event_id)"))
        conn.execute(text("ALTER TABLE bare.line ADD PRIMARY KEY (book_id, period_id, entry_id, line_no)"))
        conn.execute(text("CREATE INDEX ON bare.line (book_id, subject_id, entry_id) WHERE subject_id IS NOT NULL"))
        conn.execute(text("GRANT USAGE ON SCHEMA bare TO zhudai_app"))
        conn.execute(text("GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA bare TO zhudai_app"))


def _insert_bare(conn: Connection, entries: Sequence[Entry], *, accounts: journal.Accounts) -> list[journal.Verdict]:
    """The same rows from the same arrays, by two plain inserts."""
    driver = driver_of(conn)
    ids = journal.reserve(driver, len(entries), conn.info.setdefault("ledger_ids", []))
    columns = journal.columns(entries, ids, accounts, journal.DEVELOPMENT_MAC_KEY)
    driver.execute(_BARE_ENTRIES, columns[:18], prepare=True)
    driver.execute(_BARE_LINES, [columns[1], *columns[18:]], prepare=True)
    return [journal.Posted(number, journal.event_of(BOOK, number)) for number in ids]


_BARE_ENTRIES: Final = (
    "INSERT INTO bare.entry (book_id, entry_id, event_id, source, ik, body_hash, kind, rule_version, effective_on,"
    " economic_on, paid_on, reverses, is_red, actor, description, meta, mac, n_lines, period_id, recorded_at)"
    " SELECT *, 202601, clock_timestamp() FROM unnest(%s::int[], %s::bigint[], %s::uuid[], %s::text[], %s::text[],"
    " %s::bytea[], %s::text[], %s::int[], %s::date[], %s::date[], %s::date[], %s::bigint[], %s::boolean[], %s::text[],"
    " %s::text[], %s::jsonb[], %s::bytea[], %s::int[])"
)
_BARE_LINES: Final = (
    "INSERT INTO bare.line (book_id, period_id, entry_id, line_no, effective_on, account_id, currency, side, amount,"
    " subject_id, party_id, scheme_id, funder_id, channel_id)"
    " SELECT 1, 202601, (%s::bigint[])[o], n, DATE '2026-01-15', a, c, s, am, su, pa, sc, fu, ch"
    " FROM unnest(%s::int[], %s::int[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::int[],"
    " %s::int[], %s::int[], %s::int[]) u(o, n, a, c, s, am, su, pa, sc, fu, ch)"
)
_SCAN: Final = text(
    "SELECT account_id, sum(amount) FILTER (WHERE side = 'D'), sum(amount) FILTER (WHERE side = 'C')"
    " FROM ledger.line WHERE book_id = :b GROUP BY account_id"
)
_COPY: Final = sql.SQL("COPY (SELECT * FROM ledger.{table} WHERE book_id = {book}) TO STDOUT")
_COUNT: Final = text("SELECT count(*) FROM ledger.line WHERE book_id = :b")
