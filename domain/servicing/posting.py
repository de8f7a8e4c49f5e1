"""Entries of servicing, built from the posting rules of the loan's product version; pure, nothing here posts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final
from uuid import NAMESPACE_OID, UUID, uuid5

from domain.product.accounting import BETWEEN, COMPONENTS, HANDED, PARTNER_SHARE, SENT, Event, Flag, Party
from domain.product.rules_lender import CN_LENDER
from domain.product.ruleset import EventUnruled, RuleSet, rendered
from domain.product.version import ProductVersion
from domain.servicing.fact import Fact, Pay
from domain.servicing.movement import Movement
from domain.servicing.position import Loan
from domain.servicing.repayment import Decision, Repay, Source, application_rule
from ledger.account import Side
from ledger.entry import Dimensions, Entry, Line
from ledger.period import CorrectionPolicy, PeriodClosed, PeriodState, Placement, place
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


Booked = tuple[Movement, Entry | None]
"""A movement and the entry that books it; none where the rules post nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who keeps accounts of the loans of a product version besides its platform, and by which rules.

    partners: the book of each funder that does not collect, by its number; they share one set of rules.
    """

    lender: RuleSet
    partner: RuleSet | None = None
    partners: Mapping[int, int] = field(default_factory=lambda: MappingProxyType({}))
    guarantor: tuple[int, RuleSet] | None = None

    @property
    def books(self) -> tuple[int, ...]:
        """The books of the others."""
        return (*self.partners.values(), *(() if self.guarantor is None else (self.guarantor[0],)))

    def seat(self, loan: Loan, one: Movement) -> tuple[int, RuleSet, int] | None:
        """Book, rules and number of whom a movement belongs to; None when he keeps no book here."""
        if one.event.party is Party.GUARANTOR:
            return None if self.guarantor is None else (*self.guarantor, one.funder)
        if one.funder in {0, loan.funder_id}:
            return loan.book, self.lender, loan.funder_id
        assert self.partner is not None, "a partner's movements have a partner's rules"
        return self.partners[one.funder], self.partner, one.funder


def desk(product: ProductVersion) -> Desk:
    """Return the books and rules of a product version."""
    lender, syndicate, guarantor = rule_set(product, Party.LENDER), product.syndicate, product.guarantor
    return Desk(
        lender=lender,
        partner=None
        if syndicate is None
        else replace(
            lender, code=f"{lender.code}/PARTNER", party=Party.PARTNER, rules=syndicate.rules,
            silent=frozenset({Event.DISBURSEMENT_INSTRUCTED}),
        ),
        partners={} if syndicate is None else syndicate.books,
        guarantor=None if guarantor is None else (guarantor.book, rule_set(product, Party.GUARANTOR)),
    )  # fmt: skip


_Item = tuple[Mapping[str, int], Dimensions]
Lines = tuple[list[Line], list[Movement], RuleSet]
"""What a group of movements is in one book: its lines, the movements that they hold, and the rules of the book."""


def _rows(
    loan: Loan, group: Iterable[Movement], of: Desk
) -> Iterator[tuple[int, RuleSet, Event, frozenset[Flag], Movement | None, _Item]]:
    """Walk what a group of movements is in each book: everybody's own, and the leader's part of what he hands over."""
    dims = Dimensions(loan.loan_id, loan.party_id, loan.product_id, loan.funder_id, loan.channel_id)
    for one in group:
        seat = of.seat(loan, one)
        if seat is None:
            continue
        book, rules, number = seat
        if book != loan.book and one.event in HANDED | SENT | BETWEEN:
            handed = {PARTNER_SHARE: sum(one.amounts.values())}
            yield loan.book, of.lender, one.event, one.flags, None, (handed, replace(dims, funder=number))
        yield book, rules, one.event, one.flags, one, (one.amounts, replace(dims, funder=number))


def group_lines(loan: Loan, group: Sequence[Movement], of: Desk) -> dict[int, Lines] | EventUnruled:
    """Return the lines of a group by book, the lender's first, with the movements that each holds, and its rules."""
    rows: dict[int, dict[tuple[Event, frozenset[Flag]], tuple[RuleSet, list[_Item]]]] = {loan.book: {}}
    owned: dict[int, list[Movement]] = {loan.book: []}
    for book, rules, event, flags, one, item in _rows(loan, group, of):
        rows.setdefault(book, {}).setdefault((event, flags), (rules, []))[1].append(item)
        if one is not None:
            owned.setdefault(book, []).append(one)
    made: dict[int, Lines] = {}
    for book, kinds in rows.items():
        lines, rules = list[Line](), of.lender
        for (event, flags), (rules, items) in kinds.items():
            found = rendered(event, items, rules, currency=loan.terms.currency, flags=flags)
            if isinstance(found, EventUnruled):
                return found
            lines += found
        made[book] = (lines if len(kinds) == 1 else list(netted(lines)), owned.get(book, []), rules)
    return made


def placed_in_all(
    fact: Fact, books: Iterable[int], months: Mapping[int, Mapping[int, PeriodState]]
) -> Placement | tuple[int, PeriodClosed]:
    """Return where a fact is booked in every one of the books, or which of them takes it nowhere.

    One event has one date: when a month is closed in one of the books, all book at the latest date that any asks for.
    """
    found = list[Placement]()
    for book in books:
        one = place(
            fact.value_on,
            states=months[book],
            policy=CorrectionPolicy.CORRECT_IN_CURRENT,
            booked_on=fact.booked_on,
        )
        if not isinstance(one, Placement):
            return book, one
        found.append(one)
    on = max(one.effective_on for one in found)
    return Placement(on, None if all(one.economic_on is None for one in found) else fact.value_on)


