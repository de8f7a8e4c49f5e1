"""Repayment methods as data: the stages that a method is, and the periods that a loan has. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

from domain.servicing.duedate import FirstPeriod, Period, Step, periods
from domain.servicing.terms import Method, Mode, Pay, Stage, Terms


def _one_stage(mode: Mode = Mode.ANNUITY) -> Callable[[Terms], tuple[Stage, ...]]:
    """All instalments alike, after those that the grace spares of principal."""

    def stages(terms: Terms) -> tuple[Stage, ...]:
        spared = terms.grace.principal
        whole = Stage(first=spared + 1, last=terms.instalments, mode=mode, horizon=_horizon(terms, spared))
        return (Stage(first=1, last=spared, pay=Pay.INTEREST), whole) if spared else (whole,)

    return stages


def _horizon(terms: Terms, spared: int) -> int | None:
    return terms.horizon - spared if terms.horizon else None


def _interest_first(terms: Terms) -> tuple[Stage, ...]:
    return (Stage(first=1, last=terms.instalments, pay=Pay.INTEREST),)


METHODS: Final[Mapping[Method, Callable[[Terms], tuple[Stage, ...]]]] = {
    Method.EQUAL_INSTALMENT: _one_stage(),
    Method.EQUAL_PRINCIPAL: _one_stage(Mode.EQUAL_PRINCIPAL),
    Method.INTEREST_FIRST: _interest_first,
    Method.BULLET: lambda _: (Stage(first=1, last=1, pay=Pay.INTEREST),),
    Method.EQUAL_INTEREST: _one_stage(Mode.FLAT),
    Method.DAILY_REVOLVING: _interest_first,
    Method.BALLOON: _one_stage(),
    Method.STAGED: lambda terms: terms.stages,
    Method.SPECIFIED: lambda terms: (Stage(first=1, last=len(terms.specified)),),
    Method.ADD_ON: _one_stage(Mode.ADD_ON),
}
"""The stages of each repayment method."""


def periods_of(terms: Terms) -> tuple[Period, ...]:
    """The periods of a whole loan, and after them those that a payment is solved for besides."""
    calendar, unit, every = terms.calendar, terms.calendar.unit, terms.calendar.every
    if terms.method is Method.SPECIFIED:
        return tuple(_specified_periods(terms))
    if terms.method is Method.BULLET:
        steps: list[Step] = [(unit, every * terms.instalments)]
    elif terms.method is Method.STAGED:
        steps = [(unit, every * stage.every) for stage in terms.stages for _ in range(stage.first, stage.last + 1)]
    else:
        steps = [(unit, every)] * terms.instalments
    last = len(steps)
    ahead = max([0, *((stage.horizon or 0) + stage.first - 1 - last for stage in METHODS[terms.method](terms))])
    made = periods(calendar, terms.start_on, steps + steps[-1:] * (ahead + 1))
    if terms.is_in_advance:
        made = (Period(terms.start_on, terms.start_on, terms.start_on, (unit, 0)), *made)
    return made if has_stub(terms, made) else made[: last + ahead]


def ends_on(terms: Terms) -> date:
    """The last due date of a whole loan that nothing shortens."""
    made = periods_of(terms)
    return made[METHODS[terms.method](terms)[-1].last - 1 + has_stub(terms, made)].to_on


def has_stub(terms: Terms, made: Sequence[Period]) -> bool:
    """Whether the first of a loan's periods is an odd one whose interest is an instalment of its own."""
    is_asked = terms.calendar.first_period is FirstPeriod.STUB and terms.method is not Method.SPECIFIED
    return is_asked and not made[0].is_regular


def _specified_periods(terms: Terms) -> Iterator[Period]:
    from_on = terms.start_on
    for one in terms.specified:
        yield Period(from_on, one.due_on, one.due_on, (terms.calendar.unit, terms.calendar.every), is_regular=False)
        from_on = one.due_on
