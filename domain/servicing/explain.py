"""计算说明, why a number is what it is: formula, inputs, day count and rounding step of every amount of a plan.

Nothing is computed a second time in another way: the explanation reads what the walk left on its rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.servicing.schedule import Kind, Row, Span
from domain.servicing.terms import Carried, FeeBasis, Method, Solving, Terms
from ledger.money import Money, Rounding

ROUNDING_ZH: Final[Mapping[Rounding, str]] = MappingProxyType(
    {
        Rounding.HALF_UP: "四舍五入",
        Rounding.HALF_EVEN: "四舍六入五成双",
        Rounding.UP: "远离零进位",
        Rounding.DOWN: "截断",
        Rounding.CEILING: "向上取整",
        Rounding.FLOOR: "向下取整",
    }
)
"""How a rounding is called in Chinese."""
SHOWN_DIGITS: Final = 12
"""Significant digits in which an exact value is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """One amount, minor units, and how it came about: `exact` is what was rounded, in major units.

    zh, en: one sentence with the numbers in place.
    """

    value: int
    formula: str
    inputs: tuple[tuple[str, str], ...]
    day_count: str | None
    exact: str
    rounding: str | None
    zh: str
    en: str


def explained(terms: Terms, row: Row) -> dict[str, Explained]:
    """Every amount of a row that is not nought, by its name."""
    made = {"interest": _interest(terms, row), "principal": _principal(terms, row), "closing": _closing(terms, row)}
    for code, amount in row.fees:
        made[f"fee.{code}"] = _fee(terms, code, amount)
    return {name: one for name, one in made.items() if one.value or name == "closing"}


def _interest(terms: Terms, row: Row) -> Explained:
    """Balance × rate of the days, for every part of the period on which they were the same; rounded once."""
    inputs = [pair for number, span in enumerate(row.spans, start=1) for pair in _span_inputs(terms, number, span)]
    parts = " + ".join(f"{_money(terms, span.balance)} × {_digits(span.rate)}" for span in row.spans)
    exact = _money(terms, row.exact_interest)
    mode = terms.rounding_of_interest
    is_flat = terms.method in {Method.EQUAL_INTEREST, Method.ADD_ON}
    formula = {Method.EQUAL_INTEREST: "L × i", Method.ADD_ON: f"C × share ({terms.apportion})"}.get(
        terms.method, "Σ B × i" if terms.rest_every == 1 else "Σ B of the last rest × i"
    )
    deferred_zh = f", 另付此前各期递延利息 {_money(terms, row.deferred)}" if row.deferred else ""
    deferred_en = (
        f", and {_money(terms, row.deferred)} of interest deferred from earlier instalments" if row.deferred else ""
    )
    shown = _money(terms, row.interest)
    basis_zh = "原始本金" if is_flat else "本金余额"
    basis_en = "the amount lent" if is_flat else "the balance"
    return Explained(
        value=row.interest,
        formula=formula + (" + deferred" if row.deferred else ""),
        inputs=(*inputs, *((("deferred", _money(terms, row.deferred)),) if row.deferred else ())),
        day_count=terms.day_count.value,
        exact=exact,
        rounding=_rounding(terms, mode, terms.interest_multiple),
        zh=f"利息 = {basis_zh} × 期利率 = {parts} = {exact}, {ROUNDING_ZH[mode]}{deferred_zh}, 得 {shown}",
        en=f"interest = {basis_en} × the rate of the period = {parts} = {exact}, rounded {mode}{deferred_en}: {shown}",
    )


def _span_inputs(terms: Terms, number: int, span: Span) -> tuple[tuple[str, str], ...]:
    dated = (
        (f"from{number}", span.from_on.isoformat()),
        (f"to{number}", span.to_on.isoformat()),
        (f"days{number}", str((span.to_on - span.from_on).days)),
    )
    return (
        (f"balance{number}", _money(terms, span.balance)),
        (f"rateAnnual{number}", f"{span.rate_annual:f}"),
        *(dated if terms.is_dated else ()),
        (f"rate{number}", _digits(span.rate)),
    )


