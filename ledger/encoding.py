"""The one canonical encoding of a stored entry, the leaf of the sealed log.

Every field is a four-byte big-endian length and that many bytes; an absent field is the length ``FF FF FF FF`` alone.
Whole numbers are big-endian two's complement of their column's width, dates are days and instants are microseconds
since 2000-01-01 (UTC), texts are UTF-8. A row is its fields one after another. This is also how PostgreSQL
sends a row in a binary COPY, so a journal can be hashed as it streams, without an object per field.
Golden vectors fix it.

``leaf = H(00 | tag length | tag | meta digest | log row | entry row | line count | line rows in line_no order)``
"""

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from uuid import UUID

ENTRY_TAG: Final = b"zhudai/entry/v1"
META_TAG: Final = b"zhudai/meta/v1"
BALANCE_TAG: Final = b"zhudai/balance/v1"
ACCOUNT_TAG: Final = b"zhudai/account/v1"
SEAL_TAG: Final = b"zhudai/seal/v1"

ENTRY_COLUMNS: Final = (
    "book_id", "period_id", "entry_id", "event_id", "source", "ik", "body_hash", "kind", "rule_version", "effective_on",
    "economic_on", "paid_on", "n_lines", "reverses", "is_red", "actor", "description", "recorded_at", "mac",
)  # fmt: skip
"""Columns of an entry row in canonical order; `meta` is the one column that stands apart, as its digest."""

LINE_COLUMNS: Final = (
    "book_id", "period_id", "entry_id", "line_no", "effective_on", "account_id", "currency", "side", "amount",
    "subject_id", "party_id", "scheme_id", "funder_id", "channel_id",
)  # fmt: skip
"""Columns of a line row in canonical order; the always-present ones first, so their places in the bytes are fixed."""

LOG_COLUMNS: Final = ("book_id", "seq", "entry_id", "period_id", "is_red", "sequenced_at")
"""Columns of the log row that numbered the entry, in canonical order."""

LogRow = tuple[int, int, int, int, bool, datetime]
"""One value per name of `LOG_COLUMNS`."""

ACCOUNT_COLUMNS: Final = (
    "account_id", "code", "name_zh", "name_en", "parent_id", "class", "normal_side", "currency", "postable", "policy",
    "required_dims", "opened_on",
)  # fmt: skip
"""The facts of an account that never change (only `closed_on` may still come), in canonical order."""

EntryRow = tuple[
    int, int, int, UUID, str, str, bytes, str, int, date, date | None, date | None, int, int | None, bool, str, str,
    datetime, bytes,
]  # fmt: skip
"""One value per name of `ENTRY_COLUMNS`."""

LineRow = tuple[
    int, int, int, int, date, int, str, str, int, int | None, int | None, int | None, int | None, int | None
]
"""One value per name of `LINE_COLUMNS`."""

EPOCH_DAY: Final = date(2000, 1, 1).toordinal()
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
ABSENT: Final = b"\xff\xff\xff\xff"

LEAF_PREFIX: Final = b"\0" + len(ENTRY_TAG).to_bytes(2, "big") + ENTRY_TAG
"""The first bytes of every leaf: RFC 6962's leaf mark, then the versioned tag."""

HASHES: Final = ("sha256", "sm3")
"""Names of the digests a log may be sealed with; the name travels with the data."""

Digest = Callable[[bytes], bytes]


def digest(name: str) -> Digest:
    """The digest function of a name in `HASHES`; refuses any other name, and one the machine does not offer."""
    if name not in HASHES or name not in hashlib.algorithms_available:
        msg = f"hash {name!r} is not available"
        raise ValueError(msg)
    if name == "sha256":
        return _sha256
    return lambda data: hashlib.new(name, data).digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_I4: Final = struct.Struct(">Ii")
_I8: Final = struct.Struct(">Iq")
_LENGTH: Final = struct.Struct(">I")
_FIXED: Final = struct.Struct(">Ii Ii Iq Ii Ii Ii I3s Is Iq")


def _i4(number: int) -> bytes:
    return _I4.pack(4, number)


def _i8(number: int) -> bytes:
    return _I8.pack(8, number)


