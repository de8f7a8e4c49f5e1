"""The stages of an application as data, and the one pure step between them.

A product's flow is a tuple of stages, kept in its version. `advance` takes where an application stands, what came out
of the stage, and the flow, and returns the transition: a fact that is stored and never changed. Where an application
stands is the end of its last transition, so a crash between two steps loses nothing.

    ACCEPTANCE → PRE_APPROVAL → ANTI_FRAUD → DECISION → [MANUAL_REVIEW] ⇄ [PHONE_CHECK] → OFFER → CARD_CHECK
    → DISBURSEMENT → DISBURSED          a stage in brackets is entered only when it was asked for
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from domain.refusals import Refusal


class Stage(StrEnum):
    """A place where an application stands."""

    ACCEPTANCE = "ACCEPTANCE"
    """业务受理: complete, consented, not a duplicate."""
    PRE_APPROVAL = "PRE_APPROVAL"
    """自动预审批: hard rules; calls risk."""
    ANTI_FRAUD = "ANTI_FRAUD"
    """反欺诈; calls risk."""
    DECISION = "DECISION"
    """决策: probability of default, score and decision tables."""
    MANUAL_REVIEW = "MANUAL_REVIEW"
    """人工审核: waits for an underwriter, and above a limit for a second one."""
    PHONE_CHECK = "PHONE_CHECK"
    """电核: waits for a call to the applicant; only when it was asked for."""
    OFFER = "OFFER"
    """Schedule and cost disclosure are made; waits for the borrower's acceptance."""
    CARD_CHECK = "CARD_CHECK"
    """检测收款借记卡: waits for the bank's answer about the receiving card."""
    DISBURSEMENT = "DISBURSEMENT"
    """贷款发放: the loan is booked and the payment is on its way."""
    DISBURSE_FAILED = "DISBURSE_FAILED"
    """发放失败: reversed and cancelled; the application may go on with another card, or be cancelled."""
    REJECTED = "REJECTED"
    """Ended by a rule or a person."""
    CANCELLED = "CANCELLED"
    """Ended by the borrower or the channel, or after a failed disbursement."""
    DISBURSED = "DISBURSED"
    """Ended well: the money has arrived."""


class Worker(StrEnum):
    """Who must act at a stage."""

    MACHINE = "MACHINE"
    PEOPLE = "PEOPLE"
    BORROWER = "BORROWER"
    BANK = "BANK"
    NOBODY = "NOBODY"


class Verdict(StrEnum):
    """What came out of a stage."""

    PASSED = "PASSED"
    REFERRED = "REFERRED"
    """Goes on, but people must see it; at the phone check: back to the underwriter."""
    REJECTED = "REJECTED"
    FAILED = "FAILED"
    """The bank's no: card invalid, or payment failed."""
    CANCELLED = "CANCELLED"
    RENEWED = "RENEWED"
    """After a failed disbursement: another card was given."""


class Mark(StrEnum):
    """What an earlier stage asked of a later one."""

    REVIEW = "REVIEW"
    PHONE = "PHONE"


WORKERS = {
    Stage.ACCEPTANCE: Worker.MACHINE,
    Stage.PRE_APPROVAL: Worker.MACHINE,
    Stage.ANTI_FRAUD: Worker.MACHINE,
    Stage.DECISION: Worker.MACHINE,
    Stage.MANUAL_REVIEW: Worker.PEOPLE,
    Stage.PHONE_CHECK: Worker.PEOPLE,
    Stage.OFFER: Worker.BORROWER,
    Stage.CARD_CHECK: Worker.BANK,
    Stage.DISBURSEMENT: Worker.BANK,
    Stage.DISBURSE_FAILED: Worker.BORROWER,
    Stage.REJECTED: Worker.NOBODY,
    Stage.CANCELLED: Worker.NOBODY,
    Stage.DISBURSED: Worker.NOBODY,
}
"""Who works each stage."""

ORDER = (
    Stage.ACCEPTANCE,
    Stage.PRE_APPROVAL,
    Stage.ANTI_FRAUD,
    Stage.DECISION,
    Stage.MANUAL_REVIEW,
    Stage.PHONE_CHECK,
    Stage.OFFER,
    Stage.CARD_CHECK,
    Stage.DISBURSEMENT,
)
"""Every stage that a flow may name, in the only order in which it may name them."""

REQUIRED = frozenset(ORDER) - {Stage.PHONE_CHECK}
"""Stages that no flow may leave out: rules, risk, a decision, a place for people, disclosure and the card check."""

TERMINAL = frozenset({Stage.REJECTED, Stage.CANCELLED, Stage.DISBURSED})
"""Stages that nothing leaves."""

ON_REQUEST = {Stage.MANUAL_REVIEW: Mark.REVIEW, Stage.PHONE_CHECK: Mark.PHONE}
"""Stages entered only when a mark asks for them."""

