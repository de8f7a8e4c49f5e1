"""Constraint mutation: each wall of the ledger's schema stops what it must, and without it nothing else would.

Laws 2-6 and 44-46 of the ledger rest on these. A wall that the catalogue holds and no probe names fails the suite.
"""

import re

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ledger import journal
from ledger.sequencer import sequence
from tests.laws.walls import IMMUTABLE, Probe, constraint_probes, insert, trigger_probes
from tests.ledger.conftest import lent, open_test_book


@pytest.fixture
def scene(owner_conn: Connection) -> Connection:
    """A superuser's connection in a book with three entries, two of them numbered."""
    owner_conn.execute(text("SELECT set_config('ledger.books', '*', true)"))
    open_test_book(owner_conn)
    journal.append(owner_conn, [lent("a", 1, 100), lent("b", 2, 100), lent("c", 3, 100)])
    sequence(owner_conn, 1, limit=2)
    return owner_conn


def outcome(conn: Connection, probe: Probe, *, removed: bool) -> str:
    """The error that the probe meets, or nothing; the scene is as before afterwards."""
    savepoint = conn.begin_nested()
    try:
        if removed:
            for statement in probe.removal.split("; "):
                conn.execute(text(statement))
        for statement in probe.before:
            conn.execute(text(statement))
        conn.exec_driver_sql(probe.statement)
    except DBAPIError as error:
        return str(error.orig)
    else:
        return ""
    finally:
        savepoint.rollback()


@pytest.mark.law(3, 6, 22)
def test_every_constraint_stops_its_row_and_nothing_else_would(scene: Connection) -> None:
    probes = list(constraint_probes(scene))
    assert len(probes) > 150
    for probe in probes:
        met = outcome(scene, probe, removed=False)
        assert probe.says in met, f"{probe.wall}: {met or 'nothing stopped it'}"
        met = outcome(scene, probe, removed=True)
        assert probe.says not in met, f"{probe.wall}: its removal changes nothing: {met}"


@pytest.mark.law(1, 2, 44)
def test_every_trigger_stops_even_a_superuser_and_a_replica(scene: Connection) -> None:
    for probe in trigger_probes():
        assert probe.says in outcome(scene, probe, removed=False), probe
        if not probe.statement.startswith("TRUNCATE"):  # CASCADE meets the trigger of a dependent table
            assert probe.says not in outcome(scene, probe, removed=True), probe


def test_no_trigger_without_a_probe(scene: Connection) -> None:
    found = scene.execute(
        text("""
          SELECT c.relname || '!' || t.tgname, t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal AND c.relname !~ '_20260[23]$'
        """)
    ).all()
    assert {name for name, _ in found} == {probe.wall for probe in trigger_probes()}
    assert {enabled for _, enabled in found} == {"A"}, "a trigger that replication switches off is no wall"
    assert len(IMMUTABLE) == len(set(IMMUTABLE))


TABLE_GRANTS = {
    "ledger_sealer": {("leaf", "INSERT"), ("log_node", "INSERT"), ("checkpoint", "INSERT"), ("period_seal", "INSERT")},
    "ledger_party": {("line", "SELECT")},
}
"""Beyond SELECT on everything for ledger_reader and ledger_auditor, and all for the owner."""

FUNCTION_GRANTS = {
    "post": {"ledger_writer"},
    "post_whole": {"ledger_writer"},
    "sequence": {"ledger_sequencer"},
    "begin_close": {"ledger_closer"},
    "reopen": {"ledger_closer"},
    "close_period": {"ledger_closer"},
    "open_book": {"ledger_registrar"},
    "open_account": {"ledger_registrar"},
    "close_account": {"ledger_registrar"},
    "open_period": {"ledger_registrar"},
    "balances": {"ledger_reader", "ledger_auditor"},
    "balance_now": {"ledger_reader", "ledger_auditor"},
    "balance_at": {"ledger_reader", "ledger_auditor"},
    "totals": {"ledger_reader", "ledger_auditor"},
    "month_of": {"ledger_reader", "ledger_auditor"},
    "may_touch": {"ledger_reader", "ledger_auditor"},
    "derived_difference": {"ledger_reader", "ledger_auditor"},
    "rebuild": set[str](),
    "move_guards": set[str](),
    "refuse_change": set[str](),
    "only_closing": set[str](),
    "only_forward": set[str](),
    "check_new_lines": set[str](),
    "check_new_entries": set[str](),
    "record_ddl": set[str](),
}
"""Who may call what. A function that is not listed fails the suite."""


@pytest.mark.law(44)
def test_table_grants_are_exactly_these(scene: Connection) -> None:
    found = scene.execute(
        text("""
          SELECT c.relname, pg_get_userbyid(x.grantee) grantee, x.privilege_type FROM pg_class c, aclexplode(c.relacl) x
           WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p') AND x.grantee <> c.relowner
        """)
    ).all()
    tables = set(
        scene.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace "
                "AND relkind IN ('r', 'p') AND NOT relispartition"
            )
        ).scalars()
    )
    expected = {(table, role, "SELECT") for table in tables for role in ("ledger_reader", "ledger_auditor")}
    expected |= {(table, role, privilege) for role, grants in TABLE_GRANTS.items() for table, privilege in grants}
    assert {(r.relname, r.grantee, r.privilege_type) for r in found} == expected
    owners = (
        scene.execute(
            text("SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'ledger'::regnamespace")
        )
        .scalars()
        .all()
    )
    assert owners == ["ledger_owner"]


