from __future__ import annotations

from datetime import date

import pytest

from domain.product.accounting import (
    CLAIMS,
    COMPONENTS,
    OPTIONAL,
    REQUIRED,
    TOGETHER,
    Event,
    Flag,
    Party,
    accounts,
    component_mismatches,
    foreign_events,
    missing_events,
)
from ledger.entry import Dimensions, Entry
from ledger.entry import Side as EntrySide
from ledger.rule import Condition, Leg, Rule, apply
from seed.chart import LENDER, PLATFORM
from seed.products import RULES

EVERYTHING = Dimensions(subject=1, party=2, scheme=3, funder=4, channel=5)


def posted(event: Event, **amounts: int) -> Entry:
    return apply(
        RULES[event],
        amounts,
        book=1,
        currency="CNY",
        dims=EVERYTHING,
        effective_on=date(2026, 3, 5),
        source="test",
        key="k",
        actor="test",
    )


@pytest.mark.parametrize(
    ("event", "amounts", "lines"),
    [
        (Event.DISBURSEMENT_INSTRUCTED, {"principal": 100}, {"D 3001.01 100", "C 1002.01 100"}),
        (Event.DISBURSEMENT_SUCCEEDED, {"principal": 100}, {"D 1303.01 100", "C 3001.01 100"}),
        (Event.SERVICE_FEE_LENDER, {"service_fee": 2}, {"D 6421.02 2", "C 2241.03 2"}),
        (Event.SERVICE_FEE_PLATFORM, {"service_fee": 2}, {"D 1124.02 2", "C 6021.03 2"}),
        (Event.INTEREST_ACCRUED, {"interest": 5}, {"D 1303.04 5", "C 6011.01 5"}),
        (Event.INTEREST_DUE, {"interest": 5}, {"D 1132.01 5", "C 1303.04 5"}),
        (Event.PRINCIPAL_OVERDUE, {"principal": 30}, {"D 1303.02 30", "C 1303.01 30"}),
        (Event.PENALTY_ACCRUED, {"penalty": 1}, {"D 1132.02 1", "C 6011.02 1"}),
        (
            Event.REPAYMENT,
            {"penalty": 210, "interest": 4790, "principal": 28000, "excess": 2000},
            {"D 1012.01 35000", "C 1132.02 210", "C 1132.01 4790", "C 1303.01 28000", "C 2241.01 2000"},
        ),
        (
            Event.REPAYMENT,
            {"accrued_interest": 3, "overdue_principal": 4},
            {"D 1012.01 7", "C 1303.04 3", "C 1303.02 4"},
        ),
        (Event.CHANNEL_SETTLED, {"amount": 7}, {"D 1002.02 7", "C 1012.01 7"}),
    ],
)
def test_what_each_event_posts(event: Event, amounts: dict[str, int], lines: set[str]) -> None:
    entry = posted(event, **amounts)
    assert {f"{line.side} {line.account} {line.amount}" for line in entry.lines} == lines


def test_income_and_bank_lines_carry_no_loan_and_what_is_owed_does() -> None:
    for event in REQUIRED:
        for line in posted(event, **dict.fromkeys(COMPONENTS[event], 1)).lines:
            owed = line.account.startswith(("1132", "1303", "2241.01", "3001.01"))
            pooled = line.account.startswith(("1002", "1012", "6011"))
            assert not owed or (line.dims.subject, line.dims.funder) == (1, 4)
            assert not pooled or line.dims.subject is None


def test_all_accounts_of_the_rules_stand_in_the_charts() -> None:
    for party, chart in ((Party.LENDER, LENDER), (Party.PLATFORM, PLATFORM)):
        assert accounts(RULES, party=party) <= {code for code, _, _, _ in chart}
    assert {"1124.02", "6021.03"} < accounts(RULES, party=Party.PLATFORM)
    assert not {"1201", "6031"} & accounts(RULES, party=Party.LENDER), "the guarantor's"


def test_every_event_has_its_components_and_one_book() -> None:
    assert set(COMPONENTS) == set(OPTIONAL) == set(Event)
    for event in Event:
        assert COMPONENTS[event], "an event that books nothing needs no rule"
        assert not COMPONENTS[event] & OPTIONAL[event]
        assert not (COMPONENTS[event] | OPTIONAL[event]) & set(Flag)
        assert event.in_platform_book is (event.party is Party.PLATFORM)
    assert Event.SUBROGATED.party is Party.GUARANTOR
    assert Event.COMPENSATED.party is Party.LENDER
    assert COMPONENTS[Event.REPAYMENT] | OPTIONAL[Event.REPAYMENT] >= set(CLAIMS)


@pytest.mark.parametrize("group", TOGETHER, ids=min)
def test_a_feature_has_all_of_its_rules_or_none(group: frozenset[Event]) -> None:
    assert len(group) > 1
    assert not group & REQUIRED
    bare = {event.value for event in REQUIRED}
    assert missing_events(bare) == ()
    for event in group:
        assert set(missing_events(bare | {event.value})) == group - {event}
    assert missing_events(bare | {event.value for event in group}) == ()


def test_missing_events() -> None:
    assert missing_events(RULES) == ()
    assert set(missing_events({})) == REQUIRED
    assert missing_events(set(RULES) - {"REPAYMENT"}) == (Event.REPAYMENT,)


def test_events_of_another_book_and_of_none() -> None:
    both = (Party.LENDER, Party.PLATFORM)
    assert foreign_events(RULES, parties=both) == ()
    assert foreign_events({"SUBROGATED", "SUNDRY", "REPAYMENT"}, parties=both) == ("SUBROGATED", "SUNDRY")


@pytest.mark.parametrize(
    ("event", "legs", "wrong"),
    [
        (Event.INTEREST_DUE, (Leg("principal", "a", "b"),), ("interest", "principal")),
        (Event.INTEREST_DUE, (Leg("interest", "a", "b"), Leg("interest_vat", "c", "d")), ()),
        (Event.INTEREST_DUE, (Leg("interest", "a", "b", when=(Condition(Flag.FRAUD),)),), ()),
        (Event.INTEREST_DUE, (Leg("interest", "a", "b"), Leg("fee", "c", "d")), ("fee",)),
        (Event.REPAYMENT, (Leg("excess", "a", "b"),), tuple(sorted(COMPONENTS[Event.REPAYMENT] - {"excess"}))),
    ],
)
def test_wrong_components(event: Event, legs: tuple[Leg, ...], wrong: tuple[str, ...]) -> None:
    found = list(component_mismatches({event.value: Rule(event.value, 1, legs)}))
    assert found == ([(event, wrong)] if wrong else [])


def test_the_demo_product_books_its_components() -> None:
    assert list(component_mismatches(RULES)) == []


def test_sides_are_words() -> None:
    assert {line.side for line in posted(Event.INTEREST_DUE, interest=1).lines} == {EntrySide.DEBIT, EntrySide.CREDIT}
