"""Writes of origination: submit, walk the flow, review, accept, check the card, disburse, and what the bank answered.

Each operation takes its application's row of the work list first, so that two workers never move one application at
once, and leaves everything that belongs together in one transaction: the step, and what the step brings (a review
task, an offer, a payment order, a loan). Sending to the bank happens after commit, by `payment.operations.dispatch`;
`BankAnswers` is the effect that it runs with the answers. Nothing here reads a clock: `on` is the business date.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import ARRAY, BigInteger, Connection, cast, func, insert, select, update

from domain.command import Command
from domain.decisioning import queries as decisions
from domain.decisioning.facts import Decision, DecisionRequest, Facts, Screen
from domain.decisioning.facts import Outcome as Answer
from domain.decisioning.facts import Stage as RiskStage
from domain.origination import queries
from domain.origination.application import (
    Account,
    Application,
    ApplicationForm,
    facts,
    feature_stored,
    links,
    stored,
)
from domain.origination.offer import (
    READ_SECONDS_MIN,
    DisclosureDiffers,
    Offer,
    ReadTooShort,
    content,
    make_offer,
    offered_amount,
)
from domain.origination.repayment import SUSPENSE, NotCollectable, RepaymentRequest, RequestRepayment, fault
from domain.origination.review import ReviewClosed, ReviewDecision, ReviewPolicy, ReviewTask, judge
from domain.origination.tables import (
    application,
    application_account,
    application_link,
    application_loan,
    application_stage,
    application_state,
    offer,
    offer_acceptance,
    repayment_request,
    review_decision,
    review_task,
)
from domain.origination.workflow import (
    Flow,
    FlowInvalid,
    Mark,
    Outcome,
    PlanCancelled,
    Stage,
    StepImpossible,
    Transition,
    Verdict,
    Worker,
    advance,
    flow_of,
    start,
)
from domain.party import operations as party_writes
from domain.party import queries as parties
from domain.party.customer import BankAccount, CustomerErased, CustomerNameDiffers, Person
from domain.party.partner import Channel
from domain.party.tables import channel as party_channel
from domain.party.vault import Vault
from domain.payment import operations as payments
from domain.payment.operations import Recorded
from domain.payment.order import Instruct, Kind, PaymentOrder
from domain.payment.order import State as PaymentState
from domain.product import queries as products
from domain.product.version import ProductVersion
from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing.operations import disbursement, repayment
from domain.servicing.queries import loan as contracts
from domain.servicing.refusal import AmountBelowPayoff
from domain.servicing.repayment import Intent, Repay
from ledger import journal
from ledger.entry import Dimensions
from ledger.money import Money
from ledger.rule import apply

DUPLICATE = "R10"
"""External reason code: the customer has an open application for the same product (重复申请)."""
INCOMPLETE = "R11"
"""External reason code: no consent to the credit inquiry, or no account to pay to (资料不完整)."""
NO_LIMIT = "R09"
"""External reason code: what may be lent is less than the product lends (额度不足)."""
EXPIRED = "DECISION_EXPIRED"
"""The decision is older than its validity: people look again."""


class Judge(Protocol):
    """Asks risk and keeps the decision of record; the same question again gets the stored answer."""

    def __call__(self, conn: Connection, request: DecisionRequest, /, *, pack: str, command: Command) -> Decision:
        """Judge an application at one of the two stages that call risk, by a decision pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the flow works with; introduced by the composition root."""

    vault: Vault = field(repr=False)
    judge: Judge
    screen: Screen
    policy: ReviewPolicy = field(default_factory=ReviewPolicy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """An application that was taken in; accepted is not yet approved."""

    application: Application
    is_replay: bool
    """The same number with the same content came before; nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One conclusion on a task, and where the application stands after it."""

    task: ReviewTask
    application: Application
    is_concluded: bool
    """False while another person must still agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """A repayment that was asked for, with the collection order that it became."""

    request: RepaymentRequest
    order: PaymentOrder
    is_replay: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """An application in hand: its row is locked."""

    application: Application
    product: ProductVersion
    flow: Flow

    @property
    def id(self) -> int:
        return self.application.application_id


