"""Changes at once, on a real server: they queue on the loan, each is booked once, and books say what facts say."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from domain.refusals import KeyReused, Refusal
from domain.servicing.allocation import Component
from domain.servicing.change import Change
from domain.servicing.event import EventKind
from domain.servicing.fact import Fact, Intent, Levy, Pay, Reverse
from domain.servicing.operations.change import Recorded, record
from domain.servicing.operations.repayment import Repaid, RepaymentUndone, repay, reverse_repayment
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.loan import events
from domain.servicing.queries.position import position
from domain.servicing.queries.repayment import repayments
from domain.servicing.refusal import FactReversed, LoanNotDisbursed, LoanUnknown, RepaymentReversed
from ledger.statements import trial_balance
from postgres.database import Database
from seed.chart import LENDER_BOOK
from tests.domain.servicing.world import World, books, command, opened

DAY = date(2026, 2, 10)


def change(loan_id: int, fact: Fact, key: str) -> Change:
    return Change(loan_id=loan_id, fact=fact, command=command(key), business_on=DAY)


def fee(yuan: int) -> Levy:
    return Levy(no=0, value_on=DAY, booked_on=DAY, name="SMS", component=Component.FEE, due_on=DAY, amount=yuan * 100)


def pay(yuan: int) -> Pay:
    return Pay(no=0, value_on=DAY, booked_on=DAY, amount=yuan * 100)


def at_once(db: Database, works: Sequence[Callable[[Connection], object]]) -> list[object]:
    answers: list[object] = [None] * len(works)
    gate = threading.Barrier(len(works))

    def one(n: int) -> None:
        gate.wait()
        answers[n] = db.run(works[n])

    threads = [threading.Thread(target=one, args=(n,)) for n in range(len(works))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return answers


def recording(one: Change) -> Callable[[Connection], Recorded | Refusal]:
    return lambda conn: record(conn, [one])[0]


def agrees(conn: Connection, loan_id: int) -> None:
    """The journal holds what the facts say, and balances."""
    buckets = dossiers(conn, [loan_id])[loan_id].life(DAY).state.buckets()
    now = books(conn, loan_id)
    assert now.get("1124.01", 0) == buckets["fee"]
    assert now.get("1303.01", 0) == buckets["principal"]
    assert -now.get("2241.01", 0) == buckets["excess"]
    assert trial_balance(conn, book=LENDER_BOOK).balanced


def ready(db: Database) -> tuple[World, int]:
    world = db.run(opened)
    return world, db.run(world.disbursed)


def test_many_facts_at_once_on_a_plain_loan_are_all_booked_one_after_the_other(db: Database) -> None:
    """The first makes it a living loan; the others find it so, and each has its own number."""
    _, loan_id = ready(db)
    found = at_once(db, [recording(change(loan_id, fee(n), f"fee-{n}")) for n in range(1, 7)])
    numbers = sorted(one.fact.no for one in found if isinstance(one, Recorded))
    assert numbers == list(range(2, 8))
    with db.snapshot() as conn:
        assert books(conn, loan_id)["1124.01"] == 21_00
        agrees(conn, loan_id)


def test_one_key_at_once_is_one_effect(db: Database) -> None:
    _, loan_id = ready(db)
    found = at_once(db, [recording(change(loan_id, fee(5), "the-key")) for _ in range(6)])
    made = [one for one in found if isinstance(one, Recorded)]
    assert sorted(one.is_replay for one in made) == [False, *[True] * 5]
    assert len({(one.fact, one.entry_ids) for one in made}) == 1
    with db.snapshot() as conn:
        assert books(conn, loan_id)["1124.01"] == 5_00


def test_one_key_for_two_loans_at_once_is_used_by_one(db: Database) -> None:
    world, one = ready(db)
    other = db.run(world.disbursed)
    found = at_once(db, [recording(change(loan_id, fee(5), "the-key")) for loan_id in (one, other)])
    assert sorted(type(answer).__name__ for answer in found) == ["KeyReused", "Recorded"]
    with db.snapshot() as conn:
        assert sum(books(conn, loan_id).get("1124.01", 0) for loan_id in (one, other)) == 5_00


def test_a_payment_against_reversals_of_an_earlier_one(db: Database) -> None:
    """Whatever comes first, one reversal holds, the payment holds, and the books are those of the facts."""
    world, loan_id = ready(db)
    (first,) = db.run(lambda conn: repay(conn, [world.payment(loan_id, "300.00", DAY)]))
    assert isinstance(first, Repaid)
    db.run(recording(change(loan_id, fee(1), "it-lives")))
    number = next(
        one.no
        for one in db.run(lambda conn: dossiers(conn, [loan_id])[loan_id].facts)
        if isinstance(one, Pay)
    )  # fmt: skip
    undo = Reverse(no=0, value_on=DAY, booked_on=DAY, of=number)
    works: list[Callable[[Connection], object]] = [
        recording(change(loan_id, pay(100), "paid-again")),
        recording(change(loan_id, undo, "undo-fact")),
        lambda conn: reverse_repayment(conn, repayment_id=first.repayment_id, on=DAY, command=command("undo-row")),
        recording(change(loan_id, fee(2), "and-a-fee")),
    ]
    paid, by_fact, by_row, charged = at_once(db, works)
    assert isinstance(paid, Recorded)
    assert isinstance(charged, Recorded)
    assert (isinstance(by_fact, Recorded), isinstance(by_row, RepaymentReversed)) in {(True, True), (False, False)}
    assert isinstance(by_fact, Recorded | FactReversed)
    assert isinstance(by_row, RepaymentUndone | RepaymentReversed)
    with db.snapshot() as conn:
        (row,) = repayments(conn, loan_id)
        assert row.reversed_on == DAY, "whichever door ordered it, the repayment says that it was reversed"
        assert [one.kind for one in events(conn, loan_id)].count(EventKind.REVERSED) == 1
        agrees(conn, loan_id)


def test_settling_against_a_charge_leaves_either_nothing_or_the_charge(db: Database) -> None:
    _, loan_id = ready(db)
    whole = db.run(lambda conn: position(conn, loan_id=loan_id, on=DAY))
    assert whole is not None
    settle = replace(pay(0), amount=whole.payoff.total, intent=Intent.SETTLE)
    paid, charged = at_once(
        db, [recording(change(loan_id, settle, "settle")), recording(change(loan_id, fee(3), "late-fee"))]
    )
    assert isinstance(charged, Recorded)
    with db.snapshot() as conn:
        now = position(conn, loan_id=loan_id, on=DAY)
        assert now is not None
        assert now.payoff.total == (3_00 if isinstance(paid, Recorded) else whole.payoff.total + 3_00)
        agrees(conn, loan_id)


def test_a_batch_answers_each_and_the_refused_leave_the_others_alone(conn: Connection, world: World) -> None:
    loan_id, waiting = world.disbursed(conn), world.created(conn).loan.loan_id
    batch = [
        change(loan_id, fee(5), "one"),
        change(1 << 40, fee(5), "two"),
        change(waiting, fee(5), "three"),
        change(loan_id, fee(6), "one"),
        change(loan_id, fee(7), "four"),
    ]
    kinds = [type(one) for one in record(conn, batch)]
    assert kinds == [Recorded, LoanUnknown, LoanNotDisbursed, KeyReused, Recorded]
    assert books(conn, loan_id)["1124.01"] == 12_00
