"""Changes of loans that wait, or have waited, for a second person."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, select

from domain.servicing import tables
from domain.servicing.approval import Proposal, ProposalState
from domain.servicing.document import fact_of


def proposal(conn: Connection, proposal_id: int) -> Proposal | None:
    """Return one proposal, with its answer."""
    row = conn.execute(_asked().where(tables.proposal.c.proposal_id == proposal_id)).one_or_none()
    return None if row is None else _proposal(row)


def proposal_by_key(conn: Connection, key: str) -> Proposal | None:
    """Return the proposal that was made under an idempotency key."""
    row = conn.execute(_asked().where(tables.proposal.c.key == key)).one_or_none()
    return None if row is None else _proposal(row)


def answered_under(conn: Connection, key: str) -> int | None:
    """Return the proposal that was answered under an idempotency key, or None."""
    a = tables.proposal_answer.c
    found: int | None = conn.scalar(select(a.proposal_id).where(a.key == key))
    return found


def proposals(
    conn: Connection, *, after: int = 0, limit: int = 50, is_open: bool | None = None
) -> tuple[Proposal, ...]:
    """Return proposals in the order in which they were made, the page after an id; only open or answered ones."""
    p, a = tables.proposal.c, tables.proposal_answer.c
    asked = _asked().where(p.proposal_id > after).order_by(p.proposal_id).limit(limit)
    if is_open is not None:
        asked = asked.where(a.proposal_id.is_(None) if is_open else a.proposal_id.is_not(None))
    return tuple(_proposal(row) for row in conn.execute(asked))


def _asked() -> Select[Any]:
    p, a = tables.proposal, tables.proposal_answer
    answer = (a.c.is_approved, a.c.checker, a.c.note, a.c.fact_no, a.c.key.label("answer_key"), a.c.answered_at)
    return select(p, *answer).outerjoin(a, a.c.proposal_id == p.c.proposal_id)


def _proposal(row: Row[Any]) -> Proposal:
    state = {None: ProposalState.OPEN, True: ProposalState.APPROVED, False: ProposalState.REJECTED}[row.is_approved]
    return Proposal(
        proposal_id=row.proposal_id,
        loan_id=row.loan_id,
        fact=fact_of(row.kind, no=0, value_on=row.value_on, booked_on=row.value_on, said=row.payload),
        proposed_on=row.proposed_on,
        maker=row.maker,
        key=row.key,
        proposed_at=row.proposed_at,
        state=state,
        checker=row.checker,
        answer_key=row.answer_key,
        answered_at=row.answered_at,
        note=row.note,
        fact_no=row.fact_no,
    )
