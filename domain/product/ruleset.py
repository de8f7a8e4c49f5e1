"""分录规则集, rule sets: how one kind of book posts every event, and the lines of one occurrence, as a pure function.

A set is data: rules of legs, each proved to balance, plus what the convention leaves unposted on purpose. Amounts are
minor units by component; a negative amount takes back what was booked before (a reversal, a backdated correction), so
that a *difference* of two lives can be posted like any event.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import ClassVar, Final

from domain.product.accounting import VAT, Event, Flag, Party
from domain.refusals import Refusal
from ledger.account import AccountClass, Side
from ledger.entry import NO_DIMENSIONS, Dimensions, Line
from ledger.money import Rounding, round_ratio
from ledger.rule import Rule, RuleFault, RuleInvalid, components, render

NOTHING: Final[Mapping[str, int]] = MappingProxyType({})
"""No amounts."""
NO_FLAGS: Final[frozenset[Flag]] = frozenset()
"""A loan in its normal state."""

Row = tuple[str, str, str, AccountClass]
"""An account of a chart: code, Chinese, English, class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventUnruled(Refusal):
    """A rule set does not say how to post an event, or one of its components; nothing is dropped silently."""

    code: ClassVar[str] = "EVENT_UNRULED"
    zh: ClassVar[str] = "规则集 {rule_set} 未定义业务事件 {event} 的记账: {components}"
    en: ClassVar[str] = "rule set {rule_set} does not say how to post {event}: {components}"

    rule_set: str
    event: str
    components: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """How the book of one party posts.

    rules: by event. silent: events that this convention posts nothing for. ignored: components that a rule leaves out
    on purpose. red: events that take income back and are printed as red entries (红字). is_reversed_red: whether what
    is taken back is printed red too, instead of mirrored. vat_rate: the rate of a tax that is inside the amounts (0.06:
    6 % on the price without tax); None when there is no tax to split.
    """

    code: str
    party: Party
    name_zh: str
    name_en: str
    rules: Mapping[str, Rule]
    silent: frozenset[Event] = frozenset()
    ignored: Mapping[Event, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    red: frozenset[Event] = frozenset()
    is_reversed_red: bool = False
    vat_rate: Fraction | None = None

    def books(self, event: Event) -> bool:
        """Tell whether an event concerns this book at all; both kinds of funder book the lender's events."""
        return event.party is (Party.LENDER if self.party is Party.PARTNER else self.party)


@dataclass(frozen=True, slots=True)
class Posted:
    """One side of an entry as an accountant reads it: account, side, amount in minor units, above zero.

    The side is that of the journal, where amounts are above zero; an accountant prints a red line as a negative amount
    on the other side, so that the turnover of neither side is inflated.
    """

    account: str
    side: Side
    amount: int
    is_red: bool = False

    @property
    def shown(self) -> tuple[Side, int]:
        """Side and signed amount as printed."""
        return (self.side.opposite, -self.amount) if self.is_red else (self.side, self.amount)


def vat_inside(gross: int, rate: Fraction) -> int:
    """Return the tax inside an amount: gross less the price, which is gross / (1 + rate), rounded half up."""
    price = Fraction(gross) / (1 + rate)
    return gross - round_ratio(price.numerator, price.denominator, Rounding.HALF_UP)


def vat_step(before: int, amount: int, rate: Fraction) -> int:
    """Return the tax of the next part of a growing amount.

    The parts sum to the tax of the whole, however it was cut: daily accruals of one month carry the month's tax.
    """
    return vat_inside(before + amount, rate) - vat_inside(before, rate)


def with_vat(
    amounts: Mapping[str, int], rule: Rule, rate: Fraction | None, *, before: Mapping[str, int] = NOTHING
) -> dict[str, int]:
    """Return the amounts with the tax parts that the rule reads and that are not given.

    before: what of each component the same event booked earlier, when its tax is to add up over parts.
    """
    whole = dict(amounts)
    for name in sorted(components(rule)):
        taxed = name.removesuffix(VAT)
        if rate is not None and taxed != name and name not in whole and whole.get(taxed):
            whole[name] = vat_step(before.get(taxed, 0), whole[taxed], rate)
    return whole


def lines(
    event: Event,
    amounts: Mapping[str, int],
    rule_set: RuleSet,
    *,
    flags: frozenset[Flag] = NO_FLAGS,
    before: Mapping[str, int] = NOTHING,
) -> tuple[Posted, ...] | EventUnruled:
    """Return the lines of one occurrence, one per account and side, debits first; none when nothing is posted."""
    made = rendered(event, ((amounts, NO_DIMENSIONS),), rule_set, currency=_ANY, flags=flags, before=before)
    if isinstance(made, EventUnruled):
        return made
    is_red = event in rule_set.red or (rule_set.is_reversed_red and max(amounts.values(), default=0) <= 0)
    posted = [Posted(one.account, one.side, one.amount, is_red) for one in made]
    return tuple(sorted(posted, key=lambda one: one.shown[0] is not Side.DEBIT))


_ANY: Final = "CNY"
"""Currency of lines that are read without one: amounts are minor units, whatever the unit."""


def rendered(
    event: Event,
    items: Iterable[tuple[Mapping[str, int], Dimensions]],
    rule_set: RuleSet,
    *,
    currency: str,
    flags: frozenset[Flag] = NO_FLAGS,
    before: Mapping[str, int] = NOTHING,
) -> tuple[Line, ...] | EventUnruled:
    """Return the journal's lines of one event: one per account, side and dimensions; what is taken back is netted.

    items: amounts with the dimensions that their lines carry, one or many (a batch, or the funders of a loan).
    """
    if event in rule_set.silent or not rule_set.books(event):
        return ()
    rule = rule_set.rules.get(event)
    if rule is None:
        return EventUnruled(rule_set=rule_set.code, event=event, components="")
    known, ignored = components(rule), rule_set.ignored.get(event, frozenset())
    set_flags = {flag.value: 1 for flag in flags if flag in known}
    signed: dict[tuple[str, Side, str, Dimensions], int] = {}
    for given, dims in items:
        amounts = {name: amount for name, amount in given.items() if amount and name not in ignored}
        if unknown := sorted(set(amounts) - known):
            return EventUnruled(rule_set=rule_set.code, event=event, components=", ".join(unknown))
        whole = with_vat(amounts, rule, rule_set.vat_rate, before=before)
        for sign in (1, -1):
            part = {name: sign * amount for name, amount in whole.items() if sign * amount > 0}
            for one in _sides(rule, part | set_flags if part else part, dims, currency):
                where = (one.account, one.side, one.currency, one.dims)
                signed[where] = signed.get(where, 0) + sign * one.amount
    return tuple(_netted(signed))


def _sides(rule: Rule, amounts: Mapping[str, int], dims: Dimensions, currency: str) -> tuple[Line, ...]:
    """Lines of amounts that are not negative; none at all when every leg is empty."""
    try:
        return render(rule, ((amounts, dims),), currency=currency)
    except RuleInvalid as fault:
        if fault.code is RuleFault.NOTHING_TO_POST:
            return ()
        raise


def _netted(signed: Mapping[tuple[str, Side, str, Dimensions], int]) -> Iterator[Line]:
    """Lines above zero: what is below goes to the other side, and meets what stands there."""
    merged: dict[tuple[str, Side, str, Dimensions], int] = {}
    for (account, side, currency, dims), amount in signed.items():
        where = (account, side if amount > 0 else side.opposite, currency, dims)
        merged[where] = merged.get(where, 0) + abs(amount)
    for (account, side, currency, dims), amount in merged.items():
        if amount:
            yield Line(account, side, amount, currency, dims)