def submit(
    conn: Connection,
    form: ApplicationForm,
    *,
    channel: Channel,
    product: ProductVersion,
    on: date,
    vault: Vault,
    command: Command,
) -> Submitted | FlowInvalid | KeyReused | CustomerNameDiffers:
    """Take in an application under its channel's number, once: register who and which accounts, store the form.

    The same number with the same content is a replay; with other content it is refused (`KeyReused`). A customer who is
    known under another name is refused. `on` is the business date to which facts are counted.
    """
    flow = flow_of(product.flow)
    if isinstance(flow, FlowInvalid):
        return flow
    known = queries.by_channel_number(
        conn, channel_id=channel.channel_id, channel_application_no=form.channel_application_no
    )
    digest = _content_hash(form, vault=vault)
    if known is not None:
        same = _stored_hash(conn, known.application_id) == digest
        return Submitted(application=known, is_replay=True) if same else KeyReused(field="channelApplicationNo")
    customer_id = party_writes.register_customer(conn, _person(form), vault=vault, command=command)
    if isinstance(customer_id, CustomerNameDiffers):
        return customer_id
    row = insert(application).values(
        channel_id=channel.channel_id,
        channel_application_no=form.channel_application_no,
        product_id=product.product_id,
        product_version=product.version,
        customer_id=customer_id,
        amount_minor=form.loan.amount,
        currency=form.loan.currency,
        term_months=form.loan.term,
        form=stored(form),
        facts={name: feature_stored(value) for name, value in facts(form, on=on).items()},
        content_hash=digest,
        submitted_on=on,
        received_at=command.received_at,
        actor=command.actor,
        key=command.key,
    )
    application_id = int(conn.execute(row.returning(application.c.application_id)).scalar_one())
    _store_accounts(conn, application_id, form, customer_id=customer_id, vault=vault, command=command)
    _store_links(
        conn, application_id, form, customer_id=customer_id, channel=channel, at=command.received_at, vault=vault
    )
    begin = start(flow)
    conn.execute(
        insert(application_state).values(
            application_id=application_id,
            stage=begin.stage,
            sequence=begin.sequence,
            marks=[],
            since=command.received_at,
        )
    )
    found = queries.application(conn, application_id)
    assert found is not None, "it was written a moment ago"
    return Submitted(application=found, is_replay=False)


def run_stage(
    conn: Connection, application_id: int, *, desk: Desk, on: date, command: Command
) -> Application | NotFound:
    """Do the one stage at which the application stands, if it is a machine's; otherwise change nothing."""
    case = _case(conn, application_id)
    return NotFound(what="application") if case is None else _run(conn, case, desk=desk, on=on, command=command)


def advance_until_waiting(
    conn: Connection, application_id: int, *, desk: Desk, on: date, command: Command
) -> Application | NotFound:
    """Walk the flow until somebody other than the machine must act."""
    case = _case(conn, application_id)
    if case is None:
        return NotFound(what="application")
    while case.application.waits_for is Worker.MACHINE:
        case = replace(case, application=_run(conn, case, desk=desk, on=on, command=command))
    return case.application


def review(
    conn: Connection, *, task_id: int, decision: ReviewDecision, desk: Desk, on: date, command: Command
) -> Reviewed | Refusal:
    """Record what a person concluded on a task; when enough people have, the application goes on.

    The reviewer is the actor of the command. Refuses a closed task, a second judgement by the same person, a judgement
    by who gave the application in, and a conclusion that the stage does not have. The same conclusion again is a
    replay.
    """
    assert decision.reviewer == command.actor, "people sign what they conclude"
    task = queries.review(conn, task_id)
    case = None if task is None else _case(conn, task.application_id)
    if task is None or case is None:
        return NotFound(what="review task")
    before = queries.review_decisions(conn, task_id)
    is_open = _is_open(conn, case, task)
    if decision in before:
        return Reviewed(task=task, application=case.application, is_concluded=not is_open)
    if not is_open:
        return ReviewClosed()
    outcome = judge(task, before, decision)
    if isinstance(outcome, Refusal):
        return outcome
    if outcome is not None and isinstance(step := advance(case.application.state, outcome, case.flow), StepImpossible):
        return step
    conn.execute(
        insert(review_decision).values(
            task_id=task_id,
            reviewer=decision.reviewer,
            finding=decision.finding,
            reasons=[reason.value for reason in decision.reasons],
            note=decision.note,
            recorded_at=command.received_at,
            key=command.key,
        )
    )
    if outcome is None:
        return Reviewed(task=task, application=case.application, is_concluded=False)
    moved = _move(conn, case, outcome, desk=desk, on=on, command=command)
    assert isinstance(moved, Application), "the step was tried before anything was written"
    return Reviewed(task=task, application=moved, is_concluded=True)


