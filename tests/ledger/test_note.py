"""Signed notes: what was signed is read, and nothing else is."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.note import Checkpoint, NoteFault, NoteInvalid, Signer, Verifier, opened, read, sign

SIGNER = Signer.from_seed("zhudai.example", b"\x01" * 32)
OTHER = Signer.from_seed("witness", b"\x02" * 32)
CHECKPOINT = Checkpoint("zhudai.example/book/1", 5, b"\x03" * 32, (("hash", "sha256"), ("accounts", "9 abc=")))
NOTE = sign(CHECKPOINT.text(), [SIGNER])


def test_golden_note_and_key() -> None:
    """Ed25519 is deterministic: the same head is the same note, for ever."""
    assert CHECKPOINT.text().splitlines()[:3] == ["zhudai.example/book/1", "5", base64.b64encode(b"\x03" * 32).decode()]
    assert SIGNER.verifier.text() == (
        "zhudai.example+" + SIGNER.verifier.key_id.hex() + "+" + "AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c"
    )
    assert sign(CHECKPOINT.text(), [SIGNER]) == NOTE


def test_a_note_reads_back_and_witnesses_may_add_their_names() -> None:
    assert read(opened(NOTE, [SIGNER.verifier])) == CHECKPOINT
    both = sign(CHECKPOINT.text(), [SIGNER, OTHER])
    for verifiers in ([SIGNER.verifier], [OTHER.verifier], [SIGNER.verifier, OTHER.verifier]):
        assert read(opened(both, verifiers)) == CHECKPOINT
    assert CHECKPOINT.value("hash") == "sha256"
    assert CHECKPOINT.value("absent") is None


@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 255))
def test_any_changed_byte_is_refused(place: int, flip: int) -> None:
    raw = bytearray(NOTE.encode())
    raw[place] ^= flip
    try:
        changed = bytes(raw).decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(NoteInvalid):
        opened(changed, [SIGNER.verifier])


@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ("", NoteFault.MALFORMED),
        (CHECKPOINT.text(), NoteFault.MALFORMED),
        (CHECKPOINT.text() + "\n", NoteFault.MALFORMED),
        (sign(CHECKPOINT.text(), [OTHER]), NoteFault.UNSIGNED),
        (sign(CHECKPOINT.text(), [Signer.from_seed("zhudai.example", b"\x09" * 32)]), NoteFault.UNSIGNED),
        (NOTE.replace("\n5\n", "\n6\n"), NoteFault.SIGNATURE_WRONG),
        (NOTE + "rubbish\n", NoteFault.MALFORMED),
    ],
)
def test_untrusted_notes_are_refused(note: str, fault: NoteFault) -> None:
    with pytest.raises(NoteInvalid) as refused:
        opened(note, [SIGNER.verifier])
    assert refused.value.code is fault


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\nx\nAA==\n",
        "a\n01\nAA==\n",
        "a\n1\n*\n",
        "\n1\nAA==\n",
        "a\n1\nAA==\nh 1\nh 2\n",
        "a\n1\nAA==\nh\n",
    ],
)
def test_texts_that_state_no_head_are_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        read(text)


@pytest.mark.parametrize("key", ["", "a", "a+b", "a+00000000+AAAA", SIGNER.verifier.text().replace("AYqI", "AYqJ")])
def test_malformed_keys_are_refused(key: str) -> None:
    assert Verifier.parse(SIGNER.verifier.text()).key_id == SIGNER.verifier.key_id
    with pytest.raises(NoteInvalid) as refused:
        Verifier.parse(key)
    assert refused.value.code is NoteFault.KEY_MALFORMED


def test_a_signer_never_shows_its_key_and_has_a_plain_name() -> None:
    assert "key" not in repr(SIGNER)
    with pytest.raises(NoteInvalid):
        Signer.from_seed("two words", b"\x01" * 32)
    with pytest.raises(NoteInvalid):
        sign("no end of line", [SIGNER])
