"""改期, changes of the plan: each rewrites the open instalments of a fold and leaves what was paid where it is.

A changed plan is a new schedule version with the fact as its reason; old versions stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from domain.calendar import add_months
from domain.product.accounting import Event
from domain.servicing.allocation import Component
from domain.servicing.contract import EarlyInterest, Spread
from domain.servicing.duedate import MONTHS, Unit
from domain.servicing.fact import ReAge, ReAmortise, Reschedule, Spreading
from domain.servicing.fold import EXACT, Fold, LevyState
from domain.servicing.interest import months_between, period, share
from domain.servicing.progress import ALL, C, F, I, Line, LineKind, N, P
from domain.servicing.schedule import Remaining, plan, schedule
from domain.servicing.terms import Grace, Method, Residue
from ledger.money import Rounding, round_ratio

REGULAR: Final = frozenset({LineKind.INSTALMENT, LineKind.RE_AGED, LineKind.CLOSING})


def begin(fold: Fold, principal: int, fact_no: int) -> None:
    """Lay out the first schedule: the down payment, if any, the instalments of the rest, and the fees of the terms."""
    from_on = fold.at
    down = down_payment(fold, principal)
    terms = fold.contract.starting(from_on, principal - down)
    if down:
        fold.lines.append(_down(fold, down))
    planned = schedule(terms)
    is_level = is_annuity(fold)
    for one in planned.instalments:
        line = Line(no=one.no, from_on=one.from_on, due_on=one.due_on)
        line.owed[P], line.owed[I] = one.principal, one.interest
        line.emi = one.principal + one.interest if is_level else None
        fold.lines.append(line)
        if one.fee:
            fold.levy(no=fact_no, name="INSTALMENT_FEE", component=F, amount=one.fee, due_on=one.due_on, line=line)
    if is_level and len(planned.instalments) > 1 and planned.payment:
        fold.lines[-1].emi = planned.payment
    fold.renumber()


def is_annuity(fold: Fold) -> bool:
    """Whether the instalments are level: the payment stays and principal is what interest leaves of it."""
    return fold.contract.terms.method in {Method.EQUAL_INSTALMENT, Method.BALLOON}


def down_payment(fold: Fold, principal: int) -> int:
    """The part of a disbursement that falls due at once, minor units."""
    terms, life = fold.contract.terms, fold.contract.life
    if terms.down_payment and not life.down_payment:
        return terms.down_payment if not fold.versions else 0
    return _multiple(fold, principal * life.down_payment, Rounding.HALF_EVEN)


def add(fold: Fold, amount: int, *, is_income: bool = False) -> None:
    """A later disbursement: its down payment falls due at once, the rest enlarges the instalments to come.

    is_income: the lender's own income, of which nothing is paid down.
    """
    down = 0 if is_income else down_payment(fold, amount)
    if down:
        fold.lines.append(_down(fold, down))
    rest = amount - down
    if fold.creditor:  # the claim so far is another's; this one is the lender's
        line = Line(no=0, kind=LineKind.CLOSING, from_on=fold.at, due_on=fold.at, is_closed=True)
        line.owed[P] = rest
        fold.lines.append(line)
        fold.renumber()
        return
    later = fold.contract.life.spread is not Spread.ON_OR_AFTER
    lines = [line for line in _own(fold) if line.due_on > fold.at or (not later and line.due_on == fold.at)]
    if not lines and later:
        extra_line(fold).owed[P] += rest
    elif not lines:
        _after_maturity(fold, rest)
    else:
        if lines[0].from_on < fold.at < lines[0].due_on:
            lines[0].drawn = (*lines[0].drawn, (fold.at, rest))
        if fold.contract.life.spread is Spread.FULL_TERM and is_annuity(fold):
            _tranche(fold, lines, rest)
        else:
            enlarge(fold, lines, rest)
    fold.renumber()


def _after_maturity(fold: Fold, amount: int) -> None:
    """One more regular instalment, the first that is still to come, for what is disbursed after the last one."""
    lines = [line for line in fold.lines if line.kind in REGULAR][-1:]
    while lines[-1].due_on <= fold.at:
        _lengthen(fold, lines, 1)
    gone = {id(line) for line in lines[1:-1]}
    fold.lines = [line for line in fold.lines if id(line) not in gone]
    made = lines[-1]
    made.from_on, made.owed[P], made.creditor = lines[0].due_on, amount, fold.creditor
    made.drawn = ((fold.at, amount),)
    _plan_interest(fold, [made], amount)


def _tranche(fold: Fold, lines: list[Line], amount: int) -> None:
    """Repay a disbursement over a whole term of its own: its level payment is added to those that are there."""
    count = len(lines)
    _lengthen(fold, lines, max(fold.contract.terms.instalments - count, 0))
    emi = level(fold, lines, amount)
    beyond = _beyond(fold, lines, amount, emi)
    if abs(beyond) > len(lines) // 2:
        moved = emi + _multiple(fold, Decimal(beyond) / len(lines), fold.contract.terms.rounding)
        emi = moved if abs(_beyond(fold, lines, amount, moved)) < abs(beyond) else emi
    wanted = []
    for n, line in enumerate(lines):
        line.emi = emi + (line.emi or 0 if n < count else 0)
        wanted.append(line.emi)
    _lay(fold, lines, sum(line.owed[P] for line in lines) + amount, wanted, is_level=True)
    for line in lines:
        line.completed_on = None if line.total_open else line.completed_on


def _beyond(fold: Fold, lines: Sequence[Line], amount: int, emi: int) -> int:
    """By how much the last payment of an amount disbursed today would exceed the others."""
    left = total = amount
    for line in lines:
        interest = fold.rounded(fold.interest(left, line, max(line.from_on, fold.at), line.due_on))
        total = left + interest
        left -= emi - interest
    return total - emi


def enlarge(fold: Fold, lines: Sequence[Line], amount: int) -> None:
    """Spread more principal over open instalments: solved again where they are level, else in equal parts."""
    principal = sum(line.owed[P] for line in lines) + amount
    if is_annuity(fold):
        solve(fold, lines, principal)
    elif fold.contract.terms.method is Method.EQUAL_PRINCIPAL:
        _lay(fold, lines, principal, equal_parts(fold, principal, len(lines)), is_level=False)
    else:
        lines[-1].owed[P] += amount
        _plan_interest(fold, lines, principal)
    for line in lines:
        line.completed_on = None if line.total_open else line.completed_on


def solve(fold: Fold, lines: Sequence[Line], principal: int) -> None:
    """A level payment for instalments that must pay `principal`; interest as planned, the last takes the rest."""
    emi = level(fold, lines, principal - (fold.late_interest() if fold.is_daily else 0))
    beyond = _laid(fold, lines, principal, emi)
    if abs(beyond) <= len(lines) // 2:
        return
    moved = emi + _multiple(fold, Decimal(beyond) / len(lines), fold.contract.terms.rounding)
    if abs(_laid(fold, lines, principal, moved)) >= abs(beyond):
        _laid(fold, lines, principal, emi)


def _laid(fold: Fold, lines: Sequence[Line], principal: int, emi: int) -> int:
    """Lay a level payment on instalments; by how much the last of them exceeds it, with the interest of the days."""
    for line in lines:
        line.emi = emi
    _lay(fold, lines, principal, [emi] * len(lines), is_level=True)
    if fold.contract.terms.residue is not Residue.SMOOTHED:
        return 0
    if fold.is_daily:
        fold.follow_balance(is_in_time=True)
    last = lines[-1]
    return last.owed[P] + last.owed[I] - last.credited[P] - last.credited[I] - emi


def _lay(fold: Fold, lines: Sequence[Line], principal: int, wanted: Sequence[int], *, is_level: bool) -> None:
    """Lay a principal on instalments as wanted: each at least what was met of it, the last what is left.

    wanted: what each asks for, interest included when the plan is level.
    """
    open_ = principal - sum(line.paid[P] + line.waived[P] for line in lines)
    planned = principal
    for n, (line, want) in enumerate(zip(lines, wanted, strict=True), start=1):
        interest = line.owed[I]
        if not fold.is_daily:
            interest = max(planned_interest(fold, line, max(planned, 0)), line.paid[I] + line.waived[I])
        met = line.paid[P] + line.waived[P]
        rest = open_ if n == len(lines) else min(max(want - (interest if is_level else 0) - met, 0), open_)
        line.owed[P] = met + rest
        if not fold.is_daily:
            line.owed[I] = interest
        open_ -= rest
        planned -= line.owed[P]


def level(fold: Fold, lines: Sequence[Line], principal: int) -> int:
    """The level payment of a balance over instalments, by the same walk as the first schedule where one rate holds."""
    rates = {rate for rate, _, _ in fold.stretches(lines[0].from_on, lines[-1].due_on)}
    if principal <= 0:
        return 0
    if len(rates) == 1:
        (rate,) = rates
        terms = fold.contract.starting(lines[0].from_on, principal)
        terms = replace(
            terms, rate_annual=rate, instalments=len(lines), method=Method.EQUAL_INSTALMENT, grace=Grace(), fees=(),
            stages=(), rate_changes=(), horizon=None,
            residue=Residue.LAST if terms.residue is Residue.SMOOTHED else terms.residue,
        )  # fmt: skip
        periods = tuple(period(terms, from_on=line.from_on, due_on=line.due_on) for line in lines)
        return plan(terms, Remaining(balance=principal, from_on=lines[0].from_on, periods=periods)).payment
    discount, annuity = Decimal(1), Decimal(0)
    for line in lines:
        discount = EXACT.divide(discount, EXACT.add(1, fold.interest(1, line, line.from_on, line.due_on)))
        annuity = EXACT.add(annuity, discount)
    return _multiple(fold, EXACT.divide(principal, annuity), fold.contract.terms.rounding)


def planned_interest(fold: Fold, line: Line, balance: int) -> int:
    """Interest of a whole period on one balance, without the days on which a part of it was not yet disbursed."""
    made = fold.interest(balance, line, line.from_on, line.due_on)
    for on, amount in line.drawn:
        made = EXACT.subtract(made, fold.interest(amount, line, line.from_on, on))
    return fold.rounded(made)


def equal_parts(fold: Fold, amount: int, count: int) -> list[int]:
    """An amount in equal parts of the contract's multiple; the last takes the rest."""
    part = _multiple(fold, Decimal(amount) / count, Rounding.HALF_EVEN)
    return [part] * (count - 1) + [amount - part * (count - 1)]


