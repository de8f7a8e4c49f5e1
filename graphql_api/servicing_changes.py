"""`changeLoan` and its second person: an input becomes one fact, and is recorded, or proposed and then approved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Final, Union

import strawberry

from domain.refusals import Invalid, KeyReused, NotFound, Refusal
from domain.servicing import position as standing
from domain.servicing import refusal as refused
from domain.servicing.allocation import Component
from domain.servicing.approval import needs_approval
from domain.servicing.change import Change
from domain.servicing.fact import (
    Accelerate,
    Basis,
    Cancel,
    ChangeRate,
    Chargeback,
    ChargeOff,
    Compensate,
    Fact,
    Levy,
    Pause,
    Pay,
    PayKind,
    ReAge,
    ReAmortise,
    Recover,
    Refund,
    Repurchase,
    Reschedule,
    Reverse,
    Waive,
    WriteOff,
)
from domain.servicing.operations import proposal as proposing
from domain.servicing.operations.change import Recorded, record
from domain.servicing.queries.proposal import proposals
from graphql_api.auth import Role
from graphql_api.faults import Fault
from graphql_api.relay import Connection as Rows
from graphql_api.relay import global_id, numbers
from graphql_api.servicing_inputs import (
    AmountInput,
    ApproveLoanChangeInput,
    ChangeLoanInput,
    ChangeRateInput,
    ChargebackInput,
    ChargeInput,
    ChargeOffInput,
    CompensateInput,
    CreditInput,
    DeferInput,
    ExtendInput,
    FactInput,
    LoanChange,
    PauseInterestInput,
    ReAgeInput,
    ReasonInput,
    RejectLoanChangeInput,
    RepurchaseInput,
    RestructureInput,
    WaiveInput,
)
from graphql_api.types.book import ENTRY
from graphql_api.types.field import made, presents
from graphql_api.types.life import LoanFact, LoanTransaction, TransactionView, dossier, life, life_facts
from graphql_api.types.loan import LOAN, Loan, visible_loan
from graphql_api.types.proposal import PROPOSAL, LoanChangeProposal
from graphql_api.types.refusal import OtherRefusal, named
from graphql_api.types.value import Ask

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from graphql_api.types.value import MoneyInput

OFFICE: Final = frozenset({Role.OPERATIONS})
MONEY: Final = frozenset({Role.OPERATIONS, Role.ACCOUNTANT})
CHANNEL: Final = frozenset({Role.OPERATIONS, Role.PARTNER})


class CurrencyWrong(Exception):
    """An amount is not in the currency of the loan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """What the facts of one command share: the day of each, today in the books, the currency of the loan."""

    value_on: date
    booked_on: date
    currency: str

    @property
    def envelope(self) -> dict[str, Any]:
        """Number and dates; the number is given when it is recorded."""
        return {"no": 0, "value_on": self.value_on, "booked_on": self.booked_on}

    def minor(self, given: MoneyInput) -> int:
        """Minor units of an amount in the currency of the loan."""
        amount = given.money
        if amount.currency != self.currency:
            raise CurrencyWrong
        return amount.minor


def _charge(at: At, one: ChargeInput) -> Fact:
    if (one.amount is None) == (one.rate is None):
        raise Fault("INPUT_INVALID", reason="charge: amount | rate")
    return Levy(
        **at.envelope,
        name=one.name,
        component=Component(one.component.value),
        due_on=one.due_on or at.value_on,
        amount=0 if one.amount is None else at.minor(one.amount),
        rate=one.rate or Decimal(0),
        basis=Basis.FLAT if one.rate is None else one.basis,
        is_each_instalment=one.is_each_instalment,
    )


def _waive(at: At, one: WaiveInput) -> Fact:
    amount = None if one.amount is None else at.minor(one.amount)
    return Waive(**at.envelope, component=one.component, approver="", amount=amount, levy_no=one.charge_no)


def _credit(at: At, one: CreditInput) -> Fact:
    return Pay(**at.envelope, amount=at.minor(one.amount), kind=PayKind(one.kind.value), of=one.charge_no)


def _refund(at: At, one: AmountInput) -> Fact:
    return Refund(**at.envelope, amount=at.minor(one.amount))


