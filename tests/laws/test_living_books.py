"""The laws of living loans on real books: what the journal holds is what the facts say, whatever happened, and when.

Few histories in every run; `ZHUDAI_BOOKED_HISTORIES=500` for the long one.
"""

import os
from dataclasses import asdict, replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from domain.servicing import tables
from domain.servicing.admission import book
from domain.servicing.change import Change, plain_contract, position_as_of, position_of
from domain.servicing.contract import Contract
from domain.servicing.fact import Fact, Intent, Pay, Reverse
from domain.servicing.life import Life
from domain.servicing.operations.change import Recorded, record
from domain.servicing.operations.disbursement import Created, Disbursed, create_loan, disburse_succeeded, terms_of
from domain.servicing.operations.milestone import retell
from domain.servicing.operations.repayment import Repaid, repay
from domain.servicing.position import Position, Status
from domain.servicing.queries.ageing import aged as aged_on
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.position import position as position_on
from domain.servicing.queries.position import positions_as_of
from domain.servicing.repayment import Intent as Meant
from ledger import books as registry
from ledger import journal
from ledger.money import Money
from ledger.statements import trial_balance
from seed import chart, products
from seed.chart import LENDER_BOOK
from tests.domain.servicing.histories import START, lives
from tests.domain.servicing.world import World, books, command
from tests.domain.servicing.world import close as close_days

HISTORIES = int(os.environ.get("ZHUDAI_BOOKED_HISTORIES", "4"))
law = settings(
    max_examples=HISTORIES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a history on real books is too slow to be made smaller
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
        HealthCheck.function_scoped_fixture,
    ],
)

GROUPS = {
    ("1303.01",): ("principal",),
    ("1303.02",): ("overdue_principal",),
    ("1303.03",): ("nonaccrual_principal",),
    ("1303.04",): ("accrued_interest",),
    ("1132.01", "1132.03", "9001"): ("interest", "nonaccrual_interest", "compound"),
    ("1132.02", "9002"): ("penalty",),
    ("1124.01",): ("fee",),
    ("9003", "9004"): ("written_off",),
}
"""Accounts, on the balance sheet and remembered, that together hold these buckets."""


@pytest.fixture
def world(conn: Connection) -> World:
    chart.open_books(conn, from_on=START.replace(day=1), months=96)
    return World(products.publish(conn, funder_id=2, effective_from=START.replace(day=1)))


def lent(conn: Connection, world: World, contract: Contract | None, *, yuan: int = 1_200, months: int = 6) -> int:
    """A loan that is paid out, living from its beginning when it has a contract."""
    create = world.create(next(world.applications), yuan=yuan, months=months, start_on=START)
    if contract is not None:
        create = replace(create, contract=contract, principal=Money(contract.terms.principal, "CNY"))
    made = create_loan(conn, create)
    assert isinstance(made, Created), made
    loan_id = made.loan.loan_id
    done = disburse_succeeded(conn, loan_id=loan_id, on=START, command=command(f"paid-{loan_id}"))
    assert isinstance(done, Disbursed), done
    return loan_id


def lived(conn: Connection, loan_id: int, life: Life) -> dict[int, int]:
    """Book the facts of a life one by one, each on its booking date; returns the numbers they were given."""
    numbers = {1: 1}
    for fact in sorted(life.facts, key=lambda one: one.no):
        if fact.no not in numbers:
            numbers[fact.no] = booked(conn, loan_id, _renamed(fact, numbers), on=fact.booked_on).fact.no
    return numbers


def _renamed(fact: Fact, numbers: dict[int, int]) -> Fact:
    named = {name: numbers[of] for name in ("of", "levy_no") if (of := getattr(fact, name, None)) is not None}
    return replace(fact, no=0, **named)  # type: ignore[arg-type]  # numbers of facts that the kind of fact names


def booked(conn: Connection, loan_id: int, fact: Fact, *, on: date) -> Recorded:
    by = command(f"{loan_id}-{fact!r}-{on}-{next(_KEYS)}")
    (made,) = record(conn, [Change(loan_id=loan_id, fact=fact, command=by, business_on=on, approver="boss")])
    assert isinstance(made, Recorded), made
    return made


_KEYS = iter(range(1 << 40))


def held(conn: Connection, loan_id: int) -> dict[tuple[str, ...], int]:
    now = books(conn, loan_id)
    return {accounts: sum(now.get(code, 0) for code in accounts) for accounts in GROUPS} | {
        ("2241.01",): -now.get("2241.01", 0),
        ("3001.01",): now.get("3001.01", 0),
    }


