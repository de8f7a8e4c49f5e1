"""A repayment decided on facts alone: where each fen goes, and what is refused."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.command import Command
from domain.refusals import Refusal
from domain.servicing.position import Disbursement, Facts, Progress, Status, position
from domain.servicing.refusal import (
    AmountBelowPayoff,
    AmountNotPositive,
    CurrencyDiffers,
    LoanNotActive,
    RepaymentBeforeStart,
    RepaymentInFuture,
)
from domain.servicing.repayment import (
    EXCESS,
    Bucket,
    Decision,
    Intent,
    Repay,
    Source,
    application_rule,
    decide,
)
from ledger.money import Money
from ledger.rule import Leg, Rule
from tests.domain.servicing.portfolio import SMALL, facts, line, paid

COMMAND = Command(actor="tester", key="k", received_at=datetime(2026, 3, 1, tzinfo=UTC))
DUE = date(2026, 2, 15)


def repay(minor: int, on: date = DUE, intent: Intent = Intent.DUE, currency: str = "CNY") -> Repay:
    return Repay(loan_id=1, amount=Money(minor, currency), paid_on=on, intent=intent, command=COMMAND)


def decided(known: Facts, payment: Repay) -> Decision:
    made = decide(known, payment)
    assert isinstance(made, Decision), made
    return made


def test_on_the_due_date_it_takes_accrued_interest_and_principal() -> None:
    made = decided(facts(), repay(1_020_07))
    assert made.amounts == {Bucket.ACCRUED_INTEREST: 30_00, Bucket.PRINCIPAL: 990_07}
    assert made.accrual == 30_00, "nothing was booked yet, so the journal is brought up to the date"
    assert position(made.after, on=DUE).due.total == 0


def test_after_the_close_of_business_it_takes_what_was_moved() -> None:
    moved = Progress(instalment=line(1), interest_receivable=30_00, principal_overdue=990_07, penalty_booked=4_00)
    made = decided(replace(facts(moved), interest_booked=30_00), repay(1_100_00, date(2026, 2, 23)))
    assert made.amounts == {
        EXCESS: 1_100_00 - 1_020_07 - 3_96,
        Bucket.PENALTY: 3_96,  # 990.07 × 8 × 0.18 / 360
        Bucket.INTEREST: 30_00,
        Bucket.OVERDUE_PRINCIPAL: 990_07,
    }
    assert made.after.overpayment == made.allocation.excess
    assert made.after.progress[0].principal_overdue == made.after.progress[0].interest_receivable == 0


def test_settling_early_pays_interest_to_date_and_ends_the_plan() -> None:
    known = replace(facts(paid(1, DUE)), interest_booked=30_00)
    day = date(2026, 2, 25)
    assert decide(known, repay(2_017_10, day, Intent.SETTLE)) == AmountBelowPayoff(payoff=2_017_11, field="amount")
    made = decided(known, repay(2_017_11, day, Intent.SETTLE))
    assert made.settles
    assert made.accrual == 7_18
    assert made.plan is not None
    assert made.plan[-1].due_on == day


def test_money_from_the_overpayment_account_leaves_it() -> None:
    known = replace(facts(), overpayment=1_200_00)
    made = decided(known, replace(repay(1_200_00), source=Source.OVERPAYMENT))
    assert made.after.overpayment == 1_200_00 - 1_020_07


@pytest.mark.parametrize(
    ("known", "payment", "refused"),
    [
        (facts(), repay(0), AmountNotPositive(field="amount")),
        (facts(), repay(-5), AmountNotPositive(field="amount")),
        (facts(), repay(5, currency="USD"), CurrencyDiffers(currency="CNY", field="amount")),
        (facts(disbursement=Disbursement.INSTRUCTED), repay(5), LoanNotActive(status=Status.PENDING)),
        (facts(*(paid(n, DUE) for n in (1, 2, 3))), repay(5), LoanNotActive(status=Status.SETTLED)),
        (
            facts(),
            replace(repay(5), business_on=date(2026, 2, 14)),
            RepaymentInFuture(paid_on=DUE, business_on=date(2026, 2, 14), field="paidOn"),
        ),
        (
            facts(),
            repay(5, date(2026, 1, 14)),
            RepaymentBeforeStart(start_on=date(2026, 1, 15), field="paidOn"),
        ),
    ],
)
def test_refusals(known: Facts, payment: Repay, refused: Refusal) -> None:
    assert decide(known, payment) == refused


@given(
    st.integers(1, 4_000_00),
    st.dates(date(2026, 1, 15), date(2026, 6, 1)),
    st.sampled_from(Intent),
    st.integers(0, 2),
)
def test_every_fen_goes_somewhere_and_no_component_below_nought(
    minor: int, on: date, intent: Intent, paid_count: int
) -> None:
    known = facts(*(paid(no, line(no).due_on) for no in range(1, paid_count + 1)))
    made = decide(known, repay(minor, on, intent))
    if isinstance(made, Refusal):
        assert isinstance(made, AmountBelowPayoff)
        assert minor < made.payoff
        return
    assert sum(made.amounts.values()) == minor == made.allocation.paid
    assert all(amount > 0 for amount in made.amounts.values())
    for one in made.after.progress:
        assert one.principal_unpaid >= 0
        assert one.interest_unpaid >= 0
    paid_before = sum(one.principal_paid for one in known.progress)
    paid_now = made.amounts.get(Bucket.PRINCIPAL, 0) + made.amounts.get(Bucket.OVERDUE_PRINCIPAL, 0)
    assert sum(one.principal_paid for one in made.after.progress) == paid_before + paid_now <= SMALL.principal
    if intent is Intent.SETTLE:
        assert made.settles


def test_the_overpayment_account_pays_by_the_repayment_rule_itself() -> None:
    rule = Rule(
        kind="REPAYMENT",
        version=4,
        legs=(Leg("principal", "1012.01", "1303.01"), Leg(EXCESS, "1012.01", "2241.01")),
    )
    made = application_rule(rule)
    assert (made.kind, made.version) == ("OVERPAYMENT_APPLIED", 4)
    assert [(leg.component, leg.debit, leg.credit) for leg in made.legs] == [("principal", "2241.01", "1303.01")]
