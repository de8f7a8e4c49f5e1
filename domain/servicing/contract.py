"""合同, the contract of a living loan: its terms, and what they do not say about payments, lateness and changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.product.funding import Funding
from domain.servicing.allocation import STRATEGIES, Component, Strategy
from domain.servicing.terms import Terms

DEFAULT: Final = "DEFAULT"
"""The strategy of every kind of payment that has none of its own."""


class Bearing(StrEnum):
    """On what a living loan bears interest."""

    PLANNED = "PLANNED"
    """On the plan: paying early or late changes no interest."""
    DAILY = "DAILY"
    """On the balance of each day (interest recalculation, rest daily): what is paid early saves, what is late costs."""


class Rest(StrEnum):
    """On which dates a changed balance begins to bear interest, where interest follows the daily balance."""

    DAILY = "DAILY"
    PERIOD = "PERIOD"
    """With the next period only: a payment within a period neither saves nor costs interest in it."""
    WEEKLY = "WEEKLY"
    """With the next whole week after the disbursement."""
    MONTHLY = "MONTHLY"
    """With the next whole month after the disbursement."""


class ChargedOff(StrEnum):
    """What a charge-off does to the plan."""

    REGULAR = "REGULAR"
    """Nothing."""
    ZERO_INTEREST = "ZERO_INTEREST"
    """The loan bears no interest from then on."""
    ACCELERATED = "ACCELERATED"
    """Everything falls due, interest to date."""


class Grace(StrEnum):
    """What the days of grace after a due date spare the borrower."""

    NO_TRACE = "NO_TRACE"
    """容时: within grace neither penalty nor days past due."""
    NO_PENALTY = "NO_PENALTY"
    """容罚: within grace no penalty, but the days past due count."""


class EarlyInterest(StrEnum):
    """Which interest of the current period a borrower owes who pays early."""

    TO_DATE = "TO_DATE"
    WHOLE_PERIOD = "WHOLE_PERIOD"
    """按期收息: the period that has begun is owed whole."""


class Spread(StrEnum):
    """Which instalments a later disbursement enlarges."""

    AFTER = "AFTER"
    """Those due after it (progressive engine)."""
    ON_OR_AFTER = "ON_OR_AFTER"
    """Those due on it too (cumulative engine)."""
    FULL_TERM = "FULL_TERM"
    """Those due after it, and as many more as the loan once had: each disbursement is repaid over a whole term."""


class DayOf(StrEnum):
    """Which day a date names, where interest changes on it."""

    BEGINNING = "BEGINNING"
    """The day that begins on it: the date itself is the first that bears the new interest."""
    END = "END"
    """The day that ends on it: a change dated the 2nd counts from the 1st (progressive engine)."""

    def first(self, on: date) -> date:
        """The beginning of the day that a date names."""
        return on if self is DayOf.BEGINNING else on - timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepayment:
    """提前还款: fee_rate a fraction of the principal prepaid; minimum in minor units; lock_in_days from the start."""

    interest: EarlyInterest = EarlyInterest.TO_DATE
    fee_rate: Decimal = Decimal(0)
    minimum: int = 0
    lock_in_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeTerms:
    """How a loan lives.

    strategies: allocation by kind of payment, with DEFAULT. npl_strategy: the one that replaces them beyond
    `npl_after` days past due. down_payment: fraction of each disbursement that falls due at once. late_fee: minor
    units, once for each overdue instalment. cap_annual: bound on everything charged, a fraction per year of the
    principal in use. non_accrual_after: days past due after which the books stop accruing. credit_order: the
    components that a chargeback gives back, in order; none is principal alone. is_overdue_bearing: with DAILY, whether
    overdue principal goes on bearing contract interest. cooling_off_days: days in which the borrower may cancel free of
    charge. is_charge_off_whole: charging off takes all interest and fees of the plan, earned or not. changes_of: which
    day the date of a rate change or of a pause names. interest_refund: kinds of refund that give interest back too.
    """

    bearing: Bearing = Bearing.PLANNED
    strategies: Mapping[str, Strategy] = field(
        default_factory=lambda: MappingProxyType({DEFAULT: STRATEGIES["BANK_NORMAL"]})
    )
    npl_strategy: Strategy | None = None
    npl_after: int = 90
    spread: Spread = Spread.AFTER
    down_payment: Decimal = Decimal(0)
    is_down_payment_auto: bool = True
    grace: Grace = Grace.NO_TRACE
    is_grace_retroactive: bool = True
    is_compound: bool = False
    late_fee: int = 0
    cap_annual: Decimal | None = None
    non_accrual_after: int | None = None
    is_overdue_bearing: bool = True
    credit_order: tuple[Component, ...] = ()
    prepayment: Prepayment = Prepayment()
    cooling_off_days: int = 0
    is_charge_off_whole: bool = False
    charged_off: ChargedOff = ChargedOff.REGULAR
    rest: Rest = Rest.DAILY
    changes_of: DayOf = DayOf.BEGINNING
    interest_refund: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Assert what the reader of a contract has already promised."""
        assert DEFAULT in self.strategies, "every payment finds a strategy"
        assert 0 <= self.down_payment < 1, "a down payment is a part"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Terms and life terms together: with the facts, all that a life depends on.

    funding: who funds it, when not the lender alone. guarantor: the party that guarantees it, when one does.
    """

    terms: Terms
    life: LifeTerms = LifeTerms()
    funding: Funding | None = None
    guarantor: int | None = None

    @property
    def marks(self) -> tuple[date, ...]:
        """Dates at which what accrues is told apart, because others earn it from then on."""
        return () if self.funding is None else tuple(one.from_on for one in self.funding.agreements[1:])

    def strategy(self, kind: str) -> Strategy:
        """The allocation of a kind of payment."""
        return self.life.strategies.get(kind, self.life.strategies[DEFAULT])

    def starting(self, on: date, principal: int) -> Terms:
        """The terms of what was really paid out, and when."""
        return replace(
            self.terms, start_on=on, principal=principal, down_payment=0, disbursements=(), early_payments=()
        )
