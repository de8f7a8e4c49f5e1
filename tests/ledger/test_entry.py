"""Entries: balanced or not built, storable or not built, inverted exactly, hashed over all that the caller says."""

from dataclasses import FrozenInstanceError, replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.entry import (
    Dimensions,
    Entry,
    EntryFault,
    EntryInvalid,
    Line,
    Side,
    body_hash,
    mac,
    memo_residual,
    reversed_entry,
    totals,
)

DAY = date(2026, 1, 5)
D, C = Side.DEBIT, Side.CREDIT


def line(account: str, side: Side, amount: int, currency: str = "CNY", **dims: int) -> Line:
    """A line in few words."""
    return Line(account, side, amount, currency, Dimensions(**dims))


ENTRY = Entry(
    book=1,
    source="servicing",
    key="k",
    kind="REPAYMENT",
    effective_on=DAY,
    lines=(
        Line("1012.01", D, 350, "CNY", Dimensions(subject=7, scheme=2, funder=3)),
        Line("1303.01", C, 350, "CNY"),
    ),
    actor="clerk",
    rule_version=3,
    event_id=UUID(int=5),
    paid_on=date(2026, 1, 4),
    description="更正",
    meta={"run": 1},
)


@pytest.mark.law(1, 3)
@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ((), EntryFault.TOO_FEW_LINES),
        ((line("1", D, 5),), EntryFault.TOO_FEW_LINES),
        ((line("1", D, 5), line("2", C, 4)), EntryFault.UNBALANCED),
        ((line("1", D, 5), line("2", D, 5)), EntryFault.UNBALANCED),
        ((line("1", D, 5), line("2", C, 5, "USD")), EntryFault.UNBALANCED),
        ((line("1", D, 5), line("2", C, 5), line("3", D, 1, "USD"), line("4", C, 2, "USD")), EntryFault.UNBALANCED),
    ],
)
def test_unbalanced_lines_make_no_entry(lines: tuple[Line, ...], fault: EntryFault) -> None:
    with pytest.raises(EntryInvalid) as refused:
        replace(ENTRY, lines=lines)
    assert refused.value.code is fault


@pytest.mark.law(3)
@pytest.mark.parametrize(
    ("amount", "fault"),
    [
        (0, EntryFault.AMOUNT_NOT_POSITIVE),
        (-1, EntryFault.AMOUNT_NOT_POSITIVE),
        (True, EntryFault.AMOUNT_NOT_POSITIVE),
        (1.0, EntryFault.AMOUNT_NOT_POSITIVE),
        (2**63, EntryFault.AMOUNT_TOO_LARGE),
    ],
)
def test_only_positive_whole_amounts_that_fit_make_a_line(amount: int, fault: EntryFault) -> None:
    with pytest.raises(EntryInvalid) as refused:
        Line("1", D, amount, "CNY")
    assert refused.value.code is fault


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"key": ""}, EntryFault.TEXT_EMPTY),
        ({"actor": ""}, EntryFault.TEXT_EMPTY),
        ({"key": "a\0b"}, EntryFault.TEXT_NOT_STORABLE),
        ({"description": "\ud800"}, EntryFault.TEXT_NOT_STORABLE),
        ({"meta": {"a": "\0"}}, EntryFault.TEXT_NOT_STORABLE),
        ({"meta": {"a": 1.5}}, EntryFault.META_NOT_PLAIN),
        ({"meta": {"a": {"b": 1}}}, EntryFault.META_NOT_PLAIN),
        ({"book": -1}, EntryFault.NUMBER_OUT_OF_RANGE),
        ({"book": 2**31}, EntryFault.NUMBER_OUT_OF_RANGE),
        ({"reverses": 2**63}, EntryFault.NUMBER_OUT_OF_RANGE),
    ],
)
def test_what_the_database_cannot_hold_is_not_built(change: dict[str, object], fault: EntryFault) -> None:
    with pytest.raises(EntryInvalid) as refused:
        replace(ENTRY, **change)  # type: ignore[arg-type]
    assert refused.value.code is fault


@pytest.mark.parametrize("dims", [{"subject": 2**63}, {"subject": -1}, {"party": 2**31}, {"funder": True}])
def test_dimensions_fit_their_columns(dims: dict[str, int]) -> None:
    with pytest.raises(EntryInvalid):
        Dimensions(**dims)


