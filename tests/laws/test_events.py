"""Rows E01 to E39 of the domain reference §4.4: each posts in the lender's book, and its twin where there is one.

E40, the close of a month, is the ledger's own. What is shown of each event is what the journal then holds.
"""

from datetime import date
from typing import Final
from uuid import UUID, uuid5

import pytest
from sqlalchemy import Connection

from domain.product.accounting import Event, Flag, Party
from domain.product.catalogue import RULE_SETS
from domain.product.ruleset import EventUnruled, lines
from domain.servicing.twin import CLEARING, TWINS, Occurrence, Seat, Table, entries
from ledger import journal
from ledger.balances import event_residuals
from ledger.entry import Dimensions, Entry, Line, Side
from ledger.rule import accounts
from seed import chart, products
from tests.domain.product.entries import amounts

ROWS: Final = [
    ("E01", Event.CREDIT_LINE_GRANTED, "amount 20000", ""),
    ("E02", Event.DISBURSEMENT_INSTRUCTED, "principal 10000", ""),
    ("E03", Event.DISBURSEMENT_SUCCEEDED, "principal 10000", ""),
    ("E04", Event.DISBURSEMENT_INSTRUCTED, "principal -10000", ""),
    ("E05", Event.DISBURSEMENT_RETURNED, "principal 10000", ""),
    ("E06", Event.ORIGINATION_COST, "amount 30", ""),
    ("E06", Event.ORIGINATION_COST_AMORTISED, "amount 2.50", ""),
    ("E06", Event.INCOME_CAPITALISED, "principal 50", ""),
    ("E06", Event.INCOME_AMORTISED, "amount 2.50", ""),
    ("E06", Event.INCOME_ADJUSTMENT, "principal 5", ""),
    ("E06", Event.BUY_DOWN_FEE, "amount 50", ""),
    ("E06", Event.BUY_DOWN_FEE_AMORTISED, "amount 2.50", ""),
    ("E06", Event.BUY_DOWN_FEE_ADJUSTMENT, "amount 5", ""),
    ("E07", Event.INTEREST_ACCRUED, "interest 150", ""),
    ("E08", Event.INTEREST_DUE, "interest 150", ""),
    ("E09", Event.PRINCIPAL_OVERDUE, "principal 766.80", ""),
    ("E09", Event.ACCELERATED, "principal 9000, interest 10.60", ""),
    ("E10", Event.PENALTY_ACCRUED, "penalty 1.06", ""),
    ("E11", Event.COMPOUND_ACCRUED, "compound 0.53", ""),
    ("E12", Event.FEE_DUE, "fee 10.60", ""),
    ("E13", Event.CASH_RECEIVED, "amount 916.80", ""),
    ("E14", Event.CASH_ALLOCATED, "interest 150, principal 766.80", ""),
    ("E13+E14", Event.REPAYMENT, "interest 150, principal 766.80", ""),
    ("E15", Event.CHANNEL_SETTLED, "amount 916.80, channel_fee 0.92", ""),
    ("E16", Event.PREPAYMENT_FEE, "fee 53", ""),
    ("E16", Event.REPAYMENT, "accrued_interest 10.60, principal 9233.20, fee 53", ""),
    ("E17", Event.REPAYMENT, "excess 20", ""),
    ("E18", Event.OVERPAYMENT_APPLIED, "interest 20", ""),
    ("E18", Event.OVERPAYMENT_REFUNDED, "excess 20", ""),
    ("E19", Event.INTEREST_WAIVED, "interest 10.60", ""),
    ("E19", Event.CHARGE_WAIVED, "fee 1.06, penalty 2.12", ""),
    ("E20", Event.PRINCIPAL_WAIVED, "overdue_principal 9", ""),
    ("E21", Event.NON_ACCRUAL, "principal 9000, overdue_principal 766.80, interest 150", ""),
    ("E22", Event.NON_ACCRUAL_INTEREST, "nonaccrual_interest 7, penalty 3", "is_non_accrual"),
    ("E23", Event.REPAYMENT, "nonaccrual_principal 500, nonaccrual_interest 7", "is_non_accrual"),
    ("E24", Event.ACCRUAL_RESUMED, "nonaccrual_principal 9000, nonaccrual_interest 150", ""),
    ("E25", Event.PROVISIONED, "stage_1 -25, stage_2 25", ""),
    ("E26", Event.CHARGE_OFF, "principal 9000, interest 150", ""),
    ("E26", Event.WRITE_OFF, "nonaccrual_principal 9000, fee 10", ""),
    ("E27", Event.RECOVERY, "written_off 300, interest 20", "is_charged_off"),
    ("E28", Event.COMPENSATED, "overdue_principal 766.80, interest 150", ""),
    ("E29", Event.REPURCHASED, "principal 9000, interest 150", ""),
    ("E30", Event.SERVICE_FEE_LENDER, "service_fee 200", ""),
    ("E31", Event.SERVICE_FEE_SETTLED, "service_fee 200", ""),
    ("E32", Event.DEPOSIT_RECEIVED, "amount 1000", ""),
    ("E32", Event.DEPOSIT_APPLIED, "principal 100", ""),
    ("E33", Event.REPAYMENT, "interest -150, principal -766.80", ""),
    ("E34", Event.RESTRUCTURED, "principal 100, overdue_principal 50", ""),
    ("E35", Event.FORECLOSED, "principal 100, interest 20", ""),
    ("E36", Event.FUNDING_COST_ACCRUED, "amount 40", ""),
    ("E37", Event.INTEREST_SUBSIDISED, "interest 20", ""),
    ("E38", Event.RECEIPT_UNIDENTIFIED, "amount 10", ""),
    ("E39", Event.DIFFERENCE_FOUND, "short 10", ""),
]
"""Row of the reference, event, amounts in yuan, flags."""