def accept_offer(
    conn: Connection,
    *,
    application_id: int,
    disclosure_hash: str,
    read_seconds: int,
    desk: Desk,
    on: date,
    command: Command,
) -> Application | NotFound | DisclosureDiffers | ReadTooShort | StepImpossible:
    """Record the borrower's acceptance of what was shown, and order the check of the receiving card.

    Refuses another disclosure than the one that was made, too short a reading, and an application that has no open
    offer. Accepting the same again changes nothing.
    """
    case = _case(conn, application_id)
    made = queries.offer(conn, application_id)
    if case is None or made is None:
        return NotFound(what="offer")
    if made.disclosure_hash != disclosure_hash:
        return DisclosureDiffers(field="disclosureHash")
    if made.accepted_at is not None:
        return case.application
    if read_seconds < READ_SECONDS_MIN:
        return ReadTooShort(field="readSeconds", seconds=READ_SECONDS_MIN)
    passed = Outcome(verdict=Verdict.PASSED)
    if case.application.stage is not Stage.OFFER:
        return StepImpossible(stage=case.application.stage, verdict=passed.verdict)
    conn.execute(
        insert(offer_acceptance).values(
            offer_id=made.offer_id,
            disclosure_hash=disclosure_hash,
            read_seconds=read_seconds,
            recorded_at=command.received_at,
            actor=command.actor,
            key=command.key,
        )
    )
    return _move(conn, case, passed, desk=desk, on=on, command=command)


def cancel(
    conn: Connection, *, application_id: int, reasons: tuple[str, ...], on: date, command: Command
) -> Application | NotFound | StepImpossible:
    """End an application at the wish of the borrower or the channel; refused while money is on its way."""
    case = _case(conn, application_id)
    if case is None:
        return NotFound(what="application")
    if case.application.stage is Stage.CANCELLED:
        return case.application
    return _move(conn, case, Outcome(verdict=Verdict.CANCELLED, reasons=reasons), desk=None, on=on, command=command)


def renew_card(
    conn: Connection, *, application_id: int, account: BankAccount, vault: Vault, on: date, command: Command
) -> Application | NotFound | CustomerErased | PlanCancelled | StepImpossible:
    """After an invalid card: take another account of the borrower and check it.

    Refused when a loan was already booked and reversed: its plan is cancelled for good.
    """
    case = _case(conn, application_id)
    if case is None:
        return NotFound(what="application")
    if case.application.loan_id is not None:
        return PlanCancelled()
    renewed = Outcome(verdict=Verdict.RENEWED)
    if isinstance(step := advance(case.application.state, renewed, case.flow), StepImpossible):
        return step
    account_id = party_writes.register_account(
        conn, account, customer_id=case.application.customer_id, vault=vault, command=command
    )
    if isinstance(account_id, Refusal):
        return account_id
    latest = queries.accounts(conn, application_id)
    assert latest is not None, "every application names its accounts"
    conn.execute(
        insert(application_account).values(
            application_id=application_id,
            attempt=latest.attempt + 1,
            receiving_account_id=account_id,
            repayment_account_id=account_id,
            recorded_at=command.received_at,
            actor=command.actor,
        )
    )
    return _move(conn, case, renewed, desk=None, on=on, command=command)


def card_checked(
    conn: Connection, *, application_id: int, is_valid: bool, code: str, on: date, command: Command
) -> Application | NotFound:
    """Take the bank's answer about the receiving card (S4-a…c).

    Valid: the loan is booked and its payment ordered. Invalid: the disbursement has failed before anything was booked.
    A second answer changes nothing.
    """
    return _answered(conn, application_id, Stage.CARD_CHECK, is_success=is_valid, code=code, on=on, command=command)


def disbursement_result(
    conn: Connection, *, application_id: int, is_success: bool, code: str, on: date, command: Command
) -> Application | NotFound:
    """Take the bank's answer about the payment of `on`: the loan begins, or is reversed and its plan cancelled."""
    return _answered(conn, application_id, Stage.DISBURSEMENT, is_success=is_success, code=code, on=on, command=command)


