from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.party.partner import Channel, ChannelKey, ChannelState, EncryptType, SignType

AT = datetime(2026, 3, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def key(
    key_id: str,
    *,
    valid_from: datetime,
    valid_to: datetime | None = None,
    revoked_at: datetime | None = None,
    sign_type: SignType = SignType.HMAC_SHA256,
) -> ChannelKey:
    return ChannelKey(
        key_id=key_id,
        sign_type=sign_type,
        material=b"k",
        valid_from=valid_from,
        valid_to=valid_to,
        revoked_at=revoked_at,
    )


def channel(*keys: ChannelKey) -> Channel:
    return Channel(
        channel_id=1,
        party_id=1,
        code="C",
        app_id="app",
        name_zh="渠道",
        name_en="channel",
        sign_type=SignType.HMAC_SHA256,
        encrypt_type=EncryptType.NONE,
        state=ChannelState.ACTIVE,
        keys=keys,
    )


@pytest.mark.parametrize(
    ("asked", "at", "expected"),
    [
        ("k1", AT - DAY, None),
        ("k1", AT, "k1"),
        ("k1", AT + 10 * DAY, None),
        ("k2", AT + 9 * DAY, "k2"),
        (None, AT, "k1"),
        (None, AT + 9 * DAY, None),
        (None, AT + 10 * DAY, "k2"),
        ("k3", AT, None),
        ("rsa", AT, None),
        ("old", AT, None),
    ],
)
def test_keys_by_name_and_time(asked: str | None, at: datetime, expected: str | None) -> None:
    found = channel(
        key("k1", valid_from=AT, valid_to=AT + 10 * DAY),
        key("k2", valid_from=AT + 9 * DAY),
        key("rsa", valid_from=AT, sign_type=SignType.RSA2),
        key("old", valid_from=AT - DAY, revoked_at=AT),
    ).key(asked, at)
    assert (found.key_id if found else None) == expected
