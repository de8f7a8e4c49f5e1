"""Import: an export replays through the same door into an empty database, and has the same content there."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, text

from ledger import journal
from ledger.books import close_account
from ledger.export import as_csv, as_sealed
from ledger.importer import Imported, ImportRefused, import_sealed
from ledger.note import Signer
from ledger.seal import Sealed, balance_head, seal
from ledger.sequencer import drain, head
from postgres.database import Database
from tests.ledger.conftest import lent, open_test_book, repaid

SIGNER = Signer.from_seed("test", b"\x01" * 32)


@pytest.fixture
def exported(conn: Connection) -> list[str]:
    """A sealed export with a reversal, every optional column, and a closed account."""
    open_test_book(conn)
    entries = [lent(f"a{n}", n, 1_000 + n) for n in range(1, 30)] + [repaid(f"b{n}", n, 10, 3) for n in range(1, 7)]
    entries.append(
        replace(lent("c", 40, 5), meta={"run": 1, "note": "更"}, paid_on=date(2026, 1, 2), description="说明")
    )
    last = journal.append(conn, entries)[-1]
    assert isinstance(last, journal.Posted)
    undone = journal.reverse(
        conn, book=1, entry_id=last.entry_id, source="test", key="undo", effective_on=date(2026, 2, 1), actor="t"
    )
    assert isinstance(undone, journal.Posted)
    close_account(conn, 1, "2241", date(2026, 3, 1))
    drain(conn, 1)
    assert isinstance(seal(conn, book=1, signers=[SIGNER], origin="test"), Sealed)
    return list(as_sealed(conn, book=1))


@pytest.mark.law(38)
def test_an_import_has_the_same_content(conn: Connection, exported: list[str], db: Database) -> None:
    with db.transaction() as there:
        done = import_sealed(there, exported)
        assert isinstance(done, Imported), done
        assert done.entries == 37
        drain(there, 1)
        size = head(there, 1)
        assert size == head(conn, 1)
        assert balance_head(there, book=1, upto_seq=size) == balance_head(conn, book=1, upto_seq=size)
        assert bodies(there) == bodies(conn), "every body hash but the reversal's, which names a new id"
        assert without_ids(there) == without_ids(conn)
        assert there.execute(text("SELECT closed_on FROM ledger.account WHERE code = '2241'")).scalar_one() is not None
        again = import_sealed(there, exported)
        assert isinstance(again, Imported)
        assert again.ids == done.ids, "the keys answer: a second import writes nothing"
        drain(there, 1)
        assert head(there, 1) == size


def test_what_the_door_refuses_is_refused_by_name(exported: list[str], db: Database) -> None:
    bad = [row.replace('["1002.01"', '["1002.01"').replace('"D",1005,', '"D",1006,') for row in exported]
    with pytest.raises(ValueError, match="LEDGER_UNBALANCED"), db.transaction() as there:
        import_sealed(there, bad)
    ordered = [row for row in exported if '"type":"entry"' not in row or '"b1"' in row]
    with db.transaction() as there:
        refused = import_sealed(there, ordered)
        assert isinstance(refused, ImportRefused)
        assert refused.verdict.code is journal.RefusalCode.GUARD_VIOLATED
        assert refused.seq == 30


def bodies(conn: Connection) -> set[bytes]:
    """Body hashes of all entries that reverse none."""
    return {bytes(x) for x in conn.execute(text("SELECT body_hash FROM ledger.entry WHERE reverses IS NULL")).scalars()}


def without_ids(conn: Connection) -> list[list[str]]:
    """The CSV export without what a new database gives anew: ids, instants and the id of what is reversed."""
    rows = [row.split(",") for row in "".join(as_csv(conn, book=1)).splitlines()]
    return [[cell for place, cell in enumerate(row) if place not in {1, 10, len(row) - 1}] for row in rows]