def request_repayments(
    conn: Connection, wishes: Sequence[RequestRepayment], *, command: Command
) -> list[Requested | KeyReused | NotCollectable]:
    """Keep repayments that were asked for and order their collections (S21, S22), one answer per wish in their order.

    The same number with the same wish is a replay; with another it is refused (`KeyReused`). Refused too: an unknown
    loan, an amount that is not positive or in another currency (`NotCollectable`).
    """
    known = queries.repayment_requests_by_number(conn, business_nos=[wish.business_no for wish in wishes])
    loans = contracts.loans_of(conn, [wish.loan_id for wish in wishes])
    accounts = queries.repayment_accounts(conn, loan_ids=list(loans))
    currencies = {loan_id: loan.terms.currency for loan_id, loan in loans.items() if loan_id in accounts}
    fresh = [one for one in wishes if one.business_no not in known and fault(one, currencies) is None]
    new = {one.business_no: one for one in reversed(fresh)}
    if new:
        conn.execute(
            insert(repayment_request),
            [
                {
                    "business_no": one.business_no,
                    "origin": one.origin.value,
                    "loan_id": one.loan_id,
                    "amount_minor": one.amount.minor,
                    "currency": one.amount.currency,
                    "intent": one.intent.value,
                    "instalment_nos": list(one.instalment_nos),
                    "account_id": accounts[one.loan_id].account_id,
                    "requested_on": one.requested_on,
                    "recorded_at": command.received_at,
                    "actor": command.actor,
                }
                for one in new.values()
            ],
        )
    kept = queries.repayment_requests_by_number(conn, business_nos=[wish.business_no for wish in wishes])
    orders = [
        Instruct(
            kind=Kind.COLLECTION,
            business_key=repayment_key(one.request_id),
            amount=one.wish.amount,
            business_on=one.wish.requested_on,
            card_token=queries.card_token(one.account_id),
            card_mask=accounts[one.wish.loan_id].mask,
        )
        for one in kept.values()
    ]
    ordered = {order.business_key: order for order in _instructed(conn, orders, command=command)}
    return [_requested(wish, kept, ordered, known, currencies) for wish in wishes]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAnswers:
    """The effect for `payment.operations`: final answers about cards and payments move their applications on.

    Orders of others are left alone. `on` is the business date of today: a failure is reversed on it; a success counts
    from the day on which the bank was told to pay.
    """

    on: date
    command: Command

    def __call__(self, conn: Connection, changed: Sequence[Recorded], /) -> None:
        """Move on every application whose order has a final answer, and book every repayment that was collected."""
        final = [one.order for one in changed if one.order.state.is_final]
        _book_repayments(conn, final, on=self.on, command=self.command)
        for order in final:
            application_id = application_of(order)
            if application_id is None:
                continue
            command = self.command.step(order.order_no)
            is_success = order.state is PaymentState.SUCCEEDED
            if order.kind is Kind.CARD_CHECK:
                card_checked(
                    conn,
                    application_id=application_id,
                    is_valid=is_success,
                    code=order.code,
                    on=self.on,
                    command=command,
                )
            elif order.kind is Kind.DISBURSEMENT:
                disbursement_result(
                    conn,
                    application_id=application_id,
                    is_success=is_success,
                    code=order.code,
                    on=order.business_on if is_success else self.on,
                    command=command,
                )


def business_key(application_id: int) -> str:
    """What payment calls the orders of an application."""
    return f"application:{application_id}"


def repayment_key(request_id: int) -> str:
    """What payment calls the order of a repayment request."""
    return f"repayment:{request_id}"


def repayment_of(order: PaymentOrder) -> int | None:
    """The repayment request that a payment order belongs to, if it belongs to one."""
    word, _, number = order.business_key.partition(":")
    return int(number) if word == "repayment" else None


def application_of(order: PaymentOrder) -> int | None:
    """The application that a payment order belongs to, if it belongs to one."""
    word, _, number = order.business_key.partition(":")
    return int(number) if word == "application" else None


# --- stages of the machine ------------------------------------------------------------------------------------------


def _run(conn: Connection, case: _Case, *, desk: Desk, on: date, command: Command) -> Application:
    """Do the stage at which a locked application stands, if it is a machine's."""
    if case.application.waits_for is not Worker.MACHINE:
        return case.application
    outcome = _OUTCOMES[case.application.stage](conn, case, desk=desk, on=on, command=command)
    moved = _move(conn, case, outcome, desk=desk, on=on, command=command)
    assert isinstance(moved, Application), "every machine stage may end with every outcome that it gives"
    return moved


def _acceptance(conn: Connection, case: _Case, *, desk: Desk, on: date, command: Command) -> Outcome:
    """业务受理: consent and an account are there, and no older application of the customer is open."""
    del desk, on, command
    reasons = []
    if case.application.facts.get("credit_inquiry_consent") is not True:
        reasons.append(INCOMPLETE)
    if queries.has_open_twin(conn, case.application):
        reasons.append(DUPLICATE)
    return Outcome(verdict=Verdict.REJECTED if reasons else Verdict.PASSED, reasons=tuple(reasons))


