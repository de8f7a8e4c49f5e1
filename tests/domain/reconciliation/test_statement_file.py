"""A bank's file: whole and right, or refused as a whole with everything that is wrong with it."""

import hashlib
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.payment.order import Kind, Outcome
from domain.reconciliation.statement_file import (
    SANDBOX_DAY_FILE,
    Fault,
    Profile,
    StatementFile,
    Unreadable,
    digest,
    parse,
)
from ledger.money import Money

ON = date(2026, 3, 5)
ROWS = (
    "PO1|BK1|PAY|10000|CNY|2026-03-05|SUCCESS|0",
    "PO2|BK2|COLLECT|777|CNY|2026-03-05|FAILED|0",
    "PO3|BK3|COLLECT|5|CNY|2026-03-05|PROCESSING|0",
)


def made(
    rows: tuple[str, ...] = ROWS,
    *,
    head: str = "H|SANDBOX-BANK|zhudai|2026-03-05|1",
    count: int | None = None,
    total: int | None = None,
    sha256: str | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """A file, right unless told otherwise."""
    body = "".join(f"{line}\n" for line in (head, *rows)).encode(encoding)
    counted = len(rows) if count is None else count
    summed = sum(int(row.split("|")[3]) for row in rows if row.split("|")[3].isdigit()) if total is None else total
    return body + f"T|{counted}|{summed}|{sha256 or hashlib.sha256(body).hexdigest()}\n".encode()


GOOD = made()


def read(raw: bytes, profile: Profile = SANDBOX_DAY_FILE) -> StatementFile | Unreadable:
    return parse(raw, profile, business_on=ON)


def faults(raw: bytes, profile: Profile = SANDBOX_DAY_FILE) -> list[tuple[int, Fault]]:
    found = read(raw, profile)
    assert isinstance(found, Unreadable)
    return [(one.line_no, one.fault) for one in found.problems]


def test_a_whole_file_gives_its_rows() -> None:
    file = read(GOOD)
    assert isinstance(file, StatementFile)
    assert (file.sha256, file.byte_count) == (digest(GOOD), len(GOOD))
    told = [(one.line_no, one.order_no, one.kind, one.amount, one.outcome) for one in file.rows]
    assert told == [
        (2, "PO1", Kind.DISBURSEMENT, Money(10_000, "CNY"), Outcome.SUCCEEDED),
        (3, "PO2", Kind.COLLECTION, Money(777, "CNY"), Outcome.FAILED),
        (4, "PO3", Kind.COLLECTION, Money(5, "CNY"), Outcome.UNKNOWN),
    ]


def test_a_file_without_payments_is_whole() -> None:
    file = read(made(()))
    assert isinstance(file, StatementFile)
    assert file.rows == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"\xef\xbb\xbf" + GOOD,
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n"),
    ],
    ids=["byte order mark", "CRLF", "lone CR", "both"],
)
def test_line_ends_and_byte_order_marks_make_no_difference(raw: bytes) -> None:
    file, plain = read(raw), read(GOOD)
    assert isinstance(file, StatementFile)
    assert isinstance(plain, StatementFile)
    assert file.rows == plain.rows


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", [(0, Fault.EMPTY)]),
        (b"\n\n", [(0, Fault.EMPTY)]),
        (made(head="X|SANDBOX-BANK|zhudai|2026-03-05|1"), [(1, Fault.HEADER)]),
        (made(head="H|short"), [(1, Fault.HEADER)]),
        (made(head="H|SANDBOX-BANK|zhudai|2026-03-06|1"), [(1, Fault.BUSINESS_DATE)]),
        (made(count=2), [(5, Fault.COUNT)]),
        (made(total=1), [(5, Fault.SUM)]),
        (made(sha256="0" * 64), [(5, Fault.HASH)]),
        (made((*ROWS, "PO4|BK4|PAY|1|CNY")), [(5, Fault.COLUMN_COUNT)]),
        (made(("PO1|B|PAY|1.00|CNY|2026-03-05|SUCCESS|0", "PO2|B|PAY|-1|CNY|2026-03-05|SUCCESS|0")),
         [(2, Fault.FIELD), (3, Fault.FIELD)]),
        (made(("|B|PAY|1|CNY|2026-03-05|SUCCESS|0",)), [(2, Fault.FIELD)]),
        (made(("PO1|B|LEND|1|CNY|2026-03-05|SUCCESS|0",)), [(2, Fault.FIELD)]),
        (made(("PO1|B|PAY|1|XXY|2026-03-05|SUCCESS|0",)), [(2, Fault.FIELD)]),
        (made(("PO1|B|PAY|1|CNY|2026-02-30|SUCCESS|0",)), [(2, Fault.FIELD)]),
        (made(("PO1|B|PAY|1|CNY|2026-03-05|DONE|0",)), [(2, Fault.FIELD)]),
        (made(("PO1|B|PAY|１|CNY|2026-03-05|SUCCESS|0",), total=1), [(2, Fault.FIELD), (3, Fault.SUM)]),
        (made(("PO1|B|PAY|1|CNY|2026-03-05|SUCCESS|" + "9" * 70_000,)), [(2, Fault.LINE_TOO_LONG)]),
        (made(("PO1|张三|PAY|1|CNY|2026-03-05|SUCCESS|0",), encoding="gb18030"), [(2, Fault.ENCODING)]),
        (GOOD + b"one more line\n", [(6, Fault.TRAILER)]),
        (made(()).replace(b"T|0|0|", b"T|0|0|0|"), [(2, Fault.TRAILER)]),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_line(raw: bytes, expected: list[tuple[int, Fault]]) -> None:
    assert faults(raw) == expected


def test_the_encoding_is_the_profiles_and_the_fault_tells_the_byte() -> None:
    chinese = made(("PO1|张三|PAY|1|CNY|2026-03-05|SUCCESS|0",), encoding="gb18030")
    gbk = read(chinese, replace(SANDBOX_DAY_FILE, encoding="gb18030"))
    assert isinstance(gbk, StatementFile)
    assert gbk.rows[0].bank_no == "张三"
    refused = read(chinese)
    assert isinstance(refused, Unreadable)
    assert refused.problems[0].detail == f"not utf-8 at byte {chinese.index('张三'.encode('gb18030'))}"


def test_a_file_beyond_the_limit_is_not_even_read() -> None:
    assert faults(GOOD, replace(SANDBOX_DAY_FILE, file_max=100)) == [(0, Fault.FILE_TOO_LARGE)]


@given(st.integers(min_value=0, max_value=len(GOOD) - 1))
def test_a_cut_file_is_refused_wherever_it_is_cut(length: int) -> None:
    assert isinstance(read(GOOD[:length]), Unreadable)


@given(st.integers(min_value=0, max_value=len(GOOD) - 1), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_is_noticed(at: int, by: int) -> None:
    changed = GOOD[:at] + bytes([GOOD[at] ^ by]) + GOOD[at + 1 :]
    plain, other = read(GOOD), read(changed)
    assert isinstance(other, Unreadable) or (isinstance(plain, StatementFile) and other.rows == plain.rows)


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(raw: bytes) -> None:
    assert isinstance(read(raw), Unreadable)


def test_a_profile_arranges_each_column_once() -> None:
    with pytest.raises(AssertionError):
        replace(SANDBOX_DAY_FILE, columns=("order_no",))
