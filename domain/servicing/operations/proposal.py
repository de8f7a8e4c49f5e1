"""复核: a change that needs a second person is proposed, and done or dropped by the word of another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlalchemy import Connection, insert

from domain.command import Command
from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing import tables
from domain.servicing.approval import Proposal, ProposalState, approved
from domain.servicing.change import Change, decide
from domain.servicing.document import payload
from domain.servicing.operations.change import Recorded, record
from domain.servicing.queries.dossier import dossiers, keys_taken
from domain.servicing.queries.loan import loans_of, lock_loans
from domain.servicing.queries.proposal import answered_under, proposal, proposal_by_key
from domain.servicing.refusal import ApproverIsActor, LoanNotDisbursed, LoanUnknown, ProposalAnswered

SOMEBODY: Final = "somebody"
"""Stands for the checker who is not known yet, while it is tried whether the loan would take the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A change waits for a second person; nothing is booked."""

    proposal: Proposal
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A change will not be done."""

    proposal: Proposal
    is_replay: bool = False


def propose(conn: Connection, change: Change) -> Proposed | Refusal:
    """Write down a change for somebody else to approve; whatever the loan would refuse today is refused at once.

    Refuses LoanUnknown, LoanNotDisbursed, KeyReused, and what `record` refuses of the change itself.
    """
    lock_loans(conn, [change.loan_id])
    known = proposal_by_key(conn, change.command.key)
    if known is not None:
        same = replace(known.fact, no=change.fact.no, booked_on=change.fact.booked_on)
        if (known.loan_id, same) != (change.loan_id, change.fact):
            return KeyReused(field="idempotencyKey")
        return Proposed(proposal=known, is_replay=True)
    if keys_taken(conn, [change.command.key]):
        return KeyReused(field="idempotencyKey")
    if change.loan_id not in loans_of(conn, [change.loan_id]):
        return LoanUnknown(field="loanId")
    dossier = dossiers(conn, [change.loan_id], is_plain_too=True).get(change.loan_id)
    if dossier is None:
        return LoanNotDisbursed(field="loanId")
    made = decide(dossier, replace(change, fact=approved(change.fact, SOMEBODY), approver=SOMEBODY))
    if isinstance(made, Refusal):
        return made
    row = {
        "loan_id": change.loan_id,
        "kind": type(change.fact).__name__,
        "value_on": change.fact.value_on,
        "proposed_on": change.business_on,
        "payload": payload(change.fact),
        "maker": change.command.actor,
        "key": change.command.key,
        "proposed_at": change.command.received_at,
    }
    conn.execute(insert(tables.proposal), [row])
    written = proposal_by_key(conn, change.command.key)
    assert written is not None, "what was written is read"
    return Proposed(proposal=written)


def approve(conn: Connection, *, proposal_id: int, business_on: date, command: Command) -> Recorded | Refusal:
    """Book a proposed change by the word of a second person.

    Refuses NotFound, ApproverIsActor, ProposalAnswered, KeyReused, and what `record` refuses.
    """
    known = _locked(conn, proposal_id)
    if known is None:
        return NotFound(what="proposal", field="proposalId")
    if known.maker == command.actor:
        return ApproverIsActor(field="proposalId")
    if known.state is not ProposalState.OPEN and not _is_same(known, ProposalState.APPROVED, command):
        return ProposalAnswered(state=known.state, field="proposalId")
    if answered_under(conn, command.key) not in {None, proposal_id}:
        return KeyReused(field="idempotencyKey")
    checker = known.checker or command.actor
    change = Change(
        loan_id=known.loan_id,
        fact=approved(known.fact, checker),
        command=Command(actor=known.maker, key=f"proposal:{proposal_id}", received_at=command.received_at),
        business_on=business_on,
        approver=checker,
    )
    (made,) = record(conn, [change])
    if not isinstance(made, Refusal) and known.state is ProposalState.OPEN:
        _answer(conn, known, command, note="", fact_no=made.fact.no)
    return made


def reject(conn: Connection, *, proposal_id: int, note: str, command: Command) -> Rejected | Refusal:
    """Say no to a proposed change, by the word of a second person.

    Refuses NotFound, ApproverIsActor, ProposalAnswered, KeyReused.
    """
    known = _locked(conn, proposal_id)
    if known is None:
        return NotFound(what="proposal", field="proposalId")
    if known.maker == command.actor:
        return ApproverIsActor(field="proposalId")
    if _is_same(known, ProposalState.REJECTED, command):
        return Rejected(proposal=known, is_replay=True)
    if known.state is not ProposalState.OPEN:
        return ProposalAnswered(state=known.state, field="proposalId")
    if answered_under(conn, command.key) is not None:
        return KeyReused(field="idempotencyKey")
    _answer(conn, known, command, note=note, fact_no=None)
    answered = proposal(conn, proposal_id)
    assert answered is not None, "what was answered is there"
    return Rejected(proposal=answered)


def _locked(conn: Connection, proposal_id: int) -> Proposal | None:
    """The proposal as it stands once its loan is locked; answers to proposals of one loan queue there."""
    known = proposal(conn, proposal_id)
    if known is None:
        return None
    lock_loans(conn, [known.loan_id])
    return proposal(conn, proposal_id)


def _is_same(known: Proposal, state: ProposalState, command: Command) -> bool:
    return known.state is state and (known.checker, known.answer_key) == (command.actor, command.key)


def _answer(conn: Connection, known: Proposal, command: Command, *, note: str, fact_no: int | None) -> None:
    row = {
        "proposal_id": known.proposal_id,
        "maker": known.maker,
        "checker": command.actor,
        "is_approved": fact_no is not None,
        "note": note,
        "fact_no": fact_no,
        "key": command.key,
        "answered_at": command.received_at,
    }
    conn.execute(insert(tables.proposal_answer), [row])
