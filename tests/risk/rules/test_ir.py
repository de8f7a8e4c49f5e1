from datetime import date
from decimal import Decimal

import pytest

from risk.rules.ir import (
    Absent,
    Anything,
    Cell,
    Input,
    Interval,
    IsMissing,
    Kind,
    Known,
    Not,
    OneOf,
    Outcome,
    Truth,
    fits,
    truth,
    worst,
)

FIVE = OneOf(frozenset({5}))
RANGE = Interval(5, 9, low_in=True, high_in=False)


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        (Anything(), 1, True),
        (Anything(), Absent.MISSING, True),
        (Anything(), Absent.INVALID, True),
        (IsMissing(), Absent.MISSING, True),
        (IsMissing(), Absent.INVALID, None),
        (IsMissing(), 1, False),
        (Not(IsMissing()), Absent.MISSING, False),
        (Not(IsMissing()), Absent.INVALID, None),
        (Not(IsMissing()), 1, True),
        (FIVE, 5, True),
        (FIVE, 6, False),
        (FIVE, Absent.MISSING, None),
        (Not(FIVE), 5, False),
        (Not(FIVE), 6, True),
        (Not(FIVE), Absent.MISSING, None),
        (Not(FIVE), Absent.INVALID, None),
        (RANGE, 5, True),
        (RANGE, 8, True),
        (RANGE, 9, False),
        (RANGE, 4, False),
        (RANGE, Absent.INVALID, None),
        (Interval(None, Decimal("0.6"), low_in=False, high_in=True), Decimal("0.60"), True),
        (Interval(date(2025, 1, 1), None, low_in=False, high_in=False), date(2025, 1, 1), False),
    ],
)
def test_truth_is_three_valued(cell: Cell, value: Known, expected: Truth) -> None:
    assert truth(cell, value) is expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (Kind.INTEGER, 17, True),
        (Kind.INTEGER, "17", False),
        (Kind.INTEGER, 17.0, False),
        (Kind.INTEGER, True, False),
        (Kind.INTEGER, Decimal(17), False),
        (Kind.INTEGER, 121, False),
        (Kind.DECIMAL, Decimal(17), True),
        (Kind.DECIMAL, Decimal("NaN"), False),
        (Kind.DECIMAL, Decimal("Infinity"), False),
        (Kind.DECIMAL, 17, False),
        (Kind.BOOLEAN, True, True),
        (Kind.BOOLEAN, 1, False),
        (Kind.BOOLEAN, "true", False),
        (Kind.ENUM, "A", True),
        (Kind.ENUM, "a", False),
        (Kind.ENUM, None, False),
        (Kind.ENUM, ["A"], False),
    ],
)
def test_a_value_fits_its_exact_type_only(kind: Kind, value: object, expected: bool) -> None:
    levels = ("A", "B") if kind is Kind.ENUM else ()
    maximum = 120 if kind is Kind.INTEGER else None
    declared = Input(name="x", kind=kind, zh="x", en="x", levels=levels, maximum=maximum)
    assert fits(declared, value) is expected


def test_the_worst_outcome_counts() -> None:
    assert worst() is Outcome.PASS
    assert worst(Outcome.PASS, Outcome.REFER) is Outcome.REFER
    assert worst(Outcome.REJECT, Outcome.REFER, Outcome.PASS) is Outcome.REJECT