def _pre_approval(conn: Connection, case: _Case, *, desk: Desk, on: date, command: Command) -> Outcome:
    """自动预审批: hard rules, score, grade and limit."""
    return _asked(conn, case, RiskStage.PRE_APPROVAL, case.application.facts, desk=desk, on=on, command=command)


def _anti_fraud(conn: Connection, case: _Case, *, desk: Desk, on: date, command: Command) -> Outcome:
    """反欺诈: identity against form, shared numbers and velocity."""
    one = case.application
    named = queries.accounts(conn, one.application_id)
    person = parties.person(conn, one.customer_id, vault=desk.vault)
    account = None if named is None else parties.account(conn, named.receiving_account_id, vault=desk.vault)
    if person is None or account is None:
        return Outcome(verdict=Verdict.REJECTED, reasons=(INCOMPLETE,))
    age = one.facts.get("age")
    screened: Facts = desk.screen(
        identity_number=person.identity_number,
        card_number=account.number,
        mobile=person.mobile,
        age=age if isinstance(age, int) else None,
        on=on,
    )
    found: Facts = {**one.facts, **screened, **queries.velocity(conn, one)}
    return _asked(conn, case, RiskStage.ANTI_FRAUD, found, desk=desk, on=on, command=command)


def _decision(conn: Connection, case: _Case, *, desk: Desk, on: date, command: Command) -> Outcome:
    """决策: what both calls of risk said, still valid, and an amount that the product lends."""
    del desk, command
    judged = _judged(conn, case)
    reasons = tuple(dict.fromkeys(reason.code for one in judged for reason in one.reasons))
    if isinstance(_offer_of(conn, case, on=on), Refusal):
        return Outcome(verdict=Verdict.REJECTED, reasons=(NO_LIMIT, *reasons))
    if any(one.judgement.valid_until < on for one in judged):
        return Outcome(verdict=Verdict.REFERRED, reasons=(EXPIRED, *reasons))
    worst = max((one.outcome for one in judged), key=lambda one: one.severity, default=Answer.REFER)
    marks = frozenset({Mark.PHONE}) if any(one.judgement.phone_check for one in judged) else frozenset[Mark]()
    return Outcome(verdict=_VERDICTS[worst], reasons=reasons, marks=marks)


_OUTCOMES = {
    Stage.ACCEPTANCE: _acceptance,
    Stage.PRE_APPROVAL: _pre_approval,
    Stage.ANTI_FRAUD: _anti_fraud,
    Stage.DECISION: _decision,
}
_VERDICTS = {Answer.PASS: Verdict.PASSED, Answer.REFER: Verdict.REFERRED, Answer.REJECT: Verdict.REJECTED}


def _asked(
    conn: Connection, case: _Case, stage: RiskStage, found: Facts, *, desk: Desk, on: date, command: Command
) -> Outcome:
    """Ask risk, and read its answer as the outcome of the stage."""
    request = DecisionRequest(
        application_id=case.id, stage=stage, facts=found, decided_on=on, currency=case.product.currency
    )
    decision = desk.judge(conn, request, pack=case.product.decision_pack, command=command.step(f"{case.id}/{stage}"))
    return Outcome(
        verdict=_VERDICTS[decision.outcome], reasons=tuple(dict.fromkeys(reason.code for reason in decision.reasons))
    )


def _judged(conn: Connection, case: _Case) -> tuple[Decision, ...]:
    """The decisions that count: the latest attempt of each stage."""
    return tuple({one.stage: one for one in decisions.decisions_of(conn, case.id)}.values())


# --- what a step brings ---------------------------------------------------------------------------------------------


def _move(
    conn: Connection, case: _Case, outcome: Outcome, *, desk: Desk | None, on: date, command: Command
) -> Application | StepImpossible:
    """Take the step, store it, and do what entering the new stage brings."""
    step = advance(case.application.state, outcome, case.flow)
    made: Offer | Refusal | None = None
    if isinstance(step, Transition) and step.to_stage is Stage.OFFER:
        made = _offer_of(conn, case, on=on)
        if isinstance(made, Refusal):
            refused = Outcome(verdict=Verdict.REJECTED, reasons=(NO_LIMIT, made.code))
            step = advance(case.application.state, refused, case.flow)
    if isinstance(step, StepImpossible):
        return step
    _store_step(conn, case, step, on=on, command=command)
    loan_id = case.application.loan_id
    match step.to_stage:
        case Stage.MANUAL_REVIEW | Stage.PHONE_CHECK:
            assert desk is not None, "only a desk opens work for people"
            _open_task(conn, case, step, policy=desk.policy, command=command)
        case Stage.OFFER:
            assert isinstance(made, Offer), "an offer is made before the step"
            _store_offer(conn, case, made, command=command)
        case Stage.CARD_CHECK:
            _order(conn, case, Kind.CARD_CHECK, Money.zero(case.product.currency), on=on, command=command)
        case Stage.DISBURSEMENT:
            loan_id = _disburse(conn, case, on=on, command=command)
        case _:
            pass
    return replace(case.application, state=step.state, loan_id=loan_id)


