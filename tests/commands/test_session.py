"""Which database a command works on, and what all commands say alike."""

import tempfile
from pathlib import Path

import pytest

from commands import printing, session
from postgres.embedded import FAST, Server, start


def test_a_database_that_is_named_comes_before_the_embedded_one(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with session.database_url({"DATABASE_URL": database_url, "PG_BIN": "/nowhere"}) as url:
        assert url == database_url
    assert list(tmp_path.iterdir()) == []


def test_without_a_name_it_is_the_embedded_one_beside_the_keys_brought_up_to_date(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Server] = []

    def quick(directory: Path, **options: object) -> Server:
        del options
        started.append(start(directory, settings=FAST))
        return started[-1]

    monkeypatch.setattr(session, "start", quick)
    with tempfile.TemporaryDirectory(prefix="zt_", dir="/tmp") as home:
        Path(home).chmod(0o755)  # the server's account walks through
        monkeypatch.chdir(home)
        with session.database({}) as db, db.snapshot() as conn:
            assert conn.exec_driver_sql("SELECT count(*) FROM ledger.book").scalar_one() == 0
        assert started[0].directory == (Path(home) / ".data").resolve()
        monkeypatch.undo()
    assert not started[0].alive()


@pytest.mark.parametrize(("minor", "digits", "shown"), [(0, 2, "0.00"), (-123456789, 2, "-1,234,567.89"), (5, 0, "5")])
def test_amounts_have_thousands_marks(minor: int, digits: int, shown: str) -> None:
    assert printing.amount(minor, digits) == shown
