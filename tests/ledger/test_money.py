"""Money: strict reading, one rounding, a split that sums to the whole."""

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.money import AmountInvalid, Money, Rounding, exact, formatted, minor_digits, rounded, split

READ = [
    ("350.00", "CNY", 35_000),
    ("0.01", "CNY", 1),
    ("7", "CNY", 700),
    ("1.5", "CNY", 150),
    ("120", "JPY", 120),
    ("1.234", "KWD", 1_234),
]


@pytest.mark.parametrize(("written", "currency", "minor"), READ)
def test_strict_reading(written: str, currency: str, minor: int) -> None:
    money = Money.parse(written, currency)
    assert money.minor == minor
    assert Money.parse(str(money), currency) == money


REFUSED = [
    "",
    " 1",
    "1 ",
    "1.005",
    "1e3",
    "NaN",
    "Infinity",
    "+1",
    "007",
    "1,000",
    "１２３",
    "1_000",
    "١٢٣",
    ".5",
    "5.",
    "0x10",
]


@pytest.mark.parametrize("written", REFUSED)
def test_anything_else_is_refused_by_name(written: str) -> None:
    with pytest.raises(AmountInvalid) as caught:
        Money.parse(written, "CNY")
    assert caught.value.code == "AMOUNT_INVALID"


def test_no_float_no_mixture_no_change() -> None:
    money = Money(100, "CNY")
    with pytest.raises((TypeError, ValueError)):
        Money(1.5, "CNY")  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError)):
        money * 1.5  # type: ignore[operator]
    with pytest.raises((TypeError, ValueError)):
        money + Money(1, "USD")
    with pytest.raises((AttributeError, TypeError)):
        money.minor = 5  # type: ignore[misc]


MODES = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.UP: ROUND_UP,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.CEILING: ROUND_CEILING,
    Rounding.FLOOR: ROUND_FLOOR,
}


@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from(list(Rounding)), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_rounding_is_decimal_s_own(value: Decimal, mode: Rounding, currency: str) -> None:
    step = Decimal(1).scaleb(-minor_digits(currency))
    assert rounded(value, currency, mode).decimal == value.quantize(step, MODES[mode])


@given(st.integers(-(10**12), 10**12))
def test_exact_takes_whole_minor_units_only(minor: int) -> None:
    assert exact(Decimal(minor).scaleb(-2), "CNY") == Money(minor, "CNY")
    with pytest.raises(AmountInvalid):
        exact(Decimal(minor).scaleb(-2) + Decimal("0.001"), "CNY")


@pytest.mark.law(40)
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1, max_size=9).filter(any))
def test_parts_sum_to_the_whole_and_keep_its_sign(minor: int, weights: list[int]) -> None:
    whole = Money(minor, "CNY")
    parts = split(whole, weights)
    assert sum(part.minor for part in parts) == minor
    assert all(part.minor * minor >= 0 for part in parts)
    assert split(whole, weights) == parts
    assert all(abs(part.minor - minor * w / sum(weights)) <= 1 + 1e-3 for part, w in zip(parts, weights, strict=True))


def test_shown_to_people() -> None:
    assert formatted(Money(123_450, "CNY"), "zh_CN") == "¥1,234.50"
