"""Rules by account *role*, as data: the conventions of Apache Fineract's periodic-accrual and cash accounting.

A role (FUND, PORT, INT-RCV …) is what a bank maps to an account of its own. Read off the behaviour of Fineract's
accounting processors, not its code; a loan that was charged off, with or without fraud, posts elsewhere (`Flag`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from domain.product.accounting import CLAIMS, EXCESS, INTERESTS, PRINCIPALS, Event, Flag, Party
from domain.product.ruleset import Row, RuleSet
from ledger.account import AccountClass, Required
from ledger.rule import Condition, Leg, Rule, Test

ROLES: Final[tuple[Row, ...]] = (
    ("FUND", "资金来源", "Fund source", AccountClass.ASSET),
    ("PORT", "贷款本金", "Loan portfolio", AccountClass.ASSET),
    ("INT-RCV", "应收利息", "Interest receivable", AccountClass.ASSET),
    ("FEE-RCV", "应收费用", "Fees receivable", AccountClass.ASSET),
    ("PEN-RCV", "应收罚金", "Penalties receivable", AccountClass.ASSET),
    ("SUSP", "转移暂挂", "Transfers in suspense", AccountClass.ASSET),
    ("ASSET-TRANSFER", "资产转让", "Asset transfer", AccountClass.ASSET),
    ("OVERPAY", "溢缴款", "Overpayment liability", AccountClass.LIABILITY),
    ("PROV-LIAB", "损失准备", "Provision liability", AccountClass.LIABILITY),
    ("DEFERRED-INC", "递延收益", "Deferred income: capitalised and buy-down", AccountClass.LIABILITY),
    ("INT-INC", "利息收入", "Interest income", AccountClass.INCOME),
    ("FEE-INC", "费用收入", "Fee income", AccountClass.INCOME),
    ("PEN-INC", "罚金收入", "Penalty income", AccountClass.INCOME),
    ("CAP-INC", "资本化收入", "Income from capitalisation", AccountClass.INCOME),
    ("BUY-DOWN-INC", "贴息收入", "Income from buy down", AccountClass.INCOME),
    ("RECOV", "收回收入", "Income from recovery", AccountClass.INCOME),
    ("CO-INT", "核减利息收入", "Income from charge-off, interest", AccountClass.INCOME),
    ("CO-FEE", "核减费用收入", "Income from charge-off, fees", AccountClass.INCOME),
    ("CO-PEN", "核减罚金收入", "Income from charge-off, penalties", AccountClass.INCOME),
    ("GW-INT", "善意减免利息", "Income from goodwill, interest", AccountClass.INCOME),
    ("GW-FEE", "善意减免费用", "Income from goodwill, fees", AccountClass.INCOME),
    ("GW-PEN", "善意减免罚金", "Income from goodwill, penalties", AccountClass.INCOME),
    ("GOODWILL", "善意减免支出", "Goodwill credit expense", AccountClass.EXPENSE),
    ("CO-EXP", "核减支出", "Charge-off expense", AccountClass.EXPENSE),
    ("CO-FRAUD", "欺诈核减支出", "Charge-off expense, fraud", AccountClass.EXPENSE),
    ("BUY-DOWN-EXP", "贴息支出", "Buy down expense", AccountClass.EXPENSE),
    ("WO", "核销损失", "Losses written off", AccountClass.EXPENSE),
    ("PROV-EXP", "损失准备支出", "Provision expense", AccountClass.EXPENSE),
)
"""The chart of roles: code, Chinese, English, class."""

_PARTS: Final = MappingProxyType(
    {
        **dict.fromkeys(PRINCIPALS, "principal"),
        "accrued_interest": "INT",
        "interest": "INT",
        "nonaccrual_interest": "INT",
        "fee": "FEE",
        "penalty": "PEN",
        "compound": "PEN",
    }
)
"""Bucket to the middle of its roles: what is current, overdue or due shares one role."""

_GOOD = Condition(Flag.CHARGED_OFF, Test.ZERO)
_BAD = Condition(Flag.CHARGED_OFF)
_OURS = Condition(Flag.TRANSFERRED, Test.ZERO)
_THEIRS = Condition(Flag.TRANSFERRED)
_HONEST = Condition(Flag.FRAUD, Test.ZERO)
_FRAUD = Condition(Flag.FRAUD)
_FEE = Condition(Flag.PENALTY_CHARGE, Test.ZERO)
_PENALTY = Condition(Flag.PENALTY_CHARGE)

_Legs = Iterator[Leg]


def _leg(component: str, debit: str, credit: str, *when: Condition) -> Leg:
    """Return a leg; one that credits the account it debits is printed on both sides all the same."""
    dims = Required.ALL & ~Required.SUBJECT if debit == credit else Required.ALL
    return Leg(component, debit, credit, when=when, credit_dims=dims)


def _lost(name: str) -> Iterator[tuple[str, tuple[Condition, ...]]]:
    """Walk the accounts where a bucket was booked by the charge-off, each with its conditions."""
    if name in PRINCIPALS:
        yield "CO-EXP", (_HONEST,)
        yield "CO-FRAUD", (_FRAUD,)
    else:
        yield f"CO-{_PARTS[name]}", ()


def _earned(income: str) -> _Legs:
    """Walk deferred income that is earned; the rest of it lessens the loss when the loan is charged off."""
    yield _leg("amount", "DEFERRED-INC", income, _GOOD)
    for account, when in _lost("principal"):
        yield _leg("amount", "DEFERRED-INC", account, _BAD, *when)


class _Book:
    """One kind of accounting: where the claims stand, and all rules that follow from it."""

    def __init__(self, ending: str) -> None:
        """Name the ending of the roles on which interest and charges are claimed: RCV, or INC when they are not."""
        self._ending = ending

    def claim(self, name: str) -> str:
        """Return the role on which a bucket is claimed."""
        return "PORT" if name in PRINCIPALS else f"{_PARTS[name]}-{self._ending}"

    def paid(self) -> _Legs:
        """Walk a payment: it meets claims, or is income from recovery once the loan was charged off."""
        for name in CLAIMS:
            yield _leg(name, "FUND", self.claim(name), _GOOD, _OURS)
            yield _leg(name, "FUND", "RECOV", _BAD)
            yield _leg(name, "FUND", "ASSET-TRANSFER", _THEIRS)
        yield _leg(EXCESS, "FUND", "OVERPAY")

    def refunded(self) -> _Legs:
        """Walk a refund of the merchant: it undoes the loss once the loan was charged off."""
        for name in CLAIMS:
            yield _leg(name, "FUND", self.claim(name), _GOOD)
            for account, when in _lost(name):
                yield _leg(name, "FUND", account, _BAD, *when)
        yield _leg(EXCESS, "FUND", "OVERPAY")

    def goodwill(self) -> _Legs:
        """Walk a goodwill credit: expense for principal, contra income for the rest."""
        for name in CLAIMS:
            cost = "GOODWILL" if name in PRINCIPALS else f"GW-{_PARTS[name]}"
            yield _leg(name, cost, self.claim(name), _GOOD)
            yield _leg(name, cost, "RECOV", _BAD)
        yield _leg(EXCESS, "GOODWILL", "OVERPAY")

    def adjusted(self) -> _Legs:
        """Walk a charge that is given back: its income pays the claims."""
        for income, charge in (("FEE-INC", _FEE), ("PEN-INC", _PENALTY)):
            for name in CLAIMS:
                yield _leg(name, income, self.claim(name), charge, _GOOD)
                yield _leg(name, income, "CO-PEN" if _PARTS[name] == "PEN" else "CO-FEE", charge, _BAD)
            yield _leg(EXCESS, income, "OVERPAY", charge)

    def income_adjusted(self) -> _Legs:
        """Walk capitalised income that is given back: what was deferred pays the claims."""
        for name in CLAIMS:
            yield _leg(name, "DEFERRED-INC", self.claim(name), _GOOD)
            yield _leg(name, "DEFERRED-INC", "RECOV", _BAD)
        yield _leg(EXCESS, "DEFERRED-INC", "OVERPAY")

    def interest_refunded(self) -> _Legs:
        """Walk interest that is given back: its income pays the claims."""
        for name in CLAIMS:
            yield _leg(name, "INT-INC", self.claim(name), _GOOD)
            yield _leg(name, "INT-INC", "CO-INT", _BAD)
        yield _leg(EXCESS, "INT-INC", "OVERPAY")

    def charged_off(self) -> _Legs:
        """Walk a charge-off."""
        for name in CLAIMS:
            for account, when in _lost(name):
                yield _leg(name, account, self.claim(name), *when)

    def charged_back(self) -> _Legs:
        """Walk a chargeback: the claims are back, or the loss grows."""
        for name in CLAIMS:
            yield _leg(name, self.claim(name), "FUND", _GOOD)
            for account, when in _lost(name):
                yield _leg(name, account, "FUND", _BAD, *when)
        yield _leg(EXCESS, "OVERPAY", "FUND")

    def met_by(self, account: str) -> _Legs:
        """Walk claims that another account meets."""
        for name in CLAIMS:
            yield _leg(name, account, self.claim(name))

    def sold(self) -> _Legs:
        """Walk a sale: out of our hands, and the same claims in the owner's."""
        for name in CLAIMS:
            yield _leg(name, "ASSET-TRANSFER", self.claim(name))
            yield _leg(name, self.claim(name), "ASSET-TRANSFER")

    def common(self) -> Mapping[Event, Iterable[Leg]]:
        """Return what both kinds of accounting book, each on its own claims."""
        return {
            Event.DISBURSEMENT_SUCCEEDED: (_leg("principal", "PORT", "FUND"), _leg(EXCESS, "OVERPAY", "FUND")),
            Event.DISBURSEMENT_RETURNED: (_leg("principal", "FUND", "PORT"),),
            Event.FEE_AT_DISBURSEMENT: (_leg("fee", "FUND", "FEE-INC"), _leg("penalty", "FUND", "PEN-INC")),
            Event.REPAYMENT: self.paid(),
            Event.DOWN_PAYMENT: self.paid(),
            Event.CANCELLED: self.paid(),
            Event.OVERPAYMENT_APPLIED: self.met_by("OVERPAY"),
            Event.OVERPAYMENT_REFUNDED: (
                _leg(EXCESS, "OVERPAY", "FUND"),
                *(_leg(name, "PORT", "FUND", _GOOD) for name in PRINCIPALS),
                *(_leg(name, account, "FUND", _BAD, *when) for name in PRINCIPALS for account, when in _lost(name)),
            ),
            Event.MERCHANT_REFUND: self.refunded(),
            Event.PAYOUT_REFUND: self.refunded(),
            Event.GOODWILL_CREDIT: self.goodwill(),
            Event.CHARGE_ADJUSTMENT: self.adjusted(),
            Event.INTEREST_REFUND: self.interest_refunded(),
            Event.INCOME_CAPITALISED: (
                _leg("principal", "PORT", "DEFERRED-INC"),
                _leg(EXCESS, "OVERPAY", "DEFERRED-INC"),
            ),
            Event.INCOME_ADJUSTMENT: self.income_adjusted(),
            Event.INCOME_AMORTISED: _earned("CAP-INC"),
            Event.BUY_DOWN_FEE: (_leg("amount", "BUY-DOWN-EXP", "DEFERRED-INC"),),
            Event.BUY_DOWN_FEE_ADJUSTMENT: (_leg("amount", "DEFERRED-INC", "BUY-DOWN-EXP"),),
            Event.BUY_DOWN_FEE_AMORTISED: _earned("BUY-DOWN-INC"),
            Event.INTEREST_PAYMENT_WAIVER: self.interest_refunded(),
            Event.PRINCIPAL_WAIVED: (_leg(name, "WO", "PORT") for name in PRINCIPALS),
            Event.CHARGE_OFF: self.charged_off(),
            Event.RECOVERY: (_leg(name, "FUND", "RECOV") for name in ("written_off", *CLAIMS)),
            Event.COMPENSATED: self.met_by("FUND"),
            Event.REPURCHASED: (*self.met_by("FUND"), _leg("premium", "FUND", "FEE-INC")),
            Event.OFFICE_TRANSFERRED: (_leg(name, "SUSP", "PORT") for name in PRINCIPALS),
            Event.SOLD: self.sold(),
            Event.PROVISIONED: (_leg(f"stage_{no}", "PROV-EXP", "PROV-LIAB") for no in (1, 2, 3)),
        }

    def accrual(self) -> Mapping[Event, Iterable[Leg]]:
        """Return what only accrual accounting books."""
        claimed = {
            name: _leg(name, self.claim(name), f"{_PARTS[name]}-INC")
            for name in ("interest", "nonaccrual_interest", "fee", "penalty", "compound")
        }
        return {
            Event.INTEREST_ACCRUED: (
                *(claimed[name] for name in ("interest", "nonaccrual_interest", "fee", "penalty")),
            ),
            Event.NON_ACCRUAL_INTEREST: (*(claimed[name] for name in ("nonaccrual_interest", "penalty", "compound")),),
            Event.FEE_DUE: (claimed["fee"], claimed["penalty"]),
            Event.PREPAYMENT_FEE: (claimed["fee"],),
            Event.PENALTY_ACCRUED: (claimed["penalty"],),
            Event.COMPOUND_ACCRUED: (claimed["compound"],),
            Event.INTEREST_WAIVED: (_leg(name, "WO", self.claim(name)) for name in INTERESTS),
            Event.CHARGE_WAIVED: (_leg(name, "WO", self.claim(name)) for name in ("fee", "penalty", "compound")),
            Event.WRITE_OFF: self.met_by("WO"),
            Event.CHARGEBACK: self.charged_back(),
        }

    def cash(self) -> Mapping[Event, Iterable[Leg]]:
        """Return what only cash accounting books: the whole of a chargeback is lent again."""
        return {
            Event.WRITE_OFF: (_leg(name, "WO", "PORT") for name in PRINCIPALS),
            Event.CHARGEBACK: (_leg(name, "PORT", "FUND") for name in (*CLAIMS, EXCESS)),
        }


