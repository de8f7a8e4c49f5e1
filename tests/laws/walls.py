"""The walls of the ledger's schema as data: for each constraint and trigger a statement that only it stops.

`test_walls` runs every probe against the schema as it is (that wall must stop it, by name) and against the schema
without the wall (it must not be stopped so). What the catalogue holds and no probe names fails the suite.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, text

Row = Mapping[str, str]
"""Column to SQL literal."""

HASH: Final = r"decode(repeat('ab', 32), 'hex')"

ROWS: Final[Mapping[str, Row]] = {
    "book": {
        "book_id": "5",
        "code": "'B5'",
        "legal_entity": "'x'",
        "base_currency": "'CNY'",
        "reversal_style": "'RED'",
    },
    "account": {
        "book_id": "1",
        "account_id": "500",
        "code": "'5000'",
        "name_zh": "'x'",
        "name_en": "'x'",
        "parent_id": "NULL",
        "class": "'asset'",
        "normal_side": "'D'",
        "currency": "'CNY'",
        "postable": "true",
        "policy": "'free'",
        "required_dims": "0",
        "opened_on": "'2026-01-01'",
        "closed_on": "NULL",
    },
    "period": {"book_id": "1", "period_id": "202612", "state": "'open'", "closed_seq": "NULL"},
    "entry": {
        "book_id": "1",
        "period_id": "202601",
        "entry_id": "900",
        "event_id": "gen_random_uuid()",
        "source": "'w'",
        "ik": "'w'",
        "body_hash": HASH,
        "kind": "'W'",
        "rule_version": "1",
        "effective_on": "'2026-01-05'",
        "economic_on": "NULL",
        "paid_on": "NULL",
        "n_lines": "2",
        "reverses": "NULL",
        "is_red": "false",
        "actor": "'w'",
        "description": "''",
        "meta": "'{}'",
        "recorded_at": "now()",
        "mac": HASH,
    },
    "line": {
        "book_id": "1",
        "period_id": "202601",
        "entry_id": "900",
        "line_no": "1",
        "effective_on": "'2026-01-05'",
        "account_id": "2",
        "currency": "'CNY'",
        "side": "'D'",
        "amount": "5",
        "subject_id": "NULL",
        "party_id": "NULL",
        "scheme_id": "NULL",
        "funder_id": "NULL",
        "channel_id": "NULL",
    },
    "entry_key": {
        "book_id": "1",
        "source": "'w'",
        "ik": "'w'",
        "entry_id": "900",
        "period_id": "202601",
        "body_hash": HASH,
    },
    "reversal": {"book_id": "1", "reverses": "1", "entry_id": "900"},
    "guard": {"book_id": "1", "account_id": "5", "subject_id": "900", "balance": "0"},
    "intake": {"book_id": "1", "entry_id": "900", "period_id": "202601", "is_red": "false"},
    "tip": {"book_id": "5", "seq": "0"},
    "log": {
        "book_id": "1",
        "seq": "900",
        "entry_id": "900",
        "period_id": "202601",
        "is_red": "false",
        "sequenced_at": "now()",
    },
    "fold": {"book_id": "1", "upto_seq": "900", "from_seq": "900"},
    "account_day": {
        "book_id": "1",
        "account_id": "2",
        "effective_on": "'2026-01-05'",
        "upto_seq": "900",
        "party_id": "0",
        "scheme_id": "0",
        "funder_id": "0",
        "channel_id": "0",
        "from_seq": "900",
        "debit": "0",
        "credit": "0",
        "red_debit": "0",
        "red_credit": "0",
        "n": "1",
    },
    "account_tip": {
        "book_id": "1",
        "period_id": "202612",
        "account_id": "2",
        "party_id": "0",
        "scheme_id": "0",
        "funder_id": "0",
        "channel_id": "0",
        "debit": "0",
        "credit": "0",
        "red_debit": "0",
        "red_credit": "0",
        "n": "1",
    },
    "leaf": {"book_id": "1", "seq": "900", "leaf_hash": HASH},
    "log_node": {"book_id": "1", "level": "0", "idx": "900", "hash": HASH},
    "checkpoint": {"book_id": "1", "tree_size": "900", "root": HASH, "note": "'x'", "created_at": "now()"},
    "period_seal": {
        "book_id": "1",
        "period_id": "202612",
        "prev_seal": "NULL",
        "closed_seq": "1",
        "log_root": HASH,
        "balance_root": HASH,
        "account_root": HASH,
        "seal": HASH,
        "note": "'x'",
        "created_at": "now()",
    },
    "ddl_log": {"at": "now()", "who": "'x'", "tag": "'x'", "object": "'x'"},
}
"""One row per table that no row constraint refuses."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A statement that one wall stops."""

    wall: str
    """`table.constraint`, `table.column` for NOT NULL, `table!trigger`."""
    statement: str
    says: str
    """What the error must contain."""
    removal: str
    """The statement that takes the wall away."""
    before: tuple[str, ...] = field(default=())
    """Statements that set the scene."""


