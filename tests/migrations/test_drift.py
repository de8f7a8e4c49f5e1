"""The tables that Python declares are the tables that the database has: columns, types, nullability, primary keys."""

import importlib
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.dialects import postgresql

import domain.metadata
import ledger.tables

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = {
    "ledger", "party", "product", "channel", "decisioning", "origination", "payment", "servicing", "reconciliation",
    "collections", "day",
}  # fmt: skip
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def declared() -> list[tuple[str, MetaData]]:
    for path in sorted((ROOT / "domain").glob("*/tables.py")):
        importlib.import_module(f"domain.{path.parent.name}.tables")
    return [("ledger", ledger.tables.metadata), ("domain", domain.metadata.metadata)]


def spelled(kind: sqlalchemy.types.TypeEngine[object]) -> str:
    return str(kind.compile(dialect=DIALECT)).replace("CHAR(3)", "CHARACTER(3)").replace("BPCHAR(3)", "CHARACTER(3)")


@pytest.mark.parametrize(("floor", "metadata"), declared(), ids=lambda value: value if isinstance(value, str) else "")
def test_columns_types_nullability_and_keys_agree(floor: str, metadata: MetaData, owner_conn: Connection) -> None:
    inspector = inspect(owner_conn)
    wrong: list[str] = []
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name, schema=table.schema):
            wrong.append(f"{table.fullname}: not in the database")
            continue
        real = {column["name"]: column for column in inspector.get_columns(table.name, schema=table.schema)}
        wrong.extend(
            f"{table.fullname}.{name}: only in {'the database' if name in real else 'Python'}"
            for name in {*real} ^ {column.name for column in table.columns}
        )
        for column in table.columns:
            if column.name not in real:
                continue
            has, says = spelled(real[column.name]["type"]), spelled(column.type)
            if has != says:
                wrong.append(f"{table.fullname}.{column.name}: {has} in the database, {says} in Python")
            if real[column.name]["nullable"] != column.nullable:
                wrong.append(f"{table.fullname}.{column.name}: nullable differs")
        key = inspector.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
        if table.primary_key.columns and list(key) != [column.name for column in table.primary_key.columns]:
            wrong.append(f"{table.fullname}: primary key {key} in the database")
    assert wrong == []
    assert metadata.tables, f"{floor} declares tables"


def test_every_table_of_the_business_is_declared(owner_conn: Connection) -> None:
    known = {(table.schema, table.name) for _, metadata in declared() for table in metadata.tables.values()}
    inspector = inspect(owner_conn)
    present = {(schema, name) for schema in SCHEMAS - {"ledger"} for name in inspector.get_table_names(schema=schema)}
    assert present - known == set()
