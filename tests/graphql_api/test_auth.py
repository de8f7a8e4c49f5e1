"""Tokens: what was minted is read, everything else is nobody."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from graphql_api.auth import ANONYMOUS, Role, Viewer, bearer, mint, viewer

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = b"0123456789abcdef0123456789abcdef"
PARTNER = Viewer(subject="channel-a", role=Role.PARTNER, channel_id=3)
BORROWER = Viewer(subject="cu-9", role=Role.BORROWER, customer_id=9)
AUDITOR = Viewer(subject="lin", role=Role.AUDITOR)


def token(who: Viewer = AUDITOR) -> str:
    return mint(who, key=KEY, expires_at=NOW + timedelta(hours=8))


@pytest.mark.parametrize("who", [PARTNER, BORROWER, AUDITOR])
def test_a_token_reads_as_its_viewer(who: Viewer) -> None:
    assert viewer(token(who), key=KEY, now=NOW) == who


def forged(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"zt1.{body}.{token().rpartition('.')[2]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "zt1",
        "zt1.",
        "zt1..",
        "zt1.e30.",
        "a" * 5000,
        "é.é.é",
        "zt2." + token()[4:],
        token()[:-1],
        token() + "A",
        token().upper(),
        forged(sub="x", role="administrator", exp=2**40, channel=None, customer=None),
    ],
)
def test_what_was_not_minted_is_nobody(text: str) -> None:
    assert viewer(text, key=KEY, now=NOW) is None


def test_another_key_and_a_later_day_are_nobody() -> None:
    assert viewer(token(), key=b"other", now=NOW) is None
    assert viewer(token(), key=KEY, now=NOW + timedelta(hours=8)) is None
    assert viewer(token(), key=KEY, now=NOW + timedelta(hours=7, minutes=59)) == AUDITOR


@pytest.mark.parametrize(
    ("who", "channel_id", "customer_id", "seen"),
    [
        (PARTNER, 3, 9, True),
        (PARTNER, 4, 9, False),
        (PARTNER, None, 9, False),
        (BORROWER, 3, 9, True),
        (BORROWER, 3, 8, False),
        (BORROWER, 3, None, False),
        (AUDITOR, 4, 8, True),
        (AUDITOR, None, None, True),
        (ANONYMOUS, 3, 9, False),
    ],
)
def test_outsiders_see_their_own_and_staff_see_all(
    who: Viewer, channel_id: int | None, customer_id: int | None, seen: bool
) -> None:
    assert who.sees(channel_id=channel_id, customer_id=customer_id) is seen


def test_an_outsider_is_bound() -> None:
    with pytest.raises(AssertionError):
        Viewer(subject="x", role=Role.PARTNER)
    with pytest.raises(AssertionError):
        Viewer(subject="x", role=Role.BORROWER)


@pytest.mark.parametrize(
    ("header", "found"),
    [("Bearer abc", "abc"), ("bearer  abc ", "abc"), ("Basic abc", None), ("Bearer", None), ("", None)],
)
def test_bearer(header: str, found: str | None) -> None:
    assert bearer(header) == found
