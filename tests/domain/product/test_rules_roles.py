"""Event to entry by account role: each row of Fineract's table, before and after a charge-off, and on a cash basis."""

from __future__ import annotations

import pytest

from domain.product.accounting import Event, Flag
from domain.product.rules_roles import FINERACT, FINERACT_CASH, ROLES
from ledger.rule import accounts
from tests.domain.product.entries import entry, posted

GOOD: frozenset[Flag] = frozenset()
BAD = frozenset({Flag.CHARGED_OFF})
FRAUD = frozenset({Flag.CHARGED_OFF, Flag.FRAUD})
PENALTY = frozenset({Flag.PENALTY_CHARGE})

ALL = "principal 100, interest 10, fee 5, penalty 2, excess 1"
"""P, I, F, N, O of the table: 118 in all, 117 without the overpayment."""
CLAIMS = "principal 100, interest 10, fee 5, penalty 2"
MET = "C PORT 100, C INT-RCV 10, C FEE-RCV 5, C PEN-RCV 2"
LOST = "C CO-INT 10, C CO-FEE 5, C CO-PEN 2"

TABLE = [
    (Event.DISBURSEMENT_SUCCEEDED, GOOD, "principal 1000", "D PORT 1000, C FUND 1000"),
    (
        Event.DISBURSEMENT_SUCCEEDED,
        GOOD,
        "principal 970, excess 30",
        "D PORT 970, D OVERPAY 30, C FUND 1000",
    ),
    (Event.FEE_AT_DISBURSEMENT, GOOD, "fee 5, penalty 2", "D FUND 7, C FEE-INC 5, C PEN-INC 2"),
    (
        Event.INTEREST_ACCRUED,
        GOOD,
        "interest 10, fee 5, penalty 2",
        "D INT-RCV 10, D FEE-RCV 5, D PEN-RCV 2, C INT-INC 10, C FEE-INC 5, C PEN-INC 2",
    ),
    (Event.INTEREST_ACCRUED, GOOD, "interest -10", "D INT-INC 10, C INT-RCV 10"),
    (Event.FEE_DUE, GOOD, "fee 5", "D FEE-RCV 5, C FEE-INC 5"),
    (Event.PENALTY_ACCRUED, GOOD, "penalty 2", "D PEN-RCV 2, C PEN-INC 2"),
    (Event.REPAYMENT, GOOD, ALL, f"D FUND 118, {MET}, C OVERPAY 1"),
    (
        Event.REPAYMENT,
        GOOD,
        "overdue_principal 60, principal 40, accrued_interest 10",
        "D FUND 110, C PORT 100, C INT-RCV 10",
    ),
    (Event.REPAYMENT, GOOD, "principal -100, interest -10", "C FUND 110, D PORT 100, D INT-RCV 10"),
    (Event.REPAYMENT, BAD, ALL, "D FUND 118, C RECOV 117, C OVERPAY 1"),
    (Event.REPAYMENT, FRAUD, ALL, "D FUND 118, C RECOV 117, C OVERPAY 1"),
    (Event.DOWN_PAYMENT, GOOD, "principal 100", "D FUND 100, C PORT 100"),
    (Event.MERCHANT_REFUND, GOOD, ALL, f"D FUND 118, {MET}, C OVERPAY 1"),
    (Event.PAYOUT_REFUND, GOOD, ALL, f"D FUND 118, {MET}, C OVERPAY 1"),
    (Event.MERCHANT_REFUND, BAD, ALL, f"D FUND 118, C CO-EXP 100, {LOST}, C OVERPAY 1"),
    (Event.PAYOUT_REFUND, FRAUD, ALL, f"D FUND 118, C CO-FRAUD 100, {LOST}, C OVERPAY 1"),
    (
        Event.GOODWILL_CREDIT,
        GOOD,
        ALL,
        f"D GOODWILL 101, D GW-INT 10, D GW-FEE 5, D GW-PEN 2, {MET}, C OVERPAY 1",
    ),
    (
        Event.GOODWILL_CREDIT,
        BAD,
        ALL,
        "D GOODWILL 101, D GW-INT 10, D GW-FEE 5, D GW-PEN 2, C RECOV 117, C OVERPAY 1",
    ),
    (Event.CHARGE_ADJUSTMENT, GOOD, ALL, f"D FEE-INC 118, {MET}, C OVERPAY 1"),
    (Event.CHARGE_ADJUSTMENT, PENALTY, ALL, f"D PEN-INC 118, {MET}, C OVERPAY 1"),
    (Event.CHARGE_ADJUSTMENT, BAD, ALL, "D FEE-INC 118, C CO-FEE 115, C CO-PEN 2, C OVERPAY 1"),
    (Event.CHARGE_ADJUSTMENT, BAD | PENALTY, ALL, "D PEN-INC 118, C CO-FEE 115, C CO-PEN 2, C OVERPAY 1"),
    (Event.INTEREST_WAIVED, GOOD, "interest 10", "D WO 10, C INT-RCV 10"),
    (Event.CHARGE_WAIVED, GOOD, "fee 5, penalty 2", "D WO 7, C FEE-RCV 5, C PEN-RCV 2"),
    (Event.REPAYMENT, frozenset({Flag.TRANSFERRED}), CLAIMS, "D FUND 117, C ASSET-TRANSFER 117"),
    (Event.NON_ACCRUAL_INTEREST, GOOD, "nonaccrual_interest 10", "D INT-RCV 10, C INT-INC 10"),
    (Event.OVERPAYMENT_APPLIED, GOOD, "interest 10, excess 10", "D OVERPAY 10, C INT-RCV 10"),
    (Event.PRINCIPAL_WAIVED, GOOD, "principal 5", "D WO 5, C PORT 5"),
    (Event.INTEREST_REFUND, GOOD, ALL, f"D INT-INC 118, {MET}, C OVERPAY 1"),
    (Event.INTEREST_REFUND, BAD, ALL, "D INT-INC 118, C CO-INT 117, C OVERPAY 1"),
    (Event.CHARGE_OFF, GOOD, CLAIMS, f"D CO-EXP 100, D CO-INT 10, D CO-FEE 5, D CO-PEN 2, {MET}"),
    (Event.CHARGE_OFF, FRAUD, CLAIMS, f"D CO-FRAUD 100, D CO-INT 10, D CO-FEE 5, D CO-PEN 2, {MET}"),
    (Event.WRITE_OFF, GOOD, CLAIMS, f"D WO 117, {MET}"),
    (Event.RECOVERY, GOOD, "written_off 50", "D FUND 50, C RECOV 50"),
    (
        Event.CHARGEBACK,
        GOOD,
        ALL,
        "D PORT 100, D INT-RCV 10, D FEE-RCV 5, D PEN-RCV 2, D OVERPAY 1, C FUND 118",
    ),
    (
        Event.CHARGEBACK,
        BAD,
        ALL,
        "D CO-EXP 100, D CO-INT 10, D CO-FEE 5, D CO-PEN 2, D OVERPAY 1, C FUND 118",
    ),
    (Event.CHARGEBACK, FRAUD, "principal 100", "D CO-FRAUD 100, C FUND 100"),
    (Event.CHARGEBACK, GOOD, "principal 100, fee -5", "D PORT 100, C FEE-RCV 5, C FUND 95"),
    (Event.OVERPAYMENT_REFUNDED, GOOD, "excess 30", "D OVERPAY 30, C FUND 30"),
    (Event.OVERPAYMENT_REFUNDED, GOOD, "excess 30, principal 5", "D OVERPAY 30, D PORT 5, C FUND 35"),
    (Event.OVERPAYMENT_REFUNDED, BAD, "excess 30, principal 5", "D OVERPAY 30, D CO-EXP 5, C FUND 35"),
    (Event.OVERPAYMENT_REFUNDED, FRAUD, "excess 30, principal 5", "D OVERPAY 30, D CO-FRAUD 5, C FUND 35"),
    (Event.OFFICE_TRANSFERRED, GOOD, "principal 100, interest 10", "D SUSP 100, C PORT 100"),
    (Event.OFFICE_TRANSFERRED, GOOD, "principal -100", "C SUSP 100, D PORT 100"),
    (Event.PROVISIONED, GOOD, "stage_1 5, stage_3 7", "D PROV-EXP 12, C PROV-LIAB 12"),
    (
        Event.SOLD,
        GOOD,
        CLAIMS,
        f"D ASSET-TRANSFER 117, {MET}, D PORT 100, D INT-RCV 10, D FEE-RCV 5, D PEN-RCV 2, C ASSET-TRANSFER 117",
    ),
]


