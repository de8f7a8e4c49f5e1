"""Milestones of living loans: written as facts come in, and made anew from facts alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete

from domain.servicing import tables
from domain.servicing.change import Dossier
from domain.servicing.fact import Fact
from domain.servicing.milestone import EVERY, Milestone, milestones
from domain.servicing.operations.row import write_many
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.loan import loans_in
from domain.servicing.queries.milestone import engine


def retell(conn: Connection, loan_ids: Sequence[int]) -> None:
    """Make the milestones of living loans anew from their facts, and drop what another engine has left."""
    m = tables.milestone
    conn.execute(delete(m).where(loans_in(loan_ids)(m.c.loan_id)))
    known = dossiers(conn, loan_ids)
    made = [(loan_id, mark) for loan_id, one in known.items() for mark in milestones(one.contract, one.facts)]
    write_many(conn, m, [milestone_row(loan_id, mark) for loan_id, mark in made])


def crossed(dossier: Dossier, fact: Fact) -> bool:
    """Whether a milestone was passed with this fact, or with those that were written along with it."""
    written = 0 if dossier.is_new else len(dossier.facts)
    return fact.no // EVERY > written // EVERY


def milestone_row(loan_id: int, made: Milestone) -> dict[str, Any]:
    """Return the row of a milestone, under the fingerprint of this engine."""
    on, rank, no = made.latest
    return {
        "loan_id": loan_id,
        "engine": engine(),
        "no": made.no,
        "latest_on": on,
        "latest_rank": rank,
        "latest_no": no,
        "booked_on": made.booked_on,
        "document": made.document,
    }
