"""综合融资成本明示表, the all-in cost disclosure: what a loan costs, who takes it, how and when. Pure.

明示综合融资成本 (金规〔2026〕2号): principal; every charge of normal performance with how it is collected (收取方式),
its standard (收取标准, annualised) and who takes it (收取主体); the yearly cost of normal performance; what only a
breach or a choice of the borrower would bring; and that nothing else is charged. It is made of a plan that is to be
paid, or of flows that were paid. Its `content` is canonical JSON: hashed, and shown by `sheet` in Chinese and English.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from types import MappingProxyType
from typing import Final

from domain.servicing.annuity import NoRate, SeveralRates
from domain.servicing.cost import Annualised, Flow, annualised, annualised_by_dates, shown
from domain.servicing.duedate import Unit
from domain.servicing.schedule import Kind, Schedule, fees_at_disbursement
from domain.servicing.terms import FeeBasis, FeeWhen, Terms
from ledger.money import Money

VERSION: Final = 2
"""Of the document. 1 had no method, no amount in hand, no standard of a fee or a breach, and no statement."""
INTEREST: Final = "INTEREST"
PENALTY_INTEREST: Final = "PENALTY_INTEREST"
PRINCIPAL: Final = "PRINCIPAL"
FUNDER: Final = "FUNDER"
BORROWER: Final = "BORROWER"
OVERDUE_PRINCIPAL: Final = "OVERDUE_PRINCIPAL"
AS_PAID: Final = "AS_PAID"
"""Collected, in a disclosure of what was paid."""
NOTHING_ELSE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": "除本表所列息费外, 不再收取任何其他费用。",
        "en": "Nothing is charged besides the interest and fees of this table.",
    }
)
"""The statement that ends the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostItem:
    """One charge of normal performance (正常履约)."""

    item: str
    """`INTEREST`, or the code of a fee."""
    payee: str
    """Who takes it (收取主体): `FUNDER`; the platform may charge the borrower nothing (金规〔2025〕9号)."""
    collected: str
    """How (收取方式): `PER_INSTALMENT`, `DEDUCTED`, `AT_DISBURSEMENT`, `ONCE`, `AS_PAID`."""
    basis: str
    """Of what the standard is a fraction (`OUTSTANDING`, `PRINCIPAL`, …), or `AMOUNT`."""
    standard: Decimal
    """Standard (收取标准) as the contract states it: a fraction of the basis, of a year for interest; minor units."""
    rate_annual: Decimal
    """The standard annualised: interest, its rate; a fee, what a loan with this fee and nothing else costs a year."""
    amount: int
    """Sum over the whole loan, minor units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContingentCost:
    """One charge that only a breach (违约) or a choice of the borrower brings: `rate_annual`, `rate` or `amount`."""

    item: str
    """`PENALTY_INTEREST` (on overdue principal, per day), `MISUSE_INTEREST`, `PREPAYMENT_FEE`, …"""
    payee: str
    basis: str
    """Of what the rate is a fraction."""
    rate_annual: Decimal | None = None
    """Fraction per year."""
    rate: Decimal | None = None
    """Fraction, once."""
    amount: int | None = None
    """Minor units, once."""

    def __post_init__(self) -> None:
        """Assert that there is one standard."""
        stated = [one for one in (self.rate_annual, self.rate, self.amount) if one is not None]
        assert len(stated) == 1, "a contingent cost has one standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostDisclosure:
    """综合融资成本明示表; nothing else will be charged."""

    currency: str
    principal: int
    """What is lent, minor units."""
    received: int
    """What the borrower has in hand of it, fees that he pays at once taken off."""
    method: str
    """How it is repaid (还款方式), or `AS_PAID`."""
    instalments: int
    total_interest: int
    total_fees: int
    total_payment: int
    """Principal, interest and fees."""
    items: tuple[CostItem, ...]
    contingent: tuple[ContingentCost, ...]
    annual: Annualised
    """Yearly cost of normal performance on the rounded flows."""
    cap_annual: Decimal
    """The bound it was checked against, by the simple method."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A part of a payment that was made: principal, interest or a fee, minor units."""

    on: date
    item: str
    payee: str
    amount: int


