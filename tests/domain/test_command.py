from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from domain.command import Command

AT = datetime(2026, 3, 5, tzinfo=UTC)


def test_a_step_has_a_key_of_its_own() -> None:
    command = Command(actor="ops", key="ch7-889", received_at=AT)
    assert command.step("accept") == Command(actor="ops", key="ch7-889/accept", received_at=AT)


@pytest.mark.parametrize(
    ("actor", "key", "at"),
    [
        ("", "k", AT),
        ("a", "", AT),
        ("a", "k", AT.replace(tzinfo=None)),
        ("a", "k", AT.astimezone(timezone(timedelta(hours=8)))),
    ],
)
def test_what_the_edge_must_have_promised(actor: str, key: str, at: datetime) -> None:
    with pytest.raises(AssertionError):
        Command(actor=actor, key=key, received_at=at)
