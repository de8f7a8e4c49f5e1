"""The chart: a tree of accounts, leaves only for posting, summed by level."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.account import (
    Account,
    AccountClass,
    Chart,
    ChartFault,
    ChartInvalid,
    Required,
    Side,
    ancestor,
    level,
    parent_code,
)

A = AccountClass


def asset(code: str, *, postable: bool = True, side: Side = Side.DEBIT, currency: str = "CNY") -> Account:
    """An asset account in few words."""
    return Account(code, "名", A.ASSET, currency, side, postable=postable)


@pytest.mark.parametrize(
    ("code", "depth", "above"), [("1303", 1, None), ("1303.01", 2, "1303"), ("1303.01.002", 3, "1303.01")]
)
def test_codes_tell_their_place(code: str, depth: int, above: str | None) -> None:
    assert (level(code), parent_code(code)) == (depth, above)
    assert ancestor(code, 1) == "1303"
    assert asset(code).parent == above


@pytest.mark.parametrize(
    ("accounts", "fault"),
    [
        ([asset("1"), asset("1")], ChartFault.CODE_REPEATED),
        ([asset("1.1")], ChartFault.PARENT_ABSENT),
        ([asset("1"), asset("1.1")], ChartFault.PARENT_POSTABLE),
        ([asset("1", postable=False), asset("1.1", currency="USD")], ChartFault.PARENT_DIFFERS),
        (
            [asset("1", postable=False), Account("1.1", "名", A.EXPENSE, "CNY", Side.DEBIT)],
            ChartFault.PARENT_DIFFERS,
        ),
        ([asset("1", postable=False), asset("1.1", side=Side.CREDIT)], ChartFault.NORMAL_SIDE_WRONG),
    ],
)
def test_what_is_no_tree_is_no_chart(accounts: list[Account], fault: ChartFault) -> None:
    with pytest.raises(ChartInvalid) as refused:
        Chart.of(accounts)
    assert refused.value.fault is fault


def test_a_contra_account_stands_on_the_other_side_of_its_class() -> None:
    assert Chart.of([asset("1304", side=Side.CREDIT)]).leaves()[0].normal_side is Side.CREDIT


def test_only_leaves_are_posted_to_and_memo_is_known() -> None:
    memo = Account("9005", "承诺", A.MEMO, "CNY", Side.DEBIT)
    chart = Chart.of([asset("1.1"), asset("1", postable=False), memo])
    assert [account.code for account in chart.leaves()] == ["1.1", "9005"]
    assert chart.memo_codes() == {"9005"}


@pytest.mark.law(17)
@given(st.dictionaries(st.sampled_from(["1.1", "1.2", "2.1", "2.2.1", "3"]), st.integers()), st.integers(1, 3))
def test_rolling_up_keeps_the_sum(balances: dict[str, int], at_level: int) -> None:
    rolled = Chart.of([]).rollup(balances, at_level)
    assert sum(rolled.values()) == sum(balances.values())
    assert all(level(code) <= at_level for code in rolled)


def test_normal_sides_by_class() -> None:
    sides = {each: each.normal_side for each in A}
    assert [each for each, side in sides.items() if side is Side.DEBIT] == [A.ASSET, A.COST, A.EXPENSE]
    assert [each for each, side in sides.items() if side is None] == [A.COMMON, A.MEMO]
    assert A.INCOME.is_temporary
    assert not A.ASSET.is_temporary


@pytest.mark.parametrize(
    ("on", "expected"), [("2025-12-31", False), ("2026-01-01", True), ("2026-06-30", True), ("2026-07-01", False)]
)
def test_an_account_is_open_between_its_days(on: str, expected: bool) -> None:
    account = Account("1", "名", A.ASSET, "CNY", Side.DEBIT, opened_on=date(2026, 1, 1), closed_on=date(2026, 6, 30))
    assert account.is_open(date.fromisoformat(on)) is expected


def test_required_bits_are_those_of_the_column() -> None:
    names = [(each.name, int(each)) for each in Required]
    assert names == [("SUBJECT", 1), ("PARTY", 2), ("SCHEME", 4), ("FUNDER", 8), ("CHANNEL", 16)]
