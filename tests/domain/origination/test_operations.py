from dataclasses import replace

import pytest
from sqlalchemy import Connection, text

from domain.metadata import metadata
from domain.origination import operations, queries
from domain.origination.application import Account, AccountUsage, Application
from domain.origination.offer import DisclosureDiffers, ReadTooShort
from domain.origination.operations import Requested, Reviewed, Submitted
from domain.origination.repayment import NotCollectable, Origin, RequestRepayment
from domain.origination.review import AlreadyReviewed, Finding, ReviewClosed
from domain.origination.workflow import PlanCancelled, Stage, StepImpossible, Worker
from domain.party.customer import BankAccount, CustomerNameDiffers
from domain.payment import queries as orders
from domain.payment.order import Kind, PaymentOrder
from domain.payment.order import State as PaymentState
from domain.refusals import KeyReused, NotFound
from domain.servicing.position import Status
from domain.servicing.queries.position import position
from domain.servicing.queries.repayment import repayments
from domain.servicing.queries.schedule import schedule
from domain.servicing.repayment import Intent
from ledger import balances, sequencer
from ledger.money import Money
from tests.domain.origination.forms import CARD_NUMBER, IDENTITY_NUMBER, MOBILE
from tests.domain.origination.world import AT, BAD, BORDER, TODAY, World, application, open_world

BORDER_AMOUNT, BAD_AMOUNT, LARGE_AMOUNT = 5_000_00, 4_000_00, 18_000_00


@pytest.fixture
def world(conn: Connection) -> World:
    return open_world(conn, scores={BORDER_AMOUNT: BORDER, BAD_AMOUNT: BAD})


def _trail(world: World, one: Application) -> list[str]:
    return [step.transition.to_stage.value for step in queries.steps(world.conn, one.application_id)]


def _balance(conn: Connection, account: str) -> int:
    sequencer.drain(conn, 1)
    return balances.balance_now(conn, book=1, account=account)


def test_a_good_application_walks_to_its_offer_and_becomes_a_loan(world: World) -> None:
    one = world.offered()
    assert one.waits_for is Worker.BORROWER
    assert isinstance(world.accept(one), Application)
    one = world.answer(one, Kind.CARD_CHECK)
    assert (one.stage, one.loan_id is not None) == (Stage.DISBURSEMENT, True)
    assert _balance(world.conn, "3001.01") == 10_000_00
    one = world.answer(one, Kind.DISBURSEMENT)
    assert one.stage is Stage.DISBURSED
    assert (_balance(world.conn, "3001.01"), _balance(world.conn, "1303.01")) == (0, 10_000_00)
    assert _trail(world, one) == [
        "PRE_APPROVAL",
        "ANTI_FRAUD",
        "DECISION",
        "OFFER",
        "CARD_CHECK",
        "DISBURSEMENT",
        "DISBURSED",
    ]


def test_the_loan_has_the_schedule_that_was_offered(world: World) -> None:
    one = world.disbursed()
    offered = queries.offer(world.conn, one.application_id)
    assert offered is not None
    assert one.loan_id is not None
    booked = schedule(world.conn, one.loan_id)
    assert booked is not None
    assert offered.content["schedule"] == [
        [line.no, line.from_on.isoformat(), line.due_on.isoformat(), line.principal, line.interest]
        for line in booked.instalments
    ]


def test_a_bad_score_ends_the_application_with_its_reasons(world: World) -> None:
    one = world.walk(world.submit(application(amount=BAD_AMOUNT)))
    assert one.stage is Stage.REJECTED
    last = queries.steps(world.conn, one.application_id)[-1].transition
    assert (last.from_stage, "SCORE_LOW" in last.reasons) == (Stage.PRE_APPROVAL, True)


def test_without_consent_nobody_asks_risk(world: World) -> None:
    made = application()
    one = world.walk(world.submit(replace(made, borrower=replace(made.borrower, consent=None))))
    assert one.stage is Stage.REJECTED
    (step,) = queries.steps(world.conn, one.application_id)
    assert step.transition.reasons == ("R11",)


def test_a_second_open_application_of_a_customer_is_a_duplicate(world: World) -> None:
    world.offered()
    second = world.walk(world.submit(application("CH-2")))
    assert second.stage is Stage.REJECTED
    assert queries.steps(world.conn, second.application_id)[-1].transition.reasons == ("R10",)


def test_a_referred_application_waits_for_people_is_called_and_goes_on(world: World) -> None:
    one = world.walk(world.submit(application(amount=BORDER_AMOUNT)))
    assert (one.stage, one.waits_for) == (Stage.MANUAL_REVIEW, Worker.PEOPLE)
    assert [task.application_id for task in queries.review_queue(world.conn, first=10)] == [one.application_id]
    reviewed = world.review(one, "anna", Finding.APPROVE)
    assert isinstance(reviewed, Reviewed)
    one = reviewed.application
    assert one.stage is Stage.PHONE_CHECK
    called = world.review(one, "bert", Finding.APPROVE)
    assert isinstance(called, Reviewed)
    assert called.application.stage is Stage.OFFER
    assert queries.review_queue(world.conn, first=10) == ()


