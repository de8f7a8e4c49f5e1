"""Rules of a lender's book under 企业会计准则, as data: rows E01 to E39 of the domain reference §4.4.

Interest and fees are gross; the tax inside them is a component of its own (`interest_vat`), computed by `ruleset`. Tax
on accrued interest waits on 2221.02 until the interest falls due or is paid, and becomes payable on 2221.01.01 then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final

from domain.product.accounting import CLAIMS, EXCESS, INTERESTS, PARTNER_SHARE, PRINCIPALS, VAT, Event, Flag, Party
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
        "nonaccrual_interest": "1132.01",
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
        "nonaccrual_interest": "6011.01",
        "penalty": "6011.02",
        "compound": "6011.03",
        "fee": "6021.01",
        "service_fee": "6021.03",
    }
)
"""Where each kind of income stands."""
MEMO: Final[Mapping[str, str]] = MappingProxyType(
    {"nonaccrual_interest": "9001", "compound": "9001", "penalty": "9002"}
)
"""Where interest of a loan that no longer accrues is remembered, in the buckets where it then lies."""

CHANNEL, SUSPENSE, BANK, FEE_BANK = "1012.01", "2241.02", "1002.02", "1002.04"
PAYOUT, IN_TRANSIT, CLEARING = "1002.01", "3001.01", "3001.02"
OUTPUT_TAX, INPUT_TAX, DEFERRED_TAX = "2221.01.01", "2221.01.02", "2221.02"
ALLOWANCE, INTEREST_ALLOWANCE, FEE_ALLOWANCE = "1304.03", "1231.01", "1231.02"
CONTRA = "9999"

_NORMAL = Condition(Flag.NON_ACCRUAL, Test.ZERO)
_STOPPED = Condition(Flag.NON_ACCRUAL)
_CARRIED = Condition(Flag.CHARGED_OFF, Test.ZERO)
_LOST = Condition(Flag.CHARGED_OFF)
_OURS = Condition(Flag.TRANSFERRED, Test.ZERO)
_THEIRS = Condition(Flag.TRANSFERRED)
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


def plain(made: Mapping[str, Rule]) -> Mapping[str, Rule]:
    """Return rules for loans that are always in their normal state and bear no tax: legs for flags and taxes go."""
    return MappingProxyType(
        {
            name: replace(rule, legs=tuple(_plain(one) for one in rule.legs if _is_plain(one)))
            for name, rule in made.items()
        }
    )


def _is_plain(one: Leg) -> bool:
    asked = (each for each in one.when if each.component in set(Flag))
    return not one.component.endswith(VAT) and all(each.test is Test.ZERO for each in asked)


def _plain(one: Leg) -> Leg:
    terms = tuple(term for term in one.terms if not term.component.endswith(VAT))
    return replace(one, when=(), terms=() if terms == (Term(one.component),) else terms)


def paid(cash: str, via: str | None, *, policy: NonAccrual, extra: Iterable[str] = ()) -> Legs:
    """Return the legs by which money meets claims: `cash` is debited, through the suspense account `via` if there is.

    When the loan no longer accrues, interest that is paid is income of the day, and the memo is released (E23). What
    was charged off is recovered (E27). What belongs to a guarantor or buyer is held for him. Tax on interest that is
    paid before it fell due becomes payable (E16).
    """
    source = cash if via is None else via
    names = (*CLAIMS, *extra)
    if via is not None:
        yield leg("received", cash, via, total=names)
    for name in CLAIMS:
        if policy is NonAccrual.STAGE_3_EIR or name not in MEMO:
            yield leg(name, source, ACCOUNTS[name], when=(_CARRIED, _OURS))
            continue
        held = (_CARRIED, _OURS, _STOPPED) if name != "nonaccrual_interest" else (_CARRIED, _OURS)
        if name != "nonaccrual_interest":
            yield leg(name, source, ACCOUNTS[name], when=(_CARRIED, _OURS, _NORMAL))
        if source != INCOME[name]:
            yield from taxed(name, source, INCOME[name], when=held)
        yield leg(name, CONTRA, MEMO[name], when=held)
    yield from (leg(name, source, ACCOUNTS[name]) for name in extra)
    yield leg("held", source, ACCOUNTS[PARTNER_SHARE], total=CLAIMS, when=(_THEIRS,))
    yield from recovered(source, when=(_LOST,))
    yield leg(f"accrued_interest{VAT}", DEFERRED_TAX, OUTPUT_TAX, when=(_CARRIED, _OURS))


def recovered(source: str, *, lost: Iterable[str] = PRINCIPALS, when: tuple[Condition, ...] = ()) -> Legs:
    """Return the legs of what comes in on a claim that was written off: the allowance, income, and the memo (E27)."""
    principals = tuple(lost)
    yield leg("recovered", source, ALLOWANCE, total=principals, when=when)
    yield leg("released", CONTRA, "9003", total=principals, when=when)
    for name in (*INTERESTS, "fee"):
        yield from taxed(name, source, "6011.04", when=when)
    yield leg("pursued", CONTRA, "9004", total=(*INTERESTS, "fee"), when=when)


def given_up(allowances: Mapping[str, str], memo: Mapping[str, str], *, policy: NonAccrual) -> Legs:
    """Return the legs of a write-off (E26): allowances against claims, and the memo by which they are pursued."""
    for name in CLAIMS:
        is_memo = policy is NonAccrual.CASH_BASIS and name in MEMO
        if not is_memo or name != "nonaccrual_interest":
            when = (_NORMAL,) if is_memo else ()
            yield leg(name, allowances[name], ACCOUNTS[name], when=when)
            yield leg(name, memo[name], CONTRA, when=when)
        if is_memo:
            yield leg(name, memo[name], MEMO[name], when=() if name == "nonaccrual_interest" else (_STOPPED,))


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
        Event.INTEREST_ACCRUED: (
            *taxed("interest", ACCOUNTS["accrued_interest"], INCOME["interest"], DEFERRED_TAX),
            *taxed("nonaccrual_interest", ACCOUNTS["nonaccrual_interest"], INCOME["nonaccrual_interest"]),
        ),
        Event.INTEREST_DUE: (
            leg("interest", ACCOUNTS["interest"], ACCOUNTS["accrued_interest"]),
            leg("interest_vat", DEFERRED_TAX, OUTPUT_TAX),
        ),
        Event.PENALTY_ACCRUED: taxed("penalty", ACCOUNTS["penalty"], INCOME["penalty"]),
        Event.COMPOUND_ACCRUED: taxed("compound", ACCOUNTS["compound"], INCOME["compound"]),
        Event.FEE_DUE: (*_charged("fee", INCOME["fee"]), *_charged("penalty", INCOME["penalty"])),
        Event.FEE_AT_DISBURSEMENT: (
            *taxed("fee", PAYOUT, INCOME["fee"]),
            *taxed("penalty", PAYOUT, INCOME["penalty"]),
        ),
        Event.PREPAYMENT_FEE: tuple(_charged("fee", "6021.02")),
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
        Event.OVERPAYMENT_APPLIED: paid(
            cash if is_partner else ACCOUNTS[EXCESS], via, policy=policy, extra=() if is_partner else (PARTNER_SHARE,)
        ),
        Event.OVERPAYMENT_REFUNDED: (
            leg(EXCESS, ACCOUNTS[EXCESS], BANK),
            *(leg(name, ACCOUNTS[name], BANK) for name in PRINCIPALS),
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
        Event.INTEREST_WAIVED: tuple(part for name in INTERESTS for part in _waived(name, policy)),
        Event.CHARGE_WAIVED: tuple(part for name in ("fee", "penalty", "compound") for part in _waived(name, policy)),
        Event.PRINCIPAL_WAIVED: (
            *(leg(name, ALLOWANCE, ACCOUNTS[name], when=(_CARRIED,)) for name in PRINCIPALS),
            leg("released", CONTRA, "9003", total=PRINCIPALS, when=(_LOST,)),
        ),
        Event.GOODWILL_CREDIT: paid("6602", None, policy=policy, extra=(EXCESS,)),
        Event.INTEREST_REFUND: paid(INCOME["interest"], None, policy=policy, extra=(EXCESS,)),
        Event.INTEREST_PAYMENT_WAIVER: paid(INCOME["interest"], None, policy=policy, extra=(EXCESS,)),
        Event.CHARGE_ADJUSTMENT: tuple(_adjusted(policy)),
    }


def _waived(name: str, policy: NonAccrual) -> Legs:
    """Walk the legs of a waiver: income and tax back; only the memo where the claim is off the balance sheet."""
    tax = DEFERRED_TAX if name == "accrued_interest" else OUTPUT_TAX
    yield leg(name, CONTRA, "9004", when=(_LOST,))
    if policy is NonAccrual.CASH_BASIS and name in MEMO:
        held = (_CARRIED,) if name == "nonaccrual_interest" else (_CARRIED, _STOPPED)
        yield leg(name, CONTRA, MEMO[name], when=held)
        if name == "nonaccrual_interest":
            return
        yield from untaxed(name, INCOME[name], tax, ACCOUNTS[name], when=(_CARRIED, _NORMAL))
        return
    yield from untaxed(name, INCOME[name], tax, ACCOUNTS[name], when=(_CARRIED,))


def _adjusted(policy: NonAccrual) -> Legs:
    """Walk the legs of a charge that is given back and meets claims: its income pays them, however they are carried."""
    for name, asked in (("fee", Test.ZERO), ("penalty", Test.POSITIVE)):
        for one in paid(INCOME[name], None, policy=policy, extra=(EXCESS,)):
            yield replace(one, when=(*one.when, Condition(Flag.PENALTY_CHARGE, asked)))


def _impaired(cash: str, via: str | None, policy: NonAccrual, *, is_partner: bool) -> Mapping[Event, Iterable[Leg]]:
    """Return overdue, non-accrual, provisions, write-off and recovery (E09, E21 to E27, E34, E35)."""
    given = tuple(given_up(_ALLOWANCES, _WRITTEN_OFF, policy=policy))
    lost = ("written_off", *PRINCIPALS)
    source = cash if via is None else via
    handed = () if is_partner else (PARTNER_SHARE,)
    return {
        Event.PRINCIPAL_OVERDUE: (
            leg("principal", ACCOUNTS["overdue_principal"], ACCOUNTS["principal"]),
            leg("overdue_principal", ACCOUNTS["overdue_principal"], ACCOUNTS["principal"]),
        ),
        Event.ACCELERATED: (
            leg("principal", ACCOUNTS["overdue_principal"], ACCOUNTS["principal"]),
            leg("interest", ACCOUNTS["interest"], ACCOUNTS["accrued_interest"]),
            leg("interest_vat", DEFERRED_TAX, OUTPUT_TAX),
        ),
        Event.NON_ACCRUAL: tuple(_stopped(policy)),
        Event.NON_ACCRUAL_INTEREST: tuple(_remembered(policy)),
        Event.ACCRUAL_RESUMED: tuple(_resumed(policy)),
        Event.PROVISIONED: tuple(leg(f"stage_{no}", "6702", f"1304.0{no}") for no in (1, 2, 3)),
        Event.CHARGE_OFF: given,
        Event.WRITE_OFF: given,
        Event.RECOVERY: (
            *(() if via is None else (leg("received", cash, via, total=(*lost, *INTERESTS, "fee", *handed)),)),
            *recovered(source, lost=lost),
            *(leg(name, source, ACCOUNTS[name]) for name in handed),
        ),
        Event.RESTRUCTURED: tuple(leg(name, "1303.06", ACCOUNTS[name]) for name in CLAIMS if name not in _SETTLED),
        Event.FORECLOSED: paid("1441", None, policy=policy),
    }


_SETTLED = frozenset({"restructured_principal", "accrued_interest", "nonaccrual_interest"})
"""Buckets that a restructuring leaves where they are."""


def _stopped(policy: NonAccrual) -> Legs:
    """Walk the legs into non-accrual (E21): principal to its account; interest off the balance sheet, or kept."""
    stopped = ACCOUNTS["nonaccrual_principal"]
    yield from (leg(name, stopped, ACCOUNTS[name]) for name in PRINCIPALS if ACCOUNTS[name] != stopped)
    if policy is NonAccrual.STAGE_3_EIR:
        yield leg("accrued_interest", ACCOUNTS["nonaccrual_interest"], ACCOUNTS["accrued_interest"])
        yield leg("accrued_interest_vat", DEFERRED_TAX, OUTPUT_TAX)
        return
    for name in ("accrued_interest", "interest", "penalty", "compound"):
        tax = DEFERRED_TAX if name == "accrued_interest" else OUTPUT_TAX
        yield from untaxed(name, INCOME[name], tax, ACCOUNTS[name])
        yield leg(name, MEMO.get(name, "9001"), CONTRA)


def _remembered(policy: NonAccrual) -> Legs:
    """Walk the legs of interest that is no income (E22): the memo, or the allowance; pursued when the claim is lost."""
    for name in MEMO:
        if policy is NonAccrual.CASH_BASIS:
            yield leg(name, MEMO[name], CONTRA, when=(_CARRIED,))
        else:
            yield leg(name, ALLOWANCE, INCOME[name], when=(_CARRIED,))
        yield leg(name, "9004", CONTRA, when=(_LOST,))


def _charged(name: str, income: str) -> Legs:
    """Walk the legs of a charge: a receivable and income, or only pursued when the claim is lost."""
    yield from taxed(name, ACCOUNTS[name], income, when=(_CARRIED,))
    yield leg(name, "9004", CONTRA, when=(_LOST,))


def _resumed(policy: NonAccrual) -> Legs:
    """Walk the legs back to accrual (E24): interest that was remembered is income again."""
    yield leg("nonaccrual_principal", ACCOUNTS["principal"], ACCOUNTS["nonaccrual_principal"])
    if policy is NonAccrual.CASH_BASIS:
        for name in MEMO:
            yield from taxed(name, ACCOUNTS[name], INCOME[name])
            yield leg(name, CONTRA, MEMO[name])


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
            **_impaired(CHANNEL, via, policy, is_partner=False),
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
        **_impaired(CLEARING, None, policy, is_partner=True),
        **_partners(policy),
        Event.SHARE_FUNDED: (leg(PARTNER_SHARE, IN_TRANSIT, PAYOUT),),
        Event.SHARE_CLEARED: (leg(PARTNER_SHARE, BANK, CLEARING),),
    }
    for collecting in (Event.AGENCY_RECEIVED, Event.AGENCY_PAID):
        del made[collecting]
    return rules(made)


_RED = frozenset({Event.INTEREST_WAIVED, Event.CHARGE_WAIVED})
_APPLIED = {Event.OVERPAYMENT_APPLIED: frozenset({EXCESS})}
"""The overpayment that is used is the debit of what it meets."""
_FEES = MappingProxyType({**_APPLIED, Event.NON_ACCRUAL: frozenset({"fee"}), Event.ACCRUAL_RESUMED: frozenset({"fee"})})
_KEPT = MappingProxyType(
    {
        **_APPLIED,
        Event.NON_ACCRUAL: frozenset({"fee", "interest", "penalty", "compound"}),
        Event.ACCRUAL_RESUMED: frozenset({"fee", "nonaccrual_interest", "penalty", "compound"}),
    }
)
"""Receivables that stay where they are when the loan stops, or starts again, to accrue."""

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
