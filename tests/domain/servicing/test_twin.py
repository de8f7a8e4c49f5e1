"""One event in every book that it touches: the joint loan of §4.7, compensation, and clearing that nets to nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import CLAIMS, COMPONENTS, Event, Flag, Party
from domain.product.rules_guarantor import CN_GUARANTOR
from domain.product.rules_lender import CN_LENDER, CN_PARTNER
from domain.product.rules_platform import CN_PLATFORM
from domain.product.ruleset import EventUnruled
from domain.servicing.twin import CLEARING, COLLECTED, TWINS, Occurrence, Seat, Table, entries
from ledger.entry import Dimensions, Entry, Side

LEADER, BANK, TRUST, PLATFORM, GUARANTOR = 1, 2, 3, 8, 9
TABLE = Table(
    leader=Seat(number=LEADER, book=11, rule_set=CN_LENDER),
    partners=(Seat(number=BANK, book=12, rule_set=CN_PARTNER), Seat(number=TRUST, book=13, rule_set=CN_PARTNER)),
    platform=Seat(number=PLATFORM, book=18, rule_set=CN_PLATFORM),
    guarantor=Seat(number=GUARANTOR, book=19, rule_set=CN_GUARANTOR),
)
ALONE = Table(leader=TABLE.leader)
PARTY = {
    11: Party.LENDER, 12: Party.PARTNER, 13: Party.PARTNER, 18: Party.PLATFORM, 19: Party.GUARANTOR,
}  # fmt: skip
AT = Occurrence(
    event_id=UUID(int=7),
    source="test",
    key="k",
    actor="test",
    currency="CNY",
    dims=Dimensions(subject=1, party=2, scheme=3, channel=5),
    effective_on=date(2026, 2, 15),
)
THEIRS = frozenset({Flag.TRANSFERRED})


def made(
    event: Event,
    shares: dict[int, dict[str, int]],
    *,
    table: Table = TABLE,
    flags: frozenset[Flag] = frozenset(),
) -> tuple[Entry, ...]:
    found = entries(event, shares, table, AT, flags=flags)
    assert not isinstance(found, EventUnruled), found.message
    return found


def read(entry: Entry) -> set[str]:
    return {f"{line.side} {line.account} {line.amount} {line.dims.funder}" for line in entry.lines}


def open_after(event: Event, found: tuple[Entry, ...]) -> int:
    """What the clearing accounts of an event leave open over all books."""
    pair = set(CLEARING[event])
    return sum(
        line.amount if line.side is Side.DEBIT else -line.amount
        for entry in found
        for line in entry.lines
        if (PARTY[entry.book], line.account) in pair
    )


def test_a_period_of_the_joint_loan() -> None:
    paid = {LEADER: {"interest": 10500, "principal": 53676}, BANK: {"interest": 4500, "principal": 23004}}
    leader, partner = made(Event.REPAYMENT, paid)
    assert (leader.book, partner.book) == (11, 12)
    assert leader.event_id == partner.event_id == AT.event_id
    assert read(leader) == {
        "D 1012.01 64176 1", "D 1012.01 27504 2", "C 2241.02 64176 1", "D 2241.02 64176 1",
        "C 2241.02 27504 2", "D 2241.02 27504 2", "C 1303.01 53676 1", "C 1132.01 10500 1", "C 2314.01 27504 2",
    }  # fmt: skip
    assert read(partner) == {"D 3001.02 27504 2", "C 1303.01 23004 2", "C 1132.01 4500 2"}
    leader, partner = made(Event.SHARE_CLEARED, {BANK: {"partner_share": 27504}})
    assert read(leader) == {"D 2314.01 27504 2", "C 1002.02 27504 2"}
    assert read(partner) == {"D 1002.02 27504 2", "C 3001.02 27504 2"}


def test_the_joint_disbursement_nets_to_each_one_s_loan_and_cash() -> None:
    balances: dict[tuple[int, str], int] = {}
    for event, shares in (
        (Event.SHARE_FUNDED, {BANK: {"partner_share": 300000}}),
        (Event.DISBURSEMENT_INSTRUCTED, {LEADER: {"principal": 700000}, BANK: {"principal": 300000}}),
        (Event.DISBURSEMENT_SUCCEEDED, {LEADER: {"principal": 700000}, BANK: {"principal": 300000}}),
    ):
        for entry in made(event, shares):
            for line in entry.lines:
                signed = line.amount if line.side is Side.DEBIT else -line.amount
                balances[entry.book, line.account] = balances.get((entry.book, line.account), 0) + signed
    assert {place: amount for place, amount in balances.items() if amount} == {
        (11, "1303.01"): 700000,
        (11, "1002.01"): -700000,
        (12, "1303.01"): 300000,
        (12, "1002.01"): -300000,
    }


def test_compensation_in_three_books_and_what_the_borrower_pays_afterwards() -> None:
    owed = {
        LEADER: {"overdue_principal": 53676, "interest": 10500},
        BANK: {"overdue_principal": 23004, "interest": 4500},
    }
    leader, partner, guarantor = made(Event.COMPENSATED, owed)
    assert read(leader) == {"D 1002.02 64176 1", "C 1303.02 53676 1", "C 1132.01 10500 1"}
    assert read(partner) == {"D 1002.02 27504 2", "C 1303.02 23004 2", "C 1132.01 4500 2"}
    assert guarantor.kind == "SUBROGATED"
    assert read(guarantor) == {"D 1201 91680 9", "C 1002.01 91680 9", "D 9999 76680 9", "C 9006 76680 9"}
    leader, guarantor = made(Event.REPAYMENT, {LEADER: {"principal": 500, "excess": 7}}, flags=THEIRS)
    assert "C 2314.01 500 1" in read(leader)
    assert read(guarantor) == {"D 3001.02 500 9", "C 1201 500 9"}
    leader, guarantor = made(Event.AGENCY_PAID, {LEADER: {"amount": 500}})
    assert read(leader) == {"D 2314.01 500 1", "C 1002.02 500 1"}
    assert read(guarantor) == {"D 1002.01 500 9", "C 3001.02 500 9"}


def test_the_platform_s_spread_is_no_one_else_s_income() -> None:
    leader, platform = made(Event.REPAYMENT, {LEADER: {"interest": 10000}, PLATFORM: {"interest": 5000}})
    assert "C 2314.01 5000 8" in read(leader)
    assert platform.kind == "SPREAD_EARNED"
    assert read(platform) == {"D 1124.02 5000 8", "C 6021.03 4717 8", "C 2221.01.01 283 8"}
    leader, platform = made(Event.SHARE_CLEARED, {PLATFORM: {"partner_share": 5000}})
    assert read(platform) == {"D 1002.04 5000 8", "C 1124.02 5000 8"}


def test_a_lender_alone_has_no_twins() -> None:
    (entry,) = made(Event.COMPENSATED, {LEADER: {"principal": 5}}, table=ALONE)
    assert read(entry) == {"D 1002.02 5 1", "C 1303.01 5 1"}
    (entry,) = made(Event.SERVICE_FEE_LENDER, {LEADER: {"service_fee": 106}}, table=ALONE)
    assert entry.book == 11


def test_an_event_of_the_guarantor_or_platform_alone() -> None:
    (entry,) = made(Event.GUARANTEE_GIVEN, {GUARANTOR: {"amount": 5}})
    assert (entry.book, read(entry)) == (19, {"D 9006 5 9", "C 9999 5 9"})
    (entry,) = made(Event.CHANNEL_COMMISSION, {PLATFORM: {"amount": 5}})
    assert entry.book == 18
    assert made(Event.GUARANTEE_GIVEN, {GUARANTOR: {"amount": 5}}, table=ALONE) == ()


def test_what_a_book_has_no_rule_for_is_refused() -> None:
    refused = entries(Event.CHANNEL_SETTLED, {BANK: {"amount": 5}}, TABLE, AT)
    assert refused == EventUnruled(rule_set="CN_PARTNER", event=Event.CHANNEL_SETTLED, components="")


AMOUNT = st.integers(-(10**9), 10**9)
CLAIMED = st.dictionaries(st.sampled_from(CLAIMS), AMOUNT, max_size=5)


def of(event: Event) -> st.SearchStrategy[dict[int, dict[str, int]]]:
    """Shares of an event that clears between books."""
    if event in COLLECTED:
        return st.fixed_dictionaries(
            {LEADER: CLAIMED}, optional={BANK: CLAIMED, TRUST: CLAIMED, PLATFORM: st.builds(dict, interest=AMOUNT)}
        )
    (name, *_) = sorted(COMPONENTS[event])
    single = st.fixed_dictionaries({name: AMOUNT})
    match event:
        case Event.COMPENSATED | Event.REPURCHASED:
            return st.fixed_dictionaries({LEADER: CLAIMED}, optional={BANK: CLAIMED, TRUST: CLAIMED})
        case Event.SHARE_FUNDED | Event.SHARE_CLEARED:
            return st.fixed_dictionaries({BANK: single}, optional={TRUST: single})
        case Event.DISBURSEMENT_SUCCEEDED:
            return st.fixed_dictionaries({LEADER: single, BANK: single}, optional={TRUST: single})
        case Event.SHARE_ASSIGNED:
            return CLAIMED.map(lambda given: {BANK: given, TRUST: {name: -amount for name, amount in given.items()}})
        case _:
            return st.fixed_dictionaries({LEADER: single})


CLEARED = st.sampled_from(sorted(CLEARING)).flatmap(lambda event: st.tuples(st.just(event), of(event)))


@pytest.mark.law(56)
@given(CLEARED, st.booleans())
def test_every_event_clears_between_the_books(
    drawn: tuple[Event, dict[int, dict[str, int]]], is_transferred: bool
) -> None:
    event, shares = drawn
    theirs = is_transferred and event in COLLECTED
    found = made(event, {LEADER: shares[LEADER]} if theirs else shares, flags=THEIRS if theirs else frozenset())
    assert open_after(event, found) == 0
    assert len({(entry.book, entry.source, entry.key) for entry in found}) == len(found)
    assert {entry.event_id for entry in found} <= {AT.event_id}


@pytest.mark.parametrize("event", sorted(TWINS))
def test_every_twin_has_a_pair_that_clears(event: Event) -> None:
    party, kind, _ = TWINS[event]
    assert kind.party is party
    assert party in {whose for whose, _ in CLEARING[event]}


def test_a_late_entry_keeps_its_true_date() -> None:
    late = replace(AT, effective_on=date(2026, 3, 1), economic_on=date(2026, 2, 15))
    found = entries(Event.PENALTY_ACCRUED, {LEADER: {"penalty": 106}, BANK: {"penalty": 53}}, TABLE, late)
    assert not isinstance(found, EventUnruled)
    assert [(entry.book, entry.economic_on) for entry in found] == [(11, date(2026, 2, 15)), (12, date(2026, 2, 15))]
