"""The sealer on a real book: leaves follow the log, checkpoints are signed, closed months are sealed once."""

import base64

import pytest
from sqlalchemy import Connection, text

from ledger import journal, merkle
from ledger.books import close_period
from ledger.note import Signer, opened, read
from ledger.seal import (
    AnchorBroken,
    Break,
    Sealed,
    broken_anchors,
    checkpoints,
    inclusion_proofs,
    node_reader,
    seal,
)
from ledger.sequencer import drain
from tests.ledger.conftest import lent

SIGNER = Signer.from_seed("test", b"\x01" * 32)

pytestmark = pytest.mark.usefixtures("book")


def sealed(conn: Connection) -> Sealed:
    """Seal book 1."""
    done = seal(conn, book=1, signers=[SIGNER], origin="test/1")
    assert isinstance(done, Sealed)
    return done


def leaves(conn: Connection) -> list[bytes]:
    """The stored leaves in order."""
    return [bytes(x) for x in conn.execute(text("SELECT leaf_hash FROM ledger.leaf ORDER BY seq")).scalars()]


def test_checkpoints_are_signed_heads_of_the_tree_over_the_leaves(conn: Connection) -> None:
    journal.append(conn, [lent(f"a{i}", i, 10 + i) for i in range(5)])
    drain(conn, 1)
    first = sealed(conn)
    assert (first.size, first.leaves) == (5, 5)
    assert first.root == merkle.root(leaves(conn))
    assert first.note is not None
    checkpoint = read(opened(first.note, [SIGNER.verifier]))
    assert (checkpoint.size, checkpoint.root) == (5, first.root)
    assert sealed(conn).leaves == 0
    journal.append(conn, [lent(f"b{i}", i, 10 + i) for i in range(4)])
    drain(conn, 1)
    second = sealed(conn)
    assert (second.size, second.leaves) == (9, 4)
    assert second.root == merkle.root(leaves(conn)) != first.root
    assert base64.b64encode(second.root).decode() in (second.note or "")


def test_what_is_not_numbered_is_not_sealed(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 10)])
    assert sealed(conn).size == 0
    assert leaves(conn) == []


def test_a_closed_month_is_sealed_once(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 10)])
    close_period(conn, 1, 202601)
    assert sealed(conn).periods == (202601,)
    assert sealed(conn).periods == ()
    row = conn.execute(text("SELECT closed_seq, octet_length(seal) w, note FROM ledger.period_seal")).one()
    assert (row.closed_seq, row.w) == (1, 32)


def test_proofs_of_many_entries_are_the_proofs_of_each(conn: Connection) -> None:
    sizes = []
    for count in (1, 4, 8):
        journal.append(conn, [lent(f"p{count}-{i}", i, 10 + i) for i in range(count)])
        drain(conn, 1)
        sizes.append(sealed(conn).size)
    known = leaves(conn)
    stored = checkpoints(conn, book=1, first=9)
    assert [one.size for one in stored] == sizes[::-1] == [13, 5, 1]
    assert [one.size for one in checkpoints(conn, book=1, first=1, below=13)] == [5]
    assert checkpoints(conn, book=1, first=9, size=5) == [stored[1]]
    assert checkpoints(conn, book=1, first=9, size=6) == []
    for one in stored:
        seqs = list(range(1, one.size + 1))
        found = inclusion_proofs(conn, book=1, seqs=seqs, size=one.size)
        for seq in seqs:
            assert found[seq] == merkle.inclusion_proof(seq - 1, one.size, node_reader(conn, book=1))
            assert merkle.verify_inclusion(
                known[seq - 1], index=seq - 1, size=one.size, root=one.root, proof=found[seq]
            )


def broken(conn: Connection, *notes: str) -> list[AnchorBroken]:
    """What is wrong with notes kept elsewhere."""
    return broken_anchors(conn, notes=notes, verifiers=[SIGNER.verifier], origin="test/1")


def test_a_database_continues_every_checkpoint_that_it_signed(conn: Connection) -> None:
    notes = []
    for n in range(1, 8):
        journal.append(conn, [lent(f"a{n}", n, 10)])
        drain(conn, 1)
        notes.append(sealed(conn).note or "")
    assert broken(conn, *notes) == []


def test_a_database_older_or_other_than_a_checkpoint_kept_elsewhere_is_told(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 10)])
    drain(conn, 1)
    sealed(conn)
    notes = {}
    for name in ("lost", "kept"):
        with conn.begin_nested() as savepoint:  # acknowledged, then lost with the disk
            journal.append(conn, [lent(name, 2, 20)])
            drain(conn, 1)
            notes[name] = sealed(conn).note or ""
            savepoint.rollback()
    assert broken(conn, notes["lost"]) == [AnchorBroken(Break.OLDER, "book 1: 2 entries were signed, 1 are here")]
    journal.append(conn, [lent("after the restore", 3, 30)])
    drain(conn, 1)
    sealed(conn)
    assert broken(conn, notes["lost"]) == [AnchorBroken(Break.OTHER, "book 1: the first 2 entries")]


def test_a_note_of_a_stranger_is_no_anchor(conn: Connection) -> None:
    journal.append(conn, [lent("a", 1, 10)])
    drain(conn, 1)
    note = sealed(conn).note or ""
    forged = note.replace("\n1\n", "\n9\n", 1)
    assert [one.code for one in broken(conn, forged, "nothing")] == [Break.UNTRUSTED, Break.UNTRUSTED]
    assert [one.code for one in broken_anchors(conn, notes=[note], verifiers=[SIGNER.verifier], origin="other")] == [
        Break.UNTRUSTED
    ]
