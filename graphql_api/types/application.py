"""Applications: what was asked, the steps so far, decisions with their reasons, the offer, and the review desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import strawberry

from domain.decisioning import facts as judged
from domain.decisioning import queries as decisions
from domain.origination import application as form
from domain.origination import queries, review, workflow
from domain.product.version import ProductVersion as Version
from domain.servicing.position import Loan as Contract
from graphql_api.faults import Fault
from graphql_api.relay import global_id
from graphql_api.scalars import Rate
from graphql_api.types.field import made, path, presents
from graphql_api.types.loan import LOAN, Loan, ProductVersion, loan, product
from graphql_api.types.value import Ask, Money, Node
from ledger.money import Money as Amount

APPLICATION = "ap"
"""Prefix of the global ids of applications."""
TASK = "rt"
"""Prefix of the global ids of review tasks."""


@strawberry.type(description="One step of an application, a fact for ever.")
class ApplicationStep:
    """Presents `domain.origination.queries.Step`."""

    sequence: int = path("transition.sequence", "Number of the step, from 1.")
    from_stage: workflow.Stage = path("transition.from_stage", "Where it stood.")
    to_stage: workflow.Stage = path("transition.to_stage", "Where it went.")
    verdict: workflow.Verdict = path("transition.verdict", "What came out of the stage.")
    reasons: list[str] = path("transition.reasons", "Reasons as codes.")
    effective_on: date = strawberry.field(description="Business day.")
    recorded_at: datetime = strawberry.field(description="When it was taken.")
    actor: str = strawberry.field(description="Who or what took it.")


def _sentence(root: judged.Reason, info: Ask) -> str:
    """The reason in the language of the request."""
    return root.text(info.context.locale)


@strawberry.type(description="A reason of a decision.")
class DecisionReason:
    """Presents `domain.decisioning.facts.Reason`."""

    code: str = strawberry.field(description="Stable code.")
    source: str = strawberry.field(description="RULE, MODEL or DATA.")
    field: str | None = strawberry.field(description="The fact that it is about.")
    rule: str | None = strawberry.field(description="Table and row of the rule that speaks.")
    points: Decimal | None = strawberry.field(description="Points of score that were lost by it.")
    text: str = made(_sentence, "The sentence in the language of the request.")


def _limit(root: judged.Decision) -> Amount | None:
    """The highest principal that the decision allows."""
    limit = root.judgement.limit
    return None if limit is None else Amount(limit, root.request.currency)


@strawberry.type(description="A decision of record: the answer, every reason, and what it rests on.")
class Decision:
    """Presents `domain.decisioning.facts.Decision`."""

    stage: judged.Stage = strawberry.field(description="The stage at which it was asked for.")
    attempt: int = path("request.attempt", "1 for the first decision of the stage.")
    outcome: judged.Outcome = strawberry.field(description="PASS, REFER or REJECT.")
    score: int | None = strawberry.field(description="Score in points, when a model spoke.")
    probability_of_default: Rate | None = strawberry.field(description="Probability that the loan turns bad.")
    grade: str | None = path("judgement.grade", "Score band.")
    limit: Money | None = made(_limit, "The highest principal that it allows.")
    reasons: list[DecisionReason] = strawberry.field(description="Every reason, the weightiest kind first.")
    decided_on: date = path("request.decided_on", "Business day of the decision.")
    valid_until: date = path("judgement.valid_until", "Last day on which a loan may rest on it.")
    ruleset_hash: str = path("judgement.ruleset_hash", "SHA-256 of the decision tables.")
    received_at: datetime = strawberry.field(description="When it was asked for.")


@strawberry.type(description="The offer that is put before the borrower; an acceptance names its disclosure.")
class Offer:
    """Presents `domain.origination.queries.StoredOffer`."""

    amount: Money = strawberry.field(description="Principal.")
    term_months: int = strawberry.field(description="Number of instalments.")
    start_on: date = strawberry.field(description="Value date that it assumes.")
    disclosure_hash: str = strawberry.field(description="SHA-256 of schedule and disclosure as shown.")
    made_at: datetime = strawberry.field(description="When it was made.")
    accepted_at: datetime | None = strawberry.field(description="When the borrower accepted it.")


@strawberry.type(description="What one person concluded on a task.")
class ReviewDecision:
    """Presents `domain.origination.review.ReviewDecision`."""

    reviewer: str = strawberry.field(description="Who.")
    finding: review.Finding = strawberry.field(description="The conclusion.")
    reasons: list[review.Reason] = strawberry.field(description="Structured reasons.")
    note: str = strawberry.field(description="Free words for colleagues; no personal data.")


def _task_id(root: review.ReviewTask) -> strawberry.ID:
    """Global id of a task."""
    return strawberry.ID(global_id(TASK, root.task_id))


def _task_application(root: review.ReviewTask, info: Ask) -> form.Application:
    """The application of a task."""
    found = application(info, root.application_id)
    assert found is not None, "a task has an application"
    return found


def _task_decisions(root: review.ReviewTask, info: Ask) -> Sequence[review.ReviewDecision]:
    """What people have concluded."""
    conn = info.context.conn
    return info.context.load(TASK, "decisions", root.task_id, lambda ids: queries.review_decisions_of(conn, ids)) or ()


@strawberry.type(description="Work for people about one application.")
@presents(review.ReviewTask)
class ReviewTask(Node):
    """Presents `domain.origination.review.ReviewTask`."""

    id: strawberry.ID = made(_task_id, "Global id.")
    application: Application = made(_task_application, "The application.")
    stage: workflow.Stage = strawberry.field(description="MANUAL_REVIEW or PHONE_CHECK.")
    approvals_required: int = strawberry.field(description="How many different people must approve.")
    reasons: list[str] = strawberry.field(description="Why it was referred, as codes.")
    opened_at: datetime = strawberry.field(description="When it came into the queue.")
    decisions: list[ReviewDecision] = made(_task_decisions, "What people have concluded so far.")


def _application_id(root: form.Application) -> strawberry.ID:
    """Global id of an application."""
    return strawberry.ID(global_id(APPLICATION, root.application_id))


def _product(root: form.Application, info: Ask) -> Version:
    """The product version of an application."""
    return product(info, root.product_id, root.product_version)


def _steps(root: form.Application, info: Ask) -> Sequence[queries.Step]:
    """The steps of an application."""
    conn = info.context.conn
    found = info.context.load(APPLICATION, "steps", root.application_id, lambda ids: queries.steps_of(conn, ids))
    return found or ()


def _decisions(root: form.Application, info: Ask) -> Sequence[judged.Decision]:
    """The decisions of an application."""
    conn = info.context.conn
    found = info.context.load(
        APPLICATION, "decisions", root.application_id, lambda ids: decisions.decisions_of_many(conn, ids)
    )
    return found or ()


def _offer(root: form.Application, info: Ask) -> queries.StoredOffer | None:
    """The offer of an application."""
    conn = info.context.conn
    return info.context.load(APPLICATION, "offer", root.application_id, lambda ids: queries.offers(conn, ids))


def _loan(root: form.Application, info: Ask) -> Contract | None:
    """The loan that came of an application."""
    return None if root.loan_id is None else loan(info, root.loan_id)


@strawberry.type(description="An application for a loan: what was asked and where it stands.")
@presents(form.Application)
class Application(Node):
    """Presents `domain.origination.application.Application`; who the borrower is stays with the party module."""

    id: strawberry.ID = made(_application_id, "Global id.")
    channel_application_no: str = strawberry.field(description="The channel's own number (渠道申请单号).")
    product: ProductVersion = made(_product, "The product version whose flow and parameters it has.")
    amount: Money = strawberry.field(description="What was asked for.")
    term_months: int = strawberry.field(description="For how many months.")
    stage: workflow.Stage = strawberry.field(description="The stage at which it stands.")
    waits_for: workflow.Worker = strawberry.field(description="Who must act next.")
    submitted_on: date = strawberry.field(description="Business day of its submission.")
    received_at: datetime = strawberry.field(description="When it was taken in.")
    steps: list[ApplicationStep] = made(_steps, "Its steps so far, in order.")
    decisions: list[Decision] = made(_decisions, "Its decisions of record, in order.")
    offer: Offer | None = made(_offer, "What was put before the borrower.")
    loan: Loan | None = made(_loan, "The loan that came of it, also when its disbursement failed.")


def application(info: Ask, application_id: int) -> form.Application | None:
    """An application by number, read with every other that the operation came upon."""

    def fetch(ids: list[int]) -> Mapping[int, form.Application]:
        found = queries.applications_by_id(info.context.conn, ids)
        meet(info, found.values())
        return found

    return info.context.load(APPLICATION, "application", application_id, fetch)


def meet(info: Ask, found: Iterable[form.Application]) -> None:
    """Remember applications and their loans: fields below read for all of them at once."""
    rows = list(found)
    info.context.meet(APPLICATION, (one.application_id for one in rows))
    info.context.meet(LOAN, (one.loan_id for one in rows if one.loan_id is not None))


def visible_application(info: Ask, application_id: int | None) -> form.Application:
    """An application by number, or NOT_FOUND: one answer for what is not there and what the viewer may not see."""
    found = None if application_id is None else application(info, application_id)
    if found is None or not info.context.viewer.sees(channel_id=found.channel_id, customer_id=found.customer_id):
        raise Fault("NOT_FOUND")
    return found
