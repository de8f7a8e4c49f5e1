"""A loan is made, waits for the bank, and is paid out or cancelled."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, text

from domain.command import Command
from domain.product.accounting import Event
from domain.product.version import ProductVersion
from domain.refusals import KeyReused, Refusal
from domain.servicing import tables
from domain.servicing.change import Change, plain_contract, product_contract
from domain.servicing.contract import Contract
from domain.servicing.daycount import DayCount
from domain.servicing.event import EventKind, ScheduleReason
from domain.servicing.fact import Disburse
from domain.servicing.movement import Movement
from domain.servicing.operations.book import post, reverse, rules_of
from domain.servicing.operations.change import Recorded, record
from domain.servicing.operations.row import (
    booking_rows,
    reserved,
    write_contract,
    write_events,
    write_many,
    write_schedule,
)
from domain.servicing.participation import instructed
from domain.servicing.position import Disbursement, Facts, Loan
from domain.servicing.position import position as computed
from domain.servicing.posting import (
    NOBODY,
    desk,
    disbursement_entries,
    entries_of,
    instruction_entries,
    service_fee_entries,
)
from domain.servicing.queries.dossier import dossiers
from domain.servicing.queries.fact import locked_facts
from domain.servicing.queries.loan import events, loan_of_application
from domain.servicing.refusal import AmountNotPositive, LoanNotPending, LoanUnknown
from domain.servicing.schedule import Schedule
from domain.servicing.schedule import schedule as planned
from domain.servicing.terms import AllocationBy, Method, Terms
from ledger.journal import find, find_by_event
from ledger.money import Money, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateLoan:
    """An approved application becomes a loan; the caller sends the payment order after the commit."""

    application_id: int
    product: ProductVersion
    principal: Money
    term_months: int
    customer_id: int
    party_id: int
    channel_id: int
    start_on: date
    command: Command
    contract: Contract | None = None
    """What the product's parameters cannot say; the loan is then a living one from its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """The loan waits for the bank's answer; `entry_id` is the instruction in the lender's book."""

    loan: Loan
    schedule: Schedule
    entry_id: int
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Disbursed:
    """The bank has paid out; interest runs from `value_on`."""

    loan_id: int
    value_on: date
    entry_id: int
    is_replay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DisbursementCancelled:
    """The bank has said no: the instruction is reversed, the plan void."""

    loan_id: int
    entry_id: int
    is_replay: bool = False


def create_loan(conn: Connection, create: CreateLoan) -> Created | Refusal:
    """Write a loan with its first schedule and post the instruction to disburse.

    Refuses AmountNotPositive, KeyReused (the application already became another loan), PeriodClosed, BookRefused.
    """
    if create.principal.minor <= 0:
        return AmountNotPositive(field="principal")
    # one application becomes one loan: commands for the same application queue here
    conn.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"),
        {"name": f"application {create.application_id}"},
    )
    if (known := loan_of_application(conn, create.application_id)) is not None:
        return _created_before(conn, known, create)
    contract = create.contract or product_contract(
        create.product,
        terms_of(create.product, principal=create.principal, term_months=create.term_months, start_on=create.start_on),
    )
    terms = contract.terms
    loan = _contract(create, terms, loan_id=reserved(conn, "servicing.loan_loan_id_seq", 1)[0])
    schedule = planned(terms)
    order = Movement(
        event=Event.DISBURSEMENT_INSTRUCTED,
        amounts={"principal": first_amount(terms)},
        fact_no=1,
        value_on=terms.start_on,
    )
    parts = (order,) if contract.funding is None else instructed(order, contract.funding)
    booked = instruction_entries(loan, parts, desk(create.product), on=terms.start_on, actor=create.command.actor)
    if isinstance(booked, Refusal):
        return booked
    entries = entries_of(booked)
    posted = post(conn, entries)
    if isinstance(posted, Refusal):
        return posted
    ids = dict(zip(map(id, entries), posted, strict=True))
    instruction = next(ids[id(each)] for each in entries if (each.book, each.kind) == (loan.book, order.event))
    conn.execute(insert(tables.loan), [_loan_row(loan, create.command)])
    write_schedule(
        conn, loan.loan_id, 1, ScheduleReason.ORIGINAL, schedule.instalments, on=terms.start_on, command=create.command
    )
    if create.contract is not None or contract != plain_contract(terms):
        write_contract(conn, loan.loan_id, contract, on=terms.start_on, command=create.command)
        named = [(one, ids.get(id(entry))) for one, entry in booked if one is not NOBODY]
        rows = booking_rows(loan.loan_id, named, cause=1, on=terms.start_on, through_on=terms.start_on)
        write_many(conn, tables.booking, list(rows))
    write_events(conn, [(loan.loan_id, EventKind.INSTRUCTED, terms.start_on, instruction, create.command)])
    return Created(loan=loan, schedule=schedule, entry_id=instruction)