_REJECTING = frozenset(ORDER[:6])
_REFERRING = frozenset({*ORDER[:4], Stage.PHONE_CHECK})
_FAILING = frozenset({Stage.CARD_CHECK, Stage.DISBURSEMENT})
_CANCELLABLE = frozenset({*ORDER[:8], Stage.DISBURSE_FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Where an application stands after `sequence` transitions."""

    stage: Stage
    sequence: int
    """How many transitions lead here; the next one is `sequence + 1`."""
    marks: frozenset[Mark] = frozenset()
    """What earlier stages asked of later ones and is still open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a stage concluded, with its reasons as codes."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    marks: frozenset[Mark] = frozenset()
    """What later stages are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step of an application, a fact for ever."""

    sequence: int
    from_stage: Stage
    to_stage: Stage
    verdict: Verdict
    reasons: tuple[str, ...]
    marks: frozenset[Mark]
    """The marks that are open after this step."""

    @property
    def state(self) -> State:
        """Where the application stands after this step."""
        return State(stage=self.to_stage, sequence=self.sequence, marks=self.marks)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepImpossible(Refusal):
    """This stage cannot end like this."""

    code: ClassVar[str] = "APPLICATION_STEP_IMPOSSIBLE"
    zh: ClassVar[str] = "申请处于{stage}环节, 不能执行{verdict}"
    en: ClassVar[str] = "an application at stage {stage} cannot be {verdict}"

    stage: Stage
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowInvalid(Refusal):
    """A flow that names no such stage, leaves out a required one, or names them in another order."""

    code: ClassVar[str] = "FLOW_INVALID"
    zh: ClassVar[str] = "流程配置无效: {why}"
    en: ClassVar[str] = "the flow is not valid: {why}"

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCancelled(Refusal):
    """A loan was booked and reversed for this application; a new one must be submitted."""

    code: ClassVar[str] = "LOAN_PLAN_CANCELLED"
    zh: ClassVar[str] = "贷款计划已取消, 请重新提交申请"
    en: ClassVar[str] = "the loan plan was cancelled; submit a new application"


Flow = tuple[Stage, ...]
"""Stages in the order in which they are walked."""


def flow_of(names: Sequence[str]) -> Flow | FlowInvalid:
    """The flow that a product version names, or why it is none."""
    known = {stage.value for stage in ORDER}
    if strange := [name for name in names if name not in known]:
        return FlowInvalid(why=f"unknown stage {strange[0]}")
    flow = tuple(Stage(name) for name in names)
    if list(flow) != sorted(set(flow), key=ORDER.index):
        return FlowInvalid(why="stages out of order")
    if missing := REQUIRED - set(flow):
        return FlowInvalid(why=f"missing stage {min(missing)}")
    return flow


def start(flow: Flow) -> State:
    """Where a submitted application stands."""
    return State(stage=flow[0], sequence=0)


def waits_for(stage: Stage) -> Worker:
    """Who must act at a stage."""
    return WORKERS[stage]


def advance(state: State, outcome: Outcome, flow: Flow) -> Transition | StepImpossible:
    """The step that an outcome makes. Total over stages and verdicts: what is not allowed is refused by name."""
    asked = _asked_by(state, outcome, flow)
    if asked is None:
        return StepImpossible(stage=state.stage, verdict=outcome.verdict)
    marks = (state.marks | asked) - _answered_by(state)
    to_stage = _next_stage(state, outcome, marks, flow)
    if to_stage is None:
        return StepImpossible(stage=state.stage, verdict=outcome.verdict)
    return Transition(
        sequence=state.sequence + 1,
        from_stage=state.stage,
        to_stage=to_stage,
        verdict=outcome.verdict,
        reasons=outcome.reasons,
        marks=marks,
    )


def _next_stage(state: State, outcome: Outcome, marks: frozenset[Mark], flow: Flow) -> Stage | None:
    """The stage after this one, or None when the stage cannot end so."""
    here = state.stage
    match outcome.verdict:
        case Verdict.PASSED if here in flow:
            return _following(here, marks, flow)
        case Verdict.REFERRED if here is Stage.PHONE_CHECK:
            return Stage.MANUAL_REVIEW
        case Verdict.REFERRED if here in _REFERRING:
            return _following(here, marks, flow)
        case Verdict.REJECTED if here in _REJECTING:
            return Stage.REJECTED
        case Verdict.FAILED if here in _FAILING:
            return Stage.DISBURSE_FAILED
        case Verdict.CANCELLED if here in _CANCELLABLE:
            return Stage.CANCELLED
        case Verdict.RENEWED if here is Stage.DISBURSE_FAILED:
            return Stage.CARD_CHECK
        case _:
            return None


def _following(here: Stage, marks: frozenset[Mark], flow: Flow) -> Stage:
    """The next stage of the flow that is wanted; after the last one, the good end."""
    later = flow[flow.index(here) + 1 :]
    wanted = (stage for stage in later if stage not in ON_REQUEST or ON_REQUEST[stage] in marks)
    return next(wanted, Stage.DISBURSED)


def _asked_by(state: State, outcome: Outcome, flow: Flow) -> frozenset[Mark] | None:
    """What this step asks of later ones: a referral asks for a review, at whichever stage it was made.

    A call that the flow has no place for becomes a review, so that nothing flagged slips through; None when the
    underwriter himself asks for it.
    """
    referred = outcome.verdict is Verdict.REFERRED and state.stage in _REFERRING
    asked = outcome.marks | (frozenset({Mark.REVIEW}) if referred else frozenset())
    if Mark.PHONE not in asked or Stage.PHONE_CHECK in flow:
        return asked
    return None if state.stage is Stage.MANUAL_REVIEW else asked - {Mark.PHONE} | {Mark.REVIEW}


def _answered_by(state: State) -> frozenset[Mark]:
    """Leaving a stage that was asked for answers the asking."""
    return frozenset({ON_REQUEST[state.stage]}) if state.stage in ON_REQUEST else frozenset()
