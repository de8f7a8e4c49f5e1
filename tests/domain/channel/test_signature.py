from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from domain.channel.envelope import Envelope, Json, parse
from domain.channel.signature import canonical, fault, matches, message, sign, signed
from domain.party.partner import Channel, ChannelKey, ChannelState, EncryptType, SignType

VECTORS = Path(__file__).parents[3] / "sdk" / "vectors"
AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
KEY = ChannelKey(key_id="k1", sign_type=SignType.HMAC_SHA256, material=b"s" * 32, valid_from=AT - timedelta(days=1))
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE_PEM = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
CHANNEL = Channel(
    channel_id=1,
    party_id=1,
    code="C",
    app_id="app-1",
    name_zh="渠道",
    name_en="channel",
    sign_type=SignType.HMAC_SHA256,
    encrypt_type=EncryptType.NONE,
    state=ChannelState.ACTIVE,
    keys=(KEY,),
)


def envelope(key: ChannelKey = KEY, content: dict[str, Json] | None = None, **changes: object) -> Envelope:
    raw = message(
        {"a": "b"} if content is None else content,
        app_id="app-1",
        api_name="credit.query",
        request_no="RQ-1",
        nonce="nonce-0001",
        timestamp=AT,
        key=key,
    )
    found = parse(json.dumps({**json.loads(raw), **changes}).encode())
    assert isinstance(found, Envelope)
    return found


def code(one: Envelope, channel: Channel | None = CHANNEL, at: datetime = AT) -> str | None:
    found = fault(one, channel, received_at=at)
    return None if found is None else found.code


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.stem)
def test_published_vectors(path: Path) -> None:
    published = json.loads(path.read_text(encoding="utf-8"))
    sign_type = SignType(published["signType"])
    assert published["cases"]
    for case in published["cases"]:
        assert canonical(case["fields"]) == case["canonical"], case["name"]
        material = (
            bytes.fromhex(published["secretHex"]) if "secretHex" in published else published["publicKey"].encode()
        )
        key = ChannelKey(key_id="v", sign_type=sign_type, material=material, valid_from=AT)
        assert matches(case["canonical"], case["sign"], key) is case["valid"], case["name"]
        if case["valid"] and sign_type is SignType.HMAC_SHA256:
            assert sign(case["canonical"], sign_type=sign_type, material=material) == case["sign"]


def test_there_are_vectors_for_each_algorithm_that_is_spoken() -> None:
    assert {path.stem for path in VECTORS.glob("*.json")} >= {"hmac-sha256", "rsa2"}


def test_a_right_message_is_believed() -> None:
    assert code(envelope()) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"bizContent": {"a": "c"}}, "SIGNATURE_INVALID"),
        ({"bizContent": {"a": "b", "c": None}}, "SIGNATURE_INVALID"),
        ({"nonce": "nonce-0002"}, "SIGNATURE_INVALID"),
        ({"apiName": "loan.query"}, "SIGNATURE_INVALID"),
        ({"requestNo": "RQ-2"}, "SIGNATURE_INVALID"),
        ({"timestamp": "2026-03-05T10:00:01+08:00"}, "SIGNATURE_INVALID"),
        ({"timestamp": "2026-03-05T10:00:00+08:00"}, "SIGNATURE_INVALID"),
        ({"token": "added"}, "SIGNATURE_INVALID"),
        ({"keyId": "k2"}, "SIGNATURE_INVALID"),
        ({"keyId": ""}, "SIGNATURE_INVALID"),
        ({"sign": "00"}, "SIGNATURE_INVALID"),
        ({"sign": envelope().sign.upper()}, "SIGNATURE_INVALID"),
        ({"signType": "MD5"}, "SIGN_TYPE_NOT_ALLOWED"),
        ({"signType": "none"}, "SIGN_TYPE_NOT_ALLOWED"),
        ({"signType": "RSA2"}, "SIGN_TYPE_NOT_ALLOWED"),
        ({"encryptType": "AES-256-GCM"}, "SIGNATURE_INVALID"),
    ],
)
def test_whatever_is_changed_is_noticed(changes: dict[str, Any], expected: str) -> None:
    assert code(envelope(**changes)) == expected


def test_a_field_left_empty_is_a_field_left_out() -> None:
    assert code(envelope(token=None, openId="")) is None


@pytest.mark.parametrize(("seconds", "stale"), [(-300, False), (300, False), (-301, True), (301, True)])
def test_the_window_of_time(seconds: int, stale: bool) -> None:
    assert (code(envelope(), at=AT + timedelta(seconds=seconds)) == "SIGNATURE_STALE") is stale


def test_strangers_and_other_channels_keys_get_one_answer() -> None:
    foreign = replace(KEY, material=b"t" * 32)
    assert code(envelope(), None) == code(envelope(foreign)) == "SIGNATURE_INVALID"


def test_suspended_and_encrypting_channels() -> None:
    assert code(envelope(), replace(CHANNEL, state=ChannelState.SUSPENDED)) == "CHANNEL_SUSPENDED"
    assert code(envelope(), replace(CHANNEL, encrypt_type=EncryptType.SM4)) == "ENCRYPT_TYPE_NOT_ENABLED"


@pytest.mark.parametrize("sign_type", [SignType.SM2, SignType.MD5])
def test_algorithms_known_by_name_are_not_spoken(sign_type: SignType) -> None:
    key = replace(KEY, sign_type=sign_type)
    channel = replace(CHANNEL, sign_type=sign_type, keys=(key,))
    assert code(envelope(signType=sign_type.value), channel) == "SIGN_TYPE_NOT_ENABLED"
    assert not matches("text", "sign", key)
    with pytest.raises(NotImplementedError):
        sign("text", sign_type=sign_type, material=b"")


def test_rsa2_signs_with_the_private_and_verifies_with_the_public_key() -> None:
    private = replace(KEY, sign_type=SignType.RSA2, material=PRIVATE_PEM)
    public = replace(private, material=PUBLIC_PEM)
    channel = replace(CHANNEL, sign_type=SignType.RSA2, keys=(public,))
    assert code(envelope(private), channel) is None
    assert code(envelope(private, sign="AAAA"), channel) == "SIGNATURE_INVALID"
    assert code(envelope(private, sign="A"), channel) == "SIGNATURE_INVALID"


def test_a_public_key_used_as_a_shared_secret_opens_nothing() -> None:
    confused = replace(KEY, material=PUBLIC_PEM)
    channel = replace(
        CHANNEL, sign_type=SignType.RSA2, keys=(replace(KEY, sign_type=SignType.RSA2, material=PUBLIC_PEM),)
    )
    assert code(envelope(confused), channel) == "SIGN_TYPE_NOT_ALLOWED"
    assert code(envelope(confused, signType="RSA2"), channel) == "SIGNATURE_INVALID"


def test_a_key_of_another_kind_is_a_bug() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    pem = curve.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(AssertionError):
        sign("text", sign_type=SignType.RSA2, material=pem)


WORDS = st.text("abcXYZ0129._:+-", min_size=1, max_size=6)


@given(
    st.dictionaries(st.sampled_from(["appId", "apiName", "nonce", "keyId", "timestamp"]), WORDS),
    st.dictionaries(st.sampled_from(["appId", "apiName", "nonce", "keyId", "timestamp"]), WORDS),
)
def test_two_headers_never_share_a_canonical_text(one: dict[str, Json], other: dict[str, Json]) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_signing_names_its_key() -> None:
    body = signed({"appId": "a"}, key=KEY)
    assert (body["keyId"], body["signType"]) == ("k1", "HMAC-SHA256")
