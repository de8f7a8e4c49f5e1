"""`simulate` (情景演算): a loan's life played step by step, through the functions that book real loans; no database."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commands.printing import Json, amount, err, out, print_json, read_text, refuse
from domain.refusals import Invalid, text
from domain.servicing.progress import C, F, I, N, P
from domain.servicing.scenario import Answer, answer_json, play, refusals_of, scenario_of
from domain.servicing.standing import outlook
from ledger.money import minor_digits


def simulate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A scenario as JSON; - for standard input.")] = Path("-"),
    *,
    as_json: Json = False,
) -> None:
    """情景演算: plays dated steps on a loan and answers after each with schedule, transactions, balances and journal.

    Example: echo '{"terms": {"principal": "1200.00", "rateAnnual": "0", "instalments": 3, "startOn": "2026-01-01"},
    "steps": [{"do": "disburse", "amount": "1200.00"}, {"do": "pay", "on": "2026-02-01", "amount": "400.00"}]}' |
    zhudai simulate.

    terms are those of zhudai quote; contract, convention and rules are optional. Exit 1 when a step was refused.
    """
    asked = scenario_of(read_text(file, "FILE"))
    if isinstance(asked, Invalid):
        if as_json:
            faults = [
                {"field": one.field, "code": one.code, "zh": text(one, "zh-CN"), "en": text(one, "en")}
                for one in asked.faults
            ]
            print_json({"faults": faults})
        for fault in asked.faults:
            err.print(f"[bold red]{fault.code}[/bold red] {fault.field or '-'}: {text(fault, 'en')}", highlight=False)
        raise typer.Exit(1)
    answers = list(play(asked))
    currency = asked.contract.terms.currency
    if as_json:
        print_json({"currency": currency, "steps": [answer_json(one, rules=asked.rules) for one in answers]})
    else:
        for one in answers:
            _show(one, minor_digits(currency))
    if count := refusals_of(answers):
        refuse("STEP_REFUSED", f"{count} step(s) refused: the answers say why")


def _show(answer: Answer, digits: int) -> None:
    """One step on the terminal: what it was, the schedule, the transactions, what the books would post."""
    now = outlook(answer.life)
    out.print(
        f"[bold]{answer.step.no}. {answer.step.do}[/bold] {answer.step.on or answer.business_on}"
        f"  {now.status}  dpd {now.dpd}  payoff {amount(now.payoff, digits)}",
        highlight=False,
    )
    for fault in answer.refused:
        out.print(f"  [red]{fault.code}[/red] {text(fault, 'zh-CN')}", highlight=False)
    if answer.refused:
        return
    table = Table(title="还款计划")
    for column in (
        "no",
        "due",
        "paid on",
        "principal",
        "interest",
        "fee",
        "penalty",
        "total",
        "paid",
        "early",
        "late",
        "open",
    ):
        table.add_column(column, justify="right")
    for one in answer.life.instalments:
        figures = (
            one.owed[P], one.owed[I], one.owed[F], one.owed[N] + one.owed[C], one.due, one.paid_total, one.in_advance,
            one.late, one.outstanding,
        )  # fmt: skip
        table.add_row(
            str(one.no), one.due_on.isoformat(), one.completed_on.isoformat() if one.completed_on else "",
            *(amount(figure, digits) for figure in figures),
        )  # fmt: skip
    out.print(table)
    table = Table(title="分录 movements")
    for column in ("event", "on", "flags", "amounts"):
        table.add_column(column)
    for movement in answer.movements:
        said = ", ".join(f"{name} {amount(figure, digits)}" for name, figure in movement.amounts.items())
        table.add_row(movement.event, movement.value_on.isoformat(), ", ".join(sorted(movement.flags)), said)
    if answer.movements:
        out.print(table)
