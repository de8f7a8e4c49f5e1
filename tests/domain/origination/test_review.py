from datetime import UTC, datetime

import pytest

from domain.origination.review import (
    AlreadyReviewed,
    Finding,
    FindingNotForStage,
    Reason,
    ReviewClosed,
    ReviewDecision,
    ReviewPolicy,
    ReviewTask,
    judge,
)
from domain.origination.workflow import Mark, Outcome, Stage, Verdict

APPROVE, REJECT, CALL, DOUBT = Finding.APPROVE, Finding.REJECT, Finding.CALL_FIRST, Finding.DOUBT


def _task(stage: Stage = Stage.MANUAL_REVIEW, approvals: int = 1) -> ReviewTask:
    return ReviewTask(
        task_id=1,
        application_id=1,
        stage=stage,
        submitted_by="channel:demo",
        approvals_required=approvals,
        reasons=("LOW_SCORE",),
        opened_at=datetime(2026, 1, 5, tzinfo=UTC),
    )


def _by(reviewer: str, finding: Finding, reason: Reason = Reason.HISTORY_ACCEPTABLE) -> ReviewDecision:
    return ReviewDecision(reviewer=reviewer, finding=finding, reasons=(reason,))


@pytest.mark.parametrize(
    ("stage", "approvals", "before", "now", "expected"),
    [
        (Stage.MANUAL_REVIEW, 1, [], APPROVE, Verdict.PASSED),
        (Stage.MANUAL_REVIEW, 1, [], REJECT, Verdict.REJECTED),
        (Stage.MANUAL_REVIEW, 1, [], CALL, Verdict.PASSED),
        (Stage.MANUAL_REVIEW, 2, [], APPROVE, None),
        (Stage.MANUAL_REVIEW, 2, [APPROVE], APPROVE, Verdict.PASSED),
        (Stage.MANUAL_REVIEW, 2, [APPROVE], REJECT, Verdict.REJECTED),
        (Stage.MANUAL_REVIEW, 2, [], REJECT, Verdict.REJECTED),
        (Stage.PHONE_CHECK, 1, [], APPROVE, Verdict.PASSED),
        (Stage.PHONE_CHECK, 1, [], DOUBT, Verdict.REFERRED),
    ],
)
def test_a_task_ends_when_enough_people_have_said_the_same(
    stage: Stage, approvals: int, before: list[Finding], now: Finding, expected: Verdict | None
) -> None:
    earlier = [_by(f"reviewer-{number}", finding) for number, finding in enumerate(before)]
    outcome = judge(_task(stage, approvals), earlier, _by("reviewer-last", now))
    if expected is None:
        assert outcome is None
    else:
        assert isinstance(outcome, Outcome)
        assert outcome.verdict is expected
        assert outcome.marks == ({Mark.PHONE} if now is CALL else set())


def test_all_reasons_of_all_people_are_kept_once() -> None:
    first = _by("first", APPROVE, Reason.INCOME_PLAUSIBLE)
    second = ReviewDecision(
        reviewer="second", finding=APPROVE, reasons=(Reason.INCOME_PLAUSIBLE, Reason.HISTORY_ACCEPTABLE)
    )
    outcome = judge(_task(approvals=2), [first], second)
    assert outcome == Outcome(verdict=Verdict.PASSED, reasons=("INCOME_PLAUSIBLE", "HISTORY_ACCEPTABLE"))


def test_the_second_pair_of_eyes_is_another_persons() -> None:
    assert judge(_task(approvals=2), [_by("first", APPROVE)], _by("first", APPROVE)) == AlreadyReviewed()
    assert judge(_task(), [], _by("channel:demo", APPROVE)) == AlreadyReviewed()


def test_a_decided_task_takes_no_more_decisions() -> None:
    assert judge(_task(), [_by("first", APPROVE)], _by("second", REJECT)) == ReviewClosed()
    assert judge(_task(approvals=2), [_by("first", REJECT)], _by("second", APPROVE)) == ReviewClosed()


@pytest.mark.parametrize(("stage", "finding"), [(Stage.MANUAL_REVIEW, DOUBT), (Stage.PHONE_CHECK, CALL)])
def test_conclusions_belong_to_their_stage(stage: Stage, finding: Finding) -> None:
    assert judge(_task(stage), [], _by("first", finding)) == FindingNotForStage(stage=stage, finding=finding)


@pytest.mark.parametrize(
    ("stage", "amount", "expected"),
    [
        (Stage.MANUAL_REVIEW, 5_000_000, 1),
        (Stage.MANUAL_REVIEW, 5_000_001, 2),
        (Stage.PHONE_CHECK, 9_000_000, 1),
    ],
)
def test_above_the_limit_two_people_decide(stage: Stage, amount: int, expected: int) -> None:
    assert ReviewPolicy().approvals(stage, amount=amount) == expected


def test_a_conclusion_has_a_reason() -> None:
    with pytest.raises(AssertionError, match="at least one reason"):
        ReviewDecision(reviewer="first", finding=APPROVE, reasons=())
