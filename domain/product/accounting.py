"""Which business events exist, who books them, and of which components each consists.

The accounts are data: a posting rule per event (PM-15), made of legs, each moving one component from a credit to a
debit account; such a rule cannot fail to balance. Whole sets of rules, one per kind of book, stand in `ruleset`. A
failed disbursement and any other reversal need no rule of their own: they are the negative of what was booked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType

from ledger.rule import Rule, components
from ledger.rule import accounts as accounts_of


class Party(StrEnum):
    """Whose book an entry stands in."""

    LENDER = "LENDER"
    """The funder that lends alone, or leads a joint loan: it collects from the borrower."""
    PARTNER = "PARTNER"
    """A funder of a joint loan that does not collect (参贷方)."""
    PLATFORM = "PLATFORM"
    GUARANTOR = "GUARANTOR"


class Event(StrEnum):
    """Business events that post; the value is the entry's kind. `E..` are rows of the domain reference §4.4."""

    CREDIT_LINE_GRANTED = "CREDIT_LINE_GRANTED"
    """E01; use and expiry are the negative of it."""
    DISBURSEMENT_INSTRUCTED = "DISBURSEMENT_INSTRUCTED"
    """E02; E04, the failure, is its reversal."""
    DISBURSEMENT_SUCCEEDED = "DISBURSEMENT_SUCCEEDED"
    """E03."""
    DISBURSEMENT_RETURNED = "DISBURSEMENT_RETURNED"
    """E05: the money came back after success (退汇)."""
    CANCELLED = "CANCELLED"
    """The borrower gives the money back in the cooling-off time."""
    DOWN_PAYMENT = "DOWN_PAYMENT"
    INCOME_CAPITALISED = "INCOME_CAPITALISED"
    """A fee of the lender is added to principal instead of being paid; it is income over the term."""
    INCOME_ADJUSTMENT = "INCOME_ADJUSTMENT"
    """Capitalised income is given back: it pays what is owed."""
    BUY_DOWN_FEE = "BUY_DOWN_FEE"
    """The lender's cost of a rate that a merchant has bought down; the borrower owes none of it."""
    BUY_DOWN_FEE_ADJUSTMENT = "BUY_DOWN_FEE_ADJUSTMENT"
    INCOME_AMORTISED = "INCOME_AMORTISED"
    """Capitalised income of the days so far is earned; what is left when the loan is charged off goes with it."""
    BUY_DOWN_FEE_AMORTISED = "BUY_DOWN_FEE_AMORTISED"
    ORIGINATION_COST = "ORIGINATION_COST"
    """E06: cost that belongs to the effective rate."""
    ORIGINATION_COST_AMORTISED = "ORIGINATION_COST_AMORTISED"
    SERVICE_FEE_LENDER = "SERVICE_FEE_LENDER"
    """E30, the lender's side."""
    SERVICE_FEE_PLATFORM = "SERVICE_FEE_PLATFORM"
    """§4.5, the platform's side of E30."""
    SERVICE_FEE_SETTLED = "SERVICE_FEE_SETTLED"
    """E31, the lender's side."""
    SERVICE_FEE_COLLECTED = "SERVICE_FEE_COLLECTED"
    """The platform's side of E31."""
    FEE_AT_DISBURSEMENT = "FEE_AT_DISBURSEMENT"
    """A fee kept back from, or paid at, the disbursement."""
    INTEREST_ACCRUED = "INTEREST_ACCRUED"
    """E07."""
    INTEREST_DUE = "INTEREST_DUE"
    """E08."""
    PRINCIPAL_OVERDUE = "PRINCIPAL_OVERDUE"
    """E09."""
    ACCELERATED = "ACCELERATED"
    """E09 for all that was not yet due."""
    PENALTY_ACCRUED = "PENALTY_ACCRUED"
    """E10."""
    COMPOUND_ACCRUED = "COMPOUND_ACCRUED"
    """E11."""
    FEE_DUE = "FEE_DUE"
    """E12."""
    PREPAYMENT_FEE = "PREPAYMENT_FEE"
    """E16, the fee itself; the payment is a repayment."""
    CASH_RECEIVED = "CASH_RECEIVED"
    """E13 alone: money at the channel, not yet allocated."""
    CASH_ALLOCATED = "CASH_ALLOCATED"
    """E14 alone: money received before meets what is owed."""
    REPAYMENT = "REPAYMENT"
    """E13 and E14 together, with E16, E17 and E23."""
    CHANNEL_SETTLED = "CHANNEL_SETTLED"
    """E15."""
    OVERPAYMENT_APPLIED = "OVERPAYMENT_APPLIED"
    """E18: the overpayment meets what fell due."""
    OVERPAYMENT_REFUNDED = "OVERPAYMENT_REFUNDED"
    """E18: the overpayment goes back (credit balance refund)."""
    MERCHANT_REFUND = "MERCHANT_REFUND"
    PAYOUT_REFUND = "PAYOUT_REFUND"
    GOODWILL_CREDIT = "GOODWILL_CREDIT"
    CHARGE_ADJUSTMENT = "CHARGE_ADJUSTMENT"
    CHARGE_WAIVED = "CHARGE_WAIVED"
    """E19, fees and penalties."""
    INTEREST_WAIVED = "INTEREST_WAIVED"
    """E19, interest."""
    INTEREST_REFUND = "INTEREST_REFUND"
    """Interest given back after a refund of goods."""
    INTEREST_PAYMENT_WAIVER = "INTEREST_PAYMENT_WAIVER"
    """A payment of the lender's own interest income."""
    PRINCIPAL_WAIVED = "PRINCIPAL_WAIVED"
    """E20."""
    CHARGEBACK = "CHARGEBACK"
    """The payer's bank took a payment back."""
    NON_ACCRUAL = "NON_ACCRUAL"
    """E21."""
    NON_ACCRUAL_INTEREST = "NON_ACCRUAL_INTEREST"
    """E22."""
    ACCRUAL_RESUMED = "ACCRUAL_RESUMED"
    """E24."""
    PROVISIONED = "PROVISIONED"
    """E25; a release is the negative, a change of stage both."""
    CHARGE_OFF = "CHARGE_OFF"
    """The loan is given up as an asset and still collected."""
    WRITE_OFF = "WRITE_OFF"
    """E26."""
    RECOVERY = "RECOVERY"
    """E27."""
    COMPENSATED = "COMPENSATED"
    """E28: the guarantor paid in the borrower's place (代偿), the lender's side."""
    REPURCHASED = "REPURCHASED"
    """E29, the lender's side."""
    DEPOSIT_RECEIVED = "DEPOSIT_RECEIVED"
    """E32: a partner's deposit; a refund is the negative."""
    DEPOSIT_APPLIED = "DEPOSIT_APPLIED"
    """E32: the deposit meets claims."""
    RESTRUCTURED = "RESTRUCTURED"
    """E34."""
    FORECLOSED = "FORECLOSED"
    """E35."""
    FUNDING_COST_ACCRUED = "FUNDING_COST_ACCRUED"
    """E36."""
    INTEREST_SUBSIDISED = "INTEREST_SUBSIDISED"
    """E37: the state pays part of the interest (贴息)."""
    RECEIPT_UNIDENTIFIED = "RECEIPT_UNIDENTIFIED"
    """E38; a return is the negative."""
    DIFFERENCE_FOUND = "DIFFERENCE_FOUND"
    """E39."""
    OFFICE_TRANSFERRED = "OFFICE_TRANSFERRED"
    """The loan leaves an office through suspense; arrival is the negative."""
    SOLD = "SOLD"
    """The claim is sold to an external owner; a buy-back is the negative."""
    SHARE_FUNDED = "SHARE_FUNDED"
    """A partner's part of a joint loan's principal reaches the leader."""
    SHARE_CLEARED = "SHARE_CLEARED"
    """The leader hands a partner's part of a payment over."""
    SHARE_ASSIGNED = "SHARE_ASSIGNED"
    """A funder takes part of the claim over from another; the seller books the negative."""
    AGENCY_RECEIVED = "AGENCY_RECEIVED"
    """The lender receives money that belongs to the guarantor: the borrower pays after compensation."""
    AGENCY_PAID = "AGENCY_PAID"
    """The lender hands that money over."""
    AGENCY_COLLECTED = "AGENCY_COLLECTED"
    """§4.5: the platform collects for a funder (我收)."""
    AGENCY_REMITTED = "AGENCY_REMITTED"
    GUARANTEE_FEE_HELD = "GUARANTEE_FEE_HELD"
    """§4.5: the platform collects a guarantee fee for the guarantor."""
    DEPOSIT_PAID = "DEPOSIT_PAID"
    """§4.5, the platform's side of E32."""
    RISK_SHARE_PROVISIONED = "RISK_SHARE_PROVISIONED"
    RISK_SHARE_PAID = "RISK_SHARE_PAID"
    REPURCHASE_PAID = "REPURCHASE_PAID"
    """§4.5, the platform's side of E29."""
    CHANNEL_COMMISSION = "CHANNEL_COMMISSION"
    SPREAD_EARNED = "SPREAD_EARNED"
    """The platform's part of a payment where the borrower's rate is above the funders'."""
    GUARANTEE_GIVEN = "GUARANTEE_GIVEN"
    """§4.6; its release is the negative."""
    GUARANTEE_FEE = "GUARANTEE_FEE"
    GUARANTEE_FEE_RECEIVED = "GUARANTEE_FEE_RECEIVED"
    UNEARNED_RESERVED = "UNEARNED_RESERVED"
    COMPENSATION_RESERVED = "COMPENSATION_RESERVED"
    SUBROGATED = "SUBROGATED"
    """The guarantor's side of E28: the claim is now his (代位)."""
    SUBROGATION_RECOVERED = "SUBROGATION_RECOVERED"
    """The borrower pays the guarantor (追偿)."""
    SUBROGATION_CLEARED = "SUBROGATION_CLEARED"
    """The guarantor receives what the lender had collected for him."""
    SUBROGATION_LOST = "SUBROGATION_LOST"

    @property
    def party(self) -> Party:
        """Whose book the event stands in; the funders of a joint loan book the lender's events."""
        if self in _PLATFORM:
            return Party.PLATFORM
        return Party.GUARANTOR if self in _GUARANTOR else Party.LENDER

    @property
    def in_platform_book(self) -> bool:
        """Tell whether the event is booked by the platform."""
        return self.party is Party.PLATFORM


