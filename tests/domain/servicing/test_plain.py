"""The fast figures of a plain loan are those of its schedule, on every draw."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Calendar, Unit
from domain.servicing.plain import figures, is_plain
from domain.servicing.schedule import schedule
from domain.servicing.terms import Grace, Method, Residue, Terms
from ledger.money import Rounding
from tests.domain.servicing.test_terms import TERMS

PLAIN = st.builds(
    Terms,
    principal=st.integers(1, 10_000_000_00),
    currency=st.just("CNY"),
    rate_annual=st.decimals(0, Decimal("0.60"), places=6),
    instalments=st.integers(1, 60),
    start_on=st.dates(date(2019, 1, 1), date(2031, 1, 1)),
    day_count=st.just(DayCount.THIRTY_360),
    rounding=st.sampled_from(Rounding),
    grace_days=st.just(0),
    penalty_rate_annual=st.just(Decimal(0)),
    interest_rounding=st.sampled_from([None, *Rounding]),
    payment_multiple=st.sampled_from([1, 10, 100]),
    interest_multiple=st.sampled_from([1, 10]),
    payments_per_year=st.sampled_from([None, 12]),
    calendar=st.builds(Calendar, unit=st.sampled_from([Unit.MONTH, Unit.QUARTER, Unit.YEAR]), every=st.integers(1, 3)),
)


@given(PLAIN)
def test_figures_are_those_of_the_schedule(terms: Terms) -> None:
    fast, rows = figures(terms), schedule(terms).rows
    assert fast.interest == [row.interest for row in rows]
    assert fast.principal == [row.principal for row in rows]
    assert fast.closing == [row.closing for row in rows]
    assert terms.instalments == 1 or fast.payment == rows[0].payment


@pytest.mark.parametrize(
    "other",
    [
        {"method": Method.EQUAL_PRINCIPAL},
        {"day_count": DayCount.ACT_360},
        {"grace": Grace(principal=1)},
        {"residue": Residue.FIRST},
        {"calendar": Calendar(unit=Unit.WEEK)},
        {"calendar": Calendar(max_day=28)},
        {"down_payment": 1},
        {"is_in_advance": True},
        {"is_continuous": True},
        {"rest_every": 12},
    ],
)
def test_a_loan_to_which_something_happens_is_not_plain(other: dict[str, object]) -> None:
    assert is_plain(TERMS)
    assert not is_plain(replace(TERMS, **other))  # type: ignore[arg-type]  # any field
    with pytest.raises(AssertionError):
        figures(replace(TERMS, **other))  # type: ignore[arg-type]  # any field
