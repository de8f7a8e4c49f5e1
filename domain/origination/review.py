"""Work for people: the underwriter's review and the phone check, and when one pair of eyes is not enough. Pure.

A task collects decisions of different people. A rejection by anybody ends it; an approval ends it when enough people
have approved; nobody counts twice, and who gave in the application never judges it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from domain.origination.workflow import Mark, Outcome, Stage, Verdict
from domain.refusals import Refusal


class Finding(StrEnum):
    """What a reviewer concludes."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    CALL_FIRST = "CALL_FIRST"
    """Manual review: the applicant must be called before it is decided."""
    DOUBT = "DOUBT"
    """Phone check: something did not fit; back to the underwriter."""


class Reason(StrEnum):
    """Structured reasons of people; several may be given."""

    IDENTITY_CONFIRMED = "IDENTITY_CONFIRMED"
    INCOME_PLAUSIBLE = "INCOME_PLAUSIBLE"
    HISTORY_ACCEPTABLE = "HISTORY_ACCEPTABLE"
    COLLATERAL_OR_SAVINGS = "COLLATERAL_OR_SAVINGS"
    IDENTITY_DOUBTFUL = "IDENTITY_DOUBTFUL"
    INCOME_INSUFFICIENT = "INCOME_INSUFFICIENT"
    HISTORY_POOR = "HISTORY_POOR"
    PURPOSE_DOUBTFUL = "PURPOSE_DOUBTFUL"
    INFORMATION_INCONSISTENT = "INFORMATION_INCONSISTENT"
    SUSPECTED_INTERMEDIARY = "SUSPECTED_INTERMEDIARY"
    PHONE_PASSED = "PHONE_PASSED"
    PHONE_NOT_REACHED = "PHONE_NOT_REACHED"
    PHONE_OTHER_PERSON = "PHONE_OTHER_PERSON"
    PHONE_DECLINED = "PHONE_DECLINED"


FINDINGS = {
    Stage.MANUAL_REVIEW: frozenset({Finding.APPROVE, Finding.REJECT, Finding.CALL_FIRST}),
    Stage.PHONE_CHECK: frozenset({Finding.APPROVE, Finding.REJECT, Finding.DOUBT}),
}
"""What may be concluded at which stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPolicy:
    """When a second person must agree."""

    four_eyes_above: int = 5_000_000
    """Applications above this amount (minor units) need two approvals at manual review."""

    def approvals(self, stage: Stage, *, amount: int) -> int:
        """How many different people must approve at a stage."""
        return 2 if stage is Stage.MANUAL_REVIEW and amount > self.four_eyes_above else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewTask:
    """One piece of work for people about one application."""

    task_id: int
    application_id: int
    stage: Stage
    """MANUAL_REVIEW or PHONE_CHECK."""
    submitted_by: str
    """Who gave in the application: never a judge of it."""
    approvals_required: int
    reasons: tuple[str, ...]
    """Why it was referred."""
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """What one person concluded."""

    reviewer: str
    finding: Finding
    reasons: tuple[Reason, ...]
    note: str = ""
    """Free words for colleagues; no personal data."""

    def __post_init__(self) -> None:
        """A conclusion without a reason is a bug of the desk."""
        assert self.reasons, "a review has at least one reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewClosed(Refusal):
    """The task is decided, or its application has moved on."""

    code: ClassVar[str] = "REVIEW_CLOSED"
    zh: ClassVar[str] = "该审核任务已结束"
    en: ClassVar[str] = "this review is closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingNotForStage(Refusal):
    """This conclusion does not exist at this stage."""

    code: ClassVar[str] = "REVIEW_FINDING_NOT_FOR_STAGE"
    zh: ClassVar[str] = "{stage}环节不能作出{finding}结论"
    en: ClassVar[str] = "{finding} is no conclusion at stage {stage}"

    stage: Stage
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyReviewed(Refusal):
    """One person judges one task once; the second pair of eyes is another person's."""

    code: ClassVar[str] = "REVIEW_BY_SAME_PERSON"
    zh: ClassVar[str] = "同一审核人不能重复审核, 也不能审核自己提交的申请"
    en: ClassVar[str] = "a person judges a task once, and never an application that he gave in"


def judge(
    task: ReviewTask, before: Sequence[ReviewDecision], decision: ReviewDecision
) -> Outcome | FindingNotForStage | AlreadyReviewed | ReviewClosed | None:
    """The outcome of a task after one more decision; None while another person must still agree."""
    if decision.finding not in FINDINGS[task.stage]:
        return FindingNotForStage(stage=task.stage, finding=decision.finding)
    if _concluded(task, before):
        return ReviewClosed()
    if decision.reviewer in {task.submitted_by, *(one.reviewer for one in before)}:
        return AlreadyReviewed()
    everything = (*before, decision)
    if not _concluded(task, everything):
        return None
    reasons = tuple(dict.fromkeys(reason.value for one in everything for reason in one.reasons))
    match decision.finding:
        case Finding.APPROVE:
            return Outcome(verdict=Verdict.PASSED, reasons=reasons)
        case Finding.REJECT:
            return Outcome(verdict=Verdict.REJECTED, reasons=reasons)
        case Finding.CALL_FIRST:
            return Outcome(verdict=Verdict.PASSED, reasons=reasons, marks=frozenset({Mark.PHONE}))
        case Finding.DOUBT:
            return Outcome(verdict=Verdict.REFERRED, reasons=reasons)


def _concluded(task: ReviewTask, decisions: Sequence[ReviewDecision]) -> bool:
    """Whether anything other than an approval was said, or enough people approved."""
    approvals = sum(1 for one in decisions if one.finding is Finding.APPROVE)
    return approvals >= task.approvals_required or approvals < len(decisions)
