"""A quote as it is asked for: JSON terms read into `Terms`, every fault by name and all at once.

Amounts and rates are strings, never floats. A value that cannot be read gets a stand-in and a fault; the reader stays
a flat list of fields, and whoever gets a fault never sees the stand-ins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final

from domain.calendar import BusinessDays
from domain.refusals import Invalid, Refusal, invalid
from domain.servicing.agreed import counted
from domain.servicing.annuity import When
from domain.servicing.answer import BIGINT_MAX
from domain.servicing.cap import Lender
from domain.servicing.convention import CONVENTIONS
from domain.servicing.daycount import DayCount
from domain.servicing.disclosure import ContingentCost
from domain.servicing.duedate import Calendar, DueRule, FirstPeriod, Shift, ShortMonth, Unit
from domain.servicing.reader import Json, Reader
from domain.servicing.refusal import (
    ConventionUnknown,
    CurrencyUnknown,
    DatesOutOfOrder,
    FirstDueTooEarly,
    OutsideLoan,
    TermInvalid,
    TermMissing,
    TermNotListed,
)
from domain.servicing.schedule import ends_on, periods_of
from domain.servicing.terms import (
    INSTALMENTS_MAX,
    Apportion,
    Carried,
    Columns,
    Disbursement,
    EarlyPayment,
    Effect,
    Fee,
    FeeBasis,
    FeeWhen,
    Grace,
    Index,
    Method,
    Mode,
    Pay,
    RateChange,
    Residue,
    Solving,
    Specified,
    Stage,
    Terms,
    Unpaid,
    faults,
)
from domain.servicing.unread import unread
from ledger.money import AmountInvalid, Rounding, minor_digits, round_ratio

UNDATED: Final = date(2001, 1, 1)
"""The nominal start of a loan that has no dates; it is never shown."""
FREQUENCIES: Final[Mapping[int, tuple[Unit, int]]] = {
    1: (Unit.YEAR, 1),
    2: (Unit.MONTH, 6),
    3: (Unit.MONTH, 4),
    4: (Unit.QUARTER, 1),
    6: (Unit.MONTH, 2),
    12: (Unit.MONTH, 1),
    13: (Unit.WEEK, 4),
    24: (Unit.HALF_MONTH, 1),
    26: (Unit.WEEK, 2),
    52: (Unit.WEEK, 1),
    365: (Unit.DAY, 1),
}
"""How often a year payments fall due, as unit and how many of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a quote is asked for: the terms, and what its cost is compared with and told besides.

    cap_annual: bound on the yearly cost, a fraction; margin: what is kept below it. lender: whose caps are looked up,
    for a loan that a platform brought if `is_assisted`. contingent: what only a breach or a choice would cost.
    """

    terms: Terms
    convention: str | None = None
    cap_annual: Decimal | None = None
    margin: Decimal = Decimal()
    lender: Lender | None = None
    is_assisted: bool = False
    contingent: tuple[ContingentCost, ...] = ()


class RateBase(StrEnum):
    """How a stage counts days (计息方式)."""

    MONTHS = "M"
    DAYS = "D"


def asked(tree: Mapping[str, Json]) -> Asked | Invalid:
    """The same from the object itself."""
    found: list[Refusal] = []
    convention = tree.get("convention")
    if convention is not None and not (isinstance(convention, str) and convention in CONVENTIONS):
        found.append(ConventionUnknown(field="convention", allowed=", ".join(CONVENTIONS)))
        convention = None
    defaults = dict(CONVENTIONS[convention].fields) if isinstance(convention, str) else {}
    if any(tree.get(name) is not None for name in AGREED):
        defaults.pop("solving", None)
    values = {**defaults, **tree}
    per_year = values.get("paymentsPerYear")
    is_number = isinstance(per_year, int) and not isinstance(per_year, bool)
    reader = Reader(values, "", found, _currency(values, found), int(str(per_year)) if is_number else None)
    reader.read.update({"convention", "currency"})
    terms = terms_read(reader)
    made = Asked(
        terms=terms,
        convention=convention if isinstance(convention, str) else None,
        cap_annual=reader.rate("costCapAnnual", None),
        margin=reader.rate("costCapMargin", Decimal()),
        lender=reader.member("lender", Lender, None),
        is_assisted=reader.flag("assisted", absent=False),
        contingent=reader.parts("contingent", _contingent),
    )
    if made.lender is not None and not terms.is_dated:
        reader.wrong(TermMissing, "startOn", name="startOn")
    reader.done()
    found += unread(tree, terms)
    known = {fault.field for fault in found}
    found += (fault for fault in faults(terms) if fault.field not in known)
    found += () if found else _calendar_faults(terms)
    return invalid(found) or made


AGREED: Final = ("payment", "initialRepaymentRate", "accelerated")
"""Fields that agree the payment, so that it is not solved."""


def terms_read(reader: Reader) -> Terms:
    """The terms in an object; what is wrong has a stand-in, and a fault in the reader."""
    start_on = reader.day("startOn", None)
    per_year = reader.whole("paymentsPerYear", low=1, high=366, absent=None)
    if start_on is None and per_year is None and not reader.has("frequency"):
        per_year = _MONTHS
    rate = reader.needed(
        "rateAnnual", reader.rate("rateAnnual", Decimal(0) if reader.has("index") else None), Decimal(0)
    )
    stages = reader.parts("stages", _stage)
    specified = reader.parts("plan", _specified)
    method = reader.member("method", Method, None)
    principal = reader.needed("principal", reader.amount("principal", None), 10**6)
    given = reader.amount("payment", None)
    rounding = reader.member("rounding", Rounding, Rounding.HALF_UP)
    down = reader.amount("downPayment", 0, low=0)
    disbursements = reader.parts("disbursements", _disbursement)
    if reader.has("downPaymentShare"):
        share = Fraction(reader.decimal("downPaymentShare", Decimal(0)))
        down = _whole(share * (disbursements[0].amount if disbursements else principal), rounding)
        disbursements = tuple(replace(one, down_payment=_whole(share * one.amount, rounding)) for one in disbursements)
    interest_only = reader.whole("interestOnly", low=0, high=INSTALMENTS_MAX, absent=0)
    terms = Terms(
        principal=principal,
        currency=reader.currency,
        rate_annual=rate,
        instalments=1,
        start_on=start_on or UNDATED,
        day_count=reader.member("dayCount", DayCount, DayCount.THIRTY_360),
        rounding=rounding,
        grace_days=reader.whole("graceDays", low=0, high=_GRACE_MAX, absent=0),
        penalty_rate_annual=reader.rate("penaltyRateAnnual", rate * 3 / 2),
        method=method or _method_of(stages, specified),
        solving=reader.member("solving", Solving, Solving.PERIOD_RATES if given is None else Solving.GIVEN),
        payment=given,
        interest_rounding=reader.member("interestRounding", Rounding, None),
        principal_rounding=reader.member("principalRounding", Rounding, Rounding.DOWN),
        payment_multiple=reader.amount("paymentMultiple", 1),
        interest_multiple=reader.amount("interestMultiple", 1),
        residue=reader.member("residue", Residue, Residue.LAST),
        carried=reader.member("balances", Carried, Carried.ROUNDED),
        columns=reader.member("columns", Columns, Columns.SUM),
        calendar=_calendar(reader, per_year),
        payments_per_year=per_year,
        compounding_per_year=reader.whole("compoundingPerYear", low=1, high=366, absent=None),
        rate_digits=reader.whole("rateDigits", low=5, high=50, absent=None),
        is_continuous=reader.flag("compoundingContinuous", absent=False),
        is_in_advance=reader.member("paymentsAt", When, When.END) is When.BEGIN,
        rest_every=reader.instalments("restEvery", 1),
        charge=reader.amount("financeCharge", None, low=0),
        apportion=reader.member("apportion", Apportion, Apportion.LEVEL),
        min_interest_days=reader.whole("minInterestDays", low=0, high=366, absent=0),
        grace=_grace(reader.part("grace"), interest_only),
        unpaid=reader.member("unpaidInterest", Unpaid, Unpaid.DEFERRED),
        down_payment=down,
        disbursements=disbursements,
        rate_changes=reader.parts("rateChanges", _rate_change),
        early_payments=tuple(one for ones in reader.parts("earlyPayments", _early_payments) for one in ones),
        fees=reader.parts("fees", _fee),
        stages=stages,
        specified=specified,
        is_dated=start_on is not None,
    )
    return _indexed(reader, counted(reader, terms))


def _calendar_faults(terms: Terms) -> Iterator[Refusal]:
    """What only the dates themselves show: they end with the calendar, and long holidays may push two onto one day."""
    try:
        made = periods_of(terms)
    except (ValueError, OverflowError):
        yield TermInvalid(field="frequency", name="frequency", expected="such that the plan ends before the year 10000")
        return
    if made[0].due_on <= terms.start_on and not terms.is_in_advance:
        yield FirstDueTooEarly(field="shift")
    if not all(before.due_on < after.due_on for before, after in pairwise(made)):
        yield DatesOutOfOrder(field="shift")
    last = ends_on(terms)
    dated: tuple[tuple[str, Sequence[Disbursement | EarlyPayment]], ...] = (
        ("disbursements", terms.disbursements),
        ("earlyPayments", terms.early_payments),
    )
    for name, ones in dated:
        for number, one in enumerate(ones):
            if one.on is not None and one.on >= last:
                yield OutsideLoan(field=f"{name}[{number}]")


def _currency(tree: Mapping[str, Json], found: list[Refusal]) -> str:
    currency = tree.get("currency", "CNY")
    try:
        minor_digits(currency if isinstance(currency, str) else "")
    except AmountInvalid:
        found.append(CurrencyUnknown(field="currency"))
        return "CNY"
    return str(currency)


def _method_of(stages: Sequence[Stage], specified: Sequence[Specified]) -> Method:
    """The method that a table means by being there."""
    if specified:
        return Method.SPECIFIED
    return Method.STAGED if stages else Method.EQUAL_INSTALMENT


def _calendar(reader: Reader, per_year: int | None) -> Calendar:
    unit, every = FREQUENCIES.get(per_year or _MONTHS, (Unit.MONTH, 1))
    frequency = reader.part("frequency")
    if per_year is not None and per_year not in FREQUENCIES and not reader.has("frequency") and reader.has("startOn"):
        allowed = ", ".join(str(one) for one in FREQUENCIES)
        reader.wrong(TermInvalid, "paymentsPerYear", name="paymentsPerYear", expected=f"{allowed}, or with frequency")
    days = reader.day_pair("dueDays")
    calendar = Calendar(
        unit=frequency.member("unit", Unit, unit),
        every=frequency.whole("every", low=1, high=366, absent=1 if frequency.has("unit") else every),
        rule=reader.member("dueRule", DueRule, DueRule.FIXED_DAY if reader.has("dueDay") else DueRule.SAME_DAY),
        due_day=reader.whole("dueDay", low=1, high=31, absent=None),
        due_days=days,
        max_day=reader.whole("maxDay", low=1, high=31, absent=31),
        remap_day=reader.whole("remapDay", low=1, high=31, absent=None),
        short_month=reader.member("shortMonth", ShortMonth, ShortMonth.CLAMP),
        first_due_on=reader.day("firstDueOn", None),
        first_gap_days=reader.whole("firstGapDays", low=0, high=366, absent=15),
        first_period=reader.member("firstPeriod", FirstPeriod, FirstPeriod.SOLVED),
        shift=reader.member("shift", Shift, Shift.NONE),
        shift_bears_interest=reader.flag("shiftBearsInterest", absent=False),
        business_days=BusinessDays(reader.days("holidays"), reader.days("makeUpDays")),
    )
    frequency.done()
    return calendar


def _grace(reader: Reader, interest_only: int) -> Grace:
    grace = Grace(
        principal=reader.whole("principal", low=0, high=INSTALMENTS_MAX, absent=interest_only),
        interest=reader.whole("interest", low=0, high=INSTALMENTS_MAX, absent=0),
        interest_free=reader.whole("interestFree", low=0, high=INSTALMENTS_MAX, absent=0),
    )
    reader.done()
    return grace


def _stage(reader: Reader) -> Stage:
    reader.whole("stageNo", low=1, high=INSTALMENTS_MAX, absent=None)
    base = reader.member("rateBase", RateBase, None)
    by_days = reader.member("dayCount", DayCount, None)
    if base is not None and by_days is None:
        by_days = DayCount.ACT_360 if base is RateBase.DAYS else DayCount.THIRTY_360
    return Stage(
        first=reader.needed("from", reader.instalments("from", None), 1),
        last=reader.needed("to", reader.instalments("to", None), 1),
        pay=reader.member("pay", Pay, Pay.PRINCIPAL_AND_INTEREST),
        mode=_mode(reader),
        principal=reader.amount("principal", None),
        share=reader.decimal("principalShare", None),
        every=reader.whole("every", low=1, high=366, absent=1),
        rate_annual=reader.rate("rateAnnual", None),
        horizon=reader.instalments("horizon", None),
        by_days=by_days,
        step_amount=reader.amount("stepAmount", 0, low=-BIGINT_MAX),
        step_rate=reader.number("stepRate", Decimal(0)),
        step_every=reader.instalments("stepEvery", 1),
        step_times=reader.instalments("stepTimes", INSTALMENTS_MAX),
        interest_from=reader.day("interestStartDate", None),
        penalty_rate_annual=reader.rate("penaltyRateAnnual", None),
    )


def _mode(reader: Reader) -> Mode:
    mode = reader.member("mode", Mode, Mode.ANNUITY)
    if mode is Mode.ADD_ON:
        reader.wrong(TermNotListed, "mode", name="mode", allowed="T, P, F")
        return Mode.ANNUITY
    return mode


def _specified(reader: Reader) -> Specified:
    return Specified(
        due_on=reader.needed("due", reader.day("due", None), UNDATED),
        principal=reader.needed("principal", reader.amount("principal", None, low=0), 0),
        interest=reader.amount("interest", None, low=0),
        fee=reader.amount("fee", 0, low=0),
    )


def _disbursement(reader: Reader) -> Disbursement:
    return Disbursement(
        on=reader.needed("on", reader.day("on", None), UNDATED),
        amount=reader.needed("amount", reader.amount("amount", None), 1),
        down_payment=reader.amount("downPayment", 0, low=0),
    )


def _rate_change(reader: Reader) -> RateChange:
    return RateChange(
        rate_annual=reader.needed("rateAnnual", reader.rate("rateAnnual", None), Decimal(0)),
        no=reader.instalments("fromInstalment", None),
        on=reader.day("on", None),
        is_solved=reader.flag("newPayment", absent=True),
        payment_cap=reader.decimal("paymentCapFactor", None),
    )


def _early_payments(reader: Reader) -> tuple[EarlyPayment, ...]:
    """One early payment, or the same again with every so many instalments until one."""
    no = reader.instalments("atInstalment", None)
    until, every = reader.instalments("untilInstalment", None), reader.instalments("every", None)
    if until is not None and (no is None or until < no):
        expected = f"at least {no or 1}"
        reader.wrong(TermInvalid, "untilInstalment", name="untilInstalment", expected=expected)
        until = None
    if every is not None and until is None:
        reader.wrong(TermMissing, "untilInstalment", name="untilInstalment")
    one = EarlyPayment(
        amount=reader.needed("amount", reader.amount("amount", None), 1),
        effect=reader.member("effect", Effect, Effect.SHORTEN_TERM),
        no=no,
        on=reader.day("on", None),
    )
    if no is None or until is None:
        return (one,)
    return tuple(replace(one, no=again) for again in range(no, until + 1, every or 1))


def _fee(reader: Reader) -> Fee:
    amount, rate = reader.amount("amount", None), reader.decimal("rate", None)
    if (amount is None) == (rate is None):
        reader.wrong(TermInvalid, "amount", name="amount", expected="there, or rate is, and not both")
    basis = reader.member("of", FeeBasis, FeeBasis.PRINCIPAL)
    return Fee(
        code=reader.needed("code", reader.text("code", None), "FEE"),
        value=Decimal(amount or 0) if rate is None else rate,
        when=reader.member("when", FeeWhen, FeeWhen.PER_INSTALMENT),
        basis=FeeBasis.AMOUNT if rate is None else basis,
        payee=reader.text("payee", "FUNDER"),
        payer=reader.text("payer", "BORROWER"),
        no=reader.instalments("instalment", 1),
    )


def _indexed(reader: Reader, terms: Terms) -> Terms:
    """The terms with the rates of an index: the first from the start, the others where the contract looks again."""
    if not reader.has("index"):
        return terms
    part = reader.part("index")
    values = part.parts("values", _index_value)
    index = Index(
        values=values,
        margin=part.needed("margin", part.decimal("margin", Decimal(0)), Decimal(0)),
        floor=part.rate("floor", None),
        cap=part.rate("cap", None),
    )
    every = part.instalments("resetEvery", INSTALMENTS_MAX)
    part.done()
    first = index.rate_on(terms.start_on)
    if first is None:
        part.wrong(TermMissing, "values", name="values")
        return terms
    if reader.faults or faults(terms):
        return terms
    changes, before = list[RateChange](), first
    try:
        made = periods_of(terms)[: terms.instalments]
    except (ValueError, OverflowError):
        return terms  # the calendar's fault, told with the others
    for no, period in enumerate(made, start=1):
        rate = index.rate_on(period.from_on) or first
        if (no - 1) % every == 0 and rate != before:
            changes.append(RateChange(rate_annual=rate, no=no))
            before = rate
    return replace(terms, rate_annual=first, rate_changes=(*changes, *terms.rate_changes))


def _contingent(reader: Reader) -> ContingentCost:
    """A cost of a breach or a choice: one standard, which is a yearly rate, a fraction paid once, or an amount."""
    standards = {
        "rateAnnual": reader.rate("rateAnnual", None),
        "rate": reader.decimal("rate", None),
        "amount": reader.amount("amount", None),
    }
    stated = [name for name, one in standards.items() if one is not None]
    if len(stated) != 1:
        reader.wrong(TermInvalid, "amount", name="amount", expected="the only one of amount, rate, rateAnnual")
        standards = dict.fromkeys(standards) | {"amount": 1}
    rate_annual, rate, amount = standards["rateAnnual"], standards["rate"], standards["amount"]
    return ContingentCost(
        item=reader.needed("item", reader.text("item", None), "ITEM"),
        payee=reader.text("payee", "FUNDER"),
        basis=reader.text("of", "AMOUNT" if amount is not None else "PRINCIPAL"),
        rate_annual=None if rate_annual is None else Decimal(rate_annual),
        rate=None if rate is None else Decimal(rate),
        amount=None if amount is None else int(amount),
    )


def _index_value(reader: Reader) -> tuple[date, Decimal]:
    on = reader.needed("on", reader.day("on", None), UNDATED)
    return on, reader.needed("rateAnnual", reader.rate("rateAnnual", None), Decimal(0))


def _whole(exact: Fraction, rounding: Rounding) -> int:
    return round_ratio(exact.numerator, exact.denominator, rounding)


_MONTHS: Final = 12
_GRACE_MAX: Final = 366