def terms_of(product: ProductVersion, *, principal: Money, term_months: int, start_on: date) -> Terms:
    """Return the terms of a loan of this product version: what quote, offer and booking all start from."""
    assert principal.currency == product.currency, "a product lends in its currency"
    return Terms(
        principal=principal.minor,
        currency=product.currency,
        rate_annual=product.interest_rate_annual,
        instalments=term_months,
        start_on=start_on,
        day_count=DayCount(product.day_count),
        rounding=product.rounding,
        grace_days=product.grace_days,
        penalty_rate_annual=product.penalty_rate_annual,
        allocation_order=product.allocation_order,
        allocation_by=AllocationBy(product.allocation_by),
        method=Method(product.method),
    )


def first_amount(terms: Terms) -> int:
    """What is paid out first, minor units: everything, or the first of several disbursements."""
    return terms.disbursements[0].amount if terms.disbursements else terms.principal


def disburse_succeeded(conn: Connection, *, loan_id: int, on: date, command: Command) -> Disbursed | Refusal:
    """Book that the bank paid out on `on`, with the service fee in the lender's and the platform's book, as one event.

    When the bank paid on another day than planned, a new schedule starts on that day. Refuses LoanUnknown,
    LoanNotPending, PeriodClosed, BookRefused.
    """
    facts = locked_facts(conn, [loan_id]).get(loan_id)
    if facts is None:
        return LoanUnknown(field="loanId")
    if facts.disbursement is not Disbursement.INSTRUCTED:
        answer = _answer(conn, facts, command, EventKind.DISBURSED)
        return (
            answer
            if isinstance(answer, Refusal)
            else Disbursed(loan_id=loan_id, value_on=answer[1], entry_id=answer[0], is_replay=True)
        )
    loan = facts.loan
    if facts.is_living:
        return _begin_life(conn, facts, on=on, command=command)
    posted = post(conn, disbursement_entries(loan, rules_of(conn, loan), on=on, actor=command.actor))
    if isinstance(posted, Refusal):
        return posted
    if on != facts.progress[0].instalment.from_on:
        again = planned(replace(loan.terms, start_on=on))
        write_schedule(
            conn, loan_id, facts.version + 1, ScheduleReason.VALUE_DATE, again.instalments, on=on, command=command
        )
    write_events(conn, [(loan_id, EventKind.DISBURSED, on, posted[0], command)])
    return Disbursed(loan_id=loan_id, value_on=on, entry_id=posted[0])


def disburse_failed(conn: Connection, *, loan_id: int, on: date, command: Command) -> DisbursementCancelled | Refusal:
    """Book that the bank said no: a red reversal of the instruction, exactly once, and an empty schedule.

    Refuses LoanUnknown, LoanNotPending, PeriodClosed, BookRefused.
    """
    facts = locked_facts(conn, [loan_id]).get(loan_id)
    if facts is None:
        return LoanUnknown(field="loanId")
    if facts.disbursement is not Disbursement.INSTRUCTED:
        answer = _answer(conn, facts, command, EventKind.DISBURSEMENT_FAILED)
        return (
            answer
            if isinstance(answer, Refusal)
            else DisbursementCancelled(loan_id=loan_id, entry_id=answer[0], is_replay=True)
        )
    order = next(one for one in events(conn, loan_id) if one.kind is EventKind.INSTRUCTED)
    assert order.entry_id is not None, "an instruction is booked"
    key = f"loan:{facts.loan.application_id}:failed"
    undone = _withdrawn(conn, facts.loan, order.entry_id, key=key, on=on, actor=command.actor)
    if isinstance(undone, Refusal):
        return undone
    write_schedule(conn, loan_id, facts.version + 1, ScheduleReason.DISBURSE_CANCEL, (), on=on, command=command)
    write_events(conn, [(loan_id, EventKind.DISBURSEMENT_FAILED, on, undone, command)])
    return DisbursementCancelled(loan_id=loan_id, entry_id=undone)


