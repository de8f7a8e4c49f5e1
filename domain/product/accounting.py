"""Which business events a product must be able to book, and of which components each consists.

The accounts are data of the product version (PM-15): one posting rule per event, made of legs, each moving one
component from a credit to a debit account; such a rule cannot fail to balance. A failed disbursement needs no rule: it
reverses the entry of its instruction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from ledger.rule import Rule, components
from ledger.rule import accounts as accounts_of


class Event(StrEnum):
    """Business events that post; the value is the entry's kind."""

    DISBURSEMENT_INSTRUCTED = "DISBURSEMENT_INSTRUCTED"
    DISBURSEMENT_SUCCEEDED = "DISBURSEMENT_SUCCEEDED"
    SERVICE_FEE_LENDER = "SERVICE_FEE_LENDER"
    SERVICE_FEE_PLATFORM = "SERVICE_FEE_PLATFORM"
    INTEREST_ACCRUED = "INTEREST_ACCRUED"
    INTEREST_DUE = "INTEREST_DUE"
    PRINCIPAL_OVERDUE = "PRINCIPAL_OVERDUE"
    PENALTY_ACCRUED = "PENALTY_ACCRUED"
    REPAYMENT = "REPAYMENT"
    CHANNEL_SETTLED = "CHANNEL_SETTLED"

    @property
    def in_platform_book(self) -> bool:
        """Tell whether the event is booked by the platform; all others are booked by the lender."""
        return self is Event.SERVICE_FEE_PLATFORM


COMPONENTS: Mapping[Event, frozenset[str]] = MappingProxyType(
    {
        Event.DISBURSEMENT_INSTRUCTED: frozenset({"principal"}),
        Event.DISBURSEMENT_SUCCEEDED: frozenset({"principal"}),
        Event.SERVICE_FEE_LENDER: frozenset({"service_fee"}),
        Event.SERVICE_FEE_PLATFORM: frozenset({"service_fee"}),
        Event.INTEREST_ACCRUED: frozenset({"interest"}),
        Event.INTEREST_DUE: frozenset({"interest"}),
        Event.PRINCIPAL_OVERDUE: frozenset({"principal"}),
        Event.PENALTY_ACCRUED: frozenset({"penalty"}),
        Event.REPAYMENT: frozenset(
            {"penalty", "interest", "overdue_principal", "principal", "accrued_interest", "excess"}
        ),
        Event.CHANNEL_SETTLED: frozenset({"amount"}),
    }
)
"""The components that the rule of each event must book, no more and no fewer."""


def missing_events(rules: Mapping[str, Rule]) -> tuple[Event, ...]:
    """Return the events that have no rule."""
    return tuple(event for event in Event if event not in rules)


def component_mismatches(rules: Mapping[str, Rule]) -> Iterator[tuple[Event, tuple[str, ...]]]:
    """Walk the events whose rule books other components than it must, with the names that are too many or too few."""
    for event in Event:
        rule = rules.get(event)
        if rule is not None:
            different = components(rule) ^ COMPONENTS[event]
            if different:
                yield event, tuple(sorted(different))


def accounts(rules: Mapping[str, Rule], *, platform: bool) -> frozenset[str]:
    """Return the account codes that the rules use in the platform's book or in the lender's."""
    return frozenset(
        code
        for event in Event
        if event in rules and event.in_platform_book is platform
        for code in accounts_of(rules[event])
    )
