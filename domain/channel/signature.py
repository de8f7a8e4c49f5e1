"""Signatures of messages: one canonical text, pinned algorithms, keys with a life, and no second chance for a nonce.

Canonical text (interface version 1.0, vectors in `sdk/vectors`): all header fields except `sign` that are not null,
empty or missing, sorted by name in ASCII order, as `name=value` joined by `&`; the business content is compact JSON
with sorted keys, in which null and "" stand as they are; UTF-8.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from domain.channel.envelope import Envelope, Json, compact
from domain.party.partner import Channel, ChannelKey, ChannelState, EncryptType, SignType
from domain.refusals import Refusal

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a message's timestamp may be from the instant of its arrival, either way."""

ENABLED = frozenset({SignType.HMAC_SHA256, SignType.RSA2})
"""Algorithms that are spoken. SM2 waits for a signer in hardware, MD5 for a partner that has nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureInvalid(Refusal):
    """The signature does not belong to this message and key, or the sender and its key are not known: one answer."""

    code: ClassVar[str] = "SIGNATURE_INVALID"
    zh: ClassVar[str] = "应用、密钥或签名不正确"
    en: ClassVar[str] = "application, key or signature is not right"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureStale(Refusal):
    """The timestamp is too far from our clock."""

    code: ClassVar[str] = "SIGNATURE_STALE"
    zh: ClassVar[str] = "时间戳与服务器时间相差超过 {seconds} 秒"
    en: ClassVar[str] = "the timestamp differs from our clock by more than {seconds} seconds"
    retryable: ClassVar[bool] = True

    seconds: int = int(CLOCK_TOLERANCE.total_seconds())


@dataclass(frozen=True, slots=True, kw_only=True)
class NonceReplayed(Refusal):
    """The nonce was seen before; a repetition needs a new nonce, timestamp and signature."""

    code: ClassVar[str] = "NONCE_REPLAYED"
    zh: ClassVar[str] = "随机数已使用; 重发请更换随机数并重新签名"
    en: ClassVar[str] = "the nonce was used before; repeat with a new nonce and signature"
    retryable: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTypeNotPinned(Refusal):
    """The channel is pinned to another algorithm."""

    code: ClassVar[str] = "SIGN_TYPE_NOT_ALLOWED"
    zh: ClassVar[str] = "该渠道不允许此签名算法"
    en: ClassVar[str] = "this channel may not use this signature algorithm"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTypeNotEnabled(Refusal):
    """The algorithm is known by name and not enabled."""

    code: ClassVar[str] = "SIGN_TYPE_NOT_ENABLED"
    zh: ClassVar[str] = "签名算法 {sign_type} 未启用"
    en: ClassVar[str] = "the signature algorithm {sign_type} is not enabled"

    sign_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptTypeNotEnabled(Refusal):
    """The channel and the message disagree about encryption, or it is not enabled."""

    code: ClassVar[str] = "ENCRYPT_TYPE_NOT_ENABLED"
    zh: ClassVar[str] = "加密方式 {encrypt_type} 未启用"
    en: ClassVar[str] = "the encryption {encrypt_type} is not enabled"

    encrypt_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSuspended(Refusal):
    """The channel was stopped."""

    code: ClassVar[str] = "CHANNEL_SUSPENDED"
    zh: ClassVar[str] = "渠道已停用"
    en: ClassVar[str] = "the channel is suspended"


def canonical(fields: Mapping[str, Json]) -> str:
    """Return the text that a signature of these header fields speaks of."""
    signed = {name: value for name, value in fields.items() if name != "sign" and value is not None and value != ""}
    return "&".join(
        f"{name}={value if isinstance(value, str) else compact(value)}" for name, value in sorted(signed.items())
    )


def sign(text: str, *, sign_type: SignType, material: bytes) -> str:
    """Return the signature of a canonical text: lower-case hex (HMAC-SHA256) or base64 (RSA2, private key in PEM)."""
    match sign_type:
        case SignType.HMAC_SHA256:
            return hmac.digest(material, text.encode(), "sha256").hex()
        case SignType.RSA2:
            key = load_pem_private_key(material, password=None)
            assert isinstance(key, rsa.RSAPrivateKey), "RSA2 signs with an RSA key"
            return base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        case SignType.SM2 | SignType.MD5:
            message = f"{sign_type} is not enabled"
            raise NotImplementedError(message)


def matches(text: str, signature: str, key: ChannelKey) -> bool:
    """Tell whether a signature of a canonical text was made with this key; the comparison takes constant time."""
    match key.sign_type:
        case SignType.HMAC_SHA256:
            expected = sign(text, sign_type=key.sign_type, material=key.material)
            return hmac.compare_digest(expected.encode(), signature.encode())
        case SignType.RSA2:
            return _rsa_matches(text.encode(), signature, key.material)
        case SignType.SM2 | SignType.MD5:
            return False


def fault(envelope: Envelope, channel: Channel | None, *, received_at: datetime) -> Refusal | None:
    """Return why a message is not believed, or None when it comes from the channel as it stands.

    The nonce is not looked at here: it counts only once everything else is right.
    """
    if channel is None:
        return SignatureInvalid()
    if envelope.sign_type != channel.sign_type:
        return SignTypeNotPinned(field="signType")
    if channel.sign_type not in ENABLED:
        return SignTypeNotEnabled(field="signType", sign_type=channel.sign_type)
    if abs(received_at - envelope.timestamp) > CLOCK_TOLERANCE:
        return SignatureStale(field="timestamp")
    key = channel.key(envelope.key_id, envelope.timestamp)
    if key is None or (key.revoked_at is not None and key.revoked_at <= received_at):
        return SignatureInvalid()
    if not matches(canonical(envelope.fields), envelope.sign, key):
        return SignatureInvalid()
    if channel.state is not ChannelState.ACTIVE:
        return ChannelSuspended()
    if envelope.encrypt_type != channel.encrypt_type or channel.encrypt_type is not EncryptType.NONE:
        return EncryptTypeNotEnabled(field="encryptType", encrypt_type=envelope.encrypt_type)
    return None


def signed(fields: Mapping[str, Json], *, key: ChannelKey) -> dict[str, Json]:
    """Return header fields with `signType`, `keyId` and `sign` added: what a partner's side does before it sends."""
    named: dict[str, Json] = {**fields, "signType": key.sign_type.value, "keyId": key.key_id}
    return {**named, "sign": sign(canonical(named), sign_type=key.sign_type, material=key.material)}


