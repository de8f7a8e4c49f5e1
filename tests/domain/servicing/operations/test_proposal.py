"""Two people: what is proposed is not booked, what another approves is booked once, and nobody approves his own."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from domain.command import Command
from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing import tables
from domain.servicing.allocation import Component
from domain.servicing.approval import ProposalState
from domain.servicing.change import Change
from domain.servicing.fact import ChargeOff, Fact, Levy, Refund, Waive
from domain.servicing.operations.change import Recorded, record
from domain.servicing.operations.proposal import Proposed, Rejected, approve, propose, reject
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.proposal import proposal, proposals
from domain.servicing.refusal import (
    AmountAboveOpen,
    ApproverIsActor,
    ApproverMissing,
    LoanNotDisbursed,
    LoanUnknown,
    ProposalAnswered,
)
from postgres.database import Database
from tests.domain.servicing.world import AT, START, World, books, opened

DAY = date(2026, 2, 10)


def by(person: str, key: str) -> Command:
    return Command(actor=person, key=key, received_at=AT)


def charge(loan_id: int, yuan: int = 50) -> Change:
    fee = Levy(no=0, value_on=DAY, booked_on=DAY, name="SMS", component=Component.FEE, due_on=DAY, amount=yuan * 100)
    return Change(loan_id=loan_id, fact=fee, command=by("wang", f"charge-{loan_id}"), business_on=DAY)


def waiver(amount: int | None = 20_00) -> Waive:
    return Waive(no=0, value_on=DAY, booked_on=DAY, component=Component.FEE, approver="", amount=amount)


def wish(loan_id: int, fact: Fact | None = None, *, key: str = "wish", person: str = "wang") -> Change:
    return Change(loan_id=loan_id, fact=fact or waiver(), command=by(person, key), business_on=DAY)


def charged(conn: Connection, world: World) -> int:
    loan_id = world.disbursed(conn)
    (made,) = record(conn, [charge(loan_id)])
    assert isinstance(made, Recorded), made
    return loan_id


def test_what_is_proposed_is_booked_when_another_approves(conn: Connection, world: World) -> None:
    loan_id = charged(conn, world)
    asked = propose(conn, wish(loan_id))
    assert isinstance(asked, Proposed)
    assert (asked.proposal.state, asked.is_replay) == (ProposalState.OPEN, False)
    assert books(conn, loan_id)["1124.01"] == 50_00, "nothing is booked yet"
    again = propose(conn, wish(loan_id))
    assert isinstance(again, Proposed)
    assert (again.proposal, again.is_replay) == (asked.proposal, True)
    assert isinstance(propose(conn, wish(loan_id, waiver(10_00))), KeyReused)

    number = asked.proposal.proposal_id
    own = approve(conn, proposal_id=number, business_on=DAY, command=by("wang", "yes"))
    assert isinstance(own, ApproverIsActor)
    done = approve(conn, proposal_id=number, business_on=DAY, command=by("li", "yes"))
    assert isinstance(done, Recorded), done
    assert books(conn, loan_id)["1124.01"] == 30_00
    twice = approve(conn, proposal_id=number, business_on=DAY, command=by("li", "yes"))
    assert isinstance(twice, Recorded)
    assert (twice.is_replay, twice.fact, twice.entry_ids) == (True, done.fact, done.entry_ids)
    late = approve(conn, proposal_id=number, business_on=DAY, command=by("zhao", "yes too"))
    assert isinstance(late, ProposalAnswered)
    answered = proposal(conn, number)
    assert answered is not None
    assert (answered.state, answered.checker, answered.fact_no) == (ProposalState.APPROVED, "li", done.fact.no)
    row = conn.execute(tables.fact.select().where(tables.fact.c.no == done.fact.no)).one()
    assert (row.actor, row.approver) == ("wang", "li")


def test_what_another_rejects_stays_undone(conn: Connection, world: World) -> None:
    loan_id = charged(conn, world)
    asked = propose(conn, wish(loan_id))
    assert isinstance(asked, Proposed)
    number = asked.proposal.proposal_id
    assert isinstance(reject(conn, proposal_id=number, note="", command=by("wang", "no")), ApproverIsActor)
    said = reject(conn, proposal_id=number, note="not ours", command=by("li", "no"))
    assert isinstance(said, Rejected)
    assert (said.proposal.state, said.proposal.note, said.is_replay) == (ProposalState.REJECTED, "not ours", False)
    again = reject(conn, proposal_id=number, note="not ours", command=by("li", "no"))
    assert isinstance(again, Rejected)
    assert again.is_replay
    for answer in (
        approve(conn, proposal_id=number, business_on=DAY, command=by("zhao", "yes")),
        reject(conn, proposal_id=number, note="", command=by("zhao", "no")),
    ):
        assert isinstance(answer, ProposalAnswered)
    assert books(conn, loan_id)["1124.01"] == 50_00
    assert proposals(conn, is_open=True) == ()


def test_what_the_loan_would_refuse_is_refused_when_it_is_asked_for_and_when_it_is_approved(
    conn: Connection, world: World
) -> None:
    loan_id = charged(conn, world)
    assert isinstance(propose(conn, wish(loan_id, waiver(60_00))), AmountAboveOpen)
    assert isinstance(propose(conn, wish(1 << 40)), LoanUnknown)
    assert isinstance(propose(conn, wish(world.created(conn).loan.loan_id)), LoanNotDisbursed)
    refund = Refund(no=0, value_on=DAY, booked_on=DAY, amount=1)
    assert isinstance(propose(conn, wish(loan_id, refund)), AmountAboveOpen)
    asked = [propose(conn, wish(loan_id, waiver(30_00), key=f"wish-{n}")) for n in range(2)]
    numbers = [one.proposal.proposal_id for one in asked if isinstance(one, Proposed)]
    first, second = (
        approve(conn, proposal_id=number, business_on=DAY, command=by("li", f"yes-{number}")) for number in numbers
    )
    assert isinstance(first, Recorded)
    assert isinstance(second, AmountAboveOpen), "what is open has changed meanwhile"
    for reused in (
        approve(conn, proposal_id=numbers[1], business_on=DAY, command=by("li", f"yes-{numbers[0]}")),
        reject(conn, proposal_id=numbers[1], note="", command=by("li", f"yes-{numbers[0]}")),
    ):
        assert isinstance(reused, KeyReused)
    assert [one.proposal_id for one in proposals(conn, is_open=True)] == numbers[1:]
    for unknown in (
        approve(conn, proposal_id=1 << 40, business_on=DAY, command=by("li", "x")),
        reject(conn, proposal_id=1 << 40, note="", command=by("li", "x")),
    ):
        assert isinstance(unknown, NotFound)


def test_one_person_alone_cannot_record_it_nor_write_his_own_answer(conn: Connection, world: World) -> None:
    loan_id = charged(conn, world)
    (alone,) = record(conn, [wish(loan_id, ChargeOff(no=0, value_on=DAY, booked_on=DAY))])
    assert isinstance(alone, ApproverMissing)
    asked = propose(conn, wish(loan_id))
    assert isinstance(asked, Proposed)
    row = {
        "proposal_id": asked.proposal.proposal_id,
        "maker": "wang",
        "checker": "wang",
        "is_approved": False,
        "note": "",
        "key": "no",
        "answered_at": AT,
    }
    for forged in ({}, {"maker": "li"}):
        with pytest.raises(IntegrityError), conn.begin_nested():
            conn.execute(insert(tables.proposal_answer), [row | forged])


def test_of_many_approvals_at_once_exactly_one_is_done(db: Database) -> None:
    world = db.run(opened)
    loan_id = db.run(lambda conn: charged(conn, world))
    asked = db.run(lambda conn: propose(conn, wish(loan_id)))
    assert isinstance(asked, Proposed)
    answers: list[Recorded | Refusal] = []
    gate = threading.Barrier(6)

    def say_yes(n: int) -> None:
        gate.wait()
        number = asked.proposal.proposal_id
        answers.append(
            db.run(lambda conn: approve(conn, proposal_id=number, business_on=DAY, command=by(f"p{n}", f"yes-{n}")))
        )

    threads = [threading.Thread(target=say_yes, args=(n,)) for n in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(type(one).__name__ for one in answers) == [*["ProposalAnswered"] * 5, "Recorded"]
    with db.snapshot() as conn:
        assert books(conn, loan_id)["1124.01"] == 30_00
        waived = [one for one in dossiers(conn, [loan_id])[loan_id].facts if isinstance(one, Waive)]
        assert len(waived) == 1
        assert waived[0].value_on > START
