"""冲销顺序, allocation: which dues a payment meets, in an order that is data of the product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import groupby
from types import MappingProxyType
from typing import Final

from domain.servicing.terms import AllocationBy
from ledger.money import Money, Rounding, round_ratio, split


class Component(StrEnum):
    """What an amount owed is, in the borrower's words."""

    PENALTY = "penalty"
    """罚息 and penalty charges."""
    COMPOUND = "compound"
    """复利, on interest that is overdue."""
    FEE = "fee"
    INTEREST = "interest"
    PRINCIPAL = "principal"


class DueType(StrEnum):
    """Where an instalment stands on the value date of a payment."""

    PAST_DUE = "PAST_DUE"
    DUE = "DUE"
    IN_ADVANCE = "IN_ADVANCE"


class Target(StrEnum):
    """Which open future instalments a payment in advance meets."""

    NEXT = "NEXT"
    """The first open one, then the one after it."""
    LAST = "LAST"
    """The last open one, then the one before it."""
    REAMORTIZATION = "REAMORTIZATION"
    """All open ones in equal parts; the last of them takes the remainder of the division."""


@dataclass(frozen=True, slots=True)
class Due:
    """An amount owed, minor units: one component of one instalment.

    `known` is the part of `amount` whose own due date has come: a fee of next week belongs to an instalment that may be
    paid today, but it is not known yet. None is the whole amount.
    """

    no: int
    component: Component
    amount: int
    due: DueType = DueType.DUE
    known: int | None = None
    is_down_payment: bool = False

    def __post_init__(self) -> None:
        """Assert that a due is not negative."""
        assert self.amount >= 0, "nothing is owed negatively"