def _store_step(conn: Connection, case: _Case, step: Transition, *, on: date, command: Command) -> None:
    """Append the step, and move the application's row of the work list to its end."""
    marks = sorted(mark.value for mark in step.marks)
    conn.execute(
        insert(application_stage).values(
            application_id=case.id,
            sequence=step.sequence,
            from_stage=step.from_stage,
            to_stage=step.to_stage,
            verdict=step.verdict,
            reasons=list(step.reasons),
            marks=marks,
            product_version=case.product.version,
            effective_on=on,
            recorded_at=command.received_at,
            actor=command.actor,
        )
    )
    conn.execute(
        update(application_state)
        .where(application_state.c.application_id == case.id)
        .values(stage=step.to_stage, sequence=step.sequence, marks=marks, since=command.received_at)
    )


def _open_task(conn: Connection, case: _Case, step: Transition, *, policy: ReviewPolicy, command: Command) -> None:
    """Put the application into the queue of people."""
    conn.execute(
        insert(review_task).values(
            application_id=case.id,
            sequence=step.sequence,
            stage=step.to_stage,
            approvals_required=policy.approvals(step.to_stage, amount=case.application.amount.minor),
            reasons=list(step.reasons),
            opened_at=command.received_at,
        )
    )


def _offer_of(conn: Connection, case: _Case, *, on: date) -> Offer | Refusal:
    """The offer that limits of the decisions allow."""
    limits = [one.judgement.limit for one in _judged(conn, case)]
    known = [limit for limit in limits if limit is not None]
    amount = offered_amount(case.product, asked=case.application.amount.minor, limit=min(known, default=None))
    return make_offer(case.product, amount=amount, months=case.application.term_months, start_on=on)


def _store_offer(conn: Connection, case: _Case, made: Offer, *, command: Command) -> None:
    """Keep the offer as it is put before the borrower."""
    conn.execute(
        insert(offer).values(
            application_id=case.id,
            amount_minor=made.terms.principal,
            currency=made.terms.currency,
            term_months=made.terms.instalments,
            start_on=made.terms.start_on,
            content=content(made),
            disclosure_hash=made.disclosure_hash,
            made_at=command.received_at,
        )
    )


def _order(conn: Connection, case: _Case, kind: Kind, amount: Money, *, on: date, command: Command) -> None:
    """Write a payment order to the receiving account of the latest attempt; it is sent after commit."""
    named = queries.accounts(conn, case.id)
    assert named is not None, "every application names its accounts"
    wish = Instruct(
        kind=kind,
        business_key=business_key(case.id),
        amount=amount,
        business_on=on,
        card_token=queries.card_token(named.receiving_account_id),
        card_mask=queries.card_mask(conn, named.receiving_account_id),
        attempt=named.attempt if kind is Kind.CARD_CHECK else 1,
    )
    _instructed(conn, [wish], command=command)


def _instructed(conn: Connection, wishes: Sequence[Instruct], *, command: Command) -> list[PaymentOrder]:
    """Write payment orders; their keys are ours alone, so none can be refused."""
    written = payments.instruct(conn, wishes, command=command) if wishes else []
    orders = [one for one in written if isinstance(one, PaymentOrder)]
    assert len(orders) == len(wishes), f"orders were refused: {written}"
    return orders


def _disburse(conn: Connection, case: _Case, *, on: date, command: Command) -> int:
    """Book the loan as instructed and order its payment, together (S4); return the loan."""
    made = queries.offer(conn, case.id)
    assert made is not None, "no money moves without an accepted offer"
    assert made.accepted_at is not None, "no money moves without an accepted offer"
    wish = disbursement.CreateLoan(
        application_id=case.id,
        product=case.product,
        principal=made.amount,
        term_months=made.term_months,
        customer_id=case.application.customer_id,
        party_id=_partner(conn, case.application.channel_id),
        channel_id=case.application.channel_id,
        start_on=on,
        command=command,
    )
    created = disbursement.create_loan(conn, wish)
    assert not isinstance(created, Refusal), f"application {case.id} cannot be booked: {created}"
    conn.execute(
        insert(application_loan).values(
            application_id=case.id, attempt=1, loan_id=created.loan.loan_id, recorded_at=command.received_at
        )
    )
    _order(conn, case, Kind.DISBURSEMENT, made.amount, on=on, command=command)
    return created.loan.loan_id


