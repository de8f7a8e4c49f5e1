"""Rules of a lender's book under 企业会计准则, as data: rows E01 to E39 of the domain reference §4.4.

Interest and fees are gross; the tax inside them is a component of its own (`interest_vat`), computed by `ruleset`. Tax
on accrued interest waits on 2221.02 until the interest falls due or is paid, and becomes payable on 2221.01.01 then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.product.accounting import CLAIMS, EXCESS, PARTNER_SHARE, PRINCIPALS, VAT, Event, Flag, Party
from domain.product.ruleset import RuleSet
from ledger.account import Required
from ledger.rule import Condition, Leg, Rule, Term, Test

VAT_RATE: Final = Fraction(6, 100)
"""6 % on the price without tax: what financial services bear."""

ACCOUNTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "principal": "1303.01",
        "overdue_principal": "1303.02",
        "nonaccrual_principal": "1303.03",
        "restructured_principal": "1303.06",
        "accrued_interest": "1303.04",
        "interest": "1132.01",
        "penalty": "1132.02",
        "compound": "1132.03",
        "fee": "1124.01",
        "excess": "2241.01",
        "agency_fee": "2241.04",
        "partner_share": "2314.01",
    }
)
"""Where each bucket stands."""
INCOME: Final[Mapping[str, str]] = MappingProxyType(
    {
        "accrued_interest": "6011.01",
        "interest": "6011.01",
        "penalty": "6011.02",
        "compound": "6011.03",
        "fee": "6021.01",
        "service_fee": "6021.03",
    }
)
"""Where each kind of income stands."""
MEMO: Final[Mapping[str, str]] = MappingProxyType(
    {"accrued_interest": "9001", "interest": "9001", "compound": "9001", "penalty": "9002"}
)
"""Where interest of a loan that no longer accrues is remembered."""
_INTERESTS: Final = tuple(MEMO)

CHANNEL, SUSPENSE, BANK, FEE_BANK = "1012.01", "2241.02", "1002.02", "1002.04"
PAYOUT, IN_TRANSIT, CLEARING = "1002.01", "3001.01", "3001.02"
OUTPUT_TAX, INPUT_TAX, DEFERRED_TAX = "2221.01.01", "2221.01.02", "2221.02"
ALLOWANCE, INTEREST_ALLOWANCE, FEE_ALLOWANCE = "1304.03", "1231.01", "1231.02"
CONTRA = "9999"

_NORMAL = Condition(Flag.NON_ACCRUAL, Test.ZERO)
_STOPPED = Condition(Flag.NON_ACCRUAL)
_POOLED = Required.ALL & ~Required.SUBJECT
_BY_LOAN = ("1303.", "1132.", "1124.01", "1201", "2241.01", "2241.02", "2241.04", "2314", "3001", "900")
"""Beginnings of accounts whose lines carry the loan; on all others the loans of a batch share one line."""


Legs = Iterator[Leg]


class NonAccrual(StrEnum):
    """What a loan earns once it no longer accrues (npl_income_policy)."""

    CASH_BASIS = "CASH_BASIS"
    """Interest goes off the balance sheet and is income when it is paid."""
    STAGE_3_EIR = "STAGE_3_EIR"
    """Receivables stay and are impaired; the allowance unwinds at the effective rate (CAS 22, stage 3)."""


def leg(
    component: str,
    debit: str,
    credit: str,
    *,
    less: str | None = None,
    total: Iterable[str] = (),
    when: tuple[Condition, ...] = (),
) -> Leg:
    """Return a leg whose lines carry the loan where the account is kept by loan.

    less: a component inside this one that another leg books. total: components whose sum the leg moves.
    """
    terms = tuple(Term(name) for name in total)
    if less is not None:
        terms = (Term(component), Term(less, -1))
    return Leg(component, debit, credit, terms, when, debit_dims=_dims(debit), credit_dims=_dims(credit))


def taxed(component: str, debit: str, income: str, tax: str = OUTPUT_TAX, *, when: Iterable[Condition] = ()) -> Legs:
    """Return the legs of an income with tax inside: the net amount and the tax, against one gross receivable."""
    held = tuple(when)
    yield leg(component, debit, income, less=f"{component}{VAT}", when=held)
    yield leg(f"{component}{VAT}", debit, tax, when=held)


def untaxed(component: str, income: str, tax: str, credit: str, *, when: Iterable[Condition] = ()) -> Legs:
    """Return the legs that take an income with its tax back from a receivable."""
    held = tuple(when)
    yield leg(component, income, credit, less=f"{component}{VAT}", when=held)
    yield leg(f"{component}{VAT}", tax, credit, when=held)


def rules(legs: Mapping[Event, Iterable[Leg]]) -> Mapping[str, Rule]:
    """Return rules of version 1 by event."""
    return MappingProxyType({event.value: Rule(event.value, 1, tuple(made)) for event, made in legs.items()})


def paid(cash: str, via: str | None, *, policy: NonAccrual, extra: Iterable[str] = ()) -> Legs:
    """Return the legs by which money meets claims: `cash` is debited, through the suspense account `via` if there is.

    When the loan no longer accrues, interest that is paid is income of the day, and the memo is released (E23). Tax on
    interest that is paid before it fell due becomes payable (E16).
    """
    source = cash if via is None else via
    names = (*CLAIMS, *extra)
    if via is not None:
        yield leg("received", cash, via, total=names)
    for name in names:
        stopped = name in MEMO
        yield leg(name, source, ACCOUNTS[name], when=(_NORMAL,) if stopped else ())
        if not stopped:
            continue
        if policy is NonAccrual.CASH_BASIS:
            if source != INCOME[name]:
                yield from taxed(name, source, INCOME[name], when=(_STOPPED,))
            yield leg(name, CONTRA, MEMO[name], when=(_STOPPED,))
        else:
            yield leg(name, source, ALLOWANCE, when=(_STOPPED,))
    yield leg(f"accrued_interest{VAT}", DEFERRED_TAX, OUTPUT_TAX, when=(_NORMAL,))


def given_up(allowances: Mapping[str, str], memo: Mapping[str, str]) -> Legs:
    """Return the legs of a write-off (E26): allowances against claims, and the memo by which they are pursued."""
    for name in CLAIMS:
        stopped = name in MEMO
        yield leg(name, allowances[name], ACCOUNTS[name], when=(_NORMAL,) if stopped else ())
        yield leg(name, memo[name], CONTRA, when=(_NORMAL,) if stopped else ())
        if stopped:
            yield leg(name, memo[name], MEMO[name], when=(_STOPPED,))


def _dims(account: str) -> Required:
    return Required.ALL if account.startswith(_BY_LOAN) else _POOLED


_ALLOWANCES = {
    name: ALLOWANCE if name in PRINCIPALS else FEE_ALLOWANCE if name == "fee" else INTEREST_ALLOWANCE for name in CLAIMS
}
_WRITTEN_OFF = {name: "9003" if name in PRINCIPALS else "9004" for name in CLAIMS}


def _disbursement(*, is_prebooked: bool, is_partner: bool) -> Mapping[Event, Iterable[Leg]]:
    source = IN_TRANSIT if is_prebooked or is_partner else PAYOUT
    shared = () if is_partner else (PARTNER_SHARE,)
    instructed = [leg(name, IN_TRANSIT, PAYOUT) for name in ("principal", *shared)]
    succeeded = [
        leg("principal", ACCOUNTS["principal"], source),
        *(leg(name, ACCOUNTS[name], source) for name in (EXCESS, *shared)),
    ]
    returned = [
        leg("principal", PAYOUT, "2241.05"),
        leg("principal", "2241.05", ACCOUNTS["principal"]),
        *(leg(name, PAYOUT, ACCOUNTS[name]) for name in shared),
    ]
    made = {Event.DISBURSEMENT_SUCCEEDED: succeeded, Event.DISBURSEMENT_RETURNED: returned}
    return {Event.DISBURSEMENT_INSTRUCTED: instructed, **made} if is_prebooked and not is_partner else made


def _income() -> Mapping[Event, Iterable[Leg]]:
    return {
        Event.INTEREST_ACCRUED: taxed("interest", ACCOUNTS["accrued_interest"], INCOME["interest"], DEFERRED_TAX),
        Event.INTEREST_DUE: (
            leg("interest", ACCOUNTS["interest"], ACCOUNTS["accrued_interest"]),
            leg("interest_vat", DEFERRED_TAX, OUTPUT_TAX),
        ),
        Event.PENALTY_ACCRUED: taxed("penalty", ACCOUNTS["penalty"], INCOME["penalty"]),
        Event.COMPOUND_ACCRUED: taxed("compound", ACCOUNTS["compound"], INCOME["compound"]),
        Event.FEE_DUE: (
            *taxed("fee", ACCOUNTS["fee"], INCOME["fee"]),
            *taxed("penalty", ACCOUNTS["penalty"], INCOME["penalty"]),
        ),
        Event.FEE_AT_DISBURSEMENT: (
            *taxed("fee", PAYOUT, INCOME["fee"]),
            *taxed("penalty", PAYOUT, INCOME["penalty"]),
        ),
        Event.PREPAYMENT_FEE: taxed("fee", ACCOUNTS["fee"], "6021.02"),
        Event.ORIGINATION_COST: (leg("amount", "1303.05", FEE_BANK),),
        Event.ORIGINATION_COST_AMORTISED: (leg("amount", "6011.01", "1303.05"),),
        Event.INTEREST_SUBSIDISED: (
            leg("interest", "1221.04", ACCOUNTS["interest"]),
            leg("accrued_interest", "1221.04", ACCOUNTS["accrued_interest"]),
        ),
    }


def _receipts(cash: str, via: str | None, policy: NonAccrual, *, is_partner: bool) -> Mapping[Event, Iterable[Leg]]:
    beyond = (EXCESS,) if is_partner else (EXCESS, "agency_fee", PARTNER_SHARE)
    received = {
        event: tuple(paid(cash, via, policy=policy, extra=beyond))
        for event in (Event.REPAYMENT, Event.DOWN_PAYMENT, Event.CANCELLED, Event.MERCHANT_REFUND, Event.PAYOUT_REFUND)
    }
    return {
        **received,
        Event.OVERPAYMENT_APPLIED: paid(ACCOUNTS[EXCESS], via, policy=policy),
        Event.OVERPAYMENT_REFUNDED: (
            leg(EXCESS, ACCOUNTS[EXCESS], BANK),
            leg("principal", ACCOUNTS["principal"], BANK),
        ),
        Event.CHARGEBACK: tuple(_opposite(received[Event.REPAYMENT])),
        Event.SHARE_ASSIGNED: tuple(_opposite(paid(BANK, None, policy=policy))),
    }


def _opposite(legs: Iterable[Leg]) -> Legs:
    """Walk legs with their accounts exchanged."""
    for one in legs:
        yield Leg(
            one.component,
            one.credit,
            one.debit,
            one.terms,
            one.when,
            debit_dims=one.credit_dims,
            credit_dims=one.debit_dims,
        )


def _given(policy: NonAccrual) -> Mapping[Event, Iterable[Leg]]:
    """Return what the lender gives up or takes back: waivers, goodwill, adjustments (E19, E20)."""
    return {
        Event.INTEREST_WAIVED: (
            *untaxed("interest", INCOME["interest"], OUTPUT_TAX, ACCOUNTS["interest"]),
            *untaxed("accrued_interest", INCOME["interest"], DEFERRED_TAX, ACCOUNTS["accrued_interest"]),
            *untaxed("compound", INCOME["compound"], OUTPUT_TAX, ACCOUNTS["compound"]),
            *untaxed("penalty", INCOME["penalty"], OUTPUT_TAX, ACCOUNTS["penalty"]),
        ),
        Event.CHARGE_WAIVED: (
            *untaxed("fee", INCOME["fee"], OUTPUT_TAX, ACCOUNTS["fee"]),
            *untaxed("penalty", INCOME["penalty"], OUTPUT_TAX, ACCOUNTS["penalty"]),
        ),
        Event.PRINCIPAL_WAIVED: (leg(name, ALLOWANCE, ACCOUNTS[name]) for name in PRINCIPALS),
        Event.GOODWILL_CREDIT: paid("6602", None, policy=policy, extra=(EXCESS,)),
        Event.INTEREST_REFUND: paid(INCOME["interest"], None, policy=policy, extra=(EXCESS,)),
        Event.CHARGE_ADJUSTMENT: tuple(_adjusted()),
    }


def _adjusted() -> Legs:
    """Walk the legs of a charge that is given back and meets claims: its income pays them."""
    for name in (*CLAIMS, EXCESS):
        yield leg(name, INCOME["fee"], ACCOUNTS[name], when=(Condition(Flag.PENALTY_CHARGE, Test.ZERO),))
        yield leg(name, INCOME["penalty"], ACCOUNTS[name], when=(Condition(Flag.PENALTY_CHARGE),))


def _impaired(cash: str, via: str | None, policy: NonAccrual) -> Mapping[Event, Iterable[Leg]]:
    """Return overdue, non-accrual, provisions, write-off and recovery (E09, E21 to E27, E34, E35)."""
    moved = tuple(leg(name, "1303.03", ACCOUNTS[name]) for name in PRINCIPALS if ACCOUNTS[name] != "1303.03")
    stopped = moved
    interest: tuple[Leg, ...] = tuple(
        leg(name, ALLOWANCE, income) for name, income in INCOME.items() if name in {"interest", "penalty", "compound"}
    )
    if policy is NonAccrual.CASH_BASIS:
        stopped = (*moved, *(part for name in _INTERESTS for part in _stopped(name)))
        interest = tuple(leg(name, MEMO[name], CONTRA) for name in ("interest", "penalty", "compound"))
    given = tuple(given_up(_ALLOWANCES, _WRITTEN_OFF))
    source = cash if via is None else via
    return {
        Event.PRINCIPAL_OVERDUE: (leg("principal", "1303.02", "1303.01"),),
        Event.ACCELERATED: (
            leg("principal", "1303.02", "1303.01"),
            leg("interest", ACCOUNTS["interest"], ACCOUNTS["accrued_interest"]),
            leg("interest_vat", DEFERRED_TAX, OUTPUT_TAX),
        ),
        Event.NON_ACCRUAL: stopped,
        Event.NON_ACCRUAL_INTEREST: interest,
        Event.ACCRUAL_RESUMED: tuple(_opposite(stopped)),
        Event.PROVISIONED: tuple(leg(f"stage_{no}", "6702", f"1304.0{no}") for no in (1, 2, 3)),
        Event.CHARGE_OFF: given,
        Event.WRITE_OFF: given,
        Event.RECOVERY: (
            leg("written_off", "1303.03", ALLOWANCE),
            leg("written_off", CONTRA, "9003"),
            *(() if via is None else (leg("received", cash, via, total=("written_off", *_RECOVERED)),)),
            leg("written_off", source, "1303.03"),
            *(part for name in _RECOVERED for part in taxed(name, source, "6011.04")),
            *(leg(name, CONTRA, "9004") for name in _RECOVERED),
        ),
        Event.RESTRUCTURED: tuple(leg(name, "1303.06", ACCOUNTS[name]) for name in CLAIMS if name not in _SETTLED),
        Event.FORECLOSED: paid("1441", None, policy=policy),
    }


_RECOVERED = ("interest", "penalty", "compound", "fee")
_SETTLED = frozenset({"restructured_principal", "accrued_interest"})
"""Buckets that a restructuring leaves where they are."""


def _stopped(name: str) -> Legs:
    """Walk the legs that take interest off the balance sheet: income and tax back, remembered in the memo (E21)."""
    tax = DEFERRED_TAX if name == "accrued_interest" else OUTPUT_TAX
    yield from untaxed(name, INCOME[name], tax, ACCOUNTS[name])
    yield leg(name, MEMO[name], CONTRA)


def _partners(policy: NonAccrual) -> Mapping[Event, Iterable[Leg]]:
    """Return what passes between the lender and its partners (E28 to E32, §4.7)."""
    return {
        Event.COMPENSATED: paid(BANK, None, policy=policy),
        Event.REPURCHASED: (*paid(BANK, None, policy=policy), leg("premium", BANK, "6021.02")),
        Event.SERVICE_FEE_LENDER: (
            leg("service_fee", "6421.02", "2241.03", less="service_fee_vat"),
            leg("service_fee_vat", INPUT_TAX, "2241.03"),
        ),
        Event.SERVICE_FEE_SETTLED: (leg("service_fee", "2241.03", FEE_BANK),),
        Event.DEPOSIT_RECEIVED: (leg("amount", "1002.03", "2002"),),
        Event.DEPOSIT_APPLIED: paid("2002", None, policy=policy),
        Event.AGENCY_RECEIVED: (leg("amount", CHANNEL, "2314.01"),),
        Event.AGENCY_PAID: (leg("amount", "2314.01", BANK),),
    }


def _money(via: str) -> Mapping[Event, Iterable[Leg]]:
    """Return lines of credit, funding, unidentified receipts and differences (E01, E15, E36, E38, E39)."""
    return {
        Event.CREDIT_LINE_GRANTED: (leg("amount", "9005", CONTRA),),
        Event.CHANNEL_SETTLED: (
            leg("amount", BANK, CHANNEL, less="channel_fee"),
            leg("channel_fee", "6421.01", CHANNEL, less="channel_fee_vat"),
            leg("channel_fee_vat", INPUT_TAX, CHANNEL),
        ),
        Event.FUNDING_COST_ACCRUED: (leg("amount", "6411", "2231"),),
        Event.RECEIPT_UNIDENTIFIED: (leg("amount", BANK, via),),
        Event.DIFFERENCE_FOUND: (leg("short", "1221.02", CHANNEL), leg("over", CHANNEL, "1901")),
    }


def _suspended(policy: NonAccrual) -> Mapping[Event, Iterable[Leg]]:
    """Return receipt and allocation as two entries (E13, E14)."""
    return {
        Event.CASH_RECEIVED: (leg("amount", CHANNEL, SUSPENSE), leg(PARTNER_SHARE, CHANNEL, ACCOUNTS[PARTNER_SHARE])),
        Event.CASH_ALLOCATED: paid(SUSPENSE, None, policy=policy, extra=(EXCESS, "agency_fee")),
    }


def lender(
    *, is_prebooked: bool = True, via: str | None = SUSPENSE, policy: NonAccrual = NonAccrual.CASH_BASIS
) -> Mapping[str, Rule]:
    """Return the rules of a lender that collects: alone, or leading a joint loan.

    is_prebooked: the instruction is booked and the money visible in transit (preset A), or nothing until the bank
    says yes (preset B). via: the suspense account through which receipts go, or None for none.
    """
    return rules(
        {
            **_disbursement(is_prebooked=is_prebooked, is_partner=False),
            **_income(),
            **_receipts(CHANNEL, via, policy, is_partner=False),
            **_given(policy),
            **_impaired(CHANNEL, via, policy),
            **_partners(policy),
            **_money(SUSPENSE),
            **_suspended(policy),
            Event.SHARE_FUNDED: (leg(PARTNER_SHARE, PAYOUT, ACCOUNTS[PARTNER_SHARE]),),
            Event.SHARE_CLEARED: (leg(PARTNER_SHARE, ACCOUNTS[PARTNER_SHARE], BANK),),
        }
    )


def partner(*, policy: NonAccrual = NonAccrual.CASH_BASIS) -> Mapping[str, Rule]:
    """Return the rules of a funder that does not collect: its money comes and goes through the leader."""
    made = {
        **_disbursement(is_prebooked=False, is_partner=True),
        **_income(),
        **_receipts(CLEARING, None, policy, is_partner=True),
        **_given(policy),
        **_impaired(CLEARING, None, policy),
        **_partners(policy),
        Event.SHARE_FUNDED: (leg(PARTNER_SHARE, IN_TRANSIT, PAYOUT),),
        Event.SHARE_CLEARED: (leg(PARTNER_SHARE, BANK, CLEARING),),
    }
    for collecting in (Event.AGENCY_RECEIVED, Event.AGENCY_PAID):
        del made[collecting]
    return rules(made)


_RED = frozenset({Event.INTEREST_WAIVED, Event.CHARGE_WAIVED})
_KEPT = MappingProxyType(
    {Event.NON_ACCRUAL: frozenset((*MEMO, "fee")), Event.ACCRUAL_RESUMED: frozenset((*MEMO, "fee"))}
)
_FEES = MappingProxyType({Event.NON_ACCRUAL: frozenset({"fee"}), Event.ACCRUAL_RESUMED: frozenset({"fee"})})

CN_LENDER: Final = RuleSet(
    code="CN_LENDER",
    party=Party.LENDER,
    name_zh="资金方 (放款指令即记账)",
    name_en="Lender, booked when instructed",
    rules=lender(),
    ignored=_FEES,
    red=_RED,
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
CN_LENDER_ON_SUCCESS: Final = RuleSet(
    code="CN_LENDER_ON_SUCCESS",
    party=Party.LENDER,
    name_zh="资金方 (放款成功才记账)",
    name_en="Lender, booked on success",
    rules=lender(is_prebooked=False),
    silent=frozenset({Event.DISBURSEMENT_INSTRUCTED}),
    ignored=_FEES,
    red=_RED,
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
CN_LENDER_STAGE_3: Final = RuleSet(
    code="CN_LENDER_STAGE_3",
    party=Party.LENDER,
    name_zh="资金方 (第三阶段按实际利率)",
    name_en="Lender, stage 3 at the effective rate",
    rules=lender(policy=NonAccrual.STAGE_3_EIR),
    ignored=_KEPT,
    red=_RED,
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
CN_PARTNER: Final = RuleSet(
    code="CN_PARTNER",
    party=Party.PARTNER,
    name_zh="联合贷参贷方",
    name_en="Funder of a joint loan that does not collect",
    rules=partner(),
    silent=frozenset({Event.DISBURSEMENT_INSTRUCTED}),
    ignored=_FEES,
    red=_RED,
    is_reversed_red=True,
    vat_rate=VAT_RATE,
)
