"""Appendix J against its own examples, and the laws of unit-periods."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import add_months
from domain.refusals import Refusal
from domain.servicing.annuity import NoRate, SeveralRates, pmt
from domain.servicing.appendix_j import Apr, Paid, Standard, UnitPeriod, apr, elapsed, unit_period_of

DAY, WEEK, SEMIMONTH, MONTH, YEAR = Standard


def _months(first: date, count: int, *, every: int = 1) -> list[date]:
    return [add_months(first, every * n) for n in range(count)]


def _weeks(first: date, count: int, *, every: int = 1) -> list[date]:
    return [first + timedelta(weeks=every * n) for n in range(count)]


def _halves(count: int) -> list[date]:
    """The first and the sixteenth of each month, from March 1978."""
    return [add_months(date(1978, 3, 1), n // 2, day=16 if n % 2 else 1) for n in range(count)]


def _found(cost: Apr | Refusal) -> Apr:
    assert isinstance(cost, Apr)
    return cost


JAN_10, FEB_10 = date(1978, 1, 10), date(1978, 2, 10)


@pytest.mark.parametrize(
    ("lent", "on", "dates", "payments", "unit", "whole", "part", "percent"),
    [
        # 12 CFR 1026, appendix J, (c)(1): odd first period or none, otherwise regular
        (5000, JAN_10, _months(FEB_10, 24), ["230"] * 24, (MONTH, 1), 1, "0/1", "9.69"),
        (6000, FEB_10, _months(date(1978, 4, 1), 36), ["200"] * 36, (MONTH, 1), 1, "19/30", "11.82"),
        (5000, date(1978, 2, 23), _halves(24), ["219.17"] * 24, (SEMIMONTH, 1), 0, "6/15", "10.34"),
        (10_000, date(1978, 5, 23), _months(date(1978, 10, 1), 40, every=3), ["385"] * 40, (MONTH, 3), 1, "39/90",
         "8.97"),
        (500, date(1978, 3, 20), _weeks(date(1978, 4, 21), 30), ["17.60"] * 30, (WEEK, 1), 4, "4/7", "14.96"),
        # (c)(2): odd first payment
        (5000, JAN_10, _months(FEB_10, 24), ["250", *["230"] * 23], (MONTH, 1), 1, "0/1", "10.08"),
        (400, date(1978, 3, 18), _weeks(date(1978, 4, 20), 12, every=4), ["39.50", *["38.31"] * 11], (WEEK, 4), 1,
         "5/28", "28.50"),
        # (c)(3): odd final payment
        (5000, JAN_10, _months(FEB_10, 24), [*["230"] * 23, "280"], (MONTH, 1), 1, "0/1", "10.50"),
        (200, date(1978, 4, 3), _weeks(date(1978, 4, 11), 20, every=2), [*["9.50"] * 19, "30"], (WEEK, 2), 0, "8/14",
         "12.22"),
        # (c)(4): odd first and final payment
        (5000, JAN_10, _months(FEB_10, 24), ["250", *["230"] * 22, "280"], (MONTH, 1), 1, "0/1", "10.90"),
        (8000, JAN_10, _months(date(1978, 3, 1), 20, every=2), ["449.36", *["465"] * 18, "200"], (MONTH, 2), 0,
         "52/60", "7.30"),
        # (c)(5): single advance, single payment
        (1000, date(1978, 1, 3), [date(1978, 9, 15)], ["1080"], (DAY, 255), 1, "0/1", "11.45"),
        (1000, date(1978, 7, 15), [date(1979, 1, 15)], ["1044"], (MONTH, 6), 1, "0/1", "8.80"),
        (1000, date(1978, 1, 17), [date(1979, 7, 17)], ["1135.19"], (YEAR, 1), 1, "6/12", "8.76"),
        (1000, date(1978, 1, 3), [date(1980, 1, 3)], ["1240"], (YEAR, 1), 2, "0/1", "11.36"),
    ],
)  # fmt: skip
def test_examples_of_the_regulation(
    lent: int,
    on: date,
    dates: list[date],
    payments: list[str],
    unit: tuple[Standard, int],
    whole: int,
    part: str,
    percent: str,
) -> None:
    paid = [Paid(day, -int(Decimal(amount) * 100)) for day, amount in zip(dates, payments, strict=True)]
    found = _found(apr([Paid(on, lent * 100), *paid]))
    above, below = part.split("/")
    assert found.unit_period == UnitPeriod(*unit)
    assert elapsed(on, dates[0], found.unit_period) == (whole, Decimal(above) / Decimal(below))
    assert round(found.rate * 100, 2) == Decimal(percent)
    assert not found.is_irregular


@pytest.mark.parametrize(
    ("flows", "is_irregular"),
    [
        ([(JAN_10, 100), *((on, -30) for on in _months(FEB_10, 4))], False),
        ([(JAN_10, 100), (FEB_10, -10), *((on, -40) for on in _months(date(1978, 3, 10), 2)), (date(1978, 5, 10), -30)],
         False),
        ([(JAN_10, 100), (FEB_10, -30), (date(1978, 3, 10), -40), (date(1978, 4, 10), -30), (date(1978, 5, 10), -30)],
         True),
        ([(JAN_10, 100), *((on, -60) for on in (FEB_10, date(1978, 3, 10), date(1978, 4, 17)))], True),
        ([(JAN_10, 100), (date(1978, 1, 20), 100), *((on, -80) for on in _months(FEB_10, 3))], True),
    ],
)  # fmt: skip
def test_the_wider_tolerance_is_for_irregular_transactions(flows: list[tuple[date, int]], is_irregular: bool) -> None:
    found = _found(apr([Paid(on, amount) for on, amount in flows]))
    assert found.is_irregular is is_irregular
    allowed = Decimal("0.0025") if is_irregular else Decimal("0.00125")
    for sign in (1, -1):
        assert found.is_within_tolerance(found.rate + sign * allowed)
        assert not found.is_within_tolerance(found.rate + sign * (allowed + Decimal("0.000001")))


@pytest.mark.parametrize(
    ("dates", "unit"),
    [
        (["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"], (MONTH, 1)),
        (["2026-01-15", "2026-01-31", "2026-02-15", "2026-02-28", "2026-03-15"], (SEMIMONTH, 1)),
        (["2026-01-01", "2027-01-01", "2028-01-01"], (YEAR, 1)),
        # equally common: the smaller
        (["2026-01-01", "2026-02-01", "2026-03-01", "2026-03-08", "2026-03-15"], (WEEK, 1)),
        # none common: the average of 10 and 34 days is nearer to three weeks than to a month
        (["2026-01-01", "2026-01-11", "2026-02-14"], (WEEK, 3)),
        (["2026-01-01", "2026-01-02"], (DAY, 1)),
    ],
)
def test_the_unit_period_is_the_commonest(dates: list[str], unit: tuple[Standard, int]) -> None:
    assert unit_period_of([date.fromisoformat(on) for on in dates]) == UnitPeriod(*unit)


@given(
    st.decimals(Decimal("0.001"), Decimal("0.9"), places=4),
    st.integers(2, 120),
    st.integers(1_000_000_00, 10**12),
    st.dates(date(2000, 1, 1), date(2040, 12, 31)).filter(lambda on: on.day <= 28),
)
def test_the_rate_of_a_loan_without_fees_is_its_nominal_rate(nominal: Decimal, n: int, lent: int, on: date) -> None:
    payment = pmt(nominal / 12, n, lent)
    assert isinstance(payment, Decimal)
    flows = [Paid(on, lent), *(Paid(add_months(on, k), int(payment)) for k in range(1, n + 1))]
    assert abs(_found(apr(flows)).rate - nominal) < Decimal("0.000001")


def test_flows_that_are_no_loan_have_no_rate() -> None:
    assert apr([Paid(JAN_10, 100)]) == NoRate()
    assert apr([Paid(JAN_10, 100), Paid(FEB_10, -99)]) == NoRate()
    lent_again = zip(_months(JAN_10, 4), (100, -120, 30, -20), strict=True)
    assert apr([Paid(on, amount) for on, amount in lent_again]) == SeveralRates(changes=3)


def test_a_second_advance_after_a_payment_is_discounted_from_its_own_day() -> None:
    amounts = (1000_00, -100_00, 500_00, -800_00, -800_00)
    found = _found(apr([Paid(on, amount) for on, amount in zip(_months(JAN_10, 5), amounts, strict=True)]))
    worth = sum((amount / (1 + found.rate / 12) ** n for n, amount in enumerate(amounts)), Decimal())
    assert abs(worth) < Decimal("0.001")
    assert found.is_irregular


def test_a_stated_unit_period_is_taken() -> None:
    flows = [Paid(date(2026, 1, 1), 1000_00), Paid(date(2026, 12, 31), -1100_00)]
    assert _found(apr(flows, unit_period=UnitPeriod(WEEK))).unit_period == UnitPeriod(WEEK)