@pytest.mark.parametrize(("event", "flags", "amounts", "wanted"), TABLE)
def test_accrual_accounting(event: Event, flags: frozenset[Flag], amounts: str, wanted: str) -> None:
    assert posted("FINERACT", event, amounts, flags) == entry(wanted)


@pytest.mark.parametrize(
    ("event", "flags", "amounts", "wanted"),
    [
        (Event.DISBURSEMENT_SUCCEEDED, GOOD, "principal 1000", "D PORT 1000, C FUND 1000"),
        (Event.INTEREST_ACCRUED, GOOD, "interest 10", ""),
        (Event.FEE_DUE, GOOD, "fee 5", ""),
        (Event.INTEREST_WAIVED, GOOD, "interest 10", ""),
        (
            Event.REPAYMENT,
            GOOD,
            ALL,
            "D FUND 118, C PORT 100, C INT-INC 10, C FEE-INC 5, C PEN-INC 2, C OVERPAY 1",
        ),
        (Event.REPAYMENT, BAD, ALL, "D FUND 118, C RECOV 117, C OVERPAY 1"),
        (Event.WRITE_OFF, GOOD, CLAIMS, "D WO 100, C PORT 100"),
        (
            Event.CHARGE_OFF,
            GOOD,
            CLAIMS,
            ("D CO-EXP 100, D CO-INT 10, D CO-FEE 5, D CO-PEN 2, C PORT 100, C INT-INC 10, C FEE-INC 5, C PEN-INC 2"),
        ),
        (Event.CHARGEBACK, BAD, ALL, "D PORT 118, C FUND 118"),
        (Event.CHARGE_ADJUSTMENT, GOOD, "fee 5", "D FEE-INC 5, C FEE-INC 5"),
    ],
)
def test_cash_accounting(event: Event, flags: frozenset[Flag], amounts: str, wanted: str) -> None:
    assert posted("FINERACT_CASH", event, amounts, flags) == entry(wanted)


@pytest.mark.parametrize("event", sorted(FINERACT.silent))
def test_events_that_change_no_role_post_nothing(event: Event) -> None:
    for code in ("FINERACT", "FINERACT_CASH"):
        assert posted(code, event, "principal 5") == set()


def test_every_role_is_in_the_chart_and_used() -> None:
    used = {code for one in (FINERACT, FINERACT_CASH) for rule in one.rules.values() for code in accounts(rule)}
    assert used == {code for code, *_ in ROLES}
