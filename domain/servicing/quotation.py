"""A quote as it is asked for: JSON terms read into `Terms`, every fault by name and all at once; and a plan as JSON.

Amounts and rates are strings, never floats. A value that cannot be read gets a stand-in and a fault; the reader stays
a flat list of fields, and whoever gets a fault never sees the stand-ins.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final, TypeVar

from domain.calendar import BusinessDays
from domain.refusals import Invalid, Refusal, invalid
from domain.servicing.convention import CONVENTIONS
from domain.servicing.daycount import DayCount
from domain.servicing.duedate import Calendar, DueRule, FirstPeriod, Shift, ShortMonth, Unit
from domain.servicing.explain import Explained
from domain.servicing.refusal import (
    ConventionUnknown,
    CurrencyUnknown,
    DatesOutOfOrder,
    DayCountUnknown,
    FirstDueTooEarly,
    InstalmentsOutOfRange,
    OutsideLoan,
    PlanAmountInvalid,
    PlanAmountTooLarge,
    RateNegative,
    RateNotANumber,
    RateTooHigh,
    TermInvalid,
    TermMissing,
    TermNotListed,
    TermsNotJson,
    TermUnknown,
)
from domain.servicing.schedule import Row, Schedule, ends_on, fees_at_disbursement, periods_of
from domain.servicing.terms import (
    INSTALMENTS_MAX,
    RATE_MAX,
    Carried,
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
    Rate,
    RateChange,
    Residue,
    Solving,
    Specified,
    Stage,
    Terms,
    Unpaid,
    faults,
)
from ledger.money import AmountFault, AmountInvalid, Money, Rounding, minor_digits, round_ratio

Json = str | int | Decimal | bool | None | list["Json"] | dict[str, "Json"]
"""What a JSON text can hold; a number with a point is a Decimal."""

UNDATED: Final = date(2001, 1, 1)
"""The nominal start of a loan that has no dates; it is never shown."""
FREQUENCIES: Final[Mapping[int, tuple[Unit, int]]] = {
    1: (Unit.YEAR, 1),
    2: (Unit.MONTH, 6),
    3: (Unit.MONTH, 4),
    4: (Unit.QUARTER, 1),
    6: (Unit.MONTH, 2),
    12: (Unit.MONTH, 1),
    24: (Unit.HALF_MONTH, 1),
    26: (Unit.WEEK, 2),
    52: (Unit.WEEK, 1),
    365: (Unit.DAY, 1),
}
"""How often a year payments fall due, as unit and how many of it."""
LIST_MAX: Final = INSTALMENTS_MAX
BIGINT_MAX: Final = 2**63 - 1

E = TypeVar("E", bound=StrEnum)
V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a quote is asked for: the terms, and the bound on the yearly cost, a fraction, where there is one."""

    terms: Terms
    cap_annual: Decimal | None
    convention: str | None


