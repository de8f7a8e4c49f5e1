"""Runs the database's own tests on the oldest PostgreSQL supported, as an external server named by DATABASE_URL.

Says so and does nothing where that version is not installed.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from postgres.binaries import MAJOR_MIN, installed
from postgres.embedded import FAST, start

SUITES = ("tests/ledger", "tests/migrations", "tests/postgres/test_database.py", "tests/postgres/test_migrate.py")

binaries = installed(MAJOR_MIN)
if binaries is None:
    print(f"PostgreSQL {MAJOR_MIN} is not installed: its run is left out")
    sys.exit(0)
with tempfile.TemporaryDirectory(prefix="zt-oldest-", dir="/tmp") as home:
    Path(home).chmod(0o755)
    with start(Path(home) / "postgres", settings=FAST, environ={"PG_BIN": str(binaries.directory)}) as server:
        print(f"PostgreSQL {binaries.version} as an external server", flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", *SUITES],
            env={**os.environ, "DATABASE_URL": server.url},
            check=False,
        )
sys.exit(ran.returncode)
