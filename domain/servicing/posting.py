"""Entries of servicing, built from the posting rules of the loan's product version; pure, nothing here posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.product.accounting import COMPONENTS, Event, Flag, Party
from domain.product.rules_lender import CN_LENDER
from domain.product.ruleset import EventUnruled, RuleSet, rendered
from domain.product.version import ProductVersion
from domain.servicing.fact import Fact, Pay
from domain.servicing.movement import Movement
from domain.servicing.position import Loan
from domain.servicing.repayment import Decision, Repay, Source, application_rule
from ledger.account import Side
from ledger.entry import Dimensions, Entry, Line
from ledger.period import Placement
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

    The overpayment that is applied is the debit of what it meets, and no line of its own; fees stay where they are when
    a loan stops to accrue.
    """
    return RuleSet(
        code=f"{product.code}/{product.version}",
        party=party,
        name_zh=product.name_zh,
        name_en=product.name_en,
        rules=MappingProxyType(
            {name: rule for name, rule in product.posting_rules.items() if Event(name).party is party}
        ),
        ignored=CN_LENDER.ignored,
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
    yield from service_fee_entries(loan, rules, on=on, actor=actor, event_id=event_id)


def service_fee_entries(
    loan: Loan, rules: Mapping[str, Rule], *, on: date, actor: str, event_id: UUID | None = None
) -> Iterator[Entry]:
    """Walk the entries of the service fee, in the lender's and the platform's book; none when there is no fee."""
    if loan.service_fee:
        for kind, book in ((Event.SERVICE_FEE_LENDER, loan.book), (Event.SERVICE_FEE_PLATFORM, loan.platform_book)):
            entry = entry_of(loan, key=f"loan:{loan.application_id}:service-fee", on=on, actor=actor)
            yield apply(rules[kind], {"service_fee": loan.service_fee}, **{**entry, "book": book}, event_id=event_id)


Booked = tuple[tuple[Movement, ...], Entry | None]
"""Movements and the entry that books them; none where the rules post nothing."""


def movement_entries(
    loan: Loan,
    movements: Iterable[tuple[Movement, ...]],
    rule_set: RuleSet,
    *,
    fact: Fact,
    actor: str,
    placed: Placement,
) -> list[Booked] | EventUnruled:
    """Return what a change books, each group of movements with its entry.

    A movement of the fact itself is booked at its value date. When that month is closed, everything is booked where the
    ledger has `placed` the fact, `economic_on` says which date it is about, and the description names its cause.
    """
    is_late = placed.economic_on is not None
    made: list[Booked] = []
    for n, group in enumerate(movements):
        own = next((one for one in group if one.fact_no == fact.no), group[0])
        on = placed.effective_on if is_late else fact.booked_on if len(group) > 1 else own.value_on
        facts_of = entry_of(loan, key=f"fact:{loan.loan_id}:{fact.no}:{n}", on=on, actor=actor)
        dims, currency = facts_of.pop("dims"), facts_of.pop("currency")
        lines: list[Line] = []
        for one in group:
            found = rendered(one.event, [(one.amounts, dims)], rule_set, currency=currency, flags=one.flags)
            if isinstance(found, EventUnruled):
                return found
            lines += found
        rule = rule_set.rules.get(own.event)
        entry = Entry(
            **facts_of,
            kind=own.event,
            lines=tuple(lines if len(group) == 1 else netted(lines)),
            rule_version=rule.version if rule else 1,
            economic_on=placed.economic_on,
            paid_on=fact.value_on if isinstance(fact, Pay) else None,
            description=cause(fact) if fact.value_on < fact.booked_on else "",
        ) if lines else None  # fmt: skip
        made.append((group, entry))
    return made


def netted(lines: Iterable[Line]) -> Iterator[Line]:
    """Walk lines net: one for each account and dimensions, none where debit and credit meet."""
    sums: dict[tuple[str, str, Dimensions], int] = {}
    for one in lines:
        place = (one.account, one.currency, one.dims)
        sums[place] = sums.get(place, 0) + (one.amount if one.side is Side.DEBIT else -one.amount)
    for (account, currency, dims), amount in sums.items():
        if amount:
            yield Line(account, Side.DEBIT if amount > 0 else Side.CREDIT, abs(amount), currency, dims)


def cause(fact: Fact) -> str:
    """Name the fact that made an entry necessary."""
    return f"{type(fact).__name__} no. {fact.no} of {fact.value_on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Movements of one event of many loans that go into one entry: of one book, currency and product version.

    `number` is the place of the entry among those of the same close.
    """

    number: int
    event: Event
    flags: frozenset[Flag]
    product_id: int
    product_version: int
    members: list[tuple[Loan, Movement]]


def batches(lives: Iterable[tuple[Loan, Iterable[Movement]]]) -> list[Batch]:
    """Gather the movements of many loans into batches; each loan's own movements keep their order.

    A movement joins the first batch of its kind that comes after the loan's movement before it, so that what one entry
    needs another has already booked.
    """
    made: list[Batch] = []
    known: dict[tuple[int, str, int, int, Event, frozenset[Flag]], list[Batch]] = {}
    for loan, movements in lives:
        at = -1
        for one in movements:
            of = (loan.book, loan.terms.currency, loan.product_id, loan.product_version, one.event, one.flags)
            batch = next((each for each in known.get(of, ()) if each.number > at), None)
            if batch is None:
                batch = Batch(
                    number=len(made), event=one.event, flags=one.flags, product_id=loan.product_id,
                    product_version=loan.product_version, members=[],
                )  # fmt: skip
                made.append(batch)
                known.setdefault(of, []).append(batch)
            batch.members.append((loan, one))
            at = batch.number
    return made


def movement_entry(batch: Batch, rule_set: RuleSet, *, key: str, on: date, actor: str) -> Entry | EventUnruled | None:
    """Return the entry of a batch: a line per loan where the account is kept by loan; none when nothing is posted."""
    first = batch.members[0][0]
    items = [(one.amounts, entry_of(loan, key=key, on=on, actor=actor)["dims"]) for loan, one in batch.members]
    lines = rendered(batch.event, items, rule_set, currency=first.terms.currency, flags=batch.flags)
    if isinstance(lines, EventUnruled):
        return lines
    if not lines:
        return None
    rule = rule_set.rules.get(batch.event)
    return Entry(
        book=first.book,
        source=SOURCE,
        key=f"{key}:{batch.number}:{batch.event}",
        kind=batch.event,
        effective_on=on,
        lines=lines,
        actor=actor,
        rule_version=rule.version if rule else 1,
    )


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