def _chargeback(at: At, one: ChargebackInput) -> Fact:
    return Chargeback(**at.envelope, of=one.payment_no, amount=at.minor(one.amount))


def _reverse(at: At, one: FactInput) -> Fact:
    return Reverse(**at.envelope, of=one.fact_no)


def _change_rate(at: At, one: ChangeRateInput) -> Fact:
    return ChangeRate(**at.envelope, rate_annual=one.rate_annual, from_on=one.from_on)


def _pause(at: At, one: PauseInterestInput) -> Fact:
    return Pause(**at.envelope, to_on=one.to_on, from_on=one.from_on)


def _defer(at: At, one: DeferInput) -> Fact:
    return Reschedule(
        **at.envelope, from_due_on=one.from_due_on, to_due_on=one.to_due_on, is_interest_free=one.is_interest_free
    )


def _extend(at: At, one: ExtendInput) -> Fact:
    return Reschedule(**at.envelope, from_due_on=one.from_due_on, extra=one.extra_instalments)


def _restructure(at: At, one: RestructureInput) -> Fact:
    return Reschedule(
        **at.envelope,
        from_due_on=one.from_due_on,
        to_due_on=one.to_due_on,
        extra=one.extra_instalments,
        rate_annual=one.rate_annual,
        is_interest_free=one.is_interest_free,
    )


def _re_age(at: At, one: ReAgeInput) -> Fact:
    return ReAge(**at.envelope, first_on=one.first_on, count=one.count, every=one.every, unit=one.unit)


def _re_amortise(at: At, one: ReasonInput) -> Fact:
    return ReAmortise(**at.envelope, reason=one.reason)


def _accelerate(at: At, one: ReasonInput) -> Fact:
    return Accelerate(**at.envelope, reason=one.reason)


def _charge_off(at: At, one: ChargeOffInput) -> Fact:
    return ChargeOff(**at.envelope, reason=one.reason, is_fraud=one.is_fraud)


def _write_off(at: At, one: ReasonInput) -> Fact:
    return WriteOff(**at.envelope, approver="", reason=one.reason)


def _recover(at: At, one: AmountInput) -> Fact:
    return Recover(**at.envelope, amount=at.minor(one.amount))


def _compensate(at: At, one: CompensateInput) -> Fact:
    return Compensate(**at.envelope, guarantor=one.guarantor, scope=one.scope)


def _repurchase(at: At, one: RepurchaseInput) -> Fact:
    return Repurchase(**at.envelope, buyer=one.buyer)


def _cancel(at: At, one: ReasonInput) -> Fact:
    return Cancel(**at.envelope, reason=one.reason)


@dataclass(frozen=True, slots=True)
class Door:
    """One kind of change: how its input becomes a fact, and who may order it."""

    fact: Callable[[At, Any], Fact]
    audience: frozenset[Role]


DOORS: Final[Mapping[str, Door]] = MappingProxyType(
    {
        "charge": Door(_charge, MONEY),
        "waive": Door(_waive, OFFICE),
        "credit": Door(_credit, MONEY),
        "refund_overpayment": Door(_refund, MONEY),
        "chargeback": Door(_chargeback, MONEY),
        "reverse": Door(_reverse, MONEY),
        "change_rate": Door(_change_rate, OFFICE),
        "pause_interest": Door(_pause, OFFICE),
        "defer": Door(_defer, OFFICE),
        "extend": Door(_extend, OFFICE),
        "restructure": Door(_restructure, OFFICE),
        "re_age": Door(_re_age, OFFICE),
        "re_amortise": Door(_re_amortise, OFFICE),
        "accelerate": Door(_accelerate, OFFICE),
        "charge_off": Door(_charge_off, OFFICE),
        "write_off": Door(_write_off, OFFICE),
        "recover": Door(_recover, MONEY),
        "compensate": Door(_compensate, MONEY),
        "repurchase": Door(_repurchase, MONEY),
        "cancel": Door(_cancel, CHANNEL),
        "undo_disbursement": Door(_reverse, OFFICE),
    }
)
"""Every field of `LoanChange`."""


