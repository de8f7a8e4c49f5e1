"""Chaos: processes post as fast as they can while they, and the postmaster, are killed without warning.

A client writes a key into its own file, synced to disk, only after the commit that holds it has answered: whatever
stands there was acknowledged. Afterwards the journal must hold each of those keys exactly once, every entry must
balance, and the log must be gapless and verify. An entry whose acknowledgement was lost on the way may be there; the
client would ask again with the same key and be told.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from benchmarks.book import BOOK, open_small_book, repaid
from ledger import journal
from ledger.audit import audit
from ledger.note import Signer
from ledger.seal import Sealed, seal
from ledger.sequencer import drain, sequence
from postgres import migrate
from postgres.database import Database
from postgres.embedded import start

BATCH: Final = 20
"""Entries of one commit."""
SIGNER: Final = Signer.from_seed("chaos", b"\x09" * 32)
REPOSITORY: Final = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was done and what became of it; every count of the second half must be nought."""

    server_kills: int
    client_kills: int
    acknowledged: int
    stored: int
    lost: int
    doubled: int
    unbalanced: int
    gaps: int
    findings: int

    @property
    def is_sound(self) -> bool:
        """Whether nothing was lost, doubled, unbalanced, or changed."""
        return not any((self.lost, self.doubled, self.unbalanced, self.gaps, self.findings))

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {**asdict(self), "sound": self.is_sound}


def chaos(
    home: Path,
    *,
    rounds: int,
    clients: int = 4,
    seconds: float = 2.0,
    seed: int = 1,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Result:
    """Post, kill and recover `rounds` times in a cluster of its own under `home`; the odd rounds kill the server."""
    chance = random.Random(seed)
    acknowledged = home / "acknowledged"
    acknowledged.mkdir()
    with start(home / "server") as server:
        migrate.upgrade(server.url)
        database = Database(server.url)
        database.run(open_small_book)
        database.dispose()
    for number in range(rounds):
        with start(home / "server") as server, _posting(server.url, acknowledged, clients, number) as working:
            time.sleep(seconds * chance.uniform(0.5, 1.5))
            if number % 2 == 0:
                os.kill(_postmaster(home / "server"), signal.SIGKILL)
            else:
                chance.choice(working).send_signal(signal.SIGKILL)
                time.sleep(seconds / 2)
        progress(number + 1, rounds)
    with start(home / "server") as server:
        database = Database(server.url)
        try:
            return _judged(database, acknowledged, rounds)
        finally:
            database.dispose()


def _judged(database: Database, acknowledged: Path, rounds: int) -> Result:
    promised = [key for file in acknowledged.iterdir() for key in file.read_text(encoding="ascii").split("\n")[:-1]]
    database.run(lambda conn: drain(conn, BOOK))
    sealed = database.run(lambda conn: seal(conn, book=BOOK, signers=[SIGNER], origin="chaos"))
    with database.snapshot() as conn:
        kept = list(conn.scalars(text("SELECT ik FROM ledger.entry WHERE book_id = :b"), {"b": BOOK}))
        unbalanced = conn.execute(_UNBALANCED, {"b": BOOK}).scalar_one()
        gaps = conn.execute(_GAPS, {"b": BOOK}).scalar_one()
        verified = audit(conn, book=BOOK, verifiers=[SIGNER.verifier], mac_key=journal.DEVELOPMENT_MAC_KEY)
    known = set(kept)
    return Result(
        server_kills=(rounds + 1) // 2,
        client_kills=rounds // 2,
        acknowledged=len(promised),
        stored=len(kept),
        lost=sum(key not in known for key in promised),
        doubled=len(kept) - len(known),
        unbalanced=unbalanced,
        gaps=gaps,
        findings=verified.found + (0 if isinstance(sealed, Sealed) else 1),
    )


_UNBALANCED: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM ledger.line WHERE book_id = :b GROUP BY entry_id, currency"
    " HAVING sum(CASE side WHEN 'D' THEN amount ELSE -amount END) <> 0) open_entries"
)
_GAPS: Final = text("SELECT coalesce(max(seq), 0) - count(*) FROM ledger.log WHERE book_id = :b")


@contextmanager
def _posting(url: str, acknowledged: Path, clients: int, number: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Client processes that post until they are told to stop, or can no longer."""
    working = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.chaos", url, str(acknowledged / f"{number}-{one}"), f"{number}-{one}"],
            cwd=REPOSITORY,
        )
        for one in range(clients)
    ]
    try:
        give_up_at = time.monotonic() + 60
        while not any(file.stat().st_size for file in acknowledged.glob(f"{number}-*")):
            assert time.monotonic() < give_up_at, "nobody could post"
            time.sleep(0.05)
        yield working
    finally:
        for one in working:
            one.terminate()
        for one in working:
            one.wait()


def _postmaster(home: Path) -> int:
    """The process that accepts connections, by the file that PostgreSQL keeps."""
    return int((home / "cluster" / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])


def client(url: str, file: Path, name: str) -> None:
    """Post batches until the end; number what waits now and then; write each key down when it is acknowledged."""
    database = Database(url)
    number = 0
    with file.open("a", encoding="ascii") as told:
        while True:
            entries = [repaid(f"{name}-{number + one}", number + one) for one in range(BATCH)]
            number += BATCH
            try:
                with database.transaction() as conn:
                    verdicts = journal.append(conn, entries)
                if number % (5 * BATCH) == 0:
                    with database.transaction() as conn:
                        sequence(conn, BOOK)
            except DBAPIError:
                return  # the server is gone: what was not written down was not acknowledged
            assert all(isinstance(verdict, journal.Posted) for verdict in verdicts), verdicts
            told.writelines(f"{entry.key}\n" for entry in entries)
            told.flush()
            os.fsync(told.fileno())


if __name__ == "__main__":
    typer.run(client)
