"""S1 to S6 and repayment, told as stories: a message comes in, and what must happen happens, through every module."""

from datetime import date, timedelta

import pytest

from domain.channel.reply import Status as Replied
from domain.origination import queries as applications
from domain.origination.workflow import Stage
from domain.payment import queries as orders
from domain.payment.order import Kind
from domain.payment.order import State as Paid
from domain.reconciliation import queries as reconciliation
from domain.reconciliation.discrepancy import Class
from domain.servicing.position import Status
from domain.servicing.queries.schedule import schedule
from ledger.statements import trial_balance
from seed.behaviour import Intention, Way
from seed.chart import LENDER_BOOK, PLATFORM_BOOK
from tests.journeys.town import MONDAY, Town

GONE = ("1303.01", "1303.02", "1303.04", "1132.01", "1132.02", "3001.01", "1012.01")
"""What a borrower owes, and money on its way: nothing is left on them when a loan is over."""


def _balanced(town: Town) -> None:
    assert town.db.run(lambda conn: trial_balance(conn, book=LENDER_BOOK)).balanced
    assert town.db.run(lambda conn: trial_balance(conn, book=PLATFORM_BOOK)).balanced


def test_a_good_borrower_gets_the_money_and_pays_it_back(town: Town) -> None:
    reply = town.apply(amount=3_000_00, months=6)
    assert (reply.code, reply.status) == ("OK", Replied.PROCESSING)
    town.sleep()
    assert town.trail() == [
        "PRE_APPROVAL",
        "ANTI_FRAUD",
        "DECISION",
        "OFFER",
        "CARD_CHECK",
        "DISBURSEMENT",
        "DISBURSED",
    ]
    assert town.balance("1303.01") == 3_000_00
    loan_id = town.application.loan_id
    assert loan_id is not None
    plan = town.db.run(lambda conn: schedule(conn, loan_id))
    assert plan is not None
    assert [one.due_on for one in plan.instalments][:2] == [date(2025, 2, 6), date(2025, 3, 6)]
    town.mean([Intention(no=one.no, on=one.due_on, way=Way.COLLECTION) for one in plan.instalments])
    town.until(plan.instalments[-1].due_on + timedelta(days=2))
    assert town.position().status is Status.SETTLED
    assert [town.balance(account) for account in GONE] == [0] * len(GONE)
    assert town.balance("1002.02") == plan.principal + plan.interest
    assert town.balance("6011.01") == -plan.interest
    assert town.cases() == ()
    _balanced(town)


def test_the_same_message_again_is_the_same_application(town: Town) -> None:
    first = town.apply()
    town.replies.clear()
    again = town.apply()
    assert (again.is_replay, again.answer) == (True, first.answer)
    assert town.application.channel_application_no == "MK-00001"


def test_who_scores_too_low_is_refused_and_the_partner_learns_it(town: Town) -> None:
    town.apply(amount=1_000_00)
    town.sleep()
    assert town.trail() == ["PRE_APPROVAL", "REJECTED"]
    asked = town.send("credit.query", {"channelApplicationNo": "MK-00001"})
    assert asked.status is Replied.FAIL
    assert town.balance("1303.01") == 0


def test_a_border_case_is_seen_by_people_called_and_paid(town: Town) -> None:
    town.apply(amount=2_000_00)
    town.sleep()
    trail = town.trail()
    assert "MANUAL_REVIEW" in trail
    assert town.db.run(lambda conn: applications.review_queue(conn, first=10)) == ()
    assert trail[-1] in {"DISBURSED", "REJECTED"}
    if trail[-1] == "DISBURSED":
        assert "PHONE_CHECK" in trail


def test_an_invalid_card_ends_it_before_anything_is_booked(town: Town) -> None:
    town.apply(card="9001")
    town.sleep()
    assert town.trail()[-2:] == ["CARD_CHECK", "DISBURSE_FAILED"]
    assert town.application.loan_id is None
    town.sleep()
    assert town.application.stage is Stage.CANCELLED
    assert [town.balance(account) for account in GONE] == [0] * len(GONE)