@dataclass(frozen=True, slots=True)
class Reader:
    """One object of the terms, its path, and the faults found so far."""

    values: Mapping[str, Json]
    path: str
    faults: list[Refusal]
    currency: str = "CNY"
    read: set[str] = field(default_factory=set)

    def at(self, name: str) -> str:
        """The path of a field."""
        return f"{self.path}{name}"

    def wrong(self, fault: Callable[..., Refusal], at: str, /, **said: object) -> None:
        """Note a fault of a field."""
        self.faults.append(fault(field=self.at(at), **said))

    def has(self, name: str) -> bool:
        """Whether a field is there, and not null."""
        self.read.add(name)
        return self.values.get(name) is not None

    def whole(self, name: str, *, low: int, high: int, absent: V) -> int | V:
        """A whole number between bounds."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, int) and not isinstance(found, bool) and low <= found <= high:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a whole number from {low} to {high}")
        return absent

    def instalments(self, name: str, absent: V) -> int | V:
        """A number of instalments, with a fault of its own."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= INSTALMENTS_MAX:
            return found
        self.wrong(InstalmentsOutOfRange, name, limit=INSTALMENTS_MAX)
        return absent

    def flag(self, name: str, *, absent: bool) -> bool:
        """True or false."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, bool):
            return found
        self.wrong(TermInvalid, name, name=name, expected="true or false")
        return absent

    def text(self, name: str, absent: V) -> str | V:
        """A short text."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, str) and found.isprintable() and 0 < len(found) <= _TEXT_MAX:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a text of at most {_TEXT_MAX} characters")
        return absent

    def member(self, name: str, members: type[E], absent: V) -> E | V:
        """One of a list."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, str) and found in set(members):
            return members(found)
        allowed = ", ".join(members)
        if issubclass(members, DayCount):
            self.wrong(DayCountUnknown, name, allowed=allowed)
        else:
            self.wrong(TermNotListed, name, name=name, allowed=allowed)
        return absent

    def day(self, name: str, absent: V) -> date | V:
        """A date."""
        if not self.has(name):
            return absent
        found = self.values[name]
        try:
            return date.fromisoformat(found if isinstance(found, str) and len(found) == _DATE_LENGTH else "")
        except ValueError:
            self.wrong(TermInvalid, name, name=name, expected="a date like 2026-03-05")
            return absent

    def days(self, name: str) -> frozenset[date]:
        """A list of dates."""
        found = self.listed(name)
        each = Reader({str(n): one for n, one in enumerate(found)}, self.at(f"{name}."), self.faults)
        return frozenset(one for n in range(len(found)) if (one := each.day(str(n), None)) is not None)

    def amount(self, name: str, absent: V, *, low: int = 1) -> int | V:
        """An amount of the loan's currency in a string, at least `low` minor units."""
        if not self.has(name):
            return absent
        found = self.values[name]
        try:
            minor = Money.parse(found if isinstance(found, str) else "x", self.currency).minor
        except AmountInvalid as why:
            if why.reason in {AmountFault.TOO_LARGE, AmountFault.TOO_LONG}:
                self.wrong(PlanAmountTooLarge, name)
            else:
                said = why.reason.value if isinstance(found, str) else AmountFault.NOT_TEXT.value
                self.wrong(PlanAmountInvalid, name, reason=said)
            return absent
        if minor >= low:
            return minor
        self.wrong(PlanAmountInvalid, name, reason="not_positive" if low else "negative")
        return absent

    def decimal(self, name: str, absent: V) -> Decimal | V:
        """A decimal in a string, not negative."""
        number = self.number(name, None)
        if number is None:
            return absent
        if number < 0:
            self.wrong(RateNegative, name)
            return absent
        return number

    def number(self, name: str, absent: V) -> Decimal | V:
        """A decimal in a string, of either sign."""
        if not self.has(name):
            return absent
        found = self.values[name]
        try:
            number = Decimal(found) if isinstance(found, str) and len(found) <= _TEXT_MAX else Decimal("NaN")
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number.adjusted()) > _TEXT_MAX:
            self.wrong(RateNotANumber, name)
            return absent
        return number

    def rate(self, name: str, absent: V) -> Decimal | V:
        """A yearly rate: a fraction in a string, or an object with value, unit and basis."""
        if not self.has(name):
            return absent
        found = self.values[name]
        if isinstance(found, dict):
            part = self.part(name)
            unit = part.member("unit", RateUnit, RateUnit.YEAR)
            basis = part.whole("basis", low=360, high=366, absent=360)
            value = part.decimal("value", None)
            if value is None:
                if not part.has("value"):
                    part.wrong(TermMissing, "value", name="value")
                return absent
            part.done()
            rate = Rate(value, unit, basis).annual
        else:
            plain = self.decimal(name, None)
            if plain is None:
                return absent
            rate = plain
        if rate > RATE_MAX:
            self.wrong(RateTooHigh, name, limit=RATE_MAX)
            return absent
        return rate

    def part(self, name: str) -> Reader:
        """An object inside this one; an empty one when it is not there."""
        found = self.values.get(name) if self.has(name) else {}
        if not isinstance(found, dict):
            self.wrong(TermInvalid, name, name=name, expected="an object")
            found = {}
        return Reader(found, self.at(f"{name}."), self.faults, self.currency)

    def listed(self, name: str) -> list[Json]:
        """A list; an empty one when it is not there."""
        found = self.values.get(name) if self.has(name) else []
        if isinstance(found, list) and len(found) <= LIST_MAX:
            return found
        self.wrong(TermInvalid, name, name=name, expected=f"a list of at most {LIST_MAX}")
        return []

    def parts(self, name: str, read: Callable[[Reader], V]) -> tuple[V, ...]:
        """A list of objects, each read by `read`."""
        made = []
        for number, one in enumerate(self.listed(name)):
            path = f"{name}[{number}]"
            if not isinstance(one, dict):
                self.wrong(TermInvalid, path, name=path, expected="an object")
                continue
            reader = Reader(one, self.at(f"{path}."), self.faults, self.currency)
            made.append(read(reader))
            reader.done()
        return tuple(made)

    def needed(self, name: str, found: V | None, stand_in: V) -> V:
        """The value of a field that must be there; a missing one is a fault, a wrong one has been one already."""
        if found is not None:
            return found
        if not self.has(name):
            self.wrong(TermMissing, name, name=name)
        return stand_in

    def done(self) -> None:
        """Note every field that nobody has read."""
        for name in sorted(self.values.keys() - self.read):
            self.wrong(TermUnknown, name, name=name)


