"""里程碑, milestones: the state of a life after its first facts, so that a long history costs no more than its end.

A milestone is derived and never the source: it is what `replay` makes of the contract and the facts up to its number.
It holds what is owed; what was told on the way there (transactions, movements, versions) it does not. From it a life
goes on with the facts that came later, as long as none of them reaches back before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

from domain.servicing.contract import Contract
from domain.servicing.fact import Fact, Pay, PayKind, place, takes_effect_on
from domain.servicing.fold import Fold, LevyState, Version
from domain.servicing.life import Life, effective, extend, happen, replay
from domain.servicing.progress import ALL, Line, nothing

EVERY: Final = 4
"""Facts from one milestone to the next: the most that are told again for a question about now."""
TOLD: Final = frozenset(
    {"contract", "lines", "levies", "transactions", "movements", "versions", "parts", "happened", "met"}
)
"""Fields of a fold that a milestone leaves out, or has words of its own for."""
AHEAD: Final = frozenset({PayKind.REPAYMENT, PayKind.DOWN_PAYMENT, PayKind.GOODWILL_CREDIT})
"""Payments that ask only what is owed now; the others may look back at what was paid before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """The state after the facts 1..`no`; `latest` is the last one's place in the order of replay, `document` JSON."""

    no: int
    latest: tuple[date, int, int]
    booked_on: date
    document: Mapping[str, Any]


def milestone(life: Life) -> Milestone | None:
    """The milestone of a life that knows all its facts.

    None where it has none, or where what was told is asked again: a charge whose instalment is gone, an overpayment
    that would have met instalments in advance, a contract whose refunds give interest back.
    """
    state, lines = life.base, life.base.lines
    is_waiting = state.excess and life.contract.strategy(PayKind.REPAYMENT).meets_advance
    if is_waiting or life.contract.life.interest_refund:
        return None
    at = {id(line): n for n, line in enumerate(lines)}
    if life.latest is None or any(id(levy.line) not in at for levy in state.levies):
        return None
    return Milestone(
        no=max(fact.no for fact in life.facts),
        latest=life.latest,
        booked_on=max(fact.booked_on for fact in life.facts),
        document={
            "state": _written(state, TOLD),
            "lines": [_written(line) for line in lines],
            "levies": [[at[id(levy.line)], *_written(levy, frozenset({"line"}))] for levy in state.levies],
            "version": [_written(one, frozenset({"instalments"})) for one in state.versions[-1:]],
        },
    )


def milestones(contract: Contract, facts: Iterable[Fact]) -> Iterator[Milestone]:
    """The milestones of a history, as they were when each was made: after every `EVERY` facts that became known."""
    life = replay(contract, (), on=date.min)
    for fact in sorted(facts, key=lambda one: one.no):
        life = extend(life, fact, on=max(life.on, fact.booked_on))
        if fact.no % EVERY == 0 and (made := milestone(life)):
            yield made


def resumed(contract: Contract, known: Milestone, later: Iterable[Fact], *, on: date) -> Life | None:
    """The life at `on`, not before the milestone, told from there; None when a later fact reaches back before it.

    Its facts are the later ones, and its transactions and movements what they have made.
    """
    facts = tuple(later)
    held = [fact for fact in effective(facts) if takes_effect_on(fact) <= on]
    if any(place(fact) < known.latest for fact in held) or any(looks_back(fact, known.no) for fact in facts):
        return None
    base = _state(contract, known)
    for fact in held:
        happen(base, fact)
    state = base.copy()
    state.advance(on)
    latest = place(held[-1]) if held else known.latest
    return Life(contract=contract, facts=facts, on=on, latest=latest, base=base, state=state)


def looks_back(fact: Fact, no: int) -> bool:
    """Whether a fact may ask what was told up to the fact of a number."""
    if isinstance(fact, Pay) and (fact.kind not in AHEAD or fact.is_interest_refunded):
        return True
    of = getattr(fact, "of", None)
    return of is not None and of <= no


def _state(contract: Contract, known: Milestone) -> Fold:
    said = known.document
    lines = [Line(**_read(Line, row)) for row in said["lines"]]
    levies = [LevyState(line=lines[row[0]], **_read(LevyState, row[1:], frozenset({"line"}))) for row in said["levies"]]
    versions = [Version(instalments=(), **_read(Version, row, frozenset({"instalments"}))) for row in said["version"]]
    return Fold(contract=contract, lines=lines, levies=levies, versions=versions, **_read(Fold, said["state"], TOLD))


def _written(value: Any, without: frozenset[str] = frozenset()) -> list[Any]:  # noqa: ANN401 - any dataclass
    return [_plain(getattr(value, one.name)) for one in fields(value) if one.name not in without]


def _plain(value: object) -> Any:  # noqa: ANN401 - JSON
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case Decimal():
            return str(value)
        case date():
            return value.toordinal()
        case dict():
            return [value[component] for component in ALL] if any(value.values()) else 0
        case list() | tuple():
            return [_plain(one) for one in value]
        case _:
            assert is_dataclass(value), f"a milestone has no words for {type(value).__name__}"
            return _written(value)


def _made(kind: Callable[..., Any], said: list[Any]) -> Any:  # noqa: ANN401 - an instance of that kind
    return kind(**_read(cast("type", kind), said))


def _read(kind: type, row: list[Any], without: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {
        name: said if how is None else how(said) for (name, how), said in zip(_readers(kind, without), row, strict=True)
    }


@cache
def _readers(kind: type, without: frozenset[str]) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((one.name, _reader(hints[one.name])) for one in fields(kind) if one.name not in without)


def _reader(kind: Any) -> Any:  # noqa: ANN401 - any type; a function, or None where JSON is the value
    origin, inside = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (inner,) = (one for one in inside if one is not NoneType)
        how = _reader(inner)
        return None if how is None else lambda said: None if said is None else how(said)
    if origin is dict:
        return lambda said: dict(zip(ALL, said, strict=True)) if said else nothing()
    if origin is list:
        how = _reader(inside[0]) or _same
        return lambda said: [how(one) for one in said]
    if origin is tuple and inside[-1] is Ellipsis:
        item = _reader(inside[0]) or _same
        return lambda said: tuple(item(one) for one in said)
    if origin is tuple:
        ways = [_reader(one) or _same for one in inside]
        return lambda said: tuple(how(one) for how, one in zip(ways, said, strict=True))
    if kind is date:
        return date.fromordinal
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(_made, kind)
    return None if kind in {int, str, bool} else kind


def _same(said: Any) -> Any:  # noqa: ANN401 - JSON
    return said
