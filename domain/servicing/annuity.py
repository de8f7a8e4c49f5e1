"""货币时间价值, the time value of money: the functions that spreadsheets have, exact, in decimals. Pure.

Signs are those of spreadsheets and of numpy-financial: what one receives is positive, what one pays negative, so the
payment of a loan of 200,000 is negative. All functions solve one equation for one of its letters:

    pv·(1+rate)^n + pmt·(1 + rate·begin)·((1+rate)^n - 1)/rate + fv = 0

Rates are fractions per period (0.01 is 1 %). Results carry `GIVEN` significant digits; rounding to money is the
caller's. Impossible inputs are refused by name, all faults at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias

from domain.refusals import Invalid, Refusal, invalid
from domain.servicing import root

GIVEN: Final = 28
"""Significant digits of a result."""
WORKING: Final = 50
"""Digits while computing; a tiny rate adds as many as its noughts, for (1+rate)^n - 1 cancels them."""
NEGLIGIBLE: Final = Decimal("1e-40")
"""A rate nearer to nought is nought: over all periods looked at it changes no digit that is given."""
PERIODS_MAX: Final = 100_000
"""Most periods looked at: days of some 270 years."""
RATE_MIN: Final = Decimal("-0.999999")
RATE_MAX: Final = Decimal(1_000_000)
"""Bounds of a rate per period; beyond them a number is a slip of the pen."""
RATE_STEP: Final = Decimal("1e-20")
"""Step in which a solved rate is given."""

Number: TypeAlias = Decimal | int


class When(StrEnum):
    """Whether payments fall at the end of their periods (期末, postnumerando) or at the beginning (期初)."""

    END = "END"
    BEGIN = "BEGIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberNotFinite(Refusal):
    """An input is not a number: NaN or infinite."""

    code: ClassVar[str] = "NUMBER_NOT_FINITE"
    zh: ClassVar[str] = "{field} 不是有限数值"
    en: ClassVar[str] = "{field} is not a finite number"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateImpossible(Refusal):
    """A rate per period is outside its bounds: at -1 everything is lost, and below it more than that."""

    code: ClassVar[str] = "RATE_IMPOSSIBLE"
    zh: ClassVar[str] = "每期利率 {rate} 应在 {low} 与 {high} 之间"
    en: ClassVar[str] = "the rate per period {rate} must lie between {low} and {high}"

    rate: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodImpossible(Refusal):
    """A number of periods, or the number of one, is outside its bounds."""

    code: ClassVar[str] = "PERIOD_IMPOSSIBLE"
    zh: ClassVar[str] = "期数 {periods} 应在 {low} 与 {high} 之间"
    en: ClassVar[str] = "the number of periods {periods} must lie between {low} and {high}"

    periods: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverReached(Refusal):
    """No number of these payments turns the one balance into the other: they do not even cover the interest."""

    code: ClassVar[str] = "NEVER_REACHED"
    zh: ClassVar[str] = "该还款额永远无法达到目标余额"
    en: ClassVar[str] = "payments of this size never reach the balance"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRate(Refusal):
    """There is no rate at which the flows are worth nothing: nothing is paid, or nothing is received."""

    code: ClassVar[str] = "NO_RATE"
    zh: ClassVar[str] = "现金流不存在使净现值为零的利率"
    en: ClassVar[str] = "there is no rate at which the flows are worth nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveralRates(Refusal):
    """The flows change direction more than once, so several rates may fit: say near which one is meant."""

    code: ClassVar[str] = "SEVERAL_RATES"
    zh: ClassVar[str] = "现金流方向变化 {changes} 次, 可能存在多个利率, 请指定参考值"
    en: ClassVar[str] = "the flows change direction {changes} times and may have several rates: say near which"

    changes: int


def pmt(rate: Number, n: Number, pv: Number, *, fv: Number = 0, when: When = When.END) -> Decimal | Invalid:
    """The payment of each of `n` periods that turns `pv` into `fv` (PMT): negative for a loan."""
    if refused := _refused(rate, n, pv=pv, fv=fv):
        return refused
    with _exact(rate) as i:
        return _given(_payment(i, n, pv, fv, when))


def ipmt(rate: Number, k: int, n: int, pv: Number, *, fv: Number = 0, when: When = When.END) -> Decimal | Invalid:
    """The interest in payment `k` (IPMT)."""
    return cumipmt(rate, n, pv, k, k, fv=fv, when=when)


def ppmt(rate: Number, k: int, n: int, pv: Number, *, fv: Number = 0, when: When = When.END) -> Decimal | Invalid:
    """The principal in payment `k` (PPMT)."""
    return cumprinc(rate, n, pv, k, k, fv=fv, when=when)


def cumipmt(
    rate: Number, n: int, pv: Number, first: int, last: int, *, fv: Number = 0, when: When = When.END
) -> Decimal | Invalid:
    """The interest in the payments `first` to `last`, both counted (CUMIPMT)."""
    if refused := _refused(rate, n, span=(first, last), pv=pv, fv=fv):
        return refused
    with _exact(rate) as i:
        return _given(_interest(i, n, pv, first, last, fv, when))


def cumprinc(
    rate: Number, n: int, pv: Number, first: int, last: int, *, fv: Number = 0, when: When = When.END
) -> Decimal | Invalid:
    """The principal in the payments `first` to `last`, both counted (CUMPRINC)."""
    if refused := _refused(rate, n, span=(first, last), pv=pv, fv=fv):
        return refused
    with _exact(rate) as i:
        paid = (last - first + 1) * _payment(i, n, pv, fv, when)
        return _given(paid - _interest(i, n, pv, first, last, fv, when))


def pv(rate: Number, n: Number, pmt: Number, *, fv: Number = 0, when: When = When.END) -> Decimal | Invalid:
    """What `n` payments and a last amount are worth today (PV)."""
    if refused := _refused(rate, n, low=0, pmt=pmt, fv=fv):
        return refused
    with _exact(rate) as i:
        return _given(-(fv + pmt * _saved(i, n, when)) / (1 + i) ** n)


def fv(rate: Number, n: Number, pmt: Number, pv: Number, *, when: When = When.END) -> Decimal | Invalid:
    """What an amount and `n` payments have grown to (FV)."""
    if refused := _refused(rate, n, low=0, pmt=pmt, pv=pv):
        return refused
    with _exact(rate) as i:
        return _given(_future(i, n, pmt, pv, when))


def nper(
    rate: Number, pmt: Number, pv: Number, *, fv: Number = 0, when: When = When.END
) -> Decimal | Invalid | NeverReached:
    """How many payments turn `pv` into `fv`: seldom a whole number, negative when it was so in the past (NPER)."""
    if refused := _refused(rate, 1, pmt=pmt, pv=pv, fv=fv):
        return refused
    with _exact(rate) as i:
        if not i:
            return _given(-(pv + fv) / Decimal(pmt)) if pmt else NeverReached()
        perpetual = pmt * (1 + i if when is When.BEGIN else Decimal(1)) / i
        if not pv + perpetual or (ratio := (perpetual - fv) / (perpetual + pv)) <= 0:
            return NeverReached()
        return _given(ratio.ln() / (1 + i).ln())


def rate(
    n: int, pmt: Number, pv: Number, *, fv: Number = 0, when: When = When.END, near: Number | None = None
) -> Decimal | Invalid | NoRate | SeveralRates:
    """The rate per period at which `n` payments turn `pv` into `fv` (RATE)."""
    if refused := _refused(0, n, pmt=pmt, pv=pv, fv=fv):
        return refused
    flows = [Decimal(pmt)] * n
    flows = [Decimal(), *flows] if when is When.END else [*flows, Decimal()]
    flows[0] += pv
    flows[-1] += fv
    return irr(flows, near=near)


def effect(nominal: Number, periods: int) -> Decimal | Invalid:
    """The effective rate a year of a nominal one compounded so many times (EFFECT)."""
    if refused := _refused(Decimal(nominal) / periods if periods else 0, periods):
        return refused
    with _exact(nominal):
        return _given((1 + Decimal(nominal) / periods) ** periods - 1)


def nominal(effective: Number, periods: int) -> Decimal | Invalid:
    """The nominal rate a year that, compounded so many times, becomes an effective one (NOMINAL)."""
    if refused := _refused(effective, periods):
        return refused
    with _exact(effective):
        return _given(periods * ((1 + Decimal(effective)) ** (1 / Decimal(periods)) - 1))


def npv(rate: Number, flows: Sequence[Number], *, when: When = When.BEGIN) -> Decimal | Invalid:
    """What flows are worth today: the first paid today (numpy's NPV), or at the END of a period (a spreadsheet's)."""
    if refused := _refused(rate, len(flows), flows=flows):
        return refused
    with _exact(rate) as i:
        worth = _present(i, flows)
        return _given(worth if when is When.BEGIN else worth / (1 + i))


def xnpv(rate: Number, flows: Sequence[Number], dates: Sequence[date]) -> Decimal | Invalid:
    """What flows on dates are worth on the first of them, at a rate a year of 365 days (XNPV)."""
    if refused := _refused(rate, len(flows), flows=flows):
        return refused
    with _exact(rate) as i:
        days = [(on - min(dates)).days for on in dates]
        return _given(
            sum(
                (flow / (1 + i) ** (Decimal(waited) / 365) for flow, waited in zip(flows, days, strict=True)), Decimal()
            )
        )


def ispmt(rate: Number, k: int, n: int, pv: Number) -> Decimal | Invalid:
    """The interest after `k` of `n` equal repayments of principal (ISPMT)."""
    if refused := _refused(rate, n, pv=pv):
        return refused
    with _exact(rate) as i:
        return _given(Decimal(pv) * i * (Decimal(k) / n - 1))


def fvschedule(pv: Number, rates: Sequence[Number]) -> Decimal | Invalid:
    """What an amount has grown to at one rate after another (FVSCHEDULE)."""
    if refused := _refused(0, len(rates), pv=pv, flows=rates):
        return refused
    with _exact(0):
        grown = Decimal(pv)
        for one in rates:
            grown *= 1 + one
        return _given(grown)


def pduration(rate: Number, pv: Number, fv: Number) -> Decimal | Invalid | NeverReached:
    """How many periods an amount takes to grow to another (PDURATION)."""
    if refused := _refused(rate, 1, pv=pv, fv=fv):
        return refused
    with _exact(rate) as i:
        if not i or not pv or (ratio := Decimal(fv) / Decimal(pv)) <= 0:
            return NeverReached()
        return _given(ratio.ln() / (1 + i).ln())


def rri(n: int, pv: Number, fv: Number) -> Decimal | Invalid | NoRate:
    """The rate per period at which an amount grows to another (RRI)."""
    if refused := _refused(0, n, pv=pv, fv=fv):
        return refused
    with _exact(0):
        if not pv or (ratio := Decimal(fv) / Decimal(pv)) <= 0:
            return NoRate()
        return _given(ratio ** (1 / Decimal(n)) - 1)


def irr(flows: Sequence[Number], *, near: Number | None = None) -> Decimal | Invalid | NoRate | SeveralRates:
    """The rate per period at which flows one period apart are worth nothing, with twenty decimals (IRR).

    Flows that may have several rates are refused, or, told `near` which one, have the root next to it.
    """
    if refused := _refused(0 if near is None else near, len(flows), flows=flows):
        return refused
    timed, floor = tuple(enumerate(flows)), root.floor_of_one(flows)
    if not (changes := root.sign_changes(flows)):
        return NoRate()
    if near is not None:
        around, floor = Decimal(near), root.LOWEST
    elif floor is None:
        return SeveralRates(changes=changes)
    else:
        around = root.first_guess(timed)
    found = root.found(root.worth(timed), around=around, floor=floor)
    return NoRate() if found is None else found.quantize(RATE_STEP, context=Context(prec=WORKING)) + 0


def mirr(flows: Sequence[Number], finance_rate: Number, reinvest_rate: Number) -> Decimal | Invalid | NoRate:
    """The rate at which what is paid, financed at one rate, grows to what is received, invested at another (MIRR)."""
    faults = (_refused(finance_rate, len(flows), flows=flows), _refused(reinvest_rate, len(flows), low=2))
    if refused := next(filter(None, faults), None):
        return refused
    received, paid = [max(flow, 0) for flow in flows], [min(flow, 0) for flow in flows]
    if not any(received) or not any(paid):
        return NoRate()
    with _exact(0):
        grown = _present(Decimal(reinvest_rate), received) / -_present(Decimal(finance_rate), paid)
        return _given(grown ** (1 / Decimal(len(flows) - 1)) * (1 + reinvest_rate) - 1)


def level(principal: Number, rates: Sequence[Decimal], *, final: Number = 0) -> Decimal:
    """The equal payment, positive, that repays a principal over periods of any rates and leaves `final` at the end.

    A = (L - F·Π v) / Σ_k Π_{j≤k} v_j with v = 1/(1 + rate): for equal rates the textbook's, for actual days the solved
    form. Not rounded. Callers have validated: at least one period, every rate above -1.
    """
    with localcontext() as context:
        context.prec = WORKING
        discount, annuity = Decimal(1), Decimal()
        for one in rates:
            discount /= 1 + one
            annuity += discount
        return (principal - final * discount) / annuity


def _payment(i: Decimal, n: Number, pv: Number, fv: Number, when: When) -> Decimal:
    return -(pv * (1 + i) ** n + fv) / _saved(i, n, when)


def _saved(i: Decimal, n: Number, when: When) -> Decimal:
    """What payments of one grow to over n periods: ((1+i)^n - 1)/i."""
    grown = ((1 + i) ** n - 1) / i if i else Decimal(n)
    return grown * (1 + i) if when is When.BEGIN else grown


def _future(i: Decimal, n: Number, pmt: Number, pv: Number, when: When) -> Decimal:
    return -(pv * (1 + i) ** n + pmt * _saved(i, n, when))


def _interest(  # noqa: PLR0917 - the letters of the one equation, in the order of the public functions
    i: Decimal, n: int, pv: Number, first: int, last: int, fv: Number, when: When
) -> Decimal:
    """Interest in the payments `first` to `last`: on what is owed just after the payment before each."""
    payment, owed, interest = _payment(i, n, pv, fv, when), Decimal(pv), Decimal()
    if first > 1:
        owed = -_future(i, first - 1, payment, pv, when)
        owed = owed / (1 + i) if when is When.BEGIN else owed
    for number in range(first, last + 1):
        charged = Decimal() if number == 1 and when is When.BEGIN else owed * i
        interest -= charged
        owed += charged + payment
    return interest


def _present(i: Decimal, flows: Sequence[Number]) -> Decimal:
    worth = Decimal()
    for flow in reversed(flows):
        worth = worth / (1 + i) + flow
    return worth


@contextmanager
def _exact(rate: Number) -> Iterator[Decimal]:
    """The rate as a decimal, in a context with digits enough for it."""
    i = Decimal(rate)
    i = i if abs(i) >= NEGLIGIBLE else Decimal()
    with localcontext() as context:
        context.prec = WORKING - min(i.adjusted(), 0)
        yield i


def _given(exact: Decimal) -> Decimal:
    return Context(prec=GIVEN).plus(exact) + 0  # no negative zero


def _refused(
    rate: Number,
    n: Number,
    *,
    low: int = 1,
    span: tuple[int, int] | None = None,
    flows: Sequence[Number] = (),
    **amounts: Number,
) -> Invalid | None:
    """All that is wrong with the inputs of a function; None when nothing is."""
    listed = {f"flows.{number}": flow for number, flow in enumerate(flows)}
    named: dict[str, Number] = {"rate": rate, "n": n, **amounts, **listed}
    numbers = {name: Decimal(one) for name, one in named.items()}
    faults: list[Refusal] = [NumberNotFinite(field=name) for name, one in numbers.items() if not one.is_finite()]
    if numbers["rate"].is_finite() and not RATE_MIN <= numbers["rate"] <= RATE_MAX:
        faults.append(RateImpossible(field="rate", rate=numbers["rate"], low=RATE_MIN, high=RATE_MAX))
    bounds = [("n", numbers["n"], Decimal(low), Decimal(PERIODS_MAX))]
    if span is not None:
        first, last = Decimal(span[0]), Decimal(span[1])
        bounds += [("first", first, Decimal(1), numbers["n"]), ("last", last, max(first, Decimal(1)), numbers["n"])]
    faults += [
        PeriodImpossible(field=name, periods=one, low=least, high=most)
        for name, one, least, most in bounds
        if one.is_finite() and most.is_finite() and not least <= one <= most
    ]
    return invalid(faults)
