"""利率上限, caps on the yearly cost by kind of lender and date: rules as data, and a verdict that names its rule. Pure.

A cap is compared with the simple yearly cost of everything the borrower pays (`cost`), as shown: a hundredth of a
percent, half up. A verdict never says that a loan is unlawful; it says which rule it meets, the limit, the figure and
by how much, and whether the rule binds or advises. Rules and the LPR series here are those known when this was
written; callers may pass their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from domain.servicing.cost import SHOWN, Annualised, exceeds, shown


class Lender(StrEnum):
    """Who lends, as far as caps tell lenders apart."""

    BANK = "BANK"
    CONSUMER_FINANCE = "CONSUMER_FINANCE"
    AUTO_FINANCE = "AUTO_FINANCE"
    TRUST = "TRUST"
    SMALL_LOAN = "SMALL_LOAN"
    PRIVATE = "PRIVATE"


class Measure(StrEnum):
    """Which of the yearly rates a cap holds."""

    SIMPLE = "SIMPLE"
    EFFECTIVE = "EFFECTIVE"
    DATED = "DATED"

    def of(self, annual: Annualised) -> Decimal:
        """The rate itself."""
        return {Measure.SIMPLE: annual.simple, Measure.EFFECTIVE: annual.effective, Measure.DATED: annual.dated}[self]


@dataclass(frozen=True, slots=True)
class Lpr:
    """The loan prime rate of one year (一年期贷款市场报价利率), a fraction, from the day of its publication."""

    from_on: date
    rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CapRule:
    """One bound, for loans made in [from_on, to_on): a `limit`, or a multiple of the LPR of the day.

    only_assisted: holds for loans that a platform brought (助贷). binds: else it advises. margin: kept below the bound.
    """

    code: str
    lenders: frozenset[Lender]
    from_on: date
    to_on: date | None = None
    limit: Decimal | None = None
    lpr_multiple: Decimal | None = None
    only_assisted: bool = False
    binds: bool = True
    measure: Measure = Measure.SIMPLE
    margin: Decimal = Decimal()
    zh: str
    en: str

    def __post_init__(self) -> None:
        """Assert that there is one bound and a time in which it holds."""
        assert (self.limit is None) != (self.lpr_multiple is None), "a cap is a limit or a multiple"
        assert self.to_on is None or self.from_on < self.to_on, "a cap holds for a time"

    def holds(self, *, lender: Lender, on: date, is_assisted: bool) -> bool:
        """Whether the rule is one for this loan."""
        is_then = self.from_on <= on and (self.to_on is None or on < self.to_on)
        return is_then and lender in self.lenders and (is_assisted or not self.only_assisted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule says of one loan; fractions."""

    rule: CapRule
    limit: Decimal
    """The bound on the day, its margin taken off."""
    figure: Decimal
    """The yearly cost, as shown."""
    is_above: bool

    @property
    def excess(self) -> Decimal:
        """By how much the figure is above the limit; below nought, the room that is left."""
        return self.figure - self.limit

    @property
    def is_refused(self) -> bool:
        """Whether the loan may not be made as it is: above a rule that binds."""
        return self.is_above and self.rule.binds

    @property
    def zh(self) -> str:
        """The verdict in Chinese."""
        measure = {Measure.SIMPLE: "单利", Measure.EFFECTIVE: "复利", Measure.DATED: "按实际天数"}[self.rule.measure]
        told = "超出" if self.is_above else "低于上限"
        advice = "" if self.rule.binds or not self.is_above else " (过渡期提示)"
        return (
            f"{self.rule.zh}: 年化综合融资成本 ({measure}) 上限 {self.limit:.2%}, 本笔 {self.figure:.2%}, "
            f"{told} {abs(self.excess) * 100:.2f} 个百分点{advice}"
        )

    @property
    def en(self) -> str:
        """The verdict in English."""
        told = "above it" if self.is_above else "below it"
        advice = "" if self.rule.binds or not self.is_above else " (advice until the rule binds)"
        return (
            f"{self.rule.en}: yearly cost ({self.rule.measure.lower()}) at most {self.limit:.2%}, here "
            f"{self.figure:.2%}, {abs(self.excess) * 100:.2f} percentage points {told}{advice}"
        )


FINANCIAL: Final = frozenset({Lender.BANK, Lender.CONSUMER_FINANCE, Lender.AUTO_FINANCE, Lender.TRUST})
"""Licensed financial institutions."""
_24: Final = Decimal("0.24")
_FOUR: Final = Decimal(4)

