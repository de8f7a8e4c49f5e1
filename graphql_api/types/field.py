"""Fields of types over values of the domain: by path, by resolver, and what tells which type presents a value.

A field whose name is an attribute of the value needs none of this: the default lookup finds it.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, cast

import strawberry

from ledger.money import Money

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")
C = TypeVar("C", bound=type)


def field(description: str, *, name: str | None = None) -> Callable[[F], F]:
    """Make a field of a method of a root type; the description is what readers of the schema see."""
    return cast("Callable[[F], F]", strawberry.field(description=description, name=name))


def path(where: str, description: str) -> Any:  # noqa: ANN401 - the field's own annotation tells its type
    """A field that is an attribute further down, `terms.start_on`."""
    found = attrgetter(where)

    def resolver(root):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - the library reads the annotation of the field
        return found(root)

    return strawberry.field(resolver=resolver, description=description)


def minor(amount: str, currency: str, description: str) -> Any:  # noqa: ANN401 - as `path`
    """A field that makes money of minor units and a currency, found at two paths."""
    units, code = attrgetter(amount), attrgetter(currency)

    def resolver(root):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 - as `path`
        value = units(root)
        return None if value is None else Money(value, code(root))

    return strawberry.field(resolver=resolver, description=description)


def made(resolver: Callable[..., object], description: str) -> Any:  # noqa: ANN401 - as `path`
    """A field that a function answers."""
    return strawberry.field(resolver=resolver, description=description)


def presents(*kinds: type) -> Callable[[C], C]:
    """Say which values of the domain a type presents, so that unions and nodes find it."""

    def wrapped(presenter: C) -> C:
        hook = classmethod(lambda _cls, value, _info: isinstance(value, kinds))
        setattr(presenter, "is_type_of", hook)  # noqa: B010 - the library's own hook, unknown to the type checker
        return presenter

    return wrapped
