"""Keys that everybody can know: for tests, and for a demonstration that shows no real person."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from types import MappingProxyType

from domain.party.vault import Vault


def development_vault(entropy: Callable[[int], bytes] = secrets.token_bytes) -> Vault:
    """Return a vault under such keys."""
    return Vault(
        master_keys=MappingProxyType({"dev-1": known("master")}),
        active_key_id="dev-1",
        index_key=known("index"),
        entropy=entropy,
    )


def known(purpose: str) -> bytes:
    """Return 32 bytes that are no secret."""
    return hashlib.sha256(f"zhudai development key: {purpose}".encode()).digest()
