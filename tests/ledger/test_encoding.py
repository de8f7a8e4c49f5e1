"""The canonical encoding: fixed for ever by golden vectors, injective, and exactly what PostgreSQL sends."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.encoding import (
    EntryRow,
    LineRow,
    LogRow,
    decode_entry,
    decode_line,
    decode_log,
    digest,
    encode_entry,
    encode_line,
    encode_log,
    leaf_hash,
    meta_digest,
    meta_text_digest,
    split_head,
)

LOG: LogRow = (1, 7, 42, 202601, False, datetime(2026, 1, 5, 1, 2, 3, 4, tzinfo=UTC))
ENTRY: EntryRow = (
    1, 202601, 42, UUID(int=5), "servicing", "k", b"\x01" * 32, "REPAYMENT", 3, date(2026, 1, 5), None,
    date(2026, 1, 4), 2, None, False, "clerk", "更正", datetime(2026, 1, 5, 1, 2, 3, tzinfo=UTC), b"\x02" * 32,
)  # fmt: skip
LINES: tuple[LineRow, ...] = (
    (1, 202601, 42, 1, date(2026, 1, 5), 9, "CNY", "D", 350, 7, None, 2, 3, None),
    (1, 202601, 42, 2, date(2026, 1, 5), 4, "CNY", "C", 350, None, None, None, None, None),
)
META = {"run": 1, "ok": True}

ints = st.integers(-(2**31), 2**31 - 1)
bigints = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
days = st.dates(date(1900, 1, 1), date(9999, 12, 31))
instants = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
hashes = st.binary(min_size=32, max_size=32)
logs = st.tuples(ints, bigints, bigints, ints, st.booleans(), instants)
entries = st.tuples(
    ints, ints, bigints, st.uuids(), texts, texts, hashes, texts, ints, days, st.none() | days, st.none() | days, ints,
    st.none() | bigints, st.booleans(), texts, texts, instants, hashes,
)  # fmt: skip
lines = st.tuples(
    ints, ints, bigints, ints, days, ints, st.sampled_from(["CNY", "USD"]), st.sampled_from("DC"), bigints,
    st.none() | bigints, st.none() | ints, st.none() | ints, st.none() | ints, st.none() | ints,
)  # fmt: skip


@pytest.mark.law(38)
def test_golden_vectors() -> None:
    assert encode_log(LOG).hex() == (
        "000000040000000100000008000000000000000700000008000000000000002a000000040003176900000001000000000800"
        "02ea98602e58c4"
    )
    assert encode_line(LINES[0]).hex() == (
        "0000000400000001000000040003176900000008000000000000002a0000000400000001000000040000251d000000040000"
        "000900000003434e59000000014400000008000000000000015e000000080000000000000007ffffffff0000000400000002"
        "0000000400000003ffffffff"
    )
    assert meta_digest(META).hex() == "02f43af115e015f9a75fba5050392da1dac8844130b6f4642e1ff8774226b6ea"
    assert (
        leaf_hash(LOG, ENTRY, META, LINES).hex() == "f4097f742304b4f9357d50a5d0cb17053e9d15f6982094393746e64c7f6e7b02"
    )


@pytest.mark.skipif("sm3" not in __import__("hashlib").algorithms_available, reason="this OpenSSL has no SM3")
def test_golden_vector_of_the_domestic_digest() -> None:
    assert (
        leaf_hash(LOG, ENTRY, META, LINES, "sm3").hex()
        == "988659f775e22b0ed13dce4ee5aa0282c243fa14f98605ff3016fb72f9744c61"
    )


@pytest.mark.law(38)
@given(logs, entries, lines)
def test_every_row_comes_back_from_its_bytes(log: LogRow, entry: EntryRow, line: LineRow) -> None:
    """What can be decoded again was encoded injectively."""
    assert decode_log(encode_log(log)) == log
    assert decode_entry(encode_entry(entry)) == entry
    assert decode_line(encode_line(line)) == line
    assert split_head(encode_log(log) + encode_entry(entry)) == (encode_log(log), encode_entry(entry))


@given(st.integers(0, len(ENTRY) - 1), entries)
def test_any_other_column_is_another_leaf(place: int, other: EntryRow) -> None:
    changed = cast("EntryRow", (*ENTRY[:place], other[place], *ENTRY[place + 1 :]))
    same = changed == ENTRY
    assert (leaf_hash(LOG, changed, META, LINES) == leaf_hash(LOG, ENTRY, META, LINES)) is same


@pytest.mark.law(38)
def test_lines_cannot_move_between_entries_or_change_their_order() -> None:
    leaves = {
        leaf_hash(LOG, ENTRY, META, chosen)
        for chosen in (LINES, LINES[::-1], LINES[:1], LINES[1:], (), LINES + LINES[:1])
    }
    assert len(leaves) == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {}),
        ({"a": Decimal("1.0")}, {"a": Decimal("1.00")}),
        ({"a": "b", "c": "d"}, {"a": "bc", "": "d"}),
        ({"a": {"b": 1}}, {"a": 1, "b": 1}),
        ({"a": ["b"]}, {"a": "b"}),
    ],
)
def test_different_meta_has_different_digests(one: dict[str, object], other: dict[str, object]) -> None:
    assert meta_digest(one) != meta_digest(other)


def test_meta_is_the_same_however_it_is_spelled() -> None:
    assert meta_text_digest(b'{"b": 1, "a": "\\u66f4"}') == meta_text_digest('{"a":"更","b":1}'.encode())
    assert meta_text_digest(b"{}") == meta_digest({})


def test_withheld_meta_proves_the_same_leaf() -> None:
    assert leaf_hash(LOG, ENTRY, meta_digest(META), LINES) == leaf_hash(LOG, ENTRY, META, LINES)


def test_unknown_digests_and_floats_are_refused() -> None:
    with pytest.raises(ValueError, match="not available"):
        digest("md5")
    with pytest.raises(TypeError):
        meta_digest({"a": 1.5})


def test_instants_are_the_same_in_every_zone() -> None:
    shifted = LOG[5].astimezone(__import__("zoneinfo").ZoneInfo("Asia/Shanghai"))
    assert encode_log((*LOG[:5], shifted)) == encode_log(LOG)
    assert decode_log(encode_log(LOG))[5] - LOG[5] == timedelta(0)
