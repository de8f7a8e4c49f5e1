"""Schedules against figures that anybody can look up, and the laws of every schedule of every convention."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.daycount import DayCount
from domain.servicing.duedate import MONTHS, Calendar, DueRule, FirstPeriod, Period, Shift, ShortMonth, Unit
from domain.servicing.schedule import (
    Kind,
    Remaining,
    fees_at_disbursement,
    level_payment,
    period_rates,
    plan,
    schedule,
)
from domain.servicing.terms import (
    Carried,
    Disbursement,
    EarlyPayment,
    Effect,
    Fee,
    FeeBasis,
    FeeWhen,
    Method,
    Mode,
    Pay,
    RateChange,
    Residue,
    Solving,
    Specified,
    Stage,
    Terms,
    Unpaid,
    faults,
)
from ledger.money import Rounding
from tests.domain.servicing.test_terms import TERMS

TERM = st.builds(
    Terms,
    principal=st.integers(1_00, 10_000_000_00),
    currency=st.just("CNY"),
    rate_annual=st.decimals(0, Decimal("0.36"), places=6),
    instalments=st.integers(1, 60),
    start_on=st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    day_count=st.sampled_from(DayCount),
    rounding=st.sampled_from(Rounding),
    grace_days=st.just(0),
    penalty_rate_annual=st.just(Decimal(0)),
)


@pytest.mark.parametrize(
    ("principal", "rate", "months", "payment"),
    [  # the textbook formula in any spreadsheet: PMT(rate/12, months, -principal)
        (10_000_00, "0.12", 12, 888_49),
        (100_000_00, "0.049", 360, 530_73),
        (1_000_000_00, "0.0435", 240, 6_245_81),
        (5_000_00, "0.24", 6, 892_63),
        (1_200_00, "0", 12, 100_00),
    ],
)
def test_the_level_payment_is_that_of_the_textbook(principal: int, rate: str, months: int, payment: int) -> None:
    terms = replace(TERMS, principal=principal, rate_annual=Decimal(rate), instalments=months)
    assert level_payment(terms) == payment
    assert schedule(terms).payment == payment


def test_the_whole_plan_of_a_small_loan() -> None:
    plan = schedule(replace(TERMS, principal=3_000_00, instalments=3, start_on=date(2026, 1, 15)))
    assert [(one.no, one.from_on, one.due_on, one.principal, one.interest) for one in plan.instalments] == [
        (1, date(2026, 1, 15), date(2026, 2, 15), 990_07, 30_00),
        (2, date(2026, 2, 15), date(2026, 3, 15), 999_97, 20_10),
        (3, date(2026, 3, 15), date(2026, 4, 15), 1_009_96, 10_10),
    ]
    assert (plan.principal, plan.interest) == (3_000_00, 60_20)


@given(TERM)
def test_laws_of_every_schedule(terms: Terms) -> None:
    plan = schedule(terms)
    assert plan.principal == terms.principal
    assert len(plan.instalments) == terms.instalments
    balance = Fraction(terms.principal)
    for one, rate in zip(plan.instalments, period_rates(terms), strict=True):
        exact = balance * rate
        assert abs(one.interest - exact) < 1, "interest is that of the balance, rounded once"
        balance -= one.principal
    assert balance == 0
    regular = {one.total for one in plan.instalments[:-1]}
    assert len(regular) <= 1 or terms.principal < 100 * terms.instalments, "every payment but the last is the same"
    assert plan.instalments[0].from_on == terms.start_on
    assert plan.instalments[-1].due_on == terms.due_on(terms.instalments)


START = date(2026, 1, 15)
YEAR = replace(TERMS, rate_annual=Decimal("0.18"), start_on=START)


def of_days(days: Sequence[int], start_on: date = date(2026, 2, 1)) -> tuple[Period, ...]:
    made, from_on = [], start_on
    for count in days:
        made.append(Period(from_on, from_on + timedelta(days=count), from_on + timedelta(days=count), (Unit.MONTH, 1)))
        from_on = made[-1].to_on
    return tuple(made)


def amounts(terms: Terms) -> list[tuple[int, int]]:
    return [(one.principal, one.interest) for one in schedule(terms).instalments]


@pytest.mark.parametrize(
    ("principal", "days", "daily", "solving", "rows"),
    [  # a joint-loan file's published fixtures: payments of a leading lender, reproduced to the fen
        (10_000_00, (28, 31, 30), "0.00098", "PERIOD_RATES", [(325231, 27440), (332172, 20499), (342597, 10072)]),
        (600_00, (31, 30, 30), "0.00098", "PERIOD_RATES", [(19385, 1823), (20014, 1194), (20601, 606)]),
        (800_00, (31, 30, 30), "0.00098", "PERIOD_RATES", [(25847, 2430), (26685, 1592), (27468, 808)]),
        (1_000_00, (31, 30, 30), "0.00098", "PERIOD_RATES", [(32308, 3038), (33356, 1990), (34336, 1009)]),
        (20_000_00, (28, 31, 30), "0.00098", "PERIOD_RATES", [(650461, 54880), (664342, 40999), (685197, 20145)]),
        (30_000_00, (28, 31, 30), "0.00098", "PERIOD_RATES", [(975692, 82320), (996514, 61498), (1027794, 30217)]),
        (600_00, (30, 31, 31), "0.00065", "HYBRID", [(19615, 1170), (19971, 814), (20414, 411)]),
    ],
)
def test_joint_loan_files_are_reproduced(
    principal: int, days: tuple[int, ...], daily: str, solving: str, rows: list[tuple[int, int]]
) -> None:
    terms = replace(
        TERMS,
        principal=principal,
        rate_annual=Decimal(daily) * 360,
        instalments=3,
        day_count=DayCount.ACT_360,
        solving=Solving(solving),
    )
    made = plan(terms, Remaining(balance=principal, from_on=date(2026, 2, 1), periods=of_days(days)))
    assert [(one.principal, one.interest) for one in made.instalments] == rows


@pytest.mark.parametrize(
    ("day_count", "payment", "interest", "last"),
    [("30/360", 916_80, 1_001_61, 916_81), ("ACT/360", 917_63, 1_011_51, 917_58), ("ACT/365F", 916_44, 997_30, 916_46)],
)
def test_one_loan_by_three_day_counts(day_count: str, payment: int, interest: int, last: int) -> None:
    made = schedule(replace(YEAR, day_count=DayCount(day_count)))
    assert (made.payment, made.interest, made.instalments[-1].total) == (payment, interest, last)


def test_equal_principal_leaves_the_residue_to_the_last_or_the_first() -> None:
    assert amounts(replace(YEAR, method=Method.EQUAL_PRINCIPAL)) == [
        (833_33 if no < 12 else 833_37, interest)
        for no, interest in enumerate(
            [15000, 13750, 12500, 11250, 10000, 8750, 7500, 6250, 5000, 3750, 2500, 1250], start=1
        )
    ]
    first = amounts(replace(YEAR, method=Method.EQUAL_PRINCIPAL, residue=Residue.FIRST))
    assert [principal for principal, _ in first] == [833_37] + [833_33] * 11


def test_interest_first_by_actual_days_from_a_month_end() -> None:
    terms = replace(
        YEAR,
        method=Method.INTEREST_FIRST,
        day_count=DayCount.ACT_360,
        instalments=3,
        start_on=date(2026, 1, 31),
    )
    made = schedule(terms).instalments
    assert [one.due_on for one in made] == [date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert [(one.principal, one.interest) for one in made] == [(0, 140_00), (0, 155_00), (10_000_00, 150_00)]


def test_bullet_flat_and_balloon() -> None:
    bullet = schedule(replace(YEAR, method=Method.BULLET, day_count=DayCount.ACT_360, instalments=6)).instalments
    assert [(one.due_on, one.principal, one.interest) for one in bullet] == [(date(2026, 7, 15), 10_000_00, 905_00)]
    flat = amounts(replace(YEAR, method=Method.EQUAL_INTEREST, rate_annual=Decimal("0.072")))
    assert flat == [(833_33, 60_00)] * 11 + [(833_37, 60_00)]
    balloon = schedule(replace(YEAR, method=Method.BALLOON, horizon=24))
    assert (balloon.payment, balloon.balloon) == (499_24, 5_445_48)
    assert balloon.instalments[-1].principal == balloon.rows[-1].principal + balloon.balloon


STAGED = replace(YEAR, method=Method.STAGED)


@pytest.mark.parametrize(
    ("stages", "rows"),
    [
        (  # 前3后21, cut to a year: interest only, then an annuity
            (Stage(first=1, last=9, pay=Pay.INTEREST), Stage(first=10, last=12)),
            [(0, 150_00)] * 9 + [(3_283_83, 150_00), (3_333_09, 100_74), (3_383_08, 50_75)],
        ),
        (  # half of the principal in two, the rest in ten
            (
                Stage(first=1, last=2, share=Decimal("0.5"), mode=Mode.EQUAL_PRINCIPAL),
                Stage(first=3, last=12, mode=Mode.EQUAL_PRINCIPAL),
            ),
            [(2_500_00, 150_00), (2_500_00, 112_50)] + [(500_00, 7500 - 750 * n) for n in range(10)],
        ),
        (  # nothing at first: the interest waits
            (Stage(first=1, last=2, pay=Pay.NOTHING), Stage(first=3, last=12, mode=Mode.EQUAL_PRINCIPAL)),
            [(0, 0), (0, 0), (1_000_00, 450_00)] + [(1_000_00, 13500 - 1500 * n) for n in range(9)],
        ),
        (  # principal that grows by 100.00 every four instalments
            (Stage(first=1, last=12, mode=Mode.EQUAL_PRINCIPAL, step_amount=100_00, step_every=4),),
            [
                (733_33, 150_00), (733_33, 139_00), (733_33, 128_00), (733_33, 117_00),
                (833_33, 106_00), (833_33, 93_50), (833_33, 81_00), (833_33, 68_50),
                (933_33, 56_00), (933_33, 42_00), (933_33, 28_00), (933_37, 14_00),
            ],
        ),
    ],
)  # fmt: skip
def test_stages_are_a_table(stages: tuple[Stage, ...], rows: list[tuple[int, int]]) -> None:
    assert amounts(replace(STAGED, stages=stages)) == rows


def test_stepped_payments_keep_their_steps_and_clear_the_loan() -> None:
    made = schedule(replace(STAGED, stages=(Stage(first=1, last=12, step_rate=Decimal("0.1"), step_every=6),)))
    totals = [one.total for one in made.instalments]
    assert len(set(totals[:6])) == len(set(totals[6:11])) == 1
    assert abs(totals[6] - totals[0] * Fraction(11, 10)) <= 1
    assert abs(totals[-1] - totals[6]) <= 42


def test_a_stage_has_its_own_frequency_and_rate() -> None:
    stages = (
        Stage(first=1, last=2, pay=Pay.INTEREST, every=3, rate_annual=Decimal("0.12")),
        Stage(first=3, last=8),
    )
    made = schedule(replace(STAGED, instalments=8, stages=stages)).instalments
    assert [one.due_on for one in made[:3]] == [date(2026, 4, 15), date(2026, 7, 15), date(2026, 8, 15)]
    assert [one.interest for one in made[:3]] == [300_00, 300_00, 150_00]


def test_agreed_rows_are_kept_and_their_interest_computed_only_where_it_is_absent() -> None:
    rows = (
        Specified(due_on=date(2026, 2, 15), principal=4_000_00, interest=1_23, fee=5_00),
        Specified(due_on=date(2026, 3, 15), principal=6_000_00),
    )
    terms = replace(YEAR, method=Method.SPECIFIED, instalments=2, specified=rows, day_count=DayCount.ACT_360)
    made = schedule(terms)
    assert [(one.principal, one.interest, one.fee) for one in made.instalments] == [
        (4_000_00, 1_23, 5_00),
        (6_000_00, 84_00, 0),
    ]
    assert made.fees == 5_00


def test_an_early_payment_shortens_reduces_or_changes_nothing() -> None:
    plain = schedule(YEAR)
    extra = EarlyPayment(amount=3_000_00, effect=Effect.SHORTEN_TERM, no=3)
    shorter = schedule(replace(YEAR, early_payments=(extra,)))
    lower = schedule(replace(YEAR, early_payments=(replace(extra, effect=Effect.REDUCE_PAYMENT),)))
    kept = schedule(replace(YEAR, early_payments=(replace(extra, effect=Effect.KEEP_PLAN),)))
    assert len(shorter.instalments) == 9
    assert {one.total for one in shorter.instalments[3:8]} == {plain.payment}
    assert len(lower.instalments) == 12
    assert lower.instalments[3].total == lower.instalments[10].total < plain.payment
    assert kept.instalments == plain.instalments
    assert [row.paid for row in kept.rows[2:7]] == [916_80 + 3_000_00, 0, 0, 0, 916_80 * 4 - 3_000_00]


def test_an_early_payment_between_due_dates_bears_interest_to_its_day() -> None:
    terms = replace(YEAR, day_count=DayCount.ACT_360)
    extra = EarlyPayment(amount=10_000_00, effect=Effect.SHORTEN_TERM, on=date(2026, 1, 25))
    (only,) = schedule(replace(terms, early_payments=(extra,))).instalments
    assert (only.principal, only.interest) == (10_000_00, 50_00)


def test_fees_by_basis_and_time() -> None:
    fees = (
        Fee(code="EACH", value=Decimal(2_92)),
        Fee(code="OF_LOAN", value=Decimal("0.001"), basis=FeeBasis.PRINCIPAL, when=FeeWhen.ONCE, no=2),
        Fee(code="OF_BALANCE", value=Decimal("0.001"), basis=FeeBasis.OUTSTANDING),
        Fee(code="OF_INTEREST", value=Decimal("0.1"), basis=FeeBasis.INTEREST),
        Fee(code="OF_PAYMENT", value=Decimal("0.01"), basis=FeeBasis.INSTALMENT),
        Fee(code="FRONT", value=Decimal("0.03"), basis=FeeBasis.PRINCIPAL, when=FeeWhen.DEDUCTED),
        Fee(code="LENDER_PAYS", value=Decimal(1_00), payer="FUNDER"),
    )
    made = schedule(replace(YEAR, fees=fees))
    assert dict(made.rows[0].fees) == {"EACH": 2_92, "OF_BALANCE": 10_00, "OF_INTEREST": 15_00, "OF_PAYMENT": 9_17}
    assert dict(made.rows[1].fees)["OF_LOAN"] == 10_00
    assert [(fee.code, amount) for fee, amount in fees_at_disbursement(replace(YEAR, fees=fees))] == [("FRONT", 300_00)]


def test_a_first_period_of_its_own_length() -> None:
    calendar = Calendar(rule=DueRule.FIXED_DAY, due_day=1)
    terms = replace(YEAR, day_count=DayCount.ACT_360, calendar=calendar)
    added = schedule(replace(terms, calendar=replace(calendar, first_period=FirstPeriod.DAYS_ADDED)))
    stub = schedule(replace(terms, calendar=replace(calendar, first_period=FirstPeriod.STUB)))
    assert schedule(terms).instalments[0].due_on == date(2026, 2, 1)
    assert added.instalments[0].interest == 85_00
    assert added.instalments[0].total < added.instalments[1].total
    assert [row.kind for row in stub.rows[:2]] == [Kind.STUB, Kind.INSTALMENT]
    assert len(stub.instalments) == 13
    assert (stub.instalments[0].principal, stub.instalments[0].interest) == (0, 85_00)


METHODS = [
    Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL, Method.INTEREST_FIRST, Method.BULLET, Method.EQUAL_INTEREST,
    Method.DAILY_REVOLVING, Method.BALLOON,
]  # fmt: skip
"""Methods that need no table."""
CALENDARS = st.builds(
    Calendar,
    unit=st.sampled_from(Unit),
    every=st.integers(1, 3),
    rule=st.sampled_from([DueRule.SAME_DAY, DueRule.MONTH_END]),
    short_month=st.sampled_from(ShortMonth),
    first_period=st.sampled_from(FirstPeriod),
    shift=st.sampled_from(Shift),
    shift_bears_interest=st.booleans(),
)
EVENTS = st.builds(EarlyPayment, amount=st.integers(1, 10**8), effect=st.sampled_from(Effect), no=st.integers(1, 12))
DATED = st.builds(
    EarlyPayment, amount=st.integers(1, 10**8), effect=st.sampled_from(Effect), on=st.dates(START, date(2032, 1, 1))
)
CHANGES = st.builds(
    RateChange,
    rate_annual=st.decimals(0, Decimal("0.36"), places=4),
    no=st.integers(2, 12),
    is_solved=st.just(value=True),
)
ANY = st.builds(
    Terms,
    principal=st.integers(1_00, 10_000_000_00),
    currency=st.just("CNY"),
    rate_annual=st.decimals(0, Decimal("0.36"), places=6),
    instalments=st.integers(1, 24),
    start_on=st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    day_count=st.sampled_from(DayCount),
    rounding=st.sampled_from(Rounding),
    grace_days=st.just(0),
    penalty_rate_annual=st.just(Decimal(0)),
    method=st.sampled_from(METHODS),
    solving=st.sampled_from([Solving.PERIOD_RATES, Solving.MONTH_RATE, Solving.HYBRID]),
    interest_rounding=st.sampled_from([None, *Rounding]),
    residue=st.sampled_from(Residue),
    calendar=CALENDARS,
    compounding_per_year=st.sampled_from([None, 1, 2, 12]),
    min_interest_days=st.integers(0, 3),
    early_payments=st.lists(EVENTS | DATED, max_size=2).map(tuple),
    rate_changes=st.lists(CHANGES, max_size=2).map(tuple),
    unpaid=st.sampled_from(Unpaid),
    carried=st.sampled_from(Carried),
)


@pytest.mark.law(48, 58)
@given(ANY.filter(lambda terms: terms.calendar.shift is Shift.NONE or terms.calendar.unit in MONTHS))
def test_laws_of_every_convention(terms: Terms) -> None:
    made = schedule(terms)
    assert made.principal == terms.principal, "what was lent is repaid, exactly"
    assert made.instalments == schedule(terms).instalments, "preview is booking"
    balance = terms.principal
    for one, row in zip(made.instalments, made.rows, strict=True):
        assert one.interest >= 0
        assert terms.carried is Carried.UNROUNDED or row.principal >= 0 or row.principal == -row.interest
        if terms.carried is Carried.ROUNDED:
            assert row.opening == balance, "rows chain"
            balance -= row.principal
            assert row.closing == balance
    if terms.carried is Carried.ROUNDED:
        assert made.balloon == balance, "the balloon is what is left"


@pytest.mark.law(50)
@given(
    st.integers(500_00, 50_000_00),
    st.integers(3, 36),
    st.decimals(Decimal("0.06"), Decimal("0.24"), places=4),
    st.sampled_from([Rounding.HALF_UP, Rounding.HALF_EVEN]),
    st.sampled_from([DayCount.THIRTY_360, DayCount.ACT_360, DayCount.ACT_365F]),
)
def test_the_residue_of_a_chinese_annuity_is_small(
    principal: int, count: int, rate: Decimal, rounding: Rounding, day_count: DayCount
) -> None:
    terms = replace(
        YEAR, principal=principal, instalments=count, rate_annual=rate, rounding=rounding, day_count=day_count
    )
    made = schedule(terms)
    assert abs(made.instalments[-1].total - made.payment) <= count + 30
    first = schedule(replace(terms, residue=Residue.FIRST))
    assert abs(first.instalments[-1].total - first.instalments[1].total) <= 5
    smooth = schedule(replace(terms, residue=Residue.SMOOTHED))
    assert abs(smooth.instalments[-1].total - smooth.payment) <= abs(made.instalments[-1].total - made.payment)


@given(st.integers(1, 11), st.integers(1_00, 9_999_99), st.integers(1, 364))
def test_tranches_and_rate_changes_keep_the_sum(no: int, amount: int, day: int) -> None:
    later = Disbursement(on=START + timedelta(days=day), amount=amount)
    drawn = (Disbursement(on=START, amount=10_000_00 - amount), later)
    changed = RateChange(rate_annual=Decimal("0.1"), on=START + timedelta(days=day * 7 % 365))
    terms = replace(
        YEAR, disbursements=drawn, rate_changes=(changed, RateChange(rate_annual=Decimal("0.2"), no=no + 1))
    )
    assert faults(terms) == ()
    made = schedule(terms)
    assert made.principal == 10_000_00
    assert sum(row.disbursed for row in made.rows) == amount