def test_above_the_limit_two_people_decide_and_a_second_conclusion_of_one_is_refused(conn: Connection) -> None:
    world = open_world(conn, scores={LARGE_AMOUNT: BORDER})
    policy = replace(world.desk.policy, four_eyes_above=LARGE_AMOUNT - 1)
    world.office = replace(world.office, desk=replace(world.desk, policy=policy))
    one = world.walk(world.submit(application(amount=LARGE_AMOUNT)))
    first = world.review(one, "anna", Finding.APPROVE)
    assert isinstance(first, Reviewed)
    assert (first.is_concluded, first.application.stage) == (False, Stage.MANUAL_REVIEW)
    again = world.review(one, "anna", Finding.APPROVE)
    assert isinstance(again, Reviewed)
    assert not again.is_concluded
    assert world.review(one, "anna", Finding.REJECT) == AlreadyReviewed()
    second = world.review(one, "bert", Finding.APPROVE)
    assert isinstance(second, Reviewed)
    assert second.is_concluded
    assert world.review(one, "carl", Finding.APPROVE) == ReviewClosed()


def test_a_reviewer_may_reject(world: World) -> None:
    one = world.walk(world.submit(application(amount=BORDER_AMOUNT)))
    rejected = world.review(one, "anna", Finding.REJECT)
    assert isinstance(rejected, Reviewed)
    assert rejected.application.stage is Stage.REJECTED


def test_a_review_of_nothing_is_not_found(world: World) -> None:
    one = world.walk(world.submit(application(amount=BORDER_AMOUNT)))
    task = queries.review_task_of(world.conn, one.application_id, sequence=one.state.sequence)
    assert task is not None
    assert queries.review(world.conn, task.task_id + 1) is None


def test_the_same_number_with_the_same_content_is_a_replay_and_with_other_content_refused(world: World) -> None:
    first = world.take(application())
    again = world.take(replace(application(), header=replace(application().header, nonce="n-2", signature="s-2")))
    assert isinstance(first, Submitted)
    assert isinstance(again, Submitted)
    assert (first.is_replay, again.is_replay) == (False, True)
    assert again.application == first.application
    other = application()
    assert world.take(application(amount=9_000_00)) == KeyReused(field="channelApplicationNo")
    other_card = replace(other.accounts[0], account_no="6222020000000000018")
    assert world.take(replace(other, accounts=(other_card,))) == KeyReused(field="channelApplicationNo")
    other_mobile = replace(other.borrower, mobile="13900139000")
    assert world.take(replace(other, borrower=other_mobile)) == KeyReused(field="channelApplicationNo")


def test_a_known_person_under_another_name_is_refused(world: World) -> None:
    world.submit()
    made = application("CH-2")
    assert isinstance(world.take(replace(made, borrower=replace(made.borrower, name="王五"))), CustomerNameDiffers)


def test_acceptance_names_what_was_shown_and_was_read(world: World) -> None:
    one = world.offered()
    assert world.accept(one, disclosure_hash="0" * 64) == DisclosureDiffers(field="disclosureHash")
    assert world.accept(one, seconds=2) == ReadTooShort(field="readSeconds", seconds=3)
    accepted = world.accept(one)
    assert isinstance(accepted, Application)
    assert accepted.stage is Stage.CARD_CHECK
    assert world.accept(one) == accepted
    stored = queries.offer(world.conn, one.application_id)
    assert stored is not None
    assert (stored.accepted_at, stored.read_seconds) == (AT, 5)


def test_without_an_offer_there_is_nothing_to_accept(world: World) -> None:
    assert world.accept(world.submit()) == NotFound(what="offer")


def test_an_invalid_card_fails_before_anything_is_booked_and_another_card_goes_on(world: World) -> None:
    one = world.offered()
    world.accept(one)
    one = world.answer(one, Kind.CARD_CHECK, good=False, code="F-CARD-001")
    assert (one.stage, one.loan_id) == (Stage.DISBURSE_FAILED, None)
    assert queries.steps(world.conn, one.application_id)[-1].transition.reasons == ("F-CARD-001",)
    other = BankAccount(
        number="6222020000000000018", holder="张三", bank_name="示范银行", account_type="DEBIT_CARD", currency="CNY"
    )
    renewed = operations.renew_card(
        world.conn,
        application_id=one.application_id,
        account=other,
        vault=world.office.vault,
        on=TODAY,
        command=world.command("renew", actor="borrower"),
    )
    assert isinstance(renewed, Application)
    assert renewed.stage is Stage.CARD_CHECK
    (first, second) = orders.by_business(
        world.conn, kind=Kind.CARD_CHECK, business_keys=[operations.business_key(one.application_id)]
    )
    assert (first.attempt, second.attempt, second.card_mask) == (1, 2, "****0018")
    assert world.answer(one, Kind.CARD_CHECK).stage is Stage.DISBURSEMENT


