"""The message envelope: strict JSON in, a typed header and business content out, or every fault by name.

Strict means: UTF-8, bounded size and depth, no key twice, no unknown field, no floating number (amounts and rates are
strings), no NUL and no lone surrogate. What a lenient parser would repair, a signature cannot vouch for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, TypeAlias

from domain.refusals import Invalid, Refusal

Json: TypeAlias = "str | int | bool | list[Json] | dict[str, Json] | None"
"""A JSON value without floating numbers."""

SIZE_MAX = 256 * 1024
"""Bytes of a message."""
DEPTH_MAX = 12
"""Objects and lists inside each other."""
INTEGER_DIGITS_MAX = 15
"""Digits of a number: what every JSON implementation keeps exactly."""

API_VERSIONS = frozenset({"1.0"})
"""Versions of the interface that are spoken."""

_WORD = re.compile(r"[A-Za-z0-9._:+-]{1,64}", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9._~+/=:-]{1,1024}", re.ASCII)
_PERSONAL = frozenset({"customerName", "mobile", "idNo", "accountNo", "accountName", "token", "fileUrl"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTooLarge(Refusal):
    """More bytes than a message may have."""

    code: ClassVar[str] = "MESSAGE_TOO_LARGE"
    zh: ClassVar[str] = "报文超过 {limit} 字节"
    en: ClassVar[str] = "the message has more than {limit} bytes"

    limit: int = SIZE_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageNotJson(Refusal):
    """Not one JSON object in UTF-8."""

    code: ClassVar[str] = "MESSAGE_NOT_JSON"
    zh: ClassVar[str] = "报文不是UTF-8编码的JSON对象"
    en: ClassVar[str] = "the message is not one JSON object in UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTooDeep(Refusal):
    """Objects and lists too far inside each other."""

    code: ClassVar[str] = "MESSAGE_TOO_DEEP"
    zh: ClassVar[str] = "报文嵌套超过 {limit} 层"
    en: ClassVar[str] = "the message is nested deeper than {limit}"

    limit: int = DEPTH_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTwice(Refusal):
    """An object names a key twice; two readers could take two different values."""

    code: ClassVar[str] = "DUPLICATE_KEY"
    zh: ClassVar[str] = "同一对象中有重复的字段"
    en: ClassVar[str] = "an object names a key twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberInvalid(Refusal):
    """A number with a fraction, an exponent, NaN, Infinity, or too many digits."""

    code: ClassVar[str] = "INVALID_NUMBER"
    zh: ClassVar[str] = "数值只能是整数; 金额与利率请用字符串"
    en: ClassVar[str] = "numbers are whole; amounts and rates are strings"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextInvalid(Refusal):
    """NUL or half a character pair in a text."""

    code: ClassVar[str] = "INVALID_TEXT"
    zh: ClassVar[str] = "文本含有不允许的字符"
    en: ClassVar[str] = "the text has characters that cannot be stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMissing(Refusal):
    """A field that must be there is not."""

    code: ClassVar[str] = "FIELD_MISSING"
    zh: ClassVar[str] = "缺少字段"
    en: ClassVar[str] = "the field is missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUnknown(Refusal):
    """A field that nobody reads."""

    code: ClassVar[str] = "FIELD_UNKNOWN"
    zh: ClassVar[str] = "未定义的字段"
    en: ClassVar[str] = "the field is not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInvalid(Refusal):
    """A field of another form than it must have."""

    code: ClassVar[str] = "FIELD_INVALID"
    zh: ClassVar[str] = "字段格式错误, 应为: {expected}"
    en: ClassVar[str] = "the field has the wrong form; expected {expected}"

    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A message taken apart; nothing in it is believed before its signature is checked."""

    app_id: str
    api_version: str
    api_name: str
    request_no: str
    """Traces this request; the business number inside the content is the idempotency key."""
    timestamp: datetime
    """When the sender signed, with its offset."""
    nonce: str
    sign_type: str
    sign: str
    content: dict[str, Json] = field(repr=False)
    encrypt_type: str = "NONE"
    key_id: str | None = None
    token: str | None = field(default=None, repr=False)
    open_id: str | None = None
    fields: Mapping[str, Json] = field(repr=False)
    """Every field as it was received: what the signature speaks of."""

    @property
    def content_digest(self) -> bytes:
        """SHA-256 of the business content in its canonical form: the same content has the same digest."""
        return hashlib.sha256(compact(self.content).encode()).digest()


@dataclass(frozen=True, slots=True)
class _Field:
    """How a header field is named and what form it must have."""

    pattern: re.Pattern[str]
    required: bool
    expected: str


