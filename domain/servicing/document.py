"""Documents: a frozen value as JSON and back, exactly; how contracts and facts rest in the database.

The type says how a value is read, so that nothing in a document names a class. Decimals, dates and fractions are
strings, amounts and numbers whole; a field that has its default is left out, so that a document says only what is
particular, and a field that is added later means what the code before it meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from domain.product.accounting import Flag
from domain.servicing import fact as facts
from domain.servicing.contract import Contract
from domain.servicing.fact import Fact

VERSION: Final = 1
"""Of the shape of documents; a shape that reads differently gets another number."""

KINDS: Final[Mapping[str, type[Fact]]] = MappingProxyType(
    {
        one.__name__: one
        for one in vars(facts).values()
        if isinstance(one, type) and issubclass(one, Fact) and one is not Fact
    }
)
"""Every kind of fact by the name under which it is stored."""
ENVELOPE: Final = frozenset({"no", "value_on", "booked_on"})
"""Fields of a fact that have columns of their own."""


def contract_document(contract: Contract) -> dict[str, Any]:
    """Return a contract as JSON."""
    return {"version": VERSION, **written(contract)}


def contract_of(document: Mapping[str, Any]) -> Contract:
    """Read a contract back."""
    assert document["version"] == VERSION, "the shape of the document is known"
    made: Contract = read(Contract, {name: part for name, part in document.items() if name != "version"})
    return made


def payload(fact: Fact) -> dict[str, Any]:
    """Return what a fact says besides its number and dates, as JSON."""
    return {name: part for name, part in written(fact).items() if name not in ENVELOPE}


def fact_of(kind: str, *, no: int, value_on: date, booked_on: date, said: Mapping[str, Any]) -> Fact:
    """Read a fact back."""
    envelope = {"no": no, "value_on": value_on.isoformat(), "booked_on": booked_on.isoformat()}
    made: Fact = read(KINDS[kind], {**said, **envelope})
    return made


def flags_text(flags: frozenset[Flag]) -> str:
    """Return flags as one text, in one order."""
    return ",".join(sorted(flags))


def flags_of(text: str) -> frozenset[Flag]:
    """Read flags back."""
    return frozenset(Flag(one) for one in text.split(",") if one)


def written(value: object) -> Any:  # noqa: ANN401 - JSON; one line for each kind of value
    """Return a value as JSON."""
    match value:
        case None | bool() | int():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case Decimal() | Fraction():
            return str(value)
        case date():
            return value.isoformat()
        case tuple():
            return [written(one) for one in value]
        case frozenset():
            return sorted(written(one) for one in value)
        case Mapping():
            return {str(name): written(one) for name, one in value.items()}
        case _:
            assert is_dataclass(value), f"a document holds no {type(value).__name__}"
            return {
                one.name: written(part)
                for one in fields(value)
                if not (_has_default(one) and getattr(value, one.name) == _default(one))
                for part in [getattr(value, one.name)]
            }


def read(kind: Any, data: Any) -> Any:  # noqa: ANN401 - any type, JSON; one line for each kind of value
    """Return the value of a type that `written` wrote."""
    origin = get_origin(kind)
    if origin in {Union, UnionType}:
        (inner,) = (one for one in get_args(kind) if one is not NoneType)
        return None if data is None else read(inner, data)
    if origin is tuple:
        inside = get_args(kind)
        each = [inside[0]] * len(data) if inside[-1] is Ellipsis else inside
        return tuple(read(one, part) for one, part in zip(each, data, strict=True))
    if origin is frozenset:
        return frozenset(read(get_args(kind)[0], part) for part in data)
    if origin is not None and issubclass(origin, Mapping):
        of, inner = get_args(kind)
        return MappingProxyType({int(name) if of is int else name: read(inner, part) for name, part in data.items()})
    if kind is date:
        return date.fromisoformat(data)
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        unknown = set(data) - set(hints)
        assert not unknown, f"{kind} has no {unknown}"
        return kind(**{name: read(hints[name], part) for name, part in data.items()})
    if kind in {int, str, bool}:
        assert type(data) is kind, f"{data!r} is no {kind}"
        return data
    return kind(data)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _has_default(one: Field[Any]) -> bool:
    return one.default is not MISSING or one.default_factory is not MISSING


def _default(one: Field[Any]) -> object:
    return one.default_factory() if one.default_factory is not MISSING else one.default
