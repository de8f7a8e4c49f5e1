"""Event to entry in the platform's book: the rows of the domain reference §4.5."""

from __future__ import annotations

import pytest

from domain.product.accounting import Event, Party
from domain.product.rules_platform import CN_PLATFORM
from ledger.rule import accounts
from seed.chart import PLATFORM
from tests.domain.product.entries import entry, posted


@pytest.mark.parametrize(
    ("event", "amounts", "wanted"),
    [
        (Event.SERVICE_FEE_PLATFORM, "service_fee 10.60", "D 1124.02 10.60, C 6021.03 10.00, C 2221.01.01 0.60"),
        (Event.SPREAD_EARNED, "service_fee 10.60", "D 1124.02 10.60, C 6021.03 10.00, C 2221.01.01 0.60"),
        (Event.SERVICE_FEE_COLLECTED, "service_fee 10.60", "D 1002.04 10.60, C 1124.02 10.60"),
        (Event.AGENCY_COLLECTED, "amount 5.00", "D 1012.01 5.00, C 2314.01 5.00"),
        (Event.AGENCY_REMITTED, "amount 5.00", "D 2314.01 5.00, C 1002.04 5.00"),
        (Event.GUARANTEE_FEE_HELD, "amount 5.00", "D 1012.01 5.00, C 2241.04 5.00"),
        (Event.DEPOSIT_PAID, "amount 5.00", "D 1031 5.00, C 1002.04 5.00"),
        (Event.RISK_SHARE_PROVISIONED, "amount 5.00", "D 6702 5.00, C 2801 5.00"),
        (Event.RISK_SHARE_PAID, "amount 5.00", "D 2801 5.00, C 1002.04 5.00"),
        (Event.REPURCHASE_PAID, "fair_value 60.00, loss 40.00", "D 1303.03 60.00, D 2801 40.00, C 1002.04 100.00"),
        (Event.CHANNEL_COMMISSION, "amount 5.00", "D 6421.02 5.00, C 2202.01 5.00"),
        (Event.SERVICE_FEE_PLATFORM, "service_fee -10.60", "D 1124.02 -10.60, C 6021.03 -10.00, C 2221.01.01 -0.60"),
    ],
)
def test_what_each_event_posts(event: Event, amounts: str, wanted: str) -> None:
    assert posted("CN_PLATFORM", event, amounts) == entry(wanted)


def test_every_event_of_the_platform_has_its_rule_in_its_chart() -> None:
    assert set(CN_PLATFORM.rules) == {event for event in Event if event.party is Party.PLATFORM}
    chart = {code for code, *_ in PLATFORM}
    assert all(accounts(rule) <= chart for rule in CN_PLATFORM.rules.values())
