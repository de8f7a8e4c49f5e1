"""How the sandbox bank and its callers sign: HMAC-SHA256 over the request, and over the reply bound to that request.

A reply signature covers the signature of its request, so a true reply to one question cannot be passed as the answer to
another.
"""

import hashlib
import hmac

HEADER = "x-signature"
"""Header that carries the signature, both ways."""
MERCHANT = "x-merchant"
"""Header that names who asks."""


def of_request(key: bytes, *, merchant: str, method: str, target: str, body: bytes) -> str:
    """The signature (hex) of a request; `target` is the path with its query as sent."""
    return _mac(key, merchant.encode(), method.encode(), target.encode(), body)


def of_reply(key: bytes, *, request_signature: str, status: int, body: bytes) -> str:
    """The signature (hex) of a reply to one request."""
    return _mac(key, request_signature.encode(), str(status).encode(), body)


def equal(one: str, other: str) -> bool:
    """Compare without telling by time where the difference is."""
    return hmac.compare_digest(one.encode(), other.encode())


def _mac(key: bytes, *parts: bytes) -> str:
    """Each part is preceded by its length, so no two lists of parts make the same message."""
    message = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hmac.new(key, message, hashlib.sha256).hexdigest()