def _plan_interest(fold: Fold, lines: Sequence[Line], principal: int) -> None:
    left = principal
    for line in lines:
        if not fold.is_daily:
            line.owed[I] = max(planned_interest(fold, line, left), line.paid[I] + line.waived[I])
        left -= line.owed[P]


def re_age(fold: Fold, fact: ReAge) -> dict[Component, int]:
    """Move what is open to new instalments; returns the principal and the interest moved.

    What has begun stays, met on this day; what has not is gone.
    """
    if not fold.balance:  # an earlier fact that became known later has left none
        return {P: 0, I: 0}
    moved, recognised = _taken_out(fold, is_whole=fact.interest is Spreading.EQUAL_WHOLE)
    own = [line for line in fold.lines if line.creditor == fold.creditor]
    gone = {
        id(line)
        for line in own
        if line.due_on > fold.at and line.from_on >= fold.at and not sum(line.owed.values()) and not line.credited[P]
    }
    kept = [line for line in fold.lines if id(line) not in gone]
    for line in kept:
        if line.creditor == fold.creditor:
            line.due_on = fold.at if line.from_on < fold.at < line.due_on else line.due_on
            line.completed_on = line.completed_on or (None if line.total_open else fold.at)
            line.is_closed, line.carry = True, 0
    before = max([line.due_on for line in kept if line.due_on <= fact.first_on], default=fold.started_on or fold.at)
    made = []
    for n in range(fact.count):
        due_on = stepped(fact.first_on, n * fact.every, fact.unit)
        made.append(Line(no=0, kind=LineKind.RE_AGED, from_on=before, due_on=due_on, creditor=fold.creditor))
        before = due_on
    for line, part in zip(made, equal_parts(fold, moved[P], fact.count), strict=True):
        line.owed[P] = part
    fold.lines = [*kept, *made]
    _drop_unused(fold)
    parts = [moved[I]] + [0] * (fact.count - 1)
    if fact.interest is not Spreading.SOLVED:
        parts = equal_parts(fold, moved[I], fact.count)
    elif any(rate for _, rate in fold.rates):
        made[0].from_on = max(made[0].from_on, fold.at)
        if fold.is_daily:
            made[0].raw, parts[0] = Decimal(moved[I]), 0
        solve(fold, made, moved[P])
    for line, part in zip(made, parts, strict=True):
        line.is_flat = fact.interest is not Spreading.SOLVED
        line.owed[I] += part
        line.credited[I] += part
        line.recognised[I] = min(recognised, part) if line is not made[-1] else recognised
        recognised -= line.recognised[I]
    fold.renumber()
    return moved