def said(conn: Connection, loan_id: int, on: date) -> dict[tuple[str, ...], int]:
    state = dossiers(conn, [loan_id])[loan_id].life(on).state
    buckets = state.buckets()
    return {accounts: sum(buckets[name] for name in names) for accounts, names in GROUPS.items()} | {
        ("2241.01",): state.excess,
        ("3001.01",): 0,  # what was sent has arrived
    }


def unbalanced(conn: Connection) -> list[tuple[object, ...]]:
    query = """SELECT book_id, entry_id, sum(CASE side WHEN 'D' THEN amount ELSE -amount END) FROM ledger.line
               GROUP BY 1, 2 HAVING sum(CASE side WHEN 'D' THEN amount ELSE -amount END) <> 0"""
    return [tuple(row) for row in conn.execute(text(query))]


@pytest.mark.law(54, 56)
@law
@given(lives(events=8))
def test_what_the_journal_holds_is_what_the_facts_say(conn: Connection, world: World, life: Life) -> None:
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, life.contract)
        lived(conn, loan_id, life)
        on = max(fact.booked_on for fact in life.facts)
        assert held(conn, loan_id) == said(conn, loan_id, on)
        assert unbalanced(conn) == []
        close_days(conn, on, on + timedelta(days=3))
        assert held(conn, loan_id)[("1303.01",)] == said(conn, loan_id, on + timedelta(days=4))[("1303.01",)]
        example.rollback()


@law
@given(lives(events=8))
def test_a_position_from_a_milestone_is_that_of_the_life_told_whole(conn: Connection, world: World, life: Life) -> None:
    """At every date of which a fact speaks, knowing what was known then or all; made anew, milestones stay."""
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, life.contract)
        lived(conn, loan_id, life)
        whole = dossiers(conn, [loan_id])[loan_id]
        for on in sorted({on for fact in whole.facts for on in (fact.value_on, fact.booked_on)}):
            assert position_on(conn, loan_id=loan_id, on=on) == position_of(whole, on=on)
            then = positions_as_of(conn, loan_ids=[loan_id], value_on=on, known_on=on)
            assert then.get(loan_id) == position_as_of(whole, value_on=on, known_on=on)
        made = conn.execute(MILESTONES).all()
        retell(conn, [loan_id])
        assert conn.execute(MILESTONES).all() == made
        example.rollback()


MILESTONES = select(tables.milestone).order_by(tables.milestone.c.loan_id, tables.milestone.c.no)


@pytest.mark.law(53)
@law
@given(lives(events=6), st.data())
def test_a_reversal_undoes_its_fact_in_the_books(
    conn: Connection, world: World, life: Life, data: st.DataObject
) -> None:
    """Booked and reversed on one day, whatever it was, it leaves every account of the loan as it was."""
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, life.contract)
        numbers = lived(conn, loan_id, life)
        on = max(fact.booked_on for fact in life.facts)
        before = books(conn, loan_id)
        amount = data.draw(st.integers(1, 5_000_00))
        paid = (
            booked(conn, loan_id, Pay(no=0, value_on=on, booked_on=on, amount=amount), on=on)
            if _payable(life)
            else None
        )
        if paid is not None:
            assert paid.fact.no == max(numbers.values()) + 1
            booked(conn, loan_id, Reverse(no=0, value_on=on, booked_on=on, of=paid.fact.no), on=on)
            assert books(conn, loan_id) == before
            assert unbalanced(conn) == []
        example.rollback()


def _payable(life: Life) -> bool:
    pay = Pay(no=99, value_on=life.on, booked_on=life.on, amount=1)
    return isinstance(book(life, pay, on=life.on), Life)


@pytest.mark.law(55, 58)
@law
@given(lives(events=6))
def test_who_pays_what_settles_leaves_no_account_open(conn: Connection, world: World, life: Life) -> None:
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, life.contract)
        lived(conn, loan_id, life)
        on = max(fact.booked_on for fact in life.facts)
        position = position_on(conn, loan_id=loan_id, on=on)
        assert position is not None
        if position.payoff.total and position.status in {Status.ACTIVE, Status.OVERDUE, Status.NON_ACCRUAL}:
            pay = Pay(no=0, value_on=on, booked_on=on, amount=position.payoff.total, intent=Intent.SETTLE)
            (made,) = record(
                conn, [Change(loan_id=loan_id, fact=pay, command=command(f"settle-{next(_KEYS)}"), business_on=on)]
            )
            if isinstance(made, Recorded):  # a lock-in may forbid it
                assert made.settles
                assert made.split == {name: amount for name, amount in asdict(position.payoff).items() if amount}
                now = held(conn, loan_id)
                assert {accounts for accounts, amount in now.items() if amount} <= {("2241.01",)}
                assert now["2241.01",] == position.overpayment
        example.rollback()


