"""Rendering for other bookkeepers, without a database: names, signs, currencies and texts that try to break out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from ledger.account import Account, AccountClass, Side
from ledger.encoding import EntryRow
from ledger.plain_text import NamedChart, beancount, comma_separated, hledger
from ledger.verify import StoredRows

A = AccountClass
CHART = NamedChart.of(
    '银行 "一"',
    {
        1: Account("1002.01", "放款户", A.ASSET, "CNY", Side.DEBIT),
        2: Account("3001.01", "在途", A.COMMON, "CNY", Side.DEBIT),
        3: Account("1002-JPY", "日元", A.ASSET, "JPY", Side.DEBIT),
        4: Account("1002/JPY", "日元二", A.ASSET, "JPY", Side.DEBIT),
        5: Account("9005", "承诺", A.MEMO, "CNY", Side.DEBIT),
    },
)
ENTRY: EntryRow = (
    1, 202601, 42, UUID(int=5), "s", "k", b"\x01" * 32, "LENT", 1, date(2026, 1, 5), None, None, 4, None, False, "t",
    "", datetime(2026, 1, 5, tzinfo=UTC), b"\x02" * 32,
)  # fmt: skip
ROWS = StoredRows(
    log=(1, 7, 42, 202601, False, datetime(2026, 1, 5, tzinfo=UTC)),
    entry=ENTRY,
    meta={},
    lines=(
        (1, 202601, 42, 1, date(2026, 1, 5), 2, "CNY", "D", 123456, 9, None, None, None, None),
        (1, 202601, 42, 2, date(2026, 1, 5), 1, "CNY", "C", 123456, None, None, None, None, None),
        (1, 202601, 42, 3, date(2026, 1, 5), 3, "JPY", "D", 500, None, None, None, None, None),
        (1, 202601, 42, 4, date(2026, 1, 5), 4, "JPY", "C", 500, None, None, None, None, None),
    ),
    leaf=b"\x03" * 32,
)


def described(description: str) -> Iterator[StoredRows]:
    """The entry with another description."""
    yield replace(ROWS, entry=(*ENTRY[:16], description, *ENTRY[17:]))


def test_names_tell_class_and_code_and_are_unique() -> None:
    assert dict(CHART.names) == {
        1: "Assets:1002:01",
        2: "Assets:Common:3001:01",
        3: "Assets:1002-JPY",
        4: "Assets:X4",
        5: "Equity:Memo:9005",
    }


def test_amounts_have_the_places_of_their_currency_and_credits_are_negative() -> None:
    text = "".join(hledger(CHART, [ROWS]))
    assert "    Assets:Common:3001:01  1234.56 CNY  ; subject: 9\n    Assets:1002:01  -1234.56 CNY\n" in text
    assert "    Assets:1002-JPY  500 JPY\n    Assets:X4  -500 JPY\n" in text
    assert "commodity JPY\n    format 1000. JPY\n" in text
    assert f"; leaf: {'03' * 32}\n" in text


@pytest.mark.parametrize("hostile", ["a\nb", "a\r\n2026-01-01 * x", "a;b", 'a"b\\', "\u2028x", "\x85x", "a|b"])
def test_no_text_breaks_out_of_its_line(hostile: str) -> None:
    quiet = "".join(hledger(CHART, described("x"))).splitlines()
    loud = "".join(hledger(CHART, described(hostile))).splitlines()
    assert len(loud) == len(quiet)
    assert [row for row in loud if "LENT" not in row] == [row for row in quiet if "LENT" not in row]
    lines = "".join(beancount(CHART, described(hostile))).split("\n")
    assert len(lines) == len("".join(beancount(CHART, described("x"))).split("\n"))


def test_only_postable_accounts_are_opened() -> None:
    group = Account("1", "组", A.ASSET, "CNY", Side.DEBIT, postable=False)
    assert " open " not in "".join(beancount(NamedChart.of("x", {1: group}), []))


def test_a_missing_entry_cannot_be_exported_as_text() -> None:
    for render in (hledger, beancount, comma_separated):
        with pytest.raises(LookupError, match="verify before exporting"):
            list(render(CHART, [replace(ROWS, entry=None)]))
