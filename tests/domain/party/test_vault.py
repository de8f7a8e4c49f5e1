from __future__ import annotations

import secrets
from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.party.vault import SealBrokenError, Vault, WrappedKey

OLD, NEW, INDEX = (bytes([number]) * 32 for number in (1, 2, 3))
VAULT = Vault(
    master_keys=MappingProxyType({"m1": OLD}), active_key_id="m1", index_key=INDEX, entropy=secrets.token_bytes
)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens_and_never_looks_the_same(value: str) -> None:
    key, _ = VAULT.subject_key(7)
    one, two = (key.seal(value, table="t", field="f") for _ in range(2))
    assert one != two
    assert key.open(one, table="t", field="f") == key.open(two, table="t", field="f") == value
    assert len(one) == len(value.encode()) + 28


@pytest.mark.parametrize(("subject", "table", "field"), [(8, "t", "f"), (7, "u", "f"), (7, "t", "g")])
def test_a_value_moved_to_another_place_does_not_open(subject: int, table: str, field: str) -> None:
    key, _ = VAULT.subject_key(7)
    sealed = key.seal("secret", table="t", field="f")
    with pytest.raises(SealBrokenError):
        replace(key, subject_id=subject).open(sealed, table=table, field=field)


@given(st.integers(0, 33), st.integers(1, 255))
def test_a_changed_byte_is_found(place: int, change: int) -> None:
    key, _ = VAULT.subject_key(7)
    sealed = bytearray(key.seal("secret", table="t", field="f"))
    sealed[place] ^= change
    with pytest.raises(SealBrokenError):
        key.open(bytes(sealed), table="t", field="f")


def test_a_wrapped_key_belongs_to_one_person() -> None:
    key, wrapped = VAULT.subject_key(7)
    assert VAULT.unwrapped(7, wrapped) == key
    with pytest.raises(SealBrokenError):
        VAULT.unwrapped(8, wrapped)


def test_master_keys_rotate_without_touching_a_field() -> None:
    key, wrapped = VAULT.subject_key(7)
    sealed = key.seal("secret", table="t", field="f")
    both = replace(VAULT, master_keys=MappingProxyType({"m1": OLD, "m2": NEW}), active_key_id="m2")
    moved = both.rewrapped(7, wrapped)
    assert moved.master_key_id == "m2"
    later = replace(VAULT, master_keys=MappingProxyType({"m2": NEW}), active_key_id="m2")
    assert later.unwrapped(7, moved).open(sealed, table="t", field="f") == "secret"
    with pytest.raises(SealBrokenError, match="m1 is not among"):
        later.unwrapped(7, wrapped)


def test_secrets_of_the_house_are_bound_to_their_name() -> None:
    master, sealed = VAULT.seal_secret(b"hmac", name="channel:1:k1")
    assert VAULT.open_secret(sealed, name="channel:1:k1", master_key_id=master) == b"hmac"
    with pytest.raises(SealBrokenError):
        VAULT.open_secret(sealed, name="channel:2:k1", master_key_id=master)
    with pytest.raises(SealBrokenError, match="m9 is not among"):
        VAULT.open_secret(sealed, name="channel:1:k1", master_key_id="m9")


def test_a_blind_index_is_stable_per_purpose_and_key() -> None:
    index = VAULT.blind_index("mobile", "13800138000")
    assert index == VAULT.blind_index("mobile", "13800138000")
    assert index != VAULT.blind_index("identity_number", "13800138000")
    assert index != replace(VAULT, index_key=OLD).blind_index("mobile", "13800138000")


def test_keys_are_never_shown() -> None:
    key, wrapped = VAULT.subject_key(7)
    for shown in (repr(VAULT), repr(key), repr(wrapped)):
        assert repr(OLD)[2:-1] not in shown
        assert "b'" not in shown


def test_short_keys_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        replace(VAULT, index_key=b"short")
    with pytest.raises(AssertionError):
        replace(VAULT, active_key_id="m9")
    assert WrappedKey(key_no=1, master_key_id="m1", wrapped=b"") == WrappedKey(
        key_no=1, master_key_id="m1", wrapped=b""
    )