def _taken_out(fold: Fold, *, is_whole: bool) -> tuple[dict[Component, int], int]:
    """Cut the lender's lines down to what was paid of principal and interest; what was open, and accrued beyond it.

    is_whole: interest that is not earned yet is open too.
    """
    moved, recognised = dict.fromkeys(ALL, 0), 0
    for line in fold.lines:
        line.late_raw = Decimal(0)
        if line.creditor == fold.creditor:
            moved[P] += line.open(P)
            is_open = is_whole or line.due_on <= fold.at
            moved[I] += line.open(I) if is_open else max(line.earned - line.paid[I] - line.waived[I], 0)
            recognised += line.recognised[I] - line.paid[I] - line.waived[I]
            for component in (P, I):
                line.owed[component] = line.paid[component] + line.waived[component]
            line.recognised[I] = line.owed[I]
    return moved, recognised


def re_amortise(fold: Fold, fact: ReAmortise) -> dict[Component, int]:
    """Move principal that is due and open to the instalments to come; returns the principal and interest moved.

    Without interest it moves in equal parts; else the payment is solved anew, and interest that was due goes in equal
    parts besides, to the first, or nowhere, as the fact says.
    """
    ahead = [line for line in fold.lines if line.kind in REGULAR and line.due_on > fold.at]
    if not ahead:  # an earlier fact that became known later has left none
        return {P: 0, I: 0}
    moved, recognised = _taken_from_due(fold)
    if not moved[P]:
        return moved
    ahead[0].recognised[I] += recognised
    principal = sum(line.owed[P] for line in ahead) + moved[P]
    is_solved = ahead[0].emi is not None and any(rate for _, rate in fold.rates)
    in_payment = is_solved and fold.is_daily and fact.interest is Spreading.SOLVED
    if in_payment:
        ahead[0].raw = EXACT.add(ahead[0].raw, moved[I])
    if is_solved:
        solve(fold, ahead, principal)
    else:
        for line, part in zip(ahead, equal_parts(fold, moved[P], len(ahead)), strict=True):
            line.owed[P] += part
            line.emi = None if line.emi is None else line.emi + part
        _plan_interest(fold, ahead, principal)
    for line, part in zip(ahead, _shares(fold, fact, 0 if in_payment else moved[I], len(ahead)), strict=True):
        line.credited[I] += part
        line.owed[I] += part
    return moved


