"""Event to entry in a guarantor's book: the rows of the domain reference §4.6."""

from __future__ import annotations

import pytest

from domain.product.accounting import Event, Party
from domain.product.rules_guarantor import CN_GUARANTOR
from ledger.account import Chart
from ledger.rule import accounts
from seed import chart
from tests.domain.product.entries import entry, posted


@pytest.mark.parametrize(
    ("event", "amounts", "wanted"),
    [
        (Event.GUARANTEE_GIVEN, "amount 10000", "D 9006 10000, C 9999 10000"),
        (Event.GUARANTEE_GIVEN, "amount -766.80", "D 9006 -766.80, C 9999 -766.80"),
        (Event.GUARANTEE_FEE, "fee 10.60", "D 1124.01 10.60, C 6031 10.00, C 2221.01.01 0.60"),
        (Event.GUARANTEE_FEE_RECEIVED, "fee 10.60", "D 1002.01 10.60, C 1124.01 10.60"),
        (Event.UNEARNED_RESERVED, "amount 5.00", "D 6501 5.00, C 2601 5.00"),
        (Event.COMPENSATION_RESERVED, "amount 5.00", "D 6502 5.00, C 2602 5.00"),
        (
            Event.SUBROGATED,
            "amount 916.80, guaranteed 766.80",
            "D 1201 916.80, C 1002.01 916.80, D 9999 766.80, C 9006 766.80",
        ),
        (
            Event.SUBROGATION_RECOVERED,
            "amount 900.00, excess 4.00",
            "D 3001.02 904.00, C 1201 900.00, C 6031 4.00",
        ),
        (Event.SUBROGATION_CLEARED, "amount 904.00", "D 1002.01 904.00, C 3001.02 904.00"),
        (Event.SUBROGATION_LOST, "reserve 10.00, expense 6.80", "D 2602 10.00, D 6511 6.80, C 1201 16.80"),
    ],
)
def test_what_each_event_posts(event: Event, amounts: str, wanted: str) -> None:
    assert posted("CN_GUARANTOR", event, amounts) == entry(wanted)


def test_every_event_of_the_guarantor_has_its_rule_in_its_chart() -> None:
    assert set(CN_GUARANTOR.rules) == {event for event in Event if event.party is Party.GUARANTOR}
    leaves = {one.code for one in Chart.of(chart.accounts(chart.GUARANTOR)).accounts.values() if one.postable}
    assert all(accounts(rule) <= leaves for rule in CN_GUARANTOR.rules.values())