def test_a_failed_payment_reverses_the_entry_and_cancels_the_plan(world: World) -> None:
    one = world.answer(world.disbursing(), Kind.DISBURSEMENT, good=False, code="F-ACCT-001")
    assert one.stage is Stage.DISBURSE_FAILED
    assert one.loan_id is not None
    assert (_balance(world.conn, "3001.01"), _balance(world.conn, "1002.01")) == (0, 0)
    now = position(world.conn, loan_id=one.loan_id, on=TODAY)
    assert now is not None
    assert now.status is Status.CANCELLED
    plan = schedule(world.conn, one.loan_id)
    assert plan is not None
    assert plan.instalments == ()
    card = BankAccount(
        number="6222020000000000018", holder="张三", bank_name="示范银行", account_type="DEBIT_CARD", currency="CNY"
    )
    again = operations.renew_card(
        world.conn,
        application_id=one.application_id,
        account=card,
        vault=world.office.vault,
        on=TODAY,
        command=world.command("renew", actor="borrower"),
    )
    assert again == PlanCancelled()


def test_a_second_answer_changes_nothing(world: World) -> None:
    one = world.disbursed()
    late = operations.disbursement_result(
        world.conn,
        application_id=one.application_id,
        is_success=False,
        code="F-ACCT-001",
        on=TODAY,
        command=world.command("late", actor="machine"),
    )
    assert late == one
    checked = operations.card_checked(
        world.conn,
        application_id=one.application_id,
        is_valid=False,
        code="F-CARD-001",
        on=TODAY,
        command=world.command("late", actor="machine"),
    )
    assert checked == one


def test_a_borrower_may_cancel_until_the_money_is_on_its_way(world: World) -> None:
    def cancel(one: Application) -> object:
        return operations.cancel(
            world.conn,
            application_id=one.application_id,
            reasons=("BORROWER_WISH",),
            on=TODAY,
            command=world.command("cancel", actor="borrower"),
        )

    one = world.disbursing()
    assert isinstance(cancel(one), StepImpossible)
    failed = world.answer(one, Kind.DISBURSEMENT, good=False, code="F-ACCT-001")
    cancelled = cancel(failed)
    assert isinstance(cancelled, Application)
    assert cancelled.stage is Stage.CANCELLED
    assert cancel(cancelled) == cancelled


def test_after_a_crash_work_is_found_where_it_stopped(world: World) -> None:
    one = world.submit()
    assert queries.pending(world.conn) == (one.application_id,)
    moved = operations.run_stage(
        world.conn, one.application_id, desk=world.desk, on=TODAY, command=world.command("step", actor="machine")
    )
    assert isinstance(moved, Application)
    assert moved.stage is Stage.PRE_APPROVAL
    assert queries.pending(world.conn) == (one.application_id,)
    assert world.walk(one).stage is Stage.OFFER
    assert queries.pending(world.conn) == ()
    assert queries.pending(world.conn, worker=Worker.BORROWER) == (one.application_id,)


def test_the_work_list_can_be_made_again_from_the_steps(world: World) -> None:
    for number in range(3):
        made = application(f"CH-{number}", amount=(10_000_00, BORDER_AMOUNT, BAD_AMOUNT)[number])
        world.walk(world.submit(made))
    live = {one.application_id: one.state for one in queries.applications(world.conn, first=10)}
    assert live == queries.states_from_steps(world.conn)
    assert len(live) == 3


def test_steps_cannot_be_changed(world: World) -> None:
    one = world.offered()
    for table in ("application", "application_stage", "offer"):
        with pytest.raises(Exception, match="permission denied"), world.conn.begin_nested():
            world.conn.execute(
                text(f"DELETE FROM origination.{table} WHERE application_id = :one"), {"one": one.application_id}
            )


def test_no_personal_data_rest_in_origination(world: World) -> None:
    world.disbursed()
    for table in (one for one in metadata.tables.values() if one.schema == "origination"):
        found = str(world.conn.execute(text(f"SELECT string_agg(t::text, ' ') FROM {table.fullname} t")).scalar_one())
        for secret in ("张三", "李四", IDENTITY_NUMBER, CARD_NUMBER, MOBILE, "secret-token"):
            assert secret not in found, table.name