def disclose(
    terms: Terms, plan: Schedule, *, cap: Decimal, contingent: Sequence[ContingentCost] = ()
) -> CostDisclosure | NoRate | SeveralRates:
    """The cost table of a plan; penalty interest is always in it, other contingent costs are the contract's."""
    charges, items = _fees(terms, plan), list[CostItem]()
    for charge in charges:
        own = _annual(terms, plan, [charge], with_interest=False)
        if not isinstance(own, Annualised):
            return own
        items.append(
            CostItem(
                item=charge.code,
                payee=charge.payee,
                collected=charge.collected,
                basis=charge.basis,
                standard=charge.standard,
                rate_annual=own.simple,
                amount=charge.total,
            )
        )
    annual = _annual(terms, plan, charges, with_interest=True)
    if not isinstance(annual, Annualised):
        return annual
    interest = CostItem(
        item=INTEREST,
        payee=FUNDER,
        collected=FeeWhen.PER_INSTALMENT,
        basis=FeeBasis.OUTSTANDING,
        standard=terms.rate_annual,
        rate_annual=terms.rate_annual,
        amount=plan.interest,
    )
    overdue = ContingentCost(
        item=PENALTY_INTEREST, payee=FUNDER, basis=OVERDUE_PRINCIPAL, rate_annual=terms.penalty_rate_annual
    )
    fees = sum(item.amount for item in items)
    return CostDisclosure(
        currency=terms.currency,
        principal=terms.principal,
        received=terms.principal - sum(charge.upfront for charge in charges),
        method=terms.method,
        instalments=len(plan.instalments),
        total_interest=plan.interest,
        total_fees=fees,
        total_payment=terms.principal + plan.interest + fees,
        items=(interest, *items),
        contingent=(overdue, *contingent),
        annual=annual,
        cap_annual=cap,
    )


def dated_flows(terms: Terms, plan: Schedule) -> tuple[tuple[date, int], ...]:
    """All that the borrower receives (positive) and pays (negative) by a plan, on its dates, minor units."""
    return _dated(terms, plan, _fees(terms, plan), with_interest=True)


def disclose_paid(
    currency: str,
    *,
    received: Sequence[tuple[date, int]],
    paid: Sequence[Charge],
    cap: Decimal,
    contingent: Sequence[ContingentCost] = (),
) -> CostDisclosure | NoRate | SeveralRates:
    """The cost table of what was really received and paid, on its dates; each charge annualised beside principal."""
    principal = [(one.on, -one.amount) for one in paid if one.item == PRINCIPAL]
    annual = annualised_by_dates([*received, *((one.on, -one.amount) for one in paid)])
    if not isinstance(annual, Annualised):
        return annual
    items = list[CostItem]()
    for item, payee in dict.fromkeys((one.item, one.payee) for one in paid if one.item != PRINCIPAL):
        own = [(one.on, -one.amount) for one in paid if (one.item, one.payee) == (item, payee)]
        alone = annualised_by_dates([*received, *principal, *own])
        if not isinstance(alone, Annualised):
            return alone
        total = -sum(amount for _, amount in own)
        items.append(
            CostItem(
                item=item,
                payee=payee,
                collected=AS_PAID,
                basis=FeeBasis.AMOUNT,
                standard=Decimal(total),
                rate_annual=alone.simple,
                amount=total,
            )
        )
    lent, interest = sum(amount for _, amount in received), sum(one.amount for one in items if one.item == INTEREST)
    return CostDisclosure(
        currency=currency,
        principal=lent,
        received=lent,
        method=AS_PAID,
        instalments=len({one.on for one in paid}),
        total_interest=interest,
        total_fees=sum(one.amount for one in items) - interest,
        total_payment=sum(one.amount for one in paid),
        items=tuple(items),
        contingent=tuple(contingent),
        annual=annual,
        cap_annual=cap,
    )


def content(disclosure: CostDisclosure) -> dict[str, object]:
    """The disclosure as plain JSON values, decimals as strings: what is stored and hashed."""
    annual = disclosure.annual
    return {
        "version": VERSION,
        "currency": disclosure.currency,
        "principal": disclosure.principal,
        "received": disclosure.received,
        "method": disclosure.method,
        "instalments": disclosure.instalments,
        "total_interest": disclosure.total_interest,
        "total_fees": disclosure.total_fees,
        "total_payment": disclosure.total_payment,
        "items": [
            {
                "item": one.item,
                "payee": one.payee,
                "collected": one.collected,
                "basis": one.basis,
                "standard": f"{one.standard:f}",
                "rate_annual": f"{one.rate_annual:f}",
                "amount": one.amount,
            }
            for one in disclosure.items
        ],
        "contingent": [
            {
                "item": one.item,
                "payee": one.payee,
                "basis": one.basis,
                "rate_annual": None if one.rate_annual is None else f"{one.rate_annual:f}",
                "rate": None if one.rate is None else f"{one.rate:f}",
                "amount": one.amount,
            }
            for one in disclosure.contingent
        ],
        "annual_simple": f"{annual.simple:f}",
        "annual_effective": f"{annual.effective:f}",
        "annual_dated": f"{annual.dated:f}",
        "cap_annual": f"{disclosure.cap_annual:f}",
        "statement": dict(NOTHING_ELSE),
    }


