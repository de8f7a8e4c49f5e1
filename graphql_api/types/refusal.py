"""Refusals in the schema: each refusal of the domain is a type of its own under one interface.

The domain's classes are the single list: a type is made of each, with its fields, and a mutation's payload is the union
of its result and the refusals that its operation names. A refusal that a payload does not name is `OtherRefusal`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Union, get_type_hints

import strawberry

from domain import refusals
from graphql_api.scalars import BigInt
from graphql_api.types.value import Ask

PLAIN = {str: str, int: BigInt, bool: bool, date: date, Decimal: Decimal}
"""Types of a refusal's own fields, and how the schema writes them; an enumeration is written as its value."""


def _message(root: refusals.Refusal, info: Ask) -> str:
    """The sentence in the language of the request."""
    return refusals.text(root, info.context.locale)


def _field(root: refusals.Refusal) -> str | None:
    """Path of the input field at fault."""
    return root.field


@strawberry.interface(description='An expected "no": nothing was changed.')
class Refusal:
    """Presents `domain.refusals.Refusal`."""

    code: str = strawberry.field(description="Stable code to program against.")
    message: str = strawberry.field(resolver=_message, description="One sentence in the language of the request.")
    field: str | None = strawberry.field(resolver=_field, description="Path of the input field at fault, if one is.")
    retryable: bool = strawberry.field(description="Whether the same command may succeed later.")


@strawberry.type(description="One fault of an input.")
class Fault:
    """Presents one refusal inside `Invalid`."""

    code: str = strawberry.field(description="Stable code.")
    message: str = strawberry.field(resolver=_message, description="One sentence in the language of the request.")
    field: str | None = strawberry.field(resolver=_field, description="Path of the input field at fault.")


def _faults(root: refusals.Refusal) -> Any:  # noqa: ANN401 - the fields of Fault are read off the refusals themselves
    """The faults inside, when the input has several."""
    return root.faults if isinstance(root, refusals.Invalid) else ()


@strawberry.type(description="A refusal that this payload does not name, with the faults of the input.")
class OtherRefusal(Refusal):
    """Presents every refusal without a type in the payload."""

    faults: list[Fault] = strawberry.field(resolver=_faults, description="The faults, each with its field.")

    @classmethod
    def is_type_of(cls, value: object, _info: object) -> bool:
        """Tell whether it is a refusal; named types are asked first."""
        return isinstance(value, refusals.Refusal)


@cache
def named(kind: type[refusals.Refusal]) -> type:
    """The type of one refusal class, with its plain fields."""
    hints = get_type_hints(kind)
    own = [name for name in kind.__dataclass_fields__ if name != "field"]
    annotations: dict[str, Any] = {}
    body: dict[str, Any] = {"__annotations__": annotations, "__doc__": kind.__doc__, "__module__": __name__}
    for name in own:
        hint = hints[name]
        plain = str if isinstance(hint, type) and issubclass(hint, Enum) else PLAIN.get(hint)
        if plain is not None:
            annotations[name] = plain
            body[name] = strawberry.field(description=f"`{name}` of the sentence.")
    if issubclass(kind, refusals.Invalid):
        annotations["faults"] = list[Fault]
        body["faults"] = strawberry.field(resolver=_faults, description="All faults, each with its field.")
    made = type(kind.__name__, (Refusal,), body)
    hook = classmethod(lambda _cls, value, _info: type(value) is kind)
    setattr(made, "is_type_of", hook)  # noqa: B010 - the library's own hook
    return strawberry.type(made, name=kind.__name__, description=_sentence(kind))


def payload(name: str, description: str, result: type, *kinds: type[refusals.Refusal]) -> Any:  # noqa: ANN401 - a union
    """The payload of a mutation: its result or one of the refusals that it names."""
    known = tuple(named(kind) for kind in dict.fromkeys(kinds))  # type: ignore[arg-type] # classes are hashable, their instances need not be
    return Annotated[Union[(result, *known, OtherRefusal)], strawberry.union(name, description=description)]


def _sentence(kind: type[refusals.Refusal]) -> str:
    """Code and meaning of a refusal class."""
    return f"`{kind.code}`: {(kind.__doc__ or '').strip().splitlines()[0]}"
