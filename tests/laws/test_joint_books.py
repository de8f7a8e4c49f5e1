"""The laws of guaranteed joint loans on real books: four books, joined by events, and nothing between them stays open.

Few histories in every run; `ZHUDAI_BOOKED_HISTORIES=500` for the long one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from domain.command import Command
from domain.product import operations as products
from domain.product.accounting import EXCESS, Event, Flag
from domain.product.funding import Agreement, Funding, Guarantor, Syndicate
from domain.product.operations import Proposed
from domain.product.rules_guarantor import CN_GUARANTOR
from domain.product.rules_lender import lender, partner
from domain.product.version import ProductVersion
from domain.servicing.admission import book
from domain.servicing.change import whole
from domain.servicing.contract import Contract
from domain.servicing.fact import Chargeback, Compensate, Pay, Repurchase, Reverse, Scope
from domain.servicing.life import Life, replay
from domain.servicing.movement import Movement, balances
from domain.servicing.operations.disbursement import Created, DisbursementCancelled, create_loan, disburse_failed
from domain.servicing.operations.repayment import Repaid, RepaymentUndone, repay, reverse_repayment
from domain.servicing.participation import shared
from domain.servicing.queries.dossier import dossiers
from domain.servicing.repayment import Repay
from ledger import books as registry
from ledger import journal
from ledger.balances import event_residuals, subject_balances
from ledger.money import Money
from ledger.statements import trial_balance
from seed import chart
from seed.chart import GUARANTOR_BOOK, LENDER_BOOK, PARTNER_BOOK
from seed.products import draft
from tests.domain.servicing.histories import START, lives
from tests.domain.servicing.world import AT, World, command
from tests.domain.servicing.world import close as close_days
from tests.laws.test_living_books import GROUPS, booked, law, lent, lived, unbalanced

LEADER, BANK, GUARANTOR = 2, 5, 9
SEVENTY = {"principal": {LEADER: Fraction(7, 10), BANK: Fraction(3, 10)}}
LATER = {"principal": {LEADER: Fraction(1, 2), BANK: Fraction(1, 2)}, "penalty": {LEADER: Fraction(1)}}
FUNDING = Funding(
    leader=LEADER,
    residue_to=LEADER,
    agreements=(
        Agreement(from_on=START, shares=SEVENTY),
        Agreement(from_on=START + timedelta(days=100), shares=LATER),
    ),
)
BOOKS = {LEADER: LENDER_BOOK, BANK: PARTNER_BOOK}
CLEARING = (
    ((LENDER_BOOK, "2314.01"), (PARTNER_BOOK, "3001.02"), (PARTNER_BOOK, "3001.01"), (GUARANTOR_BOOK, "3001.02")),
    ((LENDER_BOOK, "1002.02"), (PARTNER_BOOK, "1002.02"), (GUARANTOR_BOOK, "1002.01")),
)
"""Accounts of different books that are each other's mirror: what is held for others, and the cash that passes."""


def publish(conn: Connection, funding: Funding = FUNDING) -> ProductVersion:
    """The demo product, lent by two funders and guaranteed."""
    plain = draft(funder_id=LEADER, effective_from=START.replace(day=1))
    joint = replace(
        plain,
        code="XF-JOINT",
        posting_rules={**plain.posting_rules, **lender(via=None), **CN_GUARANTOR.rules},
        syndicate=Syndicate(funding=funding, books={BANK: PARTNER_BOOK}, rules=partner()),
        guarantor=Guarantor(GUARANTOR, GUARANTOR_BOOK),
    )
    proposed = products.propose(conn, joint, Command(actor="maker", key="joint", received_at=AT))
    assert isinstance(proposed, Proposed), proposed
    by = Command(actor="checker", key="joint", received_at=AT)
    made = products.publish(conn, proposal_id=proposed.proposal_id, command=by)
    assert isinstance(made, ProductVersion), made
    return made


@pytest.fixture
def world(conn: Connection) -> World:
    opened(conn)
    return World(publish(conn))


