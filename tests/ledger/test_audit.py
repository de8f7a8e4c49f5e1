"""Tampering by a superuser: whatever byte of the journal is changed, live audit and offline verifier name the entry."""

import random
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlalchemy import Connection, text

from ledger import journal
from ledger.audit import audit
from ledger.books import close_period
from ledger.entry import Entry
from ledger.export import as_sealed
from ledger.note import Signer
from ledger.seal import Sealed, seal
from ledger.sequencer import drain
from ledger.verify import Fault, Verification, verify_export
from tests.ledger.conftest import JANUARY, lent, open_test_book, repaid

SIGNER = Signer.from_seed("test", b"\x01" * 32)
ROUNDS = 60
AT_ONCE = 18  # ROUNDS * AT_ONCE > 1,000 tampers

TEXT = "{0} || 'x'"
NUMBER = "{0} + 1048576"
DAY = "{0} + 1"
INSTANT = "{0} + interval '1 microsecond'"
DIGEST = "set_byte({0}, 7, get_byte({0}, 7) # 16)"
FLAG = "NOT {0}"

TAMPERS = tuple(
    ("entry", column, change)
    for column, change in (
        ("book_id", NUMBER), ("entry_id", NUMBER), ("event_id", "gen_random_uuid()"), ("source", TEXT), ("ik", TEXT),
        ("body_hash", DIGEST), ("kind", TEXT), ("rule_version", NUMBER), ("effective_on", DAY),
        ("economic_on", "coalesce({0}, DATE '2026-01-01') + 1"), ("paid_on", "coalesce({0}, DATE '2026-01-01') + 1"),
        ("n_lines", NUMBER), ("reverses", "coalesce({0}, 0) + 1048576"), ("is_red", FLAG), ("actor", TEXT),
        ("description", TEXT), ("meta", "{0} || '{{\"x\": 1}}'"), ("recorded_at", INSTANT), ("mac", DIGEST),
        ("period_id", "CASE {0} WHEN 202601 THEN 202602 ELSE 202601 END"),
    )
) + tuple(
    ("line", column, change)
    for column, change in (
        ("book_id", NUMBER), ("entry_id", NUMBER), ("line_no", NUMBER), ("effective_on", DAY), ("account_id", NUMBER),
        ("currency", "'CNZ'"), ("side", "translate({0}, 'DC', 'CD')"), ("amount", "{0} # 1"),
        ("subject_id", "coalesce({0}, 0) + 1048576"), ("party_id", "coalesce({0}, 0) + 1"),
        ("scheme_id", "coalesce({0}, 0) + 1"), ("funder_id", "coalesce({0}, 0) + 1"),
        ("channel_id", "coalesce({0}, 0) + 1"), ("period_id", "CASE {0} WHEN 202601 THEN 202602 ELSE 202601 END"),
    )
) + tuple(
    ("log", column, change)
    for column, change in (
        ("book_id", NUMBER), ("seq", NUMBER), ("entry_id", NUMBER), ("is_red", FLAG), ("sequenced_at", INSTANT),
        ("period_id", "CASE {0} WHEN 202601 THEN 202602 ELSE 202601 END"),
    )
)  # fmt: skip
"""Every column of the journal's three tables, and a change that its type can hold."""

DELETIONS = ("entry", "line", "log")


class World:
    """A sealed book that a superuser can alter, the checkpoint that a partner kept, and where each entry stands."""

    def __init__(self, conn: Connection) -> None:
        """Post, number and seal twice; close a month; then take every wall away."""
        self.conn = conn
        conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
        conn.execute(text("SET LOCAL ROLE zhudai_app"))
        open_test_book(conn)
        self.post([lent(f"a{n}", n, 1000 + n) for n in range(1, 13)] + [repaid(f"b{n}", n, 10, 3) for n in range(1, 7)])
        self.kept = self.sealed().note or ""
        close_period(conn, 1, 202601)
        self.post([rich(n) for n in range(1, 9)])
        newest = self.post([lent(f"d{n}", n, 70, date(2026, 2, 3)) for n in range(1, 5)])
        verdict = journal.reverse(
            conn,
            book=1,
            entry_id=newest,
            source="test",
            key="undo",
            effective_on=date(2026, 2, 9),
            actor="t",
            is_red=True,
        )
        assert isinstance(verdict, journal.Posted)
        drain(conn, 1)
        self.sealed()
        rows = conn.execute(text("SELECT seq, entry_id, period_id FROM ledger.log WHERE book_id = 1 ORDER BY seq"))
        self.places = [(seq, entry_id) for seq, entry_id, _ in rows]
        conn.execute(text("RESET ROLE"))
        strip(conn)

    def post(self, entries: list[Entry]) -> int:
        """Post and number; answers the last id."""
        verdicts = journal.append(self.conn, entries)
        assert all(isinstance(verdict, journal.Posted) for verdict in verdicts), verdicts
        drain(self.conn, 1)
        last = verdicts[-1]
        assert isinstance(last, journal.Posted)
        return last.entry_id

    def sealed(self) -> Sealed:
        """Seal what is numbered."""
        done = seal(self.conn, book=1, signers=[SIGNER], origin="test")
        assert isinstance(done, Sealed)
        return done

    def live(self) -> Verification:
        """The audit of the database, with the row MACs."""
        return audit(
            self.conn, book=1, notes=[self.kept], verifiers=[SIGNER.verifier], mac_key=journal.DEVELOPMENT_MAC_KEY,
            limit=10_000,
        )  # fmt: skip

    def offline(self) -> Verification:
        """The verification of an export, against the checkpoint kept elsewhere."""
        return verify_export(as_sealed(self.conn, book=1), notes=[self.kept], verifiers=[SIGNER.verifier], limit=10_000)