class RateUnit(StrEnum):
    """Of what time a rate is."""

    YEAR = "Y"
    MONTH = "M"
    DAY = "D"


class RateBase(StrEnum):
    """How a stage counts days (计息方式)."""

    MONTHS = "M"
    DAYS = "D"


def tree_of(text: str) -> dict[str, Json] | Invalid:
    """The one object that a JSON text is."""
    try:
        tree = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as why:
        return Invalid(faults=(TermsNotJson(detail=str(why)),))
    if not isinstance(tree, dict):
        return Invalid(faults=(TermsNotJson(detail=type(tree).__name__),))
    return tree


def asked(tree: Mapping[str, Json]) -> Asked | Invalid:
    """The same from the object itself."""
    found: list[Refusal] = []
    convention = tree.get("convention")
    if convention is not None and convention not in CONVENTIONS:
        found.append(ConventionUnknown(field="convention", allowed=", ".join(CONVENTIONS)))
        convention = None
    defaults = dict(CONVENTIONS[convention].fields) if isinstance(convention, str) else {}
    if "payment" in tree:
        defaults.pop("solving", None)
    reader = Reader({**defaults, **tree}, "", found, _currency({**defaults, **tree}, found))
    reader.read.update({"convention", "currency"})
    terms = terms_read(reader)
    cap = reader.rate("costCapAnnual", None)
    reader.done()
    known = {fault.field for fault in found}
    found += (fault for fault in faults(terms) if fault.field not in known)
    found += () if found else _calendar_faults(terms)
    refused = invalid(found)
    if refused is not None:
        return refused
    return Asked(terms=terms, cap_annual=cap, convention=convention if isinstance(convention, str) else None)


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
    count = reader.instalments("instalments", reader.instalments("termMonths", None))
    if count is None and (stages or specified):
        count = max((one.last for one in stages), default=len(specified))
    whole = reader.needed("instalments", count, 1)
    until = reader.instalments("instalmentsUntilBalloon", None)
    horizon = reader.instalments("horizon", None if until is None else whole)
    interest_only = reader.whole("interestOnly", low=0, high=INSTALMENTS_MAX, absent=0)
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
    terms = Terms(
        principal=principal,
        currency=reader.currency,
        rate_annual=rate,
        instalments=until or whole,
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
        calendar=_calendar(reader, per_year),
        payments_per_year=per_year,
        compounding_per_year=reader.whole("compoundingPerYear", low=1, high=366, absent=None),
        rate_digits=reader.whole("rateDigits", low=5, high=50, absent=None),
        horizon=horizon,
        min_interest_days=reader.whole("minInterestDays", low=0, high=366, absent=0),
        grace=_grace(reader.part("grace"), interest_only),
        unpaid=reader.member("unpaidInterest", Unpaid, Unpaid.DEFERRED),
        down_payment=down,
        disbursements=disbursements,
        rate_changes=reader.parts("rateChanges", _rate_change),
        early_payments=reader.parts("earlyPayments", _early_payment),
        fees=reader.parts("fees", _fee),
        stages=stages,
        specified=specified,
        is_dated=start_on is not None,
    )
    return _indexed(reader, terms)


def _calendar_faults(terms: Terms) -> Iterator[Refusal]:
    """What only the dates themselves show: they end with the calendar, and long holidays may push two onto one day."""
    try:
        made = periods_of(terms)
    except (ValueError, OverflowError):
        yield TermInvalid(field="frequency", name="frequency", expected="such that the plan ends before the year 10000")
        return
    if made[0].due_on <= terms.start_on:
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
    calendar = Calendar(
        unit=frequency.member("unit", Unit, unit),
        every=frequency.whole("every", low=1, high=366, absent=1 if frequency.has("unit") else every),
        rule=reader.member("dueRule", DueRule, DueRule.FIXED_DAY if reader.has("dueDay") else DueRule.SAME_DAY),
        due_day=reader.whole("dueDay", low=1, high=31, absent=None),
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
        mode=reader.member("mode", Mode, Mode.ANNUITY),
        principal=reader.amount("principal", None),
        share=reader.decimal("principalShare", None),
        every=reader.whole("every", low=1, high=366, absent=1),
        rate_annual=reader.rate("rateAnnual", None),
        horizon=reader.instalments("horizon", None),
        by_days=by_days,
        step_amount=reader.amount("stepAmount", 0),
        step_rate=reader.decimal("stepRate", Decimal(0)),
        step_every=reader.instalments("stepEvery", 1),
    )


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


