"""Accounts and the chart: classes and their normal sides, leaf-only posting, and roll-up by level.

A code names its place in the tree by its dots: ``1303`` is level 1, ``1303.01`` a child at level 2. Off-balance (memo)
accounts balance among themselves, against the contra account 9999, so the one law of balance holds for them too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntFlag, StrEnum
from types import MappingProxyType
from typing import Final

MEMO_CONTRA: Final = "9999"
"""The account that memo entries are posted against."""


class Side(StrEnum):
    """Debit or credit; an amount is always positive and its direction is this word."""

    DEBIT = "D"
    CREDIT = "C"

    @property
    def opposite(self) -> "Side":
        """The other side."""
        return Side.CREDIT if self is Side.DEBIT else Side.DEBIT


class AccountClass(StrEnum):
    """The classes of the Chinese chart of accounts; `common` may stand on either side (clearing, derivatives)."""

    ASSET = "asset"
    LIABILITY = "liability"
    COMMON = "common"
    EQUITY = "equity"
    COST = "cost"
    INCOME = "income"
    EXPENSE = "expense"
    MEMO = "memo"

    @property
    def normal_side(self) -> Side | None:
        """The side on which the class grows; None where the account itself must say."""
        return _NORMAL.get(self)

    @property
    def is_temporary(self) -> bool:
        """Whether the class measures a span (turnover) and not a day (balance)."""
        return self in {AccountClass.INCOME, AccountClass.EXPENSE, AccountClass.COST}


_NORMAL: Final[Mapping[AccountClass, Side]] = MappingProxyType(
    {
        AccountClass.ASSET: Side.DEBIT,
        AccountClass.COST: Side.DEBIT,
        AccountClass.EXPENSE: Side.DEBIT,
        AccountClass.LIABILITY: Side.CREDIT,
        AccountClass.EQUITY: Side.CREDIT,
        AccountClass.INCOME: Side.CREDIT,
    }
)


class Policy(StrEnum):
    """What the database guards on an account at every commit."""

    FREE = "free"
    """Nothing beyond the law of balance."""
    SUBJECT_NONNEG = "subject_nonneg"
    """No subject's balance may pass below zero on the normal side."""


class Required(IntFlag):
    """Dimensions that every line of an account must carry; the bits stored in `required_dims`."""

    NONE = 0
    SUBJECT = 1
    PARTY = 2
    SCHEME = 4
    FUNDER = 8
    CHANNEL = 16
    ALL = 31


@dataclass(frozen=True, slots=True)
class Account:
    """One account of a book's chart."""

    code: str
    """Unique in the book; dots make the tree."""
    name_zh: str
    """Chinese name, as the trade writes it."""
    account_class: AccountClass
    """Class, which decides statements and the normal side."""
    currency: str
    """The one currency of its lines."""
    normal_side: Side
    """The side on which it grows."""
    postable: bool = True
    """Whether lines may name it: only leaves."""
    policy: Policy = Policy.FREE
    """Guard applied at every commit."""
    required_dims: int = Required.NONE
    """Dimensions that its lines must carry, as bits of `Required`."""
    opened_on: date = date(1900, 1, 1)
    """First accounting date."""
    closed_on: date | None = None
    """Last accounting date, once closed."""
    name_en: str = ""
    """English name."""
    parent: str | None = None
    """Code of the account above; taken from the dots of the code when not named. None at the top."""

    def __post_init__(self) -> None:
        """Find the parent in the code."""
        if self.parent is None:
            object.__setattr__(self, "parent", parent_code(self.code))

    @property
    def level(self) -> int:
        """Depth in the chart, from 1."""
        return level(self.code)

    def is_open(self, on: date) -> bool:
        """Whether a line may carry this accounting date."""
        return self.opened_on <= on and (self.closed_on is None or on <= self.closed_on)


def level(code: str) -> int:
    """Depth of a code: ``1303`` 1, ``1303.01`` 2."""
    return code.count(".") + 1


def parent_code(code: str) -> str | None:
    """The code above: ``1303`` for ``1303.01``; None at the top."""
    head, dot, _ = code.rpartition(".")
    return head if dot else None


def ancestor(code: str, at_level: int) -> str:
    """The code's ancestor at a level, or the code itself when it is not that deep."""
    return ".".join(code.split(".")[:at_level])


class ChartFault(StrEnum):
    """Why accounts do not make a chart."""

    CODE_REPEATED = "code_repeated"
    PARENT_ABSENT = "parent_absent"
    PARENT_POSTABLE = "parent_postable"
    PARENT_DIFFERS = "parent_differs"
    NORMAL_SIDE_WRONG = "normal_side_wrong"


class ChartInvalid(ValueError):
    """The accounts offered do not make a chart; `fault` says why, `account` where."""

    def __init__(self, fault: ChartFault, account: str) -> None:
        """Name the fault and the account."""
        super().__init__(f"{fault}: {account}")
        self.fault = fault
        self.account = account


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of a book as a tree, checked when built."""

    accounts: Mapping[str, Account]
    """By code, in order of code."""

    @staticmethod
    def of(accounts: Iterable[Account]) -> "Chart":
        """A chart of accounts in any order; refuses what is not a tree of leaves with `ChartInvalid`."""
        known: dict[str, Account] = {}
        for account in sorted(accounts, key=lambda each: each.code):
            if account.code in known:
                raise ChartInvalid(ChartFault.CODE_REPEATED, account.code)
            normal = account.account_class.normal_side
            if normal is not None and account.normal_side is not normal and not _is_contra(account, known):
                raise ChartInvalid(ChartFault.NORMAL_SIDE_WRONG, account.code)
            _check_parent(account, known)
            known[account.code] = account
        return Chart(MappingProxyType(known))

    def leaves(self) -> tuple[Account, ...]:
        """The accounts that lines may name."""
        return tuple(account for account in self.accounts.values() if account.postable)

    def rollup(self, balances: Mapping[str, int], at_level: int) -> dict[str, int]:
        """Balances of leaves summed to the accounts of a level; the whole keeps its sum."""
        sums: dict[str, int] = {}
        for code in sorted(balances):
            head = ancestor(code, at_level)
            sums[head] = sums.get(head, 0) + balances[code]
        return sums

    def memo_codes(self) -> frozenset[str]:
        """Codes of the off-balance accounts, whose lines balance among themselves."""
        return frozenset(code for code, account in self.accounts.items() if account.account_class is AccountClass.MEMO)


def _is_contra(account: Account, known: Mapping[str, Account]) -> bool:
    """A contra account (a loss allowance, say) grows against its class; it must stand at the top or under a contra."""
    above = known.get(account.parent or "")
    return above is None or above.normal_side is account.normal_side


def _check_parent(account: Account, known: Mapping[str, Account]) -> None:
    code = account.parent
    if code is None:
        return
    above = known.get(code)
    if above is None:
        raise ChartInvalid(ChartFault.PARENT_ABSENT, account.code)
    if above.postable:
        raise ChartInvalid(ChartFault.PARENT_POSTABLE, account.code)
    if (above.account_class, above.currency) != (account.account_class, account.currency):
        raise ChartInvalid(ChartFault.PARENT_DIFFERS, account.code)
