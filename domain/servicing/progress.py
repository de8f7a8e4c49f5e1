"""One instalment of a living loan, and what has happened to it: owed, paid, waived, by component, early and late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from domain.servicing.allocation import Component

P, I, F, N, C = (  # noqa: E741 - the letters in which the trade writes components
    Component.PRINCIPAL, Component.INTEREST, Component.FEE, Component.PENALTY, Component.COMPOUND,
)  # fmt: skip
ALL = (P, I, F, N, C)


class LineKind(StrEnum):
    """Why a line of the schedule exists."""

    INSTALMENT = "INSTALMENT"
    DOWN_PAYMENT = "DOWN_PAYMENT"
    EXTRA = "EXTRA"
    """N+1: what came up after maturity."""
    RE_AGED = "RE_AGED"
    CLOSING = "CLOSING"
    """What an early settlement or an acceleration made due."""


def nothing() -> dict[Component, int]:
    """Nought of every component."""
    return dict.fromkeys(ALL, 0)


@dataclass(slots=True, kw_only=True)
class Line:
    """The working state of one instalment while a life is folded; amounts in minor units.

    emi: what principal and interest sum to when the plan is a level one; None when principal is fixed. raw: interest
    of the days so far, unrounded minor units, on the balance of each day; late_raw: the part of it that is on overdue
    principal. carry: interest of the period before that did
    not fit into its instalment. credited: principal and interest that a chargeback gave back. run: penalty and compound
    that time has made; levied: fees and penalties that charges have made. recognised: what the books have accrued.
    due_moved: interest that the books have moved to due. measure, interest_measure: unpaid minor units × days after
    the due date. is_flat: its interest is agreed, and its days bear none. drawn: what was disbursed within its period,
    and when. key: names the line as long as the loan lives; `no` is its place in the schedule.
    """

    no: int
    key: int = 0
    kind: LineKind = LineKind.INSTALMENT
    from_on: date
    due_on: date
    owed: dict[Component, int] = field(default_factory=nothing)
    paid: dict[Component, int] = field(default_factory=nothing)
    waived: dict[Component, int] = field(default_factory=nothing)
    recognised: dict[Component, int] = field(default_factory=nothing)
    emi: int | None = None
    raw: Decimal = Decimal(0)
    late_raw: Decimal = Decimal(0)
    earned: int = 0
    is_closed: bool = False
    is_flat: bool = False
    drawn: tuple[tuple[date, int], ...] = ()
    carry: int = 0
    credited: dict[Component, int] = field(default_factory=nothing)
    run: dict[Component, int] = field(default_factory=nothing)
    levied: dict[Component, int] = field(default_factory=nothing)
    due_moved: int = 0
    overdue_moved: int = 0
    measure: int = 0
    interest_measure: int = 0
    is_late_charged: bool = False
    in_advance: int = 0
    late: int = 0
    completed_on: date | None = None
    creditor: str = ""

    def open(self, component: Component) -> int:
        """What is still owed of a component."""
        return self.owed[component] - self.paid[component] - self.waived[component]

    @property
    def total_open(self) -> int:
        """What is still owed of all components."""
        return sum(self.owed.values()) - sum(self.paid.values()) - sum(self.waived.values())

    def copy(self) -> Line:
        """The same line, to go on from."""
        return Line(
            no=self.no, key=self.key, kind=self.kind, from_on=self.from_on, due_on=self.due_on, owed=self.owed.copy(),
            paid=self.paid.copy(), waived=self.waived.copy(), recognised=self.recognised.copy(), emi=self.emi,
            raw=self.raw, late_raw=self.late_raw, earned=self.earned, is_closed=self.is_closed, is_flat=self.is_flat,
            drawn=self.drawn, carry=self.carry, credited=self.credited.copy(), run=self.run.copy(),
            levied=self.levied.copy(), due_moved=self.due_moved, overdue_moved=self.overdue_moved,
            measure=self.measure, interest_measure=self.interest_measure, is_late_charged=self.is_late_charged,
            in_advance=self.in_advance, late=self.late, completed_on=self.completed_on, creditor=self.creditor,
        )  # fmt: skip

    def frozen(self) -> Progress:
        """The line as a value."""
        return Progress(
            no=self.no, kind=self.kind, from_on=self.from_on, due_on=self.due_on,
            owed=MappingProxyType(dict(self.owed)), paid=MappingProxyType(dict(self.paid)),
            waived=MappingProxyType(dict(self.waived)),
            in_advance=self.in_advance, late=self.late, completed_on=self.completed_on, creditor=self.creditor,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """An instalment as a life shows it; amounts in minor units.

    in_advance, late: what was paid before and after its due date. completed_on: when nothing was left of it. creditor:
    to whom it is owed, when no longer to the lender.
    """

    no: int
    kind: LineKind
    from_on: date
    due_on: date
    owed: Mapping[Component, int]
    paid: Mapping[Component, int]
    waived: Mapping[Component, int]
    in_advance: int
    late: int
    completed_on: date | None
    creditor: str

    @property
    def due(self) -> int:
        """What the instalment asks for in all."""
        return sum(self.owed.values())

    @property
    def paid_total(self) -> int:
        """What was paid of it."""
        return sum(self.paid.values())

    @property
    def outstanding(self) -> int:
        """What is still owed of it."""
        return self.due - self.paid_total - sum(self.waived.values())

    def open(self, component: Component) -> int:
        """What is still owed of a component."""
        return self.owed[component] - self.paid[component] - self.waived[component]
