"""Entries of servicing: grouped without a mixture, balanced, and named by the same key every time."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import Event, Party
from domain.product.ruleset import Posted, lines
from domain.servicing.fact import Pay
from domain.servicing.posting import (
    Share,
    batch_entry,
    disbursement_entries,
    groups,
    mirrored,
    placed_in_all,
    repayment_entries,
    rule_set,
)
from domain.servicing.repayment import Source
from ledger.entry import Entry, Side
from ledger.period import PeriodClosed, PeriodState, Placement
from seed.products import RULES, draft
from tests.domain.servicing.portfolio import facts, loan
from tests.domain.servicing.test_repayment import decided, repay

ON = date(2026, 2, 15)


def share(loan_id: int, amount: int, *, version: int = 1, book: int = 1) -> Share:
    return Share(
        loan_id=loan_id,
        no=1,
        product_id=2,
        product_version=version,
        book=book,
        currency="CNY",
        party_id=4,
        funder_id=3,
        channel_id=5,
        amount=amount,
        booked=amount,
    )


def moved(entry: Entry) -> dict[tuple[str, Side, int | None], int]:
    return {(line.account, line.side, line.dims.subject): line.amount for line in entry.lines}


SHARES = st.lists(
    st.builds(
        share,
        st.integers(1, 50),
        st.integers(-1_000, 1_000).filter(bool),
        version=st.integers(1, 3),
        book=st.integers(1, 2),
    ),
    max_size=30,
)


@given(SHARES)
def test_a_group_is_of_one_kind_and_no_share_is_lost(shares: list[Share]) -> None:
    made = list(groups(shares))
    assert sorted((one for group in made for one in group.shares), key=id) == sorted(shares, key=id)
    for group in made:
        assert {(one.book, one.product_version, one.amount < 0) for one in group.shares} == {
            (group.shares[0].book, group.product_version, group.is_taken_back)
        }


@given(SHARES.filter(bool))
def test_a_batch_has_a_line_for_each_loan_and_one_for_the_income(shares: list[Share]) -> None:
    keys = set()
    for group in groups(shares):
        entry = batch_entry(group, RULES["INTEREST_ACCRUED"], key="day:1", on=ON, actor="machine")
        keys.add((entry.book, entry.key))
        owed, income = (Side.CREDIT, Side.DEBIT) if group.is_taken_back else (Side.DEBIT, Side.CREDIT)
        total = sum(abs(one.amount) for one in group.shares)
        by_loan: dict[int, int] = {}
        for one in group.shares:
            by_loan[one.loan_id] = by_loan.get(one.loan_id, 0) + abs(one.amount)
        wanted: dict[tuple[str, Side, int | None], int] = {
            ("1303.04", owed, number): amount for number, amount in by_loan.items()
        }
        wanted["6011.01", income, None] = total
        assert moved(entry) == wanted
    assert len(keys) == len(list(groups(shares))), "every entry of a step has a key of its own"


def test_a_repayment_brings_the_accrual_first_and_then_takes_it() -> None:
    made = decided(facts(), repay(1_020_07))
    accrual, repayment = repayment_entries(repay(1_020_07), loan(), made, RULES)
    assert moved(accrual) == {("1303.04", Side.DEBIT, 1): 30_00, ("6011.01", Side.CREDIT, None): 30_00}
    assert moved(repayment) == {
        ("1012.01", Side.DEBIT, None): 1_020_07,
        ("1303.04", Side.CREDIT, 1): 30_00,
        ("1303.01", Side.CREDIT, 1): 990_07,
    }
    assert (accrual.key, repayment.key) == ("repay:k:accrual", "repay:k")
    assert repayment.paid_on == ON


def test_too_much_accrued_is_taken_back() -> None:
    known = replace(facts(), interest_booked=32_00)
    payment = replace(repay(3_000_00 + 30_00, ON), intent=repay(1).intent.SETTLE)
    accrual, _ = repayment_entries(payment, loan(), decided(known, payment), RULES)
    assert moved(accrual) == {("1303.04", Side.CREDIT, 1): 2_00, ("6011.01", Side.DEBIT, None): 2_00}
    assert accrual.description == "taken back"
    assert mirrored(mirrored(accrual)) == accrual


def test_money_that_the_borrower_had_overpaid_moves_no_bank_account() -> None:
    known = replace(facts(), overpayment=500_00, interest_booked=30_00)
    payment = replace(repay(500_00), source=Source.OVERPAYMENT)
    (entry,) = repayment_entries(payment, loan(), decided(known, payment), RULES)
    assert {line.account for line in entry.lines} == {"2241.01", "1303.04", "1303.01"}


def test_a_product_s_rules_are_a_rule_set_for_each_of_its_books() -> None:
    product = draft(funder_id=7, effective_from=ON)
    lender, platform = rule_set(product, Party.LENDER), rule_set(product, Party.PLATFORM)
    assert {**lender.rules, **platform.rules} == RULES
    assert not set(lender.rules) & set(platform.rules)
    assert lines(Event.REPAYMENT, {"principal": 5, "fee": 2}, lender) == (
        Posted("1012.01", Side.DEBIT, 7),
        Posted("1303.01", Side.CREDIT, 5),
        Posted("1124.01", Side.CREDIT, 2),
    )
    assert lines(Event.OVERPAYMENT_APPLIED, {"interest": 5, "excess": 5}, lender) == (
        Posted("2241.01", Side.DEBIT, 5),
        Posted("1132.01", Side.CREDIT, 5),
    )
    assert lines(Event.SERVICE_FEE_PLATFORM, {"service_fee": 5}, lender) == ()
    assert lines(Event.SERVICE_FEE_PLATFORM, {"service_fee": 5}, platform) != ()


@pytest.mark.parametrize(("fee", "books"), [(0, [1]), (88_00, [1, 1, 2])])
def test_a_disbursement_is_one_event_in_each_book_that_it_concerns(fee: int, books: list[int]) -> None:
    made = list(disbursement_entries(replace(loan(), service_fee=fee), RULES, on=ON, actor="machine"))
    again = list(disbursement_entries(replace(loan(), service_fee=fee), RULES, on=ON, actor="machine"))
    assert made == again
    assert [one.book for one in made] == books
    assert len({one.event_id for one in made}) == 1
    assert len({(one.book, one.kind) for one in made}) == len(made)


PAID_ON, KNOWN_ON = date(2026, 1, 20), date(2026, 3, 5)
OPEN, CLOSED = PeriodState.OPEN, PeriodState.CLOSED
NONE_CLOSED = {202601: OPEN, 202602: OPEN, 202603: OPEN, 202604: OPEN}


@pytest.mark.parametrize(
    ("other", "made"),
    [
        (NONE_CLOSED, Placement(PAID_ON, None)),
        ({**NONE_CLOSED, 202601: CLOSED}, Placement(KNOWN_ON, PAID_ON)),
        ({**NONE_CLOSED, 202601: CLOSED, 202603: CLOSED}, Placement(date(2026, 2, 1), PAID_ON)),
        ({202601: CLOSED, 202602: CLOSED, 202603: CLOSED, 202604: OPEN}, Placement(date(2026, 4, 1), PAID_ON)),
        ({202601: CLOSED, 202602: CLOSED}, (2, PeriodClosed(202601, None))),
        ({202602: OPEN}, (2, PeriodClosed(202601, 202602))),
    ],
)
def test_one_event_has_one_date_in_every_book(
    other: dict[int, PeriodState], made: Placement | tuple[int, PeriodClosed]
) -> None:
    paid = Pay(no=3, value_on=PAID_ON, booked_on=KNOWN_ON, amount=1)
    assert placed_in_all(paid, (1, 2), {1: NONE_CLOSED, 2: other}) == made
    if isinstance(made, Placement):
        assert placed_in_all(paid, (2, 1), {1: NONE_CLOSED, 2: other}) == made
