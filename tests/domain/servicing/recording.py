"""Recorded life-cycles as text: the steps of a loan, and what another system answered.

C3069 DP15 500                      name, product, principal in major units
2024-01-01 disburse 500             a step
| 2 01-16 01-25 120 5 0 0 125 0 125 a row: no, due, paid on, principal, interest, fee, penalty, paid, early, late;
                                    what is left out is nought; a date without a year is the first after the start
> 2024-01-25 RE_AMORTISE 125 125    a transaction: on, type, amount, principal, interest, fee, penalty, balance
! ACTIVE outstanding 375 rows 5     status, any of the balances, and how many instalments there are
$ REPAYMENT PORT C 250              a line of the journal, of all entries of that event together
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from domain.refusals import Invalid
from domain.servicing.scenario import answer_json, play, scenario

Case = Mapping[str, Any]


@dataclass
class Recorded:
    """One recorded life-cycle."""

    name: str
    product: str
    principal: str
    start: str = ""
    steps: list[dict[str, Any]] = field(default_factory=list)
    expected: list[tuple[int, str]] = field(default_factory=list)


def read(text: str) -> list[Recorded]:
    """Read cases from a text."""
    cases: list[Recorded] = []
    for raw in text.strip().splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if re.match(r"\d{4}-\d\d-\d\d ", line):
            on, do, *rest = line.split()
            cases[-1].start = cases[-1].start or on
            cases[-1].steps.append(_step(on, do, rest))
        elif line[0] in "|>!$":
            cases[-1].expected.append((len(cases[-1].steps), line))
        else:
            name, product, principal = line.split()
            cases.append(Recorded(name, product, principal))
    return cases


def _step(on: str, do: str, rest: list[str]) -> dict[str, Any]:
    step: dict[str, Any] = {"do": do, "on": on}
    for word in rest:
        name, equals, value = word.partition("=")
        if not equals:
            step["amount"] = money(word)
        elif value in {"true", "false"}:
            step[name] = value == "true"
        else:
            step[name] = int(value) if value.isdigit() and name != "amount" else value
    return step


def money(word: str) -> str:
    """An amount with two places."""
    return f"{Decimal(word):.2f}"


def differences(case: Recorded, products: Mapping[str, Case], locale: str = "en") -> list[str]:
    """Where our answers differ from the recorded ones."""
    product = products[case.product]
    tree: dict[str, Any] = {
        "convention": product.get("convention", "FINERACT_PROGRESSIVE"),
        "rules": "FINERACT",
        "terms": {
            "currency": "EUR",
            "rateAnnual": "0",
            "penaltyRateAnnual": "0",
            **product.get("terms", {}),
            "principal": money(case.principal),
            "startOn": case.start,
        },
        "contract": product.get("contract", {}),
        "steps": case.steps,
    }
    asked = scenario(tree)
    if isinstance(asked, Invalid):
        return [f"invalid: {[(fault.field, fault.code, fault.params) for fault in asked.faults]}"]
    answers: list[dict[str, Any]] = [answer_json(one, rules=asked.rules, locale=locale) for one in play(asked)]
    found = [
        f"step {answer['step']} {answer['do']}: refused {answer['refused']}"
        for answer in answers
        if answer.get("refused")
        and not any(step == answer["step"] and "REFUSED" in line for step, line in case.expected)
    ]
    for step, line in case.expected:
        answer = answers[step - 1]
        dated = re.sub(r"(?<=\s)\d\d-\d\d(?=\s)", lambda short: _dated(short[0], case.start), line)
        found += [f"after step {step} ({answer['do']}): {one}" for one in _check(dated, answer, answers[:step])]
    return found


def _dated(short: str, start: str) -> str:
    """A date without a year: the first such day on or after the start."""
    year = int(start[:4]) + (short < start[5:])
    return f"{year}-{short}"


def _check(line: str, answer: dict[str, Any], before: list[dict[str, Any]]) -> list[str]:
    mark, *words = line.split()
    if mark == "|":
        no, due, paid_on, *figures = words
        rows = [row for row in answer["schedule"] if str(row["no"]) == no]
        if not rows:
            return [f"no row {no}"]
        row = rows[0]
        names = ("principal", "interest", "fee", "penalty", "paid", "inAdvance", "late")
        ours = [row["due"], row["paidOn"] or "-", *(row[name] for name in names)]
        theirs = [due, paid_on, *(money(one) for one in (*figures, *["0"] * (len(names) - len(figures))))]
        return [] if ours == theirs else [f"row {no}: ours {ours}, recorded {theirs}"]
    if mark == ">":
        on, kind, *figures = words
        parts = ("amount", "principal", "interest", "fee", "penalty", "balance")
        theirs = [money(one) if one != "*" else "*" for one in figures]
        near = []
        for one in answer["transactions"]:
            ours = [one[name] for name in parts[: len(theirs)]]
            if one["on"] == on and one["type"] == kind:
                if all(want in {"*", got} for want, got in zip(theirs, ours, strict=True)):
                    return []
                near.append(ours)
        return [f"transaction {on} {kind}: ours {near}, recorded {theirs}"]
    if mark == "$":
        event, account, side, figure = words
        total = sum(
            Decimal(one["amount"]) * (1 if one["side"] == "DEBIT" else -1)
            for each in before
            for posted in each["journal"]
            if posted["event"] == event
            for entry in posted["entries"]
            for one in entry.get("lines", ())
            if one["account"] == account
        )
        want = Decimal(figure) if side == "D" else -Decimal(figure)
        return [] if total == want else [f"journal {event} {account}: ours {total}, recorded {want}"]
    found = []
    status, *pairs = words
    if status == "REFUSED":
        return [] if any(one["code"] == pairs[0] for one in answer.get("refused", ())) else ["was not refused"]
    if status not in {"*", answer["status"]}:
        found.append(f"status: ours {answer['status']}, recorded {status}")
    for name, figure in zip(pairs[::2], pairs[1::2], strict=True):
        counts = {"dpd": answer["daysPastDue"], "rows": len(answer["schedule"])}
        got = str(counts[name]) if name in counts else answer["balances"][name]
        want_ = figure if name in counts else money(figure)
        if got != want_:
            found.append(f"{name}: ours {got}, recorded {want_}")
    return found