def test_who_shares_what_is_counted_and_what_was_not_brought_is_not_measured(world: World) -> None:
    one = world.submit()
    made = application("CH-2")
    other = replace(
        made,
        borrower=replace(made.borrower, name="赵六", id_no="110101199001010015"),
        accounts=(replace(made.accounts[0], account_name="赵六"),),
    )
    second = world.submit(other)
    assert queries.velocity(world.conn, second) == {
        "mobile_customers": 2,
        "card_customers": 2,
        "device_customers_24h": None,
        "device_customers_30d": None,
        "contact_customers_30d": 2,
        "identity_channels_7d": 1,
        "applications_30d": 0,
    }
    assert queries.velocity(world.conn, one)["identity_channels_7d"] == 1


def _account(number: str, usage: AccountUsage) -> Account:
    return replace(application().accounts[0], account_no=number, usage=usage)


def _wish(
    one: Application, number: str = "R-1", *, amount: int = 500_00, intent: Intent = Intent.DUE
) -> RequestRepayment:
    assert one.loan_id is not None
    return RequestRepayment(
        business_no=number,
        origin=Origin.CHANNEL,
        loan_id=one.loan_id,
        amount=Money(amount, "CNY"),
        requested_on=TODAY,
        intent=intent,
        instalment_nos=(1,),
    )


def _collected(world: World, wish: RequestRepayment) -> PaymentOrder:
    (answer,) = operations.request_repayments(world.conn, [wish], command=world.command("ask"))
    assert isinstance(answer, Requested), answer
    world.hear(answer.order)
    after = orders.order(world.conn, order_no=answer.order.order_no)
    assert after is not None
    assert after.state is PaymentState.SUCCEEDED
    return after


def test_a_repayment_is_kept_collected_and_booked(world: World) -> None:
    accounts = (
        _account("6222020000000000000", AccountUsage.DISBURSEMENT),
        _account("6222020000000000018", AccountUsage.REPAYMENT),
    )
    one = world.disbursed(replace(application(), accounts=accounts))
    order = _collected(world, _wish(one))
    assert (order.card_mask, order.amount) == ("****0018", Money(500_00, "CNY"))
    assert one.loan_id is not None
    (paid,) = repayments(world.conn, one.loan_id)
    assert (paid.amount, paid.paid_on) == (500_00, TODAY)
    assert _balance(world.conn, "1012.01") == 500_00
    (kept,) = queries.repayment_requests_of(world.conn, one.loan_id)
    assert kept.wish == _wish(one)


def test_the_same_request_is_a_replay_and_another_under_its_number_is_refused(world: World) -> None:
    one = world.disbursed()
    wishes = [_wish(one), _wish(one), _wish(one, amount=600_00), _wish(one, "R-2", amount=0)]
    first, twin, other, nothing = operations.request_repayments(world.conn, wishes, command=world.command("ask"))
    assert isinstance(first, Requested)
    assert isinstance(twin, Requested)
    assert twin.order == first.order
    assert other == KeyReused(field="businessNo")
    assert nothing == NotCollectable(field="amount", why="amount not positive")
    (again,) = operations.request_repayments(world.conn, [_wish(one)], command=world.command("ask"))
    assert isinstance(again, Requested)
    assert again.is_replay
    unknown = replace(_wish(one, "R-3"), loan_id=10**9)
    assert operations.request_repayments(world.conn, [unknown], command=world.command("ask")) == [
        NotCollectable(field="loanId", why="loan unknown")
    ]


def test_money_that_no_loan_can_take_waits_on_the_suspense_account(world: World) -> None:
    one = world.disbursed()
    _collected(world, _wish(one, "R-1", amount=10_000_00, intent=Intent.SETTLE))
    assert one.loan_id is not None
    now = position(world.conn, loan_id=one.loan_id, on=TODAY)
    assert now is not None
    assert now.outstanding == 0
    _collected(world, _wish(one, "R-2", amount=300_00))
    assert _balance(world.conn, "2241.02") == -300_00


def test_too_little_to_settle_meets_what_is_due(world: World) -> None:
    one = world.disbursed()
    _collected(world, _wish(one, amount=400_00, intent=Intent.SETTLE))
    assert one.loan_id is not None
    (paid,) = repayments(world.conn, one.loan_id)
    assert (paid.intent, paid.amount) == (Intent.DUE, 400_00)


def test_pages_are_stable_under_writes(world: World) -> None:
    made = [world.submit(application(f"CH-{number}")) for number in range(4)]
    first = queries.applications(world.conn, first=2)
    world.submit(application("CH-9"))
    second = queries.applications(world.conn, first=2, after_id=first[-1].application_id)
    assert [one.application_id for one in (*first, *second)] == sorted(
        (one.application_id for one in made), reverse=True
    )
    stages = queries.applications(world.conn, first=10, stages=[Stage.DISBURSED])
    assert stages == ()
