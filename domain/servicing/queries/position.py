"""Positions of loans at a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from domain.servicing.change import position_of
from domain.servicing.position import Position
from domain.servicing.position import position as computed
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.fact import facts
from domain.servicing.queries.loan import loans_in


def position(conn: Connection, *, loan_id: int, on: date) -> Position | None:
    """Return the position of one loan at the beginning of a date, from payments and accruals up to it."""
    return positions(conn, loan_ids=[loan_id], on=on).get(loan_id)


def positions(conn: Connection, *, loan_ids: Sequence[int], on: date) -> dict[int, Position]:
    """Return positions of many loans, in two statements, and four more when there are living ones among them."""
    known = facts(conn, loans_in(loan_ids), until=on)
    lives = dossiers(conn, [loan_id for loan_id, one in known.items() if one.is_living])
    return {
        loan_id: position_of(lives[loan_id], on=on)
        if loan_id in lives and lives[loan_id].facts
        else computed(one, on=on)
        for loan_id, one in known.items()
    }
