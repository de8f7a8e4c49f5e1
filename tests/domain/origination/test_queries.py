"""Reads of origination over one town: every way to a thing finds the same, and pages, filters and queues agree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from domain.origination import operations, queries
from domain.origination.application import AccountUsage, Application, ApplicationForm
from domain.origination.operations import Requested, Submitted
from domain.origination.repayment import Origin, RequestRepayment
from domain.origination.review import Finding, Reason
from domain.origination.workflow import WORKERS, Stage, Worker
from ledger.money import Money
from postgres.database import Database
from seed import german, messages
from seed.messages import Applicant
from tests.domain.origination.world import AT, BAD, BORDER, TODAY, World, application, open_world

BORDER_AMOUNT, BAD_AMOUNT = 5_000_00, 4_000_00
ROW = german.applications()[0]
NOBODY = 10**9


def borrower(number: int) -> Applicant:
    return messages.applicant(replace(ROW, row=number), on=TODAY, seed=11)


def asked(number: int, *, by: int | None = None, amount: int = 10_000_00) -> ApplicationForm:
    """An application of a borrower; by default each one has his own."""
    made, who = application(f"CH-{number}", amount=amount), borrower(by or number)
    person = replace(made.borrower, name=who.name, id_no=who.identity_number, mobile=who.mobile)
    (account,) = made.accounts
    accounts = (
        replace(account, usage=AccountUsage.DISBURSEMENT, account_no=who.card, account_name=who.name),
        replace(account, usage=AccountUsage.REPAYMENT, account_no=other_card(who), account_name=who.name),
    )
    return replace(made, borrower=person, accounts=accounts, related_persons=())


def other_card(who: Applicant) -> str:
    """A second card of a borrower, whose number ends in another digit."""
    digits = [int(digit) for digit in who.card[:-2] + str((int(who.card[-2]) + 1) % 10)]
    doubled = [2 * digit - 9 * (digit > 4) if place % 2 == 0 else digit for place, digit in enumerate(digits[::-1])]
    return "".join(map(str, digits)) + str(-sum(doubled) % 10)


@dataclass(frozen=True)
class Town:
    """One application at each place where one can wait or end."""

    world: World
    paid: Application
    offered: Application
    referred: Application
    rejected: Application
    taken: Application
    """Taken in, and not touched yet."""

    @property
    def conn(self) -> Connection:
        return self.world.conn

    @property
    def all(self) -> tuple[Application, ...]:
        """The newest first."""
        return (self.taken, self.rejected, self.referred, self.offered, self.paid)

    @property
    def loan_id(self) -> int:
        assert self.paid.loan_id is not None
        return self.paid.loan_id


@pytest.fixture(scope="module")
def town(module_db: Database) -> Iterator[Town]:
    """Made once, on a database of its own; nothing of it is written by a test."""
    with module_db.transaction() as conn:
        world = open_world(conn, scores={BORDER_AMOUNT: BORDER, BAD_AMOUNT: BAD})
        paid = world.disbursed(asked(1))
        found = Town(
            world=world,
            paid=paid,
            offered=world.offered(asked(2)),
            referred=world.walk(world.submit(asked(3, amount=BORDER_AMOUNT))),
            rejected=world.walk(world.submit(asked(4, amount=BAD_AMOUNT))),
            taken=world.submit(asked(5)),
        )
        wishes = [wish(found.loan_id, f"R-{number}", amount=number * 100_00) for number in (1, 2)]
        for answer in operations.request_repayments(conn, wishes, command=world.command("ask")):
            assert isinstance(answer, Requested), answer
        yield found


def wish(loan_id: int, number: str, *, amount: int) -> RequestRepayment:
    return RequestRepayment(
        business_no=number,
        origin=Origin.OPERATOR,
        loan_id=loan_id,
        amount=Money(amount, "CNY"),
        requested_on=TODAY,
        instalment_nos=(1, 2),
    )


# ---------------------------------------------------------------- applications and their steps


def test_every_way_to_an_application_finds_the_same(town: Town) -> None:
    conn, channel_id = town.conn, town.world.channel.channel_id
    page = queries.applications(conn, first=10)
    assert page == town.all
    by_id = queries.applications_by_id(conn, [one.application_id for one in page] + [NOBODY])
    assert by_id == {one.application_id: one for one in page}
    for one in page:
        assert queries.application(conn, one.application_id) == one
        assert queries.application(conn, one.application_id, lock=True) == one
        number = one.channel_application_no
        assert queries.by_channel_number(conn, channel_id=channel_id, channel_application_no=number) == one
    assert queries.application(conn, NOBODY) is None
    assert queries.application(conn, NOBODY, lock=True) is None
    assert queries.by_channel_number(conn, channel_id=NOBODY, channel_application_no="CH-1") is None
    assert queries.by_channel_number(conn, channel_id=channel_id, channel_application_no="CH-9") is None
    assert queries.applications_by_id(conn, []) == {}


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"stages": [Stage.DISBURSED]}, ["CH-1"]),
        ({"stages": [Stage.OFFER, Stage.MANUAL_REVIEW]}, ["CH-3", "CH-2"]),
        ({"stages": [Stage.CANCELLED]}, []),
        ({"channel_id": NOBODY}, []),
        ({"customer_id": NOBODY}, []),
        ({"product_id": NOBODY}, []),
        ({"first": 2}, ["CH-5", "CH-4"]),
    ],
)
def test_a_list_holds_what_its_filters_say(town: Town, filters: dict[str, object], found: list[str]) -> None:
    rows = queries.applications(town.conn, **{"first": 10, **filters})  # type: ignore[arg-type]  # each is of its own type
    assert [one.channel_application_no for one in rows] == found


def test_filters_by_who_and_what_find_their_own(town: Town) -> None:
    for one in town.all:
        mine = queries.applications(town.conn, first=10, customer_id=one.customer_id, channel_id=one.channel_id)
        assert mine == (one,)
        assert queries.applications(town.conn, first=10, product_id=one.product_id) == town.all


@pytest.mark.parametrize("size", [1, 2, 5])
def test_walking_the_pages_meets_every_application_once(town: Town, size: int) -> None:
    met: list[Application] = []
    while page := queries.applications(
        town.conn, first=size, after_id=met[-1].application_id if met else None, stages=[one.stage for one in town.all]
    ):
        met += page
    assert tuple(met) == town.all


@pytest.mark.parametrize("first", [0, -1, queries.PAGE_MAX + 1])
def test_a_page_has_a_bounded_size(town: Town, first: int) -> None:
    with pytest.raises(AssertionError, match="bounded"):
        queries.applications(town.conn, first=first)
    with pytest.raises(AssertionError, match="bounded"):
        queries.review_queue(town.conn, first=first)


@pytest.mark.parametrize("worker", list(Worker))
def test_who_must_act_finds_what_waits_for_him(town: Town, worker: Worker) -> None:
    waiting = [one.application_id for one in reversed(town.all) if WORKERS.get(one.stage) is worker]
    assert list(queries.pending(town.conn, worker=worker)) == waiting
    assert queries.pending(town.conn, worker=worker, limit=1) == tuple(waiting[:1])


def test_steps_of_many_are_the_steps_of_each_and_end_where_it_stands(town: Town) -> None:
    ids = [one.application_id for one in town.all]
    found = queries.steps_of(town.conn, [*ids, NOBODY])
    assert found[NOBODY] == queries.steps(town.conn, NOBODY) == ()
    states = queries.states_from_steps(town.conn)
    for one in town.all:
        steps = found[one.application_id]
        assert steps == queries.steps(town.conn, one.application_id)
        assert [step.transition.sequence for step in steps] == list(range(1, len(steps) + 1))
        assert {(step.application_id, step.effective_on) for step in steps} <= {(one.application_id, TODAY)}
        if steps:
            assert states[one.application_id] == one.state == steps[-1].transition.state
    assert found[town.taken.application_id] == ()
    assert town.taken.application_id not in states


def test_a_twin_is_an_older_one_that_has_not_ended(conn: Connection) -> None:
    world = open_world(conn, scores={BAD_AMOUNT: BAD})
    first = world.offered(asked(1))
    again, stranger = world.submit(asked(2, by=1)), world.submit(asked(3))
    assert [queries.has_open_twin(conn, one) for one in (first, again, stranger)] == [False, True, False]
    ended = operations.cancel(
        conn,
        application_id=first.application_id,
        reasons=("X",),
        on=TODAY,
        command=world.command("cancel", actor="borrower"),
    )
    assert isinstance(ended, Application)
    assert not queries.has_open_twin(conn, again)
    rejected = world.walk(world.submit(asked(4, amount=BAD_AMOUNT)))
    assert rejected.stage is Stage.REJECTED
    assert not queries.has_open_twin(conn, world.submit(asked(5, by=4)))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, {"identity_channels_7d": 1, "applications_30d": 1}),
        (30 * 24 - 1, {"identity_channels_7d": 1, "applications_30d": 1}),
        (30 * 24, {"identity_channels_7d": 1, "applications_30d": 0}),
        (-1, {"identity_channels_7d": 1, "applications_30d": 0}),
    ],
)
def test_a_window_ends_at_the_arrival_and_is_open_at_its_beginning(
    conn: Connection, hours: int, expected: dict[str, int]
) -> None:
    """What came later, or exactly as long ago as the window is, is not counted."""
    world = open_world(conn)
    now = AT + timedelta(days=60)
    before = world.take(asked(1), at=now - timedelta(hours=hours))
    assert isinstance(before, Submitted)
    here = world.take(asked(2, by=1), at=now)
    assert isinstance(here, Submitted)
    found = queries.velocity(conn, here.application)
    assert {name: found[name] for name in expected} == expected
    assert found["card_customers"] == 1, "ever, for itself"
    assert found["device_customers_24h"] is None, "no device was brought"


# ---------------------------------------------------------------- offers and reviews


def test_only_what_was_offered_has_an_offer_and_only_what_was_accepted_an_acceptance(town: Town) -> None:
    found = queries.offers(town.conn, [one.application_id for one in town.all])
    assert set(found) == {town.paid.application_id, town.offered.application_id}
    for one in town.all:
        assert queries.offer(town.conn, one.application_id) == found.get(one.application_id)
    accepted, open_one = found[town.paid.application_id], found[town.offered.application_id]
    assert (accepted.accepted_at, accepted.read_seconds) == (AT, 5)
    assert (open_one.accepted_at, open_one.read_seconds) == (None, None)
    assert (accepted.amount, accepted.term_months, accepted.start_on) == (town.paid.amount, 12, TODAY)


def test_work_leaves_the_queue_when_it_is_done_and_is_known_for_ever(conn: Connection) -> None:
    world = open_world(conn, scores={BORDER_AMOUNT: BORDER})
    made = [world.walk(world.submit(asked(number, amount=BORDER_AMOUNT))) for number in (1, 2, 3)]
    queue = queries.review_queue(conn, first=10)
    assert [one.application_id for one in queue] == [one.application_id for one in made], "the oldest first"
    assert queries.review_queue(conn, first=2) == queue[:2]
    assert queries.review_queue(conn, first=2, after_id=queue[0].task_id) == queue[1:]
    assert queries.review_queue(conn, first=9, stage=Stage.MANUAL_REVIEW) == queue
    assert queries.review_queue(conn, first=9, stage=Stage.PHONE_CHECK) == ()
    for one, task in zip(made, queue, strict=True):
        assert queries.review(conn, task.task_id) == task
        assert queries.review_task_of(conn, one.application_id, sequence=one.state.sequence) == task
        assert (task.submitted_by, task.stage) == (one.submitted_by, one.stage)
    assert queries.review_task_of(conn, made[0].application_id, sequence=99) is None
    world.review(made[0], "anna", Finding.REJECT)
    assert queries.review_queue(conn, first=10) == queue[1:]
    assert queries.review(conn, queue[0].task_id) == queue[0]
    (said,) = queries.review_decisions(conn, queue[0].task_id)
    assert (said.reviewer, said.finding, said.reasons) == ("anna", Finding.REJECT, (Reason.HISTORY_ACCEPTABLE,))
    many = queries.review_decisions_of(conn, [one.task_id for one in queue])
    assert many == {queue[0].task_id: (said,), queue[1].task_id: (), queue[2].task_id: ()}


# ---------------------------------------------------------------- accounts and repayments


def test_a_loan_is_paid_to_one_account_and_from_another(town: Town) -> None:
    found = queries.accounts(town.conn, town.paid.application_id)
    assert found is not None
    assert found.attempt == 1
    assert found.receiving_account_id != found.repayment_account_id
    assert queries.card_mask(town.conn, found.receiving_account_id) == f"****{borrower(1).card[-4:]}"
    kept = queries.repayment_accounts(town.conn, loan_ids=[town.loan_id, NOBODY])
    assert {loan: (one.account_id, one.mask) for loan, one in kept.items()} == {
        town.loan_id: (found.repayment_account_id, f"****{other_card(borrower(1))[-4:]}")
    }
    assert queries.accounts(town.conn, NOBODY) is None


def test_the_bank_is_told_the_card_and_its_holder(town: Town) -> None:
    cards = queries.CustomerCards(town.world.office.vault)
    tokens = {}
    for one, number in ((town.paid, 1), (town.offered, 2)):
        accounts = queries.accounts(town.conn, one.application_id)
        assert accounts is not None
        tokens[queries.card_token(accounts.repayment_account_id)] = borrower(number)
    found = cards(town.conn, [*tokens, queries.card_token(NOBODY)])
    assert set(found) == set(tokens)
    for token, who in tokens.items():
        card = found[token]
        told = (card.number, card.holder, card.identity_number, card.mobile)
        assert told == (other_card(who), who.name, who.identity_number, who.mobile)


@given(st.integers(1, 2**63 - 1))
def test_a_token_names_its_account(account_id: int) -> None:
    assert queries.account_of(queries.card_token(account_id)) == account_id


def test_what_is_to_be_repaid_is_found_by_id_number_and_loan(town: Town) -> None:
    kept = queries.repayment_requests_of(town.conn, town.loan_id)
    assert [one.wish for one in kept] == [wish(town.loan_id, f"R-{n}", amount=n * 100_00) for n in (1, 2)]
    ids = [one.request_id for one in kept]
    assert queries.repayment_requests(town.conn, request_ids=[*ids, NOBODY]) == dict(zip(ids, kept, strict=True))
    numbers = [one.wish.business_no for one in kept]
    found = queries.repayment_requests_by_number(town.conn, business_nos=[*numbers, "R-none"])
    assert found == dict(zip(numbers, kept, strict=True))
    assert queries.repayment_request(town.conn, ids[0]) == kept[0]
    assert queries.repayment_request(town.conn, NOBODY) is None
    assert queries.repayment_requests_of(town.conn, NOBODY) == ()
    accounts = queries.accounts(town.conn, town.paid.application_id)
    assert accounts is not None
    assert {one.account_id for one in kept} == {accounts.repayment_account_id}