def test_an_unknown_currency_is_refused() -> None:
    with pytest.raises(EntryInvalid) as refused:
        Line("1", D, 1, "ZZZ")
    assert refused.value.code is EntryFault.CURRENCY_UNKNOWN


def test_an_entry_cannot_be_changed_from_outside() -> None:
    meta: dict[str, str | int | bool | None] = {"a": 1}
    entry = replace(ENTRY, meta=meta)
    meta["a"] = 2
    assert entry.meta["a"] == 1
    with pytest.raises(FrozenInstanceError):
        entry.book = 2  # type: ignore[misc]
    with pytest.raises(TypeError):
        entry.meta["a"] = 3  # type: ignore[index]


amounts = st.lists(st.integers(1, 10**12), min_size=1, max_size=8)


@pytest.mark.law(9, 10)
@given(amounts)
def test_a_reversal_undoes_every_account_and_keeps_the_order(found: list[int]) -> None:
    lines = (*(line(f"1.{n}", D, amount, subject=n) for n, amount in enumerate(found)), line("2", C, sum(found)))
    entry = replace(ENTRY, lines=lines)
    undone = reversed_entry(entry, entry_id=9, key="r", effective_on=DAY, actor="boss", is_red=True)
    assert (undone.reverses, undone.is_red, undone.kind, undone.source) == (9, True, "REPAYMENT", "servicing")
    for before, after in zip(entry.lines, undone.lines, strict=True):
        assert (before.account, before.amount, before.dims) == (after.account, after.amount, after.dims)
        assert before.side is after.side.opposite
    assert not any(totals((*entry.lines, *undone.lines)).values())


@pytest.mark.law(9)
def test_a_reversal_is_never_reversed() -> None:
    undone = reversed_entry(ENTRY, entry_id=9, key="r", effective_on=DAY, actor="boss")
    with pytest.raises(EntryInvalid) as refused:
        reversed_entry(undone, entry_id=10, key="rr", effective_on=DAY, actor="boss")
    assert refused.value.code is EntryFault.REVERSAL_OF_REVERSAL


def test_golden_body_hash_and_mac() -> None:
    assert body_hash(ENTRY).hex() == "0158d23c92f94d723b107509954c058f03dfd1d18dd4b3e29e73c51c53bc92fe"
    assert mac(ENTRY, 42, b"key").hex() == "0b513187e582f6fa63009de1b100c704c503dcfa099177673361348a77d598e6"


@pytest.mark.parametrize(
    "change",
    [
        {"book": 2}, {"source": "x"}, {"key": "x"}, {"kind": "x"}, {"effective_on": date(2026, 1, 6)},
        {"lines": ENTRY.lines[::-1]}, {"actor": "x"}, {"rule_version": 4}, {"economic_on": DAY}, {"paid_on": None},
        {"reverses": 1}, {"is_red": True}, {"description": "x"}, {"meta": {}}, {"meta": {"run": True}},
    ],
)  # fmt: skip
def test_any_other_word_of_the_caller_is_another_body(change: dict[str, object]) -> None:
    assert body_hash(replace(ENTRY, **change)) != body_hash(ENTRY)  # type: ignore[arg-type]


def test_naming_the_event_anew_is_the_same_body_but_another_mac() -> None:
    renamed = replace(ENTRY, event_id=UUID(int=6))
    assert body_hash(renamed) == body_hash(ENTRY)
    assert mac(renamed, 42, b"key") != mac(ENTRY, 42, b"key")
    assert mac(ENTRY, 43, b"key") != mac(ENTRY, 42, b"key")
    assert mac(ENTRY, 42, b"other") != mac(ENTRY, 42, b"key")


def test_a_dimension_that_is_absent_is_not_one_that_is_zero() -> None:
    lines = (Line("1012.01", D, 350, "CNY", Dimensions(subject=0)), ENTRY.lines[1])
    absent = (Line("1012.01", D, 350, "CNY"), ENTRY.lines[1])
    assert body_hash(replace(ENTRY, lines=lines)) != body_hash(replace(ENTRY, lines=absent))


def test_memo_lines_balance_among_themselves() -> None:
    lines = (line("9005", D, 10), line("9999", C, 10), line("1", D, 5), line("2", C, 5))
    assert memo_residual(lines, {"9005", "9999"}) == {}
    assert memo_residual(lines, {"9005"}) == {"CNY": 10}