def insert(table: str, **changes: str) -> str:
    """An INSERT of the table's sample row with some columns changed."""
    row = {**ROWS[table], **changes}
    override = " OVERRIDING SYSTEM VALUE" if table == "intake" and "arrival" in changes else ""
    return f"INSERT INTO ledger.{table} ({', '.join(row)}){override} VALUES ({', '.join(row.values())})"


CHECKS: Final[Mapping[str, str]] = {
    "book.book_id_positive": insert("book", book_id="0"),
    "book.book_style_known": insert("book", reversal_style="'BLUE'"),
    "account.account_class_known": insert("account", **{"class": "'wish'"}),
    "account.account_side_known": insert("account", normal_side="'X'"),
    "account.account_policy_known": insert("account", policy="'hope'"),
    "account.account_dims_known": insert("account", required_dims="32"),
    "account.account_closed_after_opened": insert("account", closed_on="'2025-12-31'"),
    "account.account_book_exists": insert("account", book_id="77"),
    "account.account_parent_exists": insert("account", parent_id="777"),
    "period.period_book_exists": insert("period", book_id="77"),
    "period.period_is_a_month": insert("period", period_id="202613"),
    "period.period_state_known": insert("period", state="'ajar'"),
    "period.period_closed_has_seq": insert("period", closed_seq="5"),
    "entry.entry_month_is_effective": insert("entry", effective_on="'2026-02-05'"),
    "entry.entry_two_lines": insert("entry", n_lines="1"),
    "entry.entry_body_hash_width": insert("entry", body_hash="'\\x00'"),
    "entry.entry_mac_width": insert("entry", mac="'\\x00'"),
    "entry.entry_red_reverses": insert("entry", is_red="true"),
    "line.line_side_known": insert("line", side="'X'"),
    "line.line_amount_positive": insert("line", amount="0"),
    "line.line_no_positive": insert("line", line_no="0"),
    "guard.guard_nonneg": insert("guard", balance="-1"),
    "log.log_seq_positive": insert("log", seq="0"),
    "fold.fold_forward": insert("fold", from_seq="901"),
    "leaf.leaf_hash_width": insert("leaf", leaf_hash="'\\x00'"),
    "log_node.log_node_hash_width": insert("log_node", hash="'\\x00'"),
    "checkpoint.checkpoint_root_width": insert("checkpoint", root="'\\x00'"),
    "period_seal.period_seal_width": insert("period_seal", seal="'\\x00'"),
}
"""CHECK and FOREIGN KEY constraints, each with a row that only it refuses."""

SECOND: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "account.account_code_once": ("account", {"account_id": "501"}),
    "book.book_code_once": ("book", {"book_id": "6"}),
    "entry_key.entry_key_entry_once": ("entry_key", {"ik": "'other'"}),
    "log.log_entry_once": ("log", {"seq": "901"}),
}
"""UNIQUE constraints: the sample row, then a second one with another primary key."""

UNTRIGGERED: Final = ("ALTER TABLE ledger.entry DISABLE TRIGGER USER", "ALTER TABLE ledger.line DISABLE TRIGGER USER")


def constraint_probes(conn: Connection) -> Iterator[Probe]:
    """Probes for every NOT NULL, PRIMARY KEY, UNIQUE, CHECK and FOREIGN KEY, from the catalogue and the data above."""
    columns = conn.execute(
        text("""
          SELECT c.relname, a.attname, a.attnum = ANY (coalesce(p.conkey, '{}')) in_key
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_constraint p ON p.conrelid = c.oid AND p.contype = 'p'
           WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
             AND a.attnum > 0 AND a.attnotnull AND a.attidentity = '' ORDER BY 1, a.attnum
        """)
    )
    for table, column, in_key in columns:
        if (table, column) in {("entry", "period_id"), ("line", "period_id")}:
            continue  # the partitioning itself has no place for such a row
        key = f"ALTER TABLE ledger.{table} DROP CONSTRAINT {table}_pkey CASCADE; " if in_key else ""
        null = insert(table, **{column: "NULL"})
        yield Probe(
            f"{table}.{column}",
            null,
            f'null value in column "{column}"',
            f"{key}ALTER TABLE ledger.{table} ALTER {column} DROP NOT NULL",
        )
    constraints = conn.execute(
        text("""
          SELECT c.relname, k.conname, k.contype::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
           WHERE c.relnamespace = 'ledger'::regnamespace AND NOT c.relispartition
             AND k.contype IN ('p', 'u', 'c', 'f') AND k.conparentid = 0 ORDER BY 1, 2
        """)
    )
    for table, name, kind in constraints:
        wall = f"{table}.{name}"
        removal = f"ALTER TABLE ledger.{table} DROP CONSTRAINT {name} CASCADE"
        scene = UNTRIGGERED if table in {"entry", "line"} else ()
        if kind == "p":
            twice = insert(table, **({"arrival": "1"} if table == "intake" else {}))
            if table in {
                "log",
                "checkpoint",
                "entry_key",
            }:  # the other unique constraint must not be the one that speaks
                other = {"log": {"entry_id": "901"}, "entry_key": {"entry_id": "901"}}.get(table, {})
                yield Probe(wall, insert(table, **other), name, removal, (*scene, insert(table)))
                continue
            other = {"account": {"code": "'5001'"}, "book": {"code": "'B6'"}}.get(table, {})
            yield Probe(wall, insert(table, **other) if other else twice, f"{table}_", removal, (*scene, twice))
        elif kind == "u":
            sample, changes = SECOND[wall]
            yield Probe(wall, insert(sample, **changes), name, removal, (insert(sample),))
        else:
            yield Probe(wall, CHECKS[wall], name, removal, scene)


