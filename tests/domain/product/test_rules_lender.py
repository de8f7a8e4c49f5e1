"""Event to entry in a lender's book: the rows of the domain reference §4.4 and its balanced example, to the fen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import CLAIMS, Event, Flag
from domain.product.rules_lender import (
    ACCOUNTS,
    CN_LENDER,
    CN_LENDER_ON_SUCCESS,
    CN_LENDER_STAGE_3,
    CN_PARTNER,
    MEMO,
    lender,
    partner,
    plain,
)
from domain.product.ruleset import EventUnruled, RuleSet, lines, rendered
from ledger.account import Side
from ledger.entry import NO_DIMENSIONS
from ledger.rule import accounts
from seed.chart import LENDER
from tests.domain.product.entries import amounts as amounts_of
from tests.domain.product.entries import entry, posted

STOPPED = frozenset({Flag.NON_ACCRUAL})

EXAMPLE = [
    (Event.INTEREST_ACCRUED, "interest 150.00", "D 1303.04 150.00, C 6011.01 141.51, C 2221.02 8.49"),
    (
        Event.INTEREST_DUE,
        "interest 150.00",
        "D 1132.01 150.00, C 1303.04 150.00, D 2221.02 8.49, C 2221.01.01 8.49",
    ),
    (
        Event.REPAYMENT,
        "interest 150.00, principal 766.80",
        "D 1012.01 916.80, C 2241.02 916.80, D 2241.02 916.80, C 1132.01 150.00, C 1303.01 766.80",
    ),
    (
        Event.CHANNEL_SETTLED,
        "amount 916.80, channel_fee 0.92",
        "D 1002.02 915.88, D 6421.01 0.87, D 2221.01.02 0.05, C 1012.01 916.80",
    ),
]
"""A loan of 10,000 at 18 %, its first period, price-exclusive tax of 6 %."""

CASES = [
    *EXAMPLE,
    (Event.CREDIT_LINE_GRANTED, "amount 20000", "D 9005 20000, C 9999 20000"),
    (Event.CREDIT_LINE_GRANTED, "amount -20000", "D 9005 -20000, C 9999 -20000"),
    (Event.DISBURSEMENT_INSTRUCTED, "principal 10000", "D 3001.01 10000, C 1002.01 10000"),
    (Event.DISBURSEMENT_SUCCEEDED, "principal 10000", "D 1303.01 10000, C 3001.01 10000"),
    (Event.DISBURSEMENT_INSTRUCTED, "principal -10000", "D 3001.01 -10000, C 1002.01 -10000"),
    (
        Event.DISBURSEMENT_RETURNED,
        "principal 10000",
        "D 1002.01 10000, C 2241.05 10000, D 2241.05 10000, C 1303.01 10000",
    ),
    (Event.ORIGINATION_COST, "amount 30.00", "D 1303.05 30.00, C 1002.04 30.00"),
    (Event.ORIGINATION_COST_AMORTISED, "amount 2.50", "D 6011.01 2.50, C 1303.05 2.50"),
    (Event.PRINCIPAL_OVERDUE, "principal 766.80", "D 1303.02 766.80, C 1303.01 766.80"),
    (
        Event.ACCELERATED,
        "principal 9000, interest 10.60",
        "D 1303.02 9000, C 1303.01 9000, D 1132.01 10.60, C 1303.04 10.60, D 2221.02 0.60, C 2221.01.01 0.60",
    ),
    (Event.PENALTY_ACCRUED, "penalty 1.06", "D 1132.02 1.06, C 6011.02 1.00, C 2221.01.01 0.06"),
    (Event.COMPOUND_ACCRUED, "compound 0.53", "D 1132.03 0.53, C 6011.03 0.50, C 2221.01.01 0.03"),
    (Event.FEE_DUE, "fee 10.60", "D 1124.01 10.60, C 6021.01 10.00, C 2221.01.01 0.60"),
    (Event.FEE_AT_DISBURSEMENT, "fee 106.00", "D 1002.01 106.00, C 6021.01 100.00, C 2221.01.01 6.00"),
    (Event.PREPAYMENT_FEE, "fee 53.00", "D 1124.01 53.00, C 6021.02 50.00, C 2221.01.01 3.00"),
    (Event.CASH_RECEIVED, "amount 916.80", "D 1012.01 916.80, C 2241.02 916.80"),
    (
        Event.CASH_ALLOCATED,
        "interest 150.00, principal 766.80",
        "D 2241.02 916.80, C 1132.01 150.00, C 1303.01 766.80",
    ),
    (
        Event.REPAYMENT,
        "accrued_interest 10.60, principal 9233.20, fee 53.00, agency_fee 5.00, excess 1.00",
        (
            "D 1012.01 9302.80, C 2241.02 9302.80, D 2241.02 9302.80, C 1303.04 10.60, C 1303.01 9233.20,"
            " C 1124.01 53.00, C 2241.04 5.00, C 2241.01 1.00, D 2221.02 0.60, C 2221.01.01 0.60"
        ),
    ),
    (
        Event.REPAYMENT,
        "interest -150.00, principal -766.80",
        "D 1012.01 -916.80, C 2241.02 -916.80, D 2241.02 -916.80, C 1132.01 -150.00, C 1303.01 -766.80",
    ),
    (Event.REPAYMENT, "interest 5.00, principal -5.00", "D 1303.01 5.00, C 1132.01 5.00"),
    (
        Event.OVERPAYMENT_APPLIED,
        "interest 20.00",
        "D 2241.01 20.00, C 2241.02 20.00, D 2241.02 20.00, C 1132.01 20.00",
    ),
    (Event.OVERPAYMENT_REFUNDED, "excess 20.00", "D 2241.01 20.00, C 1002.02 20.00"),
    (Event.CHARGEBACK, "principal 5.00", "D 1303.01 5.00, C 2241.02 5.00, D 2241.02 5.00, C 1012.01 5.00"),
    (Event.INTEREST_WAIVED, "interest 10.60", "C 6011.01 -10.00, C 2221.01.01 -0.60, D 1132.01 -10.60"),
    (Event.INTEREST_WAIVED, "accrued_interest 10.60", "C 6011.01 -10.00, C 2221.02 -0.60, D 1303.04 -10.60"),
    (
        Event.CHARGE_WAIVED,
        "fee 1.06, penalty 2.12",
        "C 6021.01 -1.00, C 6011.02 -2.00, C 2221.01.01 -0.18, D 1124.01 -1.06, D 1132.02 -2.12",
    ),
    (Event.PRINCIPAL_WAIVED, "overdue_principal 9.00", "D 1304.03 9.00, C 1303.02 9.00"),
    (Event.GOODWILL_CREDIT, "principal 9.00, excess 1.00", "D 6602 10.00, C 1303.01 9.00, C 2241.01 1.00"),
    (
        Event.NON_ACCRUAL,
        "principal 9000, overdue_principal 766.80, interest 150.00, penalty 1.06",
        (
            "D 1303.03 9766.80, C 1303.01 9000, C 1303.02 766.80, D 6011.01 141.51, D 6011.02 1.00, D 2221.01.01 8.55,"
            " C 1132.01 150.00, C 1132.02 1.06, D 9001 150.00, D 9002 1.06, C 9999 151.06"
        ),
    ),
    (
        Event.ACCRUAL_RESUMED,
        "nonaccrual_principal 9000, nonaccrual_interest 150.00, penalty 1.06",
        (
            "D 1303.01 9000, C 1303.03 9000, D 1132.01 150.00, C 6011.01 141.51, D 1132.02 1.06, C 6011.02 1.00,"
            " C 2221.01.01 8.55, D 9999 151.06, C 9001 150.00, C 9002 1.06"
        ),
    ),
    (Event.NON_ACCRUAL_INTEREST, "nonaccrual_interest 7.00, penalty 3.00", "D 9001 7.00, D 9002 3.00, C 9999 10.00"),
    (Event.PRINCIPAL_OVERDUE, "overdue_principal 5.00", "D 1303.02 5.00, C 1303.01 5.00"),
    (Event.INTEREST_WAIVED, "nonaccrual_interest 7.00", "C 9999 -7.00, D 9001 -7.00"),
    (Event.INTEREST_PAYMENT_WAIVER, "interest 7.00", "D 6011.01 7.00, C 1132.01 7.00"),
    (Event.PROVISIONED, "stage_1 25.00", "D 6702 25.00, C 1304.01 25.00"),
    (Event.PROVISIONED, "stage_1 -25.00, stage_2 25.00", "D 1304.01 25.00, C 1304.02 25.00"),
    (Event.PROVISIONED, "stage_3 -25.00", "D 6702 -25.00, C 1304.03 -25.00"),
    (
        Event.WRITE_OFF,
        "nonaccrual_principal 9000, interest 150.00, fee 10.00",
        (
            "D 1304.03 9000, C 1303.03 9000, D 1231.01 150.00, C 1132.01 150.00, D 1231.02 10.00, C 1124.01 10.00,"
            " D 9003 9000, D 9004 160.00, C 9999 9160.00"
        ),
    ),
    (
        Event.RECOVERY,
        "written_off 100.00, interest 10.60",
        (
            "D 1012.01 110.60, C 2241.02 110.60, D 2241.02 110.60, C 1304.03 100.00, C 6011.04 10.00,"
            " C 2221.01.01 0.60, D 9999 110.60, C 9003 100.00, C 9004 10.60"
        ),
    ),
    (
        Event.RECOVERY,
        "principal 100.00",
        ("D 1012.01 100.00, C 2241.02 100.00, D 2241.02 100.00, C 1304.03 100.00, D 9999 100.00, C 9003 100.00"),
    ),
    (
        Event.COMPENSATED,
        "overdue_principal 766.80, interest 150.00",
        "D 1002.02 916.80, C 1303.02 766.80, C 1132.01 150.00",
    ),
    (Event.REPURCHASED, "principal 100.00, premium 2.00", "D 1002.02 102.00, C 1303.01 100.00, C 6021.02 2.00"),
    (
        Event.SERVICE_FEE_LENDER,
        "service_fee 10.60",
        "D 6421.02 10.00, D 2221.01.02 0.60, C 2241.03 10.60",
    ),
    (Event.SERVICE_FEE_SETTLED, "service_fee 10.60", "D 2241.03 10.60, C 1002.04 10.60"),
    (Event.DEPOSIT_RECEIVED, "amount 500.00", "D 1002.03 500.00, C 2002 500.00"),
    (Event.DEPOSIT_RECEIVED, "amount -500.00", "D 1002.03 -500.00, C 2002 -500.00"),
    (Event.DEPOSIT_APPLIED, "overdue_principal 5.00", "D 2002 5.00, C 1303.02 5.00"),
    (Event.RESTRUCTURED, "principal 5.00, overdue_principal 6.00", "D 1303.06 11.00, C 1303.01 5.00, C 1303.02 6.00"),
    (Event.FORECLOSED, "principal 5.00, interest 1.00", "D 1441 6.00, C 1303.01 5.00, C 1132.01 1.00"),
    (Event.FUNDING_COST_ACCRUED, "amount 5.00", "D 6411 5.00, C 2231 5.00"),
    (Event.INTEREST_SUBSIDISED, "interest 5.00", "D 1221.04 5.00, C 1132.01 5.00"),
    (Event.RECEIPT_UNIDENTIFIED, "amount 5.00", "D 1002.02 5.00, C 2241.02 5.00"),
    (Event.DIFFERENCE_FOUND, "short 5.00", "D 1221.02 5.00, C 1012.01 5.00"),
    (Event.DIFFERENCE_FOUND, "over 5.00", "D 1012.01 5.00, C 1901 5.00"),
    (Event.AGENCY_RECEIVED, "amount 5.00", "D 1012.01 5.00, C 2314.01 5.00"),
    (Event.AGENCY_PAID, "amount 5.00", "D 2314.01 5.00, C 1002.02 5.00"),
]


@pytest.mark.parametrize(("event", "amounts", "wanted"), CASES)
def test_what_each_event_posts(event: Event, amounts: str, wanted: str) -> None:
    assert posted("CN_LENDER", event, amounts) == entry(wanted)


BAD, THEIRS = frozenset({Flag.CHARGED_OFF}), frozenset({Flag.TRANSFERRED})


@pytest.mark.parametrize(
    ("event", "flags", "amounts", "wanted"),
    [
        (
            Event.REPAYMENT,
            STOPPED,
            "nonaccrual_principal 100.00, nonaccrual_interest 10.60, penalty 1.06",
            (
                "D 1012.01 111.66, C 2241.02 111.66, D 2241.02 111.66, C 1303.03 100.00, C 6011.01 10.00,"
                " C 6011.02 1.00, C 2221.01.01 0.66, D 9999 11.66, C 9001 10.60, C 9002 1.06"
            ),
        ),
        (
            Event.COMPENSATED,
            STOPPED,
            "nonaccrual_principal 100.00, nonaccrual_interest 10.60",
            "D 1002.02 110.60, C 1303.03 100.00, C 6011.01 10.00, C 2221.01.01 0.60, D 9999 10.60, C 9001 10.60",
        ),
        (
            Event.WRITE_OFF,
            STOPPED,
            "nonaccrual_principal 100.00, nonaccrual_interest 10.60",
            "D 1304.03 100.00, C 1303.03 100.00, D 9003 100.00, C 9999 100.00, D 9004 10.60, C 9001 10.60",
        ),
        (Event.INTEREST_REFUND, STOPPED, "nonaccrual_interest 10.60", "D 9999 10.60, C 9001 10.60"),
        (Event.CHARGE_WAIVED, STOPPED, "penalty 1.06", "C 9999 -1.06, D 9002 -1.06"),
        (
            Event.REPAYMENT,
            BAD,
            "principal 100.00, interest 10.60",
            (
                "D 1012.01 110.60, C 2241.02 110.60, D 2241.02 110.60, C 1304.03 100.00, C 6011.04 10.00,"
                " C 2221.01.01 0.60, D 9999 110.60, C 9003 100.00, C 9004 10.60"
            ),
        ),
        (Event.INTEREST_WAIVED, BAD, "interest 10.60", "C 9999 -10.60, D 9004 -10.60"),
        (Event.PRINCIPAL_WAIVED, BAD, "principal 10.60", "D 9999 10.60, C 9003 10.60"),
        (
            Event.REPAYMENT,
            THEIRS,
            "principal 100.00, interest 10.60",
            "D 1012.01 110.60, C 2241.02 110.60, D 2241.02 110.60, C 2314.01 110.60",
        ),
    ],
)
def test_a_loan_that_is_not_in_its_normal_state(
    event: Event, flags: frozenset[Flag], amounts: str, wanted: str
) -> None:
    assert posted("CN_LENDER", event, amounts, flags) == entry(wanted)


@pytest.mark.parametrize(
    ("event", "amounts", "wanted"),
    [
        (
            Event.NON_ACCRUAL,
            "principal 100.00, accrued_interest 10.60, interest 5.00",
            "D 1303.03 100.00, C 1303.01 100.00, D 1132.01 10.60, C 1303.04 10.60, D 2221.02 0.60, C 2221.01.01 0.60",
        ),
        (Event.NON_ACCRUAL_INTEREST, "nonaccrual_interest 10.60", "D 1304.03 10.60, C 6011.01 10.60"),
        (Event.INTEREST_ACCRUED, "nonaccrual_interest 10.60", "D 1132.01 10.60, C 6011.01 10.00, C 2221.01.01 0.60"),
        (
            Event.REPAYMENT,
            "nonaccrual_interest 10.60, penalty 1.00",
            "D 1012.01 11.60, C 2241.02 11.60, D 2241.02 11.60, C 1132.01 10.60, C 1132.02 1.00",
        ),
    ],
)
def test_stage_3_keeps_its_receivables(event: Event, amounts: str, wanted: str) -> None:
    assert posted("CN_LENDER_STAGE_3", event, amounts, STOPPED) == entry(wanted)


def test_without_prebooking_the_bank_s_yes_books_the_payout() -> None:
    assert posted("CN_LENDER_ON_SUCCESS", Event.DISBURSEMENT_INSTRUCTED, "principal 10000") == set()
    assert posted("CN_LENDER_ON_SUCCESS", Event.DISBURSEMENT_SUCCEEDED, "principal 10000") == entry(
        "D 1303.01 10000, C 1002.01 10000"
    )


JOINT = [
    ("CN_LENDER", Event.SHARE_FUNDED, "partner_share 3000", "D 1002.01 3000, C 2314.01 3000"),
    ("CN_PARTNER", Event.SHARE_FUNDED, "partner_share 3000", "D 3001.01 3000, C 1002.01 3000"),
    (
        "CN_LENDER",
        Event.DISBURSEMENT_INSTRUCTED,
        "principal 7000, partner_share 3000",
        "D 3001.01 10000, C 1002.01 10000",
    ),
    (
        "CN_LENDER",
        Event.DISBURSEMENT_SUCCEEDED,
        "principal 7000, partner_share 3000",
        "D 1303.01 7000, D 2314.01 3000, C 3001.01 10000",
    ),
    ("CN_PARTNER", Event.DISBURSEMENT_SUCCEEDED, "principal 3000", "D 1303.01 3000, C 3001.01 3000"),
    (
        "CN_LENDER",
        Event.REPAYMENT,
        "principal 536.76, interest 105.00, partner_share 275.04",
        "D 1012.01 916.80, C 2241.02 916.80, D 2241.02 916.80, C 1303.01 536.76, C 1132.01 105.00, C 2314.01 275.04",
    ),
    (
        "CN_PARTNER",
        Event.REPAYMENT,
        "principal 230.04, interest 45.00",
        "D 3001.02 275.04, C 1303.01 230.04, C 1132.01 45.00",
    ),
    ("CN_LENDER", Event.SHARE_CLEARED, "partner_share 275.04", "D 2314.01 275.04, C 1002.02 275.04"),
    ("CN_PARTNER", Event.SHARE_CLEARED, "partner_share 275.04", "D 1002.02 275.04, C 3001.02 275.04"),
]
"""The joint loan of §4.7, 70/30, the leader collects. The partner's money is in transit until the bank's yes."""


@pytest.mark.parametrize(("rule_set", "event", "amounts", "wanted"), JOINT)
def test_a_joint_loan(rule_set: str, event: Event, amounts: str, wanted: str) -> None:
    assert posted(rule_set, event, amounts) == entry(wanted)


def test_all_accounts_stand_in_the_chart() -> None:
    chart = {code for code, *_ in LENDER}
    parents = {code.rpartition(".")[0] for code in chart}
    for one in (CN_LENDER, CN_LENDER_ON_SUCCESS, CN_LENDER_STAGE_3, CN_PARTNER):
        for rule in one.rules.values():
            assert accounts(rule) <= chart - parents, rule.kind


def test_the_sets_differ_only_where_they_say() -> None:
    assert set(lender()) - set(lender(is_prebooked=False)) == {"DISBURSEMENT_INSTRUCTED"}
    assert not {"AGENCY_RECEIVED", "CHANNEL_SETTLED", "DISBURSEMENT_INSTRUCTED"} & set(partner())
    direct = lender(via=None)
    assert {name for name, rule in direct.items() if rule != lender()[name]} == {
        "REPAYMENT", "DOWN_PAYMENT", "CANCELLED", "MERCHANT_REFUND", "PAYOUT_REFUND", "OVERPAYMENT_APPLIED",
        "CHARGEBACK", "RECOVERY",
    }  # fmt: skip


def test_plain_rules_post_what_the_full_ones_do_without_tax_and_flags() -> None:
    untaxed, bare = replace(CN_LENDER, vat_rate=None), plain(lender())
    assert set(bare) == set(lender())
    assert not any(one.when for rule in bare.values() for one in rule.legs)
    for event, amounts, _ in CASES:
        once = rendered(event, ((amounts_of(amounts), NO_DIMENSIONS),), untaxed, currency="CNY")
        again = rendered(event, ((amounts_of(amounts), NO_DIMENSIONS),), replace(untaxed, rules=bare), currency="CNY")
        assert once == again, event


EFFECTS: dict[Event, dict[str, tuple[str | None, str | None]]] = {
    Event.DISBURSEMENT_SUCCEEDED: {"principal": (None, "principal")},
    Event.INTEREST_ACCRUED: {"interest": (None, "accrued_interest")},
    Event.PENALTY_ACCRUED: {"penalty": (None, "penalty")},
    Event.COMPOUND_ACCRUED: {"compound": (None, "compound")},
    Event.FEE_DUE: {"fee": (None, "fee")},
    Event.NON_ACCRUAL_INTEREST: {name: (None, name) for name in ("nonaccrual_interest", "penalty", "compound")},
    Event.INTEREST_DUE: {"interest": ("accrued_interest", "interest")},
    Event.PRINCIPAL_OVERDUE: {"overdue_principal": ("principal", "overdue_principal")},
    Event.NON_ACCRUAL: {
        "principal": ("principal", "nonaccrual_principal"),
        "overdue_principal": ("overdue_principal", "nonaccrual_principal"),
        "accrued_interest": ("accrued_interest", "nonaccrual_interest"),
        "interest": ("interest", "nonaccrual_interest"),
        "penalty": ("penalty", "penalty"),
        "compound": ("compound", "compound"),
    },
    Event.ACCRUAL_RESUMED: {
        "nonaccrual_principal": ("nonaccrual_principal", "principal"),
        "nonaccrual_interest": ("nonaccrual_interest", "interest"),
        "penalty": ("penalty", "penalty"),
        "compound": ("compound", "compound"),
    },
    **{
        event: {name: (name, None) for name in CLAIMS}
        for event in (
            Event.REPAYMENT,
            Event.OVERPAYMENT_APPLIED,
            Event.COMPENSATED,
            Event.GOODWILL_CREDIT,
            Event.DEPOSIT_APPLIED,
            Event.WRITE_OFF,
        )
    },
}
"""From which bucket into which each component goes; from nothing, or out of the book, where there is None."""
WHOLE = {Event.NON_ACCRUAL, Event.ACCRUAL_RESUMED, Event.WRITE_OFF}
"""Events that take all there is."""
ACCRUING = {Event.INTEREST_ACCRUED, Event.PENALTY_ACCRUED, Event.COMPOUND_ACCRUED, Event.NON_ACCRUAL}
RESTING = {Event.NON_ACCRUAL_INTEREST, Event.ACCRUAL_RESUMED}


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[tuple[Event, dict[str, int], bool]], dict[str, int], bool]:
    """A random life: events with amounts and whether the loan had stopped to accrue; the buckets that it leaves."""
    held, is_stopped, life = dict.fromkeys(CLAIMS, 0), False, []
    for _ in range(draw(st.integers(1, 25))):
        event = draw(st.sampled_from(sorted(set(EFFECTS) - (ACCRUING if is_stopped else RESTING))))
        amounts = {}
        for name, (source, target) in EFFECTS[event].items():
            most = 10**6 if source is None else held[source]
            amounts[name] = most if event in WHOLE else draw(st.integers(0, most))
            for bucket, sign in ((source, -1), (target, 1)):
                if bucket is not None:
                    held[bucket] += sign * amounts[name]
        life.append((event, amounts, is_stopped))
        is_stopped = (is_stopped or event is Event.NON_ACCRUAL) and event is not Event.ACCRUAL_RESUMED
    return life, held, is_stopped


@given(histories(), st.sampled_from([CN_LENDER, replace(CN_LENDER, rules=lender(via=None)), CN_PARTNER]))
def test_every_bucket_ties_out_with_its_account(
    drawn: tuple[list[tuple[Event, dict[str, int], bool]], dict[str, int], bool], rule_set: RuleSet
) -> None:
    life, held, is_stopped = drawn
    balances: dict[str, int] = {}
    for event, amounts, stopped in life:
        made = lines(event, amounts, rule_set, flags=STOPPED if stopped else frozenset())
        assert not isinstance(made, EventUnruled), made.message
        for one in made:
            signed = one.amount if one.side is Side.DEBIT else -one.amount
            balances[one.account] = balances.get(one.account, 0) + signed
    wanted = dict.fromkeys((*ACCOUNTS.values(), "9001", "9002"), 0)
    for bucket, amount in held.items():
        is_memo = bucket == "nonaccrual_interest" or (is_stopped and bucket in MEMO)
        wanted[MEMO[bucket] if is_memo else ACCOUNTS[bucket]] += amount
    claims = {ACCOUNTS[bucket] for bucket in CLAIMS} | {"9001", "9002"}
    assert {one: balances.get(one, 0) for one in claims} == {one: wanted[one] for one in claims}
