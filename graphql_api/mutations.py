"""What can be done: one input, one command of the domain, one transaction; a result or a named refusal comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, TypeVar

import strawberry
from sqlalchemy import Connection

from domain.origination import application as form
from domain.origination import offer, review, workflow
from domain.origination import operations as origination
from domain.origination import queries as applications
from domain.refusals import KeyReused, NotFound, Refusal
from domain.servicing import position as standing
from domain.servicing import refusal as refused
from domain.servicing.operations import repayment as servicing
from domain.servicing.queries import recorded
from domain.servicing.queries import repayment as repayments
from domain.servicing.repayment import Repay
from graphql_api.closing import CloseDayPayload, ClosePeriodPayload, close_day, close_period
from graphql_api.faults import Fault
from graphql_api.inputs import (
    AcceptOfferInput,
    CancelApplicationInput,
    RepayLoanInput,
    RepayLoansInput,
    RepaymentItemInput,
    ReverseRepaymentInput,
    ReviewApplicationInput,
)
from graphql_api.posting import (
    ITEMS_MAX,
    PostEntriesResult,
    ReverseEntryPayload,
    post_entries,
    reverse_entry,
)
from graphql_api.relay import numbers
from graphql_api.servicing_changes import (
    ApproveLoanChangePayload,
    ChangeLoanPayload,
    RejectLoanChangePayload,
    approve_loan_change,
    change_loan,
    reject_loan_change,
)
from graphql_api.submission import SubmitApplicationPayload, submit_application
from graphql_api.types.application import APPLICATION, TASK, Application, visible_application
from graphql_api.types.field import made, minor, presents
from graphql_api.types.loan import LOAN, REPAYMENT, Loan, Repayment, visible_loan
from graphql_api.types.refusal import payload
from graphql_api.types.split import Breakdown, Split, split
from graphql_api.types.value import Ask, Money

T = TypeVar("T")


def _loan(root: servicing.Repaid, info: Ask) -> standing.Loan:
    """The loan of a repayment, as it is afterwards."""
    return visible_loan(info, root.loan_id)


def _repayment(root: servicing.Repaid, info: Ask) -> recorded.Repayment | None:
    """The repayment as it was recorded."""
    return repayments.repayment(info.context.conn, root.repayment_id)


def _allocation(root: servicing.Repaid) -> Split:
    """What a repayment has met."""
    return split(root.amount.currency, root.allocation)


@strawberry.type(description="A repayment was booked.")
@presents(servicing.Repaid)
class RepayLoanResult:
    """Presents `domain.servicing.operations.repayment.Repaid`."""

    repayment: Repayment = made(_repayment, "The repayment.")
    loan: Loan = made(_loan, "The loan, as it is afterwards.")
    amount: Money = strawberry.field(description="The whole amount.")
    allocation: Breakdown = made(_allocation, "What it met.")
    excess: Money = minor("excess", "amount.currency", "What was left over and waits for the next due date.")
    settles: bool = strawberry.field(description="Whether nothing is left to pay.")
    is_replay: bool = strawberry.field(
        description="Whether this command had been done before; nothing was written now."
    )


REPAYING: Final = (
    refused.LoanUnknown,
    refused.AmountNotPositive,
    refused.CurrencyDiffers,
    refused.LoanNotActive,
    refused.RepaymentInFuture,
    refused.RepaymentBeforeStart,
    refused.AmountBelowPayoff,
    KeyReused,
    refused.PeriodClosed,
    refused.BookRefused,
)
RepayLoanPayload: Any = payload("RepayLoanPayload", "What `repayLoan` answers.", RepayLoanResult, *REPAYING)


@dataclass(frozen=True, slots=True)
class RepaidAll:
    """Verdicts in the order of the items."""

    verdicts: Sequence[servicing.Repaid | Refusal]


def _verdicts(root: RepaidAll) -> Any:  # noqa: ANN401 - a union of the schema
    """Verdicts of items."""
    return root.verdicts


@strawberry.type(description="One verdict per item, in the order of the items.")
@presents(RepaidAll)
class RepayLoansResult:
    """Presents verdicts."""

    verdicts: list[RepayLoanPayload] = made(_verdicts, "A result or a refusal for each item.")


def _money_moved(info: Ask, item: RepayLoanInput | RepaymentItemInput, *keys: str) -> Repay | refused.LoanUnknown:
    """The command of one repayment; a loan that the viewer may not see is an unknown one."""
    found = numbers(LOAN, item.loan_id)
    try:
        visible_loan(info, None if found is None else found[0])
    except Fault:
        return refused.LoanUnknown(field="loanId")
    assert found is not None, "what is visible has a number"
    return Repay(
        loan_id=found[0],
        amount=item.amount.money,
        paid_on=item.paid_on,
        intent=item.intent,
        command=info.context.command("repay", *keys),
        business_on=info.context.today,
    )


def repay_loan(
    info: Ask,
    input: Annotated[RepayLoanInput, strawberry.argument(description="The repayment.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Book a repayment; repayments that wait together share a commit."""
    command = _money_moved(info, input, input.idempotency_key)
    if isinstance(command, Refusal):
        return command
    info.context.renew()
    return info.context.house.repayments.submit(command)