def _raw(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


def _day(day: date | None) -> bytes:
    return ABSENT if day is None else _I4.pack(4, day.toordinal() - EPOCH_DAY)


def _instant(at: datetime) -> bytes:
    since = at - EPOCH
    return _I8.pack(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def _flag(flag: bool) -> bytes:  # noqa: FBT001 - a column's value
    return b"\0\0\0\1\1" if flag else b"\0\0\0\1\0"


def encode_log(row: LogRow) -> bytes:
    """Canonical bytes of a log row."""
    book, seq, entry, period, is_red, sequenced = row
    return b"".join((_i4(book), _i8(seq), _i8(entry), _i4(period), _flag(is_red), _instant(sequenced)))


def encode_entry(row: EntryRow) -> bytes:
    """Canonical bytes of an entry row, without `meta`."""
    (book, period, entry, event, source, ik, body, kind, version, effective, economic, paid, n_lines, reverses, is_red,
     actor, description, recorded, mac) = row  # fmt: skip
    return b"".join(
        (
            _i4(book), _i4(period), _i8(entry), _raw(event.bytes), _raw(source.encode()), _raw(ik.encode()),
            _raw(body), _raw(kind.encode()), _i4(version), _day(effective), _day(economic), _day(paid), _i4(n_lines),
            ABSENT if reverses is None else _i8(reverses), _flag(is_red),
            _raw(actor.encode()), _raw(description.encode()),
            _instant(recorded), _raw(mac),
        )
    )  # fmt: skip


def encode_line(row: LineRow) -> bytes:
    """Canonical bytes of a line row."""
    book, period, entry, line_no, effective, account, currency, side, amount, subject, *dims = row
    return b"".join(
        (
            _FIXED.pack(
                4, book, 4, period, 8, entry, 4, line_no, 4, effective.toordinal() - EPOCH_DAY, 4, account,
                3, currency.encode(), 1, side.encode(), 8, amount,
            ),
            ABSENT if subject is None else _I8.pack(8, subject),
            *[ABSENT if number is None else _I4.pack(4, number) for number in dims],
        )
    )  # fmt: skip


def decode_log(data: bytes) -> LogRow:
    """The log row of canonical bytes."""
    book, seq, entry, period, is_red, sequenced = _fields(data)
    return _int(book), _int(seq), _int(entry), _int(period), is_red == b"\1", _moment(sequenced)


def decode_entry(data: bytes) -> EntryRow:
    """The entry row of canonical bytes."""
    (book, period, entry, event, source, ik, body, kind, version, effective, economic, paid, n_lines, reverses, is_red,
     actor, description, recorded, mac) = _fields(data)  # fmt: skip
    return (
        _int(book), _int(period), _int(entry), UUID(bytes=_present(event)), _str(source), _str(ik), _present(body),
        _str(kind), _int(version), _date(_present(effective)), _maybe_date(economic), _maybe_date(paid), _int(n_lines),
        _maybe(reverses), is_red == b"\1", _str(actor), _str(description), _moment(recorded), _present(mac),
    )  # fmt: skip


def decode_line(data: bytes) -> LineRow:
    """The line row of canonical bytes."""
    book, period, entry, line_no, effective, account, currency, side, amount, *dims = _fields(data)
    subject, party, scheme, funder, channel = map(_maybe, dims)
    return (
        _int(book), _int(period), _int(entry), _int(line_no), _date(_present(effective)), _int(account), _str(currency),
        _str(side), _int(amount), subject, party, scheme, funder, channel,
    )  # fmt: skip


def split_head(data: bytes) -> tuple[bytes, bytes]:
    """The log row's and the entry row's bytes, which stand one after the other."""
    end = 0
    for _ in LOG_COLUMNS:
        end += 4 + int.from_bytes(data[end : end + 4], "big")
    return data[:end], data[end:]


def _fields(data: bytes) -> list[bytes | None]:
    fields: list[bytes | None] = []
    place = 0
    while place < len(data):
        head = data[place : place + 4]
        place += 4
        if head == ABSENT:
            fields.append(None)
            continue
        end = place + int.from_bytes(head, "big")
        fields.append(data[place:end])
        place = end
    return fields


def _present(field: bytes | None) -> bytes:
    assert field is not None, "a column that is never absent"
    return field


def _int(field: bytes | None) -> int:
    return int.from_bytes(_present(field), "big", signed=True)


def _maybe(field: bytes | None) -> int | None:
    return None if field is None else int.from_bytes(field, "big", signed=True)


def _str(field: bytes | None) -> str:
    return _present(field).decode()


def _date(field: bytes) -> date:
    return date.fromordinal(EPOCH_DAY + int.from_bytes(field, "big", signed=True))


def _maybe_date(field: bytes | None) -> date | None:
    return None if field is None else _date(field)


def _moment(field: bytes | None) -> datetime:
    return EPOCH + timedelta(microseconds=_int(field))


def leaf_bytes(meta: bytes, head: bytes, lines: Sequence[bytes]) -> bytes:
    """What is hashed for a leaf: prefix, digest of meta, encoded log and entry row, number of lines, encoded lines."""
    return b"".join((LEAF_PREFIX, _LENGTH.pack(len(meta)), meta, head, _LENGTH.pack(len(lines)), *lines))


def leaf_hash(
    log: LogRow,
    entry: EntryRow,
    meta: Mapping[str, object] | bytes,
    lines: Iterable[LineRow],
    hash_name: str = "sha256",
) -> bytes:
    """Leaf of a stored entry; `meta` is the mapping, or its digest where the mapping was withheld."""
    meta_hash = meta if isinstance(meta, bytes) else meta_digest(meta, hash_name)
    head = encode_log(log) + encode_entry(entry)
    return digest(hash_name)(leaf_bytes(meta_hash, head, [encode_line(line) for line in lines]))


def balance_bytes(code: str, currency: str, debit: int, credit: int) -> bytes:
    """Leaf bytes of one account's gross totals in a trial-balance head."""
    return BALANCE_TAG + b"".join(map(_raw, (code.encode(), currency.encode(), b"%d" % debit, b"%d" % credit)))


def account_bytes(facts: Sequence[str | int | bool | date | None]) -> bytes:
    """Leaf bytes of one account's unchanging facts (`ACCOUNT_COLUMNS`) in an account-registry head."""
    return ACCOUNT_TAG + b"".join(ABSENT if fact is None else _raw(str(fact).encode()) for fact in facts)


def seal_bytes(
    *, book: int, period: int, previous: bytes | None, closed_seq: int, log: bytes, balances: bytes, accounts: bytes
) -> bytes:
    """What the seal of a closed month is the digest of."""
    return b"".join(
        (
            SEAL_TAG, _i4(book), _i4(period), ABSENT if previous is None else _raw(previous), _i8(closed_seq),
            _raw(log), _raw(balances), _raw(accounts),
        )
    )  # fmt: skip


def meta_digest(meta: Mapping[str, object], hash_name: str = "sha256") -> bytes:
    """Digest of a JSON object, independent of key order and spelling: types are tagged, keys sorted, texts counted."""
    if not meta:
        return _empty_meta(hash_name)
    return digest(hash_name)(META_TAG + _json(meta))


@lru_cache(maxsize=4096)
def meta_text_digest(text: bytes, hash_name: str = "sha256") -> bytes:
    """Digest of a JSON object given as its UTF-8 text, as the database sends it; numbers are read exactly."""
    return meta_digest(meta_of_text(text), hash_name)


def meta_of_text(text: bytes) -> dict[str, object]:
    """The JSON object of UTF-8 text, numbers read exactly."""
    found = json.loads(text, parse_float=Decimal)
    assert isinstance(found, dict), "meta is an object"
    return found


@lru_cache(maxsize=8)
def _empty_meta(hash_name: str) -> bytes:
    return digest(hash_name)(META_TAG + _json({}))


def _json(value: object) -> bytes:
    if value is None:
        return b"n"
    if value is True:
        return b"t"
    if value is False:
        return b"f"
    if isinstance(value, str):
        return b"s" + _raw(value.encode())
    if isinstance(value, int):
        return b"i" + _raw(str(int(value)).encode())
    if isinstance(value, Decimal):
        return b"d" + _raw(str(value).encode())
    if isinstance(value, Mapping):
        items = sorted((str(key).encode(), item) for key, item in value.items())
        return b"m" + _LENGTH.pack(len(items)) + b"".join(_raw(key) + _json(item) for key, item in items)
    if isinstance(value, Sequence):
        return b"l" + _LENGTH.pack(len(value)) + b"".join(_json(item) for item in value)
    msg = f"{type(value).__name__} has no canonical form"
    raise TypeError(msg)