def _rules(*parts: Mapping[Event, Iterable[Leg]]) -> Mapping[str, Rule]:
    return MappingProxyType(
        {event.value: Rule(event.value, 1, tuple(legs)) for part in parts for event, legs in part.items()}
    )


_SILENT = frozenset(
    {
        Event.CREDIT_LINE_GRANTED,
        Event.DISBURSEMENT_INSTRUCTED,
        Event.INTEREST_DUE,
        Event.PRINCIPAL_OVERDUE,
        Event.ACCELERATED,
        Event.RESTRUCTURED,
        Event.NON_ACCRUAL,
        Event.ACCRUAL_RESUMED,
        Event.CHANNEL_SETTLED,
    }
)
"""Roles do not change when a claim falls due, ages, or is spread anew."""
_CHARGES = frozenset(_PARTS) - frozenset(PRINCIPALS)
_APPLIED = {Event.OVERPAYMENT_APPLIED: frozenset({EXCESS})}
"""The overpayment that is used is the debit of what it meets."""
_RECEIVABLE, _RECEIVED = _Book("RCV"), _Book("INC")

FINERACT: Final = RuleSet(
    code="FINERACT",
    party=Party.LENDER,
    name_zh="按角色: 定期权责发生制",
    name_en="By role: periodic accrual",
    rules=_rules(_RECEIVABLE.common(), _RECEIVABLE.accrual()),
    silent=_SILENT,
    ignored=MappingProxyType({**_APPLIED, Event.OFFICE_TRANSFERRED: _CHARGES}),
)
FINERACT_CASH: Final = RuleSet(
    code="FINERACT_CASH",
    party=Party.LENDER,
    name_zh="按角色: 收付实现制",
    name_en="By role: cash basis",
    rules=_rules(_RECEIVED.common(), _RECEIVED.cash()),
    silent=_SILENT
    | {
        Event.INTEREST_ACCRUED,
        Event.NON_ACCRUAL_INTEREST,
        Event.FEE_DUE,
        Event.PREPAYMENT_FEE,
        Event.PENALTY_ACCRUED,
        Event.COMPOUND_ACCRUED,
        Event.INTEREST_WAIVED,
        Event.CHARGE_WAIVED,
    },
    ignored=MappingProxyType({**_APPLIED, Event.OFFICE_TRANSFERRED: _CHARGES, Event.WRITE_OFF: _CHARGES}),
)
