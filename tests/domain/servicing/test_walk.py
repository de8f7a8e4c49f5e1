"""The walk over what is left of a loan, and what it does with interest that is not paid."""

from dataclasses import replace
from decimal import Decimal

from domain.servicing.instalment import Remaining
from domain.servicing.schedule import plan, schedule
from domain.servicing.terms import Grace, RateChange, Unpaid
from tests.domain.servicing.test_schedule import YEAR, amounts


def test_what_is_left_is_planned_by_the_same_code() -> None:
    whole = schedule(YEAR)
    rest = plan(
        YEAR,
        Remaining(
            balance=sum(one.principal for one in whole.instalments[4:]),
            from_on=whole.instalments[4].from_on,
            no=5,
            payment=whole.payment,
        ),
    )
    assert rest.instalments == whole.instalments[4:]


def test_unpaid_interest_waits_or_grows() -> None:
    grace = Grace(principal=2, interest=2)
    waits = amounts(replace(YEAR, grace=grace))
    grows = amounts(replace(YEAR, grace=grace, unpaid=Unpaid.CAPITALISED))
    assert waits[:2] == [(0, 0), (0, 0)]
    assert waits[2][1] == 450_00
    assert grows[:2] == [(-150_00, 150_00), (-152_25, 152_25)]
    assert sum(principal for principal, _ in grows) == 10_000_00


def test_negative_amortisation_only_where_it_is_declared() -> None:
    cap = RateChange(rate_annual=Decimal("0.60"), no=2, payment_cap=Decimal("1.01"))
    capped = schedule(replace(YEAR, instalments=120, rate_changes=(cap,)))
    assert capped.instalments[1].principal < 0
    assert capped.instalments[1].total == schedule(replace(YEAR, instalments=120)).payment * 101 // 100
    free = schedule(replace(YEAR, instalments=120, rate_changes=(replace(cap, payment_cap=None),)))
    assert min(one.principal for one in free.instalments) >= 0
