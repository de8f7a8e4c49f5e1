"""A time-value function as it is asked for: `{"function": {"name": "pmt", "rate": "0.00625", "n": 180, "pv": "2000"}}`.

Names, letters and signs are those of spreadsheets; the functions themselves are those of `annuity`, `cost` and
`aprc`. A letter that a function does not read is refused, like every other field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from domain.refusals import Invalid, Refusal, invalid
from domain.servicing import annuity, aprc, cost
from domain.servicing.annuity import PERIODS_MAX, When
from domain.servicing.aprc import Interval
from domain.servicing.reader import LIST_MAX, Json, Reader
from domain.servicing.refusal import TermInvalid, TermMissing, TermNotListed


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The value of a function: what is received is positive, what is paid negative."""

    name: str
    value: Decimal

    def document(self) -> dict[str, object]:
        """As JSON: the value as a spreadsheet shows it, and its size."""
        return {"function": self.name, "value": f"{self.value:f}", "magnitude": f"{abs(self.value):f}"}


Letter = Callable[[Reader, str], Any]
"""How a letter is read."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function, the letters that it cannot do without, and those that it reads besides."""

    call: Callable[..., Decimal | Refusal]
    needs: tuple[str, ...]
    reads: tuple[str, ...] = ()


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
    given = {letter: LETTERS[letter](reader, letter) for letter in function.needs}
    given |= {letter: LETTERS[letter](reader, letter) for letter in function.reads if reader.has(letter)}
    reader.done()
    if refused := invalid(faults):
        return refused
    value = function.call(**given)
    if isinstance(value, Refusal):
        return value if isinstance(value, Invalid) else Invalid(faults=(value,))
    return Evaluated(name=name, value=value)


def _number(reader: Reader, letter: str) -> Decimal:
    return reader.needed(letter, reader.number(letter, None), Decimal(1))


def _whole(reader: Reader, letter: str) -> int:
    return reader.needed(letter, reader.whole(letter, low=1, high=PERIODS_MAX, absent=None), 1)


def _rate(reader: Reader, letter: str) -> Decimal:
    """The rate of a period; it may be said as one a year and how many periods that has."""
    if reader.has(letter):
        return _number(reader, letter)
    annual = reader.number("rateAnnual", None)
    per_year = reader.whole("paymentsPerYear", low=1, high=366, absent=12)
    if annual is None and not reader.has("rateAnnual"):
        reader.wrong(TermMissing, letter, name=letter)
    return Decimal(annual or 0) / per_year


def _numbers(reader: Reader, letter: str) -> tuple[Decimal, ...]:
    found = reader.listed(letter)
    if not found:
        reader.wrong(TermMissing if not reader.has(letter) else TermInvalid, letter, **_empty(reader, letter))
    each = Reader({str(n): one for n, one in enumerate(found)}, reader.at(f"{letter}."), reader.faults)
    return tuple(each.needed(str(n), each.number(str(n), None), Decimal(1)) for n in range(len(found)))


def _empty(reader: Reader, letter: str) -> dict[str, str]:
    said = {"name": letter}
    return said | {"expected": f"a list of 1 to {LIST_MAX}"} if reader.has(letter) else said


def _dates(reader: Reader, letter: str) -> tuple[date, ...]:
    """A date for each flow."""
    found = reader.listed(letter)
    flows = reader.values.get("flows")
    count = len(flows) if isinstance(flows, list) else 0
    if len(found) != count or not found:
        reader.wrong(TermInvalid, letter, name=letter, expected=f"a date for each of the {count} flows")
    each = Reader({str(n): one for n, one in enumerate(found)}, reader.at(f"{letter}."), reader.faults)
    return tuple(each.needed(str(n), each.day(str(n), None), date.min) for n in range(len(found)))


def _times(reader: Reader, letter: str) -> tuple[Decimal, ...]:
    """Years since the start for each flow, ascending from nought."""
    found, flows = _numbers(reader, letter), reader.values.get("flows")
    is_each = isinstance(flows, list) and len(found) == len(flows)
    if not is_each or min(found, default=Decimal(1)) != 0 or max(found) > _YEARS_MAX:
        expected = f"years for each flow, the first 0, at most {_YEARS_MAX}"
        reader.wrong(TermInvalid, letter, name=letter, expected=expected)
    return found


