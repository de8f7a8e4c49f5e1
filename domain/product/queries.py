"""Reads of the product module: published versions by number or by the day on which they are in effect."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, Select, Text, cast, select

from domain.product import tables
from domain.product.publication import read
from domain.product.version import ProductVersion


def version(conn: Connection, *, product_id: int, version: int) -> ProductVersion | None:
    """The published version of a product with this number."""
    return _one(
        conn,
        _published().where(tables.version.c.product_id == product_id, tables.version.c.version == version),
    )


def effective(conn: Connection, *, code: str, on: date) -> ProductVersion | None:
    """The version that new applications get on a day: the latest that has taken effect."""
    return _one(
        conn,
        _published()
        .join(tables.product)
        .where(tables.product.c.code == code, tables.version.c.effective_from <= on)
        .order_by(tables.version.c.effective_from.desc(), tables.version.c.version.desc())
        .limit(1),
    )


def latest(conn: Connection, *, code: str) -> ProductVersion | None:
    """The version with the highest number, whether or not it has taken effect."""
    return _one(
        conn,
        _published()
        .join(tables.product)
        .where(tables.product.c.code == code)
        .order_by(tables.version.c.version.desc())
        .limit(1),
    )


def product_id(conn: Connection, code: str) -> int | None:
    """The id of a product over all its versions."""
    found = conn.scalar(select(tables.product.c.product_id).where(tables.product.c.code == code))
    return None if found is None else int(found)


def _published() -> Select[str, str]:
    """Content, as text, and hash of published versions."""
    return select(cast(tables.version.c.content, Text).label("content"), tables.version.c.content_hash)


def _one(conn: Connection, asked: Select[str, str]) -> ProductVersion | None:
    """The version of a row, whose hash must still be the hash of its content."""
    row = conn.execute(asked).one_or_none()
    if row is None:
        return None
    found = read(row.content)
    assert found.content_hash == row.content_hash, f"version {found.version} of {found.code} is not what was published"
    return found