def repay_loans(
    info: Ask,
    input: Annotated[RepayLoansInput, strawberry.argument(description="The repayments.")],  # noqa: A002 - Relay's name
) -> RepayLoansResult:
    """Book up to 500 repayments, each answered by itself."""
    if not 1 <= len(input.items) <= ITEMS_MAX:
        raise Fault("INPUT_INVALID", reason=f"items: 1-{ITEMS_MAX}")
    info.context.meet(LOAN, (found[0] for one in input.items if (found := numbers(LOAN, one.loan_id))))
    asked = [_money_moved(info, one, input.idempotency_key, one.reference) for one in input.items]
    info.context.renew()
    answers = iter(info.context.house.repayments.submit_all([one for one in asked if isinstance(one, Repay)]))
    verdicts = [next(answers) if isinstance(one, Repay) else one for one in asked]
    return RepaidAll(verdicts)  # type: ignore[return-value]  # a value of the domain stands for its type


def _undone_loan(root: servicing.RepaymentUndone, info: Ask) -> standing.Loan:
    """The loan, as it is afterwards."""
    return visible_loan(info, root.loan_id)


@strawberry.type(description="A repayment was reversed; the position is as if it had never been.")
@presents(servicing.RepaymentUndone)
class ReverseRepaymentResult:
    """Presents `domain.servicing.operations.repayment.RepaymentUndone`."""

    loan: Loan = made(_undone_loan, "The loan, as it is afterwards.")
    is_replay: bool = strawberry.field(description="Whether this command had been done before.")


ReverseRepaymentPayload: Any = payload(
    "ReverseRepaymentPayload",
    "What `reverseRepayment` answers.",
    ReverseRepaymentResult,
    refused.RepaymentUnknown,
    refused.RepaymentReversed,
    KeyReused,
    refused.PeriodClosed,
    refused.BookRefused,
)


