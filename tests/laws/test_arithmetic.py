"""The laws of proofs, rules, money and servicing: pure, held for any numbers."""

import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.product.accounting import Flag
from domain.servicing.allocation import Component, Due, allocate
from domain.servicing.interest import accrued, accrued_total
from domain.servicing.schedule import Instalment
from domain.servicing.terms import AllocationBy
from ledger.entry import Entry, Side, totals
from ledger.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_digest,
    reader,
    root,
    verify_consistency,
    verify_inclusion,
)
from ledger.money import Money, split
from ledger.rule import Leg, Proof, Rule, RuleFault, RuleInvalid, RuleLine, Term, accounts, apply, components, prove
from seed.products import RULES

logs = st.integers(1, 70).map(lambda size: [leaf_digest(str(n).encode()) for n in range(size)])


def flipped(value: bytes, bit: int) -> bytes:
    """The value with one bit changed."""
    place = bit % (8 * len(value))
    return bytes(byte ^ (1 << place % 8) if n == place // 8 else byte for n, byte in enumerate(value))


def changes(proof: Sequence[bytes], bit: int) -> list[tuple[bytes, ...]]:
    """A proof with one bit changed, with one step less, and with one more."""
    return [
        *((*proof[:n], flipped(step, bit), *proof[n + 1 :]) for n, step in enumerate(proof)),
        *((*proof[:n], *proof[n + 1 :]) for n in range(len(proof))),
        (*proof, b"\0" * 32),
    ]


@pytest.mark.law(35)
@given(logs, st.data(), st.integers(0, 255))
def test_an_inclusion_proof_verifies_and_nothing_near_it_does(
    leaves: list[bytes], data: st.DataObject, bit: int
) -> None:
    size = data.draw(st.integers(1, len(leaves)), label="size")
    index = data.draw(st.integers(0, size - 1), label="index")
    head, leaf = root(leaves[:size]), leaves[index]
    proof = inclusion_proof(index, size, reader(leaves))

    def holds(leaf: bytes = leaf, index: int = index, head: bytes = head, proof: Sequence[bytes] = proof) -> bool:
        return verify_inclusion(leaf, index=index, size=size, root=head, proof=proof)

    assert holds()
    assert not holds(leaf=flipped(leaf, bit))
    assert not holds(head=flipped(head, bit))
    assert not any(holds(index=other) for other in range(-1, size + 2) if other != index)
    assert not any(holds(proof=other) for other in changes(proof, bit))
    for other in {*range(size - 2, size + 3), 2 * size, 4 * size} - {size}:
        elsewhere = verify_inclusion(leaf, index=index, size=other, root=head, proof=proof)
        assert not elsewhere or same_path(index, size, other), other


def same_path(index: int, size: int, other: int) -> bool:
    """Whether the leaf's way up turns the same in trees of both sizes, so that the root must tell them apart."""
    return _turns(index, size) == _turns(index, other)


def _turns(index: int, size: int) -> list[bool]:
    turns: list[bool] = []
    while size > 1:
        left = 1 << (size - 1).bit_length() - 1
        turns.append(index < left)
        index, size = (index, left) if index < left else (index - left, size - left)
    return turns


@pytest.mark.law(36)
@given(logs, st.data(), st.integers(0, 255))
def test_every_earlier_tree_is_the_beginning_of_the_later_and_no_other_is(
    leaves: list[bytes], data: st.DataObject, bit: int
) -> None:
    first = data.draw(st.integers(1, len(leaves)), label="first")
    second = len(leaves)
    before, after = root(leaves[:first]), root(leaves)
    proof = consistency_proof(first, second, reader(leaves))

    def holds(before: bytes = before, after: bytes = after, proof: Sequence[bytes] = proof) -> bool:
        return verify_consistency(first=first, first_root=before, second=second, second_root=after, proof=proof)

    assert holds()
    assert not holds(before=flipped(before, bit))
    assert not holds(after=flipped(after, bit))
    assert not any(holds(proof=other) for other in changes(proof, bit))
    rewritten = [*leaves[: first - 1], flipped(leaves[first - 1], bit), *leaves[first:]]
    forged = consistency_proof(first, second, reader(rewritten))
    assert not holds(after=root(rewritten), proof=forged), "what was in the earlier tree was rewritten"


@pytest.mark.law(39, 41)
@given(st.sampled_from(sorted(RULES)), st.data())
def test_the_rules_of_the_product_balance_for_all_amounts_on_their_own_accounts(name: str, data: st.DataObject) -> None:
    rule = RULES[name]
    assert isinstance(prove(rule), Proof)
    drawn = data.draw(st.fixed_dictionaries({each: st.integers(0, 10**14) for each in sorted(components(rule))}))
    # a tax is part of the amount that it is the tax of
    found = {each: min(amount, drawn.get(each.removesuffix("_vat"), amount)) for each, amount in drawn.items()}
    if any(amount for each, amount in found.items() if each not in list(Flag)):
        entry = _applied(rule, found)
        assert not any(totals(entry.lines).values())
        assert {line.account for line in entry.lines} <= accounts(rule)
    else:
        with pytest.raises(RuleInvalid, match=RuleFault.NOTHING_TO_POST):
            _applied(rule, found)


def _applied(rule: Rule, amounts: dict[str, int]) -> Entry:
    return apply(
        rule, amounts, book=1, currency="CNY", effective_on=date(2026, 1, 5), source="test", key="k", actor="t"
    )


EXCHANGE = Rule(
    kind="EXCHANGE",
    version=1,
    lines=(
        RuleLine(Side.DEBIT, "1002USD", (Term("bought"),), currency="USD"),
        RuleLine(Side.CREDIT, "3001USD", (Term("bought"),), currency="USD"),
        RuleLine(Side.DEBIT, "3001", (Term("sold"),)),
        RuleLine(Side.CREDIT, "1002", (Term("sold"), Term("charge", -1))),
        RuleLine(Side.CREDIT, "6011", (Term("charge"),)),
    ),
)
REVALUATION = Rule(kind="REVALUATION", version=1, legs=(Leg("gain", "3001", "6061"), Leg("loss", "6061", "3001")))
STRAIGHT = Rule(
    kind="STRAIGHT",
    version=1,
    lines=(
        RuleLine(Side.DEBIT, "1002USD", (Term("bought"),), currency="USD"),
        RuleLine(Side.CREDIT, "1002", (Term("bought"),)),
    ),
)


@pytest.mark.law(41)
@given(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(0, 10**12))
def test_an_exchange_balances_per_currency_through_the_positions(bought: int, sold: int, charge: int) -> None:
    assert isinstance(prove(EXCHANGE), Proof)
    assert not isinstance(prove(STRAIGHT), Proof), "one currency against another, without a position, is refused"
    entry = _applied(EXCHANGE, {"bought": bought, "sold": sold + charge, "charge": charge})
    net = totals(entry.lines)
    assert set(net) == {"CNY", "USD"}
    assert not any(net.values())
    position = {line.account: line.amount for line in entry.lines if line.account.startswith("3001")}
    assert position == {"3001": sold + charge, "3001USD": bought}
    for moved in ({"gain": sold}, {"loss": sold}):
        assert (
            {line.account for line in _applied(REVALUATION, moved).lines} == {"3001", "6061"} == accounts(REVALUATION)
        )


@pytest.mark.law(40)
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 50), min_size=1, max_size=12).filter(any))
def test_equal_weights_differ_by_a_unit_at_most_and_the_earlier_has_it(minor: int, weights: list[int]) -> None:
    shares = [part.minor for part in split(Money(minor, "CNY"), weights)]
    assert sum(shares) == minor
    assert all(share * minor >= 0 for share in shares)
    for (i, one), (j, other) in itertools.combinations(enumerate(weights), 2):
        if one == other:
            assert 0 <= abs(shares[i]) - abs(shares[j]) <= 1, (i, j)
        if one == 0:
            assert shares[i] == 0


