from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from seed.products import draft

VERSION = draft(funder_id=1, effective_from=date(2026, 1, 1))


@pytest.mark.parametrize(
    ("amount", "months", "offered"),
    [
        (250_00, 4, True),
        (20_000_00, 72, True),
        (249_00, 4, False),
        (20_001_00, 4, False),
        (1_000_50, 12, False),
        (1_000_00, 3, False),
        (1_000_00, 73, False),
    ],
)
def test_what_is_on_offer(amount: int, months: int, offered: bool) -> None:
    assert VERSION.offers(amount=amount, months=months) is offered


def test_the_penalty_rate_stays_under_the_cap() -> None:
    assert VERSION.penalty_rate_annual == Decimal("0.231")
    assert VERSION.penalty_rate_annual <= VERSION.rate_cap_annual