def reverse_repayment(
    info: Ask,
    input: Annotated[ReverseRepaymentInput, strawberry.argument(description="The repayment.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Reverse a repayment exactly once."""
    found = numbers(REPAYMENT, input.repayment_id)
    if found is None:
        return refused.RepaymentUnknown(field="repaymentId")
    command = info.context.command("reverse", input.idempotency_key)
    return _done(
        info,
        lambda conn: servicing.reverse_repayment(conn, repayment_id=found[0], on=input.effective_on, command=command),
    )


@dataclass(frozen=True, slots=True)
class Concluded:
    """A review, and whether it was given before."""

    reviewed: origination.Reviewed
    is_replay: bool

    @property
    def application(self) -> form.Application:
        """Where the application stands."""
        return self.reviewed.application

    @property
    def is_concluded(self) -> bool:
        """Whether the task has ended."""
        return self.reviewed.is_concluded


@strawberry.type(description="A conclusion was recorded.")
@presents(Concluded)
class ReviewApplicationResult:
    """Presents `domain.origination.operations.Reviewed`."""

    application: Application = strawberry.field(description="The application, as it stands now.")
    is_concluded: bool = strawberry.field(description="False while another person must still agree.")
    is_replay: bool = strawberry.field(description="Whether this conclusion had been given before.")


ReviewApplicationPayload: Any = payload(
    "ReviewApplicationPayload",
    "What `reviewApplication` answers.",
    ReviewApplicationResult,
    NotFound,
    review.ReviewClosed,
    review.FindingNotForStage,
    review.AlreadyReviewed,
)


def review_application(
    info: Ask,
    input: Annotated[ReviewApplicationInput, strawberry.argument(description="The conclusion.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Record what a reviewer concludes; when enough people have, the application goes on."""
    found = numbers(TASK, input.task_id)
    if found is None:
        return NotFound(what="review task", field="taskId")
    if not input.reasons:
        raise Fault("INPUT_INVALID", reason="reasons")
    context = info.context
    command = context.command("review", input.idempotency_key)
    decision = review.ReviewDecision(
        reviewer=command.actor, finding=input.finding, reasons=tuple(input.reasons), note=input.note
    )

    def write(conn: Connection) -> Concluded | Refusal:
        task = applications.review(conn, found[0])
        if task is not None:
            applications.application(conn, task.application_id, lock=True)
        is_replay = decision in applications.review_decisions(conn, found[0])
        answer = origination.review(
            conn, task_id=found[0], decision=decision, desk=context.house.desk, on=context.today, command=command
        )
        return answer if isinstance(answer, Refusal) else Concluded(answer, is_replay)

    return _done(info, write)


@dataclass(frozen=True, slots=True)
class Moved:
    """An application that a command moved."""

    application: form.Application
    is_replay: bool


@strawberry.type(description="The application after the command.")
@presents(Moved)
class ApplicationResult:
    """Presents an application."""

    application: Application = strawberry.field(description="The application, as it stands now.")
    is_replay: bool = strawberry.field(description="Whether this command had been done before.")


AcceptOfferPayload: Any = payload(
    "AcceptOfferPayload",
    "What `acceptOffer` answers.",
    ApplicationResult,
    NotFound,
    offer.DisclosureDiffers,
    offer.ReadTooShort,
    workflow.StepImpossible,
)
CancelApplicationPayload: Any = payload(
    "CancelApplicationPayload",
    "What `cancelApplication` answers.",
    ApplicationResult,
    NotFound,
    workflow.StepImpossible,
)


def accept_offer(
    info: Ask,
    input: Annotated[AcceptOfferInput, strawberry.argument(description="The acceptance.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """Record the borrower's acceptance of what was shown."""
    number = _own_application(info, input.application_id)
    if isinstance(number, Refusal):
        return number
    context = info.context
    command = context.command("accept", input.idempotency_key)

    def write(conn: Connection) -> Moved | Refusal:
        applications.application(conn, number, lock=True)
        shown = applications.offer(conn, number)
        answer = origination.accept_offer(
            conn,
            application_id=number,
            disclosure_hash=input.disclosure_hash,
            read_seconds=input.read_seconds,
            desk=context.house.desk,
            on=context.today,
            command=command,
        )
        is_replay = shown is not None and shown.accepted_at is not None
        return answer if isinstance(answer, Refusal) else Moved(answer, is_replay)

    return _done(info, write)


def cancel_application(
    info: Ask,
    input: Annotated[CancelApplicationInput, strawberry.argument(description="The application.")],  # noqa: A002 - Relay's name
) -> Any:  # noqa: ANN401 - a union of the schema
    """End an application at the wish of the borrower or the channel."""
    number = _own_application(info, input.application_id)
    if isinstance(number, Refusal):
        return number
    context = info.context
    command = context.command("cancel", input.idempotency_key)

    def write(conn: Connection) -> Moved | Refusal:
        before = applications.application(conn, number, lock=True)
        answer = origination.cancel(
            conn, application_id=number, reasons=tuple(input.reasons), on=context.today, command=command
        )
        is_replay = before is not None and before.stage is workflow.Stage.CANCELLED
        return answer if isinstance(answer, Refusal) else Moved(answer, is_replay)

    return _done(info, write)


@strawberry.type(description="Everything that can be done; each answers its result or a named refusal.")
class Mutation:
    """The root of all commands."""

    submit_application: object = strawberry.mutation(
        resolver=submit_application,
        graphql_type=SubmitApplicationPayload,
        description="Hand in an application for a loan; the same as `credit.apply` on the channel interface.",
    )
    repay_loan: object = strawberry.mutation(
        resolver=repay_loan, graphql_type=RepayLoanPayload, description="Book a repayment."
    )
    repay_loans: RepayLoansResult = strawberry.mutation(
        resolver=repay_loans, description="Book up to 500 repayments in one transaction, each answered by itself."
    )
    reverse_repayment: object = strawberry.mutation(
        resolver=reverse_repayment,
        graphql_type=ReverseRepaymentPayload,
        description="Reverse a repayment that did not happen (冲正), exactly once.",
    )
    review_application: object = strawberry.mutation(
        resolver=review_application,
        graphql_type=ReviewApplicationPayload,
        description="Record what a reviewer concludes on an application.",
    )
    accept_offer: object = strawberry.mutation(
        resolver=accept_offer, graphql_type=AcceptOfferPayload, description="Accept exactly the offer that was shown."
    )
    cancel_application: object = strawberry.mutation(
        resolver=cancel_application, graphql_type=CancelApplicationPayload, description="End an application."
    )
    change_loan: object = strawberry.mutation(
        resolver=change_loan,
        graphql_type=ChangeLoanPayload,
        description="Charge, waive, credit, refund, charge back, reverse, reprice, defer, extend, restructure, re-age,"
        " re-amortise, accelerate, charge off, write off, recover, compensate, repurchase, cancel or undo: one change"
        " of a loan. What gives money away becomes a proposal that a second person approves. Payments and prepayments"
        " come through `repayLoan`.",
    )
    approve_loan_change: object = strawberry.mutation(
        resolver=approve_loan_change,
        graphql_type=ApproveLoanChangePayload,
        description="Approve a proposed change (复核通过): it is booked now, under both names.",
    )
    reject_loan_change: object = strawberry.mutation(
        resolver=reject_loan_change,
        graphql_type=RejectLoanChangePayload,
        description="Say no to a proposed change (复核退回).",
    )
    close_day: object = strawberry.mutation(
        resolver=close_day,
        graphql_type=CloseDayPayload,
        description="Order the close of a business date (日终); it is done behind the request and seen in `dayRun`.",
    )
    close_period: object = strawberry.mutation(
        resolver=close_period, graphql_type=ClosePeriodPayload, description="Close an accounting month for ever."
    )
    reverse_entry: object = strawberry.mutation(
        resolver=reverse_entry,
        graphql_type=ReverseEntryPayload,
        description="Reverse an entry written by hand (红字冲销), exactly once.",
    )
    post_entries: PostEntriesResult = strawberry.mutation(
        resolver=post_entries, description="Post entries written by hand."
    )


def _done(info: Ask, write: Callable[[Connection], T]) -> T:
    """Run a command in its own transaction; what is read afterwards is read anew."""
    info.context.renew()
    return info.context.store.run(write)


def _own_application(info: Ask, given: str) -> int | NotFound:
    """The number of an application that the viewer may see."""
    found = numbers(APPLICATION, given)
    try:
        return visible_application(info, None if found is None else found[0]).application_id
    except Fault:
        return NotFound(what="application", field="applicationId")
