"""The functions of spreadsheets against their published examples, each other, and a plan written out by hand."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.refusals import Invalid, Refusal
from domain.servicing.annuity import (
    NeverReached,
    NoRate,
    SeveralRates,
    When,
    cumipmt,
    cumprinc,
    effect,
    fv,
    ipmt,
    irr,
    level,
    mirr,
    nominal,
    nper,
    npv,
    pmt,
    ppmt,
    pv,
    rate,
)

END, BEGIN = When.END, When.BEGIN
D = Decimal


def month(percent: str) -> Decimal:
    return D(percent) / 1200


PUBLISHED = [
    # numpy-financial, docstrings of the functions
    ("numpy pmt", pmt(month("7.5"), 180, 200_000), "-1854.0247200054619", "1e-10"),
    ("numpy fv", fv(month("5"), 120, -100, -100), "15692.928894335748", "1e-9"),
    ("numpy fv 6", fv(month("6"), 120, -100, -100), "16569.87435405", "1e-8"),
    ("numpy fv 7", fv(month("7"), 120, -100, -100), "17509.44688102", "1e-8"),
    ("numpy pv", pv(month("5"), 120, -100, fv=D("15692.93")), "-100.00067131625819", "1e-9"),
    ("numpy pv 4", pv(month("4"), 120, -100, fv=D("15692.93")), "-649.26771385", "1e-8"),
    ("numpy pv 3", pv(month("3"), 120, -100, fv=D("15692.93")), "-1273.78633713", "1e-8"),
    ("numpy nper", nper(month("7"), -150, 8000), "64.07335", "1e-5"),
    ("numpy nper table", nper(month("7"), -100, 9000), "127.99022654", "1e-8"),
    ("numpy nper table", nper(month("8"), -150, 8000), "66.12443902", "1e-8"),
    ("numpy ipmt 1", ipmt(month("8.24"), 1, 12, 2500), "-17.17", "0.005"),
    ("numpy ppmt 1", ppmt(month("8.24"), 1, 12, 2500), "-200.58", "0.005"),
    ("numpy ipmt 12", ipmt(month("8.24"), 12, 12, 2500), "-1.49", "0.005"),
    ("numpy ppmt 12", ppmt(month("8.24"), 12, 12, 2500), "-216.26", "0.005"),
    ("numpy sum of ipmt", cumipmt(month("8.24"), 12, 2500, 1, 12), "-112.98", "0.005"),
    ("numpy irr", irr([-100, 39, 59, 55, 20]), "0.28095", "5e-6"),
    ("numpy irr", irr([-100, 0, 0, 74]), "-0.0955", "5e-6"),
    ("numpy irr", irr([-100, 100, 0, -7], near=0), "-0.0833", "5e-6"),
    ("numpy irr", irr([-100, 100, 0, 7]), "0.06206", "5e-6"),
    ("numpy irr", irr([-5, D("10.5"), 1, -8, 1], near=0), "0.0886", "5e-6"),
    ("numpy npv", npv(D("0.08"), [-40_000, 5_000, 8_000, 12_000, 30_000]), "3065.22267", "1e-5"),
    # Microsoft, function reference of Excel
    ("excel PMT", pmt(month("8"), 10, 10_000), "-1037.03", "0.005"),
    ("excel PMT begin", pmt(month("8"), 10, 10_000, when=BEGIN), "-1030.16", "0.005"),
    ("excel PMT saving", pmt(month("6"), 216, 0, fv=50_000), "-129.08", "0.005"),
    ("excel IPMT", ipmt(month("10"), 1, 36, 8_000), "-66.67", "0.005"),
    ("excel IPMT year 3", ipmt(D("0.1"), 3, 3, 8_000), "-292.45", "0.005"),
    ("excel PPMT", ppmt(month("10"), 1, 24, 2_000), "-75.62", "0.005"),
    ("excel PPMT year 10", ppmt(D("0.08"), 10, 10, 200_000), "-27598.05", "0.005"),
    ("excel CUMIPMT", cumipmt(month("9"), 360, 125_000, 13, 24), "-11135.23213", "5e-6"),
    ("excel CUMIPMT 1", cumipmt(month("9"), 360, 125_000, 1, 1), "-937.5", "1e-20"),
    ("excel CUMPRINC", cumprinc(month("9"), 360, 125_000, 13, 24), "-934.1071234", "1e-7"),
    ("excel CUMPRINC 1", cumprinc(month("9"), 360, 125_000, 1, 1), "-68.27827118", "1e-8"),
    ("excel PV", pv(month("8"), 240, 500), "-59777.15", "0.005"),
    ("excel FV begin", fv(month("6"), 10, -200, -500, when=BEGIN), "2581.40", "0.005"),
    ("excel FV", fv(month("12"), 12, -1000, 0), "12682.50", "0.005"),
    ("excel FV begin 2", fv(month("11"), 35, -2000, 0, when=BEGIN), "82846.25", "0.005"),
    ("excel NPER begin", nper(month("12"), -100, -1000, fv=10_000, when=BEGIN), "59.6738657", "5e-8"),
    ("excel NPER", nper(month("12"), -100, -1000, fv=10_000), "60.0821229", "5e-8"),
    ("excel NPER past", nper(month("12"), -100, -1000), "-9.57859404", "5e-9"),
    ("excel RATE", rate(48, -200, 8_000), "0.007701472", "1e-9"),
    ("excel EFFECT", effect(D("0.0525"), 4), "0.0535427", "5e-8"),
    ("excel NOMINAL", nominal(D("0.053543"), 4), "0.05250032", "5e-9"),
    ("excel IRR four years", irr([-70_000, 12_000, 15_000, 18_000, 21_000]), "-0.021", "0.0005"),
    ("excel IRR five years", irr([-70_000, 12_000, 15_000, 18_000, 21_000, 26_000]), "0.087", "0.0005"),
    ("excel IRR two years", irr([-70_000, 12_000, 15_000], near=D("-0.1")), "-0.444", "0.0005"),
    (
        "excel MIRR five years",
        mirr([-120_000, 39_000, 30_000, 21_000, 37_000, 46_000], D("0.10"), D("0.12")),
        "0.1261",
        "5e-5",
    ),
    ("excel MIRR three years", mirr([-120_000, 39_000, 30_000, 21_000], D("0.10"), D("0.12")), "-0.0480", "5e-5"),
    # SAS, function reference; there payments have no sign
    ("sas PPMT", ppmt(month("10"), 1, 24, -2_000), "75.62", "0.005"),
    ("sas CUMPRINC", cumprinc(month("9"), 360, -125_000, 13, 24), "934.107", "0.0005"),
]


@pytest.mark.parametrize(("found", "expected", "within"), [row[1:] for row in PUBLISHED], ids=[r[0] for r in PUBLISHED])
def test_published_examples(found: Decimal | Refusal, expected: str, within: str) -> None:
    assert isinstance(found, Decimal)
    assert abs(found - D(expected)) <= D(within)


def _value(found: Decimal | Refusal) -> Decimal:
    assert isinstance(found, Decimal)
    return found


RATES = st.decimals(D("-0.2"), 2, places=8)
AMOUNTS = st.decimals(-1_000_000, 1_000_000, places=2)
WHEN = st.sampled_from(When)


@given(RATES, st.integers(1, 60), AMOUNTS, AMOUNTS, WHEN)
def test_each_letter_of_the_equation_gives_the_others_back(
    i: Decimal, n: int, present: Decimal, future: Decimal, when: When
) -> None:
    payment = _value(pmt(i, n, present, fv=future, when=when))
    scale = (abs(present) + abs(future) + n * abs(payment) + 1) * (1 + abs(i)) ** n * 5**n
    assert abs(_value(fv(i, n, payment, present, when=when)) - future) < scale * D("1e-24")
    assert abs(_value(pv(i, n, payment, fv=future, when=when)) - present) < scale * D("1e-24")


@settings(max_examples=20)
@given(st.decimals(0, D("0.5"), places=6), st.integers(1, 30), st.integers(1, 10**9), WHEN)
def test_interest_and_principal_are_those_of_a_plan_written_out(i: Decimal, n: int, lent: int, when: When) -> None:
    payment, owed, rated = Fraction(_value(pmt(i, n, lent, when=when))), Fraction(lent), Fraction(i)
    for k in range(1, n + 1):
        interest = Fraction() if when is BEGIN and k == 1 else owed * rated
        assert abs(Fraction(_value(ipmt(i, k, n, lent, when=when))) + interest) < Fraction(lent, 10**15)
        assert abs(Fraction(_value(ppmt(i, k, n, lent, when=when))) - payment - interest) < Fraction(lent, 10**15)
        owed += interest + payment
    assert _value(cumprinc(i, n, lent, 1, n, when=when)) == pytest.approx(-lent)
    total = _value(cumipmt(i, n, lent, 1, n, when=when)) + _value(cumprinc(i, n, lent, 1, n, when=when))
    assert abs(total - n * _value(pmt(i, n, lent, when=when))) < D("1e-15") * lent


@settings(max_examples=30)
@given(st.decimals(D("0.00001"), D("0.2"), places=8), st.integers(1, 120), st.integers(1000, 10**9), WHEN)
def test_rate_and_number_of_a_payment_are_those_it_was_made_of(i: Decimal, n: int, lent: int, when: When) -> None:
    payment = _value(pmt(i, n, lent, when=when))
    if when is END or n > 1:  # one payment on the day of the loan has any rate
        assert abs(_value(rate(n, payment, lent, when=when)) - i) < D("1e-12")
    assert abs(_value(nper(i, payment, lent, when=when)) - n) < D("1e-5")


@given(st.integers(1, 365), st.decimals(D("-0.5"), 5, places=6))
def test_nominal_undoes_effect(periods: int, yearly: Decimal) -> None:
    effective = _value(effect(yearly, periods)) if yearly / periods > -1 else D(0)
    assert abs(_value(nominal(effective, periods)) - (yearly if effective else 0)) < D("1e-15") * (1 + effective)


@pytest.mark.parametrize("tiny", ["1e-25", "1e-39", "-1e-39", "1e-41", "0"])
def test_a_tiny_rate_is_continuous_with_none(tiny: str) -> None:
    assert abs(_value(pmt(D(tiny), 360, 3600)) + 10) < D("1e-20")


def test_nothing_is_paid_on_the_first_day_but_principal() -> None:
    assert ipmt(D("0.01"), 1, 12, 1000, when=BEGIN) == 0
    assert ppmt(D("0.01"), 1, 12, 1000, when=BEGIN) == pmt(D("0.01"), 12, 1000, when=BEGIN)


def _codes(found: Decimal | Refusal) -> list[tuple[str | None, str]]:
    assert isinstance(found, Invalid)
    return [(fault.field, fault.code) for fault in found.faults]


@pytest.mark.parametrize(
    ("found", "faults"),
    [
        (pmt(D(-1), 12, 1000), [("rate", "RATE_IMPOSSIBLE")]),
        (
            pmt(D(-2), 0, D("NaN")),
            [("pv", "NUMBER_NOT_FINITE"), ("rate", "RATE_IMPOSSIBLE"), ("n", "PERIOD_IMPOSSIBLE")],
        ),
        (pmt(D("Infinity"), 12, 1000), [("rate", "NUMBER_NOT_FINITE")]),
        (pmt(D("1e9"), 12, 1000), [("rate", "RATE_IMPOSSIBLE")]),
        (pmt(0, 10**6, 1000), [("n", "PERIOD_IMPOSSIBLE")]),
        (fv(0, -1, 1, 1), [("n", "PERIOD_IMPOSSIBLE")]),
        (ipmt(0, 0, 12, 1000), [("first", "PERIOD_IMPOSSIBLE"), ("last", "PERIOD_IMPOSSIBLE")]),
        (ppmt(0, 13, 12, 1000), [("first", "PERIOD_IMPOSSIBLE"), ("last", "PERIOD_IMPOSSIBLE")]),
        (cumipmt(0, 12, 1000, 5, 4), [("last", "PERIOD_IMPOSSIBLE")]),
        (nper(D(-3), -100, 1000), [("rate", "RATE_IMPOSSIBLE")]),
        (rate(0, -100, 1000), [("n", "PERIOD_IMPOSSIBLE")]),
        (effect(D("0.1"), 0), [("n", "PERIOD_IMPOSSIBLE")]),
        (nominal(D(-1), 12), [("rate", "RATE_IMPOSSIBLE")]),
        (npv(D(-1), [1, 2]), [("rate", "RATE_IMPOSSIBLE")]),
        (npv(0, []), [("n", "PERIOD_IMPOSSIBLE")]),
        (irr([1, D("NaN")]), [("flows.1", "NUMBER_NOT_FINITE")]),
        (mirr([-1], 0, D(-1)), [("rate", "RATE_IMPOSSIBLE"), ("n", "PERIOD_IMPOSSIBLE")]),
        (mirr([-1, 2], D(-1), 0), [("rate", "RATE_IMPOSSIBLE")]),
    ],
)
def test_impossible_inputs_are_refused_by_name(found: Decimal | Refusal, faults: list[tuple[str | None, str]]) -> None:
    assert _codes(found) == faults


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (nper(D("0.01"), -10, 1000), NeverReached()),
        (nper(D("0.01"), -5, 1000), NeverReached()),
        (nper(0, 0, 1000), NeverReached()),
        (irr([100, 200]), NoRate()),
        (irr([0, 0]), NoRate()),
        (rate(12, 100, 1000), NoRate()),
        (irr([-1, 5, -6]), SeveralRates(changes=2)),
        (irr([100, -201, 110], near=0), NoRate()),
        (mirr([1, 2], 0, 0), NoRate()),
    ],
)
def test_equations_without_an_answer_say_so(found: Decimal | Refusal, expected: Refusal) -> None:
    assert found == expected


def test_of_several_rates_the_one_that_is_meant() -> None:
    flows = [-1, 5, -6]  # worth nothing at 100 % and at 200 %
    assert irr(flows, near=D("0.9")) == 1
    assert irr(flows, near=D("2.1")) == 2


def test_a_single_change_of_the_running_sum_has_one_rate_above_nought() -> None:
    found = _value(irr([-100, 150, -20, 10]))  # three changes of direction; running sum -100, 50, 30, 40
    assert found > 0
    assert abs(_value(npv(found, [-100, 150, -20, 10]))) < D("1e-15")


@given(st.integers(1, 10**9), st.lists(st.decimals(0, D("0.2"), places=6), min_size=1, max_size=60), st.integers(0, 9))
def test_the_level_payment_leaves_what_it_should(lent: int, rates: list[Decimal], tenths: int) -> None:
    left = lent * tenths // 10
    payment, owed = Fraction(level(lent, rates, final=left)), Fraction(lent)
    for one in rates:
        owed = owed * (1 + Fraction(one)) - payment
    assert abs(owed - left) < Fraction(lent, 10**20)


@given(st.decimals(0, D("0.2"), places=6), st.integers(1, 120), st.integers(1, 10**9))
def test_the_level_payment_of_equal_rates_is_that_of_the_textbook(i: Decimal, n: int, lent: int) -> None:
    assert abs(level(lent, [i] * n) + _value(pmt(i, n, lent))) < D("1e-18") * lent