def message(
    content: Mapping[str, Json],
    *,
    app_id: str,
    api_name: str,
    request_no: str,
    nonce: str,
    timestamp: datetime,
    key: ChannelKey,
    api_version: str = "1.0",
) -> bytes:
    """Return a complete signed message as bytes, ready to send."""
    header: dict[str, Json] = {
        "appId": app_id,
        "apiVersion": api_version,
        "apiName": api_name,
        "requestNo": request_no,
        "timestamp": timestamp.isoformat(timespec="seconds"),
        "nonce": nonce,
        "bizContent": dict(content),
    }
    return compact(signed(header, key=key)).encode()


def _rsa_matches(text: bytes, signature: str, public_pem: bytes) -> bool:
    """Tell whether an RSA2 signature is right."""
    try:
        _rsa_key(public_pem).verify(
            base64.b64decode(signature, validate=True), text, padding.PKCS1v15(), hashes.SHA256()
        )
    except (InvalidSignature, binascii.Error):
        return False
    return True


@lru_cache(maxsize=256)
def _rsa_key(public_pem: bytes) -> rsa.RSAPublicKey:
    """Return the parsed public key; parsing takes longer than verifying."""
    key = load_pem_public_key(public_pem)
    assert isinstance(key, rsa.RSAPublicKey), "RSA2 verifies with an RSA key"
    return key