ORDER = ("penalty", "interest", "principal")
dues = st.lists(
    st.builds(Due, st.integers(1, 5), st.sampled_from([Component(one) for one in ORDER]), st.integers(0, 400)),
    max_size=12,
    unique_by=lambda due: (due.no, due.component),
)


@pytest.mark.law(42)
@given(
    st.integers(1, 4_000), dues, st.sampled_from(list(permutations(ORDER))), st.sampled_from(AllocationBy), st.data()
)
def test_a_repayment_fills_the_dues_like_water(
    amount: int, owed: list[Due], order: tuple[str, ...], by: AllocationBy, data: st.DataObject
) -> None:
    """No due is met while one before it is open; two payments meet what one payment of both amounts meets."""

    def rank(due: Due) -> tuple[int, int]:
        place = order.index(due.component.value)
        return (due.no, place) if by is AllocationBy.INSTALMENT else (place, due.no)

    made = allocate(amount, owed, order=order, by=by)
    paid = {(part.no, part.component): part.amount for part in made.parts}
    assert sum(paid.values()) + made.excess == amount
    assert made.excess >= 0
    left = amount
    for due in sorted(owed, key=rank):
        expected = min(left, due.amount)
        assert paid.get((due.no, due.component), 0) == expected
        left -= expected
    assert left == made.excess
    if amount > 1:
        first = data.draw(st.integers(1, amount - 1), label="first")
        begun = allocate(first, owed, order=order, by=by)
        met = {(part.no, part.component): part.amount for part in begun.parts}
        rest = [Due(due.no, due.component, due.amount - met.get((due.no, due.component), 0)) for due in owed]
        ended = allocate(amount - first, rest, order=order, by=by)
        both = dict(met)
        for part in ended.parts:
            both[part.no, part.component] = both.get((part.no, part.component), 0) + part.amount
        assert both == paid
        assert begun.excess + ended.excess == made.excess


@pytest.mark.law(43)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10**9)), min_size=1, max_size=6),
    st.lists(st.integers(-10, 260), min_size=2, max_size=6),
)
def test_interest_of_a_span_is_the_sum_of_its_parts(periods: list[tuple[int, int]], cuts: list[int]) -> None:
    start = date(2026, 1, 31)
    plan: list[Instalment] = []
    for days, interest in periods:
        from_on = plan[-1].due_on if plan else start
        plan.append(Instalment(len(plan) + 1, from_on, from_on + timedelta(days=days), 0, interest))
    at = [accrued_total(plan, on=start + timedelta(days=cut)) for cut in sorted(cuts)]
    parts = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert sum(parts) == at[-1] - at[0]
    assert all(part >= 0 for part in parts)
    for one in plan:
        assert (accrued(one, on=one.from_on), accrued(one, on=one.due_on)) == (0, one.interest)
        for n in range(one.days):
            exact = one.interest * n / one.days
            assert abs(accrued(one, on=one.from_on + timedelta(days=n)) - exact) <= 0.5 + 1e-6
