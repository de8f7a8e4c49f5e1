from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.channel.envelope import SIZE_MAX, Envelope, Json, compact, instant, masked, parse, parse_json
from domain.refusals import Invalid, Refusal

GOOD: dict[str, Any] = {
    "appId": "app-1",
    "apiVersion": "1.0",
    "apiName": "credit.apply",
    "requestNo": "RQ-1",
    "timestamp": "2026-03-05T10:00:00+08:00",
    "nonce": "nonce-0001",
    "signType": "HMAC-SHA256",
    "sign": "ab",
    "bizContent": {"a": "b"},
}


def told(raw: bytes) -> set[tuple[str | None, str]]:
    found = parse(raw)
    assert isinstance(found, Refusal)
    return {(one.field, one.code) for one in found.faults} if isinstance(found, Invalid) else {(None, found.code)}


def dumped(**changes: object) -> bytes:
    merged = {**GOOD, **changes}
    return json.dumps({name: value for name, value in merged.items() if value is not ...}).encode()


def test_a_good_message() -> None:
    found = parse(dumped(token="tok", openId="u1", keyId="k1", encryptType=""))
    assert isinstance(found, Envelope)
    assert (found.app_id, found.api_name, found.content) == ("app-1", "credit.apply", {"a": "b"})
    assert (found.key_id, found.encrypt_type, found.open_id) == ("k1", "NONE", "u1")
    assert found.timestamp.utcoffset() == timedelta(hours=8)
    assert "tok" not in repr(found)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "MESSAGE_NOT_JSON"),
        (b"[]", "MESSAGE_NOT_JSON"),
        (b"null", "MESSAGE_NOT_JSON"),
        (b"{", "MESSAGE_NOT_JSON"),
        (b"{} {}", "MESSAGE_NOT_JSON"),
        (b"\xef\xbb\xbf{}", "MESSAGE_NOT_JSON"),
        (b'{"a": "\xff"}', "MESSAGE_NOT_JSON"),
        (b"\xff\xfe{\x00}\x00", "MESSAGE_NOT_JSON"),
        (b'{"a": 1, "a": 2}', "DUPLICATE_KEY"),
        (b'{"b": {"a": 1, "\\u0061": 2}}', "DUPLICATE_KEY"),
        (b'{"a": 0.1}', "INVALID_NUMBER"),
        (b'{"a": 1e3}', "INVALID_NUMBER"),
        (b'{"a": 1e400}', "INVALID_NUMBER"),
        (b'{"a": -0}', "INVALID_NUMBER"),
        (b'{"a": -0.0}', "INVALID_NUMBER"),
        (b'{"a": NaN}', "INVALID_NUMBER"),
        (b'{"a": -Infinity}', "INVALID_NUMBER"),
        (b'{"a": 9007199254740993.10}', "INVALID_NUMBER"),
        (b'{"a": 1000000000000000}', "INVALID_NUMBER"),
        (b'{"a": ' + b"9" * 5000 + b"}", "INVALID_NUMBER"),
        (b'{"a": "x\\u0000"}', "INVALID_TEXT"),
        (b'{"a": "\\ud800"}', "INVALID_TEXT"),
        (b'{"\\udc00": 1}', "INVALID_TEXT"),
        (b'{"a": ' + b"[" * 20 + b"]" * 20 + b"}", "MESSAGE_TOO_DEEP"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "MESSAGE_TOO_DEEP"),
        (b'{"a": "' + b"x" * SIZE_MAX + b'"}', "MESSAGE_TOO_LARGE"),
    ],
)
def test_what_is_not_strict_json_is_refused(raw: bytes, code: str) -> None:
    assert told(raw) == {(None, code)}


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"appId": ...}, {("appId", "FIELD_MISSING")}),
        ({"appId": None}, {("appId", "FIELD_MISSING")}),
        ({"appId": ""}, {("appId", "FIELD_MISSING")}),
        ({"appId": 7}, {("appId", "FIELD_INVALID")}),
        ({"appId": "a&apiVersion=1.0"}, {("appId", "FIELD_INVALID")}),
        ({"appId": "a\n"}, {("appId", "FIELD_INVALID")}),
        ({"appId": "a" * 65}, {("appId", "FIELD_INVALID")}),
        ({"nonce": ...}, {("nonce", "FIELD_MISSING")}),
        ({"nonce": "short"}, {("nonce", "FIELD_INVALID")}),
        ({"sign": ...}, {("sign", "FIELD_MISSING")}),
        ({"timestamp": "2026-03-05T10:00:00"}, {("timestamp", "FIELD_INVALID")}),
        ({"timestamp": "2026-03-05"}, {("timestamp", "FIELD_INVALID")}),
        ({"timestamp": "2026-02-30T10:00:00+08:00"}, {("timestamp", "FIELD_INVALID")}),
        ({"apiVersion": "2.0"}, {("apiVersion", "FIELD_INVALID")}),
        ({"bizContent": "{}"}, {("bizContent", "FIELD_INVALID")}),
        ({"bizContent": ...}, {("bizContent", "FIELD_MISSING")}),
        ({"extra": 1}, {("extra", "FIELD_UNKNOWN")}),
        (
            {"appId": ..., "nonce": 1, "extra": 1, "bizContent": []},
            {
                ("appId", "FIELD_MISSING"),
                ("nonce", "FIELD_INVALID"),
                ("extra", "FIELD_UNKNOWN"),
                ("bizContent", "FIELD_INVALID"),
            },
        ),
    ],
)
def test_header_faults_are_told_at_once(changes: dict[str, Any], faults: set[tuple[str, str]]) -> None:
    assert told(dumped(**changes)) == faults


@given(st.binary(max_size=200))
def test_no_bytes_break_the_parser(raw: bytes) -> None:
    parse(raw)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15) + 1, 10**15 - 1)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_json_is_read_back_and_stays_the_same(value: Json) -> None:
    text = compact(value)
    assert parse_json(text.encode()) == value
    assert compact(json.loads(text)) == text


@given(st.dictionaries(st.sampled_from("abcd"), VALUES, min_size=2))
def test_the_same_content_has_the_same_digest_in_any_order(content: dict[str, Any]) -> None:
    one, other = (parse(dumped(bizContent=dict(pairs))) for pairs in (content.items(), reversed(content.items())))
    assert isinstance(one, Envelope)
    assert isinstance(other, Envelope)
    assert one.content_digest == other.content_digest


def test_an_instant_has_an_offset() -> None:
    assert instant("2026-03-05T02:00:00Z") == instant("2026-03-05T10:00:00+08:00")
    assert instant("20260305") is None


def test_personal_fields_are_masked_wherever_they_stand() -> None:
    content: Json = {
        "borrower": {"customerName": "王伟", "mobile": "13800138000", "maritalCode": "20"},
        "accounts": [{"accountNo": "4111111111111111"}],
        "idNo": 7,
    }
    assert masked(content) == {
        "borrower": {"customerName": "*", "mobile": "*********00", "maritalCode": "20"},
        "accounts": [{"accountNo": "**************11"}],
        "idNo": 7,
    }
