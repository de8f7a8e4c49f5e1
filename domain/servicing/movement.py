"""Movements: what a life does to the accounts, by event and bucket, without naming an account.

A posting rule set turns a movement into an entry. A bucket is the state of a component in the lender's books; `STATE`
says for every event what each of its amounts adds to and takes from which bucket, so that balances are a sum of
movements and can be compared with the position that the facts give.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Event(StrEnum):
    """Events of a life that move money or claims."""

    DISBURSEMENT_SUCCEEDED = "DISBURSEMENT_SUCCEEDED"
    FEE_AT_DISBURSEMENT = "FEE_AT_DISBURSEMENT"
    DOWN_PAYMENT = "DOWN_PAYMENT"
    INTEREST_ACCRUED = "INTEREST_ACCRUED"
    INTEREST_DUE = "INTEREST_DUE"
    FEE_DUE = "FEE_DUE"
    PENALTY_ACCRUED = "PENALTY_ACCRUED"
    COMPOUND_ACCRUED = "COMPOUND_ACCRUED"
    PRINCIPAL_OVERDUE = "PRINCIPAL_OVERDUE"
    REPAYMENT = "REPAYMENT"
    OVERPAYMENT_APPLIED = "OVERPAYMENT_APPLIED"
    OVERPAYMENT_REFUNDED = "OVERPAYMENT_REFUNDED"
    MERCHANT_REFUND = "MERCHANT_REFUND"
    PAYOUT_REFUND = "PAYOUT_REFUND"
    GOODWILL_CREDIT = "GOODWILL_CREDIT"
    CHARGE_ADJUSTMENT = "CHARGE_ADJUSTMENT"
    INTEREST_PAYMENT_WAIVER = "INTEREST_PAYMENT_WAIVER"
    CHARGE_WAIVED = "CHARGE_WAIVED"
    INTEREST_WAIVED = "INTEREST_WAIVED"
    PRINCIPAL_WAIVED = "PRINCIPAL_WAIVED"
    CHARGEBACK = "CHARGEBACK"
    CHARGE_OFF = "CHARGE_OFF"
    WRITE_OFF = "WRITE_OFF"
    RECOVERY = "RECOVERY"
    NON_ACCRUAL = "NON_ACCRUAL"
    NON_ACCRUAL_INTEREST = "NON_ACCRUAL_INTEREST"
    ACCRUAL_RESUMED = "ACCRUAL_RESUMED"
    COMPENSATED = "COMPENSATED"
    SUBROGATED = "SUBROGATED"
    REPURCHASED = "REPURCHASED"
    CANCELLED = "CANCELLED"


class Stage(StrEnum):
    """How the lender carries the claim while an event happens; a rule set may book by it."""

    PERFORMING = "PERFORMING"
    NON_ACCRUAL = "NON_ACCRUAL"
    CHARGED_OFF = "CHARGED_OFF"
    FRAUD = "FRAUD"
    """Charged off because of fraud."""
    WRITTEN_OFF = "WRITTEN_OFF"
    TRANSFERRED = "TRANSFERRED"
    """The claim belongs to a guarantor or buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One event: amounts in minor units by bucket (below zero when it takes back), of which fact, at which date.

    fact_no: the fact that caused it; nought when time alone did. cause: in words, for the entry's description.
    """

    event: Event
    amounts: Mapping[str, int]
    fact_no: int
    value_on: date
    stage: Stage = Stage.PERFORMING
    cause: str = ""

    @property
    def key(self) -> tuple[Event, int, Stage]:
        """What two lives compare: time's own movements by event, a fact's by fact."""
        return self.event, self.fact_no, self.stage


OFF: Final = frozenset({Stage.CHARGED_OFF, Stage.FRAUD, Stage.WRITTEN_OFF})
"""Stages in which the whole claim lies in one bucket; amounts are then named by component."""
PRINCIPALS: Final = ("principal", "overdue_principal", "nonaccrual_principal")
INTERESTS: Final = ("accrued_interest", "interest", "nonaccrual_interest")
CLAIM: Final = (*PRINCIPALS, *INTERESTS, "penalty", "compound", "fee", "written_off")
"""Every bucket of what the borrower owes, as the lender carries it."""
BUCKETS: Final = (*CLAIM, "excess")

_PAYS = {**dict.fromkeys(CLAIM, -1), "excess": 1}
_TAKES = {**dict.fromkeys(CLAIM, 1), "excess": -1}
_LEAVES = dict.fromkeys((*CLAIM, "excess"), -1)

OWN: Final[Mapping[Event, Mapping[str, int]]] = MappingProxyType(
    {
        Event.DISBURSEMENT_SUCCEEDED: _TAKES,
        Event.FEE_AT_DISBURSEMENT: {},
        Event.INTEREST_ACCRUED: {"accrued_interest": 1},
        Event.FEE_DUE: {"fee": 1},
        Event.PENALTY_ACCRUED: {"penalty": 1},
        Event.COMPOUND_ACCRUED: {"compound": 1},
        Event.NON_ACCRUAL_INTEREST: {"nonaccrual_interest": 1, "penalty": 1, "compound": 1},
        **dict.fromkeys(
            (
                Event.DOWN_PAYMENT, Event.REPAYMENT, Event.MERCHANT_REFUND, Event.PAYOUT_REFUND, Event.GOODWILL_CREDIT,
                Event.CHARGE_ADJUSTMENT, Event.INTEREST_PAYMENT_WAIVER,
            ),
            _PAYS,
        ),
        **dict.fromkeys((Event.OVERPAYMENT_APPLIED, Event.COMPENSATED, Event.REPURCHASED, Event.CANCELLED), _LEAVES),
        **dict.fromkeys((Event.CHARGE_WAIVED, Event.INTEREST_WAIVED, Event.PRINCIPAL_WAIVED, Event.RECOVERY), _LEAVES),
        Event.CHARGEBACK: _TAKES,
        Event.OVERPAYMENT_REFUNDED: _TAKES,
        Event.SUBROGATED: {},
    }
)  # fmt: skip
"""Events that add to or take from the bucket that an amount is named for; others move from bucket to bucket."""

MOVES: Final[Mapping[Event, Mapping[str, str]]] = MappingProxyType(
    {
        Event.INTEREST_DUE: {"interest": "accrued_interest"},
        Event.PRINCIPAL_OVERDUE: {"overdue_principal": "principal"},
    }
)
"""Events that move an amount into its bucket from another."""

GATHERS: Final[Mapping[Event, Mapping[str, str]]] = MappingProxyType(
    {
        Event.NON_ACCRUAL: {
            "principal": "nonaccrual_principal", "overdue_principal": "nonaccrual_principal",
            "accrued_interest": "nonaccrual_interest", "interest": "nonaccrual_interest",
        },
        Event.ACCRUAL_RESUMED: {"nonaccrual_principal": "principal", "nonaccrual_interest": "interest"},
        Event.CHARGE_OFF: dict.fromkeys(CLAIM, "written_off"),
        Event.WRITE_OFF: dict.fromkeys(CLAIM, "written_off"),
    }
)  # fmt: skip
"""Events that move amounts out of their buckets into another."""


def balances(movements: Iterable[Movement]) -> dict[str, int]:
    """Balance of every bucket after the movements, minor units."""
    held = dict.fromkeys(BUCKETS, 0)
    for one in movements:
        for name, amount in one.amounts.items():
            bucket = "written_off" if one.stage in OFF and name != "excess" else name
            if one.stage is Stage.TRANSFERRED and name != "excess":
                continue  # another's claim
            if one.event in MOVES:
                held[bucket] += amount
                held[MOVES[one.event][bucket]] -= amount
            elif one.event in GATHERS:
                held[bucket] -= amount
                held[GATHERS[one.event][bucket]] += amount
            elif sign := OWN[one.event].get(bucket, 0):
                held[bucket] += sign * amount
    return held


def difference(
    before: Iterable[Movement], after: Iterable[Movement], *, on: date, fact_no: int = 0
) -> tuple[Movement, ...]:
    """What must be booked on `on` so that the books say `after` where they said `before`.

    A movement that stands in both is not booked again. The difference of one that changed is booked net, what is more
    apart from what is less, with the fact that caused it.
    """
    totals: dict[tuple[Event, int, Stage], dict[str, int]] = {}
    sample: dict[tuple[Event, int, Stage], Movement] = {}
    for sign, movements in ((-1, before), (1, after)):
        for one in movements:
            held = totals.setdefault(one.key, {})
            sample[one.key] = one
            for bucket, amount in one.amounts.items():
                held[bucket] = held.get(bucket, 0) + sign * amount
    made = []
    for key, held in totals.items():
        for wanted in (1, -1):
            amounts = {bucket: amount for bucket, amount in held.items() if amount * wanted > 0}
            if amounts:
                event, number, stage = key
                made.append(
                    Movement(
                        event=event, amounts=MappingProxyType(amounts), fact_no=number, value_on=sample[key].value_on if
                        number and number == fact_no else on, stage=stage, cause=sample[key].cause,
                    )
                )
    return tuple(made)
