"""Rules of the platform's book, as data: domain reference §4.5. No borrower's money is ever its income."""

from __future__ import annotations

from typing import Final

from domain.product.accounting import Event, Party
from domain.product.rules_lender import FEE_BANK, OUTPUT_TAX, VAT_RATE, leg, rules, taxed
from domain.product.ruleset import RuleSet

CN_PLATFORM: Final = RuleSet(
    code="CN_PLATFORM",
    party=Party.PLATFORM,
    name_zh="助贷平台",
    name_en="Platform",
    rules=rules(
        {
            Event.SERVICE_FEE_PLATFORM: taxed("service_fee", "1124.02", "6021.03", OUTPUT_TAX),
            Event.SPREAD_EARNED: taxed("service_fee", "1124.02", "6021.03", OUTPUT_TAX),
            Event.SERVICE_FEE_COLLECTED: (leg("service_fee", FEE_BANK, "1124.02"),),
            Event.AGENCY_COLLECTED: (leg("amount", "1012.01", "2314.01"),),
            Event.AGENCY_REMITTED: (leg("amount", "2314.01", FEE_BANK),),
            Event.GUARANTEE_FEE_HELD: (leg("amount", "1012.01", "2241.04"),),
            Event.DEPOSIT_PAID: (leg("amount", "1031", FEE_BANK),),
            Event.RISK_SHARE_PROVISIONED: (leg("amount", "6702", "2801"),),
            Event.RISK_SHARE_PAID: (leg("amount", "2801", FEE_BANK),),
            Event.REPURCHASE_PAID: (leg("fair_value", "1303.03", FEE_BANK), leg("loss", "2801", FEE_BANK)),
            Event.CHANNEL_COMMISSION: (leg("amount", "6421.02", "2202.01"),),
        }
    ),
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
