"""Partners as values: legal parties, funders with their books, channels with their pinned algorithms and keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class PartyKind(StrEnum):
    """What a legal party is to the platform."""

    PLATFORM = "PLATFORM"
    FUNDER = "FUNDER"
    ASSET_PARTNER = "ASSET_PARTNER"
    GUARANTOR = "GUARANTOR"


class LenderType(StrEnum):
    """Licence of a lender; it decides which rules of supervision apply."""

    BANK = "BANK"
    CONSUMER_FINANCE = "CONSUMER_FINANCE"
    SMALL_LOAN = "SMALL_LOAN"
    TRUST = "TRUST"


class SignType(StrEnum):
    """Signature algorithms that a channel can be pinned to."""

    HMAC_SHA256 = "HMAC-SHA256"
    RSA2 = "RSA2"
    """SHA256withRSA, PKCS#1 v1.5, base64."""
    SM2 = "SM2"
    MD5 = "MD5"
    """Legacy; off unless a channel's profile says otherwise."""


class EncryptType(StrEnum):
    """How a channel's business content travels."""

    NONE = "NONE"
    AES_256_GCM = "AES-256-GCM"
    SM4 = "SM4"


class ChannelState(StrEnum):
    """Whether a channel may send."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A legal party."""

    party_id: int
    kind: PartyKind
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Funder:
    """A party that lends; `book` is the ledger book that it keeps."""

    party_id: int
    code: str
    name_zh: str
    name_en: str
    lender_type: LenderType
    book: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKey:
    """One key of a channel: a shared secret (HMAC) or the partner's public key in PEM (RSA2, SM2).

    Validity is half-open and may overlap the next key's, so that a partner can rotate without an outage.
    """

    key_id: str
    sign_type: SignType
    material: bytes = field(repr=False)
    valid_from: datetime
    valid_to: datetime | None = None
    revoked_at: datetime | None = None

    def valid_at(self, at: datetime) -> bool:
        """Tell whether messages of that instant may be signed by this key."""
        ends = [end for end in (self.valid_to, self.revoked_at) if end is not None]
        return self.valid_from <= at and all(at < end for end in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel of an asset partner: one application id, one pinned signature algorithm, its keys."""

    channel_id: int
    party_id: int
    code: str
    """Channel number (渠道编号)."""
    app_id: str
    name_zh: str
    name_en: str
    sign_type: SignType
    encrypt_type: EncryptType
    state: ChannelState
    keys: tuple[ChannelKey, ...]

    def key(self, key_id: str | None, at: datetime) -> ChannelKey | None:
        """Return the key that is named and valid at that instant; without a name, the only valid one."""
        valid = [key for key in self.keys if key.sign_type is self.sign_type and key.valid_at(at)]
        if key_id is not None:
            valid = [key for key in valid if key.key_id == key_id]
        return valid[0] if len(valid) == 1 else None