def _shares(fold: Fold, fact: ReAmortise, interest: int, count: int) -> list[int]:
    """What each instalment takes of interest that was due; what rounding leaves of equal parts nobody does."""
    match fact.interest:
        case Spreading.EQUAL:
            return [_multiple(fold, Decimal(interest) / count, Rounding.HALF_EVEN)] * count
        case Spreading.WAIVED:
            return [0] * count
        case _:
            return [interest] + [0] * (count - 1)


def _taken_from_due(fold: Fold) -> tuple[dict[Component, int], int]:
    """Cut what is due and open down to what was paid; what was open, and accrued beyond it."""
    moved, recognised = {P: 0, I: 0}, 0
    for line in fold.lines:
        line.late_raw = Decimal(0)
        if line.due_on <= fold.at and line.open(P) > 0 and line.creditor == fold.creditor:
            for component in moved:
                moved[component] += line.open(component)
                line.owed[component] = line.paid[component] + line.waived[component]
            recognised += line.recognised[I] - line.owed[I]
            line.recognised[I] = line.owed[I]
            line.completed_on = fold.at if line.total_open == 0 else None
    return moved, recognised


def reschedule(fold: Fold, fact: Reschedule) -> None:
    """Move, lengthen or reprice the instalments from a due date on."""
    lines = [line for line in _own(fold) if line.due_on >= fact.from_due_on]
    if not lines:  # an earlier fact that became known later has left none
        return
    if fact.rate_annual is not None:
        reprice(fold, fact.rate_annual, max(lines[0].from_on, fold.at))
    if fact.to_due_on is not None:
        _shift(lines, fact.to_due_on)
    grace = fact.grace_principal
    if fact.extra + grace:
        _lengthen(fold, lines, fact.extra + grace)
    principal = sum(line.owed[P] for line in lines)
    is_level = lines[0].emi is not None
    for line in lines[:grace]:
        line.owed[P], line.emi = 0, None
    _plan_interest(fold, lines[:grace], principal)
    lines = lines[grace:]
    if fact.extra + grace or fact.rate_annual is not None:
        if is_level:
            solve(fold, lines, principal)
        else:
            _lay(fold, lines, principal, equal_parts(fold, principal, len(lines)), is_level=False)
    elif not fact.is_interest_free:
        _plan_interest(fold, lines, principal)
    fold.renumber()