_PLATFORM = frozenset(
    {
        Event.SERVICE_FEE_PLATFORM,
        Event.SERVICE_FEE_COLLECTED,
        Event.AGENCY_COLLECTED,
        Event.AGENCY_REMITTED,
        Event.GUARANTEE_FEE_HELD,
        Event.DEPOSIT_PAID,
        Event.RISK_SHARE_PROVISIONED,
        Event.RISK_SHARE_PAID,
        Event.REPURCHASE_PAID,
        Event.CHANNEL_COMMISSION,
        Event.SPREAD_EARNED,
    }
)
_GUARANTOR = frozenset(
    {
        Event.GUARANTEE_GIVEN,
        Event.GUARANTEE_FEE,
        Event.GUARANTEE_FEE_RECEIVED,
        Event.UNEARNED_RESERVED,
        Event.COMPENSATION_RESERVED,
        Event.SUBROGATED,
        Event.SUBROGATION_RECOVERED,
        Event.SUBROGATION_CLEARED,
        Event.SUBROGATION_LOST,
    }
)


class Flag(StrEnum):
    """What a leg may ask of the loan when the event happens: a component of 0 or 1 that moves no money."""

    CHARGED_OFF = "is_charged_off"
    FRAUD = "is_fraud"
    """Given together with CHARGED_OFF, or with the charge-off itself."""
    NON_ACCRUAL = "is_non_accrual"
    TRANSFERRED = "is_transferred"
    """The claim belongs to a guarantor or buyer; the lender only collects."""
    PENALTY_CHARGE = "is_penalty_charge"
    """The adjusted charge is a penalty, not a fee."""


