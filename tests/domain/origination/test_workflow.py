import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.origination.workflow import (
    ORDER,
    TERMINAL,
    FlowInvalid,
    Mark,
    Outcome,
    Stage,
    State,
    StepImpossible,
    Transition,
    Verdict,
    advance,
    flow_of,
    start,
    waits_for,
)

WITHOUT_CALLS = tuple(stage for stage in ORDER if stage is not Stage.PHONE_CHECK)

PASSED, REFERRED, REJECTED = Verdict.PASSED, Verdict.REFERRED, Verdict.REJECTED
FAILED, CANCELLED, RENEWED = Verdict.FAILED, Verdict.CANCELLED, Verdict.RENEWED
REVIEW, PHONE = Mark.REVIEW, Mark.PHONE


def _at(stage: Stage, *marks: Mark) -> State:
    return State(stage=stage, sequence=7, marks=frozenset(marks))


@pytest.mark.parametrize(
    ("stage", "marks", "verdict", "asked", "expected"),
    [
        (Stage.ACCEPTANCE, (), PASSED, (), Stage.PRE_APPROVAL),
        (Stage.ACCEPTANCE, (), REJECTED, (), Stage.REJECTED),
        (Stage.ACCEPTANCE, (), CANCELLED, (), Stage.CANCELLED),
        (Stage.ACCEPTANCE, (), FAILED, (), None),
        (Stage.PRE_APPROVAL, (), PASSED, (), Stage.ANTI_FRAUD),
        (Stage.PRE_APPROVAL, (), REFERRED, (), Stage.ANTI_FRAUD),
        (Stage.ANTI_FRAUD, (), REJECTED, (), Stage.REJECTED),
        (Stage.ANTI_FRAUD, (REVIEW,), PASSED, (), Stage.DECISION),
        (Stage.DECISION, (), PASSED, (), Stage.OFFER),
        (Stage.DECISION, (REVIEW,), PASSED, (), Stage.MANUAL_REVIEW),
        (Stage.DECISION, (), REFERRED, (), Stage.MANUAL_REVIEW),
        (Stage.DECISION, (), PASSED, (PHONE,), Stage.PHONE_CHECK),
        (Stage.DECISION, (), REFERRED, (PHONE,), Stage.MANUAL_REVIEW),
        (Stage.MANUAL_REVIEW, (REVIEW,), PASSED, (), Stage.OFFER),
        (Stage.MANUAL_REVIEW, (REVIEW, PHONE), PASSED, (), Stage.PHONE_CHECK),
        (Stage.MANUAL_REVIEW, (REVIEW,), PASSED, (PHONE,), Stage.PHONE_CHECK),
        (Stage.MANUAL_REVIEW, (REVIEW,), REJECTED, (), Stage.REJECTED),
        (Stage.MANUAL_REVIEW, (REVIEW,), REFERRED, (), None),
        (Stage.PHONE_CHECK, (PHONE,), PASSED, (), Stage.OFFER),
        (Stage.PHONE_CHECK, (PHONE,), REFERRED, (), Stage.MANUAL_REVIEW),
        (Stage.PHONE_CHECK, (PHONE,), REJECTED, (), Stage.REJECTED),
        (Stage.OFFER, (), PASSED, (), Stage.CARD_CHECK),
        (Stage.OFFER, (), REJECTED, (), None),
        (Stage.OFFER, (), CANCELLED, (), Stage.CANCELLED),
        (Stage.CARD_CHECK, (), PASSED, (), Stage.DISBURSEMENT),
        (Stage.CARD_CHECK, (), FAILED, (), Stage.DISBURSE_FAILED),
        (Stage.DISBURSEMENT, (), PASSED, (), Stage.DISBURSED),
        (Stage.DISBURSEMENT, (), FAILED, (), Stage.DISBURSE_FAILED),
        (Stage.DISBURSEMENT, (), CANCELLED, (), None),
        (Stage.DISBURSE_FAILED, (), RENEWED, (), Stage.CARD_CHECK),
        (Stage.DISBURSE_FAILED, (), CANCELLED, (), Stage.CANCELLED),
        (Stage.DISBURSE_FAILED, (), PASSED, (), None),
    ],
)
def test_a_step_leads_where_the_table_says(
    stage: Stage, marks: tuple[Mark, ...], verdict: Verdict, asked: tuple[Mark, ...], expected: Stage | None
) -> None:
    step = advance(_at(stage, *marks), Outcome(verdict=verdict, marks=frozenset(asked)), ORDER)
    if expected is None:
        assert step == StepImpossible(stage=stage, verdict=verdict)
    else:
        assert isinstance(step, Transition)
        assert (step.sequence, step.from_stage, step.to_stage) == (8, stage, expected)