TWINNED: Final = {
    Event.COMPENSATED: (Party.GUARANTOR, Event.SUBROGATED),
    Event.REPURCHASED: (Party.PLATFORM, Event.REPURCHASE_PAID),
    Event.SERVICE_FEE_LENDER: (Party.PLATFORM, Event.SERVICE_FEE_PLATFORM),
    Event.SERVICE_FEE_SETTLED: (Party.PLATFORM, Event.SERVICE_FEE_COLLECTED),
    Event.DEPOSIT_RECEIVED: (Party.PLATFORM, Event.DEPOSIT_PAID),
}
"""The twins that §4.5 and §4.6 ask for."""

OTHERS: Final = [
    (Event.AGENCY_COLLECTED, "amount 916.80"),
    (Event.AGENCY_REMITTED, "amount 916.80"),
    (Event.GUARANTEE_FEE_HELD, "amount 50"),
    (Event.RISK_SHARE_PROVISIONED, "amount 50"),
    (Event.RISK_SHARE_PAID, "amount 50"),
    (Event.CHANNEL_COMMISSION, "amount 50"),
    (Event.SPREAD_EARNED, "service_fee 10.60"),
    (Event.GUARANTEE_GIVEN, "amount 10000"),
    (Event.GUARANTEE_FEE, "fee 106"),
    (Event.GUARANTEE_FEE_RECEIVED, "fee 106"),
    (Event.UNEARNED_RESERVED, "amount 50"),
    (Event.COMPENSATION_RESERVED, "amount 100"),
    (Event.SUBROGATION_RECOVERED, "amount 50, excess 1"),
    (Event.SUBROGATION_CLEARED, "amount 51"),
    (Event.SUBROGATION_LOST, "reserve 30, expense 20"),
]
"""Events of the platform (§4.5) and of the guarantor (§4.6) alone."""