def _own(fold: Fold) -> list[Line]:
    """The instalments that a change of the plan may touch: those of whoever holds the claim that is running."""
    return [line for line in fold.lines if line.kind in REGULAR and line.creditor == fold.creditor]


def _lengthen(fold: Fold, lines: list[Line], extra: int) -> None:
    """Add instalments after the last one, at the distance of the last two."""
    last = lines[-1]
    dates = sorted(line.due_on for line in fold.lines if line.kind in REGULAR)
    first = dates[-2] if len(dates) > 1 else last.from_on
    months, days = months_between(first, dates[-1]), max((dates[-1] - first).days, 1)
    before = last.due_on
    for n in range(1, extra + 1):
        due_on = add_months(last.due_on, n * months) if months else last.due_on + timedelta(days=n * days)
        line = Line(no=0, from_on=before, due_on=due_on, emi=lines[0].emi, creditor=last.creditor)
        before = due_on
        fold.lines.append(line)
        lines.append(line)


def reprice(fold: Fold, rate: Decimal, from_on: date) -> None:
    """From a date on the loan bears another rate; level payments are solved again."""
    fold.rates = [one for one in fold.rates if one[0] < from_on] + [(from_on, rate)]
    lines = [line for line in _own(fold) if line.due_on > from_on and not line.is_closed]
    if not lines:
        return
    if lines[0].emi is not None:
        solve(fold, lines, sum(line.owed[P] for line in lines))
    else:
        _plan_interest(fold, lines, sum(line.owed[P] for line in lines))


def pause(fold: Fold, from_on: date, to_on: date) -> None:
    """Take the interest of some days out of the plan; payments stay, and what is not interest is principal."""
    fold.pauses.append((from_on, to_on))
    if not fold.is_daily:
        _keep_payments(fold, [line for line in _own(fold) if line.due_on > from_on])


def stop_interest(fold: Fold) -> None:
    """From today the loan bears no interest; payments stay."""
    fold.rates = [*(one for one in fold.rates if one[0] < fold.at), (fold.at, Decimal(0))]
    if not fold.is_daily:
        _keep_payments(fold, [line for line in _own(fold) if line.due_on > fold.at])


def _keep_payments(fold: Fold, lines: Sequence[Line]) -> None:
    if lines:
        is_level = lines[0].emi is not None
        wanted = [line.emi if line.emi is not None else line.owed[P] for line in lines]
        _lay(fold, lines, sum(line.owed[P] for line in lines), wanted, is_level=is_level)


def close(fold: Fold, *, interest: EarlyInterest, is_whole: bool = True) -> None:
    """Make all that has not fallen due one instalment of today: all principal, interest to date or of the period.

    is_whole: charges of periods that have not begun fall due with it; else they keep their dates.
    """
    ahead = [line for line in fold.lines if line.due_on > fold.at]
    if not ahead:
        return
    whole = interest is EarlyInterest.WHOLE_PERIOD
    principal = sum(line.open(P) for line in ahead)
    earned = sum(
        max((line.owed[I] if whole and line.from_on < fold.at else line.earned) - line.paid[I] - line.waived[I], 0)
        for line in ahead
    )
    others = {one: sum(line.open(one) for line in ahead) for one in ALL if one not in {P, I}}
    held = [levy for levy in fold.levies if levy.open and any(levy.line is line for line in ahead)]
    later = [levy for levy in held if not is_whole and levy.due_on > fold.at and levy.line.from_on >= fold.at]
    held = [levy for levy in held if levy not in later]
    for levy in later:
        others[levy.component] -= levy.open
    credited = _given_up(ahead)
    touched, recognised = _keep_paid(fold, ahead)
    last = next((line for line in fold.lines if line.due_on == fold.at and line.kind is LineKind.INSTALMENT), None)
    if last is None:
        last = Line(no=ahead[0].no, kind=LineKind.CLOSING, from_on=min(ahead[0].from_on, fold.at), due_on=fold.at)
        last.creditor = ahead[0].creditor
        fold.lines.append(last)
    for component, amount in {**others, P: principal, I: earned}.items():
        last.owed[component] += amount
        last.recognised[component] += recognised[component]
        last.levied[component] += amount if component not in {P, I} else 0
    last.credited[P] += credited
    last.is_closed, last.carry, last.earned = True, 0, last.owed[I]
    last.completed_on = None if last.total_open else last.completed_on
    for levy in held:
        levy.line, levy.due_on = last, min(levy.due_on, fold.at)
    gone = {id(line) for line in ahead} - {id(line) for line in touched}
    fold.lines = [line for line in fold.lines if id(line) not in gone]
    for levy in later:
        line = extra_line(fold)
        line.due_on = max(line.due_on, levy.due_on)
        _move_levy(levy, line)
    fold.renumber()