class Stage(StrEnum):
    """How the lender carries the claim while an event happens."""

    PERFORMING = "PERFORMING"
    NON_ACCRUAL = "NON_ACCRUAL"
    CHARGED_OFF = "CHARGED_OFF"
    FRAUD = "FRAUD"
    """Charged off because of fraud."""
    WRITTEN_OFF = "WRITTEN_OFF"
    TRANSFERRED = "TRANSFERRED"

    @property
    def flags(self) -> frozenset[Flag]:
        """What rules may ask of a loan at this stage."""
        return _FLAGS[self]


_FLAGS: Mapping[Stage, frozenset[Flag]] = {
    Stage.PERFORMING: frozenset(),
    Stage.NON_ACCRUAL: frozenset({Flag.NON_ACCRUAL}),
    Stage.CHARGED_OFF: frozenset({Flag.CHARGED_OFF}),
    Stage.FRAUD: frozenset({Flag.CHARGED_OFF, Flag.FRAUD}),
    Stage.WRITTEN_OFF: frozenset({Flag.CHARGED_OFF}),
    Stage.TRANSFERRED: frozenset({Flag.TRANSFERRED}),
}


VAT = "_vat"
"""Ending of the components that are the tax inside another: `interest_vat` is part of `interest`."""

PRINCIPALS = ("principal", "overdue_principal", "nonaccrual_principal", "restructured_principal")
"""Buckets of principal: current, overdue, of a loan that no longer accrues, of a restructured loan."""
INTERESTS = ("accrued_interest", "interest", "nonaccrual_interest", "penalty", "compound")
"""Buckets of interest: accrued and not yet due; due; of a loan that no longer accrues; on what is overdue."""
CLAIMS = (*PRINCIPALS, *INTERESTS, "fee")
"""Everything that a borrower can owe, by bucket."""
EXCESS = "excess"
"""Money beyond what is owed (溢缴款)."""
PARTNER_SHARE = "partner_share"
"""In a leader's book: the part of a movement that belongs to the other funders."""

