"""What terms leave to be found: how many instalments an agreed payment needs, and payments agreed by a rule.

A payment may be agreed outright, as an initial rate of repayment (anfängliche Tilgung), or as a part of the payment of
the same loan paid monthly (accelerated). Whoever agrees a payment need not say how many there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from typing import Final

from domain.servicing.duedate import MONTHLY, Step
from domain.servicing.instalment import Kind
from domain.servicing.rate import regular_part
from domain.servicing.reader import Reader
from domain.servicing.refusal import PaymentTooSmall, TermInvalid, TermMissing, TermsConflict
from domain.servicing.schedule import schedule
from domain.servicing.terms import INSTALMENTS_MAX, Solving, Terms, faults
from ledger.money import Money, round_ratio

PARTS: Final[Mapping[int, int]] = {24: 2, 26: 2, 52: 4}
"""Into how many parts an accelerated payment cuts the monthly one, by payments a year."""


class LastPayment(StrEnum):
    """What an agreed payment leaves at the end."""

    SMALLER = "SMALLER"
    """One smaller payment a period after the last full one (drop payment)."""
    LARGER = "LARGER"
    """The last full payment takes it (balloon payment)."""


def counted(reader: Reader, terms: Terms) -> Terms:
    """The terms with their number of instalments and an agreed payment."""
    count = _said(reader, terms)
    terms = _agreed(reader, terms, count)
    until = reader.instalments("instalmentsUntilBalloon", None)
    horizon = reader.instalments("horizon", None)
    last = reader.member("lastPayment", LastPayment, None)
    if until is not None and horizon is not None:
        reader.wrong(TermsConflict, "horizon", name="horizon", other="instalmentsUntilBalloon")
    if last is not None and count is not None:
        reader.wrong(TermsConflict, "lastPayment", name="lastPayment", other="instalments")
    if count is None and terms.payment is not None and not reader.has("index"):
        count = _needed(reader, terms, last)
    whole = reader.needed("instalments", count, 1)
    if until is None:
        return replace(terms, instalments=whole, horizon=horizon)
    return replace(terms, instalments=until, horizon=max(whole, until) if reader.faults else whole)


def _said(reader: Reader, terms: Terms) -> int | None:
    """The number of instalments as it is said: outright, in months, or by the tables."""
    count, months = reader.instalments("instalments", None), reader.instalments("termMonths", None)
    if months is not None:
        exact = Fraction(months, 12) / regular_part(terms, _step(terms))
        if exact.denominator != 1 or not 1 <= exact <= INSTALMENTS_MAX:
            expected = f"a whole number of periods, at most {INSTALMENTS_MAX}"
            reader.wrong(TermInvalid, "termMonths", name="termMonths", expected=expected)
            return count or 1
        if count is not None and count != exact:
            reader.wrong(TermsConflict, "termMonths", name="termMonths", other=f"instalments {count}")
        count = int(exact)
    tables = max((one.last for one in terms.stages), default=len(terms.specified))
    if terms.specified and count is not None and count != tables:
        reader.wrong(TermsConflict, "instalments", name="instalments", other=f"a plan of {tables}")
    return tables if count is None and tables else count


def _agreed(reader: Reader, terms: Terms, count: int | None) -> Terms:
    """The terms with a payment that a rule agrees."""
    repaid = reader.rate("initialRepaymentRate", None)
    is_accelerated = reader.flag("accelerated", absent=False)
    rules = {"payment": terms.payment, "initialRepaymentRate": repaid, "accelerated": is_accelerated or None}
    stated = [name for name, one in rules.items() if one is not None]
    for name in stated[1:]:
        reader.wrong(TermsConflict, name, name=name, other=stated[0])
    if repaid is not None:
        part = regular_part(terms, _step(terms))
        return _given(terms, terms.principal * Fraction(terms.rate_annual + repaid) * part)
    if is_accelerated:
        return _accelerated(reader, terms, count)
    return terms


def _accelerated(reader: Reader, terms: Terms, count: int | None) -> Terms:
    """A half, or a quarter, of the monthly payment of the same loan, so that it is repaid sooner."""
    per_year = 1 / regular_part(terms, _step(terms))
    if per_year not in PARTS:
        reader.wrong(TermInvalid, "accelerated", name="accelerated", expected="with 24, 26 or 52 payments a year")
        return terms
    months = Fraction(count or 0) * 12 / per_year
    if months.denominator != 1 or not months:
        reader.wrong(TermInvalid, "instalments", name="instalments", expected="those of whole months")
        return terms
    monthly = replace(
        terms, calendar=MONTHLY, payments_per_year=12, instalments=int(months), solving=Solving.PERIOD_RATES
    )
    if reader.faults or faults(monthly):
        return terms
    return _given(terms, Fraction(schedule(monthly).payment, PARTS[int(per_year)]))


def _given(terms: Terms, exact: Fraction) -> Terms:
    multiple = terms.payment_multiple
    payment = round_ratio(exact.numerator, exact.denominator * multiple, terms.rounding) * multiple
    return replace(terms, payment=max(payment, 1), solving=Solving.GIVEN)


def _needed(reader: Reader, terms: Terms, last: LastPayment | None) -> int:
    """How many instalments the agreed payment needs, found by paying them."""
    longest = replace(terms, instalments=INSTALMENTS_MAX)
    if reader.faults or faults(longest):
        return 1
    try:
        rows = [row for row in schedule(longest).rows if row.kind is Kind.INSTALMENT]
    except (ValueError, OverflowError):
        reader.wrong(TermMissing, "instalments", name="instalments")
        return 1
    payment = terms.payment or 0
    if len(rows) == INSTALMENTS_MAX:
        said = str(Money(payment, terms.currency))
        reader.wrong(PaymentTooSmall, "payment", payment=said, limit=INSTALMENTS_MAX)
    is_odd = last is LastPayment.LARGER and len(rows) > 1 and rows[-1].paid < rows[0].paid
    return len(rows) - is_odd


def _step(terms: Terms) -> Step:
    return terms.calendar.unit, terms.calendar.every