def movement_entries(
    loan: Loan,
    movements: Iterable[tuple[Movement, ...]],
    of: Desk,
    *,
    fact: Fact,
    actor: str,
    placed: Placement,
) -> list[Booked] | EventUnruled:
    """Return what a change books: each movement with its entry, those of other books joined with it by one event.

    A movement of the fact itself is booked at its value date. When that month is closed in one of the books, everything
    is booked where `placed` says, `economic_on` says which date it is about, and the description names its cause.
    """
    is_late = placed.economic_on is not None
    made: list[Booked] = []
    for n, group in enumerate(movements):
        own = next((one for one in group if one.fact_no == fact.no), group[0])
        kinds = {(one.event, one.fact_no, one.flags) for one in group}
        on = placed.effective_on if is_late else fact.booked_on if len(kinds) > 1 else own.value_on
        found = group_lines(loan, group, of)
        if isinstance(found, EventUnruled):
            return found
        made += _booked(
            group,
            own,
            found,
            key=f"fact:{loan.loan_id}:{fact.no}:{n}",
            actor=actor,
            effective_on=on,
            event_id=uuid5(EVENT_NAMES, f"fact:{loan.loan_id}:{fact.no}") if of.books else None,
            economic_on=placed.economic_on,
            paid_on=fact.value_on if isinstance(fact, Pay) else None,
            description=cause(fact) if fact.value_on < fact.booked_on else "",
        )
    return made


def _booked(group: Sequence[Movement], own: Movement, found: Mapping[int, Lines], **facts_of: Any) -> Iterator[Booked]:  # noqa: ANN401 - fields of entries
    """Walk a group's movements, each with the entry of its book; the entries differ in book, kind and lines only.

    An entry has the kind of `own`, or where that is another book's, of the first movement that it holds.
    """
    known: dict[int, Entry | None] = {id(one): None for one in group}
    for book, (lines, owned, rules) in found.items():
        if not lines:
            continue
        kind = next((one.event for one in (own, *owned) if one in owned), own.event)
        rule = rules.rules.get(kind)
        entry = Entry(
            book=book,
            source=SOURCE,
            kind=kind,
            lines=tuple(lines),
            rule_version=rule.version if rule else 1,
            **facts_of,
        )
        known |= {id(one): entry for one in owned}
        if not owned:  # the leader's side of what is all another's
            yield NOBODY, entry
    yield from ((one, known[id(one)]) for one in group)


def instruction_entries(
    loan: Loan, movements: Sequence[Movement], of: Desk, *, on: date, actor: str
) -> list[Booked] | EventUnruled:
    """Return the entries of an instruction to pay out, of every funder, joined by one event."""
    name = f"loan:{loan.application_id}:instructed"
    made: list[Booked] = []
    for event in dict.fromkeys(one.event for one in movements):
        group = [one for one in movements if one.event is event]
        found = group_lines(loan, group, of)
        if isinstance(found, EventUnruled):
            return found
        made += _booked(
            group,
            group[0],
            found,
            key=name if event is Event.DISBURSEMENT_INSTRUCTED else f"{name}:{event}",
            actor=actor,
            effective_on=on,
            event_id=instruction_id(loan),
        )
    return made


def instruction_id(loan: Loan) -> UUID:
    """Name the event by which a loan is instructed."""
    return uuid5(EVENT_NAMES, f"loan:{loan.application_id}:instructed")


def entries_of(booked: Iterable[Booked]) -> list[Entry]:
    """Return the entries of what is booked, each once, in order."""
    return list({id(entry): entry for _, entry in booked if entry is not None}.values())


NOBODY: Final = Movement(event=Event.REPAYMENT, amounts={}, fact_no=0, value_on=date.min)
"""Stands for no movement: the entry holds nothing of the lender's own."""


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
    """Movements of one event of many loans that go into one entry of a book: of one lender, currency, product version.

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
    known: dict[tuple[int, int, str, int, int, Event, frozenset[Flag]], list[Batch]] = {}
    for loan, movements in lives:
        at = -1
        for one in movements:
            of = (
                loan.book, one.funder, loan.terms.currency, loan.product_id, loan.product_version, one.event, one.flags,
            )  # fmt: skip
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


def batch_entries(
    batch: Batch, of: Desk, *, key: str, on: date, actor: str
) -> tuple[tuple[Entry, bool], ...] | EventUnruled:
    """Return the entries of a batch, and of each whether it holds the movements' own amounts.

    A line per loan where the account is kept by loan; nothing for a book in which nothing is posted. What passes
    through the leader is an entry of his book besides.
    """
    rows: dict[tuple[int, bool], tuple[RuleSet, list[_Item]]] = {}
    for loan, movement in batch.members:
        for book, rules, _, _, own, item in _rows(loan, (movement,), of):
            rows.setdefault((book, own is not None), (rules, []))[1].append(item)
    first = batch.members[0][0]
    made = []
    for (book, is_own), (rules, items) in rows.items():
        lines = rendered(batch.event, items, rules, currency=first.terms.currency, flags=batch.flags)
        if isinstance(lines, EventUnruled):
            return lines
        if lines:
            rule = rules.rules.get(batch.event)
            name = f"{key}:{batch.number}:{batch.event}"
            entry = Entry(
                book=book,
                source=SOURCE,
                key=name,
                kind=batch.event,
                effective_on=on,
                lines=lines,
                actor=actor,
                rule_version=rule.version if rule else 1,
                event_id=uuid5(EVENT_NAMES, f"{key}:{batch.product_id}:{batch.product_version}") if of.books else None,
            )
            made.append((entry, is_own))
    return tuple(made)


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