_BASIC = frozenset({"principal", "overdue_principal", "accrued_interest", "interest", "penalty"})
"""Buckets that every loan can have."""
_RARE = frozenset(CLAIMS) - _BASIC
"""Buckets that only a loan with fees, compound interest, non-accrual or a restructuring has."""
_TAXED = frozenset({f"{name}{VAT}" for name in (*INTERESTS, "fee")})

_Parts = tuple[frozenset[str], frozenset[str]]


def _of(*required: str, may: Collection[str] = ()) -> _Parts:
    """Components that a rule must book, and those that it may."""
    return frozenset(required), frozenset(may)


_CLAIMED: _Parts = (_BASIC, _RARE | _TAXED)
_PAID: _Parts = (_BASIC | {EXCESS}, _RARE | _TAXED | {"agency_fee", PARTNER_SHARE})

_PARTS: Mapping[Event, _Parts] = {
    Event.CREDIT_LINE_GRANTED: _of("amount"),
    Event.DISBURSEMENT_INSTRUCTED: _of("principal", may=(PARTNER_SHARE,)),
    Event.DISBURSEMENT_SUCCEEDED: _of("principal", may=(EXCESS, PARTNER_SHARE)),
    Event.DISBURSEMENT_RETURNED: _of("principal", may=(PARTNER_SHARE,)),
    Event.CANCELLED: _PAID,
    Event.DOWN_PAYMENT: _PAID,
    Event.INCOME_CAPITALISED: _of("principal", may=(EXCESS,)),
    Event.INCOME_ADJUSTMENT: _PAID,
    Event.BUY_DOWN_FEE: _of("amount"),
    Event.BUY_DOWN_FEE_ADJUSTMENT: _of("amount"),
    Event.INCOME_AMORTISED: _of("amount"),
    Event.BUY_DOWN_FEE_AMORTISED: _of("amount"),
    Event.ORIGINATION_COST: _of("amount"),
    Event.ORIGINATION_COST_AMORTISED: _of("amount"),
    Event.SERVICE_FEE_LENDER: _of("service_fee", may=("service_fee_vat",)),
    Event.SERVICE_FEE_PLATFORM: _of("service_fee", may=("service_fee_vat",)),
    Event.SERVICE_FEE_SETTLED: _of("service_fee"),
    Event.SERVICE_FEE_COLLECTED: _of("service_fee"),
    Event.FEE_AT_DISBURSEMENT: _of("fee", may=("fee_vat", "penalty", "penalty_vat")),
    Event.INTEREST_ACCRUED: _of("interest", may=("nonaccrual_interest", "fee", "penalty", *_TAXED)),
    Event.INTEREST_DUE: _of("interest", may=("interest_vat",)),
    Event.PRINCIPAL_OVERDUE: _of("principal", may=("overdue_principal",)),
    Event.ACCELERATED: _of("principal", may=("interest", "interest_vat")),
    Event.PENALTY_ACCRUED: _of("penalty", may=("penalty_vat",)),
    Event.COMPOUND_ACCRUED: _of("compound", may=("compound_vat",)),
    Event.FEE_DUE: _of("fee", may=("fee_vat", "penalty", "penalty_vat")),
    Event.PREPAYMENT_FEE: _of("fee", may=("fee_vat",)),
    Event.CASH_RECEIVED: _of("amount", may=(PARTNER_SHARE,)),
    Event.CASH_ALLOCATED: _PAID,
    Event.REPAYMENT: _PAID,
    Event.CHANNEL_SETTLED: _of("amount", may=("channel_fee", "channel_fee_vat")),
    Event.OVERPAYMENT_APPLIED: (_BASIC, _RARE | _TAXED | {PARTNER_SHARE}),
    Event.OVERPAYMENT_REFUNDED: _of(EXCESS, may=PRINCIPALS),
    Event.MERCHANT_REFUND: _PAID,
    Event.PAYOUT_REFUND: _PAID,
    Event.GOODWILL_CREDIT: _PAID,
    Event.CHARGE_ADJUSTMENT: _PAID,
    Event.CHARGE_WAIVED: _of("fee", "penalty", may=("fee_vat", "penalty_vat", "compound", "compound_vat")),
    Event.INTEREST_WAIVED: _of("interest", may=(*INTERESTS, *_TAXED)),
    Event.INTEREST_PAYMENT_WAIVER: _PAID,
    Event.INTEREST_REFUND: _PAID,
    Event.PRINCIPAL_WAIVED: _of("principal", "overdue_principal", may=PRINCIPALS),
    Event.CHARGEBACK: _PAID,
    Event.NON_ACCRUAL: _of("principal", "overdue_principal", may=(*CLAIMS, *_TAXED)),
    Event.NON_ACCRUAL_INTEREST: _of("nonaccrual_interest", may=("penalty", "compound")),
    Event.ACCRUAL_RESUMED: _of("nonaccrual_principal", "nonaccrual_interest", may=(*CLAIMS, *_TAXED)),
    Event.PROVISIONED: _of("stage_1", "stage_2", "stage_3"),
    Event.CHARGE_OFF: _CLAIMED,
    Event.WRITE_OFF: _CLAIMED,
    Event.RECOVERY: _of("written_off", may=(*CLAIMS, *_TAXED, PARTNER_SHARE)),
    Event.COMPENSATED: _CLAIMED,
    Event.REPURCHASED: (_BASIC, _RARE | _TAXED | {"premium"}),
    Event.DEPOSIT_RECEIVED: _of("amount"),
    Event.DEPOSIT_APPLIED: _CLAIMED,
    Event.RESTRUCTURED: _of("principal", "overdue_principal", may=CLAIMS),
    Event.FORECLOSED: _CLAIMED,
    Event.FUNDING_COST_ACCRUED: _of("amount"),
    Event.INTEREST_SUBSIDISED: _of("interest", may=("accrued_interest",)),
    Event.RECEIPT_UNIDENTIFIED: _of("amount"),
    Event.DIFFERENCE_FOUND: _of("short", "over"),
    Event.OFFICE_TRANSFERRED: _of("principal", may=CLAIMS),
    Event.SOLD: _CLAIMED,
    Event.SHARE_FUNDED: _of(PARTNER_SHARE),
    Event.SHARE_CLEARED: _of(PARTNER_SHARE),
    Event.SHARE_ASSIGNED: _CLAIMED,
    Event.AGENCY_RECEIVED: _of("amount"),
    Event.AGENCY_PAID: _of("amount"),
    Event.AGENCY_COLLECTED: _of("amount"),
    Event.AGENCY_REMITTED: _of("amount"),
    Event.GUARANTEE_FEE_HELD: _of("amount"),
    Event.DEPOSIT_PAID: _of("amount"),
    Event.RISK_SHARE_PROVISIONED: _of("amount"),
    Event.RISK_SHARE_PAID: _of("amount"),
    Event.REPURCHASE_PAID: _of("fair_value", "loss"),
    Event.CHANNEL_COMMISSION: _of("amount"),
    Event.SPREAD_EARNED: _of("service_fee", may=("service_fee_vat",)),
    Event.GUARANTEE_GIVEN: _of("amount"),
    Event.GUARANTEE_FEE: _of("fee", may=("fee_vat",)),
    Event.GUARANTEE_FEE_RECEIVED: _of("fee"),
    Event.UNEARNED_RESERVED: _of("amount"),
    Event.COMPENSATION_RESERVED: _of("amount"),
    Event.SUBROGATED: _of("amount", "guaranteed", may=CLAIMS),
    Event.SUBROGATION_RECOVERED: _of("amount", EXCESS),
    Event.SUBROGATION_CLEARED: _of("amount"),
    Event.SUBROGATION_LOST: _of("reserve", "expense"),
}  # fmt: skip

