"""Who is asking: a viewer with one role, bound to one channel or one borrower where the role is that of an outsider.

A token is `zt1.<claims>.<mac>`: JSON claims and an HMAC-SHA256 with the server's token key. There is one algorithm,
so there is none to confuse; a token without an expiry is not a token. The clock is an argument.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

TOKEN_LIMIT: Final = 1024
"""Characters of a token that are looked at."""
_VERSION: Final = "zt1"


class Role(StrEnum):
    """What a viewer is to the house."""

    PARTNER = "partner"
    BORROWER = "borrower"
    OPERATIONS = "operations"
    UNDERWRITER = "underwriter"
    COLLECTOR = "collector"
    ACCOUNTANT = "accountant"
    RISK_OFFICER = "risk_officer"
    PARAMETER_MAKER = "parameter_maker"
    PARAMETER_CHECKER = "parameter_checker"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


OUTSIDE: Final = frozenset({Role.PARTNER, Role.BORROWER})
"""Roles that see only what is their own."""
STAFF: Final = frozenset(Role) - OUTSIDE
"""Roles of the house."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """The one who asks; `role` is None for somebody without a token."""

    subject: str
    """Name of the person or machine that is responsible; the actor of what it does."""
    role: Role | None
    channel_id: int | None = None
    """The only channel whose things a partner sees."""
    customer_id: int | None = None
    """The only borrower whose things a borrower's app sees."""

    def __post_init__(self) -> None:
        """Assert that an outsider is bound to what is his."""
        assert self.role is not Role.PARTNER or self.channel_id is not None, "a partner is bound to a channel"
        assert self.role is not Role.BORROWER or self.customer_id is not None, "a borrower is bound to himself"

    def sees(self, *, channel_id: int | None, customer_id: int | None) -> bool:
        """Tell whether a thing of this channel and this borrower exists for the viewer."""
        if self.role is Role.PARTNER:
            return channel_id is not None and channel_id == self.channel_id
        if self.role is Role.BORROWER:
            return customer_id is not None and customer_id == self.customer_id
        return self.role is not None

    @property
    def scope(self) -> str:
        """What the viewer's cursors are bound to."""
        return f"{self.role}/{self.channel_id}/{self.customer_id}"


ANONYMOUS: Final = Viewer(subject="anonymous", role=None)
"""Somebody without a token."""


def mint(viewer: Viewer, *, key: bytes, expires_at: datetime) -> str:
    """Make a token for a viewer that holds until an instant."""
    assert viewer.role is not None, "nobody needs no token"
    claims = {
        "sub": viewer.subject,
        "role": viewer.role,
        "exp": int(expires_at.timestamp()),
        "channel": viewer.channel_id,
        "customer": viewer.customer_id,
    }
    body = _encoded(json.dumps(claims, separators=(",", ":")).encode())
    return f"{_VERSION}.{body}.{_encoded(_mac(body, key))}"


def viewer(token: str, *, key: bytes, now: datetime) -> Viewer | None:
    """Return the viewer of a token, or None when it is forged, altered, expired or no token at all."""
    version, _, rest = token[:TOKEN_LIMIT].partition(".")
    body, _, mac = rest.partition(".")
    if version != _VERSION or not hmac.compare_digest(mac.encode(), _encoded(_mac(body, key)).encode()):
        return None
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if datetime.fromtimestamp(claims["exp"], UTC) <= now:
        return None
    return Viewer(
        subject=claims["sub"],
        role=Role(claims["role"]),
        channel_id=claims["channel"],
        customer_id=claims["customer"],
    )


def bearer(header: str) -> str | None:
    """Return the token of an `Authorization` header, or None when it is of another scheme."""
    scheme, _, token = header.strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _encoded(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _mac(body: str, key: bytes) -> bytes:
    """Code of the claims."""
    return hmac.new(key, f"{_VERSION}.{body}".encode(), hashlib.sha256).digest()