def _early_payment(reader: Reader) -> EarlyPayment:
    return EarlyPayment(
        amount=reader.needed("amount", reader.amount("amount", None), 1),
        effect=reader.member("effect", Effect, Effect.SHORTEN_TERM),
        no=reader.instalments("atInstalment", None),
        on=reader.day("on", None),
    )


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
    for no, period in enumerate(periods_of(terms)[: terms.instalments], start=1):
        rate = index.rate_on(period.from_on) or first
        if (no - 1) % every == 0 and rate != before:
            changes.append(RateChange(rate_annual=rate, no=no))
            before = rate
    return replace(terms, rate_annual=first, rate_changes=(*changes, *terms.rate_changes))


def _index_value(reader: Reader) -> tuple[date, Decimal]:
    on = reader.needed("on", reader.day("on", None), UNDATED)
    return on, reader.needed("rateAnnual", reader.rate("rateAnnual", None), Decimal(0))


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


Explain = Callable[[Terms, Row], Mapping[str, Explained]]
"""What tells of the amounts of a row how they came about."""


def plan_document(terms: Terms, plan: Schedule, *, explain: Explain | None = None) -> dict[str, object]:
    """A plan as JSON: amounts in major units and rates as strings; dates are null where the loan has none."""

    def money(minor: int) -> str:
        return str(Money(minor, terms.currency))

    def day(on: date) -> str | None:
        return on.isoformat() if terms.is_dated else None

    at_start = sum(amount for _, amount in fees_at_disbursement(terms))
    document: dict[str, object] = {
        "currency": terms.currency,
        "principal": money(terms.principal),
        "startOn": day(terms.start_on),
        "payment": money(plan.payment),
        "balloon": money(plan.balloon),
        "schedule": [
            {
                "no": row.no,
                "kind": row.kind.value,
                "from": day(row.period.from_on),
                "due": day(row.period.due_on),
                "days": row.period.days if terms.is_dated else None,
                "openingBalance": money(row.opening),
                "disbursed": money(row.disbursed),
                "principal": money(row.principal),
                "interest": money(row.interest),
                "fee": money(row.fee),
                "fees": [{"code": code, "amount": money(amount)} for code, amount in row.fees],
                "extra": money(row.extra + row.advance),
                "prepaid": money(row.prepaid),
                "payment": money(row.paid),
                "balloon": money(row.balloon),
                "total": money(row.total),
                "closingBalance": money(row.closing),
                **({} if explain is None else {"explain": explain_document(terms, explain(terms, row))}),
            }
            for row in plan.rows
        ],
        "totals": {
            "principal": money(sum(row.principal + row.balloon for row in plan.rows)),
            "interest": money(sum(row.interest for row in plan.rows)),
            "fees": money(sum(row.fee for row in plan.rows) + at_start),
            "payment": money(sum(row.total for row in plan.rows) + at_start),
        },
        "unroundedTotals": None,
    }
    if terms.carried is Carried.UNROUNDED:
        interest = _whole(sum((row.exact_interest for row in plan.rows), Fraction()), Rounding.HALF_UP)
        document["unroundedTotals"] = {
            "interest": money(interest),
            "payment": money(terms.principal + interest),
        }
    return document


def explain_document(terms: Terms, ones: Mapping[str, Explained]) -> dict[str, object]:
    """Explanations as JSON, by the name of the amount."""
    return {
        name: {
            "value": str(Money(one.value, terms.currency)),
            "formula": one.formula,
            "inputs": dict(one.inputs),
            "dayCount": one.day_count,
            "exact": one.exact,
            "rounding": one.rounding,
            "zh": one.zh,
            "en": one.en,
        }
        for name, one in ones.items()
    }


def too_large(plan: Schedule) -> bool:
    """Whether a sum of the plan is beyond what the books can hold."""
    return sum(one.total for one in plan.instalments) > BIGINT_MAX


def _whole(exact: Fraction, rounding: Rounding) -> int:
    return round_ratio(exact.numerator, exact.denominator, rounding)


_MONTHS: Final = 12
_TEXT_MAX: Final = 64
_DATE_LENGTH: Final = 10
_GRACE_MAX: Final = 366
