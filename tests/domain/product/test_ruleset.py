"""Lines from events: nothing dropped, parts of a tax that sum, what is taken back netted."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import COMPONENTS, OPTIONAL, VAT, Event, Flag
from domain.product.catalogue import RULE_SETS
from domain.product.rules_lender import CN_LENDER
from domain.product.rules_roles import FINERACT
from domain.product.ruleset import EventUnruled, Posted, RuleSet, lines, rendered, vat_inside, vat_step, with_vat
from ledger.account import Side
from ledger.entry import Dimensions, totals
from ledger.rule import components

RATE = Fraction(6, 100)
ONE, TWO = Dimensions(subject=1, funder=7), Dimensions(subject=2, funder=8)


@pytest.mark.parametrize(
    ("gross", "tax"), [(15000, 849), (92, 5), (0, 0), (1, 0), (9, 1), (8, 0), (-15000, -849), (106, 6)]
)
def test_the_tax_inside_an_amount(gross: int, tax: int) -> None:
    assert vat_inside(gross, RATE) == tax


@given(st.lists(st.integers(0, 10**6), max_size=40), st.integers(0, 20))
def test_the_tax_of_parts_is_the_tax_of_the_whole(cuts: list[int], percent: int) -> None:
    rate = Fraction(percent, 100)
    marks = sorted({0, *cuts})
    assert sum(vat_step(low, high - low, rate) for low, high in pairwise(marks)) == vat_inside(marks[-1], rate)


@given(st.integers(-(10**9), 10**9), st.integers(0, 10**9))
def test_a_part_taken_back_takes_its_tax_back(amount: int, before: int) -> None:
    assert vat_step(before, amount, RATE) == -vat_step(before + amount, -amount, RATE)


def test_tax_that_is_given_is_kept_and_that_of_nothing_is_nothing() -> None:
    rule = CN_LENDER.rules[Event.INTEREST_ACCRUED]
    assert with_vat({"interest": 15000}, rule, RATE) == {"interest": 15000, "interest_vat": 849}
    assert with_vat({"interest": 15000, "interest_vat": 0}, rule, RATE)["interest_vat"] == 0
    assert with_vat({"interest": 15000}, rule, None) == {"interest": 15000}
    assert with_vat({"interest": 1}, rule, RATE, before={"interest": 8}) == {"interest": 1, "interest_vat": 1}
    assert with_vat({"interest": 0}, rule, RATE) == {"interest": 0}


def test_daily_accruals_carry_the_month_s_tax() -> None:
    days = [round(15000 * day / 31) for day in range(32)]
    tax = 0
    for low, high in pairwise(days):
        made = lines(Event.INTEREST_ACCRUED, {"interest": high - low}, CN_LENDER, before={"interest": low})
        assert not isinstance(made, EventUnruled)
        tax += sum(one.amount for one in made if one.account == "2221.02")
    assert tax == 849


@pytest.mark.parametrize(
    ("event", "amounts", "told"),
    [
        (Event.OFFICE_TRANSFERRED, {"principal": 1}, ""),
        (Event.INTEREST_DUE, {"interest": 1, "penalty": 2, "gift": 3}, "gift, penalty"),
    ],
)
def test_what_has_no_rule_is_refused_by_name(event: Event, amounts: dict[str, int], told: str) -> None:
    refused = lines(event, amounts, CN_LENDER)
    assert refused == EventUnruled(rule_set="CN_LENDER", event=event, components=told)


def test_red_lines_are_negative_on_the_other_side() -> None:
    assert Posted("6011.01", Side.DEBIT, 5, is_red=True).shown == (Side.CREDIT, -5)
    assert Posted("6011.01", Side.DEBIT, 5).shown == (Side.DEBIT, 5)
    back = lines(Event.PRINCIPAL_OVERDUE, {"principal": -5}, CN_LENDER)
    assert back == (
        Posted("1303.02", Side.CREDIT, 5, is_red=True),
        Posted("1303.01", Side.DEBIT, 5, is_red=True),
    )
    mirror = lines(Event.REPAYMENT, {"principal": -5}, FINERACT)
    assert mirror == (Posted("PORT", Side.DEBIT, 5), Posted("FUND", Side.CREDIT, 5))


def test_nothing_posts_nothing() -> None:
    assert lines(Event.REPAYMENT, {}, CN_LENDER) == ()
    assert lines(Event.REPAYMENT, {"principal": 0}, CN_LENDER) == ()
    assert lines(Event.INTEREST_DUE, {"interest": 5}, FINERACT) == ()
    assert lines(Event.SUBROGATED, {"amount": 5}, CN_LENDER) == (), "another's book"


def test_a_batch_has_a_line_per_loan_and_one_for_the_income() -> None:
    made = rendered(
        Event.PENALTY_ACCRUED, [({"penalty": 106}, ONE), ({"penalty": 212}, TWO)], CN_LENDER, currency="CNY"
    )
    assert not isinstance(made, EventUnruled)
    assert {(one.account, one.amount, one.dims.subject) for one in made} == {
        ("1132.02", 106, 1),
        ("1132.02", 212, 2),
        ("6011.02", 100, None),
        ("6011.02", 200, None),
        ("2221.01.01", 6, None),
        ("2221.01.01", 12, None),
    }


@st.composite
def happenings(draw: st.DrawFn) -> tuple[RuleSet, Event, dict[str, int], frozenset[Flag]]:
    rule_set = draw(st.sampled_from(list(RULE_SETS.values())))
    event = Event(draw(st.sampled_from(sorted(rule_set.rules))))
    names = {name for name in COMPONENTS[event] | OPTIONAL[event] if not name.endswith(VAT) and name != "channel_fee"}
    known = components(rule_set.rules[event]) | rule_set.ignored.get(event, frozenset())
    amounts = st.dictionaries(st.sampled_from(sorted(names & known)), st.integers(-(10**9), 10**9))
    return rule_set, event, draw(amounts), frozenset(draw(st.sets(st.sampled_from(list(Flag)))))


@given(happenings())
def test_every_event_balances_and_its_reversal_undoes_it(
    drawn: tuple[RuleSet, Event, dict[str, int], frozenset[Flag]],
) -> None:
    rule_set, event, amounts, flags = drawn
    back = {name: -amount for name, amount in amounts.items()}
    once = rendered(event, ((amounts, ONE),), rule_set, currency="CNY", flags=flags)
    undone = rendered(event, ((back, ONE),), rule_set, currency="CNY", flags=flags)
    assert not isinstance(once, EventUnruled)
    assert not isinstance(undone, EventUnruled)
    assert not any(totals(once).values())
    assert {(one.account, one.side, one.amount, one.dims) for one in once} == {
        (one.account, one.side.opposite, one.amount, one.dims) for one in undone
    }
    assert len({(one.account, one.side, one.dims) for one in once}) == len(once)


@given(happenings())
def test_lines_without_dimensions_say_the_same(
    drawn: tuple[RuleSet, Event, dict[str, int], frozenset[Flag]],
) -> None:
    rule_set, event, amounts, flags = drawn
    posted = lines(event, amounts, rule_set, flags=flags)
    journal = rendered(event, ((amounts, ONE),), rule_set, currency="CNY", flags=flags)
    assert not isinstance(posted, EventUnruled)
    assert not isinstance(journal, EventUnruled)
    balances: dict[str, int] = {}
    for one in posted:
        balances[one.account] = balances.get(one.account, 0) + (one.amount if one.side is Side.DEBIT else -one.amount)
    for line in journal:
        balances[line.account] = balances.get(line.account, 0) - (
            line.amount if line.side is Side.DEBIT else -line.amount
        )
    assert not any(balances.values())
