"""`quote` (试算): what a loan would cost, from its terms alone; the functions that book the loan, and no database."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from rich.table import Table

from commands.session import Json, amount, out, print_json, read_text, refuse
from domain.origination.cost import exceeds, shown
from domain.origination.offer import CostDisclosure, disclose
from domain.product.pricing import RATE_CAP_ANNUAL
from domain.servicing.schedule import Schedule, schedule
from domain.servicing.terms import DayCount, Method, Terms
from ledger.money import AmountInvalid, Money, Rounding, minor_digits

TERM_MAX: Final = 360
"""Months of a loan, at most."""
RATE_MAX: Final = Decimal(10)
"""Fraction per year above which a rate is a slip of the pen (a percentage, say)."""
GRACE_MAX: Final = 31
"""Days of grace, at most."""


_Name = TypeVar("_Name", bound=StrEnum)


class TermsInvalid(ValueError):
    """The document is not the terms of a loan; the message names the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a quote is asked for."""

    terms: Terms
    cap_annual: Decimal
    """Bound on the yearly cost, a fraction."""


def quote(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Terms as JSON; - for standard input.")] = Path("-"),
    *,
    as_json: Json = False,
) -> None:
    """试算: schedule, cost table and annualised costs of a loan.

    Example: echo '{"principal": "10000.00", "rateAnnual": "0.12", "termMonths": 12, "startOn": "2026-03-05"}' |
    zhudai quote.

    Also: currency (CNY), dayCount (30/360 | ACT/360 | ACT/365F), rounding (HALF_UP), method (EQUAL_INSTALMENT),
    penaltyRateAnnual (1.5 times the rate), graceDays (0), costCapAnnual (0.24).
    """
    try:
        asked = asked_of(read_text(file, "FILE"))
    except TermsInvalid as why:
        refuse("TERMS_INVALID", f"{why}: see zhudai quote --help")
    plan = schedule(asked.terms)
    costs = disclose(asked.terms, plan, cap=asked.cap_annual)
    if as_json:
        print_json(document(asked.terms, plan, costs))
    else:
        _show(plan, costs)
    if exceeds(costs.annual.simple, cap=asked.cap_annual):
        refuse(
            "COST_ABOVE_CAP",
            f"the annualised cost {shown(costs.annual.simple)} is above the cap {asked.cap_annual}: lower the rate",
        )


def asked_of(text: str) -> Asked:
    """The terms in a JSON text; raises TermsInvalid."""
    try:
        tree = json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except ValueError as why:
        raise TermsInvalid(f"the terms are not JSON ({why})") from None
    if not isinstance(tree, dict):
        raise TermsInvalid("the terms are one JSON object")
    unknown = set(tree) - _FIELDS
    if unknown:
        raise TermsInvalid(f"nobody reads {', '.join(sorted(unknown))}")
    currency = _text(tree, "currency", "CNY")
    try:
        principal = Money.parse(_text(tree, "principal"), currency)
    except AmountInvalid as why:
        raise TermsInvalid(f"principal: {why}") from None
    if principal.minor <= 0:
        raise TermsInvalid("principal is above zero")
    rate = _rate(tree, "rateAnnual")
    terms = Terms(
        principal=principal.minor,
        currency=currency,
        rate_annual=rate,
        instalments=_whole(tree, "termMonths", low=1, high=TERM_MAX),
        start_on=_date(tree, "startOn"),
        day_count=_listed(tree, "dayCount", DayCount, DayCount.THIRTY_360),
        rounding=_listed(tree, "rounding", Rounding, Rounding.HALF_UP),
        grace_days=_whole(tree, "graceDays", low=0, high=GRACE_MAX, absent=0),
        penalty_rate_annual=_rate(tree, "penaltyRateAnnual", absent=rate * 3 / 2),
        method=_listed(tree, "method", Method, Method.EQUAL_INSTALMENT),
    )
    return Asked(terms=terms, cap_annual=_rate(tree, "costCapAnnual", absent=RATE_CAP_ANNUAL))


def document(terms: Terms, plan: Schedule, costs: CostDisclosure) -> dict[str, object]:
    """A quote as JSON: amounts in major units and rates as strings."""

    def money(minor: int) -> str:
        return str(Money(minor, terms.currency))

    return {
        "currency": terms.currency,
        "principal": money(terms.principal),
        "startOn": terms.start_on.isoformat(),
        "schedule": [
            {
                "no": one.no,
                "from": one.from_on.isoformat(),
                "due": one.due_on.isoformat(),
                "days": one.days,
                "principal": money(one.principal),
                "interest": money(one.interest),
                "total": money(one.total),
            }
            for one in plan.instalments
        ],
        "cost": {
            "interest": money(costs.total_interest),
            "fees": money(costs.total_fees),
            "payment": money(costs.total_payment),
            "items": [
                {
                    "item": one.item,
                    "payee": one.payee,
                    "collected": one.collected,
                    "rateAnnual": f"{one.rate_annual:f}",
                    "amount": money(one.amount),
                }
                for one in costs.items
            ],
            "contingent": [
                {"item": one.item, "payee": one.payee, "rateAnnual": f"{one.rate_annual:f}"} for one in costs.contingent
            ],
        },
        "annualised": {
            "simple": f"{costs.annual.simple:f}",
            "effective": f"{costs.annual.effective:f}",
            "xirr": f"{costs.annual.dated:f}",
            "cap": f"{costs.cap_annual:f}",
            "aboveCap": exceeds(costs.annual.simple, cap=costs.cap_annual),
        },
    }


_FIELDS: Final = frozenset(
    {
        "principal",
        "currency",
        "rateAnnual",
        "termMonths",
        "startOn",
        "dayCount",
        "rounding",
        "graceDays",
        "penaltyRateAnnual",
        "method",
        "costCapAnnual",
    }
)


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _text(tree: Mapping[str, object], name: str, absent: str | None = None) -> str:
    found = tree.get(name, absent)
    if not isinstance(found, str):
        raise TermsInvalid(f"{name} is a string")
    return found


def _whole(tree: Mapping[str, object], name: str, *, low: int, high: int, absent: int | None = None) -> int:
    found = tree.get(name, absent)
    if not isinstance(found, int) or isinstance(found, bool) or not low <= found <= high:
        raise TermsInvalid(f"{name} is a whole number from {low} to {high}")
    return found


def _rate(tree: Mapping[str, object], name: str, absent: Decimal | None = None) -> Decimal:
    if absent is not None and name not in tree:
        return absent
    try:
        rate = Decimal(_text(tree, name))
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite() or not 0 <= rate <= RATE_MAX:
        raise TermsInvalid(f'{name} is a fraction per year in a string, such as "0.18"')
    return rate


def _date(tree: Mapping[str, object], name: str) -> date:
    try:
        return date.fromisoformat(_text(tree, name))
    except ValueError as why:
        raise TermsInvalid(f"{name} is a date like 2026-03-05") from why


def _listed(tree: Mapping[str, object], name: str, names: type[_Name], absent: _Name) -> _Name:
    found = _text(tree, name, absent)
    if found not in list(names):
        raise TermsInvalid(f"{name} is one of {', '.join(names)}")
    return names(found)


def _show(plan: Schedule, costs: CostDisclosure) -> None:
    digits = minor_digits(plan.currency)
    table = Table(title=f"还款计划 {plan.currency}")
    for column in ("no", "due", "principal", "interest", "total"):
        table.add_column(column, justify="left" if column == "due" else "right")
    for one in plan.instalments:
        figures = (amount(minor, digits) for minor in (one.principal, one.interest, one.total))
        table.add_row(str(one.no), one.due_on.isoformat(), *figures)
    table.add_section()
    whole = (costs.principal, costs.total_interest, costs.total_payment)
    table.add_row("", "合计", *(amount(minor, digits) for minor in whole))
    out.print(table)
    table = Table(title="综合融资成本明示表")
    for column in ("charge", "payee", "collected", "rate a year", "amount"):
        table.add_column(column)
    for item in costs.items:
        charged = amount(item.amount, digits)
        table.add_row(item.item, item.payee, item.collected, f"{shown(item.rate_annual):%}", charged)
    for breach in costs.contingent:
        table.add_row(breach.item, breach.payee, "ON_BREACH", f"{shown(breach.rate_annual):%}", "")
    out.print(table)
    annual = costs.annual
    table = Table(title="年化综合融资成本", show_header=False)
    for name, rate_found in (
        ("单利 simple", annual.simple),
        ("复利 effective", annual.effective),
        ("XIRR", annual.dated),
    ):
        table.add_row(name, f"{shown(rate_found):%}")
    table.add_row("上限 cap", f"{shown(costs.cap_annual):%}")
    out.print(table)