IMMUTABLE: Final = (
    "entry",
    "line",
    "entry_key",
    "reversal",
    "log",
    "fold",
    "account_day",
    "leaf",
    "log_node",
    "checkpoint",
    "period_seal",
    "ddl_log",
    "book",
    "account",
    "period",
    "entry_202601",
    "line_202601",
)
"""Tables whose rows no statement changes."""


def trigger_probes() -> Iterator[Probe]:
    """Probes for every trigger; each runs as a superuser, plainly and under `session_replication_role = replica`."""
    both = (
        "INSERT INTO ledger.line SELECT 1, 202601, 900, n, '2026-01-05', 2, 'CNY', s, a, NULL, NULL, NULL, NULL, NULL "
        "FROM (VALUES {rows}) v(n, s, a)"
    )
    for replica in ("", "SET LOCAL session_replication_role = replica"):
        scene = (replica,) if replica else ()
        for table in IMMUTABLE:
            off = f"ALTER TABLE ledger.{table} DISABLE TRIGGER immutable"
            says = f"LEDGER_IMMUTABLE {{}} on {table}"
            yield Probe(f"{table}!immutable", f"DELETE FROM ledger.{table}", says.format("DELETE"), off, scene)
            yield Probe(
                f"{table}!immutable", f"TRUNCATE ledger.{table} CASCADE", "LEDGER_IMMUTABLE TRUNCATE", off, scene
            )
            if table not in {"account", "period"}:
                column = next(iter(ROWS[table.partition("_2026")[0]]))
                yield Probe(
                    f"{table}!immutable",
                    f"UPDATE ledger.{table} SET {column} = {column}",
                    says.format("UPDATE"),
                    off,
                    scene,
                )
        rename = "UPDATE ledger.account SET name_zh = 'y' WHERE account_id = 1"
        yield Probe(
            "account!account_only_closing",
            rename,
            "LEDGER_IMMUTABLE account",
            "ALTER TABLE ledger.account DISABLE TRIGGER account_only_closing",
            scene,
        )
        close = "UPDATE ledger.period SET state = 'closed', closed_seq = 1 WHERE period_id = 202601"
        back = "UPDATE ledger.period SET state = 'open', closed_seq = NULL WHERE period_id = 202601"
        yield Probe(
            "period!period_only_forward",
            back,
            "LEDGER_IMMUTABLE period",
            "ALTER TABLE ledger.period DISABLE TRIGGER period_only_forward",
            (*scene, close),
        )
        for table in ("line", "line_202601"):
            unbalanced = both.format(rows="(1, 'D', 5), (2, 'C', 6)").replace("ledger.line", f"ledger.{table}")
            yield Probe(
                f"{table}!line_check",
                unbalanced,
                "LEDGER_UNBALANCED",
                f"ALTER TABLE ledger.{table} DISABLE TRIGGER line_check",
                scene,
            )
            late = (
                f"INSERT INTO ledger.{table} SELECT 1, period_id, entry_id, n + 2, effective_on, account_id, "
                "'CNY', s, 5, NULL, NULL, NULL, NULL, NULL "
                "FROM (SELECT * FROM ledger.line WHERE line_no = 1 ORDER BY entry_id LIMIT 1) l, "
                "(VALUES (1, 'D'), (2, 'C')) v(n, s)"
            )
            yield Probe(
                f"{table}!line_check", late, "LEDGER_", f"ALTER TABLE ledger.{table} DISABLE TRIGGER line_check", scene
            )
        for table in ("entry", "entry_202601"):
            alone = insert("entry").replace("ledger.entry", f"ledger.{table}")
            yield Probe(
                f"{table}!entry_check",
                alone,
                "LEDGER_INCOMPLETE",
                f"ALTER TABLE ledger.{table} DISABLE TRIGGER entry_check",
                (*scene, insert("entry_key")),
            )
            lines = both.format(rows="(1, 'D', 5), (2, 'C', 5)")
            yield Probe(
                f"{table}!entry_check",
                alone,
                "LEDGER_KEY_UNCLAIMED",
                f"ALTER TABLE ledger.{table} DISABLE TRIGGER entry_check",
                (*scene, lines),
            )
