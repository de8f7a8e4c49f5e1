"""What an instalment and a schedule may be at all."""

from dataclasses import replace
from datetime import date

import pytest

from domain.servicing.duedate import Period, Unit
from domain.servicing.instalment import Instalment, Row, Schedule


def test_lines_that_make_no_sense_cannot_be_built() -> None:
    first = Instalment(1, date(2026, 1, 1), date(2026, 2, 1), 10, 1)
    for wrong in (
        {"no": 0},
        {"principal": -2},
        {"interest": -1},
        {"due_on": date(2025, 12, 31)},
        {"due_on": date(2026, 1, 1)},
    ):
        with pytest.raises(AssertionError):
            replace(first, **wrong)
    with pytest.raises(AssertionError):
        Schedule("CNY", (first, replace(first, no=3, from_on=date(2026, 2, 1), due_on=date(2026, 3, 1))))
    with pytest.raises(AssertionError):
        Schedule("CNY", (first, replace(first, no=2)))


def test_a_row_pays_its_parts_and_a_balloon_besides() -> None:
    period = Period(date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 1), (Unit.MONTH, 1))
    row = Row(
        no=1, period=period, opening=100, principal=60, interest=5, closing=40, balloon=40, fees=(("A", 2), ("B", 1))
    )
    assert (row.fee, row.paid, row.total) == (3, 68, 108)
    assert replace(row, advance=10, prepaid=4).paid == 74