def prepay(fold: Fold, principal: int, interest: int, *, is_shorter: bool, whole: bool) -> None:
    """Cut the current period at today: `principal` and `interest` fall due now, the rest is planned again.

    is_shorter: the payment stays and the loan ends earlier; else the number stays and the payment falls.
    """
    ahead = [line for line in fold.lines if line.kind in REGULAR and line.due_on > fold.at]
    current = ahead[0]
    rest = sum(line.open(P) for line in ahead) - principal
    shape = [line.open(P) for line in ahead]
    each, is_level = current.owed[P], current.emi is not None
    emi = next((line.emi for line in ahead if line.emi is not None), current.owed[P] + current.owed[I])
    dates = [line.due_on for line in ahead]
    touched, recognised = _keep_paid(fold, ahead)
    cut = Line(
        no=current.no, kind=LineKind.CLOSING, from_on=min(current.from_on, fold.at), due_on=fold.at, is_closed=True
    )  # fmt: skip
    cut.owed[P], cut.owed[I], cut.earned = principal, interest, interest
    cut.credited[P] = _given_up(ahead)
    cut.recognised[I] = recognised[I]
    starts = [fold.at, *dates[:-1]]
    made = [Line(no=0, from_on=a, due_on=b) for a, b in zip(starts, dates, strict=True)]
    if not is_shorter:
        if is_level:
            solve(fold, made, rest)
        else:
            for line, part in zip(made, _in_proportion(shape, rest), strict=True):
                line.owed[P] = part
            _plan_interest(fold, made, rest)
    else:
        made = _shortened(fold, made, rest, emi, level_one=is_level, principal=each)
    if whole and made:
        made[0].owed[I] = 0
        if made[0].emi is not None and len(made) > 1:
            made[0].emi = made[0].owed[P]
    for levy in fold.levies:
        for n, line in enumerate(ahead):
            if levy.line is line and levy.open:
                _move_levy(levy, made[min(n, len(made) - 1)] if made else cut)
    home = made[0] if made else cut
    for component in (F, N, C):
        home.recognised[component] += recognised[component]
    for line in (cut, *made):
        line.creditor = current.creditor
    gone = {id(line) for line in ahead} - {id(line) for line in touched}
    fold.lines = [line for line in fold.lines if id(line) not in gone] + [cut, *made]
    fold.renumber()


def _keep_paid(fold: Fold, ahead: Sequence[Line]) -> tuple[list[Line], dict[Component, int]]:
    """Cut lines that are planned anew down to what was paid; those that were, and what was accrued beyond it."""
    recognised = dict.fromkeys(ALL, 0)
    touched = []
    for line in ahead:
        fold.book(Event.PRINCIPAL_OVERDUE, {"principal": -line.overdue_moved}, fact_no=0)
        fold.book(Event.INTEREST_DUE, {"interest": -line.due_moved}, fact_no=0)
        line.overdue_moved = line.due_moved = 0
        for component in ALL:
            met = line.paid[component] + line.waived[component]
            recognised[component] += line.recognised[component] - (met if component is not P else 0)
            line.owed[component] = met
            line.recognised[component] = met if component is not P else 0
        line.levied, line.run = {one: line.owed[one] for one in ALL}, dict.fromkeys(ALL, 0)
        if sum(line.owed.values()):
            line.completed_on = line.completed_on or fold.at
            line.due_on, line.is_closed, line.carry = max(fold.at, line.from_on), True, 0
            touched.append(line)
    return touched, recognised