def given(change: LoanChange) -> tuple[str, Any]:
    """The one field that is there, and what it holds."""
    there = [(name, one) for name in DOORS if (one := getattr(change, name)) is not strawberry.UNSET]
    assert len(there) == 1, "the schema lets exactly one through"
    return there[0]


# ---------------------------------------------------------------- answers


def _loan(root: Recorded, info: Ask) -> standing.Loan:
    """The loan, as it is afterwards."""
    return visible_loan(info, root.loan_id)


def _fact(root: Recorded, info: Ask) -> Any:  # noqa: ANN401 - a value of the domain stands for its type
    """The fact, as it was recorded."""
    return next(one for one in life_facts(visible_loan(info, root.loan_id), info) if one.said.fact.no == root.fact.no)


def _moves(root: Recorded, info: Ask) -> Sequence[TransactionView]:
    """What the fact did to the loan."""
    found, told = life(info, root.loan_id), dossier(info, root.loan_id)
    if found is None or told is None:
        return []
    currency = told.contract.terms.currency
    return [TransactionView(currency, one) for one in found.transactions if one.fact_no == root.fact.no]


def _entries(root: Recorded, info: Ask) -> list[strawberry.ID]:
    """Global ids of the entries that it made us book."""
    book = visible_loan(info, root.loan_id).book
    return [strawberry.ID(global_id(ENTRY, book, entry_id)) for entry_id in root.entry_ids]


@strawberry.type(description="A change of a loan is booked.")
@presents(Recorded)
class ChangeLoanResult:
    """Presents `domain.servicing.operations.change.Recorded`."""

    loan: Loan = made(_loan, "The loan, as it is afterwards.")
    fact: LoanFact = made(_fact, "What was recorded.")
    transactions: list[LoanTransaction] = made(_moves, "What it did to the loan.")
    entry_ids: list[strawberry.ID] = made(
        _entries, "Global ids of the entries that it made us book, the lender's book."
    )
    settles: bool = strawberry.field(description="Whether nothing is left to pay.")
    is_replay: bool = strawberry.field(
        description="Whether this command had been done before; nothing was written now."
    )


@strawberry.type(description="A change of a loan waits for a second person; nothing is booked.")
@presents(proposing.Proposed)
class ProposeLoanChangeResult:
    """Presents `domain.servicing.operations.proposal.Proposed`."""

    proposal: LoanChangeProposal = strawberry.field(description="What waits.")
    is_replay: bool = strawberry.field(description="Whether it had been proposed before.")


@strawberry.type(description="A change of a loan will not be done.")
@presents(proposing.Rejected)
class RejectLoanChangeResult:
    """Presents `domain.servicing.operations.proposal.Rejected`."""

    proposal: LoanChangeProposal = strawberry.field(description="What was rejected.")
    is_replay: bool = strawberry.field(description="Whether it had been rejected before by the same command.")


CHANGING: Final = (
    refused.LoanUnknown,
    refused.LoanNotDisbursed,
    refused.LoanEnded,
    refused.FactInFuture,
    refused.FactBeforeStart,
    refused.FactUnknown,
    refused.FactReversed,
    refused.FactHasFollowers,
    refused.ReversalNotReversible,
    refused.CurrencyDiffers,
    refused.AmountNotPositive,
    refused.AmountTooLarge,
    refused.AmountAboveOpen,
    refused.RateInvalid,
    refused.CountInvalid,
    refused.DateNotLater,
    refused.InstalmentUnknown,
    refused.MaturityPassed,
    refused.NothingAhead,
    refused.NothingOverdue,
    refused.NotWrittenOff,
    refused.CoolingOffOver,
    Invalid,
    KeyReused,
    refused.PeriodClosed,
    refused.BookRefused,
)
"""What a change can be refused for."""
ANSWERING: Final = (NotFound, refused.ApproverIsActor, refused.ProposalAnswered, KeyReused)
"""What an answer to a proposal can be refused for."""


