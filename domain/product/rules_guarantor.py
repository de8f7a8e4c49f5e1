"""Rules of a guarantor's book, as data: domain reference §4.6."""

from __future__ import annotations

from typing import Final

from domain.product.accounting import CLAIMS, EXCESS, Event, Party
from domain.product.rules_lender import CLEARING, CONTRA, OUTPUT_TAX, VAT_RATE, leg, rules, taxed
from domain.product.ruleset import RuleSet

_CLAIM, _BANK, _FEE = "1201", "1002.01", "1124.01"

CN_GUARANTOR: Final = RuleSet(
    code="CN_GUARANTOR",
    party=Party.GUARANTOR,
    name_zh="融资担保公司",
    name_en="Guarantor",
    rules=rules(
        {
            Event.GUARANTEE_GIVEN: (leg("amount", "9006", CONTRA),),
            Event.GUARANTEE_FEE: taxed("fee", _FEE, "6031", OUTPUT_TAX),
            Event.GUARANTEE_FEE_RECEIVED: (leg("fee", _BANK, _FEE),),
            Event.UNEARNED_RESERVED: (leg("amount", "6501", "2601"),),
            Event.COMPENSATION_RESERVED: (leg("amount", "6502", "2602"),),
            Event.SUBROGATED: (
                leg("paid", _CLAIM, _BANK, total=("amount", *CLAIMS)),
                leg("guaranteed", CONTRA, "9006"),
            ),
            Event.SUBROGATION_RECOVERED: (leg("amount", CLEARING, _CLAIM), leg(EXCESS, CLEARING, "6031")),
            Event.SUBROGATION_CLEARED: (leg("amount", _BANK, CLEARING),),
            Event.SUBROGATION_LOST: (leg("reserve", "2602", _CLAIM), leg("expense", "6511", _CLAIM)),
        }
    ),
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