def _answered(
    conn: Connection, application_id: int, stage: Stage, *, is_success: bool, code: str, on: date, command: Command
) -> Application | NotFound:
    """Move an application on by a bank's answer, if it still waits for one at this stage."""
    case = _case(conn, application_id)
    if case is None:
        return NotFound(what="application")
    if case.application.stage is not stage:
        return case.application
    if stage is Stage.DISBURSEMENT:
        loan_id = case.application.loan_id
        assert loan_id is not None, "a payment of a loan has a loan"
        change = disbursement.disburse_succeeded if is_success else disbursement.disburse_failed
        booked = change(conn, loan_id=loan_id, on=on, command=command)
        assert not isinstance(booked, Refusal), f"the books refuse the result of loan {loan_id}: {booked}"
    outcome = (
        Outcome(verdict=Verdict.PASSED) if is_success else Outcome(verdict=Verdict.FAILED, reasons=(code or "UNKNOWN",))
    )
    moved = _move(conn, case, outcome, desk=None, on=on, command=command)
    assert isinstance(moved, Application), "a bank's answer fits the stage that waits for it"
    return moved


def _requested(
    wish: RequestRepayment,
    kept: Mapping[str, RepaymentRequest],
    ordered: Mapping[str, PaymentOrder],
    before: Mapping[str, RepaymentRequest],
    currencies: Mapping[int, str],
) -> Requested | KeyReused | NotCollectable:
    """The answer to one wish."""
    one = kept.get(wish.business_no)
    if one is None:
        refused = fault(wish, currencies)
        assert refused is not None, "a wish without fault was kept"
        return refused
    if one.wish != wish:
        return KeyReused(field="businessNo")
    order = ordered[repayment_key(one.request_id)]
    return Requested(request=one, order=order, is_replay=wish.business_no in before)


def _book_repayments(conn: Connection, final: Sequence[PaymentOrder], *, on: date, command: Command) -> None:
    """Hand what the bank has collected to servicing, as one batch (S23); what no loan can take goes to suspense."""
    orders = {
        request_id: order
        for order in final
        if order.kind is Kind.COLLECTION
        and order.state is PaymentState.SUCCEEDED
        and (request_id := repayment_of(order)) is not None
    }
    requests = queries.repayment_requests(conn, request_ids=list(orders))
    wanted = [_repay(one, orders[request_id], on=on, command=command) for request_id, one in sorted(requests.items())]
    answers = repayment.repay(conn, wanted) if wanted else []
    short = [
        replace(one, intent=Intent.DUE)
        for one, answer in zip(wanted, answers, strict=True)
        if isinstance(answer, AmountBelowPayoff) or (isinstance(answer, Refusal) and not one.intent.is_plain)
    ]
    again = dict(zip([one.command.key for one in short], repayment.repay(conn, short) if short else [], strict=True))
    for one, answer in zip(wanted, answers, strict=True):
        if isinstance(again.get(one.command.key, answer), Refusal):
            _suspend(conn, one, on=on)


def _repay(one: RepaymentRequest, order: PaymentOrder, *, on: date, command: Command) -> Repay:
    """The repayment of a collected request: paid on the day for which the bank was told to collect."""
    key = Command(actor=command.actor, key=repayment_key(one.request_id), received_at=command.received_at)
    return Repay(
        loan_id=one.wish.loan_id,
        amount=order.amount,
        paid_on=order.business_on,
        command=key,
        intent=one.wish.intent,
        business_on=max(on, order.business_on),
    )


def _suspend(conn: Connection, one: Repay, *, on: date) -> None:
    """Book money that came and that no loan can take (暂收挂账)."""
    loan = contracts.loan(conn, one.loan_id)
    assert loan is not None, "a request was kept for a known loan only"
    entry = apply(
        SUSPENSE,
        {"amount": one.amount.minor},
        book=loan.book,
        currency=one.amount.currency,
        dims=Dimensions(subject=loan.loan_id, party=loan.party_id, scheme=loan.product_id, channel=loan.channel_id),
        effective_on=on,
        source="origination",
        key=f"{one.command.key}:suspended",
        actor=one.command.actor,
        paid_on=one.paid_on,
    )
    (verdict,) = journal.append(conn, [entry])
    assert not isinstance(verdict, journal.Refused), f"suspense cannot be booked: {verdict}"