def sheet(disclosure: CostDisclosure, locale: str, *, names: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """The table as people read it, a label and a text a line; `names` are those of the payees, by code."""
    zh, called, currency = locale.lower().startswith("zh"), names or {}, disclosure.currency

    def say(code: str) -> str:
        return _WORDS.get(code, (code, code))[0 if zh else 1]

    def money(minor: int) -> str:
        return f"{Money(minor, currency)} {currency}"

    def yearly(rate: Decimal) -> str:
        return say("YEARLY").format(_percent(rate))

    def payee(code: str) -> str:
        return f"{say(_PAYEE)}: {called.get(code, say(code))}"

    lines = [
        (say("LENT"), money(disclosure.principal)),
        (say("IN_HAND"), money(disclosure.received)),
        (say("METHOD"), say(disclosure.method)),
        (say("INSTALMENTS"), str(disclosure.instalments)),
    ]
    for one in disclosure.items:
        told = (say(one.collected), yearly(one.rate_annual), money(one.amount), payee(one.payee))
        lines.append((say(one.item), "; ".join(told)))
    lines += [
        (say("TOTAL"), money(disclosure.total_payment)),
        (say("COST_SIMPLE"), _percent(disclosure.annual.simple)),
        (say("COST_EFFECTIVE"), _percent(disclosure.annual.effective)),
        (say("COST_DATED"), _percent(disclosure.annual.dated)),
    ]
    for breach in disclosure.contingent:
        if breach.amount is not None:
            standard = money(breach.amount)
        else:
            rate = _percent(breach.rate) if breach.rate is not None else yearly(breach.rate_annual or Decimal())
            standard = f"{rate} {say(breach.basis)}" if not zh else f"{say(breach.basis)} {rate}"
        lines.append((say(breach.item), "; ".join((say("CONTINGENT"), standard, payee(breach.payee)))))
    return [*lines, (say("STATEMENT"), NOTHING_ELSE["zh-CN" if zh else "en"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fee:
    """A fee of the contract, and what it takes: at once, and with the rows of the plan; minor units."""

    code: str
    payee: str
    collected: str
    basis: str
    standard: Decimal
    upfront: int
    by_row: Mapping[int, int]

    @property
    def total(self) -> int:
        return self.upfront + sum(self.by_row.values())


def _fees(terms: Terms, plan: Schedule) -> tuple[_Fee, ...]:
    """The borrower's fees with what each takes at once and with each instalment."""
    upfront = {fee.code: amount for fee, amount in fees_at_disbursement(terms)}
    return tuple(
        _Fee(
            code=fee.code,
            payee=fee.payee,
            collected=fee.when,
            basis=fee.basis,
            standard=fee.value,
            upfront=upfront.get(fee.code, 0),
            by_row={
                number: sum(amount for code, amount in row.fees if code == fee.code)
                for number, row in enumerate(plan.rows)
            },
        )
        for fee in terms.fees
        if fee.payer == BORROWER
    )


def _annual(
    terms: Terms, plan: Schedule, charged: Sequence[_Fee], *, with_interest: bool
) -> Annualised | NoRate | SeveralRates:
    """What a year costs with these charges and no other: by regular periods, or by dates where periods are odd."""
    flows = _dated(terms, plan, charged, with_interest=with_interest)
    if not _is_counted(terms, plan):
        return annualised_by_dates(flows)
    per_year, scale = _PER_YEAR[terms.calendar.unit]
    steps = [row.period.step[1] for row in plan.rows] or [terms.calendar.every] * len(plan.instalments)
    ends = (0, *accumulate(step * scale for step in steps))
    counted = [Flow(on, end, amount) for (on, amount), end in zip(flows, ends, strict=True)]
    return annualised(counted, per_year=per_year)


def _dated(
    terms: Terms, plan: Schedule, charged: Sequence[_Fee], *, with_interest: bool
) -> tuple[tuple[date, int], ...]:
    """What is drawn, the first drawing less what is charged at once, and what every instalment pays of the charges."""
    upfront = sum(fee.upfront for fee in charged)
    (first, *later) = [(one.on, one.amount) for one in terms.disbursements] or [(terms.start_on, terms.principal)]
    paid = [
        (
            one.due_on,
            -one.principal - (one.interest if with_interest else 0) - sum(fee.by_row.get(number, 0) for fee in charged),
        )
        for number, one in enumerate(plan.instalments)
    ]
    return ((first[0], first[1] - upfront), *later, *paid)


def _is_counted(terms: Terms, plan: Schedule) -> bool:
    """Whether every period is a regular one, so that periods can be counted; a textbook loan has nothing else."""
    is_regular = all(row.period.is_regular and row.kind is not Kind.STUB for row in plan.rows)
    return len(terms.disbursements) <= 1 and (is_regular or not terms.is_dated)


def _percent(rate: Decimal) -> str:
    return f"{shown(rate):.2%}"


_PER_YEAR: Final[Mapping[Unit, tuple[int, int]]] = {
    Unit.DAY: (365, 1),
    Unit.WEEK: (52, 1),
    Unit.HALF_MONTH: (24, 1),
    Unit.MONTH: (12, 1),
    Unit.QUARTER: (12, 3),
    Unit.YEAR: (12, 12),
}
"""Periods of a year in which the flows of a unit are counted, and how many of them the unit has."""

_PAYEE: Final = "PAYEE"
_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "LENT": ("贷款本金", "principal"),
        "IN_HAND": ("实际到手金额", "in hand"),
        "METHOD": ("还款方式", "repayment method"),
        "INSTALMENTS": ("期数", "instalments"),
        "TOTAL": ("正常履约还款总额", "total of normal performance"),
        "COST_SIMPLE": ("年化综合融资成本 (单利)", "yearly cost (simple)"),
        "COST_EFFECTIVE": ("年化综合融资成本 (复利)", "yearly cost (compounded)"),
        "COST_DATED": ("年化综合融资成本 (按实际天数)", "yearly cost (actual days)"),
        "STATEMENT": ("声明", "statement"),
        "YEARLY": ("年化 {}", "{} a year"),
        "CONTINGENT": ("仅在违约或借款人选择时收取", "only on a breach or a choice of the borrower"),
        _PAYEE: ("收取主体", "taken by"),
        INTEREST: ("利息", "interest"),
        PENALTY_INTEREST: ("逾期罚息", "penalty interest"),
        "COMPOUND_INTEREST": ("复利", "compound interest"),
        "MISUSE_INTEREST": ("挪用罚息", "misuse interest"),
        "PREPAYMENT_FEE": ("提前还款违约金", "prepayment fee"),
        "LATE_CHARGE": ("滞纳金", "late charge"),
        "GUARANTEE_FEE": ("担保费", "guarantee fee"),
        FUNDER: ("资金方", "the lender"),
        "GUARANTOR": ("担保方", "the guarantor"),
        "PLATFORM": ("平台", "the platform"),
        "PER_INSTALMENT": ("按期收取", "with each instalment"),
        "DEDUCTED": ("放款时扣收", "deducted from the disbursement"),
        "AT_DISBURSEMENT": ("放款日收取", "on the day of the disbursement"),
        "ONCE": ("一次性收取", "once"),
        AS_PAID: ("按实际还款", "as paid"),
        OVERDUE_PRINCIPAL: ("逾期本金", "of overdue principal"),
        "OVERDUE_INTEREST": ("逾期利息", "of overdue interest"),
        "MISUSED_PRINCIPAL": ("挪用本金", "of misused principal"),
        "PREPAID_PRINCIPAL": ("提前归还本金", "of prepaid principal"),
        "EQUAL_INSTALMENT": ("等额本息", "equal instalments"),
        "EQUAL_PRINCIPAL": ("等额本金", "equal principal"),
        "INTEREST_FIRST": ("先息后本", "interest first, principal at the end"),
        "BULLET": ("一次性还本付息", "all at the end"),
        "EQUAL_INTEREST": ("等本等息", "equal principal and interest on the amount lent"),
        "DAILY_REVOLVING": ("按日计息随借随还", "daily interest, repaid at will"),
        "BALLOON": ("气球贷", "balloon"),
        "STAGED": ("分段还款", "in stages"),
        "SPECIFIED": ("按约定计划", "as agreed"),
        "ADD_ON": ("预先计算利息, 等额还款", "precomputed charge in equal payments"),
    }
)
"""How the codes of the table are called, in Chinese and in English."""
