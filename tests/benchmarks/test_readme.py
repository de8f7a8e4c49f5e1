"""The harness in the README runs as it stands."""

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).resolve().parents[2] / "benchmarks" / "README.md"
MEASURED = re.compile(r"^\| `([a-z-]+)` \|", re.MULTILINE)


def test_the_harness_runs_as_it_stands(database_url: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=README.parents[1],
        env={**os.environ, "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"3200 entries \d+ a second\n", done.stdout)