@pytest.mark.law(44)
def test_function_grants_are_exactly_these(scene: Connection) -> None:
    found = scene.execute(
        text("""
          SELECT p.proname,
                 coalesce(array_agg(CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(x.grantee)::text END)
                   FILTER (WHERE x.grantee <> p.proowner), '{}') who
            FROM pg_proc p LEFT JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x ON true
           WHERE p.pronamespace = 'ledger'::regnamespace GROUP BY 1
        """)
    )
    assert {name: set(who) for name, who in found} == FUNCTION_GRANTS


ROLES = (
    "ledger_writer",
    "ledger_sequencer",
    "ledger_closer",
    "ledger_registrar",
    "ledger_sealer",
    "ledger_reader",
    "ledger_party",
    "ledger_auditor",
    "zhudai_app",
)


@pytest.mark.law(44)
@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_the_journal_by_hand(scene: Connection, role: str) -> None:
    scene.execute(text(f"SET LOCAL ROLE {role}"))
    tables = (
        "entry",
        "line",
        "entry_key",
        "reversal",
        "guard",
        "intake",
        "log",
        "tip",
        "fold",
        "account_day",
        "account_tip",
        "book",
        "account",
        "period",
    )
    for table in tables:
        for statement in (
            f"UPDATE ledger.{table} SET book_id = 1",
            f"DELETE FROM ledger.{table}",
            f"TRUNCATE ledger.{table}",
            f"INSERT INTO ledger.{table} DEFAULT VALUES",
        ):
            with pytest.raises(DBAPIError, match="permission denied"), scene.begin_nested():
                scene.execute(text(statement))


PROTECTED = (
    "book", "account", "period", "entry", "line", "entry_key", "reversal", "guard", "intake", "tip", "log", "fold",
    "account_day", "account_tip", "leaf", "log_node", "checkpoint", "period_seal",
)  # fmt: skip
SAMPLES = ("leaf", "log_node", "checkpoint", "period_seal", "reversal")


@pytest.mark.law(46)
def test_a_reader_of_another_book_sees_nothing_and_an_unset_reader_fails(scene: Connection) -> None:
    for table in SAMPLES:
        scene.execute(text(insert(table)))
    scene.execute(text("SET LOCAL ROLE ledger_reader"))
    for table in PROTECTED:
        count = text(f"SELECT count(*) FROM ledger.{table}")
        scene.execute(text("SELECT set_config('ledger.books', '1', true)"))
        assert scene.execute(count).scalar_one() > 0, table
        scene.execute(text("SELECT set_config('ledger.books', '2,3', true)"))
        assert scene.execute(count).scalar_one() == 0, table
    policies = set(
        scene.execute(
            text("SELECT tablename FROM pg_policies WHERE schemaname = 'ledger' AND 'ledger_reader' = ANY (roles)")
        ).scalars()
    )
    assert policies == set(PROTECTED)


def test_without_its_policy_a_table_shows_nothing_or_everything(scene: Connection) -> None:
    """Each policy and each ENABLE is needed: dropping one changes what the reader sees."""
    for table in ("entry", "line", "log", "guard", "account_tip"):
        count = text(f"SELECT count(*) FROM ledger.{table}")
        for removal, books, sees in (
            (f"DROP POLICY {table}_book ON ledger.{table}", "1", False),
            (f"ALTER TABLE ledger.{table} DISABLE ROW LEVEL SECURITY", "2", True),
        ):
            with scene.begin_nested() as savepoint:
                scene.execute(text(removal))
                scene.execute(text("SELECT set_config('ledger.books', :b, true)"), {"b": books})
                scene.execute(text("SET LOCAL ROLE ledger_reader"))
                assert (scene.execute(count).scalar_one() > 0) is sees
                savepoint.rollback()


@pytest.mark.law(45)
def test_a_party_sees_its_own_lines_only_and_nothing_when_unset(scene: Connection) -> None:
    scene.execute(text("SET LOCAL ROLE ledger_party"))
    # a setting that this connection never knew has no value; one that an earlier transaction had is empty
    with pytest.raises(DBAPIError, match=r'ledger\.book|integer: ""'), scene.begin_nested():
        scene.execute(text("SELECT count(*) FROM ledger.line"))
    scene.execute(text("SELECT set_config('ledger.book', '1', true), set_config('ledger.party', '9', true)"))
    assert scene.execute(text("SELECT count(*) FROM ledger.line")).scalar_one() == 0
    with pytest.raises(DBAPIError, match="permission denied"), scene.begin_nested():
        scene.execute(text("SELECT count(*) FROM ledger.entry"))


def test_changes_of_the_schema_leave_a_trace(scene: Connection) -> None:
    before = scene.execute(text("SELECT count(*) FROM ledger.ddl_log")).scalar_one()
    scene.execute(text("CREATE TABLE ledger.smuggled (x int)"))
    tags = scene.execute(text("SELECT tag || ' ' || object FROM ledger.ddl_log ORDER BY at DESC LIMIT 1")).scalar_one()
    assert scene.execute(text("SELECT count(*) FROM ledger.ddl_log")).scalar_one() == before + 1
    assert re.fullmatch(r"CREATE TABLE ledger\.smuggled", tags)