COMPONENTS: Mapping[Event, frozenset[str]] = MappingProxyType({event: parts[0] for event, parts in _PARTS.items()})
"""The components that the rule of each event must book."""
OPTIONAL: Mapping[Event, frozenset[str]] = MappingProxyType(
    {event: parts[1] - parts[0] for event, parts in _PARTS.items()}
)
"""The components that it may book besides; flags may be asked by any rule."""

HANDED: frozenset[Event] = frozenset(
    {
        Event.REPAYMENT,
        Event.DOWN_PAYMENT,
        Event.CANCELLED,
        Event.MERCHANT_REFUND,
        Event.PAYOUT_REFUND,
        Event.CHARGEBACK,
        Event.OVERPAYMENT_APPLIED,
        Event.RECOVERY,
    }
)
"""Events by which the borrower's money passes through the leader of a joint loan to the other funders, or back; what a
funder gives of his own, goodwill say, passes through nobody."""
SENT: frozenset[Event] = frozenset(
    {Event.DISBURSEMENT_INSTRUCTED, Event.DISBURSEMENT_SUCCEEDED, Event.DISBURSEMENT_RETURNED}
)
"""Events by which the others' money passes through the leader to the borrower."""
BETWEEN: frozenset[Event] = frozenset({Event.SHARE_FUNDED, Event.SHARE_CLEARED})
"""What the funders of a joint loan settle with the leader."""

