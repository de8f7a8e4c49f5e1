"""The language of a request: Chinese unless the caller prefers English."""

from __future__ import annotations

import re
from typing import Final

LOCALES: Final = ("zh-CN", "en")
"""Languages in which every text can be told; the first is the default."""
HEADER_LIMIT: Final = 200
"""Characters of `Accept-Language` that are looked at."""
_QUALITY: Final = re.compile(r"q=(0(\.[0-9]{0,3})?|1(\.0{0,3})?)", re.ASCII)  # RFC 9110 §12.4.2


def preferred(accept_language: str) -> str:
    """Choose a language from an `Accept-Language` header: the heaviest of zh and en, Chinese when neither is named."""
    best, chosen = 0.0, LOCALES[0]
    for one in accept_language[:HEADER_LIMIT].split(","):
        tag, _, quality = one.strip().partition(";")
        weight = _weight(quality.strip().lower())
        spoken = tag.strip().lower().partition("-")[0]
        match = next((known for known in LOCALES if known.partition("-")[0] == spoken), None)
        if match is not None and weight > best:
            best, chosen = weight, match
    return chosen


def _weight(quality: str) -> float:
    """Read `q=0.8`; nothing is 1, nonsense is 0."""
    if not quality:
        return 1.0
    return float(quality[2:]) if _QUALITY.fullmatch(quality) else 0.0