_HEADER: Mapping[str, _Field] = {
    "appId": _Field(_WORD, required=True, expected="1-64 letters, digits or ._:+-"),
    "token": _Field(_SECRET, required=False, expected="a token of at most 1024 characters"),
    "openId": _Field(_SECRET, required=False, expected="an id of at most 1024 characters"),
    "apiVersion": _Field(_WORD, required=True, expected="1.0"),
    "apiName": _Field(_WORD, required=True, expected="the name of an interface"),
    "requestNo": _Field(_WORD, required=True, expected="1-64 letters, digits or ._:+-"),
    "timestamp": _Field(_WORD, required=True, expected="ISO 8601 with offset, as 2026-03-05T10:00:00+08:00"),
    "nonce": _Field(
        re.compile(r"[A-Za-z0-9_-]{8,64}", re.ASCII), required=True, expected="8-64 letters, digits, _ or -"
    ),
    "signType": _Field(_WORD, required=True, expected="HMAC-SHA256, RSA2, SM2 or MD5"),
    "encryptType": _Field(_WORD, required=False, expected="NONE, AES-256-GCM or SM4"),
    "keyId": _Field(_WORD, required=False, expected="1-64 letters, digits or ._:+-"),
    "sign": _Field(_SECRET, required=True, expected="a signature"),
}


def parse(raw: bytes) -> Envelope | Refusal:
    """Return the envelope of a message, or what is wrong: the first fault of the JSON, or all faults of the header."""
    tree = parse_json(raw)
    if isinstance(tree, Refusal):
        return tree
    if not isinstance(tree, dict):
        return MessageNotJson()
    # null, "" and a missing field are the same thing in the header (null rule of interface version 1.0).
    present = {name: value for name, value in tree.items() if value is not None and value != ""}
    faults: list[Refusal] = [FieldUnknown(field=name[:64]) for name in tree if name not in {*_HEADER, "bizContent"}]
    header: dict[str, str] = {}
    for name, rule in _HEADER.items():
        value = present.get(name)
        if value is None:
            if rule.required:
                faults.append(FieldMissing(field=name))
        elif isinstance(value, str) and rule.pattern.fullmatch(value):
            header[name] = value
        else:
            faults.append(FieldInvalid(field=name, expected=rule.expected))
    content = present.get("bizContent")
    if content is None:
        faults.append(FieldMissing(field="bizContent"))
    elif not isinstance(content, dict):
        faults.append(FieldInvalid(field="bizContent", expected="an object"))
    timestamp = instant(header.get("timestamp", ""))
    if "timestamp" in header and timestamp is None:
        faults.append(FieldInvalid(field="timestamp", expected=_HEADER["timestamp"].expected))
    if "apiVersion" in header and header["apiVersion"] not in API_VERSIONS:
        faults.append(FieldInvalid(field="apiVersion", expected=", ".join(sorted(API_VERSIONS))))
    if faults or timestamp is None or not isinstance(content, dict):
        return Invalid(faults=tuple(faults))
    return Envelope(
        app_id=header["appId"],
        api_version=header["apiVersion"],
        api_name=header["apiName"],
        request_no=header["requestNo"],
        timestamp=timestamp,
        nonce=header["nonce"],
        sign_type=header["signType"],
        sign=header["sign"],
        content=content,
        encrypt_type=header.get("encryptType", "NONE"),
        key_id=header.get("keyId"),
        token=header.get("token"),
        open_id=header.get("openId"),
        fields=present,
    )


def parse_json(raw: bytes) -> Json | Refusal:
    """Return the value of a strict JSON text, or the first fault."""
    if len(raw) > SIZE_MAX:
        return MessageTooLarge()
    try:
        tree: Json = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_once,
            parse_float=_no_number,
            parse_int=_whole,
            parse_constant=_no_number,
        )
        _check(tree, 1)
    except _Refused as refused:
        return refused.refusal
    except RecursionError:
        return MessageTooDeep()
    except ValueError:
        return MessageNotJson()
    return tree


def compact(value: Json) -> str:
    """Return the canonical JSON of a value: keys sorted, no spaces, characters as themselves."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def instant(text: str) -> datetime | None:
    """Return the instant of an ISO 8601 text with offset, or None when it is not one."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if "T" in text and found.tzinfo is not None else None


def masked(value: Json, name: str = "") -> Json:
    """Return business content for keeping and showing: personal fields keep their length and last two characters."""
    if isinstance(value, dict):
        return {key: masked(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner, name) for inner in value]
    if name in _PERSONAL and isinstance(value, str):
        return "*" * max(len(value) - 2, 1) + (value[-2:] if len(value) > 4 else "")  # noqa: PLR2004 - short ones show nothing
    return value


class _Refused(Exception):
    """Carries a refusal through the JSON parser."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Build an object; a key that comes twice is refused."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused(KeyTwice())
    return found


def _no_number(_: str) -> Json:
    """Refuse fractions, exponents, NaN and Infinity."""
    raise _Refused(NumberInvalid())


def _whole(digits: str) -> int:
    """Return a whole number of few enough digits; minus zero is not one."""
    if len(digits.lstrip("-")) > INTEGER_DIGITS_MAX or digits == "-0":
        raise _Refused(NumberInvalid())
    return int(digits)


def _check(value: Json, depth: int) -> None:
    """Walk a value for depth and for characters that cannot be stored."""
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise _Refused(TextInvalid())
        return
    if not isinstance(value, (dict, list)):
        return
    if depth > DEPTH_MAX:
        raise _Refused(MessageTooDeep())
    if isinstance(value, dict):
        for key in value:
            _check(key, depth)
    for inner in value.values() if isinstance(value, dict) else value:
        _check(inner, depth + 1)