def opened(conn: Connection) -> None:
    """Open the books of all parties."""
    for some in (chart.BOOKS, chart.GUARANTOR_AND_PARTNER):
        chart.open_books(conn, from_on=START.replace(day=1), months=96, opened_books=some)


def joint(life: Life) -> Life:
    """The same history of a joint, guaranteed loan."""
    contract: Contract = replace(life.contract, funding=FUNDING, guarantor=GUARANTOR)
    return replay(contract, life.facts, on=life.on)


def held(conn: Connection, loan_id: int, funder: int) -> dict[tuple[str, ...], int]:
    now = subject_balances(conn, book=BOOKS[funder], subject=loan_id)
    return {accounts: sum(now.get(code, 0) for code in accounts) for accounts in GROUPS}


def said(told: Sequence[Movement], on: date, funder: int) -> dict[tuple[str, ...], int]:
    """What the facts say of one funder's share, by account."""
    mine = [one for one in shared(told, FUNDING, on=on, cleared_to=date.min) if one.funder == funder]
    buckets = balances(mine)
    return {accounts: sum(buckets[name] for name in names) for accounts, names in GROUPS.items()}


def between(conn: Connection, loan_id: int) -> dict[tuple[int, str], int]:
    """What is open on the accounts between the parties."""
    return {
        (number, code): amount
        for number in (LENDER_BOOK, PARTNER_BOOK, GUARANTOR_BOOK)
        for code, amount in subject_balances(conn, book=number, subject=loan_id).items()
        if code in {"2314.01", "3001.01", "3001.02"} and amount
    }


def owed_to_a_buyer(life: Life, told: Sequence[Movement]) -> int:
    """What the leader has collected of a claim that was sold, minor units: the buyer keeps no book that mirrors it."""
    if not any(isinstance(one, Repurchase) for one in life.live):
        return 0
    collected = 0
    for one in told:
        if one.event is Event.SUBROGATION_RECOVERED:
            collected -= sum(one.amounts.values())
        elif Flag.TRANSFERRED in one.flags:
            sign = -1 if one.event is Event.CHARGEBACK else 1
            collected += sign * sum(amount for name, amount in one.amounts.items() if name != EXCESS)
    return collected


def guaranteed_principal(conn: Connection, loan_id: int) -> int:
    return sum(
        subject_balances(conn, book=number, subject=loan_id).get(code, 0)
        for number in (LENDER_BOOK, PARTNER_BOOK)
        for code in ("1303.01", "1303.02", "1303.03")
    )


@pytest.mark.law(54, 56, 57)
@law
@given(lives(events=8))
def test_every_funder_s_book_holds_what_the_facts_say_of_his_share(conn: Connection, world: World, life: Life) -> None:
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, joint(life).contract)
        lived(conn, loan_id, joint(life))
        on = max(fact.booked_on for fact in life.facts)
        everything_is_told_in_every_book(conn, loan_id, on)
        close_days(conn, on, on + timedelta(days=2))
        everything_is_told_in_every_book(conn, loan_id, on + timedelta(days=3), business_on=on + timedelta(days=2))
        example.rollback()


def everything_is_told_in_every_book(
    conn: Connection, loan_id: int, on: date, *, business_on: date | None = None
) -> None:
    """Told up to the beginning of `on`; what its dawn brings is booked only when it is the business date."""
    life = dossiers(conn, [loan_id])[loan_id].life(on)
    told = tuple(whole(life, to=on, business_on=business_on or on))
    for funder in BOOKS:
        assert held(conn, loan_id, funder) == said(told, on, funder), funder
    assert unbalanced(conn) == []
    owed = owed_to_a_buyer(life, told)
    assert sum(between(conn, loan_id).values()) == -owed
    residuals = event_residuals(conn, clearing=set(CLEARING[0]))
    assert sum(residuals.values()) == -owed if owed else residuals == {}
    guarantor = subject_balances(conn, book=GUARANTOR_BOOK, subject=loan_id)
    assert guarantor.get("9006", 0) == guaranteed_principal(conn, loan_id)


