"""Routing: which product version and flow a channel's message gets, and which extension fields it may carry (S2).

A route is data: channel, product, the days on which it holds, and the typed extension fields that were agreed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from domain.product.version import ProductVersion
from domain.refusals import Refusal


class ExtensionType(StrEnum):
    """What an extension field holds."""

    CODE = "code"
    INTEGER = "integer"
    AMOUNT = "amount"
    """A decimal string on the wire, whole minor units inside."""
    DECIMAL = "decimal"
    FLAG = "flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionField:
    """One extension field: its type, and the codes or bounds within which it is valid."""

    type: ExtensionType
    codes: tuple[str, ...] = ()
    """All valid values of a code; empty when every code is valid (a device id, say)."""
    low: int = 0
    high: int = 10**9
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a message goes: a product version, whose flow the application will walk."""

    product: ProductVersion
    extension: Mapping[str, ExtensionField] = field(default_factory=dict)

    @property
    def flow(self) -> tuple[str, ...]:
        """The stages of the flow, in order."""
        return self.product.flow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductNotRouted(Refusal):
    """The channel may not apply for this product, or the product is not in effect: one answer for both."""

    code: ClassVar[str] = "PRODUCT_NOT_ROUTED"
    zh: ClassVar[str] = "该渠道未开通此产品"
    en: ClassVar[str] = "this channel does not offer this product"


def extension_data(fields: Mapping[str, ExtensionField]) -> dict[str, dict[str, object]]:
    """Return extension fields as plain JSON data for storing."""
    return {
        name: {
            "type": one.type.value,
            "codes": list(one.codes),
            "low": one.low,
            "high": one.high,
            "required": one.required,
        }
        for name, one in fields.items()
    }


def extension_fields(data: Mapping[str, Mapping[str, object]]) -> dict[str, ExtensionField]:
    """Return the extension fields that `extension_data` wrote."""
    return {name: _extension_field(one) for name, one in data.items()}


def _extension_field(data: Mapping[str, object]) -> ExtensionField:
    """Return one stored extension field."""
    codes, low, high, required = data["codes"], data["low"], data["high"], data["required"]
    assert isinstance(codes, list), "codes are a list"
    assert isinstance(low, int), "bounds are whole numbers"
    assert isinstance(high, int), "bounds are whole numbers"
    assert isinstance(required, bool), "required is true or false"
    return ExtensionField(
        type=ExtensionType(str(data["type"])), codes=tuple(map(str, codes)), low=low, high=high, required=required
    )