def _union(name: str, description: str, results: Sequence[type], kinds: Sequence[type[Refusal]]) -> Any:  # noqa: ANN401 - a union
    known = tuple(named(kind) for kind in dict.fromkeys(kinds))  # type: ignore[arg-type]  # classes are hashable
    return Annotated[
        Union[(*results, *known, OtherRefusal)], strawberry.union(name, description=description)
    ]  # fmt: skip


ChangeLoanPayload: Any = _union(
    "ChangeLoanPayload", "What `changeLoan` answers.", (ChangeLoanResult, ProposeLoanChangeResult), CHANGING
)
ApproveLoanChangePayload: Any = _union(
    "ApproveLoanChangePayload", "What `approveLoanChange` answers.", (ChangeLoanResult,), (*ANSWERING, *CHANGING)
)
RejectLoanChangePayload: Any = _union(
    "RejectLoanChangePayload", "What `rejectLoanChange` answers.", (RejectLoanChangeResult,), ANSWERING
)


# ---------------------------------------------------------------- commands


def change_loan(
    info: Ask,
    input: Annotated[ChangeLoanInput, strawberry.argument(description="The change.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Record one change of a loan, or propose it where a second person is needed."""
    name, content = given(input.change)
    door = DOORS[name]
    if info.context.viewer.role not in door.audience:
        raise Fault("FORBIDDEN")
    number = numbers(LOAN, input.loan_id)
    try:
        loan = visible_loan(info, None if number is None else number[0])
    except Fault:
        return refused.LoanUnknown(field="loanId")
    currency, today = loan.terms.currency, info.context.today
    try:
        fact = door.fact(At(value_on=input.value_on, booked_on=today, currency=currency), content)
    except CurrencyWrong:
        return refused.CurrencyDiffers(currency=currency, field="change.amount")
    command = info.context.command("change", input.idempotency_key)
    change = Change(loan_id=loan.loan_id, fact=fact, command=command, business_on=today)

    def write(conn: Connection) -> Recorded | proposing.Proposed | Refusal:
        return proposing.propose(conn, change) if needs_approval(fact) else record(conn, [change])[0]

    return _done(info, write)


def approve_loan_change(
    info: Ask,
    input: Annotated[ApproveLoanChangeInput, strawberry.argument(description="The proposal.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Approve a proposed change."""
    number = numbers(PROPOSAL, input.proposal_id)
    if number is None:
        return NotFound(what="proposal", field="proposalId")
    today, command = info.context.today, info.context.command("answer", input.idempotency_key)
    return _done(info, lambda conn: proposing.approve(conn, proposal_id=number[0], business_on=today, command=command))


def reject_loan_change(
    info: Ask,
    input: Annotated[RejectLoanChangeInput, strawberry.argument(description="The proposal.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Say no to a proposed change."""
    number = numbers(PROPOSAL, input.proposal_id)
    if number is None:
        return NotFound(what="proposal", field="proposalId")
    command = info.context.command("answer", input.idempotency_key)
    return _done(info, lambda conn: proposing.reject(conn, proposal_id=number[0], note=input.note, command=command))


def listed(info: Ask, *, first: int | None, after: str | None, is_open: bool | None) -> Rows:
    """One page of proposals, oldest first."""
    cursors = info.context.cursors("Query.loanChangeProposals", is_open=is_open)
    page = cursors.page(first=first, after=after)
    rows = proposals(info.context.conn, after=page.number or 0, limit=page.size + 1, is_open=is_open)
    info.context.meet(LOAN, (one.loan_id for one in rows))
    return cursors.connection(rows, page, lambda one: (one.proposal_id,))


def _done(info: Ask, write: Callable[[Connection], Any]) -> Any:  # noqa: ANN401 - a union of the schema
    """Run a command in its own transaction; a fault's path is that of the input."""
    info.context.renew()
    answer = info.context.store.run(write)
    return placed(answer) if isinstance(answer, Refusal) else answer


def placed(refusal: Refusal) -> Refusal:
    """Return a refusal with the path of its field inside the input."""
    if isinstance(refusal, Invalid):
        return Invalid(faults=tuple(placed(one) for one in refusal.faults))
    outside = {None, "loanId", "idempotencyKey", "valueOn", "proposalId"}
    return refusal if refusal.field in outside else replace(refusal, field=f"change.{refusal.field}")
