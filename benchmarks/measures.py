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
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from statistics import median, quantiles
from types import MappingProxyType
from typing import Final

from psycopg import sql
from sqlalchemy import Connection, text

from benchmarks.book import BANK, BOOK, COLLECTED, DAY, INCOME, OWED, PAYABLES, repaid
from graphql_api.batcher import Batcher
from ledger import journal
from ledger.audit import audit
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.journal import driver_of
from ledger.note import Signer
from ledger.seal import seal
from ledger.sequencer import drain, sequence
from ledger.statements import subject_page, trial_balance
from postgres.database import Database

SIGNER: Final = Signer.from_seed("bench", b"\x08" * 32)
ROUNDS: Final = 5
BATCH: Final = 50
LONG: Final = 1_002
"""Lines of the long entry."""
FILL: Final = 1_000
"""Lines of an entry that fills the book."""
DAYS: Final = 60
FILL_BATCH: Final = 20
"""Entries of one transaction that fills the book."""
FOLD_EVERY: Final = 20
"""Such transactions between two runs of the sequencer."""
CROWDS: Final = (1, 8, 32, 128)
"""Clients of the measure that lets the number of clients grow."""
PAGE: Final = 50
"""Lines of a page of a subject's statement."""
SHORT, OLD = 900_001, 900_002
"""A subject with a page of history and one with as much as `Size.history`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One measure: `ours` and `peer` in the same unit, more is better; `ratio` is what is promised at least."""

    name: str
    ours: float
    peer: float
    unit: str
    goal: float
    conditions: str
    figures: Mapping[str, float] = field(default_factory=dict)
    """What else was seen: latencies in milliseconds, other rates."""

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
            "figures": {name: round(value, 3) for name, value in self.figures.items()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured."""

    seconds: float = 2.0
    """Of each side of each round, where clients work."""
    rounds: int = ROUNDS
    lines: int = 200_000
    """Of the book whose trial balance is read."""
    verified: int = 200_000
    """Of the book that is verified."""
    history: int = 10_000
    """Lines of the subject with a long history."""


FULL: Final = Size(lines=10_000_000, verified=1_000_000)
"""What the goals are stated for."""


def posting(database: Database, owner: Database, size: Size) -> Ratio:
    """32 clients post one entry each time, through group commit: the whole design against bare inserts of its rows."""
    _bare_tables(owner)
    accounts = database.run(_accounts)
    sides = {
        "ours": Batcher(database, partial(journal.append, accounts=accounts)),
        "peer": Batcher(database, partial(_insert_bare, accounts=accounts)),
    }
    clients = 32
    spent: dict[str, list[float]] = {name: [] for name in sides}

    def work(batcher: Batcher[Entry, journal.Verdict], side: str, name: str) -> float:
        return _rate(clients, size.seconds, _posted_one_by_one(batcher, name, spent[side]))

    rates = interleaved(size.rounds, {name: partial(work, batcher, name) for name, batcher in sides.items()})
    return Ratio(
        name="posting, whole design over bare group commit",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.5,
        conditions=f"{clients} clients, 4 lines an entry, one entry a command, {machine()}",
        figures={**_latencies("ours", spent["ours"]), **_latencies("peer", spent["peer"])},
    )


def crowd(database: Database, owner: Database, size: Size) -> Ratio:
    """1, 8, 32 and 128 clients post through group commit: the rate must not fall while their number grows."""
    del owner
    batcher = Batcher(database, partial(journal.append, accounts=database.run(_accounts)))
    spent: dict[int, list[float]] = {clients: [] for clients in CROWDS}

    def work(clients: int, name: str) -> float:
        return _rate(clients, size.seconds, _posted_one_by_one(batcher, name, spent[clients]))

    rates = interleaved(size.rounds, {str(clients): partial(work, clients) for clients in CROWDS})
    grown = [rates[str(clients)] for clients in CROWDS if clients >= 8]
    fewer, more = min(pairwise(grown), key=lambda pair: pair[1] / pair[0])
    figures = {f"{clients} clients entries/s": rates[str(clients)] for clients in CROWDS}
    for clients in CROWDS:
        figures |= _latencies(f"{clients} clients", spent[clients])
    return Ratio(
        name="posting with four times the clients, the worse of 32 over 8 and 128 over 32",
        ours=more,
        peer=fewer,
        unit="entries/s",
        goal=1,
        conditions=f"4 lines an entry, one entry a command, {machine()}",
        figures=figures,
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

    rates = interleaved(
        size.rounds,
        {"ours": partial(work, lambda _: "2241.01"), "peer": partial(work, lambda one: f"2241.{one + 1:02d}")},
    )
    return Ratio(
        name="one hot account over sixteen distinct ones",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.9,
        conditions=f"{clients} clients, batches of {BATCH}, 4 lines an entry, {machine()}",
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

    rates = interleaved(size.rounds, {"ours": ours, "peer": without})
    return Ratio(
        name="entry of 1,002 lines over the same without triggers",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="entries/s",
        goal=0.75,
        conditions=f"1 client, {machine()}",
    )


def reading(database: Database, owner: Database, size: Size) -> Ratio:
    """A trial balance out of the folded totals, and a GROUP BY over the lines."""
    del owner
    lines, filled_per_second = fill(database, size.lines)

    def ours(_name: str) -> float:
        return _times(lambda conn: trial_balance(conn, book=BOOK), database, 5)

    def scan(_name: str) -> float:
        return _times(lambda conn: conn.execute(_SCAN, {"b": BOOK}).all(), database, 1)

    rates = interleaved(size.rounds, {"ours": ours, "peer": scan})
    return Ratio(
        name="trial balance over a scan of the lines",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=100,
        conditions=f"{lines} lines of {DAYS} days (the goal is for 10 million), {len(PAYABLES)} accounts, {machine()}",
        figures={"filled lines/s": filled_per_second, "ours ms": 1_000 / rates["ours"]},
    )


def verifying(database: Database, owner: Database, size: Size) -> Ratio:
    """Verification of the whole book, and a plain COPY of the same rows to a file."""
    lines, _ = fill(database, size.verified)
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

    rates = interleaved(max(1, size.rounds // 2), {"ours": ours, "peer": copy})
    return Ratio(
        name="verification over a plain COPY of the rows",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=1 / 6,
        conditions=f"{lines} lines, {machine()}",
        figures={"ours lines/s": lines * rates["ours"]},
    )


def bulk(database: Database, owner: Database, size: Size) -> Ratio:
    """Long entries through the one door, and a COPY of the same lines into a bare table with the same indexes.

    There is no second door for bulk: this is what a close of business does, checked like everything else.
    """
    _bare_tables(owner)
    accounts = database.run(_accounts)
    batch = 10

    def entries(name: str, number: int) -> list[Entry]:
        return [_long(f"{name}-{number}-{one}", FILL) for one in range(batch)]

    def ours(name: str) -> float:
        def post(_one: int, number: int) -> int:
            verdicts = database.run(lambda conn: journal.append(conn, entries(name, number), accounts=accounts))
            assert all(isinstance(verdict, journal.Posted) for verdict in verdicts), verdicts
            return batch * FILL

        return _rate(1, size.seconds, post)

    def copy(name: str) -> float:
        return _rate(
            1,
            size.seconds,
            lambda _, number: owner.run(lambda conn: _copy_bare(conn, entries(name, number), accounts)),
        )

    rates = interleaved(size.rounds, {"ours": ours, "peer": copy})
    return Ratio(
        name="long entries through the one door over COPY of their lines into a bare indexed table",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="lines/s",
        goal=0.9,
        conditions=f"1 client, {batch} entries of {FILL} lines a batch, live partition, {machine()}",
    )


def last_lines(database: Database, owner: Database, size: Size) -> Ratio:
    """The newest 50 lines of one subject with their running balance, and a bare walk of an index for 50 lines."""
    _histories(database, size.history)
    _bare_tables(owner)
    account = database.run(_accounts)[BOOK, OWED]
    with owner.transaction() as conn:
        conn.execute(text("INSERT INTO bare.line SELECT * FROM ledger.line"))
        conn.execute(text("ANALYZE bare.line"))

    def ours(_name: str) -> float:
        return often(lambda conn: subject_page(conn, book=BOOK, account=OWED, subject=OLD, first=PAGE), database, size)

    def walk(_name: str) -> float:
        return often(
            lambda conn: conn.execute(_WALK, {"b": BOOK, "s": OLD, "a": account, "n": PAGE}).all(), database, size
        )

    rates = interleaved(size.rounds, {"ours": ours, "peer": walk})
    return Ratio(
        name="last 50 lines of a subject with running balance over a bare index walk",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=0.5,
        conditions=f"{size.history} lines of history, medians, one connection, {machine()}",
        figures={"ours p50 ms": 1_000 / rates["ours"], "peer p50 ms": 1_000 / rates["peer"]},
    )


def history(database: Database, owner: Database, size: Size) -> Ratio:
    """The same page of a subject with a long history, and of one that has hardly more than the page."""
    del owner
    _histories(database, size.history)

    def read(subject: int, _name: str) -> float:
        return often(
            lambda conn: subject_page(conn, book=BOOK, account=OWED, subject=subject, first=10), database, size
        )

    rates = interleaved(size.rounds, {"ours": partial(read, OLD), "peer": partial(read, SHORT)})
    return Ratio(
        name="last 10 lines out of a long history over out of ten",
        ours=rates["ours"],
        peer=rates["peer"],
        unit="1/s",
        goal=1 / 1.5,
        conditions=f"{size.history} and 10 lines of history, medians, one connection, {machine()}",
        figures={"ours p50 ms": 1_000 / rates["ours"], "peer p50 ms": 1_000 / rates["peer"]},
    )


Measure = Callable[[Database, Database, Size], Ratio]

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(
    {
        "posting": posting,
        "crowd": crowd,
        "hot-account": hot_account,
        "long-entry": long_entry,
        "bulk": bulk,
        "last-lines": last_lines,
        "history": history,
        "reading": reading,
        "verify": verifying,
    }
)
"""By name; each takes the database as the application and as its owner see it. Reading and verify fill the book."""


def fill(database: Database, lines: int) -> tuple[int, float]:
    """Post long entries over many days through the one door until the book has so many lines.

    Answers how many it has, and how many a second were posted and folded.
    """
    accounts = database.run(_accounts)
    has = int(database.run(lambda conn: conn.execute(_COUNT, {"b": BOOK}).scalar_one()))
    batches = -(-max(0, lines - has) // (FILL_BATCH * FILL))
    started = time.perf_counter()

    def post(number: int) -> None:
        first = has // FILL + number * FILL_BATCH
        entries = [_wide(f"fill-{one}", day=one % DAYS) for one in range(first, first + FILL_BATCH)]
        verdicts = database.run(lambda conn: journal.append(conn, entries, accounts=accounts))
        assert all(isinstance(verdict, journal.Posted) for verdict in verdicts), verdicts

    with ThreadPoolExecutor(2) as pool:  # one builds while the server works for the other
        for number, _ in enumerate(pool.map(post, range(batches))):
            if number % FOLD_EVERY == 0:
                database.run(lambda conn: sequence(conn, BOOK))
    database.run(lambda conn: drain(conn, BOOK))
    posted = batches * FILL_BATCH * FILL
    return has + posted, posted / (time.perf_counter() - started)


def _entry(name: str, client: int, number: int, *, against: str = COLLECTED) -> Entry:
    return repaid(f"{name}-{client}-{number}", 1 + (client * 7_919 + number) % 5_000, against=against)


def _posted_one_by_one(
    batcher: Batcher[Entry, journal.Verdict], name: str, spent: list[float]
) -> Callable[[int, int], int]:
    """What one client does: it submits an entry, waits for its verdict, and notes the seconds."""

    def client(one: int, number: int) -> int:
        entry = _entry(name, one, number)
        started = time.perf_counter()
        verdict = batcher.submit(entry)
        spent.append(time.perf_counter() - started)
        assert isinstance(verdict, journal.Posted), verdict
        return 1

    return client


def _latencies(name: str, seconds: Sequence[float]) -> dict[str, float]:
    """The middle and the slow end, in milliseconds."""
    cuts = quantiles(seconds, n=100)
    return {f"{name} p50 ms": cuts[49] * 1_000, f"{name} p99 ms": cuts[98] * 1_000}


def _long(key: str, lines: int) -> Entry:
    """As a close of business posts: a guarded line for each subject and two summed ones."""
    owed = tuple(Line(OWED, Side.DEBIT, 100 + n, "CNY", Dimensions(subject=1 + n)) for n in range(lines - 2))
    total = sum(line.amount for line in owed)
    summed = (Line(INCOME, Side.CREDIT, total - 1, "CNY"), Line(BANK, Side.CREDIT, 1, "CNY"))
    return Entry(BOOK, "bench", key, "ACCRUED", DAY, (*owed, *summed), "bench")


@cache
def _wide_lines() -> tuple[Line, ...]:
    sides = tuple(
        Line(PAYABLES[n % len(PAYABLES)], Side.CREDIT, 100 + n, "CNY", Dimensions(subject=1 + n))
        for n in range(FILL - 1)
    )
    return (*sides, Line(BANK, Side.DEBIT, sum(line.amount for line in sides), "CNY"))


def _wide(key: str, *, day: int) -> Entry:
    """An entry over every payable account; the lines are the same objects each time, so that filling is quick."""
    return Entry(BOOK, "bench", key, "FILLED", DAY + timedelta(days=day), _wide_lines(), "bench")


def _histories(database: Database, lines: int) -> None:
    """Give one subject ten lines and another `lines`, one an entry, if they have none yet."""
    accounts = database.run(_accounts)
    for subject, count in ((SHORT, 10), (OLD, lines)):
        for low in range(0, count, 500):
            entries = [repaid(f"history-{subject}-{n}", subject) for n in range(low, min(low + 500, count))]
            database.run(partial(journal.append, entries=entries, accounts=accounts))


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


def often(read: Callable[[Connection], object], database: Database, size: Size) -> float:
    """How often a second `read` can be answered, by its median time."""
    spent: list[float] = []
    with database.snapshot() as conn:
        read(conn)
        stop = time.perf_counter() + size.seconds / 2
        while (started := time.perf_counter()) < stop:
            read(conn)
            spent.append(time.perf_counter() - started)
    return 1 / median(spent)


def interleaved(rounds: int, sides: Mapping[str, Callable[[str], float]]) -> dict[str, float]:
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


def machine() -> str:
    """On what it ran."""
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


def _copy_bare(conn: Connection, entries: Sequence[Entry], accounts: journal.Accounts) -> int:
    """COPY the lines of entries, as a bulk loader would; answers how many."""
    driver = driver_of(conn)
    ids = journal.reserve(driver, len(entries), conn.info.setdefault("ledger_ids", []))
    done = 0
    with driver.cursor().copy(_BARE_COPY) as sink:
        for number, entry in zip(ids, entries, strict=True):
            for place, line in enumerate(entry.lines, 1):
                account = accounts[BOOK, line.account]
                where = (BOOK, 202601, number, place, DAY, account, "CNY")
                sink.write_row((*where, line.side.value, line.amount, line.dims.subject))
            done += len(entry.lines)
    return done


_BARE_COPY: Final = (
    "COPY bare.line (book_id, period_id, entry_id, line_no, effective_on, account_id, currency, side, amount,"
    " subject_id) FROM STDIN"
)
_WALK: Final = text(
    "SELECT * FROM bare.line WHERE book_id = :b AND subject_id = :s AND account_id = :a"
    " ORDER BY entry_id DESC, line_no DESC LIMIT :n"
)
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