CAPS: Final = (
    CapRule(
        code="FINANCIAL_24",
        lenders=FINANCIAL | {Lender.SMALL_LOAN},
        from_on=date(2017, 8, 4),
        limit=_24,
        zh="金融借款合同息费总和 (法发〔2017〕22号)",
        en="total of interest and fees of a financial loan (Supreme People's Court, Fafa [2017] 22)",
    ),
    CapRule(
        code="LOAN_ASSISTANCE_24",
        lenders=FINANCIAL,
        from_on=date(2025, 10, 1),
        limit=_24,
        only_assisted=True,
        zh="助贷业务综合融资成本, 含增信服务费 (金规〔2025〕9号)",
        en="all-in cost of assisted loans, credit enhancement included (NFRA, Jingui [2025] 9)",
    ),
    CapRule(
        code="SMALL_LOAN_24",
        lenders=frozenset({Lender.SMALL_LOAN}),
        from_on=date(2025, 12, 19),
        limit=_24,
        zh="小额贷款公司新发放贷款综合融资成本 (小额贷款公司综合融资成本管理工作指引)",
        en="all-in cost of new small loans (guideline on the all-in cost of small-loan companies, December 2025)",
    ),
    CapRule(
        code="SMALL_LOAN_4LPR_ADVICE",
        lenders=frozenset({Lender.SMALL_LOAN}),
        from_on=date(2025, 12, 19),
        to_on=date(2027, 12, 31),
        lpr_multiple=_FOUR,
        binds=False,
        zh="小额贷款公司新发放贷款须于 2027 年底前降至 1 年期 LPR 的 4 倍以内 (同一指引)",
        en="new small loans are to come down to four times the one-year LPR by the end of 2027 (same guideline)",
    ),
    CapRule(
        code="SMALL_LOAN_4LPR",
        lenders=frozenset({Lender.SMALL_LOAN}),
        from_on=date(2027, 12, 31),
        lpr_multiple=_FOUR,
        zh="小额贷款公司新发放贷款不超过 1 年期 LPR 的 4 倍 (同一指引)",
        en="new small loans at most four times the one-year LPR (same guideline)",
    ),
    CapRule(
        code="PRIVATE_36",
        lenders=frozenset({Lender.PRIVATE}),
        from_on=date(2015, 9, 1),
        to_on=date(2020, 8, 20),
        limit=Decimal("0.36"),
        zh="民间借贷超过年利率 36% 部分无效 (法释〔2015〕18号)",
        en="private lending, void above 36 % (Supreme People's Court, Fashi [2015] 18)",
    ),
    CapRule(
        code="PRIVATE_24_ADVICE",
        lenders=frozenset({Lender.PRIVATE}),
        from_on=date(2015, 9, 1),
        to_on=date(2020, 8, 20),
        limit=_24,
        binds=False,
        zh="民间借贷年利率 24% 至 36% 为自然债务 (法释〔2015〕18号)",
        en="private lending, not enforced between 24 % and 36 % (Supreme People's Court, Fashi [2015] 18)",
    ),
    CapRule(
        code="PRIVATE_4LPR",
        lenders=frozenset({Lender.PRIVATE}),
        from_on=date(2020, 8, 20),
        lpr_multiple=_FOUR,
        zh="民间借贷不超过合同成立时 1 年期 LPR 的 4 倍 (法释〔2020〕17号)",
        en="private lending at most four times the one-year LPR of the contract's day (Fashi [2020] 17)",
    ),
)
"""The caps, each with its source; the days are those of the loan's contract."""

LPR: Final = tuple(
    Lpr(date.fromisoformat(on), Decimal(rate))
    for on, rate in (
        ("2019-08-20", "0.0425"),
        ("2019-09-20", "0.0420"),
        ("2019-11-20", "0.0415"),
        ("2020-02-20", "0.0405"),
        ("2020-04-20", "0.0385"),
        ("2021-12-20", "0.0380"),
        ("2022-01-20", "0.0370"),
        ("2022-08-22", "0.0365"),
        ("2023-06-20", "0.0355"),
        ("2023-08-21", "0.0345"),
        ("2024-07-22", "0.0335"),
        ("2024-10-21", "0.0310"),
        ("2025-05-20", "0.0300"),
    )
)
"""The one-year LPR whenever it changed (National Interbank Funding Center); the last holds until another is known."""


def lpr_on(series: Sequence[Lpr], on: date) -> Decimal | None:
    """The LPR in force on a day; None before the first."""
    known = [one for one in series if one.from_on <= on]
    return max(known, key=lambda one: one.from_on).rate if known else None


def verdicts(
    annual: Annualised,
    *,
    lender: Lender,
    on: date,
    is_assisted: bool,
    rules: Sequence[CapRule] = CAPS,
    lpr: Sequence[Lpr] = LPR,
) -> tuple[Verdict, ...]:
    """What every rule that holds says, the tightest first; a multiple of an LPR that is not known says nothing."""
    found = []
    for rule in rules:
        if not rule.holds(lender=lender, on=on, is_assisted=is_assisted):
            continue
        bound = rule.limit
        if rule.lpr_multiple is not None:
            base = lpr_on(lpr, on)
            if base is None:
                continue
            bound = rule.lpr_multiple * base
        assert bound is not None, "a rule has one bound"
        rate = rule.measure.of(annual)
        found.append(
            Verdict(
                rule=rule,
                limit=(bound - rule.margin).quantize(SHOWN),
                figure=shown(rate),
                is_above=exceeds(rate, cap=bound, margin=rule.margin),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.rule.binds, one.limit)))