@st.composite
def days(draw: st.DrawFn) -> list[tuple[int, int, Meant]]:
    """Payments of a plain loan: days to pass before each, minor units, and what the payer means."""
    meant = st.sampled_from([Meant.DUE, Meant.DUE, Meant.DUE, Meant.DUE, Meant.SETTLE])
    return draw(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 400_00), meant), min_size=1, max_size=5))


@settings(law, max_examples=max(HISTORIES // 4, 1))
@given(days())
def test_the_set_based_close_is_the_engine_on_plain_loans(
    conn: Connection, world: World, payments: list[tuple[int, int, Meant]]
) -> None:
    """Two loans of one contract, one closed by SQL and one by its life, have the same accounts every night."""
    with conn.begin_nested() as example:
        terms = terms_of(world.product, principal=Money(1_200_00, "CNY"), term_months=6, start_on=START)
        twins = (lent(conn, world, None), lent(conn, world, plain_contract(terms)))
        today = START
        for wait, amount, intent in payments:
            for _ in range(wait):
                night(conn, twins, today)
                today += timedelta(days=1)
            paid = [world.payment(one, f"{amount / 100:.2f}", today, intent=intent) for one in twins]
            answers = repay(conn, [replace(one, business_on=today) for one in paid])
            assert len({type(one) for one in answers}) == 1, answers
            plain, living = answers
            if isinstance(plain, Repaid) and isinstance(living, Repaid):
                assert (living.allocation, living.excess, living.settles) == (
                    plain.allocation,
                    plain.excess,
                    plain.settles,
                )
        for _ in range(3):
            night(conn, twins, today)
            today += timedelta(days=1)
        example.rollback()


def night(conn: Connection, twins: tuple[int, int], on: date) -> None:
    close_days(conn, on, on)
    plain, living = (books(conn, one) for one in twins)
    assert living == plain, on
    aged = {row.loan_id: replace(row, loan_id=0) for row in aged_on(conn, on=on)}
    assert aged.get(twins[1]) == aged.get(twins[0]), on


@pytest.mark.law(59)
def test_a_payment_that_became_known_after_its_month_was_closed_is_booked_today_and_changes_nothing_before(
    conn: Connection, world: World
) -> None:
    """Closed months stay as they are to the byte, and today's position is that of the payment made in time."""
    paid_on, known_on = START + timedelta(days=29), date(2024, 4, 20)
    in_time, late = lent(conn, world, None), lent(conn, world, None)
    close_days(conn, START, paid_on - timedelta(days=1))
    yuan = "212.00"
    world.repay(conn, in_time, yuan=yuan, on=paid_on)
    close_days(conn, paid_on, date(2024, 3, 31))
    for period in (202401, 202402, 202403):
        registry.begin_close(conn, LENDER_BOOK, period)
        registry.close_period(conn, LENDER_BOOK, period)
    close_days(conn, date(2024, 4, 1), known_on - timedelta(days=1))
    closed = _trial_balance(conn)

    known = replace(world.payment(late, yuan, paid_on), business_on=known_on)
    change = Change(
        loan_id=late,
        fact=Pay(no=0, value_on=paid_on, booked_on=known_on, amount=known.amount.minor),
        command=command("told-late"),
        business_on=known_on,
    )
    (made,) = record(conn, [change])
    assert isinstance(made, Recorded), made
    assert _trial_balance(conn) == closed
    for entry_id in made.entry_ids:
        stored = journal.find(conn, book=LENDER_BOOK, entry_id=entry_id)
        assert stored is not None
        assert stored.entry.effective_on == known_on
        assert stored.entry.economic_on == paid_on
        assert stored.entry.description == f"Pay no. 2 of {paid_on}"
    assert _anonymous(position_on(conn, loan_id=late, on=known_on)) == _anonymous(
        position_on(conn, loan_id=in_time, on=known_on)
    )
    close_days(conn, known_on, known_on + timedelta(days=40))
    assert books(conn, late) == books(conn, in_time)
    told = dossiers(conn, [late])[late]
    before = position_as_of(told, value_on=known_on, known_on=known_on - timedelta(days=1))
    after = position_as_of(told, value_on=known_on, known_on=known_on)
    assert before is not None
    assert after is not None
    assert (before.status, before.due.principal > after.due.principal) == (Status.OVERDUE, True)


def _trial_balance(conn: Connection) -> str:
    """The trial balance of the closed months, line by line."""
    return "\n".join(map(repr, trial_balance(conn, book=LENDER_BOOK, to_on=date(2024, 3, 31)).rows))


def _anonymous(position: Position | None) -> tuple[object, ...]:
    assert position is not None
    dues = sorted((due.no, due.component, due.amount) for due in position.dues)
    return dues, replace(position, loan_id=0, dues=())
