"""Posting rules: what is applied balances for any amounts, and what cannot balance cannot be stored."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import Dimensions, Side, totals
from ledger.rule import Leg, Rule, apply

RULE = Rule(
    kind="REPAYMENT",
    version=1,
    legs=(
        Leg("interest", "1012.01", "1132.01"),
        Leg("principal", "1012.01", "1303.01"),
        Leg("excess", "1012.01", "2241.01"),
    ),
)

amounts = st.fixed_dictionaries({name: st.integers(0, 10**12) for name in ("interest", "principal", "excess")})


@given(amounts.filter(lambda found: any(found.values())))
def test_an_applied_rule_balances_and_says_each_component_once(found: dict[str, int]) -> None:
    entry = apply(
        RULE,
        found,
        book=1,
        currency="CNY",
        dims=Dimensions(subject=7),
        effective_on=date(2026, 1, 5),
        source="test",
        key="k",
        actor="t",
    )
    assert not any(totals(entry.lines).values())
    debits = [line for line in entry.lines if line.side is Side.DEBIT]
    assert [line.account for line in debits] == ["1012.01"], "lines of one account, side and dimensions merge"
    assert debits[0].amount == sum(found.values())
    assert {line.account: line.amount for line in entry.lines if line.side is Side.CREDIT} == {
        account: found[name]
        for name, account in (("interest", "1132.01"), ("principal", "1303.01"), ("excess", "2241.01"))
        if found[name]
    }