def _principal(terms: Terms, row: Row) -> Explained:
    """Payment less interest, an equal part, an agreed amount, or what is left."""
    shown, opening = _money(terms, row.principal), _money(terms, row.opening + row.disbursed)
    extra_zh = f", 含提前还款 {_money(terms, row.extra)}" if row.extra else ""
    extra_en = f", with an early payment of {_money(terms, row.extra)}" if row.extra else ""
    inputs: tuple[tuple[str, str], ...] = (("opening", opening), ("interest", _money(terms, row.interest)))
    if row.kind is Kind.DOWN_PAYMENT:
        formula, zh, en = "down payment", "首付本金", "the down payment"
    elif terms.method is Method.SPECIFIED:
        formula, zh, en = "agreed", "合同约定的本金", "the principal as agreed"
    elif row.closing == 0 and not row.balloon:
        formula, zh, en = "B", f"末期归还全部余额 {opening}", f"the last instalment repays the whole balance {opening}"
    elif row.principal == 0 or row.payment is None:
        formula, zh, en = "0", "本期不还本金", "no principal is due in this instalment"
    elif terms.method in {Method.EQUAL_PRINCIPAL, Method.EQUAL_INTEREST}:
        each = _money(terms, row.payment)
        inputs = (("each", each),)
        formula, zh, en = "L / n", f"本金均分, 每期 {each}", f"equal parts of the principal, {each} each"
    else:
        payment = _money(terms, row.payment)
        inputs = (("payment", payment), *inputs)
        formula = f"A − I, {'A = (L + C) / n' if terms.method is Method.ADD_ON else solved_by(terms)}"
        zh = f"本金 = 月供 {payment} − 利息 {_money(terms, row.interest - row.deferred)}"
        en = f"principal = the payment {payment} − interest {_money(terms, row.interest - row.deferred)}"
    is_exact = terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_ROUNDED}
    return Explained(
        value=row.principal,
        formula=formula,
        inputs=inputs,
        day_count=None,
        exact=_money(terms, row.exact_principal) if is_exact else shown,
        rounding=_rounding(terms, terms.rounding, terms.payment_multiple),
        zh=f"{zh}{extra_zh}, 得 {shown}",
        en=f"{en}{extra_en}: {shown}",
    )


def solved_by(terms: Terms) -> str:
    """The formula from which the level payment was solved."""
    return {
        Solving.GIVEN: "A agreed",
        Solving.MONTH_RATE: "A = L·i·(1+i)^n / ((1+i)^n − 1), i of a regular period",
        Solving.HYBRID: "A = L·i·(1+i)^n / ((1+i)^n − 1), i of 30 days",
        Solving.PERIOD_RATES: "A = L / Σ_k Π_{j≤k} 1/(1+i_j)",
    }[terms.solving]


def _closing(terms: Terms, row: Row) -> Explained:
    opening, disbursed = _money(terms, row.opening), _money(terms, row.disbursed)
    principal, shown = _money(terms, row.principal), _money(terms, row.closing)
    drawn_zh = f" + 放款 {disbursed}" if row.disbursed else ""
    drawn_en = f" + {disbursed} disbursed" if row.disbursed else ""
    is_exact = terms.carried in {Carried.UNROUNDED, Carried.PAYMENT_ROUNDED}
    return Explained(
        value=row.closing,
        formula="B + D − P",
        inputs=(("opening", opening), ("disbursed", disbursed), ("principal", principal)),
        day_count=None,
        exact=shown,
        rounding=_rounding(terms, Rounding.HALF_UP, 1) if is_exact else None,
        zh=f"期末余额 = 期初 {opening}{drawn_zh} − 本金 {principal} = {shown}"
        + ("(余额不取整, 仅显示时取整)" if is_exact else ""),
        en=f"closing balance = {opening}{drawn_en} − principal {principal} = {shown}"
        + (" (balances are carried unrounded and rounded only to be shown)" if is_exact else ""),
    )


def _fee(terms: Terms, code: str, amount: int) -> Explained:
    fee = next((one for one in terms.fees if one.code == code), None)
    shown = _money(terms, amount)
    if fee is None or fee.basis is FeeBasis.AMOUNT:
        formula, zh, en = "amount", f"约定费用 {shown}", f"a fee of {shown} as agreed"
    else:
        formula = f"{fee.value:f} × {fee.basis}"
        zh = f"费用 = {fee.value:f} × {fee.basis}, 得 {shown}"
        en = f"fee = {fee.value:f} × {fee.basis}: {shown}"
    return Explained(
        value=amount,
        formula=formula,
        inputs=(("code", code), ("payee", fee.payee if fee else "FUNDER")),
        day_count=None,
        exact=shown,
        rounding=_rounding(terms, terms.rounding, 1),
        zh=zh,
        en=en,
    )


def _rounding(terms: Terms, mode: Rounding, multiple: int) -> str:
    return f"{mode} to {Money(multiple, terms.currency)}"


def _money(terms: Terms, exact: int | Fraction) -> str:
    """Minor units as major ones: whole ones with the currency's places, exact ones with a dozen digits."""
    if isinstance(exact, int):
        return str(Money(exact, terms.currency))
    if exact.denominator == 1:
        return str(Money(exact.numerator, terms.currency))
    one = Money(1, terms.currency).decimal
    return _digits(exact * Fraction(one))


def _digits(exact: Fraction) -> str:
    shown = Context(prec=SHOWN_DIGITS).divide(Decimal(exact.numerator), Decimal(exact.denominator))
    return f"{shown.normalize():f}"
