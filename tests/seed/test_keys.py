from __future__ import annotations

from seed.keys import development_vault, known


def test_there_is_one_key_for_each_purpose() -> None:
    assert len({known(purpose) for purpose in ("master", "index", "channel")}) == 3


def test_what_one_vault_sealed_another_opens_and_finds() -> None:
    one, other = development_vault(), development_vault()
    key_id, sealed = one.seal_secret(b"shared", name="channel")
    assert other.open_secret(sealed, name="channel", master_key_id=key_id) == b"shared"
    assert one.blind_index("mobile", "13800000000") == other.blind_index("mobile", "13800000000")
