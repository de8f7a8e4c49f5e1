"""`quote` (试算): what a loan would cost, from its terms alone; the functions that book the loan, and no database."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.table import Table

from commands.session import Json, amount, err, out, print_json, read_text, refuse
from domain.refusals import Invalid, text
from domain.servicing.cost import shown
from domain.servicing.explain import explained
from domain.servicing.function import evaluated
from domain.servicing.quotation import Json as Value
from domain.servicing.quotation import asked as asked_for
from domain.servicing.quotation import plan_document, tree_of
from domain.servicing.quoted import Quoted, quoted
from domain.servicing.schedule import Schedule
from domain.servicing.terms import Terms
from ledger.money import minor_digits


def quote(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Terms as JSON; - for standard input.")] = Path("-"),
    *,
    explain: Annotated[bool, typer.Option("--explain", help="Say of each amount how it came about.")] = False,
    as_json: Json = False,
) -> None:
    """试算: schedule, cost table and annualised costs of a loan.

    Example: echo '{"principal": "10000.00", "rateAnnual": "0.12", "instalments": 12, "startOn": "2026-03-05"}' |
    zhudai quote --explain.

    Or a function of spreadsheets: {"function": {"name": "pmt", "rate": "0.00625", "n": 180, "pv": "200000"}}.

    Every other field, and the conventions of known systems, stand in docs/reference/conventions.md.
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
    if made.is_above_cap:
        simple, cap = shown(made.costs.annual.simple), made.costs.cap_annual
        refuse("COST_ABOVE_CAP", f"the annualised cost {simple} is above the cap {cap}: lower the rate")


def document(quote: Quoted, *, explain: bool) -> dict[str, object]:
    """A quote as JSON: amounts in major units and rates as strings."""
    terms, costs = quote.asked.terms, quote.costs

    def money(minor: int) -> str:
        return str(Decimal(minor).scaleb(-minor_digits(terms.currency)))

    made = plan_document(terms, quote.plan, explain=explained if explain else None)
    made["convention"] = quote.asked.convention
    made["cost"] = {
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
            {"item": one.item, "payee": one.payee, "rateAnnual": f"{one.rate_annual:f}"}
            for one in costs.contingent
            if one.rate_annual is not None
        ],
    }
    made["annualised"] = {
        "simple": f"{costs.annual.simple:f}",
        "effective": f"{costs.annual.effective:f}",
        "xirr": f"{costs.annual.dated:f}",
        **{name: None if rate is None else f"{rate:f}" for name, rate in _abroad(quote).items()},
        "cap": f"{costs.cap_annual:f}",
        "aboveCap": quote.is_above_cap,
    }
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
    whole = (costs.principal, costs.total_interest, costs.total_fees, costs.total_payment)
    table.add_row("", "合计", "", *(amount(minor, digits) for minor in whole), "")
    out.print(table)
    table = Table(title="综合融资成本明示表")
    for column in ("charge", "payee", "collected", "rate a year", "amount"):
        table.add_column(column)
    for item in costs.items:
        charged = amount(item.amount, digits)
        table.add_row(item.item, item.payee, item.collected, f"{shown(item.rate_annual):%}", charged)
    for breach in costs.contingent:
        rate = "" if breach.rate_annual is None else f"{shown(breach.rate_annual):%}"
        table.add_row(breach.item, breach.payee, "ON_BREACH", rate, "")
    out.print(table)
    annual = costs.annual
    table = Table(title="年化综合融资成本", show_header=False)
    for name, rate_found in (
        ("单利 simple", annual.simple),
        ("复利 effective", annual.effective),
        ("XIRR", annual.dated),
    ):
        table.add_row(name, f"{shown(rate_found):%}")
    for name, rate_abroad in _abroad(quote).items():
        table.add_row(name, "" if rate_abroad is None else f"{shown(rate_abroad):%}")
    table.add_row("上限 cap", f"{shown(costs.cap_annual):%}")
    out.print(table)


def _explain(terms: Terms, plan: Schedule) -> None:
    table = Table(title="计算说明", show_lines=True)
    for column in ("no", "amount", "how"):
        table.add_column(column)
    for row in plan.rows:
        for name, one in explained(terms, row).items():
            table.add_row(str(row.no), name, f"{one.zh}\n{one.en}")
    out.print(table)