REQUIRED: frozenset[Event] = frozenset(
    {
        Event.DISBURSEMENT_INSTRUCTED,
        Event.DISBURSEMENT_SUCCEEDED,
        Event.SERVICE_FEE_LENDER,
        Event.SERVICE_FEE_PLATFORM,
        Event.INTEREST_ACCRUED,
        Event.INTEREST_DUE,
        Event.PRINCIPAL_OVERDUE,
        Event.PENALTY_ACCRUED,
        Event.REPAYMENT,
        Event.CHANNEL_SETTLED,
    }
)
"""Events of every loan that is paid out, bears interest and may fall overdue: no product goes without their rules."""

TOGETHER: tuple[frozenset[Event], ...] = (
    frozenset({Event.NON_ACCRUAL, Event.NON_ACCRUAL_INTEREST, Event.ACCRUAL_RESUMED}),
    frozenset({Event.WRITE_OFF, Event.RECOVERY}),
    frozenset({Event.COMPENSATED, Event.AGENCY_RECEIVED, Event.AGENCY_PAID}),
    frozenset({Event.SERVICE_FEE_SETTLED, Event.SERVICE_FEE_COLLECTED}),
    frozenset({Event.SHARE_FUNDED, Event.SHARE_CLEARED}),
    frozenset({Event.DEPOSIT_RECEIVED, Event.DEPOSIT_APPLIED}),
    frozenset({Event.CASH_RECEIVED, Event.CASH_ALLOCATED}),
    frozenset({Event.ORIGINATION_COST, Event.ORIGINATION_COST_AMORTISED}),
    frozenset({Event.AGENCY_COLLECTED, Event.AGENCY_REMITTED}),
    frozenset({Event.RISK_SHARE_PROVISIONED, Event.RISK_SHARE_PAID}),
)
"""Features of a product: a rule for one event of a group means that the product needs rules for all of it."""


def missing_events(rules: Collection[str]) -> tuple[Event, ...]:
    """Return the events that have no rule and need one: always, or because a feature that is there needs them."""
    needed = set(REQUIRED)
    for group in TOGETHER:
        if any(event in rules for event in group):
            needed |= group
    return tuple(event for event in Event if event in needed and event not in rules)


def component_mismatches(rules: Mapping[str, Rule]) -> Iterator[tuple[Event, tuple[str, ...]]]:
    """Walk the events whose rule books other components than it must or may, with the names at fault."""
    for event in Event:
        rule = rules.get(event)
        if rule is not None:
            booked = components(rule) - set(Flag)
            different = (COMPONENTS[event] - booked) | (booked - COMPONENTS[event] - OPTIONAL[event])
            if different:
                yield event, tuple(sorted(different))


def foreign_events(rules: Collection[str], *, parties: Collection[Party]) -> tuple[str, ...]:
    """Return the names that are no event, or an event of a party whose book is not among those given."""
    known = {event.value for event in Event if event.party in parties}
    return tuple(sorted(str(name) for name in rules if name not in known))


def accounts(rules: Mapping[str, Rule], *, party: Party) -> frozenset[str]:
    """Return the account codes that the rules use in a party's book; a partner's rules are of a lender's events."""
    return frozenset(
        code for event in Event if event in rules and event.party is party for code in accounts_of(rules[event])
    )