def _when(reader: Reader, letter: str) -> When:
    return reader.member(letter, When, When.END)


def _interval(reader: Reader, letter: str) -> Interval:
    return reader.member(letter, Interval, Interval.MONTH)


def _npv(rate: Decimal, flows: Sequence[Decimal], when: When = When.END) -> Decimal | Refusal:
    return annuity.npv(rate, flows, when=when)


def _xirr(flows: Sequence[Decimal], dates: Sequence[date]) -> Decimal | Refusal:
    return cost.xirr(list(zip(dates, flows, strict=True)))


def _aprc(
    flows: Sequence[Decimal],
    dates: Sequence[date] | None = None,
    years: Sequence[Decimal] | None = None,
    interval: Interval = Interval.MONTH,
) -> Decimal | Refusal:
    if dates is not None and years is None:
        return aprc.aprc(list(zip(dates, flows, strict=True)), interval=interval)
    if years is not None and dates is None:
        return aprc.aprc_by_years(list(zip(years, flows, strict=True)))
    return TermMissing(field="function.dates", name="dates or years")


FUNCTIONS: Final[Mapping[str, Function]] = MappingProxyType(
    {
        "pmt": Function(annuity.pmt, ("rate", "n", "pv"), ("fv", "when")),
        "ipmt": Function(annuity.ipmt, ("rate", "k", "n", "pv"), ("fv", "when")),
        "ppmt": Function(annuity.ppmt, ("rate", "k", "n", "pv"), ("fv", "when")),
        "cumipmt": Function(annuity.cumipmt, ("rate", "n", "pv", "first", "last"), ("fv", "when")),
        "cumprinc": Function(annuity.cumprinc, ("rate", "n", "pv", "first", "last"), ("fv", "when")),
        "ispmt": Function(annuity.ispmt, ("rate", "k", "n", "pv")),
        "pv": Function(annuity.pv, ("rate", "n", "pmt"), ("fv", "when")),
        "fv": Function(annuity.fv, ("rate", "n", "pmt", "pv"), ("when",)),
        "nper": Function(annuity.nper, ("rate", "pmt", "pv"), ("fv", "when")),
        "rate": Function(annuity.rate, ("n", "pmt", "pv"), ("fv", "when", "near")),
        "effect": Function(annuity.effect, ("nominal", "periods")),
        "nominal": Function(annuity.nominal, ("effective", "periods")),
        "npv": Function(_npv, ("rate", "flows"), ("when",)),
        "irr": Function(annuity.irr, ("flows",), ("near",)),
        "mirr": Function(annuity.mirr, ("flows", "finance_rate", "reinvest_rate")),
        "xnpv": Function(annuity.xnpv, ("rate", "flows", "dates")),
        "xirr": Function(_xirr, ("flows", "dates")),
        "fvschedule": Function(annuity.fvschedule, ("pv", "rates")),
        "pduration": Function(annuity.pduration, ("rate", "pv", "fv")),
        "rri": Function(annuity.rri, ("n", "pv", "fv")),
        "aprc": Function(_aprc, ("flows",), ("dates", "years", "interval")),
    }
)
"""Every function by its name."""
LETTERS: Final[Mapping[str, Letter]] = MappingProxyType(
    {
        "rate": _rate,
        "n": _whole,
        "k": lambda reader, letter: reader.needed(
            letter, reader.whole(letter, low=0, high=PERIODS_MAX, absent=None), 1
        ),
        "first": _whole,
        "last": _whole,
        "periods": _whole,
        **dict.fromkeys(("pv", "fv", "pmt", "near", "nominal", "effective"), _number),
        "finance_rate": lambda reader, _: _number(reader, "financeRate"),
        "reinvest_rate": lambda reader, _: _number(reader, "reinvestRate"),
        "flows": _numbers,
        "rates": _numbers,
        "dates": _dates,
        "years": _times,
        "when": _when,
        "interval": _interval,
    }
)
"""How each letter is read."""
_YEARS_MAX: Final = 200