@pytest.mark.parametrize(("stage", "verdict"), list(itertools.product(sorted(TERMINAL), Verdict)))
def test_nothing_leaves_a_terminal_stage(stage: Stage, verdict: Verdict) -> None:
    assert isinstance(advance(_at(stage), Outcome(verdict=verdict), ORDER), StepImpossible)


def test_a_referral_at_pre_approval_is_remembered_until_people_have_seen_it() -> None:
    state = start(ORDER)
    for verdict in (PASSED, REFERRED, PASSED, PASSED):
        step = advance(state, Outcome(verdict=verdict), ORDER)
        assert isinstance(step, Transition)
        state = step.state
    assert state == State(stage=Stage.MANUAL_REVIEW, sequence=4, marks=frozenset({REVIEW}))
    step = advance(state, Outcome(verdict=PASSED), ORDER)
    assert isinstance(step, Transition)
    assert step.state == State(stage=Stage.OFFER, sequence=5)


def test_a_call_without_a_place_in_the_flow_becomes_a_review() -> None:
    step = advance(_at(Stage.DECISION), Outcome(verdict=PASSED, marks=frozenset({PHONE})), WITHOUT_CALLS)
    assert isinstance(step, Transition)
    assert step.to_stage is Stage.MANUAL_REVIEW
    asked_by_people = Outcome(verdict=PASSED, marks=frozenset({PHONE}))
    assert isinstance(advance(_at(Stage.MANUAL_REVIEW, REVIEW), asked_by_people, WITHOUT_CALLS), StepImpossible)


@given(
    st.lists(
        st.tuples(st.sampled_from(Verdict), st.frozensets(st.sampled_from(Mark))),
        max_size=30,
    ),
    st.sampled_from([ORDER, WITHOUT_CALLS]),
)
def test_money_moves_only_after_every_required_stage_was_left_well(
    outcomes: list[tuple[Verdict, frozenset[Mark]]], flow: tuple[Stage, ...]
) -> None:
    state, trail = start(flow), list[Transition]()
    for verdict, marks in outcomes:
        step = advance(state, Outcome(verdict=verdict, marks=marks), flow)
        if isinstance(step, Transition):
            trail.append(step)
            state = step.state
            assert step.sequence == len(trail)
    if state.stage is Stage.DISBURSED:
        left_well = {step.from_stage for step in trail if step.verdict in {PASSED, REFERRED}}
        assert set(ORDER) - {Stage.MANUAL_REVIEW, Stage.PHONE_CHECK} <= left_well
        if any(step.verdict is REFERRED for step in trail):
            assert Stage.MANUAL_REVIEW in left_well
        assert not state.marks


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([stage.value for stage in ORDER], None),
        ([stage.value for stage in WITHOUT_CALLS], None),
        ([*ORDER[1:], ORDER[0]], "stages out of order"),
        (ORDER[1:], "missing stage ACCEPTANCE"),
        ((*ORDER, "DISBURSED"), "unknown stage DISBURSED"),
        ([stage for stage in ORDER if stage is not Stage.MANUAL_REVIEW], "missing stage MANUAL_REVIEW"),
        ((*ORDER[:1], *ORDER), "stages out of order"),
        ((), "missing stage ACCEPTANCE"),
    ],
)
def test_a_flow_is_checked_before_anything_walks_it(names: list[str], why: str | None) -> None:
    flow = flow_of(names)
    if why is None:
        assert not isinstance(flow, FlowInvalid)
        assert [stage.value for stage in flow] == list(names)
    else:
        assert flow == FlowInvalid(why=why)


def test_every_stage_has_a_worker() -> None:
    assert {stage: waits_for(stage).value for stage in Stage}[Stage.CARD_CHECK] == "BANK"
    assert [stage for stage in Stage if waits_for(stage).value == "NOBODY"] == sorted(TERMINAL, key=list(Stage).index)
