"""Money: a sealed value of whole minor units, strict parsing, the one rounding, and splitting that sums to the whole.

This is the only file that imports the currency table of ``moneyed``. Rates and interim interest stay `Decimal` (or
`Fraction`) until `rounded`; no float ever becomes an amount.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import ClassVar, Final, final

from babel.numbers import format_currency, get_currency_precision
from moneyed import CURRENCIES

PARSE_LIMIT_MINOR: Final = 10**16
"""The largest amount, in minor units, that `Money.parse` accepts from outside; sums inside have no limit."""

TEXT_LIMIT: Final = 24
"""The longest amount text looked at; anything longer cannot be an amount within `PARSE_LIMIT_MINOR`."""

EXPONENT_LIMIT: Final = 400
"""The largest absolute decimal exponent that `rounded` and `exact` work with."""

_DIGITS: Final[dict[str, int]] = {code: len(str(currency.sub_unit)) - 1 for code, currency in CURRENCIES.items()}
_PLAIN: Final = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)


class AmountFault(StrEnum):
    """Why a text or a number is not an amount; carried by `AmountInvalid.reason`."""

    NOT_TEXT = "not_text"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    SPACE = "space"
    NOT_ASCII = "not_ascii"
    PLUS_SIGN = "plus_sign"
    THOUSANDS_MARK = "thousands_mark"
    UNDERSCORE = "underscore"
    EXPONENT = "exponent"
    NOT_FINITE = "not_finite"
    LEADING_ZERO = "leading_zero"
    NEGATIVE_ZERO = "negative_zero"
    SURPLUS_DECIMALS = "surplus_decimals"
    TOO_LARGE = "too_large"
    UNKNOWN_CURRENCY = "unknown_currency"
    SYNTAX = "syntax"


class AmountInvalid(ValueError):
    """The text or number offered is not an amount; `reason` says why, `limit` the bound that was passed, if any."""

    code: ClassVar[str] = "AMOUNT_INVALID"

    def __init__(self, reason: AmountFault, *, limit: int | None = None) -> None:
        """Name the fault; the offered text itself is never repeated, for it may be hostile or private."""
        super().__init__(f"{self.code}: {reason}" + ("" if limit is None else f" (limit {limit})"))
        self.reason = reason
        self.limit = limit


class CurrencyMismatch(TypeError):
    """Two amounts of different currencies met in arithmetic or comparison: a bug of the caller."""


class Rounding(StrEnum):
    """The six modes of `rounded`; HALF_UP and UP move away from zero, CEILING and FLOOR along the number line."""

    HALF_UP = "HALF_UP"
    HALF_EVEN = "HALF_EVEN"
    UP = "UP"
    DOWN = "DOWN"
    CEILING = "CEILING"
    FLOOR = "FLOOR"


def minor_digits(currency: str) -> int:
    """Decimal places of a currency (CNY 2, JPY 0, KWD 3); refuses an unknown code with `AmountInvalid`."""
    digits = _DIGITS.get(currency)
    if digits is None:
        raise AmountInvalid(AmountFault.UNKNOWN_CURRENCY)
    return digits


@final
@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: whole minor units of one currency. Sealed; integers are its only arithmetic partners."""

    minor: int
    """Signed whole minor units (fen for CNY)."""
    currency: str
    """ISO 4217 code."""

    def __init_subclass__(cls) -> None:
        """Refuse subclasses: a second kind of money is a second set of rules."""
        msg = "Money is sealed"
        raise TypeError(msg)

    def __post_init__(self) -> None:
        """Refuse float, Decimal, bool and unknown currencies."""
        if type(self.minor) is not int:
            msg = f"Money is made of int minor units, not {type(self.minor).__name__}"
            raise TypeError(msg)
        if self.currency not in _DIGITS:
            raise AmountInvalid(AmountFault.UNKNOWN_CURRENCY)

    @staticmethod
    def parse(text: str, currency: str) -> "Money":
        """Read ``"350.00"`` strictly: ASCII digits, optional minus, no more decimals than the currency has."""
        return _parsed(text, currency)

    @staticmethod
    def zero(currency: str) -> "Money":
        """Nothing, in a currency."""
        return Money(0, currency)

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, exact whatever the decimal context."""
        return Decimal(f"{self.minor}E-{_DIGITS[self.currency]}")

    def __str__(self) -> str:
        """Plain decimal text with all places of the currency, as `parse` reads it: ``350.00``."""
        digits = _DIGITS[self.currency]
        if digits == 0:
            return str(self.minor)
        whole, part = divmod(abs(self.minor), 10**digits)
        return f"{'-' if self.minor < 0 else ''}{whole}.{part:0{digits}}"

    def __bool__(self) -> bool:
        """Whether it is not zero."""
        return self.minor != 0

    def __add__(self, other: "Money") -> "Money":
        """Sum of two amounts of one currency."""
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Difference of two amounts of one currency."""
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        """The amount with the other sign."""
        return Money(-self.minor, self.currency)

    def __abs__(self) -> "Money":
        """The amount without its sign."""
        return Money(abs(self.minor), self.currency)

    def __mul__(self, factor: int) -> "Money":
        """A whole multiple; a rate is applied with `rounded`, never here."""
        if type(factor) is not int:
            msg = f"Money is multiplied by int, not {type(factor).__name__}; use rounded() for rates"
            raise TypeError(msg)
        return Money(self.minor * factor, self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: "Money") -> bool:
        """Order within one currency."""
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        """Order within one currency."""
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        """Order within one currency."""
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        """Order within one currency."""
        return self.minor >= self._same(other)

    def _same(self, other: object) -> int:
        if not isinstance(other, Money):
            msg = f"Money does not mix with {type(other).__name__}"
            raise TypeError(msg)
        if other.currency != self.currency:
            msg = f"{self.currency} does not mix with {other.currency}"
            raise CurrencyMismatch(msg)
        return other.minor


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum of any number of amounts of one currency; none at all is zero."""
    whole = Money(0, currency)
    for amount in amounts:
        whole += amount
    return whole


def exact(number: Decimal | Fraction | int, currency: str) -> Money:
    """Major units that already are whole minor units; anything finer is refused as SURPLUS_DECIMALS."""
    numerator, denominator = _ratio(number)
    minor, rest = divmod(numerator * 10 ** minor_digits(currency), denominator)
    if rest:
        raise AmountInvalid(AmountFault.SURPLUS_DECIMALS, limit=minor_digits(currency))
    return Money(minor, currency)


def rounded(
    number: Decimal | Fraction | int,
    currency: str,
    mode: Rounding = Rounding.HALF_UP,
    multiple: int | None = None,
) -> Money:
    """Major units rounded to whole minor units, or to a whole `multiple` of minor units (100: whole yuan).

    The only rounding of amounts in the system. Computed on integers, so no decimal context can change the result.
    """
    step = 1 if multiple is None else multiple
    if type(step) is not int or step < 1:
        msg = "multiple is a positive number of minor units"
        raise ValueError(msg)
    numerator, denominator = _ratio(number)
    return Money(round_ratio(numerator * 10 ** minor_digits(currency), denominator * step, mode) * step, currency)


def round_ratio(numerator: int, denominator: int, mode: Rounding) -> int:
    """The whole number that `numerator / denominator` (denominator > 0) rounds to in a mode."""
    floor, rest = divmod(numerator, denominator)
    if not rest:
        return floor
    if mode is Rounding.FLOOR:
        return floor
    if mode is Rounding.CEILING:
        return floor + 1
    if mode is Rounding.DOWN:
        return floor if numerator > 0 else floor + 1
    if mode is Rounding.UP:
        return floor + 1 if numerator > 0 else floor
    twice = 2 * rest
    if twice != denominator:
        return floor + 1 if twice > denominator else floor
    if mode is Rounding.HALF_EVEN:
        return floor + (floor & 1)
    return floor + 1 if numerator > 0 else floor


def split(money: Money, weights: Sequence[int | Decimal | Fraction]) -> tuple[Money, ...]:
    """Shares by weight that sum to the whole: largest remainder, ties to the earlier share, each keeps the sign."""
    ratios = [Fraction(*_ratio(weight)) for weight in weights]
    if not ratios or min(ratios) < 0 or not any(ratios):
        msg = "weights are not negative and not all zero"
        raise ValueError(msg)
    whole, weight_total = abs(money.minor), sum(ratios)
    quotas = [ratio * whole / weight_total for ratio in ratios]
    shares = [quota.numerator // quota.denominator for quota in quotas]
    order = sorted(range(len(quotas)), key=lambda index: (shares[index] - quotas[index], index))
    for index in order[: whole - sum(shares)]:
        shares[index] += 1
    sign = -1 if money.minor < 0 else 1
    return tuple(Money(sign * share, money.currency) for share in shares)


def formatted(money: Money, locale: str = "zh_CN") -> str:
    """The amount as people of a locale write it: ``¥350.00``, with thousands marks; never read back."""
    usual = get_currency_precision(money.currency) == minor_digits(money.currency)
    return format_currency(
        money.decimal, money.currency, locale=locale, currency_digits=usual, decimal_quantization=usual
    )


def _ratio(number: Decimal | Fraction | int) -> tuple[int, int]:
    if isinstance(number, bool) or not isinstance(number, Decimal | Fraction | int):
        msg = f"an amount is never made from {type(number).__name__}"
        raise TypeError(msg)
    if isinstance(number, Decimal):
        if not number.is_finite():
            raise AmountInvalid(AmountFault.NOT_FINITE)
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and (abs(exponent) > EXPONENT_LIMIT or abs(number.adjusted()) > EXPONENT_LIMIT):
            raise AmountInvalid(AmountFault.EXPONENT, limit=EXPONENT_LIMIT)
    return number.as_integer_ratio()


def _parsed(text: str, currency: str) -> Money:
    digits = minor_digits(currency)
    if not isinstance(text, str):
        raise AmountInvalid(AmountFault.NOT_TEXT)
    if len(text) > TEXT_LIMIT:
        raise AmountInvalid(AmountFault.TOO_LONG, limit=TEXT_LIMIT)
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise AmountInvalid(_fault(text))
    sign, whole, part = match[1], match[2], match[3] or ""
    if len(part) > digits:
        raise AmountInvalid(AmountFault.SURPLUS_DECIMALS, limit=digits)
    minor = int(whole + part.ljust(digits, "0"))
    if minor > PARSE_LIMIT_MINOR:
        raise AmountInvalid(AmountFault.TOO_LARGE, limit=PARSE_LIMIT_MINOR)
    if sign and not minor:
        raise AmountInvalid(AmountFault.NEGATIVE_ZERO)
    return Money(-minor if sign else minor, currency)


_FAULTS: Final[tuple[tuple[str, AmountFault], ...]] = (
    (r"", AmountFault.EMPTY),
    (r".*\s.*", AmountFault.SPACE),
    (r".*[^\x00-\x7f].*", AmountFault.NOT_ASCII),
    (r"[+-]?(nan|snan|inf|infinity)[0-9]*", AmountFault.NOT_FINITE),
    (r"\+.*", AmountFault.PLUS_SIGN),
    (r"[-0-9.,']*[,'][-0-9.,']*", AmountFault.THOUSANDS_MARK),
    (r"[-0-9._]*_[-0-9._]*", AmountFault.UNDERSCORE),
    (r"-?[0-9.]+e[+-]?[0-9]+", AmountFault.EXPONENT),
    (r"-?0[0-9]+(\.[0-9]*)?", AmountFault.LEADING_ZERO),
)


def _fault(text: str) -> AmountFault:
    for pattern, fault in _FAULTS:
        if re.fullmatch(pattern, text, re.IGNORECASE | re.DOTALL):
            return fault
    return AmountFault.SYNTAX
