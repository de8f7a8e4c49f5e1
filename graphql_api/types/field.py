"""A field with a resolver, typed: the library's own decorator tells the type checker nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import strawberry

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")


def field(description: str, *, name: str | None = None) -> Callable[[F], F]:
    """Make a field of a function; the description is what readers of the schema see."""
    return cast("Callable[[F], F]", strawberry.field(description=description, name=name))
