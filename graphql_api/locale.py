"""The language of a request: Chinese unless the caller prefers English."""

from __future__ import annotations

from typing import Final

LOCALES: Final = ("zh-CN", "en")
"""Languages in which every text can be told; the first is the default."""
HEADER_LIMIT: Final = 200
"""Characters of `Accept-Language` that are looked at."""


def preferred(accept_language: str) -> str:
    """Choose a language from an `Accept-Language` header: the heaviest of zh and en, Chinese when neither is named."""
    best, chosen = 0.0, LOCALES[0]
    for one in accept_language[:HEADER_LIMIT].split(","):
        tag, _, quality = one.strip().partition(";")
        weight = _weight(quality)
        match = next((known for known in LOCALES if known[:2] == tag.strip().lower()[:2]), None)
        if match is not None and weight > best:
            best, chosen = weight, match
    return chosen


def _weight(quality: str) -> float:
    """Read `q=0.8`; nothing is 1, nonsense is 0."""
    name, _, number = quality.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(number) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0