LEADER, PARTNER, PLATFORM, GUARANTOR = 2, 5, 1, 9
TABLE: Final = Table(
    leader=Seat(number=LEADER, book=chart.LENDER_BOOK, rule_set=RULE_SETS["CN_LENDER"]),
    partners=(Seat(number=PARTNER, book=chart.PARTNER_BOOK, rule_set=RULE_SETS["CN_PARTNER"]),),
    platform=Seat(number=PLATFORM, book=chart.PLATFORM_BOOK, rule_set=RULE_SETS["CN_PLATFORM"]),
    guarantor=Seat(number=GUARANTOR, book=chart.GUARANTOR_BOOK, rule_set=RULE_SETS["CN_GUARANTOR"]),
)
SEATS: Final = {seat.book: seat for seat in (TABLE.leader, *TABLE.partners, TABLE.platform, TABLE.guarantor) if seat}
PARTIES: Final = {book: seat.rule_set.party for book, seat in SEATS.items()}
CHARTS: Final = {
    Party.LENDER: chart.LENDER,
    Party.PARTNER: chart.LENDER,
    Party.PLATFORM: chart.PLATFORM,
    Party.GUARANTOR: chart.GUARANTOR,
}
ON = date(2026, 1, 31)
DIMS = Dimensions(subject=7, party=3, scheme=1, channel=5)


@pytest.fixture
def books(conn: Connection) -> Connection:
    """Four books, and a loan of which both funders hold a million in every claim."""
    for opened in (chart.BOOKS, chart.GUARANTOR_AND_PARTNER):
        chart.open_books(conn, from_on=ON, months=2, opened_books=opened)
    opening = [_opening(seat, 10**8) for seat in (TABLE.leader, *TABLE.partners)]
    assert not any(isinstance(one, journal.Refused) for one in journal.append(conn, opening))
    return conn


def _opening(seat: Seat, held: int) -> Entry:
    own = Dimensions(DIMS.subject, DIMS.party, DIMS.scheme, seat.number, DIMS.channel)
    claims = [Line(code, Side.DEBIT, held, "CNY", own) for code in ("1303.01", "1303.02", "1132.01", "1132.02")]
    owed, funded = Line("2241.01", Side.CREDIT, held, "CNY", own), Line("4001", Side.CREDIT, 3 * held, "CNY")
    return Entry(
        book=seat.book, source="test", key="opening", kind="OPENING", effective_on=ON, actor="test",
        lines=(*claims, owed, funded),
    )  # fmt: skip


def occurrence(name: str) -> Occurrence:
    return Occurrence(
        event_id=uuid5(UUID(int=0), name), source="test", key=name, actor="test", currency="CNY", dims=DIMS,
        effective_on=ON,
    )  # fmt: skip


