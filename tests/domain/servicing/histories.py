"""Random lives: a contract, and facts that the engine has admitted, some of them backdated."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from hypothesis import strategies as st

from domain.servicing.admission import book, payoff
from domain.servicing.allocation import (
    STRATEGIES,
    Component,
    Dictated,
    DueType,
    Part,
    Strategy,
    Target,
    configured,
)
from domain.servicing.contract import (
    DEFAULT,
    Bearing,
    ChargedOff,
    Contract,
    EarlyInterest,
    Grace,
    LifeTerms,
    Prepayment,
    Rest,
    Spread,
)
from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Calendar, Unit
from domain.servicing.fact import (
    Accelerate,
    Basis,
    Cancel,
    ChangeRate,
    Chargeback,
    ChargeOff,
    Compensate,
    Disburse,
    Fact,
    Intent,
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
    Scope,
    Spreading,
    Waive,
    WriteOff,
)
from domain.servicing.life import Life, replay
from domain.servicing.terms import Fee, Method, Mode, Residue, Solving, Stage, Terms
from domain.servicing.terms import Pay as StagePay
from ledger.money import Rounding

START = date(2024, 1, 31)
WALK = [
    (due, one) for due in DueType for one in (Component.PENALTY, Component.FEE, Component.INTEREST, Component.PRINCIPAL)
]


def advanced(target: Target = Target.NEXT, *, horizontal: bool = True) -> Strategy:
    """The configurable strategy in its usual order."""
    return configured(WALK, horizontal=horizontal, target=target)


def terms(
    *, principal: int = 1_200_00, rate: str = "0.12", instalments: int = 6, penalty: str = "0.18", grace: int = 0
) -> Terms:
    return Terms(
        principal=principal,
        currency="CNY",
        rate_annual=Decimal(rate),
        instalments=instalments,
        start_on=START,
        day_count=DayCount.THIRTY_360,
        rounding=Rounding.HALF_UP,
        grace_days=grace,
        penalty_rate_annual=Decimal(penalty),
    )


strategies = st.sampled_from(
    [
        *STRATEGIES.values(),
        *(advanced(target, horizontal=flag) for target in Target for flag in (True, False)),
    ]
)


STAGES = (
    (Stage(first=1, last=2, pay=StagePay.INTEREST), Stage(first=3, last=6)),
    (Stage(first=1, last=1, pay=StagePay.NOTHING), Stage(first=2, last=6, mode=Mode.EQUAL_PRINCIPAL)),
    (Stage(first=1, last=3, share=Decimal("0.3")), Stage(first=4, last=6, mode=Mode.FLAT)),
)
"""Tables of stages: interest first (前x后y), a payment holiday, two halves."""


@st.composite
def conventions(draw: st.DrawFn) -> Terms:
    """Terms of any method and any convention that a living loan can have."""
    method = draw(st.sampled_from([one for one in Method if one is not Method.SPECIFIED] + [Method.EQUAL_INSTALMENT]))
    stages = draw(st.sampled_from(STAGES)) if method is Method.STAGED else ()
    count = 6 if stages else draw(st.integers(1, 8))
    fee = Fee(code="GUARANTEE", value=Decimal(3_50), payee="GUARANTOR")
    return replace(
        terms(
            principal=draw(st.integers(100_00, 50_000_00)),
            rate=draw(st.sampled_from(["0", "0.07", "0.18", "0.36"])),
            instalments=count,
            penalty=draw(st.sampled_from(["0", "0.27"])),
            grace=draw(st.sampled_from([0, 3])),
        ),
        method=method,
        stages=stages,
        horizon=count + 6 if method is Method.BALLOON else None,
        day_count=draw(st.sampled_from(DayCount)),
        solving=draw(st.sampled_from([Solving.PERIOD_RATES, Solving.MONTH_RATE, Solving.HYBRID])),
        rounding=draw(st.sampled_from([Rounding.HALF_UP, *Rounding])),
        interest_rounding=draw(st.sampled_from([None, None, *Rounding])),
        residue=draw(st.sampled_from(Residue)),
        calendar=Calendar(
            unit=draw(st.sampled_from([Unit.MONTH, Unit.MONTH, Unit.WEEK, Unit.DAY, Unit.QUARTER, Unit.HALF_MONTH])),
            every=draw(st.sampled_from([1, 1, 1, 2, 10])),
            first_due_on=draw(st.sampled_from([None, None, START + timedelta(days=20)])),
        ),
        compounding_per_year=draw(st.sampled_from([None, None, 2])),
        min_interest_days=draw(st.sampled_from([0, 3])),
        fees=(fee,) if draw(st.booleans()) else (),
    )


@st.composite
def contracts(draw: st.DrawFn) -> Contract:
    """A contract with any of the conventions."""
    order = st.sampled_from([(), (Component.PENALTY, Component.FEE, Component.INTEREST, Component.PRINCIPAL)])
    return Contract(
        terms=draw(conventions()),
        life=LifeTerms(
            bearing=draw(st.sampled_from(Bearing)),
            strategies=MappingProxyType({DEFAULT: draw(strategies)}),
            npl_strategy=draw(st.sampled_from([None, STRATEGIES["BANK_NPL"]])),
            spread=draw(st.sampled_from(Spread)),
            down_payment=draw(st.sampled_from([Decimal(0), Decimal("0.25")])),
            is_down_payment_auto=draw(st.booleans()),
            grace=draw(st.sampled_from(Grace)),
            is_grace_retroactive=draw(st.booleans()),
            is_compound=draw(st.booleans()),
            late_fee=draw(st.sampled_from([0, 5_00])),
            cap_annual=draw(st.sampled_from([None, Decimal("0.24")])),
            non_accrual_after=draw(st.sampled_from([None, 60])),
            credit_order=draw(order),
            is_overdue_bearing=draw(st.booleans()),
            prepayment=Prepayment(
                interest=draw(st.sampled_from(EarlyInterest)),
                fee_rate=draw(st.sampled_from([Decimal(0), Decimal("0.04")])),
                lock_in_days=draw(st.sampled_from([0, 0, 30])),
            ),
            cooling_off_days=draw(st.sampled_from([0, 7])),
            is_charge_off_whole=draw(st.booleans()),
            charged_off=draw(st.sampled_from(ChargedOff)),
            rest=draw(st.sampled_from(Rest)),
            interest_refund=draw(st.sampled_from([(), (PayKind.MERCHANT_REFUND, PayKind.PAYOUT_REFUND)])),
        ),
    )


WAITS = (0, 0, 1, 2, 5, 11, 15, 17, 22, 28, 30, 31, 45)
"""Days between two commands."""

amounts = st.one_of(st.integers(1, 500_00), st.integers(1, 20_000_00))


def drawn(draw: st.DrawFn, life: Life, no: int, on: date, booked: date) -> Fact:  # noqa: C901, PLR0911, PLR0912
    """A fact of any kind, admissible or not."""
    at: dict[str, Any] = {"no": no, "value_on": on, "booked_on": booked}
    kind = draw(
        st.sampled_from(
            [Pay] * 14
            + [Levy] * 4
            + [Waive] * 3
            + [Reverse] * 3
            + [Chargeback] * 3
            + [
                Disburse,
                Disburse,
                Refund,
                Refund,
                ChangeRate,
                Reschedule,
                ReAge,
                ReAmortise,
                Accelerate,
                ChargeOff,
                WriteOff,
            ]
            + [Recover, Recover, Compensate, Repurchase, Cancel, Pause]
        )
    )
    if kind is Pay:
        amount = draw(st.one_of(amounts, st.just(payoff(life.state))))
        payment = draw(st.sampled_from(PayKind))
        if payment is PayKind.INCOME_ADJUSTMENT:
            return Pay(**at, amount=draw(st.integers(1, 60_00)), kind=payment, of=draw(st.integers(1, max(no - 1, 1))))
        meant = draw(st.sampled_from([*Intent, Intent.ALLOCATE, Intent.ALLOCATE]))
        dictated = draw(st.booleans()) and meant is Intent.ALLOCATE
        return Pay(
            **at,
            amount=amount,
            kind=payment,
            intent=meant,
            split=draw(splits(life, amount)) if dictated else None,
            of=draw(st.sampled_from([None, *(one.no for one in life.live if isinstance(one, Levy))])),
        )
    if kind is Levy:
        return Levy(
            **at, name="X", component=draw(st.sampled_from([Component.FEE, Component.PENALTY])),
            due_on=on + timedelta(days=draw(st.integers(-20, 100))), amount=draw(st.integers(1, 50_00)),
            rate=draw(st.sampled_from([Decimal(0), Decimal("0.01")])), basis=draw(st.sampled_from(Basis)),
            is_each_instalment=draw(st.booleans()), is_at_disbursement=draw(st.sampled_from([False, False, True])),
            is_buy_down=draw(st.sampled_from([False, False, True])),
        )  # fmt: skip
    if kind is Waive:
        return Waive(
            **at, component=draw(st.sampled_from(Component)), approver="A",
            amount=draw(st.one_of(st.none(), st.integers(1, 20_00))),
            levy_no=draw(st.sampled_from([None, None, *(one.no for one in life.live if isinstance(one, Levy))])),
        )  # fmt: skip
    of = draw(st.integers(1, max(no - 1, 1)))
    if kind is Reverse:
        return Reverse(**at, of=of)
    if kind is Chargeback:
        return Chargeback(**at, of=of, amount=draw(amounts))
    if kind is Disburse:
        return Disburse(**at, amount=draw(amounts), is_income=draw(st.booleans()))
    if kind in {Refund, Recover}:
        return kind(**at, amount=draw(amounts))
    if kind is ReAmortise:
        return ReAmortise(**at, interest=draw(st.sampled_from(Spreading)))
    if kind is ChangeRate:
        return ChangeRate(
            **at, rate_annual=draw(st.sampled_from([Decimal(0), Decimal("0.05"), Decimal("0.24")])),
            from_on=draw(st.sampled_from([None, on + timedelta(days=20)])),
        )  # fmt: skip
    if kind is Reschedule:
        due_on = draw(st.sampled_from([one.due_on for one in life.instalments] or [on]))
        to = draw(st.sampled_from([None, due_on + timedelta(days=31), due_on + timedelta(days=5)]))
        return Reschedule(
            **at, from_due_on=due_on, to_due_on=to, extra=draw(st.integers(0, 3)),
            rate_annual=draw(st.sampled_from([None, Decimal("0.1")])), is_interest_free=draw(st.booleans()),
            grace_principal=draw(st.sampled_from([0, 0, 1])),
        )  # fmt: skip
    if kind is ReAge:
        return ReAge(
            **at, first_on=on + timedelta(days=draw(st.integers(1, 60))), count=draw(st.integers(1, 5)),
            unit=draw(st.sampled_from([Unit.DAY, Unit.MONTH])), every=draw(st.integers(1, 20)),
            interest=draw(st.sampled_from(Spreading)),
        )  # fmt: skip
    if kind is ChargeOff:
        return ChargeOff(**at, is_fraud=draw(st.booleans()))
    if kind is WriteOff:
        return WriteOff(**at, approver="A")
    if kind is Compensate:
        return Compensate(**at, guarantor="G", scope=draw(st.sampled_from(Scope)))
    if kind is Repurchase:
        return Repurchase(**at, buyer="B")
    if kind is Pause:
        return Pause(
            **at, to_on=on + timedelta(days=draw(st.integers(1, 60))),
            from_on=draw(st.sampled_from([None, on + timedelta(days=10), on - timedelta(days=10)])),
        )  # fmt: skip
    made: Fact = kind(**at)
    return made


@st.composite
def splits(draw: st.DrawFn, life: Life, amount: int) -> Dictated | None:
    """A split as a partner dictates it: some of what is open now, not more than the payment."""
    left, parts = amount, []
    for due in life.state.dues():
        part = min(due.amount, left)
        if part > 0 and draw(st.booleans()):
            parts.append(Part(due.no, due.component, part))
            left -= part
    return Dictated(parts=tuple(parts)) if parts else None


@st.composite
def lives(draw: st.DrawFn, *, events: int = 10) -> Life:
    """A life of `events` facts; commands that were refused left no trace, and so did a loan that ended before."""
    contract = draw(contracts())
    life = replay(contract, (), on=START)
    made = book(life, Disburse(no=1, value_on=START, booked_on=START, amount=contract.terms.principal), on=START)
    assert isinstance(made, Life), "the first disbursement is always possible"
    life, today = made, START
    for _ in range(2 * events):
        today += timedelta(days=draw(st.sampled_from(WAITS)))
        on = max(today - timedelta(days=draw(st.sampled_from([0, 0, 0, 0, 10, 40]))), START)
        made = book(life, drawn(draw, life, len(life.facts) + 1, on, today), on=today)
        life = made if isinstance(made, Life) else life
        if len(life.facts) > events:
            break
    return life