@pytest.mark.law(53, 56)
@law
@given(lives(events=5), st.integers(1, 5_000_00))
def test_a_reversal_undoes_its_fact_in_every_book(conn: Connection, world: World, life: Life, amount: int) -> None:
    with conn.begin_nested() as example:
        loan_id = lent(conn, world, joint(life).contract)
        numbers = lived(conn, loan_id, joint(life))
        on = max(fact.booked_on for fact in life.facts)
        pay = Pay(no=99, value_on=on, booked_on=on, amount=amount)
        if isinstance(book(life, pay, on=on), Life):
            before = everywhere(conn, loan_id)
            paid = booked(conn, loan_id, replace(pay, no=0), on=on)
            assert paid.fact.no == max(numbers.values()) + 1
            booked(conn, loan_id, Reverse(no=0, value_on=on, booked_on=on, of=paid.fact.no), on=on)
            assert everywhere(conn, loan_id) == before
        example.rollback()


def everywhere(conn: Connection, loan_id: int) -> dict[tuple[int, str], int]:
    return {
        (number, code): amount
        for number in (LENDER_BOOK, PARTNER_BOOK, GUARANTOR_BOOK)
        for code, amount in subject_balances(conn, book=number, subject=loan_id).items()
        if amount
    }


@pytest.mark.law(55, 56)
def test_a_guaranteed_joint_loan_from_its_money_to_its_end(conn: Connection, world: World) -> None:
    """Paid out, paid once, compensated, paid to the guarantor: then no account of it is open in any book."""
    loan_id = lent(conn, world, None, yuan=10_000, months=12)
    assert everywhere(conn, loan_id) == {
        (LENDER_BOOK, "1303.01"): 7_000_00,
        (PARTNER_BOOK, "1303.01"): 3_000_00,
        (GUARANTOR_BOOK, "9006"): 10_000_00,
    }
    due = date(2024, 2, 29)
    close_days(conn, START, due - timedelta(days=1))
    pay = Pay(no=0, value_on=due, booked_on=due, amount=904_46)
    booked(conn, loan_id, pay, on=due)
    open_ = between(conn, loan_id)
    assert open_[LENDER_BOOK, "2314.01"] == -open_[PARTNER_BOOK, "3001.02"] < 0
    close_days(conn, due, due + timedelta(days=1))
    assert between(conn, loan_id) == {}
    late = date(2024, 5, 10)
    close_days(conn, due + timedelta(days=2), late - timedelta(days=1))
    booked(conn, loan_id, Compensate(no=0, value_on=late, booked_on=late, guarantor="G", scope=Scope.WHOLE), on=late)
    claim = everywhere(conn, loan_id)
    assert set(claim) == {(GUARANTOR_BOOK, "1201")}
    found = booked(conn, loan_id, replace(pay, value_on=late, booked_on=late, amount=20_000_00), on=late)
    assert found.excess > 0
    close_days(conn, late, late + timedelta(days=1))
    assert everywhere(conn, loan_id) == {
        (LENDER_BOOK, "2241.01"): -found.excess,
        (GUARANTOR_BOOK, "1201"): claim[GUARANTOR_BOOK, "1201"] - (20_000_00 - found.excess),
    }
    for pairs in CLEARING:
        assert event_residuals(conn, clearing=set(pairs)) == {}
    assert unbalanced(conn) == []


