"""A time-value function as it is asked for: `{"function": {"name": "pmt", "rate": "0.00625", "n": 180, "pv": "2000"}}`.

Names, letters and signs are those of spreadsheets; the functions themselves are those of `annuity`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from domain.refusals import Invalid, Refusal, invalid
from domain.servicing import annuity
from domain.servicing.annuity import PERIODS_MAX, When
from domain.servicing.quotation import Json, Reader
from domain.servicing.refusal import TermMissing, TermNotListed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The value of a function: what is received is positive, what is paid negative."""

    name: str
    value: Decimal

    def document(self) -> dict[str, object]:
        """As JSON: the value as a spreadsheet shows it, and its size."""
        return {"function": self.name, "value": f"{self.value:f}", "magnitude": f"{abs(self.value):f}"}


@dataclass(frozen=True, slots=True)
class Function:
    """A function and the letters that it cannot do without."""

    call: Callable[..., Decimal | Refusal]
    needs: tuple[str, ...]


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "pmt": Function(annuity.pmt, ("rate", "n", "pv")),
        "ipmt": Function(annuity.ipmt, ("rate", "k", "n", "pv")),
        "ppmt": Function(annuity.ppmt, ("rate", "k", "n", "pv")),
        "cumipmt": Function(annuity.cumipmt, ("rate", "n", "pv", "first", "last")),
        "cumprinc": Function(annuity.cumprinc, ("rate", "n", "pv", "first", "last")),
        "pv": Function(annuity.pv, ("rate", "n", "pmt")),
        "fv": Function(annuity.fv, ("rate", "n", "pmt", "pv")),
        "nper": Function(annuity.nper, ("rate", "pmt", "pv")),
        "rate": Function(annuity.rate, ("n", "pmt", "pv")),
    }
)
"""Every function by its name."""
_WHOLE: Final = frozenset({"n", "k", "first", "last"})
_HAS_NO_FV: Final = frozenset({"fv"})


def evaluated(tree: Mapping[str, Json]) -> Evaluated | Invalid:
    """The value of the function that an object names, or all faults."""
    faults: list[Refusal] = []
    outer = Reader(tree, "", faults)
    reader = outer.part("function")
    outer.done()
    name = reader.needed("name", reader.text("name", None), "pmt")
    if name not in FUNCTIONS:
        reader.wrong(TermNotListed, "name", name="name", allowed=", ".join(FUNCTIONS))
        name = "pmt"
    function = FUNCTIONS[name]
    given: dict[str, Any] = {letter: _letter(reader, letter) for letter in function.needs}
    if name not in _HAS_NO_FV:
        given["fv"] = reader.number("fv", Decimal(0))
    given["when"] = reader.member("when", When, When.END)
    if name == "rate":
        given["near"] = reader.number("near", None)
    reader.done()
    if refused := invalid(faults):
        return refused
    value = function.call(**given)
    if isinstance(value, Refusal):
        return value if isinstance(value, Invalid) else Invalid(faults=(value,))
    return Evaluated(name=name, value=value)


def _letter(reader: Reader, letter: str) -> Decimal | int:
    """A letter of the equation; the rate of a period may be said as one a year and how many periods that has."""
    if letter in _WHOLE:
        return reader.needed(letter, reader.whole(letter, low=1, high=PERIODS_MAX, absent=None), 1)
    if letter == "rate" and not reader.has("rate"):
        annual = reader.number("rateAnnual", None)
        per_year = reader.whole("paymentsPerYear", low=1, high=366, absent=12)
        if annual is None and not reader.has("rateAnnual"):
            reader.wrong(TermMissing, "rate", name="rate")
        return Decimal(annual or 0) / per_year
    return reader.needed(letter, reader.number(letter, None), Decimal(1))
