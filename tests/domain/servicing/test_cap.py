"""Caps as a table of law: who lends when at which cost, and what every rule says."""

from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.servicing.cap import CAPS, LPR, CapRule, Lender, Lpr, Measure, lpr_on, verdicts
from domain.servicing.cost import Annualised


def _cost(simple: str) -> Annualised:
    return Annualised(simple=Decimal(simple), effective=Decimal(simple) + 1, dated=Decimal(simple) + 2)


@pytest.mark.parametrize(
    ("lender", "on", "is_assisted", "cost", "said"),
    [
        ("BANK", "2017-08-03", True, "0.5", {}),
        ("BANK", "2024-01-01", True, "0.24", {"FINANCIAL_24": False}),
        ("BANK", "2024-01-01", True, "0.2401", {"FINANCIAL_24": True}),
        ("BANK", "2025-09-30", True, "0.30", {"FINANCIAL_24": True}),
        ("BANK", "2025-10-01", True, "0.30", {"FINANCIAL_24": True, "LOAN_ASSISTANCE_24": True}),
        ("BANK", "2025-10-01", False, "0.30", {"FINANCIAL_24": True}),
        ("CONSUMER_FINANCE", "2026-09-01", True, "0.24004", {"FINANCIAL_24": False, "LOAN_ASSISTANCE_24": False}),
        ("TRUST", "2026-09-01", True, "0.24005", {"FINANCIAL_24": True, "LOAN_ASSISTANCE_24": True}),
        ("SMALL_LOAN", "2025-12-18", False, "0.13", {"FINANCIAL_24": False}),
        (
            "SMALL_LOAN",
            "2026-09-01",
            False,
            "0.13",
            {"FINANCIAL_24": False, "SMALL_LOAN_24": False, "SMALL_LOAN_4LPR_ADVICE": True},
        ),
        (
            "SMALL_LOAN",
            "2027-12-31",
            False,
            "0.1201",
            {"FINANCIAL_24": False, "SMALL_LOAN_24": False, "SMALL_LOAN_4LPR": True},
        ),
        ("PRIVATE", "2015-08-31", False, "0.5", {}),
        ("PRIVATE", "2020-08-19", False, "0.30", {"PRIVATE_36": False, "PRIVATE_24_ADVICE": True}),
        ("PRIVATE", "2020-08-20", False, "0.154", {"PRIVATE_4LPR": False}),
        ("PRIVATE", "2020-08-20", False, "0.1541", {"PRIVATE_4LPR": True}),
        ("PRIVATE", "2022-01-19", False, "0.152", {"PRIVATE_4LPR": False}),
        ("PRIVATE", "2022-01-20", False, "0.152", {"PRIVATE_4LPR": True}),
        ("PRIVATE", "2026-09-20", False, "0.12", {"PRIVATE_4LPR": False}),
    ],
)
def test_which_caps_hold_and_what_they_say(
    lender: str, on: str, is_assisted: bool, cost: str, said: dict[str, bool]
) -> None:
    found = verdicts(_cost(cost), lender=Lender(lender), on=date.fromisoformat(on), is_assisted=is_assisted)
    assert {one.rule.code: one.is_above for one in found} == said
    assert [one.is_refused for one in found] == [one.is_above and one.rule.binds for one in found]


def test_a_verdict_names_rule_limit_figure_and_difference() -> None:
    (first, *_) = verdicts(_cost("0.24561"), lender=Lender.BANK, on=date(2026, 1, 1), is_assisted=True)
    assert (first.limit, first.figure, first.excess) == (Decimal("0.24"), Decimal("0.2456"), Decimal("0.0056"))
    assert first.zh == (
        "金融借款合同息费总和 (法发〔2017〕22号): 年化综合融资成本 (单利) 上限 24.00%, 本笔 24.56%, 超出 0.56 个百分点"
    )
    assert first.en == (
        "total of interest and fees of a financial loan (Supreme People's Court, Fafa [2017] 22): yearly cost (simple) "
        "at most 24.00%, here 24.56%, 0.56 percentage points above it"
    )


def test_advice_says_that_it_is_advice_and_room_that_it_is_room() -> None:
    found = verdicts(_cost("0.15"), lender=Lender.SMALL_LOAN, on=date(2026, 1, 1), is_assisted=False)
    assert [one.rule.binds for one in found] == [True, True, False]
    assert found[-1].zh.endswith("超出 3.00 个百分点 (过渡期提示)")
    assert found[-1].en.endswith("3.00 percentage points above it (advice until the rule binds)")
    assert found[0].zh.endswith("低于上限 9.00 个百分点")
    assert found[0].en.endswith("9.00 percentage points below it")


def test_a_lender_may_keep_away_from_a_cap_and_measure_another_way() -> None:
    own = CapRule(
        code="OWN",
        lenders=frozenset({Lender.BANK}),
        from_on=date(2026, 1, 1),
        limit=Decimal("1.24"),
        measure=Measure.EFFECTIVE,
        margin=Decimal("0.001"),
        zh="内部上限",
        en="house limit",
    )
    found = [
        verdicts(_cost(cost), lender=Lender.BANK, on=date(2026, 1, 1), is_assisted=False, rules=(own,))[0]
        for cost in ("0.2390", "0.2391")
    ]
    assert [one.is_above for one in found] == [False, True]
    assert found[0].limit == Decimal("1.2390")


@given(st.sampled_from(Lender), st.dates(date(2015, 1, 1), date(2035, 1, 1)), st.booleans(), st.integers(0, 5000))
def test_the_tightest_binding_cap_stands_first_and_dearer_is_never_better(
    lender: Lender, on: date, is_assisted: bool, points: int
) -> None:
    cost, dearer = (_cost(str(Decimal(one) / 10_000)) for one in (points, points + 1))
    found = verdicts(cost, lender=lender, on=on, is_assisted=is_assisted)
    binding = [one.limit for one in found if one.rule.binds]
    assert binding == sorted(binding)
    assert all(one.is_above == (one.excess > 0) for one in found)
    after = verdicts(dearer, lender=lender, on=on, is_assisted=is_assisted)
    assert all(late.is_above for early, late in zip(found, after, strict=True) if early.is_above)


def test_the_series_is_one_and_each_code_is_one_rule() -> None:
    assert all(before.from_on < after.from_on for before, after in pairwise(LPR))
    assert all(before.rate != after.rate for before, after in pairwise(LPR))
    assert len({rule.code for rule in CAPS}) == len(CAPS)
    assert lpr_on(LPR, date(2019, 8, 19)) is None
    assert lpr_on(LPR, date(2019, 8, 20)) == Decimal("0.0425")
    assert lpr_on((Lpr(date(2030, 1, 1), Decimal("0.02")), *LPR), date(2030, 1, 1)) == Decimal("0.02")


def test_without_an_lpr_a_multiple_of_it_says_nothing() -> None:
    found = verdicts(_cost("0.9"), lender=Lender.PRIVATE, on=date(2021, 1, 1), is_assisted=False, lpr=())
    assert found == ()


@pytest.mark.parametrize(
    "bounds",
    [{}, {"limit": Decimal(1), "lpr_multiple": Decimal(4)}, {"limit": Decimal(1), "to_on": date(2026, 1, 1)}],
)
def test_a_rule_has_one_bound_and_a_time(bounds: dict[str, Decimal | date]) -> None:
    with pytest.raises(AssertionError):
        CapRule(code="X", lenders=frozenset(), from_on=date(2026, 1, 1), zh="无", en="none", **bounds)  # type: ignore[arg-type]
