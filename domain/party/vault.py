"""Personal data at rest: encrypted field by field under one key per person, found again by a blind index.

Every person has a data key of its own, wrapped by a master key from outside the database. Destroying the wrapped key
erases the person for ever, while ledger and applications keep only ids and stay byte-identical. Each value is bound to
its table, person, field and key by the associated data, so that a value cannot be moved to another row.
Keys and entropy are arguments: this file reads no environment and no random source of its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
"""Random, as AES-GCM wants (NIST SP 800-38D §8.2.2); one data key sees far fewer than 2**32 values."""


class SealBrokenError(Exception):
    """A stored value does not open: wrong key, or it was moved or changed. A fault, not a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A person's data key as it is stored: encrypted under the master key that is named."""

    key_no: int
    master_key_id: str
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKey:
    """A person's data key, open: seals and opens the fields of that one person."""

    subject_id: int
    key_no: int
    key: bytes = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)

    def seal(self, value: str, *, table: str, field: str) -> bytes:
        """Return nonce, ciphertext and tag of a text: 28 bytes more than its UTF-8."""
        return _seal(self.key, value.encode(), self._context(table, field), self.entropy)

    def open(self, sealed: bytes, *, table: str, field: str) -> str:
        """Return the text of a sealed value; raises `SealBrokenError` when it is another person's or field's."""
        return _open(self.key, sealed, self._context(table, field)).decode()

    def _context(self, table: str, name: str) -> bytes:
        """Return the associated data: table, person, field and key."""
        return f"{table}:{self.subject_id}:{name}:{self.key_no}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The keys of the house: master keys by id (the active one wraps), the index key, and a source of entropy."""

    master_keys: Mapping[str, bytes] = field(repr=False)
    active_key_id: str
    index_key: bytes = field(repr=False)
    entropy: Callable[[int], bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Assert that the keys are of full length and the active one is there."""
        assert self.active_key_id in self.master_keys, "the active master key is among the keys"
        assert all(len(key) == KEY_BYTES for key in (*self.master_keys.values(), self.index_key)), "keys of 256 bits"

    def subject_key(self, subject_id: int, key_no: int = 1) -> tuple[SubjectKey, WrappedKey]:
        """Make a new data key for a person: open for use now, and wrapped for storing."""
        key = SubjectKey(subject_id=subject_id, key_no=key_no, key=self.entropy(KEY_BYTES), entropy=self.entropy)
        return key, self._wrapped(key)

    def unwrapped(self, subject_id: int, stored: WrappedKey) -> SubjectKey:
        """Open a person's stored data key; raises `SealBrokenError` when it is another person's."""
        master = self.master_keys.get(stored.master_key_id)
        if master is None:
            message = f"master key {stored.master_key_id} is not among the keys of this vault"
            raise SealBrokenError(message)
        context = _wrap_context(subject_id, stored.key_no, stored.master_key_id)
        key = _open(master, stored.wrapped, context)
        return SubjectKey(subject_id=subject_id, key_no=stored.key_no, key=key, entropy=self.entropy)

    def rewrapped(self, subject_id: int, stored: WrappedKey) -> WrappedKey:
        """Return the same data key wrapped by the active master key: master rotation touches no field."""
        return self._wrapped(self.unwrapped(subject_id, stored))

    def seal_secret(self, secret: bytes, *, name: str) -> tuple[str, bytes]:
        """Seal a secret of the house (a channel's key, not a person's value); returns master key id and bytes."""
        context = f"secret:{name}:{self.active_key_id}".encode()
        return self.active_key_id, _seal(self.master_keys[self.active_key_id], secret, context, self.entropy)

    def open_secret(self, sealed: bytes, *, name: str, master_key_id: str) -> bytes:
        """Open a secret of the house; raises `SealBrokenError` when name or key do not fit."""
        master = self.master_keys.get(master_key_id)
        if master is None:
            message = f"master key {master_key_id} is not among the keys of this vault"
            raise SealBrokenError(message)
        return _open(master, sealed, f"secret:{name}:{master_key_id}".encode())

    def blind_index(self, purpose: str, normal_form: str) -> bytes:
        """Return 32 bytes by which an exact value can be found without being readable (HMAC-SHA256 per purpose)."""
        return hmac.digest(self.index_key, f"{purpose}\0{normal_form}".encode(), "sha256")

    def _wrapped(self, key: SubjectKey) -> WrappedKey:
        """Wrap a data key by the active master key."""
        context = _wrap_context(key.subject_id, key.key_no, self.active_key_id)
        wrapped = _seal(self.master_keys[self.active_key_id], key.key, context, self.entropy)
        return WrappedKey(key_no=key.key_no, master_key_id=self.active_key_id, wrapped=wrapped)


def _wrap_context(subject_id: int, key_no: int, master_key_id: str) -> bytes:
    """Return the associated data of a wrapped data key."""
    return f"party.customer_key:{subject_id}:{key_no}:{master_key_id}".encode()


def _seal(key: bytes, plain: bytes, context: bytes, entropy: Callable[[int], bytes]) -> bytes:
    """Return nonce, ciphertext and tag (AES-256-GCM)."""
    nonce = entropy(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, context)


def _open(key: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return the plain bytes, or raise when key, context or bytes do not belong together."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except InvalidTag as error:
        message = "a sealed value does not open with its key and place"
        raise SealBrokenError(message) from error
