import os
import subprocess
import sys
from pathlib import Path

import pytest

from postgres.postmaster import Postmaster, alive, living, recorded, survivors

WHOLE = "4242\n/data\n1790000000\n5432\n/run/socket\n\n  1234 5\nready   \n"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (WHOLE, Postmaster(4242, "1790000000", 5432, "/run/socket", "ready")),
        (WHOLE.replace("ready   ", "starting"), Postmaster(4242, "1790000000", 5432, "/run/socket", "starting")),
        ("4242\n/data\n1790000000\n5432\n", Postmaster(4242, "1790000000", 5432, "", "")),
        ("-4242\n/data\n", Postmaster(4242, "", 0, "", "")),  # a stand-alone backend signs with a minus
        ("", None),
        ("half a li", None),
    ],
)
def test_the_file_is_read_whole_or_in_part(tmp_path: Path, written: str, read: Postmaster | None) -> None:
    (tmp_path / "postmaster.pid").write_text(written)
    assert recorded(tmp_path) == read


def test_no_file_is_no_server(tmp_path: Path) -> None:
    assert recorded(tmp_path) is None
    assert recorded(tmp_path / "nowhere") is None
    assert living(tmp_path) is None
    assert survivors(tmp_path) == ()


def test_a_living_process_of_another_program_is_not_the_server(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], cwd=tmp_path, stdin=subprocess.PIPE)
    try:
        assert not alive(other.pid, tmp_path)
        assert not alive(os.getpid(), tmp_path)
        assert survivors(tmp_path) == ()
    finally:
        other.communicate(b"\n")


def test_a_finished_process_is_dead(tmp_path: Path) -> None:
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    assert not alive(finished.pid, tmp_path)
