"""`quote` (试算): what a loan would cost, from its terms alone; the functions that book the loan, and no database."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from commands.printing import Json, amount, err, out, print_json, read_text, refuse
from domain.refusals import Invalid, text
from domain.servicing.answer import plan_document
from domain.servicing.cost import SHOWN, shown
from domain.servicing.disclosure import CostDisclosure
from domain.servicing.explain import explained
from domain.servicing.function import evaluated
from domain.servicing.quotation import asked as asked_for
from domain.servicing.quoted import Quoted, quoted
from domain.servicing.reader import Json as Value
from domain.servicing.reader import tree_of
from domain.servicing.schedule import Schedule, fees_at_disbursement
from domain.servicing.terms import Terms
from ledger.money import minor_digits


def quote(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Terms as JSON; - for standard input.")] = Path("-"),
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each amount how it came about.")] = False,
    as_json: Json = False,
) -> None:
    """试算: schedule, cost table and annualised costs of a loan.

    Example: echo '{"principal": "10000.00", "rateAnnual": "12%", "instalments": 12, "startOn": "2026-03-05"}' |
    zhudai quote --explain.

    A textbook's loan needs no dates: {"principal": "162000", "currency": "USD", "rateAnnual": "3.875%",
    "termMonths": 360}. Other than monthly: "paymentsPerYear": 26. Another system's habits: "convention":
    "CANADA_MORTGAGE". Amounts and rates are strings.

    Or a function of spreadsheets: {"function": {"name": "pmt", "rate": "0.00625", "n": 180, "pv": "200000"}}.

    Which field says what a published case says, every field with its formula, and the habits of known systems stand
    in docs/reference/conventions.md; the form of what is read and printed in --schema.
    """
    tree = tree_of(read_text(file, "FILE"))
    if isinstance(tree, Invalid):
        _refuse_all(tree, as_json=as_json)
    if "function" in tree:
        _evaluate(tree, as_json=as_json)
        return
    asked = asked_for(tree)
    if isinstance(asked, Invalid):
        _refuse_all(asked, as_json=as_json)
    made = quoted(asked)
    if isinstance(made, Invalid):
        _refuse_all(made, as_json=as_json)
    if as_json:
        print_json(document(made, explain=explain))
    else:
        _show(made)
        if explain:
            _explain(asked.terms, made.plan)
    told = made.disclosure
    if told is not None and made.is_above_cap:
        simple = shown(told.annual.simple)
        refuse("COST_ABOVE_CAP", f"the annualised cost {simple} is above the cap {made.cap}: lower the rate")


def document(quote: Quoted, *, explain: bool) -> dict[str, object]:
    """A quote as JSON: amounts in major units and rates as strings."""
    terms, costs = quote.asked.terms, quote.costs

    def money(minor: int | None) -> str | None:
        return None if minor is None else str(Decimal(minor).scaleb(-minor_digits(terms.currency)))

    def rate(found: Decimal | None) -> str | None:
        return None if found is None else f"{found:f}"

    made = plan_document(terms, quote.plan, explain=explained if explain else None)
    made["convention"] = quote.asked.convention
    if not isinstance(costs, CostDisclosure):
        made["cost"] = made["annualised"] = None
        made["verdicts"] = []
        return made
    made["cost"] = {
        "interest": money(costs.total_interest),
        "fees": money(costs.total_fees),
        "payment": money(costs.total_payment),
        "received": money(costs.received),
        "items": [
            {
                "item": one.item,
                "payee": one.payee,
                "collected": one.collected,
                "rateAnnual": rate(one.rate_annual),
                "amount": money(one.amount),
            }
            for one in costs.items
        ],
        "contingent": [
            {
                "item": one.item,
                "payee": one.payee,
                "of": one.basis,
                "rateAnnual": rate(one.rate_annual),
                "rate": rate(one.rate),
                "amount": money(one.amount),
            }
            for one in costs.contingent
        ],
    }
    made["annualised"] = {
        "simple": rate(costs.annual.simple),
        "effective": rate(costs.annual.effective),
        "xirr": rate(costs.annual.dated),
        **{name: rate(found) for name, found in _abroad(quote).items()},
        "cap": rate(quote.cap),
        "margin": rate(quote.asked.margin),
        "precision": rate(SHOWN),
        "aboveCap": quote.is_above_cap,
    }
    made["verdicts"] = [
        {
            "rule": one.rule.code,
            "binds": one.rule.binds,
            "measure": one.rule.measure.value,
            "limit": rate(one.limit),
            "figure": rate(one.figure),
            "above": one.is_above,
            "zh": one.zh,
            "en": one.en,
        }
        for one in quote.verdicts
    ]
    return made


def _abroad(quote: Quoted) -> dict[str, Decimal | None]:
    """The yearly rates of other jurisdictions, by their names."""
    return {"usApr": quote.us_apr, "euAprc": quote.eu_aprc}


def _evaluate(tree: Mapping[str, Value], *, as_json: bool) -> None:
    found = evaluated(tree)
    if isinstance(found, Invalid):
        _refuse_all(found, as_json=as_json)
    if as_json:
        print_json(found.document())
    else:
        out.print(f"{found.name} {found.value:f}", highlight=False)


def _refuse_all(refused: Invalid, *, as_json: bool) -> NoReturn:
    """Say every fault, one a line, and end with 1."""
    if as_json:
        faults = [
            {"field": one.field, "code": one.code, "zh": text(one, "zh-CN"), "en": text(one, "en")}
            for one in refused.faults
        ]
        print_json({"faults": faults})
    for one in refused.faults:
        err.print(f"[bold red]{one.code}[/bold red] {one.field or '-'}: {text(one, 'en')}", highlight=False)
    raise typer.Exit(1)


def _show(quote: Quoted) -> None:
    terms, plan, costs = quote.asked.terms, quote.plan, quote.costs
    digits = minor_digits(plan.currency)
    table = Table(title=f"还款计划 {plan.currency}")
    for column in ("no", "due", "opening", "principal", "interest", "fees", "payment", "closing"):
        table.add_column(column, justify="left" if column == "due" else "right")
    for row in plan.rows:
        figures = (row.opening, row.principal, row.interest, row.fee, row.total, row.closing)
        due = row.period.due_on.isoformat() if terms.is_dated else ""
        table.add_row(str(row.no), due, *(amount(minor, digits) for minor in figures))
    table.add_section()
    fees = sum(row.fee for row in plan.rows) + sum(charged for _, charged in fees_at_disbursement(terms))
    whole = (plan.principal, plan.interest, fees, plan.principal + plan.interest + fees)
    table.add_row("", "合计", "", *(amount(minor, digits) for minor in whole), "")
    out.print(table)
    if not isinstance(costs, CostDisclosure):
        out.print(f"{text(costs, 'zh-CN')}; {text(costs, 'en')}", highlight=False)
        return
    _show_costs(costs, digits)
    annual = costs.annual
    table = Table(title="年化综合融资成本", show_header=False)
    rates = {"单利 simple": annual.simple, "复利 effective": annual.effective, "XIRR": annual.dated}
    for name, rate in (rates | _abroad(quote) | {"上限 cap": quote.cap}).items():
        table.add_row(name, "" if rate is None else f"{shown(rate):%}")
    out.print(table)
    for verdict in quote.verdicts:
        out.print(f"{verdict.rule.code}: {verdict.zh}\n{verdict.en}", highlight=False)


def _show_costs(costs: CostDisclosure, digits: int) -> None:
    table = Table(title="综合融资成本明示表")
    for column in ("charge", "payee", "collected", "rate a year", "amount"):
        table.add_column(column)
    for item in costs.items:
        charged = amount(item.amount, digits)
        table.add_row(item.item, item.payee, item.collected, f"{shown(item.rate_annual):%}", charged)
    for breach in costs.contingent:
        rate = "" if breach.rate_annual is None else f"{shown(breach.rate_annual):%}"
        once = f"{shown(breach.rate):%}" if breach.rate is not None else ""
        charged = amount(breach.amount, digits) if breach.amount is not None else once
        table.add_row(breach.item, breach.payee, "ON_BREACH", rate, charged)
    out.print(table)


def _explain(terms: Terms, plan: Schedule) -> None:
    table = Table(title="计算说明", show_lines=True)
    for column in ("no", "amount", "how"):
        table.add_column(column)
    for row in plan.rows:
        for name, one in explained(terms, row).items():
            table.add_row(str(row.no), name, f"{one.zh}\n{one.en}")
    out.print(table)
