"""Signed checkpoints: C2SP signed notes (c2sp.org/signed-note, c2sp.org/tlog-checkpoint) with Ed25519 signatures.

A checkpoint is a few lines of text that anybody can keep, mail, print and check without this system: origin, number of
entries, Merkle root, then our own lines ``name value`` for what else it binds. The names of the digest and of the
signature travel in the text, so that another profile (SM3, SM2) needs no new format.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519: Final = "ed25519"
"""The one signature algorithm offered today."""

_ALGORITHM: Final = b"\x01"
_KEY_WIDTH: Final = 32
_SIGNATURE_WIDTH: Final = 68
_SIGNATURE: Final = re.compile("\u2014 ([^ +\n]+) ([A-Za-z0-9+/=]+)", re.ASCII)
_NAME: Final = re.compile(r"[^\s+]+")


class NoteFault(StrEnum):
    """Why a text is not a note that can be trusted."""

    MALFORMED = "LEDGER_NOTE_MALFORMED"
    KEY_MALFORMED = "LEDGER_NOTE_KEY_MALFORMED"
    UNSIGNED = "LEDGER_NOTE_UNSIGNED"
    SIGNATURE_WRONG = "LEDGER_NOTE_SIGNATURE_WRONG"


class NoteInvalid(ValueError):
    """A note or key could not be read or trusted; `code` says why."""

    def __init__(self, code: NoteFault, detail: str = "") -> None:
        """Name the fault."""
        super().__init__(f"{code}: {detail}" if detail else str(code))
        self.code = code


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with the name under which it signs."""

    name: str
    """Key name: no spaces, no plus sign."""
    key: Ed25519PublicKey
    """The key itself."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that find the key's signature in a note."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ALGORITHM + self.key.public_bytes_raw()).digest()[:4]

    def text(self) -> str:
        """The key as a C2SP verifier key, one line to publish."""
        encoded = base64.b64encode(_ALGORITHM + self.key.public_bytes_raw()).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"

    @staticmethod
    def parse(text: str) -> "Verifier":
        """Read a C2SP verifier key; refuses another algorithm, a wrong id, or anything malformed."""
        parts = text.strip().split("+", 2)
        try:
            name, key_id, encoded = parts
            raw = base64.b64decode(encoded, validate=True)
        except (ValueError, binascii.Error):
            raise NoteInvalid(NoteFault.KEY_MALFORMED) from None
        if not _NAME.fullmatch(name) or len(raw) != _KEY_WIDTH + 1 or raw[:1] != _ALGORITHM:
            raise NoteInvalid(NoteFault.KEY_MALFORMED)
        verifier = Verifier(name, Ed25519PublicKey.from_public_bytes(raw[1:]))
        if verifier.key_id.hex() != key_id:
            raise NoteInvalid(NoteFault.KEY_MALFORMED, "key id")
        return verifier


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with the name under which it signs."""

    name: str
    """Key name: no spaces, no plus sign."""
    key: Ed25519PrivateKey = field(repr=False)
    """The key itself; never printed."""

    def __post_init__(self) -> None:
        """Refuse a name that would break the note's syntax."""
        if not _NAME.fullmatch(self.name):
            raise NoteInvalid(NoteFault.KEY_MALFORMED, "name")

    @staticmethod
    def from_seed(name: str, seed: bytes) -> "Signer":
        """The signer of a 32-byte secret seed."""
        return Signer(name, Ed25519PrivateKey.from_private_bytes(seed))

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self.key.public_key())


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at a size, and whatever else its note binds."""

    origin: str
    """Which log: ``zhudai/book/1``."""
    size: int
    """Entries in the tree."""
    root: bytes
    """Merkle root over them."""
    extra: tuple[tuple[str, str], ...] = ()
    """Further lines, (name, value) in order: digest and signature names, trial-balance head, account registry head."""

    def value(self, name: str) -> str | None:
        """Value of a further line; None when the note has no such line."""
        return dict(self.extra).get(name)

    def text(self) -> str:
        """The lines that are signed."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode()]
        lines += [f"{name} {value}" for name, value in self.extra]
        if any("\n" in line or not line for line in lines):
            raise NoteInvalid(NoteFault.MALFORMED)
        return "\n".join(lines) + "\n"


def sign(text: str, signers: Sequence[Signer]) -> str:
    """A note: the text, a blank line, and one signature line per signer."""
    if not text.endswith("\n") or "\n\n" in text:
        raise NoteInvalid(NoteFault.MALFORMED)
    lines = [
        f"\u2014 {signer.name} "
        + base64.b64encode(signer.verifier.key_id + signer.key.sign(text.encode())).decode()
        + "\n"
        for signer in signers
    ]
    return text + "\n" + "".join(lines)


def opened(note: str, verifiers: Sequence[Verifier]) -> str:
    """The text of a note that at least one of the verifiers signed and none of them signed wrongly."""
    text, blank, tail = note.rpartition("\n\n")
    text += "\n"
    if not blank or not tail.endswith("\n"):
        raise NoteInvalid(NoteFault.MALFORMED)
    trusted = 0
    for line in tail[:-1].split("\n"):
        match = _SIGNATURE.fullmatch(line)
        if match is None:
            raise NoteInvalid(NoteFault.MALFORMED)
        trusted += _is_signed(text, match[1], match[2], verifiers)
    if not trusted:
        raise NoteInvalid(NoteFault.UNSIGNED)
    return text


def read(text: str) -> Checkpoint:
    """The checkpoint that a note's text states; refuses what is not one."""
    lines = text.removesuffix("\n").split("\n")
    try:
        origin, size, encoded, *rest = lines
        root = base64.b64decode(encoded, validate=True)
        extra = tuple((name, value) for name, value in (line.split(" ", 1) for line in rest))
    except (ValueError, binascii.Error):
        raise NoteInvalid(NoteFault.MALFORMED) from None
    if not origin or not re.fullmatch(r"0|[1-9][0-9]{0,18}", size, re.ASCII) or len(dict(extra)) != len(rest):
        raise NoteInvalid(NoteFault.MALFORMED)
    return Checkpoint(origin, int(size), root, extra)


def _is_signed(text: str, name: str, encoded: str, verifiers: Sequence[Verifier]) -> bool:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise NoteInvalid(NoteFault.MALFORMED) from None
    for verifier in verifiers:
        if verifier.name == name and raw[:4] == verifier.key_id:
            if len(raw) != _SIGNATURE_WIDTH:
                raise NoteInvalid(NoteFault.SIGNATURE_WRONG, name)
            try:
                verifier.key.verify(raw[4:], text.encode())
            except InvalidSignature:
                raise NoteInvalid(NoteFault.SIGNATURE_WRONG, name) from None
            return True
    return False