@pytest.mark.law(56)
def test_what_was_paid_to_the_guarantor_and_charged_back_is_taken_back_from_him(conn: Connection, world: World) -> None:
    loan_id = lent(conn, world, None, yuan=10_000, months=12)
    late = date(2024, 5, 10)
    close_days(conn, START, late - timedelta(days=1))
    booked(conn, loan_id, Compensate(no=0, value_on=late, booked_on=late, guarantor="G", scope=Scope.WHOLE), on=late)
    claim = everywhere(conn, loan_id)
    paid = booked(conn, loan_id, Pay(no=0, value_on=late, booked_on=late, amount=500_00), on=late)
    close_days(conn, late, late + timedelta(days=1))
    later = late + timedelta(days=2)
    back = Chargeback(no=0, value_on=later, booked_on=later, of=paid.fact.no, amount=500_00)
    booked(conn, loan_id, back, on=later)
    everything_is_told_in_every_book(conn, loan_id, later)
    close_days(conn, later, later + timedelta(days=1))
    assert everywhere(conn, loan_id) == claim


@pytest.mark.law(53, 56)
def test_a_payment_of_which_the_leader_has_nothing_is_an_entry_of_his_book(conn: Connection) -> None:
    """One fen goes to him who takes the residue; the money passes through the leader all the same."""
    opened(conn)
    loan_id = lent(conn, World(publish(conn, replace(FUNDING, residue_to=BANK))), None)
    due = date(2024, 2, 29)
    close_days(conn, START, due - timedelta(days=1))
    (paid,) = repay(conn, [Repay(loan_id=loan_id, amount=Money(1, "CNY"), paid_on=due, command=command("fen"))])
    assert isinstance(paid, Repaid), paid
    assert between(conn, loan_id) == {(LENDER_BOOK, "2314.01"): -1, (PARTNER_BOOK, "3001.02"): 1}
    undone = reverse_repayment(conn, repayment_id=paid.repayment_id, on=due, command=command("no fen"))
    assert isinstance(undone, RepaymentUndone), undone
    assert between(conn, loan_id) == {}
    everything_is_told_in_every_book(conn, loan_id, due)
    for entry_id in (paid.entry_id, *undone.entry_ids):
        assert journal.find(conn, book=LENDER_BOOK, entry_id=entry_id) is not None


@pytest.mark.law(56)
def test_a_refused_disbursement_is_taken_back_in_every_book(conn: Connection, world: World) -> None:
    made = create_loan(conn, world.create(next(world.applications), yuan=10_000, months=12, start_on=START))
    assert isinstance(made, Created)
    loan_id = made.loan.loan_id
    assert everywhere(conn, loan_id) == {
        (LENDER_BOOK, "3001.01"): 10_000_00,
        (LENDER_BOOK, "2314.01"): -3_000_00,
        (PARTNER_BOOK, "3001.01"): 3_000_00,
    }
    undone = disburse_failed(conn, loan_id=loan_id, on=START, command=command("no"))
    assert isinstance(undone, DisbursementCancelled), undone
    assert everywhere(conn, loan_id) == {}
    for number in (LENDER_BOOK, PARTNER_BOOK, GUARANTOR_BOOK):
        rows = [row.turnover for row in trial_balance(conn, book=number, to_on=START).rows]
        assert sum(one.closing_debit - one.closing_credit for one in rows) == 0


@pytest.mark.law(59)
def test_news_about_a_month_that_one_of_the_books_has_closed_are_booked_today_in_all(
    conn: Connection, world: World
) -> None:
    loan_id = lent(conn, world, None)
    known_on = date(2024, 3, 5)
    close_days(conn, START, known_on - timedelta(days=1))
    for period in (202401, 202402):
        registry.begin_close(conn, PARTNER_BOOK, period)
        registry.close_period(conn, PARTNER_BOOK, period)
    paid_on = date(2024, 2, 20)
    booked(conn, loan_id, Pay(no=0, value_on=paid_on, booked_on=known_on, amount=100_00), on=known_on)
    days = "SELECT DISTINCT effective_on, economic_on FROM ledger.entry WHERE economic_on IS NOT NULL AND book_id = :b"
    for number in (LENDER_BOOK, PARTNER_BOOK):
        assert list(map(tuple, conn.execute(text(days), {"b": number}))) == [(known_on, paid_on)]
    everything_is_told_in_every_book(conn, loan_id, known_on)
