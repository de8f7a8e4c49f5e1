"""The offline verifier: a file, a note and a key, and nothing else of the house."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection

from ledger import journal
from ledger.books import close_period
from ledger.export import as_sealed
from ledger.note import Signer
from ledger.seal import Sealed, seal
from ledger.sequencer import drain
from ledger.verify import Fault, main, verify_export
from tests.ledger.conftest import lent, open_test_book

SIGNER = Signer.from_seed("test", b"\x01" * 32)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def exported(conn: Connection, tmp_path: Path) -> Path:
    """A directory with an export, an older checkpoint and the public key."""
    open_test_book(conn)
    for batch in ("a", "b"):
        journal.append(conn, [lent(f"{batch}{n}", n, 100 + n) for n in range(1, 6)])
        drain(conn, 1)
        done = seal(conn, book=1, signers=[SIGNER], origin="test")
        assert isinstance(done, Sealed)
        (tmp_path / f"{batch}.note").write_text(done.note or "", encoding="utf-8")
    close_period(conn, 1, 202601)
    seal(conn, book=1, signers=[SIGNER], origin="test")
    (tmp_path / "export.jsonl").write_text("".join(as_sealed(conn, book=1)), encoding="utf-8")
    (tmp_path / "key").write_text(SIGNER.verifier.text() + "\n", encoding="utf-8")
    return tmp_path


def arguments(home: Path) -> list[str]:
    """The command's arguments."""
    return [str(home / "export.jsonl"), "--checkpoint", str(home / "a.note"), "--pub", str(home / "key")]


def test_the_command_needs_no_database_and_no_other_floor(exported: Path) -> None:
    script = (
        "import sys; from ledger.verify import main; code = main(sys.argv[1:]);"
        "loaded = {'sqlalchemy', 'psycopg', 'domain', 'starlette'} & set(sys.modules);"
        "assert not loaded, loaded; sys.exit(code)"
    )
    command = [sys.executable, "-c", script, *arguments(exported)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "10 entries, 20 lines, 3 checkpoints agree" in done.stdout
    assert done.stdout.endswith("sound\n")


def test_a_changed_file_is_told_with_the_entry(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exported / "export.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"a3"', '"a9"'), encoding="utf-8")
    assert main([*arguments(exported), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["sound"]
    assert {finding["seq"] for finding in told["findings"] if finding["code"] == Fault.ENTRY_ALTERED} == {3}
    assert main(arguments(exported)) == 1
    assert "number 3" in capsys.readouterr().out


def test_wrong_usage_is_told(exported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (exported / "key").write_text("no key", encoding="utf-8")
    assert main(arguments(exported)) == 2
    assert main([str(exported / "absent.jsonl")]) == 2
    assert "LEDGER_NOTE_KEY_MALFORMED" in capsys.readouterr().err


def test_every_line_lost_doubled_swapped_or_garbled_is_found(exported: Path) -> None:
    rows = (exported / "export.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    note = (exported / "b.note").read_text(encoding="utf-8")

    def found(changed: list[str]) -> bool:
        return not verify_export(changed, notes=[note], verifiers=[SIGNER.verifier]).is_sound

    assert not found(rows)
    first = next(place for place, row in enumerate(rows) if '"type":"entry"' in row)
    for place in range(first, len(rows)):
        assert found(rows[:place] + rows[place + 1 :]), "lost"
        assert found([*rows[:place], "{broken\n", *rows[place + 1 :]]), "garbled"
        assert found([*rows[:place], '{"type":"entry"}\n', *rows[place + 1 :]]), "emptied"
    for place in range(first, len(rows) - 2):
        assert found([*rows[: place + 1], *rows[place:]]), "doubled"
        assert found([*rows[:place], rows[place + 1], rows[place], *rows[place + 2 :]]), "swapped"
    assert found(rows[: first + 5]), "cut"
    assert found([])


def test_a_foreign_note_does_not_count(exported: Path) -> None:
    rows = (exported / "export.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    stranger = Signer.from_seed("stranger", b"\x05" * 32)
    result = verify_export(rows, verifiers=[stranger.verifier])
    assert Fault.NOTE_INVALID in {finding.fault for finding in result.findings}
    assert result.checkpoints == 0


def test_findings_are_counted_beyond_what_is_told(exported: Path) -> None:
    rows = (exported / "export.jsonl").read_text(encoding="utf-8").replace("tester", "taster").splitlines(keepends=True)
    result = verify_export(rows, limit=3)
    assert len(result.findings) == 3
    assert result.found > 10
