"""The laws of living loans on real books: what the journal holds is what the facts say, whatever happened, and when.

Few histories in every run; `ZHUDAI_BOOKED_HISTORIES=500` for the long one.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from domain.refusals import Refusal
from domain.servicing import operations, queries
from domain.servicing.change import Change, plain_contract
from domain.servicing.contract import Contract
from domain.servicing.fact import Disburse, Fact, Intent, Pay, Reverse
from domain.servicing.life import Life
from domain.servicing.operations import Created, CreateLoan, Disbursed, Recorded, Repaid, terms_of
from domain.servicing.repayment import Intent as Meant
from ledger.money import Money
from seed import chart, products
from tests.domain.servicing.histories import START, lives
from tests.domain.servicing.world import STEPS, World, books, command
from tests.domain.servicing.world import close as close_days

HISTORIES = int(os.environ.get("ZHUDAI_BOOKED_HISTORIES", "15"))
law = settings(
    max_examples=HISTORIES,
    deadline=None,
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
    made = operations.create_loan(conn, create)
    assert isinstance(made, Created), made
    loan_id = made.loan.loan_id
    done = operations.disburse_succeeded(conn, loan_id=loan_id, on=START, command=command(f"paid-{loan_id}"))
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
    return replace(fact, no=0, **named)


def booked(conn: Connection, loan_id: int, fact: Fact, *, on: date) -> Recorded:
    by = command(f"{loan_id}-{fact!r}-{on}-{next(_KEYS)}")
    (made,) = operations.record(conn, [Change(loan_id=loan_id, fact=fact, command=by, business_on=on)])
    assert isinstance(made, Recorded), made
    return made


_KEYS = iter(range(1 << 40))


def held(conn: Connection, loan_id: int) -> dict[tuple[str, ...], int]:
    now = books(conn, loan_id)
    return {accounts: sum(now.get(code, 0) for code in accounts) for accounts in GROUPS} | {
        ("2241.01",): -now.get("2241.01", 0)
    }


def said(conn: Connection, loan_id: int, on: date) -> dict[tuple[str, ...], int]:
    state = queries.dossiers(conn, [loan_id])[loan_id].life(on).state
    buckets = state.buckets()
    return {accounts: sum(buckets[name] for name in names) for accounts, names in GROUPS.items()} | {
        ("2241.01",): state.excess
    }


def unbalanced(conn: Connection) -> list[tuple[object, ...]]:
    query = """SELECT book_id, entry_id, sum(CASE side WHEN 'D' THEN amount ELSE -amount END) FROM ledger.line
               GROUP BY 1, 2 HAVING sum(CASE side WHEN 'D' THEN amount ELSE -amount END) <> 0"""
    return [tuple(row) for row in conn.execute(text(query))]


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