def booked(conn: Connection, made: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Post entries and read them back from the journal."""
    answers = journal.append(conn, made)
    found = []
    for entry, answer in zip(made, answers, strict=True):
        assert not isinstance(answer, journal.Refused), answer
        stored = journal.find(conn, book=entry.book, entry_id=answer.entry_id)
        assert stored is not None
        found.append(stored.entry)
    return tuple(found)


@pytest.mark.law(56, 58, 60)
@pytest.mark.parametrize(
    ("row", "event", "text", "flag"), ROWS, ids=[f"{row}-{event}-{n}" for n, (row, event, *_) in enumerate(ROWS)]
)
def test_every_row_of_the_reference_is_booked_as_it_is_shown(
    books: Connection, row: str, event: Event, text: str, flag: str
) -> None:
    flags = frozenset({Flag(flag)}) if flag else frozenset()
    made = entries(event, {LEADER: amounts(text)}, TABLE, occurrence(row), flags=flags)
    assert not isinstance(made, EventUnruled), made.message
    kinds = {(PARTIES[entry.book], entry.kind) for entry in made}
    assert kinds == {(Party.LENDER, event), *filter(None, [TWINNED.get(event)])}
    shown = lines(event, amounts(text), TABLE.leader.rule_set, flags=flags)
    assert not isinstance(shown, EventUnruled)
    found = booked(books, made)
    assert {(one.account, one.side, one.amount) for one in found[0].lines} == {
        (one.account, one.side, one.amount) for one in shown
    }
    assert [sorted(map(str, one.lines)) for one in found] == [sorted(map(str, one.lines)) for one in made]
    assert {one.event_id for one in found} == {occurrence(row).event_id}
    if event in CLEARING:
        pairs = {(book, code) for party, code in CLEARING[event] for book in SEATS if PARTIES[book] is party}
        joint = entries(event, _cut(text), TABLE, occurrence(f"{row}-joint"), flags=flags)
        assert not isinstance(joint, EventUnruled), joint.message
        booked(books, joint)
        assert event_residuals(books, clearing=pairs) == {}


def _cut(text: str) -> dict[int, dict[str, int]]:
    """Amounts of a joint event: half of each to the partner."""
    half = {name: amount // 2 for name, amount in amounts(text).items() if name not in {"excess", "service_fee"}}
    if not half or "amount" in half:
        return {LEADER: amounts(text)}
    return {LEADER: half, PARTNER: half}


@pytest.mark.law(60)
@pytest.mark.parametrize(("event", "text"), OTHERS)
def test_every_event_of_platform_and_guarantor_is_booked_as_it_is_shown(
    books: Connection, event: Event, text: str
) -> None:
    number = PLATFORM if event.party is Party.PLATFORM else GUARANTOR
    made = entries(event, {number: amounts(text)}, TABLE, occurrence(event))
    assert not isinstance(made, EventUnruled), made.message
    (entry,) = made
    assert PARTIES[entry.book] is event.party
    (found,) = booked(books, made)
    shown = lines(event, amounts(text), SEATS[entry.book].rule_set)
    assert not isinstance(shown, EventUnruled)
    assert {(one.account, one.side, one.amount) for one in found.lines} == {
        (one.account, one.side, one.amount) for one in shown
    }


@pytest.mark.law(60)
@pytest.mark.parametrize("code", [code for code, one in RULE_SETS.items() if code.startswith("CN_")])
def test_every_account_of_a_rule_stands_in_the_chart_of_its_book(code: str) -> None:
    rule_set = RULE_SETS[code]
    postable = {one.code for one in chart.accounts(CHARTS[rule_set.party]) if one.postable}
    assert {account for rule in rule_set.rules.values() for account in accounts(rule)} <= postable


@pytest.mark.law(60)
def test_no_event_is_forgotten() -> None:
    """Every event stands in a row above, or is a twin of one, or belongs to payments that have rules of their own."""
    told = {event for _, event, *_ in ROWS} | {event for event, _ in OTHERS} | {kind for _, kind in TWINNED.values()}
    money = {Event.DOWN_PAYMENT, Event.CANCELLED, Event.MERCHANT_REFUND, Event.PAYOUT_REFUND, Event.CHARGEBACK}
    given = {
        Event.GOODWILL_CREDIT, Event.CHARGE_ADJUSTMENT, Event.INTEREST_REFUND, Event.INTEREST_PAYMENT_WAIVER,
        Event.FEE_AT_DISBURSEMENT,
    }  # fmt: skip
    between = {
        Event.SHARE_FUNDED, Event.SHARE_CLEARED, Event.SHARE_ASSIGNED, Event.AGENCY_RECEIVED, Event.AGENCY_PAID,
        Event.SUBROGATION_CLEARED,
    }  # fmt: skip
    deferred = {
        Event.INCOME_CAPITALISED, Event.INCOME_AMORTISED, Event.INCOME_ADJUSTMENT,
        Event.BUY_DOWN_FEE, Event.BUY_DOWN_FEE_AMORTISED, Event.BUY_DOWN_FEE_ADJUSTMENT,
    }  # fmt: skip
    others = {Event.OFFICE_TRANSFERRED, Event.SOLD}
    assert told | money | given | between | deferred | others == set(Event)
    for event in money | given | between | deferred:
        if event.party is Party.LENDER:
            assert event in TABLE.leader.rule_set.rules, event
    assert {event for event in others if event in TABLE.leader.rule_set.rules} == set()
    assert set(TWINNED) | {Event.AGENCY_RECEIVED, Event.AGENCY_PAID} == set(TWINS)


@pytest.mark.law(60)
def test_the_demo_product_has_the_lender_s_and_the_platform_s_rules() -> None:
    asked = {event for _, event, *_ in ROWS} | {kind for party, kind in TWINNED.values() if party is Party.PLATFORM}
    assert {event for event in asked if event.party in {Party.LENDER, Party.PLATFORM}} <= set(products.RULES)