def rich(number: int) -> Entry:
    """An entry with every optional column filled."""
    return replace(
        lent(f"c{number}", number, 500, date(2026, 2, 3)),
        rule_version=3,
        event_id=UUID(int=number),
        economic_on=JANUARY,
        paid_on=date(2026, 2, 2),
        description="更正 \U00020bb7",
        meta={"run": number, "ok": True},
    )


def strip(conn: Connection) -> None:
    """What a superuser can do to the walls: triggers off, checks gone, keys gone where they would stop a change."""
    for (table,) in conn.execute(
        text(
            "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'ledger'::regnamespace"
            " AND c.relkind IN ('r', 'p') ORDER BY c.relkind DESC"
        )
    ).all():
        conn.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
    for table, name in conn.execute(
        text(
            "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c' AND conislocal"
            " AND coninhcount = 0 AND connamespace = 'ledger'::regnamespace AND conname NOT LIKE '%\\_month'"
        )
    ).all():
        conn.execute(text(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{name}" CASCADE'))


@pytest.fixture
def world(owner_conn: Connection) -> World:
    """A world in the superuser's rolled-back transaction."""
    return World(owner_conn)


def named(result: Verification, seq: int, entry_id: int) -> bool:
    """Whether some finding is about this entry, by its id or its number."""
    return any(finding.entry_id == entry_id or finding.seq == seq for finding in result.findings)


def test_an_untouched_book_is_sound_live_and_offline(world: World) -> None:
    live, offline = world.live(), world.offline()
    assert live.is_sound, live.findings
    assert offline.is_sound, offline.findings
    assert (live.entries, live.lines, live.root) == (offline.entries, offline.lines, offline.root)
    assert live.entries == len(world.places)
    assert live.checkpoints == 3, "two stored, one kept elsewhere"


@pytest.mark.law(37)
def test_a_thousand_tampers_are_all_found_and_named(world: World) -> None:
    chance = random.Random(20260305)
    done: dict[tuple[str, str], int] = {}
    for _ in range(ROUNDS):
        savepoint = world.conn.begin_nested()
        victims = chance.sample(world.places, AT_ONCE)
        for seq, entry_id in victims:
            table, column, change = chance.choice(TAMPERS)
            tamper(world.conn, table, column, change, seq, entry_id)
            done[table, column] = done.get((table, column), 0) + 1
        for result in (world.live(), world.offline()):
            missed = [place for place in victims if not named(result, *place)]
            assert not missed, (missed, result.findings)
        savepoint.rollback()
    assert sum(done.values()) >= 1000
    assert done.keys() == {(table, column) for table, column, _ in TAMPERS}, "every column had its turn"
    assert world.live().is_sound, "the savepoints put everything back"


def tamper(conn: Connection, table: str, column: str, change: str, seq: int, entry_id: int) -> None:
    """Change one column of the entry's row; of a line table, of its first line."""
    where = {
        "entry": "book_id = 1 AND entry_id = :e", "line": "book_id = 1 AND entry_id = :e AND line_no = 1",
        "log": "book_id = 1 AND seq = :s",
    }[table]  # fmt: skip
    changed = conn.execute(
        text(f"UPDATE ledger.{table} SET {column} = {change.format(column)} WHERE {where}"), {"e": entry_id, "s": seq}
    )
    assert changed.rowcount == 1, (table, column)


@pytest.mark.law(37)
@pytest.mark.parametrize("table", DELETIONS)
def test_a_deleted_middle_row_is_named(world: World, table: str) -> None:
    for seq, entry_id in world.places[1:-1]:
        savepoint = world.conn.begin_nested()
        where = "seq = :s" if table == "log" else "entry_id = :e" + (" AND line_no = 2" if table == "line" else "")
        world.conn.execute(text(f"DELETE FROM ledger.{table} WHERE book_id = 1 AND {where}"), {"s": seq, "e": entry_id})
        assert named(world.live(), seq, entry_id), (table, seq)
        assert named(world.offline(), seq, entry_id), (table, seq)
        savepoint.rollback()


@pytest.mark.parametrize("cut", [1, 3, 20])
def test_a_tail_cut_off_without_a_trace_is_found_by_a_checkpoint_kept_elsewhere(world: World, cut: int) -> None:
    newest = world.conn.execute(
        text("SELECT note FROM ledger.checkpoint WHERE book_id = 1 ORDER BY tree_size DESC LIMIT 1")
    ).scalar_one()
    first = len(world.places) - cut
    gone = [entry_id for _, entry_id in world.places[first:]]
    for table in ("entry", "line", "entry_key"):
        world.conn.execute(text(f"DELETE FROM ledger.{table} WHERE book_id = 1 AND entry_id = ANY(:g)"), {"g": gone})
    for table in ("log", "leaf"):
        world.conn.execute(text(f"DELETE FROM ledger.{table} WHERE book_id = 1 AND seq > :f"), {"f": first})
    world.conn.execute(text("DELETE FROM ledger.log_node WHERE (idx + 1) << level > :f"), {"f": first})
    world.conn.execute(text("DELETE FROM ledger.checkpoint WHERE tree_size > :f"), {"f": first})
    world.conn.execute(text("UPDATE ledger.tip SET seq = :f WHERE book_id = 1"), {"f": first})
    rows = list(as_sealed(world.conn, book=1))
    for result in (
        audit(world.conn, book=1, notes=[newest], verifiers=[SIGNER.verifier]),
        verify_export(rows, notes=[newest], verifiers=[SIGNER.verifier]),
    ):
        cuts = [finding for finding in result.findings if finding.fault is Fault.TAIL_CUT]
        assert any(finding.seq == first + 1 for finding in cuts), result.findings


def test_a_forger_who_also_forges_leaves_and_nodes_fails_against_the_kept_checkpoint_and_the_mac(world: World) -> None:
    seq, entry_id = world.places[4]
    tamper(world.conn, "entry", "description", TEXT, seq, entry_id)
    for table in ("leaf", "log_node", "checkpoint", "period_seal"):
        world.conn.execute(text(f"DELETE FROM ledger.{table} WHERE book_id = 1"))
    forger = Signer.from_seed("test", b"\x02" * 32)
    assert isinstance(seal(world.conn, book=1, signers=[forger], origin="test"), Sealed)
    live = world.live()
    assert any(f.fault is Fault.MAC_DIFFERS and f.entry_id == entry_id for f in live.findings)
    assert any(f.fault is Fault.NOTE_INVALID for f in live.findings)
    offline = world.offline()
    assert any(f.fault is Fault.ROOT_DIFFERS and f.seq == 18 for f in offline.findings), offline.findings
    assert any(f.fault is Fault.BODY_DIFFERS and f.entry_id == entry_id for f in offline.findings)


def test_a_changed_account_seal_node_or_checkpoint_is_found(world: World) -> None:
    cases = (
        ("UPDATE ledger.account SET name_zh = '改' WHERE code = '6011'", Fault.ACCOUNT_HEAD_DIFFERS),
        ("UPDATE ledger.period_seal SET balance_root = set_byte(balance_root, 0, 1)", Fault.SEAL_DIFFERS),
        ("UPDATE ledger.log_node SET hash = set_byte(hash, 0, get_byte(hash, 0) # 1) WHERE level = 1 AND idx = 2",
         Fault.NODE_DIFFERS),
        ("UPDATE ledger.checkpoint SET root = set_byte(root, 0, get_byte(root, 0) # 1)", Fault.ROOT_DIFFERS),
        ("UPDATE ledger.checkpoint SET note = replace(note, 'sha256', 'sha257')", Fault.NOTE_INVALID),
        ("UPDATE ledger.account_day SET debit = debit + 1", Fault.DERIVED_DIFFERS),
        ("UPDATE ledger.guard SET balance = balance + 1", Fault.DERIVED_DIFFERS),
        ("DELETE FROM ledger.reversal", Fault.REVERSAL_WRONG),
        ("DELETE FROM ledger.entry_key WHERE ik = 'a3'", Fault.KEY_DIFFERS),
        ("UPDATE ledger.period SET closed_seq = 3 WHERE period_id = 202601", Fault.PERIOD_RULE),
        ("UPDATE ledger.tip SET seq = seq + 1", Fault.TAIL_CUT),
    )  # fmt: skip
    for statement, fault in cases:
        savepoint = world.conn.begin_nested()
        world.conn.execute(text(statement))
        assert fault in {finding.fault for finding in world.live().findings}, statement
        savepoint.rollback()