def _withdrawn(conn: Connection, loan: Loan, entry_id: int, *, key: str, on: date, actor: str) -> int | Refusal:
    """Reverse an instruction in every book that booked it; names the reversal in the lender's."""
    stored = find(conn, book=loan.book, entry_id=entry_id)
    assert stored is not None, "an instruction is booked"
    assert stored.entry.event_id is not None, "every stored entry belongs to an event"
    others = [one for one in find_by_event(conn, stored.entry.event_id) if one.entry_id != entry_id]
    with conn.begin_nested() as savepoint:
        made: list[int] = []
        for one in (stored, *others):
            name = key if one is stored else f"{key}:{one.entry.kind}"
            undone = reverse(
                conn, one.entry.book, one.entry_id, key=name, on=on, actor=actor, why="disbursement failed"
            )
            if isinstance(undone, Refusal):
                savepoint.rollback()
                return undone
            made.append(undone)
    return made[0]


def _begin_life(conn: Connection, facts: Facts, *, on: date, command: Command) -> Disbursed | Refusal:
    """Book the first disbursement of a loan that lives from its beginning, and the service fee."""
    loan_id, loan = facts.loan.loan_id, facts.loan
    dossier = dossiers(conn, [loan_id])[loan_id]
    paid = Disburse(no=0, value_on=on, booked_on=on, amount=first_amount(dossier.contract.terms))
    with conn.begin_nested() as savepoint:
        by = replace(command, key=f"disburse:{loan_id}")
        (made,) = record(conn, [Change(loan_id=loan_id, fact=paid, command=by, business_on=on)])
        fees = post(conn, service_fee_entries(loan, rules_of(conn, loan), on=on, actor=command.actor))
        for one in (made, fees):
            if isinstance(one, Refusal):
                savepoint.rollback()
                return one
    assert isinstance(made, Recorded), "what is not refused is recorded"
    write_events(conn, [(loan_id, EventKind.DISBURSED, on, made.entry_ids[0], command)])
    return Disbursed(loan_id=loan_id, value_on=on, entry_id=made.entry_ids[0])


def _created_before(conn: Connection, known: Loan, create: CreateLoan) -> Created | Refusal:
    wanted = (
        create.product.product_id,
        create.product.version,
        create.principal.minor,
        create.term_months,
        create.customer_id,
    )
    if wanted != (
        known.product_id,
        known.product_version,
        known.terms.principal,
        known.terms.instalments,
        known.customer_id,
    ):
        return KeyReused(field="applicationId")
    instructed = next(one for one in events(conn, known.loan_id) if one.kind is EventKind.INSTRUCTED)
    assert instructed.entry_id is not None, "an instruction is booked"
    return Created(loan=known, schedule=planned(known.terms), entry_id=instructed.entry_id, is_replay=True)


def _answer(conn: Connection, facts: Facts, command: Command, kind: EventKind) -> tuple[int, date] | Refusal:
    """Tell whether this very answer of the bank was booked before: its entry and date, else the refusal."""
    for one in events(conn, facts.loan.loan_id):
        if one.kind is kind and one.key == command.key and one.entry_id is not None:
            return one.entry_id, one.happened_on
    status = computed(facts, on=facts.loan.terms.start_on).status
    return LoanNotPending(status=status, field="loanId")


def _contract(create: CreateLoan, terms: Terms, *, loan_id: int) -> Loan:
    product = create.product
    fee = rounded(create.principal.decimal * product.service_fee_rate, product.currency, product.rounding)
    return Loan(
        loan_id=loan_id,
        application_id=create.application_id,
        product_id=product.product_id,
        product_version=product.version,
        book=product.lender_book,
        platform_book=product.platform_book,
        funder_id=product.funder_id,
        party_id=create.party_id,
        channel_id=create.channel_id,
        customer_id=create.customer_id,
        service_fee=fee.minor,
        terms=terms,
    )


def _loan_row(loan: Loan, command: Command) -> dict[str, Any]:
    terms = loan.terms
    return {
        "loan_id": loan.loan_id,
        "application_id": loan.application_id,
        "product_id": loan.product_id,
        "product_version": loan.product_version,
        "book": loan.book,
        "platform_book": loan.platform_book,
        "funder_id": loan.funder_id,
        "party_id": loan.party_id,
        "channel_id": loan.channel_id,
        "customer_id": loan.customer_id,
        "principal": terms.principal,
        "currency": terms.currency,
        "rate_annual": terms.rate_annual,
        "penalty_rate_annual": terms.penalty_rate_annual,
        "term_months": terms.instalments,
        "method": terms.method.value,
        "day_count": terms.day_count.value,
        "rounding": terms.rounding.value,
        "grace_days": terms.grace_days,
        "allocation_order": list(terms.allocation_order),
        "allocation_by": terms.allocation_by.value,
        "service_fee": loan.service_fee,
        "start_on": terms.start_on,
        "actor": command.actor,
        "key": command.key,
        "created_at": command.received_at,
    }