@dataclass(frozen=True, slots=True)
class Part:
    """What a payment pays of one due, minor units, above zero."""

    no: int
    component: Component
    amount: int

    def __post_init__(self) -> None:
        """Assert that a part is above zero."""
        assert self.amount > 0, "a part is something"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A payment taken apart: `parts` and `excess` (溢缴款) sum to what was paid."""

    parts: tuple[Part, ...]
    excess: int

    @property
    def paid(self) -> int:
        """The whole payment, minor units."""
        return sum(part.amount for part in self.parts) + self.excess

    def by_component(self) -> dict[Component, int]:
        """Amount per component, minor units; components that were not met are absent."""
        totals: dict[Component, int] = {}
        for part in self.parts:
            totals[part.component] = totals.get(part.component, 0) + part.amount
        return totals


def ordered(dues: Iterable[Due], *, order: Sequence[str], by: AllocationBy) -> tuple[Due, ...]:
    """The dues in the sequence in which a payment meets them: by instalment, or by component."""
    place = {component: n for n, component in enumerate(order)}
    if by is AllocationBy.INSTALMENT:
        return tuple(sorted(dues, key=lambda due: (due.no, place[due.component])))
    return tuple(sorted(dues, key=lambda due: (place[due.component], due.no)))


def allocate(amount: int, dues: Iterable[Due], *, order: Sequence[str], by: AllocationBy) -> Allocation:
    """Spend `amount` (minor units, above zero) on `dues` in their order; what is left over is excess."""
    assert amount > 0, "a payment is something"
    parts = tuple(_spend(amount, ordered(dues, order=order, by=by)))
    made = Allocation(parts, amount - sum(part.amount for part in parts))
    assert made.excess >= 0, "no more is spent than was paid"
    return made


def _spend(amount: int, dues: Iterable[Due]) -> Iterator[Part]:
    left = amount
    for due in dues:
        if paid := min(left, due.amount):
            yield Part(due.no, due.component, paid)
            left -= paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One sweep of a payment over dues.

    dues: instalments of these types take part. order: components, first met first; a component that is not named is not
    met. by: finish one instalment after the other, or one component over all of them. target: the order of instalments
    in advance. is_known_only: of fees and penalties only what has itself fallen due. forgives_interest: an instalment
    whose principal is met whole in advance owes no interest. defers_down_payment: an instalment of the day is met
    before a down payment of the day.
    """

    dues: frozenset[DueType]
    order: tuple[Component, ...]
    by: AllocationBy = AllocationBy.INSTALMENT
    target: Target = Target.NEXT
    is_known_only: bool = False
    forgives_interest: bool = False
    defers_down_payment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A named order of passes (冲销顺序): data of the contract, one row per convention."""

    name: str
    passes: tuple[Pass, ...]

    @property
    def meets_advance(self) -> bool:
        """Whether a payment may meet what has not fallen due; if not, the rest waits as an overpayment."""
        return any(DueType.IN_ADVANCE in one.dues for one in self.passes)


P, I, F, N, C = (  # noqa: E741 - the letters in which the trade writes an order
    Component.PRINCIPAL, Component.INTEREST, Component.FEE, Component.PENALTY, Component.COMPOUND,
)  # fmt: skip
_LATE: Final = frozenset({DueType.PAST_DUE, DueType.DUE})
_AHEAD: Final = frozenset({DueType.IN_ADVANCE})
_ANY: Final = _LATE | _AHEAD


def _fixed(name: str, *passes: Pass) -> tuple[str, Strategy]:
    return name, Strategy(name=name, passes=passes)


def _all(name: str, *order: Component) -> tuple[str, Strategy]:
    return _fixed(name, Pass(dues=_ANY, order=order))


STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType(
    dict(
        (
            # the fixed strategies of the cumulative engine (Apache Fineract's codes)
            _all("mifos-standard-strategy", N, C, F, I, P),
            _all("principal-interest-penalties-fees-order-strategy", P, I, N, C, F),
            _all("interest-principal-penalties-fees-order-strategy", I, P, N, C, F),
            _all("creocore-strategy", N, C, F, I, P),
            _fixed(
                "early-repayment-strategy",
                Pass(dues=_LATE, order=(I, P, N, C, F)),
                Pass(dues=_AHEAD, order=(P,)),
            ),
            _fixed(
                "rbi-india-strategy",
                Pass(dues=_LATE, order=(N, C, F, I)),
                Pass(dues=_LATE, order=(P,)),
                Pass(dues=_AHEAD, order=(N, C, F, I, P)),
            ),
            _fixed(
                "heavensfamily-strategy",
                Pass(dues=_LATE, order=(P, I, F, N, C)),
                Pass(dues=_AHEAD, order=(P,), forgives_interest=True),
            ),
            _fixed(
                "due-penalty-fee-interest-principal-in-advance-principal-penalty-fee-interest-strategy",
                Pass(dues=_LATE, order=(N, C, F, I, P)),
                Pass(dues=_AHEAD, order=(N, C, F, P), is_known_only=True),
                Pass(dues=_AHEAD, order=(N, C, F, I, P)),
            ),
            _fixed(
                "due-penalty-interest-principal-fee-in-advance-penalty-interest-principal-fee-strategy",
                Pass(dues=_ANY, order=(N, C, I, P, F)),
            ),
            # the presets of Chinese lenders and of the law; what is not due waits as an overpayment
            _fixed("BANK_NORMAL", Pass(dues=_LATE, order=(F, N, C, I, P))),
            _fixed("BANK_NPL", Pass(dues=_LATE, order=(F, P, I, C, N))),
            _fixed("CIVIL_CODE_561", Pass(dues=_LATE, order=(F, I, N, C, P), by=AllocationBy.COMPONENT)),
            _fixed("FEES_FIRST", Pass(dues=_LATE, order=(F, N, C, I, P), by=AllocationBy.COMPONENT)),
            _fixed("PRINCIPAL_FIRST", Pass(dues=_LATE, order=(P, I, C, N, F), by=AllocationBy.COMPONENT)),
        )
    )
)
"""Every named strategy; the configurable one is built by `configured`."""


def simple(order: Sequence[str], *, by: AllocationBy) -> Strategy:
    """The strategy of plain terms: what is due, in one order; fees and compound stand with penalty if not named."""
    names = [Component(one) for one in order]
    if C not in names and N in names:
        names.insert(names.index(N) + 1, C)
    if F not in names:
        names.insert(0, F)
    return Strategy(name=f"{by}:{','.join(order)}", passes=(Pass(dues=_LATE, order=tuple(names), by=by),))


def configured(
    steps: Iterable[tuple[DueType, Component]],
    *,
    horizontal: bool,
    target: Target = Target.NEXT,
    name: str = "CONFIGURED",
) -> Strategy:
    """The configurable strategy: due type × component in any order.

    Horizontal: consecutive steps of one due type form a pass that finishes one instalment after the other. Vertical:
    each step sweeps its component over all instalments of its due type. Compound goes with penalty where not named.
    """
    wanted = list(steps)
    if all(component is not C for _, component in wanted):
        wanted = [each for due, one in wanted for each in (((due, one), (due, C)) if one is N else ((due, one),))]
    if horizontal:
        passes = tuple(
            Pass(
                dues=frozenset({due}),
                order=tuple(component for _, component in group),
                target=target,
                defers_down_payment=True,
            )
            for due, group in groupby(wanted, key=lambda step: step[0])
        )
    else:
        passes = tuple(
            Pass(
                dues=frozenset({due}),
                order=(component,),
                by=AllocationBy.COMPONENT,
                target=target,
                defers_down_payment=True,
            )
            for due, component in wanted
        )
    return Strategy(name=name, passes=passes)


def spend(amount: int, dues: Iterable[Due], strategy: Strategy, *, principal_max: int | None = None) -> Allocation:
    """Spend `amount` (minor units, not negative) on `dues` pass by pass; what is left over is excess.

    principal_max: the principal that is open in all, when the dues of future instalments may promise more than that.
    """
    open_dues = [due for due in dues if due.amount > 0]
    owed = {(due.no, due.component): due.amount for due in open_dues}
    cap = [sum(due.amount for due in open_dues if due.component is P) if principal_max is None else principal_max]
    taken: dict[tuple[int, Component], int] = {}
    left = amount

    def take(due: Due, most: int, offered: int) -> int:
        place = (due.no, due.component)
        paid = min(offered, owed.get(place, 0), most)
        if due.component is P:
            paid = min(paid, cap[0])
            cap[0] -= paid
        if paid > 0:
            owed[place] -= paid
            taken[place] = taken.get(place, 0) + paid
            return paid
        return 0

    for one in strategy.passes:
        if not left:
            break
        members = [due for due in open_dues if due.due in one.dues and due.component in one.order]
        if one.target is Target.REAMORTIZATION and one.dues == _AHEAD:
            left = _equally(left, members, one, take, owed)
            continue
        for due in _in_order(members, one):
            most = due.amount if not one.is_known_only or due.known is None else due.known
            left -= take(due, most, left)
    parts = tuple(Part(no, component, paid) for (no, component), paid in taken.items())
    return Allocation(parts, left)


def _in_order(dues: Sequence[Due], one: Pass) -> tuple[Due, ...]:
    place = {component: n for n, component in enumerate(one.order)}
    # instalments in advance may run backwards; what is due never does
    sign = -1 if one.target is Target.LAST and one.dues == _AHEAD else 1

    def later(due: Due) -> bool:
        return one.defers_down_payment and due.is_down_payment and due.due is DueType.DUE

    if one.by is AllocationBy.INSTALMENT:
        return tuple(sorted(dues, key=lambda due: (later(due), sign * due.no, place[due.component])))
    return tuple(sorted(dues, key=lambda due: (place[due.component], later(due), sign * due.no)))


def _equally(
    left: int,
    dues: Sequence[Due],
    one: Pass,
    take: Callable[[Due, int, int], int],
    owed: Mapping[tuple[int, Component], int],
) -> int:
    """Spread what is left over all open instalments in equal parts, again and again while money and dues remain."""
    while left:
        numbers = sorted({due.no for due in dues if owed[due.no, due.component] > 0})
        if not numbers:
            return left
        share, before = round_ratio(left, len(numbers), Rounding.HALF_EVEN), left
        for n, no in enumerate(numbers, start=1):
            part = left if n == len(numbers) else min(share, left)
            for due in _in_order([each for each in dues if each.no == no], one):
                paid = take(due, due.amount, part)
                part -= paid
                left -= paid
        if left == before:
            return left
    return left


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """One of several loans that a payment may meet; amounts in minor units.

    due: what is due now. undue: what is not. security: value of what secures it. burden: its rate, the heavier the
    first. due_on: its earliest due date.
    """

    name: str
    due: int
    undue: int = 0
    security: int = 0
    burden: Fraction = Fraction(0)
    due_on: date


def share_among(amount: int, debts: Sequence[Debt], *, designated: Sequence[str] = ()) -> Mapping[str, int]:
    """Share one payment among several loans: as designated, else by Civil Code article 560.

    Due before undue; among the due the less secured first, then the heavier burden, then the earlier due date, then in
    proportion. The remainder beyond all debts is not shared.
    """
    met = dict.fromkeys((debt.name for debt in debts), 0)
    left = amount
    for name in designated:
        for debt in debts:
            if debt.name == name:
                paid = min(left, debt.due + debt.undue - met[name])
                met[name] += paid
                left -= paid
    for is_due in (True, False):
        ranked = sorted(debts, key=_rank)
        for _, group in groupby(ranked, key=_rank):
            members = [
                (debt, max((debt.due if is_due else debt.due + debt.undue) - met[debt.name], 0)) for debt in group
            ]
            whole = sum(open_ for _, open_ in members)
            offered = min(left, whole)
            if offered:
                shares = split(Money(offered, "CNY"), [open_ for _, open_ in members])
                for (debt, _), part in zip(members, shares, strict=True):
                    met[debt.name] += part.minor
                left -= offered
    return MappingProxyType(met)


def _rank(debt: Debt) -> tuple[int, Fraction, date]:
    return (debt.security, -debt.burden, debt.due_on)


@dataclass(frozen=True, slots=True)
class Dictated:
    """A split that the partner has decided (还款冲销明细), minor units: amount by instalment and component."""

    parts: tuple[Part, ...]
    tolerance: int = 0
    """How far a part may lie above what we find owed, minor units."""


def dictated_faults(amount: int, wanted: Dictated, dues: Iterable[Due]) -> tuple[str, ...]:
    """What is wrong with a dictated split: it does not sum to the payment, or a part is beyond the tolerance."""
    owed: dict[tuple[int, Component], int] = {}
    for due in dues:
        owed[due.no, due.component] = owed.get((due.no, due.component), 0) + due.amount
    found = [] if sum(part.amount for part in wanted.parts) <= amount else ["the parts exceed the payment"]
    found += [
        f"instalment {part.no} {part.component}: {part.amount} of {owed.get((part.no, part.component), 0)} owed"
        for part in wanted.parts
        if part.amount > owed.get((part.no, part.component), 0) + wanted.tolerance
    ]
    return tuple(found)