# --- small parts ----------------------------------------------------------------------------------------------------


def _case(conn: Connection, application_id: int) -> _Case | None:
    """Take an application in hand: lock its row and read what its flow needs."""
    found = queries.application(conn, application_id, lock=True)
    if found is None:
        return None
    product = products.version(conn, product_id=found.product_id, version=found.product_version)
    assert product is not None, "an application names a published version"
    flow = flow_of(product.flow)
    assert not isinstance(flow, FlowInvalid), "the flow was checked at submission, and versions never change"
    return _Case(found, product, flow)


def _is_open(conn: Connection, case: _Case, task: ReviewTask) -> bool:
    """Whether the application still stands where the task was opened."""
    now = queries.review_task_of(conn, case.id, sequence=case.application.state.sequence)
    return now is not None and now.task_id == task.task_id


def _person(form: ApplicationForm) -> Person:
    """The borrower as party keeps a customer; the channel has checked every number."""
    borrower = form.borrower
    assert borrower.id_type is not None, "the channel lets no borrower pass without a document"
    assert borrower.id_no is not None, "the channel lets no borrower pass without a document"
    assert borrower.mobile is not None, "the channel lets no borrower pass without a mobile number"
    return Person(
        name=borrower.name,
        identity_type=borrower.id_type,
        identity_number=borrower.id_no,
        mobile=borrower.mobile,
    )


def _store_accounts(
    conn: Connection, application_id: int, form: ApplicationForm, *, customer_id: int, vault: Vault, command: Command
) -> None:
    """Seal the accounts under the customer's key and name them to the application."""
    receiving = form.receiving_account
    assert receiving is not None, "the channel lets no application pass without a receiving account"
    paying = form.repayment_account or receiving
    ids: dict[Account, int] = {}
    for account in {receiving: None, paying: None}:
        sealed = BankAccount(
            number=account.account_no,
            holder=account.account_name,
            bank_name=account.bank_name or "",
            account_type=account.account_type.value,
            currency=account.currency,
        )
        registered = party_writes.register_account(conn, sealed, customer_id=customer_id, vault=vault, command=command)
        assert isinstance(registered, int), "the customer was registered a moment ago"
        ids[account] = registered
    conn.execute(
        insert(application_account).values(
            application_id=application_id,
            attempt=1,
            receiving_account_id=ids[receiving],
            repayment_account_id=ids[paying],
            recorded_at=command.received_at,
            actor=command.actor,
        )
    )


def _store_links(
    conn: Connection,
    application_id: int,
    form: ApplicationForm,
    *,
    customer_id: int,
    channel: Channel,
    at: datetime,
    vault: Vault,
) -> None:
    """Keep what the application brought as blind indexes.

    Twins that bring the same thing at once are put in line on it, so that the second sees the first (a count in a cache
    would miss it); the locks are taken in one order.
    """
    rows = [
        {
            "application_id": application_id,
            "link": link.value,
            "digest": vault.blind_index(f"origination_{link.value}", value),
            "customer_id": customer_id,
            "channel_id": channel.channel_id,
            "seen_at": at,
        }
        for link, value in links(form)
    ]
    held = sorted(int.from_bytes(vault.blind_index(link.value, value)[:8], signed=True) for link, value in links(form))
    conn.execute(select(func.pg_advisory_xact_lock(func.unnest(cast(held, ARRAY(BigInteger))))))
    conn.execute(insert(application_link), rows)


def _content_hash(form: ApplicationForm, *, vault: Vault) -> bytes:
    """What makes two submissions the same: the form without its envelope, persons and accounts by blind index."""
    business = {name: value for name, value in stored(form).items() if name not in {"header", "application_no"}}
    persons = [
        vault.blind_index("origination_person", f"{one.name}\n{one.id_no}\n{one.mobile}").hex()
        for one in (form.borrower, *form.related_persons)
    ]
    numbers = [vault.blind_index("origination_account", one.account_no).hex() for one in form.accounts]
    text = json.dumps([business, persons, numbers], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).digest()


def _stored_hash(conn: Connection, application_id: int) -> bytes:
    found = select(application.c.content_hash).where(application.c.application_id == application_id)
    return bytes(conn.execute(found).scalar_one())


def _partner(conn: Connection, channel_id: int) -> int:
    """The asset partner that a channel belongs to."""
    found = select(party_channel.c.party_id).where(party_channel.c.channel_id == channel_id)
    return int(conn.execute(found).scalar_one())
