"""The European rate against published examples, and its intervals against the Commission's."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calendar import add_months
from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.aprc import Interval, aprc, elapsed, shown

YEAR, MONTH, WEEK = Interval
START = date(2022, 1, 1)


def _level(lent: int, payment: int, months: int) -> list[tuple[date, int]]:
    return [(START, lent), *((add_months(START, k), -payment) for k in range(1, months + 1))]


@pytest.mark.parametrize(
    ("flows", "percent"),
    [
        # Council Directive 98/7/EC, annex III, B: standard year of twelve equal months
        ([(date(1994, 1, 1), 1000_00), (date(1995, 7, 1), -1200_00)], "12.9"),
        ([(date(1994, 1, 1), 950_00), (date(1995, 7, 1), -1200_00)], "16.9"),
        ([(date(1994, 1, 1), 1000_00), (date(1995, 1, 1), -600_00), (date(1996, 1, 1), -600_00)], "13.1"),
        (
            [
                (date(1994, 1, 1), 1000_00),
                (date(1994, 4, 1), -272_00),
                (date(1994, 7, 1), -272_00),
                (date(1995, 1, 1), -544_00),
            ],
            "13.2",
        ),
        # rimas-kudelis/php-apr-calculator, after an example of the Consumer Finance Association: personal loan
        (_level(10_000_00, 222_44, 60), "12.7"),
    ],
)
def test_published_rates(flows: list[tuple[date, int]], percent: str) -> None:
    found = aprc(flows)
    assert isinstance(found, Decimal)
    assert shown(found) * 100 == Decimal(percent)


@pytest.mark.parametrize(
    ("flows", "expected"),
    [  # Curo, tests and documentation of its day count EU 2008/48/EC
        (_level(10_000_00, 1_707_00, 6), "0.08569257"),
        (_level(1_000_00, 172_55, 6), "0.1268619061"),
    ],
)
def test_rates_of_another_calculator(flows: list[tuple[date, int]], expected: str) -> None:
    found = aprc(flows)
    assert isinstance(found, Decimal)
    assert abs(found - Decimal(expected)) < Decimal("5e-9")


@pytest.mark.parametrize(
    ("start", "end", "interval", "whole", "days", "year"),
    [  # Commission, SWD(2012) 128, 4.1.1, as recorded in the tests of Curo
        ("2019-01-12", "2020-01-12", MONTH, 12, 0, 365),
        ("2012-01-12", "2012-02-15", MONTH, 1, 3, 365),
        ("2012-01-12", "2012-03-15", MONTH, 2, 3, 365),
        ("2013-01-12", "2013-02-15", MONTH, 1, 3, 366),
        ("2013-01-12", "2013-04-15", MONTH, 3, 3, 366),
        ("2013-02-25", "2013-03-28", MONTH, 1, 3, 366),
        ("2013-02-26", "2013-03-29", MONTH, 1, 2, 366),
        ("2012-02-26", "2012-03-29", MONTH, 1, 3, 366),
        ("2012-01-12", "2012-02-15", YEAR, 0, 34, 365),
        ("2012-01-12", "2013-02-15", YEAR, 1, 34, 365),
        ("2012-01-12", "2014-02-15", YEAR, 2, 34, 365),
        ("2020-01-01", "2021-03-15", YEAR, 1, 74, 366),
        ("2012-01-12", "2012-01-26", WEEK, 2, 0, 365),
        ("2012-01-12", "2013-01-10", WEEK, 52, 0, 365),
        ("2012-01-12", "2012-01-30", WEEK, 2, 4, 365),
        ("2012-01-12", "2013-01-12", WEEK, 52, 2, 365),
    ],
)
def test_intervals_are_counted_back(start: str, end: str, interval: Interval, whole: int, days: int, year: int) -> None:
    found = elapsed(date.fromisoformat(start), date.fromisoformat(end), interval)
    assert found == (whole, Decimal(days) / year)


@given(st.integers(1, 10**7), st.integers(1, 400), st.integers(0, 100), st.sampled_from(Interval))
def test_one_payment_has_the_rate_that_can_be_solved_for(lent: int, days: int, markup: int, interval: Interval) -> None:
    end = date.fromordinal(START.toordinal() + days)
    paid = lent + lent * markup // 100
    whole, part = elapsed(START, end, interval)
    found = aprc([(START, lent), (end, -paid)], interval=interval)
    direct = (Decimal(paid) / lent) ** (1 / (Decimal(whole) / interval.per_year + part)) - 1
    if isinstance(found, NoRate):  # beyond any rate that is looked at
        assert direct > 10**12
        return
    assert isinstance(found, Decimal)
    assert abs(found - direct) < Decimal("1e-9") * (1 + direct)


def test_flows_that_are_no_loan_have_no_rate() -> None:
    assert aprc([(START, 100)]) == NoRate()
    lent_again = [(add_months(START, n), amount) for n, amount in enumerate((100, -120, 30, -20))]
    assert aprc(lent_again) == SeveralRates(changes=3)


def test_a_second_drawdown_after_a_payment_is_discounted_from_its_own_day() -> None:
    flows = [(add_months(START, n), amount) for n, amount in enumerate((1000_00, -100_00, 500_00, -800_00, -800_00))]
    found = aprc(flows)
    assert isinstance(found, Decimal)
    worth = sum((amount / (1 + found) ** (Decimal(n) / 12) for n, (_, amount) in enumerate(flows)), Decimal())
    assert abs(worth) < Decimal("0.001")