def _given_up(lines: Sequence[Line]) -> int:
    """Principal that chargebacks gave back to lines that are about to go; it is told once, on the line that stays."""
    credited = sum(line.credited[P] for line in lines)
    for line in lines:
        line.credited = dict.fromkeys(ALL, 0)
    return credited


def _move_levy(levy: LevyState, home: Line) -> None:
    """Lay what is open of a charge on another line; what was paid of it stays where it was paid."""
    home.levied[levy.component] += levy.open
    home.owed[levy.component] += levy.open
    levy.amount -= levy.paid + levy.waived
    levy.paid = levy.waived = 0
    levy.line = home


def _shortened(
    fold: Fold, lines: Iterable[Line], rest: int, emi: int, *, level_one: bool, principal: int
) -> list[Line]:
    """The same payments until nothing is left."""
    made = []
    for line in lines:
        if rest <= 0:
            break
        interest = planned_interest(fold, line, rest)
        part = min(max(emi - interest, 0) if level_one else principal, rest)
        line.owed[P], line.owed[I] = part, interest
        line.emi = emi if level_one else None
        made.append(line)
        rest -= part
    if rest > 0:
        made[-1].owed[P] += rest
    return made


def extra_line(fold: Fold) -> Line:
    """The N+1 instalment after maturity, made when it is first needed; it ends at the latest date that needed it.

    One for each creditor: what comes up after a guarantor has paid is not his.
    """
    for line in fold.lines:
        if line.kind is LineKind.EXTRA and line.creditor == fold.creditor:
            line.due_on = max(line.due_on, fold.at)
            return line
    line = Line(
        no=0,
        kind=LineKind.EXTRA,
        from_on=fold.maturity_on,
        due_on=max(fold.at, fold.maturity_on),
        creditor=fold.creditor,
    )
    fold.lines.append(line)
    fold.renumber()
    return line


def stepped(first_on: date, count: int, unit: Unit) -> date:
    """The date some units after the first."""
    if unit in MONTHS:
        return add_months(first_on, MONTHS[unit] * count)
    if unit is Unit.HALF_MONTH:
        return add_months(first_on, count // 2) + timedelta(days=15 * (count % 2))
    return first_on + timedelta(days={Unit.WEEK: 7}.get(unit, 1) * count)


def interest_now(fold: Fold, rule: EarlyInterest) -> int:
    """Interest of the current period that an early payment owes: of the days so far, or of the whole period."""
    return sum(
        max((line.owed[I] if rule is EarlyInterest.WHOLE_PERIOD else line.earned) - line.paid[I] - line.waived[I], 0)
        for line in fold.lines
        if line.from_on <= fold.at < line.due_on and line.kind in REGULAR
    )


def _down(fold: Fold, amount: int) -> Line:
    line = Line(no=0, kind=LineKind.DOWN_PAYMENT, from_on=fold.at, due_on=fold.at)
    line.owed[P] = amount
    return line


def _drop_unused(fold: Fold) -> None:
    present = {id(line) for line in fold.lines}
    last = fold.lines[-1]
    for levy in fold.levies:
        if id(levy.line) not in present:
            _move_levy(levy, fold.line_at(levy.due_on) or last)


def _shift(lines: Sequence[Line], to: date) -> None:
    """Move due dates: by whole months where the new date is whole months away, else by days."""
    first = lines[0].due_on
    months, days = months_between(first, to), (to - first).days
    before = None
    for line in lines:
        if before is not None:
            line.from_on = before
        line.due_on = add_months(line.due_on, months, to.day) if months else line.due_on + timedelta(days=days)
        before = line.due_on


def _in_proportion(shape: Sequence[int], rest: int) -> list[int]:
    whole, made, left = sum(shape), list[int](), rest
    for one in shape[:-1]:
        part = share(rest, elapsed=one, days=whole) if whole else 0
        made.append(min(part, left))
        left -= made[-1]
    return [*made, left]


def _multiple(fold: Fold, amount: Decimal, mode: Rounding) -> int:
    step = fold.contract.terms.payment_multiple
    numerator, denominator = amount.as_integer_ratio()
    return round_ratio(numerator, denominator * step, mode) * step
