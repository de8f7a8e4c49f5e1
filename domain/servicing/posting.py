"""Entries of servicing, built from the posting rules of the loan's product version; pure, nothing here posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from domain.product.accounting import COMPONENTS, EXCESS, Event, Party
from domain.product.ruleset import RuleSet
from domain.product.version import ProductVersion
from domain.servicing.position import Loan
from domain.servicing.repayment import Decision, Repay, Source, application_rule
from ledger.entry import Dimensions, Entry, Line
from ledger.rule import Rule, apply, apply_batch

SOURCE = "servicing"
"""Name space of this module's keys in the journal."""


EVENT_NAMES = uuid5(NAMESPACE_OID, "zhudai servicing")
"""Name space of business events that servicing names itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One loan's part of a batch entry: an amount in minor units, below zero when it is taken back.

    `no` is the instalment, nought for the whole loan; `booked` the new cumulative amount, where there is one.
    """

    loan_id: int
    no: int
    product_id: int
    product_version: int
    book: int
    currency: str
    party_id: int
    funder_id: int
    channel_id: int
    amount: int
    booked: int

    @property
    def dims(self) -> Dimensions:
        """Dimensions of the loan's line."""
        return Dimensions(self.loan_id, self.party_id, self.product_id, self.funder_id, self.channel_id)


@dataclass(frozen=True, slots=True)
class Group:
    """Shares that go into one entry: of one book, currency, product version, and direction."""

    product_id: int
    product_version: int
    is_taken_back: bool
    shares: tuple[Share, ...]


def rule_set(product: ProductVersion, party: Party) -> RuleSet:
    """Return how one party's book posts the loans of a product version, for `ruleset` and `twin`.

    The overpayment that is applied is the debit of what it meets, and no line of its own.
    """
    return RuleSet(
        code=f"{product.code}/{product.version}",
        party=party,
        name_zh=product.name_zh,
        name_en=product.name_en,
        rules=MappingProxyType(
            {name: rule for name, rule in product.posting_rules.items() if Event(name).party is party}
        ),
        ignored=MappingProxyType({Event.OVERPAYMENT_APPLIED: frozenset({EXCESS})}),
    )


def groups(shares: Iterable[Share]) -> Iterator[Group]:
    """Cut shares into groups, in the order of their first loan."""
    made: dict[tuple[int, str, int, int, bool], list[Share]] = {}
    for one in shares:
        place = (one.book, one.currency, one.product_id, one.product_version, one.amount < 0)
        made.setdefault(place, []).append(one)
    for (_, _, product_id, version, is_taken_back), members in made.items():
        yield Group(product_id, version, is_taken_back, tuple(members))


def batch_entry(group: Group, rule: Rule, *, key: str, on: date, actor: str) -> Entry:
    """Return one entry for all loans of a group: a line per loan, summed lines where the rule masks the loan."""
    (component,) = COMPONENTS[Event(rule.kind)]
    first = group.shares[0]
    entry = apply_batch(
        rule,
        [({component: abs(one.amount)}, one.dims) for one in group.shares],
        book=first.book,
        currency=first.currency,
        effective_on=on,
        source=SOURCE,
        key=f"{key}:{group.product_id}:{group.product_version}" + (":back" if group.is_taken_back else ""),
        actor=actor,
    )
    return mirrored(entry) if group.is_taken_back else entry


def repayment_entries(one: Repay, loan: Loan, made: Decision, rules: Mapping[str, Rule]) -> Iterator[Entry]:
    """Walk the entries of a decided repayment: the accrual that it needs, if any, then the repayment itself."""
    facts_of = entry_of(loan, key=f"repay:{one.command.key}", on=one.paid_on, actor=one.command.actor)
    if made.accrual:
        accrued = apply(
            rules[Event.INTEREST_ACCRUED],
            {"interest": abs(made.accrual)},
            **{**facts_of, "key": f"{facts_of['key']}:accrual"},
        )
        yield accrued if made.accrual > 0 else mirrored(accrued)
    yield apply(_receipt(one.source, rules), made.amounts, **facts_of, paid_on=one.paid_on)


def _receipt(source: Source, rules: Mapping[str, Rule]) -> Rule:
    """Return the rule by which money from this source meets what is owed."""
    if source is Source.CASH:
        return rules[Event.REPAYMENT]
    return rules.get(Event.OVERPAYMENT_APPLIED) or application_rule(rules[Event.REPAYMENT])


def mirrored(entry: Entry) -> Entry:
    """Return the entry with its sides exchanged: an accrual taken back in its own right, reversing no one entry."""
    lines = tuple(Line(one.account, one.side.opposite, one.amount, one.currency, one.dims) for one in entry.lines)
    return replace(entry, lines=lines, description="taken back")


def disbursement_entries(loan: Loan, rules: Mapping[str, Rule], *, on: date, actor: str) -> Iterator[Entry]:
    """Walk the entries of a successful disbursement: the principal, and the service fee in both books, as one event."""
    name = f"loan:{loan.application_id}:disbursed"
    event_id = uuid5(EVENT_NAMES, name)
    yield apply(
        rules[Event.DISBURSEMENT_SUCCEEDED],
        {"principal": loan.terms.principal},
        **entry_of(loan, key=name, on=on, actor=actor),
        event_id=event_id,
    )
    if loan.service_fee:
        for kind, book in ((Event.SERVICE_FEE_LENDER, loan.book), (Event.SERVICE_FEE_PLATFORM, loan.platform_book)):
            entry = entry_of(loan, key=f"loan:{loan.application_id}:service-fee", on=on, actor=actor)
            yield apply(rules[kind], {"service_fee": loan.service_fee}, **{**entry, "book": book}, event_id=event_id)


def entry_of(loan: Loan, *, key: str, on: date, actor: str) -> dict[str, Any]:
    """Return what all entries of one loan share, as arguments of `ledger.rule.apply`."""
    return {
        "book": loan.book,
        "currency": loan.terms.currency,
        "dims": Dimensions(loan.loan_id, loan.party_id, loan.product_id, loan.funder_id, loan.channel_id),
        "effective_on": on,
        "source": SOURCE,
        "key": key,
        "actor": actor,
    }
