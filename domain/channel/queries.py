"""Reads of the channel module: routes in effect, and messages that were taken before."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from domain.channel import tables
from domain.channel.routing import Route, extension_fields
from domain.product import queries as products
from domain.product.tables import product


def route(conn: Connection, *, channel_id: int, product_code: str, on: date) -> Route | None:
    """The route of a channel to a product on a day, with the product version in effect; None when there is none."""
    row = conn.execute(
        select(tables.route.c.extension)
        .join(product, product.c.product_id == tables.route.c.product_id)
        .where(
            tables.route.c.channel_id == channel_id,
            product.c.code == product_code,
            tables.route.c.effective_from <= on,
            or_(tables.route.c.effective_to.is_(None), tables.route.c.effective_to > on),
        )
        .order_by(tables.route.c.effective_from.desc())
        .limit(1)
    ).one_or_none()
    version = None if row is None else products.effective(conn, code=product_code, on=on)
    if row is None or version is None:
        return None
    return Route(product=version, extension=extension_fields(row.extension))


def message(conn: Connection, *, channel_id: int, api_name: str, business_no: str) -> Row[Any] | None:
    """The message of a channel that was taken under this business number."""
    return conn.execute(
        select(tables.message).where(
            tables.message.c.channel_id == channel_id,
            tables.message.c.api_name == api_name,
            tables.message.c.business_no == business_no,
        )
    ).one_or_none()
