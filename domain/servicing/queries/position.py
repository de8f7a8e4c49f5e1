"""Positions of loans at a date."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection

from domain.servicing.change import position_as_of, position_in
from domain.servicing.life import Life
from domain.servicing.position import Position
from domain.servicing.position import position as computed
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.fact import facts
from domain.servicing.queries.loan import loans_in, plain_in
from domain.servicing.queries.milestone import lives


def position(conn: Connection, *, loan_id: int, on: date) -> Position | None:
    """Return the position of one loan at the beginning of a date, from payments and accruals up to it."""
    return positions(conn, loan_ids=[loan_id], on=on).get(loan_id)


def positions(conn: Connection, *, loan_ids: Sequence[int], on: date) -> dict[int, Position]:
    """Return positions of many loans: plain ones in two statements, living ones in two more, and one for whole lives.

    A life is told whole where no milestone fits: it has few facts, or a late one reaches back before the newest.
    """
    known = facts(conn, plain_in(loan_ids), until=on)
    told = lives(conn, [loan_id for loan_id in loan_ids if loan_id not in known], on=on)
    waiting = [loan_id for loan_id, life in told.items() if not _has_begun(life)]
    known |= facts(conn, loans_in(waiting), until=on) if waiting else {}
    found = {loan_id: computed(one, on=on) for loan_id, one in known.items()}
    found |= {loan_id: position_in(life, loan_id=loan_id) for loan_id, life in told.items() if loan_id not in known}
    return {loan_id: found[loan_id] for loan_id in sorted(found)}


def positions_as_of(
    conn: Connection, *, loan_ids: Sequence[int], value_on: date, known_on: date
) -> dict[int, Position]:
    """Return positions at the beginning of `value_on`, as known at the end of `known_on`; none before any fact."""
    living = lives(conn, loan_ids, on=value_on, known_on=known_on)
    told = {loan_id: life for loan_id, life in living.items() if _has_begun(life)}
    plain = dossiers(conn, [loan_id for loan_id in loan_ids if loan_id not in told], is_plain_too=True)
    found = {loan_id: position_in(life, loan_id=loan_id) for loan_id, life in told.items()}
    seen = {loan_id: position_as_of(one, value_on=value_on, known_on=known_on) for loan_id, one in plain.items()}
    return found | {loan_id: one for loan_id, one in seen.items() if one is not None}


def _has_begun(life: Life) -> bool:
    """Whether there is something to tell: a milestone that it went on from, or facts, be they all reversed."""
    return life.latest is not None or bool(life.facts)