@pytest.mark.parametrize("card", ["9012", "9005"])
def test_a_payment_that_fails_at_once_or_late_is_reversed_and_its_plan_cancelled(town: Town, card: str) -> None:
    town.apply(card=card)
    town.sleep(2)
    one = town.application
    assert one.stage in {Stage.DISBURSE_FAILED, Stage.CANCELLED}
    assert one.loan_id is not None
    loan_id = one.loan_id
    assert town.position().status is Status.CANCELLED
    plan = town.db.run(lambda conn: schedule(conn, loan_id))
    assert plan is not None
    assert plan.instalments == ()
    assert [town.balance(account) for account in ("3001.01", "1303.01", "1002.01")] == [0, 0, 0]
    _balanced(town)


def test_a_late_yes_is_found_by_asking_and_the_loan_begins(town: Town) -> None:
    town.apply(card="9004")
    town.sleep(2)
    assert town.application.stage is Stage.DISBURSED
    (order,) = town.db.run(
        lambda conn: orders.by_business(conn, kind=Kind.DISBURSEMENT, business_keys=["application:1"])
    )
    assert (order.state, order.queries > 0) == (Paid.SUCCEEDED, True)
    assert town.balance("1303.01") == 3_000_00


def test_every_morning_the_banks_file_is_matched(town: Town) -> None:
    town.apply()
    town.sleep(2)
    (run, *_) = town.db.run(lambda conn: reconciliation.runs(conn, first=5))
    assert run.business_on == MONDAY
    assert town.db.run(lambda conn: reconciliation.discrepancies(conn, first=10)) == ()


def test_a_bank_that_pays_a_fen_too_much_is_found_the_next_morning_and_waits_for_people(town: Town) -> None:
    town.apply(card="9007")
    town.sleep(2)
    (found,) = town.db.run(lambda conn: reconciliation.discrepancies(conn, first=10))
    assert found.kind is Class.AMOUNT_MISMATCH
    assert found.our_amount is not None
    assert found.bank_amount is not None
    assert found.bank_amount.minor - found.our_amount.minor == 1
    assert found.is_open
    _balanced(town)


@pytest.mark.parametrize("card", ["9006", "9010"])
def test_a_reply_that_is_lost_or_torn_is_asked_for_and_nothing_is_paid_twice(town: Town, card: str) -> None:
    town.apply(card=card)
    town.sleep(2)
    assert town.application.stage is Stage.DISBURSED
    assert town.balance("1303.01") == 3_000_00
    assert (town.balance("1002.01"), town.balance("3001.01")) == (-3_000_00, 0)
    assert town.db.run(lambda conn: reconciliation.discrepancies(conn, first=10)) == ()


def test_a_collection_from_an_empty_card_changes_nothing_and_the_loan_becomes_overdue(town: Town) -> None:
    town.apply(amount=3_000_00, months=6, card="9003")
    town.sleep()
    due_on = date(2025, 2, 6)
    town.mean([Intention(no=1, on=due_on, way=Way.COLLECTION)])
    town.until(due_on + timedelta(days=6))
    assert town.balance("1012.01") == 0
    assert town.position().status is Status.OVERDUE
    (case,) = town.cases()
    assert case.is_open
    _balanced(town)


def test_who_does_not_pay_becomes_overdue_and_a_case_which_closes_when_he_pays(town: Town) -> None:
    town.apply(amount=3_000_00, months=6)
    town.sleep()
    pays_on = date(2025, 2, 20)
    town.mean([Intention(no=1, on=pays_on, way=Way.CHANNEL)])
    town.until(pays_on)
    now = town.position()
    assert (now.status, now.dpd) == (Status.OVERDUE, 14)
    assert town.balance("1303.02") > 0
    assert town.balance("1132.02") > 0
    (case,) = town.cases()
    assert case.is_open
    town.sleep(2)
    assert town.position().status is Status.ACTIVE
    assert town.balance("1303.02") == 0
    (case,) = town.cases()
    assert not case.is_open
    _balanced(town)


def test_money_in_advance_waits_and_meets_the_next_instalment(town: Town) -> None:
    town.apply(amount=3_000_00, months=6)
    town.sleep()
    town.mean([Intention(no=1, on=date(2025, 2, 3), way=Way.CHANNEL)])
    town.until(date(2025, 2, 4))
    assert town.balance("2241.01") < 0
    town.until(date(2025, 2, 8))
    assert town.balance("2241.01") == 0
    assert town.position().due.total == 0
    assert town.cases() == ()
